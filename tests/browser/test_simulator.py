"""The simulator's page in a real Chromium, against a server and an account of this test's own."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Route as PageRoute
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from local.platform.account import Account
from local.platform.api import api_routes
from local.platform.simulator import simulator_routes
from local.platform.state import Platform
from tests.browser.chat_page import CONTRAST
from tests.support.serving import free_port
from wechat_oa.callback.envelope import Credentials, open_envelope
from wechat_oa.callback.reply import Article, MusicReply, NewsReply, Reply, TextReply

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 860}
ANSWER_LINK = "https://example.com/wechat-oa/chat/?answer=72e3f67f3920945cbb95c72e22d138f6"
LIMIT = 1.0
"""Seconds one attempt may take here, instead of WeChat's five."""
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ACCOUNT = Account(
    token="token123",
    app_id="wxdemo0000000000",
    app_secret="demo-secret",
    encoding_aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    name="测试号",
)


class Pace:
    seconds = 2.0


class World:
    """A server with the simulator, the API and an account whose answers depend on what is said."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.simulator = f"{self.url}/simulator/"
        self._seen: dict[str, int] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._credentials = Credentials(ACCOUNT.token, ACCOUNT.app_id, ACCOUNT.encoding_aes_key)
        self._platform = Platform(
            ACCOUNT,
            base_url=self.url,
            callback_url=f"{self.url}/wechat/reply",
            http=httpx.AsyncClient(trust_env=False),
            limit=LIMIT,
        )

    def close(self) -> None:
        """Let the pages' held requests end, as the local server does when it stops."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._platform.feed.close)

    def app(self) -> Starlette:
        @contextlib.asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
            self._loop = asyncio.get_running_loop()
            yield
            await self._platform.http.aclose()

        routes = [
            Route("/wechat/reply", self._callback, methods=["POST"]),
            Mount("/wechat-platform", routes=api_routes(self._platform)),
            *simulator_routes(self._platform, pace=Pace()),
        ]
        return Starlette(routes=routes, lifespan=lifespan)

    async def _callback(self, request: Request) -> Response:
        envelope = open_envelope(request.query_params, await request.body(), self._credentials, time.time())
        message = envelope.message
        said = message.content or message.event_key or message.msg_type
        attempt = self._seen[message.key] = self._seen.get(message.key, 0) + 1
        if said == "坏":
            return Response("Traceback (most recent call last)", media_type="text/plain")
        if said == "慢" and attempt == 1:
            await asyncio.sleep(LIMIT * 3)
        content_type, body = envelope.seal(reply_to(said, message.recognition), time.time())
        return Response(body, media_type=content_type)

    def push(self, name: str, content: str) -> int:
        body = {"grant_type": "client_credential", "appid": ACCOUNT.app_id, "secret": ACCOUNT.app_secret}
        api = f"{self.url}/wechat-platform/cgi-bin"
        token = httpx.post(f"{api}/stable_token", json=body, trust_env=False).json()["access_token"]
        message = {"touser": ACCOUNT.openid(name), "msgtype": "text", "text": {"content": content}}
        response = httpx.post(
            f"{api}/message/custom/send?access_token={token}",
            content=json.dumps(message, ensure_ascii=False).encode(),
            trust_env=False,
        )
        errcode: int = response.json()["errcode"]
        return errcode

    def post(self, path: str, body: dict[str, Any]) -> None:
        httpx.post(f"{self.simulator}api/{path}", json=body, trust_env=False).raise_for_status()


def reply_to(said: str, recognition: str) -> Reply | None:
    match said:
        case "沉默":
            return None
        case "图文":
            return NewsReply((Article("春天来了", "一起去看花", "", "https://example.com/1"),))
        case "音乐":
            return MusicReply("小夜曲", "很安静", "https://example.com/a.mp3", "", "THUMB")
        case "链接":
            return TextReply(
                '看<a href="https://example.com/a">这里</a>，或 https://example.com/b 。'
                '<a href="weixin://bizmsgmenu?msgmenucontent=继续&msgmenuid=7">继续</a>'
                '<a href="javascript:alert(1)">别点</a><img src=x onerror=alert(1)>'
            )
        case "没写完":
            return TextReply(f"……（还没写完，点开看全文）\n{ANSWER_LINK}")
        case _:
            return TextReply(f"你说：{recognition or said}")


def free_socket() -> socket.socket:
    # Without naming TCP, asyncio leaves Nagle's algorithm on: 40 ms more for every answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return listener


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    listener = free_socket()
    world = World(listener.getsockname()[1])
    server = uvicorn.Server(uvicorn.Config(world.app(), log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    wait_for(f"{world.simulator}api/changes")
    yield world
    world.close()
    server.should_exit = True
    thread.join(10)
    listener.close()


def wait_for(url: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url, trust_env=False).raise_for_status()
            return
        assert time.monotonic() < deadline, f"{url} does not answer"
        time.sleep(0.1)


def open_page(browser: Browser, url: str, viewport: dict[str, int], scheme: str = "light") -> Page:
    context = browser.new_context(
        viewport={"width": viewport["width"], "height": viewport["height"]},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="zh-CN",
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(url)
    expect(page.locator("#menu button").first).to_be_visible()
    page.problems = problems  # type: ignore[attr-defined]
    return page


@pytest.fixture
def desk(browser: Browser, world: World) -> Iterator[Page]:
    world.post("reset", {})
    world.post("settings", {"mode": "safe", "push_format": "xml", "account_type": "verified_service"})
    page = open_page(browser, world.simulator, DESK)
    yield page
    assert page.problems == []  # type: ignore[attr-defined]
    page.context.close()


@pytest.fixture
def phone(browser: Browser, world: World) -> Iterator[Page]:
    world.post("reset", {})
    page = open_page(browser, world.simulator, PHONE)
    yield page
    assert page.problems == []  # type: ignore[attr-defined]
    page.context.close()


def say(page: Page, text: str) -> None:
    page.get_by_label("消息", exact=True).fill(text)
    page.keyboard.press("Enter")


def tray(page: Page, name: str) -> None:
    page.get_by_role("button", name="更多类型的消息").click()
    page.get_by_role("button", name=name, exact=True).click()


def answers(page: Page) -> Any:
    return page.locator(".said:not(.mine) .bubble")


def test_a_text_is_answered_and_its_story_told(desk: Page) -> None:
    say(desk, "你好")
    expect(answers(desk)).to_have_text(["你说：你好"])
    expect(desk.get_by_label("消息", exact=True)).to_have_value("")
    expect(desk.locator(".status")).to_have_text(re.compile(r"第 1 次回复 · 0\.\d{3} 秒"))
    expect(desk.locator(".attempt")).to_have_count(1)
    expect(desk.locator(".attempt .chip")).to_have_text("回复了")

    desk.get_by_text("来回的 XML").click()
    wires = desk.locator(".wire pre")
    expect(wires).to_have_count(4)
    expect(wires.nth(0)).to_contain_text("<Content><![CDATA[你好]]></Content>")
    expect(wires.nth(1)).to_contain_text("<Encrypt>")
    expect(wires.nth(2)).to_contain_text("<Content><![CDATA[你说：你好]]></Content>")
    expect(wires.nth(3)).to_contain_text("<MsgSignature>")


def test_a_slow_answer_shows_a_growing_bar_and_comes_on_the_second_attempt(desk: Page) -> None:
    say(desk, "慢")
    expect(desk.locator(".bar.running")).to_be_visible()
    expect(desk.locator(".status.running")).to_have_text("第 1 次投递中")
    expect(desk.locator(".attempt")).to_have_count(2)
    expect(desk.locator(".attempt .chip")).to_have_text(["超时", "回复了"])
    expect(answers(desk)).to_have_text(["你说：慢"])


def test_an_answer_that_wechat_cannot_use_ends_as_a_fault(desk: Page) -> None:
    say(desk, "坏")
    expect(desk.locator(".notice.fault")).to_have_text("该公众号提供的服务出现故障，请稍后再试")
    expect(desk.locator(".attempt .chip")).to_have_text(["回复无法使用"] * 3)
    expect(desk.locator(".reason").first).to_contain_text("不是 XML")
    expect(desk.locator(".status.failed")).to_be_visible()


def test_a_push_appears_by_itself(desk: Page, world: World) -> None:
    say(desk, "沉默")
    expect(desk.locator(".attempt .chip")).to_have_text("应答，无回复")
    assert world.push("小明", "让你久等了") == 0
    expect(answers(desk)).to_have_text(["让你久等了"])
    expect(desk.locator(".tag")).to_have_text("客服消息")


def test_every_kind_of_message_can_be_sent(desk: Page) -> None:
    tray(desk, "语音")
    desk.locator("#voice-dialog").get_by_role("textbox").fill("早上好")
    desk.locator("#voice-dialog").get_by_role("button", name="发送").click()
    expect(answers(desk).last).to_have_text("你说：早上好")

    tray(desk, "位置")
    desk.locator("#location-dialog").get_by_role("button", name="发送").click()
    expect(answers(desk).last).to_have_text("你说：location")

    tray(desk, "链接")
    desk.locator("#link-dialog").get_by_role("button", name="发送").click()
    expect(answers(desk).last).to_have_text("你说：link")

    tray(desk, "视频")
    expect(answers(desk).last).to_have_text("你说：video")

    tray(desk, "表情")
    expect(answers(desk).last).to_contain_text("收到不支持的消息类型")

    tray(desk, "扫码")
    desk.locator("#scan-dialog").get_by_role("button", name="扫码").click()
    expect(answers(desk).last).to_have_text("你说：poster-1")
    expect(desk.locator(".notice-text").last).to_have_text("你扫描了二维码「poster-1」")

    desk.locator("#image-file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": PNG})
    expect(answers(desk).last).to_have_text("你说：image")
    picture = desk.locator(".mine .media img")
    expect(picture).to_be_visible()
    assert picture.evaluate("img => img.naturalWidth") == 1


def test_a_cancelled_dialog_sends_nothing(desk: Page) -> None:
    tray(desk, "链接")
    desk.locator("#link-dialog").get_by_role("button", name="取消").click()
    tray(desk, "扫码")
    desk.keyboard.press("Escape")
    say(desk, "你好")
    expect(desk.locator(".said.mine")).to_have_count(1)
    expect(desk.locator(".notice")).to_have_count(0)


def test_a_file_that_is_no_picture_is_refused_with_a_reason(desk: Page) -> None:
    desk.locator("#image-file").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": b"<svg onload=alert(1)>"}
    )
    expect(desk.locator("#refused")).to_contain_text("只能发送图片")
    expect(desk.locator(".said")).to_have_count(0)
    desk.problems.clear()  # type: ignore[attr-defined]  # the browser logs the refusal's status


def test_the_menu_clicks_and_its_submenu_opens(desk: Page) -> None:
    desk.get_by_role("button", name="帮助").last.click()
    expect(desk.locator(".notice-text")).to_have_text("你点了菜单「帮助」")
    expect(answers(desk)).to_have_text(["你说：帮助"])
    desk.get_by_role("button", name="对话").click()
    desk.locator(".menu .sub").get_by_role("button", name="继续").click()
    expect(answers(desk)).to_have_text(["你说：帮助", "你说：继续"])
    expect(desk.locator(".menu .sub")).to_be_hidden()


def test_one_who_leaves_can_follow_again(desk: Page) -> None:
    tray(desk, "取消关注")
    expect(desk.get_by_label("消息", exact=True)).to_be_hidden()
    desk.get_by_role("button", name="关注公众号").click()
    expect(desk.locator(".notice-text").last).to_have_text("你关注了「测试号」")
    expect(desk.get_by_label("消息", exact=True)).to_be_visible()


def test_news_and_music_are_cards_that_open_elsewhere(desk: Page) -> None:
    say(desk, "图文")
    card = desk.locator(".card a")
    expect(card).to_contain_text("春天来了")
    expect(card).to_have_attribute("href", "https://example.com/1")
    expect(card).to_have_attribute("rel", re.compile("noopener"))
    say(desk, "音乐")
    expect(desk.get_by_role("link", name="小夜曲")).to_have_attribute("href", "https://example.com/a.mp3")


def test_an_address_in_an_answer_opens_beside_the_phone(desk: Page) -> None:
    desk.context.route(ANSWER_LINK, lambda route: route.fulfill(body="全文"))
    say(desk, "没写完")
    link = answers(desk).last.get_by_role("link", name=ANSWER_LINK)
    expect(answers(desk).last).to_have_text(f"……（还没写完，点开看全文）\n{ANSWER_LINK}")
    with desk.context.expect_page() as opened:
        link.click()
    assert opened.value.url == ANSWER_LINK
    assert opened.value.evaluate("window.opener") is None


def test_an_answer_is_never_taken_for_html(desk: Page) -> None:
    say(desk, "链接")
    bubble = answers(desk).last
    expect(bubble.get_by_role("link")).to_have_count(2)
    expect(bubble.get_by_role("link").nth(0)).to_have_attribute("href", "https://example.com/a")
    expect(bubble.get_by_role("link").nth(1)).to_have_attribute("href", "https://example.com/b")
    expect(bubble.locator("img")).to_have_count(0)
    expect(bubble).to_contain_text("别点<img src=x onerror=alert(1)>")
    bubble.get_by_role("button", name="继续").click()
    expect(answers(desk).last).to_have_text("你说：继续")


def test_mode_and_format_are_switched_for_the_next_message(desk: Page) -> None:
    desk.get_by_label("明文").check(force=True)
    desk.get_by_label("JSON").check(force=True)
    say(desk, "一")
    expect(desk.locator(".summary")).to_contain_text("明文模式 · JSON")
    desk.get_by_text("来回的 JSON").click()
    expect(desk.locator(".wire pre").first).to_contain_text(re.compile(r'"MsgId": \d{19}'))
    desk.get_by_label("兼容").check(force=True)
    desk.get_by_label("XML").check(force=True)
    say(desk, "二")
    expect(desk.locator(".summary")).to_contain_text("兼容模式 · XML")
    expect(answers(desk)).to_have_text(["你说：一", "你说：二"])


def test_a_choice_on_its_way_stays_when_an_earlier_one_is_confirmed(desk: Page) -> None:
    held: list[PageRoute] = []

    def hold(route: PageRoute) -> None:
        if "push_format" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    desk.route("**/api/settings", hold)
    desk.get_by_label("JSON").check(force=True)
    desk.get_by_label("明文").check(force=True)
    say(desk, "一")
    expect(desk.locator(".summary")).to_contain_text("明文模式 · XML")
    expect(desk.get_by_label("JSON")).to_be_checked()
    held[0].continue_()
    expect(desk.get_by_label("JSON")).to_be_checked()
    desk.unroute("**/api/settings")


def test_settings_reach_the_server(desk: Page, world: World) -> None:
    say(desk, "沉默")
    expect(desk.locator(".attempt .chip")).to_have_text("应答，无回复")
    desk.get_by_label("账号类型").select_option("未认证的订阅号")
    expect(desk.get_by_label("账号类型")).to_have_value("unverified_subscription")
    with desk.expect_response(re.compile("api/settings")):
        desk.locator("#pace").fill("12.5")
    expect(desk.locator("#pace-output")).to_have_text("12.5 秒")
    assert world.push("小明", "你好") == 48001


def test_each_follower_has_a_phone_of_their_own(desk: Page) -> None:
    say(desk, "我是小明")
    expect(answers(desk)).to_have_count(1)
    desk.get_by_label("现在是哪个粉丝").select_option("新的粉丝…")
    desk.get_by_label("名字").fill("小红")
    desk.get_by_role("button", name="就用这个").click()
    expect(answers(desk)).to_have_count(0)
    say(desk, "我是小红")
    expect(answers(desk)).to_have_text(["你说：我是小红"])
    desk.get_by_label("现在是哪个粉丝").select_option("小明")
    expect(answers(desk)).to_have_text(["你说：我是小明"])
    desk.reload()
    expect(answers(desk)).to_have_text(["你说：我是小明"])


def test_after_a_reset_the_phone_is_empty_and_works(desk: Page) -> None:
    say(desk, "一")
    expect(answers(desk)).to_have_count(1)
    desk.get_by_role("button", name="清空所有手机").click()
    expect(desk.locator(".said")).to_have_count(0)
    expect(desk.get_by_text("你现在是一个粉丝")).to_be_visible()
    say(desk, "二")
    expect(answers(desk)).to_have_text(["你说：二"])


def test_a_message_that_could_not_be_sent_stays_in_its_box(desk: Page) -> None:
    desk.context.set_offline(True)
    say(desk, "在吗")
    expect(desk.locator("#refused")).to_have_text("连不上本地服务")
    expect(desk.get_by_label("消息", exact=True)).to_have_value("在吗")
    desk.context.set_offline(False)
    desk.get_by_label("消息", exact=True).press("Enter")
    expect(answers(desk)).to_have_text(["你说：在吗"])
    desk.problems.clear()  # type: ignore[attr-defined]  # the browser logs every failed request


def test_on_a_phone_the_story_is_a_sheet(phone: Page) -> None:
    say(phone, "你好")
    expect(answers(phone)).to_have_text(["你说：你好"])
    panel = phone.locator("#panel")
    expect(panel).to_be_hidden()
    phone.locator(".status").click()
    expect(panel).to_be_visible()
    expect(phone.get_by_role("dialog", name="这条消息经历了什么")).to_be_visible()
    expect(phone.get_by_role("button", name="关闭")).to_be_focused()
    expect(panel.locator(".chip")).to_have_text("回复了")
    phone.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everything_can_be_reached_by_keyboard(desk: Page) -> None:
    reached = set()
    for _ in range(40):
        desk.keyboard.press("Tab")
        reached.add(desk.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert {"person", "text", "plus", "帮助", "account_type", "pace", "reset"} <= reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_text_stands_out_from_its_ground(
    browser: Browser, world: World, viewport: dict[str, int], scheme: str
) -> None:
    world.post("reset", {})
    page = open_page(browser, world.simulator, viewport, scheme)
    say(page, "坏")
    expect(page.locator(".notice.fault")).to_be_visible()
    say(page, "你好")
    expect(answers(page)).to_have_count(1)
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{viewport['width']}-{scheme}.png")
    page.evaluate("document.getElementById('panel').classList.add('open')")
    page.get_by_text("来回的 XML").click()
    expect(page.locator(".wire pre").first).to_be_visible()
    weak = page.evaluate(CONTRAST)
    assert weak == []
    page.context.close()


@contextlib.contextmanager
def local_server(port: int, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``python -m local`` with nothing configured, killed at the end."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
        "WECHAT_MSG_SERVER_PORT": str(port),
        "PAGES_PORT": str(free_port()),
        "MCP_PORT": str(free_port()),
        "WECHAT_OA_DATA_DIR": str(data),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/health")
            yield server
        finally:
            server.kill()


def test_the_whole_local_server_answers_and_is_found_again_after_a_crash(
    browser: Browser, tmp_path: Path
) -> None:
    with free_socket() as listener:
        port = listener.getsockname()[1]
    with local_server(port, tmp_path):
        page = open_page(browser, f"http://127.0.0.1:{port}/simulator/", DESK)
        page.locator("#pace").fill("0")
        say(page, "你好")
        expect(answers(page)).to_contain_text("演示模型", timeout=20_000)
        expect(page.locator(".attempt .chip")).to_have_text("回复了")
        assert page.problems == []  # type: ignore[attr-defined]
    expect(page.locator("#offline")).to_contain_text("make run")
    with local_server(port, tmp_path):
        expect(page.locator("#offline")).to_be_hidden()
        expect(page.locator(".said")).to_have_count(0)
        say(page, "帮助")
        expect(answers(page)).to_have_count(1)
        page.context.close()
