"""Access tokens where another function fetches them, or where they come through a proxy."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ReadTimeoutError

from tests.unit.wechat_api import APP_ID, APP_SECRET, BASE_URL, KEY, Platform, Time
from wechat_oa.api.client import make_client
from wechat_oa.api.errors import WeChatError, WeChatUnavailable
from wechat_oa.api.token import TOKEN_PATH, AccessTokens
from wechat_oa.aws_token import TokenFunction, tell

REFUSED_ADDRESS = "invalid ip 52.77.1.2 ipv6 ::ffff:52.77.1.2, not in whitelist rid: 658cff8e-7783352d"


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def platform(time: Time, tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path, time)
    yield platform
    platform.table.close()


class Function:
    """Lambda's client: one function, which works on the same table, or answers as told."""

    def __init__(self, platform: Platform, answer: dict[str, Any] | Exception | None = None) -> None:
        self.platform = platform
        self.answer = answer
        self.events: list[dict[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  (AWS's names)
        assert FunctionName == "token-function"
        event = json.loads(Payload)
        self.events.append(event)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        return {
            "StatusCode": 200,
            "Payload": io.BytesIO(json.dumps(asyncio.run(self._fetch(event))).encode()),
        }

    async def _fetch(self, event: dict[str, Any]) -> dict[str, Any]:
        tokens = self.platform.tokens()
        try:
            await (tokens.renew(event["refused"]) if event["refused"] else tokens.get())
        except WeChatError as error:
            return tell(error)
        return {}


def asking(platform: Platform, function: Function) -> AccessTokens:
    """Return the tokens of a process that asks the function, and could not fetch any itself."""

    async def never(_path: str, _payload: object) -> dict[str, Any]:
        raise AssertionError("this process is not on the whitelist")

    ask = TokenFunction(lambda: function, "token-function")
    return AccessTokens(platform.table, APP_ID, APP_SECRET, never, ask=ask, clock=platform.time.clock)


async def test_the_function_is_asked_once_and_the_token_comes_through_the_table(platform: Platform) -> None:
    function = Function(platform)

    assert await asking(platform, function).get() == platform.token
    assert await asking(platform, function).get() == platform.token
    assert function.events == [{"app_id": APP_ID, "app_secret": APP_SECRET, "refused": ""}]


async def test_a_token_near_its_end_is_renewed_by_the_function(platform: Platform, time: Time) -> None:
    function = Function(platform)
    await asking(platform, function).get()

    time.now += 7200 - 239
    assert await asking(platform, function).get() == platform.token
    assert platform.generation == 2


async def test_while_a_token_is_being_renewed_the_old_one_is_used_without_asking(
    platform: Platform, time: Time
) -> None:
    function = Function(platform)
    old = await asking(platform, function).get()
    time.now += 7200 - 200
    platform.table.update(*KEY, set={"lease_owner": "another", "lease_until": int(time.now) + 10})

    assert await asking(platform, function).get() == old
    assert len(function.events) == 1


async def test_a_token_that_wechat_refuses_is_renewed_by_the_function(platform: Platform) -> None:
    function = Function(platform)
    tokens = asking(platform, function)
    refused = await tokens.get()

    assert await tokens.renew(refused) == platform.token != refused
    assert function.events[-1]["refused"] == refused


async def test_a_token_that_another_process_has_renewed_is_taken_from_the_table(platform: Platform) -> None:
    function = Function(platform)
    tokens = asking(platform, function)
    refused = await tokens.get()
    await platform.tokens().renew(refused)

    assert await tokens.renew(refused) == platform.token
    assert len(function.events) == 1


async def test_wechats_refusal_is_told_as_if_it_had_been_fetched_here(platform: Platform) -> None:
    platform.answers(TOKEN_PATH, {"errcode": 40164, "errmsg": REFUSED_ADDRESS})

    with pytest.raises(WeChatError, match=r"微信看到的地址是 52\.77\.1\.2：.*白名单") as caught:
        await asking(platform, Function(platform)).get()

    assert caught.value.errcode == 40164
    assert caught.value.rid == "658cff8e-7783352d"
    assert APP_SECRET not in str(caught.value)


async def test_an_outage_of_wechats_is_told_as_one(platform: Platform) -> None:
    platform.answers(TOKEN_PATH, httpx.Response(502), httpx.Response(502))

    with pytest.raises(WeChatUnavailable, match="HTTP 502"):
        await asking(platform, Function(platform)).get()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ReadTimeoutError(endpoint_url="https://lambda.test"), "ReadTimeoutError"),
        ({"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorMessage": "/var/task/x"}')}, "日志"),
        ({"Payload": io.BytesIO(b"{}")}, "没有取来"),
        ({"Payload": io.BytesIO(b"null?")}, "JSONDecodeError"),
    ],
    ids=["no answer", "broken", "nothing in the table", "nonsense"],
)
async def test_a_function_that_does_not_do_it_is_an_outage(
    platform: Platform, answer: dict[str, Any] | Exception, words: str
) -> None:
    with pytest.raises(WeChatUnavailable, match=words) as caught:
        await asking(platform, Function(platform, answer)).get()

    assert "/var/task" not in str(caught.value)


async def test_only_the_token_goes_through_the_proxy(platform: Platform) -> None:
    """Given a proxy, when a call is made, then the token's request alone comes to it, with its password."""
    seen: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head)
        body = b'{"access_token": "TOKEN", "expires_in": 7200}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    platform.handlers["/cgi-bin/getcallbackip"] = lambda _: httpx.Response(200, json={"ip_list": []})
    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = make_client(
        platform.http,
        platform.table,
        app_id=APP_ID,
        app_secret=APP_SECRET,
        base_url=BASE_URL.replace("https:", "http:"),
        token_proxy=f"http://owner:password@127.0.0.1:{port}",
    )

    assert await client.get_json("/cgi-bin/getcallbackip") == {"ip_list": []}

    server.close()
    assert [head.split(b" ")[:2] for head in seen] == [
        [b"POST", f"{BASE_URL.replace('https:', 'http:')}{TOKEN_PATH}".encode()]
    ]
    assert b"proxy-authorization: basic" in seen[0].lower()
    assert [request.url.params["access_token"] for request in platform.requests] == ["TOKEN"]
