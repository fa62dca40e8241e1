"""The Lambda handler behind the HTTP API: the index, the pages API, files at the root."""

from __future__ import annotations

import base64
import binascii
import logging
import os
import time
from typing import Any
from urllib.parse import unquote

import wechat_oa.cold_start
from pages_app.answering import answer
from pages_app.aws import aws_services
from pages_app.http import Answer, Request
from wechat_oa.metrics import figures

log = logging.getLogger(__name__)

# Made while the function starts, where nobody waits for it.
_services = aws_services(os.environ)
wechat_oa.cold_start.started()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one HTTP API request (payload format 2.0)."""
    began = time.perf_counter()
    answered = answer(_services, _request(event))
    log.info(
        "pages",
        extra={
            "route": event.get("routeKey", ""),
            "status": answered.status,
            "milliseconds": round((time.perf_counter() - began) * 1000, 1),
            **figures(
                _services.settings.metrics_namespace,
                time.time(),
                {"Errors": 1 if answered.status >= 500 else None},
            ),
        },
    )
    return _response(answered)


def _request(event: dict[str, Any]) -> Request:
    http = event["requestContext"]["http"]
    return Request(
        method=http["method"],
        path=unquote(event["rawPath"].removeprefix(_services.settings.context_path)) or "/",
        query=event.get("queryStringParameters") or {},
        headers=event.get("headers") or {},
        body=_body(event),
        visitor=http["sourceIp"],
    )


def _body(event: dict[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "replace") if isinstance(body, str) else b""
    try:
        return base64.b64decode(body)
    except (binascii.Error, ValueError):
        return b""


def _response(answered: Answer) -> dict[str, Any]:
    response: dict[str, Any] = {"statusCode": answered.status, "headers": dict(answered.headers)}
    try:
        return {**response, "body": answered.body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {**response, "body": base64.b64encode(answered.body).decode(), "isBase64Encoded": True}
