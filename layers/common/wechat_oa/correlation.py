"""One id on every log line of one message: in the callback, in the worker, and in whatever these call.

It is made of the message's key, which the callback and the job in the queue both have.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from wechat_oa.identifiers import pseudonym

_current: ContextVar[str] = ContextVar("correlation", default="")


@contextlib.contextmanager
def correlated(key: str) -> Iterator[None]:
    """Put the id of the message ``key`` on every line that is logged within, tasks included."""
    # Taken off again: Lambda's event loop runs one message after another in the same context.
    token = _current.set(pseudonym(key))
    try:
        yield
    finally:
        _current.reset(token)


class _Record(logging.LogRecord):
    """A log record that knows the message it is about, as ``correlation``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if current := _current.get():
            self.correlation = current


def log_correlations() -> None:
    """Have every log record of this process carry the id, if there is one."""
    logging.setLogRecordFactory(_Record)
