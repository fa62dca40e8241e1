"""Formulas: LaTeX → SVG of plain paths, as small as it gets, in the colour of the text around it.

WeChat takes ids, classes, ``<defs>`` and ``<use>`` out of SVG, counts every character of an article, and
leaves SVG alone in dark mode: hence outlines only, whole numbers, and ``currentColor``.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree  # nosec B405

from .tree import Element

MAX_CHARACTERS = 2000
"""Of one formula's LaTeX."""
MOST_NODES = 8_000
"""That setting one formula may take: some seconds. Ordinary ones take a few hundred."""
ARTICLE_NODES = 40_000
"""The same for all the formulas of an article."""
_UNITS = 10
"""Steps to a pixel at ziamath's size."""
_SIZE = 24
"""Pixels that ziamath sets an em in."""
_SQUEEZED = 0.8
"""Of its size, as small as a formula of its own may get."""
_PHONE = 16
"""Ems that any phone has room for."""

log = logging.getLogger(__name__)

_COMMAND = re.compile(r"([A-Za-z])|(-?[0-9.]+(?:e-?[0-9]+)?)")
_NOT_IN_FONT = re.compile("[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]")
# ziamath sets what stands in a row twice, first to learn how high it is: each level doubles the work.
_ROWS = frozenset({"math", "mrow", "mtd"})
_SUPPORTED = {"M": 2, "L": 2, "Q": 4, "C": 6, "H": 1, "V": 1, "Z": 0}


class FormulaError(ValueError):
    """LaTeX that cannot be set."""


def formula(latex: str, *, display: bool) -> Element:
    """Return a formula as an ``svg`` element. Raises FormulaError."""
    view, shape, style = _drawn(latex, display)
    children: list[Element | str] = [Element("path", {"d": shape, "fill": "currentColor"})]
    return Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": view, "style": style}, children)


@lru_cache(maxsize=512)
def nodes(latex: str, *, display: bool) -> int:
    """Return how many nodes ziamath sets for a formula, to be asked before it does.

    Raises FormulaError: for what cannot be set, and for more than MOST_NODES.
    """
    if not latex or len(latex) > MAX_CHARACTERS or _NOT_IN_FONT.search(latex):
        raise FormulaError("empty, too long, or with characters that the font for maths does not have")
    from ziamath.tex import tex2mml  # noqa: PLC0415  (a quarter of a second that only formulas need)

    try:
        # What latex2mathml writes, not the author.
        count = _nodes(ElementTree.fromstring(tex2mml(latex, inline=not display)))  # noqa: S314  # nosec B314
    except Exception as error:  # latex2mathml raises whatever its inside trips over
        log.info("formula not read: %s", type(error).__name__)
        raise FormulaError(type(error).__name__) from error
    if count > MOST_NODES:
        raise FormulaError("too much in one another")
    return count


def _nodes(element: ElementTree.Element) -> int:
    below = sum(map(_nodes, element))
    return 1 + below * (2 if element.tag.rpartition("}")[2] in _ROWS else 1)


@lru_cache(maxsize=512)
def _drawn(latex: str, display: bool) -> tuple[str, str, str]:
    nodes(latex, display=display)
    from ziamath.config import config  # noqa: PLC0415
    from ziamath.zmath import Latex  # noqa: PLC0415

    config.svg2 = False  # outlines where they stand, instead of <symbol> and <use>
    try:
        drawn = Latex(latex, inline=not display)
        svg, sunk = drawn.svgxml(), drawn.getyofst()
    except Exception as error:  # ziamath and latex2mathml raise whatever their inside trips over
        log.info("formula not set: %s", type(error).__name__)
        raise FormulaError(type(error).__name__) from error
    left, top, width, height = (float(part) for part in svg.get("viewBox", "0 0 1 1").split())
    shape = "".join(_shape(node) for node in svg.iter())
    if not shape:
        raise FormulaError("nothing to draw")
    view = " ".join(str(round(part * _UNITS)) for part in (left, top, width, height))
    size = f"width:{width / _SIZE:.2f}em;max-width:100%"
    if display:
        # The page squeezes everything into its width: what would become too small to read scrolls instead.
        least = width / _SIZE * _SQUEEZED
        return view, shape, size if least < _PHONE else f"{size};min-width:{least:.2f}em"
    return view, shape, f"{size};height:{height / _SIZE:.2f}em;vertical-align:{sunk / _SIZE:.2f}em"


def _shape(node: Any) -> str:
    name = node.tag.rpartition("}")[2]
    if name == "path":
        return compact(node.get("d", ""))
    if name == "rect":
        x, y, width, height = (
            round(float(node.get(part, "0")) * _UNITS) for part in ("x", "y", "width", "height")
        )
        return f"M{x} {y}h{width}v{max(height, 1)}h{-width}z"
    return ""


def compact(path: str) -> str:
    """Return an absolute SVG path in whole steps, each from where the last one ended."""
    numbers: list[float] = []
    written: list[str] = []
    at, start = (0, 0), (0, 0)
    command = ""

    def flush() -> None:
        nonlocal at, start
        if command == "Z":
            at = start
            written.append("z")
            return
        steps = [round(number * _UNITS) for number in numbers]
        if command in "HV":
            steps = [steps[0], at[1]] if command == "H" else [at[0], steps[0]]
        moves = [step - at[place % 2] for place, step in enumerate(steps)]
        if command == "M":
            written.append(f"M{steps[0]} {steps[1]}")
            start = (steps[0], steps[1])
        elif any(moves):
            written.append({"H": "l", "V": "l"}.get(command, command.lower()) + _joined(moves))
        at = (steps[-2], steps[-1])

    for letter, number in _COMMAND.findall(path):
        if letter:
            if letter not in _SUPPORTED:
                raise FormulaError(f"path command {letter}")
            command, numbers = letter, []
        else:
            numbers.append(float(number))
        if command and len(numbers) == _SUPPORTED[command]:
            flush()
            numbers = []
    return "".join(written)


def _joined(numbers: list[int]) -> str:
    """Numbers with no more between them than is needed: a minus sign parts as well as a space."""
    first, *others = map(str, numbers)
    return first + "".join(number if number.startswith("-") else f" {number}" for number in others)
