"""Archives: the files in them, whatever says when they were packed."""

from __future__ import annotations

import io
import re
import struct
import tarfile
import zipfile
import zlib
from typing import NamedTuple

MAX_UNPACKED = 64 * 1024 * 1024
"""Bytes; a larger archive is left closed."""

_ZIP = b"PK\x03\x04"
_END = b"PK\x05\x06"
_END_SIZE, _COMMENT_SIZE = 22, 20
_LOCAL = struct.Struct("<4sHHH12xIHH")
_LATEST, _MOST_METHODS = 0xFF, 99
_ENCRYPTED, _SIZE_LATER = 0x1, 0x8
_STORED, _DEFLATED = 0, 8
_CLOSED = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
_LEAST_CLOSED = 32
_TAR_SUM = re.compile(rb"[ 0-7]{5,7}[\0 ]{1,3}")
_COMMENT = "\0"
"""Stands for the name of the comment at the end of a zip."""


class Reading(NamedTuple):
    """The files of an archive, as far as they can be read; ``closed`` says that some cannot."""

    files: dict[str, bytes]
    closed: bool = False


def is_archive(data: bytes) -> bool:
    """Whether ``data`` begins as an archive does: zip, tar, or one that nothing here can open."""
    return _is_zip(data) or (data[:6] in _CLOSED and len(data) >= _LEAST_CLOSED) or _is_tar(data)


def _is_zip(data: bytes) -> bool:
    """Whether there is a zip in ``data``, also behind what starts it as a program."""
    return data[:4] == _ZIP or data[-_END_SIZE:][:4] == _END


def unpacked(data: bytes) -> dict[str, bytes] | None:
    """Return the files of a zip or tar archive by name, None if ``data`` is none or does not open.

    Of two files of one name the second has a NUL behind it. The comment of a zip counts as a file.
    """
    if _is_zip(data):
        return _zip(data)
    return _tar(data) if _is_tar(data) else None


def read(data: bytes) -> Reading:
    """Return what can be read of the archive that ``data`` begins as, also of one without its end."""
    files = unpacked(data)
    if files is not None:
        return Reading(files)
    if _is_zip(data):
        return _streamed(data)
    if _is_tar(data):
        return Reading({"": data[tarfile.BLOCKSIZE :]})  # nothing is packed in it
    return Reading({}, closed=True)


def repacked(data: bytes, files: dict[str, bytes]) -> bytes:
    """Return the archive ``data`` with these contents of its files: names, times and order stay."""
    made = io.BytesIO()
    contents = iter(files.values())
    if _is_zip(data):
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
            for entry in old.infolist():
                new.NameToInfo.pop(entry.filename, None)  # else a second file of a name is warned of
                new.writestr(entry, next(contents))
            new.comment = files.get(_COMMENT, b"")
        return made.getvalue()
    with (
        tarfile.open(fileobj=io.BytesIO(data)) as tar,
        tarfile.open(
            fileobj=made, mode="w", format=tarfile.PAX_FORMAT if tar.pax_headers else tarfile.GNU_FORMAT
        ) as packed,
    ):
        for member in tar:
            content = next(contents) if member.isreg() else b""
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return made.getvalue()


def _put(files: dict[str, bytes], name: str, content: bytes) -> None:
    while name in files:
        name += "\0"
    files[name] = content


def _zip(data: bytes) -> dict[str, bytes] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if not _is_whole(data, entries) or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                return None
            files: dict[str, bytes] = {}
            for entry in entries:
                _put(files, entry.filename, archive.read(entry))
            if archive.comment:
                files[_COMMENT] = archive.comment
            return files
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, ValueError, OSError, EOFError):
        # One with a password raises RuntimeError, a packing that is not known here NotImplementedError.
        return None


def _is_whole(data: bytes, entries: list[zipfile.ZipInfo]) -> bool:
    """Whether nothing stands before the first file or behind the end, which would be no file's content."""
    end = data.rfind(_END)
    if end < 0 or min((e.header_offset for e in entries), default=0):
        return False
    size = int.from_bytes(data[end + _COMMENT_SIZE : end + _END_SIZE], "little")
    return end + _END_SIZE + size == len(data)


def _streamed(data: bytes) -> Reading:
    """Read a zip from its beginning, file by file, without the directory at its end."""
    at, total = max(0, data.find(_ZIP)), 0
    files = {"": data[:at]} if at else {}
    while at >= 0 and data[at : at + 4] == _ZIP and at + _LOCAL.size <= len(data):
        _, version, flags, method, size, name_size, extra_size = _LOCAL.unpack_from(data, at)
        start = at + _LOCAL.size + name_size + extra_size
        name = data[at + _LOCAL.size : at + _LOCAL.size + name_size].decode("utf-8", "replace")
        if version > _LATEST or method > _MOST_METHODS or not name_size or start > len(data):
            return Reading(files)  # it says PK, and is no zip
        if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
            return Reading(files, closed=True)
        if method == _STORED:
            content, used = data[start : start + size], size
        else:
            engine = zlib.decompressobj(-15)
            try:
                content = engine.decompress(data[start:], MAX_UNPACKED - total + 1)
            except zlib.error:
                return Reading(files)  # broken: nobody can read on
            used = len(data) - start - len(engine.unused_data) if engine.eof else len(data)
        total += len(content)
        if total > MAX_UNPACKED:
            return Reading(files, closed=True)
        _put(files, name, content)
        at = start + used
        if flags & _SIZE_LATER:
            at = data.find(_ZIP, at)
    return Reading(files)


def _is_tar(data: bytes) -> bool:
    if len(data) < tarfile.BLOCKSIZE or (
        data[257:262] != b"ustar" and _TAR_SUM.fullmatch(data[148:156]) is None
    ):
        return False
    try:
        tarfile.TarInfo.frombuf(data[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _tar(data: bytes) -> dict[str, bytes] | None:
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            entries = [entry for entry in archive if entry.isreg()]
            # A sparse file can say to be larger than any memory.
            if sum(entry.size for entry in entries) > MAX_UNPACKED:
                return None
            for entry in entries:
                file = archive.extractfile(entry)
                _put(files, entry.name, file.read() if file is not None else b"")
    except (tarfile.TarError, ValueError, OSError, EOFError):
        return None
    return files
