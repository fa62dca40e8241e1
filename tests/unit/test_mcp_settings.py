"""The MCP server's settings: tokens with their scopes, and addresses that others reach."""

from __future__ import annotations

import pytest

from local.mcp_access import access, tokens_required
from wechat_oa.settings import McpToken, SettingsError, read_settings

LONG = "0123456789abcdef"


def test_a_token_has_all_scopes_unless_it_says_less() -> None:
    tokens = read_settings(
        {"MCP_AUTH_TOKENS": f"{LONG}, claude:read:{LONG}2 ,ci:write:{LONG}3"}
    ).mcp_auth_tokens

    assert tokens == (
        McpToken("token-1", "publish", LONG),
        McpToken("claude", "read", f"{LONG}2"),
        McpToken("ci", "write", f"{LONG}3"),
    )
    assert LONG not in repr(tokens)


@pytest.mark.parametrize(
    "value",
    ["short", f"a:b:{LONG}", f"a:read:b:{LONG}", f"{LONG} {LONG}", f"{LONG},x", f"read:{LONG}", "令牌" * 10],
)
def test_a_token_that_can_be_guessed_or_misread_stops_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="MCP_AUTH_TOKENS"):
        read_settings({"MCP_AUTH_TOKENS": value})


@pytest.mark.parametrize("value", ["http://mcp.example", "mcp.example", "ftp://mcp.example"])
def test_passwords_go_only_to_https(value: str) -> None:
    with pytest.raises(SettingsError, match="MCP_PUBLIC_URL"):
        read_settings({"MCP_PUBLIC_URL": value})
    assert (
        read_settings({"MCP_PUBLIC_URL": "http://localhost:3003/"}).mcp_public_url == "http://localhost:3003"
    )


@pytest.mark.parametrize(
    ("environment", "required", "words"),
    [
        ({}, False, "只有本机"),
        ({"MCP_AUTH_TOKENS": LONG}, True, "MCP_AUTH_TOKENS"),
        ({"MCP_HOST": "0.0.0.0"}, True, "拒绝一切"),
        ({"OPENAI_CONFIG_PASSWORD": "correct horse"}, False, "只有本机"),
        ({"OPENAI_CONFIG_PASSWORD": "correct horse", "MCP_PUBLIC_URL": "https://a.example"}, True, "OAuth"),
    ],
)
def test_a_token_is_asked_for_wherever_others_could_come(
    environment: dict[str, str], required: bool, words: str
) -> None:
    settings = read_settings(environment)

    assert tokens_required(settings) is required
    assert words in access(settings)
