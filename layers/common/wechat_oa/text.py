"""Text as a WeChat message can hold it: Markdown made plain, and long answers cut where a reader would pause.

An Official Account's text message knows no Markdown and holds about 2048 UTF-8 bytes ("Passive user reply
message" gives no number; 2047 is what arrives whole in practice).
"""

from __future__ import annotations

import re
from collections.abc import Callable

MAX_REPLY_BYTES = 2047

_FENCE = re.compile(r"^\s{0,3}(```+|~~~+)")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_RULE = re.compile(r"^\s{0,3}([-*_])(\s*\1){2,}\s*$")
_QUOTE = re.compile(r"^\s{0,3}>\s?")
_TASK = re.compile(r"^(\s*)[-*+]\s+\[([ xX])\]\s+")
_BULLET = re.compile(r"^(\s*)[-*+]\s+")
_TABLE_LINE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")
_TABLE_ROW = re.compile(r"^\s*\|(.*)\|\s*$")
_CODE_SPAN = re.compile(r"(`+)(.+?)\1")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_LINK = re.compile(r"\[([^\]]+)\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_AUTOLINK = re.compile(r"<(https?://[^>\s]+)>")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(
    r"(?<![0-9A-Za-z*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])|(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)"
)
_STRIKE = re.compile(r"~~(?=\S)(.+?)(?<=\S)~~")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")

# Where a reader would pause, best first, each with the share of the part that must lie before it.
_PAUSES = (
    (re.compile(r"\n\s*\n"), 0.8),
    (re.compile(r"\n|[。！？…；]+[”’』」）]*|[.!?;]+[\"')\]]*(?=\s|$)"), 0.4),
    (re.compile(r"[，、：]|(?<=\S)\s+"), 0.5),
)
# What belongs to the character before it: joiners, variation selectors, skin tones, combining marks.
_CLINGS = re.compile("[\u200d\ufe0f\U0001f3fb-\U0001f3ff\u0300-\u036f]")


def to_plain(markdown: str, *, in_code: bool = False) -> str:
    """Return Markdown as plain text that reads well in a chat bubble.

    ``in_code`` tells that the text begins inside a fenced code block (it is a later part of an answer).
    """
    lines: list[str] = []
    for line in markdown.split("\n"):
        if _FENCE.match(line):
            in_code = not in_code
        elif in_code:
            lines.append(line.rstrip())
        elif not _TABLE_LINE.match(line) or "-" not in line or "|" not in line:
            lines.append(_plain_line(line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def ends_in_code(markdown: str) -> bool:
    """Return whether a fenced code block is still open where the text ends."""
    return sum(1 for line in markdown.split("\n") if _FENCE.match(line)) % 2 == 1


def fits(text: str, *, max_bytes: int = MAX_REPLY_BYTES, max_characters: int = 0) -> bool:
    """Return whether a plain text is within the platform's bytes and the owner's characters (0: no limit)."""
    return len(text.encode()) <= max_bytes and (not max_characters or len(text) <= max_characters)


def cut(
    markdown: str, start: int, *, final: bool, max_bytes: int = MAX_REPLY_BYTES, max_characters: int = 0
) -> int:
    """Return where the part that begins at ``start`` should end: an offset in characters of ``markdown``.

    Made plain, the part takes at most ``max_bytes`` UTF-8 bytes (and ``max_characters``, if not 0). When the
    text is ``final`` and its rest fits, that is its end. Otherwise the part ends where a reader would pause.
    The result is past ``start`` unless there is nothing there; callers leave room for what they append.
    """
    in_code = ends_in_code(markdown[:start])

    def within(end: int) -> bool:
        plain = to_plain(markdown[start:end], in_code=in_code)
        return fits(plain, max_bytes=max_bytes, max_characters=max_characters)

    end = _largest(start, len(markdown), within)
    if final and end == len(markdown):
        return end
    return _pause(markdown, start, end)


def _plain_line(line: str) -> str:
    if _RULE.match(line):
        return ""
    line = _QUOTE.sub("", line)
    if heading := _HEADING.match(line):
        line = heading[1]
    if row := _TABLE_ROW.match(line):
        line = " ｜ ".join(cell.strip() for cell in row[1].split("|"))
    elif task := _TASK.match(line):
        line = f"{task[1]}{'☐' if task[2] == ' ' else '☑'} {line[task.end() :]}"
    elif bullet := _BULLET.match(line):
        line = f"{bullet[1]}• {line[bullet.end() :]}"
    # Code spans keep their stars and underscores: only what stands between them is made plain.
    parts: list[str] = []
    position = 0
    for span in _CODE_SPAN.finditer(line):
        parts += (_plain_inline(line[position : span.start()]), span[2].strip())
        position = span.end()
    return "".join((*parts, _plain_inline(line[position:]))).rstrip()


def _plain_inline(text: str) -> str:
    text = _BREAK.sub("\n", text)
    text = _IMAGE.sub(lambda m: f"[图片{'：' + m[1] if m[1] else ''}] {m[2]}", text)
    text = _LINK.sub(lambda m: m[2] if m[1] == m[2] else f"{m[1]}（{m[2]} ）", text)
    text = _AUTOLINK.sub(r"\1", text)
    text = _STRONG.sub(r"\2", text)
    text = _EMPHASIS.sub(lambda m: m[1] or m[2], text)
    text = _STRIKE.sub(r"\1", text)
    # A marker whose partner is in another part of the answer would show as stray stars.
    text = re.sub(r"(?<!\\)\*\*", "", text)
    return _ESCAPE.sub(r"\1", text)


def _largest(low: int, high: int, within: Callable[[int], bool]) -> int:
    """The largest offset that is still within bounds, by halving; ``low`` counts as within."""
    if within(high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if within(middle):
            low = middle
        else:
            high = middle
    return low


def _pause(text: str, start: int, end: int) -> int:
    """The last good place to pause in ``text[start:end]``, not so early that most of the part is lost."""
    for pause, share in _PAUSES:
        earliest = start + (end - start) * share
        places = [match.end() for match in pause.finditer(text, start, end) if match.end() > earliest]
        if places:
            return places[-1]
    while end > start + 1 and (text[end - 1] == "\u200d" or _CLINGS.match(text, end)):
        end -= 1
    return end
