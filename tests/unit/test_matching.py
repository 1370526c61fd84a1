from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest

from sealtape.interaction import AwsRequest, HttpRequest, Request, Tree
from sealtape.matching import canonical, differences, nearest


def get_item(key: str, **changes: Any) -> AwsRequest:
    parameters: Mapping[str, Tree] = {"TableName": "t", "Key": {"id": {"S": key}}}
    return AwsRequest("dynamodb", "GetItem", parameters, region="eu-west-1", **changes)


def post(body: bytes, content_type: str = "application/json", url: str = "http://x/a") -> HttpRequest:
    return HttpRequest("POST", url, (("Content-Type", content_type),), body)


def same(one: Request, other: Request) -> bool:
    return canonical(one).key == canonical(other).key


def test_aws_requests_are_told_apart_by_operation_and_parameters() -> None:
    assert same(get_item("a"), get_item("a"))
    assert not same(get_item("a"), get_item("b"))


def test_the_order_of_members_does_not_matter() -> None:
    one = AwsRequest("s3", "GetObject", {"Bucket": "b", "Key": "k"})
    assert same(one, AwsRequest("s3", "GetObject", {"Key": "k", "Bucket": "b"}))


def test_bytes_are_not_taken_for_text() -> None:
    one = AwsRequest("kms", "Encrypt", {"Plaintext": b"YQ=="})
    assert not same(one, AwsRequest("kms", "Encrypt", {"Plaintext": "YQ=="}))


def test_payloads_are_compared() -> None:
    def put(body: bytes) -> AwsRequest:
        return AwsRequest("s3", "PutObject", {"Body": {"$stream": True}}, body)

    assert same(put(b"1"), put(b"1"))
    assert not same(put(b"1"), put(b"2"))


def test_two_posts_to_one_url_with_different_bodies_differ() -> None:
    assert not same(post(b'{"a":1}'), post(b'{"a":2}'))


def test_json_bodies_are_compared_as_json() -> None:
    assert same(post(b'{"a":1,"b":[2]}'), post(b'{ "b": [2], "a": 1 }'))
    assert not same(post(b'{"a":[1,2]}'), post(b'{"a":[2,1]}'))


def test_forms_are_compared_as_fields() -> None:
    form = "application/x-www-form-urlencoded"
    assert same(post(b"a=1&b=2", form), post(b"b=2&a=1", form))
    assert not same(post(b"a=1&b=2", form), post(b"a=1&b=3", form))


def test_multipart_boundaries_do_not_matter() -> None:
    def upload(boundary: str, content: str) -> HttpRequest:
        body = f"--{boundary}\r\n\r\n{content}\r\n--{boundary}--\r\n".encode()
        return post(body, f"multipart/form-data; boundary={boundary}")

    assert same(upload("Aa1", "x"), upload("zZ9", "x"))
    assert not same(upload("Aa1", "x"), upload("Aa1", "y"))


def parts(*given: tuple[str, bytes], boundary: str = "X") -> HttpRequest:
    """Return an upload of parts, each given as its header lines and its content."""
    told = [f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n" for head, content in given]
    body = b"".join(told) + f"--{boundary}--\r\n".encode()
    return post(body, f"multipart/form-data; boundary={boundary}")


def named(name: str, more: str = "") -> str:
    return f'Content-Disposition: form-data; name="{name}"{more}'


def test_multipart_is_compared_as_parts() -> None:
    one, two = (named("one"), b"1"), (named("two", '; filename="a.txt"'), b"\xff")
    assert same(parts(one, two), parts(two, one, boundary="another"))
    assert not same(parts(one, two), parts(one))
    assert not same(parts(one, two), parts(one, (named("two", '; filename="b.txt"'), b"\xff")))
    assert not same(parts(one, (named("one"), b"2")), parts((named("one"), b"2"), one)), "order within a name"


def test_a_part_is_compared_as_what_it_is() -> None:
    head = named("meta") + "\r\nContent-Type: application/json"
    assert same(parts((head, b'{"a": 1, "b": 2}')), parts((head, b'{"b":2,"a":1}')))
    assert not same(parts((head, b'{"a": 1}')), parts((head, b'{"a": 2}')))


def test_the_part_that_differs_is_named() -> None:
    file = named("file", '; filename="a.txt"')
    meta = named("meta") + "\r\nContent-Type: application/json"
    live = parts((named("kind"), b"big"), (file, b"\xff\xfe"), (meta, b'{"size": 1}'))
    recorded = parts((named("kind"), b"small"), (file, b"\xff"), (meta, b'{"size": 2}'))
    assert [str(difference) for difference in differences(live, recorded)] == [
        "body.file.content: 2 bytes here, 1 bytes recorded",
        'body.kind: "big" here, "small" recorded',
        "body.meta.content.size: 1 here, 2 recorded",
    ]


def test_signature_and_date_of_a_presigned_post_do_not_count() -> None:
    def upload(signed: str, key: str = "k", size: int = 9, policy: str | None = None) -> HttpRequest:
        conditions = [{"bucket": "b"}, ["content-length-range", 0, size], {"x-amz-date": signed}]
        told = json.dumps({"expiration": signed, "conditions": conditions}).encode()
        fields = {"key": key, "x-amz-date": signed, "x-amz-signature": signed * 2, "file": "content"}
        fields["policy"] = b64encode(told).decode() if policy is None else policy
        head = '--X\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        parts = [head.format(name, value) for name, value in fields.items()]
        return post("".join([*parts, "--X--\r\n"]).encode(), "multipart/form-data; boundary=X")

    assert same(upload("20260131T000000Z"), upload("20260201T000000Z"))
    assert not same(upload("20260131T000000Z"), upload("20260131T000000Z", key="another"))
    assert not same(upload("20260131T000000Z"), upload("20260131T000000Z", size=10))
    assert not same(upload("a", policy="no policy"), upload("a", policy="nor this"))


@pytest.mark.parametrize(
    "url",
    ["https://x/a", "http://y/a", "http://x:81/a", "http://x/b", "http://x/a?q=1"],
    ids=["scheme", "host", "port", "path", "query"],
)
def test_every_part_of_a_url_counts(url: str) -> None:
    assert not same(HttpRequest("GET", "http://x/a"), HttpRequest("GET", url))


def test_default_ports_and_query_order_do_not_count() -> None:
    assert same(HttpRequest("GET", "http://x:80/a?p=1&q=2"), HttpRequest("GET", "http://X/a?q=2&p=1"))


def test_signature_and_date_of_a_presigned_url_do_not_count() -> None:
    def presigned(date: str, signature: str, key: str = "k") -> HttpRequest:
        query = f"X-Amz-Date={date}&X-Amz-Credential=c&X-Amz-Expires=60&X-Amz-Signature={signature}"
        return HttpRequest("GET", f"https://b.s3.amazonaws.com/{key}?{query}")

    assert same(presigned("20260101T000000Z", "aa"), presigned("20261231T000000Z", "bb"))
    assert not same(presigned("20260101T000000Z", "aa"), presigned("20260101T000000Z", "aa", "other"))


def test_broken_json_is_compared_as_bytes() -> None:
    assert same(post(b'{"a":'), post(b'{"a":'))
    assert not same(post(b'{"a":'), post(b'{"b":'))


def test_deep_json_does_not_break_matching() -> None:
    assert same(post(b"[" * 100_000), post(b"[" * 100_000))


def test_labels_do_not_show_what_could_be_a_token() -> None:
    token = "botq7Zv2blQBfOxKzGJyhl3"
    assert HttpRequest("POST", f"https://x/a/{token}/send").label == "POST x/a/…/send"
    readable = "https://x/releases/1.4.0/users/user1234"
    assert HttpRequest("GET", readable).label == "GET x/releases/1.4.0/users/user1234"


def test_differences_name_the_member_and_both_values() -> None:
    (found,) = differences(get_item("a"), get_item("b"))
    assert str(found) == 'parameters.Key.id.S: "a" here, "b" recorded'


def test_differences_of_http_requests_name_the_part() -> None:
    places = [d.place for d in differences(post(b'{"a":1}', url="http://x/a?p=1"), post(b'{"a":2}'))]
    assert places == ["query.p", "body.a"]


def test_the_nearest_is_of_the_same_operation() -> None:
    other = AwsRequest("dynamodb", "PutItem", {"TableName": "t"}, region="eu-west-1")
    found = nearest(get_item("a"), [other, get_item("b")])
    assert found is not None
    assert found[0] == get_item("b")


def test_nothing_is_near_in_another_service() -> None:
    assert nearest(get_item("a"), [AwsRequest("s3", "ListBuckets", {})]) is None
