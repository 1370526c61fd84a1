from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.scrub.pseudonyms import StandIns
from sealtape.scrub.wording import is_mixed, is_plain, is_preference, is_sentence


@pytest.mark.parametrize(
    "value",
    ["required", "English", "PRODUCTION", "SecretRef", "development-key", "one two three", "2026-01-31"],
)
def test_words_and_dates_are_plain(value: str) -> None:
    assert is_plain(value)


@pytest.mark.parametrize(
    "value",
    ["hunter2", "", "GtKwzQ", "correcthorsebattery", "one two three four", "a7Qk2Lm9", "2026-1-31", "a--b"],
)
def test_what_a_machine_drew_or_a_long_phrase_is_not_plain(value: str) -> None:
    assert not is_plain(value)


@given(st.from_regex(r"[A-Za-z]{1,8}(?:[ _.-][A-Za-z0-9]{1,8}){0,3}", fullmatch=True))
def test_a_stand_in_is_as_plain_and_as_mixed_as_its_value(value: str) -> None:
    made = StandIns(bytes(32)).of(value)
    assert (is_plain(made), is_mixed(made)) == (is_plain(value), is_mixed(value))


@pytest.mark.parametrize(
    "text",
    [
        "is too short (minimum is 8 characters)",
        "can't be blank",
        "has no digit 1",
        "The password must be longer.",
    ],
)
def test_a_sentence_has_words_that_hold_it_together(text: str) -> None:
    assert is_sentence(text)


@pytest.mark.parametrize("text", ["correct horse battery", "the token a7Qk2Lm9Xx4Pp", "is", "the 123456"])
def test_a_phrase_or_a_text_with_a_token_in_it_is_no_sentence(text: str) -> None:
    assert not is_sentence(text)


def test_a_terse_sentence_is_two_words() -> None:
    assert is_sentence("minimum length", terse=True)
    assert not is_sentence("required", terse=True)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("theme", "dark", True), ("lang", "en-US", True), ("ok", "true", True), ("country", "Germany", True),
     ("sid", "dark", False), ("x_id", "abcdef", False), ("theme", "dark99", False), ("a", "xQzRW", False)],
)  # fmt: skip
def test_one_short_word_in_a_cookie_is_a_preference_unless_the_name_says_session(
    name: str, value: str, expected: bool
) -> None:
    assert is_preference(name, value) is expected
