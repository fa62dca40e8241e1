"""What SqliteQueue does with jobs that fail."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.contract.backends import Clock
from tests.contract.running import Handler, a_few_polls, rows, running, send, until
from wechat_oa.store.local_queue import SqliteQueue

Body = dict[str, Any]


async def test_a_failed_job_is_tried_again_after_the_delay_while_only_its_group_waits(
    queue: SqliteQueue, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    handler = Handler()
    handler.fail = {"a1": 1}
    for job in ("a1", "a2", "b1"):
        send(queue, job, job[0])

    async with running(queue, handler):
        await until(lambda: handler.ended == ["b1"])
        clock.now += 9.9
        await a_few_polls()
        assert handler.started == ["a1", "b1"]

        clock.now += 0.1
        await until(lambda: handler.ended == ["b1", "a1", "a2"])

    assert handler.started == ["a1", "b1", "a1", "a2"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_a_job_that_fails_twice_is_set_aside_and_its_group_goes_on(
    queue: SqliteQueue, queue_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    handler = Handler()
    handler.fail = {"a1": 2}
    send(queue, "a1", "openid-of-a")
    send(queue, "a2", "openid-of-a")

    async with running(queue, handler):
        await until(lambda: handler.fail == {"a1": 1})
        clock.now += 10
        await until(lambda: handler.ended == ["a2"])

    assert handler.started == ["a1", "a1", "a2"]
    assert rows(queue_path, "SELECT group_id, body, error, died_at FROM dead") == [
        ("openid-of-a", '{"job": "a1"}', "LookupError", clock.now)
    ]
    assert rows(queue_path, "SELECT * FROM jobs") == []
    (error,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert error.getMessage() == "Job 1 failed 2 times and is set aside: LookupError"
    assert not any(secret in caplog.text for secret in ("openid-of-a", "what the follower wrote", "a1"))


async def test_dead_jobs_are_kept_for_fourteen_days(queue_path: Path, clock: Clock) -> None:
    queue = SqliteQueue(queue_path, clock, max_receives=1, poll=0.001)
    handler = Handler()
    handler.fail = {"first": 1, "second": 1, "third": 1}
    dead = "SELECT body FROM dead ORDER BY id"

    async with running(queue, handler):
        for job, days in (("first", 13), ("second", 1), ("third", 0)):
            send(queue, job, "group")
            await until(lambda: not rows(queue_path, "SELECT 1 FROM jobs"))
            clock.now += days * 86400

    assert rows(queue_path, dead) == [('{"job": "second"}',), ('{"job": "third"}',)]
    queue.close()


async def test_a_handler_that_cancels_itself_has_failed(queue_path: Path) -> None:
    queue = SqliteQueue(queue_path, max_receives=1, poll=0.001)

    async def work(_: Body) -> None:
        raise asyncio.CancelledError

    send(queue, "job", "group")
    async with running(queue, work):
        await until(lambda: rows(queue_path, "SELECT 1 FROM dead"))

    assert rows(queue_path, "SELECT error FROM dead") == [("CancelledError",)]
    queue.close()


async def test_a_finished_job_is_not_run_again_though_the_file_was_locked_when_it_ended(
    queue_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    queue = SqliteQueue(queue_path, poll=0.001, timeout=0.001)
    handler = Handler()
    handler.may_end.clear()
    send(queue, "job", "group")
    other = sqlite3.connect(queue_path, isolation_level=None)

    async with running(queue, handler):
        await until(lambda: handler.started)
        other.execute("BEGIN IMMEDIATE")
        handler.may_end.set()
        await until(lambda: "cannot be written: DeleteMessage: SQLITE_BUSY" in caplog.text)
        await until(lambda: "cannot be read: ReceiveMessage: SQLITE_BUSY" in caplog.text)
        other.execute("ROLLBACK")
        await until(lambda: not rows(queue_path, "SELECT 1 FROM jobs"))
        await a_few_polls()

    assert handler.started == ["job"]
    other.close()
    queue.close()
