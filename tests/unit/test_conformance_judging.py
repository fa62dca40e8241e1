"""How the conformance suite's results are judged."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conformance.judging import judge, read


def test_all_is_well_when_exactly_what_is_expected_fails() -> None:
    verdict = judge({"ping": [], "tasks": ["no"]}, {"tasks": "not offered"})

    assert verdict.good
    assert "  - tasks: not offered" in verdict.lines()


def test_what_fails_without_a_reason_fails_the_run() -> None:
    verdict = judge({"ping": ["no answer"], "tools": []}, {})

    assert not verdict.good
    assert "       no answer" in verdict.lines()


def test_what_has_a_reason_to_fail_and_passes_or_is_not_run_fails_the_run() -> None:
    assert not judge({"ping": [], "tasks": []}, {"tasks": "not offered"}).good
    assert not judge({"ping": []}, {"tasks": "not offered"}).good


def test_nothing_run_is_no_success() -> None:
    assert not judge({}, {}).good


def test_results_are_read_from_the_suites_folder(tmp_path: Path) -> None:
    for name, status in (("tools-list", "SUCCESS"), ("ping", "FAILURE"), ("sse", "WARNING")):
        folder = tmp_path / f"server-{name}-2026-11-25T06-30-51-299Z"
        folder.mkdir()
        check = {"id": f"{name}-1", "status": status, "errorMessage": "why"}
        (folder / "checks.json").write_text(json.dumps([check]))

    assert read(tmp_path) == {"tools-list": [], "ping": ["ping-1: why"], "sse": ["sse-1: why"]}
