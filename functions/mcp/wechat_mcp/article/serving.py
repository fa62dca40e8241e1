"""What the tools do with articles. They import this when an article comes: its libraries take their time."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from html import escape
from typing import TYPE_CHECKING, Any

from wechat_mcp.images import ImageError, convert
from wechat_mcp.services import McpServices
from wechat_mcp.targets import MAX_SOURCE_BYTES, Target
from wechat_mcp.tooling.results import Refused
from wechat_oa.fetch import FetchError
from wechat_oa.pages import NoSuchPageError, Page, Pages

from . import phones, themes
from .account import WeChatAccount
from .drafting import Draft, DraftError, Drafts
from .front_matter import FrontMatterError
from .owner_themes import OwnerThemes
from .rendering import ArticleError, Options, diagrams_of, render
from .result import Article
from .sources import Load, loader
from .themes import Theme, ThemeError

if TYPE_CHECKING:
    from wechat_mcp.tools.article_input import ArticleInput, Source

_ONE_AT_A_TIME = threading.Lock()
_SHOWN_BYTES = 200_000
"""Of a picture inside a preview, where it stands twice: by day and by night."""
_PICTURES_SHARE = 0.7
"""Of a preview's bytes, before base64 makes them a third more."""
_HTTPS = re.compile(r"https://", re.IGNORECASE)
_ELSEWHERE = re.compile(r"https?://|data:", re.IGNORECASE)
"""What is no file: it is whole in its address, or it is on the Web."""

Progress = Callable[[float, float, str], Awaitable[None]]


async def rendered(services: McpServices, source: Source, given: ArticleInput) -> Article:
    """Return the article of a call. Raises Refused, with what is wrong in Chinese, and StoreError."""
    # In threads: on one machine followers are answered meanwhile.
    diagrams = {}
    if services.diagrams is not None:
        found = await asyncio.to_thread(diagrams_of, source.markdown)
        diagrams = await services.diagrams.drawn(found) if found else {}
    options = Options(
        theme=given.theme or None,
        css=given.css,
        accent=given.accent or None,
        font_size=given.font_size or None,
        justify=None if given.justify == "auto" else given.justify == "on",
        own_theme=OwnerThemes(services.table, services.account().app_id).find,
        settings=given.settings(),
        diagrams=diagrams,
    )
    with refusing():
        return await asyncio.to_thread(_rendered_alone, source.markdown, options)


def _rendered_alone(markdown: str, options: Options) -> Article:
    # The library that draws formulas has the font of the last one in its globals.
    with _ONE_AT_A_TIME:
        return render(markdown, options)


async def saved(services: McpServices, source: Source, article: Article, progress: Progress) -> Draft:
    """Upload what is needed and save the article as its draft. Raises as ``Drafts.save``, and Refused."""
    account = WeChatAccount(services.client())
    app_id = services.account().app_id
    drafts = Drafts(account, services.table, app_id, _load(services, source), clock=services.clock)
    with refusing():
        return await drafts.save(article, name=source.name, progress=progress)


async def previewed(
    services: McpServices, pages: Pages, source: Source, article: Article
) -> tuple[Page, list[str]]:
    """Host the article as a page with two phones, by day and by night; the same article keeps its address.

    Returns the page, and in Chinese which pictures it cannot show. Raises PageError and StoreError.
    """
    urls, problems = await _pictures(_load(services, source), article, pages.max_bytes)
    if article.article_type == "newspic":
        addresses = [urls.get(each.source, each.source) for each in article.images]
        shown = "".join(f'<img src="{escape(each)}" alt="" style="width:100%">' for each in addresses)
        html = f'{shown}<p style="white-space:pre-wrap">{escape(article.content({}))}</p>'
    else:
        html = article.content(urls)
    frames = phones.phones(html, title=article.title, author=article.author)
    page = phones.page(article.title or "预览", f'<main style="padding:24px 8px">{frames}</main>')
    key = (
        f"preview#{services.account().app_id}",
        _digest([article.identity or source.name or article.title]),
    )
    known = services.table.get(*key)
    hosted = _hosted(pages, page, str(known["page"]) if known else "")
    services.table.put({"pk": key[0], "sk": key[1], "page": hosted.name})
    return hosted, problems


async def content_mark(services: McpServices, source: Source, article: Article) -> str:
    """Return what tells this very content from any other: the text, and the bytes of files beside it.

    A picture of the Web counts as its address.
    """
    load = _load(services, source)
    files: dict[str, str] = {}
    for picture in dict.fromkeys([article.cover, *(each.source for each in article.images)]):
        if picture and not _ELSEWHERE.match(picture):
            with suppress(ImageError):  # it is told when the picture is uploaded
                files[picture] = hashlib.sha256(await load(picture)).hexdigest()
    return _digest([article.draft({}, thumb_media_id=article.cover), files])


def known_themes(services: McpServices) -> tuple[tuple[Theme, ...], list[tuple[str, str]]]:
    """Return our themes, and the name and base of each of the owner's. Raises StoreError."""
    own = OwnerThemes(services.table, services.account().app_id).all()
    return themes.all_themes(), [(theme.name, theme.base) for theme in own]


def theme_saved(services: McpServices, name: str, css: str, base: str) -> tuple[str, ...]:
    """Keep a theme of the owner's; return what of it is not used. Raises Refused and StoreError."""
    with refusing():
        own = OwnerThemes(services.table, services.account().app_id)
        return own.save(name, css, base=base or themes.DEFAULT)


def theme_deleted(services: McpServices, name: str) -> None:
    """Forget a theme of the owner's. Raises Refused where there is none, and StoreError."""
    own = OwnerThemes(services.table, services.account().app_id)
    if own.get(name) is None:
        raise Refused(f"没有存过名为 {name} 的主题。自带的主题不能删除。")
    own.delete(name)


@contextmanager
def refusing() -> Iterator[None]:
    """What is wrong with an article is an answer to whoever sent it."""
    try:
        yield
    except (ArticleError, ThemeError, FrontMatterError, DraftError) as error:
        raise Refused(str(error)) from None


def _hosted(pages: Pages, html: str, name: str) -> Page:
    """Host a page under its name if it is there, else under one that nobody can guess: it is not public."""
    if name:
        with suppress(NoSuchPageError):
            pages.info(name)
            return pages.generate(html, name, overwrite=True)
    return pages.generate(html, f"article-{secrets.token_hex(16)}")


async def _pictures(load: Load, article: Article, page_bytes: int) -> tuple[dict[str, str], list[str]]:
    """Addresses of pictures for a page: those of the Web as they are, the others inside it, and shrunk."""
    inside = [each.source for each in article.images if not _HTTPS.match(each.source)]
    share = int(page_bytes * _PICTURES_SHARE * 3 / 4 / 2 / max(1, len(inside)))
    target = Target(("image/jpeg", "image/png"), min(_SHOWN_BYTES, share))
    urls: dict[str, str] = {}
    problems: list[str] = []
    for source in inside:
        try:
            ready = await asyncio.to_thread(convert, await load(source), target)
        except ImageError as error:
            problems.append(f"图片 {source[:60]}：{error}")
            urls[source] = "data:,"
        else:
            urls[source] = f"data:{ready.content_type};base64,{base64.b64encode(ready.data).decode()}"
    return urls, problems


def _load(services: McpServices, source: Source) -> Load:
    async def download(url: str) -> bytes:
        try:
            return (await services.fetch(url, max_bytes=MAX_SOURCE_BYTES)).data
        except FetchError as error:
            raise ImageError(str(error)) from error

    return loader(source.folder, download=download)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
