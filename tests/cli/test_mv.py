from __future__ import annotations

import errno
import os
import resource
import shutil
from pathlib import Path

import pytest

from sealtape import store
from sealtape.interaction import Sealed
from sealtape.seal.keyring import new_key
from tests.cli.faults import failing_at, killed_copies
from tests.cli.project import ONE, POST, PUT, TWO, Project

OLD, NEW = "tests/cassettes/test_users", "tests/cassettes/test_people"


def rows(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_a_cassette_is_bound_to_its_new_name_and_its_rows_stay_as_they_were(project: Project) -> None:
    before = rows(project.seal(ONE, PUT, POST))
    result = project.run("mv", ONE, TWO)
    assert (result.code, result.out, result.err) == (0, f"{ONE} -> {TWO}\n", "")
    assert project.files("tests") == [TWO]
    after = rows(project.root / TWO)
    assert after[1:3] == before[1:3]
    assert after[0] != before[0]
    assert project.run("verify").code == 0


def test_hidden_clear_words_stay_hidden(project: Project) -> None:
    before = rows(project.seal(ONE, PUT, clear=False))
    assert project.run("mv", ONE, TWO).code == 0
    assert rows(project.root / TWO)[1] == before[1]


def test_a_folder_moves_with_its_cassettes_and_what_waits_beside_them(project: Project) -> None:
    project.seal(ONE)
    project.seal(ONE + ".new", POST)
    project.seal("tests/cassettes/test_users/deep/three.tape")
    project.write("tests/cassettes/test_users/notes.txt", "stays")
    assert project.run("mv", "tests/cassettes/test_users", "tests/cassettes/test_people").code == 0
    assert project.files("tests") == [
        "tests/cassettes/test_people/deep/three.tape",
        "tests/cassettes/test_people/test_one.tape",
        "tests/cassettes/test_people/test_one.tape.new",
        "tests/cassettes/test_users/notes.txt",
    ]
    assert not (project.root / "tests/cassettes/test_users/deep").exists()
    assert project.run("verify").code == 0
    new = project.root / "tests/cassettes/test_people/test_one.tape.new"
    new.replace(new.with_suffix(""))  # accepting it gives a cassette that opens there
    assert project.run("verify").code == 0


def test_a_cassette_moved_to_a_folder_keeps_its_file_name(project: Project) -> None:
    project.seal(ONE)
    (project.root / "elsewhere").mkdir()
    assert project.run("mv", ONE, "elsewhere").code == 0
    assert project.files("elsewhere") == ["elsewhere/test_one.tape"]
    assert project.run("verify").code == 0


def test_nothing_is_overwritten_and_nothing_moves(project: Project) -> None:
    project.seal("a/one.tape")
    project.seal("a/two.tape")
    project.seal("b/two.tape", POST)
    before = project.content()
    result = project.run("mv", "a", "b")
    assert result.code == 2
    assert "b/two.tape: there is a file already, and nothing is overwritten" in result.err
    assert project.content() == before


def test_one_cassette_that_does_not_open_keeps_all_where_they_are(project: Project) -> None:
    project.seal("a/one.tape")
    project.write("a/two.tape", b"")
    before = project.content()
    result = project.run("mv", "a", "b")
    assert result.code == 3
    assert "a/two.tape: this cassette is not whole" in result.err
    assert project.content() == before


def test_a_write_that_fails_halfway_is_undone(project: Project) -> None:
    project.seal("a/one.tape")
    project.seal("a/x/two.tape")
    project.write("b/x", b"a file where a folder is needed")
    before = project.content()
    result = project.run("mv", "a", "b")
    assert result.code == 3
    assert "the cassette could not be written" in result.err
    assert project.content() == before


def test_a_file_that_cannot_be_removed_brings_all_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.seal("a/one.tape")
    project.seal("a/two.tape")
    before = project.content()
    unlink = Path.unlink

    def refusing(path: Path, missing_ok: bool = False) -> None:
        if path.as_posix().endswith("a/two.tape"):
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refusing)
    result = project.run("mv", "a", "b")
    assert result.code == 3
    assert "a/two.tape: the cassette could not be moved, and nothing was: permission denied" in result.err
    assert project.content() == before


@pytest.mark.parametrize("by_git", [False, True])
@pytest.mark.parametrize("fault", [OSError(errno.EIO, os.strerror(errno.EIO)), KeyboardInterrupt()])
def test_whichever_system_call_fails_all_cassettes_moved_or_none(
    project: Project, fault: BaseException, by_git: bool
) -> None:
    project.seal(ONE)
    project.seal(TWO, POST)
    if by_git:
        (project.root / OLD).rename(project.root / NEW)
    before, undone = project.content(), 0
    for number in range(1, 100):
        with failing_at(number, fault) as seen:
            result = project.run("mv", OLD, NEW)
        assert result.code in (0, 3, 130), (number, seen, result.err)
        if project.content() == before:
            undone += 1
        else:
            assert project.files("tests") == [f"{NEW}/test_one.tape", f"{NEW}/test_two.tape"]
            assert project.run("verify").code == 0, (number, seen)
            if len(seen) < number:
                break
            shutil.rmtree(project.root / NEW)
            for name, data in before.items():
                project.write(name, data)
    assert number > undone > 6


@pytest.mark.parametrize("by_git", [False, True])
def test_a_move_that_is_killed_loses_nothing_and_goes_on_when_it_is_given_again(
    project: Project, tmp_path: Path, by_git: bool
) -> None:
    project.seal(ONE)
    project.seal(TWO, POST)
    if by_git:
        (project.root / OLD).rename(project.root / NEW)
    copies = killed_copies(project, tmp_path / "copies", "mv", OLD, NEW)
    assert len(copies) > 6
    for copy in copies:
        again = copy.run("mv", OLD, NEW)
        assert again.code == 0 or not copy.files(OLD), again.err  # it was done but for the empty folder
        left = [name for name in copy.files("tests") if not name.endswith(".tmp")]
        assert left == [f"{NEW}/test_one.tape", f"{NEW}/test_two.tape"]
        assert copy.run("verify").code == 0


@pytest.mark.parametrize(
    ("recorded", "said"), [(ONE, "was recorded while it was moved"), (TWO, "there is a file already")]
)
def test_a_cassette_that_is_recorded_while_another_moves_is_not_lost(
    project: Project, monkeypatch: pytest.MonkeyPatch, recorded: str, said: str
) -> None:
    project.seal(ONE)
    staged = store.stage

    def overtaken(path: Path, sealed: Sealed) -> Path:
        project.seal(recorded, POST)
        return staged(path, sealed)

    monkeypatch.setattr(store, "stage", overtaken)
    result = project.run("mv", ONE, TWO)
    assert result.code in (2, 3)
    assert said in result.err
    assert project.files("tests") == sorted({ONE, recorded})
    assert "POST" in project.run("show", recorded).out


def test_another_way_to_the_same_file_is_no_copy_of_it(project: Project) -> None:
    project.seal(ONE)
    (project.root / "link").symlink_to(project.root / OLD)
    result = project.run("mv", ONE, "link/test_one.tape")
    assert result.code == 2
    assert "there is a file already" in result.err
    assert project.run("verify").code == 0


def test_a_folder_of_more_cassettes_than_a_process_may_open_files_moves(project: Project) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    for number in range(120):
        project.seal(f"{OLD}/{number}.tape")
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, limits[1]))
    try:
        result = project.run("mv", OLD, NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert result.code == 0, result.err
    assert len(project.files(NEW)) == 120


def test_files_that_git_has_moved_are_bound_to_their_new_names(project: Project) -> None:
    project.seal(ONE)
    project.seal(TWO)
    (project.root / "tests/cassettes/test_users").rename(project.root / "tests/cassettes/test_people")
    assert project.run("verify").code == 1
    result = project.run("mv", "tests/cassettes/test_users", "tests/cassettes/test_people")
    assert result.code == 0
    assert f"{ONE} -> {ONE.replace('users', 'people')}\n" in result.out
    assert project.run("verify").code == 0


@pytest.mark.parametrize("by_git", [False, True], ids=["sealtape alone", "git first"])
def test_git_sees_a_moved_folder_as_renamed_cassettes(project: Project, by_git: bool) -> None:
    project.seal(ONE, *[PUT] * 20)
    project.seal(TWO, *[POST] * 20)
    project.git("init", "--quiet")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "recorded")
    old, new = "tests/cassettes/test_users", "tests/cassettes/test_people"
    if by_git:
        project.git("mv", old, new)
    assert project.run("mv", old, new).code == 0
    project.git("add", "--all")
    renamed = project.git("diff", "--cached", "--find-renames", "--name-status").splitlines()
    assert [line.split("\t")[1:] for line in renamed if line.startswith("R")] == [
        [name, name.replace("users", "people")] for name in (ONE, TWO)
    ]
    assert len(renamed) == 2
    assert project.run("verify").code == 0


def test_the_hint_of_a_misnamed_cassette_works_from_another_folder(project: Project) -> None:
    project.seal(ONE).rename(project.root / TWO)
    hint = next(
        line for line in project.run("verify", cwd="tests").out.splitlines() if "hint: sealtape mv" in line
    )
    assert project.run(*hint.split()[2:], cwd="tests").code == 0
    assert project.run("verify").code == 0


def test_a_cassette_bound_to_a_third_name_is_refused_with_the_command_that_fits(project: Project) -> None:
    project.seal(TWO, name="some/third")
    result = project.run("mv", ONE, TWO)
    assert result.code == 3
    assert f"this cassette is bound to 'some/third', not to '{ONE.removesuffix('.tape')}'" in result.err
    assert f"hint: sealtape mv some/third.tape {TWO}\n" in result.err
    assert project.run("mv", "some/third.tape", TWO).code == 0
    assert project.run("verify").code == 0


def test_without_a_cassette_or_a_key_nothing_moves(project: Project) -> None:
    assert project.run("mv", ONE, TWO).code == 3
    project.seal(ONE)
    before = project.content()
    result = project.run("mv", ONE, TWO, SEALTAPE_KEY="")
    assert result.code == 3
    assert "there is no key here" in result.err
    assert project.content() == before


def test_a_cassette_does_not_move_to_a_project_with_another_key(project: Project) -> None:
    project.seal(ONE)
    project.write("other/pyproject.toml", f'[tool.sealtape]\nkey_id = "{new_key().id}"\n')
    result = project.run("mv", ONE, "other/one.tape")
    assert result.code == 2
    assert "a cassette cannot be moved to a project with another key" in result.err
    assert (project.root / ONE).exists()


@pytest.mark.parametrize("new", [TWO, TWO.removesuffix(".tape")])
def test_the_suffix_of_the_new_name_may_be_left_out(project: Project, new: str) -> None:
    project.seal(ONE)
    assert project.run("mv", ONE, new).code == 0
    assert project.files("tests") == [TWO]
