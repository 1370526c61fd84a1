"""Generators that nobody has given a seed, known by the place that made them.

A module that makes a ``random.Random()`` when it is imported makes it before any cassette is open, and
draws from it in every test. Which generator it is says the function that made it, and the how-manieth of
that function it is among those that are still there: neither the tests that ran before nor the worker that
runs this one change that, as an order over all modules would.

What has a seed of its own, or a state that somebody has set, is left alone.
"""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any
from weakref import ref

# What protects something real stays random, and so does what chooses the examples of a test.
PROTECTED = (
    "cryptography",
    "hypothesis",
    "multiprocessing",
    "nacl",
    "OpenSSL",
    "paramiko",
    "sealtape",
    "ssl",
)

SHARED = ("tempfile", "faker.generator")
"""Modules that make one generator in a process, now or long ago, for all that use them."""

_real_seed = random.Random.seed
_real_setstate = random.Random.setstate

_lock = threading.Lock()
_watchers = 0
_made: dict[int, tuple[ref[random.Random], str]] = {}
"""The generators without a seed, by their ids, with the places that made them, oldest first."""
_first_seed: Callable[[str], int] | None = None


def watch() -> None:
    """Take note of the generators that are made from now on, until `unwatch` was called as often."""
    global _watchers
    with _lock:
        _watchers += 1
        if _watchers == 1:
            _put(_seed, _setstate)


def unwatch() -> None:
    """Take no more notes, unless somebody else still watches."""
    global _watchers
    with _lock:
        _watchers -= 1
        if _watchers == 0:
            _put(_real_seed, _real_setstate)


def give(first_seed: Callable[[str], int] | None) -> None:
    """Let new generators without a seed have what ``first_seed`` says for the place that makes them."""
    global _first_seed
    _first_seed = first_seed


def unseeded() -> Iterator[tuple[random.Random, str, int]]:
    """Yield the generators without a seed, each with its place and how many of that place are older."""
    older: Counter[str] = Counter()
    for reference, place in list(_made.values()):
        generator = reference()
        if generator is not None:
            yield generator, place, older[place]
            older[place] += 1


def seed(generator: random.Random, number: int) -> None:
    """Seed a generator, which stays one that nobody has given a seed."""
    _real_seed(generator, number)


def state_of(generator: random.Random) -> Any:
    """Return the state of a generator for `set_state`, whatever its class makes of ``getstate``."""
    return random.Random.getstate(generator)


def set_state(generator: random.Random, state: Any) -> None:
    """Put a generator into a state; it stays one that nobody has given a seed."""
    _real_setstate(generator, state)


def _put(seed: Any, setstate: Any) -> None:
    random.Random.seed = seed  # type: ignore[method-assign]
    random.Random.setstate = setstate  # type: ignore[method-assign]


def _seed(generator: random.Random, a: Any = None, version: int = 2) -> None:
    frame = sys._getframe(1)
    if a is not None:
        _leave_alone(generator, frame)
    elif not _is_protected(place := _place(generator, frame)):
        _take_note(generator, place)
        a = _first_seed(place) if _first_seed is not None else None
    _real_seed(generator, a, version)


def _setstate(generator: random.Random, state: Any) -> None:
    _leave_alone(generator, sys._getframe(1))
    _real_setstate(generator, state)


def _take_note(generator: random.Random, place: str) -> None:
    known = id(generator)
    if known not in _made and generator is not random._inst and place.partition(":")[0] not in SHARED:
        _made[known] = ref(generator, lambda _: _made.pop(known, None)), place


stand_in_for_seed = _seed.__get__(random._inst)
"""The function ``random.seed`` of the block: Python's own is that of the generator's class, as it was."""


def _leave_alone(generator: random.Random, frame: FrameType) -> None:
    if id(generator) in _made and not _is_reseeding(frame):
        _made.pop(id(generator), None)


def _is_protected(place: str) -> bool:
    return place.partition(":")[0].partition(".")[0] in PROTECTED


def _is_reseeding(frame: FrameType | None) -> bool:
    """Whether pytest-randomly is at work, which seeds the generators of libraries before every test."""
    for _ in range(5):
        if frame is None:
            break
        if frame.f_globals.get("__name__") == "pytest_randomly":
            return True
        frame = frame.f_back
    return False


def _place(generator: random.Random, frame: FrameType | None) -> str:
    """Return the function that makes a generator, as ``module:function``."""
    while frame is not None:
        module, code = str(frame.f_globals.get("__name__", "")), frame.f_code
        is_own = code.co_argcount > 0 and frame.f_locals.get(code.co_varnames[0]) is generator
        if module != "random" and not is_own:
            return f"{module}:{code.co_qualname}"
        frame = frame.f_back
    return ":"
