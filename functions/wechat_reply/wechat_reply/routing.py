"""What a message asks for: something said at once, something done, or the model."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from wechat_oa.callback.message import Location, Message
from wechat_oa.callback.reply import Reply, TextReply
from wechat_oa.reply_rules import Action, Ask, ReplyRules, normalise
from wechat_oa.settings import AiSettings

MAX_QUESTION_CHARACTERS = 4_000

CONTINUE_WORDS = frozenset({"继续", "continue"})
FORGET_WORDS = frozenset({"清空", "clear"})
CODE_WORDS = frozenset({"验证码"})
HELP_WORDS = frozenset({"帮助", "help"})
_PUBLISH_ID = re.compile(r"[0-9]{1,64}")
_STATUS = re.compile(r"[0-9]{1,9}")
# What WeChat sends, as text, in place of a message that its own platform cannot show.
_UNSUPPORTED_BY_WECHAT = "【收到不支持的消息类型，暂无法显示】"


class Say(NamedTuple):
    """Answer with this at once."""

    reply: Reply


class AskModel(NamedTuple):
    """Let the model answer."""

    question: str
    image_url: str = ""
    voice_media_id: str = ""
    voice_format: str = ""


class Forget(NamedTuple):
    """Forget the conversation; say so unless the follower has left."""

    reply: Reply | None


class RecordPublishJob(NamedTuple):
    """Note how a publish job ended."""

    publish_id: str
    status: int
    article_id: str
    article_urls: tuple[str, ...]


Decision: TypeAlias = (
    Say | AskModel | Forget | RecordPublishJob | Literal["continue", "give code", "acknowledge"]
)
"""A word where nothing more is needed: show the rest of an answer that the follower has not seen the end of,
tell how to get into the web chat, say nothing."""


def route(message: Message, rules: ReplyRules, ai: AiSettings) -> Decision:
    """Return what to do with a message. Never raises: what is not known is acknowledged."""
    match message.msg_type:
        case "text":
            return _text(message.content, rules)
        case "event":
            return _event(message, rules)
        case "image" if ai.image_input and message.pic_url:
            return AskModel(rules.texts["image_question"], image_url=message.pic_url)
        case "image":
            return _say(rules, "image_unsupported")
        case "voice" if message.recognition.strip():
            return _text(message.recognition, rules)
        case "voice" if ai.transcription_model and message.media_id:
            return AskModel("", voice_media_id=message.media_id, voice_format=message.format or "amr")
        case "voice":
            return _say(rules, "voice_unsupported")
        case "location" if message.location:
            return AskModel(_location(message.location))
        case "link":
            parts = (message.title, message.description, message.url)
            return AskModel(_bounded("我发了一个链接：\n" + "\n".join(part for part in parts if part)))
    if message.event:
        # A device reports something: nobody is there to read a reply.
        return "acknowledge"
    return _say(rules, "unsupported")


def _text(content: str, rules: ReplyRules) -> Decision:
    if not content.strip():
        return "acknowledge"
    return _without_model(content, rules) or AskModel(_bounded(content.strip()))


def _without_model(content: str, rules: ReplyRules) -> Decision | None:
    """What a text means by itself: a command, or what the owner's rules say. None: nothing."""
    said = normalise(content)
    if said in CONTINUE_WORDS:
        return "continue"
    if said in FORGET_WORDS:
        return Forget(TextReply(rules.texts["cleared"]))
    if said in CODE_WORDS:
        return "give code"
    if content.strip() == _UNSUPPORTED_BY_WECHAT:
        return _say(rules, "unsupported")
    if action := rules.for_text(content):
        return _act(action)
    if said in HELP_WORDS:
        return _say(rules, "help")
    return None


def _event(message: Message, rules: ReplyRules) -> Decision:
    match message.event:
        case "subscribe":
            action = rules.scenes.get(message.scene)
            return _act(action) if action else _say(rules, "welcome")
        case "unsubscribe":
            return Forget(None)
        case "scan":
            action = rules.scenes.get(message.scene)
            return _act(action) if action else "acknowledge"
        case "click":
            if action := rules.menu.get(message.event_key):
                return _act(action)
            # A key that has no rule of its own is read as if the follower had written it; but it is a name
            # that the owner made up, and no question to a model.
            return _without_model(message.event_key, rules) or _say(rules, "help")
        case "publishjobfinish":
            return _publish_job(message)
    return "acknowledge"


def _act(action: Action) -> Decision:
    return AskModel(action.question) if isinstance(action, Ask) else Say(action)


def _say(rules: ReplyRules, name: str) -> Say:
    return Say(TextReply(rules.texts[name]))


def _location(place: Location) -> str:
    return _bounded(f"我在这里：{place.label}（纬度 {place.x}，经度 {place.y}）")


def _publish_job(message: Message) -> Decision:
    info = message.fields.get("PublishEventInfo")
    if not isinstance(info, dict) or not _PUBLISH_ID.fullmatch(str(info.get("publish_id"))):
        return "acknowledge"
    status = str(info.get("publish_status", ""))
    detail = info.get("article_detail")
    items = detail.get("item", []) if isinstance(detail, dict) else []
    articles = items if isinstance(items, list) else [items]
    urls = [article.get("article_url") for article in articles if isinstance(article, dict)]
    return RecordPublishJob(
        publish_id=str(info["publish_id"]),
        status=int(status) if _STATUS.fullmatch(status) else -1,
        article_id=str(info.get("article_id") or ""),
        article_urls=tuple(url for url in urls if isinstance(url, str)),
    )


def _bounded(question: str) -> str:
    return question[:MAX_QUESTION_CHARACTERS]
