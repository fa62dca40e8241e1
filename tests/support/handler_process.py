"""A Lambda handler in a process of its own, fed with events, and moto's server for it to talk to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from tests.contract.backends import make_dynamo_table
from tests.support.deploying import forget_everything, moto_server

Call = Callable[[dict[str, Any]], dict[str, Any]]
"""Hands an event to the handler and returns what it answers."""

TABLE = "table"
_ROOT = Path(__file__).resolve().parents[2]
_RUN = """
import importlib, json, sys
handler = importlib.import_module(sys.argv[1]).handler
for line in sys.stdin:
    print(json.dumps(handler(json.loads(line), None)), flush=True)
"""


@contextmanager
def aws_with_table() -> Iterator[str]:
    """Run moto's server with nothing in it but an empty table, and give its address."""
    with moto_server() as url:
        # What moto knows is of the whole process: another file's tests may have been there.
        forget_everything(url)
        session = boto3.Session("x", "x", region_name="us-east-1")
        make_dynamo_table(session.client("dynamodb", endpoint_url=url), TABLE)
        yield url


@contextmanager
def handler_process(module: str, folder: str, aws_url: str, settings: Mapping[str, str]) -> Iterator[Call]:
    """Run ``module``'s handler, of the function in ``folder``; at the end it must have ended well."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(_ROOT / path) for path in ("layers/common", folder)),
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws_url,
        "NO_PROXY": "127.0.0.1",
        "WECHAT_OA_TABLE": TABLE,
        **settings,
    }
    process = subprocess.Popen(  # noqa: S603  (our own interpreter on our own code)
        [sys.executable, "-c", _RUN, module],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def call(event: dict[str, Any]) -> dict[str, Any]:
        stdin.write(json.dumps(event) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    with process:
        yield call
        stdin.close()
        assert process.wait(30) == 0
