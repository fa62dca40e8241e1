"""How SqliteQueue works through its jobs: their order, how many at once, how soon."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.contract.backends import Clock
from tests.contract.running import Handler, a_few_polls, rows, running, send, until
from wechat_oa.store.local_queue import SqliteQueue

Body = dict[str, Any]


async def test_jobs_of_one_group_never_overlap_and_keep_their_order(queue: SqliteQueue) -> None:
    handler = Handler()
    overlapping: list[bool] = []
    active: set[str] = set()

    async def work(body: Body) -> None:
        group = body["job"][0]
        overlapping.append(group in active)
        active.add(group)
        for _ in range(3):
            await asyncio.sleep(0)
        active.discard(group)
        await handler(body)

    for number in range(20):
        for group in "ab":
            send(queue, f"{group}{number:02}", group)
    async with running(queue, work):
        await until(lambda: len(handler.ended) == 40)

    assert not any(overlapping)
    for group in "ab":
        assert [job for job in handler.ended if job[0] == group] == [f"{group}{n:02}" for n in range(20)]


async def test_groups_run_side_by_side_up_to_the_concurrency_and_oldest_first(queue: SqliteQueue) -> None:
    handler = Handler()
    handler.may_end.clear()
    for number in range(10):
        send(queue, f"job{number}", f"group{number}")

    async with running(queue, handler, concurrency=3):
        await until(lambda: len(handler.started) >= 3)
        await a_few_polls()
        assert handler.started == ["job0", "job1", "job2"]

        handler.may_end.set()
        await until(lambda: len(handler.ended) == 10)

    assert handler.started == [f"job{number}" for number in range(10)]


async def test_a_group_with_many_jobs_does_not_keep_others_waiting(queue: SqliteQueue) -> None:
    handler = Handler()
    handler.may_end.clear()
    for number in range(10):
        send(queue, f"busy{number}", "busy")
    send(queue, "other", "other")

    async with running(queue, handler, concurrency=2):
        await until(lambda: len(handler.started) == 2)
        assert handler.started == ["busy0", "other"]
        handler.may_end.set()
        await until(lambda: len(handler.ended) == 11)


async def test_a_slow_job_does_not_keep_the_other_groups_waiting(queue: SqliteQueue) -> None:
    handler = Handler()
    slow_may_end = asyncio.Event()

    async def work(body: Body) -> None:
        if body["job"] == "slow":
            await slow_may_end.wait()
        await handler(body)

    for job in ("slow", "one", "two", "three"):
        send(queue, job, job)
    async with running(queue, work, concurrency=2):
        await until(lambda: handler.ended == ["one", "two", "three"])
        slow_may_end.set()
        await until(lambda: len(handler.ended) == 4)


async def test_older_jobs_that_become_ready_together_do_not_exceed_the_concurrency(
    queue: SqliteQueue, clock: Clock
) -> None:
    # Given two jobs that wait to be tried again, and a newer one under way
    handler = Handler()
    handler.fail = {"old 1": 1, "old 2": 1}
    for job in ("old 1", "old 2"):
        send(queue, job, job)
    async with running(queue, handler, concurrency=2):
        await until(lambda: handler.fail == {"old 1": 0, "old 2": 0})
        handler.may_end.clear()
        send(queue, "new", "new")
        await until(lambda: "new" in handler.started)

        # When both are due, then only one of them starts beside it
        clock.now += 10
        await until(lambda: len(handler.started) == 4)
        await a_few_polls()
        assert handler.started == ["old 1", "old 2", "new", "old 1"]
        handler.may_end.set()
        await until(lambda: len(handler.ended) == 3)


async def test_two_hundred_jobs_of_two_hundred_groups_start_before_any_has_ended(queue: SqliteQueue) -> None:
    handler = Handler()
    handler.may_end.clear()
    for number in range(200):
        send(queue, f"job{number}", f"group{number}")

    async with running(queue, handler, concurrency=200):
        async with asyncio.timeout(1):
            await until(lambda: len(handler.started) == 200)
        handler.may_end.set()
        await until(lambda: len(handler.ended) == 200)


@pytest.mark.parametrize("sender", ["the loop", "another thread"])
async def test_a_job_sent_in_this_process_starts_without_waiting_for_a_poll(
    queue_path: Path, sender: str
) -> None:
    # Given a runner that is the only thing on its loop, and would not look again for an hour
    queue = SqliteQueue(queue_path, poll=3600)
    ended = asyncio.Event()

    async def work(_: Body) -> None:
        ended.set()

    async with running(queue, work):
        await a_few_polls()

        # When a job is sent
        loop = asyncio.get_running_loop()
        if sender == "the loop":
            loop.call_later(0.01, send, queue, "job", "group")
        else:
            threading.Timer(0.01, send, (queue, "job", "group")).start()

        # Then it runs
        await asyncio.wait_for(ended.wait(), 5)
    queue.close()


async def test_a_job_sent_by_another_process_is_found(queue: SqliteQueue, queue_path: Path) -> None:
    handler = Handler()
    other = SqliteQueue(queue_path)

    async with running(queue, handler):
        await a_few_polls()
        send(other, "job", "group")
        await until(lambda: handler.ended == ["job"])
    other.close()


async def test_sending_goes_on_when_a_runner_has_gone_with_its_loop(queue_path: Path) -> None:
    queue = SqliteQueue(queue_path)
    await asyncio.to_thread(asyncio.run, _run_for_a_moment(queue))

    send(queue, "job", "group")

    assert rows(queue_path, "SELECT count(*) FROM jobs") == [(1,)]
    queue.close()


async def _run_for_a_moment(queue: SqliteQueue) -> None:
    async with running(queue, Handler()):
        await asyncio.sleep(0)
