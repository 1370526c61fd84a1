from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from sealtape.drift import compare
from sealtape.drift.memory import EMPTY, read_memory, write_memory
from sealtape.ledger import confirm
from sealtape.seal.keyring import Key, new_key
from tests.cli.project import BINARY as BYTES
from tests.cli.project import PROGRAM, Project, Result
from tests.cli.terminals import on_terminal
from tests.servers import Service, http_service

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
TOKEN = TESTS.replace('get(URL + "/json")', 'post(URL + "/token"); requests.get(URL + "/json")')
COUNT = """

@pytest.mark.vcr
def test_count():
    assert requests.get(URL + "/count").json()["count"] >= 1
"""
MODULE = """
import os, pytest, requests

URL = os.environ["URL"]

@pytest.fixture(scope="module")
def name():
    yield requests.get(URL + "/json").json().get("name")
    requests.get(URL + "/json")

@pytest.fixture(scope="module")
def count():
    return requests.get(URL + "/count").json()["count"]

@pytest.mark.vcr
def test_name(name):
    requests.get(URL + "/binary")

@pytest.mark.vcr
def test_count(count):
    requests.get(URL + "/binary")

@pytest.mark.vcr
def test_neither():
    requests.get(URL + "/binary")
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
QUICK = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:randomly", "-p", "no:faker")
HOSTS = '[tool.sealtape.sandbox]\nhosts = ["127.0.0.1"]\n'
DEAD = "http://127.0.0.1:9"


@dataclass
class Recorded(Project):
    """A project whose tests are recorded by pytest once, for all projects that have the same ones."""

    taken: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def record(self, *arguments: str) -> None:
        tests = self.read("test_api.py")
        if tests not in self.taken:
            before = self.files()
            record(self, *arguments)
            self.taken[tests] = {name: data for name, data in self.content().items() if name not in before}
        for name, data in self.taken[tests].items():
            self.write(name, data)


def record(project: Project, *arguments: str) -> None:
    command = [sys.executable, "-m", "pytest", *QUICK, "--record-mode=once", *arguments]
    ended = subprocess.run(command, cwd=project.root, env=project.environ(), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


@pytest.fixture(scope="module")
def key() -> Key:
    """One key for all projects, so that what one has recorded another one may have."""
    return new_key()


@pytest.fixture(scope="module")
def taken() -> dict[str, dict[str, bytes]]:
    """The files that recording made, by the text of the tests."""
    return {}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with http_service() as service:
        yield service


@pytest.fixture
def http(service: Service) -> Service:
    """A real HTTP service on loopback, always the same, which was asked nothing yet."""
    service.asked.clear()
    return service


@pytest.fixture
def project(bare: Project, http: Service, key: Key, taken: dict[str, dict[str, bytes]]) -> Recorded:
    """A project that may record on loopback, against a real HTTP service."""
    project = Recorded(bare.root, bare.home, key, taken=taken)
    project.set_up(HOSTS)
    project.environment |= {"URL": http.url, "PYTHONDONTWRITEBYTECODE": "1"}
    project.write("test_api.py", TESTS)
    return project


@pytest.fixture
def answers(http: Service) -> Iterator[dict[str, bytes]]:
    """What the service answers: a test may change it, as a provider may."""
    bodies = http.RequestHandlerClass.bodies  # type: ignore[attr-defined]  # this service's own handler
    before = dict(bodies)
    yield bodies
    bodies.clear()
    bodies.update(before)


def refresh(project: Project, *options: str, tests: tuple[str, ...] = (), **environment: str) -> Result:
    """Refresh; what differs is recorded a second time only where that is what the test is about."""
    once = () if "--confirm" in options else ("--no-confirm",)
    return project.run("refresh", *once, *options, "--", *QUICK, *tests, **environment)


def tapes(project: Project) -> dict[str, bytes]:
    return {name: data for name, data in project.content().items() if ".tape" in name}


# A provider that stays as it was.


def test_what_is_answered_as_before_changes_no_file_but_the_ledger(project: Recorded) -> None:
    project.record()
    before = project.content()
    result = refresh(project)
    assert (result.code, result.err) == (0, "")
    said = f"nothing is pending\nwritten, to be committed: {LEDGER}\n"
    assert f"2 tests recorded again: 2 cassettes confirmed\n{said}" in result.out
    after = project.content()
    ledger = json.loads(after.pop(LEDGER))
    assert after == before
    assert list(ledger["confirmed"]) == ["test_binary.tape", "test_same.tape"]
    before = project.content()
    assert refresh(project).code == 0
    assert project.content() == before, "a second refresh of a day changes no file at all"


def test_what_always_differs_changes_no_file_and_is_no_drift(project: Recorded) -> None:
    project.write("test_api.py", TOKEN)
    project.record()
    before = tapes(project)
    assert refresh(project, "--fail-on", "info").code == 0
    assert tapes(project) == before


def test_a_test_that_makes_no_request_is_not_counted_and_one_that_is_not_marked_is_not_run(
    project: Recorded,
) -> None:
    project.record()
    project.write("test_api.py", TESTS + "\n\n@pytest.mark.vcr\ndef test_nothing():\n    pass\n")
    result = refresh(project, FAILS="1")
    assert result.code == 0
    assert "2 tests recorded again, 1 made no request: 2 cassettes confirmed" in result.out


# A provider that moved.


def test_drift_waits_beside_the_accepted_cassette_and_is_reported(
    project: Recorded, answers: dict[str, bytes]
) -> None:
    project.record()
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
    project: Recorded, answers: dict[str, bytes]
) -> None:
    project.write("test_api.py", TOKEN)
    project.record()
    answers["/json"] = b'{"answer": "42"}'
    assert refresh(project).code == 1
    old, new = ((project.root / name).read_bytes().splitlines() for name in (SAME, SAME + ".new"))
    differing = [number for number, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    assert differing == [2, 3]  # of header, token, json, end: what changed, and the end row


def test_a_test_that_no_longer_asks_for_anything_is_noticed(project: Recorded) -> None:
    project.record()
    before = tapes(project)
    project.write("test_api.py", TESTS.replace('requests.get(URL + "/binary").content', '"b" * 256'))
    result = refresh(project)
    assert "interaction-missing" in result.out
    assert "1 cassette confirmed, 1 drifted" in result.out
    assert {name: data for name, data in tapes(project).items() if name in before} == before
    assert BINARY + ".new" in project.files()


def test_drift_below_the_bar_is_no_failure(project: Recorded, answers: dict[str, bytes]) -> None:
    project.record()
    answers["/json"] = b'{"answer": 42, "name": "Grace", "added": true}'
    result = refresh(project)
    assert result.code == 0
    assert "field-added" in result.out


def test_drift_that_was_rejected_is_found_again_and_what_was_accepted_is_not(
    project: Recorded, answers: dict[str, bytes]
) -> None:
    project.record()
    answers["/json"] = b'{"answer": "42"}'
    assert refresh(project).code == 1
    assert project.run("reject", "--all").code == 0
    # Markdown is for people who read it elsewhere: what to type stands beside it, not in it.
    again = refresh(project, "--format", "markdown")
    assert again.code == 1
    assert "name" in again.out
    assert "next: sealtape review" in again.err
    assert project.run("accept", "--all").code == 0
    assert refresh(project).code == 0


def test_a_test_without_a_cassette_gets_a_pending_one(project: Recorded) -> None:
    project.record()
    project.write("test_api.py", TESTS + COUNT)
    result = refresh(project)
    assert result.code == 0
    assert "2 cassettes confirmed, 1 new" in result.out
    assert COUNTED + ".new" in project.files()
    assert COUNTED not in project.files()


def test_json_is_for_programs_and_nothing_else_is_on_the_output(
    project: Recorded, answers: dict[str, bytes]
) -> None:
    project.record()
    answers["/json"] = b'{"answer": 42, "name": "Grace", "added": true}'
    result = refresh(project, "--format", "json", "--fail-on", "info")
    assert result.code == 1
    document: dict[str, Any] = result.json
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


def test_workers_of_xdist_refresh_as_one_process_does(project: Recorded, answers: dict[str, bytes]) -> None:
    project.record()
    answers["/json"] = b'{"answer": "42"}'
    result = refresh(project, tests=("-n", "2"))
    assert result.code == 1
    assert "2 tests recorded again: 1 cassette confirmed, 1 drifted" in result.out


def test_a_project_that_blocks_the_network_is_refreshed_all_the_same(project: Recorded) -> None:
    project.record()
    project.write("pytest.ini", "[pytest]\naddopts = --block-network --record-mode=none\n")
    result = refresh(project)
    assert (result.code, result.err) == (0, "")
    assert "2 cassettes confirmed" in result.out


def test_pytest_chooses_the_tests(project: Recorded, answers: dict[str, bytes]) -> None:
    project.record()
    answers["/json"] = b'{"answer": "42"}'
    result = refresh(project, tests=("-k", "binary"))
    assert result.code == 0
    assert "1 test recorded again: 1 cassette confirmed" in result.out


def test_what_was_confirmed_lately_is_left_out(project: Recorded, http: Service) -> None:
    project.record()
    confirm([project.root / BINARY], datetime.now(UTC).date())
    confirm([project.root / SAME], date(2026, 1, 1))
    http.asked.clear()
    result = refresh(project, "--older-than", "1w")
    assert result.code == 0
    assert "1 test recorded again, 1 skipped" in result.out
    assert http.asked == [("GET", "/json")]


def test_fixtures_that_outlive_a_test_are_recorded_with_all_of_their_tests_or_not_at_all(
    project: Recorded, http: Service
) -> None:
    project.write("test_api.py", MODULE)
    project.record()
    folder = project.root / "cassettes" / "test_api"
    confirm(sorted(folder.glob("*.tape")), datetime.now(UTC).date())
    http.asked.clear()
    result = refresh(project, "--older-than", "1w")
    assert (result.code, http.asked) == (0, [])
    assert "0 tests recorded again, 3 skipped" in result.out
    confirm([folder / "test_neither.tape"], date(2026, 1, 1))
    result = refresh(project, "--older-than", "1w")
    assert result.code == 0
    assert "3 tests recorded again" in result.out


# A second recording of what differs.


def test_what_is_another_one_each_time_is_no_drift_and_is_remembered(project: Recorded) -> None:
    project.write("test_api.py", TESTS + COUNT)
    project.record()
    result = refresh(project, "--confirm", "--fail-on", "info")
    assert result.code == 0
    assert "3 cassettes confirmed" in result.out
    assert "GET 127.0.0.1:" in project.read("sealtape-drift.json")


def test_the_cassette_of_a_module_is_recorded_twice_by_the_tests_that_use_its_fixtures(
    project: Recorded, http: Service, answers: dict[str, bytes]
) -> None:
    project.write("test_api.py", MODULE)
    project.record()
    before = tapes(project)
    http.asked.clear()
    answers["/json"] = b'{"answer": 42}'
    result = refresh(project, "--confirm")
    assert result.code == 1
    assert f"  {FOLDER}/_module.tape.new\n" in result.out
    assert "3 cassettes confirmed, 1 drifted" in result.out
    assert {name: data for name, data in tapes(project).items() if name in before} == before
    # What the one fixture got is another number each time, what the other one got is drift.
    assert "/count count" in project.read("sealtape-drift.json")
    assert Counter(path for _, path in http.asked) == {"/json": 4, "/count": 2, "/binary": 5}


def test_only_the_tests_whose_cassettes_differ_are_recorded_twice(
    project: Recorded, http: Service, answers: dict[str, bytes]
) -> None:
    project.record()
    http.asked.clear()
    answers["/json"] = b'{"answer": 42}'
    result = refresh(project, "--confirm")
    assert result.code == 1
    assert "1 cassette confirmed, 1 drifted" in result.out
    assert "sealtape-drift.json" not in project.files()
    assert sorted(http.asked) == [("GET", "/binary"), ("GET", "/json"), ("GET", "/json")]


def test_what_flapped_is_accepted_by_its_fingerprint_without_recording(
    project: Recorded, http: Service
) -> None:
    memory = EMPTY.having_flapped(compare({"A": 1}, {}), date.today())
    write_memory(project.root, memory, date.today())
    (fingerprint,) = memory.flapping
    result = project.run("refresh", "--accept", fingerprint, "--for", "2w", "--because", "a cache")
    assert (result.code, http.asked) == (0, [])
    assert "accepted until" in result.out
    assert read_memory(project.root).accepted[fingerprint].why == "a cache"
    unknown = project.run("refresh", "--accept", "0" * 16)
    assert unknown.code == 2
    assert "nothing that was seen to flap has the fingerprint" in unknown.err
    assert project.run("refresh", "--accept", fingerprint, "--for", "soon").code == 2


# What makes a refresh incomplete.


def test_a_test_that_fails_while_recording_is_a_finding_and_loses_nothing(project: Recorded) -> None:
    project.record()
    before = tapes(project)
    project.write("test_api.py", TESTS.replace("status_code == 200", "status_code == 500"))
    result = refresh(project)
    assert result.code == 3
    assert "recording-failed" in result.out
    assert "1 test could not be recorded again:\n  test_api.py::test_same: call failed with" in result.err
    assert tapes(project) == before
    assert list(json.loads(project.read(LEDGER))["confirmed"]) == ["test_binary.tape"]


def test_a_provider_that_is_down_loses_nothing(project: Recorded) -> None:
    project.record()
    before = project.content()
    result = refresh(project, URL=DEAD)
    assert result.code == 3
    assert "2 tests could not be recorded again" in result.err
    assert "hint: see whether the provider answers" in result.err
    assert project.content() == before


def test_a_sandbox_server_that_is_down_is_told_of_before_a_test_is_run(
    project: Recorded, http: Service
) -> None:
    project.record()
    asked = len(http.asked)
    result = refresh(project, f"--sandbox={DEAD}")
    assert (result.code, result.out) == (3, "")
    assert f"nothing answers at {DEAD}" in result.err
    assert "sealtape refresh --sandbox=embedded" in result.err
    assert len(http.asked) == asked


def test_recordings_from_before_are_not_decided_on_unasked(project: Recorded, http: Service) -> None:
    project.write("test_api.py", TESTS + COUNT)
    project.record()
    project.write(COUNTED + ".new", (project.root / COUNTED).read_bytes())
    before, asked = project.content(), len(http.asked)
    result = refresh(project)
    assert (result.code, result.out) == (3, "")
    assert f"1 pending from before, so nothing was recorded: {COUNTED}.new" in result.err
    assert "hint: sealtape review, or to record over them: sealtape refresh --replace" in result.err
    assert (project.content(), len(http.asked)) == (before, asked)
    assert refresh(project, "--replace").code != 3


def test_a_collection_error_is_shown_in_pytests_words(project: Recorded) -> None:
    project.record()
    before = project.content()
    project.write("test_other.py", "import nowhere\n")
    result = refresh(project)
    assert result.code == 3
    assert "No module named 'nowhere'" in result.err
    assert {k: v for k, v in project.content().items() if k != "test_other.py"} == before


def test_a_run_that_stops_early_is_not_complete(project: Recorded) -> None:
    project.record()
    project.write("test_api.py", TESTS.replace("status_code == 200", "status_code == 500"))
    result = refresh(project, tests=("-x",))
    assert result.code == 3
    assert "broke off after 1 of 2 tests" in result.err


def test_a_damaged_cassette_is_neither_refreshed_nor_lost(project: Recorded) -> None:
    project.record()
    damaged = (project.root / SAME).read_bytes()[:-80]
    project.write(SAME, damaged)
    result = refresh(project)
    assert result.code == 3
    assert "recording-failed" in result.out
    assert (project.root / SAME).read_bytes() == damaged
    assert not list(project.root.rglob("*.new"))


def test_a_ledger_that_cannot_be_written_does_not_lose_the_report(
    project: Recorded, answers: dict[str, bytes]
) -> None:
    project.record()
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
    project: Recorded, to_all: bool, number: signal.Signals
) -> None:
    project.write("test_api.py", TESTS + COUNT)
    project.record()
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


def test_without_a_sandbox_nothing_is_run(project: Recorded, http: Service) -> None:
    project.record()
    project.set_up()
    asked = len(http.asked)
    result = refresh(project)
    assert (result.code, result.out) == (2, "")
    assert "there is no sandbox to record against" in result.err
    assert "\nhint: sealtape refresh --sandbox=embedded" in result.err
    assert len(http.asked) == asked


def test_a_sandbox_that_is_none_exits_with_2(project: Recorded) -> None:
    result = refresh(project, "--sandbox=mine")
    assert result.code == 2
    assert "'mine' is not a sandbox" in result.err


@pytest.mark.parametrize("age", ["7", "7h", "d", "-1d", "soon"])
def test_an_age_is_in_days_or_weeks(project: Recorded, age: str) -> None:
    result = refresh(project, "--older-than", age)
    assert (result.code, result.out) == (2, "")
    assert "the ledger counts in days, so it is 7d or 2w" in result.err


def test_without_the_key_nothing_is_run(project: Recorded, http: Service) -> None:
    project.record()
    asked = len(http.asked)
    result = refresh(project, SEALTAPE_KEY="")
    assert (result.code, result.out) == (3, "")
    assert "\nhint: " in result.err
    assert len(http.asked) == asked


def test_a_run_without_a_marked_test_is_not_clean(project: Recorded) -> None:
    project.write("test_api.py", "def test_it(): pass\n")
    result = refresh(project)
    assert (result.code, result.out) == (2, "")
    assert "there is no test to record" in result.err


def test_what_pytest_refuses_is_told_in_its_words(project: Recorded) -> None:
    result = refresh(project, tests=("--no-such-option",))
    assert (result.code, result.out) == (2, "")
    assert "unrecognized arguments: --no-such-option" in result.err
    gone = refresh(project, tests=("nowhere/test_it.py",))
    assert gone.code == 2
    assert "file or directory not found: nowhere/test_it.py" in gone.err


# Progress.


def test_progress_is_shown_on_a_terminal(project: Recorded) -> None:
    project.record()
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
    project: Recorded, answers: dict[str, bytes]
) -> None:
    project.record()
    pending = f"{SAME}.new"
    project.seal(pending, BYTES)
    result = refresh(project, "--replace", tests=("test_api.py::test_binary",))
    assert result.code == 0
    assert pending in tapes(project)
    assert "1 cassette confirmed" in result.out
