"""Files: containment, whole writes, locks."""

from __future__ import annotations

import errno
import multiprocessing
import os
import re
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path, PureWindowsPath

import pytest

from sealtape import store
from sealtape.errors import CassetteBusy, CassetteMissing, NameEscapes, StoreError, StoreUnwritable
from sealtape.interaction import Sealed

OLD, NEW = Sealed(b"old\n" * 1000), Sealed(b"new!\n" * 2000)


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
    assert store.write(path, OLD)
    return path


def alone(path: Path) -> bool:
    """Whether nothing lies beside ``path``."""
    return [entry.name for entry in path.parent.iterdir()] == [path.name]


class TestNames:
    @pytest.mark.parametrize(
        ("name", "file"),
        [
            ("test_a", "test_a.tape"),
            ("test_users/test_create", "test_users/test_create.tape"),
            ("test_v1.2", "test_v1.2.tape"),
            ("test_a.tape", "test_a.tape"),
            ("test_a[1-b]", "test_a[1-b].tape"),
            ("./test_a", "test_a.tape"),
            ("test prüfung", "test prüfung.tape"),
            ("..a", "..a.tape"),
            ("console", "console.tape"),
        ],
    )
    def test_a_name_is_a_file_in_the_folder(self, tmp_path: Path, name: str, file: str) -> None:
        assert store.cassette_path(tmp_path, name) == tmp_path / file

    @pytest.mark.parametrize(
        "name",
        [
            "",
            ".",
            "..",
            "/",
            " ",
            "../x",
            "a/../../x",
            "a/../b",
            "a/..",
            "/etc/passwd",
            "//server/share/x",
            "C:\\x",
            "C:/x",
            "C:x",
            "c:",
            "\\x",
            "\\\\server\\share\\x",
            "\\\\?\\C:\\x",
            "..\\x",
            "a\\..\\..\\x",
            "a/.. /x",
            "a/.../x",
            "a\x00b",
            "a\nb",
            "a\x1b[2Jb",
            "\ud800",
            "NUL",
            "nul.txt",
            "a/CON",
            "com1",
            "aux /x",
        ],
    )
    def test_a_name_that_would_leave_the_folder_on_some_system_is_refused(
        self, tmp_path: Path, name: str
    ) -> None:
        with pytest.raises(NameEscapes) as caught:
            store.cassette_path(tmp_path, name)
        assert caught.value.exit_code == 2
        assert str(caught.value).isprintable() or "\n" in str(caught.value)
        assert "\x1b" not in str(caught.value)

    def test_a_symbolic_link_that_leads_out_is_refused(self, tmp_path: Path) -> None:
        folder = tmp_path / "cassettes"
        folder.mkdir()
        (folder / "out").symlink_to(tmp_path)
        (folder / "file.tape").symlink_to(tmp_path / "elsewhere.tape")
        (folder / "in").symlink_to(folder)
        for name in ("out/x", "file", "in/out/x"):
            with pytest.raises(NameEscapes, match="symbolic link"):
                store.cassette_path(folder, name)
        assert store.cassette_path(folder, "in/x") == folder / "in" / "x.tape"

    def test_a_folder_that_is_itself_a_link_is_fine(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        assert store.cassette_path(tmp_path / "link", "x") == tmp_path / "link" / "x.tape"

    def test_links_in_a_circle_end_in_an_error_of_sealtape(self, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        with pytest.raises(StoreUnwritable):
            store.write(store.cassette_path(tmp_path, "a/x"), NEW)

    def test_a_pending_recording_lies_beside_its_cassette(self) -> None:
        assert store.pending_path(Path("c/test_a.tape")) == Path("c/test_a.tape.new")


class TestReading:
    def test_the_bytes_come_back(self, cassette: Path) -> None:
        assert store.read(cassette) == OLD.data

    def test_only_a_file_that_is_not_there_is_missing(self, tmp_path: Path, cassette: Path) -> None:
        for path in (tmp_path / "none.tape", tmp_path / "no" / "folder.tape", cassette / "x.tape"):
            with pytest.raises(CassetteMissing, match="--record-mode=once"):
                store.read(path)

    @pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
    def test_what_is_no_file_is_not_missing_nor_waited_for_nor_written_over(
        self, tmp_path: Path, kind: str
    ) -> None:
        path = tmp_path / "x.tape"
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero")
        for call in (store.read, store.require_writable, lambda path: store.write(path, NEW)):
            with pytest.raises(StoreError, match="it is a folder, a pipe or a device") as caught:
                call(path)
            assert not isinstance(caught.value, CassetteMissing)
        assert not path.is_file()
        assert [entry.name for entry in tmp_path.iterdir()] == ["x.tape"]


class TestWriting:
    def test_a_new_cassette_is_written_with_its_folders(self, tmp_path: Path) -> None:
        path = tmp_path / "a" / "b" / "c.tape"
        assert store.write(path, NEW)
        assert path.read_bytes() == NEW.data
        assert alone(path)

    def test_equal_bytes_leave_the_file_untouched(self, cassette: Path) -> None:
        before = cassette.stat()
        assert not store.write(cassette, OLD)
        after = cassette.stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_a_change_replaces_the_file(self, cassette: Path) -> None:
        assert store.write(cassette, NEW)
        assert cassette.read_bytes() == NEW.data
        assert alone(cassette)

    def test_the_mode_is_the_users_and_then_stays(self, cassette: Path) -> None:
        umask = os.umask(0)
        os.umask(umask)
        assert stat.S_IMODE(cassette.stat().st_mode) == 0o666 & ~umask
        cassette.chmod(0o640)
        store.write(cassette, NEW)
        assert stat.S_IMODE(cassette.stat().st_mode) == 0o640

    def test_a_link_to_a_cassette_stays_a_link(self, cassette: Path, tmp_path: Path) -> None:
        link = tmp_path / "link.tape"
        link.symlink_to(cassette)
        store.write(link, NEW)
        assert link.is_symlink()
        assert cassette.read_bytes() == NEW.data

    def test_a_name_as_long_as_a_file_name_can_be_is_written(self, tmp_path: Path) -> None:
        path = store.cassette_path(tmp_path, "t" * 250)
        assert store.write(path, NEW)
        assert path.read_bytes() == NEW.data

    def test_a_name_that_is_too_long_is_unwritable(self, tmp_path: Path) -> None:
        with pytest.raises(StoreUnwritable):
            store.write(store.cassette_path(tmp_path, "t" * 300), NEW)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_is_a_file_is_unwritable(self, cassette: Path) -> None:
        with pytest.raises(StoreUnwritable):
            store.write(cassette / "x.tape", NEW)
        assert cassette.read_bytes() == OLD.data

    def test_what_a_killed_writer_left_is_removed_once_it_is_old(self, cassette: Path) -> None:
        stem = store._temporary_stem(cassette)
        old, young = (cassette.with_name(f"{stem}{name}.tmp") for name in ("old", "young"))
        other = cassette.with_name(f"{store.TEMPORARY_PREFIX}other.tmp")
        for file in (old, young, other):
            file.write_bytes(b"half")
        for file in (old, other):
            os.utime(file, (0, 0))
        store.write(cassette, NEW)
        assert [file.exists() for file in (old, young, other)] == [False, True, True]


class TestBeforeRecording:
    def test_a_folder_that_can_be_written_or_made_is_fine(self, cassette: Path, tmp_path: Path) -> None:
        for path in (cassette, cassette.with_name("new.tape"), tmp_path / "a" / "b" / "c.tape"):
            store.require_writable(path)
        assert alone(cassette)
        assert not (tmp_path / "a").exists()

    def test_what_could_not_be_written_is_refused(self, cassette: Path, tmp_path: Path) -> None:
        for path in (cassette / "x.tape", cassette / "y" / "x.tape", tmp_path, tmp_path / ("t" * 300)):
            with pytest.raises(StoreUnwritable):
                store.require_writable(path)

    def test_a_folder_that_refuses_new_files_is_refused(
        self, cassette: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Tests may run as root, whom no mode bit stops: the system call itself refuses here.
        def refuses(*arguments: object, **options: object) -> int:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(os, "open", refuses)
        with pytest.raises(StoreUnwritable, match=r"chmod u\+w") as caught:
            store.require_writable(cassette)
        assert caught.value.why == "permission denied"

    def test_a_path_that_no_system_has_is_an_error_of_sealtape(self) -> None:
        for call in (store.read, store.require_writable, lambda path: store.write(path, NEW)):
            with pytest.raises(NameEscapes):
                call(Path("a\0b.tape"))
        with pytest.raises(NameEscapes), store.lock(Path("a\0b.tape")):
            pass


class TestFaults:
    """Every system call on the way fails once, for each reason that a disk has."""

    @pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES])
    @pytest.mark.parametrize("call", ["fsync", "replace", "scandir"])
    def test_a_failed_system_call_leaves_the_old_cassette_alone(
        self, cassette: Path, monkeypatch: pytest.MonkeyPatch, call: str, reason: int
    ) -> None:
        def fails(*arguments: object, **options: object) -> None:
            raise OSError(reason, os.strerror(reason))

        monkeypatch.setattr(os, call, fails)
        with pytest.raises(StoreUnwritable) as caught:
            store.write(cassette, NEW)
        monkeypatch.undo()
        assert caught.value.where == str(cassette)
        assert caught.value.why == os.strerror(reason).lower()
        assert caught.value.hint
        assert cassette.read_bytes() == OLD.data
        assert alone(cassette)

    @pytest.mark.parametrize("call", ["fsync", "replace"])
    def test_ctrl_c_leaves_the_old_cassette_alone(
        self, cassette: Path, monkeypatch: pytest.MonkeyPatch, call: str
    ) -> None:
        def interrupted(*arguments: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, call, interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.write(cassette, NEW)
        monkeypatch.undo()
        assert cassette.read_bytes() == OLD.data
        assert alone(cassette)

    def test_a_folder_that_cannot_be_synced_does_not_undo_the_write(
        self, cassette: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = os.fsync

        def files_only(descriptor: int) -> None:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "Invalid argument")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", files_only)
        assert store.write(cassette, NEW)
        assert cassette.read_bytes() == NEW.data

    def test_the_file_and_then_its_folder_reach_the_disk(
        self, cassette: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[str] = []
        fsync, replace = os.fsync, os.replace

        def noted_fsync(descriptor: int) -> None:
            calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
            fsync(descriptor)

        def noted_replace(source: Path, target: Path) -> None:
            calls.append("rename")
            replace(source, target)

        monkeypatch.setattr(os, "fsync", noted_fsync)
        monkeypatch.setattr(os, "replace", noted_replace)
        store.write(cassette, NEW)
        assert calls == ["file", "rename", "folder"]

    def test_a_disk_that_fills_up_in_mid_write_leaves_the_old_cassette_alone(self, cassette: Path) -> None:
        # A file size limit refuses the write in its middle, as a full disk does, and needs no mount.
        script = (
            "import resource, sys\n"
            "from pathlib import Path\n"
            "from sealtape import errors, interaction, store\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))\n"
            "try:\n"
            "    store.write(Path(sys.argv[1]), interaction.Sealed(b'n' * 10_000))\n"
            "except errors.StoreUnwritable as error:\n"
            "    print(error.hint)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(cassette)], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("df -h ")
        assert cassette.read_bytes() == OLD.data
        assert alone(cassette)
        assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 6000


def _hold(path: Path, held: object, done: object) -> None:
    with store.lock(path):
        held.set()  # type: ignore[attr-defined]
        done.wait(30)  # type: ignore[attr-defined]


class TestLocks:
    def test_a_second_writer_is_told_that_the_cassette_is_busy(self, cassette: Path) -> None:
        with store.lock(cassette), pytest.raises(CassetteBusy) as caught, store.lock(cassette, timeout=0.1):
            pass
        assert caught.value.where == str(cassette)

    def test_a_released_lock_can_be_taken_again(self, cassette: Path) -> None:
        for _ in range(3):
            with store.lock(cassette, timeout=0):
                pass

    def test_an_error_inside_releases_the_lock(self, cassette: Path) -> None:
        with pytest.raises(ZeroDivisionError), store.lock(cassette):
            raise ZeroDivisionError
        with store.lock(cassette, timeout=0):
            pass

    @pytest.mark.parametrize("spelling", ["relative", "link", "dots"])
    def test_one_file_has_one_lock_however_it_is_spelt(
        self, cassette: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "link").symlink_to(cassette.parent)
        spelt = {
            "relative": Path("cassettes/test_a.tape"),
            "link": tmp_path / "link" / "test_a.tape",
            "dots": tmp_path / "cassettes" / ".." / "cassettes" / "test_a.tape",
        }[spelling]
        with store.lock(cassette), pytest.raises(CassetteBusy), store.lock(spelt, timeout=0):
            pass

    def test_two_cassettes_do_not_wait_for_each_other(self, cassette: Path) -> None:
        with store.lock(cassette), store.lock(cassette.with_name("test_b.tape"), timeout=0):
            pass

    def test_nothing_is_left_beside_the_cassette(self, cassette: Path, cache: Path) -> None:
        with store.lock(cassette):
            assert alone(cassette)
            assert list(cache.rglob("*.lock"))
        assert alone(cassette)

    @pytest.mark.parametrize("kind", ["thread", "process"])
    def test_threads_and_processes_exclude_each_other(self, cassette: Path, kind: str) -> None:
        context = multiprocessing.get_context("spawn")
        if kind == "process":
            held, done = context.Event(), context.Event()
            other = context.Process(target=_hold, args=(cassette, held, done))
        else:
            held, done = threading.Event(), threading.Event()  # type: ignore[assignment]
            other = threading.Thread(target=_hold, args=(cassette, held, done))  # type: ignore[assignment]
        other.start()
        try:
            assert held.wait(30)
            with pytest.raises(CassetteBusy), store.lock(cassette, timeout=0.1):
                pass
        finally:
            done.set()
            other.join(30)
        with store.lock(cassette, timeout=1):
            pass

    def test_a_killed_holder_does_not_hold_on(self, cassette: Path) -> None:
        script = (
            "import sys, time\nfrom pathlib import Path\nfrom sealtape import store\n"
            "with store.lock(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", script, str(cassette)], stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            with pytest.raises(CassetteBusy), store.lock(cassette, timeout=0):
                pass
            holder.kill()
        with store.lock(cassette, timeout=1):
            pass

    def test_two_writers_without_a_lock_leave_one_whole_cassette(self, cassette: Path) -> None:
        contents = [Sealed(bytes([65 + at]) * 300_000) for at in range(4)]

        def writes(sealed: Sealed) -> Callable[[], None]:
            def run() -> None:
                for _ in range(20):
                    store.write(cassette, sealed)

            return run

        threads = [threading.Thread(target=writes(sealed)) for sealed in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert cassette.read_bytes() in [sealed.data for sealed in contents]
        assert alone(cassette)

    def test_a_cache_folder_that_cannot_be_made_is_replaced_by_the_temporary_one(
        self, cassette: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(cassette))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        with store.lock(cassette):
            assert list(tmp_path.glob("sealtape-locks-*/*.lock"))

    def test_a_folder_of_locks_that_somebody_else_made_is_not_used(
        self, cassette: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(cassette))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        monkeypatch.setattr(os, "getuid", lambda: 4711)
        with pytest.raises(StoreUnwritable, match="belongs to another user"), store.lock(cassette):
            pass
        assert list(tmp_path.glob("sealtape-locks-*/*.lock")) == []


class TestPortableNames:
    """The name of a test becomes one that every file system can hold, and tells from others."""

    @pytest.mark.parametrize(
        "name",
        [
            "test_x",
            "TestIt.test_x[a-b]",
            "test_x[1.5-None-\u00fc]",
            "shared/common",
            "test_x[a. ]",
            "_module",
            "console.test_a",
            "x" * 246,
            "../out",
            "",
        ],
    )
    def test_an_ordinary_name_stays_as_it_is(self, name: str) -> None:
        assert store.portable_name(name) == name

    @pytest.mark.parametrize("letter", ["x", "\u00fc", "\U0001f600"])
    def test_a_long_name_fits_with_every_suffix_and_stays_apart(self, letter: str) -> None:
        names = [store.portable_name(f"test_{letter * 300}{end}") for end in "ab"]
        assert len(set(names)) == 2
        for name in names:
            assert len(store.pending_path(Path(f"{name}.tape")).name.encode()) <= 255
            assert name.startswith(f"test_{letter * 40}")

    @pytest.mark.parametrize("name", ["Con.test_a", "aux", "com1.test_a[x]", "folder/NUL", "Lpt1 .x"])
    def test_a_device_of_windows_becomes_a_file(self, name: str, tmp_path: Path) -> None:
        made = store.portable_name(name)
        assert store.cassette_path(tmp_path, made).name.startswith("_")
        assert made != store.portable_name(name.swapcase())

    @pytest.mark.parametrize("name", ["a:b", "a?b", 'a"b', "a<b", "a|b", "a\nb", "end./b", "end /b"])
    def test_what_windows_cannot_write_is_replaced_and_told_apart(self, name: str) -> None:
        made = PureWindowsPath(store.portable_name(name))
        assert not set(str(made)) & set('<>:"|?*\n')
        assert not any(part.endswith((".", " ")) for part in made.parts)
        assert made != PureWindowsPath(store.portable_name(re.sub(r'[:?"<|\n./ ]', "-", name)))

    def test_one_name_in_two_unicode_forms_is_one_file(self) -> None:
        assert store.portable_name("test_x[u\u0308]") == store.portable_name("test_x[\u00fc]")

    @pytest.mark.parametrize(("one", "two"), [("TestA.test_x", "Testa.test_x"), ("\u00c4", "a\u0308")])
    def test_names_that_some_system_takes_for_one_are_the_same_file(self, one: str, two: str) -> None:
        assert store.same_file(one) == store.same_file(two)
        assert store.same_file(one) != store.same_file(f"{two}2")
