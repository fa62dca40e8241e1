"""The self-test, against a server that runs on this machine, and against ones with a fault each."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from deploy.self_test import mcp, web
from deploy.self_test.run import Targets, deployed_targets, local_targets, self_test
from deploy.self_test.wechat import FOLLOWER, Account, WeChat
from local.house import House
from local.listening import listen_all
from local.mcp_beside import McpBeside
from local.server import make_app
from tests.support.account import AES_KEY, APP_ID, ROOT, TOKEN, Server, environment, running
from tests.support.deploying import OUTPUTS
from tests.support.serving import free_port, serving
from tests.support.upstream import Behaviour, Upstream
from wechat_oa.settings import Settings, read_settings
from wechat_oa.store.local_table import SqliteTable

MCP_TOKEN = "self-test-token-0123456789"
NOW = 1_763_900_000.0
PASSED = Behaviour("自检通过")


class Lines(list[tuple[str, str, str]]):
    """What the self-test reports."""

    def __call__(self, state: str, name: str, text: str) -> None:
        self.append((state, name, text))

    def of(self, state: str) -> list[str]:
        return [f"{name}: {text}" for each, name, text in self if each == state]

    def text(self, name: str) -> str:
        (found,) = [text for _, each, text in self if each.startswith(name)]
        return found


@asynccontextmanager
async def account(
    folder: Path, behaviour: Behaviour = PASSED, **settings: str
) -> AsyncGenerator[tuple[Server, Upstream]]:
    """An account that runs as a process of its own, and the model that it asks."""
    upstream = Upstream(lambda _question: behaviour)
    async with serving(upstream.app()) as url, running(environment(folder, url, **settings)) as server:
        yield server, upstream


@asynccontextmanager
async def account_here(
    folder: Path, behaviour: Behaviour = PASSED, **more: str
) -> AsyncGenerator[tuple[Settings, Upstream]]:
    """The same in this process, which takes a fraction of the time; its settings, and the model."""
    upstream = Upstream(lambda _question: behaviour)
    async with serving(upstream.app()) as url:
        port, mcp_port = free_port(), free_port()
        ports = {"WECHAT_MSG_SERVER_PORT": str(port), "MCP_PORT": str(mcp_port)}
        house = House(environment(folder, url, **ports, **more))
        mcp_server = McpBeside(house)
        mcp_server.begin(*listen_all("127.0.0.1", {"MCP_PORT": mcp_port}))
        try:
            async with serving(make_app(house), port):
                yield house.settings, upstream
        finally:
            await mcp_server.end()


def targets_of(server: Server) -> Targets:
    ports = {"WECHAT_MSG_SERVER_PORT": str(server.port), "MCP_PORT": str(server.mcp_port)}
    return local_targets(read_settings({**server.settings, **ports}))


# ---- On one machine --------------------------------------------------------------------------------------


async def test_an_account_on_one_machine_passes_and_the_model_is_asked_twice(tmp_path: Path) -> None:
    lines = Lines()
    async with account(
        tmp_path, MCP_AUTH_TOKENS=f"owner:publish:{MCP_TOKEN}", WECHAT_MSG_CONTEXT_PATH="/wechat-oa"
    ) as (server, upstream):
        passed = await self_test(targets_of(server), lines)

    assert lines.of("failed") == []
    assert lines.of("skipped") == []
    assert passed
    assert len(lines) == 11
    assert len(upstream.calls) == 2
    assert "自检通过" in lines.text("粉丝提问")
    assert "个工具" in lines.text("MCP，工具")


async def test_an_account_that_is_simulated_passes_with_what_was_made_up_for_it(tmp_path: Path) -> None:
    lines = Lines()
    async with running({"WECHAT_OA_DATA_DIR": str(tmp_path), "WECHAT_OA_DEMO_SECONDS": "0"}) as server:
        passed = await self_test(targets_of(server), lines)

    assert lines.of("failed") == []
    assert passed
    assert [name.partition("，")[0] for name in lines.of("skipped")] == ["MCP"]


async def test_nothing_of_the_test_is_left_in_the_follower_that_wrote(tmp_path: Path) -> None:
    async with account_here(tmp_path) as (settings, _):
        await self_test(local_targets(settings), Lines())

    table = SqliteTable(tmp_path / "table.db")
    try:
        # All that is left says from when on to remember, and goes by itself.
        (mark,) = table.query(f"turns#{FOLLOWER}", limit=10)
        assert mark["sk"] == "forgotten"
        assert mark["ttl"] > 0
    finally:
        table.close()


async def test_a_model_that_fails_is_named_as_the_reason_for_both_and_nothing_else_fails(
    tmp_path: Path,
) -> None:
    lines = Lines()
    async with account_here(tmp_path, Behaviour(status=401)) as (settings, _):
        assert not await self_test(local_targets(settings), lines)

    assert [each.partition(" ·")[0] for each in lines.of("failed")] == ["粉丝提问", "网页聊天"]
    assert "OPENAI_API_KEY" in lines.text("粉丝提问")


async def test_a_token_that_is_not_the_servers_is_told_from_everything_else(tmp_path: Path) -> None:
    lines = Lines()
    async with account_here(tmp_path) as (settings, upstream):
        assert not await self_test(local_targets(replace(settings, wechat_token="anothertoken")), lines)

    assert "Token 或 EncodingAESKey 和部署的不一样" in lines.text("微信握手，明文模式")
    assert lines.text("伪造的消息") == "拒绝了 · refused"
    assert len(upstream.calls) == 1  # the chat's


async def test_an_account_without_a_key_is_tested_in_plain_mode_alone(tmp_path: Path) -> None:
    lines = Lines()
    async with account_here(tmp_path, WECHAT_ENCODING_AES_KEY="") as (settings, _):
        assert await self_test(local_targets(settings), lines)

    assert len([each for each in lines.of("skipped") if each.startswith("微信握手")]) == 2


async def test_a_chat_that_needs_a_code_and_a_list_that_is_the_owners_are_as_they_should_be(
    tmp_path: Path,
) -> None:
    lines = Lines()
    async with account_here(tmp_path, CHAT_ACCESS="code", PAGES_INDEX="owner") as (settings, upstream):
        assert await self_test(local_targets(settings), lines)

    assert "CHAT_ACCESS=code" in lines.text("网页聊天")
    assert "PAGES_INDEX=owner" in lines.text("网页 · pages")
    assert len(upstream.calls) == 1


async def test_a_chat_that_answers_in_one_piece_passes(tmp_path: Path) -> None:
    lines = Lines()
    async with account_here(tmp_path, OPENAI_INTERACTION_MODE="block") as (settings, _):
        assert await self_test(local_targets(settings), lines)

    assert "OPENAI_INTERACTION_MODE=block" in lines.text("网页聊天")


async def test_where_nothing_runs_every_line_says_that_it_cannot_be_reached() -> None:
    lines, settings = Lines(), {"WECHAT_MSG_SERVER_PORT": str(free_port()), "MCP_PORT": str(free_port())}
    settings |= {"WECHAT_TOKEN": TOKEN, "WECHAT_APP_ID": APP_ID, "WECHAT_ENCODING_AES_KEY": AES_KEY}
    assert not await self_test(local_targets(read_settings(settings)), lines)

    assert lines.of("ok") == []
    assert all("连不上" in each for each in lines.of("failed"))


async def test_the_command_tests_this_machines_server_and_ends_with_its_verdict(tmp_path: Path) -> None:
    async def command(*more: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "deploy",
                "--env-file",
                str(tmp_path / "none"),
                "check",
                "--local",
                *more,
            ),
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "WECHAT_MSG_SERVER_PORT": str(server.port),
                "MCP_PORT": str(server.mcp_port),
                **server.settings,
            },
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, out.decode()

    async with account(tmp_path) as (server, _):
        status, out = await command()
        assert (status, "✗" in out) == (0, False), out
        assert "一切正常" in out
        status, out = await command("--callback-url", f"http://127.0.0.1:{server.port}/nowhere")
        assert status == 1
        assert "404" in out


# ---- Faults, one by one ----------------------------------------------------------------------------------

Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def wechat(answer: Answer) -> WeChat:
    return WeChat(
        client(answer), Account("https://a.example/wechat/reply", TOKEN, APP_ID, AES_KEY), lambda: NOW
    )


def echoing(answer: Answer) -> Answer:
    """Verifies the address as it should be, and leaves messages to ``answer``."""
    return lambda request: (
        httpx.Response(200, text=request.url.params["echostr"])
        if request.method == "GET"
        else answer(request)
    )


async def test_another_program_at_the_address_is_no_handshake() -> None:
    result = await wechat(lambda _: httpx.Response(200, text="<html>welcome</html>")).handshake("plain")
    assert result.state == "failed"
    assert "echostr" in result.text


async def test_a_clock_that_is_wrong_is_told_from_a_wrong_token() -> None:
    late = {"date": "Sun, 23 Nov 2025 13:13:20 GMT"}  # an hour after NOW
    result = await wechat(lambda _: httpx.Response(403, headers=late)).handshake("plain")
    assert "时钟差了 3600 秒" in result.text


async def test_a_plain_reply_to_an_encrypted_message_fails() -> None:
    plain = "<xml><Content><![CDATA[好]]></Content></xml>"
    result = await wechat(echoing(lambda _: httpx.Response(200, text=plain))).handshake("safe")
    assert (result.state, "明文的回复" in result.text) == ("failed", True)


async def test_a_message_that_is_accepted_whoever_signed_it_fails() -> None:
    result = await wechat(lambda _: httpx.Response(200, text="success")).forgery()
    assert (result.state, "冒充" in result.text) == ("failed", True)


async def test_a_follower_is_answered_by_the_third_delivery_of_the_same_message() -> None:
    bodies = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        if len(bodies) == 1:
            raise httpx.ReadTimeout("five seconds")
        if len(bodies) == 2:
            return httpx.Response(503)
        return httpx.Response(200, text="<xml><Content><![CDATA[通过]]></Content></xml>")

    result = await wechat(answer).question("plain")

    assert result.state == "ok"
    assert len(set(bodies)) == 1


async def test_a_function_that_crashes_is_named_with_its_logs() -> None:
    result = await wechat(lambda _: httpx.Response(500)).handshake("plain")
    assert "make logs FUNCTION=callback" in result.text


async def test_an_mcp_server_that_is_open_to_everybody_fails() -> None:
    async with client(lambda _: httpx.Response(200, json={})) as http:
        result = await mcp.without_token(http, "https://a.example/mcp", open_to_all=False)
    assert (result.state, "谁都能替你发文章" in result.text) == ("failed", True)


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (httpx.Response(401), "令牌不对"),
        (httpx.Response(421), "MCP_PUBLIC_URL"),
        (httpx.Response(200, text="<html>"), "不是 MCP"),
        (httpx.Response(200, json={"result": {"serverInfo": {"name": "x"}, "tools": []}}), "一个工具也没有"),
        (httpx.Response(429), "被限流"),
    ],
)
async def test_an_mcp_server_that_does_not_answer_as_one_fails(response: httpx.Response, said: str) -> None:
    async with client(lambda _: response) as http:
        result = await mcp.with_token(http, "https://a.example/mcp", MCP_TOKEN, open_to_all=False)
    assert (result.state, said in result.text) == ("failed", True)


async def test_an_mcp_server_may_answer_as_a_stream() -> None:
    text = 'event: message\ndata: {"result": {"serverInfo": {"name": "x"}, "tools": [1, 2]}}\n\n'
    stream = httpx.Response(200, text=text, headers={"content-type": "text/event-stream"})
    async with client(lambda _: stream) as http:
        result = await mcp.with_token(http, "https://a.example/mcp", MCP_TOKEN, open_to_all=False)
    assert result == ("ok", "x，2 个工具 · tools")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ('data: {"success": true, "message": "一半"}\n\n', "回答断了"),
        ('data: {"success": false, "error": "AI 服务现在比较忙。"}\n\ndata: [DONE]\n\n', "比较忙"),
        ("data: {broken\n\n", "不是事件流"),
    ],
)
async def test_a_chat_that_breaks_fails_with_the_reason(events: str, said: str) -> None:
    stream = httpx.Response(200, text=events, headers={"content-type": "text/event-stream"})
    async with client(lambda _: stream) as http:
        result = await web.chat(http, "https://a.example/")
    assert (result.state, said in result.text) == ("failed", True)


async def test_a_table_that_cannot_be_reached_is_named() -> None:
    async with client(lambda _: httpx.Response(503, json={"status": "unavailable"})) as http:
        result = await web.health(http, "https://a.example/health", "mcp")
    assert (result.state, "读不到数据表" in result.text) == ("failed", True)


def test_a_deployment_is_tested_where_its_outputs_say() -> None:
    targets = deployed_targets(OUTPUTS, read_settings({"WECHAT_TOKEN": TOKEN, "MCP_AUTH_TOKENS": MCP_TOKEN}))

    assert targets.account.callback_url == OUTPUTS["CallbackUrl"]
    assert targets.chat_url == OUTPUTS["SiteUrl"]
    assert targets.health_urls == {"mcp": "https://api.example/health", "chat": "https://chat.example/health"}
    assert targets.mcp_token == MCP_TOKEN
    assert not targets.mcp_open
    without_site = deployed_targets({**OUTPUTS, "SiteUrl": ""}, read_settings({}))
    in_china = deployed_targets({**OUTPUTS, "ChatApiUrl": OUTPUTS["SiteUrl"]}, read_settings({}))
    assert in_china.health_urls.keys() == {"mcp"}
    assert without_site.chat_url == OUTPUTS["ChatApiUrl"]
    assert without_site.index_url == ""


def test_an_openid_of_the_test_is_nobodys() -> None:
    assert len(FOLLOWER) == 28
    assert "no-real-follower" in FOLLOWER
