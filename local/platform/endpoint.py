"""One endpoint of the API, one call of it, and how its fields are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from starlette.responses import Response

from .account import ACCOUNT_TYPES, AccountType
from .api_errors import ApiError
from .people import Follower
from .state import Platform

OK: Mapping[str, Any] = {"errcode": 0, "errmsg": "ok"}

VERIFIED: tuple[AccountType, ...] = ("verified_service", "verified_subscription")
VERIFIED_SERVICE: tuple[AccountType, ...] = ("verified_service",)


class File(NamedTuple):
    """An uploaded file."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has passed the door: its query and, for POST, its JSON or its form."""

    platform: Platform
    query: Mapping[str, str]
    body: Mapping[str, Any]
    files: Mapping[str, File] = field(default_factory=dict)

    def text(self, name: str, missing: int = 47001) -> str:
        """Return a field that must be there as text, or refuse with ``missing``."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise ApiError(missing)
        return value

    def number(self, name: str, *, default: int | None = None, wrong: int = 47001) -> int:
        """Return a field that must be a whole number, or refuse with ``wrong``."""
        value = self.body.get(name, default)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ApiError(wrong)
        return value

    def follower(self, name: str = "openid") -> Follower:
        """Return the follower whom a field names, or refuse with 40003."""
        return self.known(self.body.get(name))

    def followers(self, most: int, name: str = "openid_list") -> list[Follower]:
        """Return the followers whom a list names, at most so many."""
        openids = self.body.get(name)
        if not isinstance(openids, list) or not openids:
            raise ApiError(40031)
        if len(openids) > most:
            raise ApiError(40032)
        return [self.known(openid) for openid in openids]

    def known(self, openid: object) -> Follower:
        """Return a follower, who may have left, or refuse with 40003."""
        follower = self.platform.followers.get(openid) if isinstance(openid, str) else None
        if follower is None:
            raise ApiError(40003)
        return follower

    def page(self) -> slice:
        """Return what ``offset`` and ``count`` (1 to 20) ask for."""
        offset, count = self.number("offset", default=0), self.number("count", default=20)
        if offset < 0 or not 1 <= count <= 20:
            raise ApiError(40035)
        return slice(offset, offset + count)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path, how it may be called, and the function that answers it.

    ``answer`` returns the JSON body or a whole response; it raises ApiError.
    """

    method: Literal["GET", "POST"]
    path: str
    answer: Callable[[Call], Mapping[str, Any] | Response]
    needs_token: bool = True
    account_types: tuple[AccountType, ...] = ACCOUNT_TYPES
    """The accounts that may call it; the others get 48001."""
    upload: bool = False
    """Whether it takes multipart rather than JSON, and answers, as WeChat does then, in text/plain."""
    daily_limit: int = 10_000
    """Calls a day; more get 45009."""
