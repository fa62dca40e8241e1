"""Themes and an owner's CSS: what is inlined, what is made real, what is left out with a word about it."""

from __future__ import annotations

import pytest

from tests.unit.article.article_html import what_wechat_strips
from wechat_mcp.article import Options, ThemeError, all_themes, render, themes
from wechat_mcp.article.css import compile_sheet


def html_with(css: str, markdown: str = "文") -> str:
    return render(f"---\ntitle: 题\n---\n{markdown}", Options(theme="minimal", css=css)).html


def codes(css: str, markdown: str = "文") -> set[str]:
    article = render(f"---\ntitle: 题\n---\n{markdown}", Options(css=css))
    return {warning.code for warning in article.warnings}


def test_rules_are_inlined() -> None:
    assert "<h2 " in html_with("h2 { padding-left: 7px }", "## 二")
    assert "padding-left:7px" in html_with("h2 { padding-left: 7px }", "## 二")


def test_the_more_specific_rule_wins_wherever_it_stands() -> None:
    html = html_with("blockquote p { padding: 1px } p { padding: 2px }", "> 引")

    assert "padding:1px" in html
    assert "padding:2px" not in html


def test_what_the_author_wrote_on_an_element_wins() -> None:
    html = html_with("section { padding: 1px }", '<div style="padding: 9px">块</div>')

    assert "padding:9px" in html
    assert "padding:1px;padding" not in html


def test_variables_are_resolved_also_through_others_and_fallbacks() -> None:
    html = html_with(
        ":root { --deep: 3px; --wide: calc(var(--deep) * 2) } p { padding: var(--wide) var(--none, 4px) }"
    )

    assert "padding:calc(3px * 2) 4px" in html


def test_a_variable_that_refers_to_itself_is_left_out() -> None:
    css = ":root { --a: var(--b); --b: var(--a) } p { padding: var(--a) }"

    assert "var(" not in html_with(css)
    assert "css_dropped" in codes(css)


def test_variables_that_would_grow_beyond_all_bounds_are_left_out() -> None:
    steps = "".join(f"--v{n}: " + f"var(--v{n - 1}) " * 10 + ";" for n in range(1, 8))

    assert len(html_with(f":root {{ --v0: 1px; {steps} }} p {{ padding: var(--v7) }}")) < 3000


def test_a_pseudo_element_becomes_a_real_one_with_the_cascade_applied() -> None:
    css = "h2::before { content: '§'; color: #111111 } .article h2:before { color: #222222 }"

    html = html_with(css, "## 二")

    assert '<span style="color:#222222;display:inline-block">§</span>二</h2>' in html


def test_a_block_pseudo_element_becomes_a_section() -> None:
    html = html_with("h2::after { content: ''; display: block; border-top: 1px solid #333333 }", "## 二")

    assert 'border-top:1px solid #333333"></section></h2>' in html


def test_other_editors_themes_find_the_article() -> None:
    for whole in ("#nice", "#wenyan", "body", ".markdown-body"):
        assert "padding:5px" in html_with(f"{whole} h2 {{ padding: 5px }}", "## 二")


@pytest.mark.parametrize(
    "css",
    [
        "p { background: url(https://evil.example/x) }",
        "p { background: u\\72l(https://evil.example/x) }",
        "p { width: expression(alert(1)) }",
        "p { position: fixed }",
        "p { transform: rotate(9deg) }",
        "@import 'https://evil.example/x.css';",
        "@media print { p { color: red } }",
        "p { behavior: url(x.htc) }",
        "p:hover { color: red }",
        "p { color: var(--nowhere) }",
        "p { color red }",
        "} p { color: red }",
        "p { padding: 1px; h2 { color: red } }",
        "p { background-image: image-set('https://evil.example/x' 1x) }",
    ],
)
def test_what_cannot_be_used_is_left_out_with_a_word_about_it(css: str) -> None:
    html = html_with(css)

    assert "evil" not in html
    assert what_wechat_strips(html) == []
    assert "css_dropped" in codes(css)


def test_what_is_important_is_not_marked_so() -> None:
    assert "padding:3px" in html_with("p { padding: 3px !important }")


def test_too_much_css_is_not_used() -> None:
    assert "css_dropped" in codes("p { padding: 1px }" * 10_000)


def test_the_styles_of_author_html_are_cleaned_too() -> None:
    markdown = '<div style="position: absolute; padding: 3px; background: url(https://evil.example)">x</div>'

    html = html_with("", markdown)

    assert "padding:3px" in html
    assert "position" not in html
    assert "evil" not in html
    assert "style_dropped" in codes("", markdown)


def test_the_width_of_a_picture_becomes_a_style() -> None:
    html = html_with("", '<img src="a.png" width="300">')

    assert "width:300px" in html
    assert 'width="' not in html


def test_every_paragraph_names_its_colour() -> None:
    html = render("# 题\n\n文\n\n> 引").html

    assert html.count("<p ") == html.count('color:#2b2b2b">') == 2


def test_families_with_spaces_are_quoted() -> None:
    assert "'PingFang SC'" in html_with("p { font-family: PingFang SC, serif }")


def test_the_accent_is_used_as_it_is_and_made_readable_for_text() -> None:
    html = render("# 题\n\n## 二\n\n文", Options(accent="#ffd400")).html

    assert "#ffd400" not in html.split("</h2>")[0]


def test_font_size_and_justification_are_the_authors() -> None:
    html = render("# 题\n\n文", Options(font_size=18, justify=False)).html

    assert "font-size:18px" in html
    assert "text-align:left" in html.split("<p")[0]


@pytest.mark.parametrize("options", [Options(theme="none"), Options(accent="#12"), Options(font_size=99)])
def test_what_does_not_exist_is_said(options: Options) -> None:
    with pytest.raises(ThemeError):
        render("# 题\n\n文", options)


def test_there_are_six_themes_that_say_what_they_are_for() -> None:
    themes = all_themes()

    assert [theme.name for theme in themes] == ["calm", "code", "magazine", "minimal", "technical", "warm"]
    assert all(theme.title and theme.purpose and theme.accent for theme in themes)


def test_our_own_themes_have_nothing_to_leave_out() -> None:
    base = (themes.FOLDER / "base.css").read_text("utf-8")
    for theme in all_themes():
        text = base + (themes.FOLDER / f"{theme.name}.css").read_text("utf-8")
        variables = themes.sheet(theme.name, "", "", 0, None).variables

        assert compile_sheet(text, variables).problems == ()


@pytest.mark.parametrize("css", ["p{font-family:a\x029\x02}", "p{font-family:'a\x01b'}"])
def test_characters_that_no_text_can_hold_are_taken_out_of_css(css: str) -> None:
    assert what_wechat_strips(html_with(css)) == []


@pytest.mark.parametrize(
    "css", ["p{color:" + "(" * 20_000 + "}", ":not(" * 5_000 + "p" + ")" * 5_000 + "{color:red}"]
)
def test_css_with_too_many_brackets_in_one_another_is_refused(css: str) -> None:
    with pytest.raises(ThemeError, match="括号"):
        render("文", Options(css=css))


@pytest.mark.parametrize("name", ["-webkit-transform", "-moz-animation", "-ms-filter", "-webkit-mask-image"])
def test_a_property_with_a_browsers_prefix_is_judged_by_its_name(name: str) -> None:
    assert "css_dropped" in codes(f"p {{ {name}: none }}")
    assert name not in render(f'<p style="{name}:none">文</p>').html


@pytest.mark.parametrize(
    "selector", ["p:is(p)", "p:has(b)", "p:where(p)", "p:first-line", "p:nth-child(1 of p)", "p:lang(zh)"]
)
def test_a_selector_that_finds_nothing_is_said(selector: str) -> None:
    assert "css_dropped" in codes(f"{selector} {{ color: red }}", "文 **粗**")


@pytest.mark.parametrize("selector", ["p:not(h1)", "p:first-child", "p:nth-child(2n+1)", "p:only-of-type"])
def test_a_selector_by_place_is_known(selector: str) -> None:
    assert "letter-spacing:9px" in html_with(f"{selector} {{ letter-spacing: 9px }}")
