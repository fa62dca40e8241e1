"""Pictures made into what WeChat takes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.support.pictures import moving, noise, picture
from wechat_mcp.images import ImageError, convert
from wechat_mcp.targets import BODY, COVER, MATERIAL, MAX_BODY_BYTES, TEMPORARY, THUMB, Target


@pytest.mark.parametrize(("kind", "content_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_what_wechat_takes_stays_as_it_is(kind: str, content_type: str) -> None:
    data = picture(kind)

    ready = convert(data)

    assert ready.data == data
    assert (ready.content_type, ready.width, ready.height) == (content_type, 8, 6)


@pytest.mark.parametrize("kind", ["WEBP", "BMP", "TIFF", "GIF", "AVIF"])
def test_other_formats_are_converted(kind: str) -> None:
    ready = convert(picture(kind))

    assert ready.content_type in ("image/png", "image/jpeg")
    assert Image.open(io.BytesIO(ready.data)).size == (8, 6)


def test_what_is_see_through_stays_so() -> None:
    ready = convert(picture("WEBP", mode="RGBA", lossless=True))

    assert ready.content_type == "image/png"
    assert Image.open(io.BytesIO(ready.data)).convert("RGBA").getpixel((0, 0)) == (200, 30, 30, 128)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_what_is_too_large_is_shrunk_below_a_megabyte(mode: str) -> None:
    data = noise((900, 700), mode)
    assert len(data) > MAX_BODY_BYTES

    ready = convert(data)

    assert len(ready.data) <= MAX_BODY_BYTES
    assert abs(ready.width / ready.height - 900 / 700) < 0.02


def test_what_must_be_encoded_anew_is_made_no_wider_than_anybody_sees() -> None:
    assert convert(picture("WEBP", size=(4000, 100))).width == 2560
    assert convert(picture("PNG", size=(4000, 100))).width == 4000


def test_a_photo_is_turned_upright_and_loses_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"

    ready = convert(picture("JPEG", exif=exif.tobytes()))

    assert (ready.width, ready.height) == (6, 8)
    assert not Image.open(io.BytesIO(ready.data)).getexif()


def test_a_gif_that_moves_stays_one_where_a_place_takes_it() -> None:
    assert convert(moving()).content_type == "image/gif"
    still = convert(moving(), BODY)
    assert still.content_type == "image/png"
    assert "动图只留第一帧" in still.changes


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "空文件"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<!DOCTYPE html><html>", "网页"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "HEIC"),
        (b"not a picture", "损坏"),
        (picture()[:40], "损坏"),
        (picture("JPEG", (300, 300))[:200], "损坏"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_do(data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        convert(data)


def test_a_picture_of_too_many_pixels_is_not_unpacked() -> None:
    with pytest.raises(ImageError, match="像素"):
        convert(picture(size=(9000, 9000), mode="L"))


@pytest.mark.parametrize(
    ("kind", "target", "kept"),
    [
        ("BMP", MATERIAL, True),
        ("BMP", TEMPORARY, False),
        ("GIF", TEMPORARY, True),
        ("GIF", COVER, False),
        ("PNG", THUMB, False),
        ("JPEG", THUMB, True),
    ],
)
def test_each_place_has_formats_of_its_own(kind: str, target: Target, kept: bool) -> None:
    data = picture(kind)

    ready = convert(data, target)

    assert (ready.data == data) is kept
    assert bool(ready.changes) is not kept
    assert ready.content_type in target.types


def test_what_is_done_is_told() -> None:
    ready = convert(picture("WEBP", size=(3000, 100)), BODY)

    assert ready.changes.startswith("webp 3000×100 1 KB → png 2560×85 ")


def test_what_is_see_through_becomes_white_where_only_jpeg_is_taken() -> None:
    flat = convert(picture("WEBP", mode="RGBA", lossless=True), THUMB)

    assert Image.open(io.BytesIO(flat.data)).getpixel((3, 3)) == pytest.approx((227, 142, 142), abs=3)


def test_a_thumb_is_shrunk_below_its_64_kilobytes() -> None:
    assert len(convert(noise((900, 700)), THUMB).data) <= 64 << 10
