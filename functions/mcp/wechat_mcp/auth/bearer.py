"""Bearer tokens that the owner makes up: several are valid at once, so that they can be changed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from fastmcp.server.auth import AccessToken, TokenVerifier

from wechat_mcp.tooling.scopes import included
from wechat_oa.settings import McpToken


class BearerTokens(TokenVerifier):
    """Knows tokens by their digests."""

    def __init__(self, tokens: Sequence[McpToken]) -> None:
        """``tokens`` are all valid."""
        super().__init__()
        self._tokens = [(_digest(each.token), each) for each in tokens]

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return whose token it is, or None. Every known token is compared, in constant time."""
        given = _digest(token)
        found = None
        for digest, each in self._tokens:
            if hmac.compare_digest(digest, given):
                found = each
        if found is None:
            return None
        # The token itself goes no further: nothing behind this needs it.
        return AccessToken(token="-", client_id=found.name, scopes=included(found.scope))  # noqa: S106  # nosec B106


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
