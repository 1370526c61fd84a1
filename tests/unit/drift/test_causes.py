"""Whose doing a difference is: what was asked, the SDK, the scrub rules and the account are told apart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

import sealtape
from sealtape.drift import Finding, compare
from sealtape.interaction import UNSENDABLE, Failure, Interaction, Recording, Removal, Scrubbed
from sealtape.library import Library
from sealtape.scrub.scrubber import Scrubber
from sealtape.seal.keyring import new_key
from sealtape.settings import ScrubSettings, load_settings
from sealtape.settling import settled
from tests.unit.drift.recordings import aws, http, recording


def causes(old: Recording, new: Recording) -> set[tuple[str, str]]:
    return {(finding.id, finding.cause) for finding in compare(old, new)}


def listed(additions: str, *members: str) -> Recording:
    made = recording(aws("example.List", dict.fromkeys(members, "on")))
    return replace(made, additions={"example.List": additions} if additions else {})


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("content-type", "content-type x-amz-sdk-checksum-algorithm", "sdk"),
        ("content-type ?x-id", "content-type", "sdk"),
        ("content-type", "content-type", "provider"),
        ("content-type x-amz-trailer?", "content-type", "provider"),
        ("", "content-type", "provider"),
    ],
    ids=["adds a header", "leaves a member of the query out", "adds the same", "sometimes", "not recorded"],
)
def test_an_sdk_that_sends_other_things_for_the_same_request_is_the_cause(
    old: str, new: str, cause: str
) -> None:
    assert causes(listed(old, "A", "B"), listed(new, "A")) == {("field-removed", cause)}


def owned(owner: str, *, scrubbed: bool, rule: str = "named", more: bool = True) -> Recording:
    removal = Removal(rule, "response.body.Owner", owner, "ab" * 16, len(owner))
    answer = {"Owner": owner, "Kept": 1} if more else {"Owner": owner}
    return recording(aws("example.List", answer, removals=(removal,) if scrubbed else ()))


def test_a_value_that_other_scrub_rules_replace_is_the_recorders_doing_and_no_more_than_that() -> None:
    old, new = owned("ada", scrubbed=False), owned("dfw", scrubbed=True, more=False)
    assert causes(old, new) == {("value-changed", "recorder"), ("field-removed", "provider")}


def test_a_request_in_which_other_scrub_rules_replace_a_value_is_no_request_that_changed() -> None:
    removal = Removal("named", "request.query.ticket", "jofkiwul", "ab" * 16, 8)
    old = recording(http("/a?ticket=abcdefgh", {"a": 1, "b": 2}))
    new = recording(replace(http("/a?ticket=jofkiwul", {"a": 1}), removals=(removal,)))
    assert causes(old, new) == {("request-changed", "recorder"), ("field-removed", "provider")}


def test_a_call_more_is_the_callers_doing_where_every_answer_is_the_same_and_else_nobodys_for_sure() -> None:
    get, put = aws("example.Get", {"A": "on", "B": 1}), aws("example.Put", {"A": "on"})
    assert causes(recording(get), recording(get, put)) == {("interaction-added", "request")}
    assert causes(recording(get, put), recording(get)) == {("interaction-missing", "request")}
    moved = recording(aws("example.Get", {"A": "on"}), put)
    assert causes(recording(get), moved) == {("field-removed", "provider"), ("interaction-added", "unknown")}


def test_what_a_simulator_answers_otherwise_is_its_doing_and_is_accepted_of_it_alone() -> None:
    def told(old: Recording, new: Recording) -> list[Finding]:
        return compare(old, new, answerer="simulator")

    old, new = (owned(account, scrubbed=True, rule="account-id") for account in ("210987", "402938"))
    gone = owned("402938", scrubbed=True, rule="account-id", more=False)
    assert told(old, new) == []
    (one,), (other,) = told(old, gone), compare(old, gone)
    assert (one.cause, other.cause) == ("simulator", "environment")
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize(("kind", "cause"), [("ReadTimeoutError", "simulator"), (UNSENDABLE, "unknown")])
def test_a_request_that_could_not_be_sent_is_no_fault_of_the_simulator(kind: str, cause: str) -> None:
    call = aws("example.List", {"A": 1})
    unanswered = Scrubbed(Interaction(call.interaction.request, Failure(kind, "no")))
    (finding,) = compare(recording(call), recording(unanswered), answerer="simulator")
    assert (finding.kind, finding.cause) == ("recording-failed", cause)


def test_two_accounts_make_the_environment_the_cause() -> None:
    def of(account: str, more: bool) -> Recording:
        return owned(account, scrubbed=True, rule="account-id", more=more)

    assert causes(of("402938475610", True), of("517263849506", False)) == {("field-removed", "environment")}
    assert causes(of("402938475610", True), of("402938475610", False)) == {("field-removed", "provider")}


class _Echo(BaseHTTPRequestHandler):
    """Answers with the checksum headers that it was sent, as an object store does."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        for name, value in self.headers.items():
            if name.lower().startswith("x-amz-checksum"):
                self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def put(echo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Record a put with an SDK that calculates checksums when they are ``supported`` or ``required``."""
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)

    def put(calculates: str, name: str, mode: str = "once") -> Path:
        config = Config(request_checksum_calculation=calculates, s3={"addressing_style": "path"})
        keys = {"aws_access_key_id": "AKIA" + "EXAMPLE" * 2 + "00", "aws_secret_access_key": "example" * 6}
        client = boto3.client("s3", "eu-west-1", endpoint_url=echo, config=config, **keys)
        with sealtape.use_cassette(tmp_path / f"{name}.tape", record_mode=mode):
            client.put_object(Bucket="example", Key="a", Body=b"a")
        return tmp_path / f"{name}.tape"

    return put


def test_a_cassette_keeps_what_the_sdk_added_so_that_its_upgrade_is_told(put: Callable[..., Path]) -> None:
    old, new = put("when_required", "old"), put("when_supported", "new")
    library = Library(load_settings(old))
    found: list[Finding] = compare(library.read(old), library.read(new))
    assert [(f.id, f.path, f.cause) for f in found] == [("field-added", "ChecksumCRC32", "sdk")]
    assert "x-amz-sdk-checksum-algorithm" in library.read(new).additions["s3.PutObject"]


def test_recording_the_same_answers_again_with_the_same_sdk_rewrites_nothing(
    put: Callable[..., Path],
) -> None:
    path = put("when_supported", "one")
    before = path.read_bytes()
    put("when_supported", "one", "all")
    assert path.read_bytes() == before


def test_an_sdk_that_moved_without_the_answers_changes_no_file() -> None:
    scrubber = Scrubber(ScrubSettings(), b"k" * 32)
    accepted, same = listed("content-type", "A"), listed("content-type x-amz-trailer", "A")
    moved = listed("content-type x-amz-trailer", "B")
    assert settled(accepted, same, scrubber) == accepted
    assert settled(accepted, moved, scrubber).additions == moved.additions
