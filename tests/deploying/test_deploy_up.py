"""``python -m deploy up``: one command, from ``.env`` to a stack."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from deploy.context import Context
from deploy.errors import DeployError
from deploy.owner_file import OwnerFile
from deploy.paste import paste_block
from deploy.stack import Stack
from deploy.up import up
from tests.support.deploying import APP_SECRET, OPENAI_KEY, OUTPUTS, UNSUPPORTED, Owner, read_by_sam
from wechat_oa.settings import SettingsError, read_settings

pytestmark = pytest.mark.filterwarnings(UNSUPPORTED)


def deploy(owner: Owner, **options: object) -> int:
    return up(owner.context(), test=False, **options)  # type: ignore[arg-type]


def made_up(owner: Owner) -> dict[str, str]:
    """The secrets that were made up, from the owner's file."""
    values = OwnerFile(owner.env_file).values()
    names = ("WECHAT_TOKEN", "WECHAT_ENCODING_AES_KEY", "MCP_AUTH_TOKENS", "OPENAI_CONFIG_PASSWORD")
    return {name: values[name] for name in names}


def test_secrets_that_nobody_set_are_made_up_kept_in_the_owners_file_and_stored_with_the_others(
    owner: Owner,
) -> None:
    owner.write_env(OPENAI_MODEL="deepseek-chat")
    owner.env_file.chmod(0o644)

    assert deploy(owner) == 0

    made = made_up(owner)
    assert stat.S_IMODE(owner.env_file.stat().st_mode) == 0o600
    assert owner.env_file.read_text().startswith("# 我的设置\nWECHAT_APP_ID=wx0123456789abcdef\n")
    assert owner.secrets() == {**made, "WECHAT_APP_SECRET": APP_SECRET, "OPENAI_API_KEY": OPENAI_KEY}
    # What was made up is what the code takes.
    settings = read_settings(OwnerFile(owner.env_file).values())
    assert len(settings.wechat_token) == 32
    assert settings.mcp_auth_tokens[0].name == "owner"


def test_secrets_are_secure_strings_with_the_stacks_tag(owner: Owner) -> None:
    owner.write_env()
    deploy(owner)

    ssm = owner.client("ssm")
    (found,) = ssm.get_parameters(Names=["/wechat-oa/wechat-oa/WECHAT_TOKEN"])["Parameters"]
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=found["Name"])["TagList"]
    assert found["Type"] == "SecureString"
    assert {each["Key"]: each["Value"] for each in tags} == {"application": "wechat-oa", "stack": "wechat-oa"}


def test_no_secret_is_in_an_argument_the_tools_environment_a_parameter_or_the_output(owner: Owner) -> None:
    owner.write_env()
    deploy(owner)

    secrets = set(owner.secrets().values())
    assert len(secrets) == 6
    told = json.dumps(owner.sam.calls) + owner.output
    assert not [secret for secret in secrets if secret in told]
    others = [
        p for p in owner.folder.rglob("*") if p.is_file() and p != owner.env_file and not p.is_symlink()
    ]
    assert not [p for p in others for secret in secrets if secret.encode() in p.read_bytes()]


def test_who_sits_at_the_terminal_is_shown_what_to_paste(present_owner: Owner) -> None:
    present_owner.write_env()
    deploy(present_owner)

    made, shown = made_up(present_owner), present_owner.output
    mcp = made["MCP_AUTH_TOKENS"].removeprefix("owner:publish:")
    shown_outputs = (OUTPUTS[name] for name in ("CallbackUrl", "McpUrl", "SiteUrl"))
    for text in (*shown_outputs, made["WECHAT_TOKEN"], made["WECHAT_ENCODING_AES_KEY"]):
        assert text in shown
    assert f'--header "Authorization: Bearer {mcp}"' in shown
    (cursor,) = re.findall(r"\{.*mcpServers.*\}", shown)
    assert json.loads(cursor)["mcpServers"]["wechat-oa"]["url"] == OUTPUTS["McpUrl"]
    # What the owner pastes nowhere stays hidden even here.
    assert OPENAI_KEY not in shown
    assert APP_SECRET not in shown


def test_where_domains_of_ones_own_lead_is_shown() -> None:
    targets = {
        "SiteDistributionDomain": "d1.cloudfront.example",
        "PagesDistributionDomain": "d2.cloudfront.example",
        "ApiDomainTarget": "d-3.execute-api.example",
    }

    shown = paste_block({**OUTPUTS, **targets}, read_settings({}), show_secrets=True)

    assert all(target in shown for target in targets.values())


def test_a_log_is_told_where_the_secrets_are_instead(owner: Owner) -> None:
    owner.write_env()
    deploy(owner)

    assert "（在 .env 或 SSM 里 · in .env or SSM）" in owner.output
    assert OUTPUTS["CallbackUrl"] in owner.output


def test_a_proxy_without_an_address_is_refused_before_anything_is_changed(owner: Owner) -> None:
    owner.write_env(EGRESS_MODE="proxy")

    with pytest.raises(DeployError, match="WECHAT_TOKEN_PROXY"):
        deploy(owner)

    assert (owner.secrets(), owner.sam.calls) == ({}, [])


@pytest.mark.parametrize("mode", ["", "proxy"])
def test_an_address_of_a_proxy_that_nobody_uses_is_told(owner: Owner, mode: str) -> None:
    owner.write_env(EGRESS_MODE=mode, WECHAT_TOKEN_PROXY="http://me:secret@203.0.113.9:8080")
    deploy(owner)

    assert ("没有 EGRESS_MODE=proxy" in owner.output) == (mode == "")
    assert "203.0.113.9" not in owner.output


def test_sam_is_called_to_build_and_to_deploy_with_every_parameter_in_a_file(owner: Owner) -> None:
    owner.write_env(OPENAI_PROMPT="'你是 \"小编\"'", ALARM_EMAIL="me@example.com")
    deploy(owner)

    build, deployed = owner.sam.calls
    assert build["arguments"][0] == "build"
    assert Path(build["cwd"]) == owner.folder
    assert deployed["arguments"][:5] == ["deploy", "--stack-name", "wechat-oa", "--region", "us-east-1"]
    values = read_by_sam(deployed["parameter_file"])
    assert values["AlarmEmail"] == "me@example.com"
    assert values["OpenaiPrompt"] == '你是 "小编"'
    assert values["WechatOfficialAccountName"] == ""
    assert values["SecretsPrefix"] == "/wechat-oa/wechat-oa/"


def test_doing_it_again_changes_no_secret_and_starts_no_function_anew(owner: Owner) -> None:
    owner.write_env()
    deploy(owner)
    before, file = owner.secrets(), owner.env_file.read_bytes()
    version = owner.context().secret_store().version(list(before))
    deploy(owner)

    assert owner.secrets() == before
    assert owner.env_file.read_bytes() == file
    assert owner.context().secret_store().version(list(before)) == version


def test_a_secret_that_changed_is_stored_and_gives_another_version(owner: Owner) -> None:
    owner.write_env()
    deploy(owner)
    store = owner.context().secret_store()
    version = store.version(["OPENAI_API_KEY", "WECHAT_TOKEN"])

    OwnerFile(owner.env_file).set({"OPENAI_API_KEY": "sk-another"})
    deploy(owner)

    assert owner.secrets()["OPENAI_API_KEY"] == "sk-another"
    assert store.version(["OPENAI_API_KEY", "WECHAT_TOKEN"]) != version
    assert store.version(["WECHAT_TOKEN"]) == store.version(["WECHAT_TOKEN"])


def test_where_there_is_no_file_the_deployed_secrets_stay_what_they_are(owner: Owner) -> None:
    owner.write_env()
    deploy(owner)
    before = owner.secrets()
    owner.env_file.unlink()

    assert up(owner.context(WECHAT_APP_ID="wx0123456789abcdef"), test=False) == 0

    assert owner.secrets() == before
    assert not owner.env_file.exists()
    assert "沿用已部署的" in owner.output


def test_a_secret_that_is_dropped_is_gone_from_the_file_and_from_aws(owner: Owner) -> None:
    owner.write_env(OPENAI_WECHAT_API_KEY="sk-of-yesterday")
    deploy(owner)
    deploy(owner, drop=["OPENAI_WECHAT_API_KEY"])

    assert "OPENAI_WECHAT_API_KEY" not in owner.secrets()
    assert "OPENAI_WECHAT_API_KEY" not in OwnerFile(owner.env_file).values()


def test_a_stack_that_keeps_its_secrets_elsewhere_goes_on_to_until_told_otherwise(owner: Owner) -> None:
    owner.put_stack(prefix="/somewhere/else/")
    owner.write_env()
    deploy(owner)
    assert owner.secrets("/somewhere/else/")["OPENAI_API_KEY"] == OPENAI_KEY
    assert not owner.secrets()

    OwnerFile(owner.env_file).set({"SECRETS_PREFIX": "/new/place/"})
    deploy(owner)
    assert owner.secrets("/new/place/") == owner.secrets("/somewhere/else/")


class Stuck(Stack):
    """A stack in a state that no update leads out of, or in another."""

    state = ""

    def describe(self, stack_id: str = "") -> dict[str, Any] | None:
        found = super().describe(stack_id)
        return found and {**found, "StackStatus": self.state}


class StuckContext(Context):
    def stack(self) -> Stack:
        return Stuck(self.aws, self.stack_name)


@pytest.mark.parametrize(
    ("state", "status"), [("ROLLBACK_COMPLETE", 1), ("DELETE_FAILED", 1), ("UPDATE_ROLLBACK_COMPLETE", 0)]
)
def test_an_attempt_that_failed_at_its_very_beginning_must_be_cleared_away_first(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, state: str, status: int
) -> None:
    owner.write_env()
    owner.put_stack()
    monkeypatch.setattr(Stuck, "state", state)

    assert up(StuckContext(**vars(owner.context())), test=False) == status
    assert ("make destroy" in owner.output) == bool(status)
    assert bool(owner.sam.calls) != bool(status)


def test_what_is_no_secret_cannot_be_dropped(owner: Owner) -> None:
    owner.write_env()
    with pytest.raises(DeployError, match="OPENAI_MODEL"):
        deploy(owner, drop=["OPENAI_MODEL"])

    assert owner.sam.calls == []


def test_every_stack_has_secrets_of_its_own(owner: Owner) -> None:
    owner.write_env()
    up(owner.context("test"), test=False)

    assert owner.secrets("/wechat-oa/test/")
    assert not owner.secrets()
    assert "test" in owner.sam.calls[1]["arguments"]


@pytest.mark.parametrize(
    ("settings", "error", "named"),
    [
        ({"WECHAT_MSG_AI_TIMEOUT": "15"}, SettingsError, "WECHAT_MSG_AI_TIMEOUT"),
        ({"CALLBACK_MEMORY": "64"}, DeployError, "CALLBACK_MEMORY：256 到 3008 的数"),
        ({"OPENAI_PROMPT": "长" * 501}, DeployError, "OPENAI_PROMPT"),
        ({"MCP_PUBLIC_URL": "http://127.0.0.1:3003"}, DeployError, "MCP_PUBLIC_URL：https:// 开头"),
        ({"SECRETS_PREFIX": "/aws/mine/"}, DeployError, "SECRETS_PREFIX"),
    ],
)
def test_nonsense_stops_before_anything_is_changed(
    owner: Owner, settings: dict[str, str], error: type[Exception], named: str
) -> None:
    owner.write_env(**settings)
    before = owner.env_file.read_bytes()

    with pytest.raises(error, match=named):
        deploy(owner)

    assert owner.sam.calls == []
    assert owner.secrets() == {}
    assert owner.env_file.read_bytes() == before


def test_what_is_missing_and_cannot_be_made_up_is_said(owner: Owner) -> None:
    owner.env_file.write_text("CHAT_DAILY_LIMT=5\n")
    deploy(owner)

    for name in ("OPENAI_API_KEY", "WECHAT_APP_ID", "WECHAT_APP_SECRET"):
        assert f"没有 {name}" in owner.output
    assert "CHAT_DAILY_LIMT   没有这个设置" in owner.output
    assert "WECHAT_ENCODING_AES_KEY" not in owner.secrets()


def test_a_build_that_fails_leaves_everything_as_it_was(tmp_path: Path, aws: str) -> None:
    owner = Owner(tmp_path, aws, sam_status=1)
    owner.write_env()

    with pytest.raises(DeployError, match="构建没有成功"):
        deploy(owner)

    assert owner.secrets() == {}
    assert len(owner.sam.calls) == 1
