"""What is wrong with keys, files and names ends in one clear error, with nothing sent or lost."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from sealtape import store
from sealtape.interaction import HttpRequest, Interaction, Recording, Response, Scrubbed
from sealtape.modes import MODES
from sealtape.seal import Key, new_key, parse_key, seal, unseal
from tests.plugin.projects import Project
from tests.servers import Service

TEST = """
    import os, pytest, requests

    @pytest.mark.vcr
    def test_count():
        assert requests.get(os.environ["URL"] + "/count").json()["count"] == 1
"""
MANY = """
    import os, pytest, requests

    @pytest.mark.vcr
    @pytest.mark.parametrize("damage", NAMES)
    def test_it(damage):
        for path in ("/count", "/"):
            requests.get(os.environ["URL"] + path)
"""
CALL = Scrubbed(Interaction(HttpRequest("GET", "https://example.com/"), Response(200)))
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
    assert "1 test is locked and failed: there is no key here" in run.output
    assert "hint: export SEALTAPE_KEY=…" in run.output
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


def _older(data: bytes, key: Key) -> bytes:
    """Return the file of ``data`` as it would be had its second answer been another one."""
    made = unseal(data, key, where="")
    first, second = made.interactions
    other = replace(second, interaction=replace(second.interaction, outcome=Response(200, body=b"older")))
    return seal(replace(made, interactions=(first, other)), key).data


def _damages(data: bytes, key: Key) -> dict[str, tuple[bytes, str]]:
    """Return what may have become of a cassette with two rows: the file, and the error with its place."""
    lines, older = data.splitlines(True), _older(data, key).splitlines(True)
    other = seal(replace(unseal(data, key, where=""), cassette_id="ab" * 16), key).data.splitlines(True)
    sealed = data.index(b'"sealed":"', len(lines[0])) + 40

    def laid(*rows: bytes) -> bytes:
        return b"".join(rows)

    def with_row(row: bytes) -> bytes:
        return laid(lines[0], row, *lines[2:])

    bit = data[:sealed] + bytes([data[sealed] ^ 1]) + data[sealed + 1 :]
    return {
        "bit": (bit, "CassetteTampered: {} row 1"),
        "word": (data.replace(b'"status":200', b'"status":201', 1), "CassetteTampered: {} row 1 (GET"),
        "header": (data.replace(b'"name":"c', b'"name":"C', 1), "CassetteTampered: {} header row"),
        "removed": (laid(lines[0], *lines[2:]), "CassetteTampered: {} row 1: this row is missing"),
        "repeated": (laid(*lines[:2], *lines[1:]), "CassetteTampered: {} row 2"),
        "swapped": (laid(lines[0], lines[2], lines[1], lines[3]), "CassetteTampered: {} row 1"),
        "elsewhere": (laid(*lines[:2], other[2], lines[3]), "CassetteTampered: {} row 2"),
        "older": (laid(*lines[:2], older[2], lines[3]), "CassetteTampered: {} row 2"),
        "end": (laid(*lines[:3], older[3]), "CassetteTampered: {} row 2"),
        "cut": (data[:-200], "CassetteTruncated: {}"),
        "halved": (laid(*lines[:2]), "CassetteTruncated: {}"),
        "empty": (b"", "CassetteTruncated: {}"),
        "crlf": (data.replace(b"\n", b"\r\n"), "CassetteTampered: {}: the line ends"),
        "merged": (b"<<<<<<< HEAD\n" + data, "CassetteConflicted: {}"),
        "deep": (with_row(b'{"id":' + b"[" * 100_000 + b"\n"), "CassetteTampered: {} row 1"),
        "huge": (with_row(b'{"id":"' + b"x" * 9_000_000 + b'"}\n'), "CassetteTampered: {} row 1"),
        "list": (with_row(b"[]\n"), "CassetteTampered: {} row 1"),
        "newer": (data.replace(b'{"sealtape":1', b'{"sealtape":9', 1), "CassetteTooNew: {}"),
        "foreign": (b"not a cassette\n", "CassetteMalformed: {}"),
        "another": (seal(unseal(data, key, where=""), new_key()).data, "KeyWrong: {}"),
    }


def test_a_cassette_that_cannot_be_opened_is_told_and_never_recorded_over(
    project: Project, http: Service
) -> None:
    key = parse_key(project.key)
    names = list(_damages(seal(Recording("0f" * 16, "c", (CALL, CALL)), key).data, key))
    project.write({"test_a.py": MANY.replace("NAMES", repr(names))})
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"passed": len(names)}
    sent, expected = len(http.asked), {}
    for path, data in project.tapes().items():
        damaged, expected[path] = _damages(data, key)[path[path.index("[") + 1 : -len("].tape")]]
        (project.folder / path).write_bytes(damaged)
    before = project.tapes()
    for mode in MODES:
        run = project.pytest(f"--record-mode={mode}", "--tb=line", URL=http.url)
        assert run.outcomes == {"error": len(names)}, (mode, run.output)
        for path, error in expected.items():
            assert error.format(path) in run.output, (mode, run.output)
        assert run.output.count("hint: ") >= len(names)
        assert (project.tapes(), len(http.asked)) == (before, sent), mode


@pytest.mark.parametrize("mode", ["none", "rewrite"])
def test_a_wrong_key_is_not_a_missing_cassette(recorded: Project, http: Service, mode: str) -> None:
    before = recorded.tapes()
    run = recorded.pytest(f"--record-mode={mode}", key=new_key().text, URL=http.url)
    assert "KeyWrong" in run.output
    assert recorded.tapes() == before
    assert len(http.asked) == 1


def test_a_malformed_key_is_named_and_not_shown(recorded: Project, http: Service) -> None:
    run = recorded.pytest(key="sealtape-not-a-key-1234", URL=http.url)
    assert "1 test is locked and failed: SEALTAPE_KEY: this is not a sealtape key" in run.output
    assert "not-a-key-1234" not in run.output


def test_a_copied_cassette_belongs_to_its_first_name(recorded: Project, http: Service) -> None:
    shutil.copy(recorded.folder / TAPE, recorded.folder / "cassettes/test_a/test_other.tape")
    recorded.write({"test_a.py": TEST.replace("test_count", "test_other")})
    run = recorded.replay(URL=http.url)
    assert "CassetteMisnamed" in run.output
    assert "sealtape mv" in run.output


FOLDER = """
    import pytest

    @pytest.fixture(scope="module")
    def vcr_cassette_dir({}):
        return {}
"""


def test_a_name_that_leaves_the_folder_is_refused(project: Project, http: Service) -> None:
    text = TEST.replace(
        "@pytest.mark.vcr", '@pytest.mark.default_cassette("../../out")\n    @pytest.mark.vcr'
    )
    run = project.write({"test_a.py": text}).pytest("--record-mode=once", URL=http.url)
    assert "NameEscapes" in run.output
    assert http.asked == []
    assert not list(project.folder.parent.rglob("*.tape"))


SAME_NAMES = """
    import pytest

    @pytest.mark.vcr
    @pytest.mark.parametrize("x", ["a/b", "a-b"])
    def test_x(x):
        pass

    @pytest.mark.vcr
    def test_it():
        pass

    @pytest.mark.vcr
    def test_IT():
        pass

    @pytest.mark.vcr
    @pytest.mark.default_cassette("_Module")
    def test_of_a_scope():
        pass
"""
SAME_FOLDER = """
    import pytest

    @pytest.mark.vcr
    def test_in_both():
        pass

    @pytest.mark.vcr
    @pytest.mark.default_cassette("together")
    def test_on_purpose():
        pass
"""


def test_two_tests_that_map_to_one_file_are_refused_at_collection(project: Project) -> None:
    project.write(
        {
            "test_a.py": SAME_NAMES,
            "one/conftest.py": FOLDER.format("", '"shared"'),
            "one/test_b.py": SAME_FOLDER,
            "one/test_c.py": SAME_FOLDER,
        }
    )
    run = project.pytest()
    assert run.code == 4
    assert run.output.count("two tests share one cassette") == 3
    assert "test_a.py::test_x[a-b]: " in run.output
    assert "test_a.py::test_IT: " in run.output
    assert "test_c.py::test_in_both: " in run.output
    assert "test_a.py::test_of_a_scope: a test's cassette cannot be called _Module" in run.output


def test_cassettes_that_meet_in_a_folder_known_only_in_the_run_are_refused_there(
    project: Project, http: Service
) -> None:
    text = """
        import os, pytest, requests

        @pytest.fixture(scope="module")
        def users():
            return requests.get(os.environ["URL"] + "/counter").json()

        @pytest.mark.vcr
        def test_same():
            requests.get(os.environ["URL"] + "/counter")

        @pytest.mark.vcr
        def test_users_{}(users):
            pass
    """
    project.write(
        {
            "conftest.py": FOLDER.format("request", 'str(request.path.parent / "all")'),
            "test_a.py": text.format("a"),
            "test_b.py": text.format("b"),
        }
    )
    run = project.pytest("--record-mode=once", URL=http.url)
    assert run.outcomes == {"passed": 2, "error": 2}, run.output
    assert "test_b.py::test_same: two tests share one cassette" in run.output
    assert "test_b.py: fixtures of two modules or classes share one cassette" in run.output
    assert sorted(project.tapes()) == ["all/_module.tape", "all/test_same.tape"]


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
    assert "ResidueFound: there is what nobody can look into: rule unreadable" in run.output
    assert "POST:request.body" in run.output
    assert "allow = [" in run.output
    assert project.tapes() == {}
