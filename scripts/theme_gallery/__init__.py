"""The site's page of themes: each on one sample, in a phone's width, by day and by night.

It is checked in, since the site's functions know nothing of articles: ``make gallery`` writes it anew.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

import pages_app
from wechat_mcp.article import Options, Theme, all_themes, render
from wechat_mcp.article.phones import PAGE_RULES, STYLE, phones

SAMPLE = Path(__file__).with_name("sample.md")
FOLDER = Path(pages_app.__file__).parent / "themes"
"""Where the page lies, beside the pictures of the sample."""

_PICTURES = {"morning.jpg": "morning.svg", "archive.jpg": "archive.svg"}
_ENGLISH = {
    "calm": "Calm: for most long reads",
    "code": "Dark code: reading source, programming tutorials",
    "magazine": "Magazine: portraits, interviews, reportage",
    "minimal": "Minimal: essays and notices, the fewest styles",
    "technical": "Technical: documentation, tutorials, reviews",
    "warm": "Warm: life, food, travel",
}
_PAGE_STYLE = """
*, *::before, *::after { box-sizing: border-box }
body { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
header, nav, footer { max-width: 828px; margin: 0 auto; padding: 24px 16px 0; line-height: 1.6 }
header h1 { margin: 0 0 8px; font-size: 24px }
header p { margin: 0 0 4px; color: #555 }
nav { display: flex; flex-wrap: wrap; gap: 10px }
nav a, footer a { display: inline-flex; align-items: center; min-height: 44px; padding: 0 16px;
    border-radius: 999px; background: #fff; color: inherit; text-decoration: none }
footer { padding-bottom: 32px; text-align: center }
.theme { padding: 32px 0 8px }
.theme > h2 { max-width: 828px; margin: 0 auto 4px; padding: 0 16px; font-size: 19px }
.theme > p { max-width: 828px; margin: 0 auto; padding: 0 16px; color: #555; line-height: 1.6 }
.theme > p:last-of-type { margin-bottom: 16px }
[lang=en] { font-size: 14px }
:focus-visible { outline: 2px solid #17735a; outline-offset: 2px }
@media (prefers-color-scheme: dark) {
    header p, .theme > p { color: #aaa }
    nav a, footer a { background: #222 }
}
"""
_STYLED = re.compile(r' style="([^"]*)"')


def build() -> dict[str, str]:
    """Return the page's files by name.

    The site's policy allows no style attributes: what an article has of them becomes the classes of a
    stylesheet.
    """
    themes = all_themes()
    links = "".join(f'<a href="#{theme.name}">{escape(theme.title)}</a>' for theme in themes)
    classes: dict[str, str] = {}

    def as_class(found: re.Match[str]) -> str:
        return f' class="{classes.setdefault(found[1], f"s{len(classes)}")}"'

    shown = "\n".join(_STYLED.sub(as_class, _shown(theme)) for theme in themes)
    rules = "".join(f".{name}{{{_unescaped(style)}}}\n" for style, name in classes.items())
    html = (
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<title>文章主题</title>\n'
        '<link rel="icon" href="../manage/icon.svg" type="image/svg+xml">\n'
        '<link rel="stylesheet" href="themes.css">\n</head>\n<body>\n'
        "<header><h1>文章主题</h1>\n"
        "<p>同一篇文章，白天和微信的深色模式。在文首写 <code>theme: 名字</code> 就是它。</p>\n"
        '<p lang="en">The themes of articles: one sample, by day and in WeChat’s dark mode.'
        " Choose one with <code>theme: name</code> in the front matter.</p></header>\n"
        f'<nav aria-label="主题">{links}</nav>\n<main>\n{shown}\n</main>\n'
        '<footer><a href="../">首页 · <span lang="en">Home</span></a></footer>\n</body>\n</html>\n'
    )
    return {"index.html": html, "themes.css": f"{STYLE}{_PAGE_STYLE}{PAGE_RULES}{rules}".lstrip()}


def _shown(theme: Theme) -> str:
    article = render(SAMPLE.read_text("utf-8"), Options(theme=theme.name))
    frames = phones(article.content(_PICTURES), title=article.title, author=article.author)
    return (
        f'<section class="theme" id="{theme.name}"><h2>{escape(theme.title)} <code>{theme.name}</code></h2>'
        f'<p>{escape(theme.purpose)}</p><p lang="en">{escape(_ENGLISH[theme.name])}</p>\n{frames}</section>'
    )


def _unescaped(style: str) -> str:
    return style.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
