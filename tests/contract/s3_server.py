"""An S3-compatible server in a process of its own, for tests: fetched once, started on a free port.

It is another implementation than moto's, it speaks HTTP, and it checks every signature.
"""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PINNED = Path(__file__).parent / "s3rver"
CACHE = Path(__file__).parents[2] / ".cache" / "s3rver"
ACCESS_KEY, SECRET_KEY = "S3RVER", "S3RVER"
START_SECONDS = 60


class S3ServerMissingError(Exception):
    """The server cannot be had here; the text names what is missing."""


@contextmanager
def s3_server() -> Iterator[str]:
    """Run the server, with its data in a temporary folder, and give its endpoint URL.

    Raises S3ServerMissingError, which names what is missing: node, or npm for the first use.
    """
    node = _tool("node")
    script = _fetched() / "node_modules" / "s3rver" / "bin" / "s3rver.js"
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as output:
        options = ["--directory", folder, "--address", "127.0.0.1", "--port", str(port), "--silent"]
        process = subprocess.Popen(  # noqa: S603 (node's own path)
            [node, str(script), *options], stdout=output, stderr=subprocess.STDOUT
        )
        try:
            if not _answers(port, process):
                output.seek(0)
                said = output.read().decode(errors="replace")[-2000:]
                raise S3ServerMissingError(f"s3rver did not start:\n{said}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise S3ServerMissingError(f"the S3 server needs {name}, which is not installed")
    return found


def _fetched() -> Path:
    """Return the folder with the server in it, installed as the lock file says if need be."""
    lock = (PINNED / "package-lock.json").read_bytes()
    folder = CACHE / hashlib.sha256(lock).hexdigest()[:16]
    if folder.exists():
        return folder
    npm = _tool("npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        installed = Path(temporary) / "installed"
        shutil.copytree(PINNED, installed)
        # No package's own scripts: none of these needs one.
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(  # noqa: S603 (npm's own path)
            install, cwd=installed, capture_output=True, text=True, check=False, timeout=600
        )
        if done.returncode != 0:
            raise S3ServerMissingError(f"npm ci of s3rver failed:\n{done.stderr[-2000:]}")
        with suppress(OSError):  # another run was faster
            installed.rename(folder)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False
