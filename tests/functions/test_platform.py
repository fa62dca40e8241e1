"""The small WeChat platform: what it sends, how it repeats, what it refuses, and who may use it."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from local.platform import follower
from local.platform.account import Account, Mode, PushFormat
from local.platform.api import api_routes
from local.platform.delivery import Channel, Delivery, deliver
from local.platform.follower import Body, Message
from local.platform.send import send_text
from local.platform.simulator import simulator_routes
from local.platform.state import Platform
from wechat_oa.callback.envelope import Credentials, Envelope, open_envelope
from wechat_oa.callback.message import parse_message
from wechat_oa.callback.reply import Article, NewsReply, Reply, TextReply, TransferReply

ACCOUNT = Account(
    token="token123",
    app_id="wxdemo0000000000",
    app_secret="demo-secret",
    encoding_aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    name="测试号",
)
CREDENTIALS = Credentials(ACCOUNT.token, ACCOUNT.app_id, ACCOUNT.encoding_aes_key)
BASE = "http://localhost:3004"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
NOW = 1_790_000_000.0

Handler = Callable[[Request], Awaitable[Response]]


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def message(body: Body | None = None) -> Message:
    openid = ACCOUNT.openid("小林")
    return Message(ACCOUNT.original_id, openid, int(NOW), body or follower.text("你好"), 7250021412600020992)


def http_to(handler: Handler) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/wechat/reply", handler, methods=["POST"])])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app))


async def delivered(
    handler: Handler,
    sent: Message | None = None,
    *,
    mode: Mode = "plain",
    push_format: PushFormat = "xml",
    limit: float = 5.0,
    on_change: Callable[[Delivery], None] = lambda delivery: None,
) -> Delivery:
    channel = Channel(ACCOUNT, f"{BASE}/wechat/reply", mode, push_format, limit)
    async with http_to(handler) as http:
        return await deliver(sent or message(), channel, http=http, clock=lambda: NOW, on_change=on_change)


async def opened(request: Request) -> Envelope:
    return open_envelope(request.query_params, await request.body(), CREDENTIALS, NOW)


def replying(reply: Reply | None) -> Handler:
    async def handler(request: Request) -> Response:
        content_type, body = (await opened(request)).seal(reply, NOW)
        return Response(body, media_type=content_type)

    return handler


def answering(body: str | bytes, status: int = 200) -> Handler:
    async def handler(_request: Request) -> Response:
        return Response(body, status_code=status)

    return handler


def xml_reply(**fields: str | int) -> str:
    return follower.to_xml(
        {
            "ToUserName": ACCOUNT.openid("小林"),
            "FromUserName": ACCOUNT.original_id,
            "CreateTime": int(NOW),
            "MsgType": "text",
            "Content": "好",
        }
        | fields
    )


# --- what a follower sends


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (follower.text("你好"), {"MsgType": "text", "Content": "你好"}),
        (follower.text("好", menu_id="101"), {"Content": "好", "bizmsgmenuid": "101"}),
        (follower.image("M", "http://x/p"), {"MsgType": "image", "PicUrl": "http://x/p", "MediaId": "M"}),
        (follower.voice("M"), {"MsgType": "voice", "Format": "amr", "Recognition": ""}),
        (follower.video("M", "T"), {"MsgType": "video", "MediaId": "M", "ThumbMediaId": "T"}),
        (follower.video("M", "T", short=True), {"MsgType": "shortvideo"}),
        (
            follower.location(23.134521, 113.358803, "位置"),
            {"Location_X": "23.134521", "Location_Y": "113.358803", "Scale": "15", "Label": "位置"},
        ),
        (follower.link("题", "述", "http://x"), {"MsgType": "link", "Title": "题", "Url": "http://x"}),
        (follower.subscribe(), {"MsgType": "event", "Event": "subscribe", "EventKey": ""}),
        (follower.subscribe("42"), {"EventKey": "qrscene_42", "Ticket": "TICKET_42"}),
        (follower.unsubscribe(), {"Event": "unsubscribe"}),
        (follower.scan("42"), {"Event": "SCAN", "EventKey": "42", "Ticket": "TICKET_42"}),
        (follower.click("HELP"), {"Event": "CLICK", "EventKey": "HELP"}),
        (follower.view("http://x"), {"Event": "VIEW", "EventKey": "http://x"}),
        (follower.report_location(1.5, 2.5), {"Event": "LOCATION", "Latitude": "1.5", "Longitude": "2.5"}),
        (
            follower.scan_code("K", "结果"),
            {"Event": "scancode_waitmsg", "ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "结果"}},
        ),
    ],
)
@pytest.mark.parametrize("render", [follower.to_xml, follower.to_json])
def test_every_message_is_read_as_it_was_meant(
    body: Body, expected: Mapping[str, Any], render: Callable[[Mapping[str, Any]], str]
) -> None:
    fields = parse_message(render(message(body).fields()).encode()).fields
    assert {name: fields[name] for name in expected} == expected
    assert fields["CreateTime"] == str(int(NOW))
    assert fields.get("MsgId") == (None if body.event else "7250021412600020992")


def test_a_text_message_is_written_as_wechat_writes_it() -> None:
    sent = Message("gh_1", "o1", 1348831860, follower.text("a]]>b"), 1234567890123456)
    assert follower.to_xml(sent.fields()) == (
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName>\n"
        "<FromUserName><![CDATA[o1]]></FromUserName>\n"
        "<CreateTime>1348831860</CreateTime>\n"
        "<MsgType><![CDATA[text]]></MsgType>\n"
        "<Content><![CDATA[a]]]]><![CDATA[>b]]></Content>\n"
        "<MsgId>1234567890123456</MsgId>\n"
        "</xml>"
    )


def test_message_ids_are_64_bit_and_never_repeat_even_after_a_restart() -> None:
    first, second = follower.MessageIds(), follower.MessageIds()
    ids = [first.next() for _ in range(100)]
    assert len(set(ids) | {second.next()}) == 101
    assert second.next() > first.next()
    assert max(ids).bit_length() <= 63


# --- how a message is delivered


@pytest.mark.parametrize("push_format", ["xml", "json"])
@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_a_reply_reaches_the_follower_in_every_mode(mode: Mode, push_format: PushFormat) -> None:
    delivery = await delivered(replying(TextReply("你好呀")), mode=mode, push_format=push_format)

    (attempt,) = delivery.attempts
    assert (attempt.outcome, attempt.status, attempt.reason) == ("replied", 200, "")
    assert delivery.reply is not None
    assert (delivery.reply.type, delivery.reply.content) == ("text", {"content": "你好呀"})
    assert "你好呀" in attempt.answer_plain
    assert ("你好呀" in attempt.answer) == (mode == "plain")
    assert ("你好" in attempt.request) == (mode != "safe")
    assert ("Encrypt" in attempt.request) == (mode != "plain")
    assert ("msg_signature" in attempt.query) == (mode != "plain")
    assert attempt.query["openid"] == message().from_user_name


async def test_a_slow_server_is_dropped_and_asked_three_times_with_the_very_same_message() -> None:
    requests: list[Request] = []

    async def slow(request: Request) -> Response:
        requests.append(request)
        await request.body()
        await asyncio.sleep(60)
        return Response("success")

    delivery = await delivered(slow, mode="safe", limit=0.05)

    assert [attempt.outcome for attempt in delivery.attempts] == ["timed_out"] * 3
    assert all(attempt.seconds and 0.05 <= attempt.seconds < 1 for attempt in delivery.attempts)
    assert delivery.failed
    assert len({attempt.request_plain for attempt in delivery.attempts}) == 1
    assert len({attempt.request for attempt in delivery.attempts}) == 3, "the ciphertext is fresh"
    assert len({request.query_params["nonce"] for request in requests}) == 3


async def test_a_connection_is_really_dropped_at_the_limit() -> None:
    dropped = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        dropped.set()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, httpx.AsyncClient(trust_env=False) as http:
        channel = Channel(ACCOUNT, f"http://127.0.0.1:{port}/", limit=0.1)
        delivery = await deliver(message(), channel, http=http)
        await asyncio.wait_for(dropped.wait(), 2)
    assert delivery.failed


async def test_an_answer_on_the_third_attempt_is_the_answer() -> None:
    calls = 0

    async def third_time_lucky(request: Request) -> Response:
        nonlocal calls
        calls += 1
        if calls < 3:
            await asyncio.sleep(60)
        return await replying(TextReply("久等了"))(request)

    seen: list[list[str | None]] = []
    delivery = await delivered(
        third_time_lucky,
        limit=0.1,
        on_change=lambda now: seen.append([attempt.outcome for attempt in now.attempts]),
    )
    assert delivery.reply is not None
    assert not delivery.failed
    assert seen == [
        [None],
        ["timed_out"],
        ["timed_out", None],
        ["timed_out", "timed_out"],
        ["timed_out", "timed_out", None],
        ["timed_out", "timed_out", "replied"],
    ]


@pytest.mark.parametrize("body", ["", "success"])
@pytest.mark.parametrize("mode", ["plain", "safe"])
async def test_success_or_nothing_ends_it_silently(mode: Mode, body: str) -> None:
    delivery = await delivered(answering(body), mode=mode)
    assert [attempt.outcome for attempt in delivery.attempts] == ["acknowledged"]
    assert delivery.done
    assert not delivery.failed
    assert delivery.reply is None


@pytest.mark.parametrize("status", [302, 403, 500, 502])
async def test_any_status_but_200_is_a_failure_that_is_tried_again(status: int) -> None:
    delivery = await delivered(answering("success", status))
    assert [(attempt.outcome, attempt.status) for attempt in delivery.attempts] == [("refused", status)] * 3
    assert str(status) in delivery.attempts[0].reason


async def test_a_server_that_is_not_there_is_told_apart_from_a_slow_one() -> None:
    channel = Channel(ACCOUNT, "http://127.0.0.1:1/wechat/reply")
    async with httpx.AsyncClient(trust_env=False) as http:
        delivery = await deliver(message(), channel, http=http)
    assert [attempt.outcome for attempt in delivery.attempts] == ["unreachable"] * 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('"success"', "不是 XML"),
        ('{"MsgType": "text"}', "JSON"),
        ("Internal error", "不是 XML"),
        ("<xml></xml>", "不是 XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>', "不是 XML"),
        (b"\xff\xfe", "不是 XML"),
        (xml_reply(ToUserName="oSomebodyElse"), "ToUserName"),
        (xml_reply(FromUserName="gh_other"), "FromUserName"),
        (xml_reply(CreateTime=int(NOW * 1000)), "毫秒"),
        (xml_reply(CreateTime="soon"), "CreateTime"),
        (xml_reply(MsgType="markdown"), "markdown"),
        (xml_reply(Content="  "), "Content"),
        (xml_reply(Content="字" * 682 + "ab"), "2048"),
        (xml_reply(MsgType="image"), "Image"),
        (xml_reply(MsgType="news", ArticleCount=1), "没有文章"),
        (xml_reply(Encrypt="AAAA"), "不能加密"),
    ],
)
async def test_an_answer_that_wechat_cannot_use_says_what_is_wrong(body: str | bytes, reason: str) -> None:
    delivery = await delivered(answering(body))
    assert [attempt.outcome for attempt in delivery.attempts] == ["malformed"] * 3
    assert reason in delivery.attempts[0].reason
    assert delivery.failed


async def test_a_text_of_2047_bytes_is_the_longest_that_passes() -> None:
    delivery = await delivered(answering(xml_reply(Content="字" * 682 + "a")))
    assert delivery.reply is not None


async def test_a_plain_answer_is_taken_in_compatible_mode_but_not_in_safe_mode() -> None:
    handler = answering(xml_reply())
    assert (await delivered(handler, mode="compatible")).reply is not None
    delivery = await delivered(handler, mode="safe")
    assert "必须加密" in delivery.attempts[0].reason


@pytest.mark.parametrize(
    ("credentials", "reason"),
    [
        (Credentials("othertoken", ACCOUNT.app_id, ACCOUNT.encoding_aes_key), "MsgSignature"),
        (Credentials(ACCOUNT.token, ACCOUNT.app_id, ACCOUNT.encoding_aes_key[::-1]), "解不开"),
        (Credentials(ACCOUNT.token, "wxother", ACCOUNT.encoding_aes_key), "解不开"),
    ],
)
async def test_an_answer_encrypted_for_someone_else_is_refused(credentials: Credentials, reason: str) -> None:
    async def handler(request: Request) -> Response:
        envelope = await opened(request)
        (crypto,) = credentials.cryptos
        sealed = Envelope(envelope.message, credentials, envelope.nonce, False, crypto)
        return Response(sealed.seal(TextReply("好"), NOW)[1])

    delivery = await delivered(handler, mode="safe")
    assert reason in delivery.attempts[0].reason


async def test_articles_past_the_limit_are_not_shown_and_the_owner_is_told() -> None:
    articles = "".join(
        f"<item><Title>t{n}</Title><Description></Description><PicUrl></PicUrl><Url>http://x/{n}</Url></item>"
        for n in range(3)
    )
    news = xml_reply(MsgType="news", ArticleCount=3).replace(
        "</xml>", f"<Articles>{articles}</Articles></xml>"
    )

    to_text = await delivered(answering(news))
    assert to_text.reply is not None
    assert [article["title"] for article in to_text.reply.content["articles"]] == ["t0"]
    assert "只能回复 1 篇" in to_text.attempts[0].notes[0]

    to_click = await delivered(answering(news), message(follower.click("NEWS")))
    assert to_click.reply is not None
    assert len(to_click.reply.content["articles"]) == 3


def test_encryption_needs_a_key() -> None:
    keyless = Account(token="token123", app_id="wx1", app_secret="s")
    with pytest.raises(ValueError, match="EncodingAESKey"):
        Channel(keyless, BASE, "safe")


# --- the API that stands for api.weixin.qq.com


@pytest.fixture
def clock() -> Clock:
    return Clock()


def platform_for(handler: Handler, clock: Clock, account: Account = ACCOUNT) -> Platform:
    return Platform(
        account,
        base_url=BASE,
        callback_url=f"{BASE}/wechat/reply",
        http=http_to(handler),
        clock=clock,
        limit=0.2,
    )


@pytest.fixture
async def platform(clock: Clock) -> AsyncIterator[Platform]:
    platform = platform_for(replying(TextReply("收到")), clock)
    yield platform
    await platform.http.aclose()


class Pace:
    seconds = 3.0


@pytest.fixture
async def machine(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with machine_with(platform) as client:
        yield client


def machine_with(platform: Platform) -> httpx.AsyncClient:
    routes = [Mount("/api", routes=api_routes(platform)), *simulator_routes(platform, pace=Pace())]
    transport = httpx.ASGITransport(Starlette(routes=routes))
    return httpx.AsyncClient(transport=transport, base_url=BASE)


async def stable_token(machine: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    body = {"grant_type": "client_credential", "appid": ACCOUNT.app_id, "secret": ACCOUNT.app_secret}
    answer: dict[str, Any] = (await machine.post("/api/cgi-bin/stable_token", json=body | more)).json()
    return answer


async def push(machine: httpx.AsyncClient, openid: str, words: str = "客服", **more: Any) -> int:
    token = (await stable_token(machine))["access_token"]
    body = {"touser": openid, "msgtype": "text", "text": {"content": words}} | more
    url = f"/api/cgi-bin/message/custom/send?access_token={token}"
    response = await machine.post(url, content=json.dumps(body, ensure_ascii=False).encode())
    errcode: int = response.json()["errcode"]
    return errcode


def act(platform: Platform, body: Body) -> str:
    person = platform.follower("小林")
    platform.note_action(person, body)
    return person.openid


@pytest.mark.parametrize(
    ("more", "errcode"),
    [
        ({"appid": "wxother"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"grant_type": "password"}, 40002),
    ],
)
async def test_a_token_is_given_only_for_the_right_secret(
    machine: httpx.AsyncClient, more: dict[str, str], errcode: int
) -> None:
    assert (await stable_token(machine, **more))["errcode"] == errcode
    query = {"grant_type": "client_credential", "appid": ACCOUNT.app_id, "secret": ACCOUNT.app_secret} | more
    assert (await machine.get("/api/cgi-bin/token", params=query)).json()["errcode"] == errcode


async def test_a_stable_token_stays_until_its_last_five_minutes(
    machine: httpx.AsyncClient, platform: Platform, clock: Clock
) -> None:
    first = await stable_token(machine)
    assert first["expires_in"] == 7200
    clock.now += 6800
    assert await stable_token(machine) == {"access_token": first["access_token"], "expires_in": 400}
    clock.now += 101
    second = await stable_token(machine)
    assert second["access_token"] != first["access_token"]
    assert platform.tokens.state(first["access_token"]) == "good", "both are good for five minutes"
    clock.now += 300
    assert platform.tokens.state(first["access_token"]) == "expired"


async def test_a_forced_refresh_ends_the_old_token_but_not_twice_in_thirty_seconds(
    machine: httpx.AsyncClient, platform: Platform, clock: Clock
) -> None:
    first = (await stable_token(machine))["access_token"]
    second = (await stable_token(machine, force_refresh=True))["access_token"]
    assert second != first
    assert platform.tokens.state(first) == "expired"
    clock.now += 29
    assert (await stable_token(machine, force_refresh=True))["access_token"] == second
    for _ in range(19):
        clock.now += 30
        await stable_token(machine, force_refresh=True)
    clock.now += 30
    assert (await stable_token(machine, force_refresh=True))["errcode"] == 45009


async def test_the_token_of_get_token_is_another_one_and_overlaps_five_minutes(
    machine: httpx.AsyncClient, platform: Platform, clock: Clock
) -> None:
    query = {"grant_type": "client_credential", "appid": ACCOUNT.app_id, "secret": ACCOUNT.app_secret}
    stable = (await stable_token(machine))["access_token"]
    first = (await machine.get("/api/cgi-bin/token", params=query)).json()["access_token"]
    second = (await machine.get("/api/cgi-bin/token", params=query)).json()["access_token"]
    assert len({stable, first, second}) == 3
    clock.now += 299
    assert platform.tokens.state(first) == "good"
    clock.now += 1
    assert platform.tokens.state(first) == "expired"
    assert platform.tokens.state(stable) == "good"


async def test_a_call_needs_a_good_token_the_right_method_and_a_known_path(
    machine: httpx.AsyncClient, clock: Clock
) -> None:
    async def errcode(path: str, method: str = "POST") -> int:
        response = await machine.request(method, f"/api/cgi-bin/{path}", json={})
        assert response.status_code == 200
        body = response.json()
        assert re.search(r" rid: [0-9a-f]{8}(-[0-9a-f]{8}){2}$", body["errmsg"])
        code: int = body["errcode"]
        return code

    token = (await stable_token(machine))["access_token"]
    assert await errcode("message/custom/send") == 41001
    assert await errcode("message/custom/send?access_token=made-up") == 40001
    assert await errcode(f"message/custom/send?access_token={token}", "GET") == 43002
    assert await errcode("stable_token", "GET") == 43002
    assert await errcode("token", "POST") == 43001
    assert await errcode("no/such/thing") == 40066
    clock.now += 7200
    assert await errcode(f"message/custom/send?access_token={token}") == 42001


async def test_a_message_of_the_follower_allows_five_pushes_for_48_hours(
    machine: httpx.AsyncClient, platform: Platform, clock: Clock
) -> None:
    openid = platform.follower("小林").openid
    assert await push(machine, openid) == 45015
    act(platform, follower.text("在吗"))
    clock.now += 48 * 3600 - 1
    assert [await push(machine, openid) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    act(platform, follower.text("还在吗"))
    assert await push(machine, openid) == 0
    clock.now += 48 * 3600
    assert await push(machine, openid) == 45015


@pytest.mark.parametrize(
    "body", [follower.click("HELP"), follower.subscribe(), follower.scan("1"), follower.scan_code("K", "R")]
)
async def test_a_click_a_subscription_or_a_scan_allows_three_pushes_for_a_minute(
    machine: httpx.AsyncClient, platform: Platform, clock: Clock, body: Body
) -> None:
    openid = act(platform, body)
    clock.now += 59
    assert [await push(machine, openid) for _ in range(4)] == [0, 0, 0, 45047]
    clock.now += 1
    assert await push(machine, openid) == 45015


async def test_an_event_does_not_take_away_what_a_message_allowed(
    machine: httpx.AsyncClient, platform: Platform
) -> None:
    act(platform, follower.text("在吗"))
    openid = act(platform, follower.click("HELP"))
    assert [await push(machine, openid) for _ in range(9)] == [0] * 8 + [45047]


async def test_nothing_can_be_pushed_to_one_who_has_left(
    machine: httpx.AsyncClient, platform: Platform
) -> None:
    act(platform, follower.text("在吗"))
    openid = act(platform, follower.unsubscribe())
    assert await push(machine, openid) == 45015
    assert await push(machine, "oNobody") == 40003


async def test_an_unverified_account_may_not_push(machine: httpx.AsyncClient, platform: Platform) -> None:
    openid = act(platform, follower.text("在吗"))
    platform.account_type = "unverified_subscription"
    assert await push(machine, openid) == 48001
    platform.account_type = "verified_subscription"
    assert await push(machine, openid) == 0


@pytest.mark.parametrize(
    ("more", "errcode"),
    [
        ({"text": {"content": "字" * 682 + "ab"}}, 0),
        ({"text": {"content": "字" * 682 + "abc"}}, 45002),
        ({"text": {"content": ""}}, 44004),
        ({"text": "好"}, 47001),
        ({"msgtype": "carrier_pigeon"}, 40008),
        ({"msgtype": "image", "image": {"media_id": "nowhere"}}, 40007),
        ({"msgtype": "news", "news": {"articles": [{"title": "1"}, {"title": "2"}]}}, 45008),
        ({"msgtype": "news", "news": {"articles": [{"title": "1", "url": "http://x"}]}}, 0),
        ({"msgtype": "msgmenu", "msgmenu": {"list": [{"id": "1", "content": "满意"}]}}, 0),
    ],
)
async def test_a_push_is_checked_as_wechat_checks_it(
    machine: httpx.AsyncClient, platform: Platform, more: dict[str, Any], errcode: int
) -> None:
    openid = act(platform, follower.text("在吗"))
    assert await push(machine, openid, **more) == errcode


async def test_escaped_chinese_in_a_push_shows_literally_as_on_a_real_phone(
    machine: httpx.AsyncClient, platform: Platform
) -> None:
    openid = act(platform, follower.text("在吗"))
    token = (await stable_token(machine))["access_token"]
    body = {"touser": openid, "msgtype": "text", "text": {"content": "你\n\\u"}}
    await machine.post(f"/api/cgi-bin/message/custom/send?access_token={token}", json=body)
    escaped = json.dumps(body, ensure_ascii=True).encode()
    await machine.post(f"/api/cgi-bin/message/custom/send?access_token={token}", content=escaped)
    assert [bubble["content"]["content"] for bubble in bubbles(platform)] == ["你\n\\u", "\\u4f60\n\\u"]


async def test_typing_shows_for_fifteen_seconds_to_one_who_was_just_there(
    machine: httpx.AsyncClient, platform: Platform, clock: Clock
) -> None:
    openid = act(platform, follower.text("在吗"))

    async def typing(command: str) -> int:
        token = (await stable_token(machine))["access_token"]
        url = f"/api/cgi-bin/message/custom/typing?access_token={token}"
        code: int = (await machine.post(url, json={"touser": openid, "command": command})).json()["errcode"]
        return code

    assert [await typing("Typing"), await typing("Typing"), await typing("Dancing")] == [0, 45081, 45072]
    clock.now += 15
    assert [await typing("Typing"), await typing("CancelTyping"), await typing("Typing")] == [0, 0, 0]
    assert await push(machine, openid) == 0
    assert platform.followers[openid].typing_until == 0, "a message ends the typing"
    clock.now += 31
    assert await typing("Typing") == 45080


async def test_a_file_that_a_follower_sent_can_be_fetched(machine: httpx.AsyncClient) -> None:
    uploaded = await upload(machine, PNG)
    token = (await stable_token(machine))["access_token"]
    query = {"access_token": token, "media_id": uploaded["media_id"]}
    response = await machine.get("/api/cgi-bin/media/get", params=query)
    assert (response.content, response.headers["content-type"]) == (PNG, "image/png")
    missing = await machine.get("/api/cgi-bin/media/get", params=query | {"media_id": "nowhere"})
    assert missing.json()["errcode"] == 40007


# --- the simulator's JSON API


def bubbles(platform: Platform) -> list[dict[str, Any]]:
    return [entry["data"] for entry in platform.feed.changes("", 0)["entries"] if entry["kind"] == "bubble"]


async def upload(machine: httpx.AsyncClient, data: bytes) -> dict[str, Any]:
    body = {"data": base64.b64encode(data).decode()}
    answer: dict[str, Any] = (await machine.post("/simulator/api/media", json=body)).json()
    return answer


async def say(machine: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    return await machine.post("/simulator/api/messages", json={"follower": "小林", "type": "text"} | fields)


async def settled(platform: Platform) -> list[dict[str, Any]]:
    while platform.under_way:
        await asyncio.gather(*platform.under_way)
    return bubbles(platform)


async def test_a_message_and_its_answer_appear_on_the_phone(
    machine: httpx.AsyncClient, platform: Platform
) -> None:
    sent = (await say(machine, content="你好", mode="safe")).json()
    shown = await settled(platform)
    assert [(bubble["side"], bubble["via"], bubble["content"]["content"]) for bubble in shown] == [
        ("follower", "sent", "你好"),
        ("account", "reply", "收到"),
    ]
    changes = (await machine.get("/simulator/api/changes")).json()
    delivery = next(entry["data"] for entry in changes["entries"] if entry["kind"] == "delivery")
    assert sent["key"] in {entry["key"] for entry in changes["entries"] if entry["kind"] == "delivery"}
    assert delivery["done"]
    assert delivery["mode"] == "safe"
    assert delivery["attempts"][0]["outcome"] == "replied"


async def test_changes_wait_until_there_is_one_and_leave_out_what_is_known(
    machine: httpx.AsyncClient, platform: Platform
) -> None:
    known = (await machine.get("/simulator/api/changes")).json()
    query = {"run": known["run"], "after": known["number"], "wait": 10}
    waiting = asyncio.create_task(machine.get("/simulator/api/changes", params=query))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    platform.follower("阿青")
    (entry,) = (await waiting).json()["entries"]
    assert entry["data"]["name"] == "阿青"


async def test_nobody_waits_for_changes_once_the_server_stops(
    machine: httpx.AsyncClient, platform: Platform
) -> None:
    known = (await machine.get("/simulator/api/changes")).json()
    query = {"run": known["run"], "after": known["number"], "wait": 20}
    waiting = asyncio.create_task(machine.get("/simulator/api/changes", params=query))
    await asyncio.sleep(0.02)
    platform.feed.close()
    async with asyncio.timeout(1):
        assert (await waiting).json()["entries"] == []
        await machine.get("/simulator/api/changes", params=query)


async def test_changes_leave_out_other_followers_and_begin_again_after_a_reset(
    machine: httpx.AsyncClient, platform: Platform
) -> None:
    await say(machine, content="一")
    await say(machine, follower="阿青", content="二")
    await settled(platform)
    query = {"openid": ACCOUNT.openid("阿青")}
    before = (await machine.get("/simulator/api/changes", params=query)).json()
    shown = [entry["data"]["content"] for entry in before["entries"] if entry["kind"] == "bubble"]
    assert shown == [{"content": "二"}, {"content": "收到"}]

    await machine.post("/simulator/api/reset", json={})
    known = query | {"run": before["run"], "after": before["number"], "wait": 10}
    after = (await machine.get("/simulator/api/changes", params=known)).json()
    assert after["run"] != before["run"]
    assert {entry["kind"] for entry in after["entries"]} == {"settings"}


async def test_after_three_failures_the_phone_shows_the_fault(clock: Clock) -> None:
    platform = platform_for(answering("<html>", 500), clock)
    async with machine_with(platform) as machine, platform.http:
        await say(machine, content="你好")
        shown = await settled(platform)
    assert [bubble["content"]["content"] for bubble in shown] == [
        "你好",
        "该公众号提供的服务出现故障，请稍后再试",
    ]


async def test_one_who_leaves_sees_no_answer_and_can_only_follow_again(
    machine: httpx.AsyncClient, platform: Platform
) -> None:
    await say(machine, type="unsubscribe")
    assert [bubble["side"] for bubble in await settled(platform)] == ["notice"]
    refused = await say(machine, content="在吗")
    assert refused.status_code == 400
    assert "关注" in refused.json()["error"]
    assert (await say(machine, type="scan", scene="42")).status_code == 200
    assert platform.follower("小林").following
    assert (await settled(platform))[-1]["content"]["content"] == "收到"


async def test_a_transfer_to_customer_service_is_a_notice(clock: Clock) -> None:
    platform = platform_for(replying(TransferReply()), clock)
    async with machine_with(platform) as machine, platform.http:
        await say(machine, content="人工")
        assert (await settled(platform))[-1]["content"] == {"content": "已转接人工客服"}


async def test_a_news_reply_is_shown_as_articles(clock: Clock) -> None:
    article = Article(title="题", description="述", pic_url="http://x/p", url="http://x")
    platform = platform_for(replying(NewsReply((article,))), clock)
    async with machine_with(platform) as machine, platform.http:
        await say(machine, content="新闻")
        shown = (await settled(platform))[-1]
    assert shown["content"]["articles"] == [
        {"title": "题", "description": "述", "pic_url": "http://x/p", "url": "http://x"}
    ]


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"type": "unsupported"}, {"MsgType": "text", "Content": follower.UNSUPPORTED}),
        ({"type": "voice", "recognition": "早"}, {"MsgType": "voice", "Recognition": "早"}),
        ({"type": "video"}, {"MsgType": "video"}),
        (
            {"type": "location", "latitude": 31.2, "longitude": 121.5, "label": "外滩"},
            {"Location_X": "31.2", "Location_Y": "121.5", "Label": "外滩"},
        ),
        ({"type": "link", "title": "题", "url": "http://x"}, {"MsgType": "link", "Url": "http://x"}),
        ({"type": "click", "key": "HELP"}, {"Event": "CLICK", "EventKey": "HELP"}),
        ({"type": "text", "content": "a\x00\ud800b"}, {"Content": "ab"}),
    ],
)
async def test_what_the_page_sends_becomes_the_message(
    clock: Clock, fields: dict[str, Any], sent: dict[str, str]
) -> None:
    received: list[Mapping[str, Any]] = []

    async def handler(request: Request) -> Response:
        received.append((await opened(request)).message.fields)
        return Response("success")

    platform = platform_for(handler, clock)
    async with machine_with(platform) as machine, platform.http:
        body = json.dumps({"follower": "小林"} | fields).encode()
        headers = {"content-type": "application/json"}
        response = await machine.post("/simulator/api/messages", content=body, headers=headers)
        assert response.status_code == 200, response.text
        await settled(platform)
    (fields_received,) = received
    assert {name: fields_received[name] for name in sent} == sent


async def test_a_picture_travels_from_the_device_to_its_pic_url(clock: Clock) -> None:
    received: list[str] = []

    async def handler(request: Request) -> Response:
        received.append((await opened(request)).message.pic_url)
        return Response("success")

    platform = platform_for(handler, clock)
    async with machine_with(platform) as machine, platform.http:
        uploaded = await upload(machine, PNG)
        await say(machine, type="image", media_id=uploaded["media_id"])
        await settled(platform)
        picture = await machine.get(received[0])
    assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
    assert picture.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "fields",
    [
        {"content": ""},
        {"content": "字" * 5001},
        {"content": 5},
        {"type": "telepathy"},
        {"type": "image", "media_id": "nowhere"},
        {"type": "location", "latitude": 91, "longitude": 0},
        {"type": "location", "latitude": True, "longitude": 0},
        {"type": "subscribe"},
        {"content": "好", "mode": "invisible"},
        {"content": "好", "follower": ""},
        {"content": "好", "follower": "a\nb"},
    ],
)
async def test_what_cannot_be_sent_is_refused_with_a_reason(
    machine: httpx.AsyncClient, platform: Platform, fields: dict[str, Any]
) -> None:
    response = await say(machine, **fields)
    assert response.status_code == 400
    assert response.json()["error"]
    assert not platform.under_way


@pytest.mark.parametrize("data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b""])
async def test_only_pictures_and_voices_are_taken_from_the_device(
    machine: httpx.AsyncClient, data: bytes
) -> None:
    assert "只能" in (await upload(machine, data))["error"]


async def test_a_file_of_more_than_10_mb_is_refused(machine: httpx.AsyncClient) -> None:
    assert "error" in await upload(machine, PNG + b"\0" * (10 * 1024 * 1024))
    assert "error" in await upload(machine, PNG + b"\0" * (12 * 1024 * 1024))


async def test_settings_change_and_nonsense_is_refused(
    machine: httpx.AsyncClient, platform: Platform
) -> None:
    new = {"mode": "compatible", "push_format": "json", "account_type": "verified_subscription", "pace": 12.5}
    new |= {"job_seconds": 0.5, "publish_status": 3}
    assert (await machine.post("/simulator/api/settings", json=new)).status_code == 200
    (entry,) = (await machine.get("/simulator/api/changes")).json()["entries"]
    assert {name: entry["data"][name] for name in new} == new
    assert platform.mode == "compatible"
    for nonsense in (
        *({"mode": "x"}, {"push_format": 1}, {"account_type": None}, {"pace": -1}, {"pace": "2"}),
        *({"job_seconds": -1}, {"job_seconds": "soon"}, {"publish_status": 7}, {"publish_status": True}),
    ):
        assert (await machine.post("/simulator/api/settings", json=nonsense)).status_code == 400


async def test_without_a_key_only_plain_mode_is_offered(clock: Clock) -> None:
    keyless = Account(token="token123", app_id="wx1", app_secret="s")
    platform = platform_for(answering("success"), clock, keyless)
    async with machine_with(platform) as machine, platform.http:
        assert (await machine.post("/simulator/api/settings", json={"mode": "safe"})).status_code == 400
        assert "EncodingAESKey" in (await say(machine, content="好", mode="safe")).json()["error"]
        assert (await say(machine, content="好")).status_code == 200
        await settled(platform)


# --- who may use the simulator


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "example.com"},
        {"host": "127.0.0.1.example.com"},
        {"host": "localhost:3004@example.com"},
        {"host": "10.0.0.1:3004"},
        {"forwarded": "for=1.2.3.4"},
        {"x-forwarded-for": "1.2.3.4"},
        {"x-forwarded-host": "example.com"},
    ],
)
@pytest.mark.parametrize("path", ["/simulator/", "/simulator/api/changes", "/simulator/media/x"])
async def test_what_does_not_come_straight_from_this_machine_is_refused(
    machine: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    response = await machine.get(path, headers=headers)
    assert response.status_code == 403
    assert "只在本机使用" in response.json()["error"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:3004", "[::1]:3004"])
async def test_this_machine_may_use_any_of_its_names(machine: httpx.AsyncClient, host: str) -> None:
    response = await machine.get("/simulator/api/changes", headers={"host": host})
    assert response.status_code == 200
    assert "default-src 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json", "origin": "http://example.com"},
        {"content-type": "application/json", "origin": "http://localhost:8080"},
        {"content-type": "application/json", "origin": "null"},
    ],
)
async def test_another_page_in_the_same_browser_cannot_make_the_simulator_sign(
    machine: httpx.AsyncClient, platform: Platform, headers: dict[str, str]
) -> None:
    body = json.dumps({"follower": "小林", "type": "text", "content": "好"}).encode()
    response = await machine.post("/simulator/api/messages", content=body, headers=headers)
    assert response.status_code == 403
    assert not platform.under_way


async def test_the_simulators_own_page_may_post(machine: httpx.AsyncClient, platform: Platform) -> None:
    response = await machine.post("/simulator/api/reset", json={}, headers={"origin": BASE})
    assert response.status_code == 200


# --- the terminal


async def test_the_terminal_shows_the_attempts_and_the_answer(machine: httpx.AsyncClient) -> None:
    lines: list[str] = []
    code = await send_text("你好", base_url=BASE, http=machine, mode="safe", show_xml=True, out=lines.append)
    assert code == 0
    assert lines[0] == "小明：你好"
    assert "安全模式" in lines[1]
    assert re.search(r"第 1 次 +\d\.\d{3} 秒  回复了", lines[2])
    assert lines[3] == "公众号：收到"
    assert sum("<Encrypt>" in line for line in lines) == 2
    assert any("<Content><![CDATA[收到]]></Content>" in line for line in lines)


async def test_the_terminal_tells_of_a_fault(clock: Clock) -> None:
    platform = platform_for(answering("oops"), clock)
    lines: list[str] = []
    async with machine_with(platform) as machine, platform.http:
        code = await send_text("你好", base_url=BASE, http=machine, out=lines.append)
    assert code == 1
    assert sum("回复无法使用" in line for line in lines) == 3
    assert lines[-1] == "公众号：该公众号提供的服务出现故障，请稍后再试"


async def test_the_terminal_waits_for_a_push_when_the_account_only_acknowledged(clock: Clock) -> None:
    platform = platform_for(answering("success"), clock)
    lines: list[str] = []
    waiting = asyncio.Event()

    def out(line: str) -> None:
        lines.append(line)
        if "客服消息" in line:
            waiting.set()

    async with machine_with(platform) as machine, platform.http:
        sending = asyncio.create_task(send_text("你好", base_url=BASE, http=machine, name="阿青", out=out))
        await waiting.wait()
        await push(machine, ACCOUNT.openid("阿青"), "让你久等了")
        assert await sending == 0
    assert lines[-1] == "公众号（客服消息）：让你久等了"


async def test_the_terminal_says_how_to_start_the_server() -> None:
    lines: list[str] = []
    assert await send_text("你好", base_url="http://127.0.0.1:1", out=lines.append) == 2
    assert "make run" in lines[0]
