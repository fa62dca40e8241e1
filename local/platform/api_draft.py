"""The draft box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api_errors import ApiError
from .articles import MAX_ARTICLES, read_article, seen
from .endpoint import OK, Call, Endpoint
from .publications import Draft


def _add(call: Call) -> Mapping[str, Any]:
    given = call.body.get("articles")
    if not isinstance(given, list) or not given:
        raise ApiError(44003)
    if len(given) > MAX_ARTICLES:
        raise ApiError(45008)
    articles = [read_article(call.platform, article, index) for index, article in enumerate(given)]
    draft = call.platform.publications.add_draft(list(articles))
    return {"media_id": draft.media_id, "item": []}


def _get(call: Call) -> Mapping[str, Any]:
    draft = _draft(call)
    return {**_content(call, draft), "create_time": draft.create_time, "update_time": draft.update_time}


def _update(call: Call) -> Mapping[str, Any]:
    draft, index = _draft(call), call.number("index", default=0, wrong=40114)
    if not 0 <= index < len(draft.articles):
        raise ApiError(40114)
    draft.articles[index] = read_article(call.platform, call.body.get("articles"), index)
    draft.update_time = int(call.platform.clock())
    return OK


def _delete(call: Call) -> Mapping[str, Any]:
    del call.platform.publications.drafts[_draft(call).media_id]
    return OK


def _batchget(call: Call) -> Mapping[str, Any]:
    """The one that was changed last comes first."""
    page, no_content = call.page(), call.number("no_content", default=0) == 1
    drafts = list(call.platform.publications.drafts.values())
    drafts.sort(key=lambda one: one.update_time)
    drafts.reverse()
    items = [
        {
            "media_id": draft.media_id,
            "content": {
                **_content(call, draft, content=not no_content),
                "create_time": draft.create_time,
                "update_time": draft.update_time,
            },
            "update_time": draft.update_time,
        }
        for draft in drafts[page]
    ]
    return {"total_count": len(drafts), "item_count": len(items), "item": items}


def _count(call: Call) -> Mapping[str, Any]:
    return {"total_count": len(call.platform.publications.drafts)}


def _switch(_call: Call) -> Mapping[str, Any]:
    """On for everybody, for good."""
    return {**OK, "is_open": 1}


def _draft(call: Call) -> Draft:
    draft = call.platform.publications.drafts.get(call.text("media_id", 41006))
    if draft is None:
        raise ApiError(40007)
    return draft


def _content(call: Call, draft: Draft, *, content: bool = True) -> dict[str, Any]:
    preview = call.platform.article_url(f"preview?media_id={draft.media_id}")
    shown = [
        seen(call.platform, article, url=f"{preview}&index={index}", content=content)
        for index, article in enumerate(draft.articles)
    ]
    return {"news_item": shown}


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/draft/add", _add),
    Endpoint("POST", "/cgi-bin/draft/get", _get),
    Endpoint("POST", "/cgi-bin/draft/update", _update),
    Endpoint("POST", "/cgi-bin/draft/delete", _delete),
    Endpoint("POST", "/cgi-bin/draft/batchget", _batchget),
    Endpoint("GET", "/cgi-bin/draft/count", _count),
    Endpoint("POST", "/cgi-bin/draft/switch", _switch),
)
