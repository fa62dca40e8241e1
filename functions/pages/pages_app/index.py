"""The index: the account's name, the way to the chat, and the pages. Plain HTML, readable on any phone."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping
from html import escape
from pathlib import Path
from urllib.parse import quote

from pages_app.http import Answer, Request
from pages_app.services import PagesServices
from wechat_oa.pages import Page, PageList
from wechat_oa.settings import Settings

PER_PAGE = 20
_CHINA = 8 * 3600
_STYLE = (Path(__file__).parent / "index.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src https: data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
}

_ENGLISH = {
    "我的公众号": "Our Official Account",
    "和 AI 聊聊": "Chat with the AI",
    "网页": "Pages",
    "还没有网页。": "No pages yet.",
    "更早的": "Older",
    "最新的": "Newest",
    "文章主题": "Article themes",
    "管理": "Manage",
    "模拟器": "Simulator",
    "没有这个网页": "There is no such page",
    "它可能被删除了，或者链接不完整。": "It may have been removed, or the link is not complete.",
    "回到首页": "To the index",
    "在微信里关注我们": "Follow us on WeChat",
}


def index_answer(services: PagesServices, request: Request) -> Answer:
    """Return the index, from ``?cursor=`` on. Raises StoreError."""
    settings, cursor = services.settings, request.query.get("cursor", "")
    hidden = settings.pages_index == "owner"
    found = PageList([], "") if hidden else services.pages.list(cursor=cursor, limit=PER_PAGE)
    say = _speech(request.headers.get("accept-language", ""))
    name = escape(settings.official_account_name or say("我的公众号"))
    parts = [f'<header><span class="avatar" aria-hidden="true">{_initial(settings)}</span><h1>{name}</h1>']
    if settings.official_account_qrcode:
        source, follow = escape(settings.official_account_qrcode), say("在微信里关注我们")
        parts.append(f'<img class="qr" src="{source}" alt="{follow}" width="132" height="132">')
    if settings.chat_url:
        parts.append(f'<a class="chat" href="{escape(settings.chat_url)}">{say("和 AI 聊聊")}</a>')
    parts.append("</header>")
    if not hidden:
        parts += [f"<main><h2>{say('网页')}</h2>", *_pages(found, say), _more(settings, cursor, found, say)]
        parts.append("</main>")
    site = settings.site_url or settings.context_path
    links = {"文章主题": f"{site}/themes/", **services.links, "管理": f"{site}/manage/"}
    linked = (f'<a href="{escape(url)}" rel="nofollow">{say(label)}</a>' for label, url in links.items())
    parts.append(f"<footer>{''.join(linked)}</footer>")
    shown = _html(200, name, "".join(parts), say, cache="public, max-age=60")
    return Answer(shown.status, shown.body, {**shown.headers, "vary": "Accept-Language"})


def not_found_answer(settings: Settings) -> Answer:
    """Return a friendly page for what is not there."""
    return missing_page(f"{settings.site_url or settings.context_path}/")


def missing_page(index_url: str) -> Answer:
    """Return the page that says so, with a link to the index."""
    say, home = _speech("zh"), escape(index_url)
    body = (
        f'<main class="missing"><h1>{say("没有这个网页")}</h1>'
        f"<p>{say('它可能被删除了，或者链接不完整。')}<br>"
        f'<span lang="en">There is no such page. It may have been removed.</span></p>'
        f'<p><a class="chat" href="{home}">{say("回到首页")}</a></p></main>'
    )
    return _html(404, say("没有这个网页"), body, say, cache="no-store")


class _speech:  # noqa: N801  (called like a function)
    """Says things in the visitor's language: Chinese, unless the browser asks for another first."""

    def __init__(self, accepted: str) -> None:
        first = accepted.partition(",")[0].strip().lower()
        self.language = "zh-CN" if not first or first.startswith(("zh", "*")) else "en"

    def __call__(self, chinese: str) -> str:
        return chinese if self.language == "zh-CN" else _ENGLISH[chinese]


def _pages(found: PageList, say: _speech) -> list[str]:
    if not found.pages:
        return [f'<p class="none">{say("还没有网页。")}</p>']
    return ["<ul>", *(_entry(page) for page in found.pages), "</ul>"]


def _entry(page: Page) -> str:
    title = escape(page.title or page.name.removesuffix(".html"))
    description = f"<p>{escape(page.description)}</p>" if page.description else ""
    day = time.strftime("%Y-%m-%d", time.gmtime(page.created + _CHINA))
    return (
        f'<li><a href="{escape(page.url)}"><strong>{title}</strong>{description}'
        f'<time datetime="{day}">{day}</time></a></li>'
    )


def _more(settings: Settings, cursor: str, found: PageList, say: _speech) -> str:
    index = escape(f"{settings.site_url or settings.context_path}/static-pages/")
    links = []
    if cursor:
        links.append(f'<a href="{index}">{say("最新的")}</a>')
    if found.next:
        links.append(f'<a rel="next" href="{index}?cursor={quote(found.next)}">{say("更早的")}</a>')
    return f"<nav>{''.join(links)}</nav>" if links else ""


def _initial(settings: Settings) -> str:
    return escape((settings.official_account_name or "公")[0])


def _html(status: int, title: str, body: str, say: _speech, *, cache: str) -> Answer:
    text = (
        f'<!doctype html><html lang="{say.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">'
        '<meta name="color-scheme" content="light dark"><meta name="format-detection" content="telephone=no">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )
    return Answer(status, text.encode("utf-8", "replace"), {**HEADERS, "cache-control": cache})
