"""Small text files of a project that people read and commit: read whole, and replaced whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shlex
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

from sealtape.errors import SettingsError, StoreUnwritable


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read its bytes; raise ``OSError`` for what is none.

    A pipe would wait for whoever writes there, and a device has no end.
    """
    return open(path, "rb", opener=_open_regular)


def read_regular(path: Path, limit: int = -1) -> bytes:
    """Return the bytes of a file, up to ``limit`` of them; raise as `open_regular` does."""
    with open_regular(path) as file:
        return file.read(limit)


def _open_regular(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    try:
        require_regular(os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def require_regular(mode: int) -> None:
    """Raise ``OSError`` unless ``mode``, as `os.stat` gives it, is that of a file."""
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a folder, a pipe or a device")


def read_text(path: Path) -> str:
    """Return the text at ``path`` with its line ends as they are; empty if there is no such file.

    Raise `SettingsError` for what is not UTF-8, and `StoreUnwritable` for what cannot be read.
    """
    try:
        return read_regular(path).decode("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise SettingsError("this file is not UTF-8", where=str(path), hint=f"file {path}") from None
    except OSError as error:
        raise _unwritable(path, error) from None


def replace_text(path: Path, text: str) -> None:
    """Replace the file at ``path`` whole, or make it; raise `StoreUnwritable` with it as it was."""
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".sealtape-{secrets.token_hex(8)}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
        sync_folder(target.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have what was made or renamed in ``folder`` on the disk, as far as the system can say so.

    A key must be there before the first cassette that only it opens. Where a folder cannot be synced, what
    was renamed reaches the disk a little later, and is still whole.
    """
    with contextlib.suppress(OSError):  # Windows cannot open a folder, and some systems cannot sync one
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> StoreUnwritable:
    return StoreUnwritable(
        "this file cannot be read or written",
        where=str(path),
        why=(error.strerror or type(error).__name__).lower(),
        hint=remedy(path.parent, error),
    )


def remedy(folder: Path, error: OSError) -> str:
    """Return a command that mends, or shows, what keeps ``folder`` from being written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"df -h {shlex.quote(str(folder))}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"chmod u+w {shlex.quote(str(folder))}"
    return f"ls -ld {shlex.quote(str(folder))}"
