"""How the platform reads the account's answer: a reply, an acknowledgement, or something it cannot use.

The rules are those of WeChat's pages 被动回复用户消息 and 消息加解密说明. An answer that breaks one is
reported to the follower as a fault of the account, after the remaining attempts.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wechat_oa.callback import signature, wire
from wechat_oa.callback.crypto import MessageCrypto
from wechat_oa.callback.errors import CryptoError, MessageError

from .account import Account, Mode, PushFormat
from .follower import Message

TEXT_LIMIT = 2047
"""UTF-8 bytes of a text reply that surely pass; the documentation names no number."""

_SECONDS_DIGITS = 11
"""A CreateTime with more digits is in milliseconds: as seconds it would be past the year 5138."""

_ONE_ARTICLE = {"text", "image", "voice", "video", "shortvideo", "location", "link"}
_MAX_ARTICLES = 8


class MalformedAnswerError(Exception):
    """The platform cannot use the answer. The text says why, in Chinese, for the account's owner."""

    plain = ""
    """The answer decrypted, when it came that far."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as the follower's phone gets it: its type, and the fields of that type in lower case."""

    type: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer came to. ``reply`` is None for an acknowledgement; ``plain`` is the answer decrypted."""

    plain: str = ""
    reply: Reply | None = None
    notes: tuple[str, ...] = field(default=())


def read_answer(
    body: bytes, message: Message, *, account: Account, mode: Mode, push_format: PushFormat
) -> Answer:
    """Return what the body of a 200 answer says. Raises MalformedAnswerError if WeChat could not use it."""
    if not body or body.strip() == b"success":
        return Answer(plain=body.decode())
    plain = body
    fields = _fields(body, push_format)
    if "Encrypt" in fields:
        plain = _decrypted(fields, account, mode)
        fields = _fields(plain, push_format)
    elif mode == "safe":
        raise MalformedAnswerError("安全模式下的回复必须加密，收到的是明文")
    notes: list[str] = []
    try:
        _check_envelope(fields, message)
        reply = _reply(fields, message, notes)
    except MalformedAnswerError as error:
        error.plain = plain.decode("utf-8", "replace")
        raise
    return Answer(plain=plain.decode("utf-8", "replace"), reply=reply, notes=tuple(notes))


def _fields(body: bytes, push_format: PushFormat) -> Mapping[str, Any]:
    if push_format == "xml" and wire.is_json(body):
        raise MalformedAnswerError("推送是 XML，回复却是 JSON")
    try:
        return wire.parse(body)
    except MessageError as error:
        raise MalformedAnswerError(f"回复不是 {push_format.upper()} 消息：{error}") from None


def _decrypted(outer: Mapping[str, Any], account: Account, mode: Mode) -> bytes:
    if mode == "plain":
        raise MalformedAnswerError("明文模式下的回复不能加密")
    encrypted, given = str(outer["Encrypt"]), str(outer.get("MsgSignature", ""))
    expected = signature.sign(
        account.token, str(outer.get("TimeStamp", "")), str(outer.get("Nonce", "")), encrypted
    )
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise MalformedAnswerError("加密回复的 MsgSignature 不对")
    try:
        return MessageCrypto(account.encoding_aes_key, account.app_id).decrypt(encrypted)
    except CryptoError:
        raise MalformedAnswerError("加密回复解不开：EncodingAESKey 或 AppID 不一致") from None


def _check_envelope(fields: Mapping[str, Any], message: Message) -> None:
    if fields.get("ToUserName") != message.from_user_name:
        raise MalformedAnswerError("ToUserName 不是发消息的粉丝的 openid")
    if fields.get("FromUserName") != message.to_user_name:
        raise MalformedAnswerError("FromUserName 不是公众号的原始 ID")
    created = str(fields.get("CreateTime", ""))
    if not (created.isascii() and created.isdigit()):
        raise MalformedAnswerError("CreateTime 不是整数")
    if len(created) > _SECONDS_DIGITS:
        raise MalformedAnswerError("CreateTime 要用秒，收到的是毫秒")


def _reply(fields: Mapping[str, Any], message: Message, notes: list[str]) -> Reply:
    msg_type = fields.get("MsgType")
    if msg_type == "news":
        return _news(fields, message, notes)
    read = _READERS.get(msg_type) if isinstance(msg_type, str) else None
    if read is None:
        raise MalformedAnswerError(f"不认识的回复类型 MsgType：{str(msg_type)[:40]}")
    return Reply(str(msg_type), read(fields))


def _text(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    content = _required(fields, "Content")
    size = len(content.encode())
    if size > TEXT_LIMIT:
        raise MalformedAnswerError(f"文本回复有 {size} 个 UTF-8 字节，超过 {TEXT_LIMIT}")
    return {"content": content}


def _media(part: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    def read(fields: Mapping[str, Any]) -> Mapping[str, Any]:
        inner = _part(fields, part)
        return {
            "media_id": _required(inner, "MediaId"),
            "title": _optional(inner, "Title"),
            "description": _optional(inner, "Description"),
        }

    return read


def _music(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = _part(fields, "Music")
    return {
        "thumb_media_id": _required(inner, "ThumbMediaId"),
        "title": _optional(inner, "Title"),
        "description": _optional(inner, "Description"),
        "music_url": _optional(inner, "MusicUrl"),
        "hq_music_url": _optional(inner, "HQMusicUrl"),
    }


def _transfer(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = fields.get("TransInfo")
    return {"kf_account": _optional(inner, "KfAccount") if isinstance(inner, dict) else ""}


def _news(fields: Mapping[str, Any], message: Message, notes: list[str]) -> Reply:
    articles = fields.get("Articles")
    if isinstance(articles, dict):
        articles = articles.get("item")
    if isinstance(articles, dict):
        articles = [articles]
    if not isinstance(articles, list) or not articles:
        raise MalformedAnswerError("图文回复没有文章")
    count = fields.get("ArticleCount")
    if count != str(len(articles)):
        raise MalformedAnswerError(f"ArticleCount 是 {count}，文章却有 {len(articles)} 篇")
    limit = 1 if message.body.msg_type in _ONE_ARTICLE else _MAX_ARTICLES
    if len(articles) > limit:
        notes.append(f"回复了 {len(articles)} 篇图文，这种消息只能回复 {limit} 篇，其余的粉丝看不到")
    return Reply("news", {"articles": [_article(article) for article in articles[:limit]]})


def _article(article: object) -> Mapping[str, str]:
    if not isinstance(article, dict):
        raise MalformedAnswerError("图文回复的文章没有内容")
    return {
        "title": _required(article, "Title"),
        "description": _optional(article, "Description"),
        "pic_url": _optional(article, "PicUrl"),
        "url": _required(article, "Url"),
    }


def _part(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = fields.get(name)
    if not isinstance(part, dict):
        raise MalformedAnswerError(f"回复缺少 {name}")
    return part


def _required(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise MalformedAnswerError(f"回复缺少 {name}，或者它是空的")
    return value


def _optional(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "text": _text,
    "image": _media("Image"),
    "voice": _media("Voice"),
    "video": _media("Video"),
    "music": _music,
    "transfer_customer_service": _transfer,
}
