"""Temporary media, and the pictures inside articles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from .api_errors import ApiError
from .endpoint import Call, Endpoint
from .uploads import article_image_type, sent_file, uploaded


def _upload(call: Call) -> Mapping[str, Any]:
    kind, content_type, file = uploaded(call, permanent=False)
    media = call.platform.media.keep(kind, content_type, file.data)
    name = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, name: media.media_id, "created_at": int(media.created_at)}


def _get(call: Call) -> Response | dict[str, str]:
    media_id = call.query.get("media_id", "")
    if not media_id:
        raise ApiError(41006)
    media = call.platform.media.get(media_id)
    if media is None:
        raise ApiError(40007)
    if media.kind == "video":
        return {"video_url": call.platform.media_url(media_id)}
    headers = {"Content-Disposition": f'attachment; filename="{media_id}.{media.extension}"'}
    return Response(media.data, media_type=media.content_type, headers=headers)


def _get_jssdk(call: Call) -> Response:
    """Nothing on this machine records with the JS-SDK: every media_id is of something else."""
    raise ApiError(40007 if call.query.get("media_id") else 41006)


def _uploadimg(call: Call) -> Mapping[str, Any]:
    """A success without an errcode."""
    file = sent_file(call)
    library = call.platform.materials.article_images
    picture = library.keep("image", article_image_type(file), file.data)
    return {"url": call.platform.picture_url(picture.media_id)}


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/media/upload", _upload, upload=True, daily_limit=100_000),
    Endpoint("GET", "/cgi-bin/media/get", _get, daily_limit=200_000),
    Endpoint("GET", "/cgi-bin/media/get/jssdk", _get_jssdk),
    Endpoint("POST", "/cgi-bin/media/uploadimg", _uploadimg, upload=True, daily_limit=100_000),
)
