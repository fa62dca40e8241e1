"""Ports to listen on, and what to say when one cannot be had."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping


class CannotListenError(Exception):
    """A port cannot be had. The text says why and what to do."""


def listen_all(host: str, ports: Mapping[str, int]) -> list[socket.socket]:
    """Listen on every port (by the setting that chooses it), or on none."""
    listeners: list[socket.socket] = []
    for setting, port in ports.items():
        try:
            listeners.append(_listen(host, port))
        except OSError as error:
            for listener in listeners:
                listener.close()
            raise CannotListenError(_cannot_listen(error, host, port, setting)) from error
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
