"""One endpoint of the API, and one call of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.responses import Response

from .account import ACCOUNT_TYPES, AccountType
from .state import Platform

OK: Mapping[str, Any] = {"errcode": 0, "errmsg": "ok"}


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has passed the door: its query and, for POST, its JSON."""

    platform: Platform
    query: Mapping[str, str]
    body: Mapping[str, Any]


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
