"""What a follower can send: every message and event, as the exact XML (or JSON) that WeChat pushes."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]
"""Names as WeChat writes them. Text goes into CDATA, numbers stand bare, mappings nest, lists repeat."""

UNSUPPORTED = "【收到不支持的消息类型，暂无法显示】"
"""What an account receives, as a text message, for a sticker, a file or anything else it cannot be given."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Body:
    """The part of a message that its type decides."""

    msg_type: str
    fields: Fields

    @property
    def event(self) -> str:
        """The event's name, or an empty string for a message."""
        return str(self.fields["Event"]) if self.msg_type == "event" else ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of one follower. Every attempt to deliver it carries these very fields."""

    to_user_name: str
    from_user_name: str
    create_time: int
    body: Body
    msg_id: int
    """Events have none on the wire."""

    def fields(self) -> dict[str, Any]:
        """Return all fields in the order WeChat writes them."""
        head = {
            "ToUserName": self.to_user_name,
            "FromUserName": self.from_user_name,
            "CreateTime": self.create_time,
            "MsgType": self.body.msg_type,
        }
        return head | dict(self.body.fields) | ({} if self.body.event else {"MsgId": self.msg_id})


class MessageIds:
    """64-bit message ids that never repeat, also after a restart: they grow with the time."""

    def __init__(self) -> None:
        self._counter: Iterator[int] = itertools.count(time.time_ns() // 1000 << 10)

    def next(self) -> int:
        """Return an id that was not returned before (19 digits: more than a JavaScript number can hold)."""
        return next(self._counter)


def to_xml(fields: Fields) -> str:
    """Return the fields as WeChat's XML."""
    return "<xml>" + "\n".join(_elements(fields)) + "\n</xml>"


def to_json(fields: Fields) -> str:
    """Return the fields as WeChat's JSON."""
    return json.dumps(fields, ensure_ascii=False)


def _elements(fields: Fields) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, list):
            yield from (element for one in value for element in _elements({name: one}))
            continue
        if isinstance(value, Mapping):
            content = "".join(_elements(value))
        elif isinstance(value, str):
            content = "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"
        else:
            content = str(value)
        yield f"<{name}>{content}</{name}>"


def clean(text: str) -> str:
    """Return the text without what XML 1.0 cannot carry, as a phone never sends it."""
    return _FORBIDDEN.sub("", text)


def text(content: str, *, menu_id: str = "") -> Body:
    """A text; with ``menu_id``, the choice from a menu message (msgmenu)."""
    return Body("text", {"Content": content} | ({"bizmsgmenuid": menu_id} if menu_id else {}))


def image(media_id: str, pic_url: str) -> Body:
    """A picture."""
    return Body("image", {"PicUrl": pic_url, "MediaId": media_id})


def voice(media_id: str, *, recognition: str = "", audio_format: str = "amr") -> Body:
    """A voice message. WeChat's recognition has been off since 2023: ``recognition`` is mostly empty now."""
    return Body("voice", {"MediaId": media_id, "Format": audio_format, "Recognition": recognition})


def video(media_id: str, thumb_media_id: str, *, short: bool = False) -> Body:
    """A video from the album, or (``short``) one recorded in the chat."""
    fields = {"MediaId": media_id, "ThumbMediaId": thumb_media_id}
    return Body("shortvideo" if short else "video", fields)


def location(latitude: float, longitude: float, label: str, *, scale: int = 15) -> Body:
    """A place that the follower sends."""
    return Body(
        "location",
        {"Location_X": latitude, "Location_Y": longitude, "Scale": scale, "Label": label},
    )


def link(title: str, description: str, url: str) -> Body:
    """An article that the follower forwards to the account."""
    return Body("link", {"Title": title, "Description": description, "Url": url})


def subscribe(scene: str = "") -> Body:
    """The follower follows; with ``scene``, by scanning the account's QR code of that scene."""
    if not scene:
        return _event("subscribe", EventKey="")
    return _event("subscribe", EventKey=f"qrscene_{scene}", Ticket=ticket(scene))


def unsubscribe() -> Body:
    """The follower leaves."""
    return _event("unsubscribe", EventKey="")


def scan(scene: str) -> Body:
    """One who follows already scans the account's QR code of that scene."""
    return _event("SCAN", EventKey=scene, Ticket=ticket(scene))


def click(key: str) -> Body:
    """A tap on a menu button of type click."""
    return _event("CLICK", EventKey=key)


def view(url: str) -> Body:
    """A tap on a menu button that opens a page."""
    return _event("VIEW", EventKey=url, MenuId="")


def scan_code(key: str, result: str, *, wait: bool = True) -> Body:
    """A tap on a menu button that scans a code; with ``wait``, the phone shows that an answer is coming."""
    info = {"ScanType": "qrcode", "ScanResult": result}
    return _event("scancode_waitmsg" if wait else "scancode_push", EventKey=key, ScanCodeInfo=info)


def select_location(key: str, latitude: float, longitude: float, label: str) -> Body:
    """A tap on a menu button that asks for a place."""
    info = {
        "Location_X": str(latitude),
        "Location_Y": str(longitude),
        "Scale": "15",
        "Label": label,
        "Poiname": "",
    }
    return _event("location_select", EventKey=key, SendLocationInfo=info)


def report_location(latitude: float, longitude: float, precision: float = 65.0) -> Body:
    """The phone tells where it is, when the follower opens the account and has allowed it."""
    return _event("LOCATION", Latitude=latitude, Longitude=longitude, Precision=precision)


def event(name: str, fields: Fields) -> Body:
    """An event that tells of no follower's action: PUBLISHJOBFINISH, MASSSENDJOBFINISH, …"""
    return Body("event", {"Event": name, **fields})


def ticket(scene: str) -> str:
    """Return the ticket of the QR code of a scene."""
    return f"TICKET_{scene}"


def _event(name: str, **fields: Any) -> Body:
    return event(name, fields)
