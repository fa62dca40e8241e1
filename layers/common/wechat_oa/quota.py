"""Counters that cap what others can spend: answers a day, and customer-service messages in their window."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from wechat_oa.store.table import Table

_CHINA_OFFSET = 8 * 3600
_DAY = 24 * 3600
_WINDOWS = "quota#customer_message"


class Grant(NamedTuple):
    """What something that a follower does lets the account send."""

    messages: int
    seconds: float


MESSAGE_GRANT = Grant(5, 48 * 3600.0)
"""A follower's message lets the account send 5 customer-service messages within 48 hours ("Customer
service messages", 2023-06)."""
EVENT_GRANT = Grant(3, 60.0)
"""A menu click, a scan or a subscription lets it send 3 within a minute."""


class Quota:
    """Counters in one table, each atomic."""

    def __init__(self, table: Table, clock: Callable[[], float] = time.time) -> None:
        """Count in ``table``; ``clock`` gives epoch seconds."""
        self._table = table
        self._clock = clock

    def take(self, scope: str, who: str, limit: int) -> bool:
        """Count one use of ``scope`` by ``who`` today (by China's calendar), and return whether it is within
        ``limit`` (0: no limit). Of any number of concurrent calls exactly ``limit`` are. Raises StoreError.
        """
        if not limit:
            return True
        now = self._clock()
        counted = self._table.update(
            f"quota#{scope}#{self._day(now)}", who, add={"count": 1}, set={"ttl": int(now) + 2 * _DAY}
        )
        return counted is not None and bool(counted["count"] <= limit)

    def open_window(self, openid: str, grant: Grant, at: float) -> None:
        """Note that the follower did something at ``at`` which lets the account send messages to them.

        Raises StoreError.
        """
        allowed, seconds = grant
        self._table.put(
            {
                "pk": _WINDOWS,
                "sk": _window(openid, grant)[1],
                "until": at + seconds,
                "allowed": allowed,
                "sent": 0,
                "ttl": int(self._clock()) + 2 * _DAY + 3600,
            }
        )

    def take_message(self, openid: str) -> int:
        """Count one customer-service message to the follower: 0 when it may not be sent, else how many may
        be sent, this one included. Raises StoreError."""
        # The window that ends first is used first.
        return self._take(openid, EVENT_GRANT) or self._take(openid, MESSAGE_GRANT)

    def _take(self, openid: str, grant: Grant) -> int:
        place = _window(openid, grant)
        item = self._table.get(*place)
        if item is None or self._clock() >= item["until"] or item["sent"] >= item["allowed"]:
            return 0
        counted = self._table.update(*place, add={"sent": 1}, if_equals={"until": item["until"]})
        return max(0, counted["allowed"] - counted["sent"] + 1) if counted else 0

    def close_window(self, openid: str) -> None:
        """Note that WeChat refuses messages to this follower until they do something again.

        Raises StoreError.
        """
        for grant in (EVENT_GRANT, MESSAGE_GRANT):
            self._table.delete(*_window(openid, grant))

    def _day(self, now: float) -> str:
        return time.strftime("%Y-%m-%d", time.gmtime(now + _CHINA_OFFSET))


def _window(openid: str, grant: Grant) -> tuple[str, str]:
    return _WINDOWS, f"{openid}#{grant.messages}"
