"""The time of day of a cassette. Clocks that only measure (``time.monotonic``) are left alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_ours: list[_Clock] = []
"""The clocks that were set here, innermost last."""


@dataclass(frozen=True, slots=True, eq=False)
class _Clock:
    traveller: Any
    may_jump: bool


@contextmanager
def clock_at(start: datetime, *, ticks: bool, may_jump: bool = False) -> Iterator[None]:
    """Let the block begin at ``start``, unless the test has set its clock itself: then that counts.

    Files keep real times, and so do TLS and other processes. With ``may_jump`` answers take the clock
    with them (`reach`).
    """
    if _is_set():
        yield
        return
    # time-machine changes Python's own functions in place: no module is searched for copies of them, and
    # it takes microseconds.
    import time_machine

    with time_machine.travel(start, tick=ticks) as traveller:
        time.time()  # its clock starts with the first look
        clock = _Clock(traveller, may_jump)
        _ours.append(clock)
        try:
            yield
        finally:
            _ours.remove(clock)


def reach(moment: float) -> None:
    """Let the clock of a replay be at ``moment`` (seconds since 1970) or later: it never goes back.

    It does not go beyond the time that it really is: so late nothing was answered.
    """
    if not _ours or not _ours[-1].may_jump or _is_set():
        return
    ahead = min(moment, real_now().timestamp()) - time.time()
    if ahead > 0:
        _ours[-1].traveller.shift(ahead)


def real_now() -> datetime:
    """Return the time that it is, also where the clock of a cassette says another."""
    if _ours and not _is_set():
        now: datetime = sys.modules["time_machine"].escape_hatch.datetime.datetime.now(UTC)
        return now
    return datetime.now(UTC)


@contextmanager
def real_clock() -> Iterator[None]:
    """Let the block see the time that it is, inside of a cassette whose clock says another."""
    if not _ours:
        yield
        return
    with clock_at(real_now(), ticks=True):
        yield


def _is_set() -> bool:
    """Whether somebody else has set the clock."""
    # freezegun puts another class in its place. time-machine refuses to start under it.
    if "freezegun" in sys.modules and sys.modules["datetime"].datetime.__name__ == "FakeDatetime":
        return True
    machine = sys.modules.get("time_machine")
    if machine is None or not machine.escape_hatch.is_travelling():
        return False
    return not _ours or abs(_ours[-1].traveller.time_ns() - time.time_ns()) > 1_000_000_000
