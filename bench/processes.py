"""The processes that are measured: started, waited for, looked at, stopped. Linux only (it reads /proc)."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Process:
    """A Python process that serves HTTP on this machine."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        """Take what ``serving`` has started."""
        self._process = process
        self.port = port

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def cpu_seconds(self) -> float:
        """The processor time it has used so far."""
        # Its second field is the command's name in brackets, which may hold anything.
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_megabytes(self) -> float:
        """The most memory it has held at once (resident)."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the kernel does not tell how much memory was used")


@contextlib.contextmanager
def serving(
    *arguments: str, port: int, ready: str, environment: Mapping[str, str], log: Path
) -> Iterator[Process]:
    """Run ``python ARGUMENTS`` until the end of the block; begin once ``ready`` (a path) answers 200.

    What it writes to stderr goes to the file ``log``.
    """
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        try:
            _wait(process, port, ready, log)
            yield Process(process, port)
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            raise RuntimeError(f"the process stopped while starting:\n{log.read_text()}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError("the process did not start in a minute")
