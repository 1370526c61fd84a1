from __future__ import annotations

import gzip
import zlib

import pytest

from sealtape.report.content import Decoded, decoded


@pytest.mark.parametrize(
    ("headers", "body", "codings"),
    [
        ((("Content-Encoding", "gzip"),), gzip.compress(b"hello", mtime=0), ("gzip",)),
        ((("content-encoding", "deflate"),), zlib.compress(b"hello"), ("deflate",)),
        ((), gzip.compress(b"hello", mtime=0), ("gzip",)),
    ],
)
def test_a_coded_body_is_decoded(
    headers: tuple[tuple[str, str], ...], body: bytes, codings: tuple[str, ...]
) -> None:
    assert decoded(headers, body) == Decoded(b"hello", codings)


@pytest.mark.parametrize(
    ("coding", "body"), [("", b"hello"), ("gzip", b"hello"), ("gzip", b""), ("x-unheard-of", b"hello")]
)
def test_a_body_without_a_coding_that_can_be_undone_has_no_decoded_view(coding: str, body: bytes) -> None:
    assert decoded((("Content-Encoding", coding),), body) is None
