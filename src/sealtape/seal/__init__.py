"""Sealing: what a cassette file is, the keys it is sealed with, and the primitives underneath."""

from __future__ import annotations

from sealtape.seal.format import (
    ClearCassette,
    ClearRow,
    new_cassette_id,
    read_clear,
    seal,
    unseal,
)
from sealtape.seal.keyring import (
    Key,
    key_path,
    load_key,
    new_key,
    parse_key,
    write_key_file,
)

__all__ = [
    "ClearCassette",
    "ClearRow",
    "Key",
    "key_path",
    "load_key",
    "new_cassette_id",
    "new_key",
    "parse_key",
    "read_clear",
    "seal",
    "unseal",
    "write_key_file",
]
