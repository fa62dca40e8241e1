"""Every form of call that people and prompts already use works, as it is written there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.mcp import Owner, base64_of, make_owner, picture, text


class OneServer:
    """A web server that remembers what it was told."""

    always_on = False

    def __init__(self) -> None:
        self.running_on = 0

    async def start(self, port: int) -> str:
        self.running_on = port
        return f"http://127.0.0.1:{port}"

    async def stop(self) -> bool:
        was, self.running_on = self.running_on, 0
        return bool(was)

    async def status(self) -> dict[str, Any]:
        return {"running": bool(self.running_on), "urls": {"首页": f"http://127.0.0.1:{self.running_on}/"}}


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    return make_owner(tmp_path, web_server=OneServer())


@pytest.fixture
async def media_id(owner: Owner) -> str:
    added = await owner.data("wechat_permanent_media", action="add", file_data=base64_of(picture()))
    return str(added["media_id"])


@pytest.fixture
def image_path(tmp_path: Path) -> str:
    path = tmp_path / "image.jpg"
    path.write_bytes(picture())
    return str(path)


@pytest.mark.parametrize("action", ["login", "status", "logout", "get_token", "refresh_token", "get_config"])
async def test_the_account_is_logged_in_looked_at_and_left(owner: Owner, action: str) -> None:
    assert await owner.data("wechat_auth", action=action)


async def test_a_temporary_file_is_uploaded_without_naming_the_action(owner: Owner, image_path: str) -> None:
    uploaded = await owner.data("wechat_temporary_media", file_path=image_path, media_type="image")

    assert uploaded["media_id"]
    assert owner.asked() == ["/cgi-bin/media/upload"]


async def test_a_picture_for_an_article_is_uploaded(owner: Owner, image_path: str) -> None:
    uploaded = await owner.data("wechat_upload_img", file_path=image_path)

    assert uploaded["url"].startswith("http")


async def test_permanent_material_is_fetched_by_its_id_alone(owner: Owner, media_id: str) -> None:
    result = await owner.call("wechat_permanent_media", media_id=media_id)

    assert not result.is_error
    assert [block.type for block in result.content] == ["text", "image"]


async def test_a_draft_is_made_of_an_article_with_a_cover(owner: Owner, media_id: str) -> None:
    article = {
        "title": "文章标题",
        "content": "文章内容",
        "cover_media_id": media_id,
        "author": "作者",
        "digest": "摘要",
    }

    draft = await owner.data("wechat_draft", article=article)

    got = await owner.data("wechat_draft", action="get", media_id=draft["media_id"])
    assert got["news_item"][0]["title"] == "文章标题"
    assert got["news_item"][0]["thumb_media_id"] == media_id


async def test_a_draft_is_published_and_what_is_published_listed(owner: Owner, media_id: str) -> None:
    draft = await owner.data(
        "wechat_draft", article={"title": "标题", "content": "内容", "cover_media_id": media_id}
    )

    # Written as people write it: it says what it would do, and is then confirmed.
    unconfirmed = await owner.call("wechat_publish", media_id=draft["media_id"], no_content=True)
    assert not unconfirmed.is_error
    assert "confirm=true" in text(unconfirmed)
    assert "/cgi-bin/freepublish/submit" not in owner.asked()
    job = await owner.data("wechat_publish", media_id=draft["media_id"], no_content=True, confirm=True)
    assert job["publish_id"]
    listed = await owner.data("wechat_publish", action="list", no_content=True)
    assert listed["total_count"] >= 0


async def test_pages_are_hosted_with_every_name_people_give_them(owner: Owner) -> None:
    html = "<html><body><h1>Hello World</h1></body></html>"

    random = await owner.data("static_page", action="generate", htmlContent=html)
    named = await owner.data(
        "static_page",
        action="generate",
        htmlContent="<html><body><h1>Custom Page</h1></body></html>",
        filename="my_page",
    )

    assert random["filename"].endswith(".html")
    assert named["filename"] == "my_page.html"
    listed = await owner.data("static_page", action="list")
    assert {page["filename"] for page in listed["pages"]} == {random["filename"], "my_page.html"}
    for name in ("my_page", "my_page.html"):
        info = await owner.data("static_page", action="info", filename=name)
        assert info["title"] == "Custom Page"
    assert await owner.data("static_page", action="delete", filename="my_page")
    assert "my_page" in await owner.refusal("static_page", action="info", filename="my_page")


async def test_the_web_server_is_started_looked_at_and_stopped(owner: Owner) -> None:
    for start, status, stop in (
        ("start_server", "server_status", "stop_server"),
        ("start_integrated_server", "integrated_server_status", "stop_integrated_server"),
    ):
        await owner.data("static_page", action=start, port=3004)
        assert (await owner.data("static_page", action=status))["running"] is True
        await owner.data("static_page", action=stop)
        assert (await owner.data("static_page", action=status))["running"] is False


async def test_any_tool_is_called_by_its_name(owner: Owner) -> None:
    status = await owner.data("wechat_tool_call", tool_name="wechat_auth", arguments={"action": "status"})

    assert status["app_id"] == "wx0123456789abcdef"


async def test_camel_case_is_understood_everywhere(owner: Owner, image_path: str) -> None:
    uploaded = await owner.data(
        "wechat_tool_call",
        toolName="wechat_temporary_media",
        arguments={"action": "upload", "type": "image", "filePath": image_path, "fileName": "a.jpg"},
    )
    fetched = await owner.call(
        "wechat_tool_call",
        tool_name="wechat_temporary_media",
        arguments={"action": "get", "mediaId": uploaded["media_id"]},
    )
    configured = await owner.data(
        "wechat_auth",
        action="configure",
        appId="wx0123456789abcdef",
        appSecret="0123456789abcdef0123456789abcdef",
    )

    assert not fetched.is_error
    assert configured["app_secret"] == "0123***ef"


async def test_articles_are_taken_with_every_field_in_either_case(owner: Owner, media_id: str) -> None:
    news = {
        "title": "标题",
        "author": "作者",
        "digest": "摘要",
        "content": "<p>内容</p>",
        "contentSourceUrl": "https://example.com",
        "thumbMediaId": media_id,
        "showCoverPic": 1,
        "needOpenComment": 1,
        "onlyFansCanComment": 0,
        "picCrop2351": "0_0_1_0.5",
        "picCrop11": "0_0_0.5_0.5",
        "articleType": "news",
    }
    newspic = {
        "title": "贴图",
        "content": "文字",
        "articleType": "newspic",
        "imageInfo": {"imageList": [{"imageMediaId": media_id}]},
        "coverInfo": {"cropPercentList": [{"ratio": "1_1", "x1": "0", "y1": "0", "x2": "1", "y2": "1"}]},
        "productInfo": {},
    }

    made = await owner.data("wechat_draft", action="add", articles=[news, newspic])

    sent = owner.requests[-1].read().decode()
    assert made["articles"] == 2
    for name in ("content_source_url", "thumb_media_id", "pic_crop_235_1", "pic_crop_1_1", "image_media_id"):
        assert f'"{name}"' in sent
    assert "crop_percent_list" in sent


@pytest.mark.parametrize("action", ["generate", "cleanup"])
async def test_codes_are_made_and_cleaned_up(owner: Owner, action: str) -> None:
    assert await owner.data("user_verification_code", action=action)


async def test_a_code_of_ones_own_is_made_and_checked(owner: Owner) -> None:
    made = await owner.data("user_verification_code", action="generate", custom_code="abc12345")
    checked = await owner.data("user_verification_code", action="validate", custom_code="abc12345")

    assert made["code"] == "ABC12345"
    assert checked["usable"] is True


@pytest.mark.parametrize(
    ("action", "more"),
    [("list", {"media_type": "image", "offset": 0, "count": 20}), ("count", {}), ("list", {"type": "news"})],
)
async def test_the_library_is_listed_and_counted(owner: Owner, action: str, more: dict[str, Any]) -> None:
    assert await owner.data("wechat_permanent_media", action=action, **more)


@pytest.mark.parametrize(
    ("action", "more"), [("list", {"noContent": True}), ("count", {}), ("switch", {"checkonly": True})]
)
async def test_drafts_are_listed_counted_and_the_switch_looked_at(
    owner: Owner, action: str, more: dict[str, Any]
) -> None:
    assert await owner.data("wechat_draft", action=action, **more)
