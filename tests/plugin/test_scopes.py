"""Traffic of fixtures that outlive a test."""

from __future__ import annotations

from tests.plugin.projects import Project
from tests.servers import Service

TESTS = """
    import os, pytest, requests

    URL = os.environ["URL"]

    @pytest.fixture(scope="module")
    def module_token():
        yield requests.post(URL + "/token").json()["access_token"]
        requests.get(URL + "/count?module-teardown")

    @pytest.mark.vcr
    def test_one(session_count, module_token):
        assert requests.get(URL + "/json", headers={"Authorization": module_token}).ok

    @pytest.mark.vcr
    def test_two(session_count, module_token):
        assert session_count and module_token
"""

CONFTEST = """
    import os, pytest, requests

    URL = os.environ["URL"]

    @pytest.fixture(scope="session")
    def session_count():
        yield requests.get(URL + "/count?session").json()["count"]
        requests.get(URL + "/json?session-teardown")
"""


def files(project: Project) -> Project:
    return project.write({"tests/conftest.py": CONFTEST, "tests/test_a.py": TESTS})


def test_each_scope_has_a_cassette_of_its_own_teardown_included(project: Project, http: Service) -> None:
    assert files(project).pytest("--record-mode=once", URL=http.url).outcomes == {"passed": 2}
    assert list(project.tapes()) == [
        "tests/cassettes/_session.tape",
        "tests/cassettes/test_a/_module.tape",
        "tests/cassettes/test_a/test_one.tape",
    ]
    asked = len(http.asked)
    assert project.replay(URL=http.url).outcomes == {"passed": 2}
    assert project.replay("-k", "test_two", URL=http.url).code == 0
    assert len(http.asked) == asked == 5


def test_in_mode_none_an_unrecorded_scope_is_refused_and_not_live(project: Project, http: Service) -> None:
    run = files(project).pytest(URL=http.url)
    assert run.outcomes == {"error": 2}
    assert "GET 127.0.0.1/count was never recorded" in run.output
    assert http.asked == []


def test_a_scope_is_not_recorded_if_its_fixture_fails(project: Project, http: Service) -> None:
    broken = CONFTEST.replace(
        "        yield requests", "        requests.get(URL + '/json')\n        1 / 0\n        yield requests"
    )
    project.write({"tests/conftest.py": broken, "tests/test_a.py": TESTS})
    assert project.pytest("--record-mode=once", URL=http.url).code == 1
    assert project.tapes() == {}


def test_scopes_are_locked_like_tests(project: Project, http: Service) -> None:
    files(project).pytest("--record-mode=once", URL=http.url)
    failed = project.replay(key=None, URL=http.url)
    assert failed.outcomes == {"locked": 2}
    skipped = project.replay("--sealtape-locked=skip", key=None, URL=http.url)
    assert (skipped.code, skipped.outcomes) == (0, {"skipped": 2})
    assert "2 tests are locked and skipped" in skipped.output


def test_a_scope_is_not_recorded_by_several_workers_at_once(project: Project, http: Service) -> None:
    module = TESTS.replace("session_count, ", "").replace("session_count and ", "")
    project.write({"tests/test_a.py": module})
    spread = project.pytest("--record-mode=once", "-n", "2", URL=http.url)
    assert "a fixture of module scope cannot be recorded here" in spread.output
    assert "hint: pytest --record-mode=once --dist loadfile" in spread.output
    together = project.pytest("--record-mode=once", "-n", "2", "--dist", "loadfile", URL=http.url)
    assert together.outcomes == {"passed": 2}
    assert project.replay("-n", "2", URL=http.url).outcomes == {"passed": 2}


def test_a_stand_in_of_a_recorded_scope_is_not_sent_to_the_provider(project: Project, http: Service) -> None:
    files(project).pytest("--record-mode=once", URL=http.url)
    more = (
        TESTS
        + """
    @pytest.mark.vcr
    def test_added(module_token):
        requests.get(URL + "/json", headers={"Authorization": module_token})
"""
    )
    asked = len(http.asked)
    run = project.write({"tests/test_a.py": more}).pytest("--record-mode=once", URL=http.url)
    assert "is a stand-in from the cassette, which no real provider may see" in run.output
    assert len(http.asked) == asked


def test_setup_module_and_setup_class_are_scopes_too(project: Project, http: Service) -> None:
    text = """
        import os, pytest, requests

        URL = os.environ["URL"]
        pytestmark = pytest.mark.vcr

        def setup_module():
            requests.get(URL + "/json?module")

        class TestIt:
            def setup_class(cls):
                cls.count = requests.get(URL + "/count?class").json()["count"]

            def test_a(self):
                assert self.count == 1
    """
    project.write({"test_a.py": text})
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"passed": 1}
    assert list(project.tapes()) == ["cassettes/test_a/_class.TestIt.tape", "cassettes/test_a/_module.tape"]
    asked = len(http.asked)
    assert project.replay(URL=http.url).outcomes == {"passed": 1}
    assert len(http.asked) == asked


def test_a_fixture_that_asks_for_another_of_its_scope_goes_on_in_its_cassette(
    project: Project, http: Service
) -> None:
    text = """
        import os, pytest, requests

        URL = os.environ["URL"]

        @pytest.fixture(scope="module")
        def inner():
            return requests.get(URL + "/json?inner").ok

        @pytest.fixture(scope="module")
        def outer(request):
            return request.getfixturevalue("inner") and requests.get(URL + "/json?outer").ok

        @pytest.mark.vcr
        def test_it(outer):
            assert outer
    """
    project.write({"tests/test_a.py": text})
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"passed": 1}
    assert list(project.tapes()) == ["tests/cassettes/test_a/_module.tape"]
    assert project.replay(URL=http.url).outcomes == {"passed": 1}
    assert [path for _, path in http.asked] == ["/json?inner", "/json?outer"]
