"""A wider pattern is found wherever its pattern matches, at whatever that says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealtape.scrub import spotting
from sealtape.scrub.detectors import DETECTORS
from sealtape.scrub.evidence import ASSIGNMENT, PAIR
from sealtape.scrub.spotting import ANYTHING, Spotter, flattened, spelt, spotter_of, wider

SPOTTERS = [
    *((detector.pattern, Spotter([detector.spot or wider(detector.pattern)])) for detector in DETECTORS),
    *((pattern, spotter_of(pattern)) for pattern in (ASSIGNMENT, PAIR)),
]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?<![a-z])key=(\w+)(?!;)", "a key=value"),
        (r"(?=[a-z]*\d)[a-z0-9]{4,}+", "abc1"),
        (r"(?i)kiss", "\u212ai\u017f\u017f"),
        (r"\d{3}", "\u0661\u0662\u0663"),
        (r"a\sb", "a\x85b"),
        (r"a\sb", "a\x1cb"),
        (r"[^a-z]{2}", "\u00e9\u20ac"),
        (r"[\u00e0-\u00ff]x", "\u00e9x"),
        (r"a.b", "a\U0001f600b"),
        (r"(?s)a.b", "a\nb"),
        (r"x{40,2000}", "x" * 40),
        (r"(?m)^one$", "none\none\n"),
        (r"(?:a|bc|)d", "bcd"),
        (r"(?>ab|a)c", "abc"),
        (r"(?-i:A)(?i:b)", "AB"),
        (r"\d{12}(?=-east)", "210987654321-east"),
        (r"[^\W_]\W", "\u00e9-"),
        (r"(?<!\W)b", "\u00e9b"),
        (r"(?<![a-z])b", "b"),
    ],
)
def test_what_a_pattern_matches_its_wider_one_finds(pattern: str, text: str) -> None:
    compiled = re.compile(pattern)
    assert compiled.search(text)
    assert spotter_of(compiled).tells
    assert spotter_of(compiled).finds(flattened(text))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_match_of_any_pattern_of_a_rule_is_found(data: st.DataObject) -> None:
    pattern, spotter = data.draw(st.sampled_from(SPOTTERS))
    text = data.draw(st.text(max_size=3)) + data.draw(st.from_regex(pattern)) + data.draw(st.text(max_size=3))
    if pattern.search(text) and not spotting.has_marks(text):
        assert spotter.finds(flattened(text))


def test_every_rule_has_a_wider_pattern_that_can_say_no() -> None:
    unsure = [pattern for pattern, spotter in SPOTTERS if not spotter.tells or spotter.finds(b"\0a word\0")]
    assert unsure == []


def test_a_pattern_that_says_something_unknown_is_found_everywhere() -> None:
    assert wider(re.compile(r"(a)\1")) == ANYTHING
    assert not spotter_of(re.compile(r"(a)\1")).tells
    assert spotter_of(re.compile(r"(a)\1")).finds(b"")


def test_without_the_engine_every_text_may_hold_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spotting, "_engine", lambda: None)
    assert not Spotter(["a"]).tells
    assert Spotter(["a"]).finds(b"b")


@given(st.text())
def test_every_character_of_a_flattened_text_is_one_byte(text: str) -> None:
    flat = flattened(text)
    assert len(flat) == len(text)
    assert [chr(byte) for byte in flat if byte < 0x80] == [char for char in text if char.isascii()]


@given(st.text(max_size=5), st.text(min_size=1), st.text(max_size=5))
def test_a_text_is_found_as_it_is_spelt(before: str, text: str, after: str) -> None:
    assert Spotter([spelt(text)]).finds(flattened(before + text + after))


def test_one_that_looks_for_nothing_finds_nothing() -> None:
    assert not Spotter([]).finds(b"anything")
