"""The owner's password: compared in constant time, and slower with every wrong try."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable

from wechat_oa.store.table import Table
from wechat_oa.tries import Tries


class PasswordError(Exception):
    """The password does not open anything now."""


class SettingsClosedError(PasswordError):
    """No password is configured: nothing can be opened with one."""


class WrongPasswordError(PasswordError):
    """This is not the password."""


class OwnerPassword:
    """Checks passwords; the wrong tries of each visitor are counted in the table."""

    def __init__(self, table: Table, password: str, clock: Callable[[], float] = time.time) -> None:
        """``password`` is the owner's; empty: nothing can be opened."""
        self._tries = Tries(table, "password", clock)
        self._digest = _digest(password)
        self.configured = bool(password)

    def check(self, visitor: str, given: str) -> None:
        """Return when ``given`` is the password.

        Raises PasswordError; TooManyTriesError while ``visitor`` must wait, and then ``given`` is not looked
        at; StoreError.

        The right password of a visitor with no wrong tries counts as none: an owner's program may come many
        times at once. Guesses that come at once gain no more by that than what is answered before the first
        of them is counted.
        """
        if not self.configured:
            raise SettingsClosedError("no OPENAI_CONFIG_PASSWORD is set")
        if not given:
            # No guess, and not counted: any page can make the owner's browser ask without a password.
            raise WrongPasswordError("no password")
        right = hmac.compare_digest(_digest(given), self._digest)
        if right and not self._tries.any(visitor):
            return
        self._tries.reserve(visitor)
        if not right:
            raise WrongPasswordError("not the password")
        self._tries.right(visitor)


def _digest(text: str) -> bytes:
    """Digests are of one length, so that comparing them says nothing about the password's."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
