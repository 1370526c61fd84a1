from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.scrub.needles import Needles, occurrences, replaced

TEXTS = st.text("ab1-", max_size=40)


@given(st.sets(st.text("ab1-", min_size=4, max_size=8), max_size=30), TEXTS, st.integers(0, 40))
def test_those_that_occur_are_found_the_longest_first(needles: set[str], text: str, repeat: int) -> None:
    searched: Needles[int] = Needles()
    for needle in needles:
        searched.add(needle, len(needle))
    found = searched.found_in(text * repeat)
    assert {needle for needle, _ in found} == {needle for needle in needles if needle in text * repeat}
    assert [item for _, item in found] == sorted((len(needle) for needle, _ in found), reverse=True)


@given(st.text("ab1-", min_size=1, max_size=4), TEXTS)
def test_an_occurrence_stands_where_no_word_or_number_goes_on_around_it(needle: str, text: str) -> None:
    if needle.isdecimal():
        pattern = rf"(?<!\d){needle}(?!\d)"
    else:
        before = "(?<![A-Za-z0-9])" if needle[0].isalnum() else ""
        after = "(?![A-Za-z0-9])" if needle[-1].isalnum() else ""
        pattern = before + re.escape(needle) + after
    assert list(occurrences(text, needle, anywhere=False)) == [m.start() for m in re.finditer(pattern, text)]
    assert replaced(text, needle, "X", anywhere=False) == re.subn(pattern, "X", text)


@pytest.mark.parametrize(("text", "count"), [("abab", 2), ("xabx", 1), ("", 0)])
def test_anywhere_means_inside_of_words_too(text: str, count: int) -> None:
    assert replaced(text, "ab", "-", anywhere=True) == (text.replace("ab", "-"), count)
