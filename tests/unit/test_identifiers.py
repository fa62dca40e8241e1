"""Identifiers sort by time; followers are spoken of by a name that gives nothing away."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.identifiers import pseudonym, time_ordered_id

# From 1970 to the year 2286, from when on the milliseconds have one digit more.
MILLISECONDS = st.integers(0, 9_999_999_999_998)


@settings(deadline=None)
@given(MILLISECONDS, MILLISECONDS)
def test_identifiers_sort_by_their_time(one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    if earlier + 1 < later:
        assert time_ordered_id(earlier / 1000) < time_ordered_id(later / 1000)


def test_identifiers_of_one_moment_differ() -> None:
    assert len({time_ordered_id(1_763_900_000.123) for _ in range(1000)}) == 1000


def test_a_pseudonym_is_stable_and_gives_nothing_away() -> None:
    openid = "oABCDEFGHIJKLMNOPQRSTUVWXYZ0"
    assert pseudonym(openid) == pseudonym(openid)
    assert pseudonym(openid) != pseudonym(openid[:-1] + "1")
    assert re.fullmatch("[0-9a-f]{10}", pseudonym(openid))
    assert not any(openid[n : n + 4].lower() in pseudonym(openid) for n in range(len(openid) - 3))


def test_any_text_has_a_pseudonym() -> None:
    assert len({pseudonym(text) for text in ("", "微信", "\ud83d", "x" * 10_000)}) == 4
