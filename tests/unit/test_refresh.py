from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sealtape import settings, store
from sealtape.drift.memory import MEMORY, read_memory, write_memory
from sealtape.errors import KeyMissing, SandboxUnreachable, SealtapeError, UsageError
from sealtape.interaction import HttpRequest, Interaction, Recording, Response, Scrubbed
from sealtape.ledger import confirmed_at, ledger_path
from sealtape.refresh import (
    RecordedTest,
    Refreshed,
    Run,
    judged,
    require_key,
    require_none_pending,
    require_rules,
)
from sealtape.seal.format import seal
from sealtape.seal.keyring import Key, new_key
from sealtape.settings import SandboxSettings, Settings

TEST = "test_api.py::test_it"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Key:
    """The key of a project in the working folder."""
    key = new_key()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEALTAPE_KEY", key.text)
    Path("pyproject.toml").write_text("[tool.sealtape]\n")
    settings._load.cache_clear()
    return key


def answer(body: object) -> Scrubbed:
    response = Response(200, "OK", (("Content-Type", "application/json"),), json.dumps(body).encode())
    return Scrubbed(Interaction(HttpRequest("GET", "https://api.example.com/users"), response))


def recorded(key: Key, old: object, new: object, name: str = "test_it") -> Path:
    """Seal a cassette and a recording that waits beside it, and return the cassette."""
    path = Path.cwd() / f"{name}.tape"
    for place, body in ((path, old), (store.pending_path(path), new)):
        place.write_bytes(seal(Recording("0f" * 16, name, (answer(body),)), key).data)
    return path


def run(*tests: RecordedTest, total: int | None = None, **facts: bool) -> Run:
    return Run(tests, len(tests) if total is None else total, 0, "", **facts)


def refreshed(path: Path, outcome: str = "pending") -> Refreshed:
    return judged(run(RecordedTest(TEST, "passed", "", ((path, outcome),))))


def test_drift_keeps_the_pending_recording_and_confirms_nothing(key: Key) -> None:
    path = recorded(key, {"id": 1, "name": "Grace"}, {"id": 1})
    found = refreshed(path)
    assert [(f.kind, f.path, f.tests) for f in found.findings] == [("field-removed", "name", (TEST,))]
    assert (found.pending, found.confirmed, found.is_complete) == ((path,), (), True)
    assert store.pending_path(path).exists()
    assert confirmed_at(path) is None


def test_what_says_nothing_new_goes_and_confirms_the_cassette(key: Key) -> None:
    ids = ("7f3b0c52-91d4-4c1e-8a55-0d9be2f6a1c3", "c0a8e1d7-25b9-4f60-9e3d-6b1f4a7c8d90")
    path = recorded(key, {"id": ids[0]}, {"id": ids[1]})
    before = path.read_bytes()
    found = refreshed(path)
    assert [f.severity for f in found.findings if f.severity != "quiet"] == []
    assert (found.pending, found.confirmed) == ((), (path,))
    assert not store.pending_path(path).exists()
    assert path.read_bytes() == before
    assert confirmed_at(path) == datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def twice(path: Path, key: Key, second: object) -> tuple[Refreshed, list[str]]:
    """Refresh with a second recording that answers ``second``; return which tests it was asked for, too."""
    asked: list[str] = []

    def again(tests: Sequence[str]) -> Run:
        asked.extend(tests)
        sealed = seal(Recording("0f" * 16, "test_it", (answer(second),)), key).data
        store.pending_path(path).write_bytes(sealed)
        return run(RecordedTest(TEST, "passed", "", ((path, "pending"),)))

    return judged(run(RecordedTest(TEST, "passed", "", ((path, "pending"),))), again=again), asked


def test_what_a_second_recording_confirms_is_drift(key: Key) -> None:
    path = recorded(key, {"id": 1, "name": "Grace"}, {"id": 1})
    found, asked = twice(path, key, {"id": 1})
    assert asked == [TEST]
    assert [(f.id, f.severity) for f in found.findings] == [("field-removed", "breaking")]
    assert (found.pending, found.confirmed) == ((path,), ())
    assert not (Path.cwd() / MEMORY).exists()


def test_a_value_that_a_second_recording_has_otherwise_confirms_the_cassette_and_is_remembered(
    key: Key,
) -> None:
    path = recorded(key, {"mood": "sunny"}, {"mood": "grey"})
    found, _ = twice(path, key, {"mood": "windy"})
    assert [(f.path, f.severity) for f in found.findings] == [("mood", "quiet")]
    assert (found.pending, found.confirmed) == ((), (path,))
    assert list(read_memory(Path.cwd()).varying) == ["GET api.example.com/users mood"]
    path = recorded(key, {"mood": "sunny"}, {"mood": "foggy"})
    found, asked = twice(path, key, {})
    assert (asked, found.confirmed) == ([], (path,))


def test_what_only_one_of_two_recordings_has_is_reported_as_flapping(key: Key) -> None:
    path = recorded(key, {"id": 1, "name": "Grace"}, {"id": 1})
    found, _ = twice(path, key, {"id": 1, "name": "Grace"})
    assert [(f.kind, f.path, f.severity) for f in found.findings] == [("flapping", "name", "risky")]
    assert (found.pending, found.confirmed) == ((), (path,))
    found, _ = twice(recorded(key, {"id": 1, "name": "Grace"}, {"id": 1}), key, {"name": "Grace"})
    assert [(f.kind, f.path) for f in found.findings] == [("flapping", "id"), ("flapping", "name")]
    assert found.pending == (path,)


@pytest.mark.parametrize(
    "second",
    [run(RecordedTest(TEST, "failed", "no answer")), run(interrupted=True), run(total=1)],
    ids=["failed", "interrupted", "broken off"],
)
def test_drift_that_could_not_be_confirmed_is_told_all_the_same_and_the_refresh_is_not_complete(
    key: Key, second: Run
) -> None:
    path = recorded(key, {"id": 1, "name": "Grace"}, {"id": 1})
    found = judged(run(RecordedTest(TEST, "passed", "", ((path, "pending"),))), again=lambda tests: second)
    assert [f.id for f in found.findings] == ["field-removed"]
    assert (found.pending, found.is_complete) == ((path,), False)
    assert "could not be confirmed" in str(found.problems[0])


def test_what_flaps_is_accepted_by_its_fingerprint_for_a_time(key: Key) -> None:
    path = recorded(key, {"id": 1, "name": "Grace"}, {"id": 1})
    (fact,) = twice(path, key, {"id": 1, "name": "Grace"})[0].findings
    memory = read_memory(Path.cwd())
    assert memory.flapping[fact.fingerprint].fact == "flapping GET api.example.com/users name"
    for until, severity in ((TODAY, "quiet"), (TODAY - timedelta(days=1), "risky")):
        write_memory(Path.cwd(), memory.accepting_flapping(fact.fingerprint, until), TODAY)
        path = recorded(key, {"id": 1, "name": "Grace"}, {"id": 1})
        (again,) = twice(path, key, {"id": 1, "name": "Grace"})[0].findings
        assert (again.id, again.severity) == ("flapping", severity)


def test_a_shared_cassette_is_recorded_twice_by_all_tests_that_use_it_and_by_no_other(key: Key) -> None:
    module = recorded(key, {"name": "Grace"}, {}, "_module")
    own = recorded(key, {"name": "Grace"}, {"name": "Grace"}, "test_b")
    shared = ((module, ("test_a", "test_b")),)
    tests = [
        RecordedTest("test_a", "passed"),
        RecordedTest("test_b", "passed", "", ((own, "pending"),)),
        RecordedTest("test_last", "passed", "", ((module, "pending"),), shared),
    ]
    assert repeated(tests) == ["test_a", "test_b"]


def test_what_a_shared_cassette_shows_is_told_of_it_and_not_of_the_last_test(key: Key) -> None:
    module = recorded(key, {"name": "Grace"}, {}, "_module")
    shared = ((module, ("test_a", "test_b")),)
    found = judged(run(RecordedTest("test_last", "passed", "", ((module, "pending"),), shared)))
    assert [f.tests for f in found.findings] == [("_module",)]


def test_what_a_refresh_wrote_is_listed(key: Key) -> None:
    path = recorded(key, {"name": "Grace"}, {"name": "Grace"})
    assert refreshed(path).written == (ledger_path(path),)
    recorded(key, {"name": "Grace"}, {"name": "Grace"})
    assert refreshed(path).written == ()
    path = recorded(key, {"id": 1, "name": "Grace"}, {"id": 1})
    assert twice(path, key, {"id": 1, "name": "Grace"})[0].written == (Path.cwd() / MEMORY,)


def test_a_test_that_is_recorded_twice_takes_those_with_it_that_share_a_cassette(key: Key) -> None:
    module = recorded(key, {"name": "Grace"}, {"name": "Grace"}, "_module")
    own = recorded(key, {"name": "Grace"}, {}, "test_b")
    shared = ((module, ("test_a", "test_b")),)
    tests = [
        RecordedTest("test_a", "passed"),
        RecordedTest("test_b", "passed", "", ((own, "pending"),)),
        RecordedTest("test_last", "passed", "", ((module, "same"),), shared),
    ]
    assert repeated(tests) == ["test_a", "test_b"]


def repeated(tests: list[RecordedTest]) -> list[str]:
    """Return which tests a refresh with these asks to be recorded a second time."""
    asked: list[str] = []

    def again(wanted: Sequence[str]) -> Run:
        asked.extend(wanted)
        return run()

    judged(run(*tests), again=again)
    return asked


def test_what_is_quiet_is_not_recorded_twice(key: Key) -> None:
    path = recorded(key, {"name": "Grace"}, {"name": "Grace"})
    _, asked = twice(path, key, {})
    assert asked == []


def test_one_fact_in_two_tests_is_one_finding(key: Key) -> None:
    paths = [recorded(key, {"name": "Grace"}, {}, f"test_{n}") for n in range(2)]
    tests = [
        RecordedTest(f"test_api.py::test_{n}", "passed", "", ((p, "pending"),)) for n, p in enumerate(paths)
    ]
    (finding,) = judged(run(*tests)).findings
    assert (finding.count, finding.tests) == (2, ("test_api.py::test_0", "test_api.py::test_1"))


def test_a_recording_that_no_test_told_of_is_compared_too(key: Key) -> None:
    drifted = recorded(key, {"name": "Grace"}, {}, "test_a")
    same = recorded(key, {"name": "Grace"}, {"name": "Grace"}, "test_b")
    found = judged(run(), [drifted, same])
    assert [(f.kind, f.tests) for f in found.findings] == [("field-removed", ("test_a",))]
    assert (found.pending, found.confirmed) == ((drifted,), (same,))


def test_a_new_cassette_waits_and_is_no_drift(key: Key) -> None:
    path = recorded(key, {}, {})
    path.unlink()
    found = refreshed(path, "new")
    assert (found.findings, found.new, found.confirmed) == ((), (path,), ())


def test_tests_that_failed_alike_are_one_finding_that_is_breaking(key: Key) -> None:
    failed = [RecordedTest(f"test_api.py::test_{n}", "failed", "no answer") for n in range(3)]
    found = judged(run(*failed))
    (finding,) = found.findings
    assert (finding.id, finding.severity, finding.count) == ("recording-failed", "breaking", 3)
    assert not found.is_complete


def test_a_recording_that_cannot_be_read_is_a_problem_and_stays(key: Key) -> None:
    path = recorded(key, {"name": "Grace"}, {})
    waiting = store.pending_path(path)
    waiting.write_bytes(waiting.read_bytes()[:-50])
    found = refreshed(path)
    assert [type(problem).__name__ for problem in found.problems] == ["CassetteTruncated"]
    assert (found.is_complete, waiting.exists(), confirmed_at(path)) == (False, True, None)


def test_a_cassette_under_another_key_is_a_problem(key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    path = recorded(key, {"name": "Grace"}, {})
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)
    found = refreshed(path)
    assert [type(problem).__name__ for problem in found.problems] == ["KeyWrong"]
    assert not found.is_complete


@pytest.mark.parametrize(
    "broken",
    [
        run(total=1),
        run(interrupted=True),
        run(finished=False),
        run(RecordedTest(TEST, "passed"), total=2),
    ],
    ids=["not begun", "interrupted", "broken off", "stopped early"],
)
def test_a_run_that_did_not_come_to_its_end_is_not_complete(broken: Run) -> None:
    assert not judged(broken).is_complete


def test_recording_takes_a_sandbox_that_answers() -> None:
    named = Settings(sandbox=SandboxSettings(hosts=("*.sandbox.example.com",)))
    require_rules(named, None)
    require_rules(Settings(sandbox=SandboxSettings(accounts=("210987654321",))), None)
    require_rules(Settings(), "embedded")
    with pytest.raises(UsageError, match="there is no sandbox to record against"):
        require_rules(Settings(sandbox=SandboxSettings(regions=("eu-west-1",))), None)
    with pytest.raises(SandboxUnreachable, match="nothing answers at"):
        require_rules(named, "http://127.0.0.1:9")


def test_a_key_is_asked_for_before_anything_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(KeyMissing):
        require_key(Settings(key_id="0123456789abcdef"))


def test_what_is_pending_is_named_up_to_five() -> None:
    require_none_pending([])
    with pytest.raises(SealtapeError, match=r"7 pending .*: 0, 1, 2, 3, 4 and 2 more"):
        require_none_pending([str(n) for n in range(7)])
