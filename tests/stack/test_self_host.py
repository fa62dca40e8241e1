"""The image, compose.yaml and the Caddyfile: what they hold is what the server needs and answers."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.stack.expand import ROOT, Stack
from tests.stack.test_settings import Asked
from tests.support.serving import free_port
from wechat_oa.settings import read_settings

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
APP = COMPOSE["services"]["wechat-oa"]


def instructions() -> list[str]:
    """Return the Dockerfile's instructions, each on one line."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    return [" ".join(line.split()) for line in lines if line.strip() and not line.startswith("#")]


def copied() -> list[tuple[str, str]]:
    """Return what the last stage takes from the project, and where it puts it."""
    last = instructions()[max(i for i, line in enumerate(instructions()) if line.startswith("FROM ")) :]
    pairs = [line.split()[1:] for line in last if line.startswith("COPY ") and "--from" not in line]
    return [(source, target) for source, target in pairs]


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.TransportError:
        return False


async def test_the_server_runs_on_what_is_copied_into_the_image_and_writes_nothing_beside_its_data(
    tmp_path: Path,
) -> None:
    app, data = tmp_path / "app", tmp_path / "data"
    data.mkdir()
    for source, target in copied():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / source, tmp_path / target.lstrip("/"), ignore=ignored)
    before = sorted(app.rglob("*"))
    ports = {name: free_port() for name in ("WECHAT_MSG_SERVER_PORT", "PAGES_PORT", "MCP_PORT")}
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(app),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WECHAT_MSG_SERVER_HOST": "0.0.0.0",
        "MCP_HOST": "0.0.0.0",
        "MCP_AUTH_TOKENS": "a-token-of-the-tests",
        "WECHAT_OA_DATA_DIR": str(data),
        "WECHAT_OA_SIMULATOR": "off",
        "IS_SAVE_LOG": "true",
        **{name: str(port) for name, port in ports.items()},
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "local", cwd=data, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    site, mcp = (f"http://127.0.0.1:{ports[name]}" for name in ("WECHAT_MSG_SERVER_PORT", "MCP_PORT"))
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            while not await _answers(http, f"{site}/health"):
                assert process.returncode is None
                await asyncio.sleep(0.05)
            for path in ("/", "/chat/", "/chat/js/main.js", "/manage/", "/themes/", "/static-pages/"):
                assert (await http.get(site + path)).status_code == 200, path
            assert (await http.get(f"{site}/simulator/")).status_code == 404
            assert (await http.post(f"{mcp}/mcp", json={})).status_code == 401
            called = await http.post(
                f"{mcp}/tools/wechat_template",
                json={"arguments": {"action": "list"}},
                headers={"authorization": "Bearer a-token-of-the-tests"},
            )
            assert called.status_code == 200, called.text
    finally:
        process.terminate()
        await process.wait()

    assert sorted(app.rglob("*")) == before
    assert (data / "logs/wechat_oa.log").exists()


def test_what_the_image_needs_is_in_the_build() -> None:
    sources = [
        source
        for line in instructions()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    rules = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.strip()]
    patterns = [rule[1:].replace("*", "[^/]+") for rule in rules if rule.startswith("!")]

    assert "*" in rules
    for source in sources:
        assert (ROOT / source).exists()
        assert any(re.match(rf"{pattern}(/|$)", source) for pattern in patterns), source


def test_the_container_may_do_little_and_is_reached_from_this_machine_alone() -> None:
    for service in COMPOSE["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"mem_limit", "pids_limit", "logging", "restart"} <= service.keys()
    assert all(port.startswith("127.0.0.1:") for port in APP["ports"])
    assert any(line == "USER wechat" for line in instructions())


def test_compose_sets_nothing_that_the_code_does_not_read() -> None:
    asked = Asked()
    read_settings(asked)

    assert set(APP["environment"]) <= asked.names
    values = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in APP["environment"].items()}
    settings = read_settings(values)
    assert settings.simulator == "off"
    assert "*" not in settings.forwarded_allow_ips
    published = {port.rpartition(":")[2] for port in APP["ports"]}
    assert published == {str(p) for p in (settings.msg_server_port, settings.pages_port, settings.mcp_port)}


def test_an_answer_under_way_may_end_before_the_container_is_killed() -> None:
    from local.house import GRACE_SECONDS  # noqa: PLC0415

    # Beside it: open chats, 10 s; MCP calls, 5 s; pages, 2 s.
    needed = GRACE_SECONDS + 10 + 5 + 2
    assert int(APP["stop_grace_period"].removesuffix("s")) >= needed
    unit = (ROOT / "docs/wechat-oa.service").read_text("utf-8")
    assert int(re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)[0]) >= needed


@pytest.mark.parametrize("name", ["Caddyfile", "docs/self-host.md", "docs/en/self-host.md"])
def test_a_proxy_is_told_every_path_of_the_mcp_server(name: str) -> None:
    stack = Stack()
    routes = [
        properties["RouteKey"]
        for properties in map(stack.properties, stack.of_type("AWS::ApiGatewayV2::Route"))
        if "McpIntegration" in str(properties["Target"])
    ]
    prefixes = {re.sub(r"\{.*", "", route.partition(" ")[2]) for route in routes} - {"/health"}
    text = (ROOT / name).read_text("utf-8")

    assert prefixes
    for prefix in prefixes:
        assert prefix in text, prefix
