"""Files in memory, within bounds: what followers send, what the account uploads, and what they really are."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

MAX_BYTES = 10 * 1024 * 1024
"""Bytes of one file: WeChat's own limit for pictures."""

KEPT_FOR = 3 * 24 * 3600.0
"""Seconds for which WeChat keeps a temporary file."""

_MAX_TOTAL = 100 * 1024 * 1024

MediaKind = Literal["image", "voice", "video", "thumb"]

_SIGNATURES: tuple[tuple[int, bytes, MediaKind, str], ...] = (
    (0, b"\xff\xd8\xff", "image", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image", "image/png"),
    (0, b"GIF8", "image", "image/gif"),
    (0, b"BM", "image", "image/bmp"),
    (8, b"WEBP", "image", "image/webp"),
    (0, b"#!AMR", "voice", "audio/amr"),
    (0, b"ID3", "voice", "audio/mpeg"),
    (0, b"\xff\xfb", "voice", "audio/mpeg"),
    (0, b"\xff\xf3", "voice", "audio/mpeg"),
    (0, b"\x30\x26\xb2\x75", "voice", "audio/x-ms-wma"),
    (8, b"WAVE", "voice", "audio/wav"),
    (4, b"ftyp", "video", "video/mp4"),
)


class MediaError(Exception):
    """The file cannot be taken. The text says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Media:
    """One file and what it really is, whatever its name said."""

    media_id: str
    kind: MediaKind
    content_type: str
    data: bytes
    created_at: float = 0.0
    """Epoch seconds."""

    @property
    def extension(self) -> str:
        """The file name's end, as WeChat's Format field says it: jpeg, amr, mpeg, …"""
        return self.content_type.partition("/")[2]


class MediaLibrary:
    """The files by media_id. The oldest fall out when all together pass 100 MB, and after ``kept_for``."""

    def __init__(self, clock: Callable[[], float] = time.time, kept_for: float = KEPT_FOR) -> None:
        """``kept_for`` is in seconds."""
        self._clock = clock
        self._kept_for = kept_for
        self._media: dict[str, Media] = {}

    def add(self, data: bytes) -> Media:
        """Keep a file and return it with its new media_id. Raises MediaError."""
        if len(data) > MAX_BYTES:
            raise MediaError("文件太大：最多 10 MB")
        kind, content_type = recognised(data)
        return self.keep(kind, content_type, data)

    def keep(self, kind: MediaKind, content_type: str, data: bytes) -> Media:
        """Keep a file that is known to be of this kind."""
        media = Media(secrets.token_urlsafe(48), kind, content_type, data, self._clock())
        self._media[media.media_id] = media
        total = sum(len(kept.data) for kept in self._media.values())
        while total > _MAX_TOTAL:
            total -= len(self._media.pop(next(iter(self._media))).data)
        return media

    def get(self, media_id: str) -> Media | None:
        """Return the file, or None."""
        media = self._media.get(media_id)
        return media if media and self._clock() - media.created_at < self._kept_for else None

    def clear(self) -> None:
        """Forget all files."""
        self._media.clear()


def silent_voice(seconds: int = 2) -> bytes:
    """Return an AMR file (8 kHz, 50 frames a second) in which nobody speaks."""
    return b"#!AMR\n" + b"\x7c" * (50 * seconds)


def recognised(data: bytes) -> tuple[MediaKind, str]:
    """Return a file's kind and type, by how it begins. Raises MediaError."""
    for start, signature, kind, content_type in _SIGNATURES:
        if data[start : start + len(signature)] == signature:
            return kind, content_type
    raise MediaError("只能发送图片（JPEG、PNG、GIF、WebP）或语音（AMR、MP3）")
