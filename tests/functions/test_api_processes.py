"""One access token for twenty processes: real ones, over real HTTP, on one table in a file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount

from local.platform.api import api_routes
from local.platform.state import PLATFORM_PATH, Platform
from tests.support.serving import free_port, serving
from tests.support.wechat import ACCOUNT, PNG, WeChat, wechat

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 20
TOKEN_PATH = "/cgi-bin/stable_token"
ADD_PATH = "/cgi-bin/draft/add"


@contextlib.asynccontextmanager
async def processes(table: Path, platform: Platform, count: int) -> AsyncGenerator[list[Process]]:
    """Run processes that wait to be told to make a draft, against the platform's API."""
    port = free_port()
    app = Starlette(routes=[Mount(PLATFORM_PATH, routes=api_routes(platform))])
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'layers/common'}"}
    api = f"http://127.0.0.1:{port}{PLATFORM_PATH}"
    arguments = ("-m", "tests.support.api_process", str(table), api, ACCOUNT.app_id, ACCOUNT.app_secret)
    async with serving(app, port), contextlib.AsyncExitStack() as stack:
        started = []
        for _ in range(count):
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, env=environment, stdin=PIPE, stdout=PIPE
            )
            stack.push_async_callback(_end, process)
            started.append(process)
        for process in started:
            assert process.stdout
            assert await process.stdout.readline() == b"ready\n"
        yield started


async def _end(process: Process) -> None:
    assert process.stdin
    process.stdin.close()
    await process.wait()


async def all_make_a_draft(running: list[Process], cover: str) -> list[str]:
    """Tell all at once, and return what each has to say."""
    for process in running:
        assert process.stdin
        process.stdin.write(f"{cover}\n".encode())
    said = []
    for process in running:
        assert process.stdout
        said.append((await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip())
    return said


async def test_twenty_processes_ask_for_one_token_at_once_and_for_another_when_it_is_revoked(
    tmp_path: Path,
) -> None:
    async with (
        wechat(tmp_path) as world,
        processes(tmp_path / "shared.db", world.platform, PROCESSES) as running,
    ):
        first = await all_make_a_draft(running, cover(world))

        assert world.platform.records.calls(TOKEN_PATH) == 1
        assert set(first) == set(world.platform.publications.drafts)
        assert world.platform.records.calls(ADD_PATH) == PROCESSES

        # Given a token that is revoked while all have it, then one renews it and nothing is sent twice.
        world.platform.tokens.stable(force=True)
        second = await all_make_a_draft(running, cover(world))

        assert world.platform.records.calls(TOKEN_PATH) == 2
        assert len({*first, *second}) == 2 * PROCESSES
        assert {*first, *second} == set(world.platform.publications.drafts)


async def test_a_token_that_wechat_forgot_is_asked_for_anew_once(tmp_path: Path) -> None:
    """As after a restart of the platform, while the table still has the token."""
    async with wechat(tmp_path) as world, processes(tmp_path / "shared.db", world.platform, 5) as running:
        await all_make_a_draft(running, cover(world))
        world.platform.reset()

        said = await all_make_a_draft(running, cover(world))

        assert world.platform.records.calls(TOKEN_PATH) == 1
        assert set(said) == set(world.platform.publications.drafts)
        assert len(said) == 5


def cover(world: WeChat) -> str:
    kept = world.platform.materials.add("image", "image/png", PNG, "c.png")
    return kept.media.media_id
