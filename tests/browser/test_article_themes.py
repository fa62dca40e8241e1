"""Every theme on a long article in a real Chromium, as wide as a phone, by day and in WeChat's dark mode."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from scripts.theme_gallery import SAMPLE
from wechat_mcp.article import Options, all_themes, cover, darkmode, phones, render
from wechat_mcp.article.phones import WIDTH

pytestmark = pytest.mark.browser

CASES = [(theme.name, night) for theme in all_themes() for night in (False, True)]
WIDE_TABLE = (
    "\n\n| 一列 | 二列 | 三列 | 四列 | 五列 | 六列 | 七列 |\n|" + "--|" * 7 + "\n|" + "内容内容|" * 7 + "\n"
)
SCROLLERS = "pre, section:has(> table), section:has(> svg)"
LONG_FORMULA = "\n\n$$\n" + " + ".join(f"x_{{{number}}}^2" for number in range(30)) + "\n$$\n"
LONG_WORDS = "\n\nhttps://example.com/" + "a-very-long-path/" * 12 + "\n\n`" + "x" * 120 + "`\n"

TEXT = """
() => {
    const parse = (text) => {
        const parts = text.match(/[0-9.]+/g).map(Number);
        return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
    };
    const over = (top, low) => top.rgb.map((part, i) => part * top.alpha + low[i] * (1 - top.alpha));
    const behind = (element) => {
        const own = parse(getComputedStyle(element).backgroundColor);
        return element.parentElement ? over(own, behind(element.parentElement)) : over(own, [255, 255, 255]);
    };
    const light = (rgb) => rgb
        .map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const found = [];
    const article = document.querySelector('.rich_media_content');
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim();
        const element = walker.currentNode.parentElement;
        if (!text) continue;
        const style = getComputedStyle(element);
        const ground = behind(element);
        const one = light(over(parse(style.color), ground)), other = light(ground);
        const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        found.push({ text: text.slice(0, 20), contrast, size: parseFloat(style.fontSize) });
    }
    return found;
}
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": WIDTH, "height": 800})
    yield page
    page.close()


def data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def show(page: Page, theme: str, night: bool, more: str = "") -> None:
    """Open the sample as WeChat's article page would show it."""
    article = render(SAMPLE.read_text("utf-8") + more, Options(theme=theme))
    html = article.content({image.source: data_url(cover.draw("图")) for image in article.images})
    ground = f"background:{darkmode.PAGE};color:#a3a3a3" if night else "background:#fff;color:#191919"
    page.set_content(
        f'<meta name="viewport" content="width=device-width"><style>{phones.PAGE_RULES}'
        f"body{{margin:0;padding:20px 16px;{ground}}}</style>"
        f'<div class="rich_media_content">{darkmode.darkened(html) if night else html}</div>'
    )


@pytest.mark.parametrize(("theme", "night"), CASES)
def test_all_text_can_be_read(page: Page, theme: str, night: bool) -> None:
    show(page, theme, night)

    texts: list[dict[str, Any]] = page.evaluate(TEXT)

    assert len(texts) > 100
    assert [text for text in texts if text["contrast"] < 4.5] == []
    assert min(text["size"] for text in texts) >= 10


@pytest.mark.parametrize("theme", [theme.name for theme in all_themes()])
def test_the_page_does_not_scroll_sideways_but_code_and_what_is_wide_do(page: Page, theme: str) -> None:
    show(page, theme, night=False, more=WIDE_TABLE + LONG_WORDS + LONG_FORMULA)

    widths = page.evaluate(
        """(scrollers) => [...document.querySelectorAll(scrollers)].map((box) => ({
            inside: box.scrollWidth - box.clientWidth,
            scrolls: getComputedStyle(box).overflowX,
            right: box.getBoundingClientRect().right,
        }))""",
        SCROLLERS,
    )

    # rich_media_content hides what overflows: everything in it must end at its edge by itself.
    right = page.evaluate(
        """(scrollers) => Math.max(...[...document.querySelectorAll('.rich_media_content *')]
            .filter((element) => !element.parentElement.closest(scrollers))
            .map((element) => element.getBoundingClientRect().right))""",
        SCROLLERS,
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert right <= WIDTH - 16 + 0.5
    assert all(width["scrolls"] == "auto" and width["right"] <= WIDTH for width in widths)
    assert sum(width["inside"] > 0 for width in widths) >= 3


@pytest.mark.parametrize("theme", [theme.name for theme in all_themes()])
def test_lines_of_code_hold_their_indent_and_do_not_wrap(page: Page, theme: str) -> None:
    show(page, theme, night=False)

    code = page.locator("pre code").first

    lines = code.inner_text().replace("\u00a0", " ").split("\n")
    assert "    with Image.open(photo) as image:" in lines
    assert "        taken = image.getexif().get(TAKEN)" in lines
    height = code.evaluate("(element) => element.getBoundingClientRect().height")
    line_height = code.evaluate("(element) => parseFloat(getComputedStyle(element).lineHeight)")
    assert height == pytest.approx(len(lines) * line_height, abs=line_height / 2)


@pytest.mark.parametrize("theme", [theme.name for theme in all_themes()])
def test_formulas_and_pictures_have_their_size(page: Page, theme: str) -> None:
    show(page, theme, night=False)

    formulas = page.evaluate(
        "() => [...document.querySelectorAll('svg')].map((svg) => svg.getBoundingClientRect().toJSON())"
    )
    pictures = page.evaluate(
        "() => [...document.querySelectorAll('img')].map((image) => image.getBoundingClientRect().width)"
    )

    assert len(formulas) == 2
    assert all(10 < box["height"] < 80 and 20 < box["width"] < WIDTH for box in formulas)
    assert pictures == [pytest.approx(WIDTH - 32, abs=3)] * 2
