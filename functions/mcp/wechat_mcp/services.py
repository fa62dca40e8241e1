"""What the tools work with, made once in a process and handed in everywhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import httpx

from wechat_mcp.diagrams import Diagrams
from wechat_mcp.saved_account import Account, SavedAccount, TableVault, Vault
from wechat_oa.access_codes import AccessCodes
from wechat_oa.answers import Answers
from wechat_oa.api.client import WeChatClient, make_client
from wechat_oa.api.token import Ask
from wechat_oa.api.transport import make_http_client
from wechat_oa.fetch import File
from wechat_oa.fetch import fetch as fetch_public
from wechat_oa.owner import OwnerPassword
from wechat_oa.pages import Pages
from wechat_oa.quota import Quota
from wechat_oa.settings import Settings
from wechat_oa.store.table import Table

MAX_FILE_BYTES = 12 << 20
"""WeChat's largest file is a video of 10 MB; a picture may be larger before it is shrunk."""


class Fetch(Protocol):
    """Fetches public addresses, as ``wechat_oa.fetch.fetch`` does."""

    async def __call__(self, url: str, *, max_bytes: int, redirects: int = ...) -> File:
        """Return the file at an address. Raises FetchError."""
        ...


class WebServer(Protocol):
    """The web server with the chat, the pages and the callback, as the static_page tool knows it."""

    always_on: bool
    """Whether it can be neither started nor stopped from here."""

    async def start(self, port: int) -> str:
        """Start it, on ``port`` unless that is 0; return its address. Raises OSError."""
        ...

    async def stop(self) -> bool:
        """Stop it; return whether it was running."""
        ...

    async def status(self) -> dict[str, Any]:
        """Return ``running`` and ``urls``: names and addresses."""
        ...


class UploadUrls(Protocol):
    """Addresses that large files are sent to directly, and where they then lie."""

    def create(self, filename: str, content_type: str) -> dict[str, Any]:
        """Return ``upload_id``, ``url``, ``fields`` and ``expires_in`` of a form POST. Raises StoreError."""
        ...

    def take(self, upload_id: str) -> tuple[str, bytes, str] | None:
        """Return name, content and type of what was sent, or None. Raises StoreError."""
        ...


class McpServices:
    """The settings, the stores, WeChat, and what is built on them."""

    def __init__(
        self,
        settings: Settings,
        table: Table,
        *,
        pages: Pages | None = None,
        web_server: WebServer | None = None,
        upload_urls: UploadUrls | None = None,
        vault: Vault | None = None,
        files_allowed: bool = False,
        tokens_required: bool = True,
        http: httpx.AsyncClient | None = None,
        ask_for_token: Ask | None = None,
        fetch: Fetch | None = None,
        diagrams: Diagrams | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Nothing is read or written yet.

        ``files_allowed``: whether tools may read files where this runs. ``tokens_required``: whether a caller
        without a token may do nothing. ``vault`` keeps the account that a tool saves; without, it lies in the
        table. ``http`` reaches WeChat, ``ask_for_token`` fetches access tokens where this process does not,
        ``fetch`` reaches public addresses, and ``diagrams`` draws those of articles. ``clock`` gives epoch
        seconds, and ``sleep`` waits.
        """
        self.settings = settings
        self.table = table
        self.pages = pages
        self.web_server = web_server
        self.upload_urls = upload_urls
        self.files_allowed = files_allowed
        self.tokens_required = tokens_required
        self.clock = clock
        self.sleep = sleep
        self.saved_account = SavedAccount(table, vault or TableVault(table))
        self.answers = Answers(table, clock)
        self.codes = AccessCodes(table, settings.code_valid_days, clock)
        self.password = OwnerPassword(table, settings.config_password, clock)
        self.quota = Quota(table, clock)
        self.fetch: Fetch = fetch or fetch_public
        self.diagrams = diagrams
        self._http = http
        self._token_proxy = "" if http else settings.token_proxy
        self._ask_for_token = ask_for_token
        self._clients: tuple[Account, WeChatClient] | None = None

    def account(self) -> Account:
        """Return the account: the one that was configured with a tool, else that of the settings.

        Raises StoreError.
        """
        return self.saved_account.get() or Account(self.settings.app_id, self.settings.app_secret, False)

    def client(self) -> WeChatClient:
        """Return the client of the account. Raises StoreError."""
        account = self.account()
        if self._clients is None or self._clients[0] != account:
            self._clients = (account, self.client_of(account.app_id, account.app_secret))
        return self._clients[1]

    def client_of(self, app_id: str, app_secret: str) -> WeChatClient:
        """Return the client of any account, such as one that is to be tried first."""
        self._http = self._http or make_http_client()
        return make_client(
            self._http,
            self.table,
            app_id=app_id,
            app_secret=app_secret,
            base_url=self.settings.official_api_url,
            token_proxy=self._token_proxy,
            ask=self._ask_for_token,
        )
