"""A part of an answer as one WeChat text message."""

from __future__ import annotations

from wechat_oa.answers import Cut, Part
from wechat_oa.text import MAX_REPLY_BYTES, cut, ends_in_code, fits, to_plain


def message_cut(prompt: str, max_characters: int) -> Cut:
    """Return where to cut an answer so that a part, made plain, is one message.

    ``prompt`` is what will follow a part that is not the last: room is left for it. ``max_characters``
    bounds the whole message (0: only WeChat's bytes do).
    """

    def place(text: str, start: int, final: bool) -> int:
        rest = to_plain(text[start:], in_code=ends_in_code(text[:start]))
        if final and fits(rest, max_characters=max_characters):
            return len(text)
        return cut(
            text,
            start,
            final=final,
            max_bytes=MAX_REPLY_BYTES - len(prompt.encode()),
            max_characters=max_characters and max_characters - len(prompt),
        )

    return place


def part_text(part: Part, prompt: str) -> str:
    """Return a part as plain text, with ``prompt`` after it unless it is the last; "" if it is empty."""
    plain = to_plain(part.text, in_code=ends_in_code(part.answer.text[: part.start]))
    return plain if part.last or not plain else plain + prompt
