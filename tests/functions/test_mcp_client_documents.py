"""Clients that are known by the address of a document about them, the whole way to a tool."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.clock import Clock
from tests.support.mcp import Owner, make_owner
from tests.support.oauth import CALLBACK, PASSWORD, URL, ask, connected, decide, exchange, renew
from wechat_mcp.auth.authorization_server import DOCUMENTS_A_DAY
from wechat_mcp.auth.client_documents import KEPT_SECONDS, is_document
from wechat_oa.fetch import FetchError, File

CLIENT = "https://claude.example/oauth/client-metadata"
DOCUMENT: dict[str, Any] = {
    "client_id": CLIENT,
    "client_name": "Claude",
    "redirect_uris": [CALLBACK, "http://localhost/callback", "http://127.0.0.1:1234/callback"],
    "token_endpoint_auth_method": "none",
}
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "wechat_auth", "arguments": {"action": "get_config"}},
}


class Web:
    """What is at which address, and what has been asked of it."""

    def __init__(self) -> None:
        self.documents: dict[str, Mapping[str, Any] | bytes] = {CLIENT: DOCUMENT}
        self.asked: list[str] = []

    async def __call__(self, url: str, *, max_bytes: int, redirects: int = 5) -> File:
        self.asked.append(url)
        assert redirects == 0, "whoever can redirect on a site is not the site"
        found = self.documents.get(url)
        if found is None:
            raise FetchError("对方服务器回答 HTTP 404。")
        data = found if isinstance(found, bytes) else json.dumps(found).encode()
        assert len(data) <= max_bytes
        return File("", data, "application/json")


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture
def owner(tmp_path: Path, web: Web, time: Clock) -> Owner:
    return make_owner(
        tmp_path,
        tokens_required=True,
        fetch=web,
        clock=time,
        OPENAI_CONFIG_PASSWORD=PASSWORD,
        MCP_PUBLIC_URL=URL,
    )


async def call(http: httpx.AsyncClient, token: str) -> httpx.Response:
    headers = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {token}"}
    return await http.post("/mcp", json=CALL, headers=headers)


async def test_such_a_client_is_approved_and_calls_a_tool(owner: Owner, web: Web) -> None:
    async with connected(owner) as http:
        asked = await ask(http, CLIENT)
        page = await http.get(asked.headers["location"])
        back = await decide(http, asked.headers["location"], scope="write")
        code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
        tokens = (await exchange(http, CLIENT, code)).json()
        called = await call(http, tokens["access_token"])
        renewed = await renew(http, CLIENT, tokens["refresh_token"])

    assert "Claude" in page.text
    assert back.headers["location"].startswith(f"{CALLBACK}?")
    assert tokens["scope"] == "read write"
    assert called.json()["result"]["structuredContent"]["configured"] is True
    assert renewed.status_code == 200
    assert web.asked == [CLIENT], "the document is remembered for a few minutes"


async def test_an_app_on_the_owners_machine_has_whatever_port_it_got(owner: Owner) -> None:
    async with connected(owner) as http:
        allowed = [
            (await ask(http, CLIENT, redirect_uri=uri)).status_code
            for uri in ("http://localhost:51234/callback", "http://127.0.0.1:4321/callback")
        ]
        refused = [
            (await ask(http, CLIENT, redirect_uri=uri)).status_code
            for uri in (
                "http://localhost:51234/other",
                "http://localhost.evil.example:51234/callback",
                "https://localhost:51234/callback",
                "https://claude.example:8443/api/mcp/auth_callback",
                "https://evil.example/",
            )
        ]

    assert allowed == [302, 302]
    assert refused == [400] * 5


@pytest.mark.parametrize(
    "document",
    [
        {**DOCUMENT, "client_id": "https://claude.example/another"},
        {**DOCUMENT, "client_id": f"{CLIENT}/"},
        {**DOCUMENT, "token_endpoint_auth_method": "client_secret_post"},
        {**DOCUMENT, "token_endpoint_auth_method": "private_key_jwt"},
        {**DOCUMENT, "client_secret": "s3cret"},
        {**DOCUMENT, "redirect_uris": []},
        {**DOCUMENT, "redirect_uris": ["http://evil.example/"]},
        {**DOCUMENT, "redirect_uris": ["javascript:alert(1)"]},
        {**DOCUMENT, "redirect_uris": CALLBACK},
        {**DOCUMENT, "redirect_uris": [3]},
        {**DOCUMENT, "redirect_uris": [f"https://a.example/{number}" for number in range(11)]},
        b"[]",
        b"<html>",
        b"[" * 10_000,
    ],
)
async def test_a_document_that_will_not_do_is_no_client(owner: Owner, web: Web, document: Any) -> None:
    web.documents[CLIENT] = document

    async with connected(owner) as http:
        refused = await ask(http, CLIENT)

    assert refused.status_code == 400
    assert "location" not in refused.headers


async def test_a_document_that_is_gone_is_noticed_after_a_few_minutes(
    owner: Owner, web: Web, time: Clock
) -> None:
    async with connected(owner) as http:
        first = await ask(http, CLIENT)
        web.documents.clear()
        soon = await ask(http, CLIENT)
        time.pass_by(KEPT_SECONDS + 1)
        later = await ask(http, CLIENT)

    assert [first.status_code, soon.status_code, later.status_code] == [302, 302, 400]


async def test_strangers_cannot_make_the_server_fetch_without_end(owner: Owner, web: Web) -> None:
    async with connected(owner) as http:
        for _ in range(DOCUMENTS_A_DAY - 1):
            owner.services.quota.take("mcp_documents", "*", DOCUMENTS_A_DAY)
        last = await ask(http, CLIENT)
        over = await ask(http, f"{CLIENT}/2")

    assert (last.status_code, over.status_code) == (302, 400)
    assert web.asked == [CLIENT]


@pytest.mark.parametrize(
    ("client_id", "document"),
    [
        (CLIENT, True),
        ("https://a.example/", False),
        ("https://a.example", False),
        ("http://a.example/client", False),
        ("https://user@a.example/client", False),
        ("https://a.example/x/../client", False),
        ("https://a.example/client#part", False),
        ("https:///client", False),
        ("https://[::1", False),
        ("3f2c0a", False),
    ],
)
def test_which_ids_are_addresses_of_documents(client_id: str, document: bool) -> None:
    assert is_document(client_id) is document
