"""Starts the server in the foreground, and stops it so that answers under way are finished."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Mapping, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

import uvicorn
import uvloop

from local.banner import banner
from local.house import House
from local.listening import CannotListenError, listen_all
from local.mcp_beside import McpBeside
from local.pages_server import PagesServer
from local.second_server import SecondServer
from local.server import make_app
from wechat_oa.correlation import log_correlations

_LOG_BYTES = 5_000_000
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def serve(environment: Mapping[str, str]) -> int:
    """Serve until interrupted, and return the exit status. Raises SettingsError, StoreError."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(environment))


async def _serve(environment: Mapping[str, str]) -> int:
    house = House(environment)
    settings = house.settings
    _log_to(Path("logs/wechat_oa.log") if settings.save_log else None)
    try:
        listeners = listen_all(
            settings.msg_server_host,
            {"WECHAT_MSG_SERVER_PORT": settings.msg_server_port, "PAGES_PORT": settings.pages_port},
        )
        listeners += listen_all(settings.mcp_host, {"MCP_PORT": settings.mcp_port})
    except CannotListenError as error:
        await house.stop()
        print(error, file=sys.stderr)
        return 1
    config = uvicorn.Config(
        make_app(house),
        log_config=None,
        access_log=False,
        forwarded_allow_ips=list(settings.forwarded_allow_ips),
        timeout_graceful_shutdown=10,
        server_header=False,
    )
    pages = PagesServer(house.pages)
    pages.begin(listeners[1])
    mcp = McpBeside(house)
    mcp.begin(listeners[2])
    try:
        await _Server(config, house, (mcp, pages)).serve(sockets=listeners[:1])
    finally:
        await mcp.end()
        await pages.end()
    return 0


class _Server(uvicorn.Server):
    """Prints the banner once it listens, and does not wait for pages that wait for news."""

    def __init__(
        self, config: uvicorn.Config, house: House, others: Sequence[SecondServer | McpBeside]
    ) -> None:
        super().__init__(config)
        self._house = house
        self._others = others

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            print(banner(self._house), flush=True)
            # What there is by now stays: no collection looks through it while a follower waits.
            gc.freeze()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._house.platform.feed.close()
        # Before the house closes its table, and before uvicorn hands on the Ctrl-C that it has caught.
        for other in self._others:
            await other.end()
        await super().shutdown(sockets=sockets)


class _Formatter(logging.Formatter):
    """One line a record, with the extra fields as key=value."""

    def format(self, record: logging.LogRecord) -> str:
        extras = {name: value for name, value in vars(record).items() if name not in _KNOWN}
        told = (f"{name}={value}" for name, value in extras.items() if value not in ("", None))
        return " ".join((super().format(record), *told))


def _log_to(path: Path | None) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout)]
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=5, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log_correlations()
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    for noisy in ("httpx", "httpx2", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
