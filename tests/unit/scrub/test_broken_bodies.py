"""Bodies that break off, because the connection did or the code read no further."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from sealtape.errors import ResidueFound
from sealtape.interaction import UNREAD, AwsRequest, Captured, Headers, HttpRequest, Interaction, Response
from sealtape.scrub import Scrubber
from sealtape.scrub.content import Frame, build_frame
from sealtape.settings import ScrubSettings

SECRET = "correct-horse-" + "Kd93jfLq0Zx81"


def scrubbed(response: Response, request: HttpRequest | AwsRequest | None = None) -> Response:
    request = request or HttpRequest("GET", "http://127.0.0.1/")
    scrubber = Scrubber(ScrubSettings(), bytes(32), environ={})
    (item,) = scrubber.scrub([Captured(Interaction(request, response))])
    assert isinstance(item.interaction.outcome, Response)
    return item.interaction.outcome


def document() -> bytes:
    numbers = [number * 7919 % 10007 for number in range(3000)]
    return json.dumps({"password": SECRET, "numbers": numbers}).encode()


def headers(**fields: object) -> Headers:
    return tuple((name.replace("_", "-"), str(value)) for name, value in fields.items())


@pytest.mark.parametrize("broken", [UNREAD, "ProtocolError"])
def test_a_secret_in_the_readable_part_of_a_compressed_body_is_removed(broken: str) -> None:
    body = gzip.compress(document(), mtime=0)[:900]
    fields = headers(Content_Type="application/json", Content_Encoding="gzip", Content_Length=4000)
    told = scrubbed(Response(200, "OK", fields, body, broken))
    read = zlib.decompressobj(31).decompress(told.body)
    assert SECRET.encode() not in read
    before = zlib.decompressobj(31).decompress(body)
    assert read.partition(b'"numbers"')[2] == before.partition(b'"numbers"')[2]
    assert told.broken == broken


def test_a_compressed_body_without_secrets_keeps_its_bytes() -> None:
    body = gzip.compress(json.dumps(list(range(3000))).encode(), mtime=0)[:900]
    fields = headers(Content_Type="application/json", Content_Encoding="gzip")
    assert scrubbed(Response(200, "OK", fields, body, UNREAD)).body == body


def test_a_compressed_body_that_is_cut_without_a_failure_is_still_residue() -> None:
    body = gzip.compress(document(), mtime=0)[:900]
    with pytest.raises(ResidueFound):
        scrubbed(Response(200, "OK", headers(Content_Encoding="gzip"), body))


def test_the_length_that_was_announced_is_about_the_whole_body() -> None:
    fields = headers(Content_Type="application/json", Content_Length=len(document()))
    told = scrubbed(Response(200, "OK", fields, document()[:200], UNREAD))
    assert SECRET.encode() not in told.body
    assert dict(told.headers)["Content-Length"] == str(len(document()))


def test_a_piece_of_an_event_that_no_code_can_have_got_is_left_out() -> None:
    said = json.dumps({"delta": {"text": "password=" + SECRET}}).encode()
    head = b"\x0b:event-type\x07\x00\x11contentBlockDelta"
    whole, piece = (
        build_frame(Frame(head, "", b'{"delta": {"text": "one"}}')),
        build_frame(Frame(head, "", said)),
    )
    request = AwsRequest("bedrock-runtime", "ConverseStream", {"modelId": "m"})
    fields = headers(Content_Type="application/vnd.amazon.eventstream")
    told = scrubbed(Response(200, "OK", fields, whole + piece[:-6], UNREAD), request)
    assert told.body == whole
