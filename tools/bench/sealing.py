"""What sealing, scrubbing, the residue gate and opening cost by the size of a body, and their memory.

``python -m bench.sealing rates FOLDER ROUNDS`` prints the fields of each `Rate`; ``make FOLDER N`` writes a
cassette with N large bodies; ``play FOLDER N`` plays it and prints the peak of the memory before and after.
"""

from __future__ import annotations

import json
import random
import re
import sys
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.child import peak_memory, worked
from bench.processes import run
from bench.results import Figure, Measured, Rate
from bench.workloads.base import text_of
from bench.workloads.http import part_of

SIZES = (200, 2_000, 20_000, 2_000_000)
KINDS = ("text", "json", "prose", "base64", "xml", "binary")
"""Lines of text; JSON of small members, of prose, of one value in base64; XML as S3 lists; random bytes."""
_LONG_KINDS = frozenset({"prose", "base64", "xml"})
"""Kinds of which one part is longer than the smallest size."""
_BYTES = 2_000_000
"""How much a step is given at once of small bodies: some milliseconds' work."""
_MOST = 1000
_LARGE = 20_000
_HOST = "http://parts.example.com"
_TYPES = {
    "text": "text/plain",
    **dict.fromkeys(("json", "prose", "base64"), "application/json"),
    "xml": "application/xml",
    "binary": "application/octet-stream",
}
_WORDS = re.findall(
    r"\S+",
    "ships from the warehouse in Rotterdam within three working days and every part is measured before it "
    "leaves so that customers can plan their work",
)


def measure(folder: Path, rounds: int, n: int, measured: Measured, say: Callable[[str], object]) -> None:
    """Measure the rates, and the memory of a cassette with ``n`` bodies of 20 KB."""
    say("sealing, scrubbing, opening")
    measured.rates += [
        Rate(*fields) for fields in json.loads(run(__name__, "rates", str(folder), str(min(rounds, 3))))
    ]
    say("memory of a large cassette")
    size = int(run(__name__, "make", str(folder), str(n)))
    before, after = json.loads(run(__name__, "play", str(folder), str(n)))
    if after is not None:
        detail = f"{n} bodies of 20 KB, all played: file {size / 1e6:,.0f} MB, peak {after / 1e6:,.0f} MB, "
        measured.figures["memory"] = Figure(
            after / size, "× the file", f"{detail}of which {before / 1e6:,.0f} MB before the opening"
        )


def main() -> int:
    """Do what the arguments say."""
    what, folder, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    steps: dict[str, Callable[[Path, int], Any]] = {"rates": rates, "make": _make, "play": _play}
    print(json.dumps(steps[what](folder, number)))
    return 0


def _body(kind: str, index: int, size: int) -> bytes:
    draw = random.Random(index)
    if kind == "binary":
        return draw.randbytes(size)
    if kind == "text":
        return text_of(index, size)
    if kind == "base64":
        return json.dumps(
            {"name": "image", "content": b64encode(draw.randbytes(size * 3 // 4)).decode()}
        ).encode()
    one = {"json": _part, "prose": _prose, "xml": _object}[kind]
    count = max(1, size // len(one(draw, 0)))
    between, around = (b"", _LISTED) if kind == "xml" else (b",", (b"[", b"]"))
    return around[0] + between.join([one(draw, number) for number in range(count)]) + around[1]


def _part(_: random.Random, number: int) -> bytes:
    return part_of(number)


def _prose(draw: random.Random, number: int) -> bytes:
    sentences = [" ".join(draw.choices(_WORDS, k=12)).capitalize() for _ in range(8)]
    return json.dumps({"id": number, "title": sentences[0], "text": ". ".join(sentences)}).encode()


_LISTED = (
    b'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult '
    b'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>example-parts</Name>',
    b"</ListBucketResult>",
)


def _object(draw: random.Random, number: int) -> bytes:
    return (
        f"<Contents><Key>parts/{number:06}.tar</Key><LastModified>2026-01-31T10:00:{number % 60:02}.000Z"
        f"</LastModified><ETag>&quot;{draw.getrandbits(128):032x}&quot;</ETag><Size>{draw.randrange(10**9)}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    ).encode()


def _interactions(kind: str, size: int, count: int) -> list[Any]:
    from sealtape.interaction import HttpRequest, Interaction, Response

    headers = (("Content-Type", _TYPES[kind]),)
    return [
        Interaction(
            HttpRequest("GET", f"{_HOST}/parts/{index}"),
            Response(200, "OK", headers, _body(kind, index, size)),
        )
        for index in range(count)
    ]


def rates(folder: Path, rounds: int, sizes: Sequence[int] = SIZES) -> list[tuple[str, str, int, float]]:
    """Return the fields of a `Rate` for each step, kind and size; ``folder`` holds the settings."""
    _Steps(folder, _interactions("json", 200, 2)).times()  # imports are nobody's first step
    found: list[tuple[str, str, int, float]] = []
    for size in sizes:
        for kind in KINDS if size > min(SIZES) else [kind for kind in KINDS if kind not in _LONG_KINDS]:
            count = max(2, min(_MOST, _BYTES // size))
            steps = _Steps(folder, _interactions(kind, size, count))
            taken: dict[str, list[float]] = {}
            for _ in range(rounds):
                for step, seconds in steps.times().items():
                    taken.setdefault(step, []).append(seconds / count * 1e6)
            found += [(step, kind, size, median(times)) for step, times in taken.items()]
    return found


class _Steps:
    """The steps between what was captured and the file, and back, for some interactions."""

    def __init__(self, folder: Path, interactions: Sequence[Any]) -> None:
        from sealtape.interaction import Captured, Recording
        from sealtape.library import Library
        from sealtape.seal.format import new_cassette_id
        from sealtape.settings import load_settings

        self._captured = [Captured(one) for one in interactions]
        self._library = Library(load_settings(folder))
        self._recording = Recording(new_cassette_id(), "rates")
        self._path = folder / "rates.tape"

    def times(self) -> dict[str, float]:
        """Do each step once and return what it took of the processor, in seconds."""
        from dataclasses import replace

        import sealtape
        from sealtape import store
        from sealtape.interaction import Response
        from sealtape.scrub.residue import find_residue
        from sealtape.scrub.scrubber import Scrubber
        from sealtape.seal.format import seal, unseal

        key, settings = self._library.key, self._library.settings
        started = worked()
        scrubbed = Scrubber(settings.scrub, key.derive("stand-ins")).scrub(self._captured)
        cleaned = worked()
        find_residue(scrubbed, settings.scrub, ())
        gated = worked()
        sealed = seal(replace(self._recording, interactions=scrubbed), key)
        made = worked()
        store.write(self._path, sealed)
        written = worked()
        with sealtape.use_cassette(self._path, record_mode="none"):
            opened = worked()
        # What opening leaves for later is part of it: every answer is read.
        recording = unseal(sealed.data, key, where="rates", name="rates")
        reading = worked()
        answers = [row.interaction.outcome for row in recording.interactions]
        read = worked() - reading
        assert all(isinstance(answer, Response) and answer.body for answer in answers)
        gate = gated - cleaned
        return {
            "scrub": max(cleaned - started - gate, 0.0),
            "residue gate": gate,
            "seal": made - gated,
            "open": opened - written + read,
        }


def _make(folder: Path, n: int) -> int:
    from sealtape import store
    from sealtape.interaction import Recording, Scrubbed
    from sealtape.library import Library
    from sealtape.seal.format import new_cassette_id, seal
    from sealtape.settings import load_settings

    rows = tuple(Scrubbed(one) for one in _interactions("text", _LARGE, n))
    sealed = seal(Recording(new_cassette_id(), "large", rows), Library(load_settings(folder)).key)
    store.write(folder / "large.tape", sealed)
    return len(sealed.data)


def _play(folder: Path, n: int) -> tuple[int | None, int | None]:
    import requests

    import sealtape

    before = peak_memory()
    with sealtape.use_cassette(folder / "large.tape", record_mode="none"), requests.Session() as session:
        for index in range(n):
            assert len(session.get(f"{_HOST}/parts/{index}").content) == _LARGE
    return before, peak_memory()


if __name__ == "__main__":
    sys.exit(main())
