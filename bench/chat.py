"""The web chat: what it adds to the model's first piece and to the whole, alone and a hundred at once."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import account, paced_model, plain_relay
from bench.numbers import percentile
from bench.processes import Process
from bench.report import Table, Target

_ROUNDS, _WARM_UPS = 60, 5
_CROWD, _CROWD_ROUNDS = 100, 3
_FIRST_P50, _FIRST_P95, _TIMES_ONE = 5.0, 15.0, 2.0
_QUESTION = {
    "message": "讲一讲",
    "history": [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "好"}],
}
_ASKED = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "讲一讲"}]}


class Heard(NamedTuple):
    """When the first piece and the end came, in milliseconds after asking."""

    first: float
    whole: float


class Visitor:
    """Asks over one connection that is kept, and reads no more than needed to know when what came."""

    def __init__(self, server: Process, path: str, body: object) -> None:
        self._port = server.port
        data = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        self._request = head.encode() + b"content-length: %d\r\n\r\n" % len(data) + data
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> Heard:
        """Ask once and return when what was heard."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        began = time.perf_counter()
        writer.write(self._request)
        first, heard = 0.0, b""
        while not heard.endswith(b"0\r\n\r\n"):
            piece = await reader.read(65536)
            assert piece, heard
            heard += piece
            if not first and b"data:" in heard:
                first = time.perf_counter()
        ended = time.perf_counter()
        assert b"[DONE]" in heard, heard
        said = heard.decode()
        assert all(text in said or json.dumps(text)[1:-1] in said for text in paced_model.TEXTS), said
        return Heard((first - began) * 1000, (ended - began) * 1000)

    def close(self) -> None:
        """Close the connection."""
        if self._streams:
            self._streams[1].close()


def measure() -> Table:
    """Measure the model itself, ours and a plain relay, side by side."""
    with (
        tempfile.TemporaryDirectory() as folder,
        paced_model.running(Path(folder)) as model,
        account.running(Path(folder), model) as ours,
        plain_relay.running(Path(folder), model) as relay,
    ):
        before = {"ours": ours.peak_megabytes, "plain relay": relay.peak_megabytes}
        servers = {
            "the model itself": (model, "/v1/chat/completions", _ASKED),
            "ours": (ours, "/chat/api/send", _QUESTION),
            "plain relay": (relay, "/chat/api/send", _QUESTION),
        }
        alone, crowds = asyncio.run(_measured(servers))
        after = {"ours": ours.peak_megabytes, "plain relay": relay.peak_megabytes}
    rows = []
    of_model = [median(values) for values in zip(*alone["the model itself"], strict=True)]
    added = {}
    times = {}
    for name in servers:
        first, whole = ([h[part] for h in alone[name]] for part in (0, 1))
        added[name] = (median(first) - of_model[0], percentile(first, 95) - of_model[0])
        crowd = median(crowds[name])
        times[name] = crowd / median(whole)
        memory = f"{(after[name] - before[name]) * 1024 / _CROWD:.0f}" if name in before else ""
        rows.append(
            (
                name,
                f"{median(first):.2f}",
                *(("", "") if name == "the model itself" else (f"{each:.2f}" for each in added[name])),
                f"{median(whole):.1f}",
                "" if name == "the model itself" else f"{median(whole) - of_model[1]:.1f}",
                f"{crowd:.0f}",
                f"{times[name]:.2f}",
                memory,
            )
        )
    first_p50, first_p95 = added["ours"]
    return Table(
        "网页聊天 · The web chat",
        (
            "who answers",
            "first p50 ms",
            "added p50",
            "added p95",
            "whole p50 ms",
            "added",
            f"{_CROWD} at once ms",
            "× one",
            "kB a stream",
        ),
        rows,
        f"A model's {paced_model.PIECES} pieces, {paced_model.PACE * 1000:g} ms apart: the first one leaves"
        f" {first_p50:.1f} ms after the model's (p50). {_CROWD} chats at once take {times['ours']:.2f} times"
        f" as long as one, a plain relay's {times['plain relay']:.2f} times ({_ROUNDS} alone, one after"
        f" another; the median of {_CROWD_ROUNDS} crowds; the last column is what {_CROWD} streams added to"
        " the peak of memory).",
        [
            Target(
                f"the first piece at most {_FIRST_P50:g} ms later than the model's, p50: {first_p50:.2f} ms",
                first_p50 <= _FIRST_P50,
            ),
            Target(f"and at most {_FIRST_P95:g} ms, p95: {first_p95:.2f} ms", first_p95 <= _FIRST_P95),
            Target(
                f"{_CROWD} at once within {_TIMES_ONE:g} × the time of one: {times['ours']:.2f} ×",
                times["ours"] <= _TIMES_ONE,
            ),
            Target(
                f"sooner than a plain relay: {times['ours']:.2f} × and {times['plain relay']:.2f} ×",
                times["ours"] < times["plain relay"],
            ),
        ],
    )


async def _measured(
    servers: dict[str, tuple[Process, str, object]],
) -> tuple[dict[str, list[Heard]], dict[str, list[float]]]:
    """What one visitor hears, and the milliseconds until a crowd has heard everything."""
    alone: dict[str, list[Heard]] = {name: [] for name in servers}
    visitors = {name: Visitor(*server) for name, server in servers.items()}
    for number in range(-_WARM_UPS, _ROUNDS):
        for name, visitor in visitors.items():
            heard = await visitor.ask()
            if number >= 0:
                alone[name].append(heard)
    crowds: dict[str, list[float]] = {name: [] for name in servers}
    for number in range(_CROWD_ROUNDS + 1):
        for name, server in servers.items():
            crowd = [Visitor(*server) for _ in range(_CROWD)]
            began = time.perf_counter()
            await asyncio.gather(*(visitor.ask() for visitor in crowd))
            if number:
                crowds[name].append((time.perf_counter() - began) * 1000)
            for visitor in [*crowd]:
                visitor.close()
    for visitor in visitors.values():
        visitor.close()
    return alone, crowds
