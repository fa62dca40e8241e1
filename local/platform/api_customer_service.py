"""Customer-service messages: pushes to a follower's phone, within what the follower's actions allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .api_errors import ApiError
from .endpoint import OK, VERIFIED, Call, Endpoint
from .people import Follower
from .shown import articles_shown
from .state import Platform

_TEXT_LIMIT = 2048
"""UTF-8 bytes of a text: what accounts measure; the documentation names no number."""

_TYPING_WINDOW = 30.0
_TYPING_SECONDS = 15.0


def _send(call: Call) -> Mapping[str, Any]:
    platform = call.platform
    msg_type, read = call.body.get("msgtype"), None
    if isinstance(msg_type, str):
        read = _READERS.get(msg_type)
    if read is None:
        raise ApiError(40008)
    follower = call.follower("touser")
    content = read(platform, _part(call.body, str(msg_type)))
    _spend(platform, follower)
    follower.typing_until = 0.0
    platform.show_follower(follower)
    shown_as = _SHOWN_AS.get(str(msg_type), str(msg_type))
    platform.show(follower, "account", shown_as, content, via="push")
    return OK


def _typing(call: Call) -> Mapping[str, Any]:
    platform, now = call.platform, call.platform.clock()
    follower = call.follower("touser")
    command = call.body.get("command")
    if command not in ("Typing", "CancelTyping"):
        raise ApiError(45072)
    if now - follower.seen_at > _TYPING_WINDOW:
        raise ApiError(45080)
    if command == "Typing" and follower.typing_until > now:
        raise ApiError(45081)
    follower.typing_until = now + _TYPING_SECONDS if command == "Typing" else 0.0
    platform.show_follower(follower)
    return OK


def _spend(platform: Platform, follower: Follower) -> None:
    """Take one message from what the follower's actions allow, from what ends first."""
    now = platform.clock()
    grants = [grant for grant in follower.grants.values() if grant.until > now]
    if not follower.following or not grants:
        raise ApiError(45015)
    with_some_left = [grant for grant in grants if grant.left > 0]
    if not with_some_left:
        raise ApiError(45047)
    min(with_some_left, key=lambda grant: grant.until).left -= 1


def _text(_platform: Platform, part: Mapping[str, Any]) -> Mapping[str, Any]:
    content = _string(part, "content")
    if not content:
        raise ApiError(44004)
    if len(content.encode("utf-8", "replace")) > _TEXT_LIMIT:
        raise ApiError(45002)
    return {"content": content}


def _media(platform: Platform, part: Mapping[str, Any]) -> Mapping[str, Any]:
    media_id = _string(part, "media_id")
    if platform.file(media_id) is None:
        raise ApiError(40007)
    title, description = _string(part, "title"), _string(part, "description")
    return {"media_id": media_id, "title": title, "description": description}


def _music(platform: Platform, part: Mapping[str, Any]) -> Mapping[str, Any]:
    thumb_media_id = _string(part, "thumb_media_id")
    if platform.file(thumb_media_id) is None:
        raise ApiError(40007)
    return {
        "title": _string(part, "title"),
        "description": _string(part, "description"),
        "music_url": _string(part, "musicurl"),
        "hq_music_url": _string(part, "hqmusicurl"),
        "thumb_media_id": thumb_media_id,
    }


def _news(_platform: Platform, part: Mapping[str, Any]) -> Mapping[str, Any]:
    articles = part.get("articles")
    if not isinstance(articles, list) or len(articles) != 1 or not isinstance(articles[0], dict):
        raise ApiError(45008)
    names = (("title", "title"), ("description", "description"), ("pic_url", "picurl"), ("url", "url"))
    return {"articles": [{shown: _string(articles[0], sent) for shown, sent in names}]}


def _menu(_platform: Platform, part: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = part.get("list")
    if not isinstance(choices, list) or not choices or not all(isinstance(one, dict) for one in choices):
        raise ApiError(47001)
    return {
        "head": _string(part, "head_content"),
        "choices": [{"id": str(one.get("id", "")), "content": _string(one, "content")} for one in choices],
        "tail": _string(part, "tail_content"),
    }


def _mpnews(platform: Platform, part: Mapping[str, Any]) -> Mapping[str, Any]:
    draft = platform.publications.drafts.get(_string(part, "media_id"))
    if draft is None:
        raise ApiError(40007)
    preview = platform.article_url(f"preview?media_id={draft.media_id}&index=")
    return articles_shown(platform, [(one, f"{preview}{index}") for index, one in enumerate(draft.articles)])


def _mpnewsarticle(platform: Platform, part: Mapping[str, Any]) -> Mapping[str, Any]:
    publication = platform.publications.by_article_id(_string(part, "article_id"))
    if publication is None:
        raise ApiError(53600)
    kept = [(one.fields, platform.article_url(one.sn)) for one in publication.articles if not one.deleted]
    return articles_shown(platform, kept)


def _mini_program(platform: Platform, part: Mapping[str, Any]) -> Mapping[str, Any]:
    if not _string(part, "appid") or not _string(part, "pagepath"):
        raise ApiError(47001)
    if platform.file(_string(part, "thumb_media_id")) is None:
        raise ApiError(40007)
    return {"content": f"[小程序] {_string(part, 'title')}"}


def _card(_platform: Platform, part: Mapping[str, Any]) -> Mapping[str, Any]:
    if not _string(part, "card_id"):
        raise ApiError(47001)
    return {"content": f"[卡券] {_string(part, 'card_id')}"}


def _link(_platform: Platform, part: Mapping[str, Any]) -> Mapping[str, Any]:
    if not _string(part, "title") or not _string(part, "url"):
        raise ApiError(47001)
    return {name: _string(part, name) for name in ("title", "description", "url")}


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    if not isinstance(part, dict):
        raise ApiError(47001)
    return part


def _string(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name, "")
    if not isinstance(value, str):
        raise ApiError(47001)
    return value


_READERS: Mapping[str, Callable[[Platform, Mapping[str, Any]], Mapping[str, Any]]] = {
    "text": _text,
    "image": _media,
    "voice": _media,
    "video": _media,
    "music": _music,
    "news": _news,
    "msgmenu": _menu,
    "mpnews": _mpnews,
    "mpnewsarticle": _mpnewsarticle,
    "miniprogrampage": _mini_program,
    "wxcard": _card,
    "link": _link,
}

_SHOWN_AS = {"mpnews": "news", "mpnewsarticle": "news", "miniprogrampage": "text", "wxcard": "text"}
"""The bubbles of types that the phone has none of its own for."""

ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/message/custom/send", _send, account_types=VERIFIED, daily_limit=500_000),
    Endpoint("POST", "/cgi-bin/message/custom/typing", _typing, account_types=VERIFIED, daily_limit=500_000),
)
