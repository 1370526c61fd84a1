from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from sealtape.scrub import codecs, prose
from sealtape.scrub.detector import SHORT, Detector, any_sign
from sealtape.scrub.detectors import DETECTORS, TRIGGER, triggers
from sealtape.scrub.evidence import ASSIGNMENT, PAIR
from sealtape.scrub.features import Features

# Letters, digits and blanks that are none of ASCII's, a few of which patterns take for some that are.
SIGNS = "aAfzK05/+_-.:=*?! \t\n\x1c\x85\xa0\u2003\u0663\u017f\u212a\ud800é"
PIECES = (
    "name: ", "value: ", "set -x ", "export ", "ENV ", "variable ", '"pw" { default = ', "('", "', '", "')",
    "API_KEY", "DB_PASSWORD", "=", "=>", ":", "://", '"', "'", "\\", " ", "\n", "hunter22", "abcDefGhij", "(",
    "tr0ub4dor", "Secret(", ".", "-", "a", "7", "&", ",",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: f"{d.rule} {d.anchors[0]}")
@given(st.data())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_what_a_pattern_finds_has_every_feature_and_sign_that_it_is_said_to_need(
    detector: Detector, data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(detector.pattern))
    anchors = [anchor for anchor in detector.anchors if anchor in text]
    if anchors:
        features = Features(text)
        assert [need for need in detector.needs if not features.has(need)] == []
        assert re.search(any_sign([detector]), text)
        assert features.possible(anchors) == anchors
    if any(True for _ in detector.found_in(text)):
        assert triggers(text)
        assert triggers(f"{' ,;.' * 80}{text}")


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("word", r"[A-Za-z0-9_+/=.-]{15}"),
        ("account", r"\d{12}|\d{4}-\d{4}-\d{4}|\d{4} \d{4} \d{4}"),
        ("dotted", r"\d+\.\d+\.\d+\.\d+"),
        ("hextet", r"[0-9A-Fa-f]{4}:"),
        ("colons", r":(?:\d{2,5}|\*):"),
        ("hex", r"[0-9A-Fa-f]{24}"),
        ("base64", r"[A-Za-z0-9+/_-]{16}"),
        ("blank", r"\s"),
        ("option", r"\s-"),
        ("spoken", r"(?i:secret key|api key|pass(?:word|phrase|code))"),
    ],
)
@given(st.data())
def test_a_feature_that_is_there_is_never_denied(name: str, pattern: str, data: st.DataObject) -> None:
    text = data.draw(st.text(SIGNS)) + data.draw(st.from_regex(pattern)) + data.draw(st.text(SIGNS))
    assert Features(text).has(name)


def test_a_feature_that_is_not_there_is_denied() -> None:
    names = ("word", "account", "dotted", "hextet", "colons", "hex", "base64", "option", "spoken")
    assert not any(map(Features("2026-01-31 started the thing: 10 of 12, all well. " * 9).has, names))


@given(st.from_regex(TRIGGER), st.text(" ,;.!xy", min_size=200, max_size=200))
@settings(deadline=None)
def test_prose_in_which_something_can_be_found_is_not_taken_for_quiet(found: str, around: str) -> None:
    assert triggers(around + found + around)
    assert triggers(found.ljust(16))


@given(TEXTS)
def test_assignments_in_a_long_text_are_found_where_the_pattern_finds_them(text: str) -> None:
    at = 0
    while match := ASSIGNMENT.search(text, at):
        again = prose._next_assignment(text, at)
        assert again is not None
        assert again.regs == match.regs
        at = match.start(match.lastindex or 0)
    assert prose._next_assignment(text, at) is None


@given(TEXTS)
@example("name: x value: \"('ab','c1d2e3f4')\"")
def test_pairs_in_a_long_text_are_found_where_the_pattern_finds_them(text: str) -> None:
    assert [m.regs for m in prose._pairs_in(text)] == [m.regs for m in PAIR.finditer(text)]


@given(
    st.lists(st.sampled_from(["some readable text", "\0", "\n", "short", "é", "\u4e00", "\x7f"])).map("".join)
)
def test_what_can_be_read_in_binary_data_is_every_long_run_once(text: str) -> None:
    runs = re.findall(r"[\t\r\n\x20-\x7e]{12,}", text)
    assert codecs.readable(text) == "\0".join(dict.fromkeys(runs))


@given(st.text(SIGNS + "\0\x1b\x7f\x0b", max_size=3))
def test_a_long_text_is_binary_where_a_short_one_is(text: str) -> None:
    assert codecs.is_binary(text) == codecs.is_binary(text + "x" * SHORT)
