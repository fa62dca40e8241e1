"""What each kind of message leads to; nothing that WeChat sends makes it raise."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.callback.message import Message, message_from, parse_message
from wechat_oa.callback.reply import ImageReply, TextReply, TransferReply
from wechat_oa.reply_rules import ReplyRules, parse_rules
from wechat_oa.settings import AiSettings
from wechat_reply.routing import (
    MAX_QUESTION_CHARACTERS,
    AskModel,
    Decision,
    Forget,
    RecordPublishJob,
    Say,
    route,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "messages"
PLAIN = AiSettings()
SEEING = AiSettings(image_input=True)
HEARING = AiSettings(transcription_model="whisper-1")

EVENTS = re.findall(
    r"\w+",
    """
    subscribe unsubscribe SCAN LOCATION CLICK VIEW view_miniprogram scancode_push scancode_waitmsg
    pic_sysphoto pic_photo_or_album pic_weixin location_select TEMPLATESENDJOBFINISH MASSSENDJOBFINISH
    PUBLISHJOBFINISH subscribe_msg_popup_event subscribe_msg_change_event subscribe_msg_sent_event
    kf_create_session kf_close_session kf_switch_session user_info_modified user_authorization_revoke
    qualification_verify_success qualification_verify_fail naming_verify_success naming_verify_fail
    annual_renew verify_expired card_pass_check card_not_pass_check user_get_card user_gifting_card
    user_del_card user_consume_card user_pay_from_pay_cell user_view_card user_enter_session_from_card
    update_member_card card_sku_remind card_pay_order submit_membercard_user_info merchant_order
    poi_check_notify wificonnected shakearoundusershake user_scan_product
    user_scan_product_enter_session user_scan_product_async user_scan_product_verify_action
    subscribe_scan_product user_authorize_invoice update_invoice_status submit_invoice_title
    user_enter_tempsession wxa_media_check weapp_audit_success weapp_audit_fail open_product_order_pay
    device_bind device_unbind never_heard_of
    """,
)
SPOKEN_TO = {"subscribe", "CLICK"}
"""The events that a follower who does nothing but what they report expects an answer to."""


def _message(msg_type: str, **fields: Any) -> Message:
    return message_from(
        {
            "ToUserName": "gh_1",
            "FromUserName": "o1",
            "CreateTime": "1763900000",
            "MsgType": msg_type,
            **fields,
        }
    )


def _text(content: str) -> Message:
    return _message("text", Content=content, MsgId="1")


def _event(event: str, **fields: Any) -> Message:
    return _message("event", Event=event, **fields)


def _routed(message: Message, document: dict[str, Any] | None = None, ai: AiSettings = PLAIN) -> Decision:
    return route(message, parse_rules(document or {}), ai)


def _said(name: str) -> Say:
    return Say(TextReply(ReplyRules().texts[name]))


# Texts


@pytest.mark.parametrize(
    "word",
    [
        "继续",
        " 继续 ",
        "继续。",
        "「继续」",
        "“继续”",
        "【继续】",
        "继续！！",
        "continue",
        "Continue.",
        "ＣＯＮＴＩＮＵＥ",
    ],
)
def test_a_word_to_go_on(word: str) -> None:
    assert _routed(_text(word)) == "continue"


@pytest.mark.parametrize("word", ["清空", "清空。", "「清空」", "CLEAR", "ｃｌｅａｒ！"])
def test_a_word_to_forget(word: str) -> None:
    assert _routed(_text(word)) == Forget(TextReply(ReplyRules().texts["cleared"]))


@pytest.mark.parametrize("word", ["验证码", " 验证码 ", "验证码。", "「验证码」", "验证码！！", "【验证码】"])
def test_the_word_for_a_code(word: str) -> None:
    assert _routed(_text(word)) == "give code"
    assert _routed(_message("voice", Recognition=word)) == "give code"
    assert _routed(_event("CLICK", EventKey=word)) == "give code"


@pytest.mark.parametrize(
    "question", ["验证码是多少", "我的验证码", "验证", "收不到验证码怎么办", "验证码 ABCD2345"]
)
def test_a_question_about_codes_is_a_question(question: str) -> None:
    assert _routed(_text(question)) == AskModel(question)


@pytest.mark.parametrize("word", ["帮助", "帮助？", "HELP", "Ｈｅｌｐ", "help!"])
def test_a_word_for_help(word: str) -> None:
    assert _routed(_text(word)) == _said("help")


@pytest.mark.parametrize(
    "question", ["继续说", "怎么清空购物车", "帮助我", "continue please", "你好", "？", "😀", "..."]
)
def test_anything_else_is_a_question(question: str) -> None:
    assert _routed(_text(f" {question}\n")) == AskModel(question)


@pytest.mark.parametrize("nothing", ["", " ", "\n\t　"])
def test_nothing_said_is_acknowledged(nothing: str) -> None:
    assert _routed(_text(nothing)) == "acknowledge"
    assert _routed(_message("text")) == "acknowledge"


def test_a_long_question_is_bounded() -> None:
    assert _routed(_text("长" * 50_000)) == AskModel("长" * MAX_QUESTION_CHARACTERS)


def test_what_wechat_cannot_show_it_sends_as_a_text() -> None:
    assert _routed(_text("【收到不支持的消息类型，暂无法显示】")) == _said("unsupported")


def test_the_owners_keywords_go_before_help_but_not_before_what_every_follower_needs() -> None:
    words = ["继续", "清空", "验证码", "帮助", "价格"]
    document = {"keywords": [{"words": words, "reply": "自己写的"}]}
    mine = Say(TextReply("自己写的"))
    assert _routed(_text("继续"), document) == "continue"
    assert isinstance(_routed(_text("清空"), document), Forget)
    assert _routed(_text("验证码"), document) == "give code"
    assert _routed(_text("帮助"), document) == mine
    assert _routed(_text("价格？"), document) == mine
    assert _routed(_text("多少钱"), document) == AskModel("多少钱")


def test_a_keyword_may_ask_the_model_or_hand_over_to_people() -> None:
    document = {
        "keywords": [
            {"words": ["菜单"], "reply": {"type": "ask", "question": "介绍今天的菜单"}},
            {"words": ["人工"], "reply": {"type": "transfer_customer_service"}},
        ]
    }
    assert _routed(_text("菜单"), document) == AskModel("介绍今天的菜单")
    assert _routed(_text("人工"), document) == Say(TransferReply())


def test_the_owners_own_texts_are_said() -> None:
    assert _routed(_text("帮助"), {"texts": {"help": "看这里"}}) == Say(TextReply("看这里"))


# Other messages


def test_an_image_goes_to_a_model_that_takes_images() -> None:
    image = _message("image", PicUrl="http://mmbiz.qpic.cn/a", MediaId="m", MsgId="1")
    question = ReplyRules().texts["image_question"]
    assert _routed(image, ai=SEEING) == AskModel(question, image_url="http://mmbiz.qpic.cn/a")
    assert _routed(image) == _said("image_unsupported")
    assert _routed(_message("image", MediaId="m"), ai=SEEING) == _said("image_unsupported")


def test_a_voice_is_heard_where_there_is_something_to_hear_it_with() -> None:
    voice = {"MediaId": "m", "Format": "amr", "MsgId": "1"}
    heard = AskModel("", voice_media_id="m", voice_format="amr")
    assert _routed(_message("voice", **voice), ai=HEARING) == heard
    assert _routed(_message("voice", MediaId="m"), ai=HEARING) == heard
    assert _routed(_message("voice", **{**voice, "Format": "speex"}), ai=HEARING) == AskModel(
        "", voice_media_id="m", voice_format="speex"
    )
    assert _routed(_message("voice", **voice)) == _said("voice_unsupported")
    assert _routed(_message("voice", Format="amr"), ai=HEARING) == _said("voice_unsupported")


def test_what_wechat_recognised_in_a_voice_is_read_as_a_text() -> None:
    assert _routed(_message("voice", Recognition="今天天气怎么样")) == AskModel("今天天气怎么样")
    assert _routed(_message("voice", Recognition="继续。")) == "continue"
    assert _routed(_message("voice", Recognition=" ", MediaId="m")) == _said("voice_unsupported")


def test_a_place_and_a_link_are_asked_about() -> None:
    place = _message("location", Location_X="23.13", Location_Y="113.35", Scale="20", Label="广州")
    link = _message("link", Title="标题", Description="", Url="https://x.example")
    assert _routed(place) == AskModel("我在这里：广州（纬度 23.13，经度 113.35）")
    assert _routed(link) == AskModel("我发了一个链接：\n标题\nhttps://x.example")
    assert _routed(_message("location")) == _said("unsupported")
    long = _routed(_message("link", Title="长" * 9000, Url="https://x.example"))
    assert isinstance(long, AskModel)
    assert len(long.question) == MAX_QUESTION_CHARACTERS


@pytest.mark.parametrize(
    "msg_type", ["video", "shortvideo", "file", "miniprogrampage", "hardware", "never_heard_of"]
)
def test_what_cannot_be_read_is_said_kindly(msg_type: str) -> None:
    assert _routed(_message(msg_type, MediaId="m", MsgId="1")) == _said("unsupported")


@pytest.mark.parametrize(
    ("msg_type", "event"),
    [("device_event", "subscribe_status"), ("device_status", "x"), ("device_event", "bind")],
)
def test_what_a_device_reports_is_acknowledged(msg_type: str, event: str) -> None:
    assert _routed(_message(msg_type, Event=event)) == "acknowledge"


# Events


SCENES = {"scenes": {"table-7": "欢迎来到 7 号桌", "ask": {"type": "ask", "question": "介绍菜单"}}}


def test_whoever_follows_is_welcomed() -> None:
    assert _routed(_event("subscribe")) == _said("welcome")
    assert _routed(_event("subscribe", EventKey="")) == _said("welcome")
    assert _routed(_event("subscribe", EventKey="last_trade_no_4200")) == _said("welcome")
    assert _routed(_event("subscribe", EventKey="qrscene_unknown"), SCENES) == _said("welcome")


def test_a_scene_says_what_the_owner_set_for_it() -> None:
    seven = Say(TextReply("欢迎来到 7 号桌"))
    assert _routed(_event("subscribe", EventKey="qrscene_table-7"), SCENES) == seven
    assert _routed(_event("SCAN", EventKey="table-7"), SCENES) == seven
    assert _routed(_event("SCAN", EventKey="ask"), SCENES) == AskModel("介绍菜单")
    assert _routed(_event("SCAN", EventKey="unknown"), SCENES) == "acknowledge"


def test_whoever_leaves_is_forgotten_without_a_word() -> None:
    assert _routed(_event("unsubscribe")) == Forget(None)


def test_a_menu_key_does_what_the_owner_set_for_it() -> None:
    document = {
        "menu": {
            "CONTACT": {"type": "transfer_customer_service"},
            "PHOTO": {"type": "image", "media_id": "m"},
            "MENU": {"type": "ask", "question": "介绍菜单"},
        }
    }
    assert _routed(_event("CLICK", EventKey="CONTACT"), document) == Say(TransferReply())
    assert _routed(_event("CLICK", EventKey="PHOTO"), document) == Say(ImageReply("m"))
    assert _routed(_event("CLICK", EventKey="MENU"), document) == AskModel("介绍菜单")


def test_a_menu_key_without_a_rule_is_read_as_a_word() -> None:
    document = {
        "keywords": [
            {"words": ["价格"], "reply": "10 元"},
            {"words": ["菜单"], "reply": {"type": "ask", "question": "介绍菜单"}},
        ]
    }
    assert _routed(_event("CLICK", EventKey="价格"), document) == Say(TextReply("10 元"))
    assert _routed(_event("CLICK", EventKey="菜单"), document) == AskModel("介绍菜单")
    assert _routed(_event("CLICK", EventKey="继续")) == "continue"
    assert isinstance(_routed(_event("CLICK", EventKey="清空")), Forget)
    assert _routed(_event("CLICK", EventKey="V1001_TODAY_MUSIC"), document) == _said("help")
    assert _routed(_event("CLICK")) == _said("help")


@pytest.mark.parametrize("event", [event for event in EVENTS if event not in SPOKEN_TO | {"unsubscribe"}])
def test_every_other_event_is_acknowledged(event: str) -> None:
    assert _routed(_event(event, EventKey="k")) == "acknowledge"
    assert _routed(_event(event.upper())) == "acknowledge"


def _publish_event(**info: Any) -> Message:
    return _event("PUBLISHJOBFINISH", PublishEventInfo=info)


def test_how_a_publish_job_ended_is_recorded() -> None:
    body = (FIXTURES / "official__publishjobfinish_success.xml").read_bytes()
    assert route(parse_message(body), ReplyRules(), PLAIN) == RecordPublishJob(
        publish_id="2247503051",
        status=0,
        article_id="b5O2OUs25HBxRceL7hfReg-U9QGeq9zQjiDvyWP4Hq4",
        article_urls=("ARTICLE_URL",),
    )


def test_a_job_with_several_articles_and_one_in_json_are_recorded_too() -> None:
    items = [
        {"idx": "1", "article_url": "https://a"},
        {"idx": "2", "article_url": "https://b"},
        "odd",
        {"idx": 3},
    ]
    several = _publish_event(
        publish_id="12", publish_status="0", article_id="x", article_detail={"item": items}
    )
    assert _routed(several) == RecordPublishJob("12", 0, "x", ("https://a", "https://b"))
    failed = _publish_event(publish_id=12, publish_status=2, article_id=None, fail_idx=[1])
    assert _routed(failed) == RecordPublishJob("12", 2, "", ())


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"publish_id": ""},
        {"publish_id": "x/../y"},
        {"publish_id": "²"},
        {"publish_id": "1" * 65},
        {"publish_id": None},
        {"publish_id": ["1"]},
    ],
)
def test_a_job_without_a_proper_id_is_acknowledged(info: dict[str, Any]) -> None:
    assert _routed(_publish_event(**info)) == "acknowledge"
    assert _routed(_event("PUBLISHJOBFINISH", PublishEventInfo="")) == "acknowledge"
    assert _routed(_event("PUBLISHJOBFINISH")) == "acknowledge"


@pytest.mark.parametrize("status", ["", "²", "x", "-1", None, "9" * 5000])
def test_a_status_that_is_none_is_recorded_as_unknown(status: Any) -> None:
    assert _routed(_publish_event(publish_id="1", publish_status=status)) == RecordPublishJob("1", -1, "", ())


# Everything


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.xml")), ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "ai", [PLAIN, AiSettings(image_input=True, transcription_model="w")], ids=["text", "all"]
)
def test_every_known_message_is_routed(path: Path, ai: AiSettings) -> None:
    message = parse_message(path.read_bytes())
    decision = route(message, ReplyRules(), ai)
    if message.msg_type == "event" and message.event not in ("subscribe", "click", "unsubscribe"):
        assert decision == "acknowledge" or isinstance(decision, RecordPublishJob)
    else:
        assert not isinstance(decision, RecordPublishJob)


def test_the_fixtures_are_all_there() -> None:
    assert {path.name for path in FIXTURES.glob("*.xml")} == {
        entry["file"].rpartition("/")[2] for entry in json.loads((FIXTURES / "index.json").read_text("utf-8"))
    }


VALUES = st.recursive(
    st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
TEXT_FIELDS = """
    Content PicUrl MediaId Recognition Format EventKey Title Description Url Label Location_X Location_Y
"""
NESTED_FIELDS = ["PublishEventInfo", "SendLocationInfo", "ScanCodeInfo", "Ticket"]


@settings(deadline=None)
@given(
    st.sampled_from(["text", "image", "voice", "location", "link", "event", "device_event", "x"]),
    st.sampled_from(["", *EVENTS]),
    st.dictionaries(st.sampled_from(TEXT_FIELDS.split()), st.text(max_size=20)),
    st.dictionaries(st.sampled_from(NESTED_FIELDS), VALUES),
    st.booleans(),
)
def test_nothing_makes_it_raise(
    msg_type: str, event: str, texts: dict[str, str], nested: dict[str, Any], able: bool
) -> None:
    ai = AiSettings(image_input=able, transcription_model="w" if able else "")
    message = _message(msg_type, Event=event, **texts, **(nested if msg_type == "event" else {}))
    decision = route(message, ReplyRules(), ai)
    assert decision in ("continue", "give code", "acknowledge") or isinstance(
        decision, Say | AskModel | Forget | RecordPublishJob
    )
