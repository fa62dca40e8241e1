"""The account that an owner configures with a tool, and where its AppSecret lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from moto import mock_aws

from tests.support.mcp import APP_ID, APP_SECRET, Owner, make_owner
from wechat_mcp.aws_vault import SsmVault
from wechat_mcp.saved_account import Account, SavedAccount
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import StoreError

NAME = "/wechat-oa/test/MCP_ACCOUNT"


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[SsmVault]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        session: Any = botocore.session.get_session()
        yield SsmVault(lambda: session.create_client("ssm"), NAME)


@pytest.fixture
def hosted(tmp_path: Path, vault: SsmVault) -> Owner:
    return make_owner(tmp_path, vault=vault, WECHAT_APP_ID="wxdeployed", WECHAT_APP_SECRET="d" * 32)


def stored(folder: Path) -> bytes:
    """All that the table's files hold."""
    return b"".join(path.read_bytes() for path in folder.glob("table.db*"))


async def test_hosted_the_secret_is_a_secure_string_and_not_in_the_table(
    hosted: Owner, tmp_path: Path
) -> None:
    done = await hosted.data("wechat_auth", action="configure", app_id=APP_ID, app_secret=APP_SECRET)

    (kept,) = boto3.client("ssm").describe_parameters()["Parameters"]
    table = stored(tmp_path)
    assert (kept["Name"], kept["Type"]) == (NAME, "SecureString")
    assert APP_SECRET.encode() not in table
    assert done["app_id"] == APP_ID
    config = await hosted.data("wechat_auth", action="get_config")
    assert (config["app_id"], config["source"]) == (APP_ID, "configure")


async def test_what_wechat_refuses_is_not_saved(hosted: Owner) -> None:
    await hosted.refusal("wechat_auth", action="configure", app_id=APP_ID, app_secret="x" * 32)

    assert boto3.client("ssm").describe_parameters()["Parameters"] == []
    assert (await hosted.data("wechat_auth"))["app_id"] == "wxdeployed"


async def test_logout_removes_it_and_the_settings_account_is_back(hosted: Owner) -> None:
    await hosted.data("wechat_auth", action="configure", app_id=APP_ID, app_secret=APP_SECRET)

    await hosted.data("wechat_auth", action="logout")

    assert boto3.client("ssm").describe_parameters()["Parameters"] == []
    assert (await hosted.data("wechat_auth"))["app_id"] == "wxdeployed"
    assert await hosted.data("wechat_auth", action="logout")


async def test_every_process_notices_a_change_and_asks_for_the_secret_once(
    tmp_path: Path, vault: SsmVault
) -> None:
    class Counted(SsmVault):
        loads = 0

        def load(self) -> str | None:
            self.loads += 1
            return vault.load()

    table = SqliteTable(tmp_path / "table.db")
    one = SavedAccount(table, vault)
    counted = Counted(lambda: None, NAME)
    other = SavedAccount(table, counted)

    assert other.get() is None
    one.save("wx1", "first")
    assert [other.get(), other.get()] == [Account("wx1", "first", True)] * 2
    one.save("wx2", "second")
    assert other.get() == Account("wx2", "second", True)
    one.forget()
    assert other.get() is None
    assert counted.loads == 2


async def test_a_vault_that_refuses_is_the_stores_failure_and_names_no_secret(
    tmp_path: Path, hosted: Owner
) -> None:
    class Refusing:
        def __getattr__(self, _name: str) -> Any:
            session: Any = botocore.session.get_session()
            return lambda **_: session.create_client("ssm").get_parameter(Name="no//name")

    saved = SavedAccount(SqliteTable(tmp_path / "other.db"), SsmVault(Refusing, NAME))

    with pytest.raises(StoreError) as refused:
        saved.save("wx1", APP_SECRET)
    assert APP_SECRET not in str(refused.value)
    assert saved.get() is None
