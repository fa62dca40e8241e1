"""One table holds everything: each function may name the keys it touches, and no others.

The MCP server's are held by all of its tests: tests/support/mcp.py gives its services the table as its role
opens it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx
import pytest

from chat_app.app import make_app
from chat_app.services import ChatServices
from pages_app.answering import answer as pages_answer
from pages_app.http import Request
from pages_app.services import PagesServices
from tests.support.account import TOKEN
from tests.support.callback import OPENID, deliver, text
from tests.support.clock import Clock
from tests.support.role_table import RoleTable, opened_keys
from wechat_oa.access_codes import AccessCodes
from wechat_oa.answers import Answers
from wechat_oa.api.token import AccessTokens
from wechat_oa.pages import Pages
from wechat_oa.settings import read_settings
from wechat_oa.store.local_blobs import FolderBlobs
from wechat_oa.store.local_queue import SqliteQueue
from wechat_oa.store.local_table import SqliteTable
from wechat_reply.pushing import account_messenger
from wechat_reply.services import Services
from wechat_reply.working import Worker

APP_ID = "wx0123456789abcdef"
ROLES = ("CallbackRole", "WorkerRole", "ChatRole", "PagesRole", "McpRole", "TokenRole")
SETTINGS = {
    "WECHAT_TOKEN": TOKEN,
    "WECHAT_APP_ID": APP_ID,
    "WECHAT_APP_SECRET": "0123456789abcdef0123456789abcdef",
    "WECHAT_CUSTOMER_MESSAGE": "true",
    "WECHAT_MSG_AI_TIMEOUT": "0.5",
    "WECHAT_MSG_AI_LEN_LIMIT": "100",
    "CHAT_ACCESS": "code",
    "CHAT_URL": "https://site.example/chat/",
    "OPENAI_CONFIG_PASSWORD": "password",
}


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[SqliteTable]:
    """The table itself."""
    table = SqliteTable(tmp_path / "table.db")
    yield table
    table.close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[SqliteQueue]:
    queue = SqliteQueue(tmp_path / "queue.db")
    yield queue
    queue.close()


class _Model:
    async def answer(self, messages: Sequence[Any], *, seconds: float | None = None) -> AsyncGenerator[str]:
        yield "石榴。" * 300

    async def transcribe(self, voice: bytes, file_name: str) -> str:
        raise AssertionError


async def last_attempt(services: Services, fields: str, message_id: int) -> str:
    """Let WeChat deliver something for the last time; return what goes back."""
    return await deliver(services, fields, message_id, age=10)


_PUBLISHED = (
    "<MsgType>event</MsgType><Event>PUBLISHJOBFINISH</Event>"
    "<PublishEventInfo><publish_id>1</publish_id><publish_status>0</publish_status></PublishEventInfo>"
)


async def test_callback_and_worker_name_their_own_keys_and_all_of_them(
    stored: SqliteTable, queue: SqliteQueue
) -> None:
    settings = read_settings(SETTINGS)
    for_callback, for_worker = RoleTable(stored, "CallbackRole"), RoleTable(stored, "WorkerRole")
    callback = Services(settings, for_callback, queue)
    working = Services(settings, for_worker, queue)
    refusals = iter((45047, 48001))

    def wechat(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("stable_token"):
            return httpx.Response(200, json={"access_token": "T", "expires_in": 7200})
        refused = next(refusals, 0) if request.url.path.endswith("custom/send") else 0
        return httpx.Response(200, json={"errcode": refused, "errmsg": ""})

    http = httpx.AsyncClient(transport=httpx.MockTransport(wechat))
    messenger = account_messenger(working, http)
    worker = Worker(working, lambda _ai: _Model(), messenger)

    await last_attempt(callback, text("你好"), 1)
    assert "石榴" not in await last_attempt(callback, text("继续"), 2)
    for key in ("1", "2"):
        callback.answers.claim(key, OPENID, "问题")
        await worker.work({"kind": "answer", "key": key})
        assert not await messenger.push(key)
    assert "石榴" in await last_attempt(callback, text("继续"), 3)
    assert "帮助" in await last_attempt(callback, text("帮助"), 4)
    for number in (5, 6):
        assert "有效" in await last_attempt(callback, text("验证码"), number)
    assert await last_attempt(callback, _PUBLISHED, 7) == "success"
    assert await last_attempt(callback, text("清空"), 8)
    await http.aclose()

    assert for_callback.unused == set()
    assert for_worker.unused == set()


async def test_the_chat_names_its_own_keys_and_all_of_them(stored: SqliteTable) -> None:
    table = RoleTable(stored, "ChatRole")
    services = ChatServices(read_settings(SETTINGS), table, lambda _ai: _Model())
    code = AccessCodes(stored, 1).create()
    answers = Answers(stored)
    answers.claim("key", OPENID, "问题")
    answers.publish("key", "link" * 8)
    answers.begin("key", "writer")
    answers.finish("key", "writer", "回答")
    transport = httpx.ASGITransport(make_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="https://chat.example.com") as visitor:
        owner = {"x-config-password": "password"}
        answered = [
            await visitor.get("/health"),
            await visitor.get("/chat/api/config"),
            await visitor.post("/chat/api/code", json={"code": code}),
            await visitor.post("/chat/api/send", json={"message": "你好"}),
            await visitor.get("/chat/api/settings", headers=owner),
            await visitor.post("/chat/api/codes", json={}, headers=owner),
            await visitor.post("/chat/api/config", json={"model": "m"}, headers=owner),
            await visitor.get("/chat/api/settings", headers={"x-config-password": "wrong"}),
            await visitor.get("/chat/api/answer", params={"id": "link" * 8}),
        ]

    assert [each.status_code for each in answered] == [200, 200, 200, 200, 200, 200, 200, 401, 200]
    assert table.unused == set()
    assert "Query" not in opened_keys("ChatRole")


def test_the_pages_api_names_its_own_keys_and_all_of_them(stored: SqliteTable, tmp_path: Path) -> None:
    table = RoleTable(stored, "PagesRole")
    pages = Pages(table, FolderBlobs(tmp_path / "pages"), base_url="https://pages.example")
    services = PagesServices(read_settings(SETTINGS), table, pages)

    def ask(method: str, path: str, body: bytes = b"", given: str = "password") -> int:
        headers = {"content-type": "application/json", "x-config-password": given}
        return pages_answer(services, Request(method, path, {}, headers, body, "203.0.113.1")).status

    assert ask("POST", "/api/pages", b'{"html": "<p>1", "name": "a"}') == 201
    assert ask("GET", "/api/pages") == 200
    assert ask("GET", "/pages/a.html") == 200
    assert ask("DELETE", "/api/pages/a.html", given="wrong") == 401
    assert ask("DELETE", "/api/pages/a.html") == 200

    assert table.unused == set()


@pytest.mark.parametrize("mode", ["nat-gateway", "nat-instance"])
async def test_the_token_function_renews_also_an_expired_token_that_still_lies_in_the_table(
    mode: str, tmp_path: Path
) -> None:
    clock = Clock()
    stored = SqliteTable(tmp_path / "table.db", clock)
    table = RoleTable(stored, "TokenRole", mode)
    count = 0

    async def fetch(_path: str, _payload: object) -> dict[str, Any]:
        nonlocal count
        count += 1
        return {"access_token": f"T{count}", "expires_in": 7200}

    tokens = AccessTokens(table, APP_ID, "secret", fetch, clock=clock)
    assert await tokens.get() == "T1"
    clock.pass_by(3 * 3600)
    assert await tokens.get() == "T2"

    assert opened_keys("TokenRole", mode).keys() == {"GetItem", "PutItem", "UpdateItem"}
    assert table.unused == set()
    stored.close()


def test_nobody_but_those_who_need_them_opens_followers_words_and_the_access_token() -> None:
    openers = {
        name: {
            role
            for role in ROLES
            for keys in opened_keys(role, "nat-gateway").values()
            if any(fnmatchcase(name, key) for key in keys)
        }
        for name in ("token#wx1", "turns#openid", "answer#1", "mcp_account", "oauth_access#1", "config")
    }

    assert openers == {
        "token#wx1": {"WorkerRole", "McpRole", "TokenRole"},
        "turns#openid": {"CallbackRole", "WorkerRole", "McpRole"},
        "answer#1": {"CallbackRole", "WorkerRole", "ChatRole"},
        "mcp_account": {"McpRole"},
        "oauth_access#1": {"McpRole"},
        "config": {"CallbackRole", "WorkerRole", "ChatRole"},
    }
