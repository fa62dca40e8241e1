"""Into the web chat with a code from the account: used once, remembered by a cookie that cannot be forged."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http.cookies import SimpleCookie

import httpx
import pytest

from tests.support.account import TOKEN
from tests.support.chat import PASSWORD, Chat, PlayedModel, ask, refusal, said
from tests.support.clock import Clock
from wechat_oa.callback.signature import sign
from wechat_oa.settings import read_settings
from wechat_oa.store.local_queue import SqliteQueue
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.tries import FREE_TRIES
from wechat_reply.answering import answer
from wechat_reply.services import Services

DAY = 24 * 3600


@pytest.fixture
def chat(table: SqliteTable, clock: Clock) -> Chat:
    return Chat(table, clock, PlayedModel(), CHAT_ACCESS="code")


async def _enter(visitor: httpx.AsyncClient, code: str) -> httpx.Response:
    return await visitor.post("/chat/api/code", json={"code": code})


async def _may_chat(visitor: httpx.AsyncClient) -> bool:
    told: bool = (await visitor.get("/chat/api/config")).json()["hasAccess"]
    asked = (await ask(visitor)).status_code == 200
    assert told is asked
    return asked


def _cookie(response: httpx.Response) -> SimpleCookie:
    (header,) = response.headers.get_list("set-cookie")
    return SimpleCookie(header)


# Entering


async def test_without_a_code_nothing_is_answered_and_the_way_in_is_told(chat: Chat) -> None:
    model_asked = chat.services.model.asked  # type: ignore[attr-defined]
    assert "验证码" in refusal(await ask(chat.visitor()), 401, "access_required")["error"]
    assert model_asked == []


async def test_a_code_lets_one_browser_in_for_ninety_days(chat: Chat, clock: Clock) -> None:
    visitor = chat.visitor()
    response = await _enter(visitor, chat.services.codes.create())
    assert response.json() == {"success": True, "valid_until": int(clock.now) + 90 * DAY}
    assert await _may_chat(visitor)
    assert not await _may_chat(chat.visitor())
    clock.pass_by(90 * DAY - 1)
    assert await _may_chat(visitor)
    clock.pass_by(1)
    assert not await _may_chat(visitor)


async def test_the_days_are_the_owners_choice(table: SqliteTable, clock: Clock) -> None:
    chat = Chat(table, clock, PlayedModel(), CHAT_ACCESS="code", OPENAI_VERIFICATION_CODE_VALID_DAYS="1")
    visitor = chat.visitor()
    await _enter(visitor, chat.services.codes.create())
    clock.pass_by(DAY)
    assert not await _may_chat(visitor)


async def test_the_cookie_is_kept_from_scripts_and_from_plain_http(chat: Chat) -> None:
    codes = chat.services.codes
    cookie = _cookie(await _enter(chat.visitor(), codes.create()))["chat_access"]
    assert (cookie["httponly"], cookie["secure"], cookie["path"]) == (True, True, "/")
    assert (cookie["samesite"], cookie["max-age"], cookie["domain"]) == ("lax", str(90 * DAY), "")
    plain = httpx.AsyncClient(transport=httpx.ASGITransport(chat.app), base_url="http://127.0.0.1:3004")
    assert not _cookie(await _enter(plain, codes.create()))["chat_access"]["secure"]


@pytest.mark.parametrize(
    ("origin", "same_site"),
    [
        ("https://chat.example", "lax"),
        ("https://site.example", "none"),
        ("null", "lax"),
        ("x\ty", "lax"),
        ("", "lax"),
    ],
)
async def test_the_cookie_goes_along_from_a_site_on_another_origin(
    chat: Chat, origin: str, same_site: str
) -> None:
    response = await _enter(chat.visitor(origin=origin), chat.services.codes.create())
    assert _cookie(response)["chat_access"]["samesite"] == same_site


async def test_a_replayed_code_opens_nothing(chat: Chat) -> None:
    code = chat.services.codes.create()
    visitor = chat.visitor()
    await _enter(visitor, code)
    for again in (visitor, chat.visitor("198.51.100.1")):
        response = await _enter(again, code)
        refusal(response, 401, "wrong_code")
        assert "set-cookie" not in response.headers


async def test_of_thirty_browsers_that_enter_one_code_at_once_one_is_let_in(chat: Chat) -> None:
    code = chat.services.codes.create()
    visitors = [chat.visitor(f"198.51.100.{n}") for n in range(30)]
    entered = await asyncio.gather(*(_enter(visitor, code) for visitor in visitors))
    assert sorted(response.status_code for response in entered) == [200] + [401] * 29


@pytest.mark.parametrize(
    "code",
    ["ABCD2345", "a\r\nSet-Cookie: chat_access=x", "\0", "' OR 1=1 --", "../../config", "😀" * 100, " ", "#"],
)
async def test_what_is_no_code_opens_nothing_and_gets_into_no_header(chat: Chat, code: str) -> None:
    response = await _enter(chat.visitor(), code)
    refusal(response, 401, "wrong_code")
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "body", [{}, {"code": ""}, {"code": "x" * 101}, {"code": 5}, {"code": None}, [], "x"]
)
async def test_a_body_without_a_code_is_refused_and_counts_as_no_try(chat: Chat, body: object) -> None:
    visitor = chat.visitor()
    for _ in range(FREE_TRIES + 2):
        refusal(await visitor.post("/chat/api/code", json=body), 400, "bad_request")
    assert (await _enter(visitor, chat.services.codes.create())).status_code == 200


async def test_guessing_codes_locks_one_address_for_a_while(chat: Chat, clock: Clock) -> None:
    guesser = chat.visitor("198.51.100.1")
    code = chat.services.codes.create()
    for _ in range(FREE_TRIES + 1):
        refusal(await _enter(guesser, "ABCD2345"), 401, "wrong_code")
    locked = await _enter(guesser, code)
    refusal(locked, 429, "locked")
    assert chat.services.codes.usable(code), "it was not even looked at"
    assert (await _enter(chat.visitor(), code)).status_code == 200
    clock.pass_by(int(locked.headers["retry-after"]))
    assert (await _enter(guesser, chat.services.codes.create())).status_code == 200


# Cookies


async def _granted(chat: Chat) -> str:
    visitor = chat.visitor()
    await _enter(visitor, chat.services.codes.create())
    return visitor.cookies["chat_access"]


def _later(cookie: str) -> str:
    name, until, signature = cookie.split(".")
    return f"{name}.{int(until) + DAY}.{signature}"


def _signed_by_oneself(cookie: str) -> str:
    value = cookie.rpartition(".")[0]
    return f"{value}.{hmac.new(b'', f'access {value}'.encode(), sha256).hexdigest()}"


FORGERIES: list[Callable[[str], str]] = [
    lambda cookie: "",
    lambda cookie: "yes",
    lambda cookie: "..",
    lambda cookie: cookie[:-1],
    lambda cookie: cookie + "0",
    lambda cookie: cookie.upper(),
    lambda cookie: "x" + cookie,
    lambda cookie: cookie.rpartition(".")[0] + ".",
    lambda cookie: cookie.rpartition(".")[0],
    lambda cookie: cookie.replace(".", ".0", 1),
    lambda cookie: cookie.replace(".", ".-", 1),
    lambda cookie: cookie.replace(".", ".²", 1),
    lambda cookie: cookie.replace(".", "..", 1),
    lambda cookie: cookie.replace(".", "." + "9" * 5000, 1),
    lambda cookie: cookie[: cookie.rindex(".") + 1] + "é" * 64,
    lambda cookie: base64.b64encode(cookie.encode()).decode(),
    _later,
    _signed_by_oneself,
]


@pytest.mark.parametrize("forge", FORGERIES)
async def test_a_forged_cookie_opens_nothing(chat: Chat, forge: Callable[[str], str]) -> None:
    forged = forge(await _granted(chat))
    visitor = chat.visitor()
    visitor.headers = httpx.Headers([(b"cookie", f"chat_access={forged}".encode())])
    assert not await _may_chat(visitor)


@pytest.mark.parametrize(
    "header",
    [b"chat_access", b"=;=;=", b"chat_access=\xff\xfe", b'chat_access="\\000', b";" * 1000, b"a=b; " * 500],
)
async def test_a_cookie_header_that_makes_no_sense_is_like_none(chat: Chat, header: bytes) -> None:
    visitor = chat.visitor()
    visitor.headers = httpx.Headers([(b"cookie", header)])
    assert not await _may_chat(visitor)


async def test_a_cookie_of_another_deployment_opens_nothing(
    chat: Chat, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other_table = SqliteTable(tmp_path_factory.mktemp("other") / "table.db", clock)
    other = Chat(other_table, clock, PlayedModel(), CHAT_ACCESS="code")
    cookie = await _granted(other)
    other_table.close()
    visitor = chat.visitor()
    visitor.cookies.set("chat_access", cookie)
    assert not await _may_chat(visitor)


async def test_a_cookie_is_good_in_every_process_of_the_deployment(
    chat: Chat, table: SqliteTable, clock: Clock
) -> None:
    visitor = Chat(table, clock, PlayedModel(), CHAT_ACCESS="code").visitor()
    visitor.cookies.set("chat_access", await _granted(chat))
    assert await _may_chat(visitor)


def test_processes_that_start_at_once_agree_on_the_key_that_signs(table: SqliteTable, clock: Clock) -> None:
    chats = [Chat(table, clock, PlayedModel()) for _ in range(20)]
    with ThreadPoolExecutor(20) as threads:
        secrets = list(threads.map(lambda chat: chat.services.secret, chats))
    assert len(set(secrets)) == 1
    assert len(secrets[0]) == 32


# The owner's codes


async def test_the_owner_makes_codes_that_open_the_chat(chat: Chat) -> None:
    response = await chat.visitor().post("/chat/api/codes", json={"password": PASSWORD, "count": 5})
    made = response.json()
    assert (made["success"], made["valid_days"], len(set(made["codes"]))) == (True, 90, 5)
    for code in made["codes"]:
        assert await _may_chat_with(chat, code)


async def _may_chat_with(chat: Chat, code: str) -> bool:
    visitor = chat.visitor()
    assert (await _enter(visitor, code)).status_code == 200
    return await _may_chat(visitor)


async def test_the_owner_may_think_of_a_code(chat: Chat) -> None:
    owner = chat.visitor()
    wanted = {"password": PASSWORD, "code": "spring-2026"}
    assert (await owner.post("/chat/api/codes", json=wanted)).json()["codes"] == ["SPRING-2026"]
    refusal(await owner.post("/chat/api/codes", json=wanted), 400, "bad_code")
    refusal(await owner.post("/chat/api/codes", json={**wanted, "code": "短"}), 400, "bad_code")
    assert await _may_chat_with(chat, " spring-2026 ")


@pytest.mark.parametrize("count", [0, -1, 51, 10**9, "many", None, 1.5])
async def test_codes_are_not_made_by_the_thousand(chat: Chat, count: object) -> None:
    response = await chat.visitor().post("/chat/api/codes", json={"password": PASSWORD, "count": count})
    assert refusal(response, 400, "bad_request")["error"].startswith("count ")


# From the account to the page


async def test_a_follower_writes_for_a_code_and_chats_with_it(
    chat: Chat, table: SqliteTable, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = read_settings(
        {"WECHAT_TOKEN": TOKEN, "CHAT_ACCESS": "code", "CHAT_URL": "https://chat.example/chat"}
    )
    queue = SqliteQueue(tmp_path_factory.mktemp("queue") / "queue.db", clock)
    account = Services(settings, table, queue, clock)

    async def write(number: int) -> str:
        timestamp = str(int(clock.now))
        query = {"timestamp": timestamp, "nonce": "n", "signature": sign(TOKEN, timestamp, "n")}
        body = (
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>oABC123</FromUserName>"
            f"<CreateTime>{timestamp}</CreateTime><MsgType>text</MsgType><Content>验证码</Content>"
            f"<MsgId>{number}</MsgId></xml>"
        )
        answered = await answer(account, query, body.encode())
        assert answered.status == 200
        return answered.body

    first = await write(1)
    assert "https://chat.example/chat/" in first
    assert "90 天" in first
    again = await write(1)
    code = first.partition("验证码：")[2].partition("\n")[0]
    assert f"验证码：{code}\n" in again, "WeChat repeats what it could not deliver"
    visitor = chat.visitor()
    assert (await _enter(visitor, code.lower())).status_code == 200
    assert said((await ask(visitor)).text) == "你好"
    assert f"验证码：{code}\n" not in await write(2)
    queue.close()
