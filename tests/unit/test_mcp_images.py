"""Pictures made into what WeChat takes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.support.mcp import picture
from wechat_mcp.fetching import Fetched
from wechat_mcp.files import kind
from wechat_mcp.images import MAX_PIXELS, fit
from wechat_mcp.tooling.results import Refused

ARTICLE = ("image/jpeg", "image/png")


def noise(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 100).convert("RGB").save(out, "PNG")
    return out.getvalue()


def test_what_fits_is_left_byte_for_byte() -> None:
    file = Fetched("a.png", picture("PNG"), "image/png")

    assert fit(file, ARTICLE, 1 << 20) == (file, "")


@pytest.mark.parametrize("format_", ["WEBP", "BMP", "TIFF", "GIF"])
def test_other_formats_become_jpeg(format_: str) -> None:
    data = picture(format_)

    fitted = fit(Fetched(f"照片.{format_.lower()}", data, kind(data, "x")), ARTICLE, 1 << 20)

    assert fitted.file.content_type == "image/jpeg"
    assert fitted.file.filename == "照片.jpg"
    assert Image.open(io.BytesIO(fitted.file.data)).format == "JPEG"
    assert "→ jpg" in fitted.changes


def test_a_large_picture_is_shrunk_until_it_fits() -> None:
    fitted = fit(Fetched("a.png", noise((1600, 1200)), "image/png"), ARTICLE, 200_000)

    assert len(fitted.file.data) <= 200_000


def test_transparency_is_kept_where_it_may_be_and_becomes_white_elsewhere() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(out, "WEBP")
    file = Fetched("a.webp", out.getvalue(), "image/webp")

    kept = fit(file, ARTICLE, 1 << 20).file
    flat = fit(file, ("image/jpeg",), 64 << 10).file

    assert kept.content_type == "image/png"
    assert Image.open(io.BytesIO(kept.data)).convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert Image.open(io.BytesIO(flat.data)).getpixel((0, 0)) == (255, 255, 255)


def test_what_is_no_picture_or_too_large_a_one_is_refused() -> None:
    side = int(MAX_PIXELS**0.5) + 10
    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "PNG")

    with pytest.raises(Refused, match="像素"):
        fit(Fetched("a.png", out.getvalue(), "image/png"), ("image/jpeg",), 1 << 20)
    with pytest.raises(Refused, match="不是能识别的图片"):
        fit(Fetched("a.svg", b"<svg/>", "image/svg+xml"), ARTICLE, 1 << 20)
    with pytest.raises(Refused, match="损坏"):
        fit(Fetched("a.png", picture("PNG", (200, 200))[:90], "image/png"), ("image/jpeg",), 1 << 20)


@pytest.mark.parametrize(
    ("data", "name", "declared", "expected"),
    [
        (b"\xff\xd8\xff\xe0", "a.png", "text/html", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBP", "a", "", "image/webp"),
        (b"\x00\x00\x00\x20ftypisom", "a", "", "video/mp4"),
        (b"#!AMR\n", "a", "", "audio/amr"),
        (b"plain", "a.csv", "", "text/csv"),
        (b"plain", "a", "", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, name: str, declared: str, expected: str) -> None:
    assert kind(data, name, declared) == expected
