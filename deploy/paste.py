"""What the owner pastes where, once everything runs."""

from __future__ import annotations

import json
from collections.abc import Mapping

from wechat_oa.settings import Settings

_HIDDEN = "（在 .env 或 SSM 里 · in .env or SSM）"
_NO_KEY = "没有填 WECHAT_APP_ID，所以没有；只能用明文模式 · none without an AppID"


def paste_block(outputs: Mapping[str, str], settings: Settings, *, show_secrets: bool) -> str:
    """Return the block for the end of a deployment: WeChat's console, MCP clients, the addresses.

    ``show_secrets``: only where a person reads along. A log keeps what it is given.
    """
    token = settings.mcp_auth_tokens[0].token if settings.mcp_auth_tokens else ""
    shown = {
        name: (value if show_secrets else _HIDDEN) if value else ""
        for name, value in (
            ("token", settings.wechat_token),
            ("key", settings.encoding_aes_key),
            ("mcp", token),
            ("password", settings.config_password),
        )
    }
    return "\n".join(
        [
            *_console(outputs, shown),
            *_model_context(outputs.get("McpUrl", ""), shown),
            *_addresses(outputs, shown["password"]),
        ]
    )


def _console(outputs: Mapping[str, str], shown: Mapping[str, str]) -> list[str]:
    mode = "安全模式 · safe mode" if shown["key"] else "明文模式 · plain mode"
    lines = [
        "",
        "━━ 微信开发者平台 → 公众号 → 消息与事件推送 · Paste into WeChat's console ━━",
        f"  URL（服务器地址）    {outputs.get('CallbackUrl', '')}",
        f"  Token（令牌）        {shown['token']}",
        f"  EncodingAESKey       {shown['key'] or _NO_KEY}",
        f"  消息加密方式         {mode}",
    ]
    if address := outputs.get("WechatWhitelistAddress"):
        lines.append(f"  API IP 白名单        {address}")
    return lines


def _model_context(url: str, shown: Mapping[str, str]) -> list[str]:
    if not url:
        return []
    header = f"Authorization: Bearer {shown['mcp']}"
    entry = {"url": url, "headers": {"Authorization": f"Bearer {shown['mcp']}"}}
    cursor = json.dumps({"mcpServers": {"wechat-oa": entry}}, ensure_ascii=False)
    by_password = "（用网页设置的密码授权 · authorise with the password below）" if shown["password"] else ""
    lines = ["", "━━ MCP ━━", f"  地址 · URL           {url}"]
    if shown["mcp"]:
        lines += [
            f"  令牌 · token         {shown['mcp']}",
            f'  Claude Code          claude mcp add --transport http wechat-oa {url} --header "{header}"',
            f"  Cursor（~/.cursor/mcp.json） {cursor}",
        ]
    lines.append(
        f"  Claude Desktop、claude.ai　设置 → 连接器 → 添加自定义连接器 · Settings → Connectors: {url}"
    )
    return [*lines, f"    {by_password}"] if by_password else lines


def _addresses(outputs: Mapping[str, str], password: str) -> list[str]:
    site = outputs.get("SiteUrl", "")
    rows = [
        ("网站 · site", site),
        ("网页聊天 · chat", f"{site}chat/" if site else outputs.get("ChatApiUrl", "")),
        ("网页管理 · pages", f"{site}manage/" if site else outputs.get("PagesApiUrl", "")),
        ("网页设置的密码 · password", password),
        ("网站域名的 CNAME", outputs.get("SiteDistributionDomain", "")),
        ("网页域名的 CNAME", outputs.get("PagesDistributionDomain", "")),
        ("接口域名的 CNAME", outputs.get("ApiDomainTarget", "")),
    ]
    return ["", "━━ 网址 · Addresses ━━", *(f"  {name}   {value}" for name, value in rows if value), ""]
