"""Customer-service messages: what does not fit WeChat's window arrives by itself, or waits for 继续."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from local.platform import follower as bodies
from local.platform.account import AccountType
from local.platform.api import api_routes
from local.platform.people import Follower as PhoneOf
from local.platform.state import Platform
from tests.functions.test_faults import ANSWER, Jobs
from tests.support.account import APP_ID, Follower, client, environment, running_here
from tests.support.serving import serving
from tests.support.upstream import Behaviour, Upstream
from tests.support.waiting import until
from wechat_oa.quota import MESSAGE_GRANT
from wechat_oa.settings import read_settings
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.texts import DEFAULT_TEXTS
from wechat_reply.pushing import account_messenger
from wechat_reply.services import Services

SECRET = "0123456789abcdef0123456789abcdef"
PUSH_PROMPT = DEFAULT_TEXTS["push_prompt"]


class Stage:
    """An account that may push, its model, and the phone of one follower."""

    def __init__(
        self,
        settings: dict[str, str],
        callback_url: str,
        upstream: Upstream,
        platform: Platform,
        follower: Follower,
    ) -> None:
        self.settings = settings
        self.callback_url = callback_url
        self.upstream = upstream
        self.platform = platform
        self.follower = follower

    @property
    def phone(self) -> PhoneOf:
        """The follower as the platform knows them."""
        return self.platform.followers[self.follower.openid]

    def pushed(self) -> list[str]:
        """The texts that were pushed to the phone, in order."""
        entries = self.platform.feed.changes("", 0, self.follower.openid)["entries"]
        return [
            entry["data"]["content"]["content"]
            for entry in entries
            if entry["kind"] == "bubble" and entry["data"]["via"] == "push"
        ]

    async def ask(self, question: str) -> str:
        """Send a text as the follower, with all that the platform notes of it."""
        self.platform.note_action(self.phone, bodies.text(question))
        return await self.follower.say(question)


MakeStage = Callable[..., Any]


@pytest.fixture
async def make_stage(tmp_path: Path) -> AsyncGenerator[MakeStage]:
    async with AsyncExitStack() as stack:

        async def make(
            behaviour: Behaviour, account_type: AccountType = "verified_service", **more: str
        ) -> Stage:
            upstream = Upstream(lambda _: behaviour)
            http = await stack.enter_async_context(client())
            follower = Follower("小明", "", http)
            platform = Platform(follower.account, base_url="", callback_url="", http=http)
            platform.account_type = account_type
            platform.account = type(follower.account)(
                token="", app_id=APP_ID, app_secret=SECRET, encoding_aes_key="", name=""
            )
            api = await stack.enter_async_context(serving(Starlette(routes=api_routes(platform))))
            address = await stack.enter_async_context(serving(upstream.app()))
            settings = environment(
                tmp_path, address, WECHAT_CUSTOMER_MESSAGE="true", WECHAT_OFFICIAL_API_URL=api, **more
            )
            url = await stack.enter_async_context(running_here(settings))
            platform.follower("小明")
            callback_url = f"{url}/wechat/reply"
            follower = Follower("小明", callback_url, http)
            return Stage(settings, callback_url, upstream, platform, follower)

        yield make


async def test_a_twenty_second_answer_arrives_by_push(make_stage: MakeStage) -> None:
    stage = await make_stage(Behaviour(ANSWER, seconds=20))
    asking = asyncio.create_task(stage.ask("问"))
    await until(lambda: stage.phone.typing_until > time.time())
    beginning = await asking
    assert beginning.endswith(PUSH_PROMPT)
    read = beginning.removesuffix(PUSH_PROMPT)
    assert read
    await until(stage.pushed, seconds=12)
    assert read + stage.pushed()[0] == ANSWER
    assert len(stage.upstream.calls) == 1
    # Nothing is left: 继续 is a word like any other now.
    stage.upstream.script = lambda _: Behaviour("没有了。")
    assert await stage.ask("继续") == "没有了。"


async def test_a_long_answer_in_time_is_pushed_after_its_first_part(make_stage: MakeStage) -> None:
    long = "".join(f"这是第{n}句话，内容并不长。" for n in range(1, 120))
    stage = await make_stage(Behaviour(long))
    read = (await stage.ask("问")).removesuffix(PUSH_PROMPT)
    await until(lambda: read + "".join(stage.pushed()) == long)
    assert len(stage.upstream.calls) == 1


async def test_five_pushes_at_most_then_it_waits_for_the_word(make_stage: MakeStage) -> None:
    long = "".join(f"这是第{n}句话，内容并不长。" for n in range(1, 1000))
    stage = await make_stage(Behaviour(long, pieces=3), WECHAT_MSG_AI_LEN_LIMIT="400")
    read = (await stage.ask("问")).removesuffix(PUSH_PROMPT)
    prompt = "\n\n……（还没写完，回复「继续」看后面的内容）"
    await until(lambda: len(stage.pushed()) == 5)
    *earlier, last = stage.pushed()
    assert last.endswith(prompt), "the last one that may be sent tells how to go on"
    assert not any(text.endswith(prompt) for text in earlier)
    read += "".join(earlier) + last.removesuffix(prompt)
    assert long.startswith(read)
    following = await stage.ask("继续")
    assert long.startswith(read + following.removesuffix(PUSH_PROMPT))


@pytest.mark.parametrize("account_type", ["unverified_subscription"])
async def test_an_account_that_may_not_push_falls_back_to_the_word(
    make_stage: MakeStage, account_type: AccountType
) -> None:
    stage = await make_stage(Behaviour(ANSWER, seconds=16), account_type)
    read = (await stage.ask("问")).removesuffix(PUSH_PROMPT)
    await until(lambda: "push" not in str(stage.pushed()) and _refused(stage), seconds=8)
    assert stage.pushed() == []
    rest = await stage.ask("继续")
    assert read + rest == ANSWER


def _refused(stage: Stage) -> bool:
    """Whether the server has noted that pushes are refused."""
    folder = stage.settings["WECHAT_OA_DATA_DIR"]
    table = SqliteTable(Path(folder) / "table.db")
    try:
        settings = read_settings(stage.settings)
        return not Services(settings, table, Jobs()).may_push
    finally:
        table.close()


async def test_a_push_that_does_not_arrive_stays_unread(make_stage: MakeStage) -> None:
    stage = await make_stage(Behaviour(ANSWER, seconds=16))
    asking = asyncio.create_task(stage.ask("问"))
    await asyncio.sleep(1)
    stage.phone.grants.clear()  # WeChat answers 45015: the follower's window is closed
    read = (await asking).removesuffix(PUSH_PROMPT)
    await asyncio.sleep(5)
    assert stage.pushed() == []
    assert read + await stage.ask("继续") == ANSWER


async def test_a_push_that_breaks_off_loses_nothing(tmp_path: Path) -> None:
    """Whatever is raised while a part is sent, that part is still to be read."""
    table = SqliteTable(tmp_path / "table.db")
    services = Services(read_settings(environment(tmp_path, "http://127.0.0.1:9")), table, Jobs())
    services.answers.claim("k", "openid", "问")
    services.answers.begin("k", "w")
    services.answers.finish("k", "w", ANSWER)
    services.quota.open_window("openid", MESSAGE_GRANT, time.time())
    async with httpx.AsyncClient(transport=httpx.MockTransport(_broken)) as http:
        with pytest.raises(ZeroDivisionError):
            await account_messenger(services, http).push("k")
    unread = services.answers.unread("openid")
    assert unread is not None
    assert unread.shown == 0
    table.close()


def _broken(_request: httpx.Request) -> httpx.Response:
    raise ZeroDivisionError


async def test_twenty_pushes_at_once_fetch_one_token(make_stage: MakeStage) -> None:
    stage = await make_stage(Behaviour(ANSWER, pieces=2), WECHAT_MSG_AI_LEN_LIMIT="200")
    fetched: list[str] = []
    real = stage.platform.tokens.stable

    def counted(*args: Any, **options: Any) -> Any:
        fetched.append("token")
        return real(*args, **options)

    stage.platform.tokens.stable = counted
    names = [f"粉丝{n}" for n in range(20)]
    for name in names:
        stage.platform.note_action(stage.platform.follower(name), bodies.text("问"))
    async with httpx.AsyncClient(trust_env=False) as http:
        await asyncio.gather(*(Follower(n, stage.callback_url, http).say("问") for n in names))
    await until(lambda: all(_has_push(stage.platform, name) for name in names))
    assert fetched == ["token"]


def _has_push(platform: Platform, name: str) -> bool:
    openid = platform.follower(name).openid
    entries = platform.feed.changes("", 0, openid)["entries"]
    return any(entry["kind"] == "bubble" and entry["data"]["via"] == "push" for entry in entries)
