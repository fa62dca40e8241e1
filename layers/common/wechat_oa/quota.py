"""Counters that cap what others can spend: answers a day, and customer-service messages in their window."""

from __future__ import annotations

import time
from collections.abc import Callable

from wechat_oa.store.table import Table

_CHINA_OFFSET = 8 * 3600
_DAY = 24 * 3600

MESSAGE_GRANT = (5, 48 * 3600.0)
"""A follower's message lets the account send 5 customer-service messages within 48 hours ("Customer
service messages", 2023-06)."""
EVENT_GRANT = (3, 60.0)
"""A menu click, a scan or a subscription lets it send 3 within a minute."""


class Quota:
    """Counters in one table, each atomic."""

    def __init__(self, table: Table, clock: Callable[[], float] = time.time) -> None:
        """Count in ``table``; ``clock`` gives epoch seconds."""
        self._table = table
        self._clock = clock

    def take(self, scope: str, who: str, limit: int) -> bool:
        """Count one use of ``scope`` by ``who`` today (by China's calendar), and return whether it is within
        ``limit`` (0: no limit). What is over the limit is not counted further. Raises StoreError."""
        if not limit:
            return True
        now = self._clock()
        pk, sk = f"quota#{scope}#{self._day(now)}", who
        used = self._table.get(pk, sk) or {}
        if used.get("count", 0) >= limit:
            return False
        item = self._table.update(pk, sk, add={"count": 1}, set={"ttl": int(now) + 2 * _DAY})
        return item is not None and bool(item["count"] <= limit)

    def open_window(self, openid: str, grant: tuple[int, float], at: float) -> None:
        """Note that the follower did something at ``at`` which lets the account send messages to them.

        ``grant`` is how many, and for how many seconds. Raises StoreError.
        """
        allowed, seconds = grant
        now = self._clock()
        self._table.put(
            {
                **_window(openid),
                "until": at + seconds,
                "allowed": allowed,
                "sent": 0,
                "ttl": int(now) + 2 * _DAY + 3600,
            }
        )

    def take_message(self, openid: str) -> int:
        """Count one customer-service message to the follower: 0 when it may not be sent, else how many may
        be sent, this one included. Raises StoreError."""
        place = _window(openid)
        item = self._table.get(place["pk"], place["sk"])
        if item is None or self._clock() >= item["until"] or item["sent"] >= item["allowed"]:
            return 0
        counted = self._table.update(
            place["pk"], place["sk"], add={"sent": 1}, if_equals={"until": item["until"]}
        )
        return max(0, counted["allowed"] - counted["sent"] + 1) if counted else 0

    def close_window(self, openid: str) -> None:
        """Note that WeChat refuses messages to this follower until they do something again.

        Raises StoreError.
        """
        self._table.delete(**_window(openid))

    def _day(self, now: float) -> str:
        return time.strftime("%Y-%m-%d", time.gmtime(now + _CHINA_OFFSET))


def _window(openid: str) -> dict[str, str]:
    return {"pk": "quota#customer_message", "sk": openid}
