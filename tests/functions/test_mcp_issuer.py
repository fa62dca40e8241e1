"""Tokens of an OAuth service of the owner's: JWTs, checked against its published keys."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwk, jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.mcp import PUBLISH, make_owner
from tests.support.oauth import PING, URL, connected, register, works
from tests.support.serving import serving

ISSUER = "https://login.example"
KEY = jwk.generate_key("RSA", 2048, {"kid": "k1", "use": "sig"})
ANOTHER_KEY = jwk.generate_key("RSA", 2048, {"kid": "k1", "use": "sig"})
TOOL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "wechat_draft", "arguments": {"action": "delete", "media_id": "nothing"}},
}


@pytest.fixture
async def http(tmp_path: Path) -> AsyncGenerator[httpx.AsyncClient]:
    async def keys(_request: Request) -> Response:
        return JSONResponse({"keys": [KEY.as_dict(private=False)]})

    async with serving(Starlette(routes=[Route("/keys", keys)])) as issuer:
        owner = make_owner(
            tmp_path,
            tokens_required=True,
            MCP_PUBLIC_URL=URL,
            MCP_OAUTH_ISSUER=ISSUER,
            MCP_OAUTH_JWKS_URL=f"{issuer}/keys",
            MCP_AUTH_TOKENS=PUBLISH,
        )
        async with connected(owner) as client:
            yield client


def token(key: Any = KEY, **claims: Any) -> str:
    """A token as the issuer signs it; a claim that is None is left out."""
    now = int(time.time())
    whole = {
        "iss": ISSUER,
        "aud": f"{URL}/mcp",
        "sub": "the-owner",
        "client_id": "an-agent",
        "iat": now,
        "exp": now + 300,
        "scope": "read",
        **claims,
    }
    given = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "k1"}, given, key)


async def tools(http: httpx.AsyncClient, bearer: str) -> list[str]:
    headers = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {bearer}"}
    answer = await http.post("/mcp", json=PING, headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["result"]["tools"]]


async def delete_a_draft(http: httpx.AsyncClient, bearer: str) -> str:
    headers = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {bearer}"}
    answer = await http.post("/mcp", json=TOOL, headers=headers)
    return str(answer.json()["result"]["content"][0]["text"])


async def test_clients_are_sent_to_the_issuer(http: httpx.AsyncClient) -> None:
    resource = (await http.get("/.well-known/oauth-protected-resource/mcp")).json()
    refused = await http.post("/mcp", json=PING)

    assert resource["authorization_servers"] == [f"{ISSUER}/"]
    assert "resource_metadata" in refused.headers["www-authenticate"]
    assert (await register(http)).status_code == 404


async def test_a_token_of_the_issuers_opens_what_its_scope_says(http: httpx.AsyncClient) -> None:
    assert "wechat_draft" in await tools(http, token())
    assert "wechat_mass" in await tools(http, token(scope="openid write"))
    assert "需要 write" in await delete_a_draft(http, token())
    assert "微信没有接受" in await delete_a_draft(http, token(scope="write"))


async def test_the_owners_own_tokens_work_beside_it(http: httpx.AsyncClient) -> None:
    assert await works(http, PUBLISH)


async def test_a_token_without_a_scope_that_is_known_here_sees_no_tool(http: httpx.AsyncClient) -> None:
    for scope in ("openid profile", "admin", None):
        assert await tools(http, token(scope=scope)) == []
        assert "Unknown tool" in await delete_a_draft(http, token(scope=scope))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://another.example/mcp"},
        {"aud": URL},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"nbf": int(time.time()) + 3600},
    ],
)
async def test_a_token_that_is_not_for_here_or_not_for_now_is_refused(
    http: httpx.AsyncClient, claims: dict[str, Any]
) -> None:
    assert not await works(http, token(scope="publish", **claims))


async def test_a_token_that_somebody_else_has_signed_is_refused(http: httpx.AsyncClient) -> None:
    signed = token(scope="publish")
    head, body, _ = signed.split(".")
    unsigned = jwt.encode({"alg": "HS256", "kid": "k1"}, {"iss": ISSUER}, jwk.import_key("x" * 32, "oct"))

    assert await works(http, signed)
    assert not await works(http, token(ANOTHER_KEY, scope="publish"))
    assert not await works(http, f"{head}.{body}.")
    assert not await works(http, unsigned)


async def test_an_issuer_whose_name_ends_with_a_slash_is_the_same(http: httpx.AsyncClient) -> None:
    assert await works(http, token(iss=f"{ISSUER}/"))
