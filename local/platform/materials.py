"""The account's library of permanent material, and the pictures inside its articles."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from .media import Media, MediaKind, MediaLibrary

MAX_TOTAL = 200 * 1024 * 1024
"""Bytes that this machine's memory holds of it; WeChat counts files, 100 000 pictures and 1000 others."""


@dataclass(frozen=True, slots=True)
class Material:
    """One file of the library."""

    media: Media
    name: str
    update_time: int
    title: str = ""
    introduction: str = ""


class LibraryFullError(Exception):
    """There is no room for the file."""


class Materials:
    """Permanent files by media_id, in the order they came, and the pictures of ``uploadimg`` beside them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[str, Material] = {}
        self.article_images = MediaLibrary(clock, math.inf)

    def add(
        self,
        kind: MediaKind,
        content_type: str,
        data: bytes,
        name: str,
        *,
        title: str = "",
        introduction: str = "",
    ) -> Material:
        """Keep a file. Raises LibraryFullError."""
        if len(data) + sum(len(kept.media.data) for kept in self._kept.values()) > MAX_TOTAL:
            raise LibraryFullError
        media = Media(secrets.token_urlsafe(48), kind, content_type, data, self._clock())
        kept = Material(media, name, int(self._clock()), title, introduction)
        self._kept[media.media_id] = kept
        return kept

    def get(self, media_id: str) -> Material | None:
        """Return one of the library, or None."""
        return self._kept.get(media_id)

    def delete(self, media_id: str) -> bool:
        """Forget one, and return whether it was there."""
        return self._kept.pop(media_id, None) is not None

    def of(self, kind: MediaKind) -> list[Material]:
        """Return those of a kind, newest first."""
        return [kept for kept in reversed(self._kept.values()) if kept.media.kind == kind]

    def picture(self, picture_id: str) -> Media | None:
        """Return a picture that articles may show: one of ``uploadimg``, or a permanent one."""
        kept = self._kept.get(picture_id)
        return kept.media if kept else self.article_images.get(picture_id)
