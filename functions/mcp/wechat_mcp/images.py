"""Pictures made into what WeChat takes: converted and shrunk rather than refused."""

from __future__ import annotations

import io
import warnings
from typing import Any, NamedTuple

from wechat_mcp.fetching import Fetched
from wechat_mcp.tooling.results import Refused

MAX_PIXELS = 60_000_000
"""Of the picture that comes: a small file can unfold into gigabytes."""
_WIDEST = 2560
_QUALITIES = (90, 82, 74, 66, 56)


class Fitted(NamedTuple):
    """A picture that fits, and what was done to it in Chinese (empty: nothing)."""

    file: Fetched
    changes: str


def fit(file: Fetched, allowed: tuple[str, ...], max_bytes: int) -> Fitted:
    """Return a picture of one of the allowed types with at most ``max_bytes``.

    One that fits already is left as it is, byte for byte. Otherwise a picture with transparency stays PNG
    where that is allowed and small enough; everything else becomes JPEG, and is made smaller until it fits.
    Only the first frame of an animation is kept. Raises Refused for no picture, or too many pixels.
    """
    if file.content_type in allowed and 0 < len(file.data) <= max_bytes:
        return Fitted(file, "")
    # Pillow takes a tenth of a second to import, and most calls need none of it.
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(file.data))
            if picture.width * picture.height > MAX_PIXELS:
                raise Refused(f"图片有 {picture.width}×{picture.height} 像素，太大了，请先缩小。")
            picture = ImageOps.exif_transpose(picture)
            picture.load()
    except UnidentifiedImageError:
        raise Refused(
            "这不是能识别的图片。可以是 JPEG、PNG、GIF、BMP、WebP、TIFF；SVG 请先导出成 PNG。"
        ) from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused(f"图片打不开，可能已经损坏（{type(error).__name__}）。") from None
    return _shrunk(picture, file, allowed, max_bytes)


def _shrunk(picture: Any, file: Fetched, allowed: tuple[str, ...], max_bytes: int) -> Fitted:
    from PIL import Image  # noqa: PLC0415

    transparent = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    before = f"{file.content_type.removeprefix('image/')} {picture.width}×{picture.height} {_kb(file.data)}"
    width = min(picture.width, _WIDEST)
    while width >= min(16, picture.width):
        height = max(1, round(picture.height * width / picture.width))
        sized = (
            picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)
        )
        for data, type_ in _encodings(sized, transparent and "image/png" in allowed):
            if len(data) <= max_bytes:
                stem = file.filename.rpartition(".")[0] or file.filename or "image"
                ending = "png" if type_ == "image/png" else "jpg"
                after = f"{ending} {width}×{height} {_kb(data)}"
                return Fitted(Fetched(f"{stem}.{ending}", data, type_), f"{before} → {after}")
        width = width * 3 // 4
    raise Refused("图片压缩不到微信要求的大小，请换一张。")


def _encodings(picture: Any, try_png: bool) -> Any:
    """The picture in ever fewer bytes."""
    if try_png:
        yield (
            _saved(
                picture if picture.mode in ("RGBA", "LA") else picture.convert("RGBA"), "PNG", optimize=True
            ),
            "image/png",
        )
    flat = _on_white(picture)
    for quality in _QUALITIES:
        yield _saved(flat, "JPEG", quality=quality, optimize=True, progressive=True), "image/jpeg"


def _on_white(picture: Any) -> Any:
    from PIL import Image  # noqa: PLC0415

    if picture.mode == "RGB":
        return picture
    clear = picture.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    white.alpha_composite(clear)
    return white.convert("RGB")


def _saved(picture: Any, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _kb(data: bytes) -> str:
    return f"{max(1, len(data) >> 10)} KB"
