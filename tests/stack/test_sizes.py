"""How large the functions are, unzipped: a cold start reads what it imports, and Lambda's limit is 250 MB.

Measured on what was built (``make build``) where a function has been; else on the sources and the libraries
that are pinned, as they are installed here. What is compiled of them is counted apart: ``make build`` does so
in order that no start has to.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from tests.stack.expand import ROOT, source
from tests.stack.test_requirements import LAYER, pinned

BUILD = ROOT / ".aws-sam/build"
FUNCTIONS = {
    name: each["Properties"]["CodeUri"].rstrip("/")
    for name, each in source()["Resources"].items()
    if each["Type"] == "AWS::Serverless::Function"
}
MOST = 100_000_000
"""Layer and function, without what is compiled."""
MOST_COMPILED = 150_000_000
"""With it."""
MOST_OF_ITS_OWN = 1_000_000
SMALL = {"CallbackFunction", "WorkerFunction", "TokenFunction"}
"""A follower waits for their start: they carry nothing that is not in the layer."""


def size_of(folder: Path, *, compiled: bool = False) -> int:
    """Return the bytes of all files below a folder, with or without what is compiled."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files if compiled or path.suffix != ".pyc")


def size_of_libraries(requirements: str) -> int:
    """Return the bytes of the libraries that a file pins, as they are installed here."""
    files = [file for name in pinned(requirements) for file in importlib.metadata.files(name) or ()]
    paths = [Path(str(file.locate())) for file in files if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_small_enough(function: str) -> None:
    if (BUILD / function).is_dir():
        layer, own = size_of(BUILD / "CommonLayer"), size_of(BUILD / function)
        compiled = sum(size_of(BUILD / name, compiled=True) for name in ("CommonLayer", function))
        assert compiled < MOST_COMPILED
    else:
        folder = ROOT / FUNCTIONS[function]
        layer = size_of_libraries(LAYER) + size_of(ROOT / "layers/common/wechat_oa")
        own = size_of(folder)
        if (folder / "requirements.txt").exists():
            own += size_of_libraries(f"{FUNCTIONS[function]}/requirements.txt")

    assert 5_000_000 < layer < MOST - own
    if function in SMALL:
        assert own < MOST_OF_ITS_OWN
