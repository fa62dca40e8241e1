"""Text as a WeChat message can hold it: Markdown made plain, and long answers cut where a reader would pause.

An Official Account's text message knows no Markdown and holds about 2048 UTF-8 bytes ("Passive user reply
message" gives no number; 2047 is what arrives whole in practice).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

MAX_REPLY_BYTES = 2047

# Whatever a model writes, none of these may take more than linear time: what repeats in a pattern never runs
# across the character that the pattern begins with.
_FENCE = re.compile(r"^\s*(?:```+[^`]*|~~~+.*)$")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*)$")
_CLOSING_HASHES = re.compile(r"(?:^|\s)#+$")
_RULE = re.compile(r"^\s{0,3}([-*_])(\s*\1){2,}\s*$")
_QUOTE = re.compile(r"^\s{0,3}(?:>\s?)+")
_TASK = re.compile(r"^(\s*)[-*+]\s+\[([ xX])\]\s+")
_BULLET = re.compile(r"^(\s*)[-*+]\s+")
_TABLE_RULE = re.compile(r"\s*(?::-+:?|-+:|-{2,})\s*")
_TABLE_ROW = re.compile(r"^\s*\|(.*)\|\s*$")
_CODE_SPAN = re.compile(r"(?<![`\\])(`{1,3})(?!`)(.+?)(?<!`)\1(?!`)")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")
_LABEL = r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]"
_TARGET = r"\(\s*<?((?:[^()\s<>]|\([^()\s<>]*\))++)>?(?:\s+\"[^\"]*\")?\s*\)"
_IMAGE = re.compile("!" + _LABEL + _TARGET)
_LINK = re.compile(_LABEL + _TARGET)
_AUTOLINK = re.compile(r"<(https?://[^<>\s]+)>")
_ADDRESS = re.compile(r"https?://[!-;=?-~]*[0-9A-Za-z/=&#%+-]")
# Markers between two Latin letters or digits are no emphasis: 2*3*4, 2**10, snake_case.
_STRONG = re.compile(
    r"(?<![0-9A-Za-z])\*\*(?=\S)((?:(?!\*\*).)+)(?<=\S)\*\*"
    r"|\*\*(?=\S)((?:(?!\*\*).)+)(?<=\S)\*\*(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z_])__(?=\S)((?:(?!__).)+)(?<=\S)__(?![0-9A-Za-z_])"
)
_STRAY_STRONG = re.compile(r"\*\*(?!(?<=[0-9A-Za-z)]\*\*)[0-9A-Za-z(])(?!(?<=\s\*\*)\s)")
_EMPHASIS = re.compile(
    r"(?<![\w*])\*(?=[^\s*])([^*\n]+)(?<=\S)\*(?![0-9A-Za-z*])"
    r"|(?<![0-9A-Za-z*])\*(?=[^\s*])([^*\n]+)(?<=\S)\*(?![\w*])"
    r"|(?<!\w)_(?=\S)([^_\n]+)(?<=\S)_(?!\w)"
)
_STRIKE = re.compile(r"~~(?=\S)((?:(?!~~).)+)(?<=\S)~~")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)

# Code, addresses and escaped characters stay as they are: while the markers around them are taken away, they
# are written in lone surrogates, which no text holds.
_HIDE = {ord(character): 0xDC00 + ord(character) for character in "\\`*_{}[]()#+-.!|<>~"}
_SHOW = {hidden: character for character, hidden in _HIDE.items()}

# Where a reader would pause, best first, each with the share of the part that must lie before it.
_PAUSES = (
    (re.compile(r"\n\s*\n"), 0.8),
    (re.compile(r"\n|[。！？…；]+[”’』」）]*|(?<![.!?;])[.!?;]++[\"')\]]*(?=\s|$)"), 0.4),
    (re.compile(r"[，、：]|(?<=\S)\s+"), 0.5),
)
_LINK_OR_ADDRESS = re.compile(r"!?\[[^\[\]\n]*\]\([^()\s]*\)?|https?://[!-~]+")
_LONGEST_CHARACTER = 32
"""Code points of an emoji or a letter with all that belongs to it; what is longer is cut anywhere."""


@lru_cache(maxsize=8)  # a part is made plain to be measured, and once more to be sent
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
        elif not _is_table_rule(line):
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
    # Where nothing at all fits, a part of one character is better than never coming to the end.
    end = max(end, min(start + 1, len(markdown)))
    pause = _pause(markdown, start, end, final=final)
    # A shorter part can be larger once it is plain: a link cut short stands there as it was written.
    return pause if within(pause) else end


def _is_table_rule(line: str) -> bool:
    """Whether a line does nothing but part a table's head from its rows: |---|:--:|"""
    return "|" in line and all(_TABLE_RULE.fullmatch(cell) for cell in line.strip().strip("|").split("|"))


def _plain_line(line: str) -> str:
    if _RULE.match(line):
        return ""
    line = _CODE_SPAN.sub(lambda m: m[2].strip().translate(_HIDE), line)
    line = _ESCAPE.sub(lambda m: m[1].translate(_HIDE), line)
    line = _QUOTE.sub("", line)
    if heading := _HEADING.match(line):
        line = _CLOSING_HASHES.sub("", heading[1].rstrip()).rstrip()
    if row := _TABLE_ROW.match(line):
        line = " ｜ ".join(cell.strip() for cell in row[1].split("|"))
    elif task := _TASK.match(line):
        line = f"{task[1]}{'☐' if task[2] == ' ' else '☑'} {line[task.end() :]}"
    elif bullet := _BULLET.match(line):
        line = f"{bullet[1]}• {line[bullet.end() :]}"
    return _plain_inline(line).translate(_SHOW).rstrip()


def _plain_inline(text: str) -> str:
    text = _BREAK.sub("\n", text)
    text = _IMAGE.sub(lambda m: f"[图片{'：' + m[1] if m[1] else ''}] {m[2].translate(_HIDE)}", text)
    text = _LINK.sub(_plain_link, text)
    text = _AUTOLINK.sub(r"\1", text)
    text = _ADDRESS.sub(lambda m: m[0].translate(_HIDE), text)
    text = _STRONG.sub(_marked, text)
    # A marker whose partner is in another part of the answer would show as stray stars.
    text = _STRAY_STRONG.sub("", text)
    text = _EMPHASIS.sub(_marked, text)
    return _STRIKE.sub(_marked, text)


def _plain_link(link: re.Match[str]) -> str:
    label, address = link[1], link[2].translate(_HIDE)
    # The space keeps WeChat from taking the bracket for a part of the address.
    return address if label in ("", link[2]) else f"{label}（{address} ）"


def _marked(emphasis: re.Match[str]) -> str:
    """What stands between two markers."""
    return next(text for text in emphasis.groups() if text)


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


def _pause(text: str, start: int, end: int, *, final: bool) -> int:
    """The last good place to pause in ``text[start:end]``, not so early that most of the part is lost."""
    kept_whole = [
        # One that the text so far ends with may still grow.
        (match.start(), match.end() if final or match.end() < len(text) else len(text) + 1)
        for match in _LINK_OR_ADDRESS.finditer(text, start, end + MAX_REPLY_BYTES)
    ]

    def torn(place: int) -> int | None:
        """Where the link or the address begins that goes on across a place."""
        return next((first for first, last in kept_whole if first < place < last), None)

    for pause, share in _PAUSES:
        earliest = start + (end - start) * share
        # One character further than the part: a full stop ends a sentence only if a space comes after it.
        places = [match.end() for match in pause.finditer(text, start, end + 1)]
        for place in reversed(places):
            if earliest < place <= end and torn(place) is None:
                return place
    before = torn(end)
    if before is not None and before > start:
        return before
    for place in range(end, max(start, end - _LONGEST_CHARACTER), -1):
        if not _splits_character(text, place):
            return place
    return end


def _splits_character(text: str, place: int) -> bool:
    """Whether an emoji, a flag, or a letter with its accents goes on across a place."""
    if place >= len(text):
        return False
    before, after = text[place - 1], text[place]
    if "\u200d" in (before, after) or unicodedata.category(after).startswith("M"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True  # a skin tone; the letters of a region's flag
    flag_letters = 0
    while flag_letters < place and _is_flag_letter(text[place - 1 - flag_letters]):
        flag_letters += 1
    return _is_flag_letter(after) and flag_letters % 2 == 1


def _is_flag_letter(character: str) -> bool:
    """Two of them make a country's flag."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"
