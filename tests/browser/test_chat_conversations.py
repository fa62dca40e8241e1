"""The conversations that the chat page keeps on the device, and the account's answers opened in it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import (
    Chat,
    answers,
    ask,
    asked,
    conversations,
    questions,
)

pytestmark = pytest.mark.browser

NO_STORAGE = """
  for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
"""


def test_a_conversation_is_found_again_after_a_reload(chat: Chat) -> None:
    page = chat.open()
    asked(page, "你好")
    page.reload()
    expect(answers(page)).to_have_text(["你说：你好。前面有 0 条。"])
    asked(page, "还记得吗")
    expect(answers(page).last).to_have_text("你说：还记得吗。前面有 2 条。")
    other = chat.open_on(page.context)
    expect(other.locator("#empty")).to_be_visible()
    conversations(other).click()
    expect(answers(other)).to_have_count(2)


def test_a_reload_in_mid_answer_keeps_what_came_and_offers_the_rest(chat: Chat) -> None:
    page = chat.open()
    ask(page, "没完")
    expect(answers(page)).to_contain_text("还有。")
    page.reload()
    expect(page.locator(".status-broken")).to_have_text("离开页面的时候，回答还没有写完。")
    expect(answers(page)).to_contain_text("还有。")
    expect(page.get_by_role("button", name="重试")).to_be_visible()


def test_conversations_are_several_are_searched_named_deleted_and_brought_back(chat: Chat) -> None:
    page = chat.open()
    asked(page, "说说龙井")
    page.get_by_role("button", name="新对话").click()
    expect(page.locator("#empty")).to_be_visible()
    asked(page, "说说普洱")
    expect(conversations(page)).to_have_text(["说说普洱", "说说龙井"])
    expect(page.locator(".conversation[aria-current=page]")).to_have_text("说说普洱")

    search = page.get_by_role("searchbox", name="搜索对话")
    search.fill("你说：说说龙")
    expect(conversations(page)).to_contain_text(["说说龙井"])
    expect(conversations(page).locator("small")).to_contain_text("你说：说说龙井")
    search.fill("没有这个")
    expect(page.get_by_text("没有找到")).to_be_visible()
    search.fill("")
    page.get_by_role("button", name="说说龙井", exact=True).click()
    expect(questions(page)).to_have_text(["说说龙井"])

    page.get_by_role("button", name="改名或删除「说说龙井」").click()
    page.get_by_label("名称").fill("西湖的茶")
    page.get_by_role("button", name="保存").click()
    expect(conversations(page)).to_have_text(["说说普洱", "西湖的茶"])
    page.reload()
    expect(conversations(page)).to_have_text(["说说普洱", "西湖的茶"])

    page.get_by_role("button", name="改名或删除「西湖的茶」").click()
    page.get_by_role("button", name="删除", exact=True).click()
    expect(conversations(page)).to_have_text(["说说普洱"])
    expect(page.locator("#empty")).to_be_visible()
    page.get_by_role("button", name="撤销").click()
    expect(conversations(page)).to_have_text(["说说普洱", "西湖的茶"])


def test_an_answer_goes_on_while_another_conversation_is_shown(chat: Chat) -> None:
    chat.server.go.clear()
    page = chat.open()
    ask(page, "慢慢说")
    expect(answers(page)).to_have_text(["想一想，"])
    page.get_by_role("button", name="新对话").click()
    expect(page.locator("#conversations .writing-dot")).to_be_visible()
    expect(page.get_by_role("button", name="发送")).to_be_visible()
    chat.server.go.set()
    expect(page.locator("#conversations .writing-dot")).to_be_hidden()
    conversations(page).click()
    expect(answers(page)).to_have_text(["想一想，你说：慢慢说。前面有 0 条。"])


def test_what_another_page_of_the_site_keeps_appears_here(chat: Chat) -> None:
    page = chat.open()
    other = chat.open_on(page.context)
    asked(page, "你好")
    expect(conversations(other)).to_have_text(["你好"])
    conversations(other).click()
    asked(page, "再说")
    expect(answers(other)).to_have_text(["你说：你好。前面有 0 条。", "你说：再说。前面有 2 条。"])


def test_a_device_that_keeps_nothing_can_chat_and_is_told(chat: Chat) -> None:
    page = chat.open(before=NO_STORAGE)
    expect(page.get_by_text("这个浏览器不保存记录")).to_be_visible()
    asked(page, "你好")
    asked(page, "再说")
    expect(answers(page).last).to_have_text("你说：再说。前面有 2 条。")
    expect(conversations(page)).to_have_text(["你好"])


def test_the_oldest_conversations_make_room(chat: Chat) -> None:
    fill = """
      for (let n = 0; n < 30; n += 1) {
        const id = `old${n}`;
        const messages = [{ role: "user", content: "旧".repeat(90_000) }];
        const conversation = { id, title: id, created: n, updated: n, messages };
        localStorage.setItem(`chat/conversation/${id}`, JSON.stringify(conversation));
      }
      localStorage.setItem("chat/conversation/broken", "{");
    """
    context = chat.context()
    first = chat.open_on(context)
    first.evaluate(f"() => {{ {fill} }}")
    page = chat.open_on(context)
    expect(conversations(page)).to_have_count(30)
    asked(page, "你好")
    expect(conversations(page).first).to_have_text("你好")
    assert 15 < conversations(page).count() < 25
    kept = page.evaluate(
        "() => Object.keys(localStorage).filter((key) => key.startsWith('chat/conversation/'))"
    )
    assert "chat/conversation/old29" in kept
    assert "chat/conversation/old0" not in kept


def test_the_history_that_goes_along_is_bounded(chat: Chat) -> None:
    page = chat.open()
    history = page.evaluate(
        """async () => {
          const { historyOf } = await import("./js/conversations.js");
          const pair = (n, size) => [
            { role: "user", content: `问${n}` },
            { role: "assistant", content: `答${n}`.padEnd(size, "。"), state: "done" },
          ];
          const many = [...Array(30).keys()].flatMap((n) => pair(n, 10));
          const long = [...Array(5).keys()].flatMap((n) => pair(n, 6_000));
          const silent = [{ role: "user", content: "没人理" }, { role: "assistant", content: "" }];
          const unanswered = [...pair(1, 3), ...silent];
          return [many, long, pair(1, 30_000), unanswered].map(historyOf);
        }"""
    )
    many, long, one, unanswered = history
    assert len(many) == 20
    assert many[-2]["content"] == "问29"
    assert [message["content"][:2] for message in long] == ["问3", "答3", "问4", "答4"]
    assert sum(len(message["content"]) for message in one) == 16_000
    assert unanswered == [{"role": "user", "content": "问1"}, {"role": "assistant", "content": "答1。"}]


def test_an_answer_of_the_account_opens_as_a_conversation_to_go_on_with(chat: Chat) -> None:
    page = chat.open("?answer=abc")
    expect(questions(page)).to_have_text(["春茶什么时候上市？"])
    expect(answers(page)).to_have_text(["春茶在清明前后上市。"])
    expect(answers(page).locator("strong")).to_have_text("清明")
    assert page.evaluate("location.search") == ""
    page.reload()
    expect(answers(page)).to_have_text(["春茶在清明前后上市。"])
    asked(page, "那秋茶呢")
    assert chat.server.asked[0]["history"] == [
        {"role": "user", "content": "春茶什么时候上市？"},
        {"role": "assistant", "content": "春茶在**清明**前后上市。"},
    ]
    page.goto(chat.url + "?answer=abc")
    expect(answers(page)).to_have_count(2)
    expect(conversations(page)).to_have_count(1)


def test_an_answer_of_the_account_is_read_on_after_a_reload(chat: Chat) -> None:
    chat.server.pace = 0.4
    page = chat.open("?answer=abc")
    expect(answers(page)).to_contain_text("春茶")
    page.reload()
    expect(answers(page)).to_have_text(["春茶在清明前后上市。"])
    expect(conversations(page)).to_have_count(1)


def test_what_was_read_of_an_answer_stays_when_its_link_leads_nowhere_any_more(chat: Chat) -> None:
    chat.server.pace = 3.0
    page = chat.open("?answer=abc")
    expect(answers(page)).to_contain_text("春茶")
    chat.server.answers.clear()
    page.reload()
    expect(page.locator(".status-broken")).to_contain_text("这个回答已经过期")
    expect(answers(page)).to_contain_text("春茶")


def test_an_answer_of_the_account_that_is_gone_says_so_and_one_can_ask(chat: Chat) -> None:
    page = chat.open("?answer=gone")
    expect(page.get_by_text("这个回答已经过期，或者链接不完整。请在公众号里再问一次。")).to_be_visible()
    assert page.evaluate("location.search") == ""
    expect(conversations(page)).to_have_count(0)
    asked(page, "你好")
    expect(page.get_by_text("这个回答已经过期")).to_be_hidden()
