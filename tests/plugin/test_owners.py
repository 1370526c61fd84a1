"""To whom traffic belongs that a test does not make in its own body, on its own thread, the first time."""

from __future__ import annotations

from tests.plugin.projects import Project
from tests.servers import Service

UNITTEST = """
    import os, unittest
    import pytest, requests

    URL = os.environ["URL"]

    def setUpModule():
        requests.get(URL + "/json?setUpModule")

    @pytest.mark.vcr
    class TestIt(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            cls.count = requests.get(URL + "/count?setUpClass").json()["count"]

        @classmethod
        def tearDownClass(cls):
            requests.get(URL + "/json?tearDownClass")

        def setUp(self):
            requests.get(URL + "/json?setUp")
            self.addCleanup(requests.get, URL + "/json?cleanup")

        def tearDown(self):
            requests.get(URL + "/json?tearDown")

        def test_one(self):
            assert requests.get(URL + "/json?one").ok and self.count == 1

        def test_two(self):
            with self.subTest("a part of it"):
                assert requests.get(URL + "/json?two").ok
"""


def test_what_unittest_does_around_a_test_belongs_to_it_and_around_a_class_to_the_class(
    project: Project, http: Service
) -> None:
    project.write({"test_a.py": UNITTEST})
    assert project.pytest("--record-mode=once", URL=http.url).code == 0
    assert list(project.tapes()) == [
        "cassettes/test_a/TestIt.test_one.tape",
        "cassettes/test_a/TestIt.test_two.tape",
        "cassettes/test_a/_class.TestIt.tape",
        "cassettes/test_a/_module.tape",
    ]
    asked = len(http.asked)
    assert asked == 3 + 2 * 4
    replayed = project.replay("--sealtape-unplayed=fail", URL=http.url)
    assert replayed.code == 0, replayed.output
    assert len(http.asked) == asked


def test_a_miss_that_a_unittest_swallows_fails_it_wherever_it_was(project: Project) -> None:
    text = """
        import boto3, pytest, unittest

        def swallowed():
            try:
                boto3.client("sqs").list_queues()
            except Exception:
                pass

        @pytest.mark.vcr
        class TestIt(unittest.TestCase):
            def setUp(self):
                self._testMethodName == "test_set_up" and swallowed()

            def tearDown(self):
                self._testMethodName == "test_tear_down" and swallowed()

            def test_set_up(self):
                pass

            def test_tear_down(self):
                pass

            def test_sub_test(self):
                with self.subTest():
                    swallowed()

            def test_nothing(self):
                pass

            @unittest.expectedFailure
            def test_expected(self):
                boto3.client("sqs").list_queues()
    """
    run = project.write({"test_a.py": text}).replay()
    assert run.outcomes == {"failed": 3, "passed": 1, "xfailed": 1}, run.output


RERUN = """
    import os, pathlib, pytest, requests

    URL = os.environ["URL"]

    @pytest.fixture(scope="module")
    def count():
        return requests.get(URL + "/count").json()["count"]

    @pytest.mark.vcr
    def test_flaky(count):
        assert requests.get(URL + "/json?first").ok
        tried = pathlib.Path("tried")
        tried.write_text(tried.read_text() + "." if tried.exists() else ".")
        assert len(tried.read_text()) % 2 == 0
        assert requests.get(URL + "/json?second").ok and count == 1
"""


def test_each_rerun_begins_its_cassette_anew(project: Project, http: Service) -> None:
    project.write({"test_a.py": RERUN})
    recorded = project.pytest("--record-mode=once", "--reruns=1", URL=http.url)
    assert recorded.outcomes == {"passed": 1, "rerun": 1}, recorded.output
    asked = len(http.asked)
    assert asked == 1 + 1 + 2, "the fixture, the run that failed, the one that did not"
    replayed = project.replay("--reruns=1", "--sealtape-unplayed=fail", URL=http.url)
    assert replayed.outcomes == {"passed": 1, "rerun": 1}, replayed.output
    assert len(http.asked) == asked


def test_a_swallowed_miss_fails_each_rerun(project: Project) -> None:
    text = """
        import boto3, pytest

        @pytest.mark.vcr
        def test_a():
            try:
                boto3.client("sqs").list_queues()
            except Exception:
                pass
    """
    run = project.write({"test_a.py": text}).replay("--reruns=2")
    assert run.outcomes == {"failed": 1, "rerun": 2}, run.output


THREADS = """
    import os, queue, threading
    import pytest, requests

    URL = os.environ["URL"]
    work, done, late = queue.Queue(), queue.Queue(), threading.Event()

    def worker():
        for path in iter(work.get, None):
            done.put(requests.get(URL + path).text)

    def outlive():
        late.wait(10)
        done.put(requests.get(URL + "/json?late").text)

    def ask(path):
        work.put(path)
        return done.get(timeout=10)

    @pytest.mark.vcr
    def test_starts_them():
        threading.Thread(target=worker, daemon=True).start()
        assert ask("/json?one")
        if "LATE" in os.environ:
            requests.get(URL + "/json?late")
            threading.Thread(target=outlive, daemon=True).start()

    @pytest.mark.vcr
    def test_uses_them():
        assert ask("/json?two")

    def test_is_not_recorded():
        late.set()
        if "LATE" in os.environ:
            assert done.get(timeout=10)
"""


def test_a_thread_of_an_earlier_test_serves_the_one_that_runs(project: Project, http: Service) -> None:
    project.write({"test_a.py": THREADS})
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"passed": 3}
    asked = len(http.asked)
    replayed = project.replay("--sealtape-unplayed=fail", URL=http.url)
    assert replayed.outcomes == {"passed": 3}, replayed.output
    assert len(http.asked) == asked == 2


def test_a_thread_that_outlives_its_test_does_not_go_live_between_tests(
    project: Project, http: Service
) -> None:
    project.write({"test_a.py": THREADS})
    project.pytest("--record-mode=once", URL=http.url, LATE="")
    asked = len(http.asked)
    replayed = project.replay(URL=http.url, LATE="", SEALTAPE_REPEATS="last")
    assert replayed.outcomes == {"passed": 3}, replayed.output
    assert len(http.asked) == asked
