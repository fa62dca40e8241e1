"""What strangers can spend, and whom it is counted by: no address of one's own making, no cookie, no hurry
gets more out of the owner's account than the day's limits allow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from chat_app.visitors import visitor as visitor_name
from tests.support.chat import Chat, PlayedModel, ask, refusal
from tests.support.clock import Clock
from wechat_oa.store.local_table import SqliteTable

DAY = 24 * 3600
SECRET = "a secret of CloudFront's, long"
Headers = Sequence[tuple[str, str]]


@pytest.fixture
def model() -> PlayedModel:
    return PlayedModel()


def _chat(table: SqliteTable, clock: Clock, model: PlayedModel, **environment: str) -> Chat:
    return Chat(table, clock, model, **environment)


# Counting


async def test_one_visitor_asks_so_often_in_a_day(
    table: SqliteTable, clock: Clock, model: PlayedModel
) -> None:
    chat = _chat(table, clock, model, CHAT_VISITOR_DAILY_LIMIT="3")
    visitor = chat.visitor()
    assert [(await ask(visitor)).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert "明天" in refusal(await ask(visitor), 429, "over_limit")["error"]
    assert (await ask(chat.visitor("198.51.100.1"))).status_code == 200
    assert len(model.asked) == 4
    clock.pass_by(DAY)
    assert (await ask(visitor)).status_code == 200


async def test_all_visitors_together_ask_so_often_in_a_day(
    table: SqliteTable, clock: Clock, model: PlayedModel
) -> None:
    chat = _chat(table, clock, model, CHAT_DAILY_LIMIT="4")
    statuses = [(await ask(chat.visitor(f"198.51.100.{n}"))).status_code for n in range(6)]
    assert statuses == [200] * 4 + [429] * 2
    refusal(await ask(chat.visitor()), 429, "over_limit")


async def test_who_is_over_their_own_limit_uses_up_nothing_of_everybodys(
    table: SqliteTable, clock: Clock, model: PlayedModel
) -> None:
    chat = _chat(table, clock, model, CHAT_VISITOR_DAILY_LIMIT="1", CHAT_DAILY_LIMIT="2")
    greedy = chat.visitor()
    assert [(await ask(greedy)).status_code for _ in range(20)].count(200) == 1
    assert (await ask(chat.visitor("198.51.100.1"))).status_code == 200


@pytest.mark.parametrize("limit", ["CHAT_VISITOR_DAILY_LIMIT", "CHAT_DAILY_LIMIT"])
async def test_of_fifty_questions_at_once_exactly_the_limit_is_answered(
    table: SqliteTable, clock: Clock, model: PlayedModel, limit: str
) -> None:
    chats = [_chat(table, clock, model, **{limit: "10"}) for _ in range(5)]
    answers = await asyncio.gather(*(ask(chats[n % 5].visitor()) for n in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 40
    assert len(model.asked) == 10


async def test_a_refused_body_uses_up_nothing(table: SqliteTable, clock: Clock, model: PlayedModel) -> None:
    visitor = _chat(table, clock, model, CHAT_VISITOR_DAILY_LIMIT="1").visitor()
    for _ in range(3):
        assert (await ask(visitor, "")).status_code == 400
    assert (await ask(visitor)).status_code == 200


async def test_without_access_nothing_is_used_up_either(
    table: SqliteTable, clock: Clock, model: PlayedModel
) -> None:
    chat = _chat(table, clock, model, CHAT_ACCESS="code", CHAT_DAILY_LIMIT="1")
    for _ in range(3):
        assert (await ask(chat.visitor())).status_code == 401
    visitor = chat.visitor()
    await visitor.post("/chat/api/code", json={"code": chat.services.codes.create()})
    assert (await ask(visitor)).status_code == 200


async def test_no_limits_are_no_limits(table: SqliteTable, clock: Clock, model: PlayedModel) -> None:
    visitor = _chat(table, clock, model, CHAT_DAILY_LIMIT="0", CHAT_VISITOR_DAILY_LIMIT="0").visitor()
    assert {(await ask(visitor)).status_code for _ in range(12)} == {200}


@pytest.mark.parametrize("access", ["open", "code"])
async def test_more_codes_make_a_follower_no_more_visitors(
    table: SqliteTable, clock: Clock, model: PlayedModel, access: str
) -> None:
    chat = _chat(table, clock, model, CHAT_ACCESS=access, CHAT_VISITOR_DAILY_LIMIT="2")
    statuses = []
    for n in range(6):
        browser = chat.visitor(f"198.51.100.{n}")
        await browser.post("/chat/api/code", json={"code": chat.services.codes.for_follower("o1")})
        statuses.append((await ask(browser)).status_code)
    assert statuses == [200, 200, 429, 429, 429, 429]


async def test_forged_cookies_make_no_more_visitors(
    table: SqliteTable, clock: Clock, model: PlayedModel
) -> None:
    chat = _chat(table, clock, model, CHAT_VISITOR_DAILY_LIMIT="1")
    statuses = []
    for n in range(5):
        visitor = chat.visitor()
        visitor.cookies.set("chat_access", f"{n:010}.{int(clock.now) + DAY}.{'0' * 64}")
        statuses.append((await ask(visitor)).status_code)
    assert statuses == [200, 429, 429, 429, 429]


# Whose address it is


def _named(chat: Chat, headers: Headers = (), address: str = "127.0.0.1") -> str:
    """What a visitor is counted by who comes like this."""
    scope: dict[str, Any] = {
        "type": "http",
        "client": (address, 50_000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    return visitor_name(chat.services, Request(scope))


def _context(address: Any) -> str:
    return json.dumps({"accountId": "1", "http": {"method": "POST", "sourceIp": address}})


SPOOFS: list[Headers] = [
    [],
    [("x-forwarded-for", "198.51.100.7")],
    [("forwarded", "for=198.51.100.7"), ("x-real-ip", "198.51.100.7"), ("client-ip", "198.51.100.7")],
    [("x-amzn-request-context", _context("198.51.100.7"))],
    [("cloudfront-viewer-address", "198.51.100.7:443")],
    [("x-chat-proxy", ""), ("cloudfront-viewer-address", "198.51.100.7:443")],
    [("x-chat-proxy", "wrong"), ("cloudfront-viewer-address", "198.51.100.7:443")],
    [("x-chat-proxy", "é" * 50), ("cloudfront-viewer-address", "198.51.100.7:443")],
]


@pytest.mark.parametrize("spoof", SPOOFS)
def test_directly_no_header_makes_anybody_somebody_else(
    table: SqliteTable, clock: Clock, model: PlayedModel, spoof: Headers
) -> None:
    for secret in ("", SECRET):
        chat = _chat(table, clock, model, CHAT_PROXY_SECRET=secret)
        assert _named(chat, spoof, "203.0.113.1") == _named(chat, [], "203.0.113.1")
        assert _named(chat, [], "203.0.113.2") != _named(chat, [], "203.0.113.1")


@pytest.mark.parametrize("spoof", [spoof for spoof in SPOOFS if spoof and "amzn" not in spoof[0][0]])
def test_behind_the_function_url_its_own_context_counts(
    table: SqliteTable, clock: Clock, model: PlayedModel, spoof: Headers
) -> None:
    chat = _chat(
        table,
        clock,
        model,
        CHAT_CLIENT_ADDRESS_HEADER="X-Amzn-Request-Context",
        CHAT_PROXY_SECRET=SECRET,
    )
    one, two = (
        [("x-amzn-request-context", _context(ip)), ("x-forwarded-for", ip)] for ip in ("1.2.3.4", "1.2.3.5")
    )
    assert _named(chat, [*one, *spoof]) == _named(chat, one)
    assert _named(chat, one) != _named(chat, two)


@pytest.mark.parametrize(
    "value",
    ["", "x", "{}", "[]", "null", '{"http": 5}', '{"http": {}}', "[" * 50_000, '{"http": []}', "\xff"],
)
def test_a_context_that_makes_no_sense_is_counted_as_one_visitor(
    table: SqliteTable, clock: Clock, model: PlayedModel, value: str
) -> None:
    chat = _chat(table, clock, model, CHAT_CLIENT_ADDRESS_HEADER="x-amzn-request-context")
    assert _named(chat, [("x-amzn-request-context", value)]) == _named(chat)


def test_behind_cloudfront_the_viewer_counts_where_the_secret_is_right(
    table: SqliteTable, clock: Clock, model: PlayedModel
) -> None:
    chat = _chat(
        table,
        clock,
        model,
        CHAT_CLIENT_ADDRESS_HEADER="x-amzn-request-context",
        CHAT_PROXY_SECRET=SECRET,
    )
    edge = ("x-amzn-request-context", _context("130.176.0.1"))

    def through(address: str, secret: str = SECRET) -> str:
        return _named(chat, [edge, ("x-chat-proxy", secret), ("cloudfront-viewer-address", address)])

    direct = _named(chat, [("x-amzn-request-context", _context("203.0.113.1"))])
    assert through("203.0.113.1:50000") == through("203.0.113.1:50001") == direct
    assert through("203.0.113.1:50000") != through("203.0.113.2:50000")
    assert through("2001:db8::1:50000") == through("2001:db8::2:50001")
    assert through("2001:db8:0:1::1:50000") != through("2001:db8::1:50000")
    for wrong in ("", "x", SECRET + "x", SECRET.upper()):
        assert through("203.0.113.1:1", wrong) == through("203.0.113.2:1", wrong) == _named(chat, [edge])


def test_behind_a_proxy_what_it_wrote_counts_not_what_the_caller_wrote(
    table: SqliteTable, clock: Clock, model: PlayedModel
) -> None:
    chat = _chat(table, clock, model, CHAT_CLIENT_ADDRESS_HEADER="X-Forwarded-For")
    plain = _named(chat, [("x-forwarded-for", "203.0.113.1")])
    for headers in (
        [("x-forwarded-for", "198.51.100.7, 203.0.113.1")],
        [("x-forwarded-for", "198.51.100.7,,  203.0.113.1 ")],
        [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "203.0.113.1")],
        [("x-forwarded-for", "203.0.113.1:50001")],
        [("x-forwarded-for", "::ffff:203.0.113.1")],
    ):
        assert _named(chat, headers) == plain
    assert _named(chat, [("x-forwarded-for", "203.0.113.2")]) != plain
    assert _named(chat, [("x-forwarded-for", "")]) == _named(chat)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:0:8000::", True),
        ("[2001:db8::1]:443", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:203.0.113.1", "203.0.113.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("203.0.113.1", "203.0.113.2", False),
        ("testclient", "testclient", True),
        ("", "", True),
    ],
)
def test_one_household_is_one_visitor(
    table: SqliteTable, clock: Clock, model: PlayedModel, one: str, other: str, *, same: bool
) -> None:
    chat = _chat(table, clock, model)
    assert (_named(chat, [], one) == _named(chat, [], other)) is same


def test_a_visitors_name_does_not_tell_the_address(
    table: SqliteTable, clock: Clock, model: PlayedModel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other_table = SqliteTable(tmp_path_factory.mktemp("other") / "table.db", clock)
    name = _named(_chat(table, clock, model), [], "203.0.113.1")
    other = _named(_chat(other_table, clock, model), [], "203.0.113.1")
    other_table.close()
    assert name != other, "it is keyed: nobody who sees it can try all addresses"


async def test_whoever_comes_with_no_address_at_all_is_one_visitor(
    table: SqliteTable, clock: Clock, model: PlayedModel
) -> None:
    """A Unix socket has none."""
    chat = _chat(table, clock, model, CHAT_VISITOR_DAILY_LIMIT="1")
    transport = httpx.ASGITransport(chat.app)

    async def without_client(scope: Any, receive: Any, send: Any) -> None:
        await chat.app({**scope, "client": None}, receive, send)

    transport.app = without_client
    visitor = httpx.AsyncClient(transport=transport, base_url="https://chat.example")
    assert [(await ask(visitor)).status_code for _ in range(2)] == [200, 429]
