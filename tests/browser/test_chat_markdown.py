"""What an answer's Markdown becomes on the chat page, while it streams in and when somebody means harm."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat_page import PHONE, Chat, answers, ask, asked
from tests.browser.chat_server import HOSTILE, MARKDOWN

pytestmark = pytest.mark.browser

SHOW = """async ([text, step]) => {
  const { GrowingMarkdown } = await import("./js/streaming.js");
  const growing = document.createElement("div"), whole = document.createElement("div");
  const shown = new GrowingMarkdown(growing);
  for (let end = step; end < text.length + step; end += step) shown.show(text.slice(0, end), false);
  shown.show(text, true);
  new GrowingMarkdown(whole).show(text, true);
  return [growing.innerHTML, whole.innerHTML];
}"""
LOOSE = """1. 一

   续

2. 二

   ```js
   let a = 1
   ```

标题
===

- x


- y
- - z

看 [a] 和 [b]

[a]: https://example.com
[b]: https://example.org

<details><summary>s</summary>

内容 **b**

</details>

| a | b |
|---|---|
| 1 | 2 |
尾"""


def shown(page: Page, text: str) -> str:
    """The HTML that a text becomes."""
    html: str = page.evaluate(SHOW, [text, max(1, len(text))])[0]
    return html.strip()


def test_markdown_is_shown_as_what_it_means(chat: Chat) -> None:
    page = chat.open()
    asked(page, "Markdown")
    answer = answers(page)
    expect(answer.get_by_role("heading", name="怎么挑", level=4)).to_be_visible()
    expect(answer.locator("ol > li")).to_have_count(3)
    expect(answer.locator("ol ul > li")).to_have_count(2)
    expect(answer.get_by_role("checkbox", name="已完成")).to_be_checked()
    expect(answer.get_by_role("checkbox", name="未完成")).to_be_disabled()
    expect(answer.get_by_role("columnheader")).to_have_count(7)
    expect(answer.locator(".code figcaption span")).to_have_text("python")
    link = answer.get_by_role("link", name="这篇文章")
    expect(link).to_have_attribute("href", "https://example.com/a")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(answer).to_contain_text("List<String> 是什么？")


def test_chinese_punctuation_ends_what_is_strong_and_what_is_an_address(chat: Chat) -> None:
    page = chat.open()
    assert (
        shown(page, "**重点：**下文 **“引”**号")
        == "<p><strong>重点：</strong>下文 <strong>“引”</strong>号</p>"
    )
    assert shown(page, "**`a**b`**") == "<p><strong><code>a**b</code></strong></p>"
    assert shown(page, "***都有***") == "<p><em><strong>都有</strong></em></p>"
    assert 'href="https://example.com/tea"' in shown(page, "看https://example.com/tea。别的")
    assert shown(page, "一行\n又一行") == "<p>一行<br>又一行</p>"


@pytest.mark.parametrize("text", [MARKDOWN, HOSTILE, LOOSE], ids=["markdown", "hostile", "loose"])
@pytest.mark.parametrize("step", [1, 7])
def test_a_text_that_streamed_in_looks_like_one_that_came_whole(chat: Chat, text: str, step: int) -> None:
    page = chat.open()
    shown(page, "```python\n```\n```js\n```")
    page.wait_for_function(
        "() => import('./vendor/highlight/core.min.js').then((m) => m.default.getLanguage('javascript'))"
    )
    growing, whole = page.evaluate(SHOW, [text, step])
    assert growing == whole


def test_half_of_a_mark_is_never_seen(chat: Chat) -> None:
    page = chat.open()
    seen = page.evaluate(
        """async (text) => {
          const { GrowingMarkdown } = await import("./js/streaming.js");
          const root = document.createElement("div");
          const shown = new GrowingMarkdown(root);
          const seen = new Set();
          for (let end = 1; end <= text.length; end += 1) {
            shown.show(text.slice(0, end), false);
            const words = root.cloneNode(true);
            for (const code of words.querySelectorAll("pre")) code.remove();
            seen.add(words.textContent.match(/\\*|\\||`|\\]\\(|\\[[ x]?\\]?|#/)?.[0] ?? "");
            for (const heading of root.querySelectorAll("h3, h4")) seen.add(heading.textContent);
          }
          return [...seen];
        }""",
        MARKDOWN.replace("*回甘*", "回甘"),
    )
    assert set(seen) <= {"", "怎", "怎么", "怎么挑", "["}


def test_what_stands_is_not_drawn_again_and_nothing_is_drawn_twice_in_a_frame(chat: Chat) -> None:
    page = chat.open()
    page.evaluate(
        """() => {
          window.frames_ = 0;
          window.drawings = 0;
          const count = () => { window.frames_ += 1; requestAnimationFrame(count); };
          requestAnimationFrame(count);
          const answer = document.getElementById("transcript");
          new MutationObserver(() => {
            window.drawings += 1;
            window.first ??= answer.querySelector(".markdown > p");
          }).observe(answer, { childList: true, characterData: true, subtree: true });
        }"""
    )
    chat.server.pace = 0.002
    asked(page, "Markdown")
    assert page.evaluate("window.first === document.querySelector('.markdown > p')")
    drawings, frames = page.evaluate("[window.drawings, window.frames_]")
    pieces = len(MARKDOWN) / 3
    assert 2 < drawings <= frames + 3
    assert drawings < pieces


def test_a_selection_in_what_stands_survives_what_comes(chat: Chat) -> None:
    chat.server.pace = 0.004
    page = chat.open()
    ask(page, "Markdown")
    expect(answers(page).locator("ol")).to_be_visible()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.markdown > p'))")
    expect(page.locator(".answer")).to_have_attribute("aria-busy", "false")
    assert page.evaluate("String(getSelection())").startswith("绿茶和白茶")


def test_hostile_markdown_does_nothing(chat: Chat) -> None:
    page = chat.open()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    asked(page, "恶意")
    answer = answers(page)
    expect(answer).to_contain_text("结尾")
    page.wait_for_timeout(300)
    assert page.evaluate("window.broken") is None
    dangerous = "script, iframe, style, form, svg, math, object, embed, input:not([type=checkbox]), img"
    expect(answer.locator(f"{dangerous}, [id], [style]")).to_have_count(0)
    every = "a => [...a.querySelectorAll('*')].flatMap((element) => element.getAttributeNames())"
    assert not [name for name in answer.evaluate(every) if name.startswith("on")]
    for name in ("点我", "也点我", "数据", "相对"):
        expect(answer.locator("a", has_text=name).first).not_to_have_attribute("href", "*")
    assert answer.locator("a[href]").count() == 0
    expect(answer).to_contain_text('<script>window.broken = "script"</script>')
    expect(answer).to_contain_text("跟踪 svg 假的")
    assert all(url.startswith(chat.url.split("/chat/")[0]) for url in requested)


def test_pictures_come_by_https_or_within_the_text_only(chat: Chat) -> None:
    page = chat.open()
    context = page.context
    context.route("https://example.com/**", lambda route: route.abort())
    kept = shown(page, "![图](https://example.com/a.png)")
    assert 'src="https://example.com/a.png"' in kept
    assert 'referrerpolicy="no-referrer"' in kept
    assert 'src="data:image/png;base64,AAAA"' in shown(page, "![图](data:image/png;base64,AAAA)")
    for address in (
        "http://example.com/a.png",
        "//example.com/a.png",
        "a.png",
        "data:image/svg+xml;base64,AA",
    ):
        assert shown(page, f"![图]({address})") == "<p>图</p>"


@pytest.mark.parametrize(
    "text",
    ["> " * 5_000 + "a", "- " * 5_000 + "a", "1. " * 5_000 + "a", "[" * 20_000, "*a " * 5_000, "<b>" * 5_000],
    ids=["quotes", "lists", "numbers", "brackets", "stars", "tags"],
)
def test_a_text_that_nests_without_end_is_shown_in_good_time(chat: Chat, text: str) -> None:
    page = chat.open()
    began = page.evaluate("performance.now()")
    assert shown(page, text)
    assert page.evaluate("performance.now()") - began < 3_000


def test_wide_tables_and_code_scroll_by_themselves_on_a_phone(chat: Chat) -> None:
    page = chat.open(**PHONE)
    asked(page, "Markdown")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#scroller").evaluate("s => s.scrollWidth === s.clientWidth")
    for wide in (page.locator(".table"), page.locator(".code pre")):
        assert wide.evaluate("e => e.scrollWidth > e.clientWidth")
