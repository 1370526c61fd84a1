from __future__ import annotations

import base64
import json
import re
import string
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.scrub.pseudonyms import StandIns

KEY = bytes(range(32))
ANY_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)


def of(value: str, key: bytes = KEY) -> str:
    return StandIns(key).of(value)


def b64url(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def test_the_same_value_has_the_same_stand_in_in_every_process() -> None:
    assert of("correct-horse-7") == of("correct-horse-7")


def test_another_key_gives_another_stand_in_and_another_digest() -> None:
    other = StandIns(bytes(32))
    assert other.of("correct-horse-7") != of("correct-horse-7")
    assert other.digest("correct-horse-7") != StandIns(KEY).digest("correct-horse-7")


@given(ANY_TEXT)
def test_the_stand_in_of_a_stand_in_is_itself(value: str) -> None:
    stand_ins = StandIns(KEY)
    made = stand_ins.of(value)
    assert stand_ins.is_one(made)
    assert stand_ins.of(made) == made


def test_a_stand_in_of_an_opened_cassette_is_not_replaced_again() -> None:
    stand_ins = StandIns(KEY)
    stand_ins.adopt("Qwerty12", "00" * 8, 8)
    assert stand_ins.of("Qwerty12") == "Qwerty12"
    assert stand_ins.origin("Qwerty12") == ("00" * 8, 8)


@given(st.text(string.ascii_letters + string.digits, min_size=6, max_size=60))
def test_length_and_character_classes_are_kept(value: str) -> None:
    made = of(value)
    assert len(made) == len(value)
    for alphabet in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
        assert any(c in alphabet for c in made) == any(c in alphabet for c in value)


def test_an_account_id_becomes_twelve_digits_that_do_not_start_with_zero() -> None:
    made = {of(f"{number:012}") for number in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(r"[1-9]\d{11}", one) for one in made)


def test_an_access_key_id_keeps_its_prefix_and_pattern() -> None:
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", of("ASIA" + "Q3EGABCDEFGHJKLM"))


def test_a_secret_access_key_keeps_length_and_alphabet() -> None:
    assert re.fullmatch(r"[A-Za-z0-9/+]{40}", of("aB3/" * 10))


@pytest.mark.parametrize("prefix", ["FQoGZXIv" + "YXdzE", "IQoJb3Jp" + "Z2luX2VjE"])
def test_a_session_token_keeps_what_says_that_it_is_one(prefix: str) -> None:
    made = of(prefix + "aB3/" * 60)
    assert made.startswith(prefix)
    assert made[len(prefix) :] != "aB3/" * 60


def test_a_uuid_stays_a_uuid_of_its_version() -> None:
    assert uuid.UUID(of("0b7d6c2e-8e0b-4b0e-9c59-5f0b9c2d7a11")).version == 4


def test_hex_stays_hex() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", of("0123456789abcdef" * 2))


def test_a_number_stays_a_number() -> None:
    assert re.fullmatch(r"[1-9]\d{6}", of("1234567"))


def test_a_word_stays_a_word() -> None:
    assert re.fullmatch(r"[A-Z][a-z]{6}", of("Reports"))


def test_an_email_address_stays_one_of_its_length_in_a_domain_that_is_nobodys() -> None:
    assert re.fullmatch(r"[a-z]{7}@example\.com", of("joe.doe@example.com"))


def test_a_short_email_address_stays_one() -> None:
    assert re.fullmatch(r"[a-z]{2}@[a-z]{4}\.io", of("jo@acme.io"))


def test_an_address_stays_a_private_one() -> None:
    assert re.fullmatch(r"10\.\d{1,3}\.\d{1,3}\.\d{1,3}", of("203.0.113.9"))


def test_a_url_keeps_scheme_and_host() -> None:
    assert of("https://hooks.example.com/T0/abc123").startswith("https://hooks.example.com/")


def test_a_token_keeps_the_prefix_that_its_service_checks() -> None:
    assert re.fullmatch(r"ghp_[A-Za-z0-9]{36}", of("gh" + "p_" + "aB3" * 12))


@given(st.binary(min_size=5, max_size=64))
def test_base64_stays_base64_and_its_bytes_have_the_matching_stand_in(data: bytes) -> None:
    stand_ins = StandIns(KEY)
    made = stand_ins.of_bytes(data)
    assert len(made) == len(data)
    assert base64.b64encode(made).decode() == stand_ins.of(base64.b64encode(data).decode())


def test_a_jwt_still_decodes_keeps_its_length_and_lies_in_the_future() -> None:
    claims = {"sub": "user-1234", "exp": 1_700_000_000, "iat": 1_600_000_000, "aud": ["api"], "n": 1234567}
    token = ".".join([b64url({"alg": "RS256", "kid": "key1"}), b64url(claims), "aB3_" * 8])
    made = of(token)
    header, payload, signature = made.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert len(made) == len(token)
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["alg"] == "RS256"
    assert decoded.keys() == claims.keys()
    assert decoded["exp"] > 4_000_000_000
    assert decoded["iat"] == 1_600_000_000
    assert decoded["sub"] != "user-1234"
    assert signature != "aB3_" * 8


def test_something_like_a_jwt_that_does_not_decode_is_replaced_too() -> None:
    token = "eyJ" + "abcdefgh1" + "." + "!".replace("!", "notjson12") + ".sig12345678"
    assert of(token) != token
    assert of(token).count(".") == 2


def test_a_private_key_keeps_armour_and_line_lengths() -> None:
    name = "EC PRIVATE " + "KEY"
    pem = f"-----BEGIN {name}-----\n{'aB3/' * 16}\n{'xY9+' * 4}\n-----END {name}-----\n"
    made = of(pem).splitlines()
    assert (made[0], made[-1]) == (f"-----BEGIN {name}-----", f"-----END {name}-----")
    assert [len(line) for line in made] == [len(line) for line in pem.splitlines()]
    assert "aB3/aB3/" not in "".join(made)


def test_every_signature_of_one_length_has_the_same_stand_in() -> None:
    stand_ins = StandIns(KEY)
    assert stand_ins.constant("a1" * 32) == stand_ins.constant("b2" * 32) != "a1" * 32
    assert stand_ins.is_one(stand_ins.constant("a1" * 32))


@pytest.mark.parametrize("value", ["a", "ab", "A1", "7", "-", "é", "日本語", "🔑"])
def test_short_and_foreign_values_keep_their_length(value: str) -> None:
    assert len(of(value)) == len(value)


def test_no_stand_in_is_a_word_that_passes_for_no_secret() -> None:
    made = {StandIns(number.to_bytes(32, "big")).of("me") for number in range(4000)}
    assert len(made) > 500
    assert made.isdisjoint({"no", "on"})
