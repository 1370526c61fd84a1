from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from sealtape.seal.keyring import new_key, parse_key
from tests.cli.project import ONE, Project

PYPROJECT = """\
# a project of long standing
[project]
name = "thing"   # aligned by hand
version = '1.0'

[tool.ruff]
line-length=100

[other]
tool = { sealtape = 1 }

[tool.black]
"""


def key_files(project: Project) -> list[Path]:
    return sorted(project.home.rglob("*.key"))


def pinned(project: Project) -> str:
    key_id = tomllib.loads(project.read("pyproject.toml"))["tool"]["sealtape"]["key_id"]
    assert isinstance(key_id, str)
    return key_id


def test_an_empty_folder_becomes_a_project(bare: Project) -> None:
    result = bare.run("init")
    assert (result.code, result.err) == (0, "")
    assert bare.files() == [".gitattributes", ".gitignore", "pyproject.toml"]
    (file,) = key_files(bare)
    key = parse_key(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert pinned(bare) == key.id
    assert key.id in result.out
    assert f"gh secret set SEALTAPE_KEY < {file}" in result.out
    assert "*.tape -text -merge\n" in bare.read(".gitattributes")
    assert not any(key.text in text for text in (result.out, *map(bare.read, bare.files())))


def test_after_it_a_cassette_can_be_sealed_and_opened_and_nothing_is_wrong(bare: Project) -> None:
    bare.git("init", "-q")
    bare.run("init")
    bare.key = parse_key(key_files(bare)[0].read_text())
    bare.seal(ONE)
    assert bare.run("verify").code == 0
    assert "problem  " not in bare.run("doctor").out.replace("problem  libraries", "")


def test_a_second_run_changes_nothing_and_says_so(bare: Project) -> None:
    bare.run("init", "--ci", "github")
    before = bare.content(), key_files(bare)
    result = bare.run("init", "--ci", "github")
    assert result.code == 0
    assert "nothing to do" in result.out
    assert (bare.content(), key_files(bare)) == before


def test_what_a_pyproject_holds_stays_as_it_was(bare: Project) -> None:
    bare.write("pyproject.toml", PYPROJECT)
    assert bare.run("init").code == 0
    assert bare.read("pyproject.toml").startswith(PYPROJECT)
    after = tomllib.loads(bare.read("pyproject.toml"))
    assert after["tool"].pop("sealtape") == {"key_id": key_files(bare)[0].stem}
    assert after == tomllib.loads(PYPROJECT)


def test_crlf_files_stay_crlf(bare: Project) -> None:
    for name in ("pyproject.toml", ".gitattributes", ".gitignore"):
        bare.write(name, b"# mine\r\n")
    bare.run("init")
    for name in ("pyproject.toml", ".gitattributes", ".gitignore"):
        data = (bare.root / name).read_bytes()
        assert data.startswith(b"# mine\r\n")
        assert data.count(b"\n") == data.count(b"\r\n") > 2


def test_settings_that_are_there_get_a_key_id_and_keep_their_comments(bare: Project) -> None:
    table = (
        '[tool.sealtape]\nunplayed = "warn" # loud\n\n'
        '[tool.sealtape.sandbox]\naccounts = [ "123456789012" ]\n'
    )
    bare.write("pyproject.toml", table)
    assert bare.run("init").code == 0
    text = bare.read("pyproject.toml")
    for line in table.splitlines():
        assert line in text
    settings = tomllib.loads(text)["tool"]["sealtape"]
    assert settings.pop("key_id") == key_files(bare)[0].stem
    assert settings == {"unplayed": "warn", "sandbox": {"accounts": ["123456789012"]}}


@pytest.mark.parametrize("text", ["[tool\n", "tool = { ruff = { line-length = 100 } }\n"])
def test_a_pyproject_that_cannot_be_extended_is_left_alone_and_no_key_is_made(
    bare: Project, text: str
) -> None:
    bare.write("pyproject.toml", text)
    result = bare.run("init")
    assert result.code == 2
    assert "pyproject.toml" in result.err
    assert bare.content() == {"pyproject.toml": text.encode()}
    assert key_files(bare) == []


def test_a_key_in_the_environment_is_pinned_instead_of_a_new_one(bare: Project) -> None:
    result = bare.run("init", SEALTAPE_KEY=bare.key.text)
    assert result.code == 0
    assert pinned(bare) == bare.key.id
    assert key_files(bare) == []
    assert bare.key.text not in result.out


def test_a_named_key_file_is_where_the_key_goes(bare: Project, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "team.key"
    assert bare.run("init", SEALTAPE_KEY_FILE=str(file)).code == 0
    assert parse_key(file.read_text()).id == pinned(bare)


def test_a_clone_without_the_key_gets_no_other_key(project: Project) -> None:
    project.environment.clear()
    result = project.run("init")
    assert result.code == 0
    assert f"the project's key {project.key.id} is not here: ask for it" in result.out
    assert pinned(project) == project.key.id
    assert key_files(project) == []


def test_another_key_than_the_pinned_one_is_refused(project: Project) -> None:
    before = project.content()
    result = project.run("init", SEALTAPE_KEY=new_key().text)
    assert result.code == 3
    assert "this is another key than the project's" in result.err
    assert project.content() == before


def test_git_files_are_extended_and_never_rewritten(bare: Project) -> None:
    bare.write(".gitattributes", "*.png binary")
    bare.write(".gitignore", "*.pyc\n.sealtape-*.tmp\n")
    bare.run("init")
    assert bare.read(".gitattributes").startswith("*.png binary\n\n")
    assert bare.read(".gitignore") == "*.pyc\n.sealtape-*.tmp\n"


def test_git_treats_cassettes_as_they_need_it(bare: Project) -> None:
    bare.git("init", "-q")
    bare.run("init")
    for name in ("x.tape", "tests/x.tape.new"):
        said = bare.git("check-attr", "text", "merge", "diff", "--", name)
        assert said.splitlines() == [
            f"{name}: text: unset",
            f"{name}: merge: unset",
            f"{name}: diff: unspecified",
        ]


def test_a_key_file_that_falls_inside_the_project_is_ignored_by_git(bare: Project) -> None:
    bare.git("init", "-q")
    bare.run("init", HOME=str(bare.root))
    (file,) = bare.root.rglob("*.key")
    assert bare.git("check-ignore", str(file)).strip() == str(file)


@pytest.mark.parametrize(
    ("ci", "path"), [("github", ".github/workflows/sealtape.yml"), ("gitlab", ".gitlab-ci.yml")]
)
def test_a_ci_job_replays_offline(bare: Project, ci: str, path: str) -> None:
    import yaml

    bare.write("pyproject.toml", '[project]\nname = "x"\n')
    bare.write("requirements.txt", "boto3\n")
    assert bare.run("init", "--ci", ci).code == 0
    text = bare.read(path)
    assert isinstance(yaml.safe_load(text), dict)
    assert "pytest --record-mode=none" in text
    assert "pip install sealtape -r requirements.txt -e ." in text
    assert "SEALTAPE_KEY" in text


def test_a_ci_file_that_is_there_is_kept_and_the_job_is_printed(bare: Project) -> None:
    bare.write(".gitlab-ci.yml", "test:\n  script: [make]\n")
    result = bare.run("init", "--ci", "gitlab")
    assert result.code == 0
    assert bare.read(".gitlab-ci.yml") == "test:\n  script: [make]\n"
    assert "replay:\n  image:" in result.out


def test_a_folder_can_be_named_and_is_set_up_by_itself(project: Project) -> None:
    (project.root / "packages" / "one").mkdir(parents=True)
    project.environment.clear()
    assert project.run("init", "packages/one").code == 0
    assert (project.root / "packages" / "one" / "pyproject.toml").exists()
    assert pinned(project) == project.key.id


def test_from_a_folder_inside_the_project_is_set_up(bare: Project) -> None:
    bare.git("init", "-q")
    (bare.root / "src").mkdir()
    assert bare.run("init", cwd="src").code == 0
    assert "pyproject.toml" in bare.files()
