"""The owner's rules: what they may say, what is refused and why, and which text meets which rule."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.callback.reply import (
    Article,
    ImageReply,
    MusicReply,
    NewsReply,
    TextReply,
    TransferReply,
    VideoReply,
    VoiceReply,
)
from wechat_oa.reply_rules import Action, Ask, ReplyRules, RuleError, parse_rules
from wechat_oa.texts import DEFAULT_TEXTS

ACTIONS: list[tuple[Any, Action]] = [
    ("直接写文字", TextReply("直接写文字")),
    ({"type": "text", "content": "文字"}, TextReply("文字")),
    ({"content": "没写 type"}, TextReply("没写 type")),
    ({"type": "ask", "question": "介绍一下菜单"}, Ask("介绍一下菜单")),
    ({"type": "image", "media_id": "m"}, ImageReply("m")),
    ({"type": "voice", "media_id": "m"}, VoiceReply("m")),
    ({"type": "video", "media_id": "m"}, VideoReply("m")),
    ({"type": "video", "media_id": "m", "title": "t", "description": "d"}, VideoReply("m", "t", "d")),
    ({"type": "music", "thumb_media_id": "m"}, MusicReply("", "", "", "", "m")),
    (
        {"type": "music", "thumb_media_id": "m", "title": "t", "description": "d"}
        | {"music_url": "u", "hq_music_url": "h"},
        MusicReply("t", "d", "u", "h", "m"),
    ),
    (
        {"type": "news", "title": "t", "url": "https://x.example"},
        NewsReply((Article("t", "", "", "https://x.example"),)),
    ),
    (
        {"type": "news", "title": "t", "description": "d", "pic_url": "p", "url": "http://x.example"},
        NewsReply((Article("t", "d", "p", "http://x.example"),)),
    ),
    ({"type": "transfer_customer_service"}, TransferReply()),
    ({"type": "transfer_customer_service", "kf_account": "a@b"}, TransferReply("a@b")),
]  # fmt: skip


def _refusal(document: Any) -> str:
    with pytest.raises(RuleError) as refused:
        parse_rules(document)
    return str(refused.value)


@pytest.mark.parametrize(("action", "parsed"), ACTIONS)
def test_every_kind_of_action_is_read_wherever_it_stands(action: Any, parsed: Action) -> None:
    rules = parse_rules(
        {"keywords": [{"words": ["词"], "reply": action}], "menu": {"键": action}, "scenes": {"景": action}}
    )
    assert rules.for_text("词") == parsed
    assert (rules.menu["键"], rules.scenes["景"]) == (parsed, parsed)


def test_an_empty_document_leaves_everything_as_it_is() -> None:
    assert (
        parse_rules({})
        == ReplyRules()
        == parse_rules({"texts": {}, "keywords": [], "menu": {}, "scenes": {}})
    )
    assert ReplyRules().texts == DEFAULT_TEXTS


def test_a_text_replaces_its_default_and_no_other() -> None:
    assert parse_rules({"texts": {"help": "自己写的"}}).texts == {**DEFAULT_TEXTS, "help": "自己写的"}


@pytest.mark.parametrize("name", DEFAULT_TEXTS)
def test_every_text_may_be_replaced_by_itself(name: str) -> None:
    assert parse_rules({"texts": {name: DEFAULT_TEXTS[name]}}).texts == DEFAULT_TEXTS


NEWS = {"type": "news", "title": "t", "url": "https://x.example"}
NONSENSE: list[tuple[Any, str]] = [
    ([], "整份文件"),
    (None, "整份文件"),
    ("texts", "整份文件"),
    ({"text": {}, "words": 1}, "text、words"),
    ({"texts": []}, "texts"),
    ({"texts": {"wellcome": "x"}}, "wellcome"),
    ({"texts": {"help": 1}}, "texts.help"),
    ({"texts": {"help": " \n"}}, "texts.help"),
    ({"texts": {"help": "长" * 601}}, "texts.help"),
    ({"texts": {"help": "😀" * 512}}, "texts.help"),
    ({"texts": {"push_prompt": "长" * 201}}, "texts.push_prompt"),
    ({"keywords": {}}, "keywords"),
    ({"keywords": [{"words": ["a"], "reply": "b"}] * 501}, "500"),
    ({"keywords": ["价格"]}, "keywords 第 1 条"),
    *(
        ({"keywords": [{"words": ["a"], "reply": "b"}, rule]}, f"keywords 第 2 条{where}")
        for rule, where in (
            ({"reply": "b"}, " 的 words"),
            ({"words": [], "reply": "b"}, " 的 words"),
            ({"words": ["a", 1], "reply": "b"}, " 的 words"),
            ({"words": ["a", "。！"], "reply": "b"}, " 的 words"),
            ({"words": 5, "reply": "b"}, " 的 words"),
            ({"words": "a", "match": "regex", "reply": "b"}, " 的 match"),
            ({"words": "a", "match": ["exact"], "reply": "b"}, " 的 match"),
            ({"words": "a"}, " 的 reply"),
            ({"words": "a", "reply": 5}, " 的 reply"),
            ({"words": "a", "matches": "prefix", "reply": "b"}, " 有不认识的项：matches"),
        )
    ),
    ({"menu": []}, "menu"),
    ({"menu": {str(n): "b" for n in range(501)}}, "500"),
    ({"menu": {"": "b"}}, "menu"),
    ({"scenes": "x"}, "scenes"),
    *(
        ({"scenes": {"桌": action}}, f"scenes.桌{where}")
        for action, where in (
            (None, ""),
            ([], ""),
            ("", " 的 content"),
            ("长" * 601, " 的 content"),
            ("😀" * 600, " 的 content"),
            ({"type": "txt"}, " 的 type"),
            ({"type": ["text"]}, " 的 type"),
            ({"type": "text"}, " 的 content"),
            ({"type": "text", "content": 1}, " 的 content"),
            ({"type": "ask"}, " 的 question"),
            ({"type": "ask", "question": "\t"}, " 的 question"),
            ({"type": "image"}, " 的 media_id"),
            ({"type": "voice", "media_id": None}, " 的 media_id"),
            ({"type": "video", "title": "t"}, " 的 media_id"),
            ({"type": "video", "media_id": "m", "title": 1}, " 的 title"),
            ({"type": "music"}, " 的 thumb_media_id"),
            ({"type": "music", "thumb_media_id": "m", "music_url": "u" * 1025}, " 的 music_url"),
            ({"type": "transfer_customer_service", "kf_account": 1}, " 的 kf_account"),
            ({**NEWS, "title": " "}, " 要有 title"),
            ({**NEWS, "url": "x.example"}, " 要有 title"),
            ({**NEWS, "url": "javascript:alert(1)"}, " 要有 title"),
            ({**NEWS, "pic_url": 1}, " 的 title"),
            ({**NEWS, "description": "d" * 1025}, " 的 title"),
        )
    ),
]


@pytest.mark.parametrize(("document", "where"), NONSENSE)
def test_nonsense_is_refused_in_chinese_naming_where(document: Any, where: str) -> None:
    reason = _refusal(document)
    assert where in reason
    assert re.search("[\u4e00-\u9fff]", reason)


SECTIONS = ("texts", "keywords", "menu", "scenes")
NAMES = st.text(max_size=3) | st.sampled_from(
    [*SECTIONS, "words", "match", "reply", "type", "content", "help", "title", "url", "media_id"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(SECTIONS, JSON)))
def test_any_document_is_read_or_refused(document: Any) -> None:
    """No other error comes out of it."""
    with contextlib.suppress(RuleError):
        assert set(parse_rules(document).texts) == set(DEFAULT_TEXTS)


def _rules(*keywords: tuple[str, str]) -> ReplyRules:
    """Rules that say which of them was met."""
    return parse_rules(
        {
            "keywords": [
                {"words": word, "match": match, "reply": f"{match} {word}"} for word, match in keywords
            ]
        }
    )


def _met(rules: ReplyRules, text: str) -> str:
    action = rules.for_text(text)
    return action.content if isinstance(action, TextReply) else ""


@pytest.mark.parametrize(
    ("match", "met", "not_met"),
    [
        ("exact", ["价格", " 价格？", "「价格」", "价格！！", "（价格）"], ["问价格", "价格表", "价 格", ""]),
        ("prefix", ["价格", "价格表", "。价格是多少"], ["问价格", ""]),
        ("contains", ["价格", "问价格", "价格表", "这个价格，贵吗"], ["价 格", "格价", ""]),
    ],
)
def test_a_rule_is_met_by_its_match(match: str, met: list[str], not_met: list[str]) -> None:
    rules = _rules(("价格", match))
    assert [_met(rules, text) for text in met] == [f"{match} 价格"] * len(met)
    assert [_met(rules, text) for text in not_met] == [""] * len(not_met)


@pytest.mark.parametrize("said", ["wifi", "WiFi", "ＷＩＦＩ", "ｗｉｆｉ。", " WIFI!\n", "“WiFi”"])
@pytest.mark.parametrize("word", ["WiFi", "ｗｉｆｉ", "wifi？"])
def test_width_case_and_punctuation_make_no_difference(word: str, said: str) -> None:
    assert _met(_rules((word, "exact")), said) == f"exact {word}"


def test_the_first_rule_that_is_met_answers() -> None:
    rules = _rules(("价格", "contains"), ("价格表", "exact"), ("表", "contains"))
    assert _met(rules, "价格表") == "contains 价格"
    assert _met(rules, "表") == "contains 表"


def test_any_of_the_words_will_do() -> None:
    rules = parse_rules({"keywords": [{"words": ["价格", "多少钱"], "reply": "10 元"}]})
    assert _met(rules, "多少钱？") == _met(rules, "价格") == "10 元"


@pytest.mark.parametrize("said", ["", "。。。", "？", " \n", "「」"])
def test_nothing_said_meets_no_rule(said: str) -> None:
    assert _met(_rules(("a", "contains"), ("b", "prefix"), ("c", "exact")), said) == ""
