"""What an MCP client does: shows its token, says hello, asks for the tools; without a token, is refused."""

from __future__ import annotations

import json
from typing import Any

import httpx

from deploy.self_test.result import Result, failed, ok, skipped, unreachable, wrong_status

_PROTOCOL = "2025-06-18"
_SECONDS = 30.0
"""A cold start of the largest function is in it."""
_HELLO = {
    "protocolVersion": _PROTOCOL,
    "capabilities": {},
    "clientInfo": {"name": "self-test", "version": "1"},
}


async def without_token(http: httpx.AsyncClient, url: str, *, open_to_all: bool) -> Result:
    """Say hello without a token, and with a wrong one: both must be refused, unless nobody needs any."""
    if open_to_all:
        return skipped("只有本机能用，不要令牌 · this machine's alone, no token needed")
    try:
        for token in ("", "not-a-token-of-this-server"):
            answered = await _post(http, url, token, "initialize", _HELLO)
            if answered.status_code == 200:
                return failed(
                    "没有令牌也能用：谁都能替你发文章 · opens without a token: anyone can publish for you"
                )
            if answered.status_code not in (401, 403):
                return wrong_status(answered, "mcp")
    except httpx.HTTPError as problem:
        return unreachable(problem)
    return ok("拒绝了 · refused")


async def with_token(http: httpx.AsyncClient, url: str, token: str, *, open_to_all: bool) -> Result:
    """Say hello and ask for the tools; "" for ``token`` where there is none."""
    if not (token or open_to_all):
        return skipped("没有 MCP_AUTH_TOKENS，只能通过 OAuth 用 · no tokens, OAuth only")
    try:
        hello = await _post(http, url, token, "initialize", _HELLO)
        if hello.status_code == 401:
            return failed(
                "令牌不对：MCP_AUTH_TOKENS 和部署的不一样，make deploy · the token is not the deployed one"
            )
        if hello.status_code == 421:
            return failed("421：MCP_PUBLIC_URL 和实际的地址不一样 · MCP_PUBLIC_URL is another address")
        if hello.status_code != 200:
            return wrong_status(hello, "mcp")
        server = _result(hello)["serverInfo"]["name"]
        listed = await _post(http, url, token, "tools/list", {})
        if listed.status_code != 200:
            return wrong_status(listed, "mcp")
        tools = _result(listed)["tools"]
    except httpx.HTTPError as problem:
        return unreachable(problem)
    except (ValueError, KeyError, TypeError):
        return failed("回答不是 MCP：这个地址上是别的程序 · no MCP server answers there")
    return (
        ok(f"{server}，{len(tools)} 个工具 · tools")
        if tools
        else failed("一个工具也没有 · there are no tools")
    )


async def _post(
    http: httpx.AsyncClient, url: str, token: str, method: str, parameters: dict[str, Any]
) -> httpx.Response:
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": _PROTOCOL}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    return await http.post(url, json=body, headers=headers, timeout=_SECONDS)


def _result(response: httpx.Response) -> dict[str, Any]:
    """The result in a JSON answer, or in the first event of a stream. Raises ValueError, KeyError."""
    text = response.text
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        text = next((line for line in text.splitlines() if line.startswith("data:")), "").removeprefix(
            "data:"
        )
    result: dict[str, Any] = json.loads(text)["result"]
    return result
