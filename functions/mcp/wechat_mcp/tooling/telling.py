"""One log line a call of a tool, with its figures: which tool, how it ended, how long it took."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator

from fastmcp.exceptions import ToolError

from wechat_mcp.services import McpServices
from wechat_oa.metrics import figures
from wechat_oa.store.table import StoreError

log = logging.getLogger(__name__)


@contextlib.contextmanager
def told(name: str, services: McpServices) -> Iterator[None]:
    """Log the call of the tool ``name`` that is made within: nothing of what it was given or gave."""
    began = time.perf_counter()
    outcome, fault = "failed", True
    try:
        yield
        outcome, fault = "done", False
    except ToolError as error:
        # Said no, by us or by WeChat: what the error came from tells which.
        outcome = type(error.__cause__).__name__ if error.__cause__ else "refused"
        fault = isinstance(error.__cause__, StoreError)
        raise
    finally:
        counted = {"McpCalls": 1, "Errors": 1 if fault else None}
        log.info(
            "tool",
            extra={
                "tool": name,
                "outcome": outcome,
                "milliseconds": round((time.perf_counter() - began) * 1000, 1),
                **figures(services.settings.metrics_namespace, services.clock(), counted),
            },
        )
