"""Sealing anew what a cassette file holds: with another key of the same line, or bound to another name."""

from __future__ import annotations

from dataclasses import replace

from sealtape.interaction import Sealed
from sealtape.seal.format import seal, unseal
from sealtape.seal.key import Key
from sealtape.seal.structure import read_clear


def reseal(
    data: bytes, opening: Key, sealing: Key, *, where: str, name: str | None = None, renamed: str = ""
) -> Sealed:
    """Return the cassette in ``data``, opened with ``opening``, sealed with ``sealing``.

    Hidden clear words stay hidden. ``name`` is what the cassette has to be bound to, if that matters;
    ``renamed`` is what it is bound to then. With the key that sealed it and no other name it is the same
    bytes. Raise what `sealtape.seal.format.unseal` raises.
    """
    recording = unseal(data, opening, where=where, name=name)
    rows = read_clear(data, where=where).rows
    clear = not rows or any(row.id for row in rows)
    return seal(replace(recording, name=renamed or recording.name), sealing, clear=clear)
