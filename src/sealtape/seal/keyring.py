"""The key at hand: where a machine finds the project's key, and how it opens the keyring.

A machine's key is looked for in this order, and the first place that says something decides:
``SEALTAPE_KEY``; the file ``SEALTAPE_KEY_FILE``; the file ``sealtape/keys/ID.key`` in the user's
configuration folder; then, with a keyring, ``SEALTAPE_PASSPHRASE``; the age or SSH identity in the file
``SEALTAPE_IDENTITY``; key files of recipients of the kind ``key``; and an SSH key in ``~/.ssh`` whose
public half is a recipient. The first two may also hold the key of a recipient of the kind ``key``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sealtape.errors import KeyMissing, KeyWrong
from sealtape.seal import recipients
from sealtape.seal.key import (
    KEY_FILE_VARIABLE,
    KEY_VARIABLE,
    Key,
    key_path,
    new_key,
    parse_key,
    read_key_file,
    write_key_file,
)
from sealtape.seal.keyring_file import KEYRING_FILE, Keyring, parse_keyring, read_keyring

__all__ = [
    "IDENTITY_VARIABLE",
    "KEYRING_FILE",
    "KEY_FILE_VARIABLE",
    "KEY_VARIABLE",
    "PASSPHRASE_VARIABLE",
    "Key",
    "Keyring",
    "Opening",
    "key_path",
    "load_key",
    "new_key",
    "parse_key",
    "parse_keyring",
    "read_keyring",
    "unlock",
    "ways",
    "write_key_file",
]

PASSPHRASE_VARIABLE = "SEALTAPE_PASSPHRASE"
IDENTITY_VARIABLE = "SEALTAPE_IDENTITY"


def load_key(
    expected_id: str = "", environ: Mapping[str, str] = os.environ, *, root: Path | None = None
) -> Key:
    """Return the key at hand, with the keys before it where the project at ``root`` has a keyring.

    ``expected_id`` is the id that the project pins, or ``""``; without one only ``SEALTAPE_KEY`` and
    ``SEALTAPE_KEY_FILE`` are looked at. Raise `KeyMissing` where there is no key, `KeyWrong` where it has
    another id, the passphrase is wrong or the keyring is another's, `KeyMalformed` where it is no key,
    `KeyringTampered`, `KeyringTooNew`, and `KeyringError` where its file can be read by others.
    """
    __tracebackhide__ = True  # pytest --showlocals would print the environment
    return unlock(expected_id, environ, root=root).key


@dataclass(frozen=True, slots=True)
class Opening:
    """A key that was found: by what (``source``), and as which ``recipient``, ``""`` for the key itself."""

    key: Key
    source: str
    recipient: str = ""


def unlock(
    expected_id: str = "", environ: Mapping[str, str] = os.environ, *, root: Path | None = None
) -> Opening:
    """Return the key at hand and where it was found; raise what `load_key` raises."""
    __tracebackhide__ = True
    ring = read_keyring(root)
    if ring is None:
        return _plain(expected_id, environ)
    ring.require_pin(expected_id)
    for way in ways(ring, environ):
        found = way()
        if found is not None:
            return replace(found, key=ring.opened(found.key))
    raise _nobody(ring)


def _plain(expected_id: str, environ: Mapping[str, str]) -> Opening:
    """Return the key itself, of a project without a keyring."""
    __tracebackhide__ = True
    given = _given(environ, f"the key {expected_id}" if expected_id else "the project's key")
    if given is None and not expected_id:
        raise KeyMissing(
            "there is no key here",
            why=f"{KEY_VARIABLE} is not set, and no key id is pinned that a key file could be found by",
            hint=f"export {KEY_VARIABLE}=…, or make a key with `sealtape init`",
        )
    if given is None:
        path = key_path(expected_id)
        given = Opening(read_key_file(path, f"the key {expected_id}"), str(path))
    if expected_id and given.key.id != expected_id:
        raise _wrong(given, expected_id)
    return given


def _given(environ: Mapping[str, str], wanted: str) -> Opening | None:
    """Return the key that one of the two variables gives, whichever key it is."""
    __tracebackhide__ = True
    # CI gives an empty variable to jobs that may not see a secret: that is no key, not a bad one.
    if environ.get(KEY_VARIABLE, "").strip():
        return Opening(parse_key(environ[KEY_VARIABLE], KEY_VARIABLE), KEY_VARIABLE)
    named = environ.get(KEY_FILE_VARIABLE, "").strip()
    if named:
        path = Path(named).expanduser()
        return Opening(read_key_file(path, wanted), str(path))
    return None


def _wrong(given: Opening, expected_id: str, why: str = "") -> KeyWrong:
    hint = f"export {KEY_VARIABLE}=… with the key {expected_id}"
    if given.source == KEY_VARIABLE and key_path(expected_id).is_file():
        hint = f"unset {KEY_VARIABLE} (the right key is in {key_path(expected_id)})"
    return KeyWrong(
        "this is another key than the project's",
        where=given.source,
        why=why or f"it has the id {given.key.id}, and the project pins {expected_id}",
        hint=hint,
    )


Way = Callable[[], Opening | None]


def ways(ring: Keyring, environ: Mapping[str, str]) -> list[Way]:
    """Return how a machine may come by the key of ``ring``, in the order in which it is tried.

    Each is a call that returns None where there is nothing to try, and raises where there is something
    that does not fit.
    """
    own = [recipient.id for recipient in ring.recipients if recipient.id]
    # Not lambdas: each would be a frame that shows the environment in a traceback with its locals.
    return [
        partial(_by_given_key, ring, environ),
        partial(_by_key_files, ring, [ring.key_id]),
        partial(_by_passphrase, ring, environ),
        partial(_by_named_identity, ring, environ),
        partial(_by_key_files, ring, own),
        partial(_by_own_ssh_key, ring),
    ]


def _by_given_key(ring: Keyring, environ: Mapping[str, str]) -> Opening | None:
    __tracebackhide__ = True
    given = _given(environ, f"the key {ring.key_id}")
    if given is None:
        return None
    found = _with_key(ring, given)
    if found is None:
        rotated = any(old.id == given.key.id for old in ring.older)
        raise _wrong(given, ring.key_id, f"{given.key.id} was rotated to {ring.key_id}" if rotated else "")
    return found


def _by_key_files(ring: Keyring, key_ids: list[str]) -> Opening | None:
    __tracebackhide__ = True
    for key_id in key_ids:
        path = key_path(key_id)
        if path.is_file():
            given = Opening(read_key_file(path, f"the key {key_id}"), str(path))
            found = _with_key(ring, given)
            if found is None:
                raise _wrong(given, key_id)
            return found
    return None


def _with_key(ring: Keyring, given: Opening) -> Opening | None:
    """Return what a key opens: itself, if it is the project's, or what is wrapped for it."""
    __tracebackhide__ = True
    if given.key.id == ring.key_id:
        return given
    private = recipients.private_of_key(given.key)
    for recipient in ring.recipients:
        if recipient.id == given.key.id:
            key = recipient.opened(private, ring.key_id, ring.where)
            return Opening(key, given.source, recipient.name)
    return None


def _by_passphrase(ring: Keyring, environ: Mapping[str, str]) -> Opening | None:
    __tracebackhide__ = True
    words = environ.get(PASSPHRASE_VARIABLE, "")
    tried = [recipient for recipient in ring.recipients if recipient.kind == "passphrase"]
    if not words.strip() or not tried:
        return None
    for recipient in tried:
        private = recipients.private_of_passphrase(recipient, words)
        if private is not None:
            key = recipient.opened(private, ring.key_id, ring.where)
            return Opening(key, PASSPHRASE_VARIABLE, recipient.name)
    names = ", ".join(recipient.name for recipient in tried)
    raise KeyWrong(
        "the passphrase opens no entry of the keyring",
        where=PASSPHRASE_VARIABLE,
        why=f"it is mistyped, or not that of {names}, or the entry in {ring.where} was edited",
        hint=f"read -rs {PASSPHRASE_VARIABLE} && export {PASSPHRASE_VARIABLE}",
    )


def _by_named_identity(ring: Keyring, environ: Mapping[str, str]) -> Opening | None:
    __tracebackhide__ = True
    named = environ.get(IDENTITY_VARIABLE, "").strip()
    if not named:
        return None
    path = Path(named).expanduser()
    found = _with_identity(ring, path, IDENTITY_VARIABLE)
    if found is None:
        raise KeyMissing(
            "this identity is none of the keyring's recipients",
            where=f"{path} ({IDENTITY_VARIABLE})",
            why=f"they are {_listed(ring)}",
            hint="ask one of them to run: sealtape keys add YOU --age RECIPIENT, or --ssh FILE",
        )
    return found


def _by_own_ssh_key(ring: Keyring) -> Opening | None:
    for path in recipients.own_ssh_identities(ring.recipients):
        found = _with_identity(ring, path, str(path))
        if found is not None:
            return found
    return None


def _with_identity(ring: Keyring, path: Path, source: str) -> Opening | None:
    __tracebackhide__ = True
    try:
        identity = recipients.read_identity(path)
    except FileNotFoundError:
        raise KeyMissing(
            "there is no such identity", where=f"{path} ({source})", hint=f"export {IDENTITY_VARIABLE}=…"
        ) from None
    for recipient in ring.recipients:
        if recipient.kind in ("age", "ssh"):
            key = recipient.opened_by_identity(identity, ring.key_id, ring.where)
            if key is not None:
                return Opening(key, source, recipient.name)
    return None


_WAY_OF = {
    "key": f"export {KEY_VARIABLE}=…",
    "passphrase": f"export {PASSPHRASE_VARIABLE}=…",
    "age": f"export {IDENTITY_VARIABLE}=…",
    "ssh": f"export {IDENTITY_VARIABLE}=~/.ssh/…",
    "aws-kms": "sealtape keys unlock --kms",
}


def _nobody(ring: Keyring) -> KeyMissing:
    by = list(dict.fromkeys(_WAY_OF[recipient.kind] for recipient in ring.recipients))
    return KeyMissing(
        "there is no key here",
        where=ring.where,
        why=f"nothing on this machine opens {ring.key_id}; its recipients are {_listed(ring) or 'none'}",
        hint=f"{', or '.join(by or [_WAY_OF['key']])}; or ask one of them to run `sealtape keys add`",
    )


def _listed(ring: Keyring) -> str:
    return ", ".join(f"{recipient.name} ({recipient.kind})" for recipient in ring.recipients)
