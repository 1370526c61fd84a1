"""Deciding on recordings: accept or reject what is pending, and what a range of git revisions changed.

A pending recording is taken or left as a whole: a cassette is one conversation, and half of an old one
with half of a new one is a conversation that nobody ever had.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sealtape import ledger, store
from sealtape.changes import CassetteChange, KeyFor, Version, change_between, damaged, read_version
from sealtape.errors import CassetteError, CassetteMisnamed, KeyWrong, StoreUnwritable, UsageError
from sealtape.interaction import Sealed
from sealtape.revisions import Range, TreeChange, blobs, changed_files, file_at
from sealtape.seal.format import read_clear
from sealtape.seal.keyring import load_key, read_keyring
from sealtape.seal.resealing import reseal
from sealtape.settings import Settings, load_settings

_PENDING = store.SUFFIX + store.PENDING_SUFFIX

KeysFor = Callable[[Settings], KeyFor]


@dataclass(frozen=True, slots=True)
class Pending:
    """A recording that waits: its file, the cassette that it would replace, and that one's name.

    ``path`` and ``where`` are one file; ``where`` is as a person would type it.
    """

    path: Path
    cassette: Path
    name: str
    where: str


def pending_at(path: Path) -> Pending:
    """Return the pending recording in the file ``path``, which ends in ``.tape.new``."""
    cassette = path.with_name(path.name.removesuffix(store.PENDING_SUFFIX))
    name = load_settings(cassette.parent).name_of(cassette)
    return Pending(path, cassette, name, _shown(path))


def chosen(names: Sequence[str], pending: Sequence[Pending]) -> list[Pending]:
    """Return those of ``pending`` that ``names`` mean, in their own order, each once.

    A name is a path of the cassette, of the pending file or of a folder, or a cassette's name or the
    end of it. Raise `UsageError` for one that means nothing that is pending, or more than one thing.
    """
    found: set[Path] = set()
    for name in names:
        found.update(item.path for item in _meant(name, pending))
    return [item for item in pending if item.path in found]


def _meant(name: str, pending: Sequence[Pending]) -> list[Pending]:
    path = Path(os.path.abspath(name))
    by_path = [
        item
        for item in pending
        if path in (place := Path(os.path.abspath(item.path)), Path(os.path.abspath(item.cassette)))
        or path in place.parents
    ]
    if by_path and name.strip():  # an empty name is a variable that was not set, not this folder
        return by_path
    bare = name.removesuffix(store.PENDING_SUFFIX).removesuffix(store.SUFFIX)
    by_name = [item for item in pending if bare and f"/{item.name}".endswith(f"/{bare}")]
    exact = [item for item in by_name if item.name == bare]
    if len(exact or by_name) == 1:
        return exact or by_name
    if by_name:
        raise UsageError(
            f"{name!a} could mean {len(by_name)} pending recordings",
            why=", ".join(item.name for item in by_name),
            hint=f"sealtape accept {shlex.quote(by_name[0].name)}",
        )
    waiting = ", ".join(item.name for item in pending[:5]) or "nothing"
    more = f" and {len(pending) - 5} more" if len(pending) > 5 else ""
    raise UsageError(
        f"no pending recording is called {name!a}", why=f"pending is {waiting}{more}", hint="sealtape review"
    )


def accept(item: Pending) -> Path:
    """Put a pending recording in the place of its cassette, note that as confirmed, and return its file.

    It is one rename: the cassette is the old one or the new one. One that was recorded before the key was
    rotated is sealed with the new key on the way, which takes that key. Raise `CassetteError`,
    `KeyringError` or `StoreError`, with both files as they were; where only the ledger cannot be written, it
    is accepted all the same.
    """
    with store.lock(item.cassette):
        day = recorded_on(item.path)
        anew = _acceptable(item)
        if anew is None:
            store.put(item.path, item.cassette)
        else:
            store.write(item.cassette, anew)
            reject(item)
    ledger.confirm([item.cassette], day)
    return item.cassette


def _acceptable(item: Pending) -> Sealed | None:
    """Refuse what could not be replayed from the place it would come to; return what is to be written
    there where it is not the pending file itself."""
    data = store.read(item.path)
    clear = read_clear(data, where=item.where)
    settings = load_settings(item.cassette.parent)
    pinned = settings.key_id
    earlier = bool(pinned) and clear.key_id != pinned and _was_rotated(clear.key_id, settings)
    if pinned and clear.key_id != pinned and not earlier:
        raise KeyWrong(
            "this recording was sealed with another key than the project's",
            where=item.where,
            why=f"it names the key {clear.key_id}, and the project pins {pinned}",
            hint=f"sealtape reject {shlex.quote(item.name)}",
        )
    if clear.name != item.name:
        raise CassetteMisnamed(
            f"this recording is bound to the name {clear.name!a}",
            where=item.where,
            why="it was renamed or copied",
            hint=f"sealtape reject {shlex.quote(item.name)}",
        )
    ledger.confirmed_at(item.cassette)  # a ledger that cannot be read is told of before the rename
    if not earlier:
        return None
    key = load_key(pinned, root=settings.root)
    return reseal(data, key, key, where=item.where, name=item.name)


def _was_rotated(key_id: str, settings: Settings) -> bool:
    ring = read_keyring(settings.root)
    return ring is not None and any(old.id == key_id for old in ring.older)


def recorded_on(path: Path) -> date:
    """Return the day (UTC) on which the file at ``path`` was written."""
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return min(written, datetime.now(UTC)).date()


def reject(item: Pending) -> Path:
    """Remove a pending recording and return its file; its cassette stays as it is."""
    try:
        item.path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreUnwritable(
            "the recording could not be removed",
            where=item.where,
            why=(error.strerror or type(error).__name__).lower(),
            hint=f"rm {shlex.quote(item.where)}",
        ) from None
    return item.path


def pending_change(item: Pending, keys_for: KeysFor) -> CassetteChange:
    """Return what accepting a pending recording would change."""
    key_for = keys_for(load_settings(item.cassette.parent))
    where = _shown(item.cassette)
    try:
        new = read_version(store.read(item.path), key_for, where=item.where)
        old: Version | None = None
        if item.cassette.exists():
            old = read_version(store.read(item.cassette), key_for, where=where)
    except CassetteError as error:
        return damaged(where, error)
    return change_between(old, new, where=where, kind="new" if old is None else "changed")


def range_changes(root: Path, revisions: Range, keys_for: KeysFor) -> list[CassetteChange]:
    """Return what became of every cassette below ``root`` between two revisions, sorted by path.

    A cassette that only has another name is one that was renamed, whatever git makes of it. Pending
    recordings that were committed are compared with the cassette that they wait beside.
    """
    files = [
        file
        for file in changed_files(root, revisions, (store.SUFFIX, _PENDING))
        if file.new or not file.path.endswith(_PENDING)
    ]
    data = blobs(root, [blob for file in files for blob in (file.old, file.new) if blob])
    key_for = keys_for(load_settings(root))
    changes: list[CassetteChange] = []
    gone: dict[str, tuple[str, Version]] = {}
    come: list[tuple[str, Version]] = []
    for file in files:
        try:
            old = read_version(data[file.old], key_for, where=file.path) if file.old else None
            new = read_version(data[file.new], key_for, where=file.path) if file.new else None
        except CassetteError as error:
            changes.append(damaged(file.path, error))
            continue
        if file.path.endswith(_PENDING) and new is not None:
            changes.append(_committed_pending(root, revisions, file, new, key_for))
        elif old is not None and new is not None:
            changes.append(change_between(old, new, where=file.path, kind="changed"))
        elif new is not None:
            come.append((file.path, new))
        elif old is not None:
            gone[old.clear.cassette_id] = (file.path, old)
    changes += _come_and_gone(come, gone)
    return sorted(changes, key=lambda change: change.where)


def _come_and_gone(
    come: list[tuple[str, Version]], gone: dict[str, tuple[str, Version]]
) -> Iterator[CassetteChange]:
    for path, new in come:
        was = gone.pop(new.clear.cassette_id, None)
        if was is None:
            yield change_between(None, new, where=path, kind="new")
        else:
            yield change_between(was[1], new, where=path, kind="renamed", old_where=was[0])
    for path, old in gone.values():
        yield change_between(old, None, where=path, kind="removed")


def _committed_pending(
    root: Path, revisions: Range, file: TreeChange, new: Version, key_for: KeyFor
) -> CassetteChange:
    path = file.path.removesuffix(store.PENDING_SUFFIX)
    data = file_at(root, revisions.head, path)
    old = read_version(data, key_for, where=path) if data is not None else None
    return change_between(old, new, where=file.path, kind="pending")


def _shown(path: Path) -> str:
    absolute = Path(os.path.abspath(path))
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)
