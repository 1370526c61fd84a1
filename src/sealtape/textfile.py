"""Small text files of a project that people read and commit: read whole, and replaced whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path

from sealtape.errors import SettingsError, StoreUnwritable


def read_text(path: Path) -> str:
    """Return the text at ``path`` with its line ends as they are; empty if there is no such file.

    Raise `SettingsError` for what is not UTF-8, and `StoreUnwritable` for what cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8")
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
        hint=f"ls -ld {path.parent}",
    )
