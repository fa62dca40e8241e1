"""What a stranger, a broken platform or a broken model can send: refused or acknowledged, never a fault."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.account import AES_KEY, APP_ID, TOKEN, Follower, client, environment, running_here
from tests.support.serving import serving
from tests.support.upstream import Behaviour, Upstream
from wechat_oa.callback.crypto import MessageCrypto
from wechat_oa.callback.message import parse_message
from wechat_oa.callback.signature import sign
from wechat_oa.settings import read_settings
from wechat_oa.store.local_queue import SqliteQueue
from wechat_oa.store.local_table import SqliteTable
from wechat_reply.answering import HttpAnswer, answer, verify
from wechat_reply.services import Services

HELLO = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>"
    f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[帮助]]></Content><MsgId>1</MsgId></xml>"
)
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><ToUserName>&c;</ToUserName></xml>'
)


@pytest.fixture
def services(table: SqliteTable, queue: SqliteQueue, tmp_path: Path) -> Services:
    return Services(read_settings(environment(tmp_path, "http://127.0.0.1:9")), table, queue)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    table = SqliteTable(tmp_path / "table.db")
    yield table
    table.close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[SqliteQueue]:
    queue = SqliteQueue(tmp_path / "queue.db")
    yield queue
    queue.close()


def _signed(now: float | None = None, token: str = TOKEN) -> dict[str, str]:
    timestamp, nonce = str(int(now or time.time())), "12345"
    return {"timestamp": timestamp, "nonce": nonce, "signature": sign(token, timestamp, nonce)}


def _encrypted(encrypted: str, now: float | None = None) -> tuple[dict[str, str], bytes]:
    timestamp, nonce = str(int(now or time.time())), "12345"
    query = {
        "timestamp": timestamp,
        "nonce": nonce,
        "signature": sign(TOKEN, timestamp, nonce),
        "encrypt_type": "aes",
        "msg_signature": sign(TOKEN, timestamp, nonce, encrypted),
    }
    body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return query, body.encode()


async def test_the_same_message_rightly_sent_is_answered(services: Services) -> None:
    plain = await answer(services, _signed(), HELLO.encode())
    assert plain.status == 200
    assert "清空" in plain.body
    safe = await answer(services, *_encrypted(MessageCrypto(AES_KEY, APP_ID).encrypt(HELLO.encode())))
    assert safe.status == 200
    assert "<Encrypt>" in safe.body


Spoil = Callable[[dict[str, str]], dict[str, str]]
REFUSED = HttpAnswer(403, "text/plain; charset=utf-8", "forbidden")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: {},
        lambda _: {"signature": ""},
        lambda query: {**query, "signature": "0" * 40},
        lambda query: {**query, "signature": "é" * 40},
        lambda query: {**query, "nonce": "other"},
        lambda _: _signed(token="another"),
        lambda query: {name: value for name, value in query.items() if name != "timestamp"},
        lambda _: _signed(time.time() - 3600),
        lambda _: _signed(time.time() + 3600),
        lambda query: {**query, "timestamp": "soon"},
    ],
)
async def test_what_wechat_did_not_sign_is_refused_without_a_reason(services: Services, spoil: Spoil) -> None:
    query = spoil(_signed())
    assert await answer(services, query, HELLO.encode()) == REFUSED
    assert verify(services, {**query, "echostr": "123"}) == REFUSED


@pytest.mark.parametrize("more", [{}, {"msg_signature": "0" * 40}, {"msg_signature": ""}])
async def test_a_signature_that_does_not_cover_the_encrypted_message_is_not_enough(
    services: Services, more: dict[str, str]
) -> None:
    query, body = _encrypted(MessageCrypto(AES_KEY, APP_ID).encrypt(HELLO.encode()))
    del query["msg_signature"]
    assert await answer(services, {**query, **more}, body) == REFUSED


def test_the_callback_address_is_verified_by_the_raw_echostr(services: Services) -> None:
    echo = '"4375120948345356249"<b>'
    verified = verify(services, {**_signed(), "echostr": echo})
    assert verified == HttpAnswer(200, "text/plain; charset=utf-8", echo)


@pytest.mark.parametrize(
    "encrypted",
    [
        "",
        "AAAA",
        "not base64!",
        MessageCrypto(AES_KEY, APP_ID).encrypt(HELLO.encode())[:-8],
        MessageCrypto(AES_KEY, APP_ID).encrypt(HELLO.encode())[:-5],
        MessageCrypto(AES_KEY, "wxanother").encrypt(HELLO.encode()),
        MessageCrypto("A" * 43, APP_ID).encrypt(HELLO.encode()),
        base64.b64encode(b"\0" * 64).decode(),
        base64.b64encode(b"\xff" * 4096).decode(),
    ],
)
async def test_what_was_not_encrypted_for_this_account_is_refused(services: Services, encrypted: str) -> None:
    answered = await answer(services, *_encrypted(encrypted))
    assert (answered.status, answered.body) in ((403, "forbidden"), (200, "success"))
    assert "Encrypt" not in answered.body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml>",
        b"{}",
        b"[1]",
        b'{"ToUserName": ["a"], "FromUserName": {}, "MsgType": 1}',
        BOMB.encode(),
        b"<a>" * 100_000,
        b"\xff\xfe\x00",
        HELLO.replace("<MsgId>1</MsgId>", "").replace("text", "telepathy").encode(),
        HELLO.replace("[text]", "[event]").encode(),
        HELLO.replace("帮助", "").encode(),
        b"<xml>" + b"x" * 300_000 + b"</xml>",
    ],
)
@pytest.mark.parametrize("safe", [False, True])
async def test_what_cannot_be_read_is_acknowledged(services: Services, body: bytes, safe: bool) -> None:
    if safe:
        query, sent = _encrypted(MessageCrypto(AES_KEY, APP_ID).encrypt(body))
    else:
        query, sent = _signed(), body
    answered = await answer(services, query, sent)
    # An unknown kind of message has a sender, who is told what the account can read.
    assert answered.status == 200
    assert answered.body == "success" or b"telepathy" in body


async def test_an_encrypted_message_without_a_key_is_acknowledged_and_logged(
    table: SqliteTable, queue: SqliteQueue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = environment(tmp_path, "http://127.0.0.1:9")
    del settings["WECHAT_ENCODING_AES_KEY"]
    services = Services(read_settings(settings), table, queue)
    encrypted = MessageCrypto(AES_KEY, APP_ID).encrypt(HELLO.encode())
    assert (await answer(services, *_encrypted(encrypted))).body == "success"
    assert "EncodingAESKey" in caplog.text


async def test_nothing_private_is_logged(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    openid = "oPrivateFollower1234567890ab"
    message = HELLO.replace("[o1]", f"[{openid}]").replace("帮助", "我的秘密")
    query = _signed()
    services.answers.claim(parse_message(message.encode()).key, openid, "我的秘密")
    services.answers.begin(parse_message(message.encode()).key, "w")
    services.answers.finish(parse_message(message.encode()).key, "w", "秘密的回答")
    assert "秘密的回答" in (await answer(services, query, message.encode())).body
    await answer(services, {**query, "signature": "x"}, message.encode())
    records = caplog.text + str([vars(record) for record in caplog.records])
    for private in (openid, "秘密", TOKEN, AES_KEY, query["signature"]):
        assert private not in records


@pytest.fixture
async def served(tmp_path: Path) -> AsyncGenerator[tuple[str, Upstream, httpx.AsyncClient]]:
    upstream = Upstream(lambda _: Behaviour("好。"))
    async with (
        serving(upstream.app()) as address,
        running_here(environment(tmp_path, address)) as url,
        client() as http,
    ):
        yield f"{url}/wechat/reply", upstream, http


async def test_ten_megabytes_are_refused_before_they_are_read(
    served: tuple[str, Upstream, httpx.AsyncClient],
) -> None:
    url, _, http = served
    for query in ({}, _signed()):
        response = await http.post(url, params=query, content=b"<xml>" + b"a" * 10_000_000)
        assert response.status_code == 413
        assert response.text == "too large"
    assert (await http.put(url)).status_code == 405


async def test_whatever_the_model_writes_the_reply_can_be_read(
    served: tuple[str, Upstream, httpx.AsyncClient],
) -> None:
    url, upstream, http = served
    written = "a]]>b\x00c\x0bd\ufffee<f>&g"
    events = [f'data: {{"choices": [{{"delta": {{"content": {json.dumps(written)}}}}}]}}\n\n']
    # A surrogate pair cut in two, and one that stays alone.
    events += [
        'data: {"choices": [{"delta": {"content": "' + half + '"}}]}\n\n'
        for half in ("\\ud83d", "\\ude00", "\\ud83d!")
    ]
    upstream.script = lambda _: Behaviour(raw="".join(events) + "data: [DONE]\n\n")
    for mode in ("plain", "compatible", "safe"):
        read = await Follower(f"读者{mode}", url, http, mode=mode).say("问")
        assert read == "a]]>bcde<f>&g😀\ufffd!"
