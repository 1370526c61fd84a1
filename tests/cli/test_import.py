from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.project import POST, Project

SECRET = "ghx_" + "5f0c9c1be7a84d25b3a1Qw8xZ4tLm"
FOLDER = "tests/cassettes/test_users"
PLAIN = f"{FOLDER}/test_one.yaml"
TAPE = f"{FOLDER}/test_one.tape"


def cassette(body: str = "ok", *, secret: str = SECRET, uri: str = "https://api.example.com/users") -> str:
    return f"""\
interactions:
- request:
    body: null
    headers: {{Authorization: [Bearer {secret}]}}
    method: GET
    uri: {uri}
  response:
    body: {{string: "{body}"}}
    headers: {{Content-Type: [text/plain]}}
    status: {{code: 200, message: OK}}
version: 1
"""


def test_a_recording_becomes_a_cassette_beside_it_and_stays(project: Project) -> None:
    project.write(PLAIN, cassette())
    result = project.run("import", PLAIN)
    assert (result.code, result.err) == (0, "")
    assert (
        f"{PLAIN} -> {TAPE}: new, 1 interaction of vcrpy, scrubbed 1 value: 1 authorization\n" in result.out
    )
    assert "1 imported; 1 interaction replayed as in their sources\n" in result.out
    assert f"next: run pytest, then remove the plain ones: sealtape import --remove {PLAIN}\n" in result.out
    assert project.files("tests") == [TAPE, PLAIN]
    assert project.run("verify").code == 0
    assert SECRET not in project.run("show", TAPE).out
    assert SECRET not in result.out


def test_a_folder_is_imported_without_what_is_no_recording(project: Project) -> None:
    project.write(PLAIN, cassette())
    project.write(f"{FOLDER}/deep/test_two.json", json.dumps({"version": 1, "interactions": []}))
    project.write("tests/config.yaml", "jobs: [build]\n")
    project.write("tests/data.json", '{"a": 1}')
    result = project.run("import", "tests")
    assert result.code == 0
    assert [name for name in project.files("tests") if name.endswith(".tape")] == [
        f"{FOLDER}/deep/test_two.tape",
        TAPE,
    ]
    assert "2 imported; 1 interaction replayed" in result.out


def test_what_is_refused_is_named_and_the_others_are_imported(project: Project) -> None:
    project.write(PLAIN, cassette())
    broken = {
        "tag": cassette().replace("body: null", "body: !!python/object/apply:os.system [touch executed]"),
        "version": cassette().replace("version: 1", "version: 3"),
        "cut": cassette()[:-60],
        "short": cassette().replace("text/plain]", "text/plain], Content-Length: ['9']"),
        "bomb": "a: &a [x,x]\n"
        + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
        )
        + "interactions: *m\n",
    }
    for name, text in broken.items():
        project.write(f"{FOLDER}/{name}.yaml", text)
    before = project.content()
    result = project.run("import", "tests")
    assert result.code == 3
    for name in broken:
        assert f"{FOLDER}/{name}.yaml: " in result.out
    assert "the tag !!python/object/apply:os.system is not one of a cassette" in result.out
    assert "1 imported, 5 refused" in result.out
    after = project.content()
    assert {name for name in after if name not in before} == {TAPE}
    assert all(after[name] == data for name, data in before.items())


def test_a_body_that_was_cut_on_purpose_is_taken_if_asked(project: Project) -> None:
    project.write(PLAIN, cassette().replace("text/plain]", "text/plain], Content-Length: ['9']"))
    refused = project.run("import", PLAIN)
    assert refused.code == 3
    assert (
        f"hint: record it again; if its body was cut on purpose: sealtape import --short-bodies {PLAIN}\n"
        in (refused.out)
    )
    assert project.run("import", "--short-bodies", PLAIN).code == 0


def test_importing_again_says_so_and_writes_nothing(project: Project) -> None:
    project.write(PLAIN, cassette())
    project.run("import", PLAIN)
    before = project.content()
    result = project.run("import", PLAIN)
    assert (result.code, project.content()) == (0, before)
    assert "0 imported, 1 there already" in result.out


def test_a_cassette_that_holds_something_else_is_not_overwritten(project: Project) -> None:
    project.seal(TAPE, POST)
    project.write(PLAIN, cassette())
    before = project.content()
    result = project.run("import", "--remove", PLAIN)
    assert (result.code, project.content()) == (3, before)
    assert "holds something else, so nothing was overwritten" in result.out


def test_a_trial_says_the_same_and_writes_and_removes_nothing(project: Project) -> None:
    project.write(PLAIN, cassette())
    before = project.content()
    trial = project.run("import", "--dry-run", "--remove", "tests")
    assert (trial.code, project.content()) == (0, before)
    assert "1 could be imported" in trial.out
    assert "nothing was written" in trial.out
    assert f"  would be removed: {PLAIN}\n" in trial.out
    done = project.run("import", "tests")
    assert trial.out.splitlines()[0] == done.out.splitlines()[0]


def test_a_recording_is_removed_if_asked_once_its_cassette_is_there(project: Project) -> None:
    project.write(PLAIN, cassette())
    project.write(f"{FOLDER}/broken.yaml", cassette()[:-60])
    result = project.run("import", "--remove", "tests")
    assert result.code == 3
    assert project.files("tests") == [f"{FOLDER}/broken.yaml", TAPE]
    assert [line for line in result.out.splitlines() if "removed" in line] == [
        f"  removed: {PLAIN}",
        "1 imported, 1 refused, 1 removed; 1 interaction replayed as in their sources",
    ]


def test_a_cassette_goes_elsewhere_if_asked(project: Project) -> None:
    project.write(PLAIN, cassette())
    project.write("login.har", json.dumps({"log": {"version": "1.2", "entries": []}}))
    assert project.run("import", "-o", "sealed", "tests").code == 0
    assert project.run("import", "-o", f"{FOLDER}/test_login", "login.har").code == 0
    assert [name for name in project.files() if name.endswith(".tape")] == [
        "sealed/cassettes/test_users/test_one.tape",
        f"{FOLDER}/test_login.tape",
    ]
    assert project.run("verify").code == 0


def test_two_recordings_of_one_name_are_not_mixed(project: Project) -> None:
    project.write(PLAIN, cassette())
    project.write(PLAIN.replace(".yaml", ".yml"), cassette("other"))
    result = project.run("import", "tests")
    assert result.code == 3
    assert f"{PLAIN.replace('.yaml', '.yml')}: refused: {PLAIN} becomes the same cassette" in result.out
    assert "1 imported, 1 refused" in result.out


def test_secrets_in_the_history_are_listed_by_rule_and_place_with_the_advice_to_revoke_them(
    project: Project,
) -> None:
    project.write(PLAIN, cassette())
    project.write(f"{FOLDER}/dummy.yaml", cassette(secret="DUMMY"))
    project.git("init", "-q")
    project.git("add", "-A")
    project.git("commit", "-qm", "cassettes")
    project.write(f"{FOLDER}/fresh.yaml", cassette(secret=SECRET[::-1]))
    # What git no longer tracks is in its history all the same.
    project.git("rm", "-q", "--cached", PLAIN)
    project.git("commit", "-qm", "one less")
    result = project.run("import", "tests")
    assert result.code == 0
    told = result.out.partition(
        "these secrets are in git's history, where sealing does not reach them: revoke"
    )
    assert told[2].splitlines()[1:3] == [f"  {PLAIN}", "    authorization  request.headers.Authorization"]
    assert "dummy.yaml" not in told[2]
    assert "fresh.yaml" not in told[2]
    assert SECRET not in result.out


def test_without_git_nothing_is_said_of_history(project: Project) -> None:
    project.write(PLAIN, cassette())
    assert "history" not in project.run("import", PLAIN).out


def test_without_a_key_nothing_is_imported(project: Project) -> None:
    project.write(PLAIN, cassette())
    result = project.run("import", PLAIN, SEALTAPE_KEY="")
    assert result.code == 3
    assert "there is no key here" in result.err
    assert project.files("tests") == [PLAIN]


@pytest.mark.parametrize("path", ["nowhere.yaml", "tests"])
def test_nothing_to_import_is_a_mistake_in_the_call(project: Project, path: str) -> None:
    project.write("tests/config.yaml", "jobs: [build]\n")
    assert project.run("import", path).code == 2


def test_a_file_that_is_named_and_is_none_is_refused(project: Project) -> None:
    project.write("config.yaml", "jobs: [build]\n")
    result = project.run("import", "config.yaml")
    assert result.code == 3
    assert "config.yaml: refused: this is no recording that can be imported" in result.out


def test_a_cassette_that_cannot_be_written_leaves_all_as_it_was(project: Project) -> None:
    project.write(PLAIN, cassette())
    Path(project.root / FOLDER / "test_one.tape").mkdir()
    result = project.run("import", "--remove", PLAIN)
    assert result.code == 3
    assert project.files("tests") == [PLAIN]


def test_a_folder_of_placebo_becomes_one_cassette_and_goes_as_one(project: Project) -> None:
    names = [f"tests/responses/sts.GetCallerIdentity_{n}.json" for n in (1, 2)]
    for name in names:
        project.write(name, json.dumps({"status_code": 200, "data": {"Arn": "arn:aws:iam::1:user/a"}}))
    project.write("tests/responses/notes.json", "{}")
    assert project.run("import", "-o", "elsewhere", "tests").code == 0
    assert project.run("import", "-o", "here", ".", cwd="tests/responses").code == 0
    assert project.files("elsewhere") == ["elsewhere/responses.tape"]
    assert project.files("tests/responses/here") == ["tests/responses/here/responses.tape"]
    (project.root / "tests/responses/here/responses.tape").unlink()
    result = project.run("import", "--remove", "tests")
    assert result.code == 0
    assert "tests/responses -> tests/responses.tape: new, 2 interactions of placebo" in result.out
    assert "note: placebo kept no parameters" in result.out
    assert [f"  removed: {name}" for name in names] == [
        line for line in result.out.splitlines() if line.startswith("  removed")
    ]
    assert project.files("tests") == ["tests/responses.tape", "tests/responses/notes.json"]
