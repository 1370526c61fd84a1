"""What is remembered of texts that held nothing is forgotten when it may hold something."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from sealtape.interaction import AwsRequest, Captured, HttpRequest, Interaction, Request, Response, Scrubbed
from sealtape.scrub import Scrubber
from sealtape.scrub.evidence import WEAK_OUTSIDE_AWS
from sealtape.scrub.residue import MAX_DEPTH, _Reader
from sealtape.settings import ScrubSettings

KEY = bytes(range(32))
WORD = "correct horse"
OPAQUE = "tr0ub4dor" + "99xyzw"
NAME = sorted(WEAK_OUTSIDE_AWS)[0]


def scrubber(**settings: tuple[str, ...]) -> Scrubber:
    return Scrubber(ScrubSettings(**settings), KEY, environ={})


def aws(parameters: Mapping[str, Any]) -> AwsRequest:
    return AwsRequest("dynamodb", "GetItem", parameters, region="eu-west-1")


def answered(request: Request, body: Any) -> Interaction:
    headers = (("content-type", "application/json"),)
    return Interaction(request, Response(200, "OK", headers, json.dumps(body).encode()))


@pytest.mark.parametrize(
    "request_",
    [
        aws({"TableName": WORD}),
        aws({"Key": {"id": {"S": WORD}}, "ConsistentRead": True}),
        aws({WORD: "plain"}),
        aws({"Keys": [{"id": 1}, WORD]}),
        HttpRequest("GET", "https://api.example.com/", (("X-Horse", WORD),)),
        HttpRequest("GET", "https://api.example.com/" + WORD.replace(" ", "%20")),
        HttpRequest("POST", "https://api.example.com/", (), json.dumps({"battery": WORD}).encode()),
        HttpRequest("POST", "https://api.example.com/", (), f"<a><b>{WORD}</b></a>".encode()),
    ],
    ids=["value", "below", "name", "list", "header", "path", "json", "xml"],
)
def test_what_held_nothing_is_looked_into_again_when_a_value_becomes_known(request_: Request) -> None:
    looking = scrubber()
    assert looking.scrub_request(request_) is request_
    assert looking.scrub_request(request_) is request_
    looking.learn(WORD, "registered-value")
    clean = looking.scrub_request(request_)
    assert WORD not in str(_parts(clean))
    assert clean == scrubber(values=(WORD,)).scrub_request(request_)


def _parts(request: Request) -> tuple[Any, ...]:
    if isinstance(request, AwsRequest):
        return (request.parameters,)
    return (request.url.replace("%20", " "), request.headers, request.body)


def test_a_number_is_looked_into_again_when_it_becomes_known() -> None:
    looking, request = scrubber(), aws({"Limit": 210987654321})
    assert looking.scrub_request(request) is request
    looking.learn("210987654321", "account-id")
    assert looking.scrub_request(request) != request


def test_a_name_that_says_nothing_in_aws_is_asked_again_outside_of_it() -> None:
    looking = scrubber()
    request = HttpRequest("POST", "https://api.example.com/", (), json.dumps({NAME: OPAQUE}).encode())
    harmless = aws({NAME: OPAQUE})
    assert looking.scrub_request(harmless) is harmless
    assert OPAQUE not in str(_parts(looking.scrub_request(request)))


def test_a_header_that_says_nothing_in_aws_is_asked_again_outside_of_it() -> None:
    held = (("sid", OPAQUE),)
    told = Interaction(HttpRequest("GET", "https://api.example.com/"), Response(200, "OK", held, b"{}"))
    before = Interaction(aws({"TableName": "t"}), Response(200, "OK", held, b"{}"))
    items = scrubber().scrub([Captured(before), Captured(told)])
    assert all(_headers(item) != (("sid", OPAQUE),) for item in items)


def _headers(item: Scrubbed) -> Any:
    assert isinstance(item.interaction.outcome, Response)
    return item.interaction.outcome.headers


def test_a_header_that_one_operation_leaves_alone_is_replaced_where_another_claims_it() -> None:
    held = (("x-amz-server-side-encryption-aws-kms-key-id", "alias/some plain words"),)
    requests = [AwsRequest("s3", name, {"Bucket": "b"}) for name in ("ListBuckets", "PutObject")]
    _, claimed = scrubber().scrub(
        [Captured(Interaction(request, Response(200, "OK", held, b""))) for request in requests]
    )
    assert _headers(claimed) != held


def test_a_mapping_with_the_names_of_a_harmless_one_is_judged_by_its_own_values() -> None:
    looking = scrubber()
    harmless = aws({"Tag": {"Name": "colour", "Value": "blue"}})
    assert looking.scrub_request(harmless) is harmless
    telling = aws({"Tag": {"Name": "DB_PASSWORD", "Value": "trombones"}})
    assert "trombones" not in str(_parts(looking.scrub_request(telling)))


def test_a_header_that_is_replaced_is_noted_in_every_interaction_that_holds_it() -> None:
    recording = scrubber()
    held = (("Authorization", f"Bearer {OPAQUE}"), ("X-Plain", WORD))
    request = HttpRequest("GET", "https://api.example.com/", held)
    recording.scrub_request(request)
    items = recording.scrub([Captured(answered(request, {})), Captured(answered(request, {}))])
    assert [[r.place for r in item.removals] for item in items] == [["request.headers.Authorization"]] * 2


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("Authorization", f"Bearer {OPAQUE}", "authorization"),
        ("X-Note", "see arn:aws:iam::210987654321:role/demo", "account-id"),
    ],
)
def test_a_stand_in_that_a_live_request_sent_first_is_noted_when_it_is_recorded(
    name: str, value: str, rule: str
) -> None:
    recording = scrubber()
    request = HttpRequest("GET", "https://api.example.com/", ((name, value),))
    sent = recording.scrub_request(request)
    recording.scrub_request(sent)
    (item,) = recording.scrub([Captured(answered(sent, {}))])
    assert [removal.rule for removal in item.removals] == [rule]


def test_repeated_members_of_a_document_are_each_replaced() -> None:
    body = [{"id": i, "status": "running", "note": f"call ada{i % 2}@corp-mail.io now"} for i in range(4)]
    (item,) = scrubber().scrub([Captured(answered(aws({"TableName": "t"}), body))])
    assert isinstance(item.interaction.outcome, Response)
    assert b"corp-mail" not in item.interaction.outcome.body
    assert sum(removal.count for removal in item.removals) == 4


def test_a_text_that_was_clean_deep_inside_is_read_again_nearer_to_the_surface() -> None:
    nested = "the secret"
    for _ in range(3):
        nested = base64.b64encode(f"see {nested} there".encode()).decode()
    reader = _Reader(lambda text: ["found"] if "the secret" in text else [])
    assert reader.text(nested, "deep", 1) == []
    assert reader.text(nested, "near", MAX_DEPTH) == [("found", "near")]
