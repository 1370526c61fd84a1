"""Over a corpus of realistic traffic no secret survives and no look-alike is touched."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import pytest

from scrub_corpus.cases import Case, http
from scrub_corpus.corpus import corpus
from scrub_corpus.judging import faults
from sealtape.interaction import Captured, Removal
from sealtape.scrub import Scrubber
from sealtape.settings import ScrubSettings

SEEDS = (1, 20260131)


@lru_cache
def cases(seed: int) -> list[Case]:
    return corpus(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_secret_goes_and_every_look_alike_stays(seed: int) -> None:
    assert [str(fault) for fault in faults(cases(seed))] == []


def scrubber(removals: Iterable[Removal] = ()) -> Scrubber:
    return Scrubber(ScrubSettings(), bytes(range(32)), removals=removals, environ={})


def test_what_was_scrubbed_stays_as_it_is_and_a_live_request_is_recognised() -> None:
    for case in [case for case in cases(SEEDS[0]) if case.secrets][::2]:
        once = scrubber().scrub([Captured(interaction) for interaction in case.traffic])
        removals = [removal for item in once for removal in item.removals]
        again = scrubber(removals).scrub([Captured(item.interaction) for item in once])
        assert [item.interaction for item in again] == [item.interaction for item in once], str(case)
        replaying = scrubber(removals)
        for live, item in zip(case.traffic, once, strict=True):
            recorded = item.interaction.request
            assert replaying.scrub_request(live.request) == recorded, str(case)
            assert replaying.scrub_request(recorded) == recorded, str(case)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    planted = sum(len(case.secrets) for case in cases(SEEDS[0]))
    assert planted >= 300
    assert sum(not case.secrets for case in cases(SEEDS[0])) >= 120


def test_the_same_seed_gives_the_same_corpus_and_another_one_other_secrets() -> None:
    assert corpus(3) == corpus(3)
    other = {case.secrets for case in corpus(4) if case.secrets}
    assert other.isdisjoint(case.secrets for case in corpus(3))


def test_the_judge_sees_a_secret_that_was_left() -> None:
    left = Case("left", (http(answer=b'{"note": "c2VjcmV0LW5vYm9keS1rbm93cw=="}'),), ("secret-nobody-knows",))
    assert [fault.kind for fault in faults([left])] == ["survived"]


def test_the_judge_sees_a_look_alike_that_was_touched() -> None:
    touched = Case("touched", (http(answer=b'{"password": "pass7word9X"}'),))
    assert [fault.kind for fault in faults([touched])] == ["destroyed"]
