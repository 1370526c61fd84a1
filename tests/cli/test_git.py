"""What real git does with sealed cassettes: nothing to their bytes, and nothing in secret."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sealtape.seal.format import seal, unseal
from sealtape.seal.keyring import KEYRING_FILE
from tests.cli.project import BINARY, ONE, POST, PROGRAM, PUT, Project


@pytest.fixture
def repository(project: Project) -> Project:
    """A project as `sealtape init` leaves it, with a cassette, committed."""
    project.git("init", "-q", "-b", "main")
    assert project.run("init").code == 0
    project.seal(ONE, PUT, POST)
    commit(project, "first")
    return project


@pytest.fixture
def on_path(repository: Project, tmp_path: Path) -> Project:
    """The same, with a `sealtape` that git finds."""
    program = tmp_path / "bin" / "sealtape"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{PROGRAM}' \"$@\"\n")
    program.chmod(0o755)
    repository.environment["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return repository


def commit(project: Project, message: str) -> None:
    project.git("add", ".")
    project.git("commit", "-qm", message)


def merged(project: Project, *branches: str) -> str:
    """Merge as a person would, and return what git says of it."""
    try:
        return project.git("merge", *branches)
    except subprocess.CalledProcessError as error:
        return f"{error.stdout}{error.stderr}"


def branches_that_record_apart(project: Project, path: str) -> None:
    """Change other rows of the cassette on two branches: a merge line by line would be clean."""
    project.git("checkout", "-qb", "theirs")
    project.seal(path, PUT, POST, BINARY)
    commit(project, "theirs")
    project.git("checkout", "-q", "main")
    project.seal(path, BINARY, PUT, POST)
    commit(project, "ours")


def test_two_recordings_of_one_cassette_conflict_visibly_and_neither_is_mixed(repository: Project) -> None:
    branches_that_record_apart(repository, ONE)
    ours = repository.read(ONE)
    said = merged(repository, "theirs")
    assert f"CONFLICT (content): Merge conflict in {ONE}" in said
    assert repository.git("status", "--porcelain", ONE).startswith("UU ")
    assert repository.read(ONE) == ours
    assert repository.run("verify").code == 0
    repository.git("checkout", "--theirs", "--", ONE)
    assert repository.run("verify").code == 0


def test_two_changes_of_the_keyring_conflict_visibly(repository: Project) -> None:
    repository.run("keys", "add", "ada", "--key")
    commit(repository, "ada")
    repository.git("checkout", "-qb", "theirs")
    repository.run("keys", "add", "aaron", "--key")
    commit(repository, "aaron")
    repository.git("checkout", "-q", "main")
    repository.run("keys", "add", "zoe", "--key")
    commit(repository, "zoe")
    ours = repository.read(KEYRING_FILE)
    assert f"CONFLICT (content): Merge conflict in {KEYRING_FILE}" in merged(repository, "theirs")
    assert repository.read(KEYRING_FILE) == ours
    assert repository.run("keys", "list").code == 0


def test_without_the_attributes_a_merge_is_refused_by_its_rows(repository: Project) -> None:
    (repository.root / ".gitattributes").unlink()
    repository.seal(ONE, PUT, POST)
    commit(repository, "no attributes")
    branches_that_record_apart(repository, ONE)
    merged(repository, "theirs")
    result = repository.run("lint")
    assert result.code == 1
    assert ONE in result.out


def test_line_ends_and_blobs_are_the_bytes_that_were_sealed(repository: Project) -> None:
    repository.git("config", "core.autocrlf", "true")
    sealed = (repository.root / ONE).read_bytes()
    (repository.root / ONE).unlink()
    repository.git("checkout", "--", ONE)
    assert (repository.root / ONE).read_bytes() == sealed


def test_a_diff_on_a_hosting_site_shows_clear_words_and_one_changed_row(repository: Project) -> None:
    data = (repository.root / ONE).read_bytes()
    recording = unseal(data, repository.key, where=ONE)
    changed = dataclasses.replace(recording, interactions=(PUT, BINARY))
    repository.write(ONE, seal(changed, repository.key).data)
    lines = repository.git("diff", "--", ONE).splitlines()
    added = [line for line in lines if line.startswith("+{")]
    assert len(added) == 2
    assert added[0].startswith('+{"id":"GET api.example.com/image","status":200,')
    assert added[1].startswith('+{"end":')


def test_doctor_lets_this_clone_show_cassettes_opened(on_path: Project) -> None:
    assert "diff=sealtape" not in on_path.git("check-attr", "diff", "--", ONE)
    result = on_path.run("doctor", "--git")
    assert "git diff shows cassettes opened in this clone" in result.out
    on_path.seal(ONE, PUT, BINARY)
    shown = on_path.git("diff", "--", ONE)
    assert "+      https://api.example.com/image" in shown
    assert "git-blob-" not in shown
    assert '"sealed"' not in shown
    assert on_path.git("status", "--porcelain").splitlines() == [f" M {ONE}"]


def test_the_diff_driver_uses_the_keyring(on_path: Project) -> None:
    own = on_path.run("keys", "add", "ci", "--key").out
    on_path.run("doctor", "--git")
    on_path.seal(ONE, PUT, BINARY)
    on_path.environment["SEALTAPE_KEY"] = own
    assert "+      https://api.example.com/image" in on_path.git("diff", "--", ONE)


def test_without_the_key_the_diff_shows_the_sealed_rows(on_path: Project) -> None:
    on_path.run("doctor", "--git")
    on_path.seal(ONE, PUT, BINARY)
    on_path.environment["SEALTAPE_KEY"] = ""
    assert '+{"id":"GET api.example.com/image","status":200,' in on_path.git("diff", "--", ONE)


def test_what_the_driver_shows_is_not_kept_by_git(on_path: Project) -> None:
    on_path.git("config", "diff.sealtape.cachetextconv", "true")
    on_path.run("doctor", "--git")
    on_path.seal(ONE, PUT, BINARY)
    commit(on_path, "second")
    on_path.git("log", "-p")
    assert "textconv" not in on_path.git("for-each-ref")
    assert plain_text_in(on_path) == []


def test_doctor_set_up_twice_changes_nothing_more(on_path: Project) -> None:
    on_path.run("doctor", "--git")
    files = [on_path.root / ".git" / name for name in ("config", "info/attributes")]
    before = [file.read_bytes() for file in files]
    on_path.run("doctor", "--git")
    assert [file.read_bytes() for file in files] == before


def test_doctor_refuses_a_cache_of_plain_text_and_names_what_it_wrote(on_path: Project) -> None:
    """Git really writes it: that is what the refusal is for."""
    on_path.run("doctor", "--git")
    on_path.git("config", "diff.sealtape.cachetextconv", "true")
    found = on_path.run("doctor")
    assert found.code == 1
    assert "diff.sealtape.cachetextconv: git keeps what it shows of a cassette as plain text" in found.out
    assert "hint: git config --local --unset-all diff.sealtape.cachetextconv" in found.out
    on_path.seal(ONE, PUT, BINARY)
    commit(on_path, "second")
    on_path.git("log", "-p")
    assert plain_text_in(on_path) != []
    on_path.git("config", "--local", "--unset-all", "diff.sealtape.cachetextconv")
    found = on_path.run("doctor")
    assert "refs/notes/textconv/sealtape: plain text of cassettes lies in this repository" in found.out
    (hint,) = [line for line in found.out.splitlines() if "update-ref" in line]
    subprocess.run(hint.partition("hint: ")[2], shell=True, cwd=on_path.root, check=True, capture_output=True)
    assert plain_text_in(on_path) == []
    assert "textconv" not in on_path.run("doctor").out


def test_doctor_refuses_the_cache_of_another_driver_for_cassettes(repository: Project) -> None:
    repository.write(".git/info/attributes", "*.tape diff=mine\n")
    repository.git("config", "diff.mine.cachetextconv", "yes")
    assert "diff.mine.cachetextconv" in repository.run("doctor").out


def test_doctor_refuses_a_filter_that_decides_what_is_committed(repository: Project) -> None:
    repository.write(".git/info/attributes", "*.tape filter=open\n")
    result = repository.run("doctor")
    assert result.code == 1
    assert "the filter 'open' decides what git commits in the place of a cassette" in result.out


def test_doctor_cannot_set_up_what_is_no_repository(project: Project) -> None:
    result = project.run("doctor", "--git")
    assert result.code == 2
    assert "hint: git init" in result.err


def plain_text_in(project: Project) -> list[str]:
    """Return the objects of the repository in which opened cassettes stand."""
    listed = project.git("cat-file", "--batch-check", "--batch-all-objects", "--unordered")
    blobs = [line.split()[0] for line in listed.splitlines() if " blob " in line]
    return [blob for blob in blobs if "https://api.example.com" in project.git("cat-file", "-p", blob)]
