"""Everything that runs on one machine, put together: settings, stores, the worker, the platform."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import httpx

from chat_app.services import ChatServices
from local import demo_model
from local.demo_model import DemoModel, Pace
from local.identity import with_identity
from local.pages_server import PagesHouse
from local.platform.account import Account
from local.platform.state import PLATFORM_PATH, Platform
from wechat_mcp.diagrams import Diagrams, renderer_of
from wechat_oa.ai.model import Models
from wechat_oa.ai.service import make_model_client
from wechat_oa.api.transport import make_http_client
from wechat_oa.settings import AiSettings, Settings, read_settings
from wechat_oa.store.local_queue import SqliteQueue
from wechat_oa.store.local_table import SqliteTable
from wechat_reply.pushing import account_messenger
from wechat_reply.services import Services
from wechat_reply.working import Worker

CONCURRENT_ANSWERS = 256
LOOPBACK = ("127.0.0.1", "localhost", "::1")
GRACE_SECONDS = 20.0
"""What answers under way get to finish when the server stops."""


class House:
    """The parts, made from an environment. Nothing runs yet."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read the settings and open the stores in the data folder. Raises SettingsError, StoreError."""
        self.configured = read_settings(environment)
        """The settings as the owner made them, before this machine filled in what is missing."""
        self.base_url = (
            f"http://{_reachable(self.configured.msg_server_host)}:{self.configured.msg_server_port}"
        )
        settings = with_identity(self.configured, self.base_url + PLATFORM_PATH)
        renderer = renderer_of(settings, environment)
        self.diagrams = Diagrams(renderer) if renderer else None
        self.pace = Pace(settings.demo_seconds)
        demo_key = secrets.token_hex(16)
        self.demo = DemoModel(self.pace, demo_key)
        self.settings = replace(
            settings,
            chat=self._with_model(settings.chat, demo_key),
            wechat=self._with_model(settings.wechat, demo_key),
            chat_url=settings.chat_url or self._own_chat(settings),
        )
        folder = Path(settings.data_dir)
        self.table = SqliteTable(folder / "table.db")
        self.queue = SqliteQueue(folder / "queue.db")
        self.pages = PagesHouse(self.settings, self.table, base_url=self.base_url, simulator=self.simulator)
        self.services = Services(self.settings, self.table, self.queue)
        self.http = httpx.AsyncClient(limits=httpx.Limits(max_connections=None), trust_env=False)
        self.platform = Platform(
            _account(self.settings),
            base_url=self.base_url,
            callback_url=f"{self.base_url}{settings.context_path}/wechat/reply",
            http=self.http,
        )
        # No proxy comes between this machine and the demo model on it.
        self.model_client = make_model_client(without_proxy=self.base_url)
        self.models = Models(self.model_client)
        self.chat = ChatServices(self.settings, self.table, Models(self.model_client))
        self._stop = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._account_http: httpx.AsyncClient | None = None

    @property
    def simulator(self) -> bool:
        """Whether the simulator is served. It signs for whoever reaches it: nobody but this machine may, and
        a real account's token signs only where the owner says so (a tunnel may lead here)."""
        if self.configured.simulator != "auto":
            return self.configured.simulator == "on"
        return self.configured.msg_server_host in LOOPBACK and not self.configured.wechat_token

    @property
    def demo_served(self) -> bool:
        """Whether the demo model is there: it answers where no model is configured."""
        return not (self.configured.wechat.configured and self.configured.chat.configured)

    @property
    def demo_answers(self) -> bool:
        """Whether the demo model answers followers now; the owner may have saved another one."""
        return self.services.ai.api_url == self.base_url + demo_model.PATH

    @property
    def real_account(self) -> bool:
        """Whether a real account is configured, rather than the one this machine plays."""
        return bool(self.configured.app_id)

    def start(self) -> None:
        """Start to work through the queue."""
        self._account_http = make_http_client(None if self.real_account else httpx.AsyncHTTPTransport())
        messenger = account_messenger(self.services, self._account_http)
        worker = Worker(self.services, self.models, messenger)
        self._working = asyncio.create_task(
            self.queue.run(worker.work, concurrency=CONCURRENT_ANSWERS, stop=self._stop, grace=GRACE_SECONDS)
        )

    async def stop(self) -> None:
        """Let answers under way finish, and close everything."""
        self._stop.set()
        if self._working:
            await self._working
        await self.model_client.aclose()
        await self.http.aclose()
        if self._account_http:
            await self._account_http.aclose()
        self.queue.close()
        self.table.close()

    def _own_chat(self, settings: Settings) -> str:
        """Only the simulator's followers can open a link to this machine."""
        if settings.site_url:
            return f"{settings.site_url}/chat/"
        return "" if self.real_account else f"{self.base_url}{settings.context_path}/chat/"

    def _with_model(self, ai: AiSettings, demo_key: str) -> AiSettings:
        if ai.configured:
            return ai
        demo_url = self.base_url + demo_model.PATH
        model = ai.model if ai.model.startswith(demo_model.MODEL) else demo_model.MODEL
        return replace(ai, api_url=demo_url, api_key=demo_key, model=model)


def _reachable(host: str) -> str:
    """Where this machine itself reaches a server that listens on ``host``."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if address.version == 6 else host


def _account(settings: Settings) -> Account:
    return Account(
        token=settings.wechat_token,
        app_id=settings.app_id,
        app_secret=settings.app_secret,
        encoding_aes_key=settings.encoding_aes_key,
        name=settings.official_account_name or "我的公众号",
    )
