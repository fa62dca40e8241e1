"""Signatures: WeChat's own are accepted, everything else is refused with a text for the log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat_oa.callback.errors import CallbackError, SignatureError
from wechat_oa.callback.signature import sign, verify

VECTORS = json.loads((Path(__file__).parents[1] / "fixtures/crypto/vectors.json").read_text())
NOW = 1714037059.0


def signed(timestamp: str = "1714037059", nonce: str = "486452656") -> tuple[str, str, str, str]:
    """A signature made with the token AAAAA, and its parts, as ``verify`` takes them."""
    return sign("AAAAA", timestamp, nonce), "AAAAA", timestamp, nonce


@pytest.mark.parametrize("vector", VECTORS["signature"], ids=lambda vector: vector["id"])
def test_signatures_of_the_official_documentation_are_right(vector: dict[str, Any]) -> None:
    verify(
        vector["signature"],
        vector["token"],
        vector["timestamp"],
        vector["nonce"],
        now=float(vector["timestamp"]),
    )


@pytest.mark.parametrize("vector", VECTORS["decrypt"] + VECTORS["encrypt"], ids=lambda vector: vector["id"])
def test_signatures_over_an_encrypted_message_are_right(vector: dict[str, Any]) -> None:
    parts = (vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"])
    verify(vector["msg_signature"], *parts, now=float(vector["timestamp"]))


@pytest.mark.parametrize("change", range(4), ids=["signature", "token", "timestamp", "nonce"])
def test_a_change_to_any_part_makes_the_signature_wrong(change: int) -> None:
    parts = list(signed())
    parts[change] = parts[change][:-1] + ("1" if parts[change][-1] != "1" else "2")
    with pytest.raises(SignatureError, match="signature wrong"):
        verify(*parts, now=NOW)


def test_a_signature_over_the_query_is_wrong_for_an_encrypted_message() -> None:
    with pytest.raises(SignatureError, match="signature wrong"):
        verify(*signed(), "encrypted", now=NOW)


@pytest.mark.parametrize("missing", [0, 2, 3], ids=["signature", "timestamp", "nonce"])
def test_a_missing_part_is_refused_even_if_the_signature_fits_what_is_left(missing: int) -> None:
    parts = list(signed())
    parts[missing] = ""
    if missing:
        parts[0] = sign(*parts[1:])
    with pytest.raises(SignatureError, match="missing"):
        verify(*parts, now=NOW)


def test_an_empty_encrypted_part_is_refused() -> None:
    with pytest.raises(SignatureError, match="missing"):
        verify(*signed(), "", now=NOW)


def test_without_a_token_nothing_is_accepted() -> None:
    forged = sign("", "1714037059", "486452656")
    with pytest.raises(SignatureError, match="no token is configured"):
        verify(forged, "", "1714037059", "486452656", now=NOW)


@pytest.mark.parametrize("seconds", [-300, -1, 0, 1, 300])
def test_a_timestamp_within_the_window_is_accepted(seconds: int) -> None:
    verify(*signed(), now=NOW + seconds)


@pytest.mark.parametrize(("seconds", "text"), [(301, "301 s behind"), (-4000, "4000 s ahead of")])
def test_a_stale_timestamp_is_refused_with_a_hint_at_the_clock(seconds: int, text: str) -> None:
    with pytest.raises(SignatureError, match=f"{text} the clock here.*clock right"):
        verify(*signed(), now=NOW + seconds)


def test_the_window_can_be_chosen() -> None:
    verify(*signed(), now=NOW + 3600, window=3600)


@pytest.mark.parametrize(
    "timestamp", ["abc", "-5", "1e9", "1714037059.0", "１７１４０３７０５９", "²", "9" * 5000]
)
def test_a_malformed_timestamp_is_refused_even_if_signed(timestamp: str) -> None:
    with pytest.raises(SignatureError, match="malformed"):
        verify(*signed(timestamp), now=NOW)


@given(st.tuples(*[st.text(st.characters(exclude_categories=()))] * 5))
def test_any_text_is_refused_without_another_error(parts: tuple[str, str, str, str, str]) -> None:
    with pytest.raises(SignatureError):
        verify(*parts, now=NOW)


def test_every_error_is_a_callback_error_and_tells_no_secret() -> None:
    with pytest.raises(CallbackError) as caught:
        verify("0" * 40, *signed()[1:], now=NOW)
    assert "AAAAA" not in str(caught.value)
    assert sign("AAAAA", "1714037059", "486452656") not in str(caught.value)
