"""The inputs of a test that come from nowhere, random draws and the time of day, made to come again.

A cassette holds a seed and the time at which it was recorded (`Inputs`), and recording and replay both
run under them: a name that a test invents is the same in both.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sealtape.determinism.clock import clock_at
from sealtape.determinism.draws import reseeded, seeded

__all__ = ["Inputs", "determined", "fresh_inputs", "reseeded"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a test is given besides its arguments.

    ``seed`` is 32 hex digits, from which every draw of the test follows; ``start`` is when the recording
    began, ISO 8601 with microseconds and offset. ``""`` leaves the draws, or the clock, alone.
    """

    seed: str
    start: str


def fresh_inputs(*, seed: bool = True, start: bool = True) -> Inputs:
    """Return inputs for a new recording: a seed of its own, so that two never invent the same names."""
    return Inputs(
        os.urandom(16).hex() if seed else "",
        datetime.now(UTC).isoformat(timespec="microseconds") if start else "",
    )


@contextmanager
def determined(inputs: Inputs, *, clock: str, is_recording: bool) -> Iterator[None]:
    """Run the block under ``inputs``.

    ``clock`` is ``"tick"`` (a replay begins at the recorded time and goes on from there), ``"stand"``
    (time stands still at the start, while recording too) or ``"real"`` (the clock is left alone). What
    the block draws is restored afterwards to what it would have been without it.
    """
    with ExitStack() as stack:
        if inputs.seed:
            stack.enter_context(seeded(inputs.seed))
        if inputs.start and (clock == "stand" or (clock == "tick" and not is_recording)):
            stack.enter_context(clock_at(datetime.fromisoformat(inputs.start), ticks=clock == "tick"))
        yield
