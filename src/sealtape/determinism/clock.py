"""The time of day of a cassette. Clocks that only measure (``time.monotonic``) are left alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

_ours: list[Any] = []
"""The clocks that were set here, innermost last."""


@contextmanager
def clock_at(start: datetime, *, ticks: bool) -> Iterator[None]:
    """Let the block begin at ``start``, unless the test has set its clock itself: then that counts.

    Files keep real times, and so do TLS and other processes.
    """
    if _is_set():
        yield
        return
    # time-machine changes Python's own functions in place: no module is searched for copies of them, and
    # it takes microseconds.
    import time_machine

    with time_machine.travel(start, tick=ticks) as traveller:
        time.time()  # its clock starts with the first look
        _ours.append(traveller)
        try:
            yield
        finally:
            _ours.remove(traveller)


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
    return not _ours or abs(_ours[-1].time_ns() - time.time_ns()) > 1_000_000_000
