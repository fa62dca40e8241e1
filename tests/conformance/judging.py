"""What the suite has found, against what is expected to fail."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_FOLDER = re.compile(r"server-(?P<scenario>.+)-\d{4}-\d\d-\d\dT[\d-]+Z")
_FAILED = ("FAILURE", "WARNING")


@dataclass(frozen=True)
class Verdict:
    """One run of the suite."""

    passed: Sequence[str]
    """Scenarios, like all below."""
    expected: Mapping[str, str]
    """Those that failed as expected, with the reason."""
    unexpected: Mapping[str, Sequence[str]]
    """Those that failed though they must pass, with what the suite says."""
    stale: Sequence[str]
    """Those that are expected to fail, and do not, or were not run."""

    @property
    def good(self) -> bool:
        """Whether everything is as expected, and anything was run at all."""
        return bool(self.passed) and not self.unexpected and not self.stale

    def lines(self) -> list[str]:
        """Return it in words."""
        run = len(self.passed) + len(self.expected) + len(self.unexpected)
        lines = [f"{run} scenarios: {len(self.passed)} pass, {len(self.expected)} fail for a known reason:"]
        lines += [f"  - {scenario}: {reason}" for scenario, reason in self.expected.items()]
        for scenario, complaints in self.unexpected.items():
            lines.append(f"  FAIL {scenario}")
            lines += [f"       {complaint}" for complaint in complaints]
        lines += [f"  FAIL {scenario} is expected to fail, and does not" for scenario in self.stale]
        return [*lines, "as expected" if self.good else "NOT as expected"]


def read(folder: Path) -> dict[str, list[str]]:
    """Return the scenarios in the suite's output folder, each with its complaints."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*/checks.json")):
        match = _FOLDER.fullmatch(path.parent.name)
        if match is None:
            raise ValueError(f"the suite names its results otherwise now: {path.parent.name}")
        checks = json.loads(path.read_text("utf-8"))
        found[match["scenario"]] = [
            f"{check['id']}: {check.get('errorMessage') or check.get('details')}"[:300]
            for check in checks
            if check["status"] in _FAILED
        ]
    return found


def judge(found: Mapping[str, Sequence[str]], expected: Mapping[str, str]) -> Verdict:
    """Return how scenarios with their complaints agree with those that are expected to fail."""
    failed = {scenario for scenario, complaints in found.items() if complaints}
    return Verdict(
        passed=[scenario for scenario in found if scenario not in failed],
        expected={scenario: reason for scenario, reason in expected.items() if scenario in failed},
        unexpected={
            scenario: complaints
            for scenario, complaints in found.items()
            if complaints and scenario not in expected
        },
        stale=[scenario for scenario in expected if scenario not in failed],
    )
