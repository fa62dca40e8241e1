"""One Chromium, and one server behind the chat page, for all tests that a process runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chat_page import Chat, chats

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Milliseconds: how long a busy machine may take for what is expected. Nothing waits for longer than it must.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. What a test opens in it has a context of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served_chat(browser: Browser) -> Iterator[Chat]:
    with chats(browser) as chat:
        yield chat


@pytest.fixture
def chat(served_chat: Chat) -> Iterator[Chat]:
    """The chat page, as if nothing had been asked before; it fails for errors in the page."""
    served_chat.server.reset()
    yield served_chat
    served_chat.close()
