"""Mass messages (群发): to all followers, to those with a tag, or to some by openid.

A verified subscription account may send once a day; a service account's followers get four a month. Where the
owner has switched on API 群发保护, the administrator has 30 minutes to confirm one to everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from . import limits
from .client import WeChatClient

STATUS = {
    "SENDING": "发送中",
    "SEND_SUCCESS": "发送成功",
    "SEND_FAIL": "发送失败",
    "DELETE": "已删除",
}
"""What msg_status means."""
SPEEDS = (80, 60, 45, 30, 10)
"""Ten thousand followers a minute, by the speed's number."""
_OPENIDS = 10_000
_CLIENTMSGID_BYTES = 64


class MassMessage(NamedTuple):
    """What is sent: made by ``text``, ``mpnews``, ``voice``, ``images``, ``mpvideo`` or ``wxcard``."""

    msgtype: str
    fields: Mapping[str, Any]
    """Under the names that WeChat gives them for the type."""


class MassJob(NamedTuple):
    """A mass message that WeChat has taken on (MASSSENDJOBFINISH tells its end)."""

    msg_id: int
    msg_data_id: int
    """Names the articles in comments and statistics; 0 for other messages."""


class Speed(NamedTuple):
    """How fast mass messages go out."""

    speed: int
    realspeed: int
    """Ten thousand followers a minute."""


def text(content: str) -> MassMessage:
    """A text of at most 2048 UTF-8 bytes."""
    limits.utf8_bytes("消息", content, 2048, least=1)
    return MassMessage("text", {"text": {"content": content}})


def mpnews(media_id: str) -> MassMessage:
    """Articles, by the media_id of a draft; it is gone after they are sent."""
    return MassMessage("mpnews", {"mpnews": {"media_id": media_id}})


def voice(media_id: str) -> MassMessage:
    """A voice, by its media_id."""
    return MassMessage("voice", {"voice": {"media_id": media_id}})


def images(
    media_ids: Sequence[str],
    *,
    recommend: str = "",
    need_open_comment: bool = False,
    only_fans_can_comment: bool = False,
) -> MassMessage:
    """Up to 20 pictures, by their media_ids, with a word about them."""
    limits.items("图片", media_ids, 20)
    fields: dict[str, Any] = {"media_ids": list(media_ids), "need_open_comment": int(need_open_comment)}
    fields |= {"only_fans_can_comment": int(only_fans_can_comment)}
    return MassMessage("image", {"images": fields | ({"recommend": recommend} if recommend else {})})


def mpvideo(media_id: str) -> MassMessage:
    """A video, by the media_id of a permanent material."""
    return MassMessage("mpvideo", {"mpvideo": {"media_id": media_id}})


def wxcard(card_id: str) -> MassMessage:
    """A card (卡券)."""
    return MassMessage("wxcard", {"wxcard": {"card_id": card_id}})


async def send_all(
    client: WeChatClient,
    message: MassMessage,
    *,
    tag_id: int | None = None,
    send_ignore_reprint: bool = False,
    clientmsgid: str = "",
) -> MassJob:
    """Send to the followers with a tag, or to all when it is None (根据标签群发消息).

    ``send_ignore_reprint``: also when it turns out to be a reprint that its author allows. WeChat sends what
    has the same ``clientmsgid`` (at most 64 bytes) once in 24 hours. Raises LimitError; WeChatError: 45028,
    45065 (sent already), 48001, 48003, 40007; UnknownOutcome when it may be under way.
    """
    everybody: dict[str, Any] = {"is_to_all": tag_id is None}
    filtered = everybody if tag_id is None else {**everybody, "tag_id": tag_id}
    how = {"filter": filtered, "send_ignore_reprint": int(send_ignore_reprint)}
    return await _send(client, "sendall", how, message, clientmsgid)


async def send(
    client: WeChatClient,
    openids: Sequence[str],
    message: MassMessage,
    *,
    send_ignore_reprint: bool = False,
    clientmsgid: str = "",
) -> MassJob:
    """Send to 2 to 10 000 followers (根据 OpenID 群发消息). As ``send_all``."""
    limits.items("openid", openids, _OPENIDS, least=2)
    how = {"touser": list(openids), "send_ignore_reprint": int(send_ignore_reprint)}
    return await _send(client, "send", how, message, clientmsgid)


async def preview(client: WeChatClient, message: MassMessage, *, openid: str = "", towxname: str = "") -> int:
    """Show a message to one follower, by openid or WeChat id, and return its msg_id (预览消息).

    100 times a day. Raises LimitError; WeChatError: 40003, 40007, 45009; UnknownOutcome.
    """
    limits.require(openid or towxname, "预览要有接收者：openid 或微信号 towxname")
    payload = {**({"towxname": towxname} if towxname else {"touser": openid}), **message.fields}
    answer = await client.post_json("/cgi-bin/message/mass/preview", payload | {"msgtype": message.msgtype})
    return int(answer.get("msg_id", 0))


async def status(client: WeChatClient, msg_id: int) -> str:
    """Return a key of STATUS, or what WeChat says instead (查询群发消息发送状态)."""
    answer = await client.post_json(
        "/cgi-bin/message/mass/get", {"msg_id": msg_id}, idempotent=True, expects="msg_status"
    )
    return str(answer["msg_status"])


async def delete(client: WeChatClient, msg_id: int, *, article_idx: int = 0) -> None:
    """Make what was sent unreadable, for good (删除群发消息): the first article is 1, and 0 all.

    Only articles and videos, and the cards stay in the chats.
    """
    limits.require(article_idx >= 0, "article_idx 从 1 开始，0 表示全部")
    payload = {"msg_id": msg_id, "article_idx": article_idx}
    await client.post_json("/cgi-bin/message/mass/delete", payload)


async def get_speed(client: WeChatClient) -> Speed:
    """Return how fast mass messages go out (获取群发速度)."""
    answer = await client.post_json("/cgi-bin/message/mass/speed/get", {}, idempotent=True, expects="speed")
    return Speed(int(answer["speed"]), int(answer.get("realspeed", 0)))


async def set_speed(client: WeChatClient, speed: int) -> None:
    """Set how fast they go out, 0 (fastest) to 4 (设置群发速度)."""
    limits.between("speed", speed, 0, len(SPEEDS) - 1)
    await client.post_json("/cgi-bin/message/mass/speed/set", {"speed": speed}, idempotent=True)


async def _send(
    client: WeChatClient, action: str, how: Mapping[str, Any], message: MassMessage, clientmsgid: str
) -> MassJob:
    limits.utf8_bytes("clientmsgid", clientmsgid, _CLIENTMSGID_BYTES)
    payload: dict[str, Any] = {**how, **message.fields, "msgtype": message.msgtype}
    if clientmsgid:
        payload["clientmsgid"] = clientmsgid
    answer = await client.post_json(f"/cgi-bin/message/mass/{action}", payload, expects="msg_id")
    return MassJob(int(answer["msg_id"]), int(answer.get("msg_data_id") or 0))
