"""The access token: fetched once for everyone, renewed once when WeChat refuses it, shown to nobody."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.wechat_api import APP_ID, APP_SECRET, BASE_URL, KEY, Platform, Time
from wechat_oa.api.errors import WeChatError, WeChatUnavailable
from wechat_oa.api.token import LEASE, TOKEN_PATH, WAIT, AccessTokens
from wechat_oa.api.transport import plain_post
from wechat_oa.store.local_table import SqliteTable


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def platform(time: Time, tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path, time)
    yield platform
    platform.table.close()


async def test_a_token_is_fetched_once_and_shared_by_every_process(platform: Platform) -> None:
    first, second = platform.tokens(), platform.tokens()

    assert await first.get() == await second.get() == platform.token
    assert platform.forced == [False]


async def test_the_item_expires_with_the_token(platform: Platform, time: Time) -> None:
    await platform.tokens().get()

    assert platform.item["expires_at"] == platform.item["ttl"] == int(time.now) + 7200
    assert platform.item.keys() == {"pk", "sk", "access_token", "expires_at", "ttl"}


async def test_a_hot_loop_does_not_read_the_table_each_time(platform: Platform, time: Time) -> None:
    tokens = platform.tokens()
    await tokens.get()
    platform.table.update(*KEY, set={"access_token": "RENEWED_ELSEWHERE"})

    time.now += 59
    assert await tokens.get() == platform.token

    time.now += 2
    assert await tokens.get() == "RENEWED_ELSEWHERE"


async def test_a_token_is_kept_while_wechat_would_return_the_same_one(platform: Platform, time: Time) -> None:
    await platform.tokens().get()

    time.now += 7200 - 299
    await platform.tokens().get()
    assert len(platform.forced) == 1

    time.now += 60
    assert await platform.tokens().get() == platform.token
    assert platform.generation == 2
    assert len(platform.forced) == 2


async def test_twenty_concurrent_callers_make_one_request(platform: Platform) -> None:
    processes = [platform.tokens() for _ in range(20)]

    got = await asyncio.gather(*(tokens.get() for tokens in processes))

    assert got == [platform.token] * 20
    assert platform.forced == [False]


async def test_twenty_callers_of_one_process_make_one_request(platform: Platform) -> None:
    tokens = platform.tokens()

    assert await asyncio.gather(*(tokens.get() for _ in range(20))) == [platform.token] * 20
    assert platform.forced == [False]


async def test_twenty_callers_with_a_refused_token_make_one_renewal(platform: Platform) -> None:
    processes = [platform.tokens() for _ in range(20)]
    refused = await processes[0].get()

    renewed = await asyncio.gather(*(tokens.renew(refused) for tokens in processes))

    assert renewed == [platform.token] * 20
    assert platform.token != refused
    assert platform.forced == [False, False, True]


@pytest.mark.parametrize("shared", [True, False], ids=["one object", "one object each"])
def test_twenty_threads_with_loops_of_their_own_make_one_request(shared: bool, tmp_path: Path) -> None:
    table = SqliteTable(tmp_path / "table.db")
    everyone_is_here = threading.Barrier(20)
    requests: list[str] = []
    got: list[str] = []

    async def post(path: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        requests.append(path)
        await asyncio.sleep(0.05)
        return {"access_token": "TOKEN", "expires_in": 7200}

    async def briefly(_seconds: float) -> None:
        await asyncio.sleep(0.002)

    def make() -> AccessTokens:
        return AccessTokens(table, APP_ID, APP_SECRET, post, sleep=briefly)

    one = make()

    def run() -> None:
        tokens = one if shared else make()
        everyone_is_here.wait(10)
        got.append(asyncio.run(tokens.get()))

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    table.close()

    assert got == ["TOKEN"] * 20
    assert requests == [TOKEN_PATH]


async def test_while_one_process_fetches_the_others_use_the_old_token(platform: Platform, time: Time) -> None:
    old = await platform.tokens().get()
    time.now += 7200 - 200
    platform.table.update(*KEY, set={"lease_owner": "another", "lease_until": int(time.now) + LEASE})

    assert await platform.tokens().get() == old
    assert time.slept == []
    assert len(platform.forced) == 1


async def test_a_process_that_died_while_fetching_is_replaced_when_its_lease_ends(
    platform: Platform, time: Time
) -> None:
    platform.table.update(*KEY, set={"lease_owner": "dead", "lease_until": int(time.now) + LEASE})

    assert await platform.tokens().get() == platform.token
    assert LEASE - 1 <= sum(time.slept) <= LEASE + 1
    assert platform.forced == [False]


async def test_a_lease_whose_confirmation_was_lost_is_recognised(platform: Platform, time: Time) -> None:
    class Forgetful:
        """Makes the first change, and then says that its condition does not hold."""

        said = False

        def get(self, pk: str, sk: str) -> dict[str, Any] | None:
            return platform.table.get(pk, sk)

        def update(self, pk: str, sk: str, **change: Any) -> dict[str, Any] | None:
            item = platform.table.update(pk, sk, **change)
            first, self.said = not self.said, True
            return None if first else item

    post = plain_post(platform.http, BASE_URL)
    tokens = AccessTokens(Forgetful(), APP_ID, APP_SECRET, post, clock=time.clock, sleep=time.sleep)

    assert await tokens.get() == platform.token
    assert sum(time.slept) < 1
    assert platform.item["access_token"] == platform.token


async def test_waiting_for_another_process_has_an_end(platform: Platform, time: Time) -> None:
    platform.table.update(*KEY, set={"lease_owner": "stuck", "lease_until": int(time.now) + 1000})

    with pytest.raises(WeChatUnavailable, match="另一个进程"):
        await platform.tokens().get()
    assert sum(time.slept) <= WAIT + 1
    assert platform.requests == []


async def test_a_refused_token_that_another_process_renewed_is_taken_from_the_table(
    platform: Platform,
) -> None:
    slow, quick = platform.tokens(), platform.tokens()
    refused = await slow.get()
    await quick.get()
    renewed = await quick.renew(refused)
    requests = len(platform.requests)

    assert await slow.renew(refused) == renewed == await slow.get()
    assert len(platform.requests) == requests


async def test_no_force_is_used_when_wechat_hands_out_another_token_anyway(platform: Platform) -> None:
    tokens = platform.tokens()
    refused = await tokens.get()
    platform.generation += 1

    assert await tokens.renew(refused) == platform.token
    assert platform.forced == [False, False]


async def test_a_refresh_is_forced_at_most_once_in_thirty_seconds(platform: Platform, time: Time) -> None:
    first = await platform.tokens().get()
    second = await platform.tokens().renew(first)

    time.now += 29
    assert await platform.tokens().renew(second) == second
    assert platform.forced.count(True) == 1

    time.now += 1
    assert await platform.tokens().renew(second) == platform.token != second
    assert platform.forced.count(True) == 2


async def test_a_forced_refresh_that_broke_off_counts_too(platform: Platform, time: Time) -> None:
    tokens = platform.tokens()
    refused = await tokens.get()
    platform.answers(
        TOKEN_PATH,
        {"access_token": refused, "expires_in": 7000},
        httpx.ReadTimeout("slow"),
        {"access_token": refused, "expires_in": 7000},
    )

    with pytest.raises(WeChatUnavailable):
        await tokens.renew(refused)
    assert await tokens.renew(refused) == refused

    assert platform.forced == [False, False, True, False]


async def test_after_a_failure_the_next_caller_may_fetch_at_once(platform: Platform, time: Time) -> None:
    platform.answers(TOKEN_PATH, {"errcode": 40125, "errmsg": "invalid appsecret rid: 1"})
    with pytest.raises(WeChatError) as caught:
        await platform.tokens().get()
    assert caught.value.errcode == 40125
    del platform.handlers[TOKEN_PATH]

    assert await platform.tokens().get() == platform.token
    assert time.slept == []


async def test_a_cancelled_fetch_gives_the_lease_back(platform: Platform, time: Time) -> None:
    asked = asyncio.Event()

    async def post(path: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        asked.set()
        return await asyncio.Future[dict[str, Any]]()

    fetch = asyncio.ensure_future(
        AccessTokens(platform.table, APP_ID, APP_SECRET, post, clock=time.clock).get()
    )
    await asked.wait()
    assert "lease_owner" in platform.item
    fetch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetch

    assert "lease_owner" not in platform.item


async def test_a_fetch_that_outlived_its_lease_leaves_the_new_owner_alone(platform: Platform) -> None:
    lease_of_another = {"lease_owner": "another", "lease_until": 9_999_999_999}

    def answer(_request: httpx.Request) -> httpx.Response:
        platform.table.update(*KEY, set=lease_of_another)
        return httpx.Response(200, json={"access_token": "LATE", "expires_in": 7200})

    platform.handlers[TOKEN_PATH] = answer

    assert await platform.tokens().get() == "LATE"
    assert platform.item.items() >= lease_of_another.items()
    assert "access_token" not in platform.item


async def test_busy_is_waited_out(platform: Platform, time: Time) -> None:
    platform.answers(TOKEN_PATH, {"errcode": -1}, {"access_token": "TOKEN", "expires_in": 7200})

    assert await platform.tokens().get() == "TOKEN"
    assert time.slept == [0.5]


async def test_40164_names_the_address_to_put_on_the_whitelist(platform: Platform) -> None:
    errmsg = "invalid ip 52.77.1.2 ipv6 ::ffff:52.77.1.2, not in whitelist rid: 658cff8e-7783352d-44cb33e5"
    platform.answers(TOKEN_PATH, {"errcode": 40164, "errmsg": errmsg})

    with pytest.raises(WeChatError, match=r"微信看到的地址是 52\.77\.1\.2：.*白名单") as caught:
        await platform.tokens().get()
    assert caught.value.path == TOKEN_PATH


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": "T"}, {"expires_in": 7200}])
async def test_an_answer_without_a_token_is_not_taken_for_one(
    platform: Platform, answer: dict[str, Any]
) -> None:
    platform.answers(TOKEN_PATH, answer)

    with pytest.raises(WeChatUnavailable, match="没有 access_token"):
        await platform.tokens().get()
    assert "access_token" not in platform.item


@pytest.mark.parametrize(
    ("app_id", "app_secret", "setting"),
    [("", "", "WECHAT_APP_ID"), ("", "s", "WECHAT_APP_ID"), ("wx1", "", "WECHAT_APP_SECRET")],
)
async def test_without_credentials_nothing_is_asked_and_the_setting_is_named(
    platform: Platform, app_id: str, app_secret: str, setting: str
) -> None:
    async def post(path: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        raise AssertionError("nothing to ask")

    with pytest.raises(WeChatError, match=setting):
        await AccessTokens(platform.table, app_id, app_secret, post).get()


async def test_nobody_sees_the_token_or_the_secret(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = platform.tokens()
    refused = await tokens.get()
    renewed = await tokens.renew(refused)

    shown = repr(tokens) + str(tokens) + caplog.text
    assert "forcing a new one" in caplog.text
    for secret in (refused, renewed, APP_SECRET):
        assert secret not in shown
