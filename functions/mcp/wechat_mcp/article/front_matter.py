"""What stands between two ``---`` at the head of an article: its title, author, cover and how it is shown.

Values are read as they are written (``title: 3.10`` is "3.10", not a number), whatever YAML makes of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

MAX_BYTES = 16 * 1024
"""UTF-8 bytes of front matter."""

_BLOCK = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_NAMES = {
    "id": ("id", "slug"),
    "title": ("title", "标题"),
    "author": ("author", "作者"),
    "digest": ("digest", "description", "summary", "摘要"),
    "cover": ("cover", "cover_image", "thumb", "封面"),
    "source_url": ("source_url", "content_source_url", "original_url", "原文链接"),
    "need_open_comment": ("need_open_comment", "open_comment", "comment", "comments", "留言"),
    "only_fans_can_comment": ("only_fans_can_comment", "fans_only_comment", "仅粉丝留言"),
    "type": ("type", "article_type"),
    "theme": ("theme", "主题"),
    "accent": ("accent", "accent_color", "accent_colour", "主题色"),
    "font_size": ("font_size", "字号"),
    "justify": ("justify", "两端对齐"),
    "spacing": ("spacing", "中英文间距"),
    "breaks": ("breaks", "换行"),
    "images": ("images", "image_list", "图片"),
}
_TRUE, _FALSE = {"true", "yes", "on", "1", "是", "开"}, {"false", "no", "off", "0", "否", "关"}


class FrontMatterError(ValueError):
    """The front matter cannot be read. ``str()`` is a sentence in Chinese with the line to look at."""


class _Loader(yaml.BaseLoader):
    """Strings, lists and mappings only, and no aliases: a few of them can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def split(text: str) -> tuple[dict[str, Any], str]:
    """Return an article's settings under their standard names, and its Markdown without them.

    A value is a string or a list of strings; what is not known is left out. Text without front matter comes
    back as it is. Raises FrontMatterError.
    """
    found = _BLOCK.match(text)
    if not found:
        return {}, text
    if len(found[1].encode("utf-8", "replace")) > MAX_BYTES:
        raise FrontMatterError(
            f"文首的 front matter 超过 {MAX_BYTES // 1024} KB：正文请写在第二个 --- 之后。"
        )
    try:
        # A BaseLoader: it makes strings and nothing else.
        loaded = yaml.load(found[1], _Loader)  # noqa: S506  # nosec B506
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = "" if line is None else f"第 {line + 2} 行"
        raise FrontMatterError(
            f"文首的 front matter {where}读不懂：每行写成“名称: 值”，值里有冒号时用引号括起来。"
        ) from error
    if not isinstance(loaded, dict):
        # Two rules with a paragraph between them: an article may begin so.
        return {}, text
    known = {str(name).strip().lower().replace("-", "_"): value for name, value in loaded.items()}
    return dict(_standard(known)), text[found.end() :]


def _standard(known: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for standard, names in _NAMES.items():
        value = next((known[name] for name in names if known.get(name)), None)
        if isinstance(value, str):
            yield standard, value.strip()
        elif isinstance(value, list):
            yield standard, [item.strip() for item in value if isinstance(item, str) and item.strip()]


def as_bool(value: Any) -> bool | None:
    """Return what a value says, or None if it says neither."""
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None
