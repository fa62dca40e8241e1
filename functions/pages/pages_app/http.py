"""A request and its answer, whoever carries them: API Gateway, or the server on one machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


class Refusal(Exception):  # noqa: N818  (an answer, not a fault)
    """The request is answered with an error: a status, a word for programs, a line for people."""

    def __init__(self, status: int, code: str, text: str, *, retry_after: int = 0) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.text = text
        self.retry_after = retry_after


@dataclass(frozen=True)
class Request:
    """What somebody asks for."""

    method: str
    path: str
    """Below the context path, percent-decoded, with a slash at its beginning."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    body: bytes = b""
    visitor: str = ""
    """Whose tries of the password are counted together: the address that the request came from."""

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object, {} for none. Raises Refusal."""
        if not self.body.strip():
            return {}
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise Refusal(400, "bad_json", "请求的内容不是 JSON 对象")
        return value

    def text(self, *names: str) -> str:
        """Return the first of these that the body has as text, else that the query has. Raises Refusal."""
        for name in names:
            value = self.json.get(name)
            if value is None:
                continue
            if not isinstance(value, str):
                raise Refusal(400, "bad_field", f"{name} 应当是文字")
            return value
        return next((self.query[name] for name in names if name in self.query), "")


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name, the content type among them."""


def json_answer(status: int, value: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    """Return a JSON answer that nobody keeps and no browser takes for a page."""
    return Answer(
        status,
        json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"),
        {
            "content-type": "application/json; charset=utf-8",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
            **(headers or {}),
        },
    )
