"""One log record of Lambda's, as a person reads it: a line for each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from deploy.console import printable

_FRAME = {"timestamp", "level", "message", "logger", "requestId", "_aws", "AWSRequestId"}
"""What Lambda puts around a record. ``_aws`` tells CloudWatch which of the fields are metrics."""


def render(name: str, epoch_ms: int, text: str) -> str:
    """Return a record of the function ``name`` as a line; "" for one that tells nothing.

    Records that are no JSON are shown as they are, without what could command a terminal.
    """
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    at = f"{datetime.fromtimestamp(epoch_ms / 1000, UTC).astimezone():%m-%d %H:%M:%S}"
    if not isinstance(record, dict):
        said = text.rstrip()
    elif str(record.get("type", "")).startswith("platform."):
        said = _platform(record)
    else:
        said = _ours(record)
    return f"{at} {name:<9} {printable(said)}" if said else ""


def _ours(record: dict[str, Any]) -> str:
    level = str(record.get("level", ""))
    message = record.get("message", record.get("msg", ""))
    hidden = {*_FRAME, "msg", *_metrics(record)}
    fields = {key: value for key, value in record.items() if key not in hidden}
    # A traceback is many lines, and comes last.
    trace = fields.pop("stackTrace", fields.pop("exception", ""))
    parts = ["" if level in ("", "INFO") else level, _plain(message)]
    parts += [f"{key}={_plain(value)}" for key, value in fields.items() if value not in ("", None)]
    lines = trace if isinstance(trace, list) else [trace]
    return " ".join(filter(None, parts)) + "".join(f"\n    {str(line).rstrip()}" for line in lines if line)


def _metrics(record: dict[str, Any]) -> set[str]:
    """The fields that are there for CloudWatch: a person reads the same in the others."""
    frame = record.get("_aws")
    directives = frame.get("CloudWatchMetrics", ()) if isinstance(frame, dict) else ()
    return {metric["Name"] for directive in directives for metric in directive.get("Metrics", ())}


def _platform(record: dict[str, Any]) -> str:
    """What Lambda itself says: how a call went, and nothing of those that tell no more than that it began."""
    details = record.get("record", {})
    metrics = details.get("metrics", {})
    match record["type"]:
        case "platform.report":
            parts = [f"用时 {metrics.get('durationMs', 0):.0f} ms"]
            if "initDurationMs" in metrics:
                parts.append(f"冷启动 {metrics['initDurationMs']:.0f} ms")
            parts.append(f"内存 {metrics.get('maxMemoryUsedMB', '?')}/{metrics.get('memorySizeMB', '?')} MB")
            if (ended := details.get("status", "success")) != "success":
                parts.insert(0, f"ERROR {ended} {details.get('errorType', '')}".rstrip())
            return "· " + "，".join(parts)
        case "platform.initReport" if details.get("status", "success") != "success":
            return f"ERROR 启动失败 · could not start: {details.get('errorType', details['status'])}"
    return ""


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
