"""Every call as WeChat gets it: method, path, query and JSON, and what becomes of WeChat's answer."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.platform.api import ENDPOINTS
from tests.unit.wechat_api import Platform, Time
from wechat_oa.api import (
    comment,
    draft,
    mass,
    material,
    menu,
    message,
    network,
    publish,
    qrcode,
    quota,
    statistics,
    tag,
    template,
    user,
)
from wechat_oa.api.article import Article
from wechat_oa.api.client import WeChatClient
from wechat_oa.api.errors import UnknownOutcome, WeChatError, WeChatUnavailable

OK = {"errcode": 0, "errmsg": "ok"}
ARTICLE: Article = {"title": "标题“引号”", "content": "<p>正文</p>", "thumb_media_id": "T"}
BUTTONS: list[menu.Button] = [{"type": "click", "name": "帮助", "key": "HELP"}]
PAGE = {"total_count": 1, "item_count": 1, "item": [{"media_id": "M"}]}
NEWS = {"news_item": [{"title": "题"}], "create_time": 1, "update_time": 2}
OPENIDS = {"total": 2, "count": 2, "data": {"openid": ["A", "B"]}, "next_openid": "B"}
OPENID_PAGE = {"total": 2, "count": 2, "openids": ["A", "B"], "next_openid": "B"}
DAY = date(2025, 11, 1)

Do = Callable[[WeChatClient], Awaitable[Any]]


@dataclass(frozen=True)
class Case:
    """One call: what is done, what WeChat gets, what it answers and what comes of it."""

    do: Do
    path: str
    payload: Any = None
    """None: a GET."""
    answer: Mapping[str, Any] = field(default_factory=lambda: OK)
    result: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False
    """Whether it is made again when WeChat is busy."""


def _custom(msgtype: str, body: Any) -> dict[str, Any]:
    return {"touser": "O", "msgtype": msgtype, msgtype: body}


SEND = "/cgi-bin/message/custom/send"
MASS = "/cgi-bin/message/mass"
JOB = {**OK, "msg_id": 34182, "msg_data_id": 206227730}

CASES = [
    # drafts
    Case(
        lambda c: draft.add(c, [ARTICLE]),
        "/cgi-bin/draft/add",
        {"articles": [ARTICLE]},
        {"media_id": "M"},
        draft.AddedDraft("M"),
    ),
    Case(
        lambda c: draft.add(c, [{**ARTICLE, "need_open_comment": True, "only_fans_can_comment": False}]),
        "/cgi-bin/draft/add",
        {"articles": [{**ARTICLE, "need_open_comment": 1, "only_fans_can_comment": 0}]},
        {"media_id": "M"},
        draft.AddedDraft("M"),
    ),
    Case(lambda c: draft.get(c, "M"), "/cgi-bin/draft/get", {"media_id": "M"}, NEWS, NEWS, repeatable=True),
    Case(
        lambda c: draft.update(c, "M", ARTICLE, index=1),
        "/cgi-bin/draft/update",
        {"media_id": "M", "index": 1, "articles": ARTICLE},
        result=(),
        repeatable=True,
    ),
    Case(lambda c: draft.delete(c, "M"), "/cgi-bin/draft/delete", {"media_id": "M"}),
    Case(
        lambda c: draft.batchget(c, offset=20, count=5, no_content=True),
        "/cgi-bin/draft/batchget",
        {"offset": 20, "count": 5, "no_content": 1},
        PAGE,
        PAGE,
        repeatable=True,
    ),
    Case(draft.count, "/cgi-bin/draft/count", answer={"total_count": 15}, result=15, repeatable=True),
    Case(
        draft.switch,
        "/cgi-bin/draft/switch",
        {},
        {**OK, "is_open": 0},
        False,
        query={"checkonly": "1"},
        repeatable=True,
    ),
    Case(
        lambda c: draft.switch(c, checkonly=False), "/cgi-bin/draft/switch", {}, result=True, repeatable=True
    ),
    # publishing
    Case(
        lambda c: publish.submit(c, "M"),
        "/cgi-bin/freepublish/submit",
        {"media_id": "M"},
        {**OK, "publish_id": 2247483655, "msg_data_id": 7},
        publish.PublishJob("2247483655", "7"),
    ),
    Case(
        lambda c: publish.get(c, "2247483655"),
        "/cgi-bin/freepublish/get",
        {"publish_id": "2247483655"},
        {"publish_id": 2247483655, "publish_status": 3, "fail_idx": [1]},
        {"publish_id": "2247483655", "publish_status": 3, "fail_idx": [1]},
        repeatable=True,
    ),
    Case(lambda c: publish.delete(c, "A"), "/cgi-bin/freepublish/delete", {"article_id": "A"}),
    Case(
        lambda c: publish.delete(c, "A", index=2),
        "/cgi-bin/freepublish/delete",
        {"article_id": "A", "index": 2},
    ),
    Case(
        lambda c: publish.getarticle(c, "A"),
        "/cgi-bin/freepublish/getarticle",
        {"article_id": "A"},
        NEWS,
        NEWS,
        repeatable=True,
    ),
    Case(
        publish.batchget,
        "/cgi-bin/freepublish/batchget",
        {"offset": 0, "count": 20, "no_content": 0},
        PAGE,
        PAGE,
        repeatable=True,
    ),
    # material
    Case(lambda c: material.delete(c, "M"), "/cgi-bin/material/del_material", {"media_id": "M"}),
    Case(
        lambda c: material.batchget(c, "news", count=1),
        "/cgi-bin/material/batchget_material",
        {"type": "news", "offset": 0, "count": 1},
        PAGE,
        PAGE,
        repeatable=True,
    ),
    Case(
        material.count,
        "/cgi-bin/material/get_materialcount",
        answer={"voice_count": 1, "video_count": 2, "image_count": 3, "news_count": 4},
        result={"voice_count": 1, "video_count": 2, "image_count": 3, "news_count": 4},
        repeatable=True,
    ),
    # customer service
    Case(
        lambda c: message.send_text(c, "O", "你好", "kf1@gh"),
        SEND,
        {**_custom("text", {"content": "你好"}), "customservice": {"kf_account": "kf1@gh"}},
    ),
    Case(lambda c: message.send_image(c, "O", "M"), SEND, _custom("image", {"media_id": "M"})),
    Case(lambda c: message.send_voice(c, "O", "M"), SEND, _custom("voice", {"media_id": "M"})),
    Case(
        lambda c: message.send_video(c, "O", "M", title="题", description="述"),
        SEND,
        _custom("video", {"media_id": "M", "thumb_media_id": "M", "title": "题", "description": "述"}),
    ),
    Case(
        lambda c: message.send_music(c, "O", musicurl="http://m", thumb_media_id="T", title="题"),
        SEND,
        _custom(
            "music",
            {
                "title": "题",
                "description": "",
                "musicurl": "http://m",
                "hqmusicurl": "http://m",
                "thumb_media_id": "T",
            },
        ),
    ),
    Case(
        lambda c: message.send_news(c, "O", title="题", url="http://u", picurl="http://p"),
        SEND,
        _custom(
            "news",
            {"articles": [{"title": "题", "description": "", "url": "http://u", "picurl": "http://p"}]},
        ),
    ),
    Case(lambda c: message.send_mpnews(c, "O", "M"), SEND, _custom("mpnews", {"media_id": "M"})),
    Case(
        lambda c: message.send_mpnewsarticle(c, "O", "A"), SEND, _custom("mpnewsarticle", {"article_id": "A"})
    ),
    Case(
        lambda c: message.send_msgmenu(
            c, "O", head_content="满意吗", choices={"101": "满意", "102": "不满意"}
        ),
        SEND,
        _custom(
            "msgmenu",
            {
                "head_content": "满意吗",
                "list": [{"id": "101", "content": "满意"}, {"id": "102", "content": "不满意"}],
                "tail_content": "",
            },
        ),
    ),
    Case(lambda c: message.send_wxcard(c, "O", "C"), SEND, _custom("wxcard", {"card_id": "C"})),
    Case(
        lambda c: message.send_miniprogrampage(
            c, "O", title="题", appid="wx1", pagepath="p", thumb_media_id="T"
        ),
        SEND,
        _custom("miniprogrampage", {"title": "题", "appid": "wx1", "pagepath": "p", "thumb_media_id": "T"}),
    ),
    Case(
        lambda c: message.send_link(
            c, "O", title="题", description="述", url="http://u", thumb_url="http://t"
        ),
        SEND,
        _custom("link", {"title": "题", "description": "述", "url": "http://u", "thumb_url": "http://t"}),
    ),
    Case(
        lambda c: message.typing(c, "O"),
        "/cgi-bin/message/custom/typing",
        {"touser": "O", "command": "Typing"},
    ),
    # menus
    Case(lambda c: menu.create(c, BUTTONS), "/cgi-bin/menu/create", {"button": BUTTONS}, repeatable=True),
    Case(
        menu.get,
        "/cgi-bin/menu/get",
        answer={"menu": {"button": BUTTONS}},
        result={"menu": {"button": BUTTONS}},
        repeatable=True,
    ),
    Case(
        menu.current,
        "/cgi-bin/get_current_selfmenu_info",
        answer={"is_menu_open": 1, "selfmenu_info": {"button": []}},
        result={"is_menu_open": 1, "selfmenu_info": {"button": []}},
        repeatable=True,
    ),
    Case(menu.delete, "/cgi-bin/menu/delete", repeatable=True),
    Case(
        lambda c: menu.add_conditional(c, BUTTONS, {"tag_id": "2"}),
        "/cgi-bin/menu/addconditional",
        {"button": BUTTONS, "matchrule": {"tag_id": "2"}},
        {"menuid": 208396938},
        "208396938",
    ),
    Case(
        lambda c: menu.delete_conditional(c, "208396938"),
        "/cgi-bin/menu/delconditional",
        {"menuid": "208396938"},
    ),
    Case(
        lambda c: menu.try_match(c, "O"),
        "/cgi-bin/menu/trymatch",
        {"user_id": "O"},
        {"button": BUTTONS},
        BUTTONS,
        repeatable=True,
    ),
    # followers
    Case(user.get, "/cgi-bin/user/get", answer=OPENIDS, result=OPENID_PAGE, repeatable=True),
    Case(
        lambda c: user.get(c, next_openid="B"),
        "/cgi-bin/user/get",
        answer={"total": 2, "count": 0, "next_openid": ""},
        result={"total": 2, "count": 0, "openids": [], "next_openid": ""},
        query={"next_openid": "B"},
        repeatable=True,
    ),
    Case(
        lambda c: user.info(c, "A", lang="en"),
        "/cgi-bin/user/info",
        answer={"subscribe": 0, "openid": "A"},
        result={"subscribe": 0, "openid": "A"},
        query={"openid": "A", "lang": "en"},
        repeatable=True,
    ),
    Case(
        lambda c: user.batch_info(c, ["A"]),
        "/cgi-bin/user/info/batchget",
        {"user_list": [{"openid": "A", "lang": "zh_CN"}]},
        {"user_info_list": [{"openid": "A"}]},
        [{"openid": "A"}],
        repeatable=True,
    ),
    Case(
        lambda c: user.update_remark(c, "A", "老王"),
        "/cgi-bin/user/info/updateremark",
        {"openid": "A", "remark": "老王"},
        repeatable=True,
    ),
    Case(
        user.get_blacklist,
        "/cgi-bin/tags/members/getblacklist",
        {"begin_openid": ""},
        OPENIDS,
        OPENID_PAGE,
        repeatable=True,
    ),
    Case(
        lambda c: user.block(c, ["A"]),
        "/cgi-bin/tags/members/batchblacklist",
        {"openid_list": ["A"]},
        repeatable=True,
    ),
    Case(
        lambda c: user.unblock(c, ["A"]),
        "/cgi-bin/tags/members/batchunblacklist",
        {"openid_list": ["A"]},
        repeatable=True,
    ),
    # tags
    Case(
        lambda c: tag.create(c, "广东"),
        "/cgi-bin/tags/create",
        {"tag": {"name": "广东"}},
        {"tag": {"id": 134, "name": "广东"}},
        {"id": 134, "name": "广东"},
    ),
    Case(
        tag.get,
        "/cgi-bin/tags/get",
        answer={"tags": [{"id": 2, "name": "星标组", "count": 0}]},
        result=[{"id": 2, "name": "星标组", "count": 0}],
        repeatable=True,
    ),
    Case(
        lambda c: tag.update(c, 134, "广西"),
        "/cgi-bin/tags/update",
        {"tag": {"id": 134, "name": "广西"}},
        repeatable=True,
    ),
    Case(lambda c: tag.delete(c, 134), "/cgi-bin/tags/delete", {"tag": {"id": 134}}),
    Case(
        lambda c: tag.members(c, 134),
        "/cgi-bin/user/tag/get",
        {"tagid": 134, "next_openid": ""},
        {"count": 2, "data": {"openid": ["A", "B"]}, "next_openid": "B"},
        OPENID_PAGE,
        repeatable=True,
    ),
    Case(
        lambda c: tag.tag_users(c, 134, ["A", "B"]),
        "/cgi-bin/tags/members/batchtagging",
        {"tagid": 134, "openid_list": ["A", "B"]},
        repeatable=True,
    ),
    Case(
        lambda c: tag.untag_users(c, 134, ["A"]),
        "/cgi-bin/tags/members/batchuntagging",
        {"tagid": 134, "openid_list": ["A"]},
        repeatable=True,
    ),
    Case(
        lambda c: tag.of_user(c, "A"),
        "/cgi-bin/tags/getidlist",
        {"openid": "A"},
        {"tagid_list": [134, 2]},
        [134, 2],
        repeatable=True,
    ),
    # QR codes and short keys
    Case(
        lambda c: qrcode.create_temporary(c, 123, expire_seconds=1800),
        "/cgi-bin/qrcode/create",
        {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 123}}, "expire_seconds": 1800},
        {"ticket": "TICKET", "expire_seconds": 1800, "url": "http://weixin.qq.com/q/k"},
        qrcode.QrCode("TICKET", "http://weixin.qq.com/q/k", 1800),
        repeatable=True,
    ),
    Case(
        lambda c: qrcode.create_temporary(c, "展会"),
        "/cgi-bin/qrcode/create",
        {
            "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": "展会"}},
            "expire_seconds": 2592000,
        },
        {"ticket": "T"},
        qrcode.QrCode("T", "", 0),
        repeatable=True,
    ),
    Case(
        lambda c: qrcode.create_permanent(c, 7),
        "/cgi-bin/qrcode/create",
        {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}},
        {"ticket": "T", "url": "u"},
        qrcode.QrCode("T", "u", 0),
    ),
    Case(
        lambda c: qrcode.create_permanent(c, "门店"),
        "/cgi-bin/qrcode/create",
        {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "门店"}}},
        {"ticket": "T", "url": "u"},
        qrcode.QrCode("T", "u", 0),
    ),
    Case(
        lambda c: qrcode.shorten(c, "很长", expire_seconds=86400),
        "/cgi-bin/shorten/gen",
        {"long_data": "很长", "expire_seconds": 86400},
        {**OK, "short_key": "iTqRJFSEqk9RvPk"},
        "iTqRJFSEqk9RvPk",
        repeatable=True,
    ),
    Case(
        lambda c: qrcode.fetch_shortened(c, "iTqRJFSEqk9RvPk"),
        "/cgi-bin/shorten/fetch",
        {"short_key": "iTqRJFSEqk9RvPk"},
        {"long_data": "很长", "create_time": 1, "expire_seconds": 2},
        {"long_data": "很长", "create_time": 1, "expire_seconds": 2},
        repeatable=True,
    ),
    # templates
    Case(
        lambda c: template.set_industry(c, 1, 4),
        "/cgi-bin/template/api_set_industry",
        {"industry_id1": "1", "industry_id2": "4"},
    ),
    Case(
        template.get_industry,
        "/cgi-bin/template/get_industry",
        answer={"primary_industry": {}, "secondary_industry": {}},
        result={"primary_industry": {}, "secondary_industry": {}},
        repeatable=True,
    ),
    Case(
        lambda c: template.add(c, "TM00015", ["金额"]),
        "/cgi-bin/template/api_add_template",
        {"template_id_short": "TM00015", "keyword_name_list": ["金额"]},
        {**OK, "template_id": "TID"},
        "TID",
    ),
    Case(
        template.get_all,
        "/cgi-bin/template/get_all_private_template",
        answer={"template_list": [{"template_id": "TID"}]},
        result=[{"template_id": "TID"}],
        repeatable=True,
    ),
    Case(
        lambda c: template.delete(c, "TID"),
        "/cgi-bin/template/del_private_template",
        {"template_id": "TID"},
    ),
    Case(
        lambda c: template.send(
            c,
            "O",
            "TID",
            {"thing1": "咖啡"},
            url="http://u",
            miniprogram={"appid": "wx1", "pagepath": "p"},
            client_msg_id="m1",
        ),
        "/cgi-bin/message/template/send",
        {
            "touser": "O",
            "template_id": "TID",
            "data": {"thing1": {"value": "咖啡"}},
            "url": "http://u",
            "miniprogram": {"appid": "wx1", "pagepath": "p"},
            "client_msg_id": "m1",
        },
        {**OK, "msgid": 200228332},
        200228332,
    ),
    # mass messages
    Case(
        lambda c: mass.send_all(c, mass.text("大家好"), clientmsgid="c1"),
        f"{MASS}/sendall",
        {
            "filter": {"is_to_all": True},
            "send_ignore_reprint": 0,
            "text": {"content": "大家好"},
            "msgtype": "text",
            "clientmsgid": "c1",
        },
        JOB,
        mass.MassJob(34182, 206227730),
    ),
    Case(
        lambda c: mass.send_all(c, mass.mpnews("M"), tag_id=2, send_ignore_reprint=True),
        f"{MASS}/sendall",
        {
            "filter": {"is_to_all": False, "tag_id": 2},
            "send_ignore_reprint": 1,
            "mpnews": {"media_id": "M"},
            "msgtype": "mpnews",
        },
        JOB,
        mass.MassJob(34182, 206227730),
    ),
    Case(
        lambda c: mass.send(c, ["A", "B"], mass.images(["I"], recommend="看看")),
        f"{MASS}/send",
        {
            "touser": ["A", "B"],
            "send_ignore_reprint": 0,
            "images": {
                "media_ids": ["I"],
                "need_open_comment": 0,
                "only_fans_can_comment": 0,
                "recommend": "看看",
            },
            "msgtype": "image",
        },
        {**OK, "msg_id": 1},
        mass.MassJob(1, 0),
    ),
    Case(
        lambda c: mass.preview(c, mass.voice("V"), openid="O"),
        f"{MASS}/preview",
        {"touser": "O", "voice": {"media_id": "V"}, "msgtype": "voice"},
        {**OK, "msg_id": 34182},
        34182,
    ),
    Case(
        lambda c: mass.preview(c, mass.mpvideo("V"), towxname="wx"),
        f"{MASS}/preview",
        {"towxname": "wx", "mpvideo": {"media_id": "V"}, "msgtype": "mpvideo"},
        OK,
        0,
    ),
    Case(
        lambda c: mass.preview(c, mass.wxcard("C"), openid="O"),
        f"{MASS}/preview",
        {"touser": "O", "wxcard": {"card_id": "C"}, "msgtype": "wxcard"},
        OK,
        0,
    ),
    Case(
        lambda c: mass.status(c, 34182),
        f"{MASS}/get",
        {"msg_id": 34182},
        {"msg_id": 34182, "msg_status": "SEND_SUCCESS"},
        "SEND_SUCCESS",
        repeatable=True,
    ),
    Case(lambda c: mass.delete(c, 34182), f"{MASS}/delete", {"msg_id": 34182, "article_idx": 0}),
    Case(
        mass.get_speed,
        f"{MASS}/speed/get",
        {},
        {"speed": 3, "realspeed": 30},
        mass.Speed(3, 30),
        repeatable=True,
    ),
    Case(lambda c: mass.set_speed(c, 1), f"{MASS}/speed/set", {"speed": 1}, repeatable=True),
    # comments
    Case(
        lambda c: comment.open_comments(c, 7),
        "/cgi-bin/comment/open",
        {"msg_data_id": 7, "index": 0},
        repeatable=True,
    ),
    Case(
        lambda c: comment.close_comments(c, 7, index=1),
        "/cgi-bin/comment/close",
        {"msg_data_id": 7, "index": 1},
        repeatable=True,
    ),
    Case(
        lambda c: comment.list_comments(c, 7, begin=49, kind=2),
        "/cgi-bin/comment/list",
        {"msg_data_id": 7, "index": 0, "begin": 49, "count": 49, "type": 2},
        {**OK, "total": 1, "comment": [{"user_comment_id": 1}]},
        {"total": 1, "comment": [{"user_comment_id": 1}]},
        repeatable=True,
    ),
    Case(
        lambda c: comment.mark_elect(c, 7, 1),
        "/cgi-bin/comment/markelect",
        {"msg_data_id": 7, "index": 0, "user_comment_id": 1},
        repeatable=True,
    ),
    Case(
        lambda c: comment.unmark_elect(c, 7, 1),
        "/cgi-bin/comment/unmarkelect",
        {"msg_data_id": 7, "index": 0, "user_comment_id": 1},
        repeatable=True,
    ),
    Case(
        lambda c: comment.delete(c, 7, 1),
        "/cgi-bin/comment/delete",
        {"msg_data_id": 7, "index": 0, "user_comment_id": 1},
    ),
    Case(
        lambda c: comment.reply(c, 7, 1, "谢谢"),
        "/cgi-bin/comment/reply/add",
        {"msg_data_id": 7, "index": 0, "user_comment_id": 1, "content": "谢谢"},
    ),
    Case(
        lambda c: comment.delete_reply(c, 7, 1),
        "/cgi-bin/comment/reply/delete",
        {"msg_data_id": 7, "index": 0, "user_comment_id": 1},
    ),
    # statistics
    *(
        Case(
            lambda c, report=report: statistics.get(c, report, DAY, today=date(2025, 11, 2)),  # type: ignore[misc]
            f"/datacube/{report}",
            {"begin_date": "2025-11-01", "end_date": "2025-11-01"},
            {"list": [], "is_delay": True},
            {"list": [], "is_delay": True},
            repeatable=True,
        )
        for report in statistics.REPORTS
    ),
    # the account
    Case(
        lambda c: quota.get(c, "/cgi-bin/draft/add"),
        "/cgi-bin/openapi/quota/get",
        {"cgi_path": "/cgi-bin/draft/add"},
        {"quota": {"daily_limit": 10, "used": 1, "remain": 9}},
        {"quota": {"daily_limit": 10, "used": 1, "remain": 9}},
        repeatable=True,
    ),
    Case(lambda c: quota.clear(c, "wx1"), "/cgi-bin/clear_quota", {"appid": "wx1"}),
    Case(
        lambda c: quota.get_request(c, "61725984-6126f6f9-040f19c4"),
        "/cgi-bin/openapi/rid/get",
        {"rid": "61725984-6126f6f9-040f19c4"},
        {**OK, "request": {"request_url": "access_token=SECRET&x=1", "client_ip": "1.2.3.4"}},
        {"request_url": "access_token=…&x=1", "client_ip": "1.2.3.4"},
        repeatable=True,
    ),
    Case(
        network.check_callback,
        "/cgi-bin/callback/check",
        {"action": "all", "check_operator": "DEFAULT"},
        {"dns": [], "ping": []},
        {"dns": [], "ping": []},
        repeatable=True,
    ),
    Case(
        network.callback_ips,
        "/cgi-bin/getcallbackip",
        answer={"ip_list": ["127.0.0.1"]},
        result=["127.0.0.1"],
        repeatable=True,
    ),
    Case(
        network.api_domain_ips,
        "/cgi-bin/get_api_domain_ip",
        answer={"ip_list": ["127.0.0.1"]},
        result=["127.0.0.1"],
        repeatable=True,
    ),
]
IDS = [f"{number}-{case.path.rpartition('/')[2]}" for number, case in enumerate(CASES)]

BY_TRANSFER = {
    "/cgi-bin/media/upload",
    "/cgi-bin/media/get",
    "/cgi-bin/media/get/jssdk",
    "/cgi-bin/media/uploadimg",
    "/cgi-bin/material/add_material",
    "/cgi-bin/material/get_material",
}
"""Files, which have tests of their own."""
NOT_CALLED = {
    "/cgi-bin/token",
    "/cgi-bin/stable_token",
    "/cgi-bin/material/add_news",
    "/cgi-bin/material/update_news",
}


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path, Time())
    yield platform
    platform.table.close()


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_a_call_is_made_as_wechat_wants_it(platform: Platform, case: Case) -> None:
    platform.answers(case.path, case.answer)

    result = await case.do(platform.client())

    assert result == case.result
    (request,) = platform.asked(case.path)
    query = dict(request.url.params)
    assert query.pop("access_token") == platform.token
    assert query == case.query
    if case.payload is None:
        assert (request.method, request.content) == ("GET", b"")
        return
    assert request.method == "POST"
    assert json.loads(request.content) == case.payload
    assert b"\\u" not in request.content


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_what_may_have_taken_effect_is_never_repeated(platform: Platform, case: Case) -> None:
    busy = {"errcode": -1, "errmsg": "system error"}
    platform.answers(case.path, busy, busy, busy)

    with pytest.raises(WeChatUnavailable) as caught:
        await case.do(platform.client())

    assert isinstance(caught.value, UnknownOutcome) != case.repeatable
    assert len(platform.asked(case.path)) == (3 if case.repeatable else 1)


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_a_broken_connection_is_an_unknown_outcome_unless_repeating_does_no_harm(
    platform: Platform, case: Case
) -> None:
    platform.answers(case.path, httpx.ReadError("gone"))

    with pytest.raises(WeChatUnavailable) as caught:
        await case.do(platform.client())

    assert isinstance(caught.value, UnknownOutcome) != case.repeatable
    assert len(platform.asked(case.path)) == 1


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_a_refusal_is_raised_with_its_errcode(platform: Platform, case: Case) -> None:
    platform.answers(case.path, {"errcode": 48001, "errmsg": "api unauthorized rid: 1a-2b"})

    with pytest.raises(WeChatError) as caught:
        await case.do(platform.client())

    assert (caught.value.errcode, caught.value.path, caught.value.rid) == (48001, case.path, "1a-2b")


ENOUGH_SAID = {
    "/cgi-bin/draft/switch",
    "/cgi-bin/comment/list",
    "/cgi-bin/callback/check",
    f"{MASS}/preview",
}
"""Where an answer without anything is one."""
SAYING_SOMETHING = [case for case in CASES if case.result not in (None, ()) and case.path not in ENOUGH_SAID]


@pytest.mark.parametrize("case", SAYING_SOMETHING, ids=lambda case: case.path.rpartition("/")[2])
async def test_an_answer_that_lacks_what_was_asked_for_is_no_success(platform: Platform, case: Case) -> None:
    platform.answers(case.path, {"something": "else"})

    with pytest.raises(WeChatUnavailable, match="回应里没有"):
        await case.do(platform.client())


def test_every_endpoint_of_the_local_platform_has_its_call() -> None:
    called = {case.path for case in CASES} | BY_TRANSFER | NOT_CALLED

    assert {endpoint.path for endpoint in ENDPOINTS} == called


def test_a_picture_of_a_code_is_where_wechat_shows_it() -> None:
    assert qrcode.picture_url("gQH+/=") == "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQH%2B%2F%3D"


def test_every_mass_message_type_is_one_of_wechats() -> None:
    made = [mass.text("x"), mass.mpnews("M"), mass.voice("V"), mass.images(["I"]), mass.mpvideo("V")]

    assert [one.msgtype for one in (*made, mass.wxcard("C"))] == [
        *("text", "mpnews", "voice", "image", "mpvideo", "wxcard")
    ]
