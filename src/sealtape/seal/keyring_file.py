"""The keyring file: which key a project has, and whom it is wrapped for.

A project needs no keyring: the key in ``SEALTAPE_KEY``, or in its file, is enough. ``sealtape keys add``
and ``rotate`` make one, the file ``sealtape-keyring.toml`` beside ``pyproject.toml``, to be committed::

    keyring = 1                 # the format
    key = "9b1c2a7d5e3f4a60"    # the id of the key; pyproject.toml pins the same
    mac = "…"

    [[recipient]]               # sorted by name
    name = "ada"
    kind = "ssh"                # the kinds and their members: `sealtape.seal.recipients`
    public = "ssh-ed25519 …"
    wrapped = "…"               # the key, for this recipient
    mac = "…"

    [[older]]                   # the keys before this one, the latest first
    key = "5e3f4a609b1c2a7d"
    retired = false             # true: no cassette is sealed with it any more, it opens git's history
    wrapped = "…"               # that key's text, AES-SIV; associated data "ID true" or "ID false"

Strings hold printable ASCII without ``"`` and ``\\``. An entry's ``mac`` is HMAC-SHA256 over the
canonical JSON (`sealtape.seal.content.canonical`) of the list of its members' values in the order name,
kind, public, id, arn, scrypt, private, wrapped, absent ones empty; the keyring's is over the list of
format, key id, the entries' MACs, and for each older key the list of id, retired, wrapped. Their key is
HKDF's ``keyring-mac`` (32 bytes), that of the older keys ``keyring`` (64 bytes), both of the current key.

So whoever cannot open the keyring cannot change it, and a whole other keyring is refused by the key id
that pyproject.toml pins. It matters beyond reading: the next rotation wraps the new key for the
recipients that stand there. An entry's own MAC is there so that the error can name it.
"""

from __future__ import annotations

import base64
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from sealtape.errors import KeyringError, KeyringTampered, KeyringTooNew, KeyWrong, UsageError
from sealtape.seal import primitives, recipients
from sealtape.seal.content import canonical
from sealtape.seal.key import Key, Predecessor, parse_key
from sealtape.seal.recipients import Recipient
from sealtape.textfile import read_regular

KEYRING_FILE = "sealtape-keyring.toml"
VERSION = 1

_HEAD = """\
# The key of this project's cassettes, wrapped for everybody who may open them.
# Written by `sealtape keys`; an edit by hand is noticed, and refused.
"""
_TEXT = re.compile(r"[ !#-\[\]-~]{0,8192}")
_KEY_ID = re.compile(r"[0-9a-f]{16}")
_ENTRY = tuple(f.name for f in fields(Recipient))


@dataclass(frozen=True, slots=True)
class OlderKey:
    """A key before the current one, sealed with it; ``wrapped`` is base64."""

    id: str
    retired: bool
    wrapped: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """A recipient and the MAC over it, in base64."""

    recipient: Recipient
    mac: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """A keyring as it was read: laid out as it should be, and not yet known to be authentic."""

    where: str
    key_id: str
    entries: tuple[Entry, ...]
    older: tuple[OlderKey, ...]
    mac: str = field(repr=False)

    @classmethod
    def of(cls, key: Key, holders: Iterable[Recipient], where: str) -> Keyring:
        """Return the keyring of ``key`` and its line for ``holders``, for each of whom it is wrapped.

        Raise `UsageError` for a name that is there twice.
        """
        mac_key = key.derive("keyring-mac")
        entries = tuple(
            Entry(holder, _mac(mac_key, _values(holder)))
            for holder in sorted(holders, key=lambda holder: holder.name)
        )
        for one, other in itertools.pairwise(entries):
            if one.recipient.name == other.recipient.name:
                raise UsageError(f"there are two recipients {one.recipient.name!a}", where=where)
        cipher = primitives.cipher(key.derive("keyring", length=primitives.CIPHER_KEY_BYTES))
        older = tuple(OlderKey(old.key.id, old.retired, _sealed(cipher, old)) for old in key.older)
        return cls(where, key.id, entries, older, _mac(mac_key, _members(key.id, entries, older)))

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Whom the key is wrapped for, sorted by name."""
        return tuple(entry.recipient for entry in self.entries)

    def opened(self, key: Key) -> Key:
        """Return ``key`` with the keys before it; raise `KeyringTampered` naming what was edited."""
        __tracebackhide__ = True
        mac_key = key.derive("keyring-mac")
        for entry in self.entries:
            if _mac(mac_key, _values(entry.recipient)) != entry.mac:
                raise recipients.damaged(entry.recipient, self.where, "its MAC does not fit")
        cipher = primitives.cipher(key.derive("keyring", length=primitives.CIPHER_KEY_BYTES))
        line = tuple(map(partial(self._predecessor, cipher), self.older))
        if _mac(mac_key, _members(self.key_id, self.entries, self.older)) != self.mac:
            raise self._edited("an entry was added, removed or taken from another version")
        return key.after(line)

    def _predecessor(self, cipher: primitives.Cipher, old: OlderKey) -> Predecessor:
        __tracebackhide__ = True
        text = primitives.decrypt(cipher, base64.b64decode(old.wrapped), _bound(old.id, old.retired))
        if text is None:
            raise self._edited("it was not sealed with the project's key", f" older key {old.id}")
        key = parse_key(text.decode("ascii", "replace"), f"{self.where} older key {old.id}")
        if key.id != old.id:
            # Without it a keyring could claim to succeed a key that whoever made it never had.
            raise self._edited(f"it holds the key {key.id}", f" older key {old.id}")
        return Predecessor(key, old.retired)

    def _edited(self, why: str, spot: str = "") -> KeyringTampered:
        what = "this entry was edited" if spot else "this keyring was edited"
        return KeyringTampered(
            what,
            where=f"{self.where}{spot}",
            why=why,
            hint=f"git log -p -- {self.where}, then git checkout REVISION -- {self.where}",
        )

    def require_pin(self, pinned: str) -> None:
        """Raise `KeyWrong` unless this is the keyring of the key that the project pins."""
        if not pinned:
            raise KeyWrong(
                "this keyring belongs to no pinned key",
                where=self.where,
                why="a keyring is trusted by the key id in pyproject.toml",
                hint=f'add key_id = "{self.key_id}" under [tool.sealtape], if it is the right one',
            )
        if pinned == self.key_id:
            return
        if any(old.id == pinned for old in self.older):
            raise KeyWrong(
                "a rotation was begun and not finished",
                where=self.where,
                why=f"the keyring is for the key {self.key_id}, and pyproject.toml pins the one before it",
                hint=f"sealtape keys rotate --reseal, which finishes it; or git checkout -- {self.where}",
            )
        raise KeyWrong(
            "this is another project's keyring, or was swapped",
            where=self.where,
            why=f"it is for the key {self.key_id}, and pyproject.toml pins {pinned}",
            hint=f"git log -p -- {self.where} pyproject.toml",
        )

    @property
    def text(self) -> str:
        """The file."""
        lines = [f'{_HEAD}keyring = {VERSION}\nkey = "{self.key_id}"\nmac = "{self.mac}"\n']
        for entry in self.entries:
            members = [(name, getattr(entry.recipient, name)) for name in _ENTRY]
            said = "".join(f'{name} = "{value}"\n' for name, value in members if value)
            lines.append(f'\n[[recipient]]\n{said}mac = "{entry.mac}"\n')
        for old in self.older:
            retired = str(old.retired).lower()
            lines.append(f'\n[[older]]\nkey = "{old.id}"\nretired = {retired}\nwrapped = "{old.wrapped}"\n')
        return "".join(lines)


def _values(recipient: Recipient) -> list[str]:
    return [getattr(recipient, name) for name in _ENTRY]


def _members(key_id: str, entries: tuple[Entry, ...], older: tuple[OlderKey, ...]) -> list[object]:
    return [
        VERSION,
        key_id,
        [entry.mac for entry in entries],
        [[old.id, old.retired, old.wrapped] for old in older],
    ]


def _mac(key: bytes, values: object) -> str:
    return base64.b64encode(primitives.mac(key, [canonical(values).encode("ascii")])).decode("ascii")


def _sealed(cipher: primitives.Cipher, old: Predecessor) -> str:
    __tracebackhide__ = True
    sealed = primitives.encrypt(cipher, old.key.text.encode(), _bound(old.key.id, old.retired))
    return base64.b64encode(sealed).decode("ascii")


def _bound(key_id: str, retired: bool) -> bytes:
    return f"{key_id} {str(retired).lower()}".encode()


def read_keyring(root: Path | None) -> Keyring | None:
    """Return the keyring of the project at ``root``, or None where it has none.

    Raise what `parse_keyring` raises, and `KeyringError` for a file that cannot be read.
    """
    if root is None:
        return None
    path = root / KEYRING_FILE
    try:
        data = read_regular(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise KeyringError(
            "the keyring cannot be read",
            where=KEYRING_FILE,
            why=(error.strerror or type(error).__name__).lower(),
            hint=f"ls -ld {path}",
        ) from None
    return parse_keyring(data.decode("utf-8", "replace"), KEYRING_FILE)


def parse_keyring(text: str, where: str) -> Keyring:
    """Return the keyring ``text``, which may have been edited: `Keyring.opened` tells.

    Raise `KeyringTooNew` for a later format or a kind of recipient that is not known here, and
    `KeyringTampered` for what is no keyring, naming the entry.
    """
    if re.search(r"^(?:<{7}|>{7}) ", text, re.MULTILINE):
        raise _malformed(
            where,
            "two versions of it were merged",
            f"git checkout --ours -- {where}, then the other side's change again: sealtape keys add …",
        )
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5000 digits, a list in a list in a list
        raise _malformed(where, str(error).lower()) from None
    version = document.pop("keyring", None)
    if type(version) is int and version > VERSION:
        raise _too_new(where, f"this keyring has the format {version}", f"this version reads {VERSION}")
    if version != VERSION or type(version) is not int:
        raise _malformed(where, "it does not begin with a format")
    entries = tuple(_entry(table, where) for table in _tables(document, "recipient", where))
    older = tuple(_older(table, where) for table in _tables(document, "older", where))
    names = [entry.recipient.name for entry in entries]
    if names != sorted(set(names)):
        raise _malformed(where, "its recipients are not sorted, or one is there twice")
    head = _strings(document, ("key", "mac"), where)
    _require_key_id(head["key"], where)
    return Keyring(where, head["key"], entries, older, head["mac"])


def _entry(table: dict[str, Any], where: str) -> Entry:
    spot = f"{where} recipient {table.get('name', '')!a}".replace("'", "")
    kind = table.get("kind")
    if isinstance(kind, str) and kind not in recipients.MEMBERS:
        known = ", ".join(recipients.MEMBERS)
        raise _too_new(spot, f"{kind[:40]!a} is no kind of recipient that this version knows", known)
    values = _strings(table, ("name", "kind", "public", "wrapped", "mac"), spot, optional=_ENTRY)
    mac = values.pop("mac")
    try:
        recipient = Recipient(**values)
    except UsageError as error:
        raise _malformed(spot, error.why) from None
    problem = recipients.problem_with(recipient)
    if problem:
        raise _malformed(spot, problem)
    return Entry(recipient, mac)


def _older(table: dict[str, Any], where: str) -> OlderKey:
    retired = table.pop("retired", None)
    values = _strings(table, ("key", "wrapped"), where)
    spot = f"{where} older key {values['key']}"
    _require_key_id(values["key"], where)
    if not isinstance(retired, bool) or recipients.decoded(values["wrapped"]) is None:
        raise _malformed(spot, "an older key is retired or not, and wrapped in base64")
    return OlderKey(values["key"], retired, values["wrapped"])


def _tables(document: dict[str, Any], name: str, where: str) -> Iterator[dict[str, Any]]:
    tables = document.pop(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _malformed(where, f"{name} is not a list of tables")
    yield from tables


def _strings(
    table: dict[str, Any], required: tuple[str, ...], where: str, optional: tuple[str, ...] = ()
) -> dict[str, str]:
    for name, value in table.items():
        if name not in (*required, *optional) or not isinstance(value, str) or not _TEXT.fullmatch(value):
            raise _malformed(where, f"{name[:40]!a} is not one of its members, or not plain text")
    for name in required:
        if not table.get(name):
            raise _malformed(where, f"{name!a} is missing")
    return table


def _require_key_id(text: str, where: str) -> None:
    if not _KEY_ID.fullmatch(text):
        raise _malformed(where, "a key id is 16 of 0-9a-f")


def _malformed(where: str, why: str, hint: str = "") -> KeyringTampered:
    return KeyringTampered(
        "this is not as a keyring is written",
        where=where,
        why=why,
        hint=hint or f"git checkout -- {where.split(' ')[0]}",
    )


def _too_new(where: str, what: str, why: str) -> KeyringTooNew:
    return KeyringTooNew(what, where=where, why=why, hint="pip install -U sealtape")
