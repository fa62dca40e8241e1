"""What a cold start costs: each handler imported, its clients made, against one client of AWS's own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.numbers import ratio, spread
from bench.processes import ROOT
from bench.report import Table, Target
from tests.support.account import environment

FLOOR = "import boto3; boto3.client('dynamodb')"
CALLBACK = "import wechat_reply.callback"
_WORKER = "import wechat_reply.worker"
_ROUNDS = 15
_TARGET = 1.3
_MEASURED = """
import time
began, worked = time.perf_counter(), time.process_time()
{statement}
print((time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000)
print(next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM:")))
"""


def measure() -> Table:
    """Measure the three in fresh processes, in turn; the first round, which compiles, does not count."""
    runs: dict[str, list[list[float]]] = {statement: [] for statement in (FLOOR, CALLBACK, _WORKER)}
    for number in range(_ROUNDS + 1):
        for statement, results in runs.items():
            output = python("-c", _MEASURED.format(statement=statement)).stdout
            if number:
                results.append([float(value) for value in output.split()])
    floor = list(zip(*runs[FLOOR], strict=True))
    rows = []
    for statement, results in runs.items():
        wall, cpu, memory = zip(*results, strict=True)
        rows.append(
            (
                f"`{statement}`",
                f"{median(wall):.0f}",
                spread(wall, 0),
                f"{ratio(wall, floor[0]):.2f}",
                f"{median(cpu):.0f}",
                f"{ratio(cpu, floor[1]):.2f}",
                f"{median(memory):.1f}",
                f"{ratio(memory, floor[2]):.2f}",
            )
        )
    return Table(
        "冷启动 · Cold start",
        ("what", "ms", "middle half", "× floor", "CPU ms", "× floor", "peak MB", "× floor"),
        rows,
        f"The callback is ready after {rows[1][4]} ms of CPU time, {rows[1][5]} times what one DynamoDB"
        f" client alone takes ({_ROUNDS} fresh processes of each, in turn; the interpreter's own start not"
        " counted).",
        [
            Target(
                f"the callback within {_TARGET:g} × the floor: {rows[1][5]} × in CPU time, which no other"
                f" process prolongs ({rows[1][3]} × by the clock)",
                ratio([cpu for _, cpu, _ in runs[CALLBACK]], floor[1]) <= _TARGET,
            )
        ],
    )


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a fresh Python as a function runs: the layer and the function on the path, everything set."""
    with tempfile.TemporaryDirectory() as folder:
        settings = environment(Path(folder), "https://api.example.com")
        result = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
            env={
                **settings,
                "PATH": os.environ["PATH"],
                "HOME": folder,
                "PYTHONPATH": f"{ROOT}/layers/common:{ROOT}/functions/wechat_reply",
                "WECHAT_OA_TABLE": "table",
                "WECHAT_OA_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/queue.fifo",
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "none",
                "AWS_SECRET_ACCESS_KEY": "none",
                "AWS_SESSION_TOKEN": "none",
            },
        )
    if result.returncode:
        raise RuntimeError(f"the handler cannot be imported:\n{result.stderr}")
    return result
