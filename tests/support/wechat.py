"""The local platform with an account's client on it, and the account's server that hears of events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from local.platform.account import Account
from local.platform.api import api_routes
from local.platform.simulator import simulator_routes
from local.platform.state import PLATFORM_PATH, Platform
from tests.support.clock import Clock
from wechat_oa.api.client import WeChatClient, make_http_client
from wechat_oa.api.token import AccessTokens
from wechat_oa.api.transport import plain_post
from wechat_oa.callback.envelope import Credentials, open_envelope
from wechat_oa.store.local_table import SqliteTable

ACCOUNT = Account(
    token="token123",
    app_id="wxdemo0000000000",
    app_secret="demo-secret",
    encoding_aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    name="测试号",
)
BASE = "http://localhost:3004"
API = BASE + PLATFORM_PATH
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 16
AMR = b"#!AMR\n" + b"\x7c" * 50
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 16


class WeChat:
    """The platform, as the account's owner meets it. Jobs wait until ``let_jobs_end``."""

    def __init__(self, folder: Path) -> None:
        """Nothing has happened yet."""
        self.clock = Clock()
        self.events: list[Mapping[str, Any]] = []
        self._gate = asyncio.Event()
        callback = Starlette(routes=[Route("/wechat/reply", self._hear, methods=["POST"])])
        self.platform = Platform(
            ACCOUNT,
            base_url=BASE,
            callback_url=f"{BASE}/wechat/reply",
            http=httpx.AsyncClient(transport=httpx.ASGITransport(callback)),
            clock=self.clock,
            sleep=self._wait,
        )
        app = Starlette(
            routes=[Mount(PLATFORM_PATH, routes=api_routes(self.platform)), *simulator_routes(self.platform)]
        )
        self.http = make_http_client(httpx.ASGITransport(app))
        self.table = SqliteTable(folder / "table.db", self.clock)
        self.client = self.new_client()

    def new_client(self) -> WeChatClient:
        """Another process of the account's: it shares the table alone."""
        post = plain_post(self.http, API)
        tokens = AccessTokens(self.table, ACCOUNT.app_id, ACCOUNT.app_secret, post, clock=self.clock)
        return WeChatClient(self.http, tokens, API)

    def follower(self, name: str = "小林") -> str:
        """Return the openid of a follower of this name."""
        return self.platform.follower(name).openid

    def shown(self, openid: str) -> list[Mapping[str, Any]]:
        """Return the bubbles on a follower's phone."""
        entries = self.platform.feed.changes("", 0, openid)["entries"]
        return [entry["data"] for entry in entries if entry["kind"] == "bubble"]

    async def let_jobs_end(self) -> None:
        """Let the time of all jobs pass, and what they tell of arrive."""
        self._gate.set()
        while self.platform.under_way:
            await asyncio.gather(*self.platform.under_way)
        self._gate.clear()

    async def close(self) -> None:
        """End what is still going on."""
        self.platform.reset()
        await asyncio.sleep(0)
        await self.platform.http.aclose()
        await self.http.aclose()
        self.table.close()

    async def _wait(self, _seconds: float) -> None:
        await self._gate.wait()

    async def _hear(self, request: Request) -> Response:
        credentials = Credentials(ACCOUNT.token, ACCOUNT.app_id, ACCOUNT.encoding_aes_key)
        envelope = open_envelope(request.query_params, await request.body(), credentials, self.clock())
        self.events.append(envelope.message.fields)
        return Response("success")


@contextlib.asynccontextmanager
async def wechat(folder: Path) -> AsyncGenerator[WeChat]:
    """Give a platform and close it."""
    platform = WeChat(folder)
    try:
        yield platform
    finally:
        await platform.close()
