"""Opening the chat page in a real Chromium, and what every test does with it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.browser.chat_server import ChatServer

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
PREFIX = "/stage"
"""Where a deployment may put everything: the page must not mind."""


class Pages:
    """The pages that a test has opened, each on a device of its own."""

    def __init__(self, browser: Browser, url: str) -> None:
        """``url`` is the chat page's."""
        self.browser = browser
        self.url = url
        self._opened: list[tuple[BrowserContext, list[str]]] = []

    def context(self, *, before: str = "", **options: Any) -> BrowserContext:
        """Return a device; ``before`` runs in each page before anything of it."""
        context = self.browser.new_context(**{"locale": "zh-CN", **DESK, **options})
        problems: list[str] = []
        self._opened.append((context, problems))
        context.on("weberror", lambda error: problems.append(str(error.error)))
        context.on("console", lambda line: problems.append(line.text) if _is_problem(line) else None)
        if before:
            context.add_init_script(before)
        return context

    def open(self, query: str = "", **options: Any) -> Page:
        """Return the page on a new device."""
        return self.open_on(self.context(**options), query)

    def open_on(self, context: BrowserContext, query: str = "") -> Page:
        page = context.new_page()
        page.goto(self.url + query)
        return page

    def close(self) -> None:
        """Close every page. Fails if one of them had an error, or did what its policy forbids."""
        opened, self._opened = self._opened, []
        for context, _ in opened:
            context.close()
        assert [problem for _, problems in opened for problem in problems] == []


class Chat(Pages):
    """The page in front of a server whose answers depend on what is asked."""

    def __init__(self, browser: Browser, server: ChatServer, origin: str) -> None:
        super().__init__(browser, f"{origin}{PREFIX}/chat/")
        self.server = server


def _is_problem(line: ConsoleMessage) -> bool:
    # The browser logs what does not load, also the API's refusals and the lost connections that a test wants.
    wanted = "/api/" in line.location["url"] or "net::" in line.text
    not_loaded = line.text.startswith("Failed to load resource")
    return line.type in ("error", "warning") and not (not_loaded and wanted)


@contextlib.contextmanager
def chats(browser: Browser) -> Iterator[Chat]:
    """A server, and pages in front of it."""
    server = ChatServer(PREFIX)
    # Without naming TCP, asyncio leaves Nagle's algorithm on: 40 ms more for every answer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        uvicorn_server = uvicorn.Server(
            uvicorn.Config(server.app(), log_level="error", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not uvicorn_server.started:
            time.sleep(0.01)
        try:
            yield Chat(browser, server, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            uvicorn_server.should_exit = True
            thread.join(10)


def field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="你的问题", exact=True)


def ask(page: Page, question: str) -> None:
    field(page).fill(question)
    field(page).press("Enter")


def questions(page: Page) -> Locator:
    return page.locator(".question .bubble")


def answers(page: Page) -> Locator:
    return page.locator(".answer .markdown")


def asked(page: Page, question: str) -> None:
    """Ask, and wait for the whole answer."""
    number = answers(page).count()
    ask(page, question)
    expect(page.locator(".answer").nth(number)).to_have_attribute("aria-busy", "false")


def conversations(page: Page) -> Locator:
    return page.locator("#conversations .conversation")


def eventually(page: Page, condition: Callable[[], bool]) -> bool:
    """Whether something becomes true within some seconds."""
    for _ in range(100):
        if condition():
            return True
        page.wait_for_timeout(50)
    return False


CONTRAST = r"""() => {
  const numbers = (text) => text.match(/[\d.]+/g).map(Number);
  const linear = (v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) =>
    0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.matches(":disabled, :disabled + *")) continue;
    const colours = [numbers(getComputedStyle(element).color), ground(element)];
    const [low, high] = colours.map(luminance).sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) weak.push(`${element.textContent.trim().slice(0, 20)}: ${contrast.toFixed(2)}`);
  }
  return weak;
}"""
"""The texts that do not stand out from their ground by 4.5 to 1 (WCAG 2.2, 1.4.3)."""


def nameless(page: Page) -> list[str]:
    """Return the roles of what one can use, but a screen reader cannot name."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    used = {
        "button",
        "link",
        "textbox",
        "searchbox",
        "spinbutton",
        "radio",
        "checkbox",
        "tab",
        "dialog",
        "image",
    }
    return [
        node["role"]["value"]
        for node in nodes
        if not node["ignored"]
        and node["role"]["value"] in used
        and not node.get("name", {}).get("value", "").strip()
    ]
