"""What makes thousands of tests in one process cheaper."""

from __future__ import annotations

import functools
import gc

import botocore.session

# Each session of botocore's reads the services' descriptions anew, a tenth of a second for a client.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def pytest_runtest_teardown() -> None:
    """A function's module that refuses to start leaves the collection off: its process would end."""
    gc.enable()


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: no collection of garbage looks through it."""
    gc.collect()
    gc.freeze()
