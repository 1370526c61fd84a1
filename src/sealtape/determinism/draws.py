"""Random draws that come again: those of Python, and of numpy and Faker where they are loaded.

Everything that is no generator with a seed of its own draws from the operating system: ``uuid``,
``secrets``, ``random.SystemRandom``, numpy's new generators, and libraries for boundaries and tokens.
Their bytes come from one stream for each module that asks. Were it one for all, a library that asks once
more, to sign a request that a replay does not sign, would change every name that the test invents.

Keys that C libraries generate (OpenSSL's, and so those of ``ssl`` and ``cryptography``) never come
through here.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from types import FrameType
from typing import Any

# They ask on behalf of others.
_GO_BETWEEN = frozenset(("os", "random", "secrets", "tempfile", "uuid", __name__))
# What protects something real stays random, whatever a test does.
_REAL = ("cryptography", "nacl", "OpenSSL", "paramiko", "sealtape", "ssl")

_real_urandom = os.urandom
_lock = threading.Lock()
_open: list[_Streams] = []


class _Streams:
    """The bytes that one cassette gives to each module that draws."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._streams: dict[str, random.Random] = {}
        self._lock = threading.Lock()

    def bytes_for(self, module: str, size: int) -> bytes:
        with self._lock:
            stream = self._streams.get(module)
            if stream is None:
                stream = self._streams[module] = random.Random(_derived(self._seed, module))
            return stream.randbytes(size)


def _derived(seed: str, purpose: str) -> int:
    return int.from_bytes(blake2b(f"{seed}/{purpose}".encode(), digest_size=16).digest(), "big")


def _urandom(size: int, /) -> bytes:
    if not _open:
        return _real_urandom(size)
    module = _asking(sys._getframe(1))
    if module.partition(".")[0] in _REAL:
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


@contextmanager
def seeded(seed: str) -> Iterator[None]:
    """Let everything that the block draws follow from ``seed``; afterwards all is as it was."""
    with ExitStack() as stack:
        stack.enter_context(_system(_Streams(seed)))
        stack.enter_context(_tempfile_names(seed))
        stack.enter_context(_node(seed))
        for state, restore in _generators():
            stack.callback(restore, state)
        reseeded(seed, "setup")
        yield


def reseeded(seed: str, purpose: str) -> None:
    """Seed the generators that are loaded, as a plugin that seeds them for each test has to be followed."""
    random.seed(_derived(seed, f"random/{purpose}"))
    if numpy := _numpy():
        numpy.seed(_derived(seed, f"numpy/{purpose}") % 2**32)
    if faker := _faker():
        faker.seed(_derived(seed, f"faker/{purpose}"))


def _generators() -> Iterator[tuple[Any, Callable[[Any], None]]]:
    yield random.getstate(), random.setstate
    if numpy := _numpy():
        yield numpy.get_state(), numpy.set_state
    if faker := _faker():
        yield faker.getstate(), faker.setstate


def _numpy() -> Any:
    # numpy loads its generators at their first use, which may be inside of a block.
    return importlib.import_module("numpy.random") if "numpy" in sys.modules else None


def _faker() -> Any:
    """Return the generator that all of Faker's instances share unless one is given its own."""
    return getattr(sys.modules.get("faker.generator"), "random", None)


@contextmanager
def _system(streams: _Streams) -> Iterator[None]:
    with _lock:
        if not _open:
            _replace_urandom(_urandom)
        _open.append(streams)
    try:
        yield
    finally:
        with _lock:
            _open.remove(streams)
            if not _open:
                _replace_urandom(_real_urandom)


def _replace_urandom(function: Callable[[int], bytes]) -> None:
    os.urandom = function
    # SystemRandom, and with it secrets, has a name of its own for it.
    random._urandom = function  # type: ignore[attr-defined]


@contextmanager
def _tempfile_names(seed: str) -> Iterator[None]:
    """Draw the names of temporary files; a name that is taken is passed over, as ever."""
    names: Any = tempfile._RandomNameSequence()  # type: ignore[attr-defined]
    names._rng, names._rng_pid = random.Random(_derived(seed, "tempfile")), os.getpid()
    before = tempfile._name_sequence  # type: ignore[attr-defined]
    tempfile._name_sequence = names  # type: ignore[attr-defined]
    try:
        yield
    finally:
        tempfile._name_sequence = before  # type: ignore[attr-defined]


@contextmanager
def _node(seed: str) -> Iterator[None]:
    """Give ``uuid1`` the address of a network card that no machine has."""
    before = uuid._node  # type: ignore[attr-defined]
    # The multicast bit says that the address is made up (RFC 9562, 6.10).
    uuid._node = _derived(seed, "node") % 2**48 | 1 << 40  # type: ignore[attr-defined]
    try:
        yield
    finally:
        uuid._node = before  # type: ignore[attr-defined]
