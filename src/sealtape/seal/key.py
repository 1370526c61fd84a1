"""Keys: what one looks like, what is derived from it, and the file it lies in.

A project has one key of 32 random bytes. Its text, as it stands in ``SEALTAPE_KEY`` or in a key
file, is ``sealtape1_`` and 48 characters of URL-safe base64: the 32 bytes and a 4-byte checksum
(the first bytes of SHA-256 over ``sealtape key 1`` and the key), so that a mistyped or cut key is
told from a wrong one. The prefix lets a secret scanner find a key that was committed by mistake.

Everything else is HKDF-SHA256 over the 32 bytes with the label ``sealtape/1/PURPOSE``: purpose
``id`` (8 bytes, in hex: the key's public name), purpose ``cassette`` (salt: the cassette id; see
`sealtape.seal.format`), and what other rooms ask for through `Key.derive`. The id is derived rather
than hashed so that it says nothing about any other derived key.

It has 64 bits, because people read and compare it and every header of format 1 holds it. What trusts it is
the pin in pyproject.toml, which a swapped keyring would have to meet: another key with a given id takes some
2^64 derivations of six SHA-256 blocks each, two centuries of a graphics card that does 2 * 10^10 a second.
(Two keys of one id take 2^32, and are of use only to whoever makes both, and has the key.) A machine that has
the key itself refuses that keyring all the same, by its MAC; recipients would replay planted recordings, and
record for whoever planted them. Should it come to be cheap: 16 bytes of HKDF begin with the 8 that it gives
now, so a later version can pin more of them beside the same ids, in files that stay as they are.

A key that took another's place knows its predecessors (`Predecessor`). Stand-ins and the digests of
what they replaced stand inside of recordings and are matched against live requests, so the purpose
``stand-ins`` is derived from the first key of the line: a rotation leaves every recording replayable.
It costs nothing, because whoever may derive it may open the recordings.

A key is never in a message, a ``repr`` or a pickle. Where one is looked for is told in
`sealtape.seal.keyring`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import secrets
import shlex
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import platformdirs

from sealtape.errors import KeyMalformed, KeyMissing, KeyringError
from sealtape.seal import primitives
from sealtape.textfile import remedy, sync_folder

KEY_VARIABLE = "SEALTAPE_KEY"
KEY_FILE_VARIABLE = "SEALTAPE_KEY_FILE"

_PREFIX = "sealtape1_"
_SECRET_BYTES = 32
_CHECKSUM_BYTES = 4
_BODY_CHARS = 48
_MAX_FILE_BYTES = 4096
_KEY_ID = re.compile(r"[0-9a-f]{16}")
_LASTING = frozenset({"stand-ins"})
"""What is derived from the first key of a line: it stands in recordings that outlive a rotation."""


class Key:
    """The project's key. Frozen; shows its id and nothing else.

    ``id`` is its public name, 16 hex characters. ``text`` is the secret itself, for
    ``SEALTAPE_KEY``. ``older`` are the keys before this one, the latest first.
    """

    __slots__ = ("_secret", "id", "older")

    id: str
    older: tuple[Predecessor, ...]
    _secret: bytes

    def __init__(self, secret: bytes, older: Sequence[Predecessor] = ()) -> None:
        if len(secret) != _SECRET_BYTES:
            raise KeyMalformed(f"a key has {_SECRET_BYTES} bytes", why=f"this one has {len(secret)}")
        object.__setattr__(self, "_secret", bytes(secret))
        object.__setattr__(self, "older", tuple(older))
        object.__setattr__(self, "id", self.derive("id", length=8).hex())

    @property
    def text(self) -> str:
        """The key as text: a secret, to be printed only where a person asked for it."""
        return _PREFIX + base64.urlsafe_b64encode(self._secret + _checksum(self._secret)).decode()

    def derive(self, purpose: str, salt: bytes = b"", length: int = 32) -> bytes:
        """Return ``length`` bytes for ``purpose``: the same for the same key, purpose and salt."""
        secret = self.older[-1].key._secret if purpose in _LASTING and self.older else self._secret
        return primitives.derive(secret, f"sealtape/1/{purpose}".encode(), salt, length)

    def after(self, older: Sequence[Predecessor]) -> Key:
        """Return this key as the successor of ``older``, the latest first."""
        return Key(self._secret, older)

    def named(self, key_id: str, *, retired: bool = False) -> Key:
        """Return the key of this line with the id ``key_id``, else this one.

        A ``retired`` key opens what git's history holds, and is returned only if that is what it is for.
        """
        fitting = (old.key for old in self.older if old.key.id == key_id and (retired or not old.retired))
        return next(fitting, self)

    def __repr__(self) -> str:
        return f"<Key {self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and secrets.compare_digest(self._secret, other._secret)

    def __hash__(self) -> int:
        return hash(self.id)

    def __copy__(self) -> Key:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Key:
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a key is frozen")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a key is frozen")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        # pytest-xdist and multiprocessing pickle what they pass on, and some of it lands in logs.
        raise TypeError("a key cannot be pickled; load it again where it is needed")


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A key that another took the place of.

    Cassettes that are sealed with it open as before, unless it is ``retired``: then none is left, and
    one that turns up was made by somebody who kept the key.
    """

    key: Key
    retired: bool = False


def new_key() -> Key:
    """Return a new random key; raise `KeyringError` where no cassette could be sealed with it."""
    primitives.cipher(bytes(range(primitives.CIPHER_KEY_BYTES)))
    return Key(secrets.token_bytes(_SECRET_BYTES))


def parse_key(text: str, where: str = "") -> Key:
    """Return the key that ``text`` is; raise `KeyMalformed`, which says what is wrong but not the
    value.

    White space around it and a pair of quotes are what shells and CI settings leave behind, and
    ignored.
    """
    __tracebackhide__ = True  # pytest --showlocals would print the text
    bare = text.strip().strip("\"'").strip()
    problem = _problem_with(bare)
    if not problem:
        raw = base64.urlsafe_b64decode(bare.removeprefix(_PREFIX))
        return Key(raw[:_SECRET_BYTES])
    del text, bare
    raise KeyMalformed(
        "this is not a sealtape key",
        where=where,
        why=problem,
        hint="copy it again whole, as `sealtape keys new` printed it",
    )


def _problem_with(bare: str) -> str:
    """Return what keeps ``bare`` from being a key, or an empty string."""
    if not bare:
        return "it is empty"
    if not bare.startswith(_PREFIX):
        return f"a key begins with {_PREFIX}"
    body = bare.removeprefix(_PREFIX)
    if len(body) != _BODY_CHARS:
        return f"{len(body)} characters follow {_PREFIX}, and it should be {_BODY_CHARS}"
    if not re.fullmatch(r"[A-Za-z0-9_-]+", body):
        return f"only letters, digits, - and _ may follow {_PREFIX}"
    raw = base64.urlsafe_b64decode(body)
    if raw[_SECRET_BYTES:] != _checksum(raw[:_SECRET_BYTES]):
        return "its checksum does not fit, so at least one character is wrong"
    return ""


def _checksum(secret: bytes) -> bytes:
    return hashlib.sha256(b"sealtape key 1" + secret).digest()[:_CHECKSUM_BYTES]


def key_path(key_id: str) -> Path:
    """Return where the key file for ``key_id`` lies, in the user's configuration folder.

    ``~/.config/sealtape/keys`` (or under ``XDG_CONFIG_HOME``) on Linux, and the places that belong
    to them on macOS and Windows. Raise `KeyMalformed` for what is not a key id.
    """
    if not _KEY_ID.fullmatch(key_id):
        raise KeyMalformed("this is not a key id", why="a key id is 16 of 0-9a-f", hint="sealtape keys list")
    return platformdirs.user_config_path("sealtape", appauthor=False) / "keys" / f"{key_id}.key"


def read_key_file(path: Path, wanted: str) -> Key:
    """Return the key in the file ``path``; ``wanted`` names, in the error, the key that is missing.

    Raise `KeyMissing` where there is no such file, `KeyMalformed` where it holds no key, and
    `KeyringError` where it cannot be read, or can be read by others.
    """
    __tracebackhide__ = True
    try:
        return parse_key(read_secret(path).decode("utf-8", "replace"), str(path))
    except FileNotFoundError:
        raise KeyMissing(
            "there is no key here",
            where=str(path),
            why=f"{KEY_VARIABLE} is not set and there is no such key file",
            hint=f"export {KEY_VARIABLE}=… with {wanted}, from somebody who has it",
        ) from None


def read_secret(path: Path, limit: int = _MAX_FILE_BYTES) -> bytes:
    """Return the first ``limit`` bytes of a file that nobody else may read.

    Raise `FileNotFoundError` where there is none, and `KeyringError` where it cannot be read, or can be
    read by others.
    """
    __tracebackhide__ = True
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(limit)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(str(path)) from None
    except OSError as error:
        raise _unusable_file(path, error) from None
    # Windows keeps access lists instead of these bits, and reports 0666 for every file.
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise KeyringError(
            "the key file can be read by others",
            where=str(path),
            why=f"its mode is {stat.S_IMODE(mode):04o}",
            hint=f"chmod 600 {shlex.quote(str(path))}",
        )
    return content


def write_key_file(key: Key, path: Path | None = None) -> Path:
    """Write ``key`` to ``path`` (by default where `load_key` looks), mode 0600, and return the path.

    A file that holds the same key is left as it is; one that holds anything else is never
    overwritten: `KeyringError`.
    """
    path = path or key_path(key.id)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        return _same_key_file(key, path)
    except OSError as error:
        raise _unusable_file(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{key.text}\n".encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # Half a key is worse than none: the next run would call it malformed.
        with contextlib.suppress(OSError):
            path.unlink()
        raise _unusable_file(path, error) from None
    sync_folder(path.parent)
    return path


def _same_key_file(key: Key, path: Path) -> Path:
    try:
        same = parse_key(path.read_bytes()[:_MAX_FILE_BYTES].decode("utf-8", "replace")) == key
    except KeyMalformed:
        same = False
    except OSError as error:
        raise _unusable_file(path, error) from None
    if not same:
        raise KeyringError(
            "there is another key, or something else, in this file",
            where=str(path),
            why="a key file is never overwritten",
            hint=f"mv {shlex.quote(str(path))} {shlex.quote(str(path))}.old",
        )
    return path


def _unusable_file(path: Path, error: OSError) -> KeyringError:
    return KeyringError(
        "the key file cannot be used",
        where=str(path),
        why=(error.strerror or type(error).__name__).lower(),
        hint=remedy(path.parent, error),
    )
