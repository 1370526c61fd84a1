"""What a miss says, whom it fails, and who may expect one."""

from __future__ import annotations

from tests.plugin.projects import Project
from tests.servers import Service


def test_a_played_out_request_says_so(project: Project, http: Service) -> None:
    one = """
        import os, pytest, requests

        @pytest.mark.vcr
        def test_a():
            for _ in range(int(os.environ["TIMES"])):
                requests.get(os.environ["URL"] + "/count")
    """
    project.write({"test_a.py": one})
    project.pytest("--record-mode=once", URL=http.url, TIMES="2")
    run = project.replay(URL=http.url, TIMES="3")
    assert run.outcomes == {"failed": 1}
    assert "is played out: it was recorded 2 times" in run.output


def test_repeats_can_be_allowed(project: Project, http: Service) -> None:
    text = """
        import os, pytest, requests

        @pytest.mark.vcr
        def test_a():
            counts = [requests.get(os.environ["URL"] + "/count").json()["count"]
                      for _ in range(int(os.environ["TIMES"]))]
            assert "EXPECTED" not in os.environ or str(counts) == os.environ["EXPECTED"]
    """
    project.write({"test_a.py": text}).pytest("--record-mode=once", URL=http.url, TIMES="2")
    last = project.replay(URL=http.url, TIMES="4", EXPECTED="[1, 2, 2, 2]", SEALTAPE_REPEATS="last")
    assert last.outcomes == {"passed": 1}
    cycle = project.replay(URL=http.url, TIMES="5", EXPECTED="[1, 2, 1, 2, 1]", SEALTAPE_REPEATS="cycle")
    assert cycle.outcomes == {"passed": 1}


def test_the_nearest_interaction_and_what_differs_are_named(project: Project, moto_url: str) -> None:
    text = """
        import os, boto3, pytest

        @pytest.mark.vcr
        def test_a():
            boto3.client("ssm").get_parameters(Names=["/a", os.environ["NAME"]])
    """
    project.write({"test_a.py": text}).record(moto_url, NAME="/b")
    run = project.replay(NAME="/c")
    assert "ssm.GetParameters was never recorded like this" in run.output
    assert 'parameters.Names[1]: "/c" here, "/b" recorded' in run.output


def test_a_request_to_somewhere_else_suggests_the_wrong_cassette(project: Project, http: Service) -> None:
    text = """
        import os, pytest, requests

        @pytest.mark.vcr
        def test_a():
            requests.get(os.environ["URL"] + "/json")
    """
    project.write({"test_a.py": text}).pytest("--record-mode=once", URL=http.url)
    run = project.replay(URL="http://api.example.com")
    assert "this may be the wrong cassette" in run.output


def test_a_swallowed_miss_fails_the_test_at_its_end(project: Project, moto_url: str) -> None:
    text = """
        import boto3, pytest, threading

        @pytest.mark.vcr
        def test_swallowed():
            try:
                boto3.client("sqs").list_queues()
            except Exception:
                pass

        @pytest.mark.vcr
        def test_on_a_thread():
            def ask():
                try:
                    boto3.client("sqs").list_queues()
                except Exception:
                    pass
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()

        @pytest.mark.xfail
        @pytest.mark.vcr
        def test_xfail():
            boto3.client("sqs").list_queues()
    """
    run = project.write({"test_a.py": text}).replay()
    assert run.outcomes == {"failed": 2, "xfailed": 1}


def test_a_miss_in_teardown_is_an_error_of_that_test(project: Project) -> None:
    text = """
        import boto3, pytest

        @pytest.fixture
        def queue():
            yield
            try:
                boto3.client("sqs").list_queues()
            except Exception:
                pass

        @pytest.mark.vcr
        def test_a(queue):
            pass
    """
    run = project.write({"test_a.py": text}).replay()
    assert run.outcomes == {"passed": 1, "error": 1}
    assert "sqs.ListQueues was never recorded" in run.output


def test_an_expected_miss_fails_nobody(project: Project) -> None:
    text = """
        import boto3, pytest, requests, sealtape, vcr.errors

        @pytest.mark.vcr
        def test_expected():
            with sealtape.expect_miss() as misses:
                boto3.client("sqs").list_queues()
            assert "sqs.ListQueues" in str(misses[0])

        @pytest.mark.vcr
        def test_swallowed_but_expected():
            with sealtape.expect_miss():
                try:
                    requests.get("http://api.example.com")
                except Exception:
                    pass

        @pytest.mark.vcr
        def test_none_came():
            with pytest.raises(AssertionError, match="expected a miss"), sealtape.expect_miss():
                pass

        @pytest.mark.vcr
        def test_vcrpys_own_name():
            with sealtape.expect_miss(), pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException):
                requests.get("http://api.example.com")
    """
    assert project.write({"test_a.py": text}).replay().outcomes == {"passed": 4}


def test_a_miss_that_is_awaited_by_name_fails_nobody_and_by_exception_it_does(project: Project) -> None:
    text = """
        import pytest, requests, sealtape, unittest, vcr.errors

        NAMES = [sealtape.Miss, vcr.errors.CannotOverwriteExistingCassetteException, (OSError, sealtape.Miss)]

        @pytest.mark.vcr
        @pytest.mark.parametrize("name", NAMES, ids=["ours", "vcrpys", "several"])
        def test_by_name(name):
            with pytest.raises(name):
                requests.get("http://api.example.com")

        @pytest.mark.vcr
        def test_in_a_cassette_of_its_own():
            with sealtape.use_cassette("own", record_mode="none"), pytest.raises(sealtape.Miss):
                requests.get("http://api.example.com")

        class TestCase(unittest.TestCase):
            @pytest.mark.vcr
            def test_by_unittest(self):
                with self.assertRaises(sealtape.Miss):
                    requests.get("http://api.example.com")
                self.assertRaisesRegex(sealtape.Miss, "was never", requests.get, "http://api.example.com")

        @pytest.mark.vcr
        @pytest.mark.parametrize("name", [Exception, (OSError, Exception)], ids=["any", "several"])
        def test_swallowed(name):
            with pytest.raises(name):
                requests.get("http://api.example.com")

        @pytest.mark.vcr
        def test_one_awaited_and_one_swallowed():
            with pytest.raises(sealtape.Miss):
                requests.get("http://api.example.com/one")
            try:
                requests.get("http://api.example.com/two")
            except Exception:
                pass
    """
    run = project.write({"test_a.py": text}).replay()
    assert run.outcomes == {"failed": 3, "passed": 5}
    assert "GET api.example.com/two was never recorded" in run.output


def test_a_miss_is_not_swallowed_by_except_botocoreerror(project: Project) -> None:
    text = """
        import boto3, botocore.exceptions, pytest, requests, sealtape

        @pytest.mark.vcr
        def test_a():
            with sealtape.expect_miss():
                try:
                    boto3.client("sqs").list_queues()
                except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, OSError):
                    pytest.fail("swallowed")
            with sealtape.expect_miss():
                try:
                    requests.get("http://api.example.com")
                except requests.RequestException:
                    pytest.fail("swallowed")
    """
    assert project.write({"test_a.py": text}).replay().outcomes == {"passed": 1}


def test_unplayed_interactions_are_reported_as_asked(project: Project, http: Service) -> None:
    text = """
        import os, pytest, requests

        @pytest.mark.vcr
        def test_a():
            for path in os.environ["PATHS"].split():
                requests.get(os.environ["URL"] + path)
    """
    project.write({"test_a.py": text}).pytest("--record-mode=once", URL=http.url, PATHS="/json /count")
    less = {"URL": http.url, "PATHS": "/json"}
    assert project.replay(**less).outcomes == {"passed": 1}
    warned = project.replay("--sealtape-unplayed=warn", **less)
    assert warned.outcomes == {"passed": 1, "warning": 1}
    assert "1 of 2 recorded interactions were not played" in warned.output
    failed = project.replay("--sealtape-unplayed=fail", **less)
    assert failed.code == 1
    assert "the test no longer makes GET 127.0.0.1/count" in failed.output


def test_the_traceback_of_a_miss_ends_in_the_code_under_test(project: Project) -> None:
    text = """
        import boto3, pytest

        @pytest.mark.vcr
        def test_a():
            ask()

        def ask():
            boto3.client("sqs").list_queues()
    """
    run = project.write({"test_a.py": text}).replay("--showlocals")
    assert 'boto3.client("sqs").list_queues()' in run.output
    assert "test_a.py:9" in run.output
    assert "_make_api_call" not in run.output


def test_a_miss_message_holds_no_secret(project: Project, http: Service) -> None:
    secret = "hunter2-" + "correct-horse-battery"
    text = f"""
        import os, pytest, requests

        @pytest.mark.vcr
        def test_a():
            requests.post(os.environ["URL"] + "/echo", json={{"password": "{secret}", "n": 1}},
                          headers={{"Authorization": "Bearer {secret}"}})
    """
    project.write({"test_a.py": text}).pytest("--record-mode=once", URL=http.url)
    project.write({"test_a.py": text.replace('"n": 1', '"n": 2')})
    run = project.replay("--tb=line", URL=http.url)
    assert "body.n: 2 here, 1 recorded" in run.output
    assert secret not in run.output
