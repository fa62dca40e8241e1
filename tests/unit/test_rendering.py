"""Parts of an answer as WeChat messages: as much as fits, with the prompt where something follows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.answers import Answer, Part
from wechat_oa.settings import DEFAULT_TIMEOUT_PROMPT
from wechat_oa.text import MAX_REPLY_BYTES
from wechat_oa.texts import DEFAULT_TEXTS
from wechat_reply.rendering import message_cut, part_text

PROMPT = DEFAULT_TIMEOUT_PROMPT
PUSH_PROMPT = DEFAULT_TEXTS["push_prompt"]


def _part(text: str, start: int, end: int, *, finished: bool = True) -> Part:
    state = "finished" if finished else "writing"
    answer = Answer(key="m1", openid="o1", question="问", id="1", at=0.0, state=state, text=text)
    return Part(answer, start, end)


def _messages(text: str, prompt: str = PROMPT, max_characters: int = 0) -> list[str]:
    """All messages that a finished answer takes."""
    place = message_cut(prompt, max_characters)
    messages = []
    start = 0
    while start < len(text):
        end = place(text, start, True)
        assert end > start
        messages.append(part_text(_part(text, start, end), prompt))
        start = end
    return messages


@pytest.mark.parametrize(
    "text",
    ["好的。", "**好**的。", "汉" * 682, "a" * 2047, "**" + "汉" * 682 + "**", "\n\n" + "汉" * 682 + "\n\n"],
)
def test_what_fits_whole_is_one_message_without_a_prompt(text: str) -> None:
    (message,) = _messages(text)
    assert message == text.replace("*", "").strip()
    assert len(message.encode()) <= MAX_REPLY_BYTES


@pytest.mark.parametrize("text", ["汉" * 683, "a" * 2048, "一句话。" * 171])
def test_what_does_not_fit_is_two_with_the_prompt_after_the_first(text: str) -> None:
    first, second = _messages(text)
    assert first.endswith(PROMPT)
    assert first.removesuffix(PROMPT) + second == text
    assert len(first.encode()) <= MAX_REPLY_BYTES


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["一句话。", "**粗**，", "`a*b`", "\n\n- ", "word ", "```\nx = 1\n```\n", "😀", "| a | b |\n"]
        ),
        max_size=400,
    ),
    st.sampled_from([PROMPT, PUSH_PROMPT, "", "长" * 200]),
    st.sampled_from([0, 0, 300, 1000]),
)
def test_no_message_is_longer_than_it_may_be(pieces: list[str], prompt: str, max_characters: int) -> None:
    messages = _messages("".join(pieces), prompt, max_characters)
    for message in messages:
        assert len(message.encode()) <= MAX_REPLY_BYTES
        assert not max_characters or len(message) <= max_characters
    assert all(message.endswith(prompt) for message in messages[:-1])


def test_the_owners_limit_of_characters_counts_the_prompt_in() -> None:
    messages = _messages("一句话。" * 50, max_characters=100)
    assert max(map(len, messages)) <= 100
    assert len(messages) == 3
    assert _messages("一句话。" * 25, max_characters=100) == ["一句话。" * 25]


def test_a_prompt_longer_than_the_owners_limit_still_leaves_room_for_the_answer() -> None:
    messages = _messages("一句话。" * 10, PUSH_PROMPT, max_characters=25)
    assert [len(message.removesuffix(PUSH_PROMPT)) for message in messages] == [20, 20]


@pytest.mark.parametrize("text", ["", "还没有一句"])
def test_while_the_text_grows_as_much_as_is_there_may_be_shown(text: str) -> None:
    end = message_cut(PROMPT, 0)(text, 0, False)
    assert end == len(text)
    assert part_text(_part(text, 0, end, finished=False), PROMPT) == (text + PROMPT if text else "")


def test_what_is_last_so_far_is_not_the_last_while_the_text_grows() -> None:
    assert part_text(_part("一。二。", 2, 4, finished=False), PROMPT) == "二。" + PROMPT
    assert part_text(_part("一。二。", 2, 4), PROMPT) == "二。"
    assert part_text(_part("一。二。", 0, 2), PROMPT) == "一。" + PROMPT
    assert part_text(_part("一。二。", 4, 4), PROMPT) == ""


def test_code_that_is_cut_stays_code_in_the_next_message() -> None:
    text = "```py\n" + "y = x ** 2 * 3\n" * 300 + "```\n**完**"
    messages = _messages(text)
    body = "".join(message.removesuffix(PROMPT) + "\n" for message in messages)
    assert body == "y = x ** 2 * 3\n" * 300 + "完\n"


@pytest.mark.parametrize("end", ["\n```", "\n---\n", "\n\n", " \n"])
def test_what_would_show_nothing_is_no_message_of_its_own(end: str) -> None:
    begin = "```\n" if "```" in end else ""
    read = begin + "一句话。\n"
    text = read + end
    assert message_cut(PROMPT, 0)(text, 0, True) == len(text)
    assert message_cut(PROMPT, 0)(text, len(read), True) == len(text)
    assert part_text(_part(text, len(read), len(text)), PROMPT) == ""
    assert all(
        message.removesuffix(PROMPT).strip() for message in _messages(begin + "一句话。\n" * 300 + end)
    )
