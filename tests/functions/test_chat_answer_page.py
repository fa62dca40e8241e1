"""The answer behind a link: whole, streaming on while it is being written, for whoever has the link."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chat_app.reading import POLL_SECONDS
from tests.support.account import TOKEN
from tests.support.chat import DONE, Chat, PlayedModel, frames, refusal, said
from tests.support.clock import Clock
from tests.support.waiting import until
from wechat_oa.answers import ANSWER_SECONDS, LOST_SECONDS, STALE_SECONDS, Answers
from wechat_oa.callback.message import message_from
from wechat_oa.callback.signature import sign
from wechat_oa.settings import read_settings
from wechat_oa.store.local_queue import SqliteQueue
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import Item, StoreError
from wechat_reply.answering import answer
from wechat_reply.services import Services

LINK = "0123456789abcdef0123456789abcdef"
QUESTION = {"success": True, "question": "春茶？"}


@pytest.fixture
def chat(table: SqliteTable, clock: Clock) -> Chat:
    return Chat(table, clock, PlayedModel())


@pytest.fixture
def answers(table: SqliteTable, clock: Clock) -> Answers:
    answers = Answers(table, clock)
    answers.claim("m1", "oABC123", "春茶？")
    answers.publish("m1", LINK)
    return answers


async def _read(visitor: httpx.AsyncClient, link: str = LINK) -> httpx.Response:
    return await visitor.get("/chat/api/answer", params={"id": link})


class Watched:
    """A table that tells when it is read, and may refuse to be."""

    def __init__(self, table: SqliteTable) -> None:
        self._table = table
        self.reads = 0
        self.refuse = False

    def get(self, pk: str, sk: str) -> Item | None:
        self.reads += 1
        if self.refuse:
            raise StoreError("GetItem: timeout")
        return self._table.get(pk, sk)

    def __getattr__(self, name: str) -> object:
        return getattr(self._table, name)


async def test_a_finished_answer_comes_whole_after_its_question(chat: Chat, answers: Answers) -> None:
    answers.begin("m1", "w")
    answers.finish("m1", "w", "清明\n前后。")
    response = await _read(chat.visitor())
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    piece = {"success": True, "message": "清明\n前后。", "interaction_mode": "stream"}
    assert frames(response.text) == [QUESTION, piece, DONE]
    assert "oABC123" not in response.text, "nothing of whose it is"


@pytest.mark.parametrize("refuses", [False, True])
async def test_an_answer_streams_on_while_it_is_being_written(
    table: SqliteTable, clock: Clock, answers: Answers, *, refuses: bool
) -> None:
    watched = Watched(table)
    chat = Chat(watched, clock, PlayedModel())  # type: ignore[arg-type]
    answers.begin("m1", "w")
    answers.write("m1", "w", "清明")
    reading = asyncio.create_task(_read(chat.visitor()))
    for text in ("清明前后", "清明前后，看天气"):
        reads = watched.reads
        await until(lambda reads=reads: watched.reads > reads + 1)  # type: ignore[misc]
        assert not reading.done()
        if refuses:
            watched.refuse = True
            reads = watched.reads
            await until(lambda reads=reads: watched.reads > reads)  # type: ignore[misc]
            watched.refuse = False
        answers.write("m1", "w", text)
    answers.finish("m1", "w", "清明前后，看天气。")
    response = await reading
    assert said(response.text) == "清明前后，看天气。"
    assert len(frames(response.text)) > 3
    assert frames(response.text)[-1] == DONE
    assert POLL_SECONDS < 1


async def test_an_answer_that_nobody_has_begun_is_waited_for(chat: Chat, answers: Answers) -> None:
    reading = asyncio.create_task(_read(chat.visitor()))
    await asyncio.sleep(0)
    answers.begin("m1", "w")
    answers.finish("m1", "w", "好。")
    assert frames((await reading).text)[0] == QUESTION
    assert said((await reading).text) == "好。"


@pytest.mark.parametrize("begun", [True, False])
async def test_an_answer_that_broke_off_says_so_after_what_there_is(
    chat: Chat, answers: Answers, clock: Clock, *, begun: bool
) -> None:
    if begun:
        answers.begin("m1", "w")
        answers.write("m1", "w", "清明")
    clock.pass_by((STALE_SECONDS if begun else LOST_SECONDS) + 1)
    *before, error, done = frames((await _read(chat.visitor())).text)
    assert [frame.get("message") for frame in before] == [None, "清明"][: 1 + begun]
    assert (error["success"], error["code"], done) == (False, "broken", DONE)


async def test_an_answer_written_anew_does_not_pass_for_the_end_of_the_old_one(
    table: SqliteTable, answers: Answers, clock: Clock
) -> None:
    watched = Watched(table)
    chat = Chat(watched, clock, PlayedModel())  # type: ignore[arg-type]
    answers.begin("m1", "w1")
    answers.write("m1", "w1", "旧的开头")
    reading = asyncio.create_task(_read(chat.visitor()))
    # The pointer, the answer, and the answer once more: its beginning has been sent.
    await until(lambda: watched.reads > 2)
    # No step of the reader comes in between.
    clock.pass_by(STALE_SECONDS + 1)
    answers.begin("m1", "w2")
    answers.finish("m1", "w2", "新的回答")
    *_, error, done = frames((await reading).text)
    assert (error["success"], error["code"], done) == (False, "rewritten", DONE)
    assert said((await _read(chat.visitor())).text) == "新的回答"


async def test_an_answer_that_failed_shows_what_the_follower_was_told(chat: Chat, answers: Answers) -> None:
    answers.begin("m1", "w")
    answers.finish("m1", "w", "AI 服务现在比较忙，请过一会儿再问一次。", failure="busy")
    assert said((await _read(chat.visitor())).text).startswith("AI 服务现在比较忙")


@pytest.mark.parametrize(
    "link",
    [
        "",
        "x",
        "0123456789abcdef",
        LINK[:-1],
        LINK + "0",
        "m1",
        "../m1",
        "#",
        "é" * 20,
        "a" * 10_000,
        LINK.upper(),
    ],
)
async def test_a_link_that_leads_nowhere_says_so(chat: Chat, answers: Answers, link: str) -> None:
    refusal(await _read(chat.visitor(), link), 404, "not_found")


async def test_a_link_without_an_id_says_so(chat: Chat) -> None:
    refusal(await chat.visitor().get("/chat/api/answer"), 404, "not_found")


async def test_an_answer_that_was_never_published_is_nobodys_to_read(chat: Chat, answers: Answers) -> None:
    answers.claim("m2-0123456789abcdef", "o2", "秘密")
    refusal(await _read(chat.visitor(), "m2-0123456789abcdef"), 404, "not_found")


async def test_after_a_day_the_link_leads_nowhere(chat: Chat, answers: Answers, clock: Clock) -> None:
    clock.pass_by(ANSWER_SECONDS)
    refusal(await _read(chat.visitor()), 404, "not_found")


async def test_the_link_is_enough_without_a_code_and_costs_no_question(
    table: SqliteTable, clock: Clock, answers: Answers
) -> None:
    model = PlayedModel()
    chat = Chat(table, clock, model, CHAT_ACCESS="code", CHAT_VISITOR_DAILY_LIMIT="1")
    answers.begin("m1", "w")
    answers.finish("m1", "w", "好。")
    for _ in range(3):
        assert said((await _read(chat.visitor())).text) == "好。"
    assert model.asked == []


# From the account to the page


async def _write(account: Services, words: str, message_id: int, age: int = 0) -> str:
    """Let a follower write something ``age`` seconds ago, and return what WeChat gets for it."""
    now = str(int(account.clock()))
    query = {"timestamp": now, "nonce": "n", "signature": sign(TOKEN, now, "n")}
    body = (
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oABC123</FromUserName>"
        f"<CreateTime>{int(now) - age}</CreateTime><MsgType>text</MsgType><Content>{words}</Content>"
        f"<MsgId>{message_id}</MsgId></xml>"
    )
    answered = await answer(account, query, body.encode())
    assert answered.status == 200
    return answered.body


@pytest.fixture
def account(
    table: SqliteTable, clock: Clock, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Services]:
    environment = {"WECHAT_TOKEN": TOKEN, "WECHAT_MSG_AI_TIMEOUT": "0.5", **getattr(request, "param", {})}
    queue = SqliteQueue(tmp_path / "queue.db", clock)
    yield Services(read_settings(environment), table, queue, clock)
    queue.close()


def _key(message_id: int) -> str:
    return message_from(
        {"ToUserName": "gh_1", "FromUserName": "oABC123", "MsgType": "text", "MsgId": str(message_id)}
    ).key


KEY = _key(7)
PAGE = {"CHAT_URL": "https://chat.example/chat/"}


@pytest.mark.parametrize("account", [PAGE], indirect=True)
@pytest.mark.parametrize("begun", [True, False])
async def test_the_link_in_an_unfinished_reply_opens_the_whole_answer(
    chat: Chat, table: SqliteTable, clock: Clock, account: Services, *, begun: bool
) -> None:
    answers = Answers(table, clock)
    if begun:
        answers.claim(KEY, "oABC123", "春茶？")
        answers.begin(KEY, "w")
        answers.write(KEY, "w", "清明前后，要看那一年的天气。")
    reply = await _write(account, "春茶？", 7, age=12)
    (link,) = re.findall(r"https://chat\.example/chat/\?answer=([0-9a-f]+)", reply)
    answers.begin(KEY, "w")
    answers.finish(KEY, "w", "清明前后，要看那一年的天气。晚一些也不要紧。")
    text = (await _read(chat.visitor(), link)).text
    assert frames(text)[0] == QUESTION
    assert said(text) == "清明前后，要看那一年的天气。晚一些也不要紧。"


@pytest.mark.parametrize("account", [PAGE], indirect=True)
async def test_a_reply_with_the_whole_answer_has_no_link_and_publishes_nothing(
    chat: Chat, table: SqliteTable, clock: Clock, account: Services
) -> None:
    answers = Answers(table, clock)
    answers.claim(KEY, "oABC123", "春茶？")
    answers.begin(KEY, "w")
    answers.finish(KEY, "w", "清明前后。")
    assert "chat.example" not in await _write(account, "春茶？", 7)
    refusal(await _read(chat.visitor(), account.link_id(KEY)), 404, "not_found")


def test_links_of_answers_have_nothing_in_common(account: Services) -> None:
    links = {account.link_id(str(number)) for number in range(1000)}
    assert len(links) == 1000
    assert {len(link) for link in links} == {32}


@pytest.mark.parametrize("account", [PAGE], indirect=True)
async def test_where_no_code_is_needed_the_word_for_one_leads_to_the_page(account: Services) -> None:
    reply = await _write(account, "验证码", 8)
    assert PAGE["CHAT_URL"] in reply
    assert account.table.query("follower#oABC123") == []


async def test_where_there_is_no_page_the_word_for_a_code_is_a_word_like_any_other(
    table: SqliteTable, clock: Clock, account: Services
) -> None:
    await _write(account, "验证码", 8, age=12)
    asked = Answers(table, clock).get(_key(8))
    assert asked
    assert asked.question == "验证码"
