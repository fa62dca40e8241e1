"""Mass messages: they take a while, reach the followers' phones, and end with MASSSENDJOBFINISH."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import follower
from .api_errors import ApiError
from .endpoint import OK, VERIFIED, Call, Endpoint
from .mass import PER_MONTH, SPEEDS, MassMessage
from .people import Follower
from .phone import push_event
from .publications import Publication
from .records import day_of
from .shown import articles_shown
from .state import Platform

_CLIENTMSGID_BYTES = 64
_REMEMBERED_FOR = 24 * 3600.0
_TEXT_BYTES = 2048

Bubble = tuple[str, Mapping[str, Any]]
"""Its type and its content."""


def _send_all(call: Call) -> Mapping[str, Any]:
    filtered = call.body.get("filter")
    if not isinstance(filtered, dict):
        raise ApiError(47001)
    following = [one for one in call.platform.followers.values() if one.following]
    if filtered.get("is_to_all") is True:
        return _begin(call, following)
    tag_id = filtered.get("tag_id")
    if isinstance(tag_id, str) and tag_id.isdigit():
        tag_id = int(tag_id)
    if not isinstance(tag_id, int) or tag_id not in call.platform.tags.names:
        raise ApiError(45159)
    return _begin(call, [one for one in following if tag_id in one.tags])


def _send(call: Call) -> Mapping[str, Any]:
    to = call.followers(10_000, "touser")
    if len(to) < 2:
        raise ApiError(40032)
    return _begin(call, [one for one in to if one.following])


def _begin(call: Call, to: list[Follower]) -> Mapping[str, Any]:
    platform, clientmsgid, now = call.platform, call.body.get("clientmsgid", ""), call.platform.clock()
    if not isinstance(clientmsgid, str) or len(clientmsgid.encode("utf-8", "replace")) > _CLIENTMSGID_BYTES:
        raise ApiError(45067)
    if before := platform.mass.of_clientmsgid(clientmsgid, now - _REMEMBERED_FOR):
        raise ApiError(45065, msg_id=before.msg_id)
    bubbles = _bubbles(call)
    today, month = day_of(now), day_of(now).isoformat()[:7]
    if platform.account_type == "verified_subscription" and any(
        day_of(sent.sent_at) == today for sent in platform.mass.sent.values()
    ):
        raise ApiError(45028)
    reached = [one for one in to if platform.mass.received[month, one.openid] < PER_MONTH]
    if to and not reached and platform.account_type == "verified_service":
        raise ApiError(45028)
    publication = _released(call)
    if publication:
        links = [(one.fields, platform.article_url(one.sn)) for one in publication.articles]
        bubbles = [("news", articles_shown(platform, links))]
    message = platform.mass.new(publication.msg_data_id if publication else 0, now, clientmsgid, len(to))
    for one in reached:
        platform.mass.received[month, one.openid] += 1
    platform.start(_deliver(platform, message, reached, bubbles, publication))
    answer = {**OK, "errmsg": "send job submission success", "msg_id": message.msg_id}
    return answer | ({"msg_data_id": publication.msg_data_id} if publication else {})


async def _deliver(
    platform: Platform,
    message: MassMessage,
    reached: list[Follower],
    bubbles: list[Bubble],
    publication: Publication | None,
) -> None:
    await platform.sleep(platform.job_seconds)
    if message.status != "SENDING":
        return
    for one in reached:
        for kind, content in bubbles:
            platform.show(one, "account", kind, content, via="push")
    message.status = "SEND_SUCCESS"
    links = [] if publication is None else [platform.article_url(one.sn) for one in publication.articles]
    finished = {
        "MsgID": message.msg_id,
        "Status": "send success",
        "TotalCount": message.total,
        "FilterCount": message.total,
        "SentCount": len(reached),
        "ErrorCount": message.total - len(reached),
        "CopyrightCheckResult": {"Count": 0, "ResultList": "", "CheckState": 0},
        "ArticleUrlResult": {
            "Count": len(links),
            "ResultList": {
                "item": [{"ArticleIdx": idx, "ArticleUrl": url} for idx, url in enumerate(links, 1)]
            },
        },
    }
    await push_event(
        platform, platform.account.openid("公众号管理员"), follower.event("MASSSENDJOBFINISH", finished)
    )


def _preview(call: Call) -> Mapping[str, Any]:
    """By WeChat id or openid; on this machine a WeChat id is the follower's name."""
    name = call.body.get("towxname")
    person = call.known(call.platform.account.openid(name)) if isinstance(name, str) and name else None
    person = person or call.follower("touser")
    for kind, content in _bubbles(call):
        call.platform.show(person, "account", kind, content, via="push")
    return {**OK, "errmsg": "preview success", "msg_id": call.platform.mass.next_id()}


def _status(call: Call) -> Mapping[str, Any]:
    message = _message(call)
    return {"msg_id": message.msg_id, "msg_status": message.status}


def _delete(call: Call) -> Mapping[str, Any]:
    message, idx = _message(call), call.number("article_idx", default=0)
    publication = call.platform.publications.published.get(message.msg_data_id)
    if publication is None:
        raise ApiError(40035)
    if not 0 <= idx <= len(publication.articles):
        raise ApiError(40060)
    for article in publication.articles if idx == 0 else publication.articles[idx - 1 : idx]:
        article.deleted = True
    if publication.deleted:
        message.status = "DELETE"
    return OK


def _get_speed(call: Call) -> Mapping[str, Any]:
    speed = call.platform.mass.speed
    return {"speed": speed, "realspeed": SPEEDS[speed]}


def _set_speed(call: Call) -> Mapping[str, Any]:
    speed = call.number("speed", wrong=45084)
    if not 0 <= speed < len(SPEEDS):
        raise ApiError(45083)
    call.platform.mass.speed = speed
    return OK


def _message(call: Call) -> MassMessage:
    message = call.platform.mass.sent.get(call.number("msg_id", wrong=40035))
    if message is None:
        raise ApiError(40035)
    return message


def _released(call: Call) -> Publication | None:
    if call.body["msgtype"] != "mpnews":
        return None
    draft = call.platform.publications.drafts[call.body["mpnews"]["media_id"]]
    return call.platform.publications.release(draft, notified=True)


def _bubbles(call: Call) -> list[Bubble]:
    kind = call.text("msgtype", 40008)
    read = _READERS.get(kind)
    if read is None:
        raise ApiError(40008)
    part = call.body.get("images" if kind == "image" and "images" in call.body else kind)
    if not isinstance(part, dict):
        raise ApiError(47001)
    return read(call.platform, part)


def _text(_platform: Platform, part: Mapping[str, Any]) -> list[Bubble]:
    content = part.get("content")
    if not isinstance(content, str) or not content:
        raise ApiError(44004)
    if len(content.encode("utf-8", "replace")) > _TEXT_BYTES:
        raise ApiError(45002)
    return [("text", {"content": content})]


def _articles(platform: Platform, part: Mapping[str, Any]) -> list[Bubble]:
    draft = platform.publications.drafts.get(str(part.get("media_id", "")))
    if draft is None:
        raise ApiError(40007)
    url = platform.article_url(f"preview?media_id={draft.media_id}&index=")
    listed = [(one, f"{url}{index}") for index, one in enumerate(draft.articles)]
    return [("news", articles_shown(platform, listed))]


def _file(kind: str) -> Callable[[Platform, Mapping[str, Any]], list[Bubble]]:
    def read(platform: Platform, part: Mapping[str, Any]) -> list[Bubble]:
        ids = part.get("media_ids", [part.get("media_id")])
        files = [platform.file(media_id) for media_id in ids] if isinstance(ids, list) else []
        kept = [file for file in files if file is not None and file.kind == kind]
        if not kept or len(kept) < len(files):
            raise ApiError(40007)
        return [(kind, {"media_id": file.media_id}) for file in kept]

    return read


def _card(_platform: Platform, part: Mapping[str, Any]) -> list[Bubble]:
    if not isinstance(part.get("card_id"), str) or not part["card_id"]:
        raise ApiError(47001)
    return [("text", {"content": f"[卡券] {part['card_id']}"})]


_READERS: Mapping[str, Callable[[Platform, Mapping[str, Any]], list[Bubble]]] = {
    "text": _text,
    "mpnews": _articles,
    "voice": _file("voice"),
    "image": _file("image"),
    "mpvideo": _file("video"),
    "wxcard": _card,
}

ENDPOINTS = tuple(
    Endpoint("POST", f"/cgi-bin/message/mass/{name}", answer, account_types=VERIFIED, daily_limit=limit)
    for name, answer, limit in (
        ("sendall", _send_all, 100),
        ("send", _send, 100),
        ("preview", _preview, 100),
        ("get", _status, 10_000),
        ("delete", _delete, 10),
        ("speed/get", _get_speed, 10_000),
        ("speed/set", _set_speed, 10_000),
    )
)
