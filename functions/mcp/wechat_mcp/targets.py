"""What pictures WeChat takes, place by place."""

from __future__ import annotations

from typing import NamedTuple

MAX_SOURCE_BYTES = 20 * 1024 * 1024
"""Of a picture before it is shrunk."""
MAX_BODY_BYTES = 1024 * 1024 - 1
MAX_MATERIAL_BYTES = 10 * 1024 * 1024


class Target(NamedTuple):
    """What WeChat takes in one place."""

    types: tuple[str, ...]
    max_bytes: int
    animated_bytes: int = 0
    """A GIF that moves may be as large as this; 0: its first frame is taken."""


BODY = Target(("image/jpeg", "image/png"), MAX_BODY_BYTES)
"""上传图文消息内的图片."""
MOVING_BODY = BODY._replace(animated_bytes=MAX_MATERIAL_BYTES)
"""The same, where a GIF that moves goes to the permanent material instead."""
COVER = Target(("image/jpeg", "image/png"), MAX_MATERIAL_BYTES)
MATERIAL = Target(
    ("image/jpeg", "image/png", "image/gif", "image/bmp"), MAX_MATERIAL_BYTES, MAX_MATERIAL_BYTES
)
"""新增永久素材, image."""
TEMPORARY = Target(("image/jpeg", "image/png", "image/gif"), 2 * 1024 * 1024, MAX_MATERIAL_BYTES)
"""新增临时素材, image: the page names both 2 MB and 10 MB."""
THUMB = Target(("image/jpeg",), 64 * 1024)
"""thumb, temporary and permanent."""
