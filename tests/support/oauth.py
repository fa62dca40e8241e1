"""A client of the authorization server, step by step, and the owner before the approval page."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.support.mcp import Owner
from tests.support.serving import running
from wechat_mcp.app import make_app

URL = "https://mcp.example"
PASSWORD = "correct horse battery"
CALLBACK = "https://claude.example/api/mcp/auth_callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@asynccontextmanager
async def connected(owner: Owner) -> AsyncGenerator[httpx.AsyncClient]:
    """Reach the server over HTTP, in this process."""
    app = make_app(owner.services)
    async with (
        running(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client,
    ):
        yield client


async def register(http: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await http.post(
        "/register",
        json={
            "redirect_uris": [CALLBACK],
            "client_name": "Claude",
            "grant_types": ["authorization_code", "refresh_token"],
            **more,
        },
    )


async def ask(http: httpx.AsyncClient, client_id: str, **more: str) -> httpx.Response:
    """Go to /authorize as a client sends the owner there."""
    query = {
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": "s1",
        **more,
    }
    return await http.get("/authorize", params={name: value for name, value in query.items() if value})


async def decide(http: httpx.AsyncClient, page: str, **more: str) -> httpx.Response:
    """Send the form of the owner's page."""
    shown = await http.get(page)
    name = re.search(r'name="request" value="([^"]+)"', shown.text)
    assert name, shown.text
    form = {
        "request": html.unescape(name[1]),
        "decision": "yes",
        "password": PASSWORD,
        "scope": "publish",
        **more,
    }
    return await http.post("/approve", data=form, headers={"Origin": URL})


async def exchange(http: httpx.AsyncClient, client_id: str, code: str, **more: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **more,
    }
    return await http.post("/token", data=form)


async def renew(http: httpx.AsyncClient, client_id: str, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": token}
    return await http.post("/token", data=form)


async def works(http: httpx.AsyncClient, token: str) -> bool:
    headers = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {token}"}
    answer = await http.post("/mcp", json=PING, headers=headers)
    return answer.status_code == 200


async def granted(http: httpx.AsyncClient, **more: str) -> tuple[str, dict[str, Any]]:
    """A client that has been approved, and its tokens."""
    client_id = (await register(http)).json()["client_id"]
    asked = await ask(http, client_id, **more)
    back = await decide(http, asked.headers["location"])
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    return client_id, (await exchange(http, client_id, code)).json()
