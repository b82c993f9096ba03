"""Tokens: what was signed is read back; whatever else is refused."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.grant import Grant, read_grant, sign
from platos.errors import PermissionDenied

KEY, NOW = b"k" * 32, 1_000
GRANT = Grant(gate=3, digest="4f" * 32, person="ana", expires=2_000)
TOKEN = sign(KEY, GRANT)

GRANTS = st.builds(
    Grant,
    gate=st.integers(1, 2**62),
    digest=st.text(max_size=64),
    person=st.text(max_size=64),
    expires=st.integers(NOW + 1, 2**62),
)


@given(GRANTS, st.binary(min_size=32, max_size=32))
def test_what_was_signed_is_read_back(granted: Grant, key: bytes) -> None:
    token = sign(key, granted)
    if len(token) <= 1_000:
        assert read_grant(key, token, NOW) == granted


@given(st.integers(0, len(TOKEN) * 8 - 1))
def test_a_token_with_a_flipped_bit_is_refused(bit: int) -> None:
    forged = bytearray(TOKEN.encode())
    forged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(PermissionDenied):
        read_grant(KEY, forged.decode("latin-1"), NOW)


def test_every_flipped_bit_is_refused() -> None:
    for bit in range(len(TOKEN) * 8):
        forged = bytearray(TOKEN.encode())
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(PermissionDenied):
            read_grant(KEY, forged.decode("latin-1"), NOW)


def test_a_signature_that_nobody_compares_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: every signature is taken for the right one."""
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: True)
    assert read_grant(KEY, f"{TOKEN[:-1]}{'1' if TOKEN[-1] == '0' else '0'}", NOW) == GRANT


@given(st.text(max_size=2_000))
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(PermissionDenied):
        read_grant(KEY, text, NOW)


@pytest.mark.parametrize("tail", ["", "=", "==", "\n", " ", ".", "0"])
def test_a_token_has_one_spelling(tail: str) -> None:
    text, _, signature = TOKEN.partition(".")
    for other in (f"{text}{tail}.{signature}", f"{TOKEN}{tail}", f"{text}.{signature.upper()}"):
        if other != TOKEN:
            with pytest.raises(PermissionDenied):
                read_grant(KEY, other, NOW)


@given(st.binary(min_size=32, max_size=32).filter(lambda key: key != KEY))
def test_a_token_of_another_workspace_is_refused(key: bytes) -> None:
    with pytest.raises(PermissionDenied, match="not one that was sent"):
        read_grant(key, TOKEN, NOW)


@pytest.mark.parametrize(("now", "good"), [(1_999, True), (2_000, False), (2**60, False)])
def test_a_token_is_good_until_it_expires(now: int, good: bool) -> None:
    if good:
        assert read_grant(KEY, TOKEN, now) == GRANT
    else:
        with pytest.raises(PermissionDenied, match="over"):
            read_grant(KEY, TOKEN, now)


def test_one_gates_signature_under_another_grant_is_refused() -> None:
    other = sign(KEY, Grant(gate=4, digest="4f" * 32, person="ana", expires=2_000))
    with pytest.raises(PermissionDenied):
        read_grant(KEY, f"{other.partition('.')[0]}.{TOKEN.partition('.')[2]}", NOW)
