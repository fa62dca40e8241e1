"""A running account and the followers who write to it, over real HTTP, as WeChat delivers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import httpx

from local.house import House
from local.platform.account import Account, Mode
from local.platform.delivery import LIMIT, Channel, Delivery, deliver
from local.platform.follower import Body, Message, MessageIds, text
from local.server import make_app
from tests.support.serving import free_port, serving

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "testtoken1234567"
APP_ID = "wx0123456789abcdef"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
_IDS = MessageIds()


def environment(data_dir: Path, upstream: str, **more: str) -> dict[str, str]:
    """Return the settings of a test account that asks ``upstream``."""
    return {
        "WECHAT_TOKEN": TOKEN,
        "WECHAT_APP_ID": APP_ID,
        "WECHAT_APP_SECRET": "0123456789abcdef0123456789abcdef",
        "WECHAT_ENCODING_AES_KEY": AES_KEY,
        "WECHAT_OA_DATA_DIR": str(data_dir),
        "OPENAI_API_URL": f"{upstream}/v1",
        "OPENAI_API_KEY": "test-key",
        **more,
    }


class Server:
    """``python -m local`` in a process of its own, which can be killed and started again."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """``settings`` are those of the environment; the port is chosen here."""
        self.port = free_port()
        self.mcp_port = free_port()
        self.settings = dict(settings)
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "WECHAT_MSG_SERVER_PORT": str(self.port),
            "PAGES_PORT": str(free_port()),
            "MCP_PORT": str(self.mcp_port),
            **settings,
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def callback_url(self) -> str:
        """Where WeChat delivers."""
        return f"http://127.0.0.1:{self.port}/wechat/reply"

    async def start(self) -> None:
        """Start it and wait until it is healthy."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "local",
            # Not in the project: a developer's .env is none of the test's business.
            cwd=self.settings["WECHAT_OA_DATA_DIR"],
            env=self._environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=None,
        )
        async with httpx.AsyncClient(trust_env=False) as http:
            for _ in range(1200):  # a minute: a busy machine starts slowly
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(f"http://127.0.0.1:{self.port}/health")).status_code == 200:
                        return
                assert self._process.returncode is None, "the server stopped while starting"
                await asyncio.sleep(0.05)
        raise AssertionError("the server did not start")

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it with a signal and wait until it is gone."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(how)
            await self._process.wait()


@contextlib.asynccontextmanager
async def running(settings: Mapping[str, str]) -> AsyncGenerator[Server]:
    """Give a server that runs until the end of the block."""
    server = Server(settings)
    await server.start()
    try:
        yield server
    finally:
        await server.end()


@contextlib.asynccontextmanager
async def running_here(settings: Mapping[str, str]) -> AsyncGenerator[str]:
    """Serve the same in this process, which takes a fraction of the time to start; give its address."""
    port = free_port()
    house = House({**settings, "WECHAT_MSG_SERVER_PORT": str(port)})
    async with serving(make_app(house), port) as address:
        yield address


class Follower:
    """Somebody who writes to the account."""

    def __init__(
        self,
        name: str,
        callback_url: str,
        http: httpx.AsyncClient,
        *,
        mode: Mode = "safe",
        limit: float = LIMIT,
    ) -> None:
        """``mode`` is how the account's messages travel, ``limit`` the seconds of one attempt."""
        self.account = Account(
            token=TOKEN, app_id=APP_ID, app_secret="", encoding_aes_key=AES_KEY, name="测试号"
        )
        self.openid = self.account.openid(name)
        self._channel = Channel(self.account, callback_url, mode, limit=limit)
        self._http = http

    def message(self, body: Body, created: int) -> Message:
        """Return a message of this follower."""
        return Message(self.account.original_id, self.openid, created, body, _IDS.next())

    async def send(self, body: Body | str) -> Delivery:
        """Send something and return all that happened until WeChat was done with it."""
        if isinstance(body, str):
            body = text(body)
        return await deliver(self.message(body, int(time.time())), self._channel, http=self._http)

    async def say(self, words: str) -> str:
        """Send a text and return the text that comes back; "" for none."""
        delivery = await self.send(words)
        return str(delivery.reply.content["content"]) if delivery.reply else ""


def client() -> httpx.AsyncClient:
    """Return an HTTP client for any number of followers."""
    return httpx.AsyncClient(limits=httpx.Limits(max_connections=None), trust_env=False)
