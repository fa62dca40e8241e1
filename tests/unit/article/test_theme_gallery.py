"""The site's page of themes is what its script makes of the themes that there are."""

from __future__ import annotations

import re

from scripts.theme_gallery import FOLDER, SAMPLE, build
from wechat_mcp.article import all_themes, render


def test_the_page_that_is_checked_in_is_the_one_that_the_themes_make() -> None:
    for name, text in build().items():
        assert (FOLDER / name).read_text("utf-8") == text, f"{name} is older than the themes: make gallery"


def test_it_shows_every_theme_by_day_and_by_night_with_nothing_from_elsewhere() -> None:
    html = (FOLDER / "index.html").read_text("utf-8")

    assert html.count('class="phone"') == html.count('class="phone night"') == len(all_themes())
    assert all(f'id="{theme.name}"' in html and theme.title in html for theme in all_themes())
    assert "<script" not in html
    assert " style=" not in html
    sources = set(re.findall(r' (?:src|href)="([^"#]+)"', html))
    assert sources == {
        "morning.svg",
        "archive.svg",
        "themes.css",
        "../",
        "../manage/icon.svg",
        "https://mp.weixin.qq.com/s/example",
    }
    assert {path.name for path in FOLDER.iterdir()} == {
        "index.html",
        "themes.css",
        "morning.svg",
        "archive.svg",
    }


def test_every_class_that_an_article_has_is_in_the_stylesheet() -> None:
    html, css = ((FOLDER / name).read_text("utf-8") for name in ("index.html", "themes.css"))

    used = set(re.findall(r' class="(s[0-9]+)"', html))

    assert len(used) > 100
    assert used == set(re.findall(r"^[.](s[0-9]+)[{]", css, re.MULTILINE))


def test_the_sample_has_nothing_to_warn_of() -> None:
    assert render(SAMPLE.read_text("utf-8")).warnings == ()
