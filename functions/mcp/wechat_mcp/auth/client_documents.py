"""Clients whose id is the address of a document about them (OAuth Client ID Metadata Document).

The document is fetched as every public address is (wechat_oa.fetch), except that redirects are not followed:
whoever can redirect on a site is not yet the site. Only public clients are known here, with PKCE and without
secrets or keys.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from mcp.shared.auth import InvalidRedirectUriError, OAuthClientInformationFull
from pydantic import AnyUrl

from wechat_mcp.services import Fetch
from wechat_mcp.tooling.scopes import SCOPES
from wechat_oa.fetch import FetchError

log = logging.getLogger(__name__)

PUBLIC = "none"
"""The client shows no secret at the token endpoint."""
MAX_BYTES = 16 << 10
MOST_REDIRECTS = 10
KEPT_SECONDS = 300
"""Authorizing and exchanging, a minute apart, want the same document."""
_MOST_KEPT = 100
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_FORBIDDEN_SCHEMES = frozenset(
    {"javascript", "data", "vbscript", "file", "blob", "about", "ftp", "ws", "wss"}
)


class PublicClient(OAuthClientInformationFull):
    """A client as the authorization server knows it."""

    def validate_redirect_uri(self, redirect_uri: AnyUrl | None) -> AnyUrl:
        """Return where the code goes, one of the registered addresses. Raises InvalidRedirectUriError.

        On the owner's own machine the port may be any (RFC 8252 §7.3): an app gets one when it starts.
        """
        try:
            return super().validate_redirect_uri(redirect_uri)
        except InvalidRedirectUriError:
            wanted = _without_port(str(redirect_uri))
            if wanted is None or wanted not in map(_without_port, map(str, self.redirect_uris or [])):
                raise
            return AnyUrl(str(redirect_uri))


class ClientDocuments:
    """Fetches documents, and remembers them for a few minutes."""

    def __init__(self, fetch: Fetch, allow: Callable[[], bool], clock: Callable[[], float]) -> None:
        """``allow`` is asked before each request, which any stranger can cause."""
        self._fetch = fetch
        self._allow = allow
        self._clock = clock
        self._kept: dict[str, tuple[float, PublicClient]] = {}

    async def client(self, client_id: str) -> PublicClient | None:
        """Return the client whose document is at this address, or None when there is none that will do.

        Raises StoreError as ``allow`` does.
        """
        kept = self._kept.get(client_id)
        if kept and kept[0] > self._clock():
            return kept[1]
        if not self._allow():
            log.warning("too many client documents today")
            return None
        try:
            file = await self._fetch(client_id, max_bytes=MAX_BYTES, redirects=0)
            client = _client(client_id, json.loads(file.data))
        except (FetchError, ValueError, RecursionError) as error:
            log.warning("client document not used: %s", type(error).__name__)
            return None
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[client_id] = (self._clock() + KEPT_SECONDS, client)
        return client


def is_document(client_id: str) -> bool:
    """Tell whether a client_id is the address of a document: https, a path, nothing that misleads."""
    try:
        parts = urlsplit(client_id)
    except ValueError:
        return False
    misleading = parts.fragment or parts.username is not None or {".", ".."} & set(parts.path.split("/"))
    return parts.scheme == "https" and bool(parts.hostname) and parts.path not in ("", "/") and not misleading


def acceptable_redirect(uri: str) -> bool:
    """Tell whether a client may be sent its code there: https, this machine, or an app's own scheme."""
    parts = urlsplit(uri)
    if parts.fragment or parts.username or parts.password:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme == "http":
        return parts.hostname in _LOOPBACK
    return bool(parts.scheme) and parts.scheme not in _FORBIDDEN_SCHEMES


def _client(client_id: str, document: Any) -> PublicClient:
    """The client that a document describes. Raises ValueError."""
    if not isinstance(document, dict) or document.get("client_id") != client_id:
        raise ValueError("the document is about another client")
    if document.get("token_endpoint_auth_method", PUBLIC) != PUBLIC or "client_secret" in document:
        raise ValueError("the client is not a public one")
    uris = document.get("redirect_uris")
    if not isinstance(uris, list) or not 0 < len(uris) <= MOST_REDIRECTS:
        raise ValueError("redirect_uris must be a list of one to ten")
    if not all(isinstance(uri, str) and acceptable_redirect(uri) for uri in uris):
        raise ValueError("a redirect_uri is not acceptable")
    name = document.get("client_name")
    return PublicClient(
        client_id=client_id,
        client_name=name if isinstance(name, str) else None,
        redirect_uris=[AnyUrl(uri) for uri in uris],
        token_endpoint_auth_method=PUBLIC,
        scope=" ".join(SCOPES),
    )


def _without_port(uri: str) -> tuple[str, str, str] | None:
    """An address on this machine but for its port; None for any other."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        return None
    return parts.hostname, parts.path, parts.query
