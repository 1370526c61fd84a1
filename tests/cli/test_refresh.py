from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.cli.project import PROGRAM, Project, Result
from tests.cli.terminals import on_terminal
from tests.servers import Service

TESTS = """
import os, pytest, requests

URL = os.environ["URL"]

@pytest.mark.vcr
def test_same():
    assert requests.get(URL + "/json").status_code == 200

@pytest.mark.vcr
def test_binary():
    assert len(requests.get(URL + "/binary").content) == 256

def test_of_something_else():
    assert not os.environ.get("FAILS")
"""
COUNT = """

@pytest.mark.vcr
def test_count():
    assert requests.get(URL + "/count").json()["count"] >= 1
"""
SLOW = """

@pytest.mark.vcr
def test_slow():
    for _ in range(60):
        requests.get(URL + "/slow")
"""
FOLDER = "cassettes/test_api"
SAME, BINARY, COUNTED = (f"{FOLDER}/test_{name}.tape" for name in ("same", "binary", "count"))
LEDGER = f"{FOLDER}/sealtape-ledger.json"
# These import much, in each of many runs: hypothesis, and numpy and Faker for pytest-randomly.
QUICK = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:randomly")
DEAD = "http://127.0.0.1:9"


@pytest.fixture
def project(bare: Project, http: Service) -> Project:
    """A project that may record on loopback, against a real HTTP service."""
    bare.set_up('[tool.sealtape.sandbox]\nhosts = ["127.0.0.1"]\n')
    bare.environment |= {"URL": http.url, "PYTHONDONTWRITEBYTECODE": "1"}
    bare.write("test_api.py", TESTS)
    return bare


@pytest.fixture
def answers(http: Service) -> Iterator[dict[str, bytes]]:
    """What the service answers: a test may change it, as a provider may."""
    bodies = http.RequestHandlerClass.bodies  # type: ignore[attr-defined]  # this service's own handler
    before = dict(bodies)
    yield bodies
    bodies.clear()
    bodies.update(before)


def record(project: Project, *arguments: str) -> None:
    command = [sys.executable, "-m", "pytest", *QUICK, "--record-mode=once", *arguments]
    ended = subprocess.run(command, cwd=project.root, env=project.environ(), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


def refresh(project: Project, *options: str, tests: tuple[str, ...] = (), **environment: str) -> Result:
    """Refresh; what differs is recorded a second time only where that is what the test is about."""
    once = () if "--confirm" in options else ("--no-confirm",)
    return project.run("refresh", *once, *options, "--", *QUICK, *tests, **environment)


def tapes(project: Project) -> dict[str, bytes]:
    return {name: data for name, data in project.content().items() if ".tape" in name}


# A provider that stays as it was.


def test_what_is_answered_as_before_changes_no_file_but_the_ledger(project: Project) -> None:
    record(project)
    before = project.content()
    result = refresh(project)
    assert (result.code, result.err) == (0, "")
    assert "2 tests recorded again: 2 cassettes confirmed\nnothing is pending\n" in result.out
    after = project.content()
    ledger = json.loads(after.pop(LEDGER))
    assert after == before
    assert list(ledger["confirmed"]) == ["test_binary.tape", "test_same.tape"]


def test_a_second_refresh_of_a_day_changes_no_file_at_all(project: Project) -> None:
    record(project)
    refresh(project)
    before = project.content()
    assert refresh(project).code == 0
    assert project.content() == before


def test_what_always_differs_changes_no_file_and_is_no_drift(project: Project) -> None:
    project.write("test_api.py", TESTS.replace('get(URL + "/json")', 'post(URL + "/token")'))
    record(project)
    before = tapes(project)
    assert refresh(project, "--fail-on", "info").code == 0
    assert tapes(project) == before


def test_a_test_that_makes_no_request_is_not_counted_as_recorded(project: Project) -> None:
    project.write("test_api.py", TESTS + "\n\n@pytest.mark.vcr\ndef test_nothing():\n    pass\n")
    record(project)
    result = refresh(project)
    assert "2 tests recorded again, 1 made no request: 2 cassettes confirmed" in result.out


def test_tests_that_are_not_marked_are_not_run(project: Project) -> None:
    record(project)
    assert refresh(project, FAILS="1").code == 0


# A provider that moved.


def test_drift_waits_beside_the_accepted_cassette_and_is_reported(
    project: Project, answers: dict[str, bytes]
) -> None:
    record(project)
    before = project.content()
    answers["/json"] = b'{"answer": "42"}'
    result = refresh(project)
    assert result.code == 1
    assert "name" in result.out
    assert f"  {SAME}.new\nnext: sealtape review\n" in result.out
    after = project.content()
    assert set(after) - set(before) == {SAME + ".new", LEDGER}
    assert {name: after[name] for name in before} == before
    assert list(json.loads(after[LEDGER])["confirmed"]) == ["test_binary.tape"]


def test_what_did_not_change_keeps_its_rows_in_a_pending_recording(
    project: Project, answers: dict[str, bytes]
) -> None:
    calls = 'get(URL + "/json")', 'post(URL + "/token"); requests.get(URL + "/json")'
    project.write("test_api.py", TESTS.replace(*calls))
    record(project)
    answers["/json"] = b'{"answer": "42"}'
    assert refresh(project).code == 1
    old, new = ((project.root / name).read_bytes().splitlines() for name in (SAME, SAME + ".new"))
    differing = [number for number, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    assert differing == [2, 3]  # of header, token, json, end: what changed, and the end row


def test_a_test_that_no_longer_asks_for_anything_is_noticed(project: Project) -> None:
    record(project)
    before = tapes(project)
    project.write("test_api.py", TESTS.replace('requests.get(URL + "/binary").content', '"b" * 256'))
    result = refresh(project)
    assert "interaction-missing" in result.out
    assert "1 cassette confirmed, 1 drifted" in result.out
    assert {name: data for name, data in tapes(project).items() if name in before} == before
    assert BINARY + ".new" in project.files()


def test_the_bar_decides_about_the_exit_code(project: Project, answers: dict[str, bytes]) -> None:
    record(project)
    answers["/json"] = b'{"answer": 42, "name": "Grace", "added": true}'
    assert refresh(project).code == 0
    assert refresh(project, "--replace", "--fail-on", "info").code == 1


def test_drift_that_was_accepted_is_no_drift_any_more(project: Project, answers: dict[str, bytes]) -> None:
    record(project)
    answers["/json"] = b'{"answer": "42"}'
    refresh(project)
    assert project.run("accept", "--all").code == 0
    assert refresh(project).code == 0


def test_drift_that_was_rejected_is_found_again(project: Project, answers: dict[str, bytes]) -> None:
    record(project)
    answers["/json"] = b'{"answer": "42"}'
    refresh(project)
    assert project.run("reject", "--all").code == 0
    assert refresh(project).code == 1


def test_a_test_without_a_cassette_gets_a_pending_one(project: Project) -> None:
    record(project)
    project.write("test_api.py", TESTS + COUNT)
    result = refresh(project)
    assert result.code == 0
    assert "2 cassettes confirmed, 1 new" in result.out
    assert COUNTED + ".new" in project.files()
    assert COUNTED not in project.files()


def test_json_is_for_programs_and_nothing_else_is_on_the_output(
    project: Project, answers: dict[str, bytes]
) -> None:
    record(project)
    answers["/json"] = b'{"answer": "42"}'
    document: dict[str, Any] = refresh(project, "--format", "json").json
    assert {"id", "kind", "severity", "cause", "path", "old", "new", "tests", "count", "fingerprint"} <= set(
        document["findings"][0]
    )
    schema = json.loads(project.run("refresh", "--schema").out)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["findings"][0]["tests"] == ["test_api.py::test_same"]
    assert document["tests"] == {"passed": 2, "failed": 0, "skipped": 0}
    assert document["confirmed"] == [BINARY]
    assert document["pending"] == [SAME + ".new"]
    assert document["complete"] is True


def test_markdown_is_for_people_who_read_it_elsewhere(project: Project, answers: dict[str, bytes]) -> None:
    record(project)
    answers["/json"] = b'{"answer": "42"}'
    result = refresh(project, "--format", "markdown")
    assert result.code == 1
    assert "name" in result.out
    assert "next: sealtape review" in result.err


def test_workers_of_xdist_refresh_as_one_process_does(project: Project, answers: dict[str, bytes]) -> None:
    record(project)
    answers["/json"] = b'{"answer": "42"}'
    result = refresh(project, tests=("-n", "2"))
    assert result.code == 1
    assert "2 tests recorded again: 1 cassette confirmed, 1 drifted" in result.out


def test_the_cassette_of_a_module_is_refreshed_with_its_tests(
    project: Project, answers: dict[str, bytes]
) -> None:
    fixture = """
import os, pytest, requests

@pytest.fixture(scope="module")
def name():
    yield requests.get(os.environ["URL"] + "/json").json().get("name")
    requests.get(os.environ["URL"] + "/json")

@pytest.mark.vcr
def test_it(name):
    requests.get(os.environ["URL"] + "/binary")
"""
    project.write("test_api.py", fixture)
    record(project)
    before = tapes(project)
    assert refresh(project).code == 0
    assert tapes(project) == before
    answers["/json"] = b'{"answer": 42}'
    result = refresh(project)
    assert result.code == 1
    assert f"  {FOLDER}/_module.tape.new\n" in result.out


def test_a_project_that_blocks_the_network_is_refreshed_all_the_same(project: Project) -> None:
    record(project)
    project.write("pytest.ini", "[pytest]\naddopts = --block-network --record-mode=none\n")
    result = refresh(project)
    assert (result.code, result.err) == (0, "")
    assert "2 cassettes confirmed" in result.out


def test_pytest_chooses_the_tests(project: Project, answers: dict[str, bytes]) -> None:
    record(project)
    answers["/json"] = b'{"answer": "42"}'
    result = refresh(project, tests=("-k", "binary"))
    assert result.code == 0
    assert "1 test recorded again: 1 cassette confirmed" in result.out


def test_what_was_confirmed_lately_is_left_out(project: Project, http: Service) -> None:
    record(project)
    refresh(project)
    asked = len(http.asked)
    result = refresh(project, "--older-than", "7d")
    assert result.code == 0
    assert "2 skipped" in result.out
    assert len(http.asked) == asked
    ledger = json.loads(project.read(LEDGER))
    ledger["confirmed"]["test_same.tape"] = "2026-01-01"
    project.write(LEDGER, json.dumps(ledger))
    assert "1 test recorded again, 1 skipped" in refresh(project, "--older-than", "1w").out
    assert len(http.asked) == asked + 1


# A second recording of what differs.


def test_what_is_another_one_each_time_is_no_drift_and_is_remembered(project: Project) -> None:
    project.write("test_api.py", TESTS + COUNT)
    record(project)
    result = refresh(project, "--confirm", "--fail-on", "info")
    assert result.code == 0
    assert "3 cassettes confirmed" in result.out
    assert "GET 127.0.0.1:" in project.read("sealtape-drift.json")


def test_only_the_tests_whose_cassettes_differ_are_recorded_twice(
    project: Project, http: Service, answers: dict[str, bytes]
) -> None:
    record(project)
    http.asked.clear()
    answers["/json"] = b'{"answer": 42}'
    result = refresh(project, "--confirm")
    assert result.code == 1
    assert "1 cassette confirmed, 1 drifted" in result.out
    assert "sealtape-drift.json" not in project.files()
    assert sorted(http.asked) == [("GET", "/binary"), ("GET", "/json"), ("GET", "/json")]


# What makes a refresh incomplete.


def test_a_test_that_fails_while_recording_is_a_finding_and_loses_nothing(project: Project) -> None:
    record(project)
    before = tapes(project)
    project.write("test_api.py", TESTS.replace("status_code == 200", "status_code == 500"))
    result = refresh(project)
    assert result.code == 3
    assert "recording-failed" in result.out
    assert "1 test could not be recorded again:\n  test_api.py::test_same: call failed with" in result.err
    assert tapes(project) == before
    assert list(json.loads(project.read(LEDGER))["confirmed"]) == ["test_binary.tape"]


def test_a_provider_that_is_down_loses_nothing(project: Project) -> None:
    record(project)
    before = project.content()
    result = refresh(project, URL=DEAD)
    assert result.code == 3
    assert "2 tests could not be recorded again" in result.err
    assert "hint: see whether the provider answers" in result.err
    assert project.content() == before


def test_a_sandbox_server_that_is_down_is_told_of_before_a_test_is_run(
    project: Project, http: Service
) -> None:
    record(project)
    asked = len(http.asked)
    result = refresh(project, f"--sandbox={DEAD}")
    assert (result.code, result.out) == (3, "")
    assert f"nothing answers at {DEAD}" in result.err
    assert "sealtape refresh --sandbox=embedded" in result.err
    assert len(http.asked) == asked


def test_recordings_from_before_are_not_decided_on_unasked(project: Project, http: Service) -> None:
    project.write("test_api.py", TESTS + COUNT)
    record(project)
    project.write(COUNTED + ".new", (project.root / COUNTED).read_bytes())
    before, asked = project.content(), len(http.asked)
    result = refresh(project)
    assert (result.code, result.out) == (3, "")
    assert f"1 pending from before, so nothing was recorded: {COUNTED}.new" in result.err
    assert "hint: sealtape review, or to record over them: sealtape refresh --replace" in result.err
    assert (project.content(), len(http.asked)) == (before, asked)
    assert refresh(project, "--replace").code != 3


def test_a_collection_error_is_shown_in_pytests_words(project: Project) -> None:
    record(project)
    before = project.content()
    project.write("test_other.py", "import nowhere\n")
    result = refresh(project)
    assert result.code == 3
    assert "No module named 'nowhere'" in result.err
    assert {k: v for k, v in project.content().items() if k != "test_other.py"} == before


def test_a_run_that_stops_early_is_not_complete(project: Project) -> None:
    record(project)
    project.write("test_api.py", TESTS.replace("status_code == 200", "status_code == 500"))
    result = refresh(project, tests=("-x",))
    assert result.code == 3
    assert "broke off after 1 of 2 tests" in result.err


def test_a_damaged_cassette_is_neither_refreshed_nor_lost(project: Project) -> None:
    record(project)
    damaged = (project.root / SAME).read_bytes()[:-80]
    project.write(SAME, damaged)
    result = refresh(project)
    assert result.code == 3
    assert "recording-failed" in result.out
    assert (project.root / SAME).read_bytes() == damaged
    assert not list(project.root.rglob("*.new"))


def test_a_ledger_that_cannot_be_written_does_not_lose_the_report(
    project: Project, answers: dict[str, bytes]
) -> None:
    record(project)
    answers["/json"] = b'{"answer": "42"}'
    project.write(LEDGER, "<<<<<<< HEAD\n")
    result = refresh(project)
    assert result.code == 3
    assert "name" in result.out
    assert "the ledger of these cassettes cannot be read" in result.err


@pytest.mark.parametrize(
    ("to_all", "number"),
    [(True, signal.SIGINT), (False, signal.SIGINT), (False, signal.SIGTERM)],
    ids=["Ctrl-C", "an interrupt of the command alone", "a cancelled job"],
)
def test_an_interrupt_leaves_the_accepted_cassettes_and_says_what_is_pending(
    project: Project, to_all: bool, number: signal.Signals
) -> None:
    project.write("test_api.py", TESTS + COUNT)
    record(project)
    before = project.content()
    project.write("test_api.py", TESTS.replace("/json", "/gzip") + COUNT + SLOW)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "refresh", "--", *QUICK],
        cwd=project.root,
        env=project.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 60
        while not (project.root / (SAME + ".new")).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        (os.killpg if to_all else os.kill)(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "interrupted after 3 of 4 tests" in err
    assert f"  {SAME}.new\n" in out
    assert "next: sealtape review" in out
    assert "Traceback" not in err
    after = project.content()
    assert {name: after[name] for name in before if name.endswith(".tape")} == {
        name: data for name, data in before.items() if name.endswith(".tape")
    }


# What makes no sense.


def test_without_a_sandbox_nothing_is_run(project: Project, http: Service) -> None:
    record(project)
    project.set_up()
    asked = len(http.asked)
    result = refresh(project)
    assert (result.code, result.out) == (2, "")
    assert "there is no sandbox to record against" in result.err
    assert "\nhint: sealtape refresh --sandbox=embedded" in result.err
    assert len(http.asked) == asked


def test_a_sandbox_that_is_none_exits_with_2(project: Project) -> None:
    result = refresh(project, "--sandbox=mine")
    assert result.code == 2
    assert "'mine' is not a sandbox" in result.err


@pytest.mark.parametrize("age", ["7", "7h", "d", "-1d", "soon"])
def test_an_age_is_in_days_or_weeks(project: Project, age: str) -> None:
    result = refresh(project, "--older-than", age)
    assert (result.code, result.out) == (2, "")
    assert "the ledger counts in days, so it is 7d or 2w" in result.err


def test_without_the_key_nothing_is_run(project: Project, http: Service) -> None:
    record(project)
    asked = len(http.asked)
    result = refresh(project, SEALTAPE_KEY="")
    assert (result.code, result.out) == (3, "")
    assert "\nhint: " in result.err
    assert len(http.asked) == asked


def test_a_run_without_a_marked_test_is_not_clean(project: Project) -> None:
    project.write("test_api.py", "def test_it(): pass\n")
    result = refresh(project)
    assert (result.code, result.out) == (2, "")
    assert "there is no test to record" in result.err


def test_what_pytest_refuses_is_told_in_its_words(project: Project) -> None:
    result = refresh(project, tests=("--no-such-option",))
    assert (result.code, result.out) == (2, "")
    assert "unrecognized arguments: --no-such-option" in result.err
    gone = refresh(project, tests=("nowhere/test_it.py",))
    assert gone.code == 2
    assert "file or directory not found: nowhere/test_it.py" in gone.err


# Progress.


def test_progress_is_shown_on_a_terminal_and_nowhere_else(project: Project) -> None:
    record(project)
    assert "recording" not in project.run_process("refresh", "--", *QUICK).err
    code, out = on_terminal(project, "refresh", "--", *QUICK)
    assert code == 0
    assert "2/2" in out
    assert "2 cassettes confirmed" in out


def test_the_embedded_sandbox_is_brought_up_for_the_run(bare: Project) -> None:
    bare.set_up()
    bare.write(
        "test_aws.py",
        "import boto3, pytest\n\n@pytest.mark.vcr\ndef test_topics():\n"
        "    assert boto3.client('sns').list_topics()['Topics'] == []\n",
    )
    record(bare, "--sandbox=embedded")
    before = tapes(bare)
    result = refresh(bare, "--sandbox=embedded")
    assert (result.code, result.err) == (0, "")
    assert "1 cassette confirmed" in result.out
    assert tapes(bare) == before
    assert Path(bare.root, "cassettes/test_aws/sealtape-ledger.json").exists()


def test_what_was_pending_and_is_not_recorded_again_is_neither_drift_nor_confirmed(
    project: Project, answers: dict[str, bytes]
) -> None:
    record(project)
    answers["/json"] = b'{"answer": 42}'
    assert refresh(project, "--fail-on", "breaking").code == 1
    pending = f"{SAME}.new"
    assert pending in tapes(project)
    result = refresh(project, "--replace", tests=("test_api.py::test_binary",))
    assert result.code == 0
    assert pending in tapes(project)
    assert "1 cassette confirmed" in result.out
