"""A part of an answer as one WeChat text message."""

from __future__ import annotations

from wechat_oa.answers import Cut, Part
from wechat_oa.text import MAX_REPLY_BYTES, cut, ends_in_code, fits, to_plain

_LEAST_CHARACTERS = 20


def message_cut(prompt: str, max_characters: int) -> Cut:
    """Return where to cut an answer so that a part, made plain, is one message.

    ``prompt`` is what will follow a part that is not the last: room is left for it. ``max_characters``
    bounds the whole message (0: only WeChat's bytes do), but never leaves a part less than 20.
    """

    def place(text: str, start: int, final: bool) -> int:
        def plain(low: int, high: int | None = None) -> str:
            return to_plain(text[low:high], in_code=ends_in_code(text[:low]))

        rest = plain(start)
        if final and fits(rest, max_characters=max_characters):
            return len(text)
        bounds = {
            "max_bytes": MAX_REPLY_BYTES - len(prompt.encode()),
            "max_characters": max_characters and max(_LEAST_CHARACTERS, max_characters - len(prompt)),
        }
        end = cut(text, start, final=final, **bounds)
        # Fences and rules show nothing: they are no message of their own, before a part or after the last.
        while end < len(text) and not plain(start, end).strip():
            end = max(end + 1, cut(text, end, final=final, **bounds))
        return len(text) if final and not plain(end).strip() else end

    return place


def part_text(part: Part, prompt: str) -> str:
    """Return a part as plain text, with ``prompt`` after it unless it is the last; "" if it is empty."""
    plain = to_plain(part.text, in_code=ends_in_code(part.answer.text[: part.start]))
    return plain if part.last or not plain else plain + prompt
