"""The owner's settings on the chat page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chat_page import Chat, field
from tests.browser.chat_server import PASSWORD

pytestmark = pytest.mark.browser


def enter(page: Page, password: str) -> None:
    page.get_by_role("button", name="管理").click()
    page.get_by_label("密码").fill(password)
    page.get_by_label("密码").press("Enter")


def panel(page: Page, name: str) -> Locator:
    return page.get_by_role("tabpanel", name=name)


def test_a_wrong_password_is_refused_and_the_right_one_opens_the_settings(chat: Chat) -> None:
    page = chat.open()
    enter(page, "不对")
    expect(page.locator("#password-error")).to_have_text("密码不对。")
    expect(page.get_by_role("tab", name="网页聊天")).to_be_hidden()
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("tab", name="网页聊天")).to_be_focused()
    form = panel(page, "网页聊天")
    expect(form.get_by_label("服务地址")).to_have_value("https://api.deepseek.com/v1")
    expect(form.get_by_label("系统提示词")).to_have_value("你是茶馆的掌柜。")
    expect(form.get_by_label("温度")).to_have_value("")
    expect(form.get_by_label("密钥")).to_have_value("")
    expect(form.get_by_label("密钥")).to_have_attribute("placeholder", "已设置，留空则不变")


def test_the_model_is_changed_after_a_try_and_a_refusal_is_said(chat: Chat) -> None:
    chat.server.go.clear()
    page = chat.open()
    enter(page, PASSWORD)
    panel(page, "网页聊天").get_by_label("模型").fill("没有的模型")
    save = page.get_by_role("button", name="试一试并保存")
    save.click()
    expect(page.get_by_text("正在向这个服务试问一句…")).to_be_visible()
    expect(save).to_be_disabled()
    chat.server.go.set()
    expect(page.locator("#panel-chat .form-error")).to_have_text(
        "没有保存。这个服务拒绝了试问：请检查模型名、温度和最大长度。"
    )
    expect(page.get_by_text("正在向这个服务试问一句…")).to_be_hidden()
    panel(page, "网页聊天").get_by_label("模型").fill("deepseek-reasoner")
    panel(page, "网页聊天").get_by_label("温度").fill("0.3")
    save.click()
    expect(page.locator("#panel-chat .form-done")).to_have_text("已保存，几秒钟后生效。")
    assert chat.server.saved == [
        {
            "section": "chat",
            "api_url": "https://api.deepseek.com/v1",
            "model": "deepseek-reasoner",
            "system_prompt": "你是茶馆的掌柜。",
            "temperature": 0.3,
            "max_tokens": 1000,
        }
    ]
    page.keyboard.press("Escape")
    page.get_by_role("button", name="关注公众号").click()
    expect(page.get_by_text("回答来自模型 deepseek-reasoner")).to_be_visible()


def test_a_model_is_chosen_from_those_that_the_service_has(chat: Chat) -> None:
    page = chat.open()
    enter(page, PASSWORD)
    form = panel(page, "网页聊天")
    form.get_by_label("服务地址").fill("https://nowhere.example/v1")
    form.get_by_role("button", name="看有哪些").click()
    expect(form.locator(".form-error")).to_contain_text("连不上这个地址")
    expect(form.get_by_label("从列表里选")).to_be_hidden()
    form.get_by_label("服务地址").fill("https://api.deepseek.com/v1")
    form.get_by_role("button", name="看有哪些").click()
    expect(form.locator(".form-error")).to_be_hidden()
    choice = form.get_by_label("从列表里选")
    expect(choice).to_be_focused()
    expect(choice).to_have_value("deepseek-chat")
    choice.select_option("deepseek-reasoner")
    expect(form.get_by_label("模型")).to_have_value("deepseek-reasoner")
    assert chat.server.saved == []


def test_the_account_has_settings_of_its_own_and_a_key_is_never_shown_again(chat: Chat) -> None:
    page = chat.open()
    enter(page, PASSWORD)
    expect(page.get_by_role("tab", name="网页聊天")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="公众号")).to_be_focused()
    key = panel(page, "公众号").get_by_label("密钥")
    expect(key).to_have_attribute("placeholder", "还没有设置")
    key.fill("sk-secret")
    page.get_by_role("button", name="试一试并保存").click()
    expect(page.locator("#panel-wechat .form-done")).to_be_visible()
    expect(key).to_have_value("")
    expect(key).to_have_attribute("placeholder", "已设置，留空则不变")
    assert chat.server.saved[0]["section"] == "wechat"
    assert chat.server.saved[0]["model"] == "qwen-plus"
    assert chat.server.saved[0]["api_key"] == "sk-secret"
    kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert "sk-secret" not in kept
    assert PASSWORD not in kept


def test_codes_are_made_and_copied(chat: Chat) -> None:
    context = chat.context(permissions=["clipboard-read", "clipboard-write"])
    page = chat.open_on(context)
    enter(page, PASSWORD)
    page.get_by_role("tab", name="验证码").click()
    panel(page, "验证码").get_by_label("几个").fill("2")
    page.get_by_role("button", name="生成").click()
    expect(page.locator("#codes code")).to_have_text(["CODE00", "CODE01"])
    expect(page.get_by_text("做好了 2 个，每个 90 天内有效。")).to_be_visible()
    page.get_by_role("button", name="复制 CODE01").click()
    expect(page.locator("#codes button").last).to_have_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == "CODE01"
    page.get_by_role("button", name="全部复制").click()
    expect(page.locator("#copy-codes")).to_have_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == "CODE00\nCODE01"


def test_a_password_that_holds_no_longer_is_asked_for_again(chat: Chat) -> None:
    page = chat.open()
    enter(page, PASSWORD)
    expect(page.get_by_role("tab", name="网页聊天")).to_be_focused()
    chat.server.password = "换过了"
    page.get_by_role("button", name="试一试并保存").click()
    expect(page.get_by_label("密码")).to_be_focused()
    expect(page.locator("#password-error")).to_have_text("密码不对。")


def test_closed_settings_say_how_to_open_them(chat: Chat) -> None:
    chat.server.config["settings"] = "closed"
    page = chat.open()
    expect(page.get_by_role("heading", name="山里的茶馆")).to_be_visible()
    page.get_by_role("button", name="管理").click()
    expect(page.get_by_text("OPENAI_CONFIG_PASSWORD")).to_be_visible()
    expect(page.get_by_label("密码")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="管理")).to_be_focused()
    expect(field(page)).to_be_visible()
