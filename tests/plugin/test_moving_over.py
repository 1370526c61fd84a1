"""From plain cassettes to sealed ones, by file or by folder, and back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.plugin.projects import Project
from tests.servers import Service

TEST = """
    import pytest, requests

    @pytest.fixture(scope="module")
    def vcr_config():
        return {{"serializer": "{serializer}"}} if "{serializer}" != "yaml" else {{}}

    @pytest.mark.vcr
    def test_one():
        assert requests.get("http://api.example.com/count").json() == {{"count": 1}}

    @pytest.mark.vcr
    class TestIn:
        def test_two(self):
            assert requests.get("http://api.example.com/count").json() == {{"count": 2}}
"""
YAML = """
    interactions:
    - request: {{body: null, headers: {{}}, method: GET, uri: 'http://api.example.com/{path}'}}
      response:
        body: {{string: '{{"count": {count}}}'}}
        headers: {{Content-Type: [application/json]}}
        status: {{code: 200, message: OK}}
    version: 1
"""
JSON = """
    {{"version": 1, "interactions": [{{
        "request": {{"body": null, "headers": {{}}, "method": "GET", "uri": "http://api.example.com/{path}"}},
        "response": {{"body": {{"string": "{{\\"count\\": {count}}}"}}, "headers": {{}},
                      "status": {{"code": 200, "message": "OK"}}}}}}]}}
"""
PROGRAM = "import sys; from sealtape.cli import main; sys.exit(main())"


def sealtape(project: Project, *arguments: str) -> str:
    """Run the command line in a project."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    env = os.environ | {"SEALTAPE_KEY": project.key, "HOME": str(project.folder.parent / "home")}
    done = subprocess.run(command, cwd=project.folder, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def passes(project: Project, *, by_tape: int, by_plain: int = 0) -> None:
    """Check that so many tests pass offline with the key, and how many of them need no key."""
    assert project.replay().outcomes == {"passed": by_tape + by_plain}
    expected = {"passed": by_plain, "locked": by_tape}
    assert project.replay(key=None).outcomes == {word: n for word, n in expected.items() if n}


def suite(project: Project, kind: str) -> Project:
    """Make a suite of pytest-recording with two plain cassettes."""
    text = YAML if kind == "yaml" else JSON
    return project.write(
        {
            "test_a.py": TEST.format(serializer=kind),
            f"cassettes/test_a/test_one.{kind}": text.format(count=1, path="count"),
            f"cassettes/test_a/TestIn.test_two.{kind}": text.format(count=2, path="count"),
        }
    )


def test_a_suite_moves_file_by_file_and_back_without_loss(project: Project) -> None:
    suite(project, "yaml")
    before = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}
    sealtape(project, "import", "cassettes/test_a/test_one.yaml")
    passes(project, by_plain=1, by_tape=1)
    sealtape(project, "import", "cassettes")
    moved = project.replay()
    assert moved.outcomes == {"passed": 2}
    assert "2 cassettes are still there in plain text beside a sealed one" in moved.output
    for name in project.tapes():
        (project.folder / name).unlink()
    assert project.replay(key=None).outcomes == {"passed": 2}
    assert {path: path.read_bytes() for path in before} == before


def test_a_suite_with_json_cassettes_replays_them_and_moves(project: Project) -> None:
    suite(project, "json")
    assert project.replay(key=None).outcomes == {"passed": 2}
    sealtape(project, "import", "--remove", "cassettes")
    assert not list(project.folder.rglob("*.json"))
    assert project.replay().outcomes == {"passed": 2}


@pytest.mark.parametrize("remove", [(), ("--remove",)], ids=["kept", "removed"])
def test_shared_cassettes_that_markers_name_as_plain_ones_move_too(
    project: Project, remove: tuple[str, ...]
) -> None:
    text = """
        import pytest, requests

        @pytest.mark.vcr("shared.yaml")
        def test_one():
            assert requests.get("http://api.example.com/count").json() == {"count": 1}
            assert requests.get("http://api.example.com/shared").json() == {"count": 5}
    """
    project.write(
        {
            "test_a.py": text,
            "cassettes/test_a/test_one.yaml": YAML.format(count=1, path="count"),
            "cassettes/test_a/shared.yaml": YAML.format(count=5, path="shared"),
        }
    )
    sealtape(project, "import", *remove, "cassettes")
    assert project.replay().outcomes == {"passed": 1}


def test_a_test_with_only_a_shared_plain_cassette_moves_too(project: Project) -> None:
    text = """
        import pytest, requests

        @pytest.mark.vcr("shared.yaml")
        def test_one():
            assert requests.get("http://api.example.com/shared").json() == {"count": 5}
    """
    shared = {"test_a.py": text, "cassettes/test_a/shared.yaml": YAML.format(count=5, path="shared")}
    project.write(shared)
    sealtape(project, "import", "--remove", "cassettes")
    assert project.replay().outcomes == {"passed": 1}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("body: null", "body: !!python/object/apply:os.mkdir [executed]", "!!python/object/apply:os.mkdir"),
        ("headers: {}", "headers: &h {x: [*h]}", "its aliases repeat themselves"),
    ],
)
def test_a_plain_cassette_that_is_more_than_data_is_refused_before_vcrpy_reads_it(
    project: Project, old: str, new: str, said: str
) -> None:
    text = YAML.format(count=1, path="count")
    assert old in text
    project.write(
        {
            "test_a.py": TEST.format(serializer="yaml"),
            "cassettes/test_a/test_one.yaml": text.replace(old, new),
            "cassettes/test_a/TestIn.test_two.yaml": YAML.format(count=2, path="count"),
        }
    )
    run = project.replay()
    assert run.outcomes == {"passed": 1, "error": 1}
    assert "CassetteMalformed: " in run.output
    assert said in run.output
    assert not (project.folder / "executed").exists()


BACK = """
    import os, pytest, httpx, requests

    URL = os.environ["URL"]

    @pytest.mark.vcr
    def test_requests():
        answers = [requests.get(URL + path) for path in ("/json", "/gzip", "/binary", "/chunked", "/empty")]
        assert [len(answer.content) for answer in answers] == [31, 280, 256, 13, 0]
        assert sorted(requests.get(URL + "/cookie").cookies.keys()) == ["a", "b"]
        assert requests.get(URL + "/redirect").json()["answer"] == 42
        assert requests.post(URL + "/echo", data=b"\\xff\\x00").content == b"\\xff\\x00"
        assert [requests.get(URL + "/count").json()["count"] for _ in "ab"] == [1, 2]

    @pytest.mark.vcr
    def test_httpx():
        assert len(httpx.get(URL + "/gzip").content) == 280
"""


def test_what_was_sealed_is_exported_and_replayed_without_sealtape(project: Project, http: Service) -> None:
    project.write({"test_a.py": BACK})
    recorded = project.pytest("--record-mode=once", URL=http.url)
    assert recorded.outcomes == {"passed": 2}, recorded.output
    asked = list(http.asked)
    said = sealtape(project, "export", "cassettes")
    assert "test_requests.tape -> cassettes/test_a/test_requests.yaml: 11 interactions" in said
    for name in project.tapes():
        (project.folder / name).unlink()
    back = project.pytest("-pno:sealtape", key=None, URL=http.url)
    assert back.outcomes == {"passed": 2}, back.output
    assert http.asked == asked
    sealtape(project, "import", "--remove", "cassettes")
    assert project.replay(URL=http.url).outcomes == {"passed": 2}
    assert http.asked == asked
