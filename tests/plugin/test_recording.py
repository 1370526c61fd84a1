"""Recording, replaying and the record modes, in real pytest runs."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

from sealtape.seal.format import unseal
from sealtape.seal.keyring import parse_key
from tests.plugin.projects import DEAD, Project
from tests.servers import Service

AWS = """
    import boto3, pytest

    @pytest.mark.vcr
    def test_parameters():
        ssm = boto3.client("ssm")
        ssm.put_parameter(Name="/a", Value="1", Type="String", Overwrite=True)
        assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "1"
"""

HTTP = """
    import os, pytest, requests

    @pytest.mark.vcr
    def test_count():
        assert requests.get(os.environ["URL"] + "/count").json()["count"] > 0
"""


def test_a_marked_test_is_recorded_once_and_replayed_offline(project: Project, moto_url: str) -> None:
    project.write({"test_a.py": AWS})
    assert project.record(moto_url).outcomes == {"passed": 1}
    before = project.tapes()
    assert list(before) == ["cassettes/test_a/test_parameters.tape"]
    replayed = project.replay()
    assert (replayed.code, replayed.outcomes) == (0, {"passed": 1})
    assert project.tapes() == before


def test_aws_and_http_share_a_cassette_in_the_order_of_events(
    project: Project, moto_url: str, http: Service
) -> None:
    project.write(
        {
            "test_a.py": """
                import os, boto3, httpx, pytest, requests

                @pytest.mark.vcr
                def test_both():
                    url = os.environ["URL"]
                    requests.get(url + "/json")
                    boto3.client("sqs").list_queues()
                    assert httpx.get(url + "/binary").content == bytes(range(256))
            """
        }
    )
    assert project.record(moto_url, URL=http.url).code == 0
    asked = len(http.asked)
    assert project.replay("--block-network", URL=http.url).code == 0
    assert len(http.asked) == asked
    (data,) = project.tapes().values()
    recording = unseal(data, parse_key(project.key, where="test"), where="x")
    assert [s.interaction.track for s in recording.interactions] == ["http", "aws", "http"]


def test_a_recording_tells_what_it_did_and_what_to_type_next(project: Project, http: Service) -> None:
    run = project.write({"test_a.py": HTTP}).pytest("--record-mode=once", URL=http.url)
    assert "recorded 1 cassette with 1 interaction" in run.output
    assert "next: sealtape show cassettes/test_a/test_count.tape" in run.output


def test_the_default_mode_sends_nothing(project: Project, http: Service) -> None:
    run = project.write({"test_a.py": HTTP}).pytest(URL=http.url)
    assert run.outcomes == {"failed": 1}
    assert "GET 127.0.0.1/count was never recorded" in run.output
    assert "hint: record it: pytest --record-mode=once" in run.output
    assert http.asked == []


def test_the_command_line_wins_over_a_markers_mode(project: Project, http: Service) -> None:
    project.write({"test_a.py": HTTP.replace("mark.vcr", 'mark.vcr(record_mode="all")')})
    assert project.pytest("--record-mode=none", URL=http.url).outcomes == {"failed": 1}
    assert http.asked == []
    assert project.pytest(URL=http.url).outcomes == {"passed": 1}


def test_once_does_not_add_to_a_cassette(project: Project, http: Service) -> None:
    project.write({"test_a.py": HTTP})
    project.pytest("--record-mode=once", URL=http.url)
    before = project.tapes()
    more = HTTP + "        requests.get(os.environ['URL'] + '/json')\n"
    run = project.write({"test_a.py": more}).pytest("--record-mode=once", URL=http.url)
    assert run.outcomes == {"failed": 1}
    assert project.tapes() == before


def test_new_episodes_adds_one_row(project: Project, http: Service) -> None:
    project.write({"test_a.py": HTTP})
    project.pytest("--record-mode=once", URL=http.url)
    (before,) = project.tapes().values()
    more = HTTP + "        requests.get(os.environ['URL'] + '/json')\n"
    run = project.write({"test_a.py": more}).pytest("--record-mode=new_episodes", URL=http.url)
    assert run.code == 0
    (after,) = project.tapes().values()
    assert after.splitlines()[:2] == before.splitlines()[:2]
    assert len(after.splitlines()) == len(before.splitlines()) + 1
    assert [path for _, path in http.asked] == ["/count", "/json"]


def test_rewrite_replaces_and_all_keeps_what_was_not_made_again(project: Project, http: Service) -> None:
    both = HTTP + "        requests.get(os.environ['URL'] + '/json')\n"
    for mode, rows in (("all", 2), ("rewrite", 1)):
        project.write({"test_a.py": both}).pytest("--record-mode=rewrite", URL=http.url)
        project.write({"test_a.py": HTTP}).pytest(f"--record-mode={mode}", URL=http.url)
        (data,) = project.tapes().values()
        assert json.loads(data.splitlines()[-1])["end"] == rows


def test_recording_the_same_answers_again_rewrites_nothing(project: Project, http: Service) -> None:
    project.write({"test_a.py": HTTP.replace("/count", "/json").replace('["count"] > 0', '["answer"]')})
    project.pytest("--record-mode=once", URL=http.url)
    before = project.tapes()
    for mode in ("rewrite", "all"):
        time.sleep(1)  # so that the Date header differs
        assert project.pytest(f"--record-mode={mode}", URL=http.url).code == 0
        assert project.tapes() == before
    assert len(http.asked) == 3


def test_a_failing_test_leaves_the_accepted_cassette_as_it_was(project: Project, http: Service) -> None:
    project.write({"test_a.py": HTTP}).pytest("--record-mode=once", URL=http.url)
    before = project.tapes()
    project.write({"test_a.py": HTTP + "        assert False\n"})
    for mode in ("rewrite", "all", "new_episodes"):
        assert project.pytest(f"--record-mode={mode}", URL=http.url).outcomes == {"failed": 1}
        assert project.tapes() == before


def test_a_failing_test_records_nothing(project: Project, http: Service) -> None:
    project.write({"test_a.py": HTTP + "        assert False\n"})
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"failed": 1}
    assert project.tapes() == {}


def test_an_expected_failure_is_recorded(project: Project, http: Service) -> None:
    text = HTTP.replace("@pytest.mark.vcr", "@pytest.mark.xfail\n    @pytest.mark.vcr")
    project.write({"test_a.py": text + "        assert False\n"})
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"xfailed": 1}
    assert project.replay(URL=http.url).outcomes == {"xfailed": 1}
    assert len(http.asked) == 1


def test_interrupting_a_recording_leaves_the_cassette(project: Project, http: Service) -> None:
    project.write({"test_a.py": HTTP}).pytest("--record-mode=once", URL=http.url)
    before = project.tapes()
    project.write({"test_a.py": HTTP + "        raise KeyboardInterrupt\n"})
    assert project.pytest("--record-mode=rewrite", URL=http.url).code == 2
    assert project.tapes() == before


def test_clients_can_be_made_at_import_time_without_region_or_credentials(
    project: Project, moto_url: str
) -> None:
    text = AWS.replace("@pytest.mark.vcr", "ssm = boto3.client('ssm')\n\n    @pytest.mark.vcr", 1)
    text = text.replace('        ssm = boto3.client("ssm")\n', "")
    project.write({"test_a.py": text})
    assert project.record(moto_url).code == 0
    assert project.replay(AWS_PROFILE="not-on-this-machine").outcomes == {"passed": 1}


def test_another_region_on_the_replaying_machine_matches(project: Project, moto_url: str) -> None:
    project.write({"test_a.py": AWS})
    project.record(moto_url)
    assert project.replay(AWS_DEFAULT_REGION="ap-south-1").outcomes == {"passed": 1}


def test_recording_and_replaying_work_under_xdist(project: Project, moto_url: str) -> None:
    project.write({f"test_{n}.py": AWS for n in range(6)})
    assert project.record(moto_url, "-n", "4").outcomes == {"passed": 6}
    assert len(project.tapes()) == 6
    assert project.replay("-n", "4").outcomes == {"passed": 6}


def test_the_embedded_sandbox_needs_no_account_and_no_server(project: Project) -> None:
    run = project.write({"test_a.py": AWS}).pytest("--record-mode=once", "--sandbox=embedded")
    assert run.outcomes == {"passed": 1}
    assert project.replay().outcomes == {"passed": 1}


def test_the_embedded_sandbox_is_shared_by_xdist_workers(project: Project) -> None:
    project.write({f"test_{n}.py": AWS for n in range(4)})
    run = project.pytest("--record-mode=once", "--sandbox=embedded", "-n", "2")
    assert run.outcomes == {"passed": 4}


def test_a_sandbox_that_is_not_there_stops_the_run_before_any_test(project: Project) -> None:
    run = project.write({"test_a.py": AWS}).pytest("--record-mode=once", f"--sandbox={DEAD}")
    assert run.code == 4
    assert f"nothing answers at {DEAD}" in run.output
    assert project.tapes() == {}


def test_a_yaml_cassette_of_pytest_recording_still_replays(project: Project, http: Service) -> None:
    project.write(
        {
            "test_a.py": HTTP,
            "cassettes/test_a/test_count.yaml": f"""
                interactions:
                - request: {{body: null, headers: {{}}, method: GET, uri: '{http.url}/count'}}
                  response:
                    body: {{string: '{{"count": 7}}'}}
                    headers: {{Content-Type: [application/json]}}
                    status: {{code: 200, message: OK}}
                version: 1
            """,
        }
    )
    assert project.replay(URL=http.url).outcomes == {"passed": 1}
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"passed": 1}
    assert http.asked == []
    assert project.pytest("--record-mode=new_episodes", URL=http.url).outcomes == {"passed": 1}
    assert http.asked == []
    rewritten = project.pytest("--record-mode=rewrite", URL=http.url)
    assert rewritten.outcomes == {"passed": 1}
    assert "git rm cassettes/test_a/test_count.yaml" in rewritten.output.replace(f"{project.folder}/", "")
    assert list(project.tapes()) == ["cassettes/test_a/test_count.tape"]


def test_a_secret_that_a_filter_removes_from_the_request_is_gone_from_the_response_too(
    project: Project, http: Service
) -> None:
    secret = "realsecret" + "-12345"
    project.write(
        {
            "test_a.py": f"""
                import os, pytest, requests

                @pytest.fixture
                def vcr_config():
                    return {{"filter_headers": ["authorization"]}}

                @pytest.mark.vcr
                def test_a():
                    headers = {{"Authorization": "Bearer {secret}"}}
                    requests.post(os.environ["URL"] + "/echo", data=b"you are {secret}", headers=headers)
            """
        }
    )
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"passed": 1}
    (data,) = project.tapes().values()
    assert secret not in repr(asdict(unseal(data, parse_key(project.key, where="test"), where="x")))


def test_what_could_not_be_recorded_is_told(project: Project, http: Service) -> None:
    text = """
        import os, pytest, requests, threading, time

        @pytest.mark.vcr
        def test_a():
            threading.Thread(target=requests.get, args=[os.environ["URL"] + "/slow"], daemon=True).start()
            time.sleep(0.4)
    """
    run = project.write({"test_a.py": text}).pytest("--record-mode=once", URL=http.url)
    assert "1 request was sent and not recorded" in run.output


def test_a_refused_connection_of_httpx_replays(project: Project) -> None:
    text = """
        import httpx, pytest

        @pytest.mark.vcr
        def test_a():
            with pytest.raises(httpx.ConnectError):
                httpx.get("http://127.0.0.1:9/")
    """
    assert project.write({"test_a.py": text}).pytest("--record-mode=once").outcomes == {"passed": 1}
    assert len(project.tapes()) == 1
    assert project.replay().outcomes == {"passed": 1}


def test_presigned_urls_of_a_local_sandbox_match_on_replay(project: Project) -> None:
    text = """
        import boto3, pytest, requests

        @pytest.mark.vcr
        def test_a():
            s3 = boto3.client("s3")
            s3.create_bucket(Bucket="presigned")
            put = s3.generate_presigned_url("put_object", Params={"Bucket": "presigned", "Key": "k"})
            assert requests.put(put, data=b"content").ok
            get = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "k"})
            assert requests.get(get).content == b"content"
    """
    project.write({"test_a.py": text}).pytest("--record-mode=once", "--sandbox=embedded")
    for environment in ({}, {"AWS_DEFAULT_REGION": "eu-west-2"}):
        assert project.pytest(**environment).outcomes == {"passed": 1}


def test_nothing_is_ever_recorded_in_plain_text(project: Project, http: Service) -> None:
    marked = HTTP.replace("mark.vcr", 'mark.vcr("extra.yaml")')
    project.write({"test_a.py": marked})
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"passed": 1}
    assert list(project.tapes()) == ["cassettes/test_a/test_count.tape"]
    project.write(
        {
            "test_b.py": marked,
            "cassettes/test_b/extra.yaml": """
                interactions:
                - request: {body: null, headers: {}, method: GET, uri: 'http://x/'}
                  response: {body: {string: ''}, headers: {}, status: {code: 200, message: OK}}
                version: 1
            """,
        }
    )
    for mode in ("once", "new_episodes"):
        assert project.pytest(f"--record-mode={mode}", "test_b.py", URL=http.url).outcomes == {"failed": 1}
    assert len(http.asked) == 1
    assert [path.name for path in project.folder.rglob("*.yaml")] == ["extra.yaml"]


def test_vcr_config_filters_and_matchers_apply(project: Project, http: Service) -> None:
    project.write(
        {
            "test_a.py": """
                import os, pytest, requests

                @pytest.fixture
                def vcr_config():
                    return {
                        "match_on": ["method", "path"],
                        "ignore_hosts": ["localhost"],
                        "before_record_response": lambda r: {**r, "body": {"string": b'{"count": -1}'}},
                    }

                @pytest.mark.vcr
                def test_count():
                    path = os.environ["PATH_WITH_QUERY"]
                    count = requests.get(os.environ["URL"] + path).json()["count"]
                    assert count == int(os.environ["EXPECTED"])
                    requests.get(os.environ["URL"].replace("127.0.0.1", "localhost") + "/json")
            """
        }
    )
    first = {"URL": http.url, "PATH_WITH_QUERY": "/count?n=1", "EXPECTED": "1"}
    assert project.pytest("--record-mode=once", **first).outcomes == {"passed": 1}
    again = first | {"PATH_WITH_QUERY": "/count?n=2", "EXPECTED": "-1"}
    assert project.replay(**again).outcomes == {"passed": 1}
    # The ignored host was asked both times, the recorded one once.
    assert [path for _, path in http.asked] == ["/count?n=1", "/json", "/json"]


def test_disable_recording_leaves_tests_alone(project: Project, http: Service) -> None:
    run = project.write({"test_a.py": HTTP}).pytest("--disable-recording", URL=http.url)
    assert run.outcomes == {"passed": 1}
    assert project.tapes() == {}


def test_a_shared_cassette_answers_too(project: Project, http: Service) -> None:
    project.write({"test_a.py": HTTP.replace("test_count", "test_shared")})
    project.pytest("--record-mode=once", URL=http.url)
    project.write({"test_a.py": HTTP.replace("mark.vcr", 'mark.vcr("test_shared.tape")')})
    assert project.replay(URL=http.url).outcomes == {"passed": 1}
    assert len(http.asked) == 1


def test_an_unmarked_test_is_none_of_sealtapes_business(project: Project, http: Service) -> None:
    text = HTTP.replace("    @pytest.mark.vcr\n", "")
    assert project.write({"test_a.py": text}).pytest(URL=http.url).outcomes == {"passed": 1}
    assert len(http.asked) == 1


def test_several_cassettes_in_one_test_and_one_for_several_tests(project: Project, http: Service) -> None:
    text = """
        import os, pytest, requests, sealtape

        def count():
            return requests.get(os.environ["URL"] + "/count").json()["count"]

        @pytest.mark.vcr
        @pytest.mark.default_cassette("shared")
        def test_makes():
            assert count() == 1

        @pytest.mark.vcr
        @pytest.mark.default_cassette("shared")
        def test_uses_the_same():
            assert count() == 1

        @pytest.mark.vcr("shared")
        class TestMarked:
            @pytest.mark.vcr("not-there")
            def test_asks_the_shared_one_too(self):
                assert [count(), count()] == [1, 2]

            def test_has_the_mark_of_its_class(self):
                assert count() == 1

        @pytest.mark.vcr
        def test_opens_others():
            with sealtape.use_cassette("tapes/a"):
                assert count() == 3
                with sealtape.use_cassette("tapes/b"):
                    assert count() == 4
            with sealtape.use_cassette("tapes/a", record_mode="none"):
                assert count() == 3
            assert count() == 5
    """
    project.write({"test_a.py": text})
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"passed": 5}
    assert list(project.tapes()) == [
        "cassettes/test_a/TestMarked.test_asks_the_shared_one_too.tape",
        "cassettes/test_a/shared.tape",
        "cassettes/test_a/test_opens_others.tape",
        "tapes/a.tape",
        "tapes/b.tape",
    ]
    assert project.replay(URL=http.url).outcomes == {"passed": 5}
    assert len(http.asked) == 5
