"""Random draws that come again: those of Python, and of numpy and Faker where they are loaded.

Whatever has no generator draws from the operating system: ``uuid``, ``secrets``, ``random.SystemRandom``,
numpy's new generators, and libraries for boundaries and tokens. Their bytes come from one stream for each
module that asks. Were it one for all, a library that asks once more, to sign a request that a replay does not
sign, would change every name that the test invents. A generator that was made without a seed has one for the
place that made it (`sealtape.determinism.generators`), whether it was there before or not.

Keys that C libraries generate (OpenSSL's, and so those of ``ssl`` and most of ``cryptography``'s) never come
through here; those that such a library draws by calling ``os.urandom`` do (AES keys of cryptography 42).
Neither do the draws of other processes, forked ones included.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import tempfile
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from types import FrameType
from typing import Any

from sealtape.determinism import generators
from sealtape.determinism.generators import PROTECTED, SHARED, set_state, state_of, unseeded

# They ask on behalf of others.
_GO_BETWEEN = frozenset(("os", "random", "secrets", "tempfile", "uuid", __name__))

_real_urandom = os.urandom
_lock = threading.Lock()
_open: list[_Seeded] = []
"""The cassettes whose seeds are in force, innermost last."""


class _Seeded:
    """The draws of one cassette."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._streams: dict[str, random.Random] = {}
        self._lock = threading.Lock()
        self._begun: list[tuple[random.Random, int]] = []
        self._given: Counter[str] = Counter()
        self._made_one = False
        self.put_back = _kept()
        self.place: Callable[[], None] = _nowhere

    def derived(self, purpose: str) -> int:
        data = f"{self._seed}/{purpose}".encode()
        return int.from_bytes(blake2b(data, digest_size=16).digest(), "big")

    def bytes_for(self, module: str, size: int) -> bytes:
        with self._lock:
            stream = self._streams.get(module)
            if stream is None:
                stream = self._streams[module] = random.Random(self.derived(module))
            return stream.randbytes(size)

    def first_seed(self, place: str) -> int:
        """Return the seed of a generator that ``place`` makes."""
        module = place.partition(":")[0]
        if module in SHARED:
            return self.derived(module)
        with self._lock:
            self._made_one = True
            self._given[place] += 1
            return self.derived(f"{place}#{self._given[place]}")

    def was_used(self) -> bool:
        """Whether anything was drawn, as far as it matters: names of temporary files stay on the machine."""
        return (
            bool(self._streams)
            or self._made_one
            or any(state_of(one) != random.Random(number).getstate() for one, number in self._begun)
        )

    def begin(self) -> None:
        """Seed the generators that are there."""
        self._begun = [(random._inst, self.derived("random"))]
        if faker := _faker():
            self._begun.append((faker, self.derived("faker.generator")))
        for generator, place, older in unseeded():
            self._given[place] = older + 1
            self._begun.append((generator, self.derived(f"{place}#{older + 1}")))
        for generator, number in self._begun:
            generators.seed(generator, number)
        if numpy := _numpy():
            numpy.seed(self.derived("numpy") % 2**32)


@contextmanager
def seeded(seed: str) -> Iterator[Callable[[], bool]]:
    """Let everything that the block draws follow from ``seed``; afterwards all is as it was.

    It gives a function that tells, inside of the block, whether anything was drawn.
    """
    with _lock:
        draws = _Seeded(seed)
        if not _open:
            _put(_STAND_INS)
            generators.watch()
            generators.give(_first_seed)
        _open.append(draws)
        tempfile._name_sequence = None  # type: ignore[attr-defined]  # it makes another when it needs one
        for name in _UUID_STATE:
            setattr(uuid, name, None)
        # The multicast bit says that the address of the network card is made up (RFC 9562, 6.10).
        uuid._node = draws.derived("node") % 2**48 | 1 << 40  # type: ignore[attr-defined]
        draws.begin()
    try:
        yield draws.was_used
    finally:
        with _lock:
            _leave(draws)


def keep_place() -> None:
    """Remember where the draws under the innermost seed are."""
    if _open:
        _open[-1].place = _kept()


def go_on(seed: int = 0) -> None:
    """Go on at the place that was kept, once: somebody has seeded the generators with a ``seed``."""
    if _open:
        _open[-1].place()
        _open[-1].place = _nowhere


def derived_seed(purpose: str) -> int | None:
    """Return a seed that follows from the one in force, if any, for a generator that others do not see."""
    return _open[-1].derived(purpose) if _open else None


def _nowhere() -> None:
    """Stay: no place was kept."""


def _leave(draws: _Seeded) -> None:
    if draws not in _open:
        return
    above = _open.index(draws) + 1
    if above == len(_open):
        draws.put_back()
    else:
        # Coroutines do not end in turn. What lies over this lies over what was there before it, now.
        _open[above].put_back = draws.put_back
    _open.remove(draws)
    if not _open:
        _stop()


def _stop() -> None:
    generators.give(None)
    generators.unwatch()
    _put(_REAL_ONES)


def _kept() -> Callable[[], None]:
    """Return what puts every generator back to where it is now."""
    there = [random._inst, *filter(None, (_faker(),)), *(generator for generator, *_ in unseeded())]
    states = [(generator, state_of(generator)) for generator in there]
    numpy = _numpy()
    numpy_state = numpy.get_state() if numpy else None
    held = [(owner, name, getattr(owner, name)) for owner, name in _HELD]

    def put_back() -> None:
        for generator, state in states:
            set_state(generator, state)
        if numpy:
            numpy.set_state(numpy_state)
        _put(held)

    return put_back


def _numpy() -> Any:
    # numpy loads its generators at their first use, which may be inside of a block.
    return importlib.import_module("numpy.random") if "numpy" in sys.modules else None


def _faker() -> Any:
    """Return the generator that all of Faker's instances share unless one is given its own."""
    return getattr(sys.modules.get("faker.generator"), "random", None)


# What is put in the place of Python's own.


def _urandom(size: int, /) -> bytes:
    module = _asking(sys._getframe(1))
    if not _open or module.partition(".")[0] in PROTECTED:
        return _real_urandom(size)
    return _open[-1].bytes_for(module, size)


def _asking(frame: FrameType | None) -> str:
    """Return the name of the module that wants the bytes."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module not in _GO_BETWEEN:
            return module
        frame = frame.f_back
    return ""


def _first_seed(place: str) -> int:
    return _open[-1].first_seed(place)


def _put(attributes: Any) -> None:
    for owner, name, value in attributes:
        setattr(owner, name, value)


# ``SystemRandom``, and with it ``secrets``, has a name of its own for ``urandom``.
_STAND_INS = (
    (os, "urandom", _urandom),
    (random, "_urandom", _urandom),
    (random, "seed", generators.stand_in_for_seed),
)
_REAL_ONES = tuple((owner, name, getattr(owner, name)) for owner, name, _ in _STAND_INS)

# Later versions of Python have more of them. Without libuuid, ``uuid1`` asks for the node and the time.
_UUID_STATE = tuple(
    name
    for name in ("_generate_time_safe", "_UuidCreate", *(f"_last_timestamp{v}" for v in ("", "_v6", "_v7")))
    if hasattr(uuid, name)
)
_HELD = ((tempfile, "_name_sequence"), (uuid, "_node"), *((uuid, name) for name in _UUID_STATE))


def _forget() -> None:
    if _open:
        _open.clear()
        _stop()


if hasattr(os, "register_at_fork"):
    # Two processes that draw the same names would collide.
    os.register_at_fork(after_in_child=_forget)
