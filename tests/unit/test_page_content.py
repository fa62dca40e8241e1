from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat_oa.page_content import about


@pytest.mark.parametrize(
    ("html", "title", "description"),
    [
        ("<title>菜单</title><p>今天有 <b>三</b> 道菜", "菜单", "今天有 三 道菜"),
        ("<html><body><h1>Hello World</h1></body></html>", "Hello World", ""),
        ('<title>A</title><meta name="description" content="B &amp; C"><p>D', "A", "B & C"),
        ('<meta property="og:description" content="B"><h1>A</h1><p>D', "A", "B"),
        ("<title> A\n  B </title>", "A B", ""),
        ("<title>A &lt;b&gt; B</title>", "A <b> B", ""),
        ("<svg><title>icon</title></svg><h1>A</h1>", "A", ""),
        ("<style>p{}</style><script>var a = '<p>no';</script><p>yes", "", "yes"),
        ("<h1></h1><h2>B</h2><p>C", "B", "C"),
        ("no html at all", "", "no html at all"),
        ("", "", ""),
        ("<title>A\x00\u202eB</title>", "A B", ""),
    ],
)
def test_a_page_says_itself_what_it_is(html: str, title: str, description: str) -> None:
    assert about(html) == (title, description)


def test_what_is_said_is_bounded() -> None:
    title, description = about(f"<title>{'长' * 500}</title><p>{'文' * 5000}")

    assert (len(title), len(description)) == (80, 160)
    assert title.endswith("…")


@given(st.text(st.sampled_from("<>/!-\"' =titleh1bodyscriptmeta&;[]?CDATA\n"), max_size=200))
def test_any_text_is_html(text: str) -> None:
    title, description = about(text)
    assert "\n" not in title + description
