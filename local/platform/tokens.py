"""Access tokens, given out and expired by the rules of WeChat's pages on token and stable_token."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

LIFETIME = 7200
OVERLAP = 300
"""Seconds: a new token is given in the last five minutes of the old, and both are good until its end."""
FORCE_INTERVAL = 30
FORCE_PER_DAY = 20

TokenState = Literal["good", "expired", "unknown"]


@dataclass(slots=True)
class _Token:
    value: str
    expires_at: float


class ForcedTooOftenError(Exception):
    """``force_refresh`` was used more than twenty times in a day."""


class Tokens:
    """The tokens of one account. Those of ``token`` and of ``stable_token`` do not touch each other."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._current: dict[str, _Token] = {}
        self._all: dict[str, _Token] = {}
        self._forced_at: list[float] = []

    def plain(self) -> tuple[str, int]:
        """Return a new token and its seconds; the one before is good for five more minutes."""
        now = self._clock()
        before = self._current.get("plain")
        if before is not None:
            before.expires_at = min(before.expires_at, now + OVERLAP)
        return self._new("plain", now)

    def stable(self, *, force: bool = False) -> tuple[str, int]:
        """Return the stable token and the seconds it has left (300 at least). Raises ForcedTooOftenError."""
        now = self._clock()
        current = self._current.get("stable")
        if force and self._may_force(now):
            if current is not None:
                current.expires_at = now
            return self._new("stable", now)
        if current is None or current.expires_at - now < OVERLAP:
            return self._new("stable", now)
        return current.value, int(current.expires_at - now)

    def state(self, value: str) -> TokenState:
        """Return whether a token may be used."""
        token = self._all.get(value)
        if token is None:
            return "unknown"
        return "good" if self._clock() < token.expires_at else "expired"

    def _may_force(self, now: float) -> bool:
        """Within 30 seconds of the last forced refresh, another one changes nothing."""
        if self._forced_at and now - self._forced_at[-1] < FORCE_INTERVAL:
            return False
        self._forced_at = [at for at in self._forced_at if now - at < 24 * 3600]
        if len(self._forced_at) >= FORCE_PER_DAY:
            raise ForcedTooOftenError
        self._forced_at.append(now)
        return True

    def _new(self, kind: str, now: float) -> tuple[str, int]:
        token = _Token(f"{len(self._all) % 100}_{secrets.token_urlsafe(110)}", now + LIFETIME)
        self._current[kind] = token
        # Tokens that nobody could still hold in good faith are forgotten: they read as unknown.
        self._all = {key: kept for key, kept in self._all.items() if now - kept.expires_at < LIFETIME}
        self._all[token.value] = token
        return token.value, LIFETIME
