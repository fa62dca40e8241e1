"""wechat_article over MCP, against the platform of this machine: from Markdown to a draft, and published."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.mcp import Owner, base64_of, make_owner, picture
from wechat_mcp.diagrams import DiagramError, Diagrams
from wechat_oa.fetch import FetchError, File
from wechat_oa.pages import NoSuchPageError

COLOURS = ("red", "green", "blue", "navy", "olive")
UPLOAD = "/cgi-bin/media/uploadimg"
MATERIAL = "/cgi-bin/material/add_material"
ADD, UPDATE = "/cgi-bin/draft/add", "/cgi-bin/draft/update"


class Web:
    """Public pictures, by the colour that their address ends with."""

    def __init__(self) -> None:
        self.missing: set[str] = set()

    async def __call__(self, url: str, *, max_bytes: int, redirects: int = 3) -> File:
        """Return a picture. Raises FetchError for what is missing."""
        name = url.rpartition("/")[2]
        if name in self.missing:
            raise FetchError("地址打不开（404）")
        return File(name, picture(colour=name, size=(400, 300)), "image/jpeg")


@pytest.fixture
def web() -> Web:
    """The Web."""
    return Web()


@pytest.fixture
def owner(tmp_path: Path, web: Web) -> Owner:
    """An account whose tools can reach the Web and read files."""
    return make_owner(tmp_path, fetch=web)


def five_pictures(folder: Path) -> str:
    """Markdown with two pictures of the Web, two files beside it, and one of its own."""
    for name in ("blue", "navy"):
        (folder / f"{name}.jpg").write_bytes(picture(colour=name, size=(400, 300)))
    own = f"data:image/jpeg;base64,{base64_of(picture(colour='olive', size=(400, 300)))}"
    images = ["https://web.example/red", "http://web.example/green", "blue.jpg", "navy.jpg", own]
    body = "\n\n".join(f"第 {number} 段。\n\n![图]({source})" for number, source in enumerate(images, 1))
    return f"---\ntitle: 五张图片\nauthor: 小明\n---\n\n{body}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An article with five pictures, on the disk."""
    path = tmp_path / "article.md"
    path.write_text(five_pictures(tmp_path), "utf-8")
    return path


async def draft_of(owner: Owner, media_id: str) -> dict[str, Any]:
    """The one article of a draft, as WeChat has it."""
    (article,) = (await owner.data("wechat_draft", media_id=media_id))["news_item"]
    return dict(article)


async def count(owner: Owner) -> int:
    """How many drafts there are."""
    return int((await owner.data("wechat_draft", action="count"))["total_count"])


async def test_one_file_with_five_pictures_becomes_a_draft_in_one_call(owner: Owner, file: Path) -> None:
    made = await owner.data("wechat_article", action="draft", file_path=str(file))

    assert made["created"] is True
    assert sorted(owner.asked()) == sorted([UPLOAD] * 5 + [MATERIAL, ADD])
    article = await draft_of(owner, made["media_id"])
    assert (article["title"], article["author"]) == ("五张图片", "小明")
    assert article["content"].count("<img") == 5
    assert "web.example" not in article["content"]
    assert "blue.jpg" not in article["content"]
    assert article["thumb_media_id"] == made["thumb_media_id"]


async def test_the_same_article_again_updates_its_draft_and_uploads_nothing(owner: Owner, file: Path) -> None:
    first = await owner.data("wechat_article", action="draft", file_path=str(file))
    await asyncio.to_thread(
        file.write_text, five_pictures(file.parent).replace("第 1 段", "改过的第 1 段"), "utf-8"
    )
    owner.requests.clear()

    again = await owner.data("wechat_article", action="draft", file_path=str(file))

    assert again["created"] is False
    assert again["media_id"] == first["media_id"]
    assert owner.asked() == [UPDATE]
    assert "改过的第" in (await draft_of(owner, first["media_id"]))["content"]
    assert await count(owner) == 1


async def test_the_same_article_with_another_picture_updates_its_draft_with_it(
    owner: Owner, file: Path
) -> None:
    first = await owner.data("wechat_article", action="draft", file_path=str(file))
    before = (await draft_of(owner, first["media_id"]))["content"]
    (file.parent / "blue.jpg").write_bytes(picture(colour="orange", size=(400, 300)))
    owner.requests.clear()

    again = await owner.data("wechat_article", action="draft", file_path=str(file))

    assert (again["media_id"], again["created"]) == (first["media_id"], False)
    assert owner.asked() == [UPLOAD, UPDATE]
    assert (await draft_of(owner, first["media_id"]))["content"] != before


async def test_a_run_that_broke_off_uploads_nothing_twice(owner: Owner, file: Path, web: Web) -> None:
    web.missing = {"green"}
    said = await owner.refusal("wechat_article", action="draft", file_path=str(file))
    assert "404" in said
    assert owner.asked().count(UPLOAD) == 4
    assert ADD not in owner.asked()

    web.missing = set()
    made = await owner.data("wechat_article", action="draft", file_path=str(file))

    assert owner.asked().count(UPLOAD) == 5
    assert owner.asked().count(MATERIAL) == 1
    assert made["created"] is True


async def test_a_draft_whose_answer_was_lost_is_found_again(tmp_path: Path, web: Web) -> None:
    owner = make_owner(tmp_path, fetch=web, lost=ADD)

    made = await owner.data("wechat_article", action="draft", markdown="# 标题\n\n内容")
    again = await owner.data("wechat_article", action="draft", markdown="# 标题\n\n内容")

    assert made["media_id"] == again["media_id"]
    assert owner.asked().count(ADD) == 1
    assert await count(owner) == 1


async def test_publishing_saves_submits_and_waits(owner: Owner) -> None:
    owner.platform.job_seconds = 0.05

    done = await owner.data("wechat_article", action="publish", markdown="# 标题\n\n内容", confirm=True)

    assert done["publish_status"] == 0
    assert done["article_urls"]
    paths = owner.asked()
    submit, get = "/cgi-bin/freepublish/submit", "/cgi-bin/freepublish/get"
    assert paths.index(ADD) < paths.index(submit) < paths.index(get)
    assert paths.count(get) > 1
    assert await count(owner) == 0


async def test_the_same_content_is_not_published_twice(owner: Owner) -> None:
    article = {"markdown": "# 标题\n\n内容", "confirm": True}
    first = await owner.data("wechat_article", action="publish", **article)

    again = await owner.data("wechat_article", action="publish", **article)

    assert again["repeated"] is True
    assert again["publish_id"] == first["publish_id"]
    assert owner.asked().count("/cgi-bin/freepublish/submit") == 1
    assert owner.asked().count(ADD) == 1


@pytest.mark.parametrize("changed", ["blue.jpg", "cover.jpg"])
async def test_the_same_text_with_another_picture_is_another_content(
    owner: Owner, file: Path, changed: str
) -> None:
    (file.parent / "cover.jpg").write_bytes(picture(colour="gray", size=(400, 300)))
    article = {"file_path": str(file), "cover": "cover.jpg", "confirm": True}
    first = await owner.data("wechat_article", action="publish", **article)
    (file.parent / changed).write_bytes(picture(colour="orange", size=(400, 300)))

    second = await owner.data("wechat_article", action="publish", **article)
    third = await owner.data("wechat_article", action="publish", **article)

    assert second["publish_id"] != first["publish_id"]
    assert "repeated" not in second
    assert (third["publish_id"], third["repeated"]) == (second["publish_id"], True)


async def test_a_publication_that_failed_may_be_tried_again(owner: Owner) -> None:
    article = {"markdown": "# 标题\n\n内容", "confirm": True}
    owner.platform.publish_status = 3
    failed = await owner.data("wechat_article", action="publish", **article)
    assert failed["publish_status"] == 3

    owner.platform.publish_status = 0
    done = await owner.data("wechat_article", action="publish", **article)

    assert done["publish_status"] == 0
    assert done["publish_id"] != failed["publish_id"]


async def test_a_publication_of_unknown_outcome_is_not_repeated(tmp_path: Path) -> None:
    owner = make_owner(tmp_path, lost="/cgi-bin/freepublish/submit")
    article = {"markdown": "# 标题\n\n内容", "confirm": True}
    await owner.refusal("wechat_article", action="publish", **article)

    said = await owner.refusal("wechat_article", action="publish", **article)

    assert "wechat_publish" in said
    assert owner.asked().count("/cgi-bin/freepublish/submit") == 1


async def test_nothing_is_sent_before_publishing_is_confirmed(owner: Owner) -> None:
    told = await owner.data("wechat_article", action="publish", markdown="# 标题\n\n内容")

    assert told["confirmed"] is False
    assert "confirm=true" in told["summary"]
    assert owner.asked() == []


async def test_a_picture_article_is_saved_and_previewed_as_text_with_pictures(
    owner: Owner, file: Path
) -> None:
    markdown = (
        "---\ntitle: 贴图\ntype: image\n---\n\n说明 <b>\n\n![](https://web.example/red)\n\n![](blue.jpg)"
    )
    path = file.with_name("pictures.md")
    await asyncio.to_thread(path.write_text, markdown, "utf-8")

    made = await owner.data("wechat_article", action="draft", file_path=str(path))
    shown = await owner.data("wechat_article", action="preview", file_path=str(path))

    article = await draft_of(owner, made["media_id"])
    assert article["article_type"] == "newspic"
    assert len(article["image_info"]["image_list"]) == 2
    assert owner.services.pages is not None
    page = owner.services.pages.read(shown["filename"]).data.decode()
    assert 'src="https://web.example/red"' in page
    assert 'src="data:image/jpeg;base64,' in page


async def test_an_account_that_may_not_publish_is_told_so_ahead_the_next_time(owner: Owner) -> None:
    owner.platform.account_type = "unverified_subscription"
    said = await owner.refusal("wechat_article", action="publish", markdown="# 标题\n\n内容", confirm=True)
    assert "48001" in said
    assert "草稿已存好" in said
    assert await count(owner) == 1

    told = await owner.data("wechat_article", action="render", markdown="# 标题\n\n内容")

    assert "publish_not_allowed" in [each["code"] for each in told["warnings"]]
    owner.platform.account_type = "verified_service"
    await owner.data("wechat_article", action="publish", markdown="# 标题\n\n内容", confirm=True)
    told = await owner.data("wechat_article", action="render", markdown="# 标题\n\n别的内容")
    assert "publish_not_allowed" not in [each["code"] for each in told["warnings"]]


async def test_rendering_asks_nothing_of_wechat_and_says_what_is_wrong(owner: Owner) -> None:
    told = await owner.data("wechat_article", markdown="只有**正文**")

    assert told["action"] == "render"
    assert "<strong" in told["html"]
    assert {"title_missing", "cover_missing"} <= {each["code"] for each in told["warnings"]}
    assert told["plain_summary"] == "只有正文"
    assert owner.asked() == []


async def test_what_is_given_stands_above_the_front_matter(owner: Owner, web: Web) -> None:
    markdown = "---\ntitle: 文首\nauthor: 甲\ndigest: 文首的\ntheme: warm\n---\n\n内容"

    made = await owner.data(
        "wechat_article",
        action="draft",
        markdown=markdown,
        title="给的",
        author="乙",
        digest="给的摘要",
        theme="minimal",
        accent="#ff0000",
        font_size=20,
        justify=True,
        cover="https://web.example/navy",
    )

    article = await draft_of(owner, made["media_id"])
    assert (article["title"], article["author"], article["digest"]) == ("给的", "乙", "给的摘要")
    assert made["theme"] == "minimal"
    assert "font-size:20px" in article["content"].replace(" ", "")
    assert "text-align:justify" in article["content"].replace(" ", "")
    web.missing = {"red"}
    said = await owner.refusal(
        "wechat_article", action="draft", markdown=markdown, cover="https://web.example/red"
    )
    assert "封面" in said


async def test_a_dry_run_changes_nothing(owner: Owner, file: Path) -> None:
    for action in ("draft", "publish", "preview"):
        told = await owner.data("wechat_article", action=action, file_path=str(file), dry_run=True)
        assert "预演" in told["summary"]

    assert owner.asked() == []
    assert owner.services.pages is not None
    assert owner.services.pages.list().pages == []


async def test_a_preview_is_one_page_that_keeps_its_address(owner: Owner, file: Path) -> None:
    first = await owner.data("wechat_article", action="preview", file_path=str(file))
    again = await owner.data("wechat_article", action="preview", file_path=str(file), theme="warm")

    assert first["url"] == again["url"]
    assert owner.services.pages is not None
    shown = owner.services.pages.read(first["filename"]).data.decode()
    assert 'class="phone"' in shown
    assert 'class="phone night"' in shown
    # Four that are no https pictures, by day and by night.
    assert shown.count('src="data:image/jpeg;base64,') == 8
    assert owner.asked() == []

    await owner.data("static_page", action="delete", filename=first["filename"])
    with pytest.raises(NoSuchPageError):
        owner.services.pages.info(first["filename"])
    assert (await owner.data("wechat_article", action="preview", file_path=str(file)))["url"] != first["url"]


async def test_an_owners_theme_is_kept_used_and_deleted(owner: Owner) -> None:
    css = "p { letter-spacing: 3px }"
    await owner.data("wechat_article", action="save_theme", theme_name="我的", css=css, theme="warm")

    listed = await owner.data("wechat_article", action="themes")
    told = await owner.data("wechat_article", markdown="# 标题\n\n内容", theme="我的")

    assert listed["own_themes"] == [{"name": "我的", "base": "warm"}]
    assert listed["themes"][0]["name"] == "calm"
    assert "letter-spacing:3px" in told["html"].replace(" ", "")
    await owner.data("wechat_article", action="delete_theme", theme_name="我的")
    assert "没有名为" in await owner.refusal("wechat_article", markdown="# 标题\n\n内容", theme="我的")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"action": "render"}, "没有文章"),
        ({"markdown": "a", "file_path": "/a.md"}, "只能给一个"),
        ({"file_path": "/etc/passwd"}, "Markdown 文件"),
        ({"file_path": "/nowhere/a.md"}, "读不到文件"),
        ({"markdown": "a", "theme": "nothing"}, "没有名为"),
        ({"markdown": "a", "accent": "reddish"}, "不是颜色"),
        ({"markdown": "a", "font_size": 99}, "font_size"),
        ({"markdown": "---\ntitle: [\n---\n"}, "front matter"),
        ({"action": "draft", "markdown": "没有标题"}, "标题"),
        ({"action": "draft", "markdown": "# 标题\n\n![](beside.png)"}, "文件"),
        ({"action": "delete_theme", "theme_name": "calm"}, "不能删除"),
    ],
)
async def test_what_cannot_be_done_is_said_and_nothing_is_sent(
    owner: Owner, arguments: dict[str, Any], says: str
) -> None:
    assert says in await owner.refusal("wechat_article", **arguments)
    assert not {ADD, UPDATE, UPLOAD} & set(owner.asked())


async def test_a_hosted_server_reads_no_files(tmp_path: Path, file: Path) -> None:
    owner = make_owner(tmp_path, files_allowed=False)

    assert "markdown" in await owner.refusal("wechat_article", file_path=str(file))


class Painter:
    """Draws every Mermaid diagram but one."""

    name, languages, scale = "painter", ("mermaid",), 2

    async def draw(self, language: str, code: str) -> bytes:
        """Return a PNG. Raises DiagramError."""
        if "坏" in code:
            raise DiagramError("第 1 行读不懂")
        return picture(colour="white", size=(600, 200), kind="PNG")


DIAGRAM = "# 标题\n\n```mermaid\ngraph TD\n  A --> B\n```\n"


async def test_a_diagram_is_uploaded_as_a_picture_once(tmp_path: Path) -> None:
    owner = make_owner(tmp_path, diagrams=Diagrams(Painter()))

    shown = await owner.data("wechat_article", action="render", markdown=DIAGRAM)
    made = await owner.data("wechat_article", action="draft", markdown=DIAGRAM)
    await owner.data("wechat_article", action="draft", markdown=DIAGRAM)

    assert [warning["code"] for warning in shown["warnings"]] == ["diagram_drawn"]
    assert "painter" in shown["warnings"][0]["text"]
    assert owner.asked().count(UPLOAD) == 1
    content = (await draft_of(owner, made["media_id"]))["content"]
    assert "width:300px" in content
    assert "graph TD" not in content


async def test_a_diagram_that_is_not_drawn_is_its_code_and_why_is_told(tmp_path: Path) -> None:
    owner = make_owner(tmp_path, diagrams=Diagrams(Painter()))

    shown = await owner.data("wechat_article", action="render", markdown=DIAGRAM.replace("A", "坏"))

    (warning,) = [each for each in shown["warnings"] if each["code"] == "diagram_code"]
    assert "第 1 行读不懂" in warning["text"]
    assert "graph&nbsp;TD" in shown["html"] or "graph TD" in shown["html"]


async def test_a_draft_takes_markdown_by_the_same_path(owner: Owner) -> None:
    made = await owner.data("wechat_draft", markdown="# 标题\n\n**内容**")
    again = await owner.data("wechat_article", action="draft", markdown="# 标题\n\n**内容**")

    assert made["action"] == "add"
    assert made["media_id"] == again["media_id"]
    assert "<strong" in (await draft_of(owner, made["media_id"]))["content"]
    both = {"markdown": "# 标题", "article": {"title": "a"}}
    assert "只给一个" in await owner.refusal("wechat_draft", **both)


async def test_others_are_served_while_an_article_is_rendered(owner: Owner) -> None:
    loop = asyncio.get_running_loop()
    await owner.data("wechat_article", action="render", markdown="先导入。")
    long = "一段**话**。\n\n" * 800
    began = loop.time()
    rendering = loop.create_task(owner.data("wechat_article", action="render", markdown=long))
    longest, now = 0.0, began
    while not rendering.done():
        await asyncio.sleep(0)
        longest, now = max(longest, loop.time() - now), loop.time()

    assert (await rendering)["html"]
    assert longest < (now - began) / 2
