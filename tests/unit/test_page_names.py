from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wechat_oa.page_names import (
    CONTENT_TYPES,
    PageNameError,
    content_type_of,
    file_name,
    hosted_name,
    page_name,
    random_page_name,
    url_path,
)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("menu", "menu.html"),
        ("menu.html", "menu.html"),
        ("Menu.HTML", "Menu.html"),
        (" my_page-2 ", "my_page-2.html"),
        ("秋季菜单", "秋季菜单.html"),
        ("㐀", "㐀.html"),
        ("二〇二六", "二〇二六.html"),
        ("𠮷野家", "𠮷野家.html"),
        ("a" * 50, "a" * 50 + ".html"),
    ],
)
def test_a_page_is_called_the_same_with_and_without_its_ending(given: str, name: str) -> None:
    assert page_name(given) == name
    assert page_name(name) == name


@pytest.mark.parametrize("name", ["..", "../a", "a/../b", "/a.b/c", "..\\a"])
def test_a_path_is_called_one_and_not_a_file_without_an_ending(name: str) -> None:
    with pytest.raises(PageNameError, match="不带路径"):
        hosted_name(name)


BAD_NAMES = [
    "",
    " ",
    ".html",
    "..",
    "../a",
    "..%2fa",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "C:a",
    "a\x00b",
    "a\nb",
    "a b",
    "a.b",
    "a.html.html",
    "<b>",
    "a?b",
    "a#b",
    "a%20b",
    "~a",
    "a\ud800",
    "аdmin",  # a Cyrillic а
    "ａdmin",  # full-width
    "⼀",  # a Kangxi radical that looks like 一
    "豈\ufe00",
    "é",
    "٣",
    "一\u200b二",
    "\u202emoc",
    "CON",
    "nul.html",
    "com1",
    "LPT9",
    "index",
    "404",
    "a" * 51,
    "页" * 51,
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_names_that_escape_or_confuse_are_refused_with_a_reason(name: str) -> None:
    with pytest.raises(PageNameError) as refused:
        page_name(name)
    assert re.search(r"[\u4e00-\u9fff]", str(refused.value))
    assert "\x00" not in str(refused.value)


@given(st.text(max_size=60))
@example("𠮷野家")
def test_whatever_is_given_a_name_is_harmless_or_refused(given: str) -> None:
    for check in (page_name, file_name, hosted_name):
        try:
            name = check(given)
        except PageNameError:
            continue
        assert re.fullmatch(
            r"[A-Za-z0-9_\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af-]{1,50}\.[a-z0-9]+", name
        )
        assert check(name) == name
        assert re.fullmatch(r"[A-Za-z0-9_.%-]+", url_path(name))


@pytest.mark.parametrize("name", ["MP_verify_Ab3.txt", "style.css", "logo.PNG", "图.webp"])
def test_files_keep_their_ending_which_says_what_they_are(name: str) -> None:
    kept = file_name(name)
    assert kept == hosted_name(name)
    assert content_type_of(kept) == CONTENT_TYPES[name.rpartition(".")[2].lower()]


@pytest.mark.parametrize("name", ["a", "a.html", "a.exe", "a.php", ".txt", "../a.txt", "a.b.txt", "a.txt ."])
def test_files_that_cannot_be_hosted_are_refused(name: str) -> None:
    with pytest.raises(PageNameError):
        file_name(name)


@pytest.mark.parametrize("name", ["config.json", "robots.txt", "favicon.ico"])
def test_what_the_site_answers_itself_cannot_be_replaced(name: str) -> None:
    with pytest.raises(PageNameError, match="保留"):
        file_name(name)


def test_random_names_are_eight_hexadecimal_digits_and_differ() -> None:
    names = {random_page_name() for _ in range(50)}

    assert len(names) == 50
    assert all(re.fullmatch(r"[0-9a-f]{8}\.html", name) for name in names)
