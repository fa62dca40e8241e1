"""One request to an OpenAI-compatible service: sent, tried again where that may help, a refusal named.

OpenAI's own client is not used: making a request with it, and reading the answer through it, costs more
processor time than everything else between a reader and the model, and its import more than all others.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import random
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import aiohttp
import httpx2
from httpx_aiohttp.httpx2 import AiohttpTransport

from wechat_oa.ai.errors import Failure, ModelError, RefusedError

log = logging.getLogger(__name__)

HTTP_ERRORS = (httpx2.HTTPError, aiohttp.ClientError)
"""What sending and reading may raise; the transport leaves some of aiohttp's errors as they are."""

_POOL = httpx2.Limits(max_connections=1000, max_keepalive_connections=20)
_TIMEOUT = httpx2.Timeout(None, connect=10)
"""Seconds. Whoever asks bounds the whole."""
_WAITS = (0.5, 1.0)
"""Seconds before the second and the third try, where the service does not say how long."""
_RANDOM = random.SystemRandom()
"""Functions that are started from one snapshot (SnapStart) would all have one seed."""
_LONGEST_WAIT = 20.0
"""Whoever would be asked again later than this is told at once that the service is busy."""
_MOST_BYTES = 1 << 20
# OpenAI's, and DashScope's for an account without credit.
_OWNER_CODES = frozenset({"insufficient_quota", "model_not_found", "Arrearage"})


def make_model_client(without_proxy: str = "") -> httpx2.AsyncClient:
    """Return an HTTP client that any number of services can share.

    A proxy that the environment names is used, except for the host of the address ``without_proxy``. A
    service does not decide what else is asked: a redirect could lead into a private network.
    """
    proxies = getproxies()
    if any(proxies.get(scheme) for scheme in ("http", "https", "all")):
        # Which address goes through which proxy, SOCKS among them, is known to httpx2 only.
        direct = {f"all://{urlsplit(without_proxy).hostname}": httpx2.AsyncHTTPTransport(limits=_POOL)}
        return httpx2.AsyncClient(
            limits=_POOL, follow_redirects=False, mounts=direct if without_proxy else None
        )
    # aiohttp reads HTTP in C, in a third of the time.
    return httpx2.AsyncClient(transport=AiohttpTransport(limits=_POOL), follow_redirects=False)


class Service:
    """One service, with the key that it wants."""

    def __init__(self, api_url: str, api_key: str, http: httpx2.AsyncClient) -> None:
        """Nothing is sent yet."""
        self._base = api_url.rstrip("/")
        # Services without keys (Ollama) still want the header to be there.
        self._headers = {"authorization": f"Bearer {api_key or 'none'}", "accept": "application/json"}
        self._http = http

    async def ask(self, path: str, parameters: dict[str, Any]) -> httpx2.Response:
        """Post ``parameters`` as JSON; see ``post``."""
        body = json.dumps(parameters, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return await self.post(path, content=body, headers={"content-type": "application/json"})

    async def post(self, path: str, *, headers: dict[str, str] | None = None, **body: Any) -> httpx2.Response:
        """Return the service's answer, not read yet: whoever gets it closes it.

        ``body`` is what httpx2 takes. Busy services, and such as cannot be reached, are tried three times in
        all. Raises RefusedError, or ModelError ``unreachable`` or ``timeout``.
        """
        for wait in _WAITS:
            try:
                return await self._post(path, headers, body)
            except _AgainError as again:
                seconds = (
                    wait * (1 - _RANDOM.random() / 4) if again.seconds is None else again.seconds
                )  # not all at once
                if seconds > _LONGEST_WAIT:
                    raise again.error from None
                log.warning("asking once more: %s", again.error)
            await asyncio.sleep(seconds)
        try:
            return await self._post(path, headers, body)
        except _AgainError as again:
            raise again.error from None

    async def _post(self, path: str, headers: dict[str, str] | None, body: dict[str, Any]) -> httpx2.Response:
        # Never "from error": its text may quote the question or the key, and a traceback would show it.
        try:
            request = self._http.build_request(
                "POST",
                _address(self._base + path),
                headers={**self._headers, **(headers or {})},
                timeout=_TIMEOUT,
                **body,
            )
            response = await self._http.send(request, stream=True)
        except httpx2.InvalidURL:
            raise ModelError("misconfigured", "no address") from None
        except HTTP_ERRORS as error:
            failure: Failure = "timeout" if isinstance(error, httpx2.ReadTimeout) else "unreachable"
            reason = type(error.__cause__ or error).__name__
            raise _AgainError(ModelError(failure, reason), None) from None
        if response.is_success:
            return response
        try:
            refusal = await _refusal(response)
        finally:
            await response.aclose()
        if refusal.failure == "busy" and response.headers.get("x-should-retry") != "false":
            raise _AgainError(refusal, _retry_after(response.headers))
        raise refusal


@functools.lru_cache(maxsize=64)
def _address(url: str) -> httpx2.URL:
    """Taken apart once, not for every request. Raises httpx2.InvalidURL."""
    return httpx2.URL(url)


class _AgainError(Exception):
    """It may go better next time, in ``seconds`` if the service says so."""

    def __init__(self, error: ModelError, seconds: float | None) -> None:
        super().__init__()
        self.error = error
        self.seconds = seconds


async def read_whole(response: httpx2.Response) -> bytes:
    """Return the body of an answer. Raises ModelError ``broken`` for more than 1 MiB, and HTTP_ERRORS."""
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > _MOST_BYTES:
            raise ModelError("broken", "an answer without an end")
    return bytes(data)


async def _refusal(response: httpx2.Response) -> RefusedError:
    about, code = "", ""
    with contextlib.suppress(ModelError, *HTTP_ERRORS):
        about = (await read_whole(response)).decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError, TypeError, LookupError, AttributeError):
        code = str(json.loads(about)["error"].get("code") or "")
    status = response.status_code
    return RefusedError(_failure(status, code), f"HTTP {status} {code}".strip()[:80], status, about)


def _failure(status: int, code: str) -> Failure:
    if code in _OWNER_CODES:
        return "misconfigured"
    if status in (408, 409, 429) or status >= 500:
        return "busy"
    if status in (400, 413, 422):
        return "refused"
    # The key, the address, the model or the credit: only the owner can mend it.
    return "misconfigured"


def _retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds, if the service names any."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with contextlib.suppress(ValueError):
            seconds = float(headers.get(name, "")) * unit
            if seconds >= 0:
                return seconds
    return None
