"""Counters: exact at the limit, from midnight to midnight in China."""

from __future__ import annotations

import calendar
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.clock import Clock
from wechat_oa.quota import EVENT_GRANT, MESSAGE_GRANT, Grant, Quota
from wechat_oa.store.local_table import SqliteTable

DAY = 24 * 3600


def test_what_is_over_the_limit_is_refused(table: SqliteTable, clock: Clock) -> None:
    quota = Quota(table, clock)
    assert [quota.take("wechat", "o1", 3) for _ in range(5)] == [True, True, True, False, False]


def test_zero_is_no_limit(table: SqliteTable, clock: Clock) -> None:
    quota = Quota(table, clock)
    assert all(quota.take("wechat", "o1", 0) for _ in range(50))
    assert quota.take("wechat", "o1", 1), "and nothing was counted"


def test_everyone_and_every_scope_has_a_counter_of_its_own(table: SqliteTable, clock: Clock) -> None:
    quota = Quota(table, clock)
    assert quota.take("wechat", "o1", 1)
    assert quota.take("wechat", "o2", 1)
    assert quota.take("chat", "o1", 1)
    assert not quota.take("wechat", "o1", 1)


@pytest.mark.parametrize("limit", [1, 20, 49])
def test_fifty_at_once_get_exactly_the_limit(table: SqliteTable, clock: Clock, limit: int) -> None:
    quota = Quota(table, clock)
    with ThreadPoolExecutor(50) as threads:
        taken = list(threads.map(lambda _: quota.take("wechat", "*", limit), range(50)))
    assert sum(taken) == limit


def test_the_day_begins_at_midnight_in_china(table: SqliteTable, clock: Clock) -> None:
    quota = Quota(table, clock)
    # 2025-11-24 00:00 in China.
    midnight = calendar.timegm((2025, 11, 23, 16, 0, 0))
    clock.now = midnight - 0.001
    assert [quota.take("wechat", "o1", 1) for _ in range(2)] == [True, False]
    clock.now = midnight
    assert [quota.take("wechat", "o1", 1) for _ in range(2)] == [True, False]
    clock.now = midnight + DAY - 0.001
    assert not quota.take("wechat", "o1", 1)
    clock.now = midnight + DAY
    assert quota.take("wechat", "o1", 1)


def test_counters_are_not_kept_for_ever(table: SqliteTable, clock: Clock) -> None:
    Quota(table, clock).take("wechat", "o1", 5)
    assert table.get("quota#wechat#2025-11-23", "o1")
    clock.pass_by(3 * DAY)
    assert not table.get("quota#wechat#2025-11-23", "o1")


@pytest.mark.parametrize(
    ("grant", "allowed", "seconds"), [(MESSAGE_GRANT, 5, 48 * 3600), (EVENT_GRANT, 3, 60)]
)
def test_a_window_allows_so_many_messages_for_so_long(
    table: SqliteTable, clock: Clock, grant: Grant, allowed: int, seconds: float
) -> None:
    quota = Quota(table, clock)
    assert quota.take_message("o1") == 0, "nothing happened yet"
    quota.open_window("o1", grant, clock())
    assert [quota.take_message("o1") for _ in range(allowed + 2)] == [*range(allowed, 0, -1), 0, 0]
    quota.open_window("o1", grant, clock())
    clock.pass_by(seconds - 1)
    assert quota.take_message("o1") == allowed
    clock.pass_by(1)
    assert quota.take_message("o1") == 0


def test_a_window_is_open_from_when_the_follower_acted_not_from_when_it_was_noted(
    table: SqliteTable, clock: Clock
) -> None:
    quota = Quota(table, clock)
    acted = clock()
    clock.pass_by(50)
    quota.open_window("o1", EVENT_GRANT, acted)
    clock.pass_by(9)
    assert quota.take_message("o1")
    clock.pass_by(1)
    assert not quota.take_message("o1")


def test_an_event_adds_to_what_a_message_allows(table: SqliteTable, clock: Clock) -> None:
    quota = Quota(table, clock)
    quota.open_window("o1", MESSAGE_GRANT, clock())
    assert [bool(quota.take_message("o1")) for _ in range(2)] == [True, True]
    quota.open_window("o1", EVENT_GRANT, clock())
    assert [bool(quota.take_message("o1")) for _ in range(8)] == [True] * 6 + [False] * 2
    quota.open_window("o1", EVENT_GRANT, clock())
    clock.pass_by(EVENT_GRANT.seconds)
    assert not quota.take_message("o1")


def test_after_an_events_minute_the_messages_window_is_still_open(table: SqliteTable, clock: Clock) -> None:
    quota = Quota(table, clock)
    quota.open_window("o1", MESSAGE_GRANT, clock())
    quota.open_window("o1", EVENT_GRANT, clock())
    clock.pass_by(EVENT_GRANT.seconds + 1)
    assert quota.take_message("o1") == 5


def test_a_closed_window_stays_closed_until_the_follower_acts_again(table: SqliteTable, clock: Clock) -> None:
    quota = Quota(table, clock)
    quota.open_window("o1", MESSAGE_GRANT, clock())
    quota.open_window("o2", MESSAGE_GRANT, clock())
    quota.open_window("o1", EVENT_GRANT, clock())
    quota.close_window("o1")
    assert (quota.take_message("o1"), quota.take_message("o2")) == (0, 5)
    quota.open_window("o1", MESSAGE_GRANT, clock())
    assert quota.take_message("o1") == 5


def test_fifty_at_once_send_exactly_what_the_window_allows(table: SqliteTable, clock: Clock) -> None:
    quota = Quota(table, clock)
    quota.open_window("o1", MESSAGE_GRANT, clock())
    with ThreadPoolExecutor(50) as threads:
        allowed = list(threads.map(lambda _: quota.take_message("o1"), range(50)))
    assert sorted(allowed, reverse=True)[:6] == [5, 4, 3, 2, 1, 0]
