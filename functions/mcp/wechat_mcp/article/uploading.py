"""Pictures uploaded once for each account and content.

The page 上传图文消息内的图片 takes JPEG and PNG below 1 MB, and does not count them as material. An animated
GIF would lose its motion there: it goes to the permanent material (图片, 10 MB), which gives an address too.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from wechat_mcp.images import ImageError, Ready, convert
from wechat_mcp.targets import COVER, MOVING_BODY, Target
from wechat_oa.store.table import Table

from .sources import Load

AT_ONCE = 4

_MMBIZ = re.compile(r"https?://mmbiz\.(?:qpic|qlogo)\.cn/", re.IGNORECASE)


class Uploads(Protocol):
    """What is asked of WeChat for pictures."""

    async def upload_image(self, data: bytes, *, filename: str, content_type: str) -> str:
        """Upload a picture for the inside of articles (uploadimg), and return its address."""
        ...

    async def add_material(self, data: bytes, *, filename: str, content_type: str) -> tuple[str, str]:
        """Add a picture to the permanent material, and return its media_id and its address."""
        ...


class Uploader:
    """Uploads the pictures of one account's articles, and remembers in the table what is there already."""

    def __init__(self, account: Uploads, table: Table, account_id: str, load: Load) -> None:
        """``account_id`` is the AppID; ``load`` finds a picture (see ``sources.loader``)."""
        self._account = account
        self._table = table
        self._account_id = account_id
        self._load = load
        self._limit = asyncio.Semaphore(AT_ONCE)
        self._converting = asyncio.Lock()
        self._locks: dict[str, asyncio.Lock] = {}

    async def urls(self, sources: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Upload the pictures of a body, a few at a time.

        Returns the address of each source, and for each that failed what is wrong with it, in Chinese. What
        WeChat refuses is raised, when the others are done: they are not uploaded again the next time.
        """
        wanted = list(dict.fromkeys(sources))
        results = await asyncio.gather(*map(self._url, wanted), return_exceptions=True)
        found: dict[str, str] = {}
        failed: dict[str, str] = {}
        for source, result in zip(wanted, results, strict=True):
            if isinstance(result, ImageError):
                failed[source] = str(result)
            elif isinstance(result, BaseException):
                raise result
            else:
                found[source] = result
        return found, failed

    async def material(self, source: str) -> tuple[str, Ready]:
        """Upload a picture as permanent material, for a cover; return its media_id and the picture."""
        async with self._limit:
            picture = await self._ready(source, COVER)
            return await self.material_of(picture), picture

    async def material_of(self, picture: Ready) -> str:
        """Upload a picture that is ready as permanent material, unless it is there; return its media_id."""
        return (await self._material(picture))["media_id"]

    def forget(self, picture: Ready) -> None:
        """Forget a material that WeChat does not know any more."""
        self._table.delete(self._key("material"), picture.sha256)

    async def _url(self, source: str) -> str:
        if _MMBIZ.match(source):
            return _https(source)
        async with self._limit:
            picture = await self._ready(source, MOVING_BODY)
            if picture.animated:
                return _https((await self._material(picture))["url"])
            async with self._alone("image", picture):
                return await self._image(picture)

    async def _ready(self, source: str, target: Target) -> Ready:
        data = await self._load(source)
        async with self._converting:  # unpacked, one picture alone takes up to 150 MB
            return await asyncio.to_thread(convert, data, target)

    async def _image(self, picture: Ready) -> str:
        known = self._table.get(self._key("image"), picture.sha256)
        if known:
            return str(known["url"])
        url = _https(
            await self._account.upload_image(
                picture.data, filename=picture.filename, content_type=picture.content_type
            )
        )
        self._remember("image", picture, {"url": url})
        return url

    async def _material(self, picture: Ready) -> Mapping[str, str]:
        async with self._alone("material", picture):
            known = self._table.get(self._key("material"), picture.sha256)
            if known:
                return {"media_id": str(known["media_id"]), "url": str(known.get("url", ""))}
            media_id, url = await self._account.add_material(
                picture.data, filename=picture.filename, content_type=picture.content_type
            )
            made = {"media_id": media_id, "url": url}
            self._remember("material", picture, made)
            return made

    def _alone(self, kind: str, picture: Ready) -> asyncio.Lock:
        """The lock of one content: two pictures with the same are one upload, also at the same time."""
        return self._locks.setdefault(f"{kind} {picture.sha256}", asyncio.Lock())

    def _remember(self, kind: str, picture: Ready, what: Mapping[str, str]) -> None:
        self._table.put({"pk": self._key(kind), "sk": picture.sha256, **what})

    def _key(self, kind: str) -> str:
        return f"{kind}#{self._account_id}"


def _https(url: str) -> str:
    """uploadimg gives http:// addresses at mmbiz, which the article page does not load.

    Whatever stands in WeChat's place (a relay, the platform on this machine) has addresses of its own.
    """
    return re.sub(r"\Ahttp://", "https://", url, flags=re.IGNORECASE) if _MMBIZ.match(url) else url
