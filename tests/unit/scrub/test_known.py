from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.interaction import Removal
from sealtape.scrub.known import Known, Reach, reach_of
from sealtape.scrub.pseudonyms import StandIns

KEY = bytes(range(32))
VALUE = "pa$$/w0rd+9"


def knowing(value: str, rule: str = "secret-name", reach: Reach | None = None) -> tuple[Known, str]:
    stand_ins = StandIns(KEY)
    known = Known(stand_ins)
    known.add(value, rule, reach_of(value, rule) if reach is None else reach)
    return known, stand_ins.of(value)


def recalling(value: str, rule: str = "secret-name") -> tuple[Known, str]:
    """What a replay knows about a value that a recording removed."""
    recorder = StandIns(KEY)
    made = recorder.of(value)
    known = Known(StandIns(KEY))
    known.adopt([Removal(rule, "somewhere", made, *recorder.origin(made))])
    return known, made


def test_a_known_value_is_replaced_between_word_boundaries() -> None:
    known, made = knowing("hunter22")
    assert known.within("a hunter22-b hunter223") == f"a {made}-b hunter223"


@pytest.mark.parametrize(
    "encode",
    [
        lambda v: quote(v, safe=""),
        lambda v: quote(v, safe="").lower(),
        lambda v: json.dumps(v)[1:-1],
        lambda v: base64.b64encode(v.encode()).decode(),
        lambda v: base64.urlsafe_b64encode(v.encode()).decode().rstrip("="),
        lambda v: v.encode().hex(),
    ],
)
def test_a_known_value_is_found_in_every_encoding(encode: object) -> None:
    known, _ = knowing(VALUE)
    assert callable(encode)
    assert encode(VALUE) not in known.within(f"see {encode(VALUE)}.")


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_a_long_value_is_found_in_another_case_and_a_short_one_is_not(case: Callable[[str], str]) -> None:
    value = "a7Qk2Lm9Xx4Pp0Zz8"
    known, made = knowing(value)
    assert known.within(f"is {case(value)}") == f"is {case(made)}"
    known, _ = knowing("hunTer22")
    assert known.within(case("hunTer22")) == case("hunTer22")


@pytest.mark.parametrize("prefix", ["", "eyJhbGciOiJIUzI1NiJ9."])
def test_many_known_values_are_learned_and_found_in_time_that_grows_with_the_text(prefix: str) -> None:
    known = Known(StandIns(KEY))
    values = [f"{prefix}t{number:05}ABCdef123456" for number in range(3000)]
    started = time.perf_counter()
    for value in values:
        known.add(value, "secret-name", reach_of(value, "secret-name"))
    assert not any(value in known.within(f"it is {value} here") for value in values)
    text = known.within(" ".join(values))
    assert time.perf_counter() - started < 3
    assert not any(value in text for value in values)


def test_a_long_value_is_found_inside_of_a_word() -> None:
    value = "a7Qk2Lm9Xx4Pp0Zz8"
    known, made = knowing(value)
    assert known.within(f"x{value}y") == f"x{made}y"


def test_the_longest_of_overlapping_values_goes_as_a_whole() -> None:
    stand_ins = StandIns(KEY)
    known = Known(stand_ins)
    known.add("inner-77", "secret-name", Reach.WORD)
    known.add("outer-inner-77-outer", "secret-name", Reach.ANYWHERE)
    assert known.within("outer-inner-77-outer") == stand_ins.of("outer-inner-77-outer")


def test_a_value_can_become_known_more_widely_but_not_less() -> None:
    known, made = knowing("reports", "model-sensitive")
    assert known.within("the reports of") == "the reports of"
    known.add("reports", "secret-name", Reach.WORD)
    known.add("reports", "model-sensitive", Reach.WHOLE)
    assert known.within("the reports of") == f"the {made} of"


@pytest.mark.parametrize(
    ("value", "rule", "reach"),
    [
        ("true", "secret-name", Reach.NONE),
        ("Admin", "secret-name", Reach.NONE),
        ("12345", "secret-name", Reach.NONE),
        ("abc", "secret-name", Reach.NONE),
        ("ab1c", "secret-name", Reach.WHOLE),
        ("123456", "secret-name", Reach.WORD),
        ("reports", "registered-value", Reach.WORD),
        ("reports", "secret-name", Reach.NONE),
        ("SecretRef", "secret-name", Reach.NONE),
        ("development-key", "name-value-pair", Reach.NONE),
        ("2026-01-31T10:00:00Z", "secret-name", Reach.NONE),
        ("one two three four", "secret-name", Reach.ANYWHERE),
        ("correcthorsebattery", "secret-name", Reach.WORD),
        ("hunter22", "secret-name", Reach.WORD),
        ("1234567", "cookie", Reach.NONE),
        ("abc123XYZ", "cookie", Reach.WORD),
        ("reports", "model-sensitive", Reach.WHOLE),
        ("reports-2026", "model-sensitive", Reach.WORD),
        ("a7Qk2Lm9Xx4Pp0Zz8", "model-sensitive", Reach.ANYWHERE),
        ("a" * 64, "sigv4-signature", Reach.NONE),
    ],
)
def test_how_far_a_value_is_removed_depends_on_how_harmless_it_could_be(
    value: str, rule: str, reach: Reach
) -> None:
    assert reach_of(value, rule) is reach


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=4, max_size=40))
def test_the_reach_of_a_stand_in_is_that_of_its_value(value: str) -> None:
    made = StandIns(KEY).of(value)
    if len(made) == len(value) and reach_of(value, "secret-name") is not Reach.NONE:
        assert reach_of(made, "secret-name") is reach_of(value, "secret-name")


@pytest.mark.parametrize("text", ["{}", "x {} y", "user:{}@host", "a={}&b", "({})", "id-{}-x", "{}."])
@pytest.mark.parametrize("value", ["hunter22", "210987654321", VALUE, "a7Qk2Lm9Xx4Pp0Zz8", "two words 7"])
def test_a_replay_recognises_a_value_by_its_digest_where_the_recording_removed_it(
    text: str, value: str
) -> None:
    recorded, _ = knowing(value)
    replayed, made = recalling(value)
    live = text.format(value)
    assert (recorded.whole(live) or recorded.within(live)) == text.format(made)
    assert (replayed.whole(live) or replayed.within(live)) == text.format(made)


def test_an_account_glued_to_letters_is_recognised_both_ways() -> None:
    for known, made in (knowing("210987654321", "account-id"), recalling("210987654321", "account-id")):
        assert known.within("acct210987654321x") == f"acct{made}x"
        assert known.within("9210987654321") == "9210987654321"


def test_ordinary_words_of_an_opened_cassette_are_not_recognised() -> None:
    for word in ("admin", "Admin", "PRODUCTION"):
        known, _ = recalling(word)
        assert known.whole(word) is None


def test_stand_ins_do_not_become_known() -> None:
    stand_ins = StandIns(KEY)
    known = Known(stand_ins)
    known.add(stand_ins.of("hunter22"), "secret-name", Reach.WORD)
    assert known.values() == ()
