"""``python -m local``: starting, what it says, and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.house import House
from tests.support.account import ROOT, Follower, Server, environment, running, running_here
from tests.support.serving import free_port, serving
from tests.support.upstream import Behaviour, Upstream


async def _local(*arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run a command to its end and return its exit status, output and errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "local",
        *arguments,
        cwd=settings.get("WECHAT_OA_DATA_DIR"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, out.decode(), errors.decode()


@contextlib.contextmanager
def _taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


async def test_a_setting_that_makes_no_sense_stops_the_start_with_a_line_that_names_it(
    tmp_path: Path,
) -> None:
    status, _, errors = await _local(
        WECHAT_OA_DATA_DIR=str(tmp_path), WECHAT_MSG_AI_TIMEOUT="15", WECHAT_TOKEN="your_token"
    )
    assert status == 2
    assert "WECHAT_MSG_AI_TIMEOUT must be a number from 0.5 to 4.8" in errors
    assert "WECHAT_TOKEN must be 3 to 32 letters or digits" in errors
    assert "Traceback" not in errors


async def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with _taken_port() as port:
        status, _, errors = await _local(WECHAT_OA_DATA_DIR=str(tmp_path), WECHAT_MSG_SERVER_PORT=str(port))
    assert status == 1
    assert f"端口 {port} 已经被占用" in errors


async def test_the_port_of_the_pages_in_use_is_said_too_and_the_first_is_not_kept(tmp_path: Path) -> None:
    with _taken_port() as port:
        status, _, errors = await _local(
            WECHAT_OA_DATA_DIR=str(tmp_path),
            WECHAT_MSG_SERVER_PORT=str(free_port()),
            PAGES_PORT=str(port),
        )
    assert status == 1
    assert f"端口 {port} 已经被占用" in errors
    assert "PAGES_PORT=" in errors


async def test_without_any_setting_the_demo_answers_a_simulated_follower(tmp_path: Path) -> None:
    settings = {"WECHAT_OA_DATA_DIR": str(tmp_path), "WECHAT_OA_DEMO_SECONDS": "0.2"}
    server = Server(settings)
    await server.start()
    try:
        url = f"http://127.0.0.1:{server.port}"
        async with httpx.AsyncClient(trust_env=False) as http:
            health = (await http.get(f"{url}/health")).json()
            assert (health["account"], health["model"]) == ("simulated", "demo")
            assert 'href="/simulator/"' in (await http.get(url)).text
        for mode in ("plain", "compatible", "safe"):
            status, out, _ = await _local("send", "你好", "--url", url, "--mode", mode)
            assert status == 0
            assert "【演示模型】" in out
    finally:
        await server.end()


@pytest.mark.parametrize("more", [{"WECHAT_MSG_SERVER_HOST": "0.0.0.0", "WECHAT_TOKEN": ""}, {}])
async def test_where_others_may_reach_it_or_a_real_token_signs_there_is_no_simulator(
    tmp_path: Path, more: dict[str, str]
) -> None:
    settings = {**environment(tmp_path, "http://127.0.0.1:9"), **more}
    async with running_here(settings) as url, httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{url}/simulator/")).status_code == 404


async def test_the_context_path_stands_before_the_callback(tmp_path: Path) -> None:
    settings = environment(tmp_path, "http://127.0.0.1:9", WECHAT_MSG_CONTEXT_PATH="/wechat-oa")
    async with running_here(settings) as url, httpx.AsyncClient(trust_env=False) as http:
        for path in ("/wechat-oa/wechat/reply", "/wechat/reply"):
            assert (await http.get(url + path)).status_code == 403
        for path in ("/", "/static-pages/", "/manage/", "/themes/", "/api/pages"):
            for prefix in ("", "/wechat-oa"):
                assert (await http.get(url + prefix + path)).status_code == 200
        assert 'href="/wechat-oa/manage/"' in (await http.get(url)).text


@pytest.mark.parametrize(("believed", "second"), [("", 200), ("10.0.0.0/8", 429)])
async def test_a_proxy_is_believed_who_is_calling_where_the_owner_says_so(
    tmp_path: Path, believed: str, second: int
) -> None:
    upstream = Upstream(lambda _: Behaviour("好"))
    async with serving(upstream.app()) as address:
        settings = environment(tmp_path, address, CHAT_VISITOR_DAILY_LIMIT="1", FORWARDED_ALLOW_IPS=believed)
        async with running(settings) as server, httpx.AsyncClient(trust_env=False) as http:
            url = f"http://127.0.0.1:{server.port}/chat/api/send"
            answers = [
                await http.post(url, json={"message": "你好"}, headers={"x-forwarded-for": visitor})
                for visitor in ("203.0.113.1", "203.0.113.2")
            ]
    assert [answer.status_code for answer in answers] == [200, second]


async def test_the_log_tells_of_a_message_what_people_want_to_know(tmp_path: Path) -> None:
    upstream = Upstream(lambda _: Behaviour("秘密的回答"))
    async with serving(upstream.app()) as address:
        settings = environment(tmp_path, address, IS_SAVE_LOG="true")
        async with running(settings) as server, httpx.AsyncClient(trust_env=False) as http:
            follower = Follower("小明", server.callback_url, http)
            await follower.send("秘密的问题")

    log = (tmp_path / "logs" / "wechat_oa.log").read_text("utf-8")
    (replied,) = (line for line in log.splitlines() if " message correlation=" in line)
    assert " answer correlation=" in log
    assert len(set(re.findall(r"correlation=(\w+)", log))) == 1
    assert all(
        word in replied for word in ("outcome=replied", "attempts=1", "delivered=passive", "'first': ")
    )
    assert not any(word in log for word in ("_aws", "=None", "秘密", follower.openid))


async def test_the_log_file_is_bounded(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    full = "x" * 5_000_000
    (logs / "wechat_oa.log").write_text(full)
    for number in range(1, 6):
        (logs / f"wechat_oa.log.{number}").write_text(f"old {number}")
    settings = environment(tmp_path, "http://127.0.0.1:9", IS_SAVE_LOG="true")
    async with running(settings) as server, httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(server.callback_url)).status_code == 403, "and the log says so"
    names = ["wechat_oa.log", *(f"wechat_oa.log.{number}" for number in range(1, 6))]
    assert sorted(path.name for path in logs.iterdir()) == names
    assert (logs / "wechat_oa.log.1").read_text() == full
    assert (logs / "wechat_oa.log.5").read_text() == "old 4"
    assert 0 < (logs / "wechat_oa.log").stat().st_size < 5_000_000


async def test_links_in_replies_lead_to_the_sites_chat(tmp_path: Path) -> None:
    house = House(environment(tmp_path, "http://127.0.0.1:9", SITE_URL="https://oa.example.com"))
    try:
        assert house.settings.chat_url == "https://oa.example.com/chat/"
    finally:
        await house.stop()


async def test_sending_to_nobody_says_how_to_start() -> None:
    status, out, errors = await _local("send", "你好", "--url", f"http://127.0.0.1:{free_port()}")
    assert status != 0
    assert "make run" in out + errors


async def test_the_owner_changes_texts_and_keywords_while_it_runs(tmp_path: Path) -> None:
    upstream = Upstream(lambda _: Behaviour("模型的回答"))
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"keywords": [{"words": ["价格"], "match": "contains", "reply": "十元"}]}))
    async with serving(upstream.app()) as address:
        settings = environment(tmp_path, address, WECHAT_OA_SIMULATOR="on")
        async with running_here(settings) as url:
            status, out, _ = await _local("config", "load", str(rules), **settings)
            assert (status, out) == (0, "已保存，几秒内生效。\n")
            status, out, _ = await _local("config", "show", **settings)
            assert json.loads(out) == json.loads(rules.read_text())
            _, out, _ = await _local("send", "你们的价格？", "--url", url, **settings)
            assert "十元" in out
            assert upstream.calls == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "没有改动"),
        ("[]", "JSON 对象"),
        ('{"texts": {"nonsense": "a"}}', "nonsense"),
        (None, "没有改动"),
    ],
)
async def test_rules_that_make_no_sense_change_nothing(
    tmp_path: Path, content: str | None, said: str
) -> None:
    settings = environment(tmp_path, "http://127.0.0.1:9")
    rules = tmp_path / "rules.json"
    if content is not None:
        rules.write_text(content)
    status, _, errors = await _local("config", "load", str(rules), **settings)
    assert status == 1
    assert said in errors
    _, out, _ = await _local("config", "show", **settings)
    assert json.loads(out) == {}


async def test_loading_without_a_file_says_how(tmp_path: Path) -> None:
    status, _, errors = await _local("config", "load", WECHAT_OA_DATA_DIR=str(tmp_path))
    assert status == 2
    assert "config load rules.json" in errors
