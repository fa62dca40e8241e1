"""How long each stage of a request takes: told to the browser, and logged in one line a request."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wechat_oa.ai.errors import is_fault
from wechat_oa.ai.usage import Usage
from wechat_oa.metrics import figures

log = logging.getLogger(__name__)


class Timing:
    """When each stage of a request ended, in milliseconds."""

    def __init__(self) -> None:
        """The first stage begins now."""
        self._began = self._last = time.perf_counter()
        self.stages: dict[str, float] = {}
        self.failure = ""
        """Why the model gave no whole answer, for the log."""
        self.usage: Usage | None = None
        """What the model said that the answer took; None: it was not asked."""

    def mark(self, stage: str) -> None:
        """The stage ends now; the next one begins."""
        now = time.perf_counter()
        self.stages[stage] = round((now - self._last) * 1000, 2)
        self._last = now

    @property
    def whole(self) -> float:
        """Milliseconds since the beginning."""
        return round((time.perf_counter() - self._began) * 1000, 2)


class Measured:
    """ASGI middleware: ``request.state.timing``, the Server-Timing header, and the log line.

    The line holds nothing of what was said, and nothing that names the visitor.
    """

    def __init__(
        self, app: ASGIApp, metrics_namespace: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        """Figures are told where ``metrics_namespace`` is not empty; ``clock`` gives epoch seconds."""
        self._app = app
        self._metrics_namespace = metrics_namespace
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        timing = Timing()
        scope.setdefault("state", {})["timing"] = timing
        # Unless something says otherwise: what is raised here is a fault of ours.
        status = 500

        async def send_with_timing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                stages = {**timing.stages, "total": timing.whole}
                value = ", ".join(f"{stage};dur={ms}" for stage, ms in stages.items())
                headers = MutableHeaders(scope=message)
                headers["server-timing"] = value
                headers.setdefault("cache-control", "no-store")
                headers["x-content-type-options"] = "nosniff"
            await send(message)

        try:
            await self._app(scope, receive, send_with_timing)
        finally:
            log.info(
                "chat",
                extra={
                    "method": scope["method"],
                    "route": getattr(scope.get("route"), "path", "none"),
                    "status": status,
                    "failure": timing.failure,
                    "milliseconds": {**timing.stages, "whole": timing.whole},
                    "tokens": timing.usage and timing.usage.tokens,
                    **figures(self._metrics_namespace, self._clock(), _counted(timing, status)),
                },
            )


def _counted(timing: Timing, status: int) -> Mapping[str, float | None]:
    asked = timing.usage is not None
    return {
        "ChatMessages": 1 if asked else None,
        "ModelErrors": int(is_fault(timing.failure)) if asked else None,
        "Tokens": timing.usage.tokens if timing.usage else None,
        # A model that fails is told as its own failure (502 to 504).
        "Errors": 1 if status >= 500 and not timing.failure else None,
    }
