"""What is deployed is pinned, down to the last library, and is what these tests run with."""

from __future__ import annotations

import importlib.metadata
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.stack.expand import ROOT

LAMBDA = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux", "extra": ""}


def requirements(path: str) -> list[Requirement]:
    """Return the requirements of a file, without its comments."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in (ROOT / path).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


DEPLOYED = ("layers/common/requirements.txt", "functions/chat/requirements.txt")


@pytest.mark.parametrize("path", DEPLOYED)
def test_every_library_is_pinned_at_the_version_tested_here(path: str) -> None:
    for requirement in requirements(path):
        assert str(requirement.specifier) == f"=={importlib.metadata.version(requirement.name)}"


@pytest.mark.parametrize("path", DEPLOYED)
def test_what_the_libraries_need_in_turn_is_pinned_too(path: str) -> None:
    pinned = {canonicalize_name(each.name) for each in requirements(path)}

    needed = {
        canonicalize_name(need.name)
        for name in pinned
        for need in map(Requirement, importlib.metadata.requires(name) or ())
        if need.marker is None
        or need.marker.evaluate({**LAMBDA, "platform_python_implementation": "CPython"})
    }
    assert needed <= pinned


def test_the_reply_function_carries_nothing_of_its_own() -> None:
    assert requirements("functions/wechat_reply/requirements.txt") == []


def test_the_mcp_function_pins_what_it_has_beside_the_layer() -> None:
    layer = {canonicalize_name(each.name) for each in requirements("layers/common/requirements.txt")}
    mine = requirements("functions/mcp/requirements.txt")

    assert not layer & {canonicalize_name(each.name) for each in mine}
    for requirement in mine:
        assert str(requirement.specifier) == f"=={importlib.metadata.version(requirement.name)}"
