"""What the tests of wechat_oa.api share: a platform that answers as told, and a clock to turn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from wechat_oa.api.client import WeChatClient, make_http_client
from wechat_oa.api.token import TOKEN_PATH, AccessTokens
from wechat_oa.api.transport import plain_post
from wechat_oa.store.local_table import SqliteTable

APP_ID = "wx0123456789abcdef"
APP_SECRET = "app-secret-that-nobody-may-see"
BASE_URL = "https://wechat.test"
KEY = (f"token#{APP_ID}", "access_token")

Handler = Callable[[httpx.Request], httpx.Response]


class Time:
    """A clock that only sleeping moves on; every sleep lets the other coroutines run."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Platform:
    """stable_token as WeChat's is, and for every other path the handler that a test has put there."""

    def __init__(self, folder: Path, time: Time) -> None:
        self.time = time
        self.handlers: dict[str, Handler] = {}
        self.requests: list[httpx.Request] = []
        self.generation = 1
        self.expires_at = time.now + 7200
        self.http = make_http_client(httpx.MockTransport(self._handle))
        self.table = SqliteTable(folder / "table.db", time.clock)

    @property
    def token(self) -> str:
        return f"TOKEN_{self.generation}_that_nobody_may_see"

    def tokens(self) -> AccessTokens:
        """Another process: it shares nothing with the others but the table."""
        post = plain_post(self.http, BASE_URL, sleep=self.time.sleep)
        return AccessTokens(
            self.table, APP_ID, APP_SECRET, post, clock=self.time.clock, sleep=self.time.sleep
        )

    def client(self) -> WeChatClient:
        return WeChatClient(self.http, self.tokens(), BASE_URL, sleep=self.time.sleep)

    def answers(self, path: str, *answers: Any) -> None:
        """Answer a path with one thing after the other: JSON, a response, or an exception to raise."""
        left = list(answers)

        def handle(request: httpx.Request) -> httpx.Response:
            answer = left.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

        self.handlers[path] = handle

    def asked(self, path: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path == path]

    @property
    def item(self) -> dict[str, Any]:
        """What the table holds for the token."""
        return self.table.get(*KEY) or {}

    @property
    def forced(self) -> list[bool]:
        """For each request of a token: whether it was forced."""
        return [json.loads(request.content)["force_refresh"] for request in self.asked(TOKEN_PATH)]

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        if request.url.path in self.handlers:
            return self.handlers[request.url.path](request)
        assert request.url.path == TOKEN_PATH
        asked = json.loads(request.content)
        assert (asked["appid"], asked["secret"]) == (APP_ID, APP_SECRET)
        if asked["force_refresh"] or self.time.now > self.expires_at - 300:
            self.generation += 1
            self.expires_at = self.time.now + 7200
        expires_in = int(self.expires_at - self.time.now)
        return httpx.Response(200, json={"access_token": self.token, "expires_in": expires_in})
