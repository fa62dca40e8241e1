"""What is remembered of a conversation, and what is not any more."""

from __future__ import annotations

from tests.support.clock import Clock
from wechat_oa.ai.prompt import MAX_HISTORY_TURNS, build_messages
from wechat_oa.conversations import TURN_SECONDS, Conversations
from wechat_oa.identifiers import time_ordered_id
from wechat_oa.store.local_table import SqliteTable


def _say(conversations: Conversations, clock: Clock, question: str, openid: str = "o1") -> str:
    """One turn, a second after the one before."""
    clock.pass_by(1)
    turn_id = time_ordered_id(clock())
    conversations.remember(openid, turn_id, question, f"答{question}")
    return turn_id


def _questions(conversations: Conversations, openid: str = "o1") -> list[str]:
    return [turn["question"] for turn in conversations.recent(openid)]


def test_turns_come_back_in_order_the_oldest_first(table: SqliteTable, clock: Clock) -> None:
    conversations = Conversations(table, clock)
    for question in ("一", "二", "三"):
        _say(conversations, clock, question)
    assert conversations.recent("o1") == [
        {"question": "一", "answer": "答一"},
        {"question": "二", "answer": "答二"},
        {"question": "三", "answer": "答三"},
    ]


def test_a_turn_takes_its_place_by_when_it_was_asked_not_by_when_it_was_answered(
    table: SqliteTable, clock: Clock
) -> None:
    conversations = Conversations(table, clock)
    slow = time_ordered_id(clock())
    _say(conversations, clock, "快")
    conversations.remember("o1", slow, "慢", "终于")
    assert _questions(conversations) == ["慢", "快"]


def test_only_the_latest_turns_come_back(table: SqliteTable, clock: Clock) -> None:
    conversations = Conversations(table, clock)
    for number in range(MAX_HISTORY_TURNS + 5):
        _say(conversations, clock, str(number))
    assert _questions(conversations) == [str(n) for n in range(5, MAX_HISTORY_TURNS + 5)]


def test_storing_a_turn_again_replaces_it(table: SqliteTable, clock: Clock) -> None:
    conversations = Conversations(table, clock)
    turn_id = _say(conversations, clock, "一")
    conversations.remember("o1", turn_id, "一", "改过的")
    assert conversations.recent("o1") == [{"question": "一", "answer": "改过的"}]


def test_followers_do_not_see_each_others_turns(table: SqliteTable, clock: Clock) -> None:
    conversations = Conversations(table, clock)
    _say(conversations, clock, "我的", "o1")
    _say(conversations, clock, "她的", "o2")
    conversations.forget("o2")
    assert _questions(conversations, "o1") == ["我的"]
    assert _questions(conversations, "o2") == _questions(conversations, "o3") == []


def test_what_was_forgotten_does_not_come_back(table: SqliteTable, clock: Clock) -> None:
    conversations = Conversations(table, clock)
    for number in range(120):
        _say(conversations, clock, str(number))
    clock.pass_by(1)
    conversations.forget("o1")
    assert _questions(conversations) == []
    (note,) = table.query("turns#o1", limit=200)
    assert note.keys() == {"pk", "sk", "before", "ttl"}, "nothing of it is kept"
    _say(conversations, clock, "新的")
    assert _questions(conversations) == ["新的"]


def test_an_answer_still_being_written_when_all_was_forgotten_is_forgotten_too(
    table: SqliteTable, clock: Clock
) -> None:
    conversations = Conversations(table, clock)
    asked_before = time_ordered_id(clock())
    clock.pass_by(1)
    conversations.forget("o1")
    clock.pass_by(60)
    conversations.remember("o1", asked_before, "旧的", "写完了")
    assert _questions(conversations) == []
    clock.pass_by(TURN_SECONDS - 30)
    assert _questions(conversations) == [], "the note outlives the turn"


def test_a_turn_is_remembered_for_a_week(table: SqliteTable, clock: Clock) -> None:
    conversations = Conversations(table, clock)
    _say(conversations, clock, "一")
    clock.pass_by(TURN_SECONDS - 1)
    assert _questions(conversations) == ["一"]
    clock.pass_by(1)
    assert _questions(conversations) == []


def test_the_latest_turn_always_fits_in_what_the_model_is_told(table: SqliteTable, clock: Clock) -> None:
    conversations = Conversations(table, clock)
    conversations.remember("o1", time_ordered_id(clock()), "问" * 4000, "答" * 40_000)
    turns = conversations.recent("o1")
    assert turns[0]["question"] == "问" * 4000
    assert [message["role"] for message in build_messages("", turns, "继续")] == ["user", "assistant", "user"]
