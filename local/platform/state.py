"""The platform's memory: the account's settings, its followers, and what stands on their phones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from .account import Account, AccountType, Mode, PushFormat
from .delivery import LIMIT, Channel
from .feed import Feed
from .follower import Body, MessageIds
from .media import MediaLibrary
from .tokens import Tokens

Side = Literal["follower", "account", "notice"]

DEFAULT_MENU: Mapping[str, Any] = {
    "button": [
        {"type": "click", "name": "帮助", "key": "帮助"},
        {
            "name": "对话",
            "sub_button": [
                {"type": "click", "name": "继续", "key": "继续"},
                {"type": "click", "name": "清空", "key": "清空"},
            ],
        },
    ]
}
"""In the shape of WeChat's menu/create."""

MESSAGE_GRANT = (5, 48 * 3600.0)
EVENT_GRANT = (3, 60.0)
"""Customer-service messages that an action allows, and for how many seconds (page 客服消息介绍)."""

_GRANTING_EVENTS = {"subscribe", "SCAN", "CLICK", "scancode_push", "scancode_waitmsg"}


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


class Platform:
    """Everything the platform knows, in memory. Use it from one event loop."""

    def __init__(
        self,
        account: Account,
        *,
        base_url: str,
        callback_url: str,
        http: httpx.AsyncClient,
        clock: Callable[[], float] = time.time,
        limit: float = LIMIT,
        menu: Mapping[str, Any] = DEFAULT_MENU,
    ) -> None:
        """``base_url`` is where the simulator is served (for picture addresses), without a slash at its end.

        ``http`` delivers to ``callback_url``; ``limit`` is the seconds one attempt may take.
        """
        self.account = account
        self.base_url = base_url
        self.callback_url = callback_url
        self.http = http
        self.clock = clock
        self.limit = limit
        self.menu = menu
        self.mode: Mode = account.modes[-1]
        self.push_format: PushFormat = "xml"
        self.account_type: AccountType = "verified_service"
        self.followers: dict[str, Follower] = {}
        self.media = MediaLibrary()
        self.tokens = Tokens(clock)
        self.message_ids = MessageIds()
        self.feed = Feed()
        self.under_way: set[asyncio.Task[None]] = set()
        """Deliveries that are not done."""

    def channel(self, mode: Mode | None = None) -> Channel:
        """Return how a message travels now. Raises ValueError for a mode the account has no key for."""
        return Channel(self.account, self.callback_url, mode or self.mode, self.push_format, self.limit)

    def follower(self, name: str) -> Follower:
        """Return the follower of this name, a new one if need be."""
        openid = self.account.openid(name)
        if openid not in self.followers:
            self.followers[openid] = Follower(openid, name)
            self.show_follower(self.followers[openid])
        return self.followers[openid]

    def note_action(self, follower: Follower, body: Body) -> None:
        """Note what the follower did: whether they follow, and what the account may send them now."""
        now = self.clock()
        follower.seen_at = now
        if body.event == "unsubscribe":
            follower.following = False
            follower.grants.clear()
        elif body.event == "subscribe":
            follower.following = True
        if not body.event:
            follower.grants["message"] = Grant(MESSAGE_GRANT[0], now + MESSAGE_GRANT[1])
        elif body.event in _GRANTING_EVENTS:
            follower.grants["event"] = Grant(EVENT_GRANT[0], now + EVENT_GRANT[1])
        self.show_follower(follower)

    def show_follower(self, follower: Follower) -> None:
        """Tell the phones that a follower's state has changed."""
        data = {
            "openid": follower.openid,
            "name": follower.name,
            "following": follower.following,
            "typing_until": follower.typing_until,
        }
        self.feed.put("follower", follower.openid, data)

    def show(
        self,
        follower: Follower,
        side: Side,
        kind: str,
        content: Mapping[str, Any],
        *,
        via: str,
        key: str = "",
    ) -> None:
        """Put a bubble (or a notice) on the follower's phone.

        ``via`` is how it came: sent, reply, push or platform. With ``key``, a delivery of the same key tells
        what the message went through.
        """
        key = key or str(self.message_ids.next())
        data = {"side": side, "type": kind, "content": content, "at": self.clock(), "via": via}
        self.feed.put("bubble", key, data, openid=follower.openid)

    def show_settings(self, **more: Any) -> None:
        """Tell the phones about the settings; ``more`` is what the simulator adds."""
        data = {
            "account_name": self.account.name,
            "original_id": self.account.original_id,
            "modes": self.account.modes,
            "mode": self.mode,
            "push_format": self.push_format,
            "account_type": self.account_type,
            "limit": self.limit,
            "menu": self.menu,
            **more,
        }
        self.feed.put("settings", "settings", data)

    def reset(self) -> None:
        """Forget the followers, the bubbles, the files and the tokens. Message ids go on, settings stay."""
        for delivery in self.under_way:
            delivery.cancel()
        self.followers.clear()
        self.media.clear()
        self.tokens = Tokens(self.clock)
        self.feed.clear()

    def media_url(self, media_id: str) -> str:
        """Return the address at which the account's server finds what a follower sent."""
        return f"{self.base_url}/simulator/media/{media_id}"
