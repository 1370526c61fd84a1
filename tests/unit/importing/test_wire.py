from __future__ import annotations

import gzip

import pytest

from sealtape.importing.wire import NotUnderstood, NotWhole, body_bytes, response_of
from sealtape.interaction import Headers, Response

TEXT = b'{"answer": 42}'
CODED = gzip.compress(TEXT * 20, mtime=0)


def made(headers: Headers, body: bytes, **options: bool) -> Response:
    return response_of("GET", 200, "OK", headers, body, **options)


def test_a_coded_body_keeps_its_coding_and_length() -> None:
    headers = (("Content-Encoding", "gzip"), ("Content-Length", str(len(CODED))))
    assert made(headers, CODED) == Response(200, "OK", headers, CODED)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("body", [TEXT, TEXT * 100])
def test_a_body_that_was_decoded_loses_the_header_of_its_coding(coding: str, body: bytes) -> None:
    headers = (("content-encoding", coding), ("content-length", "60"), ("x", "y"))
    assert made(headers, body).headers == (("content-length", str(len(body))), ("x", "y"))


def test_a_decoded_image_loses_the_header_of_its_coding() -> None:
    image = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    assert made((("content-encoding", "gzip"),), image) == Response(200, "OK", (), image)


@pytest.mark.parametrize("cut", [3, 15, -1])
def test_a_coded_body_that_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(NotWhole, match="gzip"):
        made((("content-encoding", "gzip"),), CODED[:cut])


def test_a_body_shorter_than_it_says_is_refused_unless_it_is_trusted() -> None:
    headers = (("Content-Length", "100"),)
    with pytest.raises(NotWhole, match="4 bytes, and its Content-Length says 100"):
        made(headers, b"four")
    assert made(headers, b"four", trust_body=True).headers == (("Content-Length", "4"),)


def test_a_body_longer_than_it_says_was_edited_and_its_length_is_mended() -> None:
    assert made((("Content-Length", "2"),), b"four").headers == (("Content-Length", "4"),)


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304), ("GET", 204)])
def test_the_length_of_a_response_without_a_body_stays(method: str, status: int) -> None:
    headers = (("Content-Length", "100"), ("Content-Encoding", "gzip"))
    assert response_of(method, status, None, headers, b"") == Response(status, "", headers, b"")


@pytest.mark.parametrize("status", [None, "200", True, 20])
def test_a_response_without_a_status_is_refused(status: object) -> None:
    with pytest.raises(NotUnderstood, match="status"):
        response_of("GET", status, "OK", (), b"")


@pytest.mark.parametrize(
    ("given", "body"),
    [
        (None, b""),
        ("é", b"\xc3\xa9"),
        (b"\xff", b"\xff"),
        ({"string": "a"}, b"a"),
        ({"string": None}, b""),
        ({}, b""),
        ({"base64_string": "AP8=\n"}, b"\0\xff"),
        (["a", b"b"], b"ab"),
        ({"b": 1, "a": 2}, b'{"a": 2, "b": 1}'),
    ],
)
def test_a_body_is_read_in_every_form_that_vcrpy_keeps(given: object, body: bytes) -> None:
    assert body_bytes(given) == body


def test_base64_that_is_cut_off_is_refused() -> None:
    with pytest.raises(NotWhole, match="base64"):
        body_bytes({"base64_string": "AP8"})
