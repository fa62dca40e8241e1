"""Emphasis beside Chinese: ``**注意：**后面`` is bold, which CommonMark's rules prevent.

CommonMark lets ``**`` close after punctuation only before white space or punctuation; Chinese has no spaces
there. As "markdown-cjk-friendly" has it, Chinese punctuation counts as a letter, and a Chinese character
beside the marker as a pause.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_MARKERS = "*~"


def install(parser: MarkdownIt) -> None:
    """Make a parser read ``*`` and ``~~`` so; ``_`` stays as it is, for its rule is about words."""
    parser.inline.ruler.before("emphasis", "emphasis_beside_chinese", _read)


def _read(state: StateInline, silent: bool) -> bool:
    start, marker = state.pos, state.src[state.pos]
    if silent or marker not in _MARKERS:
        return False
    end = start
    while end < state.posMax and state.src[end] == marker:
        end += 1
    before = state.src[start - 1] if start else " "
    after = state.src[end] if end < state.posMax else " "
    if not (_is_chinese(before) or _is_chinese(after)):
        return False
    length = end - start
    if marker == "~" and length != 2:
        return False
    can_open = not after.isspace() and (not _is_latin_punctuation(after) or _pauses(before))
    can_close = not before.isspace() and (not _is_latin_punctuation(before) or _pauses(after))
    pieces = [marker * 2] if marker == "~" else [marker] * length
    for piece in pieces:
        token = state.push("text", "", 0)
        token.content = piece
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=0 if marker == "~" else length,
                token=len(state.tokens) - 1,
                end=-1,
                open=can_open,
                close=can_close,
            )
        )
    state.pos = end
    return True


def _pauses(character: str) -> bool:
    return character.isspace() or _is_latin_punctuation(character) or _is_chinese(character)


@lru_cache(maxsize=4096)
def _is_chinese(character: str) -> bool:
    """Whether it is a Chinese, Japanese or Korean letter or punctuation mark."""
    return unicodedata.east_asian_width(character) in "WF" or character in "“”‘’…—·"


@lru_cache(maxsize=4096)
def _is_latin_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS" and not _is_chinese(character)
