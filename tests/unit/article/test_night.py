"""Colours by day and in WeChat's dark mode, and the gallery that shows both."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.theme_gallery import SAMPLE
from tests.unit.article.article_html import as_xml
from wechat_mcp.article import colours, render
from wechat_mcp.article.colours import contrast, dark_background, dark_text, parse, readable
from wechat_mcp.article.darkmode import darkened

WHITE = (255.0, 255.0, 255.0)
CHANNEL = st.integers(0, 255).map(float)


@pytest.mark.parametrize(
    ("text", "rgb", "alpha"),
    [
        ("#fff", (255, 255, 255), 1),
        ("#1A6B54", (26, 107, 84), 1),
        ("rgb(1, 2, 3)", (1, 2, 3), 1),
        ("rgba(0,0,0,.14)", (0, 0, 0), 0.14),
        ("hsl(0, 100%, 50%)", (255, 0, 0), 1),
        ("navy", (0, 0, 128), 1),
        ("transparent", (255, 255, 255), 0),
    ],
)
def test_colours_are_read(text: str, rgb: tuple[int, int, int], alpha: float) -> None:
    colour = parse(text)

    assert colour is not None
    assert colour.rgb == pytest.approx(rgb)
    assert colour.alpha == pytest.approx(alpha)


@pytest.mark.parametrize("text", ["", "currentColor", "inherit", "#12", "rgb(1)", "rgb(a,b,c)", "1px red"])
def test_what_is_no_colour_is_none(text: str) -> None:
    assert parse(text) is None


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), WHITE) == pytest.approx(21)
    assert contrast((118, 118, 118), WHITE) == pytest.approx(4.54, abs=0.01)


def test_white_pages_turn_dark_and_dark_text_turns_light() -> None:
    assert dark_background(WHITE) == pytest.approx(colours.DARK_PAGE, abs=1)
    assert dark_text((43, 43, 43), colours.DARK_PAGE)[0] > 150


def test_bright_tints_are_dimmed_and_very_dark_ones_lifted() -> None:
    assert colours.brightness(dark_background((255, 240, 200))) == pytest.approx(190, abs=1)
    assert dark_background((10, 10, 10))[0] == pytest.approx(56, abs=1)


@given(
    st.tuples(CHANNEL, CHANNEL, CHANNEL), st.sampled_from([WHITE, (246.0, 246.0, 246.0), (31.0, 31.0, 31.0)])
)
def test_an_accent_of_any_colour_is_readable_by_day_and_by_night(
    accent: tuple[float, float, float], paper: tuple[float, float, float]
) -> None:
    text = readable(accent, paper)

    assert contrast(text, paper) >= 4.4
    assert contrast(dark_text(text, dark_background(paper)), dark_background(paper)) >= 4.4


def test_a_colour_that_reads_well_is_left_as_it_is() -> None:
    assert readable((26, 107, 84), WHITE) == pytest.approx((26, 107, 84))


def test_an_article_in_the_dark_has_the_same_text_and_shape() -> None:
    article = render(SAMPLE.read_text("utf-8"))

    day, night = as_xml(article.html), as_xml(darkened(article.html))

    assert [element.tag for element in day.iter()] == [element.tag for element in night.iter()]
    assert "".join(day.itertext()) == "".join(night.itertext())
    assert darkened(article.html) != article.html
