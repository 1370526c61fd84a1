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
where it was killed. An error before the last cassette is in place puts back what was there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
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


def rotate(root: Path, *, reseal: bool, environ: Mapping[str, str] = os.environ) -> Rotated:
    """Give the project at ``root`` a new key, or finish a rotation that was begun.

    With ``reseal`` no cassette is left under an old key, and the old keys are retired. Raise `SealtapeError`
    with everything as it was.
    """
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
    with ExitStack() as temporaries, ExitStack() as undo:
        staged = _staged_all(root, key, temporaries) if reseal else []
        holders = ring.recipients if ring else ()
        file = _key_file(opening)
        if not begun:
            holders = tuple(recipient.wrapping(key) for recipient in holders)
            file = None if opening.recipient else _new_key_file(key, undo)
            _write_ring(root, Keyring.of(key, holders, KEYRING_FILE), undo)
        _put_all(root, key, staged, temporaries, undo)
        undo.pop_all()  # from here on it is finished, by a second run if it must be
        if reseal:
            _require_none_left(root, key)
            key = key.after([Predecessor(old.key, retired=True) for old in key.older])
            write_keyring(root, Keyring.of(key, holders, KEYRING_FILE))
        textfile.replace_text(pyproject.path, pinning)
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


def _new_key_file(key: Key, undo: ExitStack) -> Path:
    path = write_key_file(key)
    undo.callback(path.unlink, missing_ok=True)
    return path


def _write_ring(root: Path, ring: Keyring, undo: ExitStack) -> None:
    path = root / KEYRING_FILE
    before = textfile.read_text(path)
    undo.callback(partial(textfile.replace_text, path, before) if before else path.unlink)
    textfile.replace_text(path, ring.text)


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


def _put_all(root: Path, key: Key, staged: list[_Staged], temporaries: ExitStack, undo: ExitStack) -> None:
    """Put every temporary file in the place of its cassette, or leave all cassettes as they were."""
    done: list[tuple[Path, str]] = []
    try:
        for item in staged:
            with store.lock(item.path):
                data = store.read(item.path)
                current: _Staged | None = item
                if hashlib.sha256(data).digest() != item.digest:
                    current = _staged(item.path, key, temporaries)  # it was recorded again since
                if current is not None:
                    done.append((item.path, read_clear(data, where=shown(item.path)).key_id))
                    store.put(current.temporary, item.path)
    except BaseException:
        try:
            for path, key_id in reversed(done):
                _put_back(path, key_id, key)
        except BaseException:
            # What could not be put back opens with the new key only, so that one must stay.
            undo.pop_all()
            raise
        raise


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


def write_keyring(root: Path, ring: Keyring) -> None:
    """Write ``ring`` as the keyring of the project at ``root``; raise `StoreUnwritable`."""
    textfile.replace_text(root / KEYRING_FILE, ring.text)
