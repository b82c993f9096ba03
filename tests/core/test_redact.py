"""Redaction: no secret survives it, wherever it stands, and plain text comes through as it was."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core import redact as redaction
from platos.core.redact import MARK, redact

WORD = string.ascii_letters + string.digits
AROUND = st.sampled_from(["", " ", "\n", '"', "'", "=", ": ", "(", "key=", "<", "/"])
TEXT = st.text(string.ascii_lowercase + " .,\n", max_size=60)
SECRETS = st.text(min_size=6, max_size=40).filter(lambda secret: not set(secret) <= set(MARK))


def exactly(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most)


def after(*starts: str, alphabet: str = WORD, least: int, most: int) -> st.SearchStrategy[str]:
    """A key that begins with one of these."""
    return st.builds(str.__add__, st.sampled_from(starts), exactly(alphabet, least, most))


BASE64 = WORD + "-_"
PARTS = exactly(BASE64, 8, 60)
FORMS = {
    "a model provider": after("sk-", "sk-proj-", "sk-ant-api03-", "sk-or-v1-", alphabet=BASE64, least=20, most=90),
    "another model provider": after("gsk_", "hf_", "xai-", "pplx-", "r8_", least=32, most=80),
    "a payment provider": after("sk_live_", "rk_live_", "pk_test_", "sk_test_", least=24, most=99),
    "a code host": after("ghp_", "gho_", "ghu_", "ghs_", "ghr_", least=36, most=36),
    "a code host's finer token": after("github_pat_", alphabet=WORD + "_", least=82, most=82),
    "another code host": after("glpat-", alphabet=BASE64, least=20, most=20),
    "a chat": after("xoxb-", "xoxp-", "xoxa-", "xoxs-", alphabet=WORD + "-", least=20, most=60),
    "a cloud": after("AKIA", "ASIA", alphabet=string.ascii_uppercase + string.digits, least=16, most=16),
    "another cloud": after("AIza", alphabet=BASE64, least=35, most=35),
    "a JSON web token": st.builds("eyJ{}.{}.{}".format, PARTS, PARTS, PARTS),
}
KEYS = st.one_of(*FORMS.values())
KINDS = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK")
BODY = st.lists(exactly(WORD + "+/=", 40, 64), min_size=1, max_size=5).map("\n".join)


@given(st.lists(SECRETS, min_size=1, max_size=4), st.data())
def test_a_known_secret_never_survives(secrets: list[str], data: st.DataObject) -> None:
    order = data.draw(st.lists(st.sampled_from(secrets), max_size=6))
    text = "".join(data.draw(TEXT) + secret for secret in order) + data.draw(TEXT)
    clean = redact(text, secrets)
    assert not [secret for secret in secrets if secret in clean]


@given(SECRETS, st.integers(1, 5))
def test_of_two_known_secrets_the_longer_goes_as_a_whole(secret: str, more: int) -> None:
    longer = secret + "#" * more
    assert redact(f"<{longer}>", [secret, longer]) == f"<{MARK}>"


@given(TEXT, AROUND, KEYS, st.sampled_from(["", " ", "\n", '"', "'", ",", ")", "&", "<", "."]), TEXT)
def test_a_key_of_a_documented_form_never_survives(before: str, left: str, key: str, right: str, after: str) -> None:
    clean = redact(before + (left or " ") + key + (right or "\n") + after)
    assert key not in clean
    assert MARK in clean


@given(TEXT, exactly(WORD + "._~+/-", 16, 80), st.sampled_from(["", "=", "=="]), st.sampled_from(["Bearer", "bearer"]))
def test_a_bearer_token_never_survives(before: str, token: str, padding: str, bearer: str) -> None:
    clean = redact(f"{before}\nAuthorization: {bearer} {token}{padding}\n")
    assert clean == f"{before}\nAuthorization: {bearer} {MARK}\n"


@given(TEXT, st.sampled_from(KINDS), BODY, TEXT)
def test_a_private_key_never_survives(before: str, kind: str, body: str, after: str) -> None:
    key = f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----"
    assert redact(before + key + after) == before + MARK + after


@given(TEXT, st.sampled_from(KINDS), BODY)
def test_a_private_key_that_the_text_breaks_off_in_never_survives(before: str, kind: str, body: str) -> None:
    assert redact(f"{before}-----BEGIN {kind}-----\n{body}") == before + MARK


@given(st.sampled_from(["ana", ""]), exactly(WORD + ":!$%&*+,;=._~-", 1, 30), st.sampled_from(["redis", "https"]))
def test_a_password_in_an_address_never_survives(user: str, password: str, scheme: str) -> None:
    assert redact(f"at {scheme}://{user}:{password}@host:80/path?x=1") == f"at {scheme}://{MARK}@host:80/path?x=1"


@given(st.text(string.ascii_letters + " .,;:!?()'\"\n€äöüß漢字", max_size=300))
def test_plain_text_is_unchanged(text: str) -> None:
    assert redact(text, ["a secret that is not in it", "short"]) == text


@pytest.mark.parametrize(
    "text",
    [
        "the risk-adjusted-rate-of-return-2026 of a task-management-system",
        "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "run 123e4567-e89b-12d3-a456-426614174000 at 2026-11-21T09:30:00Z",
        "https://example.org:8080/a/b@c?to=d@e and mail to ana@example.org",
        "ftp://example.org and user:password, but no address @all",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "a bearer of good news, the AKITA, and eyJust a look",
    ],
)
def test_what_only_looks_like_a_key_is_unchanged(text: str) -> None:
    assert redact(text) == text


@given(KEYS, TEXT)
def test_what_was_redacted_is_not_changed_again(key: str, text: str) -> None:
    once = redact(f"{text} {key}\n{text}", [key])
    assert redact(once, [key]) == once


SAMPLES = (
    "sk-ant-api03-Zm9vYmFyYmF6cXV4",
    "gsk_Zm9vYmFyYmF6cXV4Zm9vYmFy",
    "ghp_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4ab",
    "github_pat_Zm9vYmFyYmF6cXV4Zm9vYmFy",
    "glpat-Zm9vYmFyYmF6cXV4Zm9v",
    "xoxb-1234567890-Zm9vYmFy",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyZm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4a",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_form_that_is_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch, sample: str) -> None:
    """Planted: a redaction that has forgotten one of the forms lets its keys through."""
    assert redact(sample) == MARK
    known = redaction._SECRETS
    forms = [form for form in re.split(r"\n? +\| ", known.pattern) if not re.search(form, sample, known.flags)]
    monkeypatch.setattr(redaction, "_SECRETS", re.compile("|".join(forms), known.flags))
    assert redact(sample) == sample
