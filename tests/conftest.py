"""What makes thousands of tests in a few processes cheaper."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
from pathlib import Path

import botocore.session
import pytest

_ROOT = Path(__file__).resolve().parents[1]

# Each session of botocore's reads the services' descriptions anew, a tenth of a second for a client.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """On a fresh checkout every process would make all asserts tell more, in the same order at the same time:
    each begins with a share of the files, and finds the others' done."""
    number = os.environ.get("PYTEST_XDIST_WORKER", "")
    count = os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")
    folders = {Path(each).resolve() for each in session.config.args}
    if number and folders >= {_ROOT / each for each in session.config.getini("testpaths")}:
        files = sorted(path for folder in folders for path in folder.rglob("test_*.py"))
        for path in files[int(number.removeprefix("gw")) :: int(count)]:
            # What cannot be imported is told when its turn comes.
            with contextlib.suppress(Exception):
                importlib.import_module(".".join(path.relative_to(_ROOT).with_suffix("").parts))


def pytest_runtest_teardown() -> None:
    """A function's module that refuses to start leaves the collection off: its process would end."""
    gc.enable()


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: no collection of garbage looks through it."""
    gc.collect()
    gc.freeze()
