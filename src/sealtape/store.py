"""Files: where a cassette may lie, and how one is read, replaced, locked and left pending.

It knows only `Sealed` bytes. A write is whole or it did not happen: a temporary file in the same
folder, fsync, rename, fsync of the folder. Whatever interrupts it, the cassette is the old one or
the new one, and no temporary file ever holds anything but sealed bytes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shlex
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO, TypeVar

import filelock
import platformdirs

from sealtape.errors import (
    CassetteBusy,
    CassetteMissing,
    NameEscapes,
    StoreError,
    StoreUnwritable,
)
from sealtape.interaction import Sealed
from sealtape.textfile import open_regular, remedy, require_regular, sync_folder

SUFFIX = ".tape"
PENDING_SUFFIX = ".new"
TEMPORARY_PREFIX = ".sealtape-"
LOCK_TIMEOUT_SECONDS = 2.0

T = TypeVar("T")

_BLOCK_BYTES = 1_000_000

_LONGEST_BYTES = 255 - len(SUFFIX + PENDING_SUFFIX)
"""What ext4, APFS and NTFS allow in a file name, less the longest suffix of ours."""

_STALE_SECONDS = 3600.0
_WINDOWS_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{device}{number}" for device in ("COM", "LPT") for number in "0123456789¹²³"]
)


def cassette_path(folder: Path, name: str) -> Path:
    """Return the file of the cassette called ``name`` in ``folder``: ``name`` with `SUFFIX` added.

    ``name`` may have folders in it. Raise `NameEscapes` where it would leave ``folder`` on any
    system, by the path rules of POSIX and of Windows both, since a repository is checked out on
    either; and where a symbolic link on the way leads out.
    """
    reason = _escape(name)
    if reason:
        raise _escapes(folder, name, reason)
    file = name if name.endswith(SUFFIX) else name + SUFFIX
    path = folder / PurePosixPath(file.replace("\\", "/") if os.name == "nt" else file)
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise _escapes(folder, name, "a symbolic link on the way leads out of the folder")
    return path


def portable_name(name: str) -> str:
    """Return the name under which every file system keeps a cassette called ``name``.

    An ordinary name is returned as it is, in Unicode's composed form: of two forms some systems make one.
    Each part of one that is too long, or that Windows has another meaning or none for, ends in a digest of
    what it was, so that two such names stay two.
    """
    *folders, last = name.split("/")
    return "/".join([*(_portable(part, part.rstrip(" .")) for part in folders), _portable(last, last)])


def _portable(part: str, stripped: str) -> str:
    if not part.strip(" ."):
        return part  # no name at all, which `cassette_path` judges
    part, kept = (unicodedata.normalize("NFC", text) for text in (part, stripped))
    kept = re.sub(r'[\0-\x1f<>:"|?*]', "-", kept)
    if _is_device(kept):
        kept = f"_{kept}"
    if kept == part and len(part.encode(errors="replace")) <= _LONGEST_BYTES:
        return part
    data = part.encode(errors="surrogatepass")
    ending = "-" + hashlib.sha256(data).hexdigest()[:16]
    return kept.encode(errors="replace")[: _LONGEST_BYTES - len(ending)].decode(errors="ignore") + ending


def same_file(name: str) -> str:
    """Return what is equal for two names that some file system takes for one, by case or Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", portable_name(name)).casefold())


def _is_device(part: str) -> bool:
    return part.split(".")[0].rstrip().upper() in _WINDOWS_DEVICES


def _escapes(folder: Path, name: str, reason: str) -> NameEscapes:
    return NameEscapes(
        f"the cassette name {name[:200]!a} cannot be used",
        where=str(folder),
        why=reason,
        hint="use a relative name without '..', such as 'test_users/test_create'",
    )


def _escape(name: str) -> str:
    """Return how ``name`` would leave its folder, or an empty string."""
    if not name.strip(" ./\\"):
        return "it names no file"
    if any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in name):
        return "it holds a character that no file name may hold"
    windows = PureWindowsPath(name)
    if name.startswith("/") or windows.anchor:
        return "it is not relative: it begins with a root or a drive"
    for part in name.replace("\\", "/").split("/"):
        if part == "..":
            return "'..' leads out of the folder"
        # Windows drops dots and spaces at the end of a part, so that '.. ' is '..' there.
        if part not in ("", ".") and not part.strip(" ."):
            return f"{part!a} is '..' or nothing on Windows"
        if _is_device(part):
            return f"{part!a} is a device on Windows"
    return ""


def pending_path(path: Path) -> Path:
    """Return where a recording of ``path`` waits to be accepted: ``*.tape.new`` beside it."""
    return path.with_name(path.name + PENDING_SUFFIX)


def read(path: Path) -> bytes:
    """Return the bytes at ``path``.

    Raise `CassetteMissing` only where there is no such file, and `StoreError` where there is one
    that cannot be read: what cannot be read must never look as if it could be recorded.
    """
    return _taken(path, lambda file: file.read())


def read_blocks(path: Path) -> list[bytes]:
    """Return the bytes at ``path`` in blocks of whole lines; raise as `read` does."""
    return _taken(path, _blocks)


def _blocks(file: BinaryIO) -> list[bytes]:
    blocks = []
    while block := file.read(_BLOCK_BYTES):
        blocks.append(block if block.endswith(b"\n") else block + file.readline())
    return blocks


def _taken(path: Path, take: Callable[[BinaryIO], T]) -> T:
    try:
        with open_regular(_target(path)) as file:
            return take(file)
    except (FileNotFoundError, NotADirectoryError):
        raise CassetteMissing(
            "there is no such cassette", where=str(path), hint="pytest --record-mode=once"
        ) from None
    except OSError as error:
        raise StoreError(
            "the cassette cannot be read",
            where=str(path),
            why=_reason(error),
            hint=f"ls -ld {shlex.quote(str(path))}",
        ) from None


def write(path: Path, sealed: Sealed) -> bool:
    """Replace the file at ``path`` by ``sealed``, or leave it alone if it is the same; return
    which.

    True means written. Folders are made as needed, and a symbolic link stays one. Raise
    `StoreUnwritable`, with the old file as it was and no temporary file left.
    """
    target = _target(path)
    try:
        if _holds(target, sealed.data):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(target)
        _replace(target, sealed.data)
    except OSError as error:
        raise _unwritable("the cassette could not be written, and is as it was", path, error) from None
    return True


def require_writable(path: Path) -> None:
    """Raise `StoreUnwritable` now if `write` could not write ``path`` later.

    A recording asks before its first request: what was recorded and cannot be kept was sent in vain.
    Nothing is left behind, and no folder made.
    """
    target = _target(path)
    try:
        with contextlib.suppress(FileNotFoundError):
            require_regular(target.lstat().st_mode)
        folder = next(parent for parent in target.parents if os.path.lexists(parent))
        # Asking the file system is the only test that sees access lists and read-only mounts.
        with tempfile.TemporaryFile(prefix=TEMPORARY_PREFIX, dir=folder):
            pass
    except OSError as error:
        raise _unwritable("a cassette could not be written here, so nothing was sent", path, error) from None


def _target(path: Path) -> Path:
    """Return the file that ``path`` is, symbolic links followed; raise `NameEscapes` if it is none."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        reason = "it holds a character that no file name may hold"
        raise _escapes(Path(), str(path), reason) from None


def _holds(target: Path, data: bytes) -> bool:
    try:
        found = target.stat()
        require_regular(found.st_mode)
        return found.st_size == len(data) and target.read_bytes() == data
    except (FileNotFoundError, NotADirectoryError):
        return False


def stage(path: Path, sealed: Sealed) -> Path:
    """Write ``sealed`` beside the cassette at ``path``, down to the disk, and return that temporary file.

    Folders are made as needed. `put` makes it the cassette. Raise `StoreUnwritable` with nothing left behind.
    """
    target = _target(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return _staged(target, sealed.data)
    except OSError as error:
        raise _unwritable("the cassette could not be written, and is as it was", path, error) from None


def put(staged: Path, path: Path) -> None:
    """Make what `stage` returned the cassette at ``path``: one rename. Raise `StoreUnwritable`."""
    try:
        _put(staged, _target(path))
    except OSError as error:
        raise _unwritable("the cassette could not be written, and is as it was", path, error) from None


def _replace(target: Path, data: bytes) -> None:
    temporary = _staged(target, data)
    try:
        _put(temporary, target)
    except BaseException:  # Ctrl-C as well: nothing may be left behind
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _staged(target: Path, data: bytes) -> Path:
    temporary = target.with_name(f"{_temporary_stem(target)}{secrets.token_hex(8)}.tmp")
    try:
        # Not tempfile's 0600: a cassette is committed; its mode is the umask's or the old file's.
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(target, temporary)
    except BaseException:  # as above
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return temporary


def _put(temporary: Path, target: Path) -> None:
    os.replace(temporary, target)
    sync_folder(target.parent)


def _temporary_stem(target: Path) -> str:
    # A digest, because the cassette's own name may already be as long as a file name can be.
    return f"{TEMPORARY_PREFIX}{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]}-"


def _remove_stale(target: Path) -> None:
    """Remove what a killed writer of ``target`` left behind, once it is too old to be in use."""
    stem = _temporary_stem(target)
    with os.scandir(target.parent) as entries:
        left = [entry for entry in entries if entry.name.startswith(stem)]
    for entry in left:
        with contextlib.suppress(OSError):
            if time.time() - entry.stat().st_mtime > _STALE_SECONDS:
                os.unlink(entry.path)


@contextmanager
def lock(path: Path, timeout: float = LOCK_TIMEOUT_SECONDS) -> Iterator[None]:
    """Hold the right to write ``path``; raise `CassetteBusy` after ``timeout`` seconds without it.

    It excludes other processes and threads, and this thread too. The lock file lies in the user's
    cache folder and never beside the cassette; the system frees it when its holder dies.
    """
    try:
        holder = filelock.FileLock(_lock_file(path), timeout=timeout)
        holder.acquire()
    except filelock.Timeout:
        raise CassetteBusy(
            "another process or thread is writing this file",
            where=str(path),
            why=f"it did not finish within {timeout:g} s",
            hint="let it end, and one test or one run own each cassette; then run this one again",
        ) from None
    except (OSError, NotImplementedError) as error:  # the latter where a file system knows no locks
        raise StoreUnwritable(
            "the cassette cannot be locked",
            where=str(path),
            why=_reason(error),
            hint="export XDG_CACHE_HOME=… with a folder that can be written",
        ) from None
    try:
        yield
    finally:
        # What was written is written, and a lock that cannot be given back goes with this process at the
        # latest: older versions of filelock keep it that long, and the next writer here is told so.
        with contextlib.suppress(OSError):
            holder.release()


def _lock_file(path: Path) -> Path:
    # normcase folds where the file system does by rule (Windows), so that one file has one lock.
    resolved = os.path.normcase(_target(path))
    name = f"{hashlib.sha256(os.fsencode(resolved)).hexdigest()[:32]}.lock"
    folder = platformdirs.user_cache_path("sealtape", appauthor=False) / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder / name
    except OSError:
        pass  # no home folder that can be written, as in many containers
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"sealtape-locks-{owner}"
    with contextlib.suppress(OSError):  # filelock reports a folder that cannot be used
        folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and os.lstat(folder).st_uid != owner:
        # Whoever made it could lay links in it, and the lock of an older filelock empties what it opens.
        raise PermissionError(errno.EACCES, f"{folder} belongs to another user")
    return folder / name


def _reason(error: OSError | NotImplementedError) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _unwritable(what: str, path: Path, error: OSError) -> StoreUnwritable:
    return StoreUnwritable(what, where=str(path), why=_reason(error), hint=remedy(path.parent, error))
