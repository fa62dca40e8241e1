"""How the platform judges an uploaded file, for temporary and for permanent media."""

from __future__ import annotations

from .api_errors import ApiError
from .endpoint import Call, File
from .media import MediaError, MediaKind, recognised

_KINDS: dict[str, MediaKind] = {
    "image": "image",
    "voice": "voice",
    "video": "video",
    "thumb": "thumb",
}
_LIMITS: dict[MediaKind, tuple[int, int]] = {
    "image": (10 << 20, 40009),
    "voice": (2 << 20, 40010),
    "video": (10 << 20, 40011),
    "thumb": (64 << 10, 40012),
}
"""The most bytes, and what more is refused with."""
_TEMPORARY = {
    "image/jpeg": "jpg jpeg",
    "image/png": "png",
    "image/gif": "gif",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
}
_PERMANENT = {**_TEMPORARY, "image/bmp": "bmp", "audio/x-ms-wma": "wma", "audio/wav": "wav"}
"""The endings that a file of each type may have."""
_AMR_FRAMES = (12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0)
"""Bytes of a frame after its first, by its mode: a fiftieth of a second each."""
_VOICE_SECONDS = 60


def uploaded(call: Call, *, permanent: bool) -> tuple[MediaKind, str, File]:
    """Return the kind that was asked for, the file's type and the file. Raises ApiError."""
    kind = _KINDS.get(call.query.get("type", ""))
    if kind is None:
        raise ApiError(40004)
    file = sent_file(call)
    is_kind, content_type = _type_of(file)
    endings = (_PERMANENT if permanent else _TEMPORARY).get(content_type, "")
    wanted = "image/jpeg" if kind == "thumb" else content_type
    if content_type != wanted or is_kind != ("image" if kind == "thumb" else kind):
        raise ApiError(40005)
    if file.name.rpartition(".")[2].lower() not in endings.split():
        raise ApiError(40005)
    most, errcode = _LIMITS[kind]
    if len(file.data) > most:
        raise ApiError(errcode)
    if content_type == "audio/amr" and _amr_seconds(file.data) > _VOICE_SECONDS:
        raise ApiError(45007)
    return kind, content_type, file


def sent_file(call: Call) -> File:
    """Return the file of the field ``media``. Raises ApiError."""
    file = call.files.get("media")
    if file is None:
        raise ApiError(41005)
    if not file.data:
        raise ApiError(44001)
    return file


def article_image_type(file: File) -> str:
    """Return the type of a picture for articles: JPEG or PNG below 1 MB. Raises ApiError."""
    _, content_type = _type_of(file)
    ending = file.name.rpartition(".")[2].lower()
    if content_type not in ("image/jpeg", "image/png") or ending not in ("jpg", "jpeg", "png"):
        raise ApiError(40005)
    if len(file.data) >= 1 << 20:
        raise ApiError(40009)
    return content_type


def _type_of(file: File) -> tuple[MediaKind, str]:
    try:
        return recognised(file.data)
    except MediaError:
        raise ApiError(40005) from None


def _amr_seconds(data: bytes) -> float:
    position, frames = len(b"#!AMR\n"), 0
    while position < len(data):
        position += 1 + _AMR_FRAMES[data[position] >> 3 & 15]
        frames += 1
    return frames / 50
