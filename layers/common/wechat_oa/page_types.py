"""What is known about a hosted page, and what can go wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wechat_oa.page_names import PageError

Kind = Literal["page", "file"]


class PageContentError(PageError):
    """What shall be hosted is empty, too large, or no text where it must be text."""


class NameTakenError(PageError):
    """There is such a page, and it shall not be overwritten."""


class PageBusyError(PageError):
    """The page is being changed at this moment, or such a change broke off within the last minute."""


class NoSuchPageError(PageError):
    """There is no such page."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is known about a page or a file."""

    name: str
    """With its ending, ``.html`` for a page."""
    url: str
    title: str
    description: str
    content_type: str
    size: int
    """Bytes."""
    sha256: str
    created: int
    """Epoch seconds, as ``updated``."""
    updated: int
    visits: int | None = None
    """Only by ``info``, and only where they are counted: nobody tells how often a CDN was asked."""


@dataclass(frozen=True, slots=True)
class PageList:
    """A stretch of the list, newest first."""

    pages: list[Page]
    next: str
    """The cursor of what follows; "" at the end."""
