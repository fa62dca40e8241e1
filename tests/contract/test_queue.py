"""What every Queue promises to those who send, held against SQLite and SQS (as moto plays it)."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest
from botocore.config import Config
from botocore.stub import Stubber

from tests.contract.backends import Clock, aws_client
from wechat_oa.store.aws_queue import SqsQueue
from wechat_oa.store.local_queue import SqliteQueue
from wechat_oa.store.queue import Queue
from wechat_oa.store.table import StoreError


class Consumer(Protocol):
    """The other end of a queue."""

    queue: Queue

    async def first_ones(self) -> list[Any]:
        """Return the jobs that start while none ends, and give them back."""
        ...

    async def all(self) -> list[Any]:
        """Return every job, each ended before the next is taken."""
        ...


class SqliteConsumer:
    def __init__(self, queue: SqliteQueue, path: Path) -> None:
        self.queue: Queue = queue
        self._sqlite = queue
        self._path = path

    async def first_ones(self) -> list[Any]:
        started: list[Any] = []
        stop = asyncio.Event()

        async def work(body: dict[str, Any]) -> None:
            started.append(body)
            await asyncio.Event().wait()

        run = asyncio.create_task(self._sqlite.run(work, concurrency=50, stop=stop, grace=0))
        for _ in range(10):
            await asyncio.sleep(0)
        stop.set()
        await run
        return started

    async def all(self) -> list[Any]:
        done: list[Any] = []
        stop = asyncio.Event()

        async def work(body: dict[str, Any]) -> None:
            done.append(body)

        run = asyncio.create_task(self._sqlite.run(work, concurrency=1, stop=stop))
        connection = sqlite3.connect(self._path)
        while connection.execute("SELECT 1 FROM jobs").fetchone():  # noqa: ASYNC110
            await asyncio.sleep(0)
        connection.close()
        stop.set()
        await run
        return done


class SqsConsumer:
    def __init__(self, client: Any) -> None:
        name = f"queue-{uuid4().hex}.fifo"
        self._client = client
        self._url = client.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
        self.queue: Queue = SqsQueue(client, self._url)

    def _receive(self) -> dict[str, Any] | None:
        received = self._client.receive_message(QueueUrl=self._url, MaxNumberOfMessages=1)
        return received["Messages"][0] if "Messages" in received else None

    async def first_ones(self) -> list[Any]:
        messages = []
        while message := self._receive():
            messages.append(message)
        for message in messages:
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return [json.loads(message["Body"]) for message in messages]

    async def all(self) -> list[Any]:
        bodies = []
        while message := self._receive():
            bodies.append(json.loads(message["Body"]))
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return bodies


@pytest.fixture(params=["sqlite", "moto"])
async def consumer(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Consumer]:
    if request.param == "moto":
        yield SqsConsumer(request.getfixturevalue("moto")("sqs"))
        return
    path = tmp_path / "queue.db"
    queue = SqliteQueue(path, clock)
    yield SqliteConsumer(queue, path)
    queue.close()


async def test_jobs_come_out_whole_and_in_the_order_they_were_sent(consumer: Consumer) -> None:
    bodies = [
        {"text": "你好 🌏\x00\x1f\x7f\ufffe\n", "number": 1, "half": 0.5, "yes": True, "none": None},
        {"list": [1, {"a": []}], "large": 10**30},
        {},
    ]
    for number, body in enumerate(bodies):
        consumer.queue.send(body, group="o1", deduplication_id=str(number))

    assert await consumer.all() == bodies


async def test_within_a_group_a_job_waits_for_the_one_before_it(consumer: Consumer) -> None:
    for number, group in enumerate("abacb"):
        consumer.queue.send({"of": group, "number": number}, group=group, deduplication_id=str(number))

    started = await consumer.first_ones()

    assert started == [{"of": "a", "number": 0}, {"of": "b", "number": 1}, {"of": "c", "number": 3}]
    assert [body["number"] for body in await consumer.all()] == [0, 1, 2, 3, 4]


async def test_a_job_sent_twice_is_accepted_and_dropped(consumer: Consumer) -> None:
    consumer.queue.send({"try": 1}, group="o1", deduplication_id="message 1")
    consumer.queue.send({"try": 2}, group="o1", deduplication_id="message 1")
    consumer.queue.send({"try": 1}, group="o1", deduplication_id="message 2")

    assert await consumer.all() == [{"try": 1}, {"try": 1}]


ODD_TEXTS = [
    "",
    " ",
    "a b",
    "页",
    "x" * 129,
    "\x00",
    "\ud800",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "o" * 128,
]


async def test_group_and_deduplication_id_may_be_any_text(consumer: Consumer) -> None:
    for text in ODD_TEXTS:
        consumer.queue.send({"of": ascii(text)}, group=text, deduplication_id=text)
        consumer.queue.send({"of": "second"}, group=text, deduplication_id=text)

    assert await consumer.first_ones() == [{"of": ascii(text)} for text in ODD_TEXTS]
    assert await consumer.all() == [{"of": ascii(text)} for text in ODD_TEXTS]


@pytest.mark.parametrize(
    ("error", "value"), [(TypeError, b"bytes"), (TypeError, {1: "a"}), (ValueError, float("nan"))], ids=repr
)
async def test_a_body_that_is_not_json_is_refused(
    consumer: Consumer, error: type[Exception], value: object
) -> None:
    with pytest.raises(error):
        consumer.queue.send({"value": value}, group="o1", deduplication_id="1")

    assert await consumer.all() == []


# The clock of moto is the real one, and it forgets the messages that were deleted, where SQS does not.


async def test_a_job_sent_again_is_dropped_for_five_minutes_even_when_the_first_has_ended(
    tmp_path: Path, clock: Clock
) -> None:
    queue = SqliteQueue(tmp_path / "queue.db", clock)
    consumer = SqliteConsumer(queue, tmp_path / "queue.db")

    queue.send({"at": 0}, group="o1", deduplication_id="1")
    assert await consumer.all() == [{"at": 0}]

    clock.now += 299
    queue.send({"at": 299}, group="o1", deduplication_id="1")
    assert await consumer.all() == []

    clock.now += 1
    queue.send({"at": 300}, group="o1", deduplication_id="1")
    assert await consumer.all() == [{"at": 300}]
    queue.close()


TOKENS = {
    "oAbc-_1": "oAbc-_1",
    "x" * 128: "x" * 128,
    "x" * 129: "0ec9eb33e74510bcdd1f2ea55206e82f21649c5c2becbf2b433eb475b34c01bd",
    "页": "d24d3c99460c7e3aca18732df7e5f21626ba0378fd1add65872ca9ac59187d36",
}


@pytest.mark.parametrize(
    ("text", "token"), TOKENS.items(), ids=["openid", "longest", "too long", "not ASCII"]
)
def test_sqs_is_given_plain_tokens_as_they_are_and_other_texts_as_a_digest(text: str, token: str) -> None:
    client = aws_client("sqs")
    with Stubber(client) as stubber:
        expected = {
            "QueueUrl": "https://queue",
            "MessageBody": '{"a":"\\u9875"}',
            "MessageGroupId": token,
            "MessageDeduplicationId": token,
        }
        stubber.add_response("send_message", {"MessageId": "1", "MD5OfMessageBody": "1"}, expected)

        SqsQueue(client, "https://queue").send({"a": "页"}, group=text, deduplication_id=text)

        stubber.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["RequestThrottled", "InternalError", "AccessDenied"])
def test_what_sqs_refuses_is_a_store_error(code: str) -> None:
    client = aws_client("sqs")
    with Stubber(client) as stubber:
        stubber.add_client_error("send_message", code, "the body")

        with pytest.raises(StoreError, match=f"^SendMessage: {code}$"):
            SqsQueue(client, "https://queue").send({}, group="o1", deduplication_id="1")


def test_an_sqs_that_cannot_be_reached_is_a_store_error() -> None:
    client = aws_client(
        "sqs",
        endpoint_url="http://127.0.0.1:9",
        config=Config(connect_timeout=0.2, read_timeout=0.2, retries={"total_max_attempts": 1}),
    )

    with pytest.raises(StoreError, match=r"^SendMessage: EndpointConnectionError$"):
        SqsQueue(client, "http://127.0.0.1:9/queue").send({}, group="o1", deduplication_id="1")


def test_a_sqlite_file_that_stays_locked_is_a_store_error_and_nothing_is_sent(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue.db", timeout=0.01)
    other = sqlite3.connect(tmp_path / "queue.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreError, match=r"^SendMessage: SQLITE_BUSY$"):
        queue.send({}, group="o1", deduplication_id="1")

    other.execute("ROLLBACK")
    assert other.execute("SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM sent)").fetchone() == (
        0,
    )
    other.close()
    queue.close()
