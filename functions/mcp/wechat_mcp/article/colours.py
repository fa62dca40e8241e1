"""Colours: contrast, tints of an accent, and what WeChat's dark mode makes of them.

WeChat recolours inline styles when the phone is dark. The rules here are those that the platform documents
("图文富文本内容 Dark Mode 处理原则", wechatjs/mp-darkmode): backgrounds first, then text and borders against
the new background, by perceived brightness (0 to 255).
"""

from __future__ import annotations

import colorsys
import re
from functools import lru_cache
from typing import NamedTuple

from PIL import ImageColor

DARK_PAGE = (25, 25, 25)
_WHITE_LIKE, _BRIGHTEST_BACKGROUND, _BRIGHT_BACKGROUND, _LEAST_OFFSET = 250, 190, 100, 65
_BRIGHT_GREY, _DARK_GREY = 40, 22  # lightness in per cent
_DARK_TEXT = 163
ENOUGH = 5.2
"""The contrast that WCAG 2 AA asks of text is 4.5; the rest is for the tinted ground that it may stand on."""

Rgb = tuple[float, float, float]


class Colour(NamedTuple):
    """Red, green and blue (0 to 255), and how opaque it is (0 to 1)."""

    rgb: Rgb
    alpha: float

    def css(self) -> str:
        """Return it as CSS, as short as it can be."""
        red, green, blue = (min(255, max(0, round(part))) for part in self.rgb)
        if self.alpha >= 1:
            return f"#{red:02x}{green:02x}{blue:02x}"
        return f"rgba({red},{green},{blue},{self.alpha:g})"


_FUNCTION = re.compile(r"(rgba?|hsla?)\(\s*([^()]{1,60})\)", re.IGNORECASE)


@lru_cache(maxsize=512)
def parse(text: str) -> Colour | None:
    """Return the colour that CSS text stands for, or None if it is no colour (``currentColor`` is none)."""
    text = text.strip().lower()
    if text == "transparent":
        return Colour((255, 255, 255), 0)
    if found := _FUNCTION.fullmatch(text):
        return _from_function(found[1], re.split(r"[\s,/]+", found[2].strip()))
    try:
        parts = ImageColor.getrgb(text)
    except ValueError:
        return None
    return Colour((parts[0], parts[1], parts[2]), parts[3] / 255 if len(parts) == 4 else 1)


def _from_function(name: str, parts: list[str]) -> Colour | None:
    def number(part: str, whole: float) -> float:
        return float(part[:-1]) / 100 * whole if part.endswith("%") else float(part)

    try:
        alpha = number(parts[3], 1) if len(parts) > 3 else 1
        if name.startswith("rgb"):
            return Colour((number(parts[0], 255), number(parts[1], 255), number(parts[2], 255)), alpha)
        hue, saturation, lightness = float(parts[0].removesuffix("deg")), *(number(p, 1) for p in parts[1:3])
    except (ValueError, IndexError):
        return None
    return Colour(_of_hsl(hue % 360 / 360, saturation, lightness), alpha)


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast of two opaque colours (1 to 21), as WCAG 2 has it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part <= 10.31475 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Return ``share`` (0 to 1) of one colour in another."""
    red, green, blue = (a * share + b * (1 - share) for a, b in zip(one, other, strict=True))
    return red, green, blue


@lru_cache(maxsize=256)
def readable(rgb: Rgb, background: Rgb) -> Rgb:
    """Return the colour, made darker (or lighter) as far as text on that background needs it.

    The result reads well by day, and by night after WeChat has recoloured both.
    """
    hue, saturation, lightness = _hsl(rgb)
    night_background = dark_background(background)
    steps = [lightness - step / 100 for step in range(100)]
    if _luminance(background) < 0.18:
        steps = [lightness + step / 100 for step in range(100)]
    for candidate in steps:
        if not 0 <= candidate <= 1:
            break
        found = _of_hsl(hue, saturation, candidate)
        night = dark_text(found, night_background)
        if contrast(found, background) >= ENOUGH and contrast(night, night_background) >= ENOUGH:
            return found
    return (26, 26, 26) if _luminance(background) >= 0.18 else (255, 255, 255)


def brightness(rgb: Rgb) -> float:
    """Return how bright a colour is to the eye (0 to 255)."""
    return (rgb[0] * 299 + rgb[1] * 587 + rgb[2] * 114) / 1000


def dark_background(rgb: Rgb) -> Rgb:
    """Return what a background becomes in WeChat's dark mode."""
    hue, saturation, lightness = _hsl(rgb)
    percent = lightness * 100
    if (saturation == 0 and percent > _BRIGHT_GREY) or brightness(rgb) > _WHITE_LIKE:
        return _of_hsl(0, 0, min(1.0, 1 + _hsl(DARK_PAGE)[2] - lightness))
    if brightness(rgb) > _BRIGHTEST_BACKGROUND:
        return _at_brightness(rgb, _BRIGHTEST_BACKGROUND)
    if percent < _DARK_GREY:
        return _of_hsl(hue, saturation, _DARK_GREY / 100)
    return rgb


def dark_text(rgb: Rgb, background: Rgb) -> Rgb:
    """Return what text or a border becomes in WeChat's dark mode on a background that has been changed."""
    most = _DARK_TEXT - brightness(DARK_PAGE)
    behind = brightness(background)
    for _ in range(3):
        own = brightness(rgb)
        offset = abs(behind - own)
        if own >= _WHITE_LIKE:
            return rgb
        if offset > most and behind <= brightness(DARK_PAGE) + 2:
            return _at_brightness(rgb, most + behind)
        if offset >= _LEAST_OFFSET:
            return rgb
        hue, saturation, lightness = _hsl(rgb)
        percent = lightness * 100
        if behind >= _BRIGHT_BACKGROUND:
            if percent <= 90 - _BRIGHT_GREY:
                return _at_brightness(rgb, min(most, behind - _LEAST_OFFSET))
        elif percent > _BRIGHT_GREY:
            return _at_brightness(rgb, min(most, behind + _LEAST_OFFSET))
        rgb = _of_hsl(hue, saturation, max(0.0, (90 - percent) / 100))
    return rgb


def _at_brightness(rgb: Rgb, wanted: float) -> Rgb:
    ratio = wanted / max(brightness(rgb), 1)
    red, green, blue = (min(255.0, part * ratio) for part in rgb)
    if green == 0 or red == 255 or blue == 255:
        green = (wanted * 1000 - red * 299 - blue * 114) / 587
    elif red == 0:
        red = (wanted * 1000 - green * 587 - blue * 114) / 299
    elif blue == 0 or green == 255:
        blue = (wanted * 1000 - red * 299 - green * 587) / 114
    red, green, blue = (min(255.0, max(0.0, part)) for part in (red, green, blue))
    return red, green, blue


def _hsl(rgb: Rgb) -> Rgb:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in rgb))
    return hue, saturation, lightness


def _of_hsl(hue: float, saturation: float, lightness: float) -> Rgb:
    red, green, blue = colorsys.hls_to_rgb(hue, min(1, max(0, lightness)), min(1, max(0, saturation)))
    return red * 255, green * 255, blue * 255
