"""``sealtape mv``: rename cassettes, and bind them to their new names."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from sealtape import store
from sealtape.cli.project import PENDING, files_under, key_for, shown
from sealtape.cli.terminal import say
from sealtape.errors import CassetteBusy, CassetteMisnamed, CassetteMissing, StoreUnwritable, UsageError
from sealtape.seal.format import read_clear
from sealtape.seal.keyring import Key
from sealtape.seal.resealing import reseal
from sealtape.settings import load_settings


@dataclass(frozen=True, slots=True)
class Move:
    """One cassette on its way: the file it lies in, the file it goes to, and the name it has now.

    Where git or a person has moved the file already, ``source`` and ``target`` are the same.
    """

    source: Path
    target: Path
    name: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A move worked out on the disk, beside its target: a folder of cassettes need not fit into memory.

    ``temporary`` is None where a move that was killed has put the target in its place already; ``digest`` is
    that of the source, ``name`` and ``key_id`` are what it was bound to and sealed with.
    """

    move: Move
    temporary: Path | None
    digest: bytes
    name: str
    key_id: str
    key: Key


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
def command(old: Path, new: Path) -> None:
    """Rename the cassette or folder of cassettes OLD to NEW.

    A cassette is bound to its place in the project, so that none can stand in for another; this binds
    it to the new one, which takes the key. Only the header and the end row change. All cassettes are
    moved or none, and nothing is overwritten; one that is killed goes on when it is given again. Files that
    have been moved already (git mv) are bound to their new names: name them as if they had not. A cassette
    moved to a folder that exists keeps its file name.

    \b
    Examples:
      sealtape mv tests/cassettes/test_old tests/cassettes/test_new
      sealtape mv tests/cassettes/test_a/test_one.tape tests/cassettes/test_a/test_two.tape
    """
    moves = planned(old, new)
    with ExitStack() as temporaries:
        carry_out([_prepared(move, temporaries) for move in moves])
    for move in moves:
        say(f"{shown(_place(old, new, move))} -> {shown(move.target)}")
    _remove_empty(old)


def planned(old: Path, new: Path) -> list[Move]:
    """Return the moves that OLD and NEW ask for; raise `CassetteMissing` or `UsageError`."""
    if old.is_dir():
        sources = files_under([old], (store.SUFFIX, PENDING))
        moves = [_move(path, new / path.relative_to(old)) for path in sources]
    elif old.exists():
        moves = [_move(old, _target(old, new))]
    else:
        moves = list(_already_moved(old, new))
    if not moves:
        raise CassetteMissing(
            "there is no cassette", where=shown(old), hint=f"ls {shlex.quote(shown(old.parent))}"
        )
    return moves


def _move(source: Path, target: Path) -> Move:
    return Move(source, target, _name(source))


def _name(path: Path) -> str:
    """Return the name that the cassette in ``path`` is bound to; a pending one has its elder's."""
    bare = path.with_name(path.name.removesuffix(store.PENDING_SUFFIX))
    return load_settings(bare.parent).name_of(bare)


def _target(old: Path, new: Path) -> Path:
    """Return the file that a single cassette goes to; NEW may be a folder, or leave out the suffix."""
    if new.is_dir():
        return new / old.name
    return new if new.name.endswith(store.SUFFIX) else new.with_name(new.name + store.SUFFIX)


def _already_moved(old: Path, new: Path) -> Iterator[Move]:
    """Yield a move for each cassette that lies under NEW and is bound to its old place under OLD."""
    if new.is_dir():
        pairs = [(old / path.relative_to(new), path) for path in files_under([new], (store.SUFFIX, PENDING))]
        # The file name alone may be what was kept.
        if old.name.endswith(store.SUFFIX):
            pairs = [(old, new / old.name)] if (new / old.name).is_file() else []
    elif new.is_file():
        pairs = [(old, new)]
    else:
        pairs = []
    for was, path in pairs:
        bound = read_clear(store.read(path), where=shown(path)).name
        # An error that told of the other name told it relative to the project.
        if bound in (_name(was), was.as_posix().removesuffix(store.SUFFIX)):
            yield Move(path, path, bound)
        elif len(pairs) == 1:
            raise CassetteMisnamed(
                f"this cassette is bound to {bound!a}, not to {_name(was)!a}",
                where=shown(path),
                hint=f"sealtape mv {shlex.quote(bound + store.SUFFIX)} {shlex.quote(shown(path))}",
            )


def _prepared(move: Move, temporaries: ExitStack) -> Prepared:
    """Seal a cassette for its new place into a temporary file, which ``temporaries`` removes."""
    where = shown(move.source)
    data = store.read(move.source)
    clear = read_clear(data, where=where)
    key = key_for(load_settings(move.source.parent), clear)
    _refuse_other_project(move, key)
    after = reseal(data, key, key, where=where, name=move.name, renamed=_name(move.target))
    temporary: Path | None = None
    if move.source == move.target or not os.path.lexists(move.target):
        temporary = store.stage(move.target, after)
        temporaries.callback(temporary.unlink, missing_ok=True)
    elif not _is_copy(move.target, after.data) or os.path.samefile(move.source, move.target):
        raise _occupied(move.target)
    return Prepared(move, temporary, hashlib.sha256(data).digest(), clear.name, clear.key_id, key)


def _is_copy(path: Path, data: bytes) -> bool:
    return path.is_file() and store.read(path) == data


def _occupied(path: Path) -> UsageError:
    return UsageError(
        "there is a file already, and nothing is overwritten",
        where=shown(path),
        hint=f"rm {shlex.quote(shown(path))}, if it is the one to lose",
    )


def _refuse_other_project(move: Move, key: Key) -> None:
    pinned = load_settings(move.target.parent).key_id
    if pinned and pinned != key.id:
        raise UsageError(
            "a cassette cannot be moved to a project with another key",
            where=shown(move.target),
            why=f"it is sealed with {key.id}, and that project pins {pinned}",
            hint="record it there: pytest --record-mode=once",
        )


def carry_out(prepared: list[Prepared]) -> None:
    """Put every cassette in its new place and remove the old ones, or leave all as it was."""
    undo: list[Callable[[], object]] = []
    try:
        for item in prepared:
            _put(item, undo)
        for item in prepared:
            if item.move.source != item.move.target:
                with store.lock(item.move.source):
                    _require_unchanged(item)
                    undo.append(partial(_put_back, item))
                    _remove(item.move.source)
    except BaseException:
        # In this order and no further than it goes: an old place is empty only while the new one is not.
        for step in reversed(undo):
            step()
        raise


def _put(item: Prepared, undo: list[Callable[[], object]]) -> None:
    in_place = item.move.source == item.move.target
    with ExitStack() as locks:
        # Not all at once: each is an open file, of which a process may have a thousand.
        for path in sorted({os.path.realpath(item.move.source), os.path.realpath(item.move.target)}):
            locks.enter_context(store.lock(Path(path)))
        _require_unchanged(item)
        if item.temporary is not None:
            if not in_place and os.path.lexists(item.move.target):
                raise _occupied(item.move.target)  # it was recorded since
            undo.append(partial(_put_back, item) if in_place else partial(_take_back, item.move.target))
            store.put(item.temporary, item.move.target)


def _require_unchanged(item: Prepared) -> None:
    if hashlib.sha256(store.read(item.move.source)).digest() != item.digest:
        raise CassetteBusy(
            "this cassette was recorded while it was moved, and nothing was",
            where=shown(item.move.source),
            hint="let the tests end, then run this again",
        )


def _put_back(item: Prepared) -> None:
    # Sealing is deterministic: this is the file that was there.
    data, sealing = store.read(item.move.target), item.key.named(item.key_id)
    before = reseal(data, item.key, sealing, where=shown(item.move.target), renamed=item.name)
    store.write(item.move.source, before)


def _take_back(path: Path) -> None:
    # What failed may have failed before there was a file.
    with suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise StoreUnwritable(
            "the cassette could not be moved, and nothing was",
            where=shown(path),
            why=(error.strerror or type(error).__name__).lower(),
            hint=f"chmod u+w {shlex.quote(shown(path.parent))}",
        ) from None


def _place(old: Path, new: Path, move: Move) -> Path:
    """Return where a cassette was, also where it had been moved before."""
    if move.source != move.target:
        return move.source
    return old / move.target.relative_to(new) if new.is_dir() and not old.name.endswith(store.SUFFIX) else old


def _remove_empty(folder: Path) -> None:
    """Remove ``folder`` and what is in it as far as they are empty now."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for place, _, _ in os.walk(folder, topdown=False):
        if not os.listdir(place):
            os.rmdir(place)
