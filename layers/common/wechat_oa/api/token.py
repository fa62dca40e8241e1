"""The access token: one for every process, kept in the table.

``stable_token`` (获取稳定版接口调用凭据) returns the same token until the last five minutes of its life, then
a new one while the old one still works. Whoever finds no token worth using takes a lease on the item and
fetches; everyone else goes on with the old token while it works, or waits for the new one.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from .errors import WeChatError, WeChatUnavailable

TOKEN_PATH = "/cgi-bin/stable_token"  # noqa: S105  # nosec B105

REFRESH_BEFORE = 240
"""Seconds of life below which a new token is fetched. Above 300, WeChat would return the same one."""
LAST_SECONDS = 30
"""Seconds of life that a token must have to be used at all: a call takes time, and clocks differ."""
REMEMBERED_FOR = 60
"""Seconds for which this process uses a token without looking at the table."""
LEASE = 10
"""Seconds after which another process may take over from one that died while fetching."""
WAIT = 15.0
"""Seconds that a process waits for another one's fetch; more than a lease, so that it can take over."""
POLL = 0.2
"""Seconds between looks at the table while waiting."""
FORCE_INTERVAL = 30
"""Seconds between forced refreshes: WeChat ignores one that comes sooner, and allows twenty a day."""

Post = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""Posts JSON to a path of WeChat's API without an access token; raises WeChatError."""
Ask = Callable[[str, str, str], Awaitable[None]]
"""Has a token put into the table by whoever WeChat's whitelist lets in, given AppID, AppSecret and the token
that WeChat refused (or ""); raises what fetching it would."""

_log = logging.getLogger(__name__)


class TokenTable(Protocol):
    """What of the table is needed here; the meaning of each call is that of ``store.table.Table``."""

    def get(self, pk: str, sk: str) -> dict[str, Any] | None: ...

    def update(
        self,
        pk: str,
        sk: str,
        *,
        set: Mapping[str, Any] | None = None,
        if_equals: Mapping[str, Any] | None = None,
    ) -> dict[str, Any] | None: ...


class AccessTokens:
    """Hands out the account's access token. May be shared by threads and by event loops."""

    def __init__(
        self,
        table: TokenTable,
        app_id: str,
        app_secret: str,
        post: Post,
        *,
        ask: Ask | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``post`` fetches tokens, unless there is somebody to ``ask`` for them.

        ``clock`` returns epoch seconds, the same for every process that shares the table.
        """
        self._table = table
        self._app_id = app_id
        self._app_secret = app_secret
        self._post = post
        self._ask = ask
        self._clock = clock
        self._sleep = sleep
        self._remembered = ("", 0.0)

    def __repr__(self) -> str:
        return f"AccessTokens({self._app_id!r})"

    async def get(self) -> str:
        """Return a token that works for some time yet.

        Raises WeChatError when WeChat refuses to give one (40164: whitelist), WeChatUnavailable when it
        cannot be reached or another process's fetch took too long, and what the table raises.
        """
        token, until = self._remembered
        return token if self._clock() < until else await self._obtain()

    async def renew(self, refused: str) -> str:
        """Return a token to use instead of one that WeChat refused (40001, 40014, 42001).

        That is the table's, where another process has renewed it meanwhile; else a fetched one, by force if
        WeChat insists on the refused one. Returns ``refused`` itself when a forced refresh was tried less
        than 30 seconds ago. Raises as ``get`` does.
        """
        return await self._obtain(refused)

    async def _obtain(self, refused: str = "") -> str:
        if not (self._app_id and self._app_secret):
            missing = (41004, "appsecret missing") if self._app_id else (41002, "appid missing")
            raise WeChatError(*missing, TOKEN_PATH)
        if self._ask is not None:
            return await self._asked_for(self._ask, refused)
        me = uuid.uuid4().hex
        give_up = self._clock() + WAIT
        while True:
            now = self._clock()
            item = self._table.get(*self._key) or {}
            leased = item.get("lease_until", 0) > now
            if _good(item, now, refused):
                return self._remember(item["access_token"], item["expires_at"])
            # A write whose answer was lost is repeated on the way to the table, and then fails its condition:
            # who has the lease is what the table says.
            if item.get("lease_owner") == me or (not leased and self._take_lease(me, item, now)):
                return await self._fetch_under_lease(me, item, refused)
            if now >= give_up:
                raise WeChatUnavailable(TOKEN_PATH, "等待另一个进程取 access_token 超时")
            await self._sleep(POLL)

    async def _asked_for(self, ask: Ask, refused: str) -> str:
        item = self._table.get(*self._key) or {}
        if not _good(item, self._clock(), refused):
            await ask(self._app_id, self._app_secret, refused)
            item = self._table.get(*self._key) or {}
            if not _works(item, self._clock()):
                raise WeChatUnavailable(TOKEN_PATH, "请别的函数取 access_token，它没有取来")
        return self._remember(item["access_token"], item["expires_at"])

    @property
    def _key(self) -> tuple[str, str]:
        return f"token#{self._app_id}", "access_token"

    def _take_lease(self, owner: str, item: Mapping[str, Any], now: float) -> bool:
        """Return whether nobody was faster."""
        until = int(now) + LEASE
        taken = self._table.update(
            *self._key,
            set={"lease_owner": owner, "lease_until": until, "ttl": max(item.get("ttl", 0), until)},
            # The token too: a whole fetch may have come and gone since the item was read.
            if_equals={"lease_owner": item.get("lease_owner"), "expires_at": item.get("expires_at")},
        )
        return taken is not None

    async def _fetch_under_lease(self, owner: str, item: Mapping[str, Any], refused: str) -> str:
        outcome: dict[str, Any] = {}
        try:
            token, expires_at = await self._fetch(force=False)
            if token == refused and self._may_force(owner, item):
                _log.warning("WeChat refuses the access token that it hands out: forcing a new one")
                token, expires_at = await self._fetch(force=True)
            outcome = {"access_token": token, "expires_at": expires_at, "ttl": expires_at}
        finally:
            # Whoever lost the lease by being slow changes nothing: the new owner writes the same token.
            self._table.update(
                *self._key,
                set={**outcome, "lease_owner": None, "lease_until": None},
                if_equals={"lease_owner": owner},
            )
        return self._remember(token, expires_at)

    def _may_force(self, owner: str, item: Mapping[str, Any]) -> bool:
        """Note a forced refresh before it is made: one that breaks off counts as well."""
        now = int(self._clock())
        if now - item.get("forced_at", 0) < FORCE_INTERVAL:
            return False
        noted = self._table.update(*self._key, set={"forced_at": now}, if_equals={"lease_owner": owner})
        return noted is not None

    async def _fetch(self, *, force: bool) -> tuple[str, int]:
        """Return a token and the epoch second at which it expires."""
        asked_at = self._clock()
        answer = await self._post(
            TOKEN_PATH,
            {
                "grant_type": "client_credential",
                "appid": self._app_id,
                "secret": self._app_secret,
                "force_refresh": force,
            },
        )
        token, expires_in = answer.get("access_token"), answer.get("expires_in")
        if not (isinstance(token, str) and token and isinstance(expires_in, int)):
            raise WeChatUnavailable(TOKEN_PATH, "回应里没有 access_token")
        return token, int(asked_at) + expires_in

    def _remember(self, token: str, expires_at: float) -> str:
        self._remembered = (token, min(self._clock() + REMEMBERED_FOR, expires_at - LAST_SECONDS))
        return token


def _good(item: Mapping[str, Any], now: float, refused: str) -> bool:
    """Whether nobody needs to fetch: one that is being renewed is used for as long as it works."""
    if item.get("access_token") == refused:
        return False
    leased = item.get("lease_until", 0) > now
    return _works(item, now, LAST_SECONDS if leased else REFRESH_BEFORE)


def _works(item: Mapping[str, Any], now: float, seconds: float = LAST_SECONDS) -> bool:
    return bool(item.get("access_token")) and item.get("expires_at", 0) - now > seconds
