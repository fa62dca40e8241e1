"""Every tool, with good arguments and with bad ones, against the account's platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.mcp import Owner, base64_of, make_owner, picture, text
from wechat_mcp.tools.registry import TOOLS
from wechat_oa.callback.signature import sign
from wechat_oa.conversations import Conversations
from wechat_oa.fetch import File
from wechat_oa.identifiers import time_ordered_id
from wechat_oa.settings import read_settings
from wechat_oa.store.local_queue import SqliteQueue
from wechat_reply.answering import answer
from wechat_reply.services import Services


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    return make_owner(tmp_path)


async def _draft(owner: Owner) -> str:
    cover = await owner.data("wechat_permanent_media", action="add", file_data=base64_of(picture()))
    article = {"title": "标题", "content": "<p>内容</p>", "thumb_media_id": cover["media_id"]}
    return str((await owner.data("wechat_draft", article=article))["media_id"])


# ---- What every tool says of itself ----------------------------------------------------------------------


async def test_tools_are_listed_with_flat_schemas_hints_and_chinese(owner: Owner) -> None:
    async with owner.client() as client:
        tools = {tool.name: tool for tool in await client.list_tools()}

    assert list(tools) == list(TOOLS)
    for tool in tools.values():
        schema = json.dumps(tool.input_schema, ensure_ascii=False)
        assert not any(word in schema for word in ("anyOf", "oneOf", "allOf", "$ref", "$defs"))
        assert any("\u4e00" <= letter <= "\u9fff" for letter in tool.description or "")
        for name, parameter in tool.input_schema["properties"].items():
            assert parameter.get("type"), (tool.name, name)
            assert parameter.get("description"), (tool.name, name)
        assert tool.annotations is not None
        assert tool.title
    assert tools["wechat_stats"].annotations.read_only_hint is True
    assert tools["wechat_publish"].annotations.destructive_hint is True
    assert tools["wechat_tool_call"].annotations.read_only_hint is False
    assert tools["wechat_upload_img"].annotations.read_only_hint is False


@pytest.mark.parametrize(
    "tool", [name for name in TOOLS if name not in ("wechat_upload_img", "wechat_tool_call")]
)
async def test_an_unknown_action_is_answered_with_the_known_ones(owner: Owner, tool: str) -> None:
    said = await owner.refusal(tool, action="fly")

    assert all(action in said for action in TOOLS[tool].actions)
    assert owner.asked() == []


@pytest.mark.parametrize("tool", TOOLS)
async def test_an_unknown_parameter_is_answered_with_the_known_ones(owner: Owner, tool: str) -> None:
    said = await owner.refusal(tool, colour_of_the_sky="blue")

    assert "colour_of_the_sky" in said
    assert all(name in said for name in TOOLS[tool].names)


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("wechat_auth", {"action": "configure", "app_id": "wx1"}, "app_secret"),
        ("wechat_auth", {"action": "configure", "app_id": "wx 1", "app_secret": "x"}, "wx 开头"),
        ("wechat_upload_img", {}, "file_path、file_data、url、upload_id"),
        ("wechat_upload_img", {"file_data": "eA==", "url": "https://a.example/b.png"}, "只能给一个"),
        ("wechat_upload_img", {"file_data": "not base64!"}, "base64"),
        ("wechat_upload_img", {"file_data": "eA=="}, "不是能识别的图片"),
        ("wechat_upload_img", {"file_path": "/nowhere/a.png"}, "读不到文件"),
        ("wechat_temporary_media", {"action": "upload", "media_type": "news"}, "media_type"),
        ("wechat_temporary_media", {"action": "get"}, "缺少参数 media_id"),
        ("wechat_temporary_media", {"action": "get", "media_id": "gone"}, "40007"),
        ("wechat_permanent_media", {"action": "list", "count": 21}, "不能大于 20"),
        ("wechat_permanent_media", {"action": "list", "media_type": "thumb"}, "不能列出缩略图"),
        (
            "wechat_permanent_media",
            {"action": "add", "media_type": "news", "file_data": "eA=="},
            "wechat_draft",
        ),
        ("wechat_draft", {"action": "add"}, "没有文章"),
        ("wechat_draft", {"article": {"title": "标题", "content": "内容"}}, "thumb_media_id"),
        ("wechat_draft", {"article": {"title": "字" * 65, "content": "x", "thumb_media_id": "m"}}, "最多 64"),
        ("wechat_draft", {"article": {"title": "x", "body": "y"}}, "没有这个字段"),
        ("wechat_draft", {"article": "just text"}, "要是对象"),
        ("wechat_draft", {"action": "get", "media_id": "gone"}, "40007"),
        ("wechat_publish", {"action": "submit"}, "缺少参数 media_id"),
        ("wechat_publish", {"media_id": "gone", "confirm": True}, "40007"),
        ("wechat_publish", {"publish_id": "1"}, "53502"),
        ("static_page", {"html_content": "x", "filename": "../../etc/passwd"}, "名字"),
        ("static_page", {"action": "generate"}, "缺少参数 html_content"),
        ("static_page", {"action": "generate", "html_content": "  "}, "空"),
        ("user_verification_code", {"action": "generate", "custom_code": "短"}, "6 到 64"),
        ("wechat_inbox", {"id": "nothing"}, "没有 id 为 nothing"),
        ("wechat_inbox", {"action": "list", "day": "yesterday"}, "YYYY-MM-DD"),
        ("wechat_menu", {"action": "create", "button": []}, "不能为空"),
        ("wechat_menu", {"button": [{"name": "一"}]}, "type"),
        ("wechat_user", {"action": "info", "openid": "nobody"}, "40003"),
        ("wechat_user", {"action": "block", "openids": ["o"] * 21}, "最多 20"),
        ("wechat_tag", {"action": "create", "tag_name": "长" * 11}, "最多 30"),
        ("wechat_tag", {"action": "delete", "tag_id": 0}, "45058"),
        ("wechat_message", {"action": "send", "openid": "o"}, "没有内容可发"),
        ("wechat_mass", {"action": "send", "openids": ["o"], "content": "x", "confirm": True}, "至少要有 2"),
        ("wechat_template_message", {"action": "send", "openid": "o"}, "template_id"),
        ("wechat_comment", {"msg_data_id": 0}, "不能小于 1"),
        ("wechat_qrcode", {"scene": "x" * 65}, "最多 64"),
        ("wechat_stats", {"report": "getarticlesummary"}, "只能是"),
        ("wechat_stats", {"report": "getusersummary", "begin_date": "2999-01-01"}, "昨天"),
        ("wechat_quota", {"cgi_path": "draft/add"}, "以 / 开头"),
        ("wechat_tool_call", {}, "tool_name"),
        ("wechat_tool_call", {"tool_name": "wechat_drafts"}, "是不是 wechat_draft"),
        ("wechat_tool_call", {"tool_name": "wechat_tool_call"}, "不能调用自己"),
    ],
)
async def test_bad_arguments_are_answered_with_what_to_do(
    owner: Owner, tool: str, arguments: dict[str, Any], words: str
) -> None:
    assert words in await owner.refusal(tool, **arguments)


# ---- Good arguments --------------------------------------------------------------------------------------


async def test_secrets_are_shown_masked(owner: Owner) -> None:
    await owner.data("wechat_auth", action="get_token")

    shown = text(await owner.call("wechat_auth", action="get_config"))

    token = owner.services.table.get("token#wx0123456789abcdef", "access_token")
    assert token is not None
    assert token["access_token"] not in shown
    assert "0123456789abcdef0123456789abcdef" not in shown
    assert "0123***ef" in shown


async def test_wrong_credentials_are_not_saved(owner: Owner) -> None:
    said = await owner.refusal("wechat_auth", action="configure", app_id="wxother", app_secret="x" * 32)

    assert "40013" in said or "40125" in said
    assert (await owner.data("wechat_auth"))["source"] == "settings"


async def test_the_address_for_the_whitelist_is_told_by_whoever_sees_it(tmp_path: Path) -> None:
    async def fetch(url: str, *, max_bytes: int, redirects: int = 5) -> File:
        return File("", b"203.0.113.9\n", "text/plain")

    owner = make_owner(tmp_path, fetch=fetch)

    assert (await owner.data("wechat_auth", action="outbound_ip"))["ip"] == "203.0.113.9"


async def test_pictures_are_made_fit_rather_than_refused(owner: Owner) -> None:
    webp = picture("WEBP", (3000, 2000))

    done = await owner.data("wechat_upload_img", file_data=base64_of(webp), file_name="照片.webp")

    assert "webp 3000×2000" in done["converted"]
    assert done["bytes"] < 1 << 20


async def test_a_file_comes_from_an_address_too(tmp_path: Path) -> None:
    async def fetch(url: str, *, max_bytes: int, redirects: int = 5) -> File:
        assert url == "https://pictures.example/a.png"
        return File("a.png", picture("PNG"), "image/png")

    owner = make_owner(tmp_path, fetch=fetch)

    assert await owner.data("wechat_upload_img", url="https://pictures.example/a.png")


async def test_files_of_the_server_are_not_read_where_it_is_not_the_owners_machine(tmp_path: Path) -> None:
    owner = make_owner(tmp_path, files_allowed=False)

    said = await owner.refusal("wechat_upload_img", file_path="/etc/hostname")

    assert all(way in said for way in ("url", "file_data", "upload_url"))


async def test_a_large_file_is_sent_to_an_address_of_its_own(tmp_path: Path) -> None:
    class Urls:
        def create(self, filename: str, content_type: str) -> dict[str, Any]:
            return {
                "upload_id": "abc/v.mp4",
                "url": "https://b.example",
                "fields": {"key": "k"},
                "expires_in": 600,
            }

        def take(self, upload_id: str) -> tuple[str, bytes, str] | None:
            return ("a.jpg", picture(), "image/jpeg") if upload_id == "abc/v.mp4" else None

    owner = make_owner(tmp_path, upload_urls=Urls())

    made = await owner.data("wechat_temporary_media", action="upload_url", file_name="a.jpg")
    assert "curl" in made["example"]
    assert await owner.data("wechat_temporary_media", upload_id=made["upload_id"])
    assert "upload_id" in await owner.refusal("wechat_temporary_media", upload_id="other")
    assert [item["file_name"] for item in (await owner.data("wechat_temporary_media"))["items"]] == ["a.jpg"]


async def test_a_draft_is_changed_field_by_field_and_deleted(owner: Owner) -> None:
    media_id = await _draft(owner)

    await owner.data("wechat_draft", action="update", media_id=media_id, index=0, article={"title": "新标题"})

    article = (await owner.data("wechat_draft", media_id=media_id))["news_item"][0]
    assert (article["title"], article["content"]) == ("新标题", "<p>内容</p>")
    said = await owner.refusal(
        "wechat_draft", action="update", media_id=media_id, index=3, article={"title": "x"}
    )
    assert "只有 1 篇" in said
    assert (await owner.data("wechat_draft", action="count"))["total_count"] == 1
    await owner.data("wechat_draft", action="delete", media_id=media_id)
    assert (await owner.data("wechat_draft", action="count"))["total_count"] == 0


async def test_a_draft_is_published_waited_for_read_and_deleted(owner: Owner) -> None:
    media_id = await _draft(owner)

    done = await owner.data("wechat_publish", media_id=media_id, wait=True, confirm=True)

    assert done["publish_status"] == 0
    assert done["article_urls"]
    assert done["media_id"] == media_id
    read = await owner.data("wechat_publish", article_id=done["article_id"])
    assert read["news_item"][0]["title"] == "标题"
    unconfirmed = await owner.data("wechat_publish", action="delete", article_id=done["article_id"])
    assert unconfirmed["confirmed"] is False
    assert await owner.data("wechat_publish", action="delete", article_id=done["article_id"], confirm=True)


async def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(owner: Owner) -> None:
    media_id = await _draft(owner)
    before = owner.asked()

    shown = await owner.data("wechat_publish", media_id=media_id, dry_run=True)

    assert shown["request"]["path"] == "/cgi-bin/freepublish/submit"
    assert shown["request"]["json"] == {"media_id": media_id}
    assert owner.asked() == before


async def test_a_tool_that_does_one_thing_can_be_tried_dry_too(owner: Owner) -> None:
    shown = await owner.data("wechat_upload_img", file_data=base64_of(picture()), dry_run=True)

    assert shown["request"]["path"] == "/cgi-bin/media/uploadimg"
    assert owner.asked() == []


async def test_an_answer_that_is_lost_is_not_told_as_a_refusal(tmp_path: Path) -> None:
    owner = make_owner(tmp_path, lost="/cgi-bin/freepublish/submit")
    media_id = await _draft(owner)

    said = await owner.refusal("wechat_publish", media_id=media_id, confirm=True)

    assert "不知道是否生效" in said
    assert "没有接受" not in said
    assert owner.asked().count("/cgi-bin/freepublish/submit") == 1


async def test_wechats_word_on_a_publication_joins_what_is_known_of_it(owner: Owner, tmp_path: Path) -> None:
    services = owner.services
    queue = SqliteQueue(tmp_path / "queue.db")
    account = Services(read_settings({"WECHAT_TOKEN": "testtoken"}), owner.table, queue, services.clock)
    media_id = await _draft(owner)
    publish_id = (await owner.data("wechat_publish", media_id=media_id, confirm=True))["publish_id"]
    now = str(int(services.clock()))
    event = (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>{now}</CreateTime>"
        "<MsgType>event</MsgType><Event>PUBLISHJOBFINISH</Event><PublishEventInfo>"
        f"<publish_id>{publish_id}</publish_id><publish_status>0</publish_status>"
        "<article_id>a1</article_id></PublishEventInfo></xml>"
    )

    query = {"timestamp": now, "nonce": "n", "signature": sign("testtoken", now, "n")}
    pushed = await answer(account, query, event.encode())
    queue.close()

    noted = services.table.get(f"publish#{publish_id}", "-")
    assert pushed.body == "success"
    assert noted is not None
    assert (noted["media_id"], noted["status"], noted["article_id"]) == (media_id, 0, "a1")


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("wechat_publish", {"action": "delete", "article_id": "a"}),
        ("wechat_mass", {"action": "send_all", "media_id": "m"}),
        ("wechat_mass", {"action": "send", "media_id": "m", "openids": ["a", "b"]}),
        ("wechat_mass", {"action": "delete", "msg_id": 1}),
        ("wechat_quota", {"action": "clear_quota"}),
        ("wechat_qrcode", {"action": "create_permanent", "scene": "a"}),
        ("wechat_template_message", {"action": "set_industry", "industry_id1": 1, "industry_id2": 4}),
    ],
)
async def test_what_cannot_be_undone_is_not_done_without_a_word(
    owner: Owner, tool: str, arguments: dict[str, Any]
) -> None:
    answered = await owner.data(tool, **arguments)

    assert answered["confirmed"] is False
    assert "confirm=true" in answered["summary"]
    assert owner.asked() == []


async def test_a_page_is_made_from_a_template_and_hosted(owner: Owner) -> None:
    fields = {"title": "周末市集", "sections": [{"title": "时间", "content": "周六"}], "tags": ["活动"]}

    html = (await owner.data("wechat_template", **fields))["html"]
    hosted = await owner.data(
        "wechat_template",
        **fields,
        actionButton={"text": "报名", "url": "https://a.example"},
        filename="fair",
    )
    draft = await owner.data(
        "wechat_tool_call", tool_name="wechat_template", arguments={**fields, "forDraft": True}
    )

    assert "周末市集" in html
    assert "{{" not in html
    assert hosted["url"] == "https://pages.example/fair.html"
    assert "<style" not in draft["html"]
    assert (await owner.data("wechat_template", action="list"))["templates"]
    assert (await owner.data("wechat_template", action="get_template"))["fields"]
    assert "没有这个模板" in await owner.refusal("wechat_template", title="x", template_name="phub9")


async def test_a_menu_is_made_looked_at_and_removed(owner: Owner) -> None:
    button = [
        {"name": "更多", "sub_button": [{"name": "官网", "type": "view", "url": "https://example.com"}]}
    ]

    await owner.data("wechat_menu", buttons=button)
    assert (await owner.data("wechat_menu"))["menu"]["button"][0]["name"] == "更多"
    assert await owner.data("wechat_menu", action="current")
    made = await owner.data("wechat_menu", action="add_conditional", button=button, client_platform_type="1")
    assert await owner.data("wechat_menu", action="delete_conditional", menuid=made["menuid"])
    assert await owner.data("wechat_menu", action="delete")
    assert "没有通过接口设置菜单" in (await owner.data("wechat_menu"))["summary"]


async def test_followers_are_listed_tagged_noted_and_blocked(owner: Owner) -> None:
    openid = owner.platform.follower("小明").openid
    owner.platform.follower("小红")

    listed = await owner.data("wechat_user")
    assert openid in listed["openids"]
    await owner.data("wechat_user", action="remark", openid=openid, remark="老读者")
    info = await owner.data("wechat_user", openid=openid)
    assert info["remark"] == "老读者"
    tag = (await owner.data("wechat_tag", action="create", tag_name="读者"))["tag"]["id"]
    await owner.data("wechat_tag", action="tag_users", tag_id=tag, openids=[openid])
    assert (await owner.data("wechat_tag", tag_id=tag))["openids"] == [openid]
    await owner.data("wechat_tag", action="untag_users", tag_id=tag, openids=[openid])
    await owner.data("wechat_tag", action="update", tag_id=tag, tag_name="朋友")
    assert "朋友" in (await owner.data("wechat_tag"))["summary"]
    await owner.data("wechat_tag", action="delete", tag_id=tag)
    await owner.data("wechat_user", action="block", openids=[openid])
    assert (await owner.data("wechat_user", action="blacklist"))["openids"] == [openid]
    await owner.data("wechat_user", action="unblock", openids=[openid])


async def test_codes_short_keys_statistics_and_quotas(owner: Owner) -> None:
    code = await owner.data("wechat_qrcode", scene="门店1")
    assert code["picture_url"].startswith("https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=")
    key = (await owner.data("wechat_qrcode", long_data="很长的内容"))["short_key"]
    assert (await owner.data("wechat_qrcode", short_key=key))["long_data"] == "很长的内容"
    assert "list" in await owner.data("wechat_stats", report="getusersummary")
    assert len((await owner.data("wechat_stats", action="reports"))["reports"]) == 15
    assert await owner.data("wechat_quota", cgi_path="/cgi-bin/draft/add")
    assert "白名单" in (await owner.data("wechat_quota", errcode=40164))["summary"]
    assert await owner.data("wechat_quota", action="ip_list")
    assert await owner.data("wechat_quota", action="clear_quota", confirm=True)


async def test_templates_comments_and_mass_messages(owner: Owner) -> None:
    openid = owner.platform.follower("小明").openid
    owner.platform.follower("小红")
    added = await owner.data("wechat_template_message", action="add", template_id_short="43210")
    assert (await owner.data("wechat_template_message"))["template_list"]
    sent = await owner.data(
        "wechat_template_message",
        action="send",
        openid=openid,
        template_id=added["template_id"],
        data={"thing1": {"value": "年检"}, "time2": "2026-11-25"},
    )
    assert sent["msgid"]
    media_id = await _draft(owner)
    assert await owner.data("wechat_mass", action="preview", media_id=media_id, openid=openid)
    job = await owner.data("wechat_mass", action="send_all", media_id=media_id, confirm=True)
    assert (await owner.data("wechat_mass", msg_id=job["msg_id"]))["msg_status"]
    opened = await owner.data("wechat_comment", action="open", msg_data_id=job["msg_data_id"])
    assert opened["msg_data_id"] == job["msg_data_id"]
    assert (await owner.data("wechat_comment", msg_data_id=job["msg_data_id"]))["total"] == 0


# ---- The inbox -------------------------------------------------------------------------------------------


async def test_the_inbox_holds_what_followers_asked_and_forgets_what_they_clear(owner: Owner) -> None:
    table, clock = owner.table, owner.services.clock
    conversations = Conversations(table, clock)
    ming, hong = owner.platform.follower("小明").openid, owner.platform.follower("小红").openid
    conversations.remember(ming, time_ordered_id(clock() - 60), "今天开门吗", "开的。")
    conversations.remember(hong, time_ordered_id(clock()), "有停车位吗", "有。")

    listed = (await owner.data("wechat_inbox"))["items"]

    assert [item["question"] for item in listed] == ["有停车位吗", "今天开门吗"]
    assert not any(openid in json.dumps(listed) for openid in (ming, hong))
    (found,) = (await owner.data("wechat_inbox", query="停车"))["items"]
    assert found["id"] == listed[0]["id"]
    (by_follower,) = (await owner.data("wechat_inbox", follower=listed[1]["follower"]))["items"]
    assert by_follower["question"] == "今天开门吗"
    assert (await owner.data("wechat_inbox", id=found["id"]))["answer"] == "有。"
    older = (await owner.data("wechat_inbox", action="list", before=listed[0]["id"]))["items"]
    assert [item["question"] for item in older] == ["今天开门吗"]
    conversations.forget(ming)
    assert len((await owner.data("wechat_inbox"))["items"]) == 1


async def test_a_follower_is_answered_by_hand_where_wechat_allows(owner: Owner) -> None:
    table, clock = owner.table, owner.services.clock
    openid = owner.platform.follower("小明").openid
    turn = time_ordered_id(clock())
    Conversations(table, clock).remember(openid, turn, "问", "答")

    # The platform has not heard from the follower within 48 hours.
    assert "45015" in await owner.refusal("wechat_inbox", action="reply", id=turn, content="你好")


# ---- Resources and prompts -------------------------------------------------------------------------------


async def test_resources_tell_the_state_of_the_account(owner: Owner) -> None:
    await _draft(owner)
    async with owner.client() as client:
        known = {str(resource.uri) for resource in await client.list_resources()}
        read = {uri: json.loads((await client.read_resource(uri))[0].text) for uri in known}
        error = json.loads((await client.read_resource("wechat://errors/40164"))[0].text)

    assert known == {"wechat://account", "wechat://drafts", "wechat://pages", "wechat://errors"}
    assert read["wechat://account"]["app_id"] == "wx0123456789abcdef"
    assert read["wechat://drafts"]["total_count"] == 1
    assert "白名单" in error["advice"]
    assert read["wechat://errors"]["40164"]["advice"]


async def test_prompts_begin_what_people_often_do(owner: Owner) -> None:
    async with owner.client() as client:
        prompts = await client.list_prompts()
        names = {prompt.name for prompt in prompts}
        article = await client.get_prompt("write_article", {"topic": "秋天的茶"})
        notes = await client.get_prompt("notes_to_draft", {"notes": "- 茶"})

    assert names == {"write_article", "notes_to_draft", "weekly_report"}
    described = [argument.description or "" for prompt in prompts for argument in prompt.arguments or []]
    assert described
    assert not any("JSON" in each for each in described)
    assert "秋天的茶" in article.messages[0].content.text
    for prompt in (article, notes):
        assert 'wechat_article(action="draft")' in prompt.messages[0].content.text
