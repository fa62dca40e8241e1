"""One message, one answer: claimed once, written by one at a time, shown part by part and never twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from tests.support.clock import Clock
from wechat_oa.answers import ANSWER_SECONDS, LOST_SECONDS, STALE_SECONDS, Answer, Answers, Part
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import Item, StoreError


@pytest.fixture
def answers(table: SqliteTable, clock: Clock) -> Answers:
    return Answers(table, clock)


def _all(text: str, start: int, final: bool) -> int:
    """Cut nothing."""
    return len(text)


def _pieces_of(size: int) -> Callable[[str, int, bool], int]:
    return lambda text, start, final: min(len(text), start + size)


def _finished(answers: Answers, key: str, text: str, openid: str = "o1") -> Answer:
    answers.claim(key, openid, "问")
    begun = answers.begin(key, "w")
    assert begun
    answers.note_unread(begun)
    finished = answers.finish(key, "w", text)
    assert finished
    return finished


def _part(answers: Answers, key: str, delivery: str, size: int = 10, *, unfinished: bool = False) -> Part:
    part = answers.hand_over(key, delivery, _pieces_of(size), unfinished=unfinished)
    assert part
    return part


class Unsure:
    """A table whose next update is made, but whose answer is lost on its way."""

    def __init__(self, table: SqliteTable) -> None:
        self._table = table
        self.lose_next = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def update(self, pk: str, sk: str, **changes: Any) -> Item | None:
        item = self._table.update(pk, sk, **changes)
        if self.lose_next:
            self.lose_next = False
            raise StoreError("UpdateItem: timeout")
        return item


# Claiming


def test_of_fifty_deliveries_at_once_one_claims(answers: Answers) -> None:
    with ThreadPoolExecutor(50) as threads:
        claims = list(threads.map(lambda _: answers.claim("m1", "o1", "问"), range(50)))
    assert [first for _, first in claims].count(True) == 1
    assert sorted(answer.attempts for answer, _ in claims) == list(range(1, 51)), "each delivery counts"
    assert {answer.id for answer, _ in claims} == {claims[0][0].id}


def test_a_claim_tells_what_was_asked_by_whom_and_when(answers: Answers, clock: Clock) -> None:
    answer, first = answers.claim("m1", "o1", "问")
    assert first
    assert (answer.key, answer.openid, answer.question, answer.at) == ("m1", "o1", "问", clock.now)
    assert (answer.state, answer.attempts, answer.text, answer.shown) == ("pending", 1, "", 0)
    assert not answer.finished
    assert not answer.all_shown
    assert answers.get("m1") == answer


def test_a_repeated_delivery_gets_the_answer_as_it_stands(answers: Answers) -> None:
    _finished(answers, "m1", "答")
    answer, first = answers.claim("m1", "o1", "问")
    assert (first, answer.text, answer.attempts) == (False, "答", 2)


def test_messages_have_answers_of_their_own(answers: Answers) -> None:
    assert answers.claim("m1", "o1", "问")[1]
    assert answers.claim("m2", "o1", "问")[1]
    assert answers.get("m3") is None


def test_an_answer_is_kept_for_a_day(answers: Answers, clock: Clock) -> None:
    _finished(answers, "m1", "答")
    clock.pass_by(ANSWER_SECONDS - 1)
    assert answers.get("m1")
    assert answers.unread("o1")
    clock.pass_by(2)
    assert answers.get("m1") is None
    assert answers.unread("o1") is None
    assert answers.hand_over("m1", "d", _all, unfinished=True) is None
    assert answers.begin("m1", "w") is None
    assert answers.claim("m1", "o1", "问")[1], "the message is as good as new"


# Writing


def test_only_one_of_many_workers_begins(answers: Answers) -> None:
    answers.claim("m1", "o1", "问")
    with ThreadPoolExecutor(20) as threads:
        begun = list(threads.map(lambda n: answers.begin("m1", f"w{n}"), range(20)))
    (writer,) = [answer for answer in begun if answer]
    assert writer.state == "writing"
    assert answers.get("m1") == writer


def test_nothing_begins_without_a_claim(answers: Answers) -> None:
    assert answers.begin("m1", "w") is None
    assert not answers.write("m1", "w", "答")
    assert answers.finish("m1", "w", "答") is None
    assert answers.get("m1") is None


def test_a_writer_that_did_not_hear_that_it_had_begun_begins_again(table: SqliteTable, clock: Clock) -> None:
    unsure = Unsure(table)
    answers = Answers(unsure, clock)
    answers.claim("m1", "o1", "问")
    unsure.lose_next = True
    with pytest.raises(StoreError):
        answers.begin("m1", "w")
    assert answers.begin("m1", "w"), "not only once it has fallen silent"


def test_the_text_grows_until_it_is_finished(answers: Answers, clock: Clock) -> None:
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "w")
    clock.pass_by(1)
    assert answers.write("m1", "w", "答一")
    assert answers.write("m1", "w", "答一半")
    written = answers.get("m1")
    assert written
    assert (written.text, written.beat, written.finished) == ("答一半", clock.now, False)
    finished = answers.finish("m1", "w", "答一半了。")
    assert finished
    assert (finished.text, finished.finished, finished.failure) == ("答一半了。", True, "")
    assert not answers.write("m1", "w", "还有"), "what is finished does not change"
    assert answers.begin("m1", "w2") is None
    assert answers.get("m1") == finished


def test_why_an_answer_is_not_whole_is_noted(answers: Answers) -> None:
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "w")
    finished = answers.finish("m1", "w", "忙", "busy")
    assert finished
    assert finished.failure == "busy"


def test_finishing_can_be_repeated_after_its_answer_was_lost(table: SqliteTable, clock: Clock) -> None:
    unsure = Unsure(table)
    answers = Answers(unsure, clock)
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "w")
    unsure.lose_next = True
    with pytest.raises(StoreError):
        answers.finish("m1", "w", "答")
    again = answers.finish("m1", "w", "答")
    assert again
    assert again.text == "答"


def test_a_silent_writer_is_replaced_and_can_write_no_more(answers: Answers, clock: Clock) -> None:
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "first")
    answers.write("m1", "first", "第一个人写的")
    clock.pass_by(STALE_SECONDS)
    assert answers.begin("m1", "second") is None, "it may still be there"
    clock.pass_by(1)
    taken = answers.begin("m1", "second")
    assert taken
    assert (taken.text, taken.writer) == ("", "second")
    assert not answers.write("m1", "first", "第一个人写的还有")
    assert answers.finish("m1", "first", "第一个人写完了") is None
    assert answers.write("m1", "second", "第二个人写的")
    assert answers.finish("m1", "second", "第二个人写的。")
    assert answers.finish("m1", "first", "第一个人写完了") is None
    assert answers.hand_over("m1", "d", _all, unfinished=False)


def test_a_sign_of_life_keeps_a_writer(answers: Answers, clock: Clock) -> None:
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "first")
    for _ in range(5):
        clock.pass_by(STALE_SECONDS - 1)
        assert answers.write("m1", "first", "还在想")
        assert answers.begin("m1", "second") is None


def test_who_takes_over_keeps_what_the_follower_has_seen(answers: Answers, clock: Clock) -> None:
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "first")
    answers.write("m1", "first", "看过的。没看过的")
    shown = answers.hand_over("m1", "d", _pieces_of(4), unfinished=True)
    assert shown
    clock.pass_by(STALE_SECONDS + 1)
    taken = answers.begin("m1", "second")
    assert taken
    assert (taken.text, taken.shown) == ("看过的。", 4)
    answers.finish("m1", "second", "看过的。重新写的")
    again = answers.hand_over("m1", "d", _all, unfinished=False)
    assert again
    assert again.text == shown.text == "看过的。"
    assert _part(answers, "m1", "d2").text == "重新写的"


@pytest.mark.parametrize("state", ["pending", "writing"])
def test_what_nobody_writes_any_more_is_given_up(answers: Answers, clock: Clock, state: str) -> None:
    answers.claim("m1", "o1", "问")
    if state == "writing":
        answers.begin("m1", "w")
        answers.write("m1", "w", "写到一")
    seconds = LOST_SECONDS if state == "pending" else STALE_SECONDS
    clock.pass_by(seconds)
    answer = answers.get("m1")
    assert answer
    assert not answer.stale(clock())
    clock.pass_by(0.1)
    assert answer.stale(clock())
    assert answers.give_up(answer, "（中断了）")
    given_up = answers.get("m1")
    assert given_up
    assert (given_up.finished, given_up.failure) == (True, "abandoned")
    assert given_up.text == ("写到一" if state == "writing" else "") + "（中断了）"
    assert not given_up.stale(clock() + 10_000)
    assert answers.begin("m1", "w2") is None
    assert not answers.write("m1", "w", "写到一半")
    assert answers.finish("m1", "w", "写到一半。") is None


def test_what_shows_life_again_is_not_given_up(answers: Answers, clock: Clock) -> None:
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "w")
    seen = answers.get("m1")
    assert seen
    clock.pass_by(STALE_SECONDS + 1)
    answers.write("m1", "w", "又来了")
    assert not answers.give_up(seen, "（中断了）")
    assert answers.finish("m1", "w", "又来了。")


# Handing over


def test_an_unfinished_answer_is_handed_over_only_if_wanted(answers: Answers) -> None:
    answers.claim("m1", "o1", "问")
    assert answers.hand_over("m1", "d1", _all, unfinished=False) is None
    answers.begin("m1", "w")
    answers.write("m1", "w", "写到一")
    assert answers.hand_over("m1", "d1", _all, unfinished=False) is None
    part = answers.hand_over("m1", "d1", _all, unfinished=True)
    assert part
    assert (part.text, part.last) == ("写到一", False)
    answers.finish("m1", "w", "写到一半。")
    rest = answers.hand_over("m1", "d2", _all, unfinished=False)
    assert rest
    assert (rest.text, rest.last) == ("半。", True)


def test_an_unfinished_part_may_be_empty(answers: Answers) -> None:
    answers.claim("m1", "o1", "问")
    part = answers.hand_over("m1", "d1", _all, unfinished=True)
    assert part
    assert (part.text, part.start, part.last) == ("", 0, False)
    answers.begin("m1", "w")
    answers.finish("m1", "w", "答")
    again = answers.hand_over("m1", "d1", _all, unfinished=False)
    assert again
    assert again.text == "", "the delivery that got nothing gets nothing when it is repeated"
    assert _part(answers, "m1", "d2").text == "答"


def test_the_cut_is_told_whether_the_text_is_whole(answers: Answers) -> None:
    told: list[tuple[str, int, bool]] = []

    def cut(text: str, start: int, final: bool) -> int:
        told.append((text, start, final))
        return start + 2

    answers.claim("m1", "o1", "问")
    answers.begin("m1", "w")
    answers.write("m1", "w", "一二三")
    answers.hand_over("m1", "d1", cut, unfinished=True)
    answers.finish("m1", "w", "一二三四")
    answers.hand_over("m1", "d2", cut, unfinished=False)
    assert told == [("一二三", 0, False), ("一二三四", 2, True)]


def test_each_delivery_gets_its_own_part_however_often_it_comes(answers: Answers) -> None:
    _finished(answers, "m1", "一二三四五六七")
    for _ in range(3):
        parts = [_part(answers, "m1", delivery, 3) for delivery in ("m1", "继续1", "继续2", "继续3")]
        assert [part.text for part in parts] == ["一二三", "四五六", "七", ""]
        assert [part.last for part in parts] == [False, False, True, True]
    answer = answers.get("m1")
    assert answer
    assert answer.all_shown


@pytest.mark.parametrize("same", [True, False])
def test_no_part_is_shown_twice_however_many_deliveries_come_at_once(answers: Answers, same: bool) -> None:
    text = "".join(chr(0x4E00 + n) for n in range(200))
    _finished(answers, "m1", text)
    with ThreadPoolExecutor(20) as threads:
        parts = list(threads.map(lambda n: _part(answers, "m1", f"d{0 if same else n}"), range(20)))
    if same:
        assert {(part.start, part.end) for part in parts} == {(0, 10)}
    else:
        parts.sort(key=lambda part: part.start)
        assert "".join(part.text for part in parts) == text
        assert all(one.end == other.start for one, other in pairwise(parts))


def test_parts_stay_whole_while_the_text_grows_under_them(answers: Answers) -> None:
    """A writer writes while many deliveries take unfinished parts: nothing is lost, nothing comes twice."""
    text = "".join(chr(0x4E00 + n) for n in range(300))
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "w")
    with ThreadPoolExecutor(9) as threads:
        taken = threads.map(lambda n: _part(answers, "m1", f"d{n}", unfinished=True), range(40))
        for end in range(10, 300, 10):
            assert answers.write("m1", "w", text[:end])
        parts = list(taken)
    assert answers.finish("m1", "w", text)
    rest = answers.hand_over("m1", "last", _all, unfinished=False)
    assert rest
    assert rest.last
    parts.sort(key=lambda part: (part.start, part.end))
    assert "".join(part.text for part in parts) + rest.text == text


def test_an_expired_or_unknown_answer_is_not_handed_over(answers: Answers) -> None:
    assert answers.hand_over("nothing", "d", _all, unfinished=True) is None


# Taking back


def test_a_part_that_did_not_arrive_is_the_next_one_again(answers: Answers) -> None:
    _finished(answers, "m1", "一二三四五六")
    _part(answers, "m1", "reply", 2)
    lost = _part(answers, "m1", "push", 2)
    answers.take_back(lost, "push")
    answers.take_back(lost, "push")
    answer = answers.get("m1")
    assert answer
    assert (answer.shown, dict(answer.parts)) == (2, {"reply": [0, 2]})
    assert _part(answers, "m1", "继续", 2).text == lost.text == "三四"


def test_the_first_part_can_be_taken_back(answers: Answers) -> None:
    before = _finished(answers, "m1", "一二三")
    lost = _part(answers, "m1", "push")
    answers.take_back(lost, "push")
    after = answers.get("m1")
    assert after
    assert (after.shown, after.parts) == (before.shown, before.parts) == (0, {})


def test_a_lost_part_is_shown_again_with_what_came_after_it(answers: Answers) -> None:
    _finished(answers, "m1", "一二三四五六")
    lost = _part(answers, "m1", "push", 2)
    _part(answers, "m1", "继续", 2)
    answers.take_back(lost, "push")
    assert _part(answers, "m1", "再继续", 2).text == "一二"
    assert _part(answers, "m1", "还继续", 2).text == "三四"
    assert _part(answers, "m1", "继续", 2).text == "三四", "a repeated delivery keeps its part"


def test_an_answer_that_seemed_read_is_unread_again_when_its_end_did_not_arrive(answers: Answers) -> None:
    _finished(answers, "m1", "一二")
    lost = _part(answers, "m1", "push")
    assert answers.unread("o1") is None
    answers.take_back(lost, "push")
    unread = answers.unread("o1")
    assert unread
    assert unread.key == "m1"


def test_taking_back_again_does_not_take_what_another_delivery_got_since(answers: Answers) -> None:
    _finished(answers, "m1", "一二三四")
    lost = _part(answers, "m1", "push", 2)
    answers.take_back(lost, "push")
    assert _part(answers, "m1", "继续", 2).text == "一二"
    answers.take_back(lost, "push")
    assert _part(answers, "m1", "再继续", 2).text == "三四"


# Waiting


async def test_a_pause_ends_when_its_answer_is_finished_here(answers: Answers) -> None:
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "w")
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(answers.pause("m1", 0.01, 60))
        await asyncio.sleep(0)
        answers.finish("m1", "w", "答")


async def test_what_was_finished_during_a_pause_need_not_be_read(answers: Answers) -> None:
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "w")
    pause = asyncio.create_task(answers.pause("m1", 0.01, 60))
    await asyncio.sleep(0)
    finished = answers.finish("m1", "w", "答")
    assert await pause == finished
    part = answers.hand_over("m1", "d", _all, unfinished=False, known=finished)
    assert part
    assert part.text == "答"


async def test_an_answer_that_has_changed_since_it_was_known_is_read_again(answers: Answers) -> None:
    known = _finished(answers, "m1", "一二三四")
    _part(answers, "m1", "d1", 2)
    part = answers.hand_over("m1", "d2", _all, unfinished=False, known=known)
    assert part
    assert part.text == "三四"


@pytest.mark.parametrize("written_here", [True, False])
async def test_only_what_is_written_elsewhere_is_looked_for_in_the_table(
    table: SqliteTable, written_here: bool
) -> None:
    answers, others = Answers(table), Answers(table)
    answers.claim("m1", "o1", "问")
    (answers if written_here else others).begin("m1", "w")
    began = asyncio.get_running_loop().time()
    assert await answers.pause("m1", 0.01, 0.2) is None
    waited = asyncio.get_running_loop().time() - began
    assert (waited >= 0.2) is written_here


@pytest.mark.parametrize("end", ["finish", "release", "write"])
async def test_an_answer_that_is_no_longer_written_here_is_looked_for_again(
    answers: Answers, table: SqliteTable, end: str
) -> None:
    answers.claim("m1", "o1", "问")
    answers.begin("m1", "w")
    # Somebody else has taken it over.
    table.update("answer#m1", "-", set={"writer": "another"})
    match end:
        case "finish":
            assert answers.finish("m1", "w", "答") is None
        case "release":
            answers.release("m1", "w")
        case _:
            assert not answers.write("m1", "w", "答")
    began = asyncio.get_running_loop().time()
    await answers.pause("m1", 0.01, 60)
    assert asyncio.get_running_loop().time() - began < 30


async def test_a_pause_ends_with_its_time_whatever_happens_to_other_answers(answers: Answers) -> None:
    began = asyncio.get_running_loop().time()
    pause = asyncio.create_task(answers.pause("m1", 0.05, 60))
    await asyncio.sleep(0)
    _finished(answers, "m2", "答")
    await pause
    assert asyncio.get_running_loop().time() - began >= 0.05


# Finding what has not been read


def test_the_latest_answer_that_is_not_read_is_found(answers: Answers, clock: Clock) -> None:
    for number in (1, 2, 3):
        clock.pass_by(1)
        _finished(answers, f"m{number}", f"第{number}个")
    _finished(answers, "other", "别人的", openid="o2")
    found = []
    while answer := answers.unread("o1"):
        found.append(answer.key)
        _part(answers, answer.key, f"d{answer.key}")
    assert found == ["m3", "m2", "m1"]
    assert answers.unread("o2")


def test_many_read_answers_do_not_hide_the_unread_one(
    answers: Answers, clock: Clock, table: SqliteTable
) -> None:
    for number in range(45):
        clock.pass_by(1)
        _finished(answers, f"m{number}", "答")
        if number:
            _part(answers, f"m{number}", "d")
    unread = answers.unread("o1")
    assert unread
    assert unread.key == "m0"
    assert len(table.query("unread#o1", limit=100)) == 1, "the read ones are forgotten"


def test_an_answer_being_written_can_be_noted_as_unread(answers: Answers) -> None:
    answers.claim("m1", "o1", "问")
    begun = answers.begin("m1", "w")
    assert begun
    assert answers.unread("o1") is None
    answers.note_unread(begun)
    unread = answers.unread("o1")
    assert unread
    assert unread.key == "m1"


def test_an_answer_that_no_worker_has_begun_is_found_once_its_reply_said_to_ask_for_it(
    answers: Answers,
) -> None:
    answers.claim("m1", "o1", "问")
    answers.hand_over("m1", "m1", _all, unfinished=True)
    unread = answers.unread("o1")
    assert unread
    assert unread.key == "m1"


def test_read_answers_can_be_let_go_without_looking_for_an_unread_one(
    answers: Answers, clock: Clock, table: SqliteTable
) -> None:
    for number in range(4):
        clock.pass_by(1)
        _finished(answers, f"m{number}", "答")
        if number != 2:
            _part(answers, f"m{number}", "d")
    answers.forget_read("o1")
    assert [pointer["answer"] for pointer in table.query("unread#o1")] == ["m2"]


def test_forgetting_lets_all_unread_answers_go(answers: Answers, clock: Clock) -> None:
    for number in range(120):
        clock.pass_by(1)
        _finished(answers, f"m{number}", "答")
    _finished(answers, "other", "别人的", openid="o2")
    answers.forget_unread("o1")
    assert answers.unread("o1") is None
    assert answers.unread("o2")
    assert answers.get("m1"), "a repeated delivery still finds its answer"


# 继续


def test_a_word_to_go_on_stays_bound_to_one_answer(answers: Answers, clock: Clock) -> None:
    _finished(answers, "m1", "一二三四")
    assert answers.bind("继续", "o1") == ("m1", 1)
    clock.pass_by(1)
    _finished(answers, "m2", "后来的")
    assert [answers.bind("继续", "o1") for _ in range(2)] == [("m1", 2), ("m1", 3)]
    assert answers.bind("再继续", "o1") == ("m2", 1)


def test_it_stays_bound_to_nothing_too(answers: Answers) -> None:
    assert answers.bind("继续", "o1") == ("", 1)
    _finished(answers, "m1", "答")
    assert answers.bind("继续", "o1") == ("", 2)


def test_it_stays_bound_when_the_answer_was_read_by_it(answers: Answers) -> None:
    _finished(answers, "m1", "答")
    assert answers.bind("继续", "o1") == ("m1", 1)
    assert _part(answers, "m1", "继续").last
    assert answers.bind("继续", "o1") == ("m1", 2)
    assert _part(answers, "m1", "继续").text == "答"


def test_all_of_many_repetitions_at_once_are_bound_alike(answers: Answers, clock: Clock) -> None:
    for number in range(3):
        clock.pass_by(1)
        _finished(answers, f"m{number}", "答")
    with ThreadPoolExecutor(20) as threads:
        bound = list(threads.map(lambda _: answers.bind("继续", "o1"), range(20)))
    assert {key for key, _ in bound} == {"m2"}
    assert sorted(attempts for _, attempts in bound) == list(range(1, 21))


# Links


LINK = "0123456789abcdef0123456789abcdef"


def test_whoever_has_the_link_reads_the_answer_as_it_stands(answers: Answers) -> None:
    answers.claim("m1", "o1", "问")
    answers.publish("m1", LINK)
    assert answers.behind(LINK) == answers.get("m1")
    answers.begin("m1", "w")
    answers.finish("m1", "w", "答")
    behind = answers.behind(LINK)
    assert behind
    assert (behind.key, behind.question, behind.text, behind.finished) == ("m1", "问", "答", True)


def test_reading_behind_a_link_shows_the_follower_nothing(answers: Answers) -> None:
    _finished(answers, "m1", "一二三")
    answers.publish("m1", LINK)
    before = answers.get("m1")
    answers.behind(LINK)
    assert answers.get("m1") == before
    assert _part(answers, "m1", "d").text == "一二三"


def test_publishing_again_is_no_change(answers: Answers) -> None:
    answers.claim("m1", "o1", "问")
    for _ in range(3):
        answers.publish("m1", LINK)
    assert answers.behind(LINK) == answers.get("m1")


@pytest.mark.parametrize(
    "link",
    [
        "",
        "m1",
        "-",
        LINK[:-1],
        LINK + "0",
        LINK.upper(),
        "../" + LINK,
        LINK + "\n",
        "\ud800" * 20,
        "x" * 9999,
    ],
)
def test_nothing_is_behind_any_other_link(answers: Answers, link: str) -> None:
    answers.claim("m1", "o1", "问")
    answers.publish("m1", LINK)
    assert answers.behind(link) is None


def test_an_answers_key_is_no_link_to_it(answers: Answers) -> None:
    answers.claim(LINK, "o1", "问")
    assert answers.behind(LINK) is None


def test_a_link_lasts_as_long_as_the_answer(answers: Answers, clock: Clock) -> None:
    answers.claim("m1", "o1", "问")
    answers.publish("m1", LINK)
    clock.pass_by(ANSWER_SECONDS - 1)
    assert answers.behind(LINK)
    clock.pass_by(1)
    assert answers.behind(LINK) is None
    answers.publish("m1", LINK)
    assert answers.behind(LINK) is None, "a link to what is not there any more"
