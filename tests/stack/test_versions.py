"""Functions that are called by the alias of their newest version, and started from its snapshot if chosen."""

from __future__ import annotations

import pytest

from tests.stack.expand import Stack

PUBLISHED = ["CallbackFunction", "WorkerFunction", "McpFunction"]


def version(stack: Stack, function: str) -> str:
    """Return the logical id of a function's version, to which its alias leads."""
    (found,) = [
        name for name in stack.of_type("AWS::Lambda::Version") if name.startswith(f"{function}Version")
    ]
    alias = stack.properties(f"{function}Aliaslive")
    assert alias["Name"] == "live"
    assert alias["FunctionName"] == function
    assert alias["FunctionVersion"] == f"{found}.Version"
    return found


@pytest.mark.parametrize("function", PUBLISHED)
def test_a_change_of_secrets_or_parameters_makes_a_new_version(function: str) -> None:
    """Another description replaces a version ("AWS::Lambda::Version"), and the function has changed too."""
    before, after = Stack(SecretsVersion="1"), Stack(SecretsVersion="2")

    assert before.properties(version(before, function))["Description"] == "1"
    assert after.properties(version(after, function))["Description"] == "2"
    assert before.environment(function) != after.environment(function)


@pytest.mark.parametrize("function", PUBLISHED)
def test_a_change_of_code_or_layer_makes_a_new_version_and_the_old_one_goes(
    stack: Stack, function: str
) -> None:
    changed = Stack(content={"CommonLayer": "s3://bucket/another"})
    recoded = Stack(content={function: "s3://bucket/another"})

    assert version(changed, function) != version(stack, function)
    assert version(recoded, function) != version(stack, function)
    assert version(Stack(), function) == version(stack, function)
    assert stack.resources[version(stack, function)]["DeletionPolicy"] == "Delete"


def test_snapshots_are_made_only_when_chosen_and_where_there_are_any(stack: Stack) -> None:
    def snapped(stack: Stack) -> set[str]:
        functions = stack.functions.items()
        return {n for n, each in functions if each.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions"}

    assert snapped(stack) == set()
    assert snapped(Stack(SnapStart="on")) == set(PUBLISHED)
    assert snapped(Stack(partition="aws-cn", SnapStart="on")) == set()


@pytest.mark.parametrize(("snap_start", "called"), [("off", "{}"), ("on", "{}Aliaslive")])
def test_with_snapshots_the_newest_version_is_called_and_else_the_function_itself(
    snap_start: str, called: str
) -> None:
    stack = Stack(SnapStart=snap_start)
    permitted = {each["FunctionName"] for each in stack.of_type("AWS::Lambda::Permission").values()}
    (mapping,) = stack.of_type("AWS::Lambda::EventSourceMapping").values()

    assert mapping["FunctionName"] == called.format("WorkerFunction")
    for name in ("Callback", "Mcp"):
        uri = stack.properties(f"{name}Integration")["IntegrationUri"]
        assert uri == (f"${{{name}Function.Arn}}:live" if snap_start == "on" else f"{name}Function.Arn")
        assert called.format(f"{name}Function") in permitted
