"""Which members of AWS answers the code under test reads, in a small JSON file in the project's root. ::

    {
    "reads": 1,
    "operations": {
    "iam.ListUsers": ["Users", "Users[].UserName"]
    }
    }

It grows with every replay that reads something else (`track_reads`), is to be committed, and begins anew
where it is deleted. A removed member that nobody reads is then told from one that somebody does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sealtape.drift.models import ENTRY
from sealtape.drift.noise import is_opaque_key
from sealtape.errors import StoreError
from sealtape.textfile import replace_text

READS = "sealtape-reads.json"
FORMAT = 1

Reads = Mapping[str, frozenset[str]]
"""Paths, as findings have them, by operation (``iam.ListUsers``)."""


def path_of(steps: Iterable[str]) -> str:
    """Return the path of a member as a finding has it: dotted, opaque keys as ``{}``."""
    named = (ENTRY if is_opaque_key(step) else step for step in steps)
    return ".".join(named).replace(".[]", "[]")


def read_reads(root: Path) -> Reads:
    """Return what the project at ``root`` knows to be read; raise `StoreError` for an unreadable file."""
    path = root / READS
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["reads"] != FORMAT:
            raise ValueError
        return {str(name): frozenset(map(str, paths)) for name, paths in document["operations"].items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise StoreError(
            "what the tests read is not known",
            where=str(path),
            why="the file cannot be read as what sealtape wrote",
            hint=f"rm {path.name}, and run the tests to have it anew",
        ) from None


def add_reads(root: Path, more: Reads) -> bool:
    """Add ``more`` to what the project knows to be read; return whether that changed anything.

    Raise `StoreError`, with the file as it was.
    """
    known = read_reads(root)
    after = {name: known.get(name, frozenset()) | more.get(name, frozenset()) for name in {*known, *more}}
    if after == known:
        return False
    rows = [f"{json.dumps(name)}: {json.dumps(sorted(paths))}" for name, paths in sorted(after.items())]
    replace_text(root / READS, f'{{\n"reads": {FORMAT},\n"operations": {{\n' + ",\n".join(rows) + "\n}\n}\n")
    return True
