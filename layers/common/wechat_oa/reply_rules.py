"""What the owner has set the account to say: texts, keywords, menu keys, QR code scenes.

It is one JSON document in the runtime config, so that it changes without a deploy:

    {"texts": {"welcome": "…"},
     "keywords": [{"words": ["价格", "多少钱"], "match": "contains",
                   "reply": {"type": "text", "content": "…"}}],
     "menu": {"CONTACT": {"type": "transfer_customer_service"}},
     "scenes": {"table-7": {"type": "ask", "question": "介绍一下今天的菜单"}}}
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from wechat_oa.callback.reply import (
    Article,
    ImageReply,
    MusicReply,
    NewsReply,
    Reply,
    TextReply,
    TransferReply,
    VideoReply,
    VoiceReply,
)
from wechat_oa.text import MAX_REPLY_BYTES
from wechat_oa.texts import DEFAULT_TEXTS

Match = Literal["exact", "prefix", "contains"]

_MAX_TEXT = 600
_MAX_PROMPT = 200
"""What is appended to a part of an answer must leave room for the part."""
_MAX_RULES = 500


_AROUND = " \t\r\n。.!?,，、:;~～…·\"'“”‘’「」『』【】《》()[]"


class RuleError(ValueError):
    """The document makes no sense. The text says where and why, in Chinese, for the owner."""


class Ask(NamedTuple):
    """Let the model answer, as if the follower had asked this question."""

    question: str


Action: TypeAlias = Reply | Ask


class Keyword(NamedTuple):
    """An action for what a follower writes."""

    words: tuple[str, ...]
    match: Match
    action: Action


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """The owner's rules and texts, checked."""

    texts: Mapping[str, str] = field(default_factory=lambda: DEFAULT_TEXTS)
    keywords: tuple[Keyword, ...] = ()
    menu: Mapping[str, Action] = field(default_factory=dict)
    scenes: Mapping[str, Action] = field(default_factory=dict)

    def for_text(self, text: str) -> Action | None:
        """Return the action of the first keyword rule that a follower's text meets, or None."""
        said = normalise(text)
        for keyword in self.keywords:
            for word in keyword.words:
                if (
                    said == word
                    or (keyword.match == "prefix" and said.startswith(word))
                    or (keyword.match == "contains" and word in said)
                ):
                    return keyword.action
        return None


def normalise(text: str) -> str:
    """Return a text as rules compare it: width, case and the punctuation around it make no difference."""
    return unicodedata.normalize("NFKC", text).casefold().strip(_AROUND)


def parse_rules(document: object) -> ReplyRules:
    """Return the rules that a document holds. Raises RuleError."""
    if not isinstance(document, dict):
        raise RuleError("整份文件要是一个对象，可以有 texts、keywords、menu、scenes")
    unknown = set(document) - {"texts", "keywords", "menu", "scenes"}
    if unknown:
        raise RuleError(f"不认识的项：{'、'.join(sorted(unknown))}；可以有 texts、keywords、menu、scenes")
    keywords = document.get("keywords", [])
    if not isinstance(keywords, list) or len(keywords) > _MAX_RULES:
        raise RuleError(f"keywords 要是一个列表，最多 {_MAX_RULES} 条")
    return ReplyRules(
        texts={**DEFAULT_TEXTS, **_texts(document.get("texts", {}))},
        keywords=tuple(_keyword(rule, f"keywords 第 {n} 条") for n, rule in enumerate(keywords, 1)),
        menu=_actions(document.get("menu", {}), "menu"),
        scenes=_actions(document.get("scenes", {}), "scenes"),
    )


def _texts(texts: object) -> dict[str, str]:
    if not isinstance(texts, dict):
        raise RuleError("texts 要是一个对象：名字 → 文字")
    for name, text in texts.items():
        if name not in DEFAULT_TEXTS:
            raise RuleError(f"texts 里没有叫「{name}」的文字；可以有：{'、'.join(DEFAULT_TEXTS)}")
        most = _MAX_PROMPT if name == "push_prompt" else _MAX_TEXT
        if not isinstance(text, str) or not text.strip() or _too_long(text, most):
            raise RuleError(f"texts.{name} 要是文字，1 到 {most} 个字")
    return texts


def _keyword(rule: object, where: str) -> Keyword:
    if not isinstance(rule, dict):
        raise RuleError(f"{where} 要是一个对象，有 words 和 reply")
    unknown = set(rule) - {"words", "match", "reply"}
    if unknown:
        raise RuleError(f"{where} 有不认识的项：{'、'.join(sorted(unknown))}；可以有 words、match、reply")
    words = rule.get("words")
    if isinstance(words, str):
        words = [words]
    if (
        not isinstance(words, list)
        or not words
        or not all(isinstance(w, str) and normalise(w) for w in words)
    ):
        raise RuleError(f"{where} 的 words 要是关键词的列表")
    match = rule.get("match", "exact")
    if match not in ("exact", "prefix", "contains"):
        raise RuleError(f"{where} 的 match 只能是 exact（相同）、prefix（开头）或 contains（包含）")
    words = tuple(normalise(word) for word in words)
    return Keyword(words, cast(Match, match), _action(rule.get("reply"), f"{where} 的 reply"))


def _actions(actions: object, where: str) -> dict[str, Action]:
    if not isinstance(actions, dict) or len(actions) > _MAX_RULES:
        raise RuleError(f"{where} 要是一个对象：名字 → 回复，最多 {_MAX_RULES} 个")
    if "" in actions:
        raise RuleError(f"{where} 里有一个没有名字的回复")
    return {name: _action(action, f"{where}.{name}") for name, action in actions.items()}


def _action(action: object, where: str) -> Action:
    if isinstance(action, str):
        action = {"type": "text", "content": action}
    if not isinstance(action, dict):
        raise RuleError(f"{where} 要是文字，或一个有 type 的对象")

    def text(name: str, *, optional: bool = False, most: int = _MAX_TEXT) -> str:
        value = action.get(name, "")
        if not isinstance(value, str) or _too_long(value, most) or not (optional or value.strip()):
            raise RuleError(f"{where} 的 {name} 要是文字，最多 {most} 个字")
        return value

    match action.get("type", "text"):
        case "text":
            return TextReply(text("content"))
        case "ask":
            return Ask(text("question"))
        case "image":
            return ImageReply(text("media_id"))
        case "voice":
            return VoiceReply(text("media_id"))
        case "video":
            optional = {name: text(name, optional=True) for name in ("title", "description")}
            return VideoReply(text("media_id"), **optional)
        case "music":
            names = ("title", "description", "music_url", "hq_music_url")
            optional = {name: text(name, optional=True, most=1024) for name in names}
            return MusicReply(thumb_media_id=text("thumb_media_id"), **optional)
        case "news":
            return NewsReply((_article(action, where),))
        case "transfer_customer_service":
            return TransferReply(text("kf_account", optional=True))
    raise RuleError(
        f"{where} 的 type 只能是 text、ask、image、voice、video、music、news、transfer_customer_service"
    )


def _too_long(text: str, most: int) -> bool:
    """Whether a text has more than ``most`` characters, or more bytes than one message takes (emoji)."""
    return len(text) > most or len(text.encode("utf-8", "surrogatepass")) > MAX_REPLY_BYTES


def _article(action: Mapping[str, Any], where: str) -> Article:
    names = ("title", "description", "pic_url", "url")
    values = {name: action.get(name, "") for name in names}
    if not all(isinstance(value, str) and len(value) <= 1024 for value in values.values()):
        raise RuleError(f"{where} 的 title、description、pic_url、url 都要是文字")
    if not values["title"].strip() or not values["url"].startswith(("http://", "https://")):
        raise RuleError(f"{where} 要有 title，还要有 http:// 或 https:// 开头的 url")
    return Article(**values)
