"""The gallery: every theme on one sample, in a phone's width, by day and by night."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from . import cover, darkmode
from .rendering import Options, render
from .themes import Theme, all_themes

SAMPLE = Path(__file__).with_name("sample.md")
PHONE = 375
"""CSS pixels."""

PAGE_RULES = """
.rich_media_content { overflow: hidden; font-size: 17px; line-height: 1.6; text-align: justify }
.rich_media_content * { max-width: 100% !important; box-sizing: border-box !important;
    overflow-wrap: break-word !important }
.rich_media_content p { margin: 0; clear: both; min-height: 1em }
"""
"""What the article page has of its own, as far as it matters to a layout."""
_STYLE = """
:root { color-scheme: light dark }
body { margin: 0; background: #ededed; color: #222;
    font-family: -apple-system, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif }
header, nav { max-width: 860px; margin: 0 auto; padding: 24px 16px 0 }
header h1 { margin: 0 0 8px; font-size: 24px }
header p { margin: 0; color: #555 }
nav a { display: inline-block; margin: 0 10px 10px 0; padding: 6px 14px; border-radius: 999px;
    background: #fff; color: inherit; text-decoration: none }
.theme { padding: 24px 0 8px }
.theme > h2 { max-width: 828px; margin: 0 auto 4px; padding: 0 16px; font-size: 19px }
.theme > p { max-width: 828px; margin: 0 auto 16px; padding: 0 16px; color: #555 }
.phones { display: flex; flex-wrap: wrap; gap: 24px; justify-content: center }
.phone { width: 375px; max-width: 100%; height: 720px; overflow-x: hidden; overflow-y: auto;
    box-sizing: border-box;
    padding: 24px 16px; background: #fff; border-radius: 20px; box-shadow: 0 2px 16px #0002 }
.phone.night { background: #191919; color: #a3a3a3 }
.phone > h3 { margin: 0 0 6px; font-size: 22px; line-height: 1.4; color: #191919 }
.phone > small { display: block; margin-bottom: 22px; color: #6b6b6b; font-size: 14px }
.phone.night > h3 { color: #c8c8c8 }
.phone.night > small { color: #8f8f8f }
@media (prefers-color-scheme: dark) {
    body { background: #101010; color: #ddd }
    header p, .theme > p { color: #aaa }
    nav a { background: #222 }
}
"""


def build(path: Path | None = None, *, markdown: str | None = None) -> str:
    """Return the gallery's HTML, and write it to ``path`` if there is one.

    ``markdown`` takes the sample's place. The page is whole in itself: pictures are in it, scripts are not.
    """
    text = markdown if markdown is not None else SAMPLE.read_text("utf-8")
    themes = all_themes()
    links = "".join(f'<a href="#{theme.name}">{escape(theme.title)}</a>' for theme in themes)
    html = page(
        "文章主题",
        "<header><h1>文章主题</h1><p>同一篇文章，左边是白天，右边是微信的深色模式。</p></header>"
        f"<nav>{links}</nav>{''.join(_shown(theme, text) for theme in themes)}",
    )
    if path is not None:
        path.write_text(html, "utf-8")
    return html


def page(title: str, body: str) -> str:
    """Return a whole page in which phones stand; ``body`` is HTML, ``title`` is text."""
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{PAGE_RULES}</style></head><body>{body}</body></html>"
    )


def phones(html: str, *, title: str, author: str) -> str:
    """Return an article's HTML in two phones, by day and by night."""
    day = phone(html, title=title, author=author)
    night = phone(darkmode.darkened(html), title=title, author=author, night=True)
    return f'<div class="phones">{day}{night}</div>'


def phone(html: str, *, title: str, author: str, night: bool = False) -> str:
    """Return an article's HTML in a phone's frame; ``night`` is for HTML that has been darkened."""
    return (
        f'<div class="phone{" night" if night else ""}">'
        f"<h3>{escape(title)}</h3><small>{escape(author)}</small>"
        f'<div class="rich_media_content">{html}</div></div>'
    )


def _shown(theme: Theme, markdown: str) -> str:
    article = render(markdown, Options(theme=theme.name))
    pictures = {
        image.source: data_url(cover.draw(image.alt or article.title, accent=theme.accent))
        for image in article.images
    }
    frames = phones(article.content(pictures), title=article.title, author=article.author)
    return (
        f'<section class="theme" id="{theme.name}"><h2>{escape(theme.title)} <code>{theme.name}</code></h2>'
        f"<p>{escape(theme.purpose)}</p>{frames}</section>"
    )


def data_url(png: bytes) -> str:
    """Return a PNG as an address that needs no server."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
