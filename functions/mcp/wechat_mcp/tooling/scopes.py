"""What a token lets its bearer do: read, write, publish; each includes the ones before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Scope = Literal["read", "write", "publish"]

SCOPES: tuple[Scope, ...] = ("read", "write", "publish")
MEANINGS: dict[Scope, str] = {
    "read": "只看",
    "write": "看和改（草稿、素材、菜单、粉丝……）",
    "publish": "全部，包括发布、群发和删除已发布的文章",
}


def included(scope: Scope) -> list[str]:
    """Return the scope and those that it includes."""
    return list(SCOPES[: SCOPES.index(scope) + 1])


def allows(granted: Iterable[str], needed: Scope) -> bool:
    """Tell whether any of the granted scopes is the needed one or includes it."""
    rank = SCOPES.index(needed)
    return any(scope in SCOPES and SCOPES.index(scope) >= rank for scope in granted)


def widest(scopes: Iterable[str]) -> Scope | None:
    """Return the scope that includes all the others, or None where none is known."""
    known = set(scopes)
    return next((scope for scope in reversed(SCOPES) if scope in known), None)
