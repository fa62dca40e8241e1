"""Codes that followers get from the account, to open the web chat with.

A code is used once. Whoever used it is known by a signed cookie from then on, so that a code passed around
opens nothing.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from wechat_oa.identifiers import pseudonym
from wechat_oa.store.table import Table

# Without what is easily mistaken for something else: 0 O, 1 I L.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"
_DIGITS = "23456789"
_LENGTH = 8
_CODE = re.compile(r"[A-Z0-9_-]{6,64}")


class Access(NamedTuple):
    """What a code opened."""

    who: str
    """A name for whoever holds it: a follower's is the same for all their codes, so that more codes do not
    make them more visitors."""
    until: int
    """Epoch seconds."""


class AccessCodes:
    """All codes, in one table."""

    def __init__(self, table: Table, valid_days: int, clock: Callable[[], float] = time.time) -> None:
        """A code can be used for ``valid_days``, and what it opens stays open for as long."""
        self._table = table
        self._clock = clock
        self.valid_days = valid_days

    def create(self, note: str = "", code: str = "", who: str = "") -> str:
        """Make a code (or keep this one, of letters and digits) and return it.

        ``who`` names the one it is made for; "" makes its user somebody new.

        Raises ValueError for a code that cannot be one or exists already, StoreError.
        """
        wanted = normalise(code)
        if code and not _CODE.fullmatch(wanted):
            raise ValueError("a code is 6 to 64 letters and digits")
        for _ in range(10):
            made = wanted or _random()
            item = {
                "pk": f"code#{made}",
                "sk": "-",
                "note": note,
                "who": who or pseudonym(made),
                "ttl": self._expiry(),
            }
            if self._table.put(item, unless_exists=True):
                return made
            if wanted:
                break
        raise ValueError("the code exists already")

    def for_follower(self, openid: str) -> str:
        """Return the follower's code: the one they have not used yet, else a new one. Raises StoreError."""
        place = (f"follower#{openid}", "code")
        known = self._table.get(*place)
        if known and self.usable(known["code"]):
            return str(known["code"])
        code = self.create(note="follower", who=pseudonym(openid))
        self._table.put({"pk": place[0], "sk": place[1], "code": code, "ttl": self._expiry()})
        return code

    def usable(self, code: str) -> bool:
        """Return whether a code exists and has not been used. Raises StoreError."""
        item = self._table.get(f"code#{normalise(code)}", "-")
        return item is not None and not item.get("used_at")

    def use(self, code: str) -> Access | None:
        """Use a code: return for whom and until when it opens the chat, or None if it opens nothing.

        Of any number of concurrent calls one succeeds. Raises StoreError.
        """
        pk = f"code#{normalise(code)}"
        item = self._table.get(pk, "-")
        if item is None or item.get("used_at"):
            return None
        unused = {"used_at": None, "ttl": item["ttl"]}
        used = self._table.update(pk, "-", set={"used_at": int(self._clock())}, if_equals=unused)
        return Access(item["who"], self._expiry()) if used else None

    def _expiry(self) -> int:
        return int(self._clock()) + self.valid_days * 24 * 3600


def normalise(code: str) -> str:
    """Return a code as it is kept: capitals, without the spaces that people type."""
    return "".join(code.split()).upper()


def _random() -> str:
    """Letters and digits, at least one of each: about 10^11 of them."""
    while True:
        code = "".join(secrets.choice(_LETTERS + _DIGITS) for _ in range(_LENGTH))
        if not code.isalpha() and not code.isdigit():
            return code
