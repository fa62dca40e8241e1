"""Asking on the chat page: answers that stream, stop, break, are refused, are tried again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat_page import (
    Chat,
    answers,
    ask,
    asked,
    conversations,
    eventually,
    field,
    questions,
)
from tests.browser.chat_server import CODE

pytestmark = pytest.mark.browser


def test_an_answer_streams_in_and_the_conversation_is_listed(chat: Chat) -> None:
    page = chat.open()
    expect(page.get_by_role("heading", name="有什么可以帮你")).to_be_visible()
    ask(page, "你好")
    expect(answers(page)).to_have_text(["你说：你好。前面有 0 条。"])
    expect(questions(page)).to_have_text(["你好"])
    expect(field(page)).to_have_value("")
    expect(conversations(page)).to_have_text(["你好"])
    expect(page.locator("#announcer")).to_have_text("回答完毕。 你说：你好。前面有 0 条。")
    asked(page, "再说")
    assert chat.server.asked[1] == {
        "message": "再说",
        "history": [
            {"role": "user", "content": "你好"},
            {"role": "assistant", "content": "你说：你好。前面有 0 条。"},
        ],
    }


def test_an_answer_in_one_piece_is_shown_too(chat: Chat) -> None:
    page = chat.open()
    ask(page, "整块")
    expect(answers(page)).to_have_text(["一整块的回答。"])


def test_an_example_question_is_asked_by_a_click(chat: Chat) -> None:
    page = chat.open()
    page.get_by_role("button", name="送长辈什么茶合适？").click()
    expect(questions(page)).to_have_text(["送长辈什么茶合适？"])
    expect(page.locator("#empty")).to_be_hidden()


def test_stopping_keeps_what_came_and_lets_the_model_go(chat: Chat) -> None:
    page = chat.open()
    ask(page, "没完")
    expect(answers(page)).to_contain_text("还有。还有。")
    page.get_by_role("button", name="停止").click()
    expect(page.locator(".status")).to_have_text("已停止")
    expect(answers(page)).to_contain_text("还有。还有。")
    expect(page.get_by_role("button", name="发送")).to_be_visible()
    expect(field(page)).to_be_focused()
    assert eventually(page, lambda: chat.server.left == 1)

    ask(page, "没完")
    expect(answers(page)).to_have_count(2)
    expect(answers(page).last).to_contain_text("还有。")
    page.keyboard.press("Escape")
    expect(page.locator(".status").last).to_have_text("已停止")


@pytest.mark.parametrize(
    ("question", "said"), [("断了", "回答中断了。"), ("坏了", "回答中断了，请再试一次。")]
)
def test_what_came_before_a_break_stays_and_is_tried_again(chat: Chat, question: str, said: str) -> None:
    page = chat.open()
    ask(page, question)
    expect(page.locator(".status-broken")).to_have_text(said)
    expect(answers(page)).to_have_text(["这是前半句，后半句还没来"])
    page.get_by_role("button", name="重试").click()
    expect(answers(page)).to_have_text([f"你说：{question}。前面有 0 条。"])
    expect(questions(page)).to_have_count(1)
    expect(page.locator(".status")).to_be_hidden()


def test_a_whole_answer_can_be_had_anew(chat: Chat) -> None:
    page = chat.open()
    asked(page, "你好")
    page.get_by_role("button", name="重新回答").click()
    expect(answers(page)).to_have_text(["你说：你好。前面有 0 条。"])
    assert [body["message"] for body in chat.server.asked] == ["你好", "你好"]


def test_a_question_is_changed_and_asked_instead(chat: Chat) -> None:
    page = chat.open()
    asked(page, "一")
    asked(page, "二")
    page.get_by_role("button", name="修改").first.click(force=True)
    page.get_by_role("textbox", name="修改问题").fill("壹")
    page.get_by_role("textbox", name="修改问题").press("Escape")
    expect(questions(page)).to_have_text(["一", "二"])
    page.get_by_role("button", name="修改").first.click(force=True)
    page.get_by_role("textbox", name="修改问题").fill("壹")
    page.get_by_role("textbox", name="修改问题").press("Enter")
    expect(questions(page)).to_have_text(["壹"])
    expect(answers(page)).to_have_text(["你说：壹。前面有 0 条。"])


def test_a_question_is_changed_while_its_answer_is_being_written(chat: Chat) -> None:
    page = chat.open()
    ask(page, "没完")
    expect(answers(page)).to_contain_text("还有。")
    page.get_by_role("button", name="修改").click(force=True)
    page.get_by_role("textbox", name="修改问题").fill("好了")
    page.get_by_role("button", name="发送").first.click()
    expect(answers(page)).to_have_text(["你说：好了。前面有 0 条。"])
    expect(page.get_by_role("button", name="停止")).to_be_hidden()


def test_answers_questions_and_code_are_copied_as_they_were_written(chat: Chat) -> None:
    context = chat.context(permissions=["clipboard-read", "clipboard-write"])
    page = chat.open_on(context)
    asked(page, "Markdown")
    page.get_by_role("button", name="复制回答").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert "**一句话：**绿茶鲜爽" in _clipboard(page)
    page.locator(".code").get_by_role("button", name="复制").click()
    expect(page.locator(".copy-code")).to_have_text("已复制")
    copied = _clipboard(page)
    assert copied.startswith("from dataclasses import dataclass\n\n\n@dataclass(frozen=True)")
    assert copied.endswith('ml")')
    page.get_by_role("button", name="复制问题").click(force=True)
    assert eventually(page, lambda: _clipboard(page) == "Markdown")


def test_without_a_clipboard_for_pages_copying_works_all_the_same(chat: Chat) -> None:
    page = chat.open(
        before="""
        Object.defineProperty(navigator, "clipboard", { value: undefined });
        addEventListener("copy", () => (window.copied = document.activeElement.value));
        """
    )
    asked(page, "你好")
    page.get_by_role("button", name="复制回答").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert page.evaluate("window.copied") == "你说：你好。前面有 0 条。"
    assert page.locator("textarea[readonly]").count() == 0


def test_a_page_that_is_scrolled_away_from_the_end_stays_where_it_is(chat: Chat) -> None:
    page = chat.open(viewport={"width": 800, "height": 420})
    scroller = page.locator("#scroller")
    ask(page, "没完")
    at_the_end = "s => s.scrollHeight - s.clientHeight - s.scrollTop"
    page.wait_for_function("() => document.getElementById('scroller').scrollTop > 100")
    assert scroller.evaluate(at_the_end) < 48
    page.mouse.move(400, 100)
    page.mouse.wheel(0, -2000)
    expect(page.get_by_role("button", name="回到最新")).to_be_visible()
    page.wait_for_timeout(200)
    assert scroller.evaluate("s => s.scrollTop") == 0
    page.get_by_role("button", name="回到最新").click()
    expect(page.get_by_role("button", name="回到最新")).to_be_hidden()
    page.wait_for_timeout(200)
    assert scroller.evaluate(at_the_end) < 48


def test_when_nothing_comes_for_a_while_the_page_says_that_it_still_waits(chat: Chat) -> None:
    context = chat.context()
    page = context.new_page()
    page.clock.install()
    page.goto(chat.url)
    ask(page, "等")
    expect(page.locator(".dots")).to_be_visible()
    expect(page.locator(".status")).to_have_text("正在思考…")
    page.clock.fast_forward(8_100)
    expect(page.locator(".status")).to_have_text("还在思考，请再等一等…")
    page.get_by_role("button", name="停止").click()
    expect(page.locator(".status")).to_contain_text("已停止")


def test_over_the_cap_the_kind_message_is_shown_and_the_question_stays(chat: Chat) -> None:
    page = chat.open()
    ask(page, "上限")
    expect(page.locator(".status-text")).to_have_text("你今天的提问次数用完了，明天再来吧。")
    expect(page.locator(".status-broken")).to_have_count(0)
    expect(questions(page)).to_have_text(["上限"])


def test_an_answer_that_became_too_long_stays_and_one_goes_on_from_it(chat: Chat) -> None:
    page = chat.open()
    ask(page, "太长")
    expect(page.locator(".status-text")).to_have_text("回答太长，先写到这里；可以让我接着说。")
    expect(page.locator(".status-broken")).to_have_count(0)
    expect(page.get_by_role("button", name="重试")).to_have_count(0)
    asked(page, "接着说")
    expect(answers(page)).to_have_text(["说来话长，", "你说：接着说。前面有 2 条。"])


def test_a_server_that_answers_with_anything_else_is_not_available(chat: Chat) -> None:
    page = chat.open()
    ask(page, "坏门")
    expect(page.locator(".status-broken")).to_have_text("服务暂时不可用，请稍后再试。")


def test_offline_says_so_and_the_question_is_tried_again_later(chat: Chat) -> None:
    page = chat.open()
    expect(page.locator("#banner")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_have_text("网络断开了，连上后可以接着聊。")
    ask(page, "在吗")
    expect(page.locator(".status-broken")).to_have_text("网络不通，请检查网络后再试。")
    page.context.set_offline(False)
    expect(page.locator("#banner")).to_be_hidden()
    page.get_by_role("button", name="重试").click()
    expect(answers(page)).to_have_text(["你说：在吗。前面有 0 条。"])


def test_a_question_that_is_too_long_is_not_sent_and_says_by_how_much(chat: Chat) -> None:
    page = chat.open()
    expect(page.get_by_role("heading", name="山里的茶馆")).to_be_attached()
    field(page).fill("长" * 90)
    expect(page.locator("#counter")).to_have_text("90/100")
    field(page).fill("长" * 103)
    expect(page.locator("#counter")).to_have_text("多了 3 字")
    expect(page.get_by_role("button", name="发送")).to_be_disabled()
    field(page).press("Enter")
    assert chat.server.asked == []


def test_a_code_opens_the_chat_and_the_refused_question_is_answered(chat: Chat) -> None:
    page = chat.open()
    # What the server says has come: a code is asked for only after that.
    expect(page.get_by_role("button", name="今年的新茶什么时候上？")).to_be_visible()
    chat.server.config["access"] = "code"
    ask(page, "你好")
    expect(page.locator(".status")).to_have_text("请先输入验证码。关注公众号，发送「验证码」就能拿到。")
    expect(field(page)).to_be_hidden()
    expect(page.locator("#gate")).to_contain_text("关注公众号「山里的茶馆」")
    expect(page.locator("#gate").get_by_role("img", name="公众号二维码")).to_be_visible()
    code = page.get_by_role("textbox", name="验证码")
    expect(code).to_be_focused()
    code.fill("WRONG")
    code.press("Enter")
    expect(page.locator("#gate-error")).to_contain_text("验证码不对、已经用过，或者过期了。")
    code.fill(f" {CODE} ")
    code.press("Enter")
    expect(answers(page)).to_have_text(["你说：你好。前面有 0 条。"])
    expect(field(page)).to_be_visible()
    page.reload()
    asked(page, "进来了")


def test_who_needs_a_code_is_asked_for_it_at_once_and_not_without_end(chat: Chat) -> None:
    chat.server.config["access"] = "code"
    page = chat.open()
    expect(page.locator("#gate")).to_be_visible()
    for expected in ["验证码不对"] * 3 + ["试得太多了"]:
        page.get_by_role("textbox", name="验证码").fill("WRONG")
        page.get_by_role("button", name="进入").click()
        expect(page.locator("#gate-error")).to_contain_text(expected)


def _clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text
