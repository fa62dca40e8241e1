"""GitHub Actions: pinned, with few rights, and running what the Makefile has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.template import read_template
from tests.stack.expand import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def jobs(path: Path) -> dict[str, Any]:
    """Return a workflow's jobs."""
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))["jobs"]
    return found


@each_workflow
def test_every_action_is_pinned_by_a_commit_and_says_which_version_that_is(path: Path) -> None:
    uses = re.findall(r"^\s*-? ?uses: (.+)$", path.read_text("utf-8"), re.MULTILINE)

    assert uses
    for used in uses:
        assert used.startswith("./") or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used)


@each_workflow
def test_nothing_may_write_and_only_the_deployment_may_ask_for_credentials(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text("utf-8"))

    assert workflow["permissions"] == {"contents": "read"}
    assert "concurrency" in workflow
    for name, job in workflow["jobs"].items():
        allowed = {"contents": "read", "id-token": "write"} if name == "deploy" else {"contents": "read"}
        assert job.get("permissions", {"contents": "read"}) == allowed
        assert "uses" in job or "timeout-minutes" in job


@each_workflow
def test_every_target_is_one_of_the_makefile(path: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    commands = [step.get("run", "") for job in jobs(path).values() for step in job.get("steps", [])]
    made = {target for run in commands for target in re.findall(r"^make PYTHON=python ([\w-]+)", run)}

    assert made
    assert made <= targets


def test_what_a_tag_deploys_is_built_for_the_processor_that_the_stack_is_then_told() -> None:
    job = jobs(ROOT / ".github/workflows/deploy.yml")["deploy"]
    commands = [step.get("run", "") for step in job["steps"]]

    assert job["env"]["ARCHITECTURE"] == "${{ vars.ARCHITECTURE || 'arm64' }}"
    assert read_template(ROOT / "template.yaml").parameters["Architecture"].default == "arm64"
    assert any(command.endswith('--parameter-overrides "Architecture=$ARCHITECTURE"') for command in commands)
