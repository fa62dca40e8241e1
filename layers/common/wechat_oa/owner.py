"""The owner's password: compared in constant time, and slower with every wrong try."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable

from wechat_oa.store.table import Table

FREE_TRIES = 3
"""Wrong passwords that cost no wait; people mistype."""
LONGEST_WAIT = 15 * 60
"""Seconds that one must wait at most."""
_FORGET = 24 * 3600
_TRIES = "password_tries"


class PasswordError(Exception):
    """The password does not open anything now."""


class SettingsClosedError(PasswordError):
    """No password is configured: nothing can be opened with one."""


class WrongPasswordError(PasswordError):
    """This is not the password."""


class TooManyTriesError(PasswordError):
    """This visitor was wrong too often; ``seconds`` is how long they must wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} seconds")
        self.seconds = seconds


class OwnerPassword:
    """Checks passwords; the wrong tries of each visitor are counted in the table."""

    def __init__(self, table: Table, password: str, clock: Callable[[], float] = time.time) -> None:
        """``password`` is the owner's; empty: nothing can be opened."""
        self._table = table
        self._digest = _digest(password)
        self._clock = clock
        self.configured = bool(password)

    def check(self, visitor: str, given: str) -> None:
        """Return when ``given`` is the password. Raises PasswordError, StoreError.

        After three wrong tries each one more doubles the time until ``visitor`` may try again, from one
        second to 15 minutes; a try during that time is not looked at.
        """
        if not self.configured:
            raise SettingsClosedError("no OPENAI_CONFIG_PASSWORD is set")
        self._reserve(visitor)
        if not hmac.compare_digest(_digest(given), self._digest):
            raise WrongPasswordError("not the password")
        self._table.delete(_TRIES, visitor)

    def _reserve(self, visitor: str) -> None:
        """Count a try before it is looked at, so that many at the same time are not all the first one."""
        now = self._clock()
        tries = self._table.get(_TRIES, visitor) or {}
        count, until = tries.get("wrong", 0), tries.get("until", 0)
        if now < until:
            raise TooManyTriesError(int(until - now) + 1)
        changes = {"ttl": int(now) + _FORGET}
        wait = 0
        if count >= FREE_TRIES:
            wait = min(2 ** min(count - FREE_TRIES, 20), LONGEST_WAIT)
            changes["until"] = int(now) + wait
        unchanged = {"wrong": count or None, "until": until or None}
        if self._table.update(_TRIES, visitor, add={"wrong": 1}, set=changes, if_equals=unchanged) is None:
            raise TooManyTriesError(max(wait, 1))


def _digest(text: str) -> bytes:
    """Digests are of one length, so that comparing them says nothing about the password's."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
