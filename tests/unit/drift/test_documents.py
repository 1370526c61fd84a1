from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.drift import Finding, compare
from tests.unit.drift.recordings import Provider

Mutation = Callable[[dict[str, Any]], Any]


def found(old: Any, new: Any, **options: Any) -> list[tuple[str, str]]:
    return [(finding.id, finding.path) for finding in compare(old, new, **options)]


def only(old: Any, new: Any, **options: Any) -> Finding:
    (finding,) = compare(old, new, **options)
    return finding


def drifted(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(f.kind, f.path) for f in findings if f.severity != "quiet"]


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=25,
)


@given(documents)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:
    assert compare(document, copy.deepcopy(document)) == []


@given(documents, documents)
def test_two_documents_that_differ_are_compared_without_an_error(old: Any, new: Any) -> None:
    for finding in compare(old, new):
        json.dumps(finding.as_json(), allow_nan=False)


@given(st.integers(), st.integers())
def test_another_recording_of_the_same_answer_is_not_drift(one: int, other: int) -> None:
    assert compare(Provider(one).order(), Provider(other).order()) == []


MUTATIONS: dict[str, tuple[Mutation, str, str]] = {
    "a removed member": (lambda d: d["Owner"].pop("Verified"), "field-removed", "Owner.Verified"),
    "an added member": (lambda d: d["Owner"].update(Mail="x"), "field-added", "Owner.Mail"),
    "a removed member of items": (
        lambda d: [line.pop("State") for line in d["Lines"]],
        "field-removed",
        "Lines[].State",
    ),
    "a renamed member": (
        lambda d: d["Owner"].update(IsVerified=d["Owner"].pop("Verified")),
        "field-renamed",
        "Owner.Verified",
    ),
    "a member spelled otherwise": (lambda d: d.update(tags=d.pop("Tags")), "field-renamed", "Tags"),
    "a number as text": (lambda d: d.update(MaximumLines="50"), "type-changed", "MaximumLines"),
    "a number as a boolean": (
        lambda d: d["Lines"][0].update(Quantity=True),
        "type-changed",
        "Lines[].Quantity",
    ),
    "null with a value": (lambda d: d["Owner"].update(Manager="eve"), "type-changed", "Owner.Manager"),
    "a value that is null": (lambda d: d["Owner"].update(Name=None), "type-changed", "Owner.Name"),
    "another value": (lambda d: d["Owner"].update(Name="eve"), "value-changed", "Owner.Name"),
    "another value in an item": (
        lambda d: d["Lines"][1].update(Quantity=6),
        "value-changed",
        "Lines[].Quantity",
    ),
    "another limit": (lambda d: d.update(MaximumLines=100), "default-or-limit", "MaximumLines"),
    "another limit in a text": (
        lambda d: d.update(Notice=d["Notice"].replace("4096", "8192")),
        "default-or-limit",
        "Notice",
    ),
    "another text": (
        lambda d: d.update(Notice=d["Notice"].replace("An order", "Each order")),
        "value-changed",
        "Notice",
    ),
    "a new listed value": (lambda d: d["Tags"].append("red"), "enum-value", "Tags[]"),
    "a listed value less": (lambda d: d["Tags"].pop(), "enum-value", "Tags[]"),
    "an entry under an opaque key less": (lambda d: d["Audit"].clear(), "field-removed", "Audit.{}"),
}


@pytest.mark.parametrize(("mutate", "kind", "path"), MUTATIONS.values(), ids=MUTATIONS.keys())
@pytest.mark.parametrize("other", [1, 2, 3])
def test_one_change_among_other_ids_and_times_is_one_fact_of_its_kind(
    mutate: Mutation, kind: str, path: str, other: int
) -> None:
    changed = Provider(other).order()
    mutate(changed)
    assert drifted(compare(Provider(0).order(), changed)) == [(kind, path)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-01-31T00:00:00Z", "2026-02-01T01:02:03.456Z"),
        ("Tue, 25 Nov 2025 03:22:17 GMT", "Sat, 31 Jan 2026 00:00:00 GMT"),
        ("Thu Jan  1 00:00:00 UTC 2026", "Fri Jan  2 10:00:00 UTC 2026"),
        ("20260131T000000Z", "20260201T000000Z"),
        (1715179065, 1715179157),
        (1715179065000, 1715179157000),
        ("1715179065", "1715179157"),
        ("i-0abc1234def567890", "i-0fed9876cba543210"),
        ("report-1581ad5c", "report-7a2b1426"),
        ("CFN-Parameter-OkuGHMW4ltfZ", "CFN-Parameter-gE4nEU6CQEj9"),
        ("02:1b:44:11:3a:b7", "02:0c:29:4e:5d:6f"),
        ("02:00:00:9002x:13402x:2202x", "02:00:00:12402x:21202x:1502x"),
        ("198.51.100.7", "203.0.113.9"),
        ("http://127.0.0.1:40111/queue/jobs", "http://127.0.0.1:39222/queue/jobs"),
        ("eu-west-1a", "eu-west-1c"),
        ("mx7-3.mail.example.com", "mx7-9.mail.example.com"),
        ("build <run:1> of main", "build <run:7> of main"),
        ("folder/item-94d721ec", "folder/<item-name>"),
        (
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhk\nnQIDAQAB\n-----END PUBLIC KEY-----\n",
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBg/+hk\nvQIDAQAB\n-----END PUBLIC KEY-----\n",
        ),
        ("2001:db8:3712:5f59::5970", "2001:db8:aa1b:ceaa::53ec"),
        ("https://xrwsbl2imw.api.example.com/prod", "https://ci2sokxrhg.api.example.com/prod"),
        ("orders.k39kks.0001.example.com", "orders.nl63qp.0001.example.com"),
        ("jobs-Fn-26MVKCOSDEB76", "jobs-Fn-RCUFTQFZXKH5G"),
        ("Untz/Lm9ML2Eo84=", "UQZnasXX1+nLZWO="),
        (
            "https://example.com/k?scope=one%2F20240101%2Feu&signature=Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5M%3D",
            "https://example.com/k?scope=one%2F20250203%2Feu&signature=cXdlcnR5dWlvcGFzZGZnaGprbHp4Y%3D",
        ),
    ],
)
def test_a_value_of_an_opaque_class_may_be_another_one(old: Any, new: Any) -> None:
    assert compare({"Value": old}, {"Value": new}) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2012-10-17", "2008-10-17"),
        ("python3.9", "python3.12"),
        ("HmacSHA256", "HmacSHA512"),
        ("CRC32", "CRC64NVME"),
        ("us-east-1", "us-west-2"),
        ("127.0.0.1:9001", "169.254.100.1:9001"),
        ("worker-1", "worker-2"),
        ("SHA256WITHRSA", "SHA512WITHRSA"),
        ("base32encoder", "base64encoder"),
        (
            "https://api.example.com/v1/users/7d3b6c1e-52e4-4a4c-9c1e-2f8d40a7a001",
            "https://api.example.com/v2/users/11116c1e-52e4-4a4c-9c1e-2f8d40a7a001",
        ),
        ("drwx------", "drwxrwxrwt"),
        (262144, 1048576),
        (False, True),
    ],
)
def test_a_value_that_somebody_chose_is_drift_when_it_changes(old: Any, new: Any) -> None:
    assert found({"Value": old}, {"Value": new}) == [("value-changed", "Value")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"ElapsedMillis": 525}, {"ElapsedMillis": 623}),
        ({"ApproximateDepth": 0}, {"ApproximateDepth": 2}),
        ({"Duration": 1.02}, {"Duration": 3.4}),
        ({"ResponseTime": "12ms"}, {"ResponseTime": "9ms"}),
        ({"expires_in": 3599}, {"expires_in": 3598}),
        ({"LoadAverage": [0.1, 0.2]}, {"LoadAverage": [0.3, 0.1]}),
        ({"id": 17, "url": "/users/17"}, {"id": 18, "url": "/users/18"}),
        ({"Found": [{"at": 1715179065}], "Count": 1}, {"Found": [], "Count": 0}),
        ({"Headers": {"Content-Length": "463"}}, {"Headers": {"Content-Length": "462"}}),
        (
            {"Digest": "a" * 30 + "12", "ArchiveSize": 1_343_574},
            {"Digest": "b" * 30 + "34", "ArchiveSize": 1_343_579},
        ),
    ],
)
def test_measurements_and_what_follows_from_other_content_are_not_drift(old: Any, new: Any) -> None:
    assert drifted(compare(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [({"expires_in": 3600}, {"expires_in": 7200}), ({"MaximumAge": "60s"}, {"MaximumAge": "90s"})],
)
def test_what_somebody_set_is_drift_also_where_such_things_are_measured(old: Any, new: Any) -> None:
    assert drifted(compare(old, new)) != []


def test_the_parameters_of_a_url_are_compared_one_by_one() -> None:
    one, other = ({"Next": f"/orders?size={size}&cursor={'Zm9vYmFyYmF6cXV4MTIz' * size}"} for size in (2, 3))
    assert found(one, other) == [("value-changed", "Next.size")]


def test_a_size_is_drift_if_the_content_did_not_change() -> None:
    assert found({"Digest": "a" * 32, "DiskSize": 10}, {"Digest": "a" * 32, "DiskSize": 20}) == [
        ("value-changed", "DiskSize")
    ]


def test_an_id_that_refers_to_two_things_now_is_one_fact() -> None:
    one, two, three = (Provider(seed).uuid() for seed in (1, 2, 3))
    finding = only({"Order": one, "Parent": one}, {"Order": two, "Parent": three})
    assert (finding.id, finding.path) == ("reference-changed", "Parent")


def test_the_order_of_a_list_is_a_quiet_fact() -> None:
    old: dict[str, Any] = {"Rules": [{"Key": "a", "V": 1}, {"Key": "b", "V": 2}]}
    finding = only(old, {"Rules": old["Rules"][::-1]})
    assert (finding.id, finding.severity) == ("order-changed", "quiet")


def test_items_are_paired_by_the_member_that_names_them() -> None:
    old = [{"Key": "a", "V": 1}, {"Key": "b", "V": 2}, {"Key": "c", "V": 3}]
    new = [{"Key": "x", "V": 9}, {"Key": "b", "V": 2}, {"Key": "c", "V": 4}]
    assert ("value-changed", "[].V") in found(old, new)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ([{"Id": 10}, {"Id": 11}], [{"Id": "10"}, {"Id": "11"}], "[].Id"),
        ([10, 11], ["10", "11"], "[]"),
        (["a", "b"], [{"Name": "a"}, {"Name": "b"}], "[]"),
        ([{"Id": 10}, {"Id": 11}], [{"Id": 10}, "x"], "[]"),
    ],
)
def test_items_of_another_type_are_one_fact(old: Any, new: Any, place: str) -> None:
    assert found({"L": old}, {"L": new}) == [("type-changed", f"L{place}")]


def test_an_item_more_is_one_fact_however_many_follow_it() -> None:
    items = [{"Name": name, "Size": len(name)} for name in ("ann", "bob", "cyd", "dora")]
    assert found({"Users": items[1:]}, {"Users": items}) == [("item-added", "Users[]")]


def test_resources_that_came_into_being_are_quiet() -> None:
    old: dict[str, Any] = {"Buckets": []}
    new = {"Buckets": [{"Name": "b", "CreationDate": "2026-01-31T00:00:00Z"}]}
    assert only(old, new).id == "resource-count"


def test_a_history_of_things_that_ran_side_by_side_may_interleave() -> None:
    def history(*branches: int) -> dict[str, Any]:
        events: list[dict[str, Any]] = [
            {"type": "Started"},
            *({"type": "Ended", "detail": {"branch": b}} for b in branches),
        ]
        return {"events": [{"id": n, "previousId": n - 1, **e} for n, e in enumerate(events, 1)]}

    assert drifted(compare(history(0, 1, 2), history(2, 0, 1))) == []


def test_json_inside_of_a_text_is_compared_as_json() -> None:
    old, new = {"Policy": '{"a":1,"b":[1]}'}, {"Policy": '{"b": [1], "a": 2}'}
    assert found(old, new) == [("value-changed", "Policy.a")]


def test_an_error_is_told_by_code_status_and_message() -> None:
    def error(code: str, message: str, status: int) -> dict[str, Any]:
        meta = {"HTTPStatusCode": status, "HTTPHeaders": {}, "RequestId": Provider(status).uuid()}
        return {"Error": {"Code": code, "Message": message}, "ResponseMetadata": meta}

    assert found(error("A", "no such thing here", 400), error("B", "nothing of this name", 409)) == [
        ("http-status", ":status"),
        ("error-code", "Error.Code"),
        ("error-message", "Error.Message"),
    ]


def test_an_answer_that_became_an_error_is_told_by_its_status_and_code_alone() -> None:
    old = {"Users": [], "ResponseMetadata": {"HTTPStatusCode": 200}}
    new = {
        "Error": {"Code": "AccessDenied", "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": 403},
    }
    assert found(old, new) == [("http-status", ":status"), ("error-code", "Error.Code")]


def test_the_model_says_which_values_an_enumeration_has() -> None:
    def objects(storage: str) -> dict[str, Any]:
        return {"Contents": [{"Key": "a", "StorageClass": storage}]}

    model = {"service": "s3", "operation": "ListObjectsV2"}
    assert only(objects("STANDARD"), objects("MOONBASE"), **model).id == "enum-outside-model"
    assert only(objects("STANDARD"), objects("GLACIER"), **model).id == "enum-value-changed"


def test_the_model_says_which_members_are_times_and_page_tokens() -> None:
    old = {"Contents": [{"Key": "a", "LastModified": "yesterday"}], "NextContinuationToken": "one"}
    new = {"Contents": [{"Key": "a", "LastModified": "today"}], "NextContinuationToken": "two"}
    assert len(compare(old, new)) == 2
    assert compare(old, new, service="s3", operation="ListObjectsV2") == []


def test_a_document_has_no_provenance_so_the_cause_is_unknown() -> None:
    finding = only({"a": 1}, {}, service="s3", operation="ListObjectsV2", test="test_it")
    assert (finding.cause, finding.service, finding.operation) == ("unknown", "s3", "ListObjectsV2")
    assert (finding.tests, finding.count) == (("test_it",), 1)


def test_a_fact_shown_by_many_items_of_one_answer_is_counted_once() -> None:
    old = {"Users": [{"Name": "a", "Old": 1}, {"Name": "b", "Old": 2}]}
    finding = only(old, {"Users": [{"Name": "a"}, {"Name": "b"}]})
    assert (finding.path, finding.count) == ("Users[].Old", 1)
