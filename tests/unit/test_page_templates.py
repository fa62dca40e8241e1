from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.page_templates import (
    TEMPLATES,
    TemplateError,
    generate,
    generate_draft,
    get_template,
    list_templates,
)

FULL: dict[str, Any] = {
    "title": "标题",
    "intro": "开头",
    "image": "https://example.com/a.png",
    "warning": "注意",
    "sections": [
        {
            "title": "一节",
            "content": "第一段\n\n第二段\n- 一项",
            "stats": [{"label": "人数", "value": 30}],
            "quote": {"text": "一句话", "author": "某人"},
            "features": ["好看", {"title": "快", "text": "很快", "icon": "⚡"}],
            "code": {"text": "print('<hi>')", "language": "python"},
            "progress": [{"label": "进度", "value": "72%"}],
            "image": {"url": "https://example.com/b.png", "alt": "图", "caption": "图注"},
        },
        "只有文字的一节",
    ],
    "tags": ["茶", "杭州"],
    "actionButton": {"text": "报名", "url": "https://example.com/?a=1&b=2"},
    "footer": ["地址", "电话"],
}
SHOWN = [
    *(
        "标题",
        "开头",
        "注意",
        "一节",
        "第一段",
        "第二段",
        "一项",
        "人数",
        "30",
        "一句话",
        "某人",
        "好看",
        "快",
    ),
    *("很快", "⚡", "python", "进度", "72%", "图注", "只有文字的一节", "茶", "杭州", "报名", "地址", "电话"),
]


class Tags(HTMLParser):
    """The elements of a page, checked for being closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), "an attribute twice"
        if tag not in ("meta", "img", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_full_page_shows_everything_and_nothing_is_left_unfilled(template: str) -> None:
    html = generate(FULL, template)

    assert not re.search(r"\{\{|\}\}|None", html)
    assert all(word in html for word in SHOWN)
    assert Tags(html).open == []
    assert "print(&#x27;&lt;hi&gt;&#x27;)" in html
    assert 'href="https://example.com/?a=1&amp;b=2"' in html


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_page_needs_nothing_but_a_title_and_nothing_from_elsewhere(template: str) -> None:
    html = generate({"title": "只有标题"}, template)

    assert "{{" not in html
    assert "http" not in html
    assert "<script" not in html
    assert "@import" not in html
    assert 'name="viewport"' in html
    assert "prefers-color-scheme: dark" in html


def test_the_templates_differ_and_the_first_is_the_default() -> None:
    pages = {name: generate(FULL, name) for name in TEMPLATES}

    assert len(TEMPLATES) >= 4
    assert len(set(pages.values())) == len(pages)
    assert generate(FULL) == pages["simple"]
    assert generate({**FULL, "templateName": "event"}) == pages["event"]
    assert generate({**FULL, "template_name": "event.html"}) == pages["event"]
    assert [each["name"] for each in list_templates()] == list(TEMPLATES)


def test_the_raw_template_has_its_slots_and_says_what_fills_them() -> None:
    raw = get_template("report")

    assert {"title", "intro", "sections", "action"} <= set(re.findall(r"\{\{(\w+)\}\}", raw["html"]))
    assert {"title", "sections", "actionButton"} <= raw["fields"].keys()


TEXT = st.text(st.sampled_from("<>\"'&{}/=;:`\\ \n-ab{{title}}scriptonload页\x00\ud800\u202e"), max_size=40)


@settings(max_examples=60, deadline=None)
@given(TEXT, st.sampled_from(list(TEMPLATES)))
def test_nothing_that_is_given_becomes_html_or_a_slot(text: str, template: str) -> None:
    evil: dict[str, Any] = {
        "title": f"t{text}",
        "intro": text,
        "warning": text,
        "sections": [
            {
                "title": text,
                "content": text,
                "stats": [{"label": text, "value": text}],
                "quote": {"text": text, "author": text},
                "features": [{"title": text, "text": text, "icon": text}, text],
                "code": {"text": text, "language": text},
                "progress": [{"label": text, "value": 5}],
                "image": {"url": "https://example.com/", "alt": text, "caption": text},
            }
        ],
        "tags": [text],
        "footer": [text],
        "actionButton": {"text": f"a{text}", "url": "tel:110"},
    }
    ours = {"class", "href", "src", "alt", "style", "charset", "name", "content", "lang", "loading", "role"}
    for html in (generate(evil, template), generate_draft(evil, template)):
        html.encode()
        parsed = Tags(html)
        assert parsed.open == []
        for tag, attributes in parsed.seen:
            assert tag not in ("script", "iframe", "object")
            assert attributes.keys() <= ours | {"aria-hidden"}


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "//example.com",
        "/path",
        "example.com",
        "http://",
        "https://a b",
        "file:///etc/passwd",
        "tel:",
        "http://[",
    ],
)
def test_a_button_leads_to_the_web_mail_or_a_phone_and_nowhere_else(url: str) -> None:
    with pytest.raises(TemplateError, match="网址"):
        generate({"title": "a", "actionButton": {"text": "b", "url": url}})
    with pytest.raises(TemplateError, match="网址"):
        generate({"title": "a", "image": url})


@pytest.mark.parametrize(
    "url", ["https://example.com/报名", "http://a.b/", "mailto:a@b.c", "tel:+8657100000"]
)
def test_addresses_that_are_fine(url: str) -> None:
    assert f'href="{url}"' in generate({"title": "a", "actionButton": {"text": "b", "url": url}})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "title"),
        ({"title": "  "}, "title"),
        ({"title": "a", "colour": "red"}, "colour"),
        ({"title": ["a"]}, "title"),
        ({"title": "a" * 20_001}, "太长"),
        ({"title": "a", "sections": [1]}, "第 1 节"),
        ({"title": "a", "sections": [{}, {"titel": "b"}]}, "第 2 节的字段：titel"),
        ({"title": "a", "sections": [{}] * 51}, "最多 50"),
        ({"title": "a", "sections": [{"stats": ["b"]}]}, "stats"),
        ({"title": "a", "sections": [{"progress": [101]}]}, "0 到 100"),
        ({"title": "a", "sections": [{"progress": [{"label": "b"}]}]}, "0 到 100"),
        ({"title": "a", "sections": [{"progress": ["nan"]}]}, "0 到 100"),
        ({"title": "a", "actionButton": {"text": "b"}}, "url"),
        ({"title": "a", "templateName": "nope"}, "simple、magazine"),
    ],
)
def test_what_makes_no_sense_is_said(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        generate(fields)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_draft_brings_the_style_of_every_element_along(template: str) -> None:
    html = generate_draft(FULL, template)

    assert "class=" not in html
    assert "<style" not in html
    assert "var(" not in html
    assert all(word in html for word in SHOWN if word != "标题")
    assert re.search(r'style="[^"]*;width:72%"', html)
    assert Tags(html).open == []
