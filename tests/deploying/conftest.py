"""AWS without AWS, and an owner who deploys to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deploying import Owner, forget_everything, moto_server


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def aws(moto: str) -> str:
    """The address of an AWS in which there is nothing."""
    forget_everything(moto)
    return moto


@pytest.fixture
def owner(tmp_path: Path, aws: str) -> Owner:
    return Owner(tmp_path, aws)


@pytest.fixture
def present_owner(tmp_path: Path, aws: str) -> Owner:
    """An owner who sits at the terminal."""
    return Owner(tmp_path, aws, interactive=True)
