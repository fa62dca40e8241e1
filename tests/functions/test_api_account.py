"""Statistics, quotas, permissions and addresses: the client on the local platform."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from local.platform import follower
from local.platform.account import ACCOUNT_TYPES, AccountType
from local.platform.api import ENDPOINTS
from local.platform.compose import compose
from local.platform.endpoint import Endpoint
from local.platform.phone import send
from tests.support.serving import free_port, serving
from tests.support.wechat import ACCOUNT, API, PNG, WeChat, wechat
from wechat_oa.api import draft, material, network, publish, quota, statistics
from wechat_oa.api.article import Article
from wechat_oa.api.errors import WeChatError

DAY = 24 * 3600


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[WeChat]:
    async with wechat(tmp_path) as world:
        yield world


async def errcode(call: Awaitable[Any]) -> int | None:
    with pytest.raises(WeChatError) as caught:
        await call
    return caught.value.errcode


async def rows(world: WeChat, report: statistics.Report, first: date, days: int = 1) -> list[dict[str, Any]]:
    last = first + timedelta(days=days - 1)
    found = await statistics.get(world.client, report, first, last, today=world.platform.records.today)
    return found["list"]


# --- statistics


async def test_followers_are_counted_as_they_come_and_go(world: WeChat) -> None:
    first = world.platform.records.today
    for name in ("一", "二", "三"):
        world.follower(name)
    world.platform.note_action(world.platform.follower("三"), follower.unsubscribe())
    world.clock.pass_by(DAY)
    world.platform.note_action(world.platform.follower("三"), follower.subscribe("展会"))
    world.clock.pass_by(DAY)

    second = first + timedelta(days=1)
    assert await rows(world, "getusersummary", first, 2) == [
        {"ref_date": first.isoformat(), "user_source": 0, "new_user": 3, "cancel_user": 1},
        {"ref_date": second.isoformat(), "user_source": 30, "new_user": 1, "cancel_user": 0},
    ]
    assert await rows(world, "getusercumulate", first, 2) == [
        {"ref_date": first.isoformat(), "cumulate_user": 2},
        {"ref_date": second.isoformat(), "cumulate_user": 3},
    ]


async def test_messages_and_answers_are_counted(world: WeChat) -> None:
    today = world.platform.records.today
    for name, count in (("一", 7), ("二", 1)):
        person = world.platform.follower(name)
        for _ in range(count):
            send(world.platform, person, compose(world.platform, person, "text", {"content": "在吗"}))
            await world.let_jobs_end()
    person = world.platform.follower("二")
    send(world.platform, person, compose(world.platform, person, "voice", {}))
    await world.let_jobs_end()
    world.clock.pass_by(DAY)

    ref = {"ref_date": today.isoformat()}
    assert await rows(world, "getupstreammsg", today) == [
        {**ref, "msg_type": 1, "msg_user": 2, "msg_count": 8},
        {**ref, "msg_type": 3, "msg_user": 1, "msg_count": 1},
    ]
    (text, voice) = await rows(world, "getupstreammsghour", today)
    assert text["ref_hour"] == voice["ref_hour"]
    assert 0 <= text["ref_hour"] <= 2300
    assert await rows(world, "getupstreammsgdist", today) == [
        {**ref, "count_interval": 1, "msg_user": 1},
        {**ref, "count_interval": 2, "msg_user": 1},
    ]
    (summary,) = await rows(world, "getinterfacesummary", today)
    assert (summary["callback_count"], summary["fail_count"]) == (9, 0)
    assert summary["total_time_cost"] >= summary["max_time_cost"] >= 0
    (hour,) = await rows(world, "getinterfacesummaryhour", today)
    assert hour["callback_count"] == 9


async def test_weeks_and_months_begin_on_their_first_day(world: WeChat) -> None:
    today = world.platform.records.today
    world.platform.note_action(world.platform.follower("一"), follower.text("在吗"))
    world.clock.pass_by(40 * DAY)
    monday = today - timedelta(days=today.weekday())

    assert [row["msg_count"] for row in await rows(world, "getupstreammsgweek", monday)] == [1]
    assert [row["msg_user"] for row in await rows(world, "getupstreammsgdistweek", monday)] == [1]
    assert [row["msg_count"] for row in await rows(world, "getupstreammsgmonth", today.replace(day=1))] == [1]
    assert await rows(world, "getupstreammsgdistmonth", today.replace(day=1)) != []
    assert await rows(world, "getupstreammsgweek", monday - timedelta(days=7)) == []


async def test_articles_are_counted_by_who_opened_them(world: WeChat) -> None:
    today = world.platform.records.today
    cover = await material.add(world.client, "image", PNG, filename="c.png", content_type="image/png")
    one: Article = {"title": "标题", "content": "<p>正文</p>", "thumb_media_id": cover.media_id}
    added = await draft.add(world.client, [{**one, "need_open_comment": 1}, one])
    job = await publish.submit(world.client, added.media_id)
    await world.let_jobs_end()
    status = await publish.get(world.client, job.publish_id)
    url = status["article_detail"]["item"][0]["article_url"]
    for agent in ("one", "one", "two"):
        await world.http.get(url, headers={"user-agent": agent})
    article = world.platform.publications.article(int(job.msg_data_id), 0)
    assert article is not None
    world.platform.publications.comment(article, world.follower(), "好文")
    world.clock.pass_by(DAY)
    await world.http.get(url, headers={"user-agent": "two"})
    world.clock.pass_by(DAY)

    (read,) = await rows(world, "getarticleread", today)
    assert (read["msgid"], read["detail"]["read_user"]) == (f"{job.msg_data_id}_1", 2)
    assert {"scene_desc": "全部", "user_count": 2} in read["detail"]["read_user_source"]
    assert await rows(world, "getarticleshare", today) == []
    first, second = await rows(world, "getbizsummary", today, 2)
    assert (first["detail"]["read_user"], first["detail"]["comment_count"]) == (2, 1)
    assert (second["detail"]["read_user"], second["detail"]["comment_count"]) == (1, 0)
    total, other = await rows(world, "getarticletotaldetail", today)
    assert (total["title"], total["publish_type"], total["content_url"]) == ("标题", 1, url)
    assert [detail["read_user"] for detail in total["detail_list"]] == [2, 2]
    assert [detail["read_user"] for detail in other["detail_list"]] == [0, 0]
    found = await statistics.get(world.client, "getarticleread", today, today=today + timedelta(days=2))
    assert found["is_delay"] is False


@pytest.mark.parametrize("report", statistics.REPORTS)
async def test_where_nothing_happened_nothing_is_made_up(world: WeChat, report: statistics.Report) -> None:
    yesterday = world.platform.records.today - timedelta(days=1)

    for row in await rows(world, report, yesterday):
        numbers = {**row, **row.get("detail", {})}
        assert all(value == 0 for value in numbers.values() if isinstance(value, int))


@pytest.mark.parametrize("report", statistics.REPORTS)
async def test_the_client_and_the_platform_agree_on_the_days(
    world: WeChat, report: statistics.Report
) -> None:
    today = world.platform.records.today
    first = today - timedelta(days=60)

    async def asked(begin: str, end: str) -> int:
        payload = {"begin_date": begin, "end_date": end}
        try:
            await world.client.post_json(f"/datacube/{report}", payload)
        except WeChatError as error:
            return error.errcode or 0
        return 0

    most = statistics.MAX_DAYS[report]
    assert await asked(first.isoformat(), (first + timedelta(days=most - 1)).isoformat()) == 0
    assert await asked(first.isoformat(), (first + timedelta(days=most)).isoformat()) == 61501
    assert await asked(today.isoformat(), today.isoformat()) == 61501
    assert await asked("yesterday", "today") == 61500


# --- quotas


async def test_calls_are_counted_limited_and_begin_anew_every_day(world: WeChat) -> None:
    path = "/cgi-bin/message/mass/delete"
    for _ in range(10):
        assert await errcode(world.client.post_json(path, {"msg_id": 1})) == 40035
    assert await errcode(world.client.post_json(path, {"msg_id": 1})) == 45009
    assert (await quota.get(world.client, path))["quota"] == {"daily_limit": 10, "used": 10, "remain": 0}

    await quota.clear(world.client, ACCOUNT.app_id)
    assert (await quota.get(world.client, path))["quota"]["used"] == 0
    await errcode(world.client.post_json(path, {"msg_id": 1}))
    world.clock.pass_by(DAY)
    assert (await quota.get(world.client, path))["quota"]["used"] == 0


async def test_quotas_are_cleared_ten_times_a_month(world: WeChat) -> None:
    assert await errcode(quota.clear(world.client, "wxother")) == 40013
    for _ in range(10):
        await quota.clear(world.client, ACCOUNT.app_id)
    assert await errcode(quota.clear(world.client, ACCOUNT.app_id)) == 48006
    world.clock.pass_by(31 * DAY)
    await quota.clear(world.client, ACCOUNT.app_id)
    assert await errcode(quota.get(world.client, "/no/such/thing")) == 76021


async def test_a_rid_tells_what_the_platform_saw_and_no_secret(world: WeChat) -> None:
    with pytest.raises(WeChatError) as caught:
        await draft.get(world.client, "nowhere")

    seen = await quota.get_request(world.client, caught.value.rid)

    assert seen["request_body"] == '{"media_id": "nowhere"}'
    assert '"errcode": 40007' in seen["response_body"]
    assert (seen["request_url"], seen["client_ip"]) == ("", "127.0.0.1")
    assert seen["invoke_time"] == int(world.clock())
    refused = await world.http.post(f"{API}/cgi-bin/stable_token", json={"secret": "my secret"})
    rid = re.sub(".*rid: ", "", refused.json()["errmsg"])
    assert "my secret" not in str(await quota.get_request(world.client, rid))
    assert await errcode(quota.get_request(world.client, "1-2-3")) == 76001


# --- addresses


async def test_the_callback_is_reached_where_something_listens(world: WeChat) -> None:
    found = await network.check_callback(world.client, action="dns")
    assert list(found) == ["dns"]
    assert await network.callback_ips(world.client) == ["127.0.0.1"]
    assert await network.api_domain_ips(world.client) == ["127.0.0.1"]

    async def nobody(_scope: Any, _receive: Any, _send: Any) -> None:
        return

    port = free_port()
    world.platform.callback_url = f"http://127.0.0.1:{port}/wechat/reply"
    assert (await network.check_callback(world.client))["ping"][0]["package_loss"] == "100%"
    async with serving(nobody, port):
        assert (await network.check_callback(world.client))["ping"][0]["package_loss"] == "0%"
    wrong = {"action": "dance", "check_operator": "DEFAULT"}
    assert await errcode(world.client.post_json("/cgi-bin/callback/check", wrong)) == 40035


# --- permissions

EVERYBODY = {
    "token",
    "stable_token",
    *("media/upload", "media/get", "media/get/jssdk", "media/uploadimg"),
    *(f"material/{name}" for name in ("add_material", "get_material", "del_material", "get_materialcount")),
    *("material/batchget_material", "material/add_news", "material/update_news"),
    *(f"draft/{name}" for name in ("add", "get", "update", "delete", "batchget", "count", "switch")),
    *("openapi/quota/get", "openapi/rid/get", "clear_quota"),
    *("callback/check", "getcallbackip", "get_api_domain_ip"),
}
SERVICE_ONLY = re.compile(r"template/|qrcode/")


def allowed(endpoint: Endpoint) -> set[AccountType]:
    name = endpoint.path.removeprefix("/cgi-bin/")
    if name in EVERYBODY:
        return set(ACCOUNT_TYPES)
    if SERVICE_ONLY.search(name):
        return {"verified_service"}
    return {"verified_service", "verified_subscription"}


@pytest.mark.parametrize("account_type", get_args(AccountType))
async def test_an_account_may_call_what_its_type_allows(world: WeChat, account_type: AccountType) -> None:
    token = world.platform.tokens.stable()[0]
    world.platform.account_type = account_type
    for endpoint in ENDPOINTS:
        answer = await world.http.request(
            endpoint.method,
            API + endpoint.path,
            params={"access_token": token},
            **({"json": {}} if endpoint.method == "POST" else {}),  # type: ignore[arg-type]
        )
        refused = "48001" in answer.text
        assert refused != (account_type in allowed(endpoint)), endpoint.path
