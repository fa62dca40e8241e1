"""Filling a template: each slot once, so that nothing given can become a slot itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from wechat_oa.page_templates.blocks import slots
from wechat_oa.page_templates.draft_styles import ACCENTS, draft_style
from wechat_oa.page_templates.fields import FIELDS, TemplateError, read_fields

_FOLDER = Path(__file__).parent
_SLOT = re.compile(r"\{\{(\w+)\}\}")

TEMPLATES: Mapping[str, str] = {
    "simple": "简洁：白底、大字、留白多，什么都合适",
    "magazine": "杂志：衬线标题、题图在上、首字下沉，适合长文和故事",
    "event": "活动：渐变色大标题和醒目的按钮，适合通知、促销、报名",
    "report": "简报：卡片、数字、进度条，适合数据和周报",
}
"""The templates by name, the first one the default, and what each is good for."""


def list_templates() -> list[dict[str, str]]:
    """Return the name and the description of each template."""
    return [{"name": name, "description": text} for name, text in TEMPLATES.items()]


def get_template(name: str = "") -> dict[str, Any]:
    """Return a template as it is (``html``, its slots as ``{{title}}``) and the ``fields`` that fill it.

    Raises TemplateError for a name that no template has.
    """
    name = _checked(name)
    return {"name": name, "description": TEMPLATES[name], "html": _raw(name), "fields": dict(FIELDS)}


def generate(fields: Mapping[str, Any], template: str = "") -> str:
    """Return a whole page, ready to be hosted; ``template`` goes before the fields' own ``templateName``.

    Raises TemplateError for fields that make no sense (see ``read_fields``).
    """
    read = read_fields(fields)
    filled = slots(read)
    return _SLOT.sub(lambda slot: filled[slot[1]], _raw(_checked(template or read.template)))


def generate_draft(fields: Mapping[str, Any], template: str = "") -> str:
    """Return the page's content for a draft of the account, its styles inline: WeChat drops all others.

    The title is none of it: a draft has its own. Raises TemplateError.
    """
    read = read_fields(fields)
    name = _checked(template or read.template)
    filled = slots(read)
    order = ("image", "intro", "warning", "sections", "action", "tags", "footer")
    content = "".join(filled[slot] for slot in order)
    return _inline(f'<section class="page">{content}</section>', ACCENTS[name])


def _inline(html: str, accent: str) -> str:
    # In a text that was given there is no such attribute: its quotes are escaped.
    styled = re.sub(r' class="(\w+)"', lambda found: draft_style(found[1], accent), html)
    return styled.replace(';" style="', ";")


def _checked(name: str) -> str:
    name = name.strip().removesuffix(".html") or next(iter(TEMPLATES))
    if name not in TEMPLATES:
        raise TemplateError(f"没有这个模板：{name[:50]}；可以用 {'、'.join(TEMPLATES)}")
    return name


@cache
def _raw(name: str) -> str:
    """The template: the page that all share, with the style that all share and its own."""
    styles = "\n".join((_FOLDER / f"{each}.css").read_text("utf-8").strip() for each in ("base", name))
    return (_FOLDER / "page.html").read_text("utf-8").replace("/* style */", styles)
