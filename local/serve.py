"""Starts the server in the foreground, and stops it so that answers under way are finished."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path

import uvicorn
import uvloop

from local.banner import banner
from local.house import House
from local.pages_server import PagesServer
from local.server import make_app

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
        listeners = _listen_all(
            settings.msg_server_host,
            {"WECHAT_MSG_SERVER_PORT": settings.msg_server_port, "PAGES_PORT": settings.pages_port},
        )
    except _CannotListenError as error:
        await house.stop()
        print(error, file=sys.stderr)
        return 1
    config = uvicorn.Config(
        make_app(house), log_config=None, access_log=False, timeout_graceful_shutdown=10, server_header=False
    )
    pages = PagesServer(house.pages)
    pages.begin(listeners[1])
    try:
        await _Server(config, house).serve(sockets=listeners[:1])
    finally:
        await pages.end()
    return 0


class _Server(uvicorn.Server):
    """Prints the banner once it listens, and does not wait for pages that wait for news."""

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        super().__init__(config)
        self._house = house

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            print(banner(self._house), flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._house.platform.feed.close()
        await super().shutdown(sockets=sockets)


class _CannotListenError(Exception):
    """A port cannot be had. The text says why and what to do."""


def _listen_all(host: str, ports: Mapping[str, int]) -> list[socket.socket]:
    """Listen on every port (by the setting that chooses it), or on none."""
    listeners: list[socket.socket] = []
    for setting, port in ports.items():
        try:
            listeners.append(_listen(host, port))
        except OSError as error:
            for listener in listeners:
                listener.close()
            raise _CannotListenError(_cannot_listen(error, host, port, setting)) from error
    return listeners


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio sees TCP and turns Nagle's delay off: 40 ms on every answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _cannot_listen(error: OSError, host: str, port: int, setting: str) -> str:
    if error.errno == errno.EADDRINUSE:
        other = f"{setting}={port + 10} make run"
        return f"端口 {port} 已经被占用：是不是已经启动了一个？要换一个端口：{other}"
    return f"不能在 {host}:{port} 上监听：{error.strerror}"


class _Formatter(logging.Formatter):
    """One line a record, with the extra fields as key=value."""

    def format(self, record: logging.LogRecord) -> str:
        extras = {name: value for name, value in vars(record).items() if name not in _KNOWN}
        return " ".join((super().format(record), *(f"{name}={value}" for name, value in extras.items())))


def _log_to(path: Path | None) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=5, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    for noisy in ("httpx", "httpx2", "openai", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
