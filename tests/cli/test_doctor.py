from __future__ import annotations

import importlib.metadata
import itertools
from pathlib import Path

import pytest

from sealtape.seal.keyring import new_key
from tests.cli.project import ONE, TWO, Project


@pytest.fixture
def healthy(bare: Project) -> Project:
    """A git repository with everything in place, as `sealtape init` leaves it."""
    bare.git("init", "-q")
    bare.set_up('[tool.sealtape.sandbox]\naccounts = ["123456789012"]\n')
    assert bare.run("init").code == 0
    bare.seal(ONE)
    return bare


def problems(project: Project, cwd: str = ".", **environment: str) -> list[str]:
    """Return the problems and their hints, apart from those of what is installed here."""
    result = project.run("doctor", cwd=cwd, **environment)
    assert result.err == ""
    lines = result.out.splitlines()
    found = [
        f"{line} {after.strip()}"
        for line, after in itertools.pairwise(lines)
        if line.startswith("problem") and "  libraries  " not in line
    ]
    assert result.code == (1 if any(line.startswith("problem  ") for line in lines) else 0)
    return found


def test_a_healthy_set_up_has_no_problems(healthy: Project) -> None:
    assert problems(healthy) == []


def test_nothing_is_changed(healthy: Project) -> None:
    healthy.write(TWO, b"")
    before = healthy.content()
    healthy.run("doctor")
    assert healthy.content() == before


def test_an_empty_folder_is_told_to_init(bare: Project) -> None:
    found = problems(bare)
    assert len(found) == 2
    assert all(text.endswith("hint: sealtape init") for text in found)


def test_a_missing_or_wrong_key_is_named(healthy: Project) -> None:
    (missing,) = problems(healthy, SEALTAPE_KEY="")
    assert "there is no key here" in missing
    assert healthy.key.id in missing
    (wrong,) = problems(healthy, SEALTAPE_KEY=new_key().text)
    assert "this is another key than the project's" in wrong
    (malformed,) = problems(healthy, SEALTAPE_KEY="sealtape1_x")
    assert "this is not a sealtape key" in malformed


@pytest.mark.parametrize("in_environment", [True, False])
def test_a_key_file_that_others_can_read_is_named_with_the_command(
    healthy: Project, in_environment: bool
) -> None:
    folder = healthy.home / ".config" / "sealtape" / "keys"
    folder.mkdir(parents=True)
    file = folder / f"{healthy.key.id}.key"
    file.write_text(healthy.key.text)
    file.chmod(0o640)
    given = healthy.key.text if in_environment else ""
    (found,) = problems(healthy, SEALTAPE_KEY=given)
    assert "the key file can be read by others" in found
    assert f"hint: chmod 600 {file}" in found


def test_a_key_file_in_the_repository_is_named(healthy: Project) -> None:
    file = healthy.write("team.key", healthy.key.text)
    file.chmod(0o600)
    healthy.write(".gitignore", "*.key\n.sealtape-*.tmp\n")
    (found,) = problems(healthy, SEALTAPE_KEY_FILE=str(file))
    assert "the key file lies inside the repository" in found


def test_a_key_that_stands_in_a_file_of_the_repository_is_named_and_not_printed(healthy: Project) -> None:
    healthy.write("ci/deploy.sh", f"export SEALTAPE_KEY={healthy.key.text}\n")
    (found,) = problems(healthy)
    assert f"ci/deploy.sh: the key {healthy.key.id} stands in a file of the repository" in found
    assert healthy.key.text not in found


def test_what_only_looks_like_a_key_is_nothing(healthy: Project) -> None:
    healthy.write("README.md", "SEALTAPE_KEY=sealtape1_" + "x" * 48)
    assert problems(healthy) == []


def test_missing_git_attributes_are_named(healthy: Project) -> None:
    healthy.write(".gitattributes", "* text=auto\n")
    (found,) = problems(healthy)
    assert ".gitattributes lets git convert the line ends of cassettes" in found
    assert "hint: sealtape init" in found
    healthy.run("init")
    assert problems(healthy) == []


def test_a_merge_of_lines_is_noted(healthy: Project) -> None:
    healthy.write(".gitattributes", "*.tape -text merge=union\n")
    result = healthy.run("doctor")
    assert "note     git        .gitattributes lets git merge cassettes line by line" in result.out
    assert "hint: echo '*.tape -text -merge' >> .gitattributes" in result.out


def test_cassettes_that_git_ignores_are_named_once_for_each_rule(healthy: Project) -> None:
    healthy.seal(TWO)
    healthy.seal("cassettes/kept.tape")
    healthy.write(".gitignore", "/tests/cassettes/\n/cassettes/*\n!/cassettes/kept.tape\n")
    (found,) = problems(healthy)
    assert f"{ONE}: git ignores this cassette and 1 more" in found
    assert "by '/tests/cassettes/' in .gitignore:1" in found


def test_cassettes_that_do_not_open_are_named_once_each(healthy: Project) -> None:
    healthy.write(TWO, b"")
    other = ONE.replace("one", "three")
    healthy.write(other, healthy.seal(other).read_bytes().replace(b'"status":200', b'"status":500'))
    found = problems(healthy)
    assert len(found) == 2
    assert f"{TWO}: this cassette is not whole" in "".join(found)
    assert f"{other} row 1 (s3.PutObject): this row was edited" in "".join(found)


def test_what_waits_to_be_accepted_is_named(healthy: Project) -> None:
    healthy.seal(ONE + ".new")
    (found,) = problems(healthy)
    assert "this recording waits to be accepted or rejected" in found


def test_what_waits_does_not_hide_a_cassette_that_does_not_open(healthy: Project) -> None:
    healthy.seal(ONE + ".new")
    path = healthy.root / ONE
    path.write_bytes(path.read_bytes().replace(b'"status":200', b'"status":500'))
    assert len(problems(healthy)) == 2


def test_a_wrong_setting_is_named(healthy: Project) -> None:
    healthy.write("pyproject.toml", '[tool.sealtape]\nkeyid = "x"\n')
    (found,) = problems(healthy)
    assert "unknown setting 'keyid'" in found
    assert "hint: rename it to 'key_id'" in found


def test_a_library_in_the_way_is_named(healthy: Project, tmp_path: Path) -> None:
    info = tmp_path / "more" / "pytest_vcr-1.0.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-vcr\nVersion: 1.0.2\n")
    path = f"{healthy.environ()['PYTHONPATH']}:{tmp_path / 'more'}"
    result = healthy.run_process("doctor", PYTHONPATH=path)
    assert result.code == 1
    assert "pytest-vcr is installed: it claims the marker vcr" in result.out
    assert "hint: pip uninstall pytest-vcr" in result.out


def test_versions_are_told(healthy: Project) -> None:
    out = healthy.run("doctor").out
    for name in ("pytest-recording", "vcrpy", "botocore"):
        assert f"{name} {importlib.metadata.version(name)}" in out
