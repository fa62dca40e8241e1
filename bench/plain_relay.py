"""What most people write: FastAPI and openai's typed stream, piece in, piece out. ``UPSTREAM`` is the model.

Started as ``python -m bench.plain_relay PORT UPSTREAM``; the same event loop and HTTP parser as ours.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI
from pydantic import BaseModel

from bench.processes import Process, serving
from tests.support.serving import free_port


class _Question(BaseModel):
    message: str
    history: list[dict[str, Any]] = []


@contextlib.contextmanager
def running(folder: Path, model: Process) -> Iterator[Process]:
    """Run it until the end of the block."""
    port = free_port()
    arguments = ("-m", "bench.plain_relay", str(port), model.url)
    log = folder / "plain_relay.log"
    with serving(*arguments, port=port, ready="/health", environment={}, log=log) as process:
        yield process


def _app(upstream: str) -> FastAPI:
    app = FastAPI()
    client = AsyncOpenAI(base_url=f"{upstream}/v1", api_key="none")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/chat/api/send")
    async def send(question: _Question) -> StreamingResponse:
        messages: Any = [*question.history, {"role": "user", "content": question.message}]

        async def events() -> AsyncGenerator[str]:
            stream = await client.chat.completions.create(model="m", messages=messages, stream=True)
            async for chunk in stream:
                if chunk.choices and (piece := chunk.choices[0].delta.content):
                    said = {"success": True, "message": piece, "interaction_mode": "stream"}
                    yield f"data: {json.dumps(said)}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    return app


if __name__ == "__main__":
    uvicorn.run(_app(sys.argv[2]), port=int(sys.argv[1]), log_config=None, access_log=False)
