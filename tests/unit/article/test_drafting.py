"""One article, one draft: made once, updated after that, looked up where nobody knows."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.unit.article.draft_box import DraftBox, lost
from wechat_mcp.article import render
from wechat_mcp.article.drafting import LEASE, DraftError, Drafts
from wechat_mcp.images import ImageError
from wechat_oa.api.errors import UnknownOutcome, WeChatError, WeChatUnavailable
from wechat_oa.store.local_table import SqliteTable

MARKDOWN = "---\nid: one\n---\n# 题目\n\n![](1.png)\n\n![](2.png)\n\n文"


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class World:
    """An account, a table, the author's pictures and the time."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.box = DraftBox(self.clock)
        self.table = SqliteTable(path, self.clock)
        self.files = {f"{number}.png": picture(10 + number) for number in range(1, 6)}

    def drafts(self) -> Drafts:
        """A new run: it knows what is in the table, and nothing else."""
        return Drafts(self.box, self.table, "wx1", self._load, clock=self.clock)

    async def _load(self, source: str) -> bytes:
        await asyncio.sleep(0)
        if source not in self.files:
            raise ImageError("找不到这个文件。")
        return self.files[source]


def picture(width: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, 10), (9, 9, 9)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "t.db")
    yield world
    world.table.close()


async def test_five_pictures_and_a_cover_become_a_draft_in_one_call(world: World) -> None:
    pictures = "\n\n".join(f"![]({number}.png)" for number in range(1, 6))

    draft = await world.drafts().save(render(f"# 题目\n\n{pictures}\n\n文"))

    _, article = world.box.drafts[draft.media_id]
    assert draft.created
    assert draft.images == 5
    assert article["title"] == "题目"
    assert article["content"].count('src="https://mmbiz.qpic.cn/') == 5
    assert article["thumb_media_id"] == draft.thumb_media_id
    assert {part["ratio"] for part in article["cover_info"]["crop_percent_list"]} == {"1_1", "2.35_1"}
    assert world.box.calls.count("upload_image") == 5
    assert world.box.calls.count("add_material") == 1


async def test_the_same_markdown_again_updates_the_same_draft_and_uploads_nothing(world: World) -> None:
    first = await world.drafts().save(render(MARKDOWN))
    world.box.calls.clear()

    second = await world.drafts().save(render(MARKDOWN.replace("文", "改过的文")))

    assert (second.media_id, second.created) == (first.media_id, False)
    assert world.box.calls == ["update_draft"]
    assert "改过的文" in world.box.drafts[first.media_id][1]["content"]


async def test_what_tells_articles_apart_is_their_id_then_the_name_then_the_title(world: World) -> None:
    async def saved(markdown: str, name: str = "") -> str:
        return (await world.drafts().save(render(markdown), name=name)).media_id

    assert await saved("---\nid: a\n---\n# 甲\n\n文") == await saved("---\nid: a\n---\n# 乙\n\n文", "x.md")
    assert await saved("# 甲\n\n文", "a.md") == await saved("# 乙\n\n文", "a.md")
    assert await saved("# 甲\n\n文") == await saved("# 甲\n\n别的文")
    assert len({await saved("# 甲\n\n文"), await saved("# 甲\n\n文", "a.md"), await saved("# 丙\n\n文")}) == 3


async def test_a_draft_that_is_gone_is_made_again(world: World) -> None:
    first = await world.drafts().save(render(MARKDOWN))
    del world.box.drafts[first.media_id]

    second = await world.drafts().save(render(MARKDOWN))

    assert second.created
    assert list(world.box.drafts) == [second.media_id]


async def test_a_cover_that_is_gone_from_the_library_is_uploaded_again(world: World) -> None:
    first = await world.drafts().save(render(MARKDOWN))
    world.box.materials.clear()

    second = await world.drafts().save(render(MARKDOWN))

    assert second.media_id == first.media_id
    assert second.thumb_media_id in world.box.materials


async def test_a_draft_whose_making_was_not_heard_of_is_found_in_the_same_run(world: World) -> None:
    world.box.after_add = lost

    draft = await world.drafts().save(render(MARKDOWN))

    assert list(world.box.drafts) == [draft.media_id]
    assert world.box.calls.count("add_draft") == 1


async def test_where_it_is_not_found_nothing_is_sent_again_and_the_next_run_looks_first(world: World) -> None:
    world.box.before_add = lost
    with pytest.raises(UnknownOutcome):
        await world.drafts().save(render(MARKDOWN))
    assert world.box.calls.count("add_draft") == 1

    world.box.before_add = lambda: None
    world.box.calls.clear()
    draft = await world.drafts().save(render(MARKDOWN))

    assert world.box.calls == ["list_drafts", "add_draft"]
    assert list(world.box.drafts) == [draft.media_id]


async def test_a_run_that_broke_off_after_the_draft_was_made_makes_no_second_one(world: World) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    world.box.after_add = killed
    with pytest.raises(KeyboardInterrupt):
        await world.drafts().save(render(MARKDOWN))
    world.box.after_add = lambda: None

    draft = await world.drafts().save(render(MARKDOWN.replace("文", "改过的文")))

    assert list(world.box.drafts) == [draft.media_id]
    assert not draft.created


async def test_a_run_that_broke_off_among_the_pictures_does_not_upload_them_again(world: World) -> None:
    broken = world.files.pop("2.png")
    with pytest.raises(DraftError, match=r"2\.png"):
        await world.drafts().save(render(MARKDOWN))
    uploaded = world.box.calls.count("upload_image")

    world.files["2.png"] = broken
    await world.drafts().save(render(MARKDOWN))

    assert uploaded == 1
    assert world.box.calls.count("upload_image") == 2
    assert world.box.calls.count("add_material") == 1


async def test_a_draft_of_another_article_is_never_taken_for_this_one(world: World) -> None:
    other = await world.drafts().save(render("---\nid: other\n---\n# 题目\n\n![](1.png)\n\n![](2.png)\n\n文"))
    world.box.before_add = lost

    with pytest.raises(UnknownOutcome):
        await world.drafts().save(render(MARKDOWN))

    assert list(world.box.drafts) == [other.media_id]


async def test_an_older_draft_with_the_same_title_is_not_taken_for_it(world: World) -> None:
    await world.drafts().save(render(MARKDOWN))
    media_id = next(iter(world.box.drafts))
    world.table.delete("draft_owner#wx1", media_id)
    world.clock.now += 3600
    world.box.before_add = lost

    with pytest.raises(UnknownOutcome):
        await world.drafts().save(render(MARKDOWN.replace("id: one", "id: two")))


async def test_what_wechat_refused_is_not_looked_for(world: World) -> None:
    def refused() -> None:
        raise WeChatError(45003, "title size out of limit", "/cgi-bin/draft/add")

    world.box.before_add = refused
    with pytest.raises(WeChatError):
        await world.drafts().save(render(MARKDOWN))
    world.box.before_add = lambda: None
    world.box.calls.clear()

    await world.drafts().save(render(MARKDOWN))

    assert world.box.calls == ["add_draft"]


async def test_two_runs_at_once_make_one_draft(world: World) -> None:
    results = await asyncio.gather(
        *(world.drafts().save(render(MARKDOWN)) for _ in range(2)), return_exceptions=True
    )

    assert sum(isinstance(result, DraftError) for result in results) == 1
    assert len(world.box.drafts) == 1


async def test_a_run_that_died_holds_the_article_for_two_minutes_at_most(world: World) -> None:
    world.box.before_add = lost
    drafts = world.drafts()
    drafts._claim(drafts._key(render(MARKDOWN), ""))

    with pytest.raises(DraftError, match="正在别处"):
        await world.drafts().save(render(MARKDOWN))

    world.clock.now += LEASE + 1
    world.box.before_add = lambda: None
    assert (await world.drafts().save(render(MARKDOWN))).created


async def test_an_article_without_a_picture_gets_a_cover_drawn_from_its_title(world: World) -> None:
    draft = await world.drafts().save(render("# 题目\n\n文"))

    assert Image.open(io.BytesIO(world.box.materials[draft.thumb_media_id])).size == (1410, 600)


async def test_what_wechat_would_refuse_is_not_sent(world: World) -> None:
    with pytest.raises(DraftError, match="标题"):
        await world.drafts().save(render("没有标题的文"))

    assert world.box.calls == []


async def test_every_picture_that_fails_is_named(world: World) -> None:
    with pytest.raises(DraftError) as failed:
        await world.drafts().save(render("# 题\n\n![](1.png)\n\n![](x.png)\n\n![](y.png)"))

    assert "x.png" in str(failed.value)
    assert "y.png" in str(failed.value)
    assert "1.png" not in str(failed.value)


async def test_a_newspic_has_its_pictures_in_the_library(world: World) -> None:
    markdown = "---\ntitle: 题\ntype: image\n---\n文\n\n![](1.png)\n\n![](2.png)"

    draft = await world.drafts().save(render(markdown))

    article = world.box.drafts[draft.media_id][1]
    assert article["content"] == "文"
    assert [image["image_media_id"] for image in article["image_info"]["image_list"]] == list(
        world.box.materials
    )
    assert draft.thumb_media_id == ""


NEWSPIC = "---\ntitle: 题\ntype: image\n---\n文\n\n![](1.png)\n\n![](2.png)"


async def test_pictures_of_a_newspic_that_are_gone_from_the_library_are_uploaded_again(world: World) -> None:
    first = await world.drafts().save(render(NEWSPIC))
    world.box.materials.clear()

    again = await world.drafts().save(render(NEWSPIC))

    assert (again.media_id, again.created) == (first.media_id, False)
    article = world.box.drafts[first.media_id][1]
    assert [image["image_media_id"] for image in article["image_info"]["image_list"]] == list(
        world.box.materials
    )


async def test_every_picture_of_a_newspic_that_fails_is_named(world: World) -> None:
    with pytest.raises(DraftError) as failed:
        await world.drafts().save(render(f"{NEWSPIC}\n\n![](x.png)\n\n![](y.png)"))

    assert "x.png" in str(failed.value)
    assert "y.png" in str(failed.value)
    assert len(world.box.materials) == 2


async def test_a_run_that_was_too_slow_makes_no_second_draft(world: World) -> None:
    async def overtaken(done: float, _total: float, _text: str) -> None:
        if done == 2:
            world.clock.now += LEASE + 1
            await world.drafts().save(render(MARKDOWN))

    with pytest.raises(DraftError, match="正在别处"):
        await world.drafts().save(render(MARKDOWN), progress=overtaken)

    assert world.box.calls.count("add_draft") == 1


async def test_a_run_that_was_too_slow_does_not_let_go_of_what_another_holds(world: World) -> None:
    other = world.drafts()

    async def overtaken(done: float, _total: float, _text: str) -> None:
        if done == 2:
            world.clock.now += LEASE + 1
            other._claim(other._key(render(MARKDOWN), ""))

    for progress in (overtaken, None):
        with pytest.raises(DraftError, match="正在别处"):
            await world.drafts().save(render(MARKDOWN), progress=progress)

    assert world.box.drafts == {}


async def test_an_account_that_cannot_be_reached_is_said_and_nothing_is_held(world: World) -> None:
    def down() -> None:
        raise WeChatUnavailable("/cgi-bin/draft/add", "连接不上")

    world.box.before_add = down
    with pytest.raises(WeChatUnavailable):
        await world.drafts().save(render(MARKDOWN))
    world.box.before_add = lambda: None

    assert (await world.drafts().save(render(MARKDOWN))).created


async def test_progress_is_told(world: World) -> None:
    told: list[tuple[float, float]] = []

    async def tell(done: float, total: float, _text: str) -> None:
        told.append((done, total))

    await world.drafts().save(render(MARKDOWN), progress=tell)

    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)
