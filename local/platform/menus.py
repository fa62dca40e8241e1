"""The account's menus: one for everybody, and those for some."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

Buttons = list[Mapping[str, Any]]


class Menus:
    """The menus, in the shape of WeChat's menu/create."""

    def __init__(self, default: Mapping[str, Any] | None) -> None:
        self.default = default
        self.conditional: dict[int, Mapping[str, Any]] = {}
        """By menuid: ``button``, ``matchrule`` and ``menuid``."""
        self._ids: Iterator[int] = itertools.count(208_396_938)

    def add_conditional(self, buttons: Buttons, matchrule: Mapping[str, Any]) -> int:
        """Make a menu for those who match, and return its menuid."""
        menuid = next(self._ids)
        self.conditional[menuid] = {"button": buttons, "matchrule": matchrule, "menuid": menuid}
        return menuid

    def delete(self) -> None:
        """Delete all of them."""
        self.default = None
        self.conditional.clear()

    def seen_with(self, tags: list[int]) -> Mapping[str, Any] | None:
        """Return the menu of who has these tags: the newest that matches."""
        for menu in reversed(self.conditional.values()):
            if str(menu["matchrule"].get("tag_id", "")) in {str(tag) for tag in tags}:
                return menu
        return self.default
