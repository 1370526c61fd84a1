"""A write that fails, is interrupted or killed at any of its system calls; and writers that meet."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sealtape import store
from sealtape.errors import CassetteBusy, StoreError, StoreUnwritable
from sealtape.interaction import Sealed
from tests.unit import accidents

OLD, NEW = Sealed(b"old\n" * 1000), Sealed(b"new!\n" * 2000)
CALLS: tuple[tuple[ModuleType, str], ...] = (
    *((os, name) for name in ("open", "close", "fsync", "replace", "scandir", "mkdir", "unlink", "access")),
    *((os, name) for name in ("stat", "lstat", "fstat", "chmod", "readlink")),
    (io, "open"),
    (fcntl, "flock"),
)
"""What `store` asks of the system, itself or by way of pathlib, shutil and filelock."""


Fault = Callable[[], BaseException]


class Faults:
    """Counts the system calls of this thread, and lets the one numbered ``at`` (from 1) end in ``fault``.

    With ``lasting`` all that follow fail too, as on a disk that is gone; with ``late`` a call has done
    what it was to do before it fails, as one does that a signal follows.
    """

    def __init__(self, at: int, fault: Fault, *, lasting: bool = False, late: bool = False) -> None:
        self.at, self.fault, self.lasting, self.late = at, fault, lasting, late
        self.seen: list[str] = []
        self._thread = threading.get_ident()

    def on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module, name in CALLS:
            monkeypatch.setattr(module, name, self.counted(name, getattr(module, name)))

    @property
    def told(self) -> str:
        """Which of which calls failed."""
        return f"{self.at} of {' '.join(self.seen)}"

    def counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            if threading.get_ident() != self._thread:
                return call(*given, **named)
            self.seen.append(name)
            failing = len(self.seen) == self.at or (self.lasting and len(self.seen) > self.at)
            if failing and not self.late:
                raise self.fault()
            try:
                result = call(*given, **named)
            except OSError:
                if failing:
                    raise self.fault() from None
                raise
            if failing:
                if name in ("open", "scandir"):  # nobody will ever hold what was opened
                    with suppress(OSError):
                        os.close(result) if isinstance(result, int) else result.close()
                raise self.fault()
            if isinstance(result, io.BufferedWriter):
                return _Written(result, self)
            return result

        return counting


class _Written:
    """An open file whose writes and flushes are counted, too."""

    def __init__(self, file: io.BufferedWriter, faults: Faults) -> None:
        self._file = file
        self.write = faults.counted("write", file.write)
        self.flush = faults.counted("flush", file.flush)
        self.fileno = file.fileno

    def __enter__(self) -> _Written:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the user's that nothing else uses."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    """An accepted cassette, alone in its folder."""
    path = tmp_path / "cassettes" / "test_a.tape"
    store.write(path, OLD)
    return path


def failed_writes(path: Path, fault: Fault, **how: bool) -> Iterator[tuple[Faults, object]]:
    """Write ``path`` with ``fault`` at each system call in turn; yield what was raised each time, or None.

    It ends with the write that had fewer calls than that, and so succeeded.
    """
    cache = os.environ["XDG_CACHE_HOME"]
    for at in range(1, 200):
        store.write(path, OLD)
        faults, raised = Faults(at, fault, **how), None
        # A lock of its own each time: older versions of filelock keep one that they failed to give back.
        os.environ["XDG_CACHE_HOME"] = f"{cache}/{at}"
        with pytest.MonkeyPatch.context() as patch:
            faults.on(patch)
            try:
                with store.lock(path, timeout=0.01):
                    store.write(path, NEW)
            except BaseException as error:
                raised = error
        assert path.read_bytes() in (OLD.data, NEW.data), faults.told
        if len(faults.seen) < at:
            with store.lock(path, timeout=0):
                pass
            return
        yield faults, raised
    raise AssertionError("a write has no end")


@pytest.mark.parametrize("late", [False, True], ids=["fails", "fails after it has worked"])
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EIO, errno.EINTR, errno.EACCES])
def test_whichever_system_call_fails_the_cassette_is_old_or_new_and_alone(
    cassette: Path, reason: int, late: bool
) -> None:
    refused = set()
    for faults, raised in failed_writes(cassette, lambda: OSError(reason, os.strerror(reason)), late=late):
        assert raised is None or isinstance(raised, StoreError), (faults.told, raised)
        if raised is None:
            assert cassette.read_bytes() == NEW.data
        else:
            refused.add(faults.seen[faults.at - 1])
            assert raised.hint
        assert [entry.name for entry in cassette.parent.iterdir()] == [cassette.name], faults.told
    assert {"open", "write", "flush", "fsync", "replace"} <= refused


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_is_gone_from_some_call_on_leaves_the_old_or_the_new_cassette(
    cassette: Path, reason: int
) -> None:
    for faults, raised in failed_writes(cassette, lambda: OSError(reason, os.strerror(reason)), lasting=True):
        assert raised is None or isinstance(raised, StoreError), (faults.told, raised)
        left = {entry.name for entry in cassette.parent.iterdir()} - {cassette.name}
        assert all(name.startswith(store.TEMPORARY_PREFIX) for name in left)
        for name in left:
            (cassette.parent / name).unlink()


@pytest.mark.parametrize("late", [False, True])
def test_ctrl_c_at_any_system_call_leaves_the_cassette_alone_and_is_not_swallowed(
    cassette: Path, late: bool
) -> None:
    for faults, raised in failed_writes(cassette, KeyboardInterrupt, late=late):
        assert isinstance(raised, KeyboardInterrupt), faults.told
        assert [entry.name for entry in cassette.parent.iterdir()] == [cassette.name], faults.told


@pytest.mark.parametrize(
    "fault", [OSError(errno.ENOLCK, "No locks available"), NotImplementedError("no flock")]
)
def test_a_file_system_without_locks_is_an_error_of_sealtape(
    cassette: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def refuses(*arguments: object) -> None:
        raise fault

    monkeypatch.setattr("filelock.FileLock.acquire", refuses)
    with pytest.raises(StoreUnwritable, match="cannot be locked"), store.lock(cassette):
        pass


def accident(what: str, folder: Path, count: int, cache: Path) -> dict[str, int]:
    source = str(Path(store.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, accidents.__file__, what, str(folder), str(count)],
        env={**os.environ, "XDG_CACHE_HOME": str(cache), "TMPDIR": str(cache), "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for file in (*folder.rglob("*"), *cache.rglob("*")):
        assert not file.is_file() or accidents.MARKER not in file.read_bytes()
    told: dict[str, int] = json.loads(done.stdout)
    return told


def test_writers_killed_500_times_leave_the_old_or_the_new_cassette_and_nothing_readable(
    tmp_path: Path, cache: Path
) -> None:
    told = accident("killed", tmp_path, 500, cache)
    assert told["killed"] == 500
    assert told["changed"] > 10
    assert told["in the middle of a write"] > 10


def test_what_four_processes_add_to_one_cassette_is_all_there(tmp_path: Path, cache: Path) -> None:
    assert accident("adding", tmp_path, 25, cache) == {"rows": 100}


def test_a_writer_that_finds_no_turn_says_so_and_loses_nothing_silently(cassette: Path) -> None:
    told: list[BaseException] = []

    def late() -> None:
        try:
            with store.lock(cassette, timeout=0):
                store.write(cassette, NEW)
        except CassetteBusy as error:
            told.append(error)

    with store.lock(cassette):
        thread = threading.Thread(target=late)
        thread.start()
        thread.join()
    assert len(told) == 1
    assert cassette.read_bytes() == OLD.data
