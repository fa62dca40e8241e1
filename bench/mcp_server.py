"""The MCP server's handler: importing it, its first call and a warm one, beside FastMCP with no tools."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from statistics import median

from bench.numbers import ratio
from bench.processes import ROOT
from bench.report import Table
from tests.events.make import http_event

_ROUNDS = 5
_WARM = 50
_TOKEN = "a-token-for-the-bench-0123456789"
_EMPTY = """
from fastmcp import FastMCP
from mangum import Mangum
handler = Mangum(FastMCP("empty").http_app(path="/mcp", stateless_http=True, json_response=True))
"""
_OURS = "from wechat_mcp.handler import handler"
_MEASURED = """
import json, sys, time
events = json.loads(sys.stdin.read())
began = time.perf_counter()
{setup}
imported = time.perf_counter()
def call(event):
    answer = handler(event, None)
    assert answer["statusCode"] == 200, answer
call(events[0])
called = time.perf_counter()
times = []
for _ in range({warm}):
    for event in events:
        start = time.perf_counter()
        call(event)
        times.append(time.perf_counter() - start)
times.sort()
print((imported - began) * 1000, (called - imported) * 1000, times[len(times) // 2] * 1000)
"""
_NAMES = ("import", "first call", "warm call")


def measure() -> Table:
    """Measure both in fresh processes, in turn; the first round, which compiles, does not count."""
    runs: dict[str, list[list[float]]] = {_EMPTY: [], _OURS: []}
    for number in range(_ROUNDS + 1):
        for setup, results in runs.items():
            output = _python(_MEASURED.format(setup=setup, warm=_WARM))
            if number:
                results.append([float(value) for value in output.split()])
    floor = list(zip(*runs[_EMPTY], strict=True))
    ours = list(zip(*runs[_OURS], strict=True))
    rows = [
        (name, f"{median(empty):.1f}", f"{median(mine):.1f}", f"{ratio(mine, empty):.2f}")
        for name, empty, mine in zip(_NAMES, floor, ours, strict=True)
    ]
    return Table(
        "MCP 服务器 · The MCP server",
        ("what", "FastMCP, no tools, ms", "ours, ms", "×"),
        rows,
        f"A warm call is `tools/list`, through Mangum and with a token ({_ROUNDS} fresh processes of each, in"
        f" turn, {_WARM} warm calls in each; every tool's schema is in ours).",
    )


def _python(code: str) -> str:
    """Run a fresh Python as the function runs."""
    headers = {
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        "authorization": f"Bearer {_TOKEN}",
    }
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps([http_event("POST", "/mcp", body=body, headers=headers)]),
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": folder,
                "PYTHONPATH": f"{ROOT}/layers/common:{ROOT}/functions/mcp",
                "WECHAT_OA_TABLE": "table",
                "MCP_AUTH_TOKENS": _TOKEN,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "none",
                "AWS_SECRET_ACCESS_KEY": "none",
            },
        )
    if ran.returncode:
        raise RuntimeError(f"the MCP server does not answer:\n{ran.stderr}")
    return ran.stdout
