"""Figures for the dashboard and the alarms, carried by the log lines themselves.

CloudWatch takes them out of a JSON line that describes them ("Specification: Embedded metric format"):
nothing is sent, and nobody waits. AWS's own library for this (Powertools) would add a fifth of a DynamoDB
client's start to the callback's, these lines add a three-hundredth (docs/architecture.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Unit = Literal["Count", "Milliseconds"]

UNITS: Mapping[str, Unit] = {
    "Messages": "Count",
    "InWindow": "Count",
    "AnswerTime": "Milliseconds",
    "ModelFirstPiece": "Milliseconds",
    "ModelTime": "Milliseconds",
    "ModelErrors": "Count",
    "Tokens": "Count",
    "ChatMessages": "Count",
    "McpCalls": "Count",
    "Errors": "Count",
}
"""All there are. Ten cost nothing in an AWS account that has no others.

``InWindow`` and ``ModelErrors`` are 0 or 1 for each answer, so that their averages are shares.
"""


def figures(namespace: str, now: float, values: Mapping[str, float | None]) -> dict[str, Any]:
    """Return what turns a log line into figures as well, for its ``extra``.

    ``namespace`` keeps one deployment's figures apart from another's; nothing is returned where it is empty,
    as on one machine. ``now`` is epoch seconds. A value of None is not told. Raises KeyError for a figure
    that is not in ``UNITS``.
    """
    told = {name: value for name, value in values.items() if value is not None}
    if not namespace or not told:
        return {}
    metrics = [{"Name": name, "Unit": UNITS[name]} for name in told]
    directive = {"Namespace": namespace, "Dimensions": [[]], "Metrics": metrics}
    return {"_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [directive]}, **told}
