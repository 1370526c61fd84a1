"""Keys: what one looks like, where it comes from, and what is derived from it.

A project has one key of 32 random bytes. Its text, as it stands in ``SEALTAPE_KEY`` or in a key
file, is ``sealtape1_`` and 48 characters of URL-safe base64: the 32 bytes and a 4-byte checksum
(the first bytes of SHA-256 over ``sealtape key 1`` and the key), so that a mistyped or cut key is
told from a wrong one. The prefix lets a secret scanner find a key that was committed by mistake.

Everything else is HKDF-SHA256 over the 32 bytes with the label ``sealtape/1/PURPOSE``: purpose
``id`` (8 bytes, in hex: the key's public name), purpose ``cassette`` (salt: the cassette id; see
`sealtape.seal.format`), and what other rooms ask for through `Key.derive`. The id is derived rather
than hashed so that it says nothing about any other derived key.

A key is never in a message, a ``repr`` or a pickle. It is looked for in ``SEALTAPE_KEY``, then in a
key file outside the repository: ``SEALTAPE_KEY_FILE``, else ``sealtape/keys/ID.key`` in the user's
configuration folder.
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
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import platformdirs

from sealtape.errors import KeyMalformed, KeyMissing, KeyringError, KeyWrong
from sealtape.seal import primitives

KEY_VARIABLE = "SEALTAPE_KEY"
KEY_FILE_VARIABLE = "SEALTAPE_KEY_FILE"

_PREFIX = "sealtape1_"
_SECRET_BYTES = 32
_CHECKSUM_BYTES = 4
_BODY_CHARS = 48
_MAX_FILE_BYTES = 4096
_KEY_ID = re.compile(r"[0-9a-f]{16}")


class Key:
    """The project's key. Frozen; shows its id and nothing else.

    ``id`` is its public name, 16 hex characters. ``text`` is the secret itself, for
    ``SEALTAPE_KEY``.
    """

    __slots__ = ("_secret", "id")

    id: str
    _secret: bytes

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _SECRET_BYTES:
            raise KeyMalformed(f"a key has {_SECRET_BYTES} bytes", why=f"this one has {len(secret)}")
        object.__setattr__(self, "_secret", bytes(secret))
        object.__setattr__(self, "id", self.derive("id", length=8).hex())

    @property
    def text(self) -> str:
        """The key as text: a secret, to be printed only where a person asked for it."""
        return _PREFIX + base64.urlsafe_b64encode(self._secret + _checksum(self._secret)).decode()

    def derive(self, purpose: str, salt: bytes = b"", length: int = 32) -> bytes:
        """Return ``length`` bytes for ``purpose``: the same for the same key, purpose and salt."""
        return primitives.derive(self._secret, f"sealtape/1/{purpose}".encode(), salt, length)

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


def load_key(expected_id: str = "", environ: Mapping[str, str] = os.environ) -> Key:
    """Return the key at hand: ``SEALTAPE_KEY``, else the key file.

    ``expected_id`` is the id that the project pins, or ``""``; without one only the two variables
    are looked at. Raise `KeyMissing` where there is none, `KeyWrong` where it has another id,
    `KeyMalformed` where it is no key, and `KeyringError` where its file can be read by others.
    """
    __tracebackhide__ = True  # pytest --showlocals would print the environment
    # CI gives an empty variable to jobs that may not see a secret: that is no key, not a bad one.
    if environ.get(KEY_VARIABLE, "").strip():
        source = KEY_VARIABLE
        key = parse_key(environ[KEY_VARIABLE], KEY_VARIABLE)
    else:
        path = _key_file(expected_id, environ)
        source = str(path)
        key = _read_key_file(path, expected_id)
    if expected_id and key.id != expected_id:
        raise KeyWrong(
            "this is another key than the project's",
            where=source,
            why=f"it has the id {key.id}, and the project pins {expected_id}",
            hint=_wrong_key_hint(source, expected_id),
        )
    return key


def _wrong_key_hint(source: str, expected_id: str) -> str:
    if source == KEY_VARIABLE and key_path(expected_id).is_file():
        return f"unset {KEY_VARIABLE} (the right key is in {key_path(expected_id)})"
    return f"export {KEY_VARIABLE}=… with the key {expected_id}"


def _key_file(expected_id: str, environ: Mapping[str, str]) -> Path:
    __tracebackhide__ = True
    named = environ.get(KEY_FILE_VARIABLE, "").strip()
    if named:
        return Path(named).expanduser()
    if expected_id:
        return key_path(expected_id)
    raise KeyMissing(
        "there is no key here",
        why=f"{KEY_VARIABLE} is not set, and no key id is pinned that a key file could be found by",
        hint=f"export {KEY_VARIABLE}=…, or make a key with `sealtape init`",
    )


def _read_key_file(path: Path, expected_id: str) -> Key:
    wanted = f"the key {expected_id}" if expected_id else "the project's key"
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MAX_FILE_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise KeyMissing(
            "there is no key here",
            where=str(path),
            why=f"{KEY_VARIABLE} is not set and there is no such key file",
            hint=f"export {KEY_VARIABLE}=… with {wanted}, from somebody who has it",
        ) from None
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
    return parse_key(content.decode("utf-8", "replace"), str(path))


def write_key_file(key: Key, path: Path | None = None) -> Path:
    """Write ``key`` to ``path`` (by default where `load_key` looks), mode 0600, and return the
    path.

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
        hint=f"ls -ld {shlex.quote(str(path.parent))}",
    )
