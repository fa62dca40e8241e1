"""A theme's CSS as what can be inlined: variables resolved, pseudo-elements carried along.

A ``h2::before {content: "§"; color: red}`` becomes ``h2 {--before-content: "§"; --before-color: red}``: the
cascade then finds the element that it belongs to, and ``styling`` makes a real one of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import tinycss2

MAX_CHARACTERS = 64 * 1024
_MAX_RULES = 600
_MAX_VALUE = 2000  # characters, with its variables resolved
_MAX_DEPTH = 8

_PSEUDO = re.compile(r"^(.*?)::?(before|after)$", re.DOTALL)
# css-inline passes over what it does not know without a word.
_UNSUPPORTED = re.compile(
    r":(?!(?:not|empty|(?:first|last|only)-(?:child|of-type)|nth-(?:last-)?(?:child|of-type))(?![\w-]))"
    r"|\([^)]*\sof\s",
    re.IGNORECASE,
)
# What stands for the whole article elsewhere: in browsers, and in the themes of other editors.
_WHOLE = re.compile(
    r"(?<![\w.#-])(?::root|html\s+body|html|body)(?![\w-])|[#](?:nice|wenyan|write|output|article)(?![\w-])"
    r"|[.](?:markdown-body|rich_media_content)(?![\w-])"
)

# Taken away by WeChat, or of no use in an article; url() is an address to fetch from.
_DROPPED_PROPERTY = re.compile(
    r"position|top|right|bottom|left|inset.*|z-index"
    r"|(?:-(?:webkit|moz|ms|o)-)?(?:transform.*|translate|rotate|scale|perspective.*|animation.*|transition.*"
    r"|filter|backdrop-filter|cursor|behavior|binding|will-change|pointer-events|user-select|counter-.*|mask.*"
    r"|clip-path|appearance)"
)
_DANGEROUS_VALUE = re.compile(
    r"url\s*\(|src\s*\(|image-set\s*\(|expression\s*\(|javascript\s*:|vbscript\s*:|attr\s*\(|[<>@\\{}]",
    re.IGNORECASE,
)
_CONTENT = re.compile(r"none|\"[^\"\\]{0,100}\"|'[^'\\]{0,100}'")
_NAME = re.compile(r"-?[a-z][a-z-]*\Z")


@dataclass(frozen=True)
class Sheet:
    """Rules that css-inline takes, the variables declared, and what was left out, in Chinese."""

    css: str
    variables: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@lru_cache(maxsize=32)
def variables_of(text: str) -> tuple[tuple[str, str], ...]:
    """Return the custom properties that CSS text declares anywhere: the last of a name holds."""
    found: dict[str, str] = {}
    for rule in _rules(text):
        if rule.type == "qualified-rule":
            for declaration in tinycss2.parse_blocks_contents(rule.content):
                if declaration.type == "declaration" and declaration.name.startswith("--"):
                    found[declaration.name] = tinycss2.serialize(declaration.value).strip()
    return tuple(found.items())


def compile_sheet(text: str, variables: dict[str, str]) -> Sheet:
    """Return CSS text as rules to inline; ``variables`` go before those that it declares.

    Nothing raises: what cannot be used is left out and named in ``problems``.
    """
    problems: dict[str, None] = {}
    if len(text) > MAX_CHARACTERS:
        text = ""
        problems[f"主题 CSS 超过 {MAX_CHARACTERS // 1024} KB，没有使用：请删去用不到的规则。"] = None
    known = dict(variables_of(text)) | variables
    written: list[str] = []
    for count, rule in enumerate(_rules(text)):
        if count >= _MAX_RULES:
            problems[f"主题 CSS 超过 {_MAX_RULES} 条规则，后面的没有使用。"] = None
            break
        if rule.type == "qualified-rule":
            written.extend(_rule(rule, known, problems))
        elif rule.type == "at-rule" and rule.lower_at_keyword != "charset":
            problems[f"主题 CSS 里的 @{rule.at_keyword[:30]} 在文章里不起作用，已略过。"] = None
        elif rule.type == "error":
            problems[f"主题 CSS 第 {rule.source_line} 行有语法错误，已略过。"] = None
    return Sheet("\n".join(written), known, tuple(problems))


def _rules(text: str) -> list[Any]:
    rules: list[Any] = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    return rules


def _rule(rule: Any, known: dict[str, str], problems: dict[str, None]) -> Iterator[str]:
    declarations = []
    for item in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True):
        if item.type != "declaration":
            problems[f"主题 CSS 第 {item.source_line} 行有语法错误或嵌套的规则，已略过。"] = None
        elif not item.name.startswith("--"):
            value = resolve(item.value, known)
            if value is None:
                problems[f"主题 CSS 第 {item.source_line} 行用到的变量没有定义，已略过。"] = None
            elif is_safe(item.lower_name, value):
                declarations.append((item.lower_name, value))
            else:
                problems[
                    f"主题 CSS 里的 {item.lower_name[:40]}（第 {item.source_line} 行）微信会去掉，已略过。"
                ] = None
    if any(token.type == "error" for token in rule.prelude):
        problems[f"主题 CSS 第 {rule.source_line} 行有语法错误，已略过。"] = None
        return
    if not declarations:
        return
    for selector in _selectors(rule.prelude):
        name, pseudo = _WHOLE.sub(".article", selector), ""
        if found := _PSEUDO.match(name):
            name, pseudo = found[1].strip() or "*", f"--{found[2]}-"
        if _UNSUPPORTED.search(name):
            problems[f"主题 CSS 的选择器 {selector[:60]} 在文章里不起作用，已略过。"] = None
            continue
        body = ";".join(f"{pseudo}{declared}:{value}" for declared, value in declarations)
        yield f"{name}{{{body}}}"


def _selectors(prelude: list[Any]) -> Iterator[str]:
    """The selectors of a list, parted at its commas: those in brackets are none of them."""
    part: list[Any] = []
    for piece in [*prelude, None]:
        if piece is None or piece == ",":
            selector = tinycss2.serialize(part).strip()
            if selector:
                yield selector
            part = []
        elif piece.type != "comment":
            part.append(piece)


def resolve(tokens: list[Any], known: dict[str, str], depth: int = 0) -> str | None:
    """Return a value with its ``var()`` replaced, or None where one is unknown or they lead too deep."""
    pieces = []
    for token in tokens:
        if token.type == "function" and token.lower_name == "var":
            arguments = tinycss2.serialize(token.arguments).partition(",")
            replacement = known.get(arguments[0].strip(), arguments[2].strip() if arguments[1] else None)
            if replacement is None or depth >= _MAX_DEPTH:
                return None
            piece = resolve(tinycss2.parse_component_value_list(replacement), known, depth + 1)
        elif token.type == "function":
            inner = resolve(token.arguments, known, depth + 1)
            piece = None if inner is None else f"{token.name}({inner})"
        else:
            piece = token.serialize()
        if piece is None:
            return None
        pieces.append(piece)
        if sum(map(len, pieces)) > _MAX_VALUE:
            return None
    return "".join(pieces).strip()


def is_safe(name: str, value: str) -> bool:
    """Whether a declaration is one that WeChat keeps and that fetches or runs nothing."""
    if name == "content":
        return bool(_CONTENT.fullmatch(value))
    return (
        bool(_NAME.match(name))
        and not _DROPPED_PROPERTY.fullmatch(name)
        and not _DANGEROUS_VALUE.search(value)
        and value != ""
    )
