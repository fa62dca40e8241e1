"""A model at a known pace, in a process of its own: ``python -m bench.upstream PORT``."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.processes import Process, serving
from tests.support.serving import free_port
from tests.support.upstream import Behaviour, Upstream

ANSWER = "".join(f"这是第{n}句话，内容并不长。" for n in range(1, 41))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Process]:
    """Run it until the end of the block. ``GET /questions`` tells what it was asked."""
    port = free_port()
    arguments = ("-m", "bench.upstream", str(port))
    log = folder / "upstream.log"
    with serving(*arguments, port=port, ready="/questions", environment={}, log=log) as process:
        yield process


def _paced(question: str) -> Behaviour:
    """A question such as ``讲讲 6s`` is answered in 6 seconds, any other at once."""
    seconds = re.search(r"([\d.]+)s", question)
    return Behaviour(text=ANSWER, seconds=float(seconds[1]) if seconds else 0.0)


def _app() -> Starlette:
    upstream = Upstream(_paced)

    async def questions(_request: Request) -> JSONResponse:
        return JSONResponse(upstream.questions())

    return Starlette(routes=[*upstream.app().routes, Route("/questions", questions)])


if __name__ == "__main__":
    uvicorn.run(_app(), port=int(sys.argv[1]), log_config=None, access_log=False)
