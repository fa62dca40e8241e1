"""Pictures: found, made into what WeChat takes, uploaded once for each account and content.

The page 上传图文消息内的图片 takes JPEG and PNG below 1 MB, and does not count them as material. An animated
GIF would lose its motion there: it goes to the permanent material (图片, 10 MB), which gives an address too.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import io
import re
import warnings as python_warnings
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from PIL import Image, ImageOps, ImageSequence

from wechat_oa.fetch import FetchError, fetch
from wechat_oa.store.table import Table

MAX_SOURCE_BYTES = 20 * 1024 * 1024
MAX_BODY_BYTES = 1024 * 1024 - 1
MAX_MATERIAL_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
WIDEST = 2560
"""Pixels: twice what the largest phone shows of an article's column, and some more to zoom into."""
AT_ONCE = 4

_MMBIZ = re.compile(r"https?://mmbiz\.(?:qpic|qlogo)\.cn/", re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_DATA = re.compile(r"data:([\w/+.-]*)((?:;[\w=.-]+)*),(.*)\Z", re.DOTALL | re.IGNORECASE)
_KEEPS_FORMAT = {"JPEG": "image/jpeg", "PNG": "image/png"}
_QUALITIES = (88, 80, 72, 64)
_SHRINK = 0.8


class ImageError(ValueError):
    """A picture that cannot be used. ``str()`` is a sentence in Chinese with what to do."""


@dataclass(frozen=True)
class Ready:
    """A picture as WeChat takes it."""

    data: bytes
    content_type: str
    """image/jpeg, image/png or image/gif."""
    width: int
    height: int

    @property
    def animated(self) -> bool:
        """Whether it moves: only the permanent material keeps that."""
        return self.content_type == "image/gif"

    @property
    def filename(self) -> str:
        """A name whose ending says what it is: WeChat judges by that."""
        return f"image.{self.content_type.rpartition('/')[2].replace('jpeg', 'jpg')}"

    @property
    def sha256(self) -> str:
        """The content's name."""
        return hashlib.sha256(self.data).hexdigest()


Load = Callable[[str], Awaitable[bytes]]
"""Given a picture's source, returns its bytes. Raises ImageError."""


class Uploads(Protocol):
    """What is asked of WeChat for pictures."""

    async def upload_image(self, data: bytes, *, filename: str, content_type: str) -> str:
        """Upload a picture for the inside of articles (uploadimg), and return its address."""
        ...

    async def add_material(self, data: bytes, *, filename: str, content_type: str) -> tuple[str, str]:
        """Add a picture to the permanent material, and return its media_id and its address."""
        ...


def loader(root: Path | None = None, *, download: Load | None = None) -> Load:
    """Return what finds pictures: ``data:`` URLs, http(s) addresses, and files below a ``root``.

    Files are looked for nowhere else, also through links and ``..``: whoever writes the article may not be
    the one whose machine it is.
    """

    async def load(source: str) -> bytes:
        if source.lower().startswith("data:"):
            return _from_data_url(source)
        if _WEB.match(source):
            return await (download or _download)(source)
        if root is None:
            raise ImageError("这里读不到你电脑上的文件：请换成 http(s) 网址或 data: 地址。")
        return await asyncio.to_thread(_from_file, source, root)

    return load


async def _download(url: str) -> bytes:
    try:
        return (await fetch(url, max_bytes=MAX_SOURCE_BYTES, accept="image/*,*/*;q=0.5")).content
    except FetchError as error:
        raise ImageError(str(error)) from error


def _from_data_url(source: str) -> bytes:
    found = _DATA.match(source)
    if not found:
        raise ImageError("data: 地址不完整：应当像 data:image/png;base64,…… 这样。")
    if len(found[3]) > MAX_SOURCE_BYTES * 4 // 3 + 4:
        raise ImageError(f"图片超过 {MAX_SOURCE_BYTES >> 20} MB：请先压缩。")
    if ";base64" not in found[2].lower():
        return unquote_to_bytes(found[3])
    try:
        return base64.b64decode(re.sub(r"\s+", "", unquote(found[3])), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError("data: 地址里的 base64 不完整：请重新生成。") from error


def _from_file(source: str, root: Path) -> bytes:
    if source.lower().startswith("file:"):
        source = unquote(urlsplit(source).path)
    root = root.resolve()
    for name in dict.fromkeys((source, unquote(source), source.replace("\\", "/"))):
        try:
            path = (root / name).resolve()
            if not path.is_file():
                continue
            if not path.is_relative_to(root):
                raise ImageError("图片不在文章所在的文件夹里，出于安全不能读取：请放到文章旁边。")
            with path.open("rb") as file:
                content = file.read(MAX_SOURCE_BYTES + 1)
        except (OSError, ValueError) as error:
            if isinstance(error, ImageError):
                raise
            raise ImageError(f"图片读不出来（{type(error).__name__}）：请检查路径和权限。") from error
        if len(content) > MAX_SOURCE_BYTES:
            raise ImageError(f"图片超过 {MAX_SOURCE_BYTES >> 20} MB：请先压缩。")
        return content
    raise ImageError("找不到这个文件：路径要从文章所在的文件夹写起。")


def convert(data: bytes, *, max_bytes: int = MAX_BODY_BYTES, animated: bool = True) -> Ready:
    """Return a picture as JPEG or PNG of at most ``max_bytes``; a GIF that moves stays one, if ``animated``.

    What WeChat takes as it is stays as it is, unless it says where it was taken: phones write the place into
    their photos. Raises ImageError.
    """
    if not data:
        raise ImageError("图片是空文件：请重新导出。")
    head = data[:512].lstrip().lower()
    if head.startswith((b"<svg", b"<?xml")) or b"<svg" in head:
        raise ImageError("微信不收 SVG 图片：请先导出成 PNG。")
    if head.startswith((b"<!doctype", b"<html")):
        raise ImageError("这个地址给的是网页而不是图片：请用图片本身的地址。")
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        raise ImageError("读不了 HEIC 照片：请先导出成 JPEG（iPhone：设置→相机→格式→兼容性最佳）。")
    try:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore")  # Pillow's bound on pixels: ours is checked here
            image = Image.open(io.BytesIO(data))
        return _converted(image, data, max_bytes, animated)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(_TOO_MANY_PIXELS) from error
    except Exception as error:  # a broken file makes Pillow raise nearly anything
        raise ImageError("不是能识别的图片，或者文件已损坏：请重新导出成 JPEG 或 PNG。") from error


_TOO_MANY_PIXELS = f"图片超过 {MAX_PIXELS // 10_000} 万像素：请先缩小。"


def _converted(image: Image.Image, data: bytes, max_bytes: int, animated: bool) -> Ready:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(_TOO_MANY_PIXELS)
    moves = getattr(image, "is_animated", False)
    if animated and moves and image.format == "GIF":
        if len(data) > MAX_MATERIAL_BYTES:
            raise ImageError("动图超过 10 MB，微信不收：请缩短或缩小。")
        return Ready(data, "image/gif", width, height)
    kept = _KEEPS_FORMAT.get(image.format or "")
    if kept and not moves and len(data) <= max_bytes and width <= WIDEST and not image.getexif():
        image.load()  # a file that ends too early is found now
        return Ready(data, kept, width, height)
    still = ImageOps.exif_transpose(next(iter(ImageSequence.Iterator(image))).copy())
    return _encoded(still, max_bytes)


def _encoded(image: Image.Image, max_bytes: int) -> Ready:
    """A picture as the better of PNG and JPEG: drawings and what is see-through stay sharp."""
    image = _in_plain_mode(image)
    if image.width > WIDEST:
        image = _resized(image, WIDEST / image.width)
    while True:
        for data, content_type in _attempts(image):
            if len(data) <= max_bytes:
                return Ready(data, content_type, image.width, image.height)
        if min(image.size) <= 1:
            raise ImageError("图片怎么也压不到微信要的大小：请换一张。")
        image = _resized(image, _SHRINK)


def _in_plain_mode(image: Image.Image) -> Image.Image:
    see_through = "A" in image.mode or "transparency" in image.info
    if see_through:
        rgba = image.convert("RGBA")
        alpha = rgba.getchannel("A").getextrema()
        return rgba if alpha != (255, 255) else rgba.convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _attempts(image: Image.Image) -> Iterable[tuple[bytes, str]]:
    if image.mode == "RGBA":
        yield _saved(image, "PNG", optimize=True), "image/png"
        yield _saved(image.quantize(256), "PNG", optimize=True), "image/png"
        return
    if image.getcolors(4096) is not None:
        yield _saved(image, "PNG", optimize=True), "image/png"
    for quality in _QUALITIES:
        yield _saved(image, "JPEG", quality=quality, optimize=True, progressive=True), "image/jpeg"


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _resized(image: Image.Image, share: float) -> Image.Image:
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    return image.resize(size, Image.Resampling.LANCZOS)


class Uploader:
    """Uploads the pictures of one account's articles, and remembers in the table what is there already."""

    def __init__(self, account: Uploads, table: Table, account_id: str, load: Load) -> None:
        """``account_id`` is the AppID; ``load`` finds a picture (see ``loader``)."""
        self._account = account
        self._table = table
        self._account_id = account_id
        self._load = load
        self._limit = asyncio.Semaphore(AT_ONCE)
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
            picture = await asyncio.to_thread(
                convert, await self._load(source), max_bytes=MAX_MATERIAL_BYTES, animated=False
            )
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
            picture = await asyncio.to_thread(convert, await self._load(source))
            if picture.animated:
                return _https((await self._material(picture))["url"])
            async with self._alone("image", picture):
                return await self._image(picture)

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
    """uploadimg gives http:// addresses, which the article page does not load."""
    return re.sub(r"\Ahttp://", "https://", url, flags=re.IGNORECASE)
