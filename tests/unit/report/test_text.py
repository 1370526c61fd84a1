from __future__ import annotations

import io
import zlib
from typing import Any

import pytest
from rich.console import Console

from sealtape.interaction import (
    CANCELLED,
    UNREAD,
    AwsRequest,
    HttpRequest,
    Interaction,
    Recording,
    Removal,
    Response,
    Scrubbed,
)
from sealtape.report.text import cassette_text, counted

BOMB = '<!DOCTYPE a [<!ENTITY b "xx"><!ENTITY c "&b;&b;">]><a>&c;</a>'


def lines(*interactions: Scrubbed, only: int | None = None) -> list[str]:
    recording = Recording("ab" * 16, "a/b", interactions)
    parts = cassette_text(recording, where="a/b.tape", key_id="0" * 16, only=only)
    return [line for part in parts for line in part.plain.split("\n")]


def test_the_inputs_are_told_and_the_seed_is_not() -> None:
    start, seed = "2026-01-31T12:00:00.250000+00:00", "5eed" * 8
    recording = Recording("ab" * 16, "a/b", (), seed, start)
    (_, told) = (part.plain for part in cassette_text(recording, where="a/b.tape", key_id="0" * 16))
    assert told == "    recorded at 2026-01-31 12:00:00 UTC; draws are seeded"


def test_what_the_test_made_up_is_named() -> None:
    drawn, given = "0f317f3d-954f-4dda-be63-81402a596ccf", "9c0e7a51-3b1f-4c55-8d0a-6f2b7e94d1c8"
    first = AwsRequest("s3", "CreateBucket", {"Bucket": f"example-{drawn}"})
    second = AwsRequest("s3", "PutObject", {"Bucket": f"example-{drawn}", "Key": given, "ACL": "private"})
    shown = lines(
        Scrubbed(Interaction(first, Response(200, body=given.encode()))),
        Scrubbed(Interaction(second, Response(200))),
    )
    assert f"    made up, and bound to others where a replay makes up others: {drawn}" in shown


def answer(body: bytes, *headers: tuple[str, str]) -> Scrubbed:
    return Scrubbed(
        Interaction(HttpRequest("GET", "https://example.com/"), Response(200, "OK", headers, body))
    )


def test_json_and_xml_are_indented() -> None:
    assert '        "a": [' in lines(answer(b'{"a":[1]}'))
    assert "        <b>1</b>" in lines(answer(b"<a><b>1</b></a>"))


@pytest.mark.parametrize("body", ["{not json", "<p>html<br>", "[" * 100_000, BOMB, "name=ada&age=36"])
def test_what_only_looks_like_json_or_xml_is_shown_as_it_is(body: str) -> None:
    assert f"      {body}" in lines(answer(body.encode()), only=1)


def test_a_long_line_is_cut_and_says_by_how_much() -> None:
    body = b"x" * 500
    assert f"      {'x' * 200}… (300 more characters)" in lines(answer(body))
    assert f"      {'x' * 500}" in lines(answer(body), only=1)


def test_bytes_are_hinted_at_and_a_coded_body_is_decoded() -> None:
    shown = lines(answer(b"\x00\x01"), answer(zlib.compress(b"hello"), ("Content-Encoding", "deflate")))
    assert "    body · 2 bytes · not text; --json has it in base64" in shown
    assert "      00 01" in shown
    assert "    body · 13 bytes · deflate of 5 bytes" in shown
    assert "      hello" in shown


def test_empty_parts_are_left_out() -> None:
    empty = Scrubbed(Interaction(AwsRequest("sts", "GetCallerIdentity", {}), Response(204)))
    assert lines(empty)[1:] == ["", "  1 sts.GetCallerIdentity  → 204"]


def test_what_is_unusual_about_a_response_is_told() -> None:
    def title(**unusual: Any) -> list[str]:
        response = Response(200, "OK", **unusual)
        return lines(Scrubbed(Interaction(HttpRequest("GET", "http://example.com/"), response)))[2:]

    assert title(version=10)[0] == "  1 GET example.com/  → 200 OK  by HTTP 1.0"
    assert title(broken="IncompleteRead")[0] == "  1 GET example.com/  → 200 OK  then IncompleteRead"
    assert title(broken=UNREAD)[0].endswith("200 OK  of which the code read no more")
    assert title(broken=CANCELLED)[0].endswith("200 OK  then the code gave up waiting")
    assert title(url="http://example.com/there")[-2:] == ["    came from", "      http://example.com/there"]


def test_stand_ins_stand_out_where_they_stand() -> None:
    scrubbed = Scrubbed(
        answer(b"account 402938475610").interaction,
        (Removal("account-id", "response.body", "402938475610", "ab", 12),),
    )
    recording = Recording("ab" * 16, "a/b", (scrubbed,))
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", soft_wrap=True)
    for part in cassette_text(recording, where="a/b.tape", key_id="0" * 16):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    assert "account \x1b[35m402938475610\x1b[0m" in console.file.getvalue()


def test_one_is_singular() -> None:
    assert (counted(1, "row"), counted(0, "row"), counted(1200, "row")) == ("1 row", "0 rows", "1,200 rows")
