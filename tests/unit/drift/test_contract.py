"""Recorded AWS calls against the installed botocore's model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sealtape.drift.contract import contract
from sealtape.drift.openapi import Api
from sealtape.interaction import Failure, HttpRequest, Interaction, Scrubbed
from tests.unit.drift.recordings import aws, http, recording

TABLE = {"TableName": "locks"}


def broken(*calls: Scrubbed) -> list[tuple[str, str, Any, Any]]:
    return [(f.id, f.path, f.old, f.new) for f in contract(recording(*calls)).findings]


def described(parameters: dict[str, Any] = TABLE, /, **members: Any) -> Scrubbed:
    return aws("dynamodb.DescribeTable", {"Table": {"TableName": "locks", **members}}, parameters)


def test_what_fits_the_model_is_nothing_to_tell() -> None:
    assert broken(described(TableStatus="ACTIVE", ItemCount=3, CreationDateTime=1715179065.5)) == []


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (described(Novelty={"a": 1}), ("unmodelled-member", "Table.Novelty", None, "structure")),
        (described(ItemCount="many"), ("unmodelled-type", "Table.ItemCount", "long", "string")),
        (described(TableStatus="MOONING"), ("enum-outside-model", "Table.TableStatus", None, "MOONING")),
        (described(KeySchema={}), ("unmodelled-type", "Table.KeySchema", "list", "structure")),
        (
            described(KeySchema=[{"KeyType": "HASH"}]),
            ("required-member-missing", "Table.KeySchema[].AttributeName", "string", None),
        ),
        (described({}), ("required-parameter-missing", ":request.TableName", "string", None)),
        (
            described({**TABLE, "Depth": 1}),
            ("unmodelled-parameter", ":request.Depth", None, "number"),
        ),
        (described({"TableName": 7}), ("unmodelled-type", ":request.TableName", "string", "number")),
        (aws("dynamodb.DescribeMoons", {}), ("unmodelled-operation", "", None, None)),
        (
            aws("dynamodb.DescribeTable", {"Table": {}}, TABLE, protocol="query"),
            ("protocol-changed", ":protocol", "json", "query"),
        ),
        (
            aws("dynamodb.DescribeTable", {"__type": "Odd", "message": "m"}, TABLE, status=400),
            ("unmodelled-error", "Error.Code", None, "Odd"),
        ),
        (
            aws("sqs.DeleteQueue", {"Gone": True}, {"QueueUrl": "u"}),
            ("unmodelled-member", "Gone", None, True),
        ),
    ],
)
def test_each_breach_of_the_model_is_one_fact_with_what_the_model_has(
    call: Scrubbed, expected: tuple[str, str, Any, Any]
) -> None:
    assert broken(call) == [expected]


def test_a_breach_that_several_items_and_calls_show_is_told_once_and_counted() -> None:
    call = described(KeySchema=[{"AttributeName": name, "KeyType": "HASH", "Odd": 1} for name in "ab"])
    (finding,) = contract(recording(call, call, name="tests/test_one")).findings
    assert (finding.path, finding.count, finding.tests) == ("Table.KeySchema[].Odd", 2, ("tests/test_one",))


def test_what_is_sent_is_the_sdks_doing_and_what_is_answered_nobodys_for_sure() -> None:
    found = contract(recording(described({**TABLE, "Depth": 1}, Novelty=1))).findings
    assert {(f.id, f.cause) for f in found} == {
        ("unmodelled-parameter", "sdk"),
        ("unmodelled-member", "unknown"),
    }


def test_streams_times_and_nulls_fit_as_capture_tags_them() -> None:
    put = aws("s3.PutObject", None, {"Bucket": "b", "Key": "k", "Body": {"$stream": True},
              "Expires": {"$time": "2026-01-31T00:00:00+00:00"}}, protocol="rest-xml")  # fmt: skip
    assert broken(put, described(ItemCount=None)) == []


def test_plain_values_that_boto3s_resource_takes_fit_and_wrong_typed_ones_do_not() -> None:
    plain = {"TableName": "locks", "Item": {"id": "7", "tags": ["a"], "by": {"name": "ci", "S": 1}}}
    assert broken(aws("dynamodb.PutItem", {}, plain)) == []
    wrong = {"TableName": "locks", "Item": {"id": {"S": 7}}}
    assert [what for what, *_ in broken(aws("dynamodb.PutItem", {}, wrong))] == ["unmodelled-type"]


def test_http_and_calls_without_an_answer_have_no_contract() -> None:
    lost = Scrubbed(Interaction(described().interaction.request, Failure("ReadTimeoutError", "late")))
    assert broken(http("/", {"a": 1}), lost) == []
    checked = contract(recording(http("/", {"a": 1}), lost))
    assert (checked.aws, checked.http, checked.requests) == (1, 0, 2)


USER = {
    "type": "object",
    "required": ["id", "password"],
    "properties": {
        "id": {"type": "integer"},
        "state": {"type": "string", "enum": ["on", "off"]},
        "password": {"type": "string", "writeOnly": True},
        "extra": {},
        "either": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"a": {}}}]},
    },
}
API = {
    "openapi": "3.1.0",
    "paths": {
        "/users/{id}": {
            "get": {"responses": {"200": {"content": {"application/json": {"schema": USER}}}, "4XX": {}}},
            "put": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"additionalProperties": False, **USER, "required": ["id"]}
                        }
                    }
                },
                "responses": {"default": {}},
            },
        }
    },
}


def put(**sent: Any) -> Scrubbed:
    made = http("/users/7", {}, method="PUT").interaction
    headers = (("Content-Type", "application/json"),)
    request = HttpRequest("PUT", "https://api.example.com/users/7", headers, json.dumps(sent).encode())
    return Scrubbed(Interaction(request, made.outcome))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (http("/users/7", {"id": 7, "state": "on", "extra": [1], "either": "x"}), []),
        (http("/users/7", {"id": 7, "either": {"a": 1}}), []),
        (http("/users/7", {"gone": True}, status=404), []),
        (http("/users/7", {"id": "7"}), [("unmodelled-type", "id", "integer", "string")]),
        (http("/users/7", {"id": 7, "state": "lost"}), [("enum-outside-model", "state", None, "lost")]),
        (http("/users/7", {"id": 7, "odd": 1}), [("unmodelled-member", "odd", None, "number")]),
        (http("/users/7", {}), [("required-member-missing", "id", "integer", None)]),
        (http("/users/7", {}, status=500), [("unmodelled-status", ":status", None, 500)]),
        (http("/users/7", {}, method="DELETE"), [("unmodelled-operation", "", None, None)]),
        (http("/groups", {}), [("unmodelled-operation", "", None, None)]),
        (put(id=7), []),
        (put(odd=1), [
            ("required-parameter-missing", ":request.id", "integer", None),
            ("unmodelled-parameter", ":request.odd", None, "number"),
        ]),
    ],
)  # fmt: skip
def test_http_is_held_against_the_document_of_its_host(
    call: Scrubbed, expected: list[tuple[str, str, Any, Any]]
) -> None:
    checked = contract(recording(call), models={"api.example.com": Api(API)})
    assert checked.http == 1
    assert sorted((f.id, f.path, f.old, f.new) for f in checked.findings) == expected
    assert {f.cause for f in checked.findings} <= {"unknown"}
