"""WeChat's API errors, with its own codes and texts."""

from __future__ import annotations

import secrets
import time
from typing import Any

MESSAGES: dict[int, str] = {
    40001: "invalid credential, access_token is invalid or not latest, could get access_token by"
    " getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid appid",
    40066: "invalid url",
    40125: "invalid appsecret",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41006: "media_id missing",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    44002: "empty post data",
    44004: "empty content",
    45002: "content size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45072: "invalid command",
    45080: "need sending message to user in 30s",
    45081: "already typing",
    47001: "data format error",
    48001: "api unauthorized",
}


class ApiError(Exception):
    """The API refuses the call with this errcode (one of MESSAGES)."""

    def __init__(self, errcode: int, hint: str = "") -> None:
        super().__init__(errcode, hint)
        self.errcode = errcode
        self.hint = hint

    def body(self) -> dict[str, Any]:
        """Return the JSON body, with a ``rid`` at the end of errmsg as WeChat writes it."""
        rid = f"{int(time.time()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        hint = f" hint: [{self.hint}]" if self.hint else ""
        return {"errcode": self.errcode, "errmsg": f"{MESSAGES[self.errcode]}{hint} rid: {rid}"}
