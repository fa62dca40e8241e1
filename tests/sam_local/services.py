"""What stands in for AWS and for the model while the functions run in containers on this machine."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

LOOPBACK = "127.0.0.1"
_IP_FREEBIND = 15
"""Linux: listen on an address that is not there yet. Podman's bridge is only there with a container."""
_ENGINES = (
    ("docker", "bridge", "{{range .IPAM.Config}}{{.Gateway}}{{end}}"),
    ("podman", "podman", "{{range .Subnets}}{{.Gateway}}{{end}}"),
)

WsgiApp = Callable[..., Iterable[bytes]]


def address_from_containers() -> tuple[str, str]:
    """Return the name by which a container reaches this machine, and the address to listen on for it."""
    if sys.platform != "linux":
        # The engine is in a virtual machine, which passes this name on to the loopback address here.
        return "host.docker.internal", LOOPBACK
    for engine, network, template in _ENGINES:
        if shutil.which(engine):
            command = [engine, "network", "inspect", network, "--format", template]
            found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
            if found.returncode == 0 and found.stdout.strip():
                return found.stdout.strip(), found.stdout.strip()
    raise RuntimeError("neither docker nor podman is running here")


@contextmanager
def serving(app: WsgiApp, *addresses: str) -> Iterator[int]:
    """Serve ``app`` on one free port of each address, and give the port."""
    with ExitStack() as stack:
        port = 0
        for address in dict.fromkeys(addresses):
            listener = stack.enter_context(socket.socket())
            if sys.platform == "linux":
                listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
            listener.bind((address, port))
            listener.listen()
            port = listener.getsockname()[1]
            server = make_server(
                address, port, app, threaded=True, request_handler=_Quiet, fd=listener.fileno()
            )
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            Thread(target=server.serve_forever, daemon=True).start()
        yield port


class WeChat:
    """``stable_token`` of WeChat's API, for one AppSecret and from addresses that it is told to let in."""

    def __init__(self, app_secret: str, *, whitelisted: bool = True) -> None:
        """``whitelisted``: whether the caller's address is let in."""
        self.whitelisted = whitelisted
        self._app_secret = app_secret
        self.forced: list[bool] = []
        """Whether each request was to force a new token."""

    @property
    def token(self) -> str:
        """The token that is good now."""
        return f"TOKEN_{1 + sum(self.forced)}"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer ``POST /cgi-bin/stable_token`` (WSGI)."""
        asked = Request(environ)
        body = json.loads(asked.get_data())
        answer: dict[str, Any]
        if not self.whitelisted:
            answer = {
                "errcode": 40164,
                "errmsg": f"invalid ip {asked.remote_addr}, not in whitelist rid: 1-2-3",
            }
        elif (asked.path, body["secret"]) != ("/cgi-bin/stable_token", self._app_secret):
            answer = {"errcode": 40125, "errmsg": "invalid appsecret"}
        else:
            self.forced.append(body["force_refresh"])
            answer = {"access_token": self.token, "expires_in": 7200}
        return Response(json.dumps(answer), content_type="text/plain")(environ, start_response)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the checks tell what happened."""


def aws() -> WsgiApp:
    """Return moto's server: SQS and SSM, in memory."""
    app: WsgiApp = DomainDispatcherApplication(create_backend_app)
    return app


@dataclass
class Model:
    """An OpenAI-compatible service that streams one answer, and remembers what it was asked."""

    answer: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    """The JSON bodies, each with the request's ``authorization``."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer ``POST …/chat/completions`` (WSGI)."""
        request = Request(environ)
        self.requests.append({**request.get_json(), "authorization": request.headers.get("Authorization")})
        return Response(self._events(), content_type="text/event-stream")(environ, start_response)

    def keys(self) -> list[str | None]:
        """Return the ``Authorization`` of every request."""
        return [request["authorization"] for request in self.requests]

    def questions(self) -> list[str]:
        """Return the last message of every request."""
        return [request["messages"][-1]["content"] for request in self.requests]

    def _events(self) -> Iterator[str]:
        for character in self.answer:
            chunk = {
                "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": {"content": character}}],
            }
            yield f"data: {json.dumps(chunk)}\n\n"
        yield "data: [DONE]\n\n"
