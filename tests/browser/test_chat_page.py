"""The chat page itself: what it loads, where its API is, its languages and its colours."""

from __future__ import annotations

import gzip
import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Response, Route, expect

from chat_app.errors import MODEL_FAILURES
from chat_app.page import SITE
from tests.browser.chat_page import (
    DESK,
    PHONE,
    Chat,
    asked,
    field,
)
from tests.browser.chat_server import ELSEWHERE

pytestmark = pytest.mark.browser

FIRST_LOAD = 150_000
"""Bytes that opening the page may take, gzipped."""


def test_the_first_load_is_small_and_code_brings_its_colours_later(chat: Chat) -> None:
    page = chat.context(**PHONE).new_page()
    loaded: list[Response] = []

    def remember(response: Response) -> None:
        loaded.append(response)

    page.on("response", remember)
    page.goto(chat.url)
    expect(page.get_by_role("heading", name="山里的茶馆")).to_be_visible()
    page.wait_for_load_state("networkidle")
    size = sum(len(gzip.compress(response.body(), 9)) for response in loaded if response.ok)
    paths = [urlsplit(response.url).path for response in loaded]
    assert size < FIRST_LOAD
    assert all(response.url.startswith(chat.url.removesuffix("chat/")) for response in loaded)
    assert not [path for path in paths if "highlight/" in path]
    modules = {path.removeprefix("/stage/chat/") for path in paths if path.endswith(".js")}
    preloaded = set(re.findall(r'modulepreload" href="([^"]+)"', (SITE / "index.html").read_text()))
    assert preloaded == modules - {"js/start.js", "js/main.js"}

    asked(page, "Markdown")
    expect(page.locator(".code code[data-coloured] .hljs-keyword").first).to_have_text("from")
    later = {urlsplit(response.url).path for response in loaded} - set(paths)
    assert {path for path in later if "highlight" in path and "languages" in path} == {
        "/stage/chat/vendor/highlight/languages/python.min.js"
    }


def test_a_page_of_which_a_part_was_lost_is_fetched_once_more_and_then_says_so(chat: Chat) -> None:
    context = chat.context()
    loads: list[str] = []

    def lose(route: Route) -> None:
        if len(loads) in (1, 3, 4):
            route.abort()
        else:
            route.fallback()

    context.route("**/js/sidebar.js", lose)
    context.on("request", lambda request: loads.append("") if request.is_navigation_request() else None)
    page = chat.open_on(context)
    asked(page, "你好")
    assert len(loads) == 2
    page.evaluate("sessionStorage.setItem('chat/reloaded', 0)")
    page.reload()
    expect(page.get_by_text("页面没有加载完整")).to_be_visible()
    assert len(loads) == 4


def test_config_json_says_where_the_api_is(chat: Chat) -> None:
    api = f"{ELSEWHERE}/here"
    context = chat.context(service_workers="block")
    context.route("**/config.json", lambda route: route.fulfill(json={"api": f"{api}/"}))
    called: list[str] = []
    allowed = {
        "access-control-allow-origin": chat.url.split("/stage")[0],
        "access-control-allow-credentials": "true",
    }

    def answer(route: Route, request: Request) -> None:
        called.append(request.url)
        body = json.dumps({**chat.server.config, "accountName": "另一处", "hasAccess": True})
        route.fulfill(body=body, headers={**allowed, "content-type": "application/json"})

    context.route(f"{ELSEWHERE}/**", answer)
    page = chat.open_on(context)
    expect(page.get_by_role("heading", name="另一处")).to_be_attached()
    assert called == [f"{api}/chat/api/config"]


def test_every_text_of_the_page_has_its_english(chat: Chat) -> None:
    page = chat.open(locale="en-US")
    expect(page.get_by_role("heading", name="How can I help?")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("textbox", name="Your question")).to_have_attribute("placeholder", "Ask anything")
    english = set(re.findall(r'^  "([^"]+)":', (SITE / "js/english.js").read_text(), re.MULTILINE))
    scripts = "".join(path.read_text() for path in (SITE / "js").glob("*.js"))
    said = set(re.findall(r'\bt\(\s*"([^"]+)"', scripts))
    said |= set(
        page.evaluate(
            """async () => {
              const text = await (await fetch("index.html")).text();
              const html = new DOMParser().parseFromString(text, "text/html");
              const roots = [html, ...[...html.querySelectorAll("template")].map((one) => one.content)];
              return roots.flatMap((root) => [...root.querySelectorAll("[data-t]")]).flatMap((element) =>
                element.dataset.t.split(" ").map((place) =>
                  place === "text" ? element.textContent : element.getAttribute(place)));
            }"""
        )
    )
    assert said == english
    chinese = page.evaluate("document.body.innerText")
    for given in ["山里的茶馆", "山", *chat.server.config["suggestions"]]:
        chinese = chinese.replace(given, "")
    assert not re.search(r"[一-鿿]", chinese)


def test_what_the_api_says_of_a_fault_is_english_too(chat: Chat) -> None:
    page = chat.open(locale="en-US")
    ask_in_english(page, "上限")
    expect(page.locator(".status-text")).to_have_text(
        "The questions for today are used up. Please come back tomorrow."
    )
    ask_in_english(page, "坏了")
    expect(page.locator(".status-broken")).to_have_text("The answer broke off. Please try again.")

    english = page.evaluate("async () => Object.keys((await import('./js/english.js')).ENGLISH_ERRORS)")
    sources = "".join(path.read_text() for path in SITE.parent.glob("*.py"))
    codes = set(re.findall(r'Refusal\(\s*\d{3}, "(\w+)"', sources)) | set(MODEL_FAILURES)
    # The last is for somebody who is not there any more.
    about_one_request = {"bad_request", "not_json", "nothing_given", "bad_code", "left"}
    assert set(english) == codes - about_one_request


def ask_in_english(page: Page, question: str) -> None:
    page.get_by_role("textbox", name="Your question").fill(question)
    page.get_by_role("textbox", name="Your question").press("Enter")


def test_the_draft_survives_a_reload(chat: Chat) -> None:
    page = chat.open()
    field(page).fill("写了一半")
    page.reload()
    expect(field(page)).to_have_value("写了一半")


def test_light_and_dark_follow_the_system_until_one_is_chosen(chat: Chat) -> None:
    page = chat.open(color_scheme="dark", **DESK)
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")
    page.get_by_role("radio", name="深色").check(force=True)
    expect(root).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("radio", name="深色")).to_be_checked()
    page.get_by_role("radio", name="跟随系统").check(force=True)
    expect(root).to_have_attribute("data-theme", "light")
