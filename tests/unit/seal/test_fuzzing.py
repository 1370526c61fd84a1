"""Mutated files: see `fuzzing`, which also says how much of the parser they reach."""

from __future__ import annotations

import pytest

from sealtape.errors import CassetteError
from sealtape.seal import read_clear, unseal
from tests.unit.seal.fuzzing import CORPUS, KEY, KINDS, WHERE, all_ended, held_at_most, traced_peak


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_raise_only_sealtapes_own_errors_with_a_place_and_a_remedy(kind: str) -> None:
    counts = all_ended(kind, range(1500))
    assert len(counts) > 1, "the mutations all end alike"


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_file_is_read_in_a_few_times_its_size(kind: str) -> None:
    assert max(held_at_most(kind, seed) for seed in range(150)) < 4


@pytest.mark.parametrize(
    "bomb",
    [
        CORPUS[0] * 20_000,
        b"[" * 5_000_000,
        CORPUS[0].splitlines(True)[0] + b'{"a":' * 1_000_000 + b"\n",
        CORPUS[0].splitlines(True)[0] + b"\n" * 100_000,
        CORPUS[0].splitlines(True)[0] + b"<" * 5_000_000,
        b'{"sealtape":' + b"1" * 5_000_000,
        b'{"sealtape":1,"cipher":"' + b"\\u0041" * 800_000 + b'","sealed":"' + b"A" * 400_000 + b'"}\n',
        CORPUS[0].splitlines(True)[0] + b'{"sealed":"' + b"A" * 5_000_000 + b'"}\n',
    ],
    ids=range(8),
)
def test_a_file_made_to_be_large_or_deep_is_refused_in_a_few_times_its_size(bomb: bytes) -> None:
    def reads() -> None:
        with pytest.raises(CassetteError):
            unseal(bomb, KEY, where=WHERE)
        with pytest.raises(CassetteError):
            read_clear(bomb, where=WHERE)

    assert traced_peak(reads) < 20 * len(bomb)  # the empty lines are the worst
