"""The chat page for keyboards, input methods, screen readers and phones, and how it looks in each state.

With ``SCREENSHOTS`` set to a folder, every state is kept there as a picture.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat_page import (
    CONTRAST,
    DESK,
    PHONE,
    Chat,
    answers,
    ask,
    asked,
    conversations,
    field,
    nameless,
    questions,
)
from tests.browser.chat_server import PASSWORD

pytestmark = pytest.mark.browser

FAKE_VIEWPORT = """
  const seen = new EventTarget();
  Object.assign(seen, { height: innerHeight, offsetTop: 0, scale: 1 });
  Object.defineProperty(window, "visualViewport", { value: seen });
"""


def test_enter_sends_and_shift_enter_begins_a_line(chat: Chat) -> None:
    page = chat.open()
    expect(field(page)).to_be_focused()
    page.keyboard.type("第一行")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("第二行")
    assert field(page).input_value() == "第一行\n第二行"
    assert field(page).evaluate("f => f.clientHeight > 60")
    page.keyboard.press("Enter")
    expect(questions(page)).to_have_text(["第一行\n第二行"])
    field(page).fill("  \n ")
    page.keyboard.press("Enter")
    expect(questions(page)).to_have_count(1)


def test_an_enter_that_ends_an_input_methods_word_does_not_send(chat: Chat) -> None:
    page = chat.open()
    expect(field(page)).to_be_focused()
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "nihao", "selectionStart": 5, "selectionEnd": 5})
    expect(field(page)).to_have_value("nihao")
    session.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": "Enter", "windowsVirtualKeyCode": 13})
    session.send("Input.insertText", {"text": "你好"})
    expect(field(page)).to_have_value("你好")
    # Safari ends the composition before the key press, which then has the code 229.
    field(page).evaluate(
        "f => f.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true }))"
    )
    page.wait_for_timeout(100)
    expect(questions(page)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(questions(page)).to_have_text(["你好"])


def test_everything_can_be_done_by_keyboard(chat: Chat) -> None:
    page = chat.open()
    expect(field(page)).to_be_focused()
    page.keyboard.type("你好")
    page.keyboard.press("Enter")
    expect(answers(page)).to_have_text(["你说：你好。前面有 0 条。"])
    reached = reach(page, 30)
    assert {"跳到输入框", "新对话", "搜索对话", "你好", "改名或删除「你好」", "关注公众号", "管理"} <= reached
    assert {"修改", "复制问题", "复制回答", "重新回答", "你的问题"} <= reached

    page.get_by_role("button", name="改名或删除「你好」").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("名称")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="改名或删除「你好」")).to_be_focused()
    page.keyboard.press("/")
    expect(field(page)).to_be_focused()
    page.keyboard.type("/")
    expect(field(page)).to_have_value("/")


def reach(page: Page, presses: int) -> set[str]:
    """The names of what Tab leads to."""
    name = """() => {
      const at = document.activeElement;
      return at.getAttribute("aria-label") || at.labels?.[0]?.textContent.trim() || at.textContent.trim();
    }"""
    found = set()
    for _ in range(presses):
        page.keyboard.press("Tab")
        found.add(page.evaluate(name))
    return found


def test_an_answer_is_read_out_when_it_is_finished_and_not_before(chat: Chat) -> None:
    chat.server.pace = 0.02
    page = chat.open()
    page.evaluate(
        """() => {
          window.said = [];
          const place = document.getElementById("announcer");
          new MutationObserver(() => window.said.push(place.textContent)).observe(place, { childList: true });
        }"""
    )
    asked(page, "你好")
    assert page.evaluate("window.said") == ["回答完毕。 你说：你好。前面有 0 条。"]
    live = "[aria-live], [role=status], [role=alert], [role=log]"
    assert (
        page.locator("#transcript").evaluate(f"t => t.closest('{live}') || t.querySelector('{live}')") is None
    )


def test_on_a_phone_the_conversations_slide_over_the_page(chat: Chat) -> None:
    page = chat.open(**PHONE)
    asked(page, "你好")
    expect(conversations(page)).to_be_hidden()
    page.get_by_role("button", name="对话列表").tap()
    expect(conversations(page)).to_be_visible()
    expect(page.get_by_role("button", name="关闭")).to_be_focused()
    page.keyboard.press("Escape")
    expect(conversations(page)).to_be_hidden()
    expect(page.get_by_role("button", name="对话列表")).to_be_focused()
    page.get_by_role("banner").or_(page.locator(".topbar")).get_by_role("button", name="新对话").tap()
    expect(page.locator("#empty")).to_be_visible()
    page.get_by_role("button", name="对话列表").tap()
    conversations(page).tap()
    expect(conversations(page)).to_be_hidden()
    expect(answers(page)).to_have_count(1)


def test_a_phones_keyboard_does_not_cover_the_field(chat: Chat) -> None:
    page = chat.open(before=FAKE_VIEWPORT, **PHONE)
    asked(page, "Markdown")
    page.evaluate("Object.assign(visualViewport, { height: 500, offsetTop: 20 })")
    page.evaluate("visualViewport.dispatchEvent(new Event('resize'))")
    box = page.locator("#composer").bounding_box()
    assert box is not None
    assert 20 < box["y"] < box["y"] + box["height"] <= 520
    assert page.locator("#scroller").evaluate("s => s.scrollHeight - s.clientHeight - s.scrollTop < 2")
    page.evaluate("Object.assign(visualViewport, { height: innerHeight, offsetTop: 0 })")
    page.evaluate("visualViewport.dispatchEvent(new Event('resize'))")
    box = page.locator("#composer").bounding_box()
    assert box is not None
    assert box["y"] > 700


SMALL = """() => [...document.querySelectorAll("button, input:not([type=checkbox]), textarea")]
  .filter((element) => element.checkVisibility())
  .map((element) => [element.outerHTML, element.getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44).map(([html]) => html)"""
"""What is too small for a finger: under 44 pixels (WCAG 2.2, 2.5.5)."""


def test_where_nothing_is_asked_yet_the_page_begins_at_its_beginning(chat: Chat) -> None:
    chat.server.config["access"] = "code"
    page = chat.open("?answer=gone", **{**PHONE, "viewport": {"width": 375, "height": 560}})
    expect(page.locator("#gate")).to_be_visible()
    expect(page.get_by_text("这个回答已经过期")).to_be_in_viewport()
    expect(page.get_by_role("button", name="回到最新")).to_be_hidden()
    assert page.locator("#scroller").evaluate("s => s.scrollHeight > s.clientHeight && s.scrollTop === 0")


State = Callable[[Page, Chat], None]


def _empty(page: Page, _chat: Chat) -> None:
    expect(page.get_by_role("heading", name="有什么可以帮你")).to_be_visible()


def _answered(page: Page, _chat: Chat) -> None:
    asked(page, "Markdown")
    expect(page.locator("code[data-coloured]")).to_be_visible()
    page.locator("#scroller").evaluate("s => s.scrollTo(0, 0)")
    expect(page.locator("#to-end")).to_be_visible()


def _end(page: Page, chat: Chat) -> None:
    _answered(page, chat)
    page.locator("#to-end").click()


def _failed(page: Page, _chat: Chat) -> None:
    asked(page, "断了")
    asked(page, "上限")
    ask(page, "没完")
    page.get_by_role("button", name="停止").click()
    expect(page.locator(".status").last).to_contain_text("已停止")


def _waiting(page: Page, _chat: Chat) -> None:
    ask(page, "等")
    expect(page.locator(".dots")).to_be_visible()


def _offline(page: Page, _chat: Chat) -> None:
    page.context.set_offline(True)
    asked(page, "在吗")


def _editing(page: Page, _chat: Chat) -> None:
    asked(page, "你好")
    page.get_by_role("button", name="修改").click(force=True)


def _gate(page: Page, chat: Chat) -> None:
    chat.server.config["access"] = "code"
    page.reload()
    page.get_by_role("textbox", name="验证码").fill("WRONG")
    page.get_by_role("button", name="进入").click()
    expect(page.locator("#gate-error")).to_be_visible()


def _gone(page: Page, chat: Chat) -> None:
    page.goto(f"{chat.url}?answer=gone")
    expect(page.locator("#opening.gone")).to_be_visible()


def _list(page: Page, _chat: Chat) -> None:
    asked(page, "说说龙井")
    page.locator("#new-chat-top").or_(page.locator("#new-chat")).locator("visible=true").first.click()
    asked(page, "说说普洱茶怎么存，家里潮湿怎么办")
    _sidebar(page)


def _sidebar(page: Page) -> None:
    if page.locator("#open-sidebar").is_visible():
        page.locator("#open-sidebar").click()
    expect(page.get_by_role("searchbox")).to_be_visible()
    page.wait_for_timeout(300)


def _searching(page: Page, chat: Chat) -> None:
    _list(page, chat)
    page.get_by_role("searchbox").fill("你说")


def _naming(page: Page, chat: Chat) -> None:
    _list(page, chat)
    page.get_by_role("button", name="改名或删除「说说龙井」").click(force=True)


def _deleted(page: Page, chat: Chat) -> None:
    _naming(page, chat)
    page.get_by_role("button", name="删除", exact=True).click()
    expect(page.get_by_role("button", name="撤销")).to_be_visible()


def _about(page: Page, _chat: Chat) -> None:
    _sidebar(page)
    page.get_by_role("button", name="关注公众号").click()


def _password(page: Page, _chat: Chat) -> None:
    _sidebar(page)
    page.get_by_role("button", name="管理").click()
    page.get_by_label("密码").fill("不对")
    page.get_by_label("密码").press("Enter")
    expect(page.locator("#password-error")).to_be_visible()


def _settings(page: Page, chat: Chat) -> None:
    _password(page, chat)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_label("密码").press("Enter")
    page.get_by_role("tabpanel", name="网页聊天").get_by_label("模型").fill("没有的模型")
    page.get_by_role("button", name="试一试并保存").click()
    expect(page.locator("#panel-chat .form-error")).to_be_visible()


def _codes(page: Page, chat: Chat) -> None:
    _settings(page, chat)
    page.get_by_role("tab", name="验证码").click()
    page.get_by_role("button", name="生成").click()
    expect(page.locator("#codes")).to_be_visible()


STATES: dict[str, State] = {
    "empty": _empty,
    "answered": _answered,
    "end": _end,
    "failed": _failed,
    "waiting": _waiting,
    "offline": _offline,
    "editing": _editing,
    "gate": _gate,
    "gone": _gone,
    "list": _list,
    "searching": _searching,
    "naming": _naming,
    "deleted": _deleted,
    "about": _about,
    "password": _password,
    "settings": _settings,
    "codes": _codes,
}


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("state", STATES)
def test_each_state_can_be_read_named_and_fits(chat: Chat, state: str, device: dict[str, Any]) -> None:
    page = chat.open(**device)
    STATES[state](page, chat)
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/{state}-{device['viewport']['width']}-{scheme}.png")
        assert page.evaluate(CONTRAST) == []
    assert nameless(page) == []
    if device is PHONE:
        assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
