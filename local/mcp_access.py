"""Who may use the MCP server on one machine."""

from __future__ import annotations

from local.house import LOOPBACK
from wechat_oa.settings import Settings


def tokens_required(settings: Settings) -> bool:
    """Whether callers must show a token: wherever one is configured, and wherever others reach the server."""
    configured = bool(settings.mcp_auth_tokens or settings.mcp_oauth_issuer)
    own = bool(settings.config_password and settings.mcp_public_url)
    return configured or own or settings.mcp_host not in LOOPBACK


def access(settings: Settings) -> str:
    """Say in Chinese who may use the server."""
    if not tokens_required(settings):
        return "只有本机能用，不要令牌"
    if settings.mcp_auth_tokens:
        return "要用 MCP_AUTH_TOKENS 里的令牌"
    if settings.mcp_public_url and (settings.mcp_oauth_issuer or settings.config_password):
        return "通过 OAuth 授权使用"
    return "拒绝一切请求：别人也能访问这个地址，却没有设置 MCP_AUTH_TOKENS"
