"""The same content has the same digest."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from platos.core.digest import canonical, digest, digest_bytes

scalars = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
)


def turned_around(value: object) -> object:
    """The same value, with every mapping written in the opposite order."""
    if isinstance(value, dict):
        return {key: turned_around(value[key]) for key in reversed(value)}
    return [turned_around(entry) for entry in value] if isinstance(value, list) else value


@given(values)
def test_the_order_in_which_a_mapping_was_written_does_not_matter(value: object) -> None:
    assert digest(turned_around(value)) == digest(value)


def test_the_order_of_a_list_matters() -> None:
    assert digest([1, 2]) != digest([2, 1])


def test_the_canonical_form_is_json_with_sorted_keys_and_no_spaces() -> None:
    assert canonical({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'.encode()


@given(values)
def test_a_digest_is_that_of_the_canonical_bytes(value: object) -> None:
    assert digest(value) == digest_bytes(canonical(value))


def test_bytes_are_digested_with_sha_256() -> None:
    assert digest_bytes(b"platos") == sha256(b"platos").hexdigest()
