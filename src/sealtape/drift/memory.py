"""What a project remembers of drift: a small JSON file in its root, to be committed and reviewed. ::

    {
    "drift": 1,
    "accepted": {
    "0f3c…": {"until": "2027-02-18", "fact": "field-added iam.ListUsers Users[].Path", "why": "not read"}
    },
    "varies": {
    "kms.DescribeKey KeyMetadata.Generation": {"times": 3, "last": "2026-11-20"}
    },
    "flaps": {
    "77e1…": {"fact": "flapping sqs.ListQueues NextToken", "last": "2026-11-20"}
    }
    }

``accepted`` holds facts by fingerprint that count for nothing until a day. ``varies`` holds the members
that had another value in two recordings made one right after the other: what changes there says nothing
about the provider. ``flaps``, if there are any, holds by fingerprint what was there in one of two such
recordings only: nothing but a refresh sees that, and so it can be accepted later. All end by themselves,
the latter two half a year after they were last seen. One line an entry, sorted, so that two branches
rarely meet in one; no recorded value stands in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sealtape.drift.findings import Finding
from sealtape.errors import StoreError
from sealtape.textfile import replace_text

MEMORY = "sealtape-drift.json"
FORMAT = 1
VARIES_FOR = timedelta(days=182)

_CONFLICT = re.compile(r"^(?:<{7}|>{7}|={7})", re.MULTILINE)
_VALUES = frozenset(("value-changed", "default-or-limit", "error-message", "header", "order"))


@dataclass(frozen=True, slots=True)
class Accepted:
    """A fact that was accepted: until which day (inclusive), which one it is in words, and why."""

    until: date
    fact: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Varying:
    """A member that varies: in how many refreshes it was seen to, and when last."""

    times: int
    last: date


@dataclass(frozen=True, slots=True)
class Flapping:
    """What flaps, in words, and when it was last seen to."""

    fact: str
    last: date


@dataclass(frozen=True, slots=True)
class Memory:
    """The content of the file: accepted facts by fingerprint, varying members by place, and what flaps."""

    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    varying: Mapping[str, Varying] = field(default_factory=dict)
    flapping: Mapping[str, Flapping] = field(default_factory=dict)

    def accepts(self, fingerprint: str, day: date) -> bool:
        """Whether the fact was accepted, and still is on ``day``."""
        found = self.accepted.get(fingerprint)
        return found is not None and day <= found.until

    def knows_to_vary(self, place: str, day: date) -> bool:
        """Whether what stands at ``place`` was seen to vary in the half year before ``day``."""
        found = self.varying.get(place)
        return found is not None and day <= found.last + VARIES_FOR

    def accepting(self, findings: Iterable[Finding], until: date, why: str = "") -> Memory:
        """Return this with ``findings`` accepted until that day."""
        more = {f.fingerprint: Accepted(until, _in_words(f), why) for f in findings}
        return replace(self, accepted={**self.accepted, **more})

    def accepting_flapping(self, fingerprint: str, until: date, why: str = "") -> Memory:
        """Return this with what was seen to flap accepted until that day; raise KeyError if it was not."""
        accepted = Accepted(until, self.flapping[fingerprint].fact, why)
        return replace(self, accepted={**self.accepted, fingerprint: accepted})

    def having_flapped(self, findings: Iterable[Finding], day: date) -> Memory:
        """Return this with ``findings`` seen to flap on ``day``."""
        more = {f.fingerprint: Flapping(_in_words(f), day) for f in findings}
        return replace(self, flapping={**self.flapping, **more})

    def having_seen(self, places: Iterable[str], day: date) -> Memory:
        """Return this with ``places`` seen to vary on ``day``; once a day counts."""
        varying = dict(self.varying)
        for place in places:
            before = varying.get(place)
            if before is None or before.last < day:
                varying[place] = Varying(before.times + 1 if before else 1, day)
        return replace(self, varying=varying)

    def on(self, day: date) -> Memory:
        """Return this without what has expired by ``day``."""
        return Memory(
            {key: one for key, one in self.accepted.items() if self.accepts(key, day)},
            {place: one for place, one in self.varying.items() if self.knows_to_vary(place, day)},
            {key: one for key, one in self.flapping.items() if day <= one.last + VARIES_FOR},
        )


EMPTY = Memory()


def _in_words(finding: Finding) -> str:
    said = f"{finding.id} {finding.where}".strip()
    return f"{said} of a simulator" if finding.cause == "simulator" else said


def varies(finding: Finding) -> bool:
    """Whether a finding is about a value, which may vary, and not about what there is."""
    return finding.kind in _VALUES and finding.id not in (
        "header-added",
        "header-removed",
        "checksum-removed",
    )


def place_of(finding: Finding) -> str:
    """Return the place by which a varying member is remembered."""
    return finding.where


def read_memory(root: Path) -> Memory:
    """Return what the project at ``root`` remembers; nothing where it has no such file.

    Raise `StoreError` for one that cannot be read: what was accepted must not come back unasked.
    """
    path = root / MEMORY
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return EMPTY
    except OSError as error:
        raise _unreadable(path, (error.strerror or type(error).__name__).lower()) from None
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not text") from None
    try:
        document = json.loads(text)
        number = document.get("drift")
        if type(number) is int and number > FORMAT:
            raise StoreError(
                "this memory of drift was written by a later version",
                where=str(path),
                hint="pip install -U sealtape",
            )
        if number != FORMAT:
            raise _unreadable(path, "it is no memory of drift")
        return _parsed(document)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        conflict = "it holds merge-conflict markers" if _CONFLICT.search(text) else "it is no memory of drift"
        raise _unreadable(path, conflict) from None


def write_memory(root: Path, memory: Memory, day: date) -> bool:
    """Replace the file of the project at ``root``, without what has expired; return whether it changed.

    Raise `StoreUnwritable`, with the file as it was.
    """
    path, kept = root / MEMORY, memory.on(day)
    if kept == read_memory(root):
        return False
    replace_text(path, _text(kept))
    return True


def _parsed(document: Any) -> Memory:
    return Memory(
        {
            str(key): Accepted(date.fromisoformat(row["until"]), str(row["fact"]), str(row.get("why", "")))
            for key, row in document["accepted"].items()
        },
        {
            str(place): Varying(int(row["times"]), date.fromisoformat(row["last"]))
            for place, row in document["varies"].items()
        },
        {
            str(key): Flapping(str(row["fact"]), date.fromisoformat(row["last"]))
            for key, row in document.get("flaps", {}).items()
        },
    )


def _text(memory: Memory) -> str:
    accepted = {
        key: {"until": one.until.isoformat(), "fact": one.fact, **({"why": one.why} if one.why else {})}
        for key, one in memory.accepted.items()
    }
    varying = {
        place: {"times": one.times, "last": one.last.isoformat()} for place, one in memory.varying.items()
    }
    flapping = {key: {"fact": one.fact, "last": one.last.isoformat()} for key, one in memory.flapping.items()}
    parts = [f'"drift": {FORMAT}', f'"accepted": {_rows(accepted)}', f'"varies": {_rows(varying)}']
    parts += [f'"flaps": {_rows(flapping)}'] if flapping else []
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _rows(entries: Mapping[str, Any]) -> str:
    rows = [
        f"{json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}"
        for name, entry in sorted(entries.items())
    ]
    return "{\n" + ",\n".join(rows) + "\n}" if rows else "{}"


def _unreadable(path: Path, why: str) -> StoreError:
    return StoreError(
        "the memory of drift cannot be read", where=str(path), why=why, hint=f"git diff {path.name}"
    )
