"""Who is asking: an address to count by, and a signed cookie for who has used a code."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import re

from starlette.requests import Request
from starlette.responses import Response

from chat_app.services import ChatServices
from wechat_oa.access_codes import Access
from wechat_oa.settings import Settings

COOKIE = "chat_access"
_LAMBDA_CONTEXT = "x-amzn-request-context"
"""Written by the Web Adapter over whatever the caller wrote there."""
PROXY_HEADER = "x-chat-proxy"
CLOUDFRONT_ADDRESS = "cloudfront-viewer-address"
_WITH_PORT = re.compile(r"(\[[^\]]*\]|[0-9.]+):[0-9]+")


def visitor(services: ChatServices, request: Request) -> str:
    """Return a name for who is asking that is the same all day and tells nobody who it is.

    Who came in with a code is counted by that, everybody else by their address. Raises StoreError.
    """
    if cookie := _cookie(services, request):
        return f"code-{cookie}"
    address = _network(_address(services.settings, request))
    return hmac.new(services.secret, f"address {address}".encode(), hashlib.sha256).hexdigest()[:32]


def has_access(services: ChatServices, request: Request) -> bool:
    """Return whether the visitor may chat. Raises StoreError."""
    return services.settings.chat_access == "open" or bool(_cookie(services, request))


def grant_access(services: ChatServices, request: Request, response: Response, access: Access) -> None:
    """Let the visitor in for as long as their code says, by a cookie that only this server can make.

    Raises StoreError.
    """
    value = f"{access.who}.{access.until}"
    secure = request.url.scheme == "https"
    origin = request.headers.get("origin", "").partition("://")[2]
    response.set_cookie(
        COOKIE,
        f"{value}.{_signature(services, value)}",
        max_age=access.until - int(services.clock()),
        path="/",
        httponly=True,
        secure=secure,
        # Where the page is on another origin than this API, only such a cookie comes along.
        samesite="none" if secure and origin not in ("", request.url.netloc) else "lax",
    )


def _cookie(services: ChatServices, request: Request) -> str:
    """The name in the visitor's cookie, or "" if there is none, it is forged or it has expired."""
    name, _, rest = request.cookies.get(COOKIE, "").partition(".")
    until, _, signature = rest.partition(".")
    if not (name and until.isascii() and until.isdigit() and len(until) <= 12):
        return ""
    expected = _signature(services, f"{name}.{until}")
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode()):
        return ""
    return name if int(until) > services.clock() else ""


def _signature(services: ChatServices, value: str) -> str:
    return hmac.new(services.secret, f"access {value}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _address(settings: Settings, request: Request) -> str:
    """The caller's address, from where the deployment says that it stands."""
    if settings.proxy_secret and hmac.compare_digest(
        request.headers.get(PROXY_HEADER, "").encode("latin-1"), settings.proxy_secret.encode()
    ):
        # Address and port.
        return request.headers.get(CLOUDFRONT_ADDRESS, "").rpartition(":")[0]
    direct = request.client.host if request.client else ""
    header = settings.client_address_header
    if not header:
        return direct
    # A proxy that does not add to the header adds one of its own, after what the caller wrote.
    value = (request.headers.getlist(header) or [""])[-1]
    if header == _LAMBDA_CONTEXT:
        try:
            return str(json.loads(value)["http"]["sourceIp"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return direct
    # The nearest proxy writes last; whatever stands before that, the caller may have written.
    return value.rsplit(",", 1)[-1].strip() or direct


def _network(address: str) -> str:
    """One household has one IPv4 address, or 2^64 IPv6 ones; each of its connections has another port."""
    if with_port := _WITH_PORT.fullmatch(address):
        address = with_port[1]
    try:
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
