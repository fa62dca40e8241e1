"""Temporary media: fetching what a follower sent."""

from __future__ import annotations

from starlette.responses import Response

from .api_errors import ApiError
from .endpoint import Call, Endpoint


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


ENDPOINTS = (Endpoint("GET", "/cgi-bin/media/get", _get),)
