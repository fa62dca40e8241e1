"""Wrong tries of a visitor, at a password or a code: each one more costs a longer wait."""

from __future__ import annotations

import time
from collections.abc import Callable

from wechat_oa.store.table import Table

FREE_TRIES = 3
"""Wrong tries that cost no wait; people mistype."""
LONGEST_WAIT = 15 * 60
"""Seconds that one must wait at most."""
_FORGET = 24 * 3600


class TooManyTriesError(Exception):
    """This visitor was wrong too often; ``seconds`` is how long they must wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} seconds")
        self.seconds = seconds


class Tries:
    """Counts the tries at one thing, visitor by visitor, in the table."""

    def __init__(self, table: Table, scope: str, clock: Callable[[], float] = time.time) -> None:
        """``scope`` names the thing; ``clock`` gives epoch seconds."""
        self._table = table
        self._pk = f"tries#{scope}"
        self._clock = clock

    def any(self, visitor: str) -> bool:
        """Return whether the visitor has tries that are not forgotten. Raises StoreError."""
        return self._table.get(self._pk, visitor) is not None

    def reserve(self, visitor: str) -> None:
        """Count a try before it is looked at, so that many at the same time are not all the first one.

        After three tries without a right one among them each one more doubles the time until ``visitor``
        may try again, from one second to 15 minutes. Raises TooManyTriesError during that time, StoreError.
        """
        now = self._clock()
        tries = self._table.get(self._pk, visitor) or {}
        count, until = tries.get("wrong", 0), tries.get("until", 0)
        if now < until:
            raise TooManyTriesError(int(until - now) + 1)
        changes = {"ttl": int(now) + _FORGET}
        wait = 0
        if count >= FREE_TRIES:
            wait = min(2 ** min(count - FREE_TRIES, 20), LONGEST_WAIT)
            changes["until"] = int(now) + wait
        unchanged = {"wrong": count or None, "until": until or None}
        if self._table.update(self._pk, visitor, add={"wrong": 1}, set=changes, if_equals=unchanged) is None:
            raise TooManyTriesError(max(wait, 1))

    def right(self, visitor: str) -> None:
        """Forget the visitor's tries: this one was right. Raises StoreError."""
        self._table.delete(self._pk, visitor)
