"""How one check came out, and what an answer that is none means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import httpx

State = Literal["ok", "failed", "skipped"]
Report = Callable[[State, str, str], None]
"""Told of every check as it is done: the state, its name, and in a line what was found or is to be done."""


class Result(NamedTuple):
    """How one check came out."""

    state: State
    text: str = ""


def ok(text: str = "") -> Result:
    """It works."""
    return Result("ok", text)


def failed(text: str) -> Result:
    """It does not; ``text`` says why and what to do."""
    return Result("failed", text)


def skipped(text: str) -> Result:
    """It was not tried; ``text`` says why."""
    return Result("skipped", text)


def unreachable(error: httpx.HTTPError) -> Result:
    """Return what it means that no answer came."""
    if isinstance(error, httpx.TimeoutException):
        return failed("没有在时间内回答：看 make logs · no answer in time: see make logs")
    return failed(f"连不上：地址对吗，在运行吗 · cannot be reached: {error or type(error).__name__}")


def wrong_status(response: httpx.Response, where: str) -> Result:
    """Return what a status that is not the expected one means; ``where`` is the function to look at."""
    status = response.status_code
    if status == 404:
        return failed(
            "404：这个地址上没有它，路径（WECHAT_MSG_CONTEXT_PATH）对吗 · not there: is the path right?"
        )
    if status == 429:
        return failed("429：被限流，过一会儿再试 · throttled: try again later")
    if status >= 500:
        return failed(
            f"{status}：函数出错，看 make logs FUNCTION={where} · the function failed: see the logs"
        )
    return failed(f"HTTP {status}：看 make logs FUNCTION={where} · see the logs")
