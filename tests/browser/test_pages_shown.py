"""Hosted pages in a real Chromium, against ``python -m local``: index, page manager, a hostile page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.chat_page import CONTRAST
from tests.support.serving import free_port
from wechat_mcp.article import all_themes
from wechat_oa.page_headers import PAGE_HEADERS
from wechat_oa.page_templates import TEMPLATES, generate

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
PHONE: ViewportSize = {"width": 375, "height": 812}
DESK: ViewportSize = {"width": 1280, "height": 860}
PASSWORD = "passw0rd-1"
FIELDS: dict[str, Any] = {
    "title": "秋季新品品鉴会：一杯好茶的旅程",
    "intro": "从武夷山的岩壁到你手里的杯子。",
    "warning": "名额只有 30 个。",
    "tags": ["新品", "杭州"],
    "sections": [
        {
            "title": "数字",
            "stats": [{"label": "天数", "value": "12"}],
            "progress": [72],
            "content": "长" * 80,
        },
        {"title": "更多", "features": ["三款新茶"], "quote": {"text": "不怕慢", "author": "陈师傅"}},
        {"code": {"text": "x" * 200, "language": "路线"}},
    ],
    "actionButton": {"text": "报名", "url": "https://example.com/"},
    "footer": ["杭州市上城区"],
}


@dataclass
class Local:
    """A server with a few pages."""

    url: str
    pages: str
    http: httpx.Client

    def host(self, name: str, html: str) -> str:
        """Host a page and return its address."""
        answered = self.http.post("/api/pages", json={"filename": name, "html": html, "overwrite": True})
        answered.raise_for_status()
        return str(answered.json()["page"]["url"])

    def names(self) -> set[str]:
        return {page["name"] for page in self.http.get("/api/pages").json()["pages"]}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    port, pages_port = free_port(), free_port()
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
        "WECHAT_MSG_SERVER_PORT": str(port),
        "PAGES_PORT": str(pages_port),
        "MCP_PORT": str(free_port()),
        "WECHAT_OA_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "OPENAI_CONFIG_PASSWORD": PASSWORD,
        "WECHAT_OFFICIAL_ACCOUNT_NAME": "茶的故事",
        "PYTHONPATH": str(ROOT),
    }
    url = f"http://127.0.0.1:{port}"
    with (
        subprocess.Popen(
            [sys.executable, "-m", "local"], cwd=ROOT, env=environment, stdout=-3, stderr=-3
        ) as server,
        httpx.Client(base_url=url, headers={"x-config-password": PASSWORD}, trust_env=False) as http,
    ):
        try:
            for _ in range(600):
                try:
                    http.get("/health").raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            yield Local(url, f"http://127.0.0.1:{pages_port}", http)
        finally:
            server.kill()


def opened(browser: Browser, url: str, viewport: Any = PHONE, **options: Any) -> Page:
    page = browser.new_context(**{"viewport": viewport, "locale": "zh-CN", **options}).new_page()
    page.set_default_timeout(20_000)
    problems: list[str] = []
    page.problems = problems  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console", lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None
    )
    page.goto(url)
    return page


def manager(browser: Browser, local: Local, viewport: Any = PHONE, **options: Any) -> Page:
    page = opened(browser, f"{local.url}/manage/", viewport, **options)
    page.locator("#password").fill(PASSWORD)
    page.locator("#enter button").click()
    expect(page.locator("#work")).to_be_visible()
    return page


def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_page_that_was_generated_opens_in_the_browser(browser: Browser, local: Local) -> None:
    url = local.host("菜单", "<title>菜单</title><h1>今天三道菜</h1><script>document.title = '跑了'</script>")

    page = opened(browser, f"{local.url}/pages/菜单.html")

    assert page.url == url
    expect(page.get_by_role("heading")).to_have_text("今天三道菜")
    assert page.title() == "跑了"
    page.context.close()


def test_the_second_port_serves_pages_with_the_clouds_headers_and_nothing_else(local: Local) -> None:
    local.host("a", "<p>a")
    served = httpx.get(f"{local.pages}/a.html", trust_env=False)

    assert served.status_code == 200
    assert PAGE_HEADERS.items() <= dict(served.headers).items()
    for path in (
        "/",
        "/a",
        "/manage/",
        "/api/pages",
        "/health",
        "/wechat/reply",
        "/..%2ftable.db",
        "/b.html",
    ):
        missing = httpx.get(f"{local.pages}{path}", trust_env=False)
        assert missing.status_code == 404
        assert PAGE_HEADERS.items() <= dict(missing.headers).items()
        assert f'href="{local.url}/"' in missing.text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_index_leads_to_pages_simulator_and_manager(browser: Browser, local: Local, scheme: Any) -> None:
    local.host("菜单", "<title>菜单</title><p>今天三道菜")
    page = opened(browser, f"{local.url}/", color_scheme=scheme)

    expect(page.get_by_role("heading", level=1)).to_have_text("茶的故事")
    expect(page.get_by_role("link", name="管理")).to_have_attribute("href", "/manage/")
    expect(page.get_by_role("link", name="模拟器")).to_be_visible()
    assert page.evaluate(CONTRAST) == []
    assert fits(page)
    shot(page, f"index-{scheme}")
    page.get_by_role("link", name="菜单").click()
    expect(page).to_have_url(re.compile(r"%E8%8F%9C%E5%8D%95\.html$"))
    assert page.problems == []  # type: ignore[attr-defined]
    page.context.close()


def test_the_index_speaks_english_to_who_reads_it(browser: Browser, local: Local) -> None:
    page = opened(browser, f"{local.url}/", locale="en-US")
    expect(page.get_by_role("link", name="Manage")).to_be_visible()
    page.goto(f"{local.url}/manage/")
    expect(page.get_by_role("button", name="Enter")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_index_leads_to_every_theme_by_day_and_by_night(
    browser: Browser, local: Local, scheme: Any
) -> None:
    page = opened(browser, f"{local.url}/", color_scheme=scheme)
    page.get_by_role("link", name="文章主题").click()
    expect(page).to_have_url(f"{local.url}/themes/")

    frames = page.locator(".phone")
    assert frames.count() == 2 * len(all_themes())
    for frame in frames.all():
        expect(frame).to_be_visible()
        assert frame.evaluate("(frame) => frame.getBoundingClientRect().width") == PHONE["width"]
        assert frame.evaluate("(frame) => frame.scrollWidth <= frame.clientWidth")
        widths = frame.locator("img").evaluate_all("(images) => images.map((image) => image.naturalWidth)")
        assert widths == [750, 750]
    # What an article says inline, a stylesheet says here: nothing of it may be lost.
    heading = page.locator("#calm .phone:not(.night) h2").first
    assert heading.evaluate("(heading) => getComputedStyle(heading).borderLeftWidth") == "4px"
    assert page.evaluate(CONTRAST) == []
    assert fits(page)
    shot(page, f"themes-{scheme}")
    assert page.problems == []  # type: ignore[attr-defined]
    page.context.close()


def test_a_wrong_password_opens_nothing_and_says_so(browser: Browser, local: Local) -> None:
    page = opened(browser, f"{local.url}/manage/")
    page.locator("#password").fill("错的密码")
    page.locator("#enter button").click()

    expect(page.locator("#enter-problem")).to_have_text("密码不对")
    expect(page.locator("#work")).to_be_hidden()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_manager_uploads_previews_copies_and_deletes(browser: Browser, local: Local, scheme: Any) -> None:
    page = manager(browser, local, color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"])

    # Upload: a page, and a file for the root
    html = "<title>新的一页</title><p>内容在这里".encode()
    files = [
        {"name": f"新 页 {scheme}.html", "mimeType": "text/html", "buffer": html},
        {"name": f"MP_verify_{scheme}.txt", "mimeType": "text/plain", "buffer": b"abc"},
    ]
    page.locator("#files").set_input_files(files[:1])  # type: ignore[arg-type]
    entry = page.locator(".page").first
    expect(entry).to_contain_text("新的一页")
    expect(entry).to_contain_text(f"新-页-{scheme}.html")
    expect(entry.frame_locator("iframe").locator("p")).to_have_text("内容在这里")

    # Copy its link, and show it as a QR code
    entry.get_by_role("button", name="复制链接").click()
    expect(entry.get_by_role("button", name="已复制")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith(f"{local.pages}/")
    entry.get_by_role("button", name="二维码").click()
    expect(page.locator("#qr")).to_be_visible()
    assert page.evaluate("document.querySelector('#qr-image').decode().then(() => true)")
    shot(page, f"manager-qr-{scheme}")
    page.get_by_role("button", name="关闭").click()

    # The same name again is asked about
    page.locator("#files").set_input_files(files[:1])  # type: ignore[arg-type]
    expect(page.locator("#ask")).to_contain_text("要覆盖它吗")
    page.get_by_role("button", name="取消").click()

    # What cannot be hosted is said
    bad = [{"name": "a.html", "mimeType": "text/html", "buffer": b"\xff\xfe"}]
    page.locator("#files").set_input_files(bad)  # type: ignore[arg-type]
    expect(page.locator("#uploads .failed")).to_contain_text("不是 UTF-8")

    assert page.evaluate(CONTRAST) == []
    assert fits(page)
    shot(page, f"manager-{scheme}")

    # A file has a list of its own
    page.locator("#files").set_input_files(files[1:])  # type: ignore[arg-type]
    expect(page.locator(".page").first).to_contain_text(f"MP_verify_{scheme}.txt")
    assert httpx.get(f"{local.url}/MP_verify_{scheme}.txt", trust_env=False).text == "abc"

    # Delete, after a question
    page.get_by_role("button", name="网页").click()
    expect(entry).to_contain_text("新的一页")
    entry.get_by_role("button", name="删除").click()
    page.locator("#ask-yes").click()
    expect(page.locator(".page", has_text=f"新-页-{scheme}.html")).to_have_count(0)
    assert f"新-页-{scheme}.html" not in local.names()
    assert page.problems == []  # type: ignore[attr-defined]
    page.context.close()


def test_the_manager_is_worked_with_the_keyboard_alone(browser: Browser, local: Local) -> None:
    names = [f"key-{number}" for number in range(3)]
    for name in names:
        local.host(name, f"<title>{name}")
    page = opened(browser, f"{local.url}/manage/", DESK)

    def focused() -> str:
        return str(page.evaluate("document.activeElement.textContent.trim()"))

    # In by Enter, out of each dialog by Escape, and nothing is deleted by that
    page.locator("#password").press_sequentially(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".page").first).to_be_visible()
    entry = page.locator(".page", has_text="key-1.html")
    entry.get_by_role("button", name="二维码").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#qr")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#qr")).to_be_hidden()
    assert focused() == "二维码"
    page.keyboard.press("Tab")
    assert focused() == "删除"
    page.keyboard.press("Enter")
    expect(page.locator("#ask")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#ask")).to_be_hidden()
    assert "key-1.html" in local.names()
    page.keyboard.press("Enter")
    expect(page.locator("#ask")).to_be_visible()
    page.keyboard.press("Tab")
    assert focused() == "删除"
    page.keyboard.press("Enter")
    expect(entry).to_have_count(0)

    # Then the focus is on the next page, not lost
    assert focused() == "key-0"
    page.get_by_role("button", name="文件", exact=True).focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="文件", exact=True)).to_have_attribute("aria-pressed", "true")
    page.context.close()


def test_the_manager_speaks_english_in_its_errors_too(browser: Browser, local: Local) -> None:
    page = opened(browser, f"{local.url}/manage/", locale="en-GB")
    page.locator("#password").fill("wrong")
    page.locator("#enter button").click()
    expect(page.locator("#enter-problem")).to_have_text("Wrong password.")
    page.locator("#password").fill(PASSWORD)
    page.locator("#enter button").click()
    expect(page.locator("#work")).to_be_visible()

    for name, data in (
        ("a.exe", b"x"),
        ("b.html", b"\xff\xfe"),
        ("c.html", b" "),
        ("d.html", b"x" * 2_100_000),
        ("e.html", b"x" * 10_000_000),
    ):
        files = [{"name": name, "mimeType": "text/html", "buffer": data}]
        page.locator("#files").set_input_files(files)  # type: ignore[arg-type]
        failed = page.locator("#uploads .failed", has_text=f"{name}: ")
        expect(failed).to_be_visible()
        assert not re.search(r"[\u4e00-\u9fff]", failed.inner_text().replace("Chinese", ""))
    local.host("english", "<title>A page")
    page.locator(".page").first.get_by_role("button", name="QR code").click()
    # This address is of no use to a phone, and that is said.
    expect(page.locator("#qr-here")).to_contain_text("Only this computer")
    assert fits(page)
    shot(page, "manager-english")
    page.context.close()


def test_a_file_that_is_far_too_large_is_not_even_sent(browser: Browser, local: Local) -> None:
    page = manager(browser, local)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    files = [{"name": "big.html", "mimeType": "text/html", "buffer": b"x" * 10_000_000}]
    page.locator("#files").set_input_files(files)  # type: ignore[arg-type]

    expect(page.locator("#uploads .failed")).to_have_text("big.html：文件太大了")
    assert "POST" not in sent
    page.context.close()


def test_what_is_not_there_is_said_in_a_friendly_way(browser: Browser, local: Local) -> None:
    for path in ("/nothing", "/a/b/c", "/nothing.txt", "/pages/nothing"):
        page = opened(browser, f"{local.url}{path}")
        expect(page.get_by_role("heading")).to_have_text("没有这个网页")
        page.get_by_role("link", name="回到首页").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("茶的故事")
        page.context.close()
    answered = local.http.get("/nothing", headers={"accept": "application/json"})
    assert (answered.status_code, answered.text) == (404, "not found")


def test_a_file_that_is_dropped_is_uploaded(browser: Browser, local: Local) -> None:
    page = manager(browser, local, DESK)
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["<title>拖来的</title>"], "dropped.html", { type: "text/html" }));
          const drop = (type) => document.getElementById("drop").dispatchEvent(
            new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
          drop("dragenter"); drop("dragover"); drop("drop");
        }"""
    )

    expect(page.locator(".page").first).to_contain_text("拖来的")
    assert "dropped.html" in local.names()
    shot(page, "manager-desk")
    page.context.close()


def test_the_list_goes_on_with_older_pages(browser: Browser, local: Local) -> None:
    for number in range(25):
        local.host(f"many-{number}", f"<title>第 {number} 页")
    page = manager(browser, local)

    expect(page.locator(".page")).to_have_count(20)
    page.get_by_role("button", name="更早的").click()
    expect(page.locator(".page", has_text="many-0.html")).to_have_count(1)
    page.context.close()


def test_a_hostile_page_is_contained(browser: Browser, local: Local) -> None:
    # Given a page that takes what it can, a visitor with cookies, and another page that it could delete
    local.host("victim", "<title>别人的")
    url = local.host("hostile", (Path(__file__).parent / "hostile.html").read_text())
    context = browser.new_context(viewport=cast(Any, PHONE))
    context.add_cookies([{"name": "chat_access", "value": "secret", "url": local.url}])
    page = context.new_page()
    asked: dict[str, list[int]] = {"/chat/api/send": []}
    page.on(
        "response",
        lambda got: (
            asked.setdefault(urlsplit(got.url).path, []).append(got.status)
            if got.request.method == "POST"
            else None
        ),
    )
    page.goto(f"{local.url}/manage/")
    page.evaluate("localStorage.setItem('a', 'b')")

    # When it is opened
    page.goto(f"{url}?site={local.url}")
    expect(page.locator("#result")).not_to_have_text("…", timeout=30_000)
    tried = json.loads(page.locator("#result").text_content() or "")

    assert asked["/chat/api/send"] == [415]

    # Then it has an origin of nobody's, and gets nothing
    assert tried.pop("origin") == "got: null"
    for blindly in ("delete blindly", "chat blindly"):
        assert tried.pop(blindly) == "got: sent"
    assert {name: got for name, got in tried.items() if not got.startswith("refused: ")} == {}
    framed = [frame for frame in page.frames if frame != page.main_frame]
    assert len(framed) == 2
    assert all("密码" not in frame.content() and "设置" not in frame.content() for frame in framed)
    assert "victim.html" in local.names()
    context.close()


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_template_is_readable_on_a_phone(
    browser: Browser, local: Local, template: str, scheme: Any
) -> None:
    page = opened(
        browser, local.host(f"template-{template}", generate(FIELDS, template)), color_scheme=scheme
    )

    assert fits(page)
    shot(page, f"template-{template}-{scheme}")
    # A code's language stands above it, not on it.
    label, code = (page.locator(f".code {part}").bounding_box() for part in (".language", "code"))
    assert label is not None
    assert code is not None
    assert label["y"] + label["height"] <= code["y"]
    # On a gradient there is no one colour to compare with.
    weak = page.evaluate(CONTRAST)
    assert [
        text
        for text in weak
        if template != "event" or not text.startswith(("秋季", "从武夷", "新品", "杭州", "报名"))
    ] == []
    page.context.close()
