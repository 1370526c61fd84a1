"""Over a corpus of realistic traffic no secret survives and no look-alike is touched."""

from __future__ import annotations

from functools import lru_cache

import pytest

from scrub_corpus.cases import Case, http
from scrub_corpus.corpus import corpus
from scrub_corpus.judging import faults

SEEDS = (1, 20260131)


@lru_cache
def cases(seed: int) -> list[Case]:
    return corpus(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_secret_goes_and_every_look_alike_stays(seed: int) -> None:
    assert [str(fault) for fault in faults(cases(seed))] == []


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
