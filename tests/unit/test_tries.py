"""Wrong tries: three are free, each one more doubles the wait, and coming all at once gains nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.clock import Clock
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.tries import FREE_TRIES, LONGEST_WAIT, TooManyTriesError, Tries

DAY = 24 * 3600


@pytest.fixture
def tries(table: SqliteTable, clock: Clock) -> Tries:
    return Tries(table, "password", clock)


def _refused(tries: Tries, visitor: str = "v1") -> int:
    """The seconds one must wait; 0 when the try is let through."""
    try:
        tries.reserve(visitor)
    except TooManyTriesError as error:
        return error.seconds
    return 0


def _wait(tries: Tries, clock: Clock) -> int:
    """Use up a try, and return how long one must wait after it."""
    assert not _refused(tries)
    waited = 0
    while _refused(tries):
        clock.pass_by(1)
        waited += 1
    return waited


def test_each_try_after_three_doubles_the_wait_up_to_fifteen_minutes(tries: Tries, clock: Clock) -> None:
    assert [_refused(tries) for _ in range(FREE_TRIES)] == [0, 0, 0]
    waits = []
    for _ in range(13):
        tries.reserve("v1")
        waits.append(_refused(tries) - 1)
        clock.pass_by(waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert LONGEST_WAIT == 900


def test_whoever_must_wait_is_told_how_long_and_not_longer_for_asking(tries: Tries, clock: Clock) -> None:
    for _ in range(6):
        while _refused(tries):
            clock.pass_by(1)
    seconds = _refused(tries)
    assert seconds > 1
    assert {_refused(tries) for _ in range(20)} == {seconds}
    clock.pass_by(seconds)
    assert not _refused(tries)


def test_a_right_try_forgets_the_wrong_ones(tries: Tries, clock: Clock) -> None:
    for _ in range(FREE_TRIES):
        tries.reserve("v1")
    tries.right("v1")
    assert [_refused(tries) for _ in range(FREE_TRIES + 1)] == [0] * (FREE_TRIES + 1)
    assert _refused(tries)


def test_visitors_and_things_are_counted_apart(table: SqliteTable, tries: Tries, clock: Clock) -> None:
    for _ in range(FREE_TRIES + 1):
        tries.reserve("v1")
    assert _refused(tries)
    assert not _refused(tries, "v2")
    assert not _refused(Tries(table, "code", clock))


def test_wrong_tries_are_forgotten_after_a_day(tries: Tries, clock: Clock) -> None:
    for _ in range(FREE_TRIES + 1):
        tries.reserve("v1")
    clock.pass_by(DAY + 1)
    assert [_refused(tries) for _ in range(FREE_TRIES)] == [0, 0, 0]


@pytest.mark.parametrize("already", [0, FREE_TRIES - 1, FREE_TRIES])
def test_fifty_at_once_get_no_more_than_one_after_another(tries: Tries, clock: Clock, already: int) -> None:
    for _ in range(already):
        tries.reserve("v1")
    with ThreadPoolExecutor(50) as threads:
        let_through = list(threads.map(lambda _: _refused(tries), range(50))).count(0)
    assert 1 <= let_through <= FREE_TRIES + 1 - already
    assert max(0, FREE_TRIES + 1 - already - let_through) == _tries_left(tries)


def _tries_left(tries: Tries) -> int:
    left = 0
    while not _refused(tries):
        left += 1
    return left
