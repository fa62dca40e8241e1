"""What a template is filled with: read from what a tool's caller gives, checked, bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MOST_SECTIONS = 50
MOST_ITEMS = 50
"""In one list of a section."""
MOST_CHARACTERS = 20_000
"""In one text."""

FIELDS: Mapping[str, str] = {
    "title": "标题，必填",
    "intro": "标题下面的一段话",
    "image": "题图：图片的 http(s) 网址，或 {url, alt, caption}",
    "warning": "醒目的提示",
    "sections": (
        "正文的各节，每节可以有 title、content（空行分段，「- 」开头的行成为列表）、image、"
        "stats（[{label, value}]）、quote（文字或 {text, author}）、"
        "features（[文字] 或 [{title, text, icon}]）、code（文字或 {text, language}）、"
        "progress（[{label, value}]，value 为 0–100）"
    ),
    "tags": "标签：[文字]",
    "actionButton": "按钮：{text, url}，网址可以是 http、https、mailto、tel",
    "footer": "页脚：[文字]",
    "templateName": "模板的名字",
}
"""Every field, and what it is."""


class TemplateError(ValueError):
    """What was given cannot be filled in. The text says what and why, in Chinese."""


@dataclass(frozen=True)
class Image:
    """A picture by its address."""

    url: str
    alt: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """One part of a page, in the order in which its parts are shown."""

    title: str = ""
    content: str = ""
    image: Image | None = None
    stats: tuple[tuple[str, str], ...] = ()
    """Label and value."""
    quote: tuple[str, str] | None = None
    """Text and author."""
    features: tuple[tuple[str, str, str], ...] = ()
    """Icon, title and text."""
    code: tuple[str, str] | None = None
    """Text and language."""
    progress: tuple[tuple[str, float], ...] = ()
    """Label and per cent."""


@dataclass(frozen=True)
class PageFields:
    """Everything that a template may be filled with."""

    title: str
    intro: str = ""
    image: Image | None = None
    warning: str = ""
    sections: tuple[Section, ...] = ()
    tags: tuple[str, ...] = ()
    action: tuple[str, str] | None = None
    """Text and address."""
    footer: tuple[str, ...] = ()
    template: str = ""


def read_fields(given: Mapping[str, Any]) -> PageFields:
    """Return the fields that a caller gave, in camelCase or snake_case.

    Raises TemplateError for a field that there is not, of the wrong kind, or too long, and for an address
    that is none.
    """
    values = _known(given, {*FIELDS, "template"}, "字段")
    title = _text(values, "title")
    if not title:
        raise TemplateError("缺少 title：网页要有一个标题")
    sections = _list(values, "sections", MOST_SECTIONS)
    action = values.get("actionButton")
    return PageFields(
        title=title,
        intro=_text(values, "intro"),
        image=_image(values, "image"),
        warning=_text(values, "warning"),
        sections=tuple(_section(each, number) for number, each in enumerate(sections, 1)),
        tags=_texts(values, "tags"),
        action=_action(action) if action else None,
        footer=_texts(values, "footer"),
        template=_text(values, "templateName") or _text(values, "template"),
    )


def _section(given: Any, number: int) -> Section:
    if isinstance(given, str):
        return Section(content=_bounded(given, "content"))
    if not isinstance(given, Mapping):
        raise TemplateError(f"第 {number} 节应当是一个对象，例如 {{title, content}}")
    known = {"title", "content", "image", "stats", "quote", "features", "code", "progress"}
    values = _known(given, known, f"第 {number} 节的字段")
    return Section(
        title=_text(values, "title"),
        content=_text(values, "content"),
        image=_image(values, "image"),
        stats=tuple(_pair(each, "stats", "label", "value") for each in _list(values, "stats")),
        quote=_either(values, "quote", "author"),
        features=tuple(_feature(each) for each in _list(values, "features")),
        code=_either(values, "code", "language"),
        progress=tuple(_progress(each) for each in _list(values, "progress")),
    )


def _pair(given: Any, name: str, first: str, second: str) -> tuple[str, str]:
    if not isinstance(given, Mapping):
        raise TemplateError(f"{name} 的每一项应当是 {{{first}, {second}}}")
    return _text(given, first) or _text(given, "name"), _text(given, second) or _text(given, "number")


def _feature(given: Any) -> tuple[str, str, str]:
    if isinstance(given, str):
        return "", _bounded(given, "features"), ""
    if not isinstance(given, Mapping):
        raise TemplateError("features 的每一项应当是文字，或 {title, text, icon}")
    text = _text(given, "text") or _text(given, "description") or _text(given, "content")
    return _text(given, "icon"), _text(given, "title"), text


def _progress(given: Any) -> tuple[str, float]:
    label, value = ("", given) if isinstance(given, int | float | str) else _progress_of(given)
    try:
        number = float(str(value).strip().removesuffix("%"))
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise TemplateError("progress 的 value 应当是 0 到 100 的数")
    return label, number


def _progress_of(given: Any) -> tuple[str, Any]:
    if not isinstance(given, Mapping):
        raise TemplateError("progress 的每一项应当是 {label, value}")
    return _text(given, "label") or _text(given, "title"), given.get("value", given.get("percent", -1))


def _either(values: Mapping[str, Any], name: str, second: str) -> tuple[str, str] | None:
    """Return a text with a second one: given as text, or as {text, <second>}."""
    given = values.get(name)
    if given is None or given == "":
        return None
    if isinstance(given, Mapping):
        return _text(given, "text") or _text(given, "content"), _text(given, second)
    return _text(values, name), ""


def _image(values: Mapping[str, Any], name: str) -> Image | None:
    given = values.get(name)
    if not given:
        return None
    if isinstance(given, Mapping):
        url = _text(given, "url") or _text(given, "src")
        return Image(web_address(url, name), _text(given, "alt"), _text(given, "caption"))
    return Image(web_address(_text(values, name), name))


def _action(given: Any) -> tuple[str, str]:
    if not isinstance(given, Mapping):
        raise TemplateError("actionButton 应当是 {text, url}")
    text, url = _text(given, "text"), _text(given, "url")
    if not text or not url:
        raise TemplateError("actionButton 要有 text 和 url")
    return text, web_address(url, "actionButton.url", ("http", "https", "mailto", "tel"))


def web_address(url: str, name: str, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """Return an address. Raises TemplateError for any other scheme than ``schemes``, and for none at all."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        reachable = bool(parts.hostname) if parts.scheme in ("http", "https") else bool(parts.path)
    except ValueError:
        raise TemplateError(f"{name} 不是网址") from None
    if parts.scheme not in schemes or not reachable or any(c.isspace() or not c.isprintable() for c in url):
        raise TemplateError(f"{name} 应当是以 {'、'.join(schemes)} 开头的网址")
    return url


def _known(given: Mapping[str, Any], names: set[str], what: str) -> dict[str, Any]:
    values = {_camel(str(name)): value for name, value in given.items()}
    if unknown := sorted(values.keys() - names):
        raise TemplateError(
            f"没有这样的{what}：{'、'.join(unknown)[:200]}；可以用 {'、'.join(sorted(names))}"
        )
    return {name: value for name, value in values.items() if value is not None}


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, "")
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TemplateError(f"{name} 应当是文字")
    return _bounded(str(value), name)


def _bounded(text: str, name: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise TemplateError(f"{name} 太长了：最多 {MOST_CHARACTERS} 个字")
    # What no page can show, and a lone half of a character, which no file can hold.
    kept = (c if c in "\n\t" or (c.isprintable() and not "\ud800" <= c <= "\udfff") else " " for c in text)
    return "".join(kept).strip()


def _list(values: Mapping[str, Any], name: str, most: int = MOST_ITEMS) -> list[Any]:
    value = values.get(name)
    if value is None or value == "":
        return []
    if not isinstance(value, list | tuple):
        value = [value]
    if len(value) > most:
        raise TemplateError(f"{name} 太多了：最多 {most} 项")
    return list(value)


def _texts(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(filter(None, (_text({name: each}, name) for each in _list(values, name))))
