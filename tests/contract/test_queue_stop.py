"""How SqliteQueue stops, and goes on after it was stopped or killed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.contract.running import Handler, a_few_polls, rows, running, send, until
from wechat_oa.store.local_queue import SqliteQueue

ROOT = Path(__file__).parents[2]


async def test_when_stopped_no_job_starts_and_those_under_way_may_end(
    queue: SqliteQueue, queue_path: Path
) -> None:
    handler = Handler()
    handler.may_end.clear()
    for job in ("a1", "a2", "b1"):
        send(queue, job, job[0])
    stop = asyncio.Event()
    run = asyncio.create_task(queue.run(handler, concurrency=50, stop=stop, grace=10))
    await until(lambda: len(handler.started) == 2)

    stop.set()
    await a_few_polls()
    send(queue, "c1", "c")
    handler.may_end.set()
    await asyncio.wait_for(run, 10)

    assert handler.started == handler.ended == ["a1", "b1"]
    assert handler.cancelled == []
    assert rows(queue_path, "SELECT body, receives FROM jobs") == [('{"job": "a2"}', 0), ('{"job": "c1"}', 0)]


async def test_a_job_that_outlasts_the_grace_is_cancelled_and_stays_as_if_never_taken(
    queue: SqliteQueue, queue_path: Path
) -> None:
    handler = Handler()
    handler.may_end.clear()
    send(queue, "job", "group")

    for stops in range(1, 4):  # more often than it may fail
        async with running(queue, handler, grace=0.001):
            await until(partial(handler.has_started, stops))
    assert handler.cancelled == ["job"] * 3
    assert rows(queue_path, "SELECT receives FROM jobs") == [(0,)]

    handler.may_end.set()
    async with running(queue, handler):
        await until(lambda: handler.ended == ["job"])


async def test_a_runner_that_is_cancelled_itself_leaves_no_job_running(
    queue: SqliteQueue, queue_path: Path
) -> None:
    handler = Handler()
    handler.may_end.clear()
    send(queue, "job", "group")
    run = asyncio.create_task(queue.run(handler, concurrency=1, stop=asyncio.Event()))
    await until(lambda: handler.started)

    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run

    assert handler.cancelled == ["job"]
    assert rows(queue_path, "SELECT receives FROM jobs") == [(0,)]


async def test_a_second_runner_of_the_same_file_stands_by_until_the_first_has_stopped(
    queue: SqliteQueue, queue_path: Path
) -> None:
    first, second = Handler(), Handler()
    other = SqliteQueue(queue_path, poll=0.001)

    async with running(other, second):
        await a_few_polls()
        async with running(queue, first):
            send(queue, "one", "group")
            await until(lambda: second.ended == ["one"])
        assert first.started == []

    async with running(queue, first), running(other, second):
        await a_few_polls()
        send(other, "two", "group")
        await until(lambda: first.ended == ["two"])
    assert second.started == ["one"]
    other.close()


RUN_IN_A_PROCESS = """
import asyncio, sys
from wechat_oa.store.local_queue import SqliteQueue

async def work(body):
    print("taken", flush=True)
    await asyncio.Event().wait()

asyncio.run(SqliteQueue(sys.argv[1], poll=0.01).run(work, concurrency=1, stop=asyncio.Event()))
"""


def run_until_taken_and_kill(queue_path: Path) -> None:
    process = subprocess.Popen(  # noqa: S603 (this very Python)
        [sys.executable, "-c", RUN_IN_A_PROCESS, str(queue_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT / "layers" / "common")},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    process.kill()
    process.communicate(timeout=30)


async def test_a_job_under_way_in_a_killed_process_is_taken_again_at_once(
    queue: SqliteQueue, queue_path: Path
) -> None:
    handler = Handler()
    send(queue, "job", "group")
    await asyncio.to_thread(run_until_taken_and_kill, queue_path)
    assert rows(queue_path, "SELECT receives FROM jobs") == [(1,)]

    async with running(queue, handler):
        await until(lambda: handler.ended == ["job"])


async def test_a_job_that_two_killed_processes_were_working_on_is_set_aside(
    queue: SqliteQueue, queue_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handler = Handler()
    send(queue, "fatal", "group")
    send(queue, "next", "group")
    for _ in range(2):
        await asyncio.to_thread(run_until_taken_and_kill, queue_path)

    async with running(queue, handler):
        await until(lambda: handler.ended == ["next"])

    assert handler.started == ["next"]
    assert rows(queue_path, "SELECT body, error FROM dead") == [('{"job": "fatal"}', "Interrupted")]
    assert "Job 1 failed 2 times and is set aside: Interrupted" in caplog.text
