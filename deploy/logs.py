"""``logs``: what the functions write, put together and readable, as it comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.context import Context
from deploy.errors import DeployError
from deploy.log_lines import render

_POLL_SECONDS = 2.0
_LATE_MS = 30_000
"""How much later than a newer record CloudWatch may show an older one."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def logs(context: Context, *, function: str = "", since: str = "10m", follow: bool = False) -> int:
    """Print the records of one function, or of all; with ``follow`` until Ctrl-C. Return the exit status.

    ``since`` is how far back: a number and s, m, h or d. Raises DeployError, AWS's errors.
    """
    start = int((context.clock() - seconds(since)) * 1000)
    groups = _groups(context, function)
    client, seen = context.aws.client("logs"), set[str]()
    while True:
        newest = start
        records = sorted(
            (each for group in groups for each in _records(client, group, start)),
            key=lambda each: each["timestamp"],
        )
        for each in records:
            newest = max(newest, each["timestamp"])
            if each["eventId"] not in seen:
                seen.add(each["eventId"])
                if line := render(groups[each["group"]], each["timestamp"], each["message"]):
                    context.console.say(line)
        if not follow:
            if not records:
                context.console.say(f"过去 {since} 没有日志 · No logs in the last {since}")
            return 0
        start = max(start, newest - _LATE_MS)
        seen &= {each["eventId"] for each in records if each["timestamp"] >= start}
        context.sleep(_POLL_SECONDS)


def seconds(text: str) -> int:
    """Return how many seconds ``10m`` and the like are. Raises DeployError."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if not found:
        raise DeployError(f"SINCE 要像 30s、10m、2h、1d 这样：{text} · must look like 30s, 10m, 2h, 1d")
    return int(found[1]) * _UNITS[found[2]]


def _groups(context: Context, function: str) -> Mapping[str, str]:
    """Log groups and the short names of their functions: CallbackLogs is ``callback``."""
    stack = context.stack()
    stack.existing()
    found = {
        each.physical: each.logical.removesuffix("Logs").lower()
        for each in stack.resources()
        if each.type == "AWS::Logs::LogGroup" and each.physical
    }
    if not function or function == "all":
        return found
    chosen = {group: name for group, name in found.items() if name == function.lower()}
    if not chosen:
        names = "、".join(sorted(found.values()))
        raise DeployError(f"没有叫 {function} 的函数，有的是 {names} · There is no such function")
    return chosen


def _records(client: Any, group: str, start: int) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start)
    for page in pages:
        for each in page["events"]:
            yield {**each, "group": group}
