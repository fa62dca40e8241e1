"""The Lambda handler behind the HTTP API: WeChat's callback."""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
import time
from typing import Any

import wechat_oa.cold_start
from wechat_oa.settings import SettingsError
from wechat_reply.answering import HttpAnswer, answer, verify
from wechat_reply.aws import aws_services

# Made while the function starts, where it costs the follower no time.
_services = aws_services(os.environ)
if not _services.settings.wechat_token:
    raise SettingsError("WECHAT_TOKEN is not set: without it nothing WeChat sends can be told from a forgery")
# Sets up the keys, if there are any: the library they need is not loaded in a follower's five seconds.
_services.credentials.cryptos  # noqa: B018
_runner = asyncio.Runner()
wechat_oa.cold_start.started()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one HTTP API request (payload format 2.0): GET verifies the address, POST is a message."""
    query = event.get("queryStringParameters") or {}
    if event["requestContext"]["http"]["method"] == "GET":
        return _response(verify(_services, query))
    return _response(_runner.run(answer(_services, query, _body(event), _elapsed(event))))


def _elapsed(event: dict[str, Any]) -> float:
    """Seconds since the request came to the API: a cold start takes them from the follower's five."""
    came = event["requestContext"].get("timeEpoch", 0) / 1000
    return min(max(time.time() - came, 0.0), 5.0) if came else 0.0


def _body(event: dict[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "replace") if isinstance(body, str) else b""
    try:
        return base64.b64decode(body)
    except (binascii.Error, ValueError):
        return b""


def _response(answered: HttpAnswer) -> dict[str, Any]:
    return {
        "statusCode": answered.status,
        "headers": {"content-type": answered.content_type, "x-content-type-options": "nosniff"},
        "body": answered.body,
    }
