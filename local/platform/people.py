"""Followers, as the platform knows them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Grant:
    """Customer-service messages that may still be sent, until a time in epoch seconds."""

    left: int
    until: float


@dataclass(slots=True)
class Follower:
    """One follower."""

    openid: str
    name: str
    following: bool = True
    seen_at: float = 0.0
    """When the follower last did something, epoch seconds."""
    typing_until: float = 0.0
    """Until when the phone shows that the account is typing, epoch seconds."""
    grants: dict[str, Grant] = field(default_factory=dict)
    """By what allowed them: ``message`` or ``event``."""
    subscribed_at: float = 0.0
    """Epoch seconds."""
    scene: str = ""
    """Of the QR code that they came by."""
    remark: str = ""
    tags: list[int] = field(default_factory=list)
    """Ids, in the order they were given."""
    blocked: bool = False
