"""An article as it stands in WeChat: in a phone's frame, by day and by night."""

from __future__ import annotations

from html import escape

from . import darkmode

WIDTH = 375
"""CSS pixels."""

PAGE_RULES = """
.rich_media_content { overflow: hidden; font-size: 17px; line-height: 1.6; text-align: justify }
.rich_media_content * { max-width: 100% !important; box-sizing: border-box !important;
    overflow-wrap: break-word !important }
:where(.rich_media_content) p { margin: 0; clear: both; min-height: 1em }
"""
"""What the article page has of its own, as far as it matters to a layout."""
STYLE = """
:root { color-scheme: light dark }
body { margin: 0; background: #ededed; color: #222;
    font-family: -apple-system, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif }
.phones { display: flex; flex-wrap: wrap; gap: 24px; justify-content: center }
.phone { width: 375px; max-width: 100%; height: min(720px, 80vh); overflow-x: hidden; overflow-y: auto;
    box-sizing: border-box;
    padding: 24px 16px; background: #fff; color: #191919; border-radius: 20px; box-shadow: 0 2px 16px #0002 }
.phone.night { background: #191919; color: #a3a3a3 }
.phone > h3 { margin: 0 0 6px; font-size: 22px; line-height: 1.4; color: #191919 }
.phone > small { display: block; margin-bottom: 22px; color: #6b6b6b; font-size: 14px }
.phone.night > h3 { color: #c8c8c8 }
.phone.night > small { color: #8f8f8f }
@media (prefers-color-scheme: dark) { body { background: #101010; color: #ddd } }
"""
"""What frames look like."""


def page(title: str, body: str) -> str:
    """Return a whole page in which phones stand; ``body`` is HTML, ``title`` is text."""
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{PAGE_RULES}</style></head><body>{body}</body></html>"
    )


def phones(html: str, *, title: str, author: str) -> str:
    """Return an article's HTML in two phones, by day and by night."""
    day = phone(html, title=title, author=author)
    night = phone(darkmode.darkened(html), title=title, author=author, night=True)
    return f'<div class="phones">{day}{night}</div>'


def phone(html: str, *, title: str, author: str, night: bool = False) -> str:
    """Return an article's HTML in a phone's frame; ``night`` is for HTML that has been darkened."""
    # What scrolls must be reached with the keyboard too.
    return (
        f'<div class="phone{" night" if night else ""}" tabindex="0" role="region"'
        f' aria-label="{"深色模式" if night else "白天"}">'
        f"<h3>{escape(title)}</h3><small>{escape(author)}</small>"
        f'<div class="rich_media_content">{html}</div></div>'
    )
