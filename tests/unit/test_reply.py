"""Passive replies: the platform's structure, and text that cannot break out of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    render_json,
    render_xml,
    within_limits,
)
from wechat_oa.callback.wire import parse

FIXTURES = Path(__file__).parents[1] / "fixtures/replies"
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ANY_TEXT = st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from("]>&<\x00\ud800\r\n")))

ARTICLE = Article("title", "description", "picUrl", "url")
REPLIES: dict[str, Reply] = {
    "Text": TextReply("content"),
    "Image": ImageReply("ddfefesfsdfef"),
    "Voice": VoiceReply("ddfefesfsdfef"),
    "Video": VideoReply("media_id", "title", "ddfff"),
    "Music": MusicReply("title", "ddfff", "musicUrl", "hQMusicUrl", "thumbMediaId"),
    "News": NewsReply((ARTICLE, ARTICLE)),
    "TransferKefu": TransferReply(),
}


def kind(file: str) -> str:
    """Which of the replies above a fixture shows."""
    return next(name for name in REPLIES if f"WxMpXmlOut{name}Message" in file)


@pytest.mark.parametrize("file", sorted(path.name for path in FIXTURES.glob("*.xml")))
def test_xml_has_the_structure_that_wxjava_sends(file: str) -> None:
    expected = parse((FIXTURES / file).read_bytes())
    rendered = render_xml(
        REPLIES[kind(file)],
        to_user=str(expected["ToUserName"]),
        from_user=str(expected["FromUserName"]),
        create_time=int(str(expected["CreateTime"])),
    )
    assert parse(rendered.encode()) == expected


def test_there_is_a_fixture_for_every_kind_of_reply() -> None:
    assert {kind(path.name) for path in FIXTURES.glob("*.xml")} == set(REPLIES)


@pytest.mark.parametrize("name", REPLIES)
def test_json_has_the_fields_of_the_xml(name: str) -> None:
    envelope = {"to_user": "to", "from_user": "from"}
    as_json = json.loads(render_json(REPLIES[name], **envelope, create_time=1122))
    assert as_json["CreateTime"] == 1122
    if name == "News":
        # In JSON the articles are a list themselves; in XML its members are called item.
        assert as_json["ArticleCount"] == 2
        as_json["Articles"] = {"item": as_json["Articles"]}
    as_xml = parse(render_xml(REPLIES[name], **envelope, create_time=1122).encode())
    assert parse(json.dumps(as_json).encode()) == as_xml


def test_json_is_not_escaped() -> None:
    # WeChat shows an escape as the six characters that it is written with.
    assert '"你好\\n😀"' in render_json(TextReply("你好\n😀"), to_user="t", from_user="f", create_time=1)


def test_a_follower_is_handed_to_the_account_that_is_named() -> None:
    text = render_xml(TransferReply("test1@test"), to_user="t", from_user="f", create_time=1)
    assert parse(text.encode())["TransInfo"] == {"KfAccount": "test1@test"}


@given(ANY_TEXT)
@settings(deadline=None)
def test_any_text_comes_out_of_the_xml_as_it_went_in(content: str) -> None:
    text = render_xml(TextReply(content), to_user="t", from_user="f", create_time=1)
    # Ends of lines become \n, and the parser trims what it reads: both are no doing of the renderer.
    expected = FORBIDDEN.sub("", content).replace("\r\n", "\n").replace("\r", "\n").strip()
    assert parse(text.encode()) == {
        "ToUserName": "t",
        "FromUserName": "f",
        "CreateTime": "1",
        "MsgType": "text",
        "Content": expected,
    }


@given(ANY_TEXT)
@settings(deadline=None)
def test_any_text_comes_out_of_the_json_as_it_went_in(content: str) -> None:
    text = render_json(TextReply(content), to_user="t", from_user="f", create_time=1)
    assert json.loads(text.encode())["Content"] == FORBIDDEN.sub("", content)


@pytest.mark.parametrize(
    "content", ["]]>", "a]]>b]]>", "]]]]>>", "]]\x00>", "]\ud800]>", "]]><MsgType>image</MsgType><![CDATA["]
)
def test_text_cannot_end_its_own_section(content: str) -> None:
    text = render_xml(TextReply(content), to_user="t", from_user="f", create_time=1)
    assert parse(text.encode())["Content"] == FORBIDDEN.sub("", content)


@pytest.mark.parametrize("msg_type", ["text", "image", "voice", "video", "news", "location"])
def test_a_message_is_answered_with_one_article(msg_type: str) -> None:
    first, second = ARTICLE, Article("second", "", "", "")
    assert within_limits(NewsReply((first, second)), msg_type) == NewsReply((first,))


@pytest.mark.parametrize("msg_type", ["event", "link"])
def test_anything_else_is_answered_with_up_to_eight(msg_type: str) -> None:
    articles = tuple(Article(str(number), "", "", "") for number in range(10))
    assert within_limits(NewsReply(articles), msg_type) == NewsReply(articles[:8])
    assert within_limits(NewsReply(articles[:3]), msg_type) == NewsReply(articles[:3])


def test_other_replies_have_no_articles_to_limit() -> None:
    reply = TextReply("content")
    assert within_limits(reply, "text") is reply
