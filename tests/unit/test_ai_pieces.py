"""What a model streams, wherever it is cut: without its thinking, and no half of a character."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.ai.pieces import Cleaner


def _cleaned(*pieces: str) -> str:
    """All that a reader sees of these pieces."""
    cleaner = Cleaner()
    return "".join([*(cleaner.feed(piece) for piece in pieces), cleaner.end()])


def _cuts(text: str, most: int = 3) -> list[list[str]]:
    """The text cut into one to three pieces, in every way."""
    ways = [[text], list(text)]
    for first in range(len(text) + 1):
        head, tail = text[:first], text[first:]
        ways.append([head, tail])
        if most > 2:
            ways += [[head, tail[:second], tail[second:]] for second in range(len(tail) + 1)]
    return ways


@pytest.mark.parametrize(
    ("streamed", "seen"),
    [
        ("好的。", "好的。"),
        ("\n\n好的。\n", "好的。\n"),
        ("<think>想一想</think>好的。", "好的。"),
        ("\n<think>\n想\n</think>\n\n好的。", "好的。"),
        ("<think></think>好", "好"),
        ("<think>a < b </thin </think>好", "好"),
        ("<think>没想完", ""),
        ("<think>想完了</think>", ""),
        ("<think>想</think> <think>是文字", "<think>是文字"),
        ("说到 <think> 这个词", "说到 <think> 这个词"),
        ("<thinking>", "<thinking>"),
        ("<b>粗", "<b>粗"),
        ("<thi", "<thi"),
        ("<", "<"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_thinking_is_left_out_however_it_is_cut(streamed: str, seen: str) -> None:
    for pieces in _cuts(streamed):
        assert _cleaned(*pieces) == seen


@pytest.mark.parametrize(
    ("streamed", "seen"),
    [
        ("好\ud83d\ude00的", "好😀的"),
        ("\ud83d\ude00", "😀"),
        ("<think>想\ud83d\ude00</think>\ud83d\ude00", "😀"),
        ("坏\ud83d的", "坏\ufffd的"),
        ("后一半\ude00在", "后一半\ufffd在"),
        ("坏\ud83d\ud83d\ude00", "坏\ufffd😀"),
        ("末尾\ud83d", "末尾\ufffd"),
    ],
)
def test_halves_of_a_character_are_joined_or_replaced(streamed: str, seen: str) -> None:
    for pieces in _cuts(streamed, most=2):
        assert _cleaned(*pieces) == seen


def test_what_can_be_shown_is_shown_at_once() -> None:
    cleaner = Cleaner()
    assert [cleaner.feed(piece) for piece in ("你", "好", "，", "<", "b")] == ["你", "好", "，", "<", "b"]
    assert cleaner.end() == ""


def test_long_thinking_is_not_kept_in_memory() -> None:
    cleaner = Cleaner()
    cleaner.feed("<think>")
    for _ in range(1000):
        assert cleaner.feed("想" * 1000) == ""
    assert len(cleaner._held) < 20
    assert cleaner.feed("</think>好") == "好"


@settings(deadline=None)
@given(st.lists(st.text(alphabet=st.characters(), max_size=10)))
def test_whatever_comes_can_be_sent_on_and_nothing_else_is_lost(pieces: list[str]) -> None:
    seen = _cleaned(*pieces)
    assert seen.encode().decode() == seen
    whole = "".join(pieces).lstrip()
    if not whole.startswith("<think>"):
        assert seen == whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
