"""Which addresses WeChat uses, here this machine's, and whether the callback can be reached from there."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .api_errors import ApiError
from .endpoint import Call, Endpoint

_HERE = "127.0.0.1"
_ACTIONS = {"dns": ("dns",), "ping": ("ping",), "all": ("dns", "ping")}
_OPERATORS = ("DEFAULT", "CHINANET", "UNICOM", "CAP")


def _check(call: Call) -> Mapping[str, Any]:
    asked, operator = call.text("action", 40035), call.text("check_operator", 40035)
    if asked not in _ACTIONS or operator not in _OPERATORS:
        raise ApiError(40035)
    found = {"dns": [{"ip": _HERE, "real_operator": "DEFAULT"}], "ping": [_ping(call, operator)]}
    return {name: found[name] for name in _ACTIONS[asked]}


def _ping(call: Call, operator: str) -> dict[str, str]:
    """Knock at the callback's door, as long as a neighbour needs to open."""
    address = urlsplit(call.platform.callback_url)
    started = time.perf_counter()
    try:
        with socket.create_connection((address.hostname or _HERE, address.port or 80), timeout=0.2):
            lost = "0%"
    except OSError:
        lost = "100%"
    spent = f"{(time.perf_counter() - started) * 1000:.3f}ms"
    return {"ip": _HERE, "from_operator": operator, "package_loss": lost, "time": spent}


def _ips(_call: Call) -> Mapping[str, Any]:
    return {"ip_list": [_HERE]}


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/callback/check", _check),
    Endpoint("GET", "/cgi-bin/getcallbackip", _ips),
    Endpoint("GET", "/cgi-bin/get_api_domain_ip", _ips),
)
