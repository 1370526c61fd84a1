"""What the parts of a multipart body are."""

from __future__ import annotations

import pytest

from sealtape import multipart
from sealtape.interaction import HttpRequest


def test_the_parts_of_a_multipart_body_are_found_with_their_names() -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="one"\r\n\r\n1\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\n2\r\n--b--\r\n"
    )
    found = multipart.parts(body, 'multipart/form-data; boundary="b"')
    assert [(body[part.start : part.end], part.name) for part in found] == [(b"1", "one"), (b"2", "")]


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "text/plain; boundary=b", "multipart/mixed; boundary=zz"]
)
def test_a_body_without_its_boundary_has_no_parts(kind: str) -> None:
    assert list(multipart.parts(b"--b\r\n\r\n1\r\n--b--", kind)) == []


def test_a_part_says_what_it_is() -> None:
    head = b"Content-Disposition: form-data; filename=a.txt; name=file\r\ncontent-type: text/plain"
    (part,) = multipart.parts(b"--b\r\n" + head + b"\r\n\r\n1\r\n--b--", "multipart/form-data; boundary=b")
    assert part.name == "file"
    assert dict(part.headers)["content-type"] == "text/plain"


def upload(boundary: str) -> HttpRequest:
    kind = f'multipart/form-data; boundary="{boundary}"'
    return HttpRequest(
        "POST", "http://x/", (("Content-Type", kind),), f"--{boundary}\r\n\r\n1\r\n--{boundary}--".encode()
    )


def test_a_recorded_request_takes_the_boundary_of_the_live_one() -> None:
    assert multipart.with_boundary_of(upload("live"), upload("recorded")) == upload("live")
    plain = HttpRequest("POST", "http://x/", (), b"--recorded")
    assert multipart.with_boundary_of(upload("live"), plain) is plain


def test_only_boundaries_that_were_drawn_are_known_again_elsewhere() -> None:
    one, other = "0123456789abcdef" * 2, "fedcba9876543210" * 2
    assert multipart.drawn_boundaries(upload(one), upload(other)) == {other: one}
    assert multipart.drawn_boundaries(upload(one), upload(one)) == {}
    assert multipart.drawn_boundaries(upload("live"), upload("recorded")) == {}
