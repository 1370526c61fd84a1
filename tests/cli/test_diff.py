from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from sealtape.interaction import AwsRequest, HttpRequest, Interaction, Response, Scrubbed
from sealtape.seal.keyring import new_key
from tests.cli.project import ONE, TWO, Project
from tests.servers import Service

NEW = ONE + ".new"


def users(*names: str, members: tuple[str, ...] = ("UserName", "Path")) -> Scrubbed:
    """Return a call that lists users, each with these members."""
    answer = {"Users": [{member: f"{member}-of-{name}" for member in members} for name in names]}
    request = AwsRequest("iam", "ListUsers", {"MaxItems": 5}, None, "eu-central-1", "", "json")
    return Scrubbed(Interaction(request, Response(200, "OK", (), json.dumps(answer).encode())))


BEFORE = users("ada", "eve")
AFTER = users("ada", "eve", members=("UserName",))


def findings(project: Project, *arguments: str, code: int = 1) -> list[Any]:
    result = project.run("diff", "--format", "json", *arguments)
    assert (result.code, result.err) == (code, "")
    found = result.json["findings"]
    assert isinstance(found, list)
    return found


def test_an_unchanged_recording_exits_with_0(project: Project) -> None:
    project.seal(ONE, BEFORE)
    project.seal(NEW, BEFORE)
    result = project.run("diff", ONE, NEW)
    assert (result.code, result.out, result.err) == (0, "no drift\n", "")


def test_drift_exits_with_1_and_is_one_line_a_fact(project: Project) -> None:
    project.seal(ONE, BEFORE, BEFORE)
    project.seal(NEW, AFTER, AFTER)
    result = project.run("diff", ONE, NEW)
    assert result.code == 1
    assert result.out.splitlines() == [
        'breaking  iam.ListUsers  Users[].Path  field-removed  "Path-of-ada" → nothing  '
        "2 responses · provider",
        "1 fact: 1 breaking",
    ]


def test_json_has_the_fixed_members_and_its_schema_is_printed(project: Project) -> None:
    project.seal(ONE, BEFORE)
    project.seal(NEW, AFTER)
    (finding,) = findings(project, ONE, NEW)
    assert finding.pop("fingerprint")
    assert finding == {
        "id": "field-removed",
        "kind": "field-removed",
        "severity": "breaking",
        "cause": "provider",
        "service": "iam",
        "operation": "ListUsers",
        "path": "Users[].Path",
        "old": "Path-of-ada",
        "new": None,
        "tests": [ONE.removesuffix(".tape")],
        "count": 1,
    }
    schema = json.loads(project.run("diff", "--schema").out)
    jsonschema.validate(project.run("diff", "--format", "json", ONE, NEW).json, schema)


def test_quiet_facts_do_not_count_as_drift(project: Project) -> None:
    project.seal(ONE, users("ada", "eve"))
    project.seal(NEW, users("eve", "ada"))
    (finding,) = findings(project, ONE, NEW, code=0)
    assert finding["severity"] == "quiet"
    assert project.run("diff", ONE, NEW).out == "no drift · 1 quiet (-v shows them)\n"
    assert "order-changed" in project.run("diff", "--all", ONE, NEW).out


def test_markdown_is_for_pull_requests(project: Project) -> None:
    project.seal(ONE, BEFORE)
    project.seal(NEW, AFTER)
    result = project.run("diff", "--format", "markdown", ONE, NEW)
    assert result.code == 1
    assert "| `iam.ListUsers` | `Users[].Path` | field-removed |" in result.out


def test_folders_compare_cassette_by_cassette_and_a_fact_is_told_once(project: Project) -> None:
    for folder, call in (("old", BEFORE), ("new", AFTER)):
        project.seal(f"{folder}/test_a.tape", call)
        project.seal(f"{folder}/deep/test_b.tape", call)
    project.seal("old/test_gone.tape", BEFORE)
    removed, missing = findings(project, "old", "new")
    assert (removed["id"], removed["count"], removed["tests"]) == (
        "field-removed",
        2,
        ["deep/test_b", "test_a"],
    )
    assert (missing["id"], missing["tests"]) == ("cassette-missing", ["test_gone.tape"])


def test_a_revision_of_git_is_named_before_the_path(project: Project) -> None:
    project.git("init", "-q", "-b", "main")
    project.seal(ONE, BEFORE)
    project.git("add", ".")
    project.git("commit", "-qm", "first")
    project.seal(ONE, AFTER)
    (finding,) = findings(project, f"HEAD:{ONE}", ONE)
    assert finding["id"] == "field-removed"
    folder = ONE.rpartition("/")[0]
    assert [f["id"] for f in findings(project, f"main:{folder}", folder)] == ["field-removed"]
    assert findings(project, f"HEAD:{ONE}", f"main:{ONE}", code=0) == []


def test_json_documents_are_compared_with_the_model_that_is_named(project: Project) -> None:
    project.write("old.json", '{"Contents": [{"Key": "a", "LastModified": "x", "StorageClass": "STANDARD"}]}')
    project.write("new.json", '{"Contents": [{"Key": "a", "LastModified": "y", "StorageClass": "MOONBASE"}]}')
    model = ("--service", "s3", "--operation", "ListObjectsV2")
    (finding,) = findings(project, *model, "old.json", "new.json")
    assert (finding["id"], finding["kind"], finding["cause"]) == (
        "enum-outside-model",
        "enum-value",
        "unknown",
    )
    assert (finding["service"], finding["operation"]) == ("s3", "ListObjectsV2")
    assert len(findings(project, "old.json", "new.json")) == 2


# What a project makes of it --------------------------------------------------------------------------


def test_the_settings_overrule_the_levels_of_rules(project: Project) -> None:
    project.set_up('[tool.sealtape.drift]\nfield-removed = "quiet"\n')
    project.seal(ONE, BEFORE)
    project.seal(NEW, AFTER)
    (finding,) = findings(project, ONE, NEW, code=0)
    assert (finding["id"], finding["severity"]) == ("field-removed", "quiet")


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('field-removd = "quiet"', "there is no drift rule 'field-removd'"),
        ('field-removed = "harmless"', "'field-removed' cannot be 'harmless'"),
        ("openapi = 1", "'openapi' must give a document's path for each host"),
        ('track_reads = "yes"', "'track_reads' must be true or false"),
    ],
)
def test_a_setting_of_drift_that_makes_no_sense_is_refused(
    project: Project, table: str, complaint: str
) -> None:
    project.set_up(f"[tool.sealtape.drift]\n{table}\n")
    project.seal(ONE, BEFORE)
    result = project.run("diff", ONE, ONE)
    assert (result.code, result.out) == (2, "")
    assert complaint in result.err


def test_an_accepted_fact_is_remembered_by_its_fingerprint_and_others_are_not(project: Project) -> None:
    project.seal(ONE, BEFORE)
    project.seal(NEW, AFTER)
    (finding,) = findings(project, ONE, NEW)
    (accepted,) = findings(project, ONE, NEW, "--accept", finding["fingerprint"], "--for", "2w", code=0)
    assert (accepted["fingerprint"], accepted["severity"]) == (finding["fingerprint"], "quiet")
    assert findings(project, ONE, NEW, code=0) == [accepted]
    assert "field-removed iam.ListUsers Users[].Path" in project.read("sealtape-drift.json")
    project.seal(NEW, users("ada", "eve", members=("Path",)))
    assert [f["severity"] for f in findings(project, ONE, NEW)] == ["breaking"]


def test_a_fingerprint_that_no_fact_has_is_not_accepted(project: Project) -> None:
    project.seal(ONE, BEFORE)
    result = project.run("diff", ONE, ONE, "--accept", "0" * 16)
    assert result.code == 2
    assert "no fact here has the fingerprint" in result.err
    assert "sealtape-drift.json" not in project.files()


# Against a simulator ----------------------------------------------------------------------------------


def fetched(answer: Any, path: str = "/json") -> Scrubbed:
    request = HttpRequest("GET", f"https://api.example.com{path}")
    headers = (("Content-Type", "application/json"),)
    return Scrubbed(Interaction(request, Response(200, "OK", headers, json.dumps(answer).encode())))


def test_a_simulator_that_answers_as_was_recorded_is_clean(project: Project, http: Service) -> None:
    project.seal(ONE, fetched({"answer": 17, "name": "Grace"}))
    result = project.run("diff", ONE, "--against", http.url, "--verbose")
    assert "value-changed" in result.out
    assert "simulator" in result.out
    project.seal(ONE, fetched({"answer": 42, "name": "Grace"}))
    assert project.run("diff", ONE, "--against", http.url).code == 0
    assert http.asked == [("GET", "/"), ("GET", "/json")] * 2


def test_an_aws_simulator_is_sent_its_own_ids_back(project: Project, moto_url: str) -> None:
    key = "7f3c9b1e-52d4-4a86-9e0b-6c1d2f3a4b5c"

    def call(operation: str, answer: Any, **parameters: Any) -> Scrubbed:
        request = AwsRequest("kms", operation, parameters, None, "us-east-1", "", "json")
        headers = (("Content-Type", "application/x-amz-json-1.1"),)
        return Scrubbed(Interaction(request, Response(200, "", headers, json.dumps(answer).encode())))

    described = {"KeyMetadata": {"KeyId": key, "KeyState": "Enabled", "Novelty": 1}}
    project.seal(ONE, call("CreateKey", described), call("DescribeKey", described, KeyId=key))
    found = findings(project, ONE, "--against", moto_url)
    assert {f["operation"] for f in found if f["kind"] in ("error-code", "http-status")} == set()
    assert ("unmodelled-field-removed", "KeyMetadata.Novelty") in {(f["id"], f["path"]) for f in found}
    assert {f["cause"] for f in found} == {"simulator"}


def test_an_sdk_that_speaks_to_the_simulator_in_another_protocol_is_named_as_the_cause(
    project: Project, moto_url: str
) -> None:
    request = AwsRequest("sqs", "ListQueues", {}, None, "us-east-1", "", "query")
    answer = b"<ListQueuesResponse><ListQueuesResult></ListQueuesResult></ListQueuesResponse>"
    project.seal(ONE, Scrubbed(Interaction(request, Response(200, "", (), answer))))
    found = findings(project, ONE, "--against", moto_url)
    assert {(f["id"], f["cause"]) for f in found if f["kind"] != "header"} == {("body-form", "sdk")}


def test_a_service_that_the_sdk_no_longer_has_is_a_fact_and_not_the_simulators_fault(
    project: Project, http: Service
) -> None:
    project.seal(ONE, Scrubbed(Interaction(AwsRequest("bygone", "List", {}), Response(200, "", (), b"{}"))))
    (finding,) = findings(project, ONE, "--against", http.url)
    assert (finding["kind"], finding["cause"]) == ("recording-failed", "unknown")


def test_a_simulator_is_given_the_credentials_in_its_url_and_no_error_names_them(project: Project) -> None:
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    project.seal(ONE, Scrubbed(Interaction(AwsRequest("kms", "ListKeys", {}), Response(200, "", (), b"{}"))))
    try:
        url = f"http://own-name:own%2Fword@127.0.0.1:{server.server_address[1]}"
        assert project.run("diff", ONE, "--against", url).code == 0
    finally:
        server.shutdown()
        server.server_close()
    assert seen[0] is None
    assert "Credential=own-name/" in (seen[1] or "")
    result = project.run("diff", ONE, "--against", "http://own-name:own%2Fword@127.0.0.1:9")
    assert result.code == 3
    assert "own" not in result.err


@pytest.mark.parametrize(
    ("url", "code", "complaint"),
    [
        ("http://127.0.0.1:9", 3, "nothing answers at http://127.0.0.1:9"),
        ("https://kms.eu-west-1.amazonaws.com", 3, "is the provider itself"),
        ("https://moto.example.com", 3, "moto.example.com was not named"),
        ("moto", 2, "'moto' is not the URL of a server"),
    ],
)
def test_a_simulator_that_may_not_be_asked_or_is_not_there_is_never_clean(
    project: Project, url: str, code: int, complaint: str
) -> None:
    project.seal(ONE, BEFORE)
    result = project.run("diff", ONE, "--against", url)
    assert (result.code, result.out) == (code, "")
    assert complaint in result.err


def test_a_simulator_that_cannot_be_reset_is_an_error(project: Project, http: Service) -> None:
    project.seal(ONE, fetched({}))
    result = project.run("diff", ONE, "--against", http.url, "--reset", "/status/404")
    assert result.code == 3
    assert "the server was not reset: it answered 404" in result.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((ONE,), "missing argument 'NEW'"),
        ((ONE, ONE, "--against", "http://127.0.0.1:9"), "--against takes the place of NEW"),
    ],
)
def test_the_other_side_is_a_recording_or_a_simulator(
    project: Project, arguments: tuple[str, ...], complaint: str
) -> None:
    project.seal(ONE, BEFORE)
    result = project.run("diff", *arguments)
    assert result.code == 2
    assert complaint in result.err


# Bad input --------------------------------------------------------------------------------------------


def test_cassettes_under_different_keys_are_not_called_clean(project: Project) -> None:
    project.seal(ONE, BEFORE)
    project.key, ours = new_key(), project.key
    project.seal(TWO, BEFORE)
    project.key = ours
    result = project.run("diff", ONE, TWO)
    assert (result.code, result.out) == (3, "")
    assert TWO in result.err
    assert "hint:" in result.err


def test_a_locked_cassette_is_not_called_clean(project: Project) -> None:
    project.seal(ONE, BEFORE)
    project.seal(NEW, BEFORE)
    del project.environment["SEALTAPE_KEY"]
    result = project.run("diff", ONE, NEW)
    assert (result.code, result.out) == (3, "")
    assert "hint:" in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("good.json", "broken.json"), 3, "broken.json: this is not a JSON document: line 1, column 7"),
        (("good.json", "absent.json"), 3, "absent.json: there is no such file or folder"),
        (("good.json", ONE), 2, "the two sides are not of one kind"),
        (("good.json", "empty"), 2, "there are no cassettes in this folder"),
        ((ONE, "damaged.tape"), 3, "damaged.tape"),
        (("--service", "s3", ONE, ONE), 2, "--service is for JSON documents"),
        (("--operation", "X", "good.json", "good.json"), 2, "--operation needs --service"),
        (("--service", "s33", "good.json", "good.json"), 2, "--service s3"),
        (
            ("--service", "s3", "--operation", "ListObject", "good.json", "good.json"),
            2,
            "--operation ListObjects",
        ),
        (("HEAD:good.json", "good.json"), 2, "git knows no revision 'HEAD' here"),
    ],
)
def test_what_cannot_be_compared_is_an_error_with_its_place(
    project: Project, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    project.seal(ONE, BEFORE)
    project.write("good.json", "{}")
    project.write("broken.json", '{"a": ')
    project.write("damaged.tape", project.read(ONE)[:300])
    (project.root / "empty").mkdir()
    result = project.run("diff", *arguments)
    assert (result.code, result.out) == (code, "")
    assert complaint in result.err


def test_a_path_that_the_revision_does_not_have_is_named(project: Project) -> None:
    project.git("init", "-q")
    project.git("commit", "-qm", "first", "--allow-empty")
    project.seal(ONE, BEFORE)
    result = project.run("diff", f"HEAD:{ONE}", ONE)
    assert result.code == 3
    assert f"HEAD:{ONE}: there is no such file or folder in that revision" in result.err
