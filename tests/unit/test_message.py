"""Messages and events: all of the platform's parse, what is no message is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.callback.errors import MessageError
from wechat_oa.callback.message import Location, Message, parse_message

FIXTURES = Path(__file__).parents[1] / "fixtures"
INDEX = json.loads((FIXTURES / "messages/index.json").read_text())

MSG_TYPES = """text image voice video shortvideo location link event miniprogrampage file device_text
device_event device_status hardware never_heard_of"""
EVENTS = """subscribe unsubscribe SCAN LOCATION CLICK VIEW view_miniprogram scancode_push scancode_waitmsg
pic_sysphoto pic_photo_or_album pic_weixin location_select TEMPLATESENDJOBFINISH MASSSENDJOBFINISH
PUBLISHJOBFINISH subscribe_msg_popup_event subscribe_msg_change_event subscribe_msg_sent_event
kf_create_session kf_close_session kf_switch_session user_info_modified user_authorization_revoke
qualification_verify_success qualification_verify_fail naming_verify_success naming_verify_fail annual_renew
verify_expired card_pass_check card_not_pass_check user_get_card user_gifting_card user_del_card
user_consume_card user_pay_from_pay_cell user_view_card user_enter_session_from_card update_member_card
card_sku_remind card_pay_order submit_membercard_user_info merchant_order poi_check_notify WifiConnected
ShakearoundUserShake user_scan_product user_scan_product_enter_session user_scan_product_async
user_scan_product_verify_action subscribe_scan_product user_authorize_invoice update_invoice_status
submit_invoice_title user_enter_tempsession wxa_media_check weapp_audit_success weapp_audit_fail
open_product_order_pay device_bind device_unbind device_subscribe_status device_unsubscribe_status
never_heard_of"""

BASE = {"ToUserName": "gh_1", "FromUserName": "openid", "CreateTime": "1714037059"}


def fixture(name: str) -> Message:
    return parse_message((FIXTURES / "messages" / f"{name}.xml").read_bytes())


def message(**fields: Any) -> Message:
    """A message with these fields, besides sender, receiver and time (None leaves one of those out)."""
    present = {name: value for name, value in {**BASE, **fields}.items() if value is not None}
    return parse_message(json.dumps(present).encode())


def xml(inner: str) -> bytes:
    return (
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>openid</FromUserName>"
        f"<CreateTime>1</CreateTime><MsgType>event</MsgType>{inner}</xml>"
    ).encode()


# Every sample


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_every_sample_parses(entry: dict[str, str]) -> None:
    parsed = parse_message((FIXTURES / entry["file"]).read_bytes())
    assert parsed.msg_type == entry["MsgType"].lower()
    assert parsed.event == entry["Event"].lower()
    assert parsed.to_user
    assert parsed.from_user
    assert parsed.create_time > 100_000_000


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_every_sample_means_the_same_in_json(entry: dict[str, str]) -> None:
    parsed = parse_message((FIXTURES / entry["file"]).read_bytes())
    assert parse_message(json.dumps(parsed.fields).encode()) == parsed


@pytest.mark.parametrize("msg_type", MSG_TYPES.split())
def test_every_type_parses(msg_type: str) -> None:
    assert message(MsgType=msg_type, MsgId="1").msg_type == msg_type


@pytest.mark.parametrize("event", EVENTS.split())
def test_every_event_parses(event: str) -> None:
    parsed = message(MsgType="event", Event=event)
    assert (parsed.event, parsed.msg_id, parsed.event_key) == (event.lower(), "", "")


# What messages say


def test_a_text_message() -> None:
    parsed = fixture("official__text_with_msgdataid_idx")
    assert (parsed.to_user, parsed.from_user, parsed.create_time) == ("toUser", "fromUser", 1348831860)
    assert (parsed.msg_type, parsed.content, parsed.msg_id) == ("text", "this is a test", "1234567890123456")
    assert (parsed.fields["MsgDataId"], parsed.fields["Idx"]) == ("xxxx", "xxxx")


def test_text_that_stands_on_lines_of_its_own_is_stripped() -> None:
    parsed = fixture("official__voice_empty_recognition")
    assert (parsed.from_user, parsed.msg_type) == ("oDO796opXuEu2mWrn53BqlVW0u9I", "voice")
    assert parsed.media_id == "whQK88YniP8QXO5rkRimKmkWEg4V0D9_yDblzDFn9yJMJQNnV7pan6AJg8rgiFs9"
    assert (parsed.format, parsed.recognition) == ("amr", "")


def test_what_was_recognised_in_a_voice() -> None:
    assert message(MsgType="voice", Recognition="今天天气怎么样").recognition == "今天天气怎么样"


def test_an_image() -> None:
    parsed = fixture("wechatpy__parse_image_message")
    assert (parsed.pic_url, parsed.media_id) == ("this is a url", "media_id")


def test_a_link() -> None:
    parsed = fixture("wechatpy__parse_link_message")
    assert (parsed.title, parsed.description, parsed.url) == ("公众平台官网链接", "公众平台官网链接", "url")


def test_a_location_message() -> None:
    place = Location(label="位置信息", x="23.134521", y="113.358803", scale="20")
    assert fixture("wechatpy__parse_location_message").location == place


def test_a_location_selected_from_the_menu() -> None:
    parsed = fixture("wechatpy__location_select_event")
    assert parsed.location == Location("广州市海珠区客村艺苑路 106号", "23", "113", "15")


def test_other_messages_have_no_location() -> None:
    assert fixture("wechatpy__parse_text_message").location is None
    assert message(MsgType="event", Event="location_select").location is None


def test_the_answer_to_a_menu_message() -> None:
    assert message(MsgType="text", Content="满意", bizmsgmenuid="101").menu_id == "101"


@pytest.mark.parametrize(
    ("name", "scene"),
    [
        ("wechatpy__parse_subscribe_scan_event", "123123"),
        ("wechatpy__scan_event", "SCENE_VALUE"),
        ("wechatpy__parse_subscribe_event", ""),
        ("wechatpy__parse_subscribe_event_with_last_trade_no", ""),
        ("wechatpy__click_event", ""),
    ],
)
def test_the_scene_of_a_qr_code(name: str, scene: str) -> None:
    assert fixture(name).scene == scene


def test_both_spellings_of_the_id_are_read() -> None:
    assert fixture("wechatpy__template_send_job_finish_event").msg_id == "200163836"


# Nested events keep their structure


def test_a_finished_publish_job() -> None:
    assert fixture("official__publishjobfinish_success").fields["PublishEventInfo"] == {
        "publish_id": "2247503051",
        "publish_status": "0",
        "article_id": "b5O2OUs25HBxRceL7hfReg-U9QGeq9zQjiDvyWP4Hq4",
        "article_detail": {"count": "1", "item": {"idx": "1", "article_url": "ARTICLE_URL"}},
    }


def test_a_finished_mass_message_lists_its_articles() -> None:
    check = fixture("wechatpy__mass_send_job_finish_event").fields["CopyrightCheckResult"]
    assert isinstance(check, dict)
    assert (check["Count"], check["CheckState"]) == ("2", "2")
    assert isinstance(check["ResultList"], dict)
    items = check["ResultList"]["item"]
    assert [isinstance(item, dict) and item["OriginalArticleUrl"] for item in items] == ["Url_1", "Url_2"]


def test_an_empty_list_is_an_empty_text() -> None:
    check = fixture("official__masssendjobfinish_with_article_url").fields["CopyrightCheckResult"]
    assert check == {"Count": "0", "ResultList": "", "CheckState": "0"}


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("scan_code_push_event", "ScanCodeInfo", {"ScanType": "qrcode", "ScanResult": "1"}),
        (
            "pic_sysphoto_event",
            "SendPicsInfo",
            {"Count": "1", "PicList": {"item": {"PicMd5Sum": "1b5f7c23b5bf75682a53e7b6d163e185"}}},
        ),
        (
            "template_subscribe_msg_change_event",
            "SubscribeMsgChangeEvent",
            {
                "List": {
                    "TemplateId": "VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc",
                    "SubscribeStatusString": "reject",
                }
            },
        ),
    ],
)
def test_what_a_menu_or_a_template_reports(name: str, field: str, value: dict[str, Any]) -> None:
    assert fixture(f"wechatpy__{name}").fields[field] == value


def test_a_list_may_come_as_one_or_as_several() -> None:
    several = fixture("wechatpy__template_subscribe_msg_popup_event").fields["SubscribeMsgPopupEvent"]
    assert isinstance(several, dict)
    assert [isinstance(item, dict) and item["SubscribeStatusString"] for item in several["List"]] == [
        "accept",
        "reject",
    ]
    in_json = message(MsgType="event", SubscribeMsgPopupEvent={"List": [{"PopupScene": 2}]})
    assert in_json.fields["SubscribeMsgPopupEvent"] == {"List": [{"PopupScene": "2"}]}


def test_three_of_an_element_are_one_list() -> None:
    assert parse_message(xml("<a>1</a><b/><a><c>2</c></a><a/>")).fields["a"] == ["1", {"c": "2"}, ""]


# JSON


def test_numbers_in_json_are_kept_to_the_digit() -> None:
    parsed = parse_message(
        b'{"ToUserName":"gh_1","FromUserName":"openid","CreateTime":1714037059,"MsgType":"location",'
        b'"MsgId":18446744073709551615,"Location_X":23.1345210,"Location_Y":1e2,"Scale":null,"Label":true}'
    )
    assert (parsed.create_time, parsed.msg_id) == (1714037059, "18446744073709551615")
    assert parsed.location == Location("true", "23.1345210", "1e2", "")


def test_characters_that_xml_could_not_hold_are_left_out_of_json() -> None:
    assert message(MsgType="text", Content="a\x00b\ud800c\uffff😀").content == "abc😀"


# Keys


def test_a_repetition_has_the_key_of_the_message() -> None:
    name = "official__text_with_msgdataid_idx"
    assert fixture(name).key == fixture(name).key
    assert message(MsgType="text", Content="a").key == message(MsgType="text", Content="a").key


def test_the_id_alone_tells_a_followers_messages_apart() -> None:
    first = message(MsgType="text", MsgId="1", Content="a")
    assert first.key == message(MsgType="text", MsgId="1", Content="a", CreateTime="1714037064").key
    assert first.key != message(MsgType="text", MsgId="2", Content="a").key


DIFFERENT: list[dict[str, Any]] = [
    {"MsgType": "text", "MsgId": "1"},
    {"MsgType": "text", "MsgId": "1", "FromUserName": "another"},
    {"MsgType": "text", "MsgId": "2"},
    {"MsgType": "text", "Content": "a"},
    {"MsgType": "text", "Content": "b"},
    {"MsgType": "text", "Content": "a", "FromUserName": "another"},
    {"MsgType": "text", "Content": "a", "CreateTime": "1714037060"},
    {"MsgType": "image", "PicUrl": "a"},
    {"MsgType": "event", "Event": "CLICK", "EventKey": "a"},
    {"MsgType": "event", "Event": "CLICK", "EventKey": "b"},
    {"MsgType": "event", "Event": "VIEW", "EventKey": "a"},
    {"MsgType": "event", "Event": "CLICK", "EventKey": "a", "CreateTime": "1714037060"},
    {"MsgType": "event", "Event": "CLICK", "EventKey": "a", "FromUserName": "another"},
    {"MsgType": "event", "Event": "MASSSENDJOBFINISH", "MsgID": "1"},
]


def test_different_messages_never_share_a_key() -> None:
    keys = [message(**fields).key for fields in DIFFERENT]
    assert len(set(keys)) == len(DIFFERENT)


@pytest.mark.parametrize("border", ["", " ", "|", "#", ",", ", ", "'", '"', "', '", "\\"])
def test_no_text_can_look_like_the_border_to_the_next(border: str) -> None:
    first = message(MsgType="text", MsgId="1", FromUserName=f"a{border}text")
    second = message(MsgType=f"text{border}text", MsgId="1", FromUserName="a")
    assert first.key != second.key


def test_a_key_is_short_and_names_nobody() -> None:
    key = message(MsgType="event", Event="SCAN", EventKey="long" * 10_000).key
    assert len(key) == 64
    assert "openid" not in key


def test_what_is_logged_of_a_message_names_no_follower_and_quotes_nothing() -> None:
    text = repr(message(MsgType="text", Content="a secret"))
    assert "openid" not in text
    assert "a secret" not in text


# What is no message


@pytest.mark.parametrize("name", ["ToUserName", "FromUserName", "MsgType"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_message_without_sender_receiver_or_type_is_refused(name: str, value: str | None) -> None:
    with pytest.raises(MessageError, match="missing"):
        message(**{"MsgType": "text", name: value})


@pytest.mark.parametrize(
    "name", ["ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "MsgID", "Event", "EventKey"]
)
@pytest.mark.parametrize("value", [["a", "b"], {"a": "b"}])
def test_a_list_where_every_message_has_a_text_is_refused(name: str, value: object) -> None:
    with pytest.raises(MessageError, match=f"not a text: {name}"):
        message(**{"MsgType": "event", name: value})


@pytest.mark.parametrize("name", ["Content", "PicUrl", "MediaId", "Recognition", "Format", "Title", "Url"])
def test_a_list_where_a_message_has_a_text_is_refused(name: str) -> None:
    with pytest.raises(MessageError, match=f"not a text: {name}"):
        message(**{"MsgType": "text", name: ["a", "b"]})


def test_an_element_that_is_there_twice_is_no_text() -> None:
    with pytest.raises(MessageError, match="not a text: FromUserName"):
        parse_message(xml("<FromUserName>another</FromUserName>"))


def test_an_event_may_nest_anything_under_a_name_that_messages_use() -> None:
    parsed = message(MsgType="event", Event="brand_new", Title={"a": "b"}, Content=["c"])
    assert (parsed.title, parsed.content) == ("", "")
    assert parsed.fields["Title"] == {"a": "b"}


@pytest.mark.parametrize("created", ["soon", "-1", "1.5", "１２", "1" * 13])
def test_a_time_that_is_none_is_refused(created: str) -> None:
    with pytest.raises(MessageError, match="CreateTime"):
        message(MsgType="text", CreateTime=created)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
)
NAMES = [*BASE, "MsgType", "MsgId", "Event", "EventKey", "Content", "SendLocationInfo", "Location_X"]
PROPERTIES = {name for name, value in vars(Message).items() if isinstance(value, property)}


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
@settings(deadline=None)
def test_any_json_is_a_message_or_refused_and_every_property_can_be_read(fields: dict[str, Any]) -> None:
    try:
        parsed = message(**{"MsgType": "event", **fields})
    except MessageError:
        return
    assert all(isinstance(getattr(parsed, name), str) for name in PROPERTIES - {"location"})
    assert parsed.location is None or all(isinstance(text, str) for text in parsed.location)
