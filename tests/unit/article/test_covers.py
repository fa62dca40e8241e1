"""Covers that are drawn, and what WeChat shows of one."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from wechat_mcp.article import cover


def drawn(title: str, **options: str) -> Image.Image:
    return Image.open(io.BytesIO(cover.draw(title, **options))).convert("RGB")


def written_in(image: Image.Image) -> tuple[int, int, int, int]:
    """Where the white letters stand."""
    white = image.convert("L").point(lambda value: 255 if value > 235 else 0).getbbox()
    assert white is not None
    return white


@pytest.mark.parametrize(
    "title",
    [
        "短",
        "周末的一杯手冲，和一个会自己整理照片的小脚本",
        "A Long English Title about Serverless",
        "长" * 64,
    ],
)
def test_the_title_stands_in_the_middle_square(title: str) -> None:
    image = drawn(title)

    left, top, right, bottom = written_in(image)

    assert image.size == (1410, 600)
    assert left >= (1410 - 600) // 2
    assert right <= (1410 + 600) // 2
    assert 0 < top < bottom < 600


def test_each_title_has_a_cover_of_its_own_and_always_the_same() -> None:
    assert cover.draw("甲") != cover.draw("乙")
    assert cover.draw("甲") == cover.draw("甲")


@pytest.mark.parametrize("accent", ["#ffffff", "#ffee00", "#000000", "no colour"])
def test_letters_can_be_read_on_any_accent(accent: str) -> None:
    ground = drawn("题", accent=accent).getpixel((10, 300))

    assert isinstance(ground, tuple)
    assert sum(ground) < 500


def test_without_a_title_there_is_a_ground() -> None:
    assert drawn("  ").size == (1410, 600)


def test_the_packaged_font_has_everyday_characters_and_letters() -> None:
    everyday = "的一是在不了有和人这咖啡尴尬瑜伽璀璨，。！？《》“”…—ABCabc0123"

    assert all(cover._has(str(cover.PACKAGED_FONT), character) for character in everyday)
    assert not cover._has(str(cover.PACKAGED_FONT), "㐀")


def test_a_title_with_rare_characters_is_drawn_where_no_font_has_them() -> None:
    assert cover.draw("㐀", fonts=()) != cover.draw("", fonts=())


@pytest.mark.parametrize("size", [(900, 383), (100, 100), (100, 400), (4000, 100)])
def test_what_is_shown_is_the_largest_part_from_the_middle(size: tuple[int, int]) -> None:
    for name, (left, top, right, bottom) in cover.crops(*size).items():
        shown = (right - left) * size[0] / ((bottom - top) * size[1])

        assert shown == pytest.approx(cover.RATIOS[name], rel=1e-3)
        assert left + right == pytest.approx(1)
        assert top + bottom == pytest.approx(1)
        assert max(right - left, bottom - top) == pytest.approx(1)


def test_the_fields_are_written_as_wechat_reads_them() -> None:
    fields = cover.crop_fields(300, 100)

    assert fields["pic_crop_1_1"] == "0.333333_0_0.666667_1"
    assert fields["cover_info"] == {
        "crop_percent_list": [
            {"ratio": "2.35_1", "x1": "0.108333", "y1": "0", "x2": "0.891667", "y2": "1"},
            {"ratio": "1_1", "x1": "0.333333", "y1": "0", "x2": "0.666667", "y2": "1"},
        ]
    }
