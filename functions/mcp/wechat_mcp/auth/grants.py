"""What the authorization server remembers: clients, requests waiting for the owner, codes and tokens.

Secrets are kept as SHA-256 digests only (they are random, so nothing slower is needed); everything expires.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from wechat_oa.store.table import Table

CLIENT_SECONDS = 24 * 3600
"""How long a client lives that nobody has approved."""
APPROVED_CLIENT_SECONDS = 400 * 24 * 3600
REQUEST_SECONDS = 600
CODE_SECONDS = 60
ACCESS_SECONDS = 3600
REFRESH_SECONDS = 90 * 24 * 3600
"""From its last use on: a refresh token is exchanged for a new one."""


class Issued(NamedTuple):
    """A pair of tokens, as they go to the client."""

    access_token: str
    refresh_token: str
    scopes: list[str]


class Grants:
    """The records, in one table."""

    def __init__(self, table: Table, clock: Callable[[], float]) -> None:
        """``clock`` gives epoch seconds."""
        self._table = table
        self._clock = clock

    # ---- Clients ---------------------------------------------------------------------------------------

    def save_client(self, client_id: str, document: Mapping[str, Any]) -> None:
        """Note a client that has registered. Raises StoreError."""
        self._put(f"oauth_client#{_digest(client_id)}", CLIENT_SECONDS, document=dict(document))

    def client(self, client_id: str) -> dict[str, Any] | None:
        """Return what a client has registered, or None. Raises StoreError."""
        item = self._table.get(f"oauth_client#{_digest(client_id)}", "-")
        return item["document"] if item else None

    def keep_client(self, client_id: str) -> None:
        """Let a client live that the owner has approved. Raises StoreError."""
        pk = f"oauth_client#{_digest(client_id)}"
        if self._table.get(pk, "-"):
            self._table.update(pk, "-", set={"ttl": int(self._clock()) + APPROVED_CLIENT_SECONDS})

    # ---- Requests that wait for the owner --------------------------------------------------------------

    def save_request(self, document: Mapping[str, Any]) -> str:
        """Note a request, and return the secret that names it. Raises StoreError."""
        name = secrets.token_urlsafe(32)
        self._put(f"oauth_request#{_digest(name)}", REQUEST_SECONDS, document=dict(document))
        return name

    def request(self, name: str) -> dict[str, Any] | None:
        """Return a request that still waits, or None. Raises StoreError."""
        item = self._table.get(f"oauth_request#{_digest(name)}", "-")
        return item["document"] if item and not item.get("taken") else None

    def take_request(self, name: str) -> dict[str, Any] | None:
        """Return a request and let it wait no more: of any number of calls one gets it. Raises StoreError."""
        return self._take(f"oauth_request#{_digest(name)}")

    # ---- Codes -----------------------------------------------------------------------------------------

    def save_code(self, document: Mapping[str, Any]) -> str:
        """Note what a code stands for, and return the code. Raises StoreError."""
        code = secrets.token_urlsafe(32)
        document = {**document, "family": secrets.token_hex(16)}
        self._put(f"oauth_code#{_digest(code)}", CODE_SECONDS, document=document)
        return code

    def code(self, code: str) -> dict[str, Any] | None:
        """Return what an unused code stands for, or None. Raises StoreError.

        A code that comes a second time was stolen, or its tokens were: all of them end.
        """
        item = self._table.get(f"oauth_code#{_digest(code)}", "-")
        if item is None:
            return None
        if item.get("taken"):
            self.end_family(item["document"]["family"])
            return None
        return dict(item["document"])

    def use_code(self, code: str) -> dict[str, Any] | None:
        """Use a code: of any number of calls one gets what it stands for. Raises StoreError."""
        return self._take(f"oauth_code#{_digest(code)}")

    # ---- Tokens ----------------------------------------------------------------------------------------

    def issue(self, client_id: str, scopes: list[str], resource: str, family: str) -> Issued:
        """Make a pair of tokens. Raises StoreError."""
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        document = {"client_id": client_id, "scopes": scopes, "resource": resource, "family": family}
        self._put(f"oauth_family#{family}", REFRESH_SECONDS, client_id=client_id)
        self._put(f"oauth_access#{_digest(access)}", ACCESS_SECONDS, document=document)
        self._put(f"oauth_refresh#{_digest(refresh)}", REFRESH_SECONDS, document=document)
        return Issued(access, refresh, scopes)

    def access(self, token: str) -> dict[str, Any] | None:
        """Return what an access token allows, with ``expires_at``, or None. Raises StoreError."""
        item = self._table.get(f"oauth_access#{_digest(token)}", "-")
        if item is None or not self._alive(item["document"]["family"]):
            return None
        return {**item["document"], "expires_at": item["ttl"]}

    def refresh(self, token: str) -> dict[str, Any] | None:
        """Return what a refresh token stands for, or None. Raises StoreError.

        One that comes a second time was stolen, or the one that replaced it: all of the family end.
        """
        item = self._table.get(f"oauth_refresh#{_digest(token)}", "-")
        if item is None or not self._alive(item["document"]["family"]):
            return None
        if item.get("taken"):
            self.end_family(item["document"]["family"])
            return None
        return {**item["document"], "expires_at": item["ttl"]}

    def use_refresh(self, token: str) -> dict[str, Any] | None:
        """Use a refresh token: of any number of calls one gets what it stands for. Raises StoreError."""
        return self._take(f"oauth_refresh#{_digest(token)}")

    def end_family(self, family: str) -> None:
        """End every token that came from one approval. Raises StoreError."""
        self._table.delete(f"oauth_family#{family}", "-")

    # ----------------------------------------------------------------------------------------------------

    def _alive(self, family: str) -> bool:
        return self._table.get(f"oauth_family#{family}", "-") is not None

    def _put(self, pk: str, seconds: int, **attributes: Any) -> None:
        self._table.put({"pk": pk, "sk": "-", "ttl": int(self._clock()) + seconds, **attributes})

    def _take(self, pk: str) -> dict[str, Any] | None:
        item = self._table.get(pk, "-")
        if item is None:
            return None
        taken = self._table.update(
            pk, "-", set={"taken": True}, if_equals={"taken": None, "ttl": item["ttl"]}
        )
        return taken["document"] if taken else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
