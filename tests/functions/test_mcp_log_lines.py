"""What is logged of a tool's call: which, how it ended, how long it took. Never what it was given or gave."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from tests.support.mcp import APP_SECRET, make_owner
from wechat_mcp.services import McpServices
from wechat_oa.store.table import StoreError


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "wechat_mcp")
    return caplog


def told(lines: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return what the lines about calls tell."""
    return [vars(record) for record in lines.records if record.name == "wechat_mcp.tooling.telling"]


async def test_every_call_is_a_line_and_a_figure(tmp_path: Path, lines: pytest.LogCaptureFixture) -> None:
    owner = make_owner(tmp_path, WECHAT_OA_METRICS="my-stack")
    await owner.data("wechat_auth", action="status")
    await owner.refusal("wechat_draft", action="get", media_id="no-such-draft-of-mine")
    await owner.refusal("static_page", action="info", filename="../my-secret")
    await owner.data("wechat_tool_call", tool_name="static_page", arguments={"action": "list"})

    found = told(lines)
    assert [(line["tool"], line["outcome"]) for line in found] == [
        ("wechat_auth", "done"),
        ("wechat_draft", "WeChatError"),
        ("static_page", "refused"),
        ("static_page", "done"),
    ]
    for line in found:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "my-stack"
        assert [metric["Name"] for metric in directive["Metrics"]] == ["McpCalls"]
        assert line["McpCalls"] == 1
        assert line["milliseconds"] >= 0
    everything = str([vars(record) for record in lines.records if record.name.startswith("wechat_mcp")])
    assert not any(private in everything for private in ("draft-of-mine", "my-secret", APP_SECRET))


@pytest.mark.parametrize("error", [StoreError("GetItem: refused"), RuntimeError("a fault of ours")])
async def test_a_fault_that_is_not_the_callers_is_an_error(
    tmp_path: Path, lines: pytest.LogCaptureFixture, error: Exception
) -> None:
    owner = make_owner(tmp_path, WECHAT_OA_METRICS="my-stack")
    owner.services = Failing(owner.services, error)  # type: ignore[assignment]
    await owner.refusal("wechat_auth", action="status")

    (line,) = told(lines)
    assert (line["McpCalls"], line["Errors"]) == (1, 1)


class Failing:
    """Services that fail where a tool asks for an account's credentials."""

    def __init__(self, services: McpServices, error: Exception) -> None:
        self._services, self._error = services, error

    def __getattr__(self, name: str) -> Any:
        if name in ("account", "client"):
            raise self._error
        return getattr(self._services, name)
