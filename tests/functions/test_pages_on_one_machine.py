"""Hosted pages on one machine: by which address they are reached, and what is counted as a visit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from local.pages_server import PagesHouse
from wechat_oa.settings import Settings
from wechat_oa.store.local_table import SqliteTable

PAGE = "<title>菜单</title>"


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    table = SqliteTable(tmp_path / "table.db")
    yield table
    table.close()


def house(folder: Path, table: SqliteTable, **settings: Any) -> PagesHouse:
    made = Settings(data_dir=str(folder), pages_port=3005, **settings)
    return PagesHouse(made, table, base_url="http://127.0.0.1:3004")


def browser(app: Starlette, origin: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=origin)


@pytest.mark.parametrize(
    ("origin", "pages"),
    [
        ("http://192.168.1.5:3004", "http://192.168.1.5:3005"),
        ("http://[fd00::5]:3004", "http://[fd00::5]:3005"),
        ("http://localhost:3004", "http://localhost:3005"),
        ("http://127.0.0.1:3004", "http://127.0.0.1:3005"),
        # A tunnel leads to one port alone, and anybody can put a name of theirs there.
        ("https://tunnel.example.com", "http://127.0.0.1:3005"),
    ],
)
async def test_who_comes_by_an_address_of_this_machine_finds_the_pages_there(
    tmp_path: Path, table: SqliteTable, origin: str, pages: str
) -> None:
    mine = house(tmp_path, table, context_path="/oa")
    mine.pages.generate(PAGE, "menu")

    async with browser(Starlette(routes=mine.routes()), origin) as client:
        index = (await client.get("/oa/")).text
        opened = await client.get("/oa/pages/menu")
        listed = (await client.get("/oa/api/pages")).json()["pages"]
        manager = await client.get("/oa/manage/")

    assert f'href="{pages}/menu.html"' in index
    assert opened.headers["location"] == listed[0]["url"] == f"{pages}/menu.html"
    assert f"frame-src {pages};" in manager.headers["content-security-policy"]
    missing_origin = "http://127.0.0.1:3005" if "tunnel" in origin else pages
    async with browser(mine.pages_app(), missing_origin) as client:
        missing = await client.get("/nothing")
    assert f'href="{missing_origin.replace("3005", "3004")}/oa/"' in missing.text


async def test_the_address_that_the_owner_set_goes_before_any_other(
    tmp_path: Path, table: SqliteTable
) -> None:
    mine = house(tmp_path, table, pages_url="https://pages.example.com", site_url="https://oa.example.com")
    mine.pages.generate(PAGE, "menu")

    async with browser(Starlette(routes=mine.routes()), "http://192.168.1.5:3004") as client:
        assert 'href="https://pages.example.com/menu.html"' in (await client.get("/")).text
    async with browser(mine.pages_app(), "http://192.168.1.5:3005") as client:
        assert 'href="https://oa.example.com/"' in (await client.get("/nothing")).text


@pytest.mark.parametrize(
    ("chat_url", "link"),
    [
        ("", "/oa/chat/"),
        ("http://127.0.0.1:3004/oa/chat/", "/oa/chat/"),
        ("https://c.example", "https://c.example"),
    ],
)
async def test_the_index_leads_to_the_chat_whatever_account_is_configured(
    tmp_path: Path, table: SqliteTable, chat_url: str, link: str
) -> None:
    mine = house(tmp_path, table, context_path="/oa", chat_url=chat_url)

    async with browser(Starlette(routes=mine.routes()), "http://192.168.1.5:3004") as client:
        index = (await client.get("/oa/")).text

    assert re.findall(r'class="chat" href="([^"]+)"', index) == [link]


async def test_a_visit_is_a_page_that_is_opened_and_nothing_else(tmp_path: Path, table: SqliteTable) -> None:
    mine = house(tmp_path, table)
    mine.pages.generate(PAGE, "menu")

    async with browser(mine.pages_app(), "http://127.0.0.1:3005") as client:
        await client.get("/menu.html", headers={"sec-fetch-dest": "document"})
        await client.get("/menu.html", headers={"sec-fetch-dest": "iframe"})
        await client.head("/menu.html")
        await client.get("/menu")

    assert mine.pages.info("menu").visits == 1
