"""A model that answers everything with 20 pieces, 10 ms apart: ``python -m bench.paced_model PORT``.

Written on sockets, so that a hundred answers at once keep their pace and what is measured is not this.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import uvloop

from bench.processes import Process, serving
from tests.support.serving import free_port

PIECES, PACE = 20, 0.010
TEXTS = [f"第{number}段回答，" for number in range(PIECES)]

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_READY = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def _chunk(event: str) -> bytes:
    data = f"data: {event}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(data), data)


_EVENTS = [
    _chunk(
        json.dumps(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": "m",
                "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}],
            }
        )
    )
    for text in TEXTS
]
_END = _chunk("[DONE]") + b"0\r\n\r\n"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Process]:
    """Run it until the end of the block."""
    port = free_port()
    log = folder / "paced_model.log"
    with serving(
        "-m", "bench.paced_model", str(port), port=port, ready="/", environment={}, log=log
    ) as process:
        yield process


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    now = asyncio.get_running_loop().time
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET"):
                writer.write(_READY)
                continue
            length = next(
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            await reader.readexactly(length)
            began = now()
            writer.write(_HEAD)
            for number, event in enumerate(_EVENTS, 1):
                await asyncio.sleep(began + number * PACE - now())
                writer.write(event)
            writer.write(_END)
    writer.close()


async def _serve(port: int) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
