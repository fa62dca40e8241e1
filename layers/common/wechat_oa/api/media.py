"""Temporary media (临时素材), which WeChat keeps for three days, and the pictures inside articles."""

from __future__ import annotations

from typing import Literal, NamedTuple

from . import limits
from .client import Download, WeChatClient

MediaType = Literal["image", "voice", "video", "thumb"]

KEPT_FOR = 3 * 24 * 3600
"""Seconds for which a temporary media_id works."""

_NAMES = {"image": "图片", "voice": "语音", "video": "视频", "thumb": "缩略图"}
_MAX_BYTES = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}
_SAFE_IMAGE = 2 << 20
"""The page 新增临时素材 names both 10 MB and 2 MB."""
_BELOW_IN_ARTICLE = 1 << 20
_TEMPORARY_TYPES = {
    "image": ("image/jpeg", "image/png", "image/gif"),
    "voice": ("audio/amr", "audio/mpeg", "audio/mp3"),
    "video": ("video/mp4",),
    "thumb": ("image/jpeg",),
}
_PERMANENT_TYPES = {
    **_TEMPORARY_TYPES,
    "image": (*_TEMPORARY_TYPES["image"], "image/bmp"),
    "voice": (*_TEMPORARY_TYPES["voice"], "audio/x-ms-wma", "audio/wav", "audio/x-wav"),
}


class UploadedMedia(NamedTuple):
    """A temporary file at WeChat."""

    type: str
    media_id: str
    created_at: int
    """Epoch seconds; the media_id works for three days from then."""
    warnings: tuple[str, ...] = ()


class ArticleImage(NamedTuple):
    """A picture that articles may show."""

    url: str
    """As WeChat gives it, often with http://; only inside articles does it work."""
    warnings: tuple[str, ...] = ()


def check_file(
    media_type: MediaType, data: bytes, content_type: str, *, permanent: bool = False
) -> list[str]:
    """Check a file before it is uploaded (新增临时素材, 新增永久素材), and return the warnings.

    image: 10 MB of PNG, JPEG or GIF (permanent: BMP too), a warning above 2 MB where it is temporary; voice:
    2 MB of AMR or MP3 (permanent: WMA and WAV too), at most 60 seconds, which only WeChat measures; video:
    10 MB of MP4; thumb: 64 KB of JPEG. Raises LimitError.
    """
    limits.require(media_type in _NAMES, f"素材类型只能是 {'、'.join(_NAMES)}")
    allowed = (_PERMANENT_TYPES if permanent else _TEMPORARY_TYPES)[media_type]
    name = _NAMES[media_type]
    limits.require(content_type in allowed, f"{name}不能是 {content_type}，可以是 {'、'.join(allowed)}")
    safe = _SAFE_IMAGE if media_type == "image" and not permanent else None
    return limits.file_size(name, len(data), _MAX_BYTES[media_type], safe=safe)


def check_article_image(data: bytes, content_type: str) -> list[str]:
    """Check a picture for the inside of an article (上传图文消息内的图片): JPEG or PNG, below 1 MB."""
    limits.require(
        content_type in ("image/jpeg", "image/png"),
        f"正文里的图片不能是 {content_type}，只能是 JPEG 或 PNG：请先转换",
    )
    return limits.file_size("正文里的图片", len(data), _BELOW_IN_ARTICLE - 1)


async def upload_temporary(
    client: WeChatClient, media_type: MediaType, data: bytes, *, filename: str, content_type: str
) -> UploadedMedia:
    """Upload a file for three days (新增临时素材). Once more does no harm: it gets another media_id.

    Raises LimitError as ``check_file`` does, and WeChatError: 40004, 40005, 40006, 41005, 45007 (voice above
    60 seconds).
    """
    warnings = check_file(media_type, data, content_type)
    answer = await client.upload(
        "/cgi-bin/media/upload",
        {"type": media_type},
        field="media",
        filename=filename,
        data=data,
        content_type=content_type,
        idempotent=True,
        # A thumb's id comes under a name of its own.
        expects="thumb_media_id" if media_type == "thumb" else "media_id",
    )
    media_id = answer.get("media_id") or answer.get("thumb_media_id")
    return UploadedMedia(
        answer.get("type", media_type), str(media_id), int(answer.get("created_at", 0)), tuple(warnings)
    )


async def get_temporary(client: WeChatClient, media_id: str) -> Download:
    """Fetch a follower's image or voice, or anything uploaded in the last three days (获取临时素材).

    For a video there is no file but its address, in ``data["video_url"]``. Raises WeChatError (40007: the
    media_id is wrong or too old) and what the client raises.
    """
    return await client.download("/cgi-bin/media/get", {"media_id": media_id})


async def get_high_quality_voice(client: WeChatClient, media_id: str) -> Download:
    """Fetch a voice that was recorded with the JS-SDK, as speex of 16 kHz (获取高清语音素材)."""
    return await client.download("/cgi-bin/media/get/jssdk", {"media_id": media_id})


async def upload_article_image(
    client: WeChatClient, data: bytes, *, filename: str, content_type: str
) -> ArticleImage:
    """Upload a picture for the inside of articles (uploadimg), which does not count as material.

    Raises LimitError as ``check_article_image`` does, and WeChatError: 40005, 40009. The answer of a success
    has no errcode. Once more does no harm.
    """
    warnings = check_article_image(data, content_type)
    answer = await client.upload(
        "/cgi-bin/media/uploadimg",
        field="media",
        filename=filename,
        data=data,
        content_type=content_type,
        idempotent=True,
        expects="url",
    )
    return ArticleImage(str(answer["url"]), tuple(warnings))
