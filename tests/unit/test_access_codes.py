"""Codes: each is used once, by whoever is first, and opens the chat for the days that the owner set."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.clock import Clock
from wechat_oa.access_codes import AccessCodes, normalise
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import StoreError

DAYS = 90
DAY = 24 * 3600


@pytest.fixture
def codes(table: SqliteTable, clock: Clock) -> AccessCodes:
    return AccessCodes(table, DAYS, clock)


def test_a_code_opens_the_chat_once_and_for_so_many_days(codes: AccessCodes, clock: Clock) -> None:
    code = codes.create()
    assert codes.usable(code)
    clock.pass_by(10 * DAY)
    access = codes.use(code)
    assert access
    assert access.until == int(clock.now) + DAYS * DAY, "counted from when it is used"
    assert not codes.usable(code)
    assert codes.use(code) is None


def test_of_fifty_at_once_one_uses_it(table: SqliteTable, clock: Clock) -> None:
    code = AccessCodes(table, DAYS, clock).create()
    with ThreadPoolExecutor(50) as threads:
        used = list(threads.map(lambda _: AccessCodes(table, DAYS, clock).use(code), range(50)))
    assert len([access for access in used if access]) == 1


def test_of_fifty_in_several_processes_one_uses_it(tmp_path: Path, clock: Clock) -> None:
    tables = [SqliteTable(tmp_path / "shared.db", clock) for _ in range(5)]
    code = AccessCodes(tables[0], DAYS, clock).create()
    with ThreadPoolExecutor(50) as threads:
        used = list(threads.map(lambda n: AccessCodes(tables[n % 5], DAYS, clock).use(code), range(50)))
    for table in tables:
        table.close()
    assert len([access for access in used if access]) == 1


def test_a_used_code_stays_used_as_long_as_what_it_opened(codes: AccessCodes, clock: Clock) -> None:
    code = codes.create()
    access = codes.use(code)
    assert access
    while clock.now < access.until + 2 * DAY:
        assert codes.use(code) is None
        clock.pass_by(DAY)


def test_a_code_that_nobody_used_expires(codes: AccessCodes, clock: Clock) -> None:
    code = codes.create()
    clock.pass_by(DAYS * DAY - 1)
    assert codes.usable(code)
    clock.pass_by(1)
    assert not codes.usable(code)
    assert codes.use(code) is None


@pytest.mark.parametrize("typed", ["abcd2345", " ABCD2345\n", "abcd 2345", "ＡＢＣＤ2345", "a b c d 2 3 4 5"])
def test_a_code_is_read_as_people_type_it(codes: AccessCodes, typed: str) -> None:
    codes.create(code="ABCD2345")
    assert (codes.use(typed) is not None) == (normalise(typed) == "ABCD2345")
    assert (normalise(typed) == "ABCD2345") == typed.isascii()


@pytest.mark.parametrize(
    "unknown", ["", " ", "ABCD2345", "#", "-", "config", "x" * 100, "ß" * 100, "😀" * 100]
)
def test_what_is_no_code_opens_nothing(codes: AccessCodes, unknown: str) -> None:
    codes.create()
    assert not codes.usable(unknown)
    assert codes.use(unknown) is None


@pytest.mark.parametrize("bad", ["short", "x" * 65, "with#sign", "中文验证码啊", " ", "a/b/c/d"])
def test_a_code_of_the_owners_own_must_be_one_that_can_be_typed(codes: AccessCodes, bad: str) -> None:
    with pytest.raises(ValueError, match="6 to 64"):
        codes.create(code=bad)


def test_the_owners_own_code_is_kept_as_it_is_and_never_made_twice(codes: AccessCodes) -> None:
    assert codes.create(code="spring-2026") == "SPRING-2026"
    for _ in range(2):
        with pytest.raises(ValueError, match="exists"):
            codes.create(code="Spring-2026")
        codes.use("spring-2026")


def test_codes_are_easy_to_read_and_hard_to_guess(codes: AccessCodes) -> None:
    made = {codes.create() for _ in range(300)}
    assert len(made) == 300
    assert all(len(code) == 8 and not set(code) & set("0O1IL") for code in made)
    assert all(not code.isalpha() and not code.isdigit() for code in made)


def test_a_follower_gets_the_same_code_until_it_is_used(codes: AccessCodes) -> None:
    """Also when WeChat delivers the message three times."""
    code = codes.for_follower("o1")
    assert [codes.for_follower("o1") for _ in range(3)] == [code] * 3
    assert codes.for_follower("o2") != code
    assert codes.use(code)
    new = codes.for_follower("o1")
    assert new != code
    assert codes.usable(new)


def test_a_follower_gets_a_new_code_once_theirs_has_expired(codes: AccessCodes, clock: Clock) -> None:
    code = codes.for_follower("o1")
    clock.pass_by(DAYS * DAY)
    new = codes.for_follower("o1")
    assert new != code
    assert codes.usable(new)


def test_a_follower_is_one_visitor_however_many_codes_they_use(codes: AccessCodes) -> None:
    """Else a day's limit for a visitor would be none for whoever asks the account for more codes."""
    opened = [codes.use(codes.for_follower("o1")) for _ in range(5)]
    assert len({access.who for access in opened if access}) == 1
    other = codes.use(codes.for_follower("o2"))
    assert other
    assert opened[0]
    assert other.who != opened[0].who


def test_the_owners_codes_are_for_a_visitor_each(codes: AccessCodes) -> None:
    opened = [codes.use(codes.create()) for _ in range(5)]
    assert len({access.who for access in opened if access}) == 5


def test_nothing_in_a_visitors_name_tells_the_openid(codes: AccessCodes) -> None:
    openid = "oABCD-1234567890abcdefghijkl"
    access = codes.use(codes.for_follower(openid))
    assert access
    assert access.who.isalnum()
    assert access.who not in openid
    assert openid not in access.who


def test_a_table_that_cannot_be_reached_is_told(codes: AccessCodes, table: SqliteTable) -> None:
    table.close()
    for call in (codes.create, lambda: codes.use("ABCD2345"), lambda: codes.for_follower("o1")):
        with pytest.raises(StoreError):
            call()
