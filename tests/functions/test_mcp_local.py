"""The MCP server on one machine: over stdio, and beside the web server, with clients of another make."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from fastmcp import Client
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.support.account import ROOT, running
from tests.support.mcp import base64_of, picture
from tests.support.serving import free_port


@asynccontextmanager
async def over_stdio(folder: Path) -> AsyncGenerator[ClientSession]:
    """The server as a desktop client starts it."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "WECHAT_OA_DATA_DIR": str(folder / "data"),
        "WECHAT_MSG_SERVER_PORT": str(free_port()),
        "PAGES_PORT": str(free_port()),
    }
    command = StdioServerParameters(
        command=str(ROOT / ".venv/bin/python"), args=["-m", "local", "mcp"], env=environment, cwd=folder
    )
    with (folder / "stderr").open("w") as errors:
        async with stdio_client(command, errlog=errors) as streams, ClientSession(*streams) as session:
            await session.initialize()
            yield session


async def test_a_desktop_client_publishes_on_the_simulated_account(tmp_path: Path) -> None:
    image = tmp_path / "cover.jpg"
    image.write_bytes(picture())

    async with over_stdio(tmp_path) as session:

        async def call(tool: str, **arguments: object) -> dict[str, object]:
            result = await session.call_tool(tool, arguments)
            assert not result.is_error, result.content
            assert result.structured_content is not None
            found: dict[str, object] = result.structured_content
            return found

        url = (await call("wechat_upload_img", file_path=str(image)))["url"]
        cover = (await call("wechat_permanent_media", action="add", file_path=str(image)))["media_id"]
        article = {"title": "标题", "content": f'<img src="{url}">', "cover_media_id": cover}
        draft = await call("wechat_draft", article=article)
        done = await call("wechat_publish", media_id=draft["media_id"], wait=True, confirm=True)
        read = await call("wechat_publish", article_id=done["article_id"])
        started = await call("static_page", action="start_server")
        page = await call("static_page", action="generate", htmlContent="<h1>你好</h1>", filename="hello")
        async with httpx2.AsyncClient(trust_env=False) as http:
            shown = await http.get(str(page["url"]))
        stopped = await call("static_page", action="stop_server")

    assert done["publish_status"] == 0
    assert read["news_item"]
    assert started["running"] is True
    assert shown.text == "<h1>你好</h1>"
    assert stopped["running"] is False
    # Standard output was the protocol's alone; what a person should know is beside it.
    assert "模拟的公众号" in (tmp_path / "stderr").read_text()


async def test_the_web_servers_command_serves_mcp_as_well(tmp_path: Path) -> None:
    async with running({"WECHAT_OA_DATA_DIR": str(tmp_path)}) as server:
        url = f"http://127.0.0.1:{server.mcp_port}"
        async with Client(f"{url}/mcp") as client:
            uploaded = await client.call_tool("wechat_upload_img", {"file_data": base64_of(picture())})
            refused = await client.call_tool(
                "wechat_upload_img", {"file_path": "/etc/hostname"}, raise_on_error=False
            )
        async with httpx2.AsyncClient(trust_env=False) as http:
            health = await http.get(f"{url}/health")
            status = await http.post(f"{url}/tools/wechat_auth", json={"arguments": {"action": "status"}})

    assert uploaded.structured_content is not None
    assert uploaded.structured_content["url"]
    assert refused.is_error
    assert health.json()["status"] == "ok"
    assert status.json()["result"]["configured"] is True
