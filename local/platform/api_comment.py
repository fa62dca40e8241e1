"""Comments under articles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api_errors import ApiError
from .endpoint import OK, VERIFIED, Call, Endpoint
from .publications import Comment, PublishedArticle

_MAX_SELECTED = 100
_REPLY_CHARACTERS = 600


def _open(call: Call) -> Mapping[str, Any]:
    _article(call).comments_open = True
    return OK


def _close(call: Call) -> Mapping[str, Any]:
    _article(call).comments_open = False
    return OK


def _list(call: Call) -> Mapping[str, Any]:
    article, begin, count = _article(call), call.number("begin"), call.number("count", wrong=88010)
    if begin < 0 or not 0 < count < 50:
        raise ApiError(88010)
    kind = call.number("type", default=0)
    if kind not in (0, 1, 2):
        raise ApiError(40035)
    kept = [one for one in article.comments if kind == 0 or one.selected == (kind == 2)]
    listed = [_shown(one) for one in kept[begin : begin + count]]
    return {**OK, "total": len(kept), "comment": listed}


def _mark(call: Call) -> Mapping[str, Any]:
    comment = _comment(call)
    if sum(one.selected for one in _article(call).comments) >= _MAX_SELECTED and not comment.selected:
        raise ApiError(88003)
    comment.selected = True
    return OK


def _unmark(call: Call) -> Mapping[str, Any]:
    _comment(call).selected = False
    return OK


def _delete(call: Call) -> Mapping[str, Any]:
    _article(call).comments.remove(_comment(call))
    return OK


def _reply(call: Call) -> Mapping[str, Any]:
    comment, content = _comment(call), call.body.get("content")
    if not isinstance(content, str) or not 0 < len(content) <= _REPLY_CHARACTERS:
        raise ApiError(88007)
    if comment.reply:
        raise ApiError(88005)
    comment.reply, comment.reply_time = content, int(call.platform.clock())
    return OK


def _delete_reply(call: Call) -> Mapping[str, Any]:
    comment = _comment(call)
    if not comment.reply:
        raise ApiError(88009)
    comment.reply = ""
    return OK


def _article(call: Call) -> PublishedArticle:
    number = call.number("msg_data_id", wrong=88001)
    article = call.platform.publications.article(number, call.number("index", default=0))
    if article is None:
        raise ApiError(88001)
    return article


def _comment(call: Call) -> Comment:
    number = call.number("user_comment_id", wrong=88008)
    for comment in _article(call).comments:
        if comment.user_comment_id == number:
            return comment
    raise ApiError(88008)


def _shown(comment: Comment) -> dict[str, Any]:
    reply = {"content": comment.reply, "create_time": comment.reply_time}
    return {
        "user_comment_id": comment.user_comment_id,
        "openid": comment.openid,
        "create_time": comment.create_time,
        "content": comment.content,
        "comment_type": int(comment.selected),
        **({"reply": reply} if comment.reply else {}),
    }


ENDPOINTS = tuple(
    Endpoint("POST", f"/cgi-bin/comment/{name}", answer, account_types=VERIFIED)
    for name, answer in (
        ("open", _open),
        ("close", _close),
        ("list", _list),
        ("markelect", _mark),
        ("unmarkelect", _unmark),
        ("delete", _delete),
        ("reply/add", _reply),
        ("reply/delete", _delete_reply),
    )
)
