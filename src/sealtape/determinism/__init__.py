"""The inputs of a test that come from nowhere, random draws and the time of day, made to come again.

A cassette holds a seed and the time at which it was recorded (`Inputs`), and recording and replay both
run under them: a name that a test invents is the same in both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from sealtape.determinism.clock import clock_at, real_clock, real_now
from sealtape.determinism.draws import derived_seed, go_on, keep_place, seeded

__all__ = ["Inputs", "derived_seed", "determined", "fresh_inputs", "go_on", "keep_place"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a test is given besides its arguments.

    ``seed`` is 32 hex digits, from which every draw of the test follows; ``start`` is when the recording
    began, ISO 8601 with microseconds and offset. ``""`` leaves the draws, or the clock, alone. ``is_fresh``
    says that they were made just now, for a new recording.
    """

    seed: str = ""
    start: str = ""
    is_fresh: bool = False

    def of(self, part: str) -> Inputs:
        """Return the inputs of a ``part`` of the test that draws by itself, whatever others draw."""
        if not self.seed:
            return self
        return replace(self, seed=blake2b(f"{self.seed}/{part}".encode(), digest_size=16).hexdigest())


def fresh_inputs(*, seed: bool = True, start: bool = True) -> Inputs:
    """Return inputs for a new recording: a seed of its own, so that two never invent the same names."""
    return Inputs(
        os.urandom(16).hex() if seed else "",
        real_now().isoformat(timespec="microseconds") if start else "",
        is_fresh=True,
    )


@contextmanager
def determined(
    inputs: Inputs, *, clock: str, is_recording: bool, elapsed: float = 0.0
) -> Iterator[Callable[[], bool]]:
    """Run the block under ``inputs``; what it gives tells, inside of it, whether anything was drawn.

    ``clock`` is ``"tick"`` (a replay begins at the recorded time and goes on from there, not behind what it
    answers), ``"stand"``
    (time stands still at the start, while recording too) or ``"real"`` (the clock is left alone). What
    is added to an older recording is recorded by the real clock: providers refuse signatures of old.
    ``elapsed`` is for how many seconds a ticking clock has been ticking. What the block draws is restored
    afterwards to what it would have been without it.
    """
    ticks = clock == "tick"
    is_set = clock != "real" and (not is_recording or (not ticks and inputs.is_fresh))
    was_used: Callable[[], bool] = bool
    with ExitStack() as stack:
        if inputs.seed:
            was_used = stack.enter_context(seeded(inputs.seed))
        if inputs.start and is_set:
            start = datetime.fromisoformat(inputs.start) + timedelta(seconds=elapsed if ticks else 0)
            stack.enter_context(clock_at(start, ticks=ticks, may_jump=ticks and not is_recording))
        elif is_recording:
            stack.enter_context(real_clock())
        yield was_used
