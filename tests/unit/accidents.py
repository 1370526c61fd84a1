"""Writers of one cassette that are killed, and writers that add to one at the same time.

::

    python tests/unit/accidents.py killed FOLDER COUNT    kills COUNT writers, each at a random moment
    python tests/unit/accidents.py adding FOLDER COUNT    lets four processes add COUNT rows each

It prints what it saw as JSON, and ends with 1 and a sentence where a cassette was neither the old nor the
new one, or a row was lost. It is a program of its own so that it can fork, which costs a killed writer
milliseconds where a fresh interpreter would cost half a second.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sealtape import store
from sealtape.interaction import HttpRequest, Interaction, Recording, Response, Scrubbed
from sealtape.seal import Key, seal, unseal

KEY = Key(bytes(range(32)))
NAME = "tests/cassettes/test_a"
MARKER = b"what nobody without the key may read"


def row(number: int, size: int = 0) -> Scrubbed:
    body = MARKER + b"%d" % number * size
    return Scrubbed(
        Interaction(HttpRequest("GET", f"https://example.com/{number}"), Response(200, body=body))
    )


def recording(*rows: Scrubbed) -> Recording:
    return Recording("ab" * 16, NAME, rows)


def in_child(work: Callable[[], None]) -> int:
    """Run ``work`` in a forked process and return its id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    finally:
        os._exit(1)


def killed(folder: Path, count: int) -> dict[str, int]:
    """Kill ``count`` writers and look at the cassette after each."""
    path = folder / "test_a.tape"
    versions = [seal(recording(row(number, 5_000), row(number + 1)), KEY) for number in range(4)]
    store.write(path, versions[0])
    at_random, seen, before = random.Random(8), 0, versions[0].data

    def write_on() -> None:
        for turn in range(at_random.randrange(4), sys.maxsize):
            with store.lock(path):
                store.write(path, versions[turn % 4])

    for _ in range(count):
        at_random.random()
        child = in_child(write_on)
        time.sleep(at_random.uniform(0, 0.012))
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL, "a writer ended by itself"
        data = path.read_bytes()
        if data not in [version.data for version in versions]:
            sys.exit(f"neither the old nor the new cassette: {len(data)} bytes")
        seen += data != before
        before = data
    left = [entry for entry in folder.iterdir() if entry != path]
    if not all(entry.name.startswith(store.TEMPORARY_PREFIX) for entry in left):
        sys.exit(f"left behind: {left}")
    for entry in left:
        os.utime(entry, (0, 0))
    with store.lock(path):
        store.write(path, seal(recording(row(9)), KEY))
    unseal(store.read(path), KEY, where="test_a.tape", name=NAME)
    after = [entry for entry in folder.iterdir() if entry != path]
    if after:
        sys.exit(f"not cleaned up by the next writer: {after}")
    return {"killed": count, "changed": seen, "in the middle of a write": len(left)}


def adding(folder: Path, count: int) -> dict[str, int]:
    """Let four processes add ``count`` rows each to what they find."""
    path = folder / "test_a.tape"
    store.write(path, seal(recording(), KEY))

    def add(first: int) -> None:
        for number in range(first, first + count):
            with store.lock(path, timeout=60):
                found = unseal(store.read(path), KEY, where="test_a.tape")
                rows = (*found.interactions, row(number))
                store.write(path, seal(dataclasses.replace(found, interactions=rows), KEY))

    children = [in_child(partial(add, at * count)) for at in range(4)]
    if {os.waitpid(child, 0)[1] for child in children} != {0}:
        sys.exit("a writer failed")
    there = len(unseal(store.read(path), KEY, where="test_a.tape").interactions)
    if there != 4 * count:
        sys.exit(f"{there} rows of {4 * count} are there")
    return {"rows": there}


if __name__ == "__main__":
    what, place, number = sys.argv[1:]
    print(json.dumps({"killed": killed, "adding": adding}[what](Path(place), int(number))))
