"""The template's parameters: filled from the settings of their names, and given to SAM unharmed."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.errors import DeployError
from deploy.parameters import parameter_file, parameter_values, unknown_settings
from deploy.template import parse_template, read_template
from tests.stack.expand import Stack
from tests.support.deploying import ROOT, read_by_sam
from wechat_oa.settings import read_settings

TEMPLATE = read_template(ROOT / "template.yaml")
SAM_PYTHON = ROOT / ".venv-sam/bin/python"
# What `sam deploy` itself makes of its option --parameter-overrides.
READ_BY_SAM = """
import json, sys
import click
from samcli.commands.deploy.command import cli
(option,) = [each for each in cli.params if each.name == "parameter_overrides"]
print(json.dumps(option.type_cast_value(click.Context(cli), sys.argv[1])))
"""
AWKWARD = [
    "",
    " ",
    '"',
    "'",
    "\\",
    '\\"',
    "\\ ",
    "a b=c d",
    "Key=Value Other=Value",
    "ParameterKey=X,ParameterValue=Y",
    "file:///etc/passwd",
    '"quoted"',
    "'quoted'",
    "ends with \\",
    "第一行\\n第二行",
    "第一行\n第二行",
    "你是「小编」，emoji 😀，$HOME `id` %PATH% ;|&<>",
]


def values(**environment: str) -> dict[str, str]:
    return parameter_values(TEMPLATE, environment, read_settings(environment))


@given(st.text() | st.text(alphabet="\\\"' =\n,a"))
def test_sam_reads_any_text_as_it_was(text: str) -> None:
    assert read_by_sam(parameter_file({"OpenaiPrompt": text})) == {"OpenaiPrompt": text}


def test_sams_own_parser_reads_what_was_written(tmp_path: Path) -> None:
    if not SAM_PYTHON.exists():
        # Where everything is checked, `make check` has put it there.
        assert not os.environ.get("CI"), ".venv-sam is missing"
        pytest.skip("the SAM CLI is not installed: make .venv-sam/ready")
    awkward = {f"P{number}": text for number, text in enumerate(AWKWARD)}
    path = tmp_path / "参数 of mine.yaml"
    path.write_text(parameter_file(awkward), "utf-8")

    ran = subprocess.run(  # noqa: S603 (our own interpreter)
        [str(SAM_PYTHON), "-W", "ignore", "-c", READ_BY_SAM, f"file://{path}"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "SAM_CLI_TELEMETRY": "0", "HOME": str(tmp_path)},
    )

    assert json.loads(ran.stdout) == awkward


def test_a_parameter_is_a_setting_that_the_code_reads_or_about_aws_and_told_to_no_function() -> None:
    stack = Stack()
    told = {name for function in stack.functions for name in stack.environment(function)}
    settings = {each.setting for each in TEMPLATE.chosen.values()}
    unread = set(unknown_settings(parse_template("Parameters: {}"), dict.fromkeys(settings, "x")))

    assert settings - unread == settings & told
    assert {"WECHAT_APP_ID", "OPENAI_MODEL", "CHAT_ACCESS", "MCP_PUBLIC_URL"} <= settings & told
    assert {"ARCHITECTURE", "CALLBACK_MEMORY", "ALARM_EMAIL"} <= unread


def test_no_parameter_is_a_secret() -> None:
    assert not {each.setting for each in TEMPLATE.parameters.values()} & set(TEMPLATE.secrets)
    assert {"WECHAT_TOKEN", "OPENAI_API_KEY", "MCP_AUTH_TOKENS", "WECHAT_APP_SECRET"} <= set(TEMPLATE.secrets)


def test_every_parameter_that_the_owner_fills_is_given_its_default_where_nothing_is_set() -> None:
    given = values()

    assert given.keys() == TEMPLATE.chosen.keys()
    assert given == {name: each.default for name, each in TEMPLATE.chosen.items()}


@pytest.mark.parametrize(
    ("setting", "written", "parameter", "value"),
    [
        ("OPENAI_IMAGE_INPUT", "Yes", "OpenaiImageInput", "true"),
        ("WECHAT_CUSTOMER_MESSAGE", "0", "WechatCustomerMessage", "false"),
        ("OPENAI_INTERACTION_MODE", "BLOCK", "OpenaiInteractionMode", "block"),
        ("WECHAT_MSG_CONTEXT_PATH", "wechat-oa/", "WechatMsgContextPath", "/wechat-oa"),
        ("OPENAI_BASE_URL", "https://api.deepseek.com/v1", "OpenaiApiUrl", "https://api.deepseek.com/v1"),
        ("OPENAI_PROMPT", "一\n二", "OpenaiPrompt", "一\\n二"),
        ("CHAT_SUGGESTIONS", "你好|a = b", "ChatSuggestions", "你好|a = b"),
        ("WORKER_MAXIMUM_CONCURRENCY", "5", "WorkerMaximumConcurrency", "5"),
        ("OPENAI_MODEL", "  ", "OpenaiModel", ""),
    ],
)
def test_a_setting_is_written_as_the_template_takes_it(
    setting: str, written: str, parameter: str, value: str
) -> None:
    assert values(**{setting: written})[parameter] == value


def test_the_code_reads_a_prompt_as_it_was_before_it_became_a_parameter() -> None:
    prompt = values(OPENAI_PROMPT="第一行\n第二行")["OpenaiPrompt"]

    assert read_settings({"OPENAI_PROMPT": prompt}).chat.prompt == "第一行\n第二行"


def test_every_value_that_the_template_refuses_is_named_at_once() -> None:
    with pytest.raises(DeployError) as raised:
        values(ARCHITECTURE="mips", LOG_RETENTION_DAYS="2", ALARM_EMAIL="nobody")

    told = str(raised.value)
    assert all(name in told for name in ("ARCHITECTURE", "LOG_RETENTION_DAYS", "ALARM_EMAIL"))
    assert "只能是 arm64、x86_64" in told


def test_short_forms_are_read_in_every_shape() -> None:
    read: Any = parse_template(
        "Resources:\n"
        "  A: {Properties: {Environment: {Variables: {WECHAT_OA_SECRETS: 'X, Y'}}}, DeletionPolicy: Retain}\n"
        "  B: {Properties: {V: !If [C, !Ref A, !Sub '${A}'], W: !Transform {Name: n}, E: !GetAtt A.B}}\n"
    )

    assert read.secrets == ("X", "Y")
    assert read.retained == {"A"}


def test_a_name_that_nothing_reads_is_found() -> None:
    names = dict.fromkeys(
        ["OPENAI_MODLE", "OPENAI_MODEL", "AWS_REGION", "STACK", "PAGES_PORT", "WECHAT_TOKEN"], ""
    )

    assert unknown_settings(TEMPLATE, names) == ["OPENAI_MODLE"]


def test_nothing_in_the_example_file_is_unknown() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    names = {line.partition("=")[0]: "" for line in lines if "=" in line and not line.startswith("#")}

    assert len(names) > 50
    assert unknown_settings(TEMPLATE, names) == []


def test_deploying_stands_on_the_layer_alone() -> None:
    files = list((ROOT / "deploy").rglob("*.py"))
    imported = {
        name
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    others = {"local", "tests", "bench", "wechat_reply", "chat_app", "wechat_mcp", "pages_app"}

    assert len(files) > 20
    assert not {name.partition(".")[0] for name in imported} & others


def test_nothing_of_what_is_deployed_knows_of_deploying() -> None:
    deployed = [
        *(ROOT / "functions").rglob("*.py"),
        *(ROOT / "layers").rglob("*.py"),
        *(ROOT / "local").rglob("*.py"),
    ]

    assert not [
        path
        for path in deployed
        if re.search(r"^(from|import) deploy\b", path.read_text("utf-8"), re.MULTILINE)
    ]
