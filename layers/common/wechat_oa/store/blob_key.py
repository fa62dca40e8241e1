"""Which names a blob may have."""

from __future__ import annotations

_LONGEST = 1024  # UTF-8 bytes, S3's limit


def checked_key(key: str) -> str:
    """Return the key. Raises ValueError, without repeating it, for one that could escape or confuse.

    A key is relative, its parts divided by ``/``, none of them empty, ``.`` or ``..``; it has no backslash,
    no control characters and no lone surrogates, and takes at most 1024 UTF-8 bytes.
    """
    parts = key.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError("a blob's key must be relative, without empty parts, . or ..")
    if "\\" in key or any(ord(c) < 0x20 or ord(c) == 0x7F or 0xD800 <= ord(c) <= 0xDFFF for c in key):
        raise ValueError("a blob's key must not have backslashes, control characters or lone surrogates")
    if len(key.encode()) > _LONGEST:
        raise ValueError(f"a blob's key takes at most {_LONGEST} UTF-8 bytes")
    return key
