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

**HMAC-SHA256** covers the raw bytes of a whole cassette. The rows are authenticated one by one
already; this binds their order, their number and every byte between them, before anything is
parsed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import constant_time, hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sealtape.errors import KeyringError

Cipher: TypeAlias = AESSIV
"""AES-SIV under one key: made once, used for every row of a cassette."""

CIPHER_KEY_BYTES = 64
MAC_KEY_BYTES = 32
SIV_BYTES = 16
MAC_BYTES = 32


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
