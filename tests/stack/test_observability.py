"""The dashboard and the alarms show what the code counts: no metric that nobody tells, and none unseen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stack.expand import ROOT, Stack
from wechat_oa.metrics import UNITS
from wechat_oa.settings import read_settings

FUNCTIONS = {"CallbackFunction", "WorkerFunction", "ChatFunction", "McpFunction", "PagesFunction"}
"""Those that people wait for; SiteFunction runs while deploying."""


@pytest.fixture(params=["aws", "aws-cn"])
def everywhere(request: pytest.FixtureRequest) -> Stack:
    return Stack(request.param)


def widgets(stack: Stack) -> list[dict[str, Any]]:
    """Return the dashboard's widgets, with what each shows."""
    (dashboard,) = stack.of_type("AWS::CloudWatch::Dashboard").values()
    return [each["properties"] for each in json.loads(dashboard["DashboardBody"])["widgets"]]


def shown(stack: Stack, namespace: str) -> Iterator[list[Any]]:
    """Yield the metrics of a namespace that the dashboard shows: their names and dimensions."""
    for widget in widgets(stack):
        for metric in widget["metrics"]:
            if metric[0] == namespace:
                yield [each for each in metric[1:] if isinstance(each, str)]


def own_alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return the alarms on what the code counts, by metric."""
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    return {each["MetricName"]: each for each in alarms if not each["Namespace"].startswith("AWS/")}


def test_the_functions_count_under_the_name_that_the_dashboard_and_the_alarms_read(everywhere: Stack) -> None:
    for function in everywhere.functions:
        settings = read_settings({"WECHAT_OA_METRICS": everywhere.environment(function)["WECHAT_OA_METRICS"]})
        assert settings.metrics_namespace == "AWS::StackName"
    for alarm in own_alarms(everywhere).values():
        assert alarm["Namespace"] == "AWS::StackName"
        # The code counts without dimensions: an alarm with some would wait for ever.
        assert "Dimensions" not in alarm


def test_the_dashboard_shows_everything_that_the_code_counts_and_nothing_else(everywhere: Stack) -> None:
    assert {name for name, *_ in shown(everywhere, "${AWS::StackName}")} == UNITS.keys()
    assert all(len(metric) == 1 for metric in shown(everywhere, "${AWS::StackName}"))


def test_the_dashboard_shows_queues_and_functions_that_there_are(everywhere: Stack) -> None:
    assert list(shown(everywhere, "AWS/SQS")) == [
        ["ApproximateNumberOfMessagesVisible", "QueueName", "${DeadLetterQueue.QueueName}"],
        ["ApproximateAgeOfOldestMessage", "QueueName", "${AnswerQueue.QueueName}"],
    ]
    watched = {(metric, function) for metric, _, function in shown(everywhere, "AWS/Lambda")}
    assert watched == {(m, f"${{{f}}}") for m in ("Errors", "Throttles") for f in FUNCTIONS}
    assert set(everywhere.functions) >= FUNCTIONS


def test_the_dashboard_is_in_both_languages_and_in_its_own_region(everywhere: Stack) -> None:
    for widget in widgets(everywhere):
        assert re.search(r"[\u4e00-\u9fff].* · .*[A-Za-z]", widget["title"])
        assert widget["region"] == "${AWS::Region}"


def test_alarms_watch_the_models_failures_the_faults_that_were_caught_and_the_days_tokens() -> None:
    stack = Stack(DailyTokensAlarm=5_000_000)
    alarms = own_alarms(stack)

    assert {
        name: (alarm["Statistic"], alarm["Period"], alarm["Threshold"]) for name, alarm in alarms.items()
    } == {
        "ModelErrors": ("Sum", 900, 2),
        "Errors": ("Sum", 300, 0),
        "Tokens": ("Sum", 24 * 3600, 5_000_000),
    }
    assert alarms.keys() <= UNITS.keys()
    assert all(alarm["ComparisonOperator"] == "GreaterThanThreshold" for alarm in alarms.values())
    (line,) = (widget["annotations"]["horizontal"] for widget in widgets(stack) if "annotations" in widget)
    assert line[0]["value"] == 5_000_000


def test_every_figure_is_told_by_some_function() -> None:
    written = "".join(path.read_text("utf-8") for path in (ROOT / "functions").rglob("*.py"))

    assert {name for name in UNITS if f'"{name}":' not in written} == set()


@pytest.mark.parametrize("name", ["docs/cost.md", "docs/en/cost.md"])
def test_the_alarms_and_metrics_that_are_paid_for_are_those_that_there_are(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    alarms, metrics, dashboards = (int(n) for n in re.findall(r"\$[0-9.]+ ?[×x] ?(\d+)", text)[:3])

    # A few more are counted than there are, since choices (EgressMode) add some.
    assert alarms - 4 <= len(Stack().of_type("AWS::CloudWatch::Alarm")) <= alarms
    assert metrics == len(UNITS)
    assert dashboards == len(Stack().of_type("AWS::CloudWatch::Dashboard"))
