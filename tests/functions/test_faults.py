"""Worker, queue, table, model or process break: the follower is answered or told."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.account import Follower, client, environment, running, running_here
from tests.support.serving import serving
from tests.support.upstream import Behaviour, Upstream
from tests.support.waiting import until
from wechat_oa.ai.model import Models
from wechat_oa.answers import STALE_SECONDS
from wechat_oa.settings import read_settings
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import Item, StoreError
from wechat_oa.texts import DEFAULT_TEXTS
from wechat_reply.services import Services
from wechat_reply.working import Worker
from wechat_reply.writing import Writer

ANSWER = "".join(f"这是第{n}句话，内容并不长。" for n in range(1, 21))


class Jobs:
    """A queue that keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, body: Mapping[str, Any], *, group: str, deduplication_id: str) -> None:
        """Keep the job."""
        assert group
        assert deduplication_id
        self.sent.append(dict(body))


class Refusing:
    """A table that refuses while it is told to."""

    def __init__(self, table: SqliteTable) -> None:
        self._table = table
        self.refuses = False

    def _check(self) -> None:
        if self.refuses:
            raise StoreError("refused")

    def get(self, pk: str, sk: str) -> Item | None:
        """See Table."""
        self._check()
        return self._table.get(pk, sk)

    def put(self, item: Mapping[str, Any], *, unless_exists: bool = False) -> bool:
        """See Table."""
        self._check()
        return self._table.put(item, unless_exists=unless_exists)

    def update(self, pk: str, sk: str, **changes: Any) -> Item | None:
        """See Table."""
        self._check()
        return self._table.update(pk, sk, **changes)

    def query(self, pk: str, *, after: str = "", limit: int = 50, newest_first: bool = False) -> list[Item]:
        """See Table."""
        self._check()
        return self._table.query(pk, after=after, limit=limit, newest_first=newest_first)

    def delete(self, pk: str, sk: str) -> None:
        """See Table."""
        self._check()
        self._table.delete(pk, sk)

    def close(self) -> None:
        """Close the table."""
        self._table.close()


class Desk:
    """A worker on a table of its own, asking an upstream."""

    def __init__(self, folder: Path, address: str, **more: str) -> None:
        self.table = Refusing(SqliteTable(folder / "table.db"))
        self.queue = Jobs()
        self.services = Services(read_settings(environment(folder, address, **more)), self.table, self.queue)
        self.models = Models()
        self.worker = Worker(self.services, self.models, None)

    def claim(self, key: str = "k", question: str = "问") -> dict[str, Any]:
        """A follower has asked: return the job."""
        self.services.answers.claim(key, "openid", question)
        return {"kind": "answer", "key": key}

    def answer(self, key: str = "k") -> Any:
        """The answer as it stands."""
        return self.services.answers.get(key)


@pytest.fixture
async def upstream() -> AsyncGenerator[tuple[Upstream, str]]:
    service = Upstream(lambda _: Behaviour(ANSWER))
    async with serving(service.app()) as address:
        yield service, address


MakeDesk = Callable[..., Desk]


@pytest.fixture
async def make_desk(tmp_path: Path, upstream: tuple[Upstream, str]) -> AsyncGenerator[MakeDesk]:
    desks: list[Desk] = []

    def make(**more: str) -> Desk:
        desks.append(Desk(tmp_path, upstream[1], **more))
        return desks[-1]

    yield make
    for desk in desks:
        await desk.models.close()
        desk.table.close()


async def test_a_worker_killed_in_mid_answer_is_replaced_and_the_follower_answered(
    tmp_path: Path, upstream: tuple[Upstream, str]
) -> None:
    service, address = upstream
    service.script = lambda _: Behaviour(ANSWER, seconds=4 if len(service.calls) == 1 else 0.1)
    settings = environment(tmp_path, address)
    async with running(settings) as server, client() as http:
        follower = Follower("等待者", server.callback_url, http)
        asking = asyncio.create_task(follower.send("问"))
        await until(lambda: service.calls)
        await asyncio.sleep(1)
        await server.end(signal.SIGKILL)
        with contextlib.closing(sqlite3.connect(tmp_path / "table.db", isolation_level=None)) as db:
            (text,) = db.execute("SELECT item->>'text' FROM items WHERE pk LIKE 'answer#%'").fetchone()
            assert 0 < len(text) < len(ANSWER), "killed in the middle"
            # The new process may not take over before the old one has been silent for long enough.
            db.execute("UPDATE items SET item = json_set(item, '$.beat', 1.0) WHERE pk LIKE 'answer#%'")
        await server.start()
        await asking
        await until(lambda: len(service.calls) == 2)
        read = await follower.say("继续")
        if not read.endswith("。") or ANSWER not in read:
            read += await follower.say("继续")
        assert ANSWER in read


async def test_a_restart_with_an_answer_pending_answers_it(
    tmp_path: Path, upstream: tuple[Upstream, str]
) -> None:
    service, address = upstream
    service.script = lambda _: Behaviour(ANSWER, seconds=2)
    async with running(environment(tmp_path, address)) as server, client() as http:
        follower = Follower("等待者", server.callback_url, http)
        asking = asyncio.create_task(follower.send("问"))
        await until(lambda: service.calls)
        # Asked to stop, the server finishes what is under way before it goes.
        await server.end()
        await server.start()
        delivery = await asking
        assert delivery.reply is not None
        assert delivery.reply.content["content"] == ANSWER
        assert len(service.calls) == 1


async def test_an_answer_that_outlasts_the_end_of_a_process_is_written_by_the_next_at_once(
    make_desk: MakeDesk, upstream: tuple[Upstream, str]
) -> None:
    service, _ = upstream
    service.script = lambda _: Behaviour(ANSWER, seconds=60 if len(service.calls) == 1 else 0)
    desk = make_desk()
    job = desk.claim()
    working = asyncio.create_task(desk.worker.work(job))
    await until(lambda: desk.answer().text)
    working.cancel()
    await asyncio.wait([working])
    assert not desk.answer().finished
    # Well before the first one would be thought dead.
    await asyncio.wait_for(desk.worker.work(job), 10)
    assert desk.answer().text == ANSWER


async def test_a_job_delivered_again_after_its_end_asks_nothing(
    make_desk: MakeDesk, upstream: tuple[Upstream, str]
) -> None:
    service, _ = upstream
    desk = make_desk()
    job = desk.claim()
    await desk.worker.work(job)
    await desk.worker.work(job)
    assert len(service.calls) == 1
    assert desk.answer().text == ANSWER


async def test_a_job_delivered_twice_at_once_asks_once(
    make_desk: MakeDesk, upstream: tuple[Upstream, str]
) -> None:
    service, _ = upstream
    service.script = lambda _: Behaviour(ANSWER, seconds=0.5)
    desk = make_desk()
    job = desk.claim()
    await asyncio.gather(desk.worker.work(job), desk.worker.work(job))
    assert len(service.calls) == 1
    assert desk.answer().text == ANSWER


async def test_the_table_refusing_for_a_while_loses_nothing(
    make_desk: MakeDesk, upstream: tuple[Upstream, str]
) -> None:
    service, _ = upstream
    service.script = lambda _: Behaviour(ANSWER, seconds=1)
    desk = make_desk()
    job = desk.claim()
    working = asyncio.create_task(desk.worker.work(job))
    await until(lambda: service.calls)
    desk.table.refuses = True
    await asyncio.sleep(1.5)
    desk.table.refuses = False
    await working
    assert len(service.calls) == 1
    assert desk.answer().text == ANSWER


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [
        (Behaviour(status=400), "refused"),
        (Behaviour(status=401), "misconfigured"),
        (Behaviour(status=429), "busy"),
        (Behaviour(status=500), "busy"),
        (Behaviour(raw="<html>"), "empty"),
        (Behaviour(raw="data: {not json}\n\n"), "unavailable"),
        (Behaviour(raw='data: {"error": {"message": "secret question"}}\n\n'), "unavailable"),
        (Behaviour(raw=""), "empty"),
        (Behaviour(text=" \n", pieces=1), "empty"),
        (Behaviour(seconds=30, silent_until_end=True), "timeout"),
    ],
)
async def test_a_model_that_fails_is_said(
    make_desk: MakeDesk, upstream: tuple[Upstream, str], behaviour: Behaviour, text: str
) -> None:
    service, _ = upstream
    service.script = lambda _: behaviour
    desk = make_desk(OPENAI_TIMEOUT="3")
    await desk.worker.work(desk.claim())
    answer = desk.answer()
    assert answer.finished
    assert answer.text.strip() == DEFAULT_TEXTS[text]
    assert desk.services.conversations.recent("openid") == [], "a failure is not remembered"


async def test_a_model_that_breaks_off_keeps_what_came_and_says_so(
    make_desk: MakeDesk, upstream: tuple[Upstream, str]
) -> None:
    service, _ = upstream
    service.script = lambda _: Behaviour(ANSWER, pieces=10, breaks_after=5)
    desk = make_desk()
    await desk.worker.work(desk.claim())
    answer = desk.answer()
    assert answer.text == ANSWER[: 5 * -(-len(ANSWER) // 10)] + f"\n\n（{DEFAULT_TEXTS['unavailable']}）"


async def test_a_taken_over_answer_keeps_what_the_follower_has_read(make_desk: MakeDesk) -> None:
    desk = make_desk()
    job = desk.claim()
    answers = desk.services.answers
    answers.begin("k", "dead worker")
    answers.write("k", "dead worker", "已经读过的。还没读过的。")
    answers.hand_over("k", "delivery", lambda _text, _start, _final: 6, unfinished=True)
    desk.table.update("answer#k", "-", set={"beat": 1.0})
    await desk.worker.work(job)
    assert desk.answer().text == "已经读过的。" + DEFAULT_TEXTS["restarted"] + ANSWER
    assert desk.services.conversations.recent("openid") == [{"question": "问", "answer": ANSWER}]


async def test_an_answer_whose_writer_is_gone_is_given_up_when_asked_for(
    tmp_path: Path, upstream: tuple[Upstream, str]
) -> None:
    service, address = upstream
    service.script = lambda _: Behaviour(ANSWER, seconds=20)
    async with running_here(environment(tmp_path, address)) as url, client() as http:
        follower = Follower("等待者", f"{url}/wechat/reply", http)
        table = SqliteTable(tmp_path / "table.db")
        services = Services(read_settings(environment(tmp_path, address)), table, Jobs())
        services.answers.claim("lost", follower.openid, "问")
        begun = services.answers.begin("lost", "dead worker")
        assert begun
        services.answers.note_unread(begun)
        table.update("answer#lost", "-", set={"beat": 1.0})
        assert await follower.say("继续") == DEFAULT_TEXTS["abandoned"].strip()
        await Worker(services, Models(), None).work({"kind": "answer", "key": "lost"})
        assert service.calls == [], "the model is not run for an answer that was given up"
        table.close()


async def test_a_worker_gives_signs_of_life_before_the_model_says_anything(
    make_desk: MakeDesk, upstream: tuple[Upstream, str]
) -> None:
    desk = make_desk()
    writer = Writer(desk.services, desk.claim()["key"])
    await writer.begin()
    desk.table.update("answer#k", "-", set={"beat": 1.0})
    await until(lambda: desk.answer().beat > 1.0)
    await writer.stop()


@pytest.mark.parametrize("refuses", [False, True])
async def test_an_answer_can_be_gone_on_with_though_the_table_refused_to_note_that(
    make_desk: MakeDesk, refuses: bool
) -> None:
    desk = make_desk()
    writer = Writer(desk.services, desk.claim()["key"])
    await writer.begin()
    desk.table.refuses = refuses
    await asyncio.sleep(0)  # while the model is asked
    desk.table.refuses = False
    assert (desk.services.answers.unread("openid") is None) is refuses
    await writer.finish("busy")
    assert desk.services.answers.unread("openid")


async def test_time_spent_before_the_model_is_not_the_models(
    make_desk: MakeDesk, upstream: tuple[Upstream, str]
) -> None:
    service, _ = upstream
    service.script = lambda _: Behaviour(ANSWER, seconds=60)
    desk = make_desk()
    job = desk.claim()
    # Another worker seems to be writing for the first second.
    desk.services.answers.begin("k", "other")
    desk.table.update("answer#k", "-", set={"beat": time.time() - STALE_SECONDS + 1})
    began = time.monotonic()
    await desk.worker.work(job, seconds=3)
    assert time.monotonic() - began < 4.5
    assert DEFAULT_TEXTS["timeout"] in desk.answer().text


async def test_a_follower_over_the_daily_limit_is_told(
    make_desk: MakeDesk, upstream: tuple[Upstream, str]
) -> None:
    service, _ = upstream
    desk = make_desk(WECHAT_FOLLOWER_DAILY_LIMIT="2")
    for number in range(3):
        await desk.worker.work(desk.claim(f"k{number}"))
    assert len(service.calls) == 2
    assert desk.answer("k2").text == DEFAULT_TEXTS["over_limit"]


async def test_the_callback_while_the_table_refuses_asks_wechat_to_come_again(
    tmp_path: Path, upstream: tuple[Upstream, str]
) -> None:
    """The table refuses for 6 seconds, the second attempt is answered."""
    _, address = upstream
    async with running(environment(tmp_path, address)) as server, client() as http:
        follower = Follower("等待者", server.callback_url, http)
        await follower.say("你好")
        blocker = sqlite3.connect(tmp_path / "table.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        asking = asyncio.create_task(follower.send("再问"))
        await asyncio.sleep(6)
        blocker.execute("ROLLBACK")
        blocker.close()
        delivery = await asking
        assert delivery.reply is not None
        assert delivery.reply.content["content"] == ANSWER


async def test_health_says_when_it_is_ready(tmp_path: Path, upstream: tuple[Upstream, str]) -> None:
    _, address = upstream
    async with running_here(environment(tmp_path, address)) as url, client() as http:
        health = await http.get(f"{url}/health")
        assert health.json() == {
            "status": "ok",
            "table": "ok",
            "account": "configured",
            "model": "configured",
        }
