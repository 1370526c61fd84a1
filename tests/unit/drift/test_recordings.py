from __future__ import annotations

import gzip
from typing import Any

import pytest

from sealtape.drift import Finding, compare, group
from sealtape.interaction import Failure, Interaction, Removal, Scrubbed
from tests.unit.drift.recordings import Provider, aws, http, recording

CREATED = "Tue, 06 Jan 2026 10:00:00 GMT"


def facts(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(f.id, f.operation, f.path) for f in findings if f.severity != "quiet"]


def conversation(seed: int, calls: int = 4) -> tuple[Scrubbed, ...]:
    """Return a create call whose id the calls after it send back."""
    provider = Provider(seed)
    key = provider.uuid()
    answer = {"Key": key, "Arn": f"arn:aws:kms:eu-west-1:210987654321:key/{key}"}
    create = aws("kms.CreateKey", {"KeyMetadata": answer}, {"Description": "d"})
    return create, *(
        aws("kms.DescribeKey", {"KeyMetadata": {**answer, "At": provider.epoch()}}, {"KeyId": key, "N": n})
        for n in range(calls)
    )


def test_a_recording_with_other_ids_and_times_is_not_drift() -> None:
    assert compare(recording(*conversation(1)), recording(*conversation(2))) == []


def test_an_id_that_was_given_and_sent_back_may_have_any_form() -> None:
    def made(key: str) -> tuple[Scrubbed, ...]:
        create = aws("kms.CreateKey", {"KeyMetadata": {"KeyId": f"key-{key}"}})
        return create, aws("kms.GetKeyPolicy", {"Policy": "{}"}, {"KeyId": f"key-{key}"})

    assert compare(recording(*made("kvz2")), recording(*made("ab41"))) == []


@pytest.mark.parametrize("missing", [0, 1, 3, 4])
def test_a_call_less_is_one_fact_and_no_cascade(missing: int) -> None:
    old, new = conversation(1), list(conversation(2))
    gone = new.pop(missing)
    operation = gone.interaction.request.label.partition(".")[2]
    assert facts(compare(recording(*old), recording(*new))) == [("interaction-missing", operation, "")]
    assert facts(compare(recording(*new), recording(*old))) == [("interaction-added", operation, "")]


def test_another_number_of_equal_polls_is_quiet() -> None:
    def polled(*states: str) -> tuple[Scrubbed, ...]:
        return tuple(aws("dynamodb.DescribeTable", {"Table": {"TableStatus": s}}) for s in states)

    old, new = polled("CREATING", "CREATING", "ACTIVE"), polled("CREATING", "ACTIVE")
    (finding,) = compare(recording(*old), recording(*new))
    assert (finding.id, finding.severity) == ("poll-count", "quiet")


def test_a_call_made_twice_instead_of_once_is_a_fact() -> None:
    call = aws("sqs.ListQueues", {"QueueUrls": ["u"]})
    (finding,) = compare(recording(call), recording(call, call))
    assert finding.id == "interaction-added"


def test_calls_in_another_order_are_paired_and_quiet() -> None:
    one, two = aws("s3.HeadBucket", {}, {"Bucket": "a"}), aws("s3.HeadBucket", {}, {"Bucket": "b"})
    (finding,) = compare(recording(one, two), recording(two, one))
    assert (finding.id, finding.severity) == ("interactions-reordered", "quiet")


def test_a_request_that_changed_is_the_cause_of_what_follows() -> None:
    old = aws("sqs.GetQueueAttributes", {"Attributes": {"A": "1"}}, {"AttributeNames": ["A"]})
    new = aws("sqs.GetQueueAttributes", {"Attributes": {"B": "1"}}, {"AttributeNames": ["B"]})
    found = compare(recording(old), recording(new))
    assert {f.cause for f in found} == {"request"}
    assert "request-changed" in {f.id for f in found}


def test_what_changed_for_the_same_request_is_the_providers_doing() -> None:
    old, new = aws("sqs.ListQueues", {"A": 1, "B": 2}), aws("sqs.ListQueues", {"A": 1})
    (finding,) = compare(recording(old), recording(new))
    assert (finding.kind, finding.cause, finding.service) == ("field-removed", "provider", "sqs")
    assert finding.tests == ("tests/cassettes/test_one",)


def test_another_protocol_makes_the_sdk_the_cause() -> None:
    xml = "<R><ListQueuesResult><QueueUrl>u</QueueUrl></ListQueuesResult></R>"
    old = aws("sqs.ListQueues", xml, protocol="query")
    (finding,) = compare(recording(old), recording(aws("sqs.ListQueues", {"QueueUrls": ["u"]})))
    assert (finding.id, finding.cause) == ("body-form", "sdk")


def test_what_the_model_reads_in_both_formats_is_compared_as_the_sdk_has_it() -> None:
    def listed(members: str, answer: dict[str, Any]) -> list[tuple[str, str, str]]:
        xml = f"<R><ListMetricsResult><Metrics>{members}</Metrics></ListMetricsResult></R>"
        old, new = aws("cloudwatch.ListMetrics", xml, protocol="query"), aws("cloudwatch.ListMetrics", answer)
        return [(f.id, f.path, f.cause) for f in compare(recording(old), recording(new))]

    member = "<member><MetricName>a</MetricName></member>"
    read = ("body-form-read", ":body", "sdk")
    assert listed(member, {"Metrics": [{"MetricName": "a"}]}) == [read]
    removed = ("field-removed", "Metrics[].MetricName", "sdk")
    assert listed(member, {"Metrics": [{}]}) == [removed, read]


def test_a_date_in_the_request_that_has_passed_makes_the_environment_the_cause() -> None:
    parameters = {"RetainUntil": "2026-01-31T00:00:00+00:00"}

    def put(date: str, status: int) -> Scrubbed:
        answer = {} if status == 200 else {"__type": "Invalid", "message": "must be in the future"}
        return aws("s3.PutObjectRetention", answer, parameters, status=status, headers=(("Date", date),))

    found = compare(recording(put(CREATED, 200)), recording(put("Sun, 01 Feb 2026 10:00:00 GMT", 400)))
    assert {f.cause for f in found} == {"environment"}
    found = compare(recording(put(CREATED, 200)), recording(put("Wed, 07 Jan 2026 10:00:00 GMT", 400)))
    assert {f.cause for f in found} == {"provider"}


def test_a_value_that_is_scrubbed_on_one_side_only_is_the_recorders_doing() -> None:
    removal = Removal("named", "response.body.Owner", "qzrtv-wxkpl", "ab" * 16, 11)
    old = aws("sqs.ListQueues", {"Owner": "example-owner"})
    new = aws("sqs.ListQueues", {"Owner": "qzrtv-wxkpl"}, removals=(removal,))
    (finding,) = compare(recording(old), recording(new))
    assert finding.cause == "recorder"


def test_stand_ins_are_opaque_whatever_they_look_like() -> None:
    def owned(stand_in: str) -> Scrubbed:
        removal = Removal("named", "response.body.Owner", stand_in, "ab" * 16, len(stand_in))
        return aws("sqs.ListQueues", {"Owner": stand_in, "Text": f"made by {stand_in}"}, removals=(removal,))

    assert compare(recording(owned("anna")), recording(owned("bertha"))) == []


def test_a_text_that_differs_only_in_its_scrubbed_part_is_not_drift() -> None:
    def key(stand_in: str) -> Scrubbed:
        material = f"key of the pair:\n{stand_in}\nkeep it"
        got = http("/key", {"material": material})
        return Scrubbed(
            got.interaction, (Removal("private-key", "response.body.material", stand_in, "0", 9),)
        )

    old, new = recording(key("plain words of one key")), recording(key("and then of another\none"))
    assert compare(old, new) == []
    unscrubbed = recording(Scrubbed(key("and then of another\none").interaction))
    assert compare(old, unscrubbed) != []


def test_no_answer_where_there_was_one_is_a_failed_recording() -> None:
    old = aws("sqs.ListQueues", {})
    new = Scrubbed(Interaction(old.interaction.request, Failure("EndpointConnectionError", "no route")))
    (finding,) = compare(recording(old), recording(new))
    assert (finding.kind, finding.severity, finding.new) == (
        "recording-failed",
        "breaking",
        "EndpointConnectionError",
    )


# What the bytes say -----------------------------------------------------------------------------------

_XML = '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{}</ListBucketResult>'


def listed(*contents: str) -> Scrubbed:
    text = _XML.format("".join(f"<Contents>{c}</Contents>" for c in contents))
    return aws("s3.ListObjectsV2", text, {"Bucket": "b"}, protocol="rest-xml")


def test_xml_is_read_as_the_model_has_it() -> None:
    old = listed("<Key>a</Key><Size>1</Size><Owner><DisplayName>x</DisplayName><ID>i</ID></Owner>")
    new = listed("<Key>a</Key><Size>1</Size><Owner><ID>i</ID></Owner>")
    (finding,) = compare(recording(old), recording(new))
    assert (finding.id, finding.path, finding.old) == ("field-removed", "Contents[].Owner.DisplayName", "x")


def test_one_element_and_two_are_the_same_list() -> None:
    old, new = listed("<Key>a</Key>"), listed("<Key>a</Key>", "<Key>b</Key>")
    assert [f.kind for f in compare(recording(old), recording(new))] == ["count"]


def test_members_that_the_model_does_not_know_are_compared_too() -> None:
    old, new = listed("<Key>a</Key>"), listed("<Key>a</Key><Novelty>1</Novelty>")
    (finding,) = compare(recording(old), recording(new))
    assert (finding.id, finding.path) == ("unmodelled-field-added", "Contents[].Novelty")


def test_what_the_model_does_not_know_breaks_no_caller_of_the_sdk() -> None:
    known, unknown = "<Name>b</Name>", "<Novelty>1</Novelty>"

    def severities(service: str, old: str, new: str) -> set[str]:
        answers = [aws(f"{service}.ListObjectsV2", _XML.format(body)) for body in (old, new)]
        return {finding.severity for finding in compare(*(recording(answer) for answer in answers))}

    assert severities("s3", known + unknown, known) == {"info"}
    assert severities("s3", known + unknown, known + "<Novelty>2</Novelty>") == {"info"}
    assert severities("s3", known + unknown, unknown) == {"breaking"}
    assert severities("example", known + unknown, known) == {"breaking"}


def test_a_body_that_the_model_does_not_expect_breaks_no_caller_of_the_sdk() -> None:
    old, new = (aws("sqs.DeleteQueue", {"Gone": True}), aws("sqs.DeleteQueue", {}))
    (finding,) = compare(recording(old), recording(new))
    assert (finding.id, finding.kind, finding.severity) == (
        "unmodelled-field-removed",
        "field-removed",
        "info",
    )


def test_http_has_no_model_that_could_hide_a_member() -> None:
    (finding,) = compare(recording(http("/", {"a": 1, "b": 2})), recording(http("/", {"a": 1})))
    assert finding.severity == "breaking"


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("x-amz-crc32", "info"),
        ("x-amz-checksum-sha256", "info"),
        ("Content-Digest", "info"),
        ("Link", "risky"),
    ],
)
def test_a_checksum_that_is_no_longer_sent_is_worth_a_note_only(name: str, severity: str) -> None:
    old, new = (aws("sqs.ListQueues", {}, headers=headers) for headers in (((name, "1234567890"),), ()))
    (finding,) = compare(recording(old), recording(new))
    assert (finding.kind, finding.severity) == ("header", severity)


def test_the_status_of_the_answer_is_not_a_member_called_status() -> None:
    old, new = (http("/", {"status": said}, status=status) for said, status in (("on", 200), ("off", 202)))
    found = compare(recording(old), recording(new))
    assert sorted((f.id, f.path) for f in found) == [
        ("success-status", ":status"),
        ("value-changed", "status"),
    ]


def test_query_errors_and_json_errors_are_told_alike() -> None:
    def query(code: str) -> Scrubbed:
        text = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code></Error></ErrorResponse>"
        return aws("iam.GetUser", text, status=400, protocol="query")

    def of_json(code: str) -> Scrubbed:
        return aws("kms.DescribeKey", {"__type": f"com.example#{code}", "message": "m"}, status=400)

    for error in (query, of_json):
        (finding,) = compare(recording(error("NotFound")), recording(error("Missing")))
        assert (finding.id, finding.path, finding.new) == ("error-code", "Error.Code", "Missing")


def test_headers_that_the_model_makes_members_are_members() -> None:
    def put(*headers: tuple[str, str]) -> Scrubbed:
        return aws("s3.PutObject", None, {"Bucket": "b"}, headers=headers, protocol="rest-xml")

    (finding,) = compare(recording(put()), recording(put(("x-amz-checksum-type", "FULL_OBJECT"))))
    assert (finding.id, finding.path) == ("field-added", "ChecksumType")
    (finding,) = compare(recording(put(("X-Novelty", "1"))), recording(put()))
    assert (finding.id, finding.path) == ("header-removed", ":headers.x-novelty")


def test_headers_about_the_transport_are_not_drift() -> None:
    headers = (("Date", CREATED), ("Connection", "close"), ("Server", "one"))
    old = aws("sqs.ListQueues", {}, headers=headers)
    new = aws("sqs.ListQueues", {}, headers=(("Via", "2 proxy"), ("Content-Length", "2")))
    assert compare(recording(old), recording(new)) == []


def test_a_body_is_read_in_whatever_coding_it_came() -> None:
    def zipped(data: bytes) -> Scrubbed:
        return aws("sqs.ListQueues", gzip.compress(data), headers=(("Content-Encoding", "gzip"),))

    (finding,) = compare(recording(zipped(b'{"A":1}')), recording(zipped(b'{"A":"1"}')))
    assert (finding.kind, finding.path) == ("type-changed", "A")


def test_cbor_is_read_as_what_it_says() -> None:
    def of_cbor(body: bytes) -> Scrubbed:
        headers = (("Content-Type", "application/cbor"),)
        return aws("cloudwatch.DescribeAlarms", body, headers=headers, protocol="smithy-rpc-v2-cbor")

    old, new = of_cbor(b"\xa1\x61A\x01"), of_cbor(b"\xa1\x61A\x61x")
    (finding,) = compare(recording(old), recording(new))
    assert (finding.kind, finding.path, finding.new) == ("type-changed", "A", "x")


# HTTP ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identity", ["17", "7f3c9b1e-52d4-4a86-9e0b-6c1d2f3a4b5c"])
def test_an_http_operation_is_the_host_and_the_method_and_path_without_ids(identity: str) -> None:
    path = f"/users/{identity}"
    old, new = http(path, {"name": "a", "age": 3}), http(path, {"name": "a"})
    (finding,) = compare(recording(old), recording(new))
    assert (finding.service, finding.operation) == ("api.example.com", "GET /users/{}")
    assert finding.subject == "GET api.example.com/users/{}"


def test_numeric_ids_and_the_urls_that_hold_them_are_renamed() -> None:
    def made(number: int) -> tuple[Scrubbed, ...]:
        answer = {"id": number, "self": f"https://api.example.com/users/{number}"}
        return http("/users", answer, method="POST", status=201), http(f"/users/{number}", answer)

    assert compare(recording(*made(17)), recording(*made(1804))) == []


@pytest.mark.parametrize(
    ("old", "new", "media", "expected"),
    [
        ("<a><b>1</b></a>", "<a><b>1</b><c/></a>", "application/xml", ("field-added", "a.c")),
        ("a=1&b=2", "a=1", "application/x-www-form-urlencoded", ("field-removed", "b")),
        ("all is well", "all is lost", "text/plain", ("text-changed", "")),
        ('{"a":1}', "<html>", "text/html", ("body-form", ":body")),
    ],
)
def test_bodies_are_compared_as_what_they_are(
    old: str, new: str, media: str, expected: tuple[str, str]
) -> None:
    found = compare(recording(http("/", old, media=media)), recording(http("/", new, media=media)))
    assert [(f.id, f.path) for f in found] == [expected]


def test_the_status_the_content_type_and_the_success_are_facts() -> None:
    old = http("/", "[]")
    found = compare(recording(old), recording(http("/", "[]", status=201, media="text/json")))
    assert sorted((f.kind, f.id) for f in found) == [
        ("content-type", "content-type"),
        ("http-status", "success-status"),
    ]
    (finding, *_) = compare(recording(old), recording(http("/", "[]", status=500)))
    assert (finding.id, finding.severity) == ("http-status", "breaking")


# Groups -------------------------------------------------------------------------------------------------


def without(member: str, seed: int) -> tuple[Any, Any]:
    old = {"User": {"Id": Provider(seed).uuid(), "Old": seed}}
    new = {"User": {"Id": Provider(-seed).uuid(), "Old": seed}}
    del new["User"][member]
    return old, new


def test_a_fact_is_one_line_over_many_responses_and_tests() -> None:
    found: list[Finding] = []
    for seed in range(1, 5):
        old, new = without("Old", seed)
        found += compare(
            recording(*[aws("iam.GetUser", old)] * 3, name=f"test_{seed}"),
            recording(*[aws("iam.GetUser", new)] * 3, name=f"test_{seed}"),
        )
    (finding,) = group(found)
    assert (finding.count, finding.tests) == (12, ("test_1", "test_2", "test_3", "test_4"))


def test_a_fingerprint_stays_when_unrelated_things_change() -> None:
    (one,) = compare(*without("Old", 1))
    old, new = without("Old", 2)
    (other, more) = compare({**old, "More": 1}, new)
    assert {one.fingerprint} == {f.fingerprint for f in (other, more) if f.path == "User.Old"}
    assert other.fingerprint != more.fingerprint


def test_another_value_of_the_same_member_is_another_fact() -> None:
    (one,) = compare({"Limit": 1}, {"Limit": 2})
    (other,) = compare({"Limit": 1}, {"Limit": 3})
    assert one.fingerprint != other.fingerprint


def test_the_worst_comes_first() -> None:
    found = compare({"B": "x", "L": ["p", "q"]}, {"B": None, "C": 1, "L": ["q", "p"]})
    assert [f.severity for f in found] == ["breaking", "info", "quiet"]


def test_a_recording_does_not_compare_with_a_document() -> None:
    with pytest.raises(TypeError):
        compare(recording(), {})
