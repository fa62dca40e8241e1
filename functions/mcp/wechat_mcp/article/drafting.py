"""An article becomes a draft: pictures uploaded, cover set, one draft however often it is run.

What is done is noted in the table, so that a run that broke off goes on where it was. draft/add has no key
that would make it safe to repeat: before it is made again, the draft box is looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

from wechat_mcp.images import ImageError, Ready, convert
from wechat_oa.api.errors import UnknownOutcome, WeChatError
from wechat_oa.store.table import Table

from . import cover, themes
from .result import Article
from .sources import Load
from .uploading import Uploader, Uploads

LEASE = 120
"""Seconds for which one run has an article to itself; it is renewed before the draft is sent."""
MOST_LISTED = 100
"""Drafts that are looked through for one whose outcome is unknown."""
_HELD = "这篇文章正在别处保存：请等它完成之后再试。"
_PAGE = 20
_CLOCK_SKEW = 300
_GONE = frozenset({40007, 40114})
"""Invalid media_id: the draft was deleted or published, or the cover is no material any more."""


class DraftError(ValueError):
    """An article that cannot become a draft. ``str()`` is for the author, in Chinese, with what to do."""


class ListedDraft(NamedTuple):
    """A draft as draft/batchget lists it."""

    media_id: str
    update_time: int
    """Epoch seconds."""
    articles: Sequence[Mapping[str, Any]]


class Account(Uploads, Protocol):
    """What is asked of WeChat; each raises WeChatError, UnknownOutcome and WeChatUnavailable."""

    async def add_draft(self, article: Mapping[str, Any]) -> str:
        """Make a draft of one article (新增草稿), and return its media_id."""
        ...

    async def update_draft(self, media_id: str, article: Mapping[str, Any]) -> None:
        """Replace a draft's first article (更新草稿)."""
        ...

    async def list_drafts(self, *, offset: int, count: int) -> Sequence[ListedDraft]:
        """Return drafts without their content (获取草稿列表)."""
        ...


@dataclass(frozen=True)
class Draft:
    """A draft that holds the article."""

    media_id: str
    created: bool
    """False: a draft of this article was there, and was updated."""
    thumb_media_id: str
    """The cover; empty for a newspic."""
    images: int
    """How many pictures the article has."""


Progress = Callable[[float, float, str], Awaitable[None]]
"""Told how many steps are done, of how many, and in Chinese what comes next."""


class Drafts:
    """Saves the articles of one account as drafts."""

    def __init__(
        self,
        account: Account,
        table: Table,
        account_id: str,
        load: Load,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``account_id`` is the AppID; ``load`` finds pictures (``sources.loader``)."""
        self._account = account
        self._table = table
        self._account_id = account_id
        self._load = load
        self._clock = clock
        self._owners = f"draft_owner#{account_id}"
        self._uploader = Uploader(account, table, account_id, load)
        self._leases: dict[tuple[str, str], int] = {}

    async def save(self, article: Article, *, name: str = "", progress: Progress | None = None) -> Draft:
        """Save an article: a new draft the first time, the same draft after that.

        What tells articles apart is ``id`` of the front matter, else ``name`` (a path, say), else the title.
        Raises DraftError, WeChatError, and UnknownOutcome when nobody can say whether the draft was made: the
        next run looks before it sends.
        """
        if article.problems:
            raise DraftError("\n".join(problem.text for problem in article.problems))
        tell = progress or _tell_nobody
        key = self._key(article, name)
        self._claim(key)
        try:
            await tell(0, 3, f"正在上传 {len(article.images)} 张图片")
            content, pictures = await self._uploaded(article)
            await tell(2, 3, "正在保存草稿")
            draft = await self._store(key, article, content, pictures)
        except BaseException:
            self._release(key)
            raise
        await tell(3, 3, "已保存")
        return Draft(*draft, len(article.images))

    async def _uploaded(self, article: Article) -> tuple[dict[str, Any], list[Ready]]:
        """Return the article as it is sent, and the pictures of it that are in the library."""
        if article.article_type == "newspic":
            return await self._newspic(article)
        (urls, failed), made = await asyncio.gather(
            self._uploader.urls(picture.source for picture in article.images),
            self._cover(article),
        )
        problems = [f"图片 {_shown(source)}：{text}" for source, text in failed.items()]
        if isinstance(made, ImageError):
            problems.append(f"封面 {_shown(article.cover)}：{made}")
        if problems:
            raise DraftError("\n".join(problems))
        thumb, picture = cast(tuple[str, Ready], made)
        content = article.draft(urls, thumb_media_id=thumb)
        return content | cover.crop_fields(picture.width, picture.height), [picture]

    async def _cover(self, article: Article) -> tuple[str, Ready] | ImageError:
        try:
            if article.cover:
                return await self._uploader.material(article.cover)
            accent = next((theme.accent for theme in themes.all_themes() if theme.name == article.theme), "")
            drawn = convert(await asyncio.to_thread(cover.draw, article.title, accent=accent))
            return await self._uploader.material_of(drawn), drawn
        except ImageError as error:
            return error

    async def _newspic(self, article: Article) -> tuple[dict[str, Any], list[Ready]]:
        sources = [picture.source for picture in article.images]
        made = await asyncio.gather(*map(self._uploader.material, sources), return_exceptions=True)
        uploaded: list[tuple[str, Ready]] = []
        problems = []
        for source, result in zip(sources, made, strict=True):
            if isinstance(result, ImageError):
                problems.append(f"图片 {_shown(source)}：{result}")
            elif isinstance(result, BaseException):
                raise result
            else:
                uploaded.append(result)
        if problems:
            raise DraftError("\n".join(problems))
        ids = [media_id for media_id, _ in uploaded]
        content = article.draft({}, thumb_media_id="", image_media_ids=ids)
        return content, [picture for _, picture in uploaded]

    async def _store(
        self, key: tuple[str, str], article: Article, content: dict[str, Any], pictures: list[Ready]
    ) -> tuple[str, bool, str]:
        """Update the draft that is there, or make one; return its media_id, whether it is new, its cover."""
        self._renew(key)
        known = self._table.get(*key) or {}
        media_id = known.get("media_id") or await self._looked_up(known)
        try:
            return await self._update_or_add(key, media_id, content)
        except WeChatError as error:
            if error.errcode != 40007:
                raise
        # What the table remembers has been deleted from the library.
        for picture in pictures:
            self._uploader.forget(picture)
        ids = [await self._uploader.material_of(picture) for picture in pictures]
        if article.article_type == "newspic":
            content = article.draft({}, thumb_media_id="", image_media_ids=ids)
        else:
            content = content | {"thumb_media_id": ids[0]}
        return await self._update_or_add(key, media_id, content)

    async def _update_or_add(
        self, key: tuple[str, str], media_id: str, content: dict[str, Any]
    ) -> tuple[str, bool, str]:
        thumb = str(content.get("thumb_media_id", ""))
        if media_id:
            try:
                await self._account.update_draft(media_id, content)
            except WeChatError as error:
                if error.errcode not in _GONE:
                    raise
                if await self._is_there(media_id):
                    raise
            else:
                self._note(key, media_id)
                return media_id, False, thumb
        return await self._add(key, content), True, thumb

    async def _add(self, key: tuple[str, str], content: dict[str, Any]) -> str:
        mark = {"adding_since": int(self._clock()), "marks": _marks(content), "media_id": None}
        self._renew(key, mark)
        try:
            media_id = await self._account.add_draft(content)
        except UnknownOutcome as error:
            media_id = await self._looked_up(mark)
            if not media_id:
                reason = f"{error.reason}；草稿箱里还没有。再保存一次是安全的：会先查草稿箱"
                raise UnknownOutcome(error.path, reason) from error
        except WeChatError:
            self._table.update(*key, set={"adding_since": None, "marks": None})
            raise
        self._note(key, media_id)
        return media_id

    async def _looked_up(self, known: Mapping[str, Any]) -> str:
        """The draft that an earlier draft/add made without our learning of it; empty if there is none."""
        if not known.get("adding_since"):
            return ""
        earliest = int(known["adding_since"]) - _CLOCK_SKEW
        for draft in await self._drafts():
            if (
                draft.update_time >= earliest
                and len(draft.articles) == 1
                and _bears(draft.articles[0], known.get("marks") or {})
                and self._table.get(self._owners, draft.media_id) is None
            ):
                return draft.media_id
        return ""

    async def _is_there(self, media_id: str) -> bool:
        return any(draft.media_id == media_id for draft in await self._drafts())

    async def _drafts(self) -> list[ListedDraft]:
        found: list[ListedDraft] = []
        for offset in range(0, MOST_LISTED, _PAGE):
            page = await self._account.list_drafts(offset=offset, count=_PAGE)
            found.extend(page)
            if len(page) < _PAGE:
                break
        return found

    def _key(self, article: Article, name: str) -> tuple[str, str]:
        identity = (
            ["id", article.identity]
            if article.identity
            else ["name", name]
            if name
            else ["title", article.article_type, article.title]
        )
        digest = hashlib.sha256(json.dumps(identity, ensure_ascii=False).encode()).hexdigest()
        return f"draft#{self._account_id}", digest

    def _claim(self, key: tuple[str, str]) -> None:
        now = int(self._clock())
        held = int((self._table.get(*key) or {}).get("held_until") or 0)
        if held > now:
            raise DraftError(f"这篇文章正在别处保存：请等它完成，或 {held - now} 秒之后再试。")
        condition = {"held_until": held or None}
        if self._table.update(*key, set={"held_until": now + LEASE}, if_equals=condition) is None:
            raise DraftError(_HELD)
        self._leases[key] = now + LEASE

    def _renew(self, key: tuple[str, str], mark: Mapping[str, Any] | None = None) -> None:
        """Go on holding an article, and note a ``mark`` with it; who was too slow has lost it to another."""
        until = int(self._clock()) + LEASE
        held = {"held_until": self._leases[key]}
        if self._table.update(*key, set={**(mark or {}), "held_until": until}, if_equals=held) is None:
            raise DraftError(_HELD)
        self._leases[key] = until

    def _release(self, key: tuple[str, str]) -> None:
        self._table.update(*key, set={"held_until": None}, if_equals={"held_until": self._leases[key]})

    def _note(self, key: tuple[str, str], media_id: str) -> None:
        self._table.put({"pk": self._owners, "sk": media_id, "draft": key[1]})
        done = {"media_id": media_id, "adding_since": None, "marks": None, "held_until": None}
        self._table.update(*key, set=done)


async def _tell_nobody(_done: float, _total: float, _text: str) -> None:
    """Where nobody wants to know."""


def _marks(article: Mapping[str, Any]) -> dict[str, str]:
    """What a draft can be told by when it is listed without its content."""
    names = ("title", "digest", "thumb_media_id", "content_source_url", "author")
    return {name: str(article[name]) for name in names if article.get(name)}


def _bears(article: Mapping[str, Any], marks: Mapping[str, str]) -> bool:
    """Whether a listed article has the marks; what the list leaves empty tells nothing."""
    return article.get("title") == marks.get("title") and all(
        article.get(name) in (mark, None, "") for name, mark in marks.items()
    )


def _shown(source: str) -> str:
    return source if len(source) <= 80 else f"{source[:60]}…"
