"""Pictures found, converted and uploaded once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pictures import moving, noise, picture
from wechat_mcp.article.sources import loader
from wechat_mcp.article.uploading import Uploader
from wechat_mcp.images import ImageError
from wechat_mcp.targets import MAX_BODY_BYTES, MAX_MATERIAL_BYTES
from wechat_oa.store.local_table import SqliteTable


async def test_data_addresses_are_read() -> None:
    data = picture()
    load = loader()

    assert await load(f"data:image/png;base64,{base64.b64encode(data).decode()}") == data
    assert await load("data:text/plain,a%20b") == b"a b"
    for broken in ("data:image/png;base64,***", "data:nothing"):
        with pytest.raises(ImageError, match="data:"):
            await load(broken)


async def test_files_are_read_below_the_root_alone(tmp_path: Path) -> None:
    root = tmp_path / "article"
    (root / "img").mkdir(parents=True)
    (root / "img" / "图 1.png").write_bytes(b"inside")
    (tmp_path / "secret.png").write_bytes(b"outside")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    load = loader(root)

    assert await load("img/图 1.png") == b"inside"
    assert await load("img/%E5%9B%BE%201.png") == b"inside"
    assert await load("img\\图 1.png") == b"inside"
    assert await load((root / "img" / "图 1.png").as_uri()) == b"inside"
    for outside in ("../secret.png", str(tmp_path / "secret.png"), "link.png", "%2e%2e/secret.png"):
        with pytest.raises(ImageError, match="文件夹"):
            await load(outside)
    with pytest.raises(ImageError, match="找不到"):
        await load("none.png")


async def test_without_a_root_no_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")

    with pytest.raises(ImageError, match="读不到"):
        await loader()(str(tmp_path / "a.png"))


class Shelf:
    """Where pictures are uploaded to; counts them, and how many come at once."""

    def __init__(self) -> None:
        self.images: list[bytes] = []
        self.materials: list[bytes] = []
        self.at_once = self.most_at_once = 0

    async def upload_image(self, data: bytes, *, filename: str, content_type: str) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.at_once -= 1
        self.images.append(data)
        return f"http://mmbiz.qpic.cn/{len(self.images)}?{filename}"

    async def add_material(self, data: bytes, *, filename: str, content_type: str) -> tuple[str, str]:
        self.materials.append(data)
        return f"media-{len(self.materials)}", f"http://mmbiz.qpic.cn/m{len(self.materials)}"


def uploader(table: SqliteTable, shelf: Shelf, files: dict[str, bytes], account: str = "wx1") -> Uploader:
    async def load(source: str) -> bytes:
        if source not in files:
            raise ImageError("找不到")
        return files[source]

    return Uploader(shelf, table, account, load)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    table = SqliteTable(tmp_path / "t.db")
    yield table
    table.close()


async def test_a_picture_is_uploaded_once_for_each_account_and_content(table: SqliteTable) -> None:
    shelf, files = Shelf(), {"a.png": picture(), "b.png": picture(), "c.png": picture(size=(9, 9))}

    first, failed = await uploader(table, shelf, files).urls(["a.png", "c.png"])
    again, _ = await uploader(table, shelf, files).urls(["b.png", "c.png"])
    other, _ = await uploader(table, shelf, files, account="wx2").urls(["a.png"])

    assert failed == {}
    assert first["a.png"] == again["b.png"] != other["a.png"]
    assert len(shelf.images) == 3
    assert first["a.png"].startswith("https://")


async def test_the_same_content_in_one_article_is_uploaded_once(table: SqliteTable) -> None:
    shelf = Shelf()
    files = {f"{number}.png": picture() for number in range(6)}

    await uploader(table, shelf, files).urls(files)

    assert len(shelf.images) == 1


async def test_no_more_than_four_are_uploaded_at_once(table: SqliteTable) -> None:
    shelf = Shelf()
    files = {f"{number}.png": picture(size=(8, 8 + number)) for number in range(12)}

    await uploader(table, shelf, files).urls(files)

    assert len(shelf.images) == 12
    assert shelf.most_at_once <= 4


async def test_pictures_at_wechat_are_left_alone_but_for_https(table: SqliteTable) -> None:
    shelf = Shelf()

    urls, _ = await uploader(table, shelf, {}).urls(["http://mmbiz.qpic.cn/x"])

    assert urls == {"http://mmbiz.qpic.cn/x": "https://mmbiz.qpic.cn/x"}
    assert shelf.images == []


async def test_a_picture_that_fails_does_not_lose_the_others(table: SqliteTable) -> None:
    shelf = Shelf()

    urls, failed = await uploader(table, shelf, {"a.png": picture(), "bad.png": b"x"}).urls(
        ["gone.png", "a.png", "bad.png"]
    )

    assert set(urls) == {"a.png"}
    assert set(failed) == {"gone.png", "bad.png"}


async def test_a_gif_that_moves_becomes_material(table: SqliteTable) -> None:
    shelf = Shelf()

    urls, _ = await uploader(table, shelf, {"a.gif": moving()}).urls(["a.gif"])

    assert urls == {"a.gif": "https://mmbiz.qpic.cn/m1"}
    assert shelf.images == []


async def test_a_cover_may_be_larger_than_what_stands_in_the_text(table: SqliteTable) -> None:
    shelf = Shelf()
    data = noise((900, 700))
    assert MAX_BODY_BYTES < len(data) < MAX_MATERIAL_BYTES

    media_id, ready = await uploader(table, shelf, {"c.png": data}).material("c.png")

    assert media_id == "media-1"
    assert ready.data == data
