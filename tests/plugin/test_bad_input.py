"""What is wrong with keys, files and names ends in one clear error, with nothing sent or lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from sealtape import store
from sealtape.seal.keyring import new_key
from tests.plugin.projects import Project
from tests.servers import Service

TEST = """
    import os, pytest, requests

    @pytest.mark.vcr
    def test_count():
        assert requests.get(os.environ["URL"] + "/count").json()["count"] == 1
"""
TAPE = "cassettes/test_a/test_count.tape"


@pytest.fixture
def recorded(project: Project, http: Service) -> Project:
    project.write({"test_a.py": TEST}).pytest("--record-mode=once", URL=http.url)
    assert list(project.tapes()) == [TAPE]
    return project


def test_without_its_key_a_test_is_locked_and_the_run_fails(recorded: Project, http: Service) -> None:
    run = recorded.replay(key=None, URL=http.url)
    assert run.code == 1
    assert run.outcomes == {"locked": 1}
    assert "1 test is locked and failed" in run.output
    assert "SEALTAPE_KEY" in run.output
    assert len(http.asked) == 1


def test_locked_tests_are_skipped_if_asked(recorded: Project, http: Service) -> None:
    run = recorded.replay("--sealtape-locked=skip", key=None, URL=http.url)
    assert (run.code, run.outcomes) == (0, {"skipped": 1})
    assert "1 test is locked and skipped" in run.output


def test_recording_without_a_key_sends_nothing(project: Project, http: Service) -> None:
    run = project.write({"test_a.py": TEST}).pytest("--record-mode=once", key=None, URL=http.url)
    assert run.code == 1
    assert "sealtape init" in run.output
    assert http.asked == []


@pytest.mark.parametrize("mode", ["none", "rewrite"])
@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda data: data[:-200], "CassetteTruncated"),
        (lambda data: data.replace(b'"status":200', b'"status":201'), "CassetteTampered"),
        (lambda data: b"<<<<<<< HEAD\n" + data, "CassetteConflicted"),
        (lambda data: data.replace(b'{"sealtape":1', b'{"sealtape":9', 1), "CassetteTooNew"),
        (lambda data: b"not a cassette\n", "CassetteMalformed"),
        (lambda data: b"", "Cassette"),
    ],
    ids=["truncated", "edited", "conflicted", "newer", "foreign", "empty"],
)
def test_a_cassette_that_cannot_be_opened_is_never_recorded_over(
    recorded: Project, http: Service, mode: str, damage: Callable[[bytes], bytes], error: str
) -> None:
    path = recorded.folder / TAPE
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    run = recorded.pytest(f"--record-mode={mode}", URL=http.url)
    assert run.code == 1
    assert error in run.output
    assert "hint: " in run.output
    assert path.read_bytes() == damaged
    assert len(http.asked) == 1


@pytest.mark.parametrize("mode", ["none", "rewrite"])
def test_a_wrong_key_is_not_a_missing_cassette(recorded: Project, http: Service, mode: str) -> None:
    before = recorded.tapes()
    run = recorded.pytest(f"--record-mode={mode}", key=new_key().text, URL=http.url)
    assert "KeyWrong" in run.output
    assert recorded.tapes() == before
    assert len(http.asked) == 1


def test_a_malformed_key_is_named_and_not_shown(recorded: Project, http: Service) -> None:
    run = recorded.pytest(key="sealtape-not-a-key-1234", URL=http.url)
    assert "KeyMalformed" in run.output
    assert "not-a-key-1234" not in run.output


def test_a_copied_cassette_belongs_to_its_first_name(recorded: Project, http: Service) -> None:
    shutil.copy(recorded.folder / TAPE, recorded.folder / "cassettes/test_a/test_other.tape")
    recorded.write({"test_a.py": TEST.replace("test_count", "test_other")})
    run = recorded.replay(URL=http.url)
    assert "CassetteMisnamed" in run.output
    assert "sealtape mv" in run.output


def test_a_name_that_leaves_the_folder_is_refused(project: Project, http: Service) -> None:
    text = TEST.replace(
        "@pytest.mark.vcr", '@pytest.mark.default_cassette("../../out")\n    @pytest.mark.vcr'
    )
    run = project.write({"test_a.py": text}).pytest("--record-mode=once", URL=http.url)
    assert "NameEscapes" in run.output
    assert http.asked == []
    assert not list(project.folder.parent.rglob("*.tape"))


def test_two_tests_that_map_to_one_file_are_refused_at_collection(project: Project) -> None:
    text = """
        import pytest

        @pytest.mark.vcr
        @pytest.mark.parametrize("x", ["a/b", "a-b"])
        def test_x(x):
            pass
    """
    run = project.write({"test_a.py": text}).pytest()
    assert run.code == 4
    assert "two tests share one cassette" in run.output
    assert "test_x[a/b]" in run.output


def test_names_that_differ_only_by_case_are_refused(project: Project) -> None:
    text = """
        import pytest

        @pytest.mark.vcr
        def test_it():
            pass

        @pytest.mark.vcr
        def test_IT():
            pass
    """
    assert project.write({"test_a.py": text}).pytest().code == 4


def test_very_long_names_have_cassettes_too(project: Project, http: Service) -> None:
    text = TEST.replace("def test_count()", "def test_count(x)").replace(
        "@pytest.mark.vcr", f'@pytest.mark.vcr\n    @pytest.mark.parametrize("x", ["{"y" * 300}"])'
    )
    assert project.write({"test_a.py": text}).pytest("--record-mode=once", URL=http.url).code == 0
    assert project.replay(URL=http.url).code == 0
    assert len(http.asked) == 1


def test_a_folder_that_cannot_be_written_is_known_before_anything_is_sent(
    project: Project, http: Service
) -> None:
    project.write({"test_a.py": TEST, "cassettes": "a file where the folder should be"})
    run = project.pytest("--record-mode=once", URL=http.url)
    assert "StoreUnwritable" in run.output
    assert http.asked == []


def test_a_cassette_that_another_process_is_writing_is_left_to_it(
    project: Project, http: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write({"test_a.py": TEST})
    monkeypatch.setenv("HOME", str(project.folder.parent / "home"))  # locks lie in a person's cache folder
    with store.lock(project.folder / TAPE):
        run = project.pytest("--record-mode=once", URL=http.url)
    assert "CassetteBusy" in run.output
    assert http.asked == []
    assert project.tapes() == {}


def test_an_unknown_setting_stops_the_run(project: Project) -> None:
    project.write({"pyproject.toml": "[tool.sealtape]\nunplaid = 'fail'\n", "test_a.py": TEST})
    run = project.pytest()
    assert run.code == 4
    assert "unknown setting 'unplaid'" in run.output
    assert "hint: rename it to 'unplayed'" in run.output


def test_what_cannot_be_searched_for_secrets_is_not_written(project: Project, http: Service) -> None:
    text = """
        import gzip, os, pytest, requests

        @pytest.mark.vcr
        def test_a():
            body = gzip.compress(b"a long text " * 500)[:-20]
            requests.post(os.environ["URL"] + "/echo", data=body, headers={"Content-Encoding": "gzip"})
    """
    run = project.write({"test_a.py": text}).pytest("--record-mode=once", URL=http.url)
    assert run.outcomes == {"passed": 1, "error": 1}
    assert "ResidueFound: scrubbing left" in run.output
    assert "POST:request.body" in run.output
    assert "allow = [" in run.output
    assert project.tapes() == {}
