from __future__ import annotations

import pytest

from sealtape.errors import UsageError
from sealtape.modes import MODES, mode_named


@pytest.mark.parametrize(
    ("name", "when_missing", "when_there"),
    [
        ("none", False, False),
        ("once", True, False),
        ("new_episodes", True, True),
        ("all", True, True),
        ("rewrite", True, True),
    ],
)
def test_a_mode_says_when_it_may_record(name: str, when_missing: bool, when_there: bool) -> None:
    mode = mode_named(name)
    assert mode.may_record(exists=False) is when_missing
    assert mode.may_record(exists=True) is when_there


def test_only_rewrite_drops_what_was_not_made_again() -> None:
    assert [mode.name for mode in MODES.values() if not mode.keeps_unplayed] == ["rewrite"]


def test_an_unknown_mode_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="none, once, new_episodes, all, rewrite"):
        mode_named("sometimes")
