"""What the model is told: the owner's instructions, the latest turns, the question."""

from __future__ import annotations

from wechat_oa.ai.prompt import MAX_HISTORY_CHARACTERS, MAX_HISTORY_TURNS, Turn, build_messages


def _turn(name: str, length: int = 2) -> Turn:
    """A turn of so many characters in all."""
    return {"question": name.ljust(length // 2, "问"), "answer": name.ljust(length - length // 2, "答")}


def _told(turns: list[Turn]) -> list[str]:
    """The first character of each turn's question that the model is told."""
    messages = build_messages("", turns, "最后")
    assert [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2) + [
        "user"
    ]
    assert messages[-1] == {"role": "user", "content": "最后"}
    return [message["content"][0] for message in messages[:-1:2]]


def test_instructions_turns_and_question_come_in_this_order() -> None:
    turns: list[Turn] = [
        {"question": "我叫小红", "answer": "你好"},
        {"question": "我几岁", "answer": "不知道"},
    ]
    assert build_messages("你是助手", turns, "我叫什么") == [
        {"role": "system", "content": "你是助手"},
        {"role": "user", "content": "我叫小红"},
        {"role": "assistant", "content": "你好"},
        {"role": "user", "content": "我几岁"},
        {"role": "assistant", "content": "不知道"},
        {"role": "user", "content": "我叫什么"},
    ]


def test_without_instructions_and_turns_only_the_question_is_sent() -> None:
    assert build_messages("", [], "问") == [{"role": "user", "content": "问"}]


def test_an_image_goes_along_with_its_question() -> None:
    assert build_messages("", [_turn("a")], "这是什么", image_url="https://x.example/a.jpg")[-1] == {
        "role": "user",
        "content": [
            {"type": "text", "text": "这是什么"},
            {"type": "image_url", "image_url": {"url": "https://x.example/a.jpg"}},
        ],
    }


def test_the_oldest_turns_are_left_out_beyond_their_number() -> None:
    names = "abcdefghijklmno"
    assert "".join(_told([_turn(name) for name in names])) == names[-MAX_HISTORY_TURNS:]
    assert "".join(_told([_turn(name) for name in names[:MAX_HISTORY_TURNS]])) == names[:MAX_HISTORY_TURNS]


def test_the_oldest_turns_are_left_out_beyond_their_length() -> None:
    quarter = MAX_HISTORY_CHARACTERS // 4
    assert _told([_turn(name, quarter) for name in "abcd"]) == list("abcd")
    assert _told([_turn(name, quarter) for name in "abcde"]) == list("bcde")
    assert _told([_turn("a"), _turn("b", quarter * 4), _turn("c")]) == ["c"]
    assert _told([_turn("a"), _turn("b", MAX_HISTORY_CHARACTERS)]) == ["b"]


def test_no_turn_is_kept_after_one_that_did_not_fit() -> None:
    assert _told([_turn("a"), _turn("b", MAX_HISTORY_CHARACTERS), _turn("c"), _turn("d")]) == ["c", "d"]


def test_what_was_handed_in_stays_as_it_was() -> None:
    turns = [_turn(name) for name in "abcdefghijkl"]
    build_messages("p", turns, "q")
    assert turns == [_turn(name) for name in "abcdefghijkl"]
