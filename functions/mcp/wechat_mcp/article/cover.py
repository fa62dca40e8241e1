"""Covers: drawn from the title where there is no picture, and the parts of a picture that WeChat shows."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from . import colours
from .colours import Rgb

PACKAGED_FONT = Path(__file__).with_name("fonts") / "NotoSansCJKsc-Bold-GB2312.woff"
"""GB 2312's characters (SIL Open Font License, see the file beside it): on Lambda there is no font."""
MACHINE_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyhbd.ttc",
)
"""For titles with rarer characters."""
WIDTH, HEIGHT = 1410, 600
"""Pixels, 2.35:1. The title stands in the middle square, which 1:1 shows."""
RATIOS = {"2.35_1": 2.35, "1_1": 1.0}

_LARGEST, _READS_WELL, _SMALLEST, _MAX_LINES = 84, 56, 32, 6
_PIECE = re.compile(r"[A-Za-z0-9À-ɏ][A-Za-z0-9À-ɏ.'’&+#_-]*|\s+|.", re.DOTALL)
_CLAUSE = re.compile(r"[^，。：；！？|｜]+[，。：；！？|｜]*|[，。：；！？|｜]+")
_MAX_CLAUSE_LINES = 4
_NOT_FIRST = "，。！？、；：）》」』”’…,.!?;:)]}%"
_NOT_LAST = "（《「『“‘([{"

Crop = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of the picture."""


def crops(width: int, height: int) -> dict[str, Crop]:
    """Return what is shown of a picture at each of WeChat's ratios: the largest part, from its middle."""
    found = {}
    for name, ratio in RATIOS.items():
        wide, high = min(1.0, height * ratio / width), min(1.0, width / ratio / height)
        left, top = (1 - wide) / 2, (1 - high) / 2
        found[name] = (round(left, 6), round(top, 6), round(left + wide, 6), round(top + high, 6))
    return found


def crop_fields(width: int, height: int) -> dict[str, object]:
    """Return the crops as 新增草稿 takes them: ``cover_info`` and, for older accounts, ``pic_crop_*``."""
    parts = crops(width, height)
    names = ("x1", "y1", "x2", "y2")
    shown = {name: [f"{part:.6f}".rstrip("0").rstrip(".") for part in crop] for name, crop in parts.items()}
    return {
        "pic_crop_235_1": "_".join(shown["2.35_1"]),
        "pic_crop_1_1": "_".join(shown["1_1"]),
        "cover_info": {
            "crop_percent_list": [
                {"ratio": name, **dict(zip(names, crop, strict=True))} for name, crop in shown.items()
            ]
        },
    }


def draw(title: str, *, accent: str = "#1a6b54", fonts: Sequence[str] = MACHINE_FONTS) -> bytes:
    """Return a cover with a title on it, as PNG. Nothing raises: without a title there is but the ground."""
    ground = colours.parse(accent)
    rgb = _deep(ground.rgb if ground else (26, 107, 84))
    image = Image.new("RGB", (WIDTH, HEIGHT), _pixel(rgb))
    pen = ImageDraw.Draw(image)
    _decorate(pen, rgb)
    title = " ".join(title.split())
    if title:
        _write(pen, title, _font_for(title, fonts))
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _deep(rgb: Rgb) -> Rgb:
    """The colour, dark enough for white letters."""
    white = (255.0, 255.0, 255.0)
    while colours.contrast(rgb, white) < 6:
        rgb = colours.mix(rgb, (0, 0, 0), 0.9)
    return rgb


def _pixel(rgb: Rgb) -> tuple[int, int, int]:
    return round(rgb[0]), round(rgb[1]), round(rgb[2])


def _decorate(pen: ImageDraw.ImageDraw, rgb: Rgb) -> None:
    """Rings outside the middle square, and a short line below the title's place."""
    faint, fainter = (_pixel(colours.mix((255, 255, 255), rgb, share)) for share in (0.16, 0.08))
    side = (WIDTH - HEIGHT) // 2
    for radius, colour in ((300, fainter), (210, faint), (120, fainter)):
        box = (-radius // 3 - radius, HEIGHT - radius, -radius // 3 + radius, HEIGHT + radius)
        pen.ellipse(box, outline=colour, width=26)
        mirrored = (WIDTH + radius // 3 - radius, -radius, WIDTH + radius // 3 + radius, radius)
        pen.ellipse(mirrored, outline=colour, width=26)
    middle = WIDTH // 2
    pen.rectangle((middle - 36, HEIGHT - 84, middle + 36, HEIGHT - 78), fill=(255, 255, 255))
    pen.line((side // 2, 84, side // 2 + 90, 84), fill=faint, width=6)
    pen.line((WIDTH - side // 2 - 90, HEIGHT - 84, WIDTH - side // 2, HEIGHT - 84), fill=faint, width=6)


def _write(pen: ImageDraw.ImageDraw, title: str, font: str) -> None:
    size, lines = _fitted(title, font)
    face = _face(font, size)
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], lines[_MAX_LINES - 1] + "…"]
    top = (HEIGHT - len(lines) * size * 1.35) / 2 - 16
    for number, line in enumerate(lines):
        at = (WIDTH / 2, top + (number + 0.5) * size * 1.35)
        pen.text(at, line, font=face, fill=(255, 255, 255), anchor="mm")


def _fitted(title: str, font: str) -> tuple[int, list[str]]:
    """The size and the lines: each clause whole while that reads well, else as large as there is room for."""
    width, height = HEIGHT - 90, HEIGHT - 200
    choices = []
    for size in range(_LARGEST, _SMALLEST - 1, -4):
        lines = _lines(title, _face(font, size), width)
        if len(lines) * size * 1.35 <= height:
            choices.append((size, lines))
    clauses = len(_CLAUSE.findall(title))
    whole = [choice for choice in choices if len(choice[1]) == clauses and choice[0] >= _READS_WELL]
    return next(iter([*whole, *choices]), (_SMALLEST, _lines(title, _face(font, _SMALLEST), width)))


def _lines(title: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """The title in lines: one or more for each of its clauses if there is room for that."""
    clauses = [
        line for clause in _CLAUSE.findall(title) for line in _even(clause.strip(), face, width) if line
    ]
    return clauses if len(clauses) <= _MAX_CLAUSE_LINES else _even(title, face, width)


def _even(title: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Lines of about the same length, none with a comma at its beginning."""
    # A comma at the end may stand out a little.
    total = face.getlength(title.rstrip(_NOT_FIRST))
    count = max(1, -(-int(total) // int(width)))
    while True:
        lines = _broken(title, face, min(width, total / count + face.size * 0.6))
        if len(lines) <= count or count >= _MAX_LINES:
            return lines
        count += 1


def _broken(title: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines = [""]
    for piece in _PIECE.findall(title):
        whole = lines[-1] + piece
        fits = face.getlength(whole.rstrip()) <= width
        if fits or not lines[-1].strip() or piece in _NOT_FIRST:
            lines[-1] = whole
        elif lines[-1][-1] in _NOT_LAST:
            opening, lines[-1] = lines[-1][-1], lines[-1][:-1]
            lines.append(opening + piece)
        else:
            lines.append(piece.lstrip())
    return [line.strip() for line in lines if line.strip()]


def _font_for(title: str, fonts: Sequence[str]) -> str:
    """The packaged font, or one of the machine's if only that has all the characters."""
    packaged = str(PACKAGED_FONT)
    rare = [character for character in title if not character.isspace() and not _has(packaged, character)]
    if rare:
        for path in fonts:
            if Path(path).is_file() and all(_has(path, character) for character in rare):
                return path
    return packaged


@lru_cache(maxsize=16)
def _face(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def _has(path: str, character: str) -> bool:
    """Whether a font draws a character otherwise than what it does not know."""
    face = _face(path, _SMALLEST)
    return bytes(face.getmask(character)) != bytes(face.getmask("\U0010fffe"))
