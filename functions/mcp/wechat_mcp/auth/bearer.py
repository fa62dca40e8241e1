"""Bearer tokens that the owner makes up: several are valid at once, so that they can be changed."""

from __future__ import annotations

from collections.abc import Sequence

from fastmcp.server.auth import AccessToken, TokenVerifier

from wechat_mcp.tooling.scopes import included
from wechat_oa.settings import McpToken
from wechat_oa.tokens import Tokens


class BearerTokens(TokenVerifier):
    """Knows the owner's tokens."""

    def __init__(self, tokens: Sequence[McpToken]) -> None:
        """``tokens`` are all valid."""
        super().__init__()
        self._tokens = Tokens(tokens)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return whose token it is, or None."""
        found = self._tokens.find(token)
        if found is None:
            return None
        # The token itself goes no further: nothing behind this needs it.
        return AccessToken(token="-", client_id=found.name, scopes=included(found.scope))  # noqa: S106  # nosec B106
