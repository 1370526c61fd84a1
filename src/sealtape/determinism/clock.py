"""The time of day of a cassette. Clocks that only measure (``time.monotonic``) are left alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime


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

    with time_machine.travel(start, tick=ticks):
        yield


def _is_set() -> bool:
    machine = sys.modules.get("time_machine")
    if machine is not None and machine.escape_hatch.is_travelling():
        return True
    # freezegun puts another class in its place. time-machine refuses to start under it.
    return "freezegun" in sys.modules and sys.modules["datetime"].datetime.__name__ == "FakeDatetime"
