"""The calls into `cryptography`, and the reason for each choice. Nothing else encrypts or hashes
keys.

**AES-SIV** (RFC 5297, AEAD_AES_SIV_CMAC_512, a 64-byte key) seals. It is deterministic: the same
content under the same key is the same bytes, with no nonce to draw, store or repeat. That is what
lets a cassette that is recorded again with the same answers stay the same file, and what keeps two
writers that never met from the one mistake that breaks AES-GCM, a nonce used twice. The price is
that equal rows of one cassette look equal; across cassettes they do not, because every cassette has
its own key. Its 16-byte synthetic IV is a MAC over the associated data and the plaintext.

**HKDF-SHA256** (RFC 5869) derives every other key from the project's 32 random bytes, told apart by
a label. A password hash would only be slow here: the input is a random key, not something a person
chose.

**X25519** (RFC 7748) wraps the key for a recipient of the keyring: an ephemeral key pair, HKDF over the
shared secret with both public keys as the salt, AES-SIV. That is how age wraps for its recipients. To
wrap takes the public key alone, which is what lets a rotation be done offline and without anybody's
passphrase. The key of each wrap is used once, so that determinism costs nothing.

**scrypt** (RFC 7914) stretches a passphrase. Argon2id would be the first choice today, but
`cryptography` has it from 44 on, and only above OpenSSL 3.2; scrypt is in every release that sealtape
supports. N = 2^17, r = 8, p = 1 are what OWASP's password storage cheat sheet asks for: 128 MiB and
about half a second, once for each process that opens cassettes by a passphrase. The N of a file is
bounded on reading, or a keyring could ask for all memory there is.

**HMAC-SHA256** covers the raw bytes of a whole cassette. The rows are authenticated one by one
already; this binds their order, their number and every byte between them, before anything is
parsed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import constant_time, hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sealtape.errors import KeyringError

Cipher: TypeAlias = AESSIV
"""AES-SIV under one key: made once, used for every row of a cassette."""

CIPHER_KEY_BYTES = 64
MAC_KEY_BYTES = 32
SIV_BYTES = 16
MAC_BYTES = 32
PUBLIC_KEY_BYTES = 32
SALT_BYTES = 16
SCRYPT_LOG_N = 17
SCRYPT_LOG_N_BOUNDS = (10, 20)
"""20 is 1 GiB: more would be an attack on the reader, not on the passphrase."""

_WRAP = b"sealtape/1/wrap"


def cipher(key: bytes) -> Cipher:
    """Return AES-SIV under the 64 bytes of ``key``; raise `KeyringError` where it is not built
    in."""
    try:
        return AESSIV(key)
    except UnsupportedAlgorithm:
        raise KeyringError(
            "AES-SIV is not available here",
            why="the OpenSSL under cryptography is older than 3.0 or restricted (FIPS)",
            hint="pip install --upgrade --only-binary cryptography cryptography",
        ) from None


def encrypt(cipher: Cipher, plaintext: bytes, associated: bytes) -> bytes:
    """Return the synthetic IV and the ciphertext of ``plaintext``, bound to ``associated``."""
    return cipher.encrypt(plaintext, [associated])


def decrypt(cipher: Cipher, sealed: bytes, associated: bytes) -> bytes | None:
    """Return the plaintext, or None where ``sealed`` was not made by this key for
    ``associated``."""
    try:
        return cipher.decrypt(sealed, [associated])
    except InvalidTag:
        return None


def derive(secret: bytes, label: bytes, salt: bytes, length: int) -> bytes:
    """Return ``length`` bytes of HKDF-SHA256 over ``secret`` for the purpose that ``label``
    names."""
    return HKDF(hashes.SHA256(), length, salt or None, label).derive(secret)


def mac(key: bytes, parts: Iterable[bytes | memoryview]) -> bytes:
    """Return the HMAC-SHA256 over ``parts``, one after the other."""
    running = hmac.HMAC(key, hashes.SHA256())
    for part in parts:
        running.update(part)
    return running.finalize()


def equal(left: bytes, right: bytes) -> bool:
    """Whether two MACs are the same, in a time that does not tell where they differ."""
    return constant_time.bytes_eq(left, right)


def new_private_key() -> bytes:
    """Return the 32 bytes of a new X25519 private key."""
    return secrets.token_bytes(PUBLIC_KEY_BYTES)


def public_key(private: bytes) -> bytes:
    """Return the 32 bytes of the public key that belongs to ``private``."""
    return _private(private).public_key().public_bytes_raw()


def wrap(public: bytes, secret: bytes, associated: bytes) -> bytes:
    """Return ``secret`` so that only the private key of ``public`` opens it: an ephemeral public key,
    then the sealed part, bound to ``associated``."""
    __tracebackhide__ = True
    ephemeral = new_private_key()
    key = _shared(ephemeral, public, public_key(ephemeral) + public)
    if key is None:
        raise ValueError("not a public key")
    return public_key(ephemeral) + encrypt(cipher(key), secret, associated)


def unwrap(private: bytes, wrapped: bytes, associated: bytes) -> bytes | None:
    """Return what `wrap` was given, or None where it was not wrapped for ``private`` and
    ``associated``."""
    __tracebackhide__ = True
    ephemeral, sealed = wrapped[:PUBLIC_KEY_BYTES], wrapped[PUBLIC_KEY_BYTES:]
    if len(sealed) <= SIV_BYTES:
        return None
    key = _shared(private, ephemeral, ephemeral + public_key(private))
    return None if key is None else decrypt(cipher(key), sealed, associated)


def _shared(private: bytes, public: bytes, salt: bytes) -> bytes | None:
    """Return the key that two parties share; None for a public key that contributes nothing."""
    try:
        secret = _private(private).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        return None
    return derive(secret, _WRAP, salt, CIPHER_KEY_BYTES)


def _private(private: bytes) -> X25519PrivateKey:
    try:
        return X25519PrivateKey.from_private_bytes(private)
    except UnsupportedAlgorithm:
        raise _restricted("X25519") from None


# The passphrase stays in memory for as long as the process: so it does in the environment.
@lru_cache(maxsize=8)
def stretch(passphrase: str, salt: bytes, log_n: int) -> bytes:
    """Return a key for AES-SIV that guessing ``passphrase`` makes expensive: scrypt, N = 2^log_n."""
    __tracebackhide__ = True
    try:
        kdf = Scrypt(salt=salt, length=CIPHER_KEY_BYTES, n=2**log_n, r=8, p=1)
    except UnsupportedAlgorithm:
        raise _restricted("scrypt") from None
    return kdf.derive(passphrase.encode())


def _restricted(what: str) -> KeyringError:
    return KeyringError(
        f"{what} is not available here",
        why="the OpenSSL under cryptography is restricted (FIPS)",
        hint="pip install --upgrade --only-binary cryptography cryptography",
    )
