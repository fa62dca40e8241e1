"""What a follower composes on the phone: from the page's fields to the message and its bubble."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import follower as wechat
from .follower import Body
from .media import silent_voice
from .people import Follower
from .state import Platform, Side


class CannotSendError(Exception):
    """The phone cannot send this. The text says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """What the follower wants to send, as it came from the page."""

    platform: Platform
    fields: Mapping[str, Any]

    def text(self, name: str, limit: int, *, optional: bool = False) -> str:
        value = self.fields.get(name, "")
        if not isinstance(value, str):
            raise CannotSendError(f"{name} 要是文字")
        value = wechat.clean(value)
        if len(value) > limit:
            raise CannotSendError(f"{name} 太长：最多 {limit} 个字")
        if not value.strip() and not optional:
            raise CannotSendError(f"{name} 不能为空")
        return value

    def number(self, name: str, low: float, high: float) -> float:
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise CannotSendError(f"{name} 要是 {low:g} 到 {high:g} 之间的数")
        return round(float(value), 6)


@dataclass(frozen=True, slots=True)
class Composed:
    """A message ready to go: what WeChat gets, and the bubble (or the notice) that the follower sees."""

    body: Body
    shown_as: str
    shown: Mapping[str, Any]

    @property
    def side(self) -> Side:
        """Where the phone shows it."""
        return "notice" if self.shown_as == "notice" else "follower"


def compose(platform: Platform, follower: Follower, kind: str, fields: Mapping[str, Any]) -> Composed:
    """Return the message of this kind. Raises CannotSendError, also for what only those who follow can do."""
    if kind == "scan" and not follower.following:
        kind = "subscribe"
    if not follower.following and kind != "subscribe":
        raise CannotSendError("还没有关注这个公众号：先点「关注」")
    if follower.following and kind == "subscribe":
        raise CannotSendError("已经关注了这个公众号")
    composer = _COMPOSERS.get(kind)
    if composer is None:
        raise CannotSendError(f"不认识的消息类型：{kind[:40]}")
    return composer(_Draft(platform, fields))


def _text(draft: _Draft) -> Composed:
    content = draft.text("content", 5000)
    menu_id = draft.text("menu_id", 64, optional=True)
    return Composed(wechat.text(content, menu_id=menu_id), "text", {"content": content})


def _unsupported(_draft: _Draft) -> Composed:
    return Composed(wechat.text(wechat.UNSUPPORTED), "sticker", {})


def _image(draft: _Draft) -> Composed:
    media = draft.platform.media.get(draft.text("media_id", 200))
    if media is None or media.kind != "image":
        raise CannotSendError("先选一张图片")
    body = wechat.image(media.media_id, draft.platform.media_url(media.media_id))
    return Composed(body, "image", {"media_id": media.media_id})


def _voice(draft: _Draft) -> Composed:
    recognition = draft.text("recognition", 1000, optional=True)
    media_id = draft.text("media_id", 200, optional=True)
    library = draft.platform.media
    media = library.get(media_id) if media_id else library.keep("voice", "audio/amr", silent_voice())
    if media is None or media.kind != "voice":
        raise CannotSendError("这不是语音文件")
    audio_format = "mp3" if media.content_type == "audio/mpeg" else "amr"
    body = wechat.voice(media.media_id, recognition=recognition, audio_format=audio_format)
    return Composed(body, "voice", {"media_id": media.media_id, "recognition": recognition})


def _video(draft: _Draft) -> Composed:
    library = draft.platform.media
    media_id = library.keep("video", "video/mp4", b"").media_id
    thumb_media_id = library.keep("thumb", "image/jpeg", b"").media_id
    return Composed(wechat.video(media_id, thumb_media_id), "video", {"media_id": media_id})


def _location(draft: _Draft) -> Composed:
    latitude, longitude = draft.number("latitude", -90, 90), draft.number("longitude", -180, 180)
    label = draft.text("label", 200, optional=True)
    shown = {"latitude": latitude, "longitude": longitude, "label": label}
    return Composed(wechat.location(latitude, longitude, label), "location", shown)


def _link(draft: _Draft) -> Composed:
    title, url = draft.text("title", 200), draft.text("url", 2000)
    description = draft.text("description", 500, optional=True)
    shown = {"title": title, "description": description, "url": url}
    return Composed(wechat.link(title, description, url), "link", shown)


def _subscribe(draft: _Draft) -> Composed:
    scene = draft.text("scene", 64, optional=True)
    how = f"扫描二维码「{scene}」" if scene else ""
    return _notice(wechat.subscribe(scene), f"你{how}关注了「{draft.platform.account.name}」")


def _unsubscribe(_draft: _Draft) -> Composed:
    return _notice(wechat.unsubscribe(), "你取消了关注")


def _scan(draft: _Draft) -> Composed:
    scene = draft.text("scene", 64)
    return _notice(wechat.scan(scene), f"你扫描了二维码「{scene}」")


def _click(draft: _Draft) -> Composed:
    key = draft.text("key", 128)
    return _notice(wechat.click(key), f"你点了菜单「{draft.text('name', 60, optional=True) or key}」")


def _view(draft: _Draft) -> Composed:
    url = draft.text("url", 1024)
    return _notice(wechat.view(url), f"你从菜单打开了 {url}")


def _scan_code(draft: _Draft) -> Composed:
    key, result = draft.text("key", 128), draft.text("result", 500)
    return _notice(wechat.scan_code(key, result), f"你从菜单扫了一个码：{result}")


def _select_location(draft: _Draft) -> Composed:
    latitude, longitude = draft.number("latitude", -90, 90), draft.number("longitude", -180, 180)
    key, label = draft.text("key", 128), draft.text("label", 200, optional=True)
    body = wechat.select_location(key, latitude, longitude, label)
    return _notice(body, f"你从菜单选了一个位置：{label or f'{latitude}, {longitude}'}")


def _report_location(draft: _Draft) -> Composed:
    latitude, longitude = draft.number("latitude", -90, 90), draft.number("longitude", -180, 180)
    return _notice(wechat.report_location(latitude, longitude), "手机上报了你的位置")


def _notice(body: Body, content: str) -> Composed:
    return Composed(body, "notice", {"content": content})


_COMPOSERS: Mapping[str, Callable[[_Draft], Composed]] = {
    "text": _text,
    "unsupported": _unsupported,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "location": _location,
    "link": _link,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "scan": _scan,
    "click": _click,
    "view": _view,
    "scan_code": _scan_code,
    "select_location": _select_location,
    "report_location": _report_location,
}
