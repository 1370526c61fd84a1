"""Mutated cassettes: what reading them gives, and how much of the parser they reach.

::

    python tests/unit/seal/fuzzing.py COUNT [SEED]

makes COUNT files of each kind from SEED on, prints how often they ended how, and which lines of the parser
no file reached; it fails with the seed of the first file that ended otherwise than it may. A file is made
from its kind and seed alone, so that a seed that failed once can be kept in `SEEDS`.

The corpus is ``tests/vectors``, good and bad. *Damaged* files were changed by somebody without the key:
bits, bytes, lines, JSON, lines of other files. *Authentic* ones were changed before they were sealed, with
a MAC that holds: what lies behind the MAC is reached only by those. *Keyrings* are damaged keyrings.

10,000 of each from seed 0 reach 345 of the 359 lines of the functions that read (96 %). The other lines are
those of a wrong name, which is not asked for here, of a retired key, of a row that does not open in a file
whose MAC holds, and of facts that are tables; the other tests of this folder have them.
"""

from __future__ import annotations

import json
import random
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from sealtape.errors import CassetteError, KeyringError, KeyWrong, SealtapeError
from sealtape.seal import Key, content, format, parse_key, read_clear, structure, unseal
from sealtape.seal.keyring_file import Keyring, parse_keyring
from sealtape.seal.recipients import raw_key

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "tests" / "vectors").glob("*.tape"))
CORPUS = [path.read_bytes() for path in FILES]
GOOD = {data for path, data in zip(FILES, CORPUS, strict=True) if not path.name.startswith("bad-")}
WHOLE = GOOD | {
    (ROOT / "tests/vectors/bad-renamed.tape").read_bytes(),  # only its name is wrong, which is not asked for
    (ROOT / "tests/vectors/bad-no-last-line-feed.tape").read_bytes() + b"\n",  # damage can mend damage
}
KEY = parse_key((ROOT / "cassettes" / "SAMPLE_KEY").read_text(encoding="ascii"))
WHERE = "tests/vectors/fuzzed.tape"

SEEDS: dict[str, tuple[int, ...]] = {"damaged": (), "authentic": (), "keyring": (210, 2165)}
"""Files that once ended otherwise than they may: they are tried before all others."""

TOKENS = (
    *(
        b'{"sealtape":1',
        b'{"sealtape":2,"needs":"9.9"}',
        b'{"end":0',
        b',"mac":"',
        b'"sealed":"',
        b'"tags":"',
    ),
    *(
        b"<<<<<<< a",
        b">>>>>>> b",
        b"\r\n",
        b"\n",
        b"\x00",
        b"\xff",
        b"\\ud800",
        b"\\u0000",
        b"[" * 3000,
        b" = " + b"[" * 3000,
        b"9" * 5000,
    ),
    *(
        b"null",
        b"true",
        b"-1",
        b"1e999",
        b"NaN",
        b"{}",
        b"[]",
        b'"',
        b"}",
        b"=",
        b"==",
        b"A" * 4000,
        b'{"a":' * 3000,
    ),
)
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**70, 1.5, "", "x", "\ud800", [], ["a"], {}, {"$bytes": "!"}, {"$bytes": 1}),
    *({"$float": "x"}, {"$float": "nan"}, {"$$bytes": []}, [[1, 2]], {"a": {"b": []}}, "A" * 5000),
)


def damaged(seed: int) -> bytes:
    """Return a file that somebody without the key made of one or two of the corpus."""
    chance = random.Random(f"damaged {seed}")
    data = chance.choice(CORPUS)
    for _ in range(chance.randint(1, 3)):
        data = chance.choice(DAMAGES)(chance, data)
    return data


def _bit(chance: random.Random, data: bytes) -> bytes:
    if not data:
        return data
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def _token(chance: random.Random, data: bytes) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(TOKENS) + data[at + chance.choice((0, 0, 1, 4, 20)) :]


def _cut(chance: random.Random, data: bytes) -> bytes:
    one, two = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return chance.choice((data[:one], data[one:], data[:one] + data[two:], data[:two] + data[one:]))


def _lines(chance: random.Random, data: bytes) -> bytes:
    lines, others = data.splitlines(True), chance.choice(CORPUS).splitlines(True)
    if lines and others:
        at = chance.randrange(len(lines))
        chance.choice(
            (
                lambda: lines.pop(at),
                lambda: lines.insert(at, chance.choice(lines)),
                lambda: lines.insert(at, chance.choice(others)),
                lambda: chance.shuffle(lines),
                lambda: lines.__setitem__(at, chance.choice(others)),
            )
        )()
    return b"".join(lines)


def _words(chance: random.Random, data: bytes) -> bytes:
    """Change a line as JSON, and write it canonically again: only what is in it is wrong then."""
    lines = data.splitlines(True)
    try:
        words = json.loads(lines[at := chance.randrange(len(lines))])
        words[chance.choice([*words, "new"])] = chance.choice(VALUES)
        lines[at] = content.canonical(words).encode() + b"\n"
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        return data
    return b"".join(lines)


DAMAGES: tuple[Callable[[random.Random, bytes], bytes], ...] = (_bit, _token, _cut, _lines, _words)


def authentic(seed: int) -> bytes:
    """Return a file whose MAC holds and whose frames are not as this version writes them."""
    chance = random.Random(f"authentic {seed}")
    layout = structure.inspect(chance.choice(sorted(GOOD)), WHERE)
    keys = format._cassette_keys(KEY, layout.header.cassette_id)
    rows = [layout.header_row, *layout.rows]
    chosen = chance.randrange(len(rows))
    lines = []
    for number, row in enumerate(rows):
        frame = format._opened(keys, row)
        assert frame is not None
        if number == chosen:
            frame = _reframed(chance, frame)
        words = {name: word for name, word in row.words.items() if name != "sealed"}
        lines.append(format._line(keys, words, frame))
    lines.append(format._end(len(lines) - 1, b"".join(map(format._tag, lines))))
    return b"".join([*lines, format._mac_tail(keys, lines)])


def _reframed(chance: random.Random, frame: bytes) -> bytes:
    if chance.random() < 0.4:
        return chance.choice((_bit, _token, _cut))(chance, frame) or b"\0"
    start, middle = content._bounds(frame)
    head = json.loads(frame[content._FIXED.size : start])
    spots = list(_spots(head))
    for _ in range(chance.randint(1, 2)):
        holder, name = chance.choice(spots)
        if chance.random() < 0.3 and isinstance(holder, dict):
            holder.pop(name, None)
            holder[f"new-{name}"] = chance.choice(VALUES)
        else:
            holder[name] = chance.choice(VALUES)
    bodies = frame[start:middle], frame[middle:]
    return content._frame(head, *(chance.choice((body, body, b"", b"body")) for body in bodies))


def _spots(value: Any) -> Any:
    """Yield each place in ``value`` at which something else could stand."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    if isinstance(value, dict):
        yield value, "new"
    for name, item in list(members):
        yield value, name
        yield from _spots(item)


_RING = Keyring.of(KEY, [raw_key("ci", Key(bytes(32))).wrapping(KEY)], "sealtape-keyring.toml")


def keyring(seed: int) -> bytes:
    """Return a damaged keyring."""
    chance = random.Random(f"keyring {seed}")
    data = _RING.text.encode()
    for _ in range(chance.randint(1, 2)):
        data = chance.choice((_bit, _token, _cut, _lines))(chance, data)
    return data


def ended(kind: str, seed: int) -> str:
    """Read one file with and without the key, and return how that ended; fail if it may not end so."""
    data = KINDS[kind](seed)
    if kind == "keyring":
        return _ring_ended(data)
    how = "opened"
    try:
        recording = unseal(data, KEY, where=WHERE)
        for row in recording.interactions:
            assert row.interaction.request.label is not None
            assert row.interaction.outcome is not None
    except (CassetteError, KeyWrong) as error:
        how = _named(error, WHERE)
    if kind == "authentic":
        assert how in ("opened", "CassetteTooNew"), how
    else:
        assert how != "opened" or data in WHOLE, "a changed file opened"
    try:
        read_clear(data, where=WHERE)
    except CassetteError as error:
        seen = _named(error, WHERE)
        assert how != "opened", f"with the key it opened, and without it there was {seen}"
    return how


def _ring_ended(data: bytes) -> str:
    try:
        ring = parse_keyring(data.decode("utf-8", "replace"), _RING.where)
        ring.opened(KEY)
    except KeyringError as error:
        return _named(error, _RING.where)
    assert ring == _RING, "a changed keyring opened"
    return "opened"


def _named(error: SealtapeError, where: str) -> str:
    if not error.where.startswith(where) or not error.hint:
        raise AssertionError(f"no place or no remedy: {error!r}")
    return type(error).__name__


KINDS: dict[str, Callable[[int], bytes]] = {"damaged": damaged, "authentic": authentic, "keyring": keyring}


def all_ended(kind: str, seeds: range) -> Counter[str]:
    """Read the files of ``kind`` that were kept and those of ``seeds``; return how often they ended how."""
    counts: Counter[str] = Counter()
    for seed in (*SEEDS[kind], *seeds):
        try:
            counts[ended(kind, seed)] += 1
        except BaseException as error:
            raise AssertionError(f"{kind} file {seed}: {type(error).__name__}: {error}") from error
    return counts


def held_at_most(kind: str, seed: int) -> float:
    """Return how many bytes reading one file took at its height, for each byte of the file and of 64 KB."""
    size = len(KINDS[kind](seed)) + 65_536
    return traced_peak(lambda: ended(kind, seed)) / size


def traced_peak(work: Callable[[], object]) -> int:
    """Return how many bytes ``work`` took at its height."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# How much of the parser is reached.

_WRITING = {
    "pack",
    "pack_facts",
    "seal",
    "_clear_words",
    "_flat",
    "_plain",
    "_escaped",
    "new_cassette_id",
    "canonical",
}


def _reading_lines(code: CodeType, file: str) -> set[tuple[str, int]]:
    """Return the lines of the functions in ``code`` that take part in reading."""
    found = set()
    for inner in code.co_consts:
        if isinstance(inner, CodeType) and inner.co_name not in _WRITING:
            found |= _reading_lines(inner, file)
            if inner.co_flags & 0x1:  # a function, not the body of a class
                found |= {
                    (file, line) for _, _, line in inner.co_lines() if line and line > inner.co_firstlineno
                }
    return found


def main(count: int, seed: int) -> None:
    files = [str(module.__file__) for module in (structure, format, content)]
    lines = set().union(*(_reading_lines(compile(Path(f).read_text("utf-8"), f, "exec"), f) for f in files))
    reached: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    sys.settrace(trace)
    told = {kind: all_ended(kind, range(seed, seed + count)) for kind in KINDS}
    sys.settrace(None)
    for kind, counts in told.items():
        print(f"{kind}: {dict(counts.most_common())}")
    missing = sorted(lines - reached)
    print(f"{len(lines) - len(missing)} of {len(lines)} lines of the functions that read")
    for file, line in missing:
        print(f"{Path(file).name}:{line}: {Path(file).read_text('utf-8').splitlines()[line - 1].strip()}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
