"""What a survey of a large body leaves out is nothing that the walk or the residue gate would have found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scrub_corpus.corpus import corpus
from sealtape.interaction import Captured, Interaction, Scrubbed
from sealtape.scrub import Scrubber, find_residue, large, residue
from sealtape.settings import ScrubSettings

CASES = corpus(7)[::2]
NEVER = 10**9


@pytest.fixture
def surveyed_from(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set the size, in characters, from which texts are surveyed."""

    def set_size(size: int) -> None:
        for module in (large, residue):
            monkeypatch.setattr(module, "LARGE", size)

    return set_size


def scrubbed(interactions: tuple[Interaction, ...]) -> tuple[Scrubbed, ...]:
    scrubber = Scrubber(ScrubSettings(allow=("*",)), bytes(range(32)), environ={})
    return scrubber.scrub([Captured(interaction) for interaction in interactions])


def test_surveyed_traffic_is_scrubbed_as_any_other(surveyed_from: Callable[[int], None]) -> None:
    results = {}
    for size in (1, NEVER):
        surveyed_from(size)
        results[size] = [scrubbed(case.traffic) for case in CASES]
    differing = [case.name for case, a, b in zip(CASES, results[1], results[NEVER], strict=True) if a != b]
    assert differing == []


def test_the_gate_finds_in_surveyed_traffic_what_it_finds_in_any_other(
    surveyed_from: Callable[[int], None],
) -> None:
    results = {}
    for size in (1, NEVER):
        surveyed_from(size)
        results[size] = [
            find_residue([Scrubbed(one, ()) for one in case.traffic], ScrubSettings(), case.secrets)
            for case in CASES
        ]
    assert any(results[1])
    assert results[1] == results[NEVER]
