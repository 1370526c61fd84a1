"""What a project gives to vcrpy holds for sealed cassettes, or is said not to."""

from __future__ import annotations

from tests.plugin.projects import Project
from tests.servers import Service

TEST = """
    import os, pytest, requests

    @pytest.mark.vcr
    def test_a(vcr):
        requests.get(os.environ["URL"] + "/json", headers={"X-Secret": "one"})
        assert "X-Secret" not in vcr.requests[0].headers
"""


def test_options_hold_or_are_warned_of(project: Project, http: Service) -> None:
    config = """
        import pytest

        @pytest.fixture(scope="session")
        def vcr_config():
            return {"filter_headers": ["x-secret"], "filter_header": [], "skip_patchers": ("boto3",),
                    "cassette_library_dir": "tapes", "path_transformer": lambda name: name + "-v2.yaml"}
    """
    run = project.write({"test_a.py": TEST, "conftest.py": config}).pytest("--record-mode=once", URL=http.url)
    assert run.outcomes == {"passed": 1, "warning": 2}
    assert "no option filter_header, of vcrpy's or of sealtape's" in run.output
    assert "did you mean filter_headers?" in run.output
    assert "skip_patchers" in run.output
    assert list(project.tapes()) == ["tapes/test_a-v2.tape"]
    assert project.replay(URL=http.url).outcomes["passed"] == 1


def test_a_path_that_leaves_the_folder_is_refused(project: Project, http: Service) -> None:
    config = """
        import pytest

        @pytest.fixture
        def vcr_config():
            return {"path_transformer": lambda name: "/tmp/elsewhere/" + name}
    """
    run = project.write({"test_a.py": TEST, "conftest.py": config}).pytest("--record-mode=once", URL=http.url)
    assert run.outcomes == {"error": 1}
    assert "NameEscapes" in run.output
    assert http.asked == []


def test_a_hook_adds_to_what_is_scrubbed_and_takes_nothing_away(project: Project, http: Service) -> None:
    test = """
        import os, pytest, requests

        @pytest.mark.vcr
        def test_a():
            requests.post(os.environ["URL"] + "/json", json={"ticket": "one-of-ours", "note": "blue heron"})
    """
    hook = """
        def pytest_sealtape_scrub(config):
            return {"names": ["ticket"], "values": ["blue heron"]}
    """
    project.write({"test_a.py": test, "conftest.py": hook})
    recorded = project.pytest("--record-mode=once", URL=http.url)
    assert "registered-name" in recorded.output
    assert "registered-value" in recorded.output
    assert project.replay(URL=http.url).outcomes == {"passed": 1}
    refused = project.write({"conftest.py": hook.replace('"names"', '"off"')}).replay(URL=http.url)
    assert "'off' cannot be given here" in refused.output
