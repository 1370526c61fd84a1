"""Recipients: who the key is wrapped for, and how each of them opens it.

What is wrapped is the text of the key, so that its checksum and its id tell whether it is the right
one. Every kind but the two of age has an X25519 key pair: the key is wrapped for the public half
(`sealtape.seal.primitives.wrap`, bound to the key's id), and the kinds differ in how a machine comes by
the private half. So wrapping, and with it a rotation, takes nobody's secret and no network.

=========== ============================= =====================================================
kind        ``public``                    the private half
=========== ============================= =====================================================
key         X25519, base64                ``Key.derive("recipient")`` of a key of the recipient's
                                          own, whose id is ``id``
passphrase  X25519, base64                ``private``, sealed with AES-SIV under the passphrase,
                                          stretched as ``scrypt`` says: "LOG_N SALT"
aws-kms     X25519, base64                ``private``, encrypted by the KMS key ``arn``
age         ``age1…``                     an age identity; ``wrapped`` is an age file
ssh         ``ssh-ed25519`` or            an SSH key without a passphrase; ``wrapped`` is an age file
            ``ssh-rsa`` and a key
=========== ============================= =====================================================
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from sealtape.errors import KeyMalformed, KeyringError, KeyringTampered, UsageError
from sealtape.seal import primitives
from sealtape.seal.key import Key, parse_key, read_secret

MEMBERS = {
    "key": ("id",),
    "passphrase": ("scrypt", "private"),
    "aws-kms": ("arn", "private"),
    "age": (),
    "ssh": (),
}
"""The kinds of recipients, and what their entries hold beside ``public`` and ``wrapped``."""

MIN_PASSPHRASE = 16
SSH_IDENTITIES = ("id_ed25519", "id_rsa")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_PRIVATE = b"sealtape/1/private"
_MAX_IDENTITY_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Recipient:
    """One entry of a keyring; the members are those of the table above, as text.

    ``wrapped`` is base64, and empty until the key is wrapped (`wrapping`).
    """

    name: str
    kind: str
    public: str
    id: str = ""
    arn: str = ""
    scrypt: str = ""
    private: str = field(default="", repr=False)
    wrapped: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageError(
                f"{self.name[:80]!a} cannot be a recipient's name",
                why="it is up to 64 letters, digits and . _ @ + -",
                hint="sealtape keys add ada …",
            )

    def wrapping(self, key: Key) -> Recipient:
        """Return this recipient with ``key`` wrapped for it; raise `KeyringError` for an age recipient
        without pyrage."""
        __tracebackhide__ = True
        text = key.text.encode()
        if self.kind in ("age", "ssh"):
            wrapped: bytes = pyrage().encrypt(text, [_age_recipient(self)])
        else:
            wrapped = primitives.wrap(_bytes(self.public), text, _bound(key.id))
        return replace(self, wrapped=_text(wrapped))

    def opened(self, private: bytes, key_id: str, where: str) -> Key:
        """Return the key ``key_id`` by the ``private`` half; raise `KeyringTampered` naming the entry."""
        __tracebackhide__ = True
        if not self.is_for(private):
            raise damaged(self, where, "its public key is another's")
        text = primitives.unwrap(private, _bytes(self.wrapped), _bound(key_id))
        return self._checked(text, key_id, where)

    def is_for(self, private: bytes) -> bool:
        """Whether ``private`` is the private half of this entry."""
        __tracebackhide__ = True
        if len(private) != primitives.PUBLIC_KEY_BYTES:
            return False
        return primitives.equal(primitives.public_key(private), _bytes(self.public))

    def opened_by_identity(self, identity: object, key_id: str, where: str) -> Key | None:
        """Return the key ``key_id`` by an age or SSH ``identity`` of pyrage; None if it is another's."""
        __tracebackhide__ = True
        age = pyrage()
        text: bytes | None
        try:
            text = age.decrypt(_bytes(self.wrapped), [identity])
        except age.DecryptError as error:
            # The one text by which pyrage tells a file for others from a damaged one.
            if "No matching keys" in str(error):
                return None
            text = None
        return self._checked(text, key_id, where)

    def _checked(self, text: bytes | None, key_id: str, where: str) -> Key:
        __tracebackhide__ = True
        if text is None:
            raise damaged(self, where, "its wrapped part was edited, or wrapped for somebody else")
        key = parse_key(text.decode("ascii", "replace"), f"{where} recipient {self.name}")
        if key.id != key_id:
            raise damaged(self, where, f"it holds the key {key.id}, and the keyring is for {key_id}")
        return key


def damaged(recipient: Recipient, where: str, why: str) -> KeyringTampered:
    """Return the error for an entry that is not as it was written."""
    return KeyringTampered(
        "this entry was edited",
        where=f"{where} recipient {recipient.name}",
        why=why,
        hint=f"git log -p -- {where}, then git checkout REVISION -- {where}",
    )


def raw_key(name: str, own: Key) -> Recipient:
    """Return the recipient who has the key ``own``, which is not the project's."""
    __tracebackhide__ = True
    public = primitives.public_key(private_of_key(own))
    return Recipient(name, "key", _text(public), id=own.id)


def private_of_key(own: Key) -> bytes:
    """Return the private half of a recipient of the kind ``key``."""
    return own.derive("recipient", length=primitives.PUBLIC_KEY_BYTES)


def passphrase(name: str, words: str, log_n: int = primitives.SCRYPT_LOG_N) -> Recipient:
    """Return the recipient who knows ``words``; raise `KeyMalformed` for too few.

    The keyring is committed, so a guess can be tried for as long as somebody likes.
    """
    __tracebackhide__ = True
    words = _normal(words)
    if len(words) < MIN_PASSPHRASE:
        raise KeyMalformed(
            f"a passphrase has at least {MIN_PASSPHRASE} characters",
            why="the keyring is committed, and can be attacked for as long as somebody likes",
            hint="make one of six random words, or a key instead: sealtape keys add NAME --key",
        )
    private, salt = primitives.new_private_key(), secrets.token_bytes(primitives.SALT_BYTES)
    stretched = primitives.cipher(primitives.stretch(words, salt, log_n))
    return Recipient(
        name,
        "passphrase",
        _text(primitives.public_key(private)),
        scrypt=f"{log_n} {_text(salt)}",
        private=_text(primitives.encrypt(stretched, private, _PRIVATE)),
    )


def private_of_passphrase(recipient: Recipient, words: str) -> bytes | None:
    """Return the private half under the passphrase ``words``, or None if it is not the one."""
    __tracebackhide__ = True
    log_n, _, salt = recipient.scrypt.partition(" ")
    stretched = primitives.cipher(primitives.stretch(_normal(words), _bytes(salt), int(log_n)))
    return primitives.decrypt(stretched, _bytes(recipient.private), _PRIVATE)


def age(name: str, public: str) -> Recipient:
    """Return the age recipient ``public`` (``age1…``) or the SSH public key ``public``.

    Raise `KeyMalformed` for what is neither, and `KeyringError` without pyrage.
    """
    bare = " ".join(public.split()[:2])  # the comment of an SSH key may be a person's or a machine's name
    recipient = Recipient(name, "ssh" if bare.startswith("ssh-") else "age", bare)
    _age_recipient(recipient)
    return recipient


def _age_recipient(recipient: Recipient) -> object:
    age = pyrage()
    try:
        if recipient.kind == "ssh":
            return age.ssh.Recipient.from_str(recipient.public)
        return age.x25519.Recipient.from_str(recipient.public)
    except age.RecipientError as error:
        raise KeyMalformed(
            "this is neither an age recipient nor an SSH public key",
            where=f"recipient {recipient.name}",
            why=str(error).lower(),
            hint="age1… as age-keygen -y prints it, or the text of ~/.ssh/id_ed25519.pub (or id_rsa.pub)",
        ) from None


def read_identity(path: Path) -> object:
    """Return the age or SSH identity in the file ``path``, for `Recipient.opened_by_identity`.

    Raise `FileNotFoundError` where there is none, `KeyringError` where others can read it or pyrage is not
    installed, and `KeyMalformed` for what is no identity, or one that a passphrase protects.
    """
    __tracebackhide__ = True
    age = pyrage()
    data = read_secret(path, _MAX_IDENTITY_BYTES)
    try:
        if b"PRIVATE KEY-----" in data:
            return cast(object, age.ssh.Identity.from_buffer(data))
        lines = (line.strip() for line in data.decode("utf-8", "replace").splitlines())
        secret = next((line for line in lines if line and not line.startswith("#")), "")
        return cast(object, age.x25519.Identity.from_str(secret))
    except age.IdentityError as error:
        # Its text is about the layout, and is left out all the same where it could quote the file.
        why = "a passphrase protects it" if "decrypted first" in str(error) else "its layout is unknown"
    raise KeyMalformed(
        "this is not an identity that can be used here",
        where=str(path),
        why=why,
        hint="name an age identity, or an SSH key without a passphrase: export SEALTAPE_IDENTITY=…",
    )


def own_ssh_identities(recipients: Sequence[Recipient]) -> list[Path]:
    """Return the SSH keys in ``~/.ssh`` whose public halves are among ``recipients``.

    The public half decides, so that no private key is read in vain.
    """
    publics = {recipient.public for recipient in recipients if recipient.kind == "ssh"}
    found = []
    for name in SSH_IDENTITIES if publics else ():
        path = Path("~/.ssh").expanduser() / name
        try:
            text = path.with_name(f"{name}.pub").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if " ".join(text.split()[:2]) in publics:
            found.append(path)
    return found


def pyrage() -> Any:
    """Return pyrage, which the extra ``age`` installs; raise `KeyringError` without it."""
    try:
        import pyrage
    except ImportError:
        raise KeyringError(
            "age and SSH recipients need pyrage, which is not installed",
            hint="pip install 'sealtape[age]'",
        ) from None
    module: ModuleType = pyrage
    return module


def problem_with(recipient: Recipient) -> str:
    """Return what keeps an entry that was read from being one, or an empty string."""
    members = MEMBERS[recipient.kind]
    for member in ("id", "arn", "scrypt", "private"):
        if bool(getattr(recipient, member)) != (member in members):
            return f"an entry of the kind {recipient.kind} has {', '.join(members) or 'neither'} and no other"
    binary = [recipient.wrapped, recipient.private]
    if recipient.kind not in ("age", "ssh"):
        binary.append(recipient.public)
    if any(decoded(text) is None for text in binary) or not recipient.wrapped:
        return "it is not base64"
    if recipient.kind not in ("age", "ssh") and len(_bytes(recipient.public)) != primitives.PUBLIC_KEY_BYTES:
        return "its public key is not one"
    if recipient.scrypt:
        matched = re.fullmatch(r"([1-9][0-9]?) ([A-Za-z0-9+/]{22}==)", recipient.scrypt)
        least, most = primitives.SCRYPT_LOG_N_BOUNDS
        if not matched or not least <= int(matched[1]) <= most:
            return f"its scrypt is not a number from {least} to {most} and a salt"
    return ""


def decoded(text: str) -> bytes | None:
    """Return the bytes of base64 ``text``, or None for what is not the one spelling of them."""
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError:
        return None
    return data if _text(data) == text else None


def _normal(words: str) -> str:
    # The same on every keyboard and system, and without the line end that a file or a pipe adds.
    return unicodedata.normalize("NFC", words.strip("\r\n"))


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bound(key_id: str) -> bytes:
    return f"sealtape/1/keyring {key_id}".encode()
