from __future__ import annotations

import os
import textwrap
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest

from sealtape.ledger import confirm
from tests.cli.project import ONE, POST, PUT, TWO, Project


def test_whole_cassettes_pass_without_a_key(project: Project) -> None:
    project.seal(ONE, PUT, POST)
    project.seal(TWO, PUT, clear=False)
    result = project.run("lint", SEALTAPE_KEY="")
    assert (result.code, result.out, result.err) == (0, "2 cassettes checked, no problems\n", "")


def test_damage_is_a_problem_with_its_place_and_a_hint(project: Project) -> None:
    path = project.seal(ONE, PUT, POST)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1], lines[3]]))
    project.seal(TWO)
    result = project.run("lint", SEALTAPE_KEY="")
    assert result.code == 1
    assert result.out == (
        f"{ONE} row 1 (POST api.example.com/users): problem: this row is out of its order: rows were moved\n"
        f"  hint: git checkout -- {ONE}\n"
        "2 cassettes checked, 1 problem\n"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "this cassette is not whole: the file is empty"),
        (b"<<<<<<< HEAD\n=======\n>>>>>>> other\n", "this cassette holds merge-conflict markers"),
        (
            b"interactions:\n- request:\n    body: secret\n",
            "this is a plain-text cassette under a sealed one's",
        ),
        (b'{"version": 1, "interactions": []}', "this is a plain-text cassette under a sealed one's name"),
        (b"hello\n", "this file is not a cassette"),
        (b'{"sealtape":2,"needs":"3.0"}\n', "it needs sealtape 3.0 or later"),
    ],
)
def test_what_is_not_a_sealed_cassette_is_a_problem(project: Project, content: bytes, said: str) -> None:
    project.write(ONE, content)
    result = project.run("lint")
    assert result.code == 1
    assert f"{ONE}: problem: " in result.out
    assert said in result.out


def test_a_row_whose_content_is_not_sealed_is_a_problem(project: Project) -> None:
    path = project.seal(ONE, PUT, POST)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = b'{"id":"s3.PutObject","status":200,"scrubbed":{},"body":"plain"}\n'
    path.write_bytes(b"".join(lines))
    result = project.run("lint")
    assert result.code == 1
    assert f"{ONE} row 1: problem: this row was edited" in result.out


def test_a_report_for_ci_names_every_cassette_and_what_is_wrong(project: Project) -> None:
    project.seal(ONE)
    project.write(TWO, project.seal(TWO).read_bytes()[:-9])
    assert project.run("lint", "--junit", "lint.xml", SEALTAPE_KEY="").code == 1
    suite = ElementTree.fromstring(project.read("lint.xml"))[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failures = {case.get("name"): case.findtext("failure") for case in suite}
    assert failures[ONE] is None
    assert f"its last row is cut\nhint: git checkout -- {TWO}" in (failures[TWO] or "")


def test_a_key_other_than_the_pinned_one_is_a_problem(project: Project) -> None:
    project.seal(ONE)
    pinned = "0123456789abcdef"
    project.write("pyproject.toml", f'[tool.sealtape]\nkey_id = "{pinned}"\n')
    result = project.run("lint", SEALTAPE_KEY="")
    assert result.code == 1
    assert f"it is sealed with the key {project.key.id}, and the project pins {pinned}" in result.out


def test_a_cassette_that_was_renamed_is_a_problem_that_the_hint_mends(project: Project) -> None:
    project.seal(ONE).rename(project.root / TWO)
    result = project.run("lint")
    assert result.code == 1
    assert f"  hint: sealtape mv {ONE} {TWO}\n" in result.out
    assert project.run("mv", ONE, TWO).code == 0
    assert project.run("lint").code == 0


def test_a_recording_that_waits_is_a_problem(project: Project) -> None:
    project.seal(ONE)
    project.seal(ONE + ".new")
    result = project.run("lint")
    assert result.code == 1
    assert f"{ONE}.new: problem: this recording waits to be accepted or rejected\n" in result.out
    assert "1 cassette checked, 1 problem\n" in result.out


def test_a_plain_cassette_is_noted_and_other_yaml_is_not(project: Project) -> None:
    plain = ONE.replace(".tape", ".yaml")
    project.write(plain, "interactions:\n- request: {}\nversion: 1\n")
    project.write("mkdocs.yml", "site_name: x\nnav: []\n")
    result = project.run("lint")
    assert result.code == 0
    assert result.out == (
        f"{plain}: note: this is a plain-text cassette: neither scrubbed nor sealed\n"
        "0 cassettes checked, no problems, 1 note\n"
    )


def test_paths_choose_what_is_checked(project: Project) -> None:
    project.seal(ONE)
    project.write(TWO, b"")
    project.write("other/bad.tape", b"")
    assert project.run("lint", ONE).code == 0
    assert project.run("lint", "tests").out.endswith("2 cassettes checked, 1 problem\n")
    missing = project.run("lint", "nowhere")
    assert missing.code == 2
    assert "nowhere: there is no such file or folder" in missing.err


def test_the_whole_project_is_checked_from_any_folder_of_it(project: Project) -> None:
    project.write(ONE, b"")
    (project.root / "docs").mkdir()
    assert f"../{ONE}" not in project.run("lint", cwd="docs").out
    assert project.run("lint", cwd="docs").code == 1


def test_environments_and_hidden_folders_are_not_entered(project: Project) -> None:
    project.write(".tox/x/bad.tape", b"")
    project.write("venv/pyvenv.cfg", b"")
    project.write("venv/lib/bad.tape", b"")
    assert project.run("lint").out == "0 cassettes checked, no problems\n"


def test_a_file_name_cannot_drive_the_terminal(project: Project) -> None:
    project.write("\x1b[2J.tape", b"")
    out = project.run("lint").out
    assert "\x1b" not in out
    assert "\\x1b[2J.tape: problem: " in out


def test_a_file_name_that_is_no_text_and_an_output_without_unicode_end_nothing(project: Project) -> None:
    (project.root / os.fsdecode(b"caf\xe9.tape")).write_bytes(b"")
    project.seal("ca\u0301fe.tape")
    result = project.run_process("lint", PYTHONIOENCODING="ascii")
    assert result.code == 1
    assert result.err == ""
    assert "2 cassettes checked, 1 problem" in result.out


SUITE = """
    import pytest

    @pytest.fixture
    def database():
        raise RuntimeError("no fixture is brought up but the folder's")

    @pytest.mark.vcr("shared")
    @pytest.mark.parametrize("x", ["a/b", "c"])
    def test_one(x, database):
        raise RuntimeError("no test is run")

    class TestIn:
        @pytest.mark.vcr
        @pytest.mark.slow
        def test_two(self):
            raise RuntimeError("no test is run")

    @pytest.mark.vcr
    @pytest.mark.default_cassette("mine.yaml")
    @pytest.mark.skip
    def test_three():
        pass
"""
MAPPED = ("test_one[a-b]", "test_one[c]", "TestIn.test_two", "mine", "shared", "_module", "_class.TestIn")


def test_orphans_are_the_cassettes_that_no_collected_test_maps_to(project: Project) -> None:
    project.set_up("[tool.pytest.ini_options]\nmarkers = ['slow']\naddopts = '-m \"not slow\" -k nothing'\n")
    project.write("tests/test_a.py", textwrap.dedent(SUITE))
    for name in MAPPED:
        project.seal(f"tests/cassettes/test_a/{name}.tape")
    project.seal("cassettes/_session.tape")
    assert project.run("lint", "--orphans", SEALTAPE_KEY="").code == 0
    project.seal("tests/cassettes/test_a/test_gone.tape")
    project.seal("tests/cassettes/test_old/test_gone.tape")
    project.seal("elsewhere/rates.tape")
    for path in ("tests/cassettes/test_a/old.yaml", "tests/cassettes/test_a/mine.yaml", "elsewhere/a.yaml"):
        project.write(path, "interactions: []\nversion: 1\n")
    project.write("tests/cassettes/test_a/about.yaml", "a: b\n")
    result = project.run("lint", "--orphans", "--junit", "lint.xml", SEALTAPE_KEY="")
    assert result.code == 1
    said = [line for line in result.out.splitlines() if "maps to" in line]
    assert said == [
        "elsewhere/rates.tape: note: no marked test maps to this cassette",
        "tests/cassettes/test_a/old.yaml: problem: no test maps to this cassette",
        "tests/cassettes/test_a/test_gone.tape: problem: no test maps to this cassette",
        "tests/cassettes/test_old/test_gone.tape: problem: no test maps to this cassette",
    ]
    suite = ElementTree.fromstring(project.read("lint.xml"))[0]
    assert (suite.get("tests"), suite.get("failures")) == ("12", "3")
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert sorted(map(str, failed)) == [line.partition(":")[0] for line in said[1:]]


def test_orphans_are_found_where_a_fixture_names_the_folder(project: Project) -> None:
    folder = """
        import pytest

        @pytest.fixture(scope="module")
        def vcr_cassette_dir(request):
            return str(request.config.rootpath / "tapes" / request.module.__name__)

        @pytest.mark.vcr
        def test_one():
            pass
    """
    project.write("test_a.py", textwrap.dedent(folder))
    project.seal("tapes/test_a/test_one.tape")
    project.seal("tapes/test_a/test_two.tape")
    result = project.run("lint", "--orphans")
    assert (result.code, result.out.count("no test maps")) == (1, 1)
    assert "tapes/test_a/test_two.tape: problem: no test maps to this cassette" in result.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name'"),
        (
            "import pytest\n@pytest.fixture(scope='module')\ndef vcr_cassette_dir(): raise OSError('mine')\n"
            "@pytest.mark.vcr\ndef test_a(): pass\n",
            "test_a.py::test_a: OSError: mine",
        ),
    ],
)
def test_without_a_whole_collection_nothing_is_called_an_orphan(
    project: Project, text: str, said: str
) -> None:
    project.write("test_a.py", text)
    project.seal("cassettes/test_a/test_one.tape")
    result = project.run("lint", "--orphans")
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "hint: pytest --collect-only" in result.err


@pytest.mark.parametrize(("action", "code", "level"), [("warn", 0, "note"), ("fail", 1, "problem")])
def test_a_cassette_that_nobody_confirmed_for_too_long_is_named(
    project: Project, action: str, code: int, level: str
) -> None:
    project.set_up(f'max_age = "90d"\nmax_age_action = "{action}"\n')
    confirm([project.seal(ONE)], date(2026, 1, 31))
    confirm([project.seal("tests/cassettes/test_new/test_two.tape")], datetime.now(UTC).date())
    project.seal("tests/cassettes/test_none/test_three.tape")
    result = project.run("lint")
    assert result.code == code
    assert f"{ONE}: {level}: nobody has confirmed it since 2026-01-31, and max_age is 90d\n" in result.out
    assert "hint: sealtape refresh --older-than 90d" in result.out
    assert result.out.count("nobody has confirmed") == 1


def test_what_the_ledger_does_not_know_is_at_least_as_old_as_git_says(project: Project) -> None:
    project.set_up('max_age = "2w"\n')
    project.seal(ONE)
    project.git("init", "-q")
    project.git("add", "-A")
    project.environment["GIT_COMMITTER_DATE"] = "2026-02-01T12:00:00Z"
    project.git("commit", "-qm", "one")
    assert f"{ONE}: note: nobody has confirmed it since 2026-02-01" in project.run("lint").out


def test_scrub_rules_that_are_turned_off_are_noted(project: Project) -> None:
    project.seal(ONE, PUT)
    pyproject = project.root / "pyproject.toml"
    pyproject.write_text(
        f"{pyproject.read_text()}\n[tool.sealtape.scrub]\noff = ['jwt']\nkeep = ['ticket']\n"
    )
    result = project.run("lint", SEALTAPE_KEY="")
    assert (result.code, result.out.splitlines()[0]) == (
        0, "[tool.sealtape.scrub]: note: not all is scrubbed: off: jwt; keep: ticket",
    )  # fmt: skip
