"""Rotating the key: a new one takes the place of the old, and cassettes are sealed anew if asked for.

Several files change, and no file system changes them at once, so they change in an order in which every
prefix is a state that can be told and finished:

1. every cassette is opened and sealed with the new key into a temporary file beside it, down to the disk;
   if one does not open, or the disk is full, the temporary files go and nothing has happened;
2. the new key's file, if the key is kept in one, then the keyring: the new key, with the old one in it;
3. each temporary file takes the place of its cassette;
4. the keyring again, in which the old keys are retired;
5. ``key_id`` in pyproject.toml.

Until 5 the pin and the keyring differ, which every command refuses as a rotation that was begun: the
keyring opens the cassettes of either key, so ``sealtape keys rotate --reseal`` finishes it, and goes on
where it was killed. An error, or Ctrl-C, at any of them puts back what was there, last things first.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sealtape import store, textfile
from sealtape.cli import scaffold
from sealtape.cli.project import PENDING, files_under, shown
from sealtape.errors import KeyringError, UsageError
from sealtape.seal.format import read_clear
from sealtape.seal.key import Key, Predecessor, key_path, new_key, parse_key, write_key_file
from sealtape.seal.keyring import (
    KEY_FILE_VARIABLE,
    KEY_VARIABLE,
    KEYRING_FILE,
    Keyring,
    Opening,
    read_keyring,
    unlock,
)
from sealtape.seal.recipients import Recipient
from sealtape.seal.resealing import reseal as sealed_anew
from sealtape.settings import load_settings


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: the new key, the file that it is kept in, if any, and how much it sealed anew."""

    key: Key
    file: Path | None
    resealed: int
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class _Staged:
    """A cassette that is sealed anew in a temporary file, and a digest of what it was made of."""

    path: Path
    temporary: Path
    digest: bytes


_Undo = list[Callable[[], object]]
"""What puts back what was changed, in the order of the changes."""


def rotate(root: Path, *, reseal: bool, environ: Mapping[str, str] = os.environ) -> Rotated:
    """Give the project at ``root`` a new key, or finish a rotation that was begun.

    With ``reseal`` no cassette is left under an old key, and the old keys are retired. Raise `SealtapeError`
    with everything as it was, `CassetteBusy` where somebody else is changing the keyring.
    """
    with store.lock(root / KEYRING_FILE):
        return _rotate(root, reseal, environ)


def _rotate(root: Path, reseal: bool, environ: Mapping[str, str]) -> Rotated:
    pyproject = scaffold.read_pyproject(root)
    pinned = load_settings(root).key_id
    if not pinned:
        raise UsageError(
            "there is no key to rotate", why="no key id is pinned under [tool.sealtape]", hint="sealtape init"
        )
    ring = read_keyring(root)
    begun = ring is not None and ring.key_id != pinned and any(old.id == pinned for old in ring.older)
    if ring is not None and begun:
        opening = unlock(ring.key_id, _without_older(ring, environ), root=root)
        key = opening.key
    else:
        opening = unlock(pinned, environ, root=root)
        key = new_key().after((Predecessor(opening.key), *opening.key.older))
    pinning = pyproject.pinning(key.id)
    holders = ring.recipients if ring else ()
    if not begun:
        holders = tuple(recipient.wrapping(key) for recipient in holders)
    with ExitStack() as temporaries:
        staged = _staged_all(root, key, temporaries) if reseal else []
        undo: _Undo = []
        try:
            file = _key_file(opening) if begun else _new_key_file(key, opening, undo)
            _replace(root / KEYRING_FILE, Keyring.of(key, holders, KEYRING_FILE).text, undo)
            _put_all(key, staged, temporaries, undo)
            if reseal:
                _require_none_left(root, key)
                key = key.after([Predecessor(old.key, retired=True) for old in key.older])
                _replace(root / KEYRING_FILE, Keyring.of(key, holders, KEYRING_FILE).text, undo)
            _replace(pyproject.path, pinning, undo)
        except BaseException:
            # In this order and no further than it goes: what is not put back opens with the new key only.
            for step in reversed(undo):
                step()
            raise
    return Rotated(key, file, len(staged), holders)


def _without_older(ring: Keyring, environ: Mapping[str, str]) -> dict[str, str]:
    """Return ``environ`` without a key that ``ring`` replaced: it was right when the rotation was begun."""
    kept = dict(environ)
    older = {old.id for old in ring.older}
    with suppress(KeyringError):
        if kept.get(KEY_VARIABLE, "").strip() and parse_key(kept[KEY_VARIABLE]).id in older:
            del kept[KEY_VARIABLE]
    if kept.get(KEY_FILE_VARIABLE, "").strip() and key_path(ring.key_id).is_file():
        del kept[KEY_FILE_VARIABLE]
    return kept


def _key_file(opening: Opening) -> Path | None:
    return None if opening.recipient or opening.source == KEY_VARIABLE else Path(opening.source)


def _new_key_file(key: Key, opening: Opening, undo: _Undo) -> Path | None:
    """Keep the new key in a file, unless a recipient is at work, for whom it is wrapped."""
    if opening.recipient:
        return None
    undo.append(partial(_remove, key_path(key.id)))
    return write_key_file(key)


def _remove(path: Path) -> None:
    if os.path.lexists(path):  # a disk that cannot be written refuses to remove what is not there
        path.unlink()


def _replace(path: Path, text: str, undo: _Undo) -> None:
    before = textfile.read_text(path)

    def put_back() -> None:
        if not before:
            _remove(path)
        elif textfile.read_text(path) != before:  # a full disk may be why it is as it was
            textfile.replace_text(path, before)

    if text != before:
        undo.append(put_back)
        textfile.replace_text(path, text)


def project_cassettes(root: Path) -> Iterator[Path]:
    """Yield the cassettes and pending recordings of the project at ``root``, not those of one inside it."""
    for path in files_under([root], (store.SUFFIX, PENDING)):
        if load_settings(path.parent).root == root:
            yield path


def _staged_all(root: Path, key: Key, undo: ExitStack) -> list[_Staged]:
    """Seal every cassette that another key sealed into a temporary file; ``undo`` removes them."""
    return [item for path in project_cassettes(root) if (item := _staged(path, key, undo))]


def _staged(path: Path, key: Key, undo: ExitStack) -> _Staged | None:
    data = store.read(path)
    clear = read_clear(data, where=shown(path))
    if clear.key_id == key.id:
        return None
    temporary = store.stage(path, sealed_anew(data, key, key, where=shown(path)))
    undo.callback(temporary.unlink, missing_ok=True)
    return _Staged(path, temporary, hashlib.sha256(data).digest())


def _put_all(key: Key, staged: list[_Staged], temporaries: ExitStack, undo: _Undo) -> None:
    """Put every temporary file in the place of its cassette; ``undo`` puts the cassettes back."""
    for item in staged:
        with store.lock(item.path):
            data = store.read(item.path)
            current: _Staged | None = item
            if hashlib.sha256(data).digest() != item.digest:
                current = _staged(item.path, key, temporaries)  # it was recorded again since
            if current is not None:
                key_id = read_clear(data, where=shown(item.path)).key_id
                undo.append(partial(_put_back, item.path, key_id, key))
                store.put(current.temporary, item.path)


def _require_none_left(root: Path, key: Key) -> None:
    late = [path for path in project_cassettes(root) if _key_id(path) != key.id]
    if late:
        raise UsageError(
            "a cassette was recorded with the old key while the key was rotated",
            where=shown(late[0]),
            hint="let the tests end, then: sealtape keys rotate --reseal",
        )


def _put_back(path: Path, key_id: str, key: Key) -> None:
    # Sealing is deterministic: this is the file that was there.
    store.write(path, sealed_anew(store.read(path), key, key.named(key_id), where=shown(path)))


def _key_id(path: Path) -> str:
    return read_clear(store.read(path), where=shown(path)).key_id
