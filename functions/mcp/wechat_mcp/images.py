"""Pictures made into what WeChat takes: converted and shrunk rather than refused."""

from __future__ import annotations

import hashlib
import io
import warnings as python_warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace

from PIL import Image, ImageOps, ImageSequence

from wechat_mcp.targets import MOVING_BODY, Target

MAX_PIXELS = 50_000_000
"""Of the picture that comes: a small file can unfold into gigabytes."""
WIDEST = 2560
"""Pixels, for what is encoded anew: twice what the largest phone shows, and some more to zoom into."""

_QUALITIES = (88, 80, 72, 64)
_SHRINK = 0.8


class ImageError(ValueError):
    """A picture that cannot be used. ``str()`` is a sentence in Chinese with what to do."""


@dataclass(frozen=True)
class Ready:
    """A picture as WeChat takes it."""

    data: bytes
    content_type: str
    """One of the target's types, or image/gif for what moves."""
    width: int
    height: int
    changes: str = ""
    """What was done to it, in Chinese; empty: nothing, it is the same bytes."""

    @property
    def animated(self) -> bool:
        """Whether it moves: only the permanent material keeps that."""
        return self.content_type == "image/gif"

    @property
    def ending(self) -> str:
        """The ending of a file's name that says what it is: WeChat judges by that."""
        return self.content_type.rpartition("/")[2].replace("jpeg", "jpg")

    @property
    def filename(self) -> str:
        """A name with that ending."""
        return f"image.{self.ending}"

    @property
    def sha256(self) -> str:
        """The content's name."""
        return hashlib.sha256(self.data).hexdigest()


def convert(data: bytes, target: Target = MOVING_BODY) -> Ready:
    """Return a picture as the target takes it.

    What fits stays as it is, byte for byte, unless it says where it was taken: phones write the place into
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
        return _converted(image, data, target)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(_TOO_MANY_PIXELS) from error
    except Exception as error:  # a broken file makes Pillow raise nearly anything
        raise ImageError("不是能识别的图片，或者文件已损坏：请重新导出成 JPEG 或 PNG。") from error


_TOO_MANY_PIXELS = f"图片超过 {MAX_PIXELS // 10_000} 万像素：请先缩小。"


def _converted(image: Image.Image, data: bytes, target: Target) -> Ready:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(_TOO_MANY_PIXELS)
    moves = getattr(image, "is_animated", False)
    if target.animated_bytes and moves and image.format == "GIF":
        if len(data) > target.animated_bytes:
            raise ImageError(f"动图超过 {target.animated_bytes >> 20} MB，微信不收：请缩短或缩小。")
        return Ready(data, "image/gif", width, height)
    content_type = Image.MIME.get(image.format or "", "")
    fits = content_type in target.types and len(data) <= target.max_bytes
    if fits and not moves and not image.getexif():
        image.load()  # a file that ends too early is found now
        return Ready(data, content_type, width, height)
    if image.format == "JPEG" and width > WIDEST:
        image.draft("RGB", (WIDEST, WIDEST))  # unpacks no more of it than is needed
    still = ImageOps.exif_transpose(next(iter(ImageSequence.Iterator(image))).copy())
    ready = _encoded(_in_plain_mode(still), target)
    before = f"{(image.format or '').lower().replace('jpeg', 'jpg')} {width}×{height} {_size(data)}"
    after = f"{ready.ending} {ready.width}×{ready.height} {_size(ready.data)}"
    return replace(ready, changes=f"{before} → {after}{'，动图只留第一帧' if moves else ''}")


def _encoded(image: Image.Image, target: Target) -> Ready:
    """A picture as the better of PNG and JPEG: drawings and what is see-through stay sharp."""
    if image.width > WIDEST:
        image = _resized(image, WIDEST / image.width)
    while True:
        for data, content_type in _attempts(image, "image/png" in target.types):
            if len(data) <= target.max_bytes:
                return Ready(data, content_type, *image.size)
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


def _attempts(image: Image.Image, png: bool) -> Iterable[tuple[bytes, str]]:
    if image.mode == "RGBA" and png:
        yield _saved(image, "PNG", optimize=True), "image/png"
        yield _saved(image.quantize(256), "PNG", optimize=True), "image/png"
        return
    if png and image.getcolors(4096) is not None:
        yield _saved(image, "PNG", optimize=True), "image/png"
    flat = _on_white(image) if image.mode == "RGBA" else image
    for quality in _QUALITIES:
        yield _saved(flat, "JPEG", quality=quality, optimize=True, progressive=True), "image/jpeg"


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _resized(image: Image.Image, share: float) -> Image.Image:
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _size(data: bytes) -> str:
    return f"{max(1, len(data) >> 10)} KB"
