"""Archives: the files in them, whatever says when they were packed."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib

MAX_UNPACKED = 64 * 1024 * 1024
"""Bytes; a larger archive is left closed."""

ZIP = b"PK\x03\x04"
"""What a zip archive with a file in it starts with."""

_END = 22
"""Bytes of what ends a zip; where more follows, that is content too, of which no file tells."""


def unpacked(data: bytes) -> dict[str, bytes] | None:
    """Return the files of a zip or tar archive by name, None if ``data`` is none or does not open."""
    if data[:2] == b"PK":
        return _zip(data)
    return _tar(data) if data[257:262] == b"ustar" else None


def is_too_large(data: bytes) -> bool:
    """Whether ``data`` is a zip archive that was left closed because of its size."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError):
        return False


def repacked(data: bytes, files: dict[str, bytes]) -> bytes:
    """Return the zip archive ``data`` with these contents of its files: names, times and order stay."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        new.comment = old.comment
        for entry in old.infolist():
            new.writestr(entry, files[entry.filename])
    return made.getvalue()


def _zip(data: bytes) -> dict[str, bytes] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if data[-_END:][:4] != b"PK\x05\x06" or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                return None
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, ValueError, OSError, EOFError):
        # One with a password raises RuntimeError, a packing that is not known here NotImplementedError.
        return None


def _tar(data: bytes) -> dict[str, bytes] | None:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            files = {entry.name: archive.extractfile(entry) for entry in archive}
            return {name: file.read() if file is not None else b"" for name, file in files.items()}
    except (tarfile.TarError, ValueError, OSError, EOFError):
        return None
