"""The server over HTTP: who may come in, what each token may do, and what is refused before anything else."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import httpx
import httpx2
import pytest
from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StreamableHttpTransport
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.support.mcp import PUBLISH, READ, TOKENS, WRITE, Owner, make_owner
from tests.support.serving import serving
from wechat_mcp.app import make_app


@asynccontextmanager
async def asking(owner: Owner, **options: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """A browserless caller of the application, in this process."""
    app = make_app(owner.services, **options)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://mcp.example") as http,
    ):
        yield http


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def rpc(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


ACCEPT = {"Accept": "application/json, text/event-stream"}
INITIALIZE = rpc(
    "initialize",
    protocolVersion="2025-06-18",
    capabilities={},
    clientInfo={"name": "a client", "version": "1"},
)


async def test_a_token_opens_it_and_nothing_else_does(tmp_path: Path) -> None:
    owner = make_owner(tmp_path, tokens_required=True, MCP_AUTH_TOKENS=TOKENS)

    async with asking(owner) as http:
        without = await http.post("/mcp", json=INITIALIZE, headers=ACCEPT)
        wrong = await http.post("/mcp", json=INITIALIZE, headers={**ACCEPT, **bearer(PUBLISH + "x")})
        right = [
            await http.post("/mcp", json=INITIALIZE, headers={**ACCEPT, **bearer(token)})
            for token in (READ, WRITE, PUBLISH)
        ]

    assert (without.status_code, wrong.status_code) == (401, 401)
    assert without.headers["www-authenticate"].startswith("Bearer")
    assert [answer.status_code for answer in right] == [200, 200, 200]
    assert right[0].json()["result"]["serverInfo"]["name"] == "wechat-official-account"


async def test_without_any_way_in_everything_is_refused_and_the_reason_said(tmp_path: Path) -> None:
    owner = make_owner(tmp_path, tokens_required=True)

    async with asking(owner) as http:
        answers = [
            await http.post("/mcp", json=INITIALIZE, headers=ACCEPT),
            await http.post("/tools/wechat_auth", json={"arguments": {}}),
            await http.get("/.well-known/oauth-protected-resource/mcp"),
        ]
        health = await http.get("/health")

    assert {answer.status_code for answer in answers} == {503}
    assert "MCP_AUTH_TOKENS" in answers[0].json()["error"]
    assert "No way to sign in" in answers[0].json()["error"]
    assert health.json()["status"] == "ok"


@pytest.mark.parametrize(
    ("token", "seen", "unseen"),
    [
        (READ, {"wechat_stats", "wechat_draft", "wechat_publish"}, {"wechat_upload_img"}),
        (WRITE, {"wechat_upload_img", "wechat_draft"}, set()),
        (PUBLISH, {"wechat_upload_img", "wechat_mass"}, set()),
    ],
)
async def test_a_token_sees_the_tools_that_are_of_use_to_it(
    tmp_path: Path, token: str, seen: set[str], unseen: set[str]
) -> None:
    owner = make_owner(tmp_path, tokens_required=True, MCP_AUTH_TOKENS=TOKENS)

    async with asking(owner) as http:
        answer = await http.post("/mcp", json=rpc("tools/list"), headers={**ACCEPT, **bearer(token)})

    names = {tool["name"] for tool in answer.json()["result"]["tools"]}
    assert seen <= names
    assert not unseen & names


@pytest.mark.parametrize(
    ("token", "tool", "arguments", "allowed"),
    [
        (READ, "wechat_auth", {"action": "status"}, True),
        (READ, "wechat_auth", {"action": "login"}, False),
        (READ, "wechat_draft", {"action": "delete", "media_id": "m"}, False),
        (READ, "wechat_tool_call", {"tool_name": "wechat_draft", "arguments": {"action": "delete"}}, False),
        (WRITE, "wechat_auth", {"action": "login"}, True),
        (WRITE, "wechat_publish", {"media_id": "m", "confirm": True}, False),
        (WRITE, "wechat_publish", {"media_id": "m", "dry_run": True}, False),
        (PUBLISH, "wechat_publish", {"media_id": "m"}, True),
    ],
)
async def test_a_token_does_what_its_scope_allows_and_is_told_what_it_lacks(
    tmp_path: Path, token: str, tool: str, arguments: dict[str, Any], allowed: bool
) -> None:
    owner = make_owner(tmp_path, tokens_required=True, MCP_AUTH_TOKENS=TOKENS)

    async with asking(owner) as http:
        by_rpc = await http.post(
            "/mcp",
            json=rpc("tools/call", name=tool, arguments=arguments),
            headers={**ACCEPT, **bearer(token)},
        )
        by_path = await http.post(f"/tools/{tool}", json={"arguments": arguments}, headers=bearer(token))

    result = by_rpc.json()["result"]
    assert result["isError"] is not allowed
    assert by_path.json()["success"] is allowed
    if not allowed:
        assert "权限" in result["content"][0]["text"]
        assert "MCP_AUTH_TOKENS" in by_path.json()["error"]
        assert owner.asked() == []


async def test_a_tool_is_called_with_curl(tmp_path: Path) -> None:
    owner = make_owner(tmp_path)

    async with asking(owner, allowed_hosts=("mcp.example",)) as http:
        answer = await http.post("/tools/wechat_auth", json={"arguments": {"action": "status"}})
        unknown = await http.post("/tools/wechat_nothing", json={"arguments": {}})
        bad = [
            await http.post("/tools/wechat_auth", content=content)
            for content in (b"{", b"[]", b'{"arguments": []}', b"[" * 100_000)
        ]

    assert answer.json()["success"] is True
    assert answer.json()["result"]["app_id"] == "wx0123456789abcdef"
    assert unknown.status_code == 404
    assert {each.status_code for each in bad} == {400}
    assert all("arguments" in each.json()["error"] for each in bad)


async def test_pages_of_other_sites_reach_nothing(tmp_path: Path) -> None:
    owner = make_owner(
        tmp_path, tokens_required=True, MCP_AUTH_TOKENS=TOKENS, MCP_ALLOWED_ORIGINS="https://friend.example"
    )

    async with asking(owner) as http:
        answers = {
            origin: await http.post(
                "/mcp", json=INITIALIZE, headers={**ACCEPT, **bearer(READ), "Origin": origin}
            )
            for origin in ("https://evil.example", "null", "https://mcp.example", "https://friend.example")
        }

    assert {origin: answer.status_code for origin, answer in answers.items()} == {
        "https://evil.example": 403,
        "null": 403,
        "https://mcp.example": 200,
        "https://friend.example": 200,
    }


async def test_without_tokens_only_this_machines_names_are_answered(tmp_path: Path) -> None:
    owner = make_owner(tmp_path)

    async with asking(owner, allowed_hosts=()) as http:
        rebound = await http.get("/health", headers={"Host": "evil.example"})
        local = await http.get("/health", headers={"Host": "localhost:3003"})

    assert (rebound.status_code, local.status_code) == (421, 200)


async def test_a_body_is_bounded_whether_or_not_it_says_how_long_it_is(tmp_path: Path) -> None:
    owner = make_owner(tmp_path, tokens_required=True, MCP_AUTH_TOKENS=TOKENS)

    async def pieces() -> AsyncGenerator[bytes]:
        for _ in range(7):
            yield b"x" * (1 << 20)

    async with asking(owner) as http:
        declared = await http.post("/tools/wechat_auth", content=b"x" * (7 << 20), headers=bearer(READ))
        streamed = await http.post("/tools/wechat_auth", content=pieces(), headers=bearer(READ))

    assert (declared.status_code, streamed.status_code) == (413, 413)


async def test_clients_of_two_makes_work_over_http_and_sse(tmp_path: Path) -> None:
    owner = make_owner(tmp_path, tokens_required=True, MCP_AUTH_TOKENS=TOKENS)

    async with serving(make_app(owner.services)) as url:
        transport = StreamableHttpTransport(f"{url}/mcp", headers=bearer(PUBLISH))
        async with Client(transport) as client:
            fast = await client.call_tool("wechat_auth", {"action": "status"})
        async with (
            httpx2.AsyncClient(headers=bearer(PUBLISH)) as http,
            streamable_http_client(f"{url}/mcp", http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            official = await session.call_tool("wechat_auth", {"action": "status"})
    assert fast.structured_content == official.structured_content
    assert official.structured_content


@pytest.mark.parametrize(("mode", "asked"), [("legacy", 0), ("auto", 1)])
async def test_over_http_a_client_is_asked_in_the_era_that_can_and_told_in_the_other(
    tmp_path: Path, mode: Literal["legacy", "auto"], asked: int
) -> None:
    owner = make_owner(tmp_path, tokens_required=True, MCP_AUTH_TOKENS=TOKENS)
    questions: list[str] = []

    async def person(message: str, *_: Any) -> ElicitResult[Any]:
        questions.append(message)
        return ElicitResult(action="decline")

    async with serving(make_app(owner.services)) as url:
        transport = StreamableHttpTransport(f"{url}/mcp", headers=bearer(PUBLISH))
        async with Client(transport, mode=mode, elicitation_handler=person) as client:
            answered = await client.call_tool("wechat_publish", {"media_id": "m"})

    assert len(questions) == asked
    assert answered.structured_content is not None
    assert answered.structured_content["confirmed"] is False
    assert owner.asked() == []


async def test_a_client_works_over_sse(tmp_path: Path) -> None:
    owner = make_owner(tmp_path, tokens_required=True, MCP_AUTH_TOKENS=TOKENS)

    async with (
        serving(make_app(owner.services, transport="sse")) as url,
        sse_client(f"{url}/sse", headers=bearer(PUBLISH)) as streams,
        ClientSession(*streams) as session,
    ):
        await session.initialize()
        answered = await session.call_tool("wechat_auth", {"action": "status"})

    assert answered.structured_content is not None
    assert answered.structured_content["app_id"] == "wx0123456789abcdef"
