from __future__ import annotations

import base64
import gzip
import json
from urllib.parse import quote

import pytest

from sealtape.errors import ResidueFound
from sealtape.interaction import AwsRequest, HttpRequest, Interaction, Removal, Response, Scrubbed
from sealtape.scrub import Residue, Scrubber, find_residue
from sealtape.scrub.scrubber import _refusal
from sealtape.settings import ScrubSettings

SECRET = "corr3ct-h0rse+battery"
KEY_ID = "AKIA" + "Q3EGABCDEFGHJKLM"
TOKEN = "eyJhbGciOiJub25lIn0" + "." + "eyJzdWIiOiJqb2UifQ" + "." + "c2lnbmF0dXJlLTEy"


def holding(
    text: str | bytes, *, stand_ins: tuple[str, ...] = (), headers: tuple[tuple[str, str], ...] = ()
) -> Scrubbed:
    body = text.encode() if isinstance(text, str) else text
    removals = tuple(Removal("jwt", "x", stand_in, "00" * 8, len(stand_in)) for stand_in in stand_ins)
    interaction = Interaction(
        HttpRequest("GET", "https://api.example.com/"), Response(200, "OK", headers, body)
    )
    return Scrubbed(interaction, removals)


def found(item: Scrubbed, *known: str, allow: tuple[str, ...] = ()) -> list[str]:
    return [str(residue) for residue in find_residue([item], ScrubSettings(allow=allow), known)]


ENCODED = [
    SECRET,
    quote(SECRET, safe=""),
    base64.b64encode(SECRET.encode()).decode(),
    base64.b64encode(f"user:{SECRET}".encode()).decode(),
    json.dumps({"a": [json.dumps({"b": SECRET})]}),
    f"<r><a>{SECRET}</a></r>",
    '{"a": "' + "".join(f"\\u{ord(c):04x}" for c in SECRET) + '"}',
    "<r>" + "".join(f"&#{ord(c)};" for c in SECRET) + "</r>",
    gzip.compress(SECRET.encode()),
    base64.b64encode(gzip.compress(SECRET.encode())).decode(),
    quote(quote(SECRET, safe=""), safe=""),
    SECRET.encode().hex(),
]


@pytest.mark.parametrize("body", ENCODED, ids=range(len(ENCODED)))
def test_a_known_value_is_found_in_every_encoding(body: str | bytes) -> None:
    assert any(one.startswith("known-value@GET:response.body") for one in found(holding(body), SECRET))


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("access-key-id", f"key {KEY_ID}"),
        ("jwt", TOKEN),
        (
            "private-key",
            "-----BEGIN PRIVATE " + "KEY-----\n" + "aB3/" * 16 + "\n-----END PRIVATE " + "KEY-----",
        ),
        ("sigv4-signature", "x?X-Amz-Signature=" + "a1" * 32),
        ("authorization", "Authorization: Bearer abcdefgh12345678"),
    ],
)
def test_a_credential_that_is_no_stand_in_is_residue_and_a_stand_in_is_none(rule: str, text: str) -> None:
    assert found(holding(json.dumps({"a": {"b": text}}))) == [f"{rule}@GET:response.body.a.b"]
    bare = {"access-key-id": KEY_ID, "sigv4-signature": "a1" * 32, "authorization": "abcdefgh12345678"}
    assert found(holding(json.dumps({"a": text}), stand_ins=(bare.get(rule, text),))) == []


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("X-Vault-Token", "s.abc123", "api-key"),
        ("Authorization", "Basic am9lOmpvZQ==", "authorization"),
        ("x-amz-security-token", "abc", "security-token"),
        ("X-Anything-Token", "abcdef", "api-key"),
        ("x.own.secret", "abcdef", "api-key"),
        ("X-Hub-Signature-256", "sha256=abcdef", "api-key"),
    ],
)
def test_a_token_header_that_holds_no_stand_in_is_residue(name: str, value: str, rule: str) -> None:
    assert f"{rule}@GET:response.headers.{name}" in found(holding("", headers=((name, value),)))
    secret = value.split(" ")[-1]
    assert found(holding("", headers=((name, value),), stand_ins=(secret, "joe"))) == []


def test_only_a_sigv4_field_is_judged_by_its_key_id_and_signature() -> None:
    rest = " Credential=abc/20260101/x, SignedHeaders=host, Signature=abc"
    assert found(holding("", headers=(("Authorization", "AWS4-HMAC-SHA256" + rest),))) == []
    for value in ("MAC" + rest, f"AWS4-HMAC-SHA256{rest}, token=abc"):
        assert found(holding("", headers=(("Authorization", value),))) != []


@pytest.mark.parametrize("name", ["X-Next-Page-Token", "Continuation-Token", "X-Amz-Client-Token"])
def test_a_header_that_pages_is_no_residue(name: str) -> None:
    assert found(holding("", headers=((name, "abcDEF123456"),))) == []


@pytest.mark.parametrize(
    "text",
    ["<!-- {} -->", "<a>1</a> {}", "<https://h.example.com> {}", "<b never closed {}", "<!DOCTYPE a '{}'>"],
)
def test_a_value_beside_markup_is_found_in_its_encodings(text: str) -> None:
    encoded = base64.b64encode(f"user: {SECRET}, more".encode()).decode()
    assert any(one.startswith("known-value") for one in found(holding(text.format(encoded)), SECRET))


@pytest.mark.parametrize("value", ["", '"', "Bearer ${TOKEN}", "Bearer ****", "none"])
def test_a_token_header_with_a_placeholder_is_no_residue(value: str) -> None:
    assert found(holding("", headers=(("Authorization", value),))) == []


def test_a_secret_used_as_a_name_is_found_and_not_told() -> None:
    [residue] = found(holding(json.dumps({"m": {SECRET: 1}})), SECRET)
    assert residue == "known-value@GET:response.body.m.*"


def test_places_of_aws_interactions_start_with_the_operation() -> None:
    request = AwsRequest("sqs", "SendMessage", {"Entries": [{"MessageBody": KEY_ID}]})
    item = Scrubbed(Interaction(request, Response(200)))
    assert found(item) == ["access-key-id@sqs.SendMessage:request.parameters.Entries.*.MessageBody"]


def test_a_finding_can_be_accepted_by_rule_and_place_or_by_pattern() -> None:
    item = holding(json.dumps({"a": KEY_ID}))
    assert found(item, allow=("access-key-id@GET:response.body.a",)) == []
    assert found(item, allow=("access-key-id@*",)) == []
    assert found(item, allow=("jwt@*",)) == ["access-key-id@GET:response.body.a"]


def test_a_compressed_body_that_cannot_be_read_is_residue() -> None:
    fields = (("Content-Encoding", "gzip"),)
    assert found(holding(gzip.compress(b"x" * 100)[:-6], headers=fields)) == ["unreadable@GET:response.body"]


def test_a_piece_of_an_archive_is_read_as_far_as_it_goes() -> None:
    assert found(holding(gzip.compress(b"x" * 100)[:-6])) == []
    assert found(holding(gzip.compress(KEY_ID.encode())[:-6])) == ["access-key-id@GET:response.body"]


def test_short_known_values_count_only_as_words() -> None:
    assert found(holding("a horse7 b"), "horse7") == ["known-value@GET:response.body"]
    assert found(holding("seahorse7b"), "horse7") == []


def test_the_error_names_rule_and_place_and_the_line_that_accepts_it() -> None:
    error = _refusal([Residue("jwt", "GET:response.body.a"), Residue("jwt", "GET:response.body.b")])
    assert isinstance(error, ResidueFound)
    assert "rule jwt at GET:response.body.a and at 1 other place" in str(error)
    assert 'allow = ["jwt@GET:response.body.a"]' in str(error)


def test_an_unscrubbed_value_in_a_cassette_is_refused_without_being_told() -> None:
    scrubber = Scrubber(ScrubSettings(), bytes(32), environ={})
    scrubber.learn(SECRET, "registered-value")
    item = Scrubbed(Interaction(HttpRequest("GET", "https://e.example.com/"), Response(200, SECRET, (), b"")))
    cleaned = scrubber.scrub([item])
    assert SECRET not in repr(cleaned)


@pytest.mark.parametrize("key", ["sk" + "_test_" + "QxgTSMuALcRtmuAQBLshmnOp", KEY_ID])
def test_a_name_that_is_a_secret_does_not_tell_where_it_stands(key: str) -> None:
    held = holding(json.dumps({"m": {key: {"deeper": 1}}}), headers=((key, "1"), ("x-own-secret", "abcdef")))
    places = found(held)
    assert len(places) >= 2
    assert not any(key in place for place in places)
