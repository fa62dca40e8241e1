"""The simulator's door: only this machine's own browser and terminal may pass.

The simulator signs whatever it is told to send. On a machine that is also reached through a tunnel, or from a
web page that points its name at 127.0.0.1, it would sign for strangers.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOCAL_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)

REFUSAL = (
    "模拟器会替来访者签名，所以只在本机使用：请直接打开 http://localhost 的地址，不要经过域名、代理或隧道。"
)

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' data: blob: http: https:; media-src 'self' http: https:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class LocalOnly:
    """ASGI middleware: 403 for what does not come from this machine, security headers for what does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not is_local(scope["method"], Headers(scope=scope)):
            await JSONResponse({"error": REFUSAL}, status_code=403)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def is_local(method: str, headers: Headers) -> bool:
    """Tell whether a request comes straight from this machine; a POST, from no other page than ours."""
    host = headers.getlist("host")
    if len(host) != 1 or not _LOCAL_HOST.fullmatch(host[0]):
        return False
    if any(name in ("forwarded", "x-real-ip") or name.startswith("x-forwarded-") for name in headers):
        return False
    if method in ("GET", "HEAD"):
        return True
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    origin = headers.get("origin")
    same_origin = origin is None or origin.lower() in (
        f"http://{host[0]}".lower(),
        f"https://{host[0]}".lower(),
    )
    return content_type == "application/json" and same_origin
