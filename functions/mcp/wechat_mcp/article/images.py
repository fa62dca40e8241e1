"""Pictures made into what WeChat takes: JPEG and PNG, below 1 MB in a text and 10 MB as material."""

from __future__ import annotations

import hashlib
import io
import warnings as python_warnings
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image, ImageOps, ImageSequence

MAX_SOURCE_BYTES = 20 * 1024 * 1024
MAX_BODY_BYTES = 1024 * 1024 - 1
MAX_MATERIAL_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
WIDEST = 2560
"""Pixels: twice what the largest phone shows of an article's column, and some more to zoom into."""

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
    if image.format == "JPEG" and width > WIDEST:
        image.draft("RGB", (WIDEST, WIDEST))  # unpacks no more of it than is needed
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
