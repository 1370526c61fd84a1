"""The conformance command: its classes say what an input is only where both values look it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from sealtape.interaction import AwsRequest, HttpRequest

if TYPE_CHECKING:
    from conformance.stub import Stub

TOOLS = Path(__file__).parents[2] / "tools"
UUIDS = ("0b8b3f0e-8d7e-4d0c-9f30-3b5d0b6f8a01", "f4c1d2aa-17b5-4c39-8a51-90e2c7d6b5e4")
CERTIFICATES = (b"-----BEGIN CERTIFICATE-----\nA", b"-----BEGIN CERTIFICATE-----\nB")


@pytest.fixture(autouse=True)
def _tools_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(TOOLS)


@pytest.fixture
def stub() -> Iterator[Stub]:
    from conformance.stub import stubbed

    with stubbed(0) as server:
        yield server


def classed(place: str, live: Any, recorded: Any, fault: str = "") -> str:
    from conformance.classes import class_of_member
    from conformance.differing import Differing

    return class_of_member(Differing(place, live, recorded, fault))


@pytest.mark.parametrize(
    ("place", "live", "recorded", "kind"),
    [
        ("parameters.Bucket", *UUIDS, "random name"),
        ("parameters.QueueName", "213d0a", "14a985", "random name"),
        ("parameters.QueueName", "be0858-dlq.fifo", "27def3-dlq.fifo", "random name"),
        ("parameters.TopicArn", "arn:aws:sns:::topic-a81c9d", "arn:aws:sns:::topic-93bf02", "random name"),
        ("parameters.Policy", '{"Sid": "a81c9d02"}', '{"Sid": "93bf02ee"}', "random name"),
        ("parameters.ClientToken", *UUIDS, "idempotency token"),
        ("path", "/a81c9d02/x", "/93bf02ee/x", "random URL"),
        ("parameters.Since", "2026-01-31T10:00:00Z", "2026-01-30T11:12:13Z", "clock"),
        ("parameters.logEvents[0].timestamp", 1790000000123, 1780000000456, "clock"),
        ("parameters.Code.ZipFile", b"PK\x03\x04\x14\x00a", b"PK\x03\x04\x14\x00b", "zip bytes"),
        ("parameters.Attributes", ["b", "a"], ["a", "b"], "hash order"),
        ("parameters.UpdateExpression", "SET #a, #b", "SET #b, #a", "hash order"),
        ("parameters.CallerReference", "-4054298873459363495", "6096995156512421162", "idempotency token"),
        ("parameters.Code.ZipFile", b"\x92\xca\x43", b"\xd6\xff\xa3", "zip bytes"),
        ("parameters.imageDigest", "sha256:" + "8a" * 32, "sha256:" + "e0" * 32, "digest"),
        ("parameters.ContentMD5", "XrY7u+Ae7tCTyyK7j1rNww==", "gdyb21LQTcIANtvYMT7QVQ==", "digest"),
        ("parameters.Certificate", *CERTIFICATES, "certificate"),
    ],
)  # fmt: skip
def test_an_input_is_classed_by_what_both_values_look_like(
    place: str, live: Any, recorded: Any, kind: str
) -> None:
    assert classed(place, live, recorded) == kind


@pytest.mark.parametrize(
    ("place", "live", "recorded"),
    [
        ("parameters.Bucket", "staging-logs", "production-logs"),
        ("parameters.UserName", "alice", "bobby"),
        ("parameters.Name", "received-orders", "accepted-orders"),
        ("parameters.MaxItems", 100, 120),
        ("parameters.Key", "a.txt", None),
        ("parameters.Items", ["a"], ["a", "b"]),
        ("payload", b"some data", b"some date"),
        ("payload", b"\xff\xfe\x00" * 8, b"\xff\xfe\x00" * 7 + b"\xff\xfe"),
        ("operation", "s3.GetObject", "s3.HeadObject"),
        ("parameters.Policy", '{"Sid": "reads"}', '{"Sid": "write"}'),
    ],
)
def test_what_a_person_chose_is_no_random_input(place: str, live: Any, recorded: Any) -> None:
    assert classed(place, live, recorded) == "other"


def test_a_random_value_that_a_response_gave_is_a_fault_of_the_replay() -> None:
    assert classed("parameters.UploadId", *UUIDS, "a response gave it") == "other"


def test_one_member_that_is_no_input_makes_the_miss_a_fault() -> None:
    from conformance.classes import class_of
    from conformance.differing import Differing

    random = Differing("parameters.Bucket", *UUIDS)
    assert class_of([random]) == "random name"
    assert class_of([random, Differing("parameters.Key", "a", "b")]) == "other"
    assert class_of([]) == "other"


def test_a_number_counts_as_drawn_where_the_digest_beside_it_does_and_nowhere_else() -> None:
    from conformance.classes import class_of
    from conformance.differing import Differing

    def miss(live: dict[str, object], recorded: dict[str, object]) -> str:
        return class_of([Differing("parameters.Manifest", json.dumps(live), json.dumps(recorded))])

    one, other = ({"digest": "sha256:" + pair * 32} for pair in ("8a", "e0"))
    assert miss({"size": 396, **one}, {"size": 801, **other}) in ("digest", "random name")
    assert miss({"size": 396, **one}, {"size": 801, **one}) == "other"


def test_every_member_that_differs_is_named_with_its_whole_value_and_survives_json() -> None:
    from conformance.differing import Differing, differing

    live = AwsRequest("s3", "PutObject", {"Key": "k" * 99, "Tags": ["a", "b"]}, b"\x00\x01")
    recorded = AwsRequest("s3", "PutObject", {"Key": "l" * 99, "Tags": ["b", "a"], "ACL": "x"}, b"\x00")

    found = differing(live, recorded)

    assert [(one.place, one.live, one.recorded) for one in found] == [
        ("parameters.ACL", None, "x"),
        ("parameters.Key", "k" * 99, "l" * 99),
        ("parameters.Tags", ["a", "b"], ["b", "a"]),
        ("payload", b"\x00\x01", b"\x00"),
    ]
    assert [Differing.from_json(json.loads(json.dumps(one.to_json()))) for one in found] == found


def test_a_query_is_compared_by_its_members() -> None:
    from conformance.differing import differing

    live, recorded = (HttpRequest("GET", f"https://example.com/a?x=1&y={y}") for y in (2, 3))

    assert [(one.place, one.live, one.recorded) for one in differing(live, recorded)] == [
        ("query.y", "2", "3")
    ]


def test_the_stub_answers_the_reset_and_refuses_and_counts_the_rest(stub: Stub) -> None:
    url = f"http://127.0.0.1:{stub.server_port}"

    assert urllib3.request("POST", f"{url}/moto-api/reset").status == 200
    assert stub.refused == []
    assert urllib3.request("GET", f"{url}/moto-api/reset").status == 501
    assert urllib3.request("POST", f"{url}/").status == 501
    assert stub.refused == ["GET /moto-api/reset", "POST /"]


SUITE = """
import os, socket, uuid, urllib3

urllib3.request("GET", os.environ["URL"] + "/imported")

def test_draws_a_name():
    urllib3.request("GET", f"{os.environ['URL']}/{uuid.uuid4()}")

def test_opens_a_socket():
    socket.create_connection(("127.0.0.1", int(os.environ["URL"].rpartition(":")[2]))).close()
"""


def run_suite(folder: Path, stub: Stub, *options: str) -> dict[str, dict[str, Any]]:
    notes = folder / "notes.jsonl"
    notes.unlink(missing_ok=True)
    paths = os.pathsep.join(filter(None, [str(TOOLS), os.environ.get("PYTHONPATH")]))
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "conformance.plugin", f"--conformance={notes}",
         f"--conformance-cassettes={folder / 'imports'}", *options],
        cwd=folder, timeout=100, check=False, capture_output=True,
        env={
            **os.environ, "PYTHONPATH": paths, "URL": f"http://127.0.0.1:{stub.server_port}",
            # What a test makes up is to be missed here.
            "SEALTAPE_DRAWS": "real", "SEALTAPE_MATCH": "exact",
        },
    )  # fmt: skip
    noted = map(json.loads, notes.read_text(encoding="utf-8").splitlines())
    return {note["test"].rpartition("::")[2]: note for note in noted}


def test_tests_are_recorded_as_they_are_and_a_replay_names_what_they_drew_and_what_they_opened(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conformance.differing import Differing
    from sealtape.seal.keyring import new_key

    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)
    (tmp_path / "pyproject.toml").write_text("[tool.sealtape]\n", encoding="utf-8")
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    recorded = run_suite(tmp_path, stub, "--record-mode=once")
    sent = len(stub.refused)
    replayed = run_suite(tmp_path, stub, "--record-mode=none", "--conformance-offline")

    assert [note["outcome"] for note in recorded.values()] == ["passed", "passed"]
    assert [note["outcome"] for note in replayed.values()] == ["failed", "failed"]
    [[path]] = replayed["test_draws_a_name"]["missed"]
    assert classed(**{**path, "fault": ""}) == "random URL"
    assert Differing.from_json(path).fault == ""
    assert replayed["test_draws_a_name"]["connections"] == []
    assert len(replayed["test_opens_a_socket"]["connections"]) == 1
    # What the module asked for when it was imported was on a cassette too.
    assert len(stub.refused) == sent == 2


def test_the_list_holds_twenty_tests_of_each_of_thirty_services() -> None:
    from conformance.suite import chosen_tests

    assert {len(tests) for tests in chosen_tests().values()} == {20}
    assert len(chosen_tests()) == 30
    assert chosen_tests(["s3"], "test_empty_key") == {"s3": ["tests/test_s3/test_s3.py::test_empty_key"]}
