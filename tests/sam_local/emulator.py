"""The functions as SAM CLI builds them, in containers with Lambda's emulator, alone or as the API."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.sam import pip_options
from tests.stack.expand import ROOT, source

BUILD = ROOT / ".aws-sam" / "local"
_ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
_SECONDS = 300
# Never the credentials of whoever runs this.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "SAM_CLI_TELEMETRY": "0",
    **pip_options(_ARCHITECTURE),  # as `make build` does
}


class EmulatorError(Exception):
    """SAM CLI or the function failed; the text holds what they said."""


def build() -> None:
    """Build the layer and the functions for this machine's processor. Raises EmulatorError."""
    command = [_sam(), "build", "--build-dir", str(BUILD)]
    _run([*command, "--parameter-overrides", f"Architecture={_ARCHITECTURE}"])


def size(*parts: str) -> int:
    """Return how many bytes something that was built takes, unzipped."""
    files = BUILD.joinpath(*parts).rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


class Emulator:
    """Runs what was built."""

    def __init__(
        self,
        folder: Path,
        *,
        endpoints: Mapping[str, str],
        environment: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> None:
        """Use ``folder`` for files of its own.

        ``endpoints`` are the addresses of AWS's services by name (``SQS``), ``environment`` replaces what the
        template can only know once it is deployed, ``parameters`` are the template's.
        """
        addresses = {f"AWS_ENDPOINT_URL_{service}": address for service, address in endpoints.items()}
        # `--env-vars` sets only what the template names, and the template names no address of AWS.
        template = source(BUILD / "template.yaml")
        template["Globals"]["Function"]["Environment"]["Variables"] |= addresses
        template_file = BUILD / "template.json"
        template_file.write_text(json.dumps(template))
        environment_file = folder / "environment.json"
        environment_file.write_text(json.dumps({"Parameters": dict(environment)}))
        self._folder = folder
        self._event_file = folder / "event.json"
        chosen = {**parameters, "Architecture": _ARCHITECTURE}
        self._options = [
            *("--template", str(template_file)),
            *("--env-vars", str(environment_file)),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in chosen.items())),
        ]

    def invoke(self, function: str, event: Mapping[str, Any], *, answers: bool = True) -> dict[str, Any]:
        """Return what a function answers to an event, {} where it answers nothing. Raises EmulatorError."""
        self._event_file.write_text(json.dumps(event))
        event_file = ("--event", str(self._event_file))
        done = _run([*_sam_local(), "invoke", function, *event_file, *self._options])
        last = (done.stdout.strip().splitlines() or [""])[-1]
        answer = json.loads(last) if last.startswith("{") else {}
        if (answers and not answer) or "errorMessage" in answer:
            raise EmulatorError(f"{function} failed:\n{done.stdout}\n{done.stderr}")
        return dict(answer)

    @contextlib.contextmanager
    def api(self) -> Iterator[str]:
        """Serve the HTTP API (``sam local start-api``) and give its address. A function's container lives on
        from call to call. Raises EmulatorError."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        command = [*_sam_local(), "start-api", "--port", str(port), "--warm-containers", "LAZY"]
        with (self._folder / "api.log").open("w+") as log:
            process = subprocess.Popen(  # noqa: S603
                [*command, *self._options],
                env=_ENVIRONMENT,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                _wait(process, port, log.name)
                # The name that it takes for its own.
                yield f"http://localhost:{port}"
            finally:
                # A wrapper and what it has started alike; SAM takes its containers away.
                for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, how)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(timeout=30)
                        break


def _wait(process: subprocess.Popen[bytes], port: int, log: str) -> None:
    give_up = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        time.sleep(0.2)
    raise EmulatorError(f"sam local start-api does not answer:\n{Path(log).read_text('utf-8')}")


def _sam_local() -> list[str]:
    wrapper = os.environ.get("SAM_LOCAL")
    return [wrapper, "run", "local"] if wrapper else [_sam(), "local"]


def _sam() -> str:
    return os.environ.get("SAM", "sam")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(  # noqa: S603
        command, env=_ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    if done.returncode:
        raise EmulatorError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done
