"""What happened on the platform, for its statistics, and what was called, for its quotas."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

BEIJING = timezone(timedelta(hours=8))
"""Where WeChat's days begin."""

CLEARS_PER_MONTH = 10

_KEPT = 100_000
_KEPT_ERRORS = 1000


class Followed(NamedTuple):
    """Someone came, or left."""

    at: float
    came: bool
    source: int
    """As getusersummary's user_source: 0 other, 30 a QR code."""


class Received(NamedTuple):
    """A message of a follower, by getupstreammsg's msg_type."""

    at: float
    openid: str
    msg_type: int


class Delivered(NamedTuple):
    """The account's server was asked for an answer."""

    at: float
    seconds: float
    failed: bool


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call that was refused, as rid/get tells of it."""

    path: str
    request: Mapping[str, Any]


class Records:
    """The last hundred thousand of each."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.followed: deque[Followed] = deque(maxlen=_KEPT)
        self.received: deque[Received] = deque(maxlen=_KEPT)
        self.delivered: deque[Delivered] = deque(maxlen=_KEPT)
        self._calls: Counter[tuple[str, str]] = Counter()
        self._clears: Counter[str] = Counter()
        self._failed: dict[str, FailedCall] = {}

    @property
    def today(self) -> date:
        """The day in Beijing."""
        return day_of(self._clock())

    def count_call(self, path: str) -> int:
        """Count a call of a path, and return which of today it is."""
        today = self.today.isoformat()
        if self._calls and next(iter(self._calls))[0] != today:
            self._calls.clear()
        self._calls[today, path] += 1
        return self._calls[today, path]

    def calls(self, path: str) -> int:
        """Return today's calls of a path."""
        return self._calls[self.today.isoformat(), path]

    def clear_calls(self) -> bool:
        """Begin today's counts anew, and return False where that was done ten times this month."""
        month = self.today.isoformat()[:7]
        if self._clears[month] >= CLEARS_PER_MONTH:
            return False
        self._clears[month] += 1
        self._calls.clear()
        return True

    def note_failure(self, rid: str, failed: FailedCall) -> None:
        """Remember a call that was refused."""
        self._failed[rid] = failed
        if len(self._failed) > _KEPT_ERRORS:
            del self._failed[next(iter(self._failed))]

    def failure(self, rid: str) -> FailedCall | None:
        """Return the call with this rid, or None."""
        return self._failed.get(rid)


def day_of(at: float) -> date:
    """Return the day in Beijing of an epoch second."""
    return datetime.fromtimestamp(at, UTC).astimezone(BEIJING).date()


def hour_of(at: float) -> int:
    """Return the hour in Beijing of an epoch second, as WeChat writes it: 0 to 2300."""
    return datetime.fromtimestamp(at, UTC).astimezone(BEIJING).hour * 100
