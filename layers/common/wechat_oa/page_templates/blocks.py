"""The parts of a page as HTML, every text in them escaped."""

from __future__ import annotations

import re
from html import escape

from wechat_oa.page_templates.fields import Image, PageFields, Section


def slots(fields: PageFields) -> dict[str, str]:
    """Return what goes into each slot of a template; "" for what was not given."""
    return {
        "title": escape(fields.title),
        "description": escape(" ".join((fields.intro or fields.title).split())[:160]),
        "intro": f'<div class="intro">{_paragraphs(fields.intro)}</div>' if fields.intro else "",
        "image": _image(fields.image, "cover"),
        "warning": (
            f'<div class="warning" role="note">{_paragraphs(fields.warning)}</div>' if fields.warning else ""
        ),
        "tags": _list("tags", [escape(tag) for tag in fields.tags]),
        "sections": "".join(map(_section, fields.sections)),
        "action": _action(fields.action),
        "footer": (
            f'<footer class="footer">{"".join(f"<p>{escape(line)}</p>" for line in fields.footer)}</footer>'
            if fields.footer
            else ""
        ),
    }


def _section(section: Section) -> str:
    parts = [
        f'<h2 class="heading">{escape(section.title)}</h2>' if section.title else "",
        _paragraphs(section.content),
        _image(section.image, "picture"),
        _stats(section.stats),
        _features(section.features),
        _progress(section.progress),
        _quote(section.quote),
        _code(section.code),
    ]
    return f'<section class="section">{"".join(parts)}</section>'


def _paragraphs(text: str) -> str:
    """Blank lines divide paragraphs; lines that begin with ``- `` are a list."""
    parts = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        for is_item, group in _runs(lines):
            if is_item:
                items = (f"<li>{escape(line[2:].strip())}</li>" for line in group)
                parts.append(f'<ul class="list">{"".join(items)}</ul>')
            else:
                parts.append(f'<p class="text">{"<br>".join(map(escape, group))}</p>')
    return "".join(parts)


def _runs(lines: list[str]) -> list[tuple[bool, list[str]]]:
    runs: list[tuple[bool, list[str]]] = []
    for line in lines:
        is_item = line.startswith(("- ", "• ", "* "))
        if not runs or runs[-1][0] != is_item:
            runs.append((is_item, []))
        runs[-1][1].append(line)
    return runs


def _image(image: Image | None, name: str) -> str:
    if image is None:
        return ""
    caption = f'<figcaption class="caption">{escape(image.caption)}</figcaption>' if image.caption else ""
    alt = escape(image.alt or image.caption)
    return (
        f'<figure class="{name}"><img class="image" src="{escape(image.url)}" alt="{alt}" loading="lazy">'
        f"{caption}</figure>"
    )


def _stats(stats: tuple[tuple[str, str], ...]) -> str:
    entries = []
    for label, value in stats:
        said = f'<dt class="label">{escape(label)}</dt><dd class="value">{escape(value)}</dd>'
        entries.append(f'<div class="stat">{said}</div>')
    return f'<dl class="stats">{"".join(entries)}</dl>' if stats else ""


def _features(features: tuple[tuple[str, str, str], ...]) -> str:
    entries = []
    for icon, title, text in features:
        shown = f'<span class="icon" aria-hidden="true">{escape(icon)}</span>' if icon else ""
        heading = f'<strong class="name">{escape(title)}</strong>' if title else ""
        more = f'<span class="more">{escape(text)}</span>' if text else ""
        entries.append(f'<li class="feature">{shown}<div class="what">{heading}{more}</div></li>')
    return f'<ul class="features">{"".join(entries)}</ul>' if features else ""


def _progress(progress: tuple[tuple[str, float], ...]) -> str:
    entries = (
        f'<div class="bar"><div class="measure"><span>{escape(label)}</span> <span>{value:g}%</span></div>'
        f'<div class="track"><div class="done" style="width:{value:g}%"></div></div></div>'
        for label, value in progress
    )
    return f'<div class="progress">{"".join(entries)}</div>' if progress else ""


def _quote(quote: tuple[str, str] | None) -> str:
    if quote is None:
        return ""
    author = f'<cite class="author">{escape(quote[1])}</cite>' if quote[1] else ""
    return f'<blockquote class="quote">{_paragraphs(quote[0])}{author}</blockquote>'


def _code(code: tuple[str, str] | None) -> str:
    if code is None:
        return ""
    language = f'<span class="language">{escape(code[1])}</span>' if code[1] else ""
    return f'<div class="code">{language}<pre class="pre"><code>{escape(code[0])}</code></pre></div>'


def _list(name: str, items: list[str]) -> str:
    entries = (f'<li class="tag">{item}</li>' for item in items)
    return f'<ul class="{name}">{"".join(entries)}</ul>' if items else ""


def _action(action: tuple[str, str] | None) -> str:
    if action is None:
        return ""
    text, url = action
    window = ' target="_blank" rel="noopener noreferrer"' if url.lower().startswith("http") else ""
    return f'<p class="go"><a class="action" href="{escape(url)}"{window}>{escape(text)}</a></p>'
