"""Which ways in there are, as the settings say."""

from __future__ import annotations

from collections.abc import Sequence

from fastmcp.server.auth import AccessToken, AuthProvider, RemoteAuthProvider, TokenVerifier
from pydantic import AnyHttpUrl

from wechat_mcp.auth.authorization_server import OwnAuthorizationServer
from wechat_mcp.auth.bearer import BearerTokens
from wechat_mcp.services import McpServices
from wechat_mcp.tooling.scopes import SCOPES, included, widest

NO_WAY_IN = (
    "MCP 服务器没有配置任何登录方式，所以拒绝一切请求：请设置 MCP_AUTH_TOKENS（自己定的令牌，16 个字符以上"
    "），"
    "或者设置 OPENAI_CONFIG_PASSWORD 和 MCP_PUBLIC_URL（用密码授权），再重新部署。 · "
    "No way to sign in is configured, so every request is refused: set MCP_AUTH_TOKENS (a token of your own"
    ", 16 "
    "characters or more), or OPENAI_CONFIG_PASSWORD and MCP_PUBLIC_URL (approve with the password)."
)


class _AnyOf(TokenVerifier):
    """Asks several verifiers, and keeps only the scopes that mean something here."""

    def __init__(self, verifiers: Sequence[TokenVerifier]) -> None:
        super().__init__()
        self._verifiers = verifiers

    async def verify_token(self, token: str) -> AccessToken | None:
        for verifier in self._verifiers:
            found = await verifier.verify_token(token)
            if found is not None:
                scope = widest(found.scopes)
                return found.model_copy(update={"scopes": included(scope) if scope else []})
        return None


class _Expiring(TokenVerifier):
    """Accepts what another verifier does, if it ends some day (RFC 9068 §2.2)."""

    def __init__(self, verifier: TokenVerifier) -> None:
        super().__init__()
        self._verifier = verifier

    async def verify_token(self, token: str) -> AccessToken | None:
        found = await self._verifier.verify_token(token)
        return found if found and found.expires_at else None


def make_auth(services: McpServices) -> AuthProvider | None:
    """Return what tells callers apart, or None when no way in is configured.

    An issuer of the owner's comes before the server's own authorization; bearer tokens work beside both.
    """
    settings = services.settings
    bearer = BearerTokens(settings.mcp_auth_tokens)
    if settings.mcp_oauth_issuer and settings.mcp_public_url:
        # Brings cryptography's keys along, which nobody else needs.
        from fastmcp.server.auth.providers.jwt import JWTVerifier  # noqa: PLC0415

        issuer = settings.mcp_oauth_issuer
        verifier = JWTVerifier(
            jwks_uri=settings.mcp_oauth_jwks_url or f"{issuer}/.well-known/jwks.json",
            # Settings lose the slash that some issuers end with.
            issuer=[issuer, f"{issuer}/"],
            audience=settings.mcp_oauth_audience or f"{settings.mcp_public_url}/mcp",
        )
        return RemoteAuthProvider(
            token_verifier=_AnyOf([bearer, _Expiring(verifier)]),
            authorization_servers=[AnyHttpUrl(issuer)],
            base_url=settings.mcp_public_url,
            scopes_supported=list(SCOPES),
            resource_name="WeChat Official Account",
        )
    if services.password.configured and settings.mcp_public_url:
        return OwnAuthorizationServer(services, bearer)
    return bearer if settings.mcp_auth_tokens else None
