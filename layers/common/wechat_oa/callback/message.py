"""A message or an event, as WeChat pushes it.

Platform documentation: 接收普通消息 (Receiving_standard_messages), 接收事件推送 (Receiving_event_pushes).
A type or an event that is not known here is a message like any other: what it holds is in ``fields``.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple, cast

from wechat_oa.callback.errors import MessageError
from wechat_oa.callback.wire import MAX_BODY, Fields, parse

__all__ = ["MAX_BODY", "Location", "Message", "message_from", "parse_message"]

_ENVELOPE = frozenset(
    {"ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "MsgID", "Event", "EventKey"}
)
_TEXTS = frozenset(
    {
        "Content",
        "PicUrl",
        "MediaId",
        "Recognition",
        "Format",
        "Title",
        "Description",
        "Url",
        "bizmsgmenuid",
    }
)
"""What the properties below promise to be texts, besides what every message has."""


class Location(NamedTuple):
    """A place, in the platform's own words: ``x`` is the latitude, ``y`` the longitude, as sent."""

    label: str
    x: str
    y: str
    scale: str


class Message(NamedTuple):
    """What a follower sent, or what happened. A text that is not there is empty."""

    to_user: str
    """The account's original id (gh_…)."""
    from_user: str
    """The follower's openid."""
    create_time: int
    """Epoch seconds."""
    msg_type: str
    """In lower case: text, image, voice, video, shortvideo, location, link, event, …"""
    msg_id: str
    event: str
    """In lower case, empty unless ``msg_type`` is event (or one of the device types)."""
    event_key: str
    fields: Fields
    """Everything that came, nested as it came: texts, dicts, and lists of repeated elements."""

    def __repr__(self) -> str:
        """Return what it is, and neither who sent it nor what they said."""
        return f"Message(msg_type={self.msg_type!r}, msg_id={self.msg_id!r}, event={self.event!r})"

    @property
    def key(self) -> str:
        """What tells this message from every other, and is the same when WeChat sends it again.

        Made of MsgId, else of FromUserName, CreateTime and the event (Receiving_event_pushes, 消息排重),
        and always of the follower, so that no two of them ever share one. 64 hex digits.
        """
        parts: tuple[object, ...] = (self.from_user, self.msg_type, self.event, self.msg_id)
        if not self.msg_id:
            parts = (*parts, self.create_time, self.event_key)
            if self.msg_type != "event":
                parts = (*parts, self.fields)
        # The parts are quoted, so that no text in one of them can look like the border to the next.
        return hashlib.sha256(ascii(parts).encode()).hexdigest()

    def _text(self, name: str) -> str:
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ""

    @property
    def content(self) -> str:
        """The text of a text message."""
        return self._text("Content")

    @property
    def pic_url(self) -> str:
        """Where an image can be fetched."""
        return self._text("PicUrl")

    @property
    def media_id(self) -> str:
        """The temporary media of an image, a voice or a video: 3 days."""
        return self._text("MediaId")

    @property
    def recognition(self) -> str:
        """What was said, by WeChat's own ear; always empty since WeChat took that offline in 2023."""
        return self._text("Recognition")

    @property
    def format(self) -> str:
        """The format of a voice: amr, speex."""
        return self._text("Format")

    @property
    def title(self) -> str:
        """The title of a link."""
        return self._text("Title")

    @property
    def description(self) -> str:
        """The description of a link."""
        return self._text("Description")

    @property
    def url(self) -> str:
        """The address of a link."""
        return self._text("Url")

    @property
    def menu_id(self) -> str:
        """Which answer of a menu message (msgmenu) the follower tapped."""
        return self._text("bizmsgmenuid")

    @property
    def location(self) -> Location | None:
        """The place of a location message or of a location_select event; None in any other."""
        info = self.fields.get("SendLocationInfo") if self.event == "location_select" else self.fields
        if not isinstance(info, dict) or "Location_X" not in info:
            return None
        texts = (info.get(name, "") for name in ("Label", "Location_X", "Location_Y", "Scale"))
        return Location(*(text if isinstance(text, str) else "" for text in texts))

    @property
    def scene(self) -> str:
        """The scene of the QR code that a follower scanned (to follow, or as a follower); empty without."""
        if self.event == "scan":
            return self.event_key
        if self.event == "subscribe" and self.event_key.startswith("qrscene_"):
            return self.event_key.removeprefix("qrscene_")
        return ""


def parse_message(body: bytes) -> Message:
    """Return the message that a plain (or decrypted) body holds, XML or JSON.

    Raises MessageError if it is no message: malformed, larger than MAX_BODY, without sender, receiver or
    type, or with something else where a text belongs.
    """
    return message_from(parse(body))


def message_from(fields: Fields) -> Message:
    """Return the message that parsed fields make. Raises MessageError, as ``parse_message`` does."""
    wrong = [name for name, value in fields.items() if not isinstance(value, str)]
    if wrong:
        # An event may nest what it likes under the other names; the properties then say "".
        names = _ENVELOPE if str(fields.get("MsgType")).lower() == "event" else _ENVELOPE | _TEXTS
        wrong = [name for name in wrong if name in names]
    if wrong:
        raise MessageError(f"not a text: {', '.join(wrong)}")
    texts = cast("dict[str, str]", fields)
    msg_type = texts.get("MsgType", "").lower()
    to_user, from_user = texts.get("ToUserName"), texts.get("FromUserName")
    if not (to_user and from_user and msg_type):
        raise MessageError("ToUserName, FromUserName or MsgType is missing")
    created = texts.get("CreateTime") or "0"
    if not (created.isascii() and created.isdigit() and len(created) <= 12):
        raise MessageError("CreateTime is not a number of seconds")
    return Message(
        to_user=to_user,
        from_user=from_user,
        create_time=int(created),
        msg_type=msg_type,
        # The events that report on a template or mass message write it MsgID.
        msg_id=texts.get("MsgId") or texts.get("MsgID", ""),
        event=texts.get("Event", "").lower(),
        event_key=texts.get("EventKey", ""),
        fields=fields,
    )
