"""The same over HTTP: a server, a model that answers at once, and a client on this machine."""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import openai

from bench import account, upstream
from bench.numbers import percentile
from bench.processes import Process
from bench.report import Table, Target
from local.platform.account import Mode
from wechat_oa.ai.prompt import MAX_HISTORY_TURNS, Turn, build_messages
from wechat_oa.settings import DEFAULT_PROMPT

_ROUNDS, _WARM_UPS = 300, 30
_FOLLOWERS = 20
_PAUSE = 0.005
_TARGET = 5.0
_UPSTREAM = "the model's own round trip"
_CLIENT = "the same through openai's client"
_MODEL_KINDS = ("plain mode, the model", "safe mode, the model")

Request = Callable[[int], float]
"""Makes one request and returns the seconds it took."""


def measure() -> Table:
    """Measure it. What is added is a callback's time less the median of the model's own round trip."""
    with (
        tempfile.TemporaryDirectory() as folder,
        upstream.running(Path(folder)) as model,
        account.running(Path(folder), model) as server,
    ):
        times = _times(_requests(server, model))
    upstream_time = median(times[_UPSTREAM])
    rows = []
    for kind, values in times.items():
        added = upstream_time if kind in _MODEL_KINDS else 0.0
        sums = (median(values), percentile(values, 95))
        of_us = [f"{value - added:.2f}" for value in sums] if "mode" in kind else ["", ""]
        rows.append((kind, *(f"{value:.2f}" for value in sums), *of_us))
    plain, safe = (median(times[kind]) - upstream_time for kind in _MODEL_KINDS)
    whole, client = max(plain, safe) + upstream_time, median(times[_CLIENT])
    return Table(
        "回调增加的时间，HTTP · What the callback adds, over HTTP",
        ("request", "p50 ms", "p95 ms", "added p50 ms", "added p95 ms"),
        rows,
        f"Of a model's answer that takes {upstream_time:.1f} ms to fetch, WeChat sees {plain:.1f} ms more in"
        f" plain mode and {safe:.1f} ms more in safe mode (p50), everything included: HTTP in and out, the"
        f" queue, the stores, the model's client ({_ROUNDS} of each, one after another, connections kept)."
        f" Just reading the same answer with openai's own client takes {client:.1f} ms: the whole callback"
        f" takes {whole / client:.2f} times that.",
        [
            Target(
                f"at most {_TARGET:g} ms added over HTTP, p50: {plain:.2f} ms plain, {safe:.2f} ms safe",
                max(plain, safe) <= _TARGET,
            ),
            Target(
                f"the whole callback, the model's answer included, takes no longer than openai's client alone"
                f" takes for that answer: {whole:.1f} ms and {client:.1f} ms",
                whole <= client,
            ),
        ],
    )


def _times(requests: Mapping[str, Request]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {kind: [] for kind in requests}
    for number in range(-_WARM_UPS, _ROUNDS):
        for kind, request in requests.items():
            seconds = request(number)
            if number >= 0:
                times[kind].append(seconds * 1000)
            time.sleep(_PAUSE)
    return times


def _requests(server: Process, model: Process) -> dict[str, Request]:
    to_server, to_model = (http.client.HTTPConnection("127.0.0.1", p.port) for p in (server, model))
    # The conversation that the server sends along after the first messages.
    turns: list[Turn] = [{"question": "你好", "answer": upstream.ANSWER}] * MAX_HISTORY_TURNS
    messages = build_messages(DEFAULT_PROMPT, turns, "你好")
    question: dict[str, Any] = {"model": "m", "stream": True, "messages": messages}

    def health(_number: int) -> float:
        return _timed(to_server, "GET", "/health")

    def ask(_number: int) -> float:
        return _timed(to_model, "POST", "/v1/chat/completions", json.dumps(question).encode())

    openai_client = openai.OpenAI(base_url=f"http://127.0.0.1:{model.port}/v1", api_key="none")

    def ask_openai(_number: int) -> float:
        began = time.perf_counter()
        for _ in openai_client.chat.completions.create(**question):
            pass
        return time.perf_counter() - began

    def callback(content: str, mode: Mode) -> Request:
        def request(number: int) -> float:
            post = account.post(content, mode, f"粉丝{number % _FOLLOWERS}")
            return _timed(to_server, "POST", f"/wechat/reply?{urlencode(post.query)}", post.body)

        return request

    return {
        "GET /health": health,
        _UPSTREAM: ask,
        _CLIENT: ask_openai,
        _MODEL_KINDS[0]: callback("你好", "plain"),
        _MODEL_KINDS[1]: callback("你好", "safe"),
        "plain mode, 帮助": callback("帮助", "plain"),
        "safe mode, 帮助": callback("帮助", "safe"),
    }


def _timed(connection: http.client.HTTPConnection, method: str, target: str, body: bytes = b"") -> float:
    headers = {"content-type": "application/json" if body.startswith(b"{") else "text/xml"}
    began = time.perf_counter()
    connection.request(method, target, body, headers)
    response = connection.getresponse()
    received = response.read()
    seconds = time.perf_counter() - began
    assert response.status == 200, response.status
    assert received
    return seconds
