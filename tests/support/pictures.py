"""Pictures of every kind, small ones and large ones."""

from __future__ import annotations

import io
import random

from PIL import Image


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 6), mode: str = "RGB", **options: object) -> bytes:
    """Return a picture of one colour; ``options`` are Pillow's."""
    out = io.BytesIO()
    Image.new(mode, size, 120 if mode in ("L", "P") else (200, 30, 30, 128)[: len(mode)]).save(
        out, kind, **options
    )
    return out.getvalue()


def noise(size: tuple[int, int], mode: str = "RGB", kind: str = "PNG") -> bytes:
    """Return a picture that hardly compresses, the same each time."""
    image = Image.frombytes(mode, size, random.Random(1).randbytes(size[0] * size[1] * len(mode)))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def moving(frames: int = 3) -> bytes:
    """Return a GIF that moves."""
    images = [Image.new("RGB", (8, 8), (80 * number, 0, 0)) for number in range(frames)]
    out = io.BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=100)
    return out.getvalue()
