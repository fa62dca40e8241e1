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
    40004: "invalid media type",
    40005: "invalid file type",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40010: "invalid voice size",
    40011: "invalid video size",
    40012: "invalid thumb size",
    40013: "invalid appid",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40023: "invalid sub button size",
    40024: "invalid sub button type",
    40025: "invalid sub button name size",
    40031: "invalid openid list",
    40032: "invalid openid list size",
    40035: "invalid parameter",
    40037: "invalid template_id",
    40039: "invalid url size",
    40053: "invalid action info",
    40060: "invalid article idx",
    40066: "invalid url",
    40102: "invalid industry id",
    40114: "invalid index",
    40125: "invalid appsecret",
    40137: "invalid image format",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    41039: "invalid content_source_url",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43100: "change template too frequently",
    44001: "empty media data",
    44002: "empty post data",
    44003: "empty news data",
    44004: "empty content",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45003: "title size out of limit",
    45004: "description size out of limit",
    45005: "url size out of limit",
    45007: "playtime out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45015: "response out of time limit or subscription is canceled",
    45026: "template num exceeds limit",
    45028: "has no masssend quota",
    45047: "out of response count limit",
    45056: "too many tag now, no need to add new",
    45058: "can't modify sys tag",
    45059: "too many tag on fans",
    45065: "clientmsgid exist",
    45067: "clientmsgid size out of limit",
    45072: "invalid command",
    45080: "need sending message to user in 30s",
    45081: "already typing",
    45083: "the speed out of range",
    45084: "No speed message",
    45103: "This API has been unsupported",
    45106: "This API has been unsupported",
    45110: "author size out of limit",
    45157: "invalid tag name",
    45158: "tag name too long",
    45159: "invalid tag id",
    45166: "invalid content",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    53404: "account is restricted from selling goods",
    53500: "publish function is banned",
    53502: "invalid publish id",
    53600: "invalid article id",
    61500: "date format error",
    61501: "date range error",
    65301: "no such menuid",
    65303: "there is no selfmenu, please create selfmenu first",
    65304: "match rule empty",
    76001: "rid not found",
    76021: "cgi_path not found, please check",
    87009: "invalid signature",
    88000: "without comment privilege",
    88001: "msg_data is not exists",
    88003: "elected comment upto limit",
    88005: "already reply",
    88007: "reply content beyond max len or content len is zero",
    88008: "comment is not exists",
    88009: "reply is not exists",
    88010: "count range error. cout <= 0 or count > 50",
    9410010: "long_data size out of limit",
    9410011: "expire_seconds out of limit",
    9410012: "short_key not found",
}


class ApiError(Exception):
    """The API refuses the call with this errcode (one of MESSAGES)."""

    def __init__(self, errcode: int, hint: str = "", **more: Any) -> None:
        """``more`` stands in the answer besides, as an existing msg_id does beside 45065."""
        super().__init__(errcode, hint)
        self.errcode = errcode
        self.hint = hint
        self.more = more
        self.rid = f"{int(time.time()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        """Names the call, for rid/get."""

    def body(self) -> dict[str, Any]:
        """Return the JSON body, with the rid at the end of errmsg as WeChat writes it."""
        hint = f" hint: [{self.hint}]" if self.hint else ""
        return {
            "errcode": self.errcode,
            "errmsg": f"{MESSAGES[self.errcode]}{hint} rid: {self.rid}",
            **self.more,
        }
