"""What the owner changes is seen within seconds, and nothing bad in the table stops the account."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from tests.support.clock import Clock
from wechat_oa.reply_rules import ReplyRules, RuleError
from wechat_oa.runtime_config import MAX_AGE_SECONDS, RuntimeConfig
from wechat_oa.settings import AiSettings
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import Item, StoreError


class Refusing:
    """A table that counts how often it is read, and refuses when told to."""

    def __init__(self, table: SqliteTable) -> None:
        self._table = table
        self.refuse = False
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def get(self, pk: str, sk: str) -> Item | None:
        self.reads += 1
        if self.refuse:
            raise StoreError("GetItem: timeout")
        return self._table.get(pk, sk)


@pytest.fixture
def refusing(table: SqliteTable) -> Refusing:
    return Refusing(table)


@pytest.fixture
def config(refusing: Refusing, clock: Clock) -> RuntimeConfig:
    return RuntimeConfig(refusing, clock)


@pytest.fixture
def owner(table: SqliteTable, clock: Clock) -> RuntimeConfig:
    """Another process, in which the owner saves."""
    return RuntimeConfig(table, clock)


def _help(config: RuntimeConfig) -> str:
    return config.reply_rules().texts["help"]


def test_nothing_saved_is_an_empty_document_and_the_default_rules(config: RuntimeConfig) -> None:
    assert config.document("replies") == {}
    assert config.reply_rules() == ReplyRules()


def test_what_another_process_saved_is_seen_within_five_seconds(
    config: RuntimeConfig, owner: RuntimeConfig, refusing: Refusing, clock: Clock
) -> None:
    assert config.document("chat") == {}
    owner.save("chat", {"model": "m"})
    clock.pass_by(MAX_AGE_SECONDS - 0.01)
    assert [config.document("chat") for _ in range(100)] == [{}] * 100
    assert refusing.reads == 1, "what is known is not asked for again"
    clock.pass_by(0.01)
    assert config.document("chat") == {"model": "m"}
    assert (refusing.reads, MAX_AGE_SECONDS) == (2, 5.0)


def test_what_was_saved_here_is_seen_at_once(config: RuntimeConfig) -> None:
    assert config.document("chat") == {}
    config.save("chat", {"model": "m"})
    assert config.document("chat") == {"model": "m"}
    config.save("chat", {})
    assert config.document("chat") == {}


def test_documents_have_ages_of_their_own(config: RuntimeConfig, owner: RuntimeConfig, clock: Clock) -> None:
    config.document("chat")
    owner.save("chat", {"a": 1})
    owner.save("wechat", {"b": 2})
    clock.pass_by(1)
    assert config.document("wechat") == {"b": 2}
    assert config.document("chat") == {}


def test_while_the_table_refuses_the_last_document_is_used(
    config: RuntimeConfig, owner: RuntimeConfig, refusing: Refusing, clock: Clock
) -> None:
    owner.save_reply_rules({"texts": {"help": "一"}})
    assert _help(config) == "一"
    refusing.refuse = True
    for _ in range(3):
        clock.pass_by(MAX_AGE_SECONDS)
        assert _help(config) == "一"
    reads = refusing.reads
    assert _help(config) == "一"
    assert refusing.reads == reads, "a table in trouble is not asked for every message"
    owner.save_reply_rules({"texts": {"help": "二"}})
    refusing.refuse = False
    clock.pass_by(MAX_AGE_SECONDS)
    assert _help(config) == "二"


def test_a_table_that_refuses_from_the_start_leaves_the_defaults(
    config: RuntimeConfig, refusing: Refusing
) -> None:
    refusing.refuse = True
    assert config.document("replies") == {}
    assert config.reply_rules() == ReplyRules()


@pytest.mark.parametrize("bad", [{"texts": {"nobody": "x"}}, {"keywords": 5}, ["no object"], "text", 5])
def test_a_bad_document_in_the_table_leaves_the_last_good_rules(
    refusing: Refusing, owner: RuntimeConfig, clock: Clock, caplog: pytest.LogCaptureFixture, bad: Any
) -> None:
    config = RuntimeConfig(refusing, clock)
    owner.save_reply_rules({"texts": {"help": "好的"}})
    assert _help(config) == "好的"
    refusing.put({"pk": "config", "sk": "replies", "document": bad})
    clock.pass_by(MAX_AGE_SECONDS)
    with caplog.at_level(logging.ERROR):
        assert [_help(config) for _ in range(10)] == ["好的"] * 10
    assert len(caplog.records) == 1, "said once, not for every message"
    owner.save_reply_rules({"texts": {"help": "又好了"}})
    clock.pass_by(MAX_AGE_SECONDS)
    assert _help(config) == "又好了"


def test_rules_taken_away_are_the_defaults_again(
    config: RuntimeConfig, owner: RuntimeConfig, table: SqliteTable, clock: Clock
) -> None:
    owner.save_reply_rules({"texts": {"help": "自己写的"}})
    assert _help(config) == "自己写的"
    table.delete("config", "replies")
    clock.pass_by(MAX_AGE_SECONDS)
    assert config.reply_rules() == ReplyRules()


def test_rules_are_parsed_once_while_they_stay_the_same(
    config: RuntimeConfig, owner: RuntimeConfig, clock: Clock
) -> None:
    owner.save_reply_rules({"texts": {"help": "一"}})
    rules = config.reply_rules()
    clock.pass_by(MAX_AGE_SECONDS)
    assert config.reply_rules() is rules


def test_bad_rules_are_not_saved(config: RuntimeConfig, table: SqliteTable) -> None:
    config.save_reply_rules({"texts": {"help": "一"}})
    with pytest.raises(RuleError):
        config.save_reply_rules({"texts": {"help": ""}})
    assert _help(config) == "一"


def test_a_table_that_refuses_to_save_is_told(config: RuntimeConfig, table: SqliteTable) -> None:
    table.close()
    with pytest.raises(StoreError):
        config.save("chat", {})


# How the model is reached


DEPLOYED = AiSettings(api_url="https://a.example/v1", api_key="sk-a", model="m", prompt="p", temperature=0.5)


def test_nothing_saved_is_the_deployments_own(config: RuntimeConfig) -> None:
    assert config.ai("chat", DEPLOYED) is DEPLOYED


def test_what_was_saved_goes_before_the_deployments_own_and_the_rest_stays(config: RuntimeConfig) -> None:
    other = replace(
        DEPLOYED,
        api_url="https://b.example/v1",
        api_key="sk-b",
        model="n",
        prompt="",
        temperature=0.0,
        max_tokens=7,
    )
    config.save_ai("chat", other, DEPLOYED)
    assert config.ai("chat", DEPLOYED) == other
    assert config.ai("wechat", DEPLOYED) is DEPLOYED
    redeployed = replace(DEPLOYED, timeout=9.0, interaction_mode="block", image_input=True)
    assert config.ai("chat", redeployed) == replace(
        other, timeout=9.0, interaction_mode="block", image_input=True
    )


def test_a_temperature_left_to_the_model_is_not_the_deployments(config: RuntimeConfig) -> None:
    config.save_ai("chat", replace(DEPLOYED, temperature=None), DEPLOYED)
    assert config.ai("chat", DEPLOYED).temperature is None


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0, 2.0])
def test_a_temperature_is_kept_as_it_is(config: RuntimeConfig, temperature: float) -> None:
    config.save_ai("chat", replace(DEPLOYED, temperature=temperature), DEPLOYED)
    assert config.ai("chat", replace(DEPLOYED, temperature=None)).temperature == temperature


def test_the_deployments_key_is_not_copied_and_may_change_there(
    config: RuntimeConfig, table: SqliteTable
) -> None:
    config.save_ai("chat", replace(DEPLOYED, model="n"), DEPLOYED)
    assert "sk-a" not in str(table.get("config", "chat"))
    assert config.ai("chat", DEPLOYED).api_key == "sk-a"
    assert config.ai("chat", replace(DEPLOYED, api_key="sk-new")).api_key == "sk-new"


MOVED = replace(DEPLOYED, api_url="https://c.example/v1", api_key="sk-c", model="c")


def test_when_the_deployment_moves_to_another_service_a_model_of_the_first_is_not_asked_for_there(
    config: RuntimeConfig,
) -> None:
    config.save_ai("chat", replace(DEPLOYED, model="n", prompt="q"), DEPLOYED)
    assert config.ai("chat", DEPLOYED) == replace(DEPLOYED, model="n", prompt="q")
    assert config.ai("chat", MOVED) == replace(MOVED, prompt="q")


def test_whoever_changes_the_prompt_only_goes_along_with_the_deployment_in_everything_else(
    config: RuntimeConfig,
) -> None:
    config.save_ai("chat", replace(DEPLOYED, prompt="q"), DEPLOYED)
    redeployed = replace(MOVED, temperature=1.5, max_tokens=99)
    assert config.ai("chat", redeployed) == replace(redeployed, prompt="q")


def test_what_is_set_back_to_the_deployments_own_follows_it_again(config: RuntimeConfig) -> None:
    config.save_ai("chat", replace(DEPLOYED, prompt="q", model="n", temperature=None), DEPLOYED)
    config.save_ai("chat", DEPLOYED, DEPLOYED)
    assert config.ai("chat", MOVED) is MOVED


def test_a_saved_key_goes_only_where_it_was_saved_for(config: RuntimeConfig) -> None:
    config.save_ai("chat", replace(DEPLOYED, api_key="sk-own"), DEPLOYED)
    assert config.ai("chat", DEPLOYED).api_key == "sk-own"
    moved = replace(DEPLOYED, api_url="https://c.example/v1", api_key="sk-c")
    now = config.ai("chat", moved)
    assert (now.api_url, now.api_key) == ("https://a.example/v1", "sk-own")


def test_a_service_without_a_key_is_not_given_the_deployments(config: RuntimeConfig) -> None:
    config.save_ai("chat", replace(DEPLOYED, api_url="http://localhost:11434/v1", api_key=""), DEPLOYED)
    assert config.ai("chat", DEPLOYED).api_key == ""


def test_a_document_that_names_an_address_without_a_key_never_gets_the_deployments_key_sent_there(
    config: RuntimeConfig, owner: RuntimeConfig
) -> None:
    owner.save("chat", {"api_url": "https://b.example/v1", "model": "n", "unknown": 1})
    assert config.ai("chat", DEPLOYED) == DEPLOYED


def test_while_the_table_refuses_the_last_known_model_is_asked(
    config: RuntimeConfig, owner: RuntimeConfig, refusing: Refusing, clock: Clock
) -> None:
    owner.save_ai("chat", replace(DEPLOYED, model="n"), DEPLOYED)
    assert config.ai("chat", DEPLOYED).model == "n"
    refusing.refuse = True
    clock.pass_by(MAX_AGE_SECONDS)
    assert config.ai("chat", DEPLOYED).model == "n"
