"""The owner's password opens, and nothing else does; guessing becomes slow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.clock import Clock
from wechat_oa.owner import OwnerPassword, SettingsClosedError, WrongPasswordError
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import StoreError
from wechat_oa.tries import FREE_TRIES, TooManyTriesError

PASSWORD = "a password 密码"


@pytest.fixture
def owner(table: SqliteTable, clock: Clock) -> OwnerPassword:
    return OwnerPassword(table, PASSWORD, clock)


def test_the_password_opens(owner: OwnerPassword) -> None:
    assert owner.configured
    for _ in range(20):
        owner.check("v1", PASSWORD)


@pytest.mark.parametrize(
    "given", ["A PASSWORD 密码", PASSWORD + " ", PASSWORD[:-1], PASSWORD * 2, "\0", "\ud800", "x" * 100_000]
)
def test_anything_else_does_not(owner: OwnerPassword, given: str) -> None:
    with pytest.raises(WrongPasswordError) as raised:
        owner.check("v1", given)
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize("given", ["", "x", PASSWORD])
def test_without_a_password_nothing_opens(table: SqliteTable, clock: Clock, given: str) -> None:
    owner = OwnerPassword(table, "", clock)
    assert not owner.configured
    with pytest.raises(SettingsClosedError):
        owner.check("v1", given)


def test_while_one_must_wait_even_the_right_password_is_not_looked_at(
    owner: OwnerPassword, clock: Clock
) -> None:
    for _ in range(FREE_TRIES + 1):
        with pytest.raises(WrongPasswordError):
            owner.check("v1", "guess")
    with pytest.raises(TooManyTriesError) as raised:
        owner.check("v1", PASSWORD)
    owner.check("v2", PASSWORD)
    clock.pass_by(raised.value.seconds)
    owner.check("v1", PASSWORD)
    for _ in range(FREE_TRIES):
        with pytest.raises(WrongPasswordError):
            owner.check("v1", "guess")


def test_the_right_password_opens_for_many_at_once_and_a_wrong_one_does_not(owner: OwnerPassword) -> None:
    """An owner's program may send several pages at the same time."""
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda _: owner.check("v1", PASSWORD), range(40)))
        tried = list(threads.map(lambda _: _outcome(owner, "guess"), range(40)))
    assert tried.count(WrongPasswordError) <= FREE_TRIES + 1
    assert set(tried) == {WrongPasswordError, TooManyTriesError}
    while _outcome(owner, "guess") is WrongPasswordError:
        pass
    with pytest.raises(TooManyTriesError):
        owner.check("v1", PASSWORD)


def _outcome(owner: OwnerPassword, given: str) -> type[Exception] | None:
    try:
        owner.check("v1", given)
    except (WrongPasswordError, TooManyTriesError) as error:
        return type(error)
    return None


def test_no_password_at_all_is_refused_but_is_no_guess(owner: OwnerPassword) -> None:
    """Any page can make a visitor's browser ask without one: it must not lock the owner out."""
    for _ in range(50):
        with pytest.raises(WrongPasswordError):
            owner.check("v1", "")
    owner.check("v1", PASSWORD)


def test_a_table_that_cannot_be_reached_opens_nothing(owner: OwnerPassword, table: SqliteTable) -> None:
    table.close()
    with pytest.raises(StoreError):
        owner.check("v1", PASSWORD)
