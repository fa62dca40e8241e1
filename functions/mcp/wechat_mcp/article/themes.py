"""Themes: plain CSS files in the folder beside this one, or an owner's CSS.

A theme declares ``--accent``, ``--ink`` and ``--paper`` and may use what is made of them: ``--accent-text``
(the accent, dark enough to read by day and by night), ``--accent-soft`` and ``--accent-line`` (transparent
tints),
``--on-accent`` (black or white, whichever reads on it), ``--font-size`` and ``--text-align``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import colours, css, tree
from .css import Sheet

FOLDER = Path(__file__).with_name("themes")
DEFAULT = "calm"
FONT_SIZES = range(12, 25)
"""Pixels."""

_HEAD = re.compile(r"/\*\s*(.+?)\s*·\s*(.+?)\s*\*/", re.DOTALL)
_BLACK, _WHITE = (26.0, 26.0, 26.0), (255.0, 255.0, 255.0)
_PAPER, _ACCENT = "#ffffff", "#1a6b54"


class ThemeError(ValueError):
    """A theme or an option that does not exist. ``str()`` is a sentence in Chinese."""


@dataclass(frozen=True)
class Theme:
    """A theme of ours: its name in code, in Chinese, and what it is for."""

    name: str
    title: str
    purpose: str
    accent: str


@lru_cache(maxsize=1)
def all_themes() -> tuple[Theme, ...]:
    """Return the themes, the default first."""
    names = sorted(path.stem for path in FOLDER.glob("*.css") if path.stem != "base")
    names.sort(key=lambda name: name != DEFAULT)
    return tuple(_described(name) for name in names)


def _described(name: str) -> Theme:
    text = _text(name)
    head = _HEAD.match(text)
    accent = dict(css.variables_of(text)).get("--accent", _ACCENT)
    return Theme(name, head[1] if head else name, head[2] if head else "", accent)


@lru_cache(maxsize=16)
def _text(name: str) -> str:
    return (FOLDER / f"{name}.css").read_text("utf-8")


@lru_cache(maxsize=64)
def sheet(theme: str, own_css: str, accent: str, font_size: int, justify: bool | None) -> Sheet:
    """Return the rules of a theme, with an owner's CSS (can be empty) after them.

    An empty ``accent`` and a ``font_size`` of 0 leave the theme's own. Raises ThemeError.
    """
    try:
        return _sheet(theme, tree.legal(own_css), accent, font_size, justify)
    except RecursionError as error:
        raise ThemeError("主题 CSS 里的括号套得太深：请减少层数。") from error


def _sheet(theme: str, own_css: str, accent: str, font_size: int, justify: bool | None) -> Sheet:
    if theme not in {known.name for known in all_themes()}:
        names = "、".join(f"{known.name}（{known.title}）" for known in all_themes())
        raise ThemeError(f"没有名为 {theme[:40]} 的主题，可选的有：{names}。")
    text = _text(theme)
    declared = dict(css.variables_of(text)) | dict(css.variables_of(own_css[: css.MAX_CHARACTERS]))
    if accent:
        if colours.parse(accent) is None:
            raise ThemeError(f"主题色 {accent[:40]} 不是颜色：请写成 #1a6b54 这样的六位色值。")
        declared["--accent"] = accent
    if font_size:
        if font_size not in FONT_SIZES:
            raise ThemeError(
                f"字号 {font_size} 不合适：请用 {FONT_SIZES[0]} 到 {FONT_SIZES[-1]} 之间的像素数。"
            )
        declared["--font-size"] = f"{font_size}px"
    if justify is not None:
        declared["--text-align"] = "justify" if justify else "left"
    variables = {"--font-size": "16px", "--text-align": "justify"} | _tints(declared)
    ours = css.compile_sheet(_text("base") + text, variables)
    theirs = css.compile_sheet(own_css, variables)
    return Sheet(f"{ours.css}\n{theirs.css}", variables, theirs.problems)


def _tints(declared: dict[str, str]) -> dict[str, str]:
    """What is declared, and the colours that are made of the accent unless they are declared too."""
    paper = _opaque(declared.get("--paper", _PAPER), _WHITE)
    accent = _opaque(declared.get("--accent", _ACCENT), _BLACK)
    by_contrast = max((_WHITE, _BLACK), key=lambda text: colours.contrast(text, accent))
    made = {
        "--accent": accent,
        "--accent-text": colours.readable(accent, paper),
        "--on-accent": by_contrast,
        "--paper": paper,
    }
    # Transparent tints: WeChat's dark mode turns an opaque light green into a glaring one.
    tints = {"--accent-soft": colours.Colour(accent, 0.08), "--accent-line": colours.Colour(accent, 0.4)}
    solid = {name: colours.Colour(rgb, 1) for name, rgb in made.items()}
    return {name: colour.css() for name, colour in (solid | tints).items()} | declared


def _opaque(text: str, otherwise: colours.Rgb) -> colours.Rgb:
    colour = colours.parse(text)
    return colour.rgb if colour else otherwise
