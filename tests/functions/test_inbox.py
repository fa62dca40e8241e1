"""What followers wrote and how it was answered, as the owner finds it: by model, by rule, or not at all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.account import TOKEN
from tests.support.callback import OPENID, deliver, text
from tests.support.clock import Clock
from wechat_oa.ai.errors import ModelError
from wechat_oa.inbox import Exchange, Inbox
from wechat_oa.settings import AiSettings, read_settings
from wechat_oa.store.local_queue import SqliteQueue
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import StoreError
from wechat_reply.services import Services
from wechat_reply.working import Worker

RULES = {"keywords": [{"words": ["营业时间"], "reply": "九点到六点"}]}


class Table(SqliteTable):
    """A table that can refuse to note what was said."""

    refuses = False

    def put(self, item: Mapping[str, Any], *, unless_exists: bool = False) -> bool:
        if self.refuses and item["pk"].startswith(("turns#", "inbox#")):
            raise StoreError("PutItem: ThrottlingException")
        return super().put(item, unless_exists=unless_exists)


class Model:
    """Answers, or fails."""

    def __init__(self, said: str | ModelError) -> None:
        self._said = said
        self.asked: list[list[dict[str, Any]]] = []

    async def answer(
        self, messages: list[dict[str, Any]], *, seconds: float | None = None
    ) -> AsyncGenerator[str]:
        self.asked.append(messages)
        if isinstance(self._said, ModelError):
            raise self._said
        yield self._said

    async def transcribe(self, voice: bytes, file_name: str) -> str:
        raise AssertionError


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(tmp_path: Path, clock: Clock) -> Table:
    return Table(tmp_path / "table.db", clock)


@pytest.fixture
def account(table: Table, clock: Clock, tmp_path: Path) -> Iterator[Services]:
    settings = read_settings({"WECHAT_TOKEN": TOKEN, "WECHAT_MSG_AI_TIMEOUT": "0.5"})
    queue = SqliteQueue(tmp_path / "queue.db", clock)
    services = Services(settings, table, queue, clock)
    services.config.save_reply_rules(RULES)
    yield services
    queue.close()


async def work(account: Services, question: str, said: str | ModelError, key: str = "m1") -> Model:
    """Let a worker do the job of a question."""
    model = Model(said)

    def chosen(_settings: AiSettings) -> Model:
        return model

    assert isinstance(account.clock, Clock)
    account.clock.pass_by(1)
    account.answers.claim(key, OPENID, question)
    await Worker(account, chosen, None).work({"kind": "answer", "key": key})
    return model


def inbox(account: Services) -> list[Exchange]:
    return Inbox(account.table, account.clock).recent(limit=50)


async def test_what_a_rule_answers_is_in_the_inbox_once_however_often_wechat_delivers_it(
    account: Services,
) -> None:
    for _ in range(3):
        assert "九点到六点" in await deliver(account, text("营业时间"))

    (found,) = inbox(account)
    assert (found.question, found.answer, found.failure) == ("营业时间", "九点到六点", "")
    assert found.openid == OPENID


async def test_what_has_no_words_is_there_by_its_kind(account: Services) -> None:
    await deliver(account, "<MsgType>video</MsgType><MediaId>m</MediaId>")

    assert [each.question for each in inbox(account)] == ["[视频]"]


async def test_events_and_commands_are_nobodys_words(account: Services) -> None:
    await deliver(account, "<MsgType>event</MsgType><Event>subscribe</Event>", 1)
    await deliver(account, text("清空"), 2)

    assert inbox(account) == []


async def test_clearing_takes_what_rules_answered_too(account: Services, table: Table) -> None:
    await deliver(account, text("营业时间"), 1)
    await deliver(account, text("清空"), 2)

    assert inbox(account) == []
    assert [item["sk"] for item in table.query(f"turns#{OPENID}", limit=10)] == ["forgotten"]


async def test_a_reply_does_not_wait_for_a_note_that_cannot_be_made(
    account: Services, table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    table.refuses = True

    assert "九点到六点" in await deliver(account, text("营业时间"))
    assert "exchange not noted" in caplog.text


async def test_the_model_knows_what_a_rule_has_said(account: Services) -> None:
    await deliver(account, text("营业时间"))

    model = await work(account, "周末呢？", "周末休息")

    assert "九点到六点" in str(model.asked)
    assert [each.answer for each in inbox(account)] == ["周末休息", "九点到六点"]


async def test_a_question_that_failed_is_there_with_the_reason_and_the_model_is_not_told_of_it(
    account: Services,
) -> None:
    await work(account, "怎么报名？", ModelError("unreachable", "no answer"), "m1")
    model = await work(account, "在吗？", "在的", "m2")

    answered, failed = inbox(account)
    assert (answered.question, answered.failure) == ("在吗？", "")
    assert (failed.question, bool(failed.failure)) == ("怎么报名？", True)
    assert failed.answer, "what the follower was told"
    assert "怎么报名" not in str(model.asked)


async def test_a_question_over_the_limit_is_there_too(account: Services, table: Table, clock: Clock) -> None:
    settings = read_settings({"WECHAT_TOKEN": TOKEN, "WECHAT_FOLLOWER_DAILY_LIMIT": "1"})
    limited = Services(settings, table, account.queue, clock)

    await work(limited, "一", "答一", "m1")
    await work(limited, "二", "答二", "m2")

    assert [(each.question, each.failure) for each in inbox(limited)] == [("二", "over_limit"), ("一", "")]
