"""Themes that an owner keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from wechat_mcp.article import Options, ThemeError, render
from wechat_mcp.article.owner_themes import MAX_THEMES, OwnerThemes
from wechat_oa.store.local_table import SqliteTable


@pytest.fixture
def themes(tmp_path: Path) -> Iterator[OwnerThemes]:
    table = SqliteTable(tmp_path / "t.db")
    yield OwnerThemes(table, "wx1")
    table.close()


def test_a_theme_is_kept_and_used_on_the_one_that_it_stands_on(themes: OwnerThemes) -> None:
    problems = themes.save("我的", "h2 { padding: 7px; position: fixed }", base="warm")

    html = render("---\ntheme: 我的\n---\n# 题\n\n## 二\n\n文", Options(own_theme=themes.find)).html

    assert "padding:7px" in html
    assert "border-radius:999px" in html
    assert len(problems) == 1


def test_other_names_are_left_to_the_themes_of_ours(themes: OwnerThemes) -> None:
    assert render("# 题\n\n文", Options(theme="warm", own_theme=themes.find)) == render(
        "# 题\n\n文", Options(theme="warm")
    )
    with pytest.raises(ThemeError):
        render("# 题\n\n文", Options(theme="nobody's", own_theme=themes.find))


def test_themes_are_listed_replaced_and_forgotten(themes: OwnerThemes) -> None:
    themes.save("a", "p { padding: 1px }")
    themes.save("b", "p { padding: 1px }")
    themes.save("a", "p { padding: 2px }")
    themes.delete("b")

    assert [(theme.name, theme.css) for theme in themes.all()] == [("a", "p { padding: 2px }")]


@pytest.mark.parametrize("name", ["", "calm", "a/b", "x" * 41])
def test_names_are_checked(themes: OwnerThemes, name: str) -> None:
    with pytest.raises(ThemeError):
        themes.save(name, "p { padding: 1px }")


def test_their_number_and_their_size_are_bounded(themes: OwnerThemes) -> None:
    for number in range(MAX_THEMES):
        themes.save(f"t{number}", "p { padding: 1px }")

    themes.save("t0", "p { padding: 2px }")
    with pytest.raises(ThemeError, match="最多"):
        themes.save("another", "p { padding: 1px }")
    with pytest.raises(ThemeError, match="KB"):
        themes.save("t1", "p { padding: 1px }" * 9999)
    with pytest.raises(ThemeError, match="没有名为"):
        themes.save("t1", "p { padding: 1px }", base="none")
