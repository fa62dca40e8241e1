"""The chat's application as it starts on AWS: from the environment, with log lines that Lambda can read."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from chat_app.logs import JsonLines
from tests.support.chat import Chat, PlayedModel, ask
from tests.support.clock import Clock
from wechat_oa.settings import AiSettings
from wechat_oa.store.local_table import SqliteTable

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": f"{ROOT / 'layers/common'}:{ROOT / 'functions/chat'}",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_DEFAULT_REGION": "us-east-1",
    # Nothing listens there: the table cannot be reached.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "WECHAT_OA_TABLE": "table",
    "OPENAI_API_KEY": "sk-deployed",
}
ASK = """
import asyncio, httpx
from chat_app.main import app

async def ask():
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://chat.example") as client:
        print((await client.get("/nowhere?private=1")).status_code)

asyncio.run(ask())
"""


def _run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (our own interpreter on our own code)
        [sys.executable, "-c", code],
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_starts_without_a_table_and_logs_each_request_in_a_line_of_json() -> None:
    ran = _run(ASK)
    assert ran.stdout == "404\n", ran.stderr
    *_, line = (json.loads(line) for line in ran.stderr.splitlines())
    assert (line["level"], line["logger"], line["message"]) == ("INFO", "chat_app.measuring", "chat")
    assert (line["method"], line["route"], line["status"]) == ("GET", "none", 404)
    assert line["milliseconds"]["whole"] >= 0
    assert line["timestamp"].endswith("Z")
    assert "private" not in ran.stderr


def test_a_setting_that_makes_no_sense_stops_the_start_and_is_named() -> None:
    ran = _run("import chat_app.main", CHAT_ACCESS="closed", CHAT_DAILY_LIMIT="many")
    assert ran.returncode != 0
    assert "CHAT_ACCESS must be one of open, code" in ran.stderr
    assert "CHAT_DAILY_LIMIT must be" in ran.stderr


def test_a_line_holds_one_record_whatever_is_in_it() -> None:
    record = logging.makeLogRecord({"msg": "a\n%s", "args": ("b",), "levelname": "ERROR", "path": Path("x")})
    try:
        raise ValueError("no")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = JsonLines().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert (told["message"], told["level"], told["path"]) == ("a\nb", "ERROR", "x")
    assert "ValueError: no" in told["stackTrace"]


async def test_a_fault_of_ours_is_logged_as_one(
    table: SqliteTable, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(ai: AiSettings) -> PlayedModel:
        raise RuntimeError("a bug")

    chat = Chat(table, clock, faulty)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(chat.app, raise_app_exceptions=False)
    visitor = httpx.AsyncClient(transport=transport, base_url="https://chat.example")
    with caplog.at_level(logging.INFO, logger="chat_app"):
        assert (await ask(visitor)).status_code == 500
    (line,) = [record for record in caplog.records if record.name == "chat_app.measuring"]
    assert line.__dict__["status"] == 500
