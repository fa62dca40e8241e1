"""What may be answered in the response to a message.

Platform documentation: 被动回复用户消息 (Passive_user_reply_message); in JSON, 消息推送回复 of WeChat's cloud
hosting pages, which is where the platform writes that form down.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from wechat_oa.callback.wire import Tree, to_json, to_xml

_ONE_ARTICLE = frozenset({"text", "image", "voice", "video", "news", "location"})
"""The messages that may be answered with one article; all else with eight."""

# Named tuples, like the decisions of the routing: a dataclass takes six times as long to make, and each cold
# start makes them all.


class TextReply(NamedTuple):
    """A text. WeChat takes about 2 KiB of UTF-8; cutting it to that is the caller's."""

    content: str


class ImageReply(NamedTuple):
    """An image that was uploaded before."""

    media_id: str


class VoiceReply(NamedTuple):
    """A voice that was uploaded before."""

    media_id: str


class VideoReply(NamedTuple):
    """A video that was uploaded before."""

    media_id: str
    title: str = ""
    description: str = ""


class MusicReply(NamedTuple):
    """A piece of music somewhere; its cover was uploaded before. The better quality is for Wi-Fi."""

    title: str
    description: str
    music_url: str
    hq_music_url: str
    thumb_media_id: str


class Article(NamedTuple):
    """A card that leads to a page."""

    title: str
    description: str
    pic_url: str
    url: str


class NewsReply(NamedTuple):
    """One to eight cards."""

    articles: tuple[Article, ...]


class TransferReply(NamedTuple):
    """Hands the follower over to human customer service, to one account of it if named."""

    kf_account: str = ""


Reply: TypeAlias = TextReply | ImageReply | VoiceReply | VideoReply | MusicReply | NewsReply | TransferReply


def in_words(reply: Reply) -> str:
    """Return a reply as a text: for what is read, or told to the model."""
    match reply:
        case TextReply(content):
            return content
        case ImageReply():
            return "[图片]"
        case VoiceReply():
            return "[语音]"
        case VideoReply(title=title):
            return f"[视频] {title}".strip()
        case MusicReply(title=title):
            return f"[音乐] {title}".strip()
        case NewsReply(articles):
            return "\n".join(f"[图文] {article.title}" for article in articles)
        case TransferReply():
            return "[转人工客服]"


def within_limits(reply: Reply, msg_type: str) -> Reply:
    """Return the reply with no more articles than a message of this type may be answered with.

    One for text, image, voice, video, news and location messages, else eight (Passive_user_reply_message).
    """
    if not isinstance(reply, NewsReply):
        return reply
    return reply._replace(articles=reply.articles[: 1 if msg_type in _ONE_ARTICLE else 8])


def render_xml(reply: Reply, *, to_user: str, from_user: str, create_time: int) -> str:
    """Return the reply as XML; ``to_user`` is the follower's openid, ``create_time`` epoch seconds."""
    return to_xml(_fields(reply, to_user, from_user, create_time))


def render_json(reply: Reply, *, to_user: str, from_user: str, create_time: int) -> str:
    """Return the reply as JSON; the arguments are those of ``render_xml``."""
    return to_json(_fields(reply, to_user, from_user, create_time))


def _fields(reply: Reply, to_user: str, from_user: str, create_time: int) -> dict[str, Tree]:
    return {
        "ToUserName": to_user,
        "FromUserName": from_user,
        "CreateTime": create_time,
        **_own_fields(reply),
    }


def _own_fields(reply: Reply) -> dict[str, Tree]:
    match reply:
        case TextReply():
            return {"MsgType": "text", "Content": reply.content}
        case ImageReply():
            return {"MsgType": "image", "Image": {"MediaId": reply.media_id}}
        case VoiceReply():
            return {"MsgType": "voice", "Voice": {"MediaId": reply.media_id}}
        case VideoReply():
            video = {"MediaId": reply.media_id, "Title": reply.title, "Description": reply.description}
            return {"MsgType": "video", "Video": video}
        case MusicReply():
            music = {
                "Title": reply.title,
                "Description": reply.description,
                "MusicUrl": reply.music_url,
                "HQMusicUrl": reply.hq_music_url,
                "ThumbMediaId": reply.thumb_media_id,
            }
            return {"MsgType": "music", "Music": music}
        case NewsReply():
            articles: list[Tree] = [
                {"Title": a.title, "Description": a.description, "PicUrl": a.pic_url, "Url": a.url}
                for a in reply.articles
            ]
            return {"MsgType": "news", "ArticleCount": len(articles), "Articles": articles}
        case TransferReply():
            to_account = {"TransInfo": {"KfAccount": reply.kf_account}} if reply.kf_account else {}
            return {"MsgType": "transfer_customer_service", **to_account}
