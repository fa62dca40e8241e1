"""The web chat's package, as built, started by its run.sh in the runtime's image: what the Web Adapter does.

The adapter's own binary is a layer of AWS's, which only AWS has. Everything up to it is here: the script, the
built package and layer under the runtime's Python, the readiness check, and the stream.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping

from tests.sam_local.emulator import BUILD, EmulatorError
from tests.support.serving import free_port

_IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
_START_SECONDS = 60.0


@contextlib.contextmanager
def chat_function(environment: Mapping[str, str]) -> Iterator[str]:
    """Run it until the end of the block, and give its address. Raises EmulatorError."""
    engine = shutil.which("docker") if _answers("docker") else shutil.which("podman")
    if engine is None:
        raise EmulatorError("neither docker nor podman is running here")
    port = free_port()
    variables = {**environment, "AWS_LWA_PORT": str(port)}
    command = [
        *(engine, "run", "--rm", "--network", "host", "--pull", "never", "--read-only"),
        *(
            "--volume",
            f"{BUILD / 'ChatFunction'}:/var/task:ro",
            "--volume",
            f"{BUILD / 'CommonLayer'}:/opt:ro",
        ),
        *(option for name, value in variables.items() for option in ("--env", f"{name}={value}")),
        *("--workdir", "/var/task", "--entrypoint", "/bin/sh", _IMAGE, "-c", "exec ./run.sh"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, f"{url}{environment['AWS_LWA_READINESS_CHECK_PATH']}")
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _answers(engine: str) -> bool:
    found = shutil.which(engine)
    if found is None:
        return False
    return subprocess.run([found, "info"], capture_output=True, check=False).returncode == 0  # noqa: S603


def _wait(process: subprocess.Popen[str], url: str) -> None:
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise EmulatorError(f"run.sh ended:\n{process.communicate()[1]}")
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  (our own address)
            return
        time.sleep(0.2)
    raise EmulatorError("the chat was not ready in a minute")
