"""The Lambda behind the HTTP API: one request, payload format 2.0."""

from __future__ import annotations

import json
import os
from typing import Any

from mangum import Mangum

import wechat_oa.cold_start
from wechat_mcp.app import make_app
from wechat_mcp.aws import aws_services

# Made while the function starts. Mangum keeps one event loop, so that connections live from call to call, and
# runs the application's own start and end around every request: that is what opens FastMCP's task group.
_application = Mangum(make_app(aws_services(os.environ)))
wechat_oa.cold_start.started()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request, if its Host is the name under which the API was called."""
    # API Gateway writes names of headers small, and `sam local start-api` as they came.
    headers = event.get("headers", {})
    given = next((value for name, value in headers.items() if name.lower() == "host"), "")
    if given.partition(":")[0].lower() != str(event["requestContext"].get("domainName", "")).lower():
        # What stands in Host is what the application takes for its own address.
        body = json.dumps({"success": False, "error": "Misdirected Request"})
        return {"statusCode": 421, "headers": {"content-type": "application/json"}, "body": body}
    answer: dict[str, Any] = _application(event, context)
    return answer
