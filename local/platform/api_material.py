"""Permanent material."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from .api_errors import ApiError
from .endpoint import OK, Call, Endpoint
from .materials import LibraryFullError, Material
from .media import MediaKind
from .uploads import uploaded

_LISTED: dict[str, MediaKind] = {"image": "image", "voice": "voice", "video": "video"}


def _add(call: Call) -> Mapping[str, Any]:
    kind, content_type, file = uploaded(call, permanent=True)
    title = introduction = ""
    if kind == "video":
        title, introduction = _description(call)
    try:
        kept = call.platform.materials.add(
            kind, content_type, file.data, file.name, title=title, introduction=introduction
        )
    except LibraryFullError:
        raise ApiError(45001) from None
    answer: dict[str, Any] = {"media_id": kept.media.media_id, "item": []}
    return answer | ({"url": _url(call, kept)} if kind in ("image", "thumb") else {})


def _get(call: Call) -> Response:
    """JSON declared as text, and files without a type, as WeChat sends them."""
    media_id = call.text("media_id", 41006)
    draft = call.platform.publications.drafts.get(media_id)
    if draft is not None:
        return JSONResponse({"news_item": draft.articles}, media_type="text/plain")
    kept = call.platform.materials.get(media_id)
    if kept is None:
        raise ApiError(40007)
    if kept.media.kind == "video":
        url = call.platform.media_url(media_id)
        shown = {"title": kept.title, "description": kept.introduction, "down_url": url}
        return JSONResponse(shown, media_type="text/plain")
    headers = {"Content-Disposition": f'attachment; filename="{kept.name}"'}
    return Response(kept.media.data, headers=headers)


def _delete(call: Call) -> Mapping[str, Any]:
    if not call.platform.materials.delete(call.text("media_id", 41006)):
        raise ApiError(40007)
    return OK


def _count(call: Call) -> Mapping[str, Any]:
    materials = call.platform.materials
    numbers = {f"{name}_count": len(materials.of(kind)) for name, kind in _LISTED.items()}
    return {**numbers, "news_count": len(call.platform.publications.drafts)}


def _batchget(call: Call) -> Mapping[str, Any]:
    kind, page = call.text("type", 40004), call.page()
    if kind == "news":
        drafts = list(reversed(call.platform.publications.drafts.values()))
        shown = [
            {"media_id": one.media_id, "content": {"news_item": one.articles}, "update_time": one.update_time}
            for one in drafts[page]
        ]
        return {"total_count": len(drafts), "item_count": len(shown), "item": shown}
    if kind not in _LISTED:
        raise ApiError(40004)
    kept = call.platform.materials.of(_LISTED[kind])
    items = [_listed(call, one) for one in kept[page]]
    return {"total_count": len(kept), "item_count": len(items), "item": items}


def _listed(call: Call, kept: Material) -> dict[str, Any]:
    item = {"media_id": kept.media.media_id, "name": kept.name, "update_time": kept.update_time}
    return item | ({"url": _url(call, kept)} if kept.media.kind == "image" else {})


def _url(call: Call, kept: Material) -> str:
    return call.platform.picture_url(kept.media.media_id)


def _description(call: Call) -> tuple[str, str]:
    try:
        value = json.loads(call.body.get("description", ""))
        title, introduction = value["title"], value.get("introduction", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ApiError(47001) from None
    if not isinstance(title, str) or not title or not isinstance(introduction, str):
        raise ApiError(47001)
    return title, introduction


def _retired(errcode: int) -> Endpoint:
    """Articles in the library are a thing of the past: they are drafts now."""

    def refuse(_call: Call) -> Mapping[str, Any]:
        raise ApiError(errcode)

    path = {45106: "add_news", 45103: "update_news"}[errcode]
    return Endpoint("POST", f"/cgi-bin/material/{path}", refuse)


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/material/add_material", _add, upload=True),
    Endpoint("POST", "/cgi-bin/material/get_material", _get),
    Endpoint("POST", "/cgi-bin/material/del_material", _delete),
    Endpoint("GET", "/cgi-bin/material/get_materialcount", _count),
    Endpoint("POST", "/cgi-bin/material/batchget_material", _batchget),
    _retired(45106),
    _retired(45103),
)
