"""The chat page on a phone, in front of the real server: the model, the table and the account are those of
``make run``."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chat_page import PHONE, Chat, Pages, answers, ask, asked, conversations, field, questions
from tests.support.account import TOKEN, Follower, Server, client

pytestmark = pytest.mark.browser

CONTEXT_PATH = "/wechat-oa"
PASSWORD = "掌柜自己才知道的密码"
DAILY_LIMIT = 2
SOON = 20_000
"""Milliseconds that something may take which a model, however slow the machine, has a part in."""

T = TypeVar("T")


class Machine:
    """``python -m local`` with a data folder of its own, and the account's followers."""

    def __init__(self, loop: asyncio.AbstractEventLoop, data_dir: Path, **settings: str) -> None:
        self._loop = loop
        self._server = Server(
            {
                "WECHAT_OA_DATA_DIR": str(data_dir),
                "WECHAT_TOKEN": TOKEN,
                "WECHAT_OFFICIAL_ACCOUNT_NAME": "山里的茶馆",
                "OPENAI_CONFIG_PASSWORD": PASSWORD,
                **settings,
            }
        )
        self.origin = f"http://127.0.0.1:{self._server.port}"
        self._run(self._server.start())

    def stop(self) -> None:
        self._run(self._server.end())

    def reply_to(self, words: str) -> str:
        """Return what the account replies to a follower; WeChat hangs up after three seconds here."""

        async def say() -> str:
            async with client() as http:
                follower = Follower("小明", self._server.callback_url, http, mode="plain", limit=3.0)
                return await follower.say(words)

        return self._run(say())

    def _run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(60)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop beside the browser's."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def machine(loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Open to everybody; the web chat's model takes two seconds, the account's longer than WeChat waits."""
    machine = Machine(
        loop,
        tmp_path_factory.mktemp("open"),
        WECHAT_MSG_CONTEXT_PATH=CONTEXT_PATH,
        WECHAT_MSG_AI_TIMEOUT="1",
        OPENAI_MODEL="demo-2s",
        OPENAI_WECHAT_MODEL="demo-14s",
    )
    yield machine
    machine.stop()


@pytest.fixture(scope="module")
def gated_machine(
    loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """Open to those who have a code, for a few questions a day; the model is quick."""
    machine = Machine(
        loop,
        tmp_path_factory.mktemp("gated"),
        CHAT_ACCESS="code",
        CHAT_VISITOR_DAILY_LIMIT=str(DAILY_LIMIT),
        WECHAT_OA_DEMO_SECONDS="0",
    )
    yield machine
    machine.stop()


@pytest.fixture
def phone(browser: Browser, machine: Machine) -> Iterator[Pages]:
    yield from phones(browser, f"{machine.origin}/chat/")


@pytest.fixture
def phone_under_path(browser: Browser, machine: Machine) -> Iterator[Pages]:
    yield from phones(browser, f"{machine.origin}{CONTEXT_PATH}/chat/")


@pytest.fixture
def gated_phone(browser: Browser, gated_machine: Machine) -> Iterator[Pages]:
    yield from phones(browser, f"{gated_machine.origin}/chat/")


def phones(browser: Browser, url: str) -> Iterator[Pages]:
    pages = Pages(browser, url)
    yield pages
    pages.close()


def finished(page: Page, number: int) -> None:
    """Wait for the end of an answer."""
    expect(page.locator(".answer").nth(number)).to_have_attribute("aria-busy", "false", timeout=SOON)


def stop_button(page: Page) -> Locator:
    return page.get_by_role("button", name="停止")


def test_asking_stopping_trying_again_changing_and_coming_back(phone: Pages) -> None:
    page = phone.open(**PHONE)
    expect(page.get_by_text("我是公众号「山里的茶馆」的 AI 助手")).to_be_visible()
    page.evaluate(
        """() => {
          window.lengths = new Set();
          const answer = () => document.querySelector(".answer .markdown");
          const look = () => window.lengths.add(answer()?.textContent.length);
          new MutationObserver(look).observe(document.getElementById("transcript"),
            { childList: true, subtree: true, characterData: true });
        }"""
    )
    ask(page, "春茶什么时候上？")
    expect(stop_button(page)).to_be_visible()
    finished(page, 0)
    expect(answers(page)).to_contain_text("你刚才说的是：「春茶什么时候上？」。这是我们的第一轮对话。")
    assert page.evaluate("window.lengths.size") > 10
    expect(page.locator(".answer .markdown strong")).to_have_text("2 秒")
    expect(page.locator(".answer .markdown ol > li")).to_have_count(3)

    ask(page, "白茶呢？")
    expect(answers(page).last).to_contain_text("我不是 AI", timeout=SOON)
    stop_button(page).tap()
    expect(page.locator(".status").last).to_have_text("已停止")
    expect(answers(page).last).not_to_contain_text("再运行一次就好")
    page.get_by_role("button", name="重新回答").tap()
    finished(page, 1)
    expect(answers(page).last).to_contain_text("「白茶呢？」。我还记得我们之前的 1 轮对话。")

    page.get_by_role("button", name="修改").last.tap()
    page.get_by_role("textbox", name="修改问题").fill("普洱呢？")
    page.locator(".edit").get_by_role("button", name="发送").tap()
    finished(page, 1)
    expect(questions(page)).to_have_text(["春茶什么时候上？", "普洱呢？"])
    expect(answers(page).last).to_contain_text("「普洱呢？」。我还记得我们之前的 1 轮对话。")

    page.reload()
    expect(questions(page)).to_have_text(["春茶什么时候上？", "普洱呢？"])
    page.get_by_role("button", name="新对话").locator("visible=true").tap()
    expect(questions(page)).to_have_count(0)
    page.get_by_role("button", name="对话列表").tap()
    conversations(page).filter(has_text="春茶什么时候上？").tap()
    expect(answers(page)).to_have_count(2)
    ask(page, "红茶呢？")
    finished(page, 2)
    expect(answers(page).last).to_contain_text("我还记得我们之前的 2 轮对话。")


def test_the_model_is_changed_behind_the_password_and_answers_the_next_question(
    phone_under_path: Pages, machine: Machine
) -> None:
    page = phone_under_path.open(**PHONE)
    page.get_by_role("button", name="对话列表").tap()
    page.get_by_role("button", name="管理").tap()
    page.get_by_label("密码").fill("不是它")
    page.get_by_role("button", name="继续").tap()
    expect(page.locator("#password-error")).to_have_text("密码不对。")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="继续").tap()
    form = page.get_by_role("tabpanel", name="网页聊天")
    expect(form.get_by_label("服务地址")).to_have_value(f"{machine.origin}/demo-model/v1")
    expect(form.get_by_label("密钥")).to_have_attribute("placeholder", "已设置，留空则不变")
    save = form.get_by_role("button", name="试一试并保存")

    form.get_by_label("服务地址").fill(f"{machine.origin}/nothing-here/v1")
    form.get_by_label("密钥").fill("sk-wrong")
    save.tap()
    expect(form.locator(".form-error")).to_contain_text("没有保存。", timeout=SOON)

    form.get_by_label("服务地址").fill(f"{machine.origin}/demo-model/v1")
    form.get_by_label("密钥").fill("")
    try:
        change_model(page, "demo-0.5s")
        page.get_by_role("dialog").get_by_role("button", name="关闭").tap()
        page.locator("#close-sidebar").tap()
        ask(page, "你好")
        finished(page, 0)
        expect(page.locator(".answer .markdown strong")).to_have_text("0.5 秒")
        page.get_by_role("button", name="对话列表").tap()
        page.get_by_role("button", name="管理").tap()
    finally:
        change_model(page, "demo-2s")


def change_model(page: Page, model: str) -> None:
    form = page.get_by_role("tabpanel", name="网页聊天")
    form.get_by_label("模型").fill(model)
    with page.expect_response(re.compile("/chat/api/config$"), timeout=SOON) as saved:
        form.get_by_role("button", name="试一试并保存").tap()
    assert saved.value.ok
    expect(form.locator(".form-done")).to_have_text("已保存，几秒钟后生效。")


def test_an_unfinished_reply_leads_to_the_answers_page_where_one_goes_on(
    phone_under_path: Pages, machine: Machine
) -> None:
    reply = machine.reply_to("第一次喝普洱，怎么选？")
    link = re.search(r"\S+/chat/\?answer=[0-9a-f]{32}", reply)
    assert link is not None, reply
    assert link[0].startswith(f"{phone_under_path.url}?")

    page = phone_under_path.open(f"?{link[0].partition('?')[2]}", **PHONE)
    expect(questions(page)).to_have_text(["第一次喝普洱，怎么选？"])
    expect(page.locator(".answer")).to_have_attribute("aria-busy", "true")
    early = answers(page).text_content() or ""
    assert "再运行一次就好" not in early
    finished(page, 0)
    expect(answers(page)).to_contain_text("「第一次喝普洱，怎么选？」")
    expect(answers(page)).to_contain_text("再运行一次就好")
    assert page.evaluate("location.search") == ""

    ask(page, "怎么存？")
    finished(page, 1)
    expect(answers(page).last).to_contain_text("「怎么存？」。我还记得我们之前的 1 轮对话。")


def test_a_code_from_the_account_lets_one_in_until_the_days_questions_are_used_up(
    gated_phone: Pages, gated_machine: Machine
) -> None:
    context = gated_phone.context(**PHONE)
    page = gated_phone.open_on(context)
    code_field = page.get_by_role("textbox", name="验证码")
    expect(code_field).to_be_visible()
    expect(field(page)).to_be_hidden()
    code_field.fill("000000")
    page.get_by_role("button", name="进入").tap()
    expect(page.locator("#gate-error")).to_contain_text("验证码不对、已经用过，或者过期了。")

    reply = gated_machine.reply_to("验证码")
    code = re.search(r"你的验证码：(\S+)", reply)
    assert code is not None, reply
    assert gated_phone.url in reply
    code_field.fill(code[1].lower())
    page.get_by_role("button", name="进入").tap()
    expect(field(page)).to_be_visible()

    for number in range(DAILY_LIMIT):
        asked(page, f"第 {number + 1} 问")
        expect(answers(page).last).to_contain_text(f"「第 {number + 1} 问」")
    ask(page, "再来一问")
    expect(page.locator(".status-text")).to_have_text("你今天的提问次数用完了，明天再来吧。")
    expect(questions(page)).to_have_count(DAILY_LIMIT + 1)

    again = gated_phone.open_on(context)
    expect(field(again)).to_be_visible()
    elsewhere = gated_phone.open(**PHONE)
    elsewhere.get_by_role("textbox", name="验证码").fill(code[1])
    elsewhere.get_by_role("button", name="进入").tap()
    expect(elsewhere.locator("#gate-error")).to_contain_text("已经用过")


def test_the_server_of_the_other_tests_says_what_this_one_says(chat: Chat, phone: Pages) -> None:
    page = chat.open()
    fake = page.request.get(f"{chat.url}api/config").json()
    real = page.request.get(f"{phone.url}api/config").json()
    assert {name: type(value) for name, value in fake.items()} == {
        name: type(value) for name, value in real.items()
    }
    headers = page.request.get(chat.url).headers
    assert (
        headers["content-security-policy"].replace(" https://api.example.test", "")
        == (page.request.get(phone.url).headers["content-security-policy"])
    )
