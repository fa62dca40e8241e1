"""What is logged of a message: how long it took, where, how it reached the follower. Never what was said."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.functions.test_faults import Jobs, Refusing
from tests.support.clock import Clock
from wechat_oa.ai.errors import ModelError
from wechat_oa.ai.usage import note_usage
from wechat_oa.callback.message import parse_message
from wechat_oa.callback.signature import sign
from wechat_oa.correlation import log_correlations
from wechat_oa.identifiers import pseudonym
from wechat_oa.settings import read_settings
from wechat_oa.store.local_table import SqliteTable
from wechat_reply.answering import answer
from wechat_reply.services import Services
from wechat_reply.working import Worker

TOKEN = "logstoken"
API_KEY = "sk-secret-of-the-owner"
OPENID = "oPrivateFollower1234567890ab"
QUESTION, ANSWER = "我的秘密问题", "秘密的回答。"


def message(content: str, msg_id: int, created: int) -> str:
    """Return a text message as WeChat sends it."""
    return (
        f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{OPENID}]]></FromUserName>"
        f"<CreateTime>{created}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{msg_id}</MsgId></xml>"
    )


KEY = parse_message(message(QUESTION, 7, 1).encode()).key


class PlayedModel:
    """Answers at once, and says what it took."""

    def __init__(self, clock: Clock, said: str = ANSWER, failure: ModelError | None = None) -> None:
        self.clock = clock
        self.said = said
        self.failure = failure
        self.tokens: int | None = 42

    async def answer(
        self, messages: Sequence[Mapping[str, Any]], *, seconds: float | None = None
    ) -> AsyncGenerator[str]:
        """See Model."""
        self.clock.now += 2
        if self.said:
            yield self.said
        if self.failure:
            raise self.failure
        note_usage({"usage": {"total_tokens": self.tokens}})

    async def transcribe(self, voice: bytes, file_name: str) -> str:
        """See Model."""
        raise NotImplementedError


class Pushed:
    """An account's voice of which WeChat takes everything, or nothing."""

    def __init__(self, services: Services, takes: bool) -> None:
        self.services = services
        self.takes = takes

    async def typing(self, openid: str) -> None:
        """See Messenger."""

    async def voice(self, media_id: str) -> bytes | None:
        """See Messenger."""
        return None

    async def push(self, key: str) -> bool:
        """See Messenger."""
        return self.takes


class Stage:
    """An account on a table of its own."""

    def __init__(self, folder: Path, clock: Clock, **more: str) -> None:
        settings = read_settings(
            {"WECHAT_TOKEN": TOKEN, "WECHAT_OA_METRICS": "my-stack", "OPENAI_API_KEY": API_KEY, **more}
        )
        self.clock = clock
        self.table = Refusing(SqliteTable(folder / "lines.db", clock))
        self.queue = Jobs()
        self.services = Services(settings, self.table, self.queue, clock)
        self.model = PlayedModel(clock)

    async def deliver(
        self, number: int = 1, content: str = QUESTION, msg_id: int = 7, elapsed: float = 0.0
    ) -> int:
        """Deliver a text as WeChat does for the ``number``-th time; return the status."""
        body = message(content, msg_id, int(self.clock.now) - (number - 1) * 5)
        timestamp = str(int(self.clock.now))
        query = {"timestamp": timestamp, "nonce": "n", "signature": sign(TOKEN, timestamp, "n")}
        return (await answer(self.services, query, body.encode(), elapsed)).status

    async def work(self, *, messenger: bool | None = None) -> None:
        """Do the job that is in the queue; ``messenger`` tells whether WeChat takes what is pushed."""
        pushed = None if messenger is None else Pushed(self.services, messenger)
        await Worker(self.services, lambda _ai: self.model, pushed).work(self.queue.sent[-1])


Staged = Callable[..., Stage]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def staged(tmp_path: Path, clock: Clock) -> Staged:
    return partial(Stage, tmp_path, clock)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    before = logging.getLogRecordFactory()
    log_correlations()
    caplog.set_level(logging.INFO)
    yield caplog
    logging.setLogRecordFactory(before)


def told(lines: pytest.LogCaptureFixture, message: str) -> list[dict[str, Any]]:
    """Return what the lines of a kind tell."""
    return [vars(record) for record in lines.records if record.getMessage() == message]


def counted(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line's figures, as CloudWatch takes them out of it."""
    if "_aws" not in line:
        return {}
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "my-stack"
    return {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]}


async def test_a_message_answered_in_time_is_told_whole(
    staged: Staged, clock: Clock, lines: pytest.LogCaptureFixture
) -> None:
    stage = staged(WECHAT_MSG_AI_TIMEOUT="0.5")
    stage.services.answers.claim(KEY, OPENID, QUESTION)
    stage.queue.sent.append({"kind": "answer", "key": KEY})
    clock.now += 1
    await stage.work()
    assert await stage.deliver(2) == 200

    (written,), (replied,) = told(lines, "answer"), told(lines, "message")
    assert written["correlation"] == replied["correlation"] == replied["answer"] == pseudonym(KEY)
    assert written["delivered"] == "awaited"
    assert written["took"]["queued"] == 1000
    assert {"first", "whole"} <= set(written["took"])
    assert written["took"]["tokens"] == 42
    assert counted(written) == {
        "ModelFirstPiece": written["took"]["first"],
        "ModelTime": written["took"]["whole"],
        "ModelErrors": 0,
        "Tokens": 42,
    }
    assert (replied["attempts"], replied["delivered"], replied["outcome"]) == (2, "passive", "replied")
    assert replied["took"] == written["took"]
    assert replied["seconds"] == 3.0
    assert counted(replied) == {"Messages": 1, "InWindow": 1, "AnswerTime": 3000}


async def test_a_message_without_a_reply_yet_is_not_counted(
    staged: Staged, lines: pytest.LogCaptureFixture
) -> None:
    stage = staged()
    status = await stage.deliver(1)

    (line,) = told(lines, "message")
    assert status == 503
    assert line["outcome"] == "come again"
    assert counted(line) == {}


@pytest.mark.parametrize(
    ("more", "delivered"),
    [
        ({}, "unread"),
        ({"CHAT_URL": "https://chat.example.com/"}, "link"),
        ({"WECHAT_CUSTOMER_MESSAGE": "true"}, "customer-service"),
    ],
)
async def test_an_answer_that_is_not_ready_is_told_with_the_way_its_rest_goes(
    staged: Staged, lines: pytest.LogCaptureFixture, more: dict[str, str], delivered: str
) -> None:
    stage = staged(WECHAT_MSG_AI_TIMEOUT="0.5", **more)
    assert await stage.deliver(3) == 200

    (line,) = told(lines, "message")
    assert line["delivered"] == delivered
    figures = counted(line)
    assert (figures["Messages"], figures["InWindow"]) == (1, 0)
    assert figures["AnswerTime"] >= 500


@pytest.mark.parametrize(
    ("takes", "more", "delivered"),
    [
        (True, {}, "customer-service"),
        (False, {}, "unread"),
        (False, {"CHAT_URL": "https://chat.example.com/"}, "link"),
        (None, {}, "unread"),
    ],
)
async def test_an_answer_after_the_window_is_told_with_the_way_it_went(
    staged: Staged,
    lines: pytest.LogCaptureFixture,
    takes: bool | None,
    more: dict[str, str],
    delivered: str,
) -> None:
    stage = staged(WECHAT_CUSTOMER_MESSAGE="true", **more)
    stage.services.answers.claim(KEY, OPENID, QUESTION)
    stage.queue.sent.append({"kind": "answer", "key": KEY})
    stage.clock.now += 20
    await stage.work(messenger=takes)

    (line,) = told(lines, "answer")
    assert line["delivered"] == delivered
    assert line["seconds"] == 22.0


@pytest.mark.parametrize(
    ("said", "failure", "errors"),
    [("", ModelError("busy", "HTTP 429"), 1), ("开头", ModelError("too_long", "used up"), 0)],
)
async def test_a_model_that_fails_is_counted(
    staged: Staged,
    lines: pytest.LogCaptureFixture,
    said: str,
    failure: ModelError,
    errors: int,
) -> None:
    stage = staged()
    stage.services.answers.claim(KEY, OPENID, QUESTION)
    stage.queue.sent.append({"kind": "answer", "key": KEY})
    stage.model = PlayedModel(stage.clock, said, failure)
    await stage.work()

    (line,) = told(lines, "answer")
    assert line["failure"]
    figures = counted(line)
    assert figures["ModelErrors"] == errors
    assert ("ModelFirstPiece" in figures) == bool(said)
    assert "Tokens" not in figures


async def test_a_job_that_comes_again_is_not_counted_again(
    staged: Staged, lines: pytest.LogCaptureFixture
) -> None:
    stage = staged()
    stage.services.answers.claim(KEY, OPENID, QUESTION)
    stage.queue.sent.append({"kind": "answer", "key": KEY})
    await stage.work()
    await stage.work()

    assert len(told(lines, "answer")) == 1


async def test_an_answer_that_asked_no_model_counts_no_model(
    staged: Staged, lines: pytest.LogCaptureFixture
) -> None:
    stage = staged(WECHAT_DAILY_LIMIT="1")
    for key in (KEY, "another"):
        stage.services.answers.claim(key, OPENID, QUESTION)
        stage.queue.sent.append({"kind": "answer", "key": key})
        await stage.work()

    _, over = told(lines, "answer")
    assert over["failure"] == "over_limit"
    assert counted(over) == {}


async def test_a_reply_that_needs_no_model_is_a_message_and_no_answer(
    staged: Staged, lines: pytest.LogCaptureFixture
) -> None:
    stage = staged()
    assert await stage.deliver(content="帮助") == 200

    (line,) = told(lines, "message")
    assert counted(line) == {"Messages": 1}


async def test_a_store_that_refuses_is_an_error_of_ours(
    staged: Staged, lines: pytest.LogCaptureFixture
) -> None:
    stage = staged(WECHAT_MSG_AI_TIMEOUT="0.5")
    stage.services.config.reply_rules()
    stage.table.refuses = True
    await stage.deliver(3)

    (line,) = told(lines, "message")
    assert line["outcome"] == "store refused"
    assert counted(line)["Errors"] == 1


async def test_nothing_private_is_in_any_line(
    staged: Staged, clock: Clock, lines: pytest.LogCaptureFixture
) -> None:
    stage = staged(WECHAT_MSG_AI_TIMEOUT="0.5", WECHAT_CUSTOMER_MESSAGE="true")
    await stage.deliver(3)
    stage.model.failure = ModelError("busy", "HTTP 429")
    clock.now += 20
    await stage.work(messenger=False)
    await stage.deliver(1, content="继续", msg_id=8)

    everything = str([vars(record) for record in lines.records if record.name.startswith("wechat_")])
    assert len(told(lines, "message")) == 2
    for private in (OPENID, QUESTION, ANSWER, TOKEN, API_KEY, "继续"):
        assert private not in everything


async def test_a_message_has_one_id_from_the_callback_through_the_queue_to_what_is_pushed(
    staged: Staged, clock: Clock, lines: pytest.LogCaptureFixture
) -> None:
    stage = staged(WECHAT_MSG_AI_TIMEOUT="0.5", WECHAT_CUSTOMER_MESSAGE="true")
    await stage.deliver(3)
    stage.model.failure = ModelError("busy", "HTTP 429")
    clock.now += 20
    await stage.work(messenger=True)
    stage.queue.sent.append({"kind": "push", "key": KEY})
    await stage.work(messenger=True)
    await stage.deliver(content="继续", msg_id=8)

    *whole, asked_on = [line for line in map(vars, lines.records) if line["name"].startswith("wechat_")]
    assert [line["msg"] for line in whole] == ["message", "the model failed: %s", "answer", "push"]
    assert {line["correlation"] for line in whole} == {pseudonym(KEY)}
    # 继续 is a message of its own, and says which it asks about.
    assert asked_on["correlation"] != asked_on["answer"] == pseudonym(KEY)


async def test_a_reply_that_comes_when_wechat_has_hung_up_is_not_counted(
    staged: Staged, clock: Clock, lines: pytest.LogCaptureFixture
) -> None:
    stage = staged()
    stage.services.answers.claim(KEY, OPENID, QUESTION)
    stage.queue.sent.append({"kind": "answer", "key": KEY})
    await stage.work()
    await stage.deliver(1, elapsed=5.2)
    clock.now += 3
    await stage.deliver(2)

    late, replied = told(lines, "message")
    assert (late["outcome"], counted(late)) == ("too late", {})
    assert (replied["outcome"], counted(replied)["InWindow"]) == ("replied", 1)
