"""The account that wechat_auth's configure saves, in place of the one in the settings.

Its AppSecret does not lie in the table, which every function may read: hosted it is an SSM SecureString that
the MCP server alone may read and write. The table holds only that there is one, and which, so that every
process notices a change at its next call.
"""

from __future__ import annotations

import json
import secrets
from typing import NamedTuple, Protocol

from wechat_oa.store.table import Table

_MARK = ("mcp_account", "-")


class Account(NamedTuple):
    """Whose account the tools work on."""

    app_id: str
    app_secret: str
    saved: bool
    """Whether it was configured with a tool, rather than with the settings."""


class Vault(Protocol):
    """A place for one secret text. Each method raises StoreError."""

    def save(self, text: str) -> None:
        """Put the text there, in place of what was there."""
        ...

    def load(self) -> str | None:
        """Return the text, or None when there is none."""
        ...

    def forget(self) -> None:
        """Remove it, if it is there."""
        ...


class TableVault:
    """In the table: for one machine, where that is a file of the owner's, as ``.env`` is."""

    _KEY = ("mcp_account", "secret")

    def __init__(self, table: Table) -> None:
        """``table`` is not shared with anybody."""
        self._table = table

    def save(self, text: str) -> None:
        """See Vault."""
        pk, sk = self._KEY
        self._table.put({"pk": pk, "sk": sk, "text": text})

    def load(self) -> str | None:
        """See Vault."""
        item = self._table.get(*self._KEY)
        return item["text"] if item else None

    def forget(self) -> None:
        """See Vault."""
        self._table.delete(*self._KEY)


class SavedAccount:
    """At most one account. Every method raises StoreError."""

    def __init__(self, table: Table, vault: Vault) -> None:
        """``table`` tells that there is one, ``vault`` holds it."""
        self._table = table
        self._vault = vault
        self._known: tuple[str, Account | None] = ("", None)

    def get(self) -> Account | None:
        """Return the saved account, or None."""
        mark = self._table.get(*_MARK)
        if mark is None:
            return None
        if self._known[0] != mark["version"]:
            text = self._vault.load()
            self._known = (mark["version"], _account(text) if text else None)
        return self._known[1]

    def save(self, app_id: str, app_secret: str) -> None:
        """Save an account, in place of the one before."""
        self._vault.save(json.dumps([app_id, app_secret]))
        pk, sk = _MARK
        self._table.put({"pk": pk, "sk": sk, "version": secrets.token_hex(8)})

    def forget(self) -> bool:
        """Forget it; return whether there was one."""
        saved = self._table.get(*_MARK) is not None
        self._table.delete(*_MARK)
        if saved:
            self._vault.forget()
        return saved


def _account(text: str) -> Account:
    app_id, app_secret = json.loads(text)
    return Account(app_id, app_secret, saved=True)
