"""The functions as SAM CLI builds them, each invocation in a container with Lambda's own emulator."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    "PIP_NO_DEPS": "1",  # as `make build` does
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
        self._event_file = folder / "event.json"
        chosen = {**parameters, "Architecture": _ARCHITECTURE}
        self._options = [
            *("--template", str(template_file)),
            *("--env-vars", str(environment_file)),
            *("--event", str(self._event_file)),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in chosen.items())),
        ]

    def invoke(self, function: str, event: Mapping[str, Any], *, answers: bool = True) -> dict[str, Any]:
        """Return what a function answers to an event, {} where it answers nothing. Raises EmulatorError."""
        self._event_file.write_text(json.dumps(event))
        wrapper = os.environ.get("SAM_LOCAL")
        sam = [wrapper, "run"] if wrapper else [_sam()]
        done = _run([*sam, "local", "invoke", function, *self._options])
        last = (done.stdout.strip().splitlines() or [""])[-1]
        answer = json.loads(last) if last.startswith("{") else {}
        if (answers and not answer) or "errorMessage" in answer:
            raise EmulatorError(f"{function} failed:\n{done.stdout}\n{done.stderr}")
        return dict(answer)


def _sam() -> str:
    return os.environ.get("SAM", "sam")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(  # noqa: S603
        command, env=_ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    if done.returncode:
        raise EmulatorError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done
