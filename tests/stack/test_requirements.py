"""What is deployed is pinned, down to the last library, and is what these tests run with."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.stack.expand import ROOT

LAMBDA = {
    "python_version": "3.13",
    "python_full_version": "3.13.0",
    "sys_platform": "linux",
    "platform_python_implementation": "CPython",
}


def requirements(path: str) -> list[Requirement]:
    """Return the requirements of a file, without its comments."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in (ROOT / path).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


LAYER = "layers/common/requirements.txt"
MCP = "functions/mcp/requirements.txt"
DEPLOYED = (LAYER, "functions/chat/requirements.txt", MCP)


def pinned(*paths: str) -> set[str]:
    """Return the names of what these files pin."""
    return {canonicalize_name(each.name) for path in paths for each in requirements(path)}


def closure(wanted: Iterable[Requirement]) -> set[str]:
    """Return the names of what is wanted and of all that it needs in turn, on Lambda."""
    found: set[tuple[str, str]] = set()
    waiting = list(wanted)
    while waiting:
        each = waiting.pop()
        for extra in ("", *each.extras):
            if (each.name, extra) not in found:
                found.add((each.name, extra))
                waiting += needs(each.name, extra)
    return {canonicalize_name(name) for name, _ in found}


def needs(name: str, extra: str) -> Iterator[Requirement]:
    """Yield what a library needs, for one of its extras or for none."""
    for need in map(Requirement, importlib.metadata.requires(name) or ()):
        if need.marker is None or need.marker.evaluate({**LAMBDA, "extra": extra}):
            yield need


@pytest.mark.parametrize("path", DEPLOYED)
def test_every_library_is_pinned_at_the_version_tested_here(path: str) -> None:
    for requirement in requirements(path):
        assert str(requirement.specifier) == f"=={importlib.metadata.version(requirement.name)}"


@pytest.mark.parametrize("path", DEPLOYED)
def test_what_the_libraries_need_in_turn_is_pinned_too(path: str) -> None:
    # Built without looking for more (PIP_NO_DEPS): what is not here is in the layer, or nowhere.
    assert closure(requirements(path)) <= pinned(LAYER, path)


def test_the_reply_function_carries_nothing_of_its_own() -> None:
    assert requirements("functions/wechat_reply/requirements.txt") == []


def test_the_mcp_function_carries_nothing_that_the_layer_has() -> None:
    assert not pinned(LAYER) & pinned(MCP)


def test_the_mcp_server_works_without_what_is_not_deployed() -> None:
    """Given this machine's fastmcp, whose command line and clients are not deployed; when what they brought
    cannot be imported; then the handler's and the authorization server's own tests pass all the same."""
    missing = closure([Requirement("fastmcp")]) - pinned(LAYER, MCP)
    assert "cyclopts" in missing
    folders = importlib.metadata.packages_distributions()
    modules = [name for name, owners in folders.items() if missing >= set(map(canonicalize_name, owners))]
    code = f"import sys; sys.modules |= dict.fromkeys({modules!r}); import pytest; sys.exit(pytest.main())"
    tests = [f"tests/functions/test_mcp_{name}.py" for name in ("handler", "oauth")]

    ran = subprocess.run(  # noqa: S603  (our own interpreter on our own code)
        [sys.executable, "-c", code, "-n", "0", *tests], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout[-3000:]
