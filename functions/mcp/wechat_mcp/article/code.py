"""Code blocks: coloured, with white space that WeChat's editor cannot collapse.

The editor folds line ends and runs of spaces: lines become ``<br>``, spaces become non-breaking ones, in
text alone. All of it stands in one block, since the page lays the children of ``<code>`` side by side.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import (
    Comment,
    Error,
    Generic,
    Keyword,
    Literal,
    Name,
    Number,
    String,
    _TokenType,
    is_token_subtype,
)
from pygments.util import ClassNotFound

from .tree import Element, Node, section, span

MAX_COLOURED = 20_000
"""Characters of a code block; a longer one is left in one colour."""
TAB = 4

_KINDS: tuple[tuple[_TokenType, str], ...] = (
    (Comment.Preproc, "hl-meta"),
    (Comment, "hl-comment"),
    (Keyword.Constant, "hl-constant"),
    (Keyword.Type, "hl-type"),
    (Keyword, "hl-keyword"),
    (Name.Function, "hl-function"),
    (Name.Class, "hl-type"),
    (Name.Tag, "hl-keyword"),
    (Name.Attribute, "hl-function"),
    (Name.Decorator, "hl-meta"),
    (Name.Builtin, "hl-constant"),
    (Name.Constant, "hl-constant"),
    (Name.Variable, "hl-constant"),
    (String, "hl-string"),
    (Number, "hl-number"),
    (Literal, "hl-string"),
    (Generic.Inserted, "hl-inserted"),
    (Generic.Deleted, "hl-deleted"),
    (Generic.Heading, "hl-keyword"),
    (Generic.Subheading, "hl-meta"),
    (Generic.Output, "hl-comment"),
)
_BREAKABLE = re.compile(r"(?<=\S) (?=\S)")


def block(language: str, text: str) -> Element:
    """Return a code block: a bar that names the language, and lines that scroll sideways."""
    lines = text.expandtabs(TAB).rstrip("\n")
    code = Element("code", {"class": "code-text"}, _coloured(language, lines))
    pre = Element("pre", {"class": "code-lines"}, [code])
    bar = [section("code-language", language)] if language else []
    return section("code", *bar, pre)


def _coloured(language: str, text: str) -> list[Node]:
    lexer = _lexer(language.lower())
    if lexer is None or len(text) > MAX_COLOURED:
        return _held(text)
    nodes: list[Node] = []
    for kind, piece in _runs(lexer, text):
        held = _held(piece)
        nodes.extend([span(kind, *held)] if kind else held)
    return nodes


def _runs(lexer: Lexer, text: str) -> list[tuple[str, str]]:
    """Pieces of one colour: neighbours of the same become one, and white space joins what it follows."""
    runs: list[tuple[str, str]] = []
    # Many lexers know a line by its end only.
    for token, piece in lexer.get_tokens(f"{text}\n"):
        kind = _kind(token)
        if runs and (runs[-1][0] == kind or not piece.strip()):
            runs[-1] = (runs[-1][0], runs[-1][1] + piece)
        else:
            runs.append((kind, piece))
    if runs:
        runs[-1] = (runs[-1][0], runs[-1][1].removesuffix("\n"))
    return [run for run in runs if run[1]]


@lru_cache(maxsize=256)
def _kind(token: _TokenType) -> str:
    if token is Error:
        return ""
    return next((kind for parent, kind in _KINDS if is_token_subtype(token, parent)), "")


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    if not language:
        return None
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _held(text: str) -> list[Node]:
    """Text whose lines and spaces hold: a single space inside a line may stay what it is."""
    nodes: list[Node] = []
    for number, line in enumerate(text.split("\n")):
        if number:
            nodes.append(Element("br"))
        if line:
            nodes.append(_BREAKABLE.sub("\x00", line).replace(" ", "\u00a0").replace("\x00", " "))
    return nodes
