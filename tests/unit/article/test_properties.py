"""Whatever the Markdown: what comes out is well-formed, has nothing that WeChat strips, stays the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.article.article_html import as_xml, what_wechat_strips
from wechat_mcp.article import ArticleError, Options, all_themes, parsing, render
from wechat_mcp.article.front_matter import FrontMatterError
from wechat_mcp.article.tree import read, write

PIECES = st.sampled_from(
    [
        *("# ", "## ", "- ", "  - ", "    - ", "1. ", "3) ", "> ", "```python\n", "```\n", "    ", "---\n"),
        *("|", "|--|:-:|\n", "**", "*", "_", "~~", "`", "$", "$$", "$$\n", "[", "](", ")", "![", "[^1]"),
        *("[^1]: ", "\\", "  \n", "<", ">", "&", "&#2;", "&lt;", "&nbsp;", "#here", "a.png", "C:\\图.png"),
        *(
            "https://a.example/",
            "https://mp.weixin.qq.com/s/x",
            "<div>",
            "</div>",
            "<p>",
            "</p>",
            "<b>",
            "</b>",
        ),
        *("<a href='https://x.example'>", "</a>", "<ul>", "<li>", "<td>", "<table>", "<tr>", "<pre>", "<br>"),
        *(
            "<hr>",
            "<nav>",
            "<details>",
            "<summary>",
            "<img src=x onerror=y>",
            "<svg><path/></svg>",
            "<script>",
            "</script>",
            "</span>",
            "<!--",
        ),
        *("<span style='position:fixed;color:red;background:url(x)'>", "<style>p{color:red}</style>"),
        *("<section data-oa-code='0'>", "<sup data-oa-note='0'>", "<section data-oa-notes='all'>"),
        *(
            "<i id=x class='code'>",
            "<span data-oa-math='0'>",
            "<span data-oa-task='done'>",
            "- [ ] ",
            "- [x] ",
        ),
        *(
            "中文，",
            "English",
            "混排mixed文本",
            "\n",
            "\n\n",
            "\t",
            " ",
            "\x00",
            "\x02",
            "\u200b",
            "\ufeff",
            "\ud800",
        ),
    ]
)
DOCUMENTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=40).map("".join)
THEMES = st.sampled_from([theme.name for theme in all_themes()])
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(DOCUMENTS, THEMES)
def test_what_comes_out_is_well_formed_and_arrives_whole(markdown: str, theme: str) -> None:
    try:
        article = render(markdown, Options(theme=theme))
    except (ArticleError, FrontMatterError):
        return

    assert what_wechat_strips(article.html) == []


@SLOW
@given(DOCUMENTS)
def test_it_is_the_same_every_time_and_when_it_is_read_again(markdown: str) -> None:
    try:
        once, twice = render(markdown), render(markdown)
    except (ArticleError, FrontMatterError):
        return

    assert once == twice
    assert write(read(once.html)) == once.html


@SLOW
@given(st.text(alphabet=st.characters(exclude_categories=["C"]), max_size=200))
def test_no_text_is_lost(text: str) -> None:
    escaped = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)

    html = render(f"起{escaped}止", Options(spacing=False)).html

    squeezed = "".join("".join(as_xml(html).itertext()).split())
    assert squeezed == "".join(f"起{text}止".split())


@pytest.mark.parametrize("tag", sorted(parsing.TAGS))
def test_every_element_that_an_author_may_write_becomes_one_that_arrives(tag: str) -> None:
    html = render(
        f"# 题\n\n文\n\n<{tag}>里面</{tag}>\n\n<p><{tag} id=x class=y onclick=z>里面</{tag}></p>"
    ).html

    assert what_wechat_strips(html) == []


CSS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    "p",
                    "h2",
                    ".article",
                    "#nice",
                    "::before",
                    "*",
                    "{",
                    "}",
                    "(",
                    ")",
                    ":",
                    ";",
                    ",",
                    "'",
                    '"',
                    "\\",
                ),
                *(
                    "color",
                    "content",
                    "background",
                    "position:fixed",
                    "red",
                    "url(",
                    "x",
                    "var(--a)",
                    "--a:",
                    "/*",
                ),
                *(
                    "*/",
                    "@import",
                    "@media",
                    "!important",
                    "expression(",
                    "<",
                    ">",
                    "</style>",
                    "\\75rl(",
                    "\n",
                    " ",
                ),
                *(
                    "p{color:red}",
                    "h2::after{content:'<b>'}",
                    "p{--before-content:'x'}",
                    "p{width:1px}",
                    "&quot;",
                ),
            ]
        ),
        st.text(max_size=5),
    ),
    max_size=40,
).map("".join)


@SLOW
@given(CSS)
def test_whatever_css_an_owner_writes_the_article_stays_whole(css: str) -> None:
    article = render("# 题\n\n## 标题\n\n文 `code`\n\n> 引\n\n- 一", Options(css=css))

    assert what_wechat_strips(article.html) == []
    assert "标题" in article.html
