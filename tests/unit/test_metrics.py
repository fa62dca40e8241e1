"""Figures in log lines, and the id that the lines of one message share."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest

from chat_app.logs import JsonLines
from wechat_oa.correlation import correlated, log_correlations
from wechat_oa.identifiers import pseudonym
from wechat_oa.metrics import UNITS, figures


def test_a_line_with_figures_is_what_cloudwatch_reads() -> None:
    extra = figures("my-stack", 1_700_000_000.5, {"Messages": 1, "AnswerTime": 1234, "Tokens": None})
    record = logging.makeLogRecord({"msg": "message", "outcome": "replied", **extra})

    line = json.loads(JsonLines().format(record))
    # The root holds the figures, and _aws where they are ("Specification: Embedded metric format").
    assert line["_aws"]["Timestamp"] == 1_700_000_000_500
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "my-stack"
    assert directive["Dimensions"] == [[]]
    assert directive["Metrics"] == [
        {"Name": "Messages", "Unit": "Count"},
        {"Name": "AnswerTime", "Unit": "Milliseconds"},
    ]
    assert all(isinstance(line[metric["Name"]], int) for metric in directive["Metrics"])
    assert line["outcome"] == "replied"
    assert "Tokens" not in line


def test_a_zero_is_told_and_nothing_is_not() -> None:
    assert figures("s", 1.0, {"InWindow": 0})["InWindow"] == 0
    assert figures("s", 1.0, {"InWindow": None}) == {}


def test_on_one_machine_lines_carry_no_figures() -> None:
    assert figures("", 1.0, {"Messages": 1}) == {}


def test_there_is_no_figure_that_nobody_knows() -> None:
    with pytest.raises(KeyError, match="Mesages"):
        figures("s", 1.0, {"Mesages": 1})


def test_all_figures_together_cost_nothing() -> None:
    assert len(UNITS) <= 10, "CloudWatch gives ten to every AWS account"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    before = logging.getLogRecordFactory()
    log_correlations()
    caplog.set_level(logging.INFO)
    yield caplog
    logging.setLogRecordFactory(before)


def ids(lines: pytest.LogCaptureFixture) -> list[str | None]:
    """Return the id of each line, or None."""
    return [vars(record).get("correlation") for record in lines.records]


async def test_every_line_about_a_message_has_its_id_and_no_other_line_has(
    lines: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger("some.package")

    async def work(key: str) -> None:
        with correlated(key):
            await asyncio.sleep(0)
            log.info("here")
            await asyncio.create_task(asyncio.to_thread(log.info, "and there"))

    log.info("before")
    await work("k1")
    log.info("between")
    await asyncio.gather(work("k2"), work("k3"))

    k1, k2, k3 = (pseudonym(key) for key in ("k1", "k2", "k3"))
    found = ids(lines)
    assert found[:4] == [None, k1, k1, None]
    assert sorted(filter(None, found[4:])) == sorted([k2, k2, k3, k3])


async def test_the_id_does_not_tell_who_wrote(lines: pytest.LogCaptureFixture) -> None:
    openid = "oFollower1234567890abcdefghi"
    with correlated(f"{openid}-1700000000-CLICK-menu"):
        logging.getLogger("x").info("line")

    (found,) = ids(lines)
    assert found
    assert len(found) == 10
    assert openid not in found
