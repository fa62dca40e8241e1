"""An owner's own themes, kept in the table: CSS that stands on one of ours."""

from __future__ import annotations

import re
from typing import NamedTuple

from wechat_oa.store.table import Table

from . import css, themes
from .themes import ThemeError

MAX_THEMES = 50

_NAME = re.compile(r"[\w-]{1,40}")


class OwnerTheme(NamedTuple):
    """A theme of an owner's."""

    name: str
    css: str
    base: str
    """The theme of ours that it stands on."""


class OwnerThemes:
    """The themes of one account."""

    def __init__(self, table: Table, account_id: str) -> None:
        """``account_id`` is the AppID."""
        self._table = table
        self._key = f"themes#{account_id}"

    def save(self, name: str, text: str, *, base: str = themes.DEFAULT) -> tuple[str, ...]:
        """Keep a theme, in place of one of that name, and return what of its CSS is not used, in Chinese.

        Raises ThemeError: a name of ours or none at all, too much CSS, too many themes; StoreError.
        """
        if not _NAME.fullmatch(name):
            raise ThemeError("主题的名字用 1 到 40 个汉字、字母、数字、- 或 _。")
        if name in {theme.name for theme in themes.all_themes()}:
            raise ThemeError(f"{name} 是自带主题的名字：请换一个。")
        if not text.strip() or len(text) > css.MAX_CHARACTERS:
            raise ThemeError(f"主题要有 CSS，最多 {css.MAX_CHARACTERS >> 10} KB。")
        if self.get(name) is None and len(self.all()) >= MAX_THEMES:
            raise ThemeError(f"最多存 {MAX_THEMES} 个主题：请先删掉一个。")
        problems = themes.sheet(base, text, "", 0, None).problems
        self._table.put({"pk": self._key, "sk": name, "css": text, "base": base})
        return problems

    def get(self, name: str) -> OwnerTheme | None:
        """Return a theme, or None."""
        item = self._table.get(self._key, name) if _NAME.fullmatch(name) else None
        return OwnerTheme(name, str(item["css"]), str(item["base"])) if item else None

    def all(self) -> list[OwnerTheme]:
        """Return all of them by name."""
        items = self._table.query(self._key, limit=MAX_THEMES)
        return [OwnerTheme(str(item["sk"]), str(item["css"]), str(item["base"])) for item in items]

    def delete(self, name: str) -> None:
        """Forget a theme."""
        if _NAME.fullmatch(name):
            self._table.delete(self._key, name)

    def find(self, name: str) -> tuple[str, str] | None:
        """Return the base and the CSS of a theme, for ``Options.own_theme``."""
        theme = self.get(name)
        return (theme.base, theme.css) if theme else None
