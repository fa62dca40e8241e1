"""Blobs: named bytes with a content type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes and what they are."""

    data: bytes
    content_type: str


class Blobs(Protocol):
    """A flat space of named blobs. A key is relative, with ``/`` between its parts, never ``..``."""

    def get(self, key: str) -> Blob | None:
        """Return the blob, or None. Raises StoreError, and ValueError for a key that could escape."""
        ...

    def put(self, key: str, data: bytes, *, content_type: str, cache_control: str = "") -> None:
        """Write a blob, replacing one that is there. Raises StoreError, ValueError as ``get``."""
        ...

    def delete(self, key: str) -> None:
        """Remove the blob if it is there. Raises StoreError, ValueError as ``get``."""
        ...
