from __future__ import annotations

import base64
import gzip
import hashlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.scrub import content
from sealtape.scrub.content import Frame, Unreadable

BODY = b'{"a": 1}'


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate"]))
def test_a_coding_that_is_undone_and_applied_again_gives_the_same_content(data: bytes, coding: str) -> None:
    encoded = content.encode_content(data, coding, b"\x78")
    assert content.decode_content(encoded, coding) == data


def test_both_variants_of_deflate_are_read_and_kept() -> None:
    engine = zlib.compressobj(wbits=-15)
    raw = engine.compress(BODY) + engine.flush()
    assert content.decode_content(raw, "deflate") == BODY
    assert zlib.decompress(content.encode_content(BODY, "deflate", raw), -15) == BODY


def test_a_gzip_body_of_several_members_is_read_whole() -> None:
    assert content.decode_content(gzip.compress(b"one") + gzip.compress(b"two"), "gzip") == b"onetwo"


def test_codings_are_listed_the_last_applied_first() -> None:
    assert content.codings((("Content-Encoding", "deflate, gzip"),)) == ("gzip", "deflate")
    assert content.codings((("content-encoding", "identity"),)) == ()
    assert content.codings((), gzip.compress(b"x")) == ("gzip",)


@pytest.mark.parametrize(
    "body",
    [gzip.compress(BODY)[:-4], b"\x1f\x8b\x08broken", b"", gzip.compress(b"")[:5]],
    ids=["cut", "broken", "empty", "head"],
)
def test_a_truncated_or_broken_body_is_unreadable_and_no_library_error(body: bytes) -> None:
    if body:
        with pytest.raises(Unreadable):
            content.decode_content(body, "gzip")


def test_a_bomb_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MAX_DECODED", 1 << 20)
    with pytest.raises(Unreadable):
        content.decode_content(gzip.compress(bytes(1 << 22)), "gzip")


def test_an_unknown_coding_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        content.decode_content(BODY, "compress")


@given(st.lists(st.tuples(st.sampled_from(["", "Records", "chunk"]), st.binary(max_size=60)), min_size=1))
def test_event_stream_frames_are_rebuilt_to_the_same_bytes(messages: list[tuple[str, bytes]]) -> None:
    frames = []
    for event, payload in messages:
        value = event.encode()
        headers = b"\x0b:event-type\x07" + struct.pack(">H", len(value)) + value if event else b""
        frames.append(Frame(headers, event, payload))
    body = b"".join(content.build_frame(frame) for frame in frames)
    assert content.parse_frames(body) == tuple(frames)


@given(st.binary(max_size=80))
def test_what_is_no_event_stream_has_no_frames(body: bytes) -> None:
    frames = content.parse_frames(body)
    assert frames is None or b"".join(content.build_frame(frame) for frame in frames) == body


def test_length_and_checksums_are_made_true_for_the_new_body() -> None:
    headers = (
        ("Content-Length", "1"),
        ("ETag", '"abc"'),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-checksum-sha256", "x"),
        ("X-Amz-Crc32", "7"),
        ("Content-MD5", "x"),
    )
    mended = dict(content.mended(headers, BODY))
    assert mended == {
        "Content-Length": "8",
        "ETag": '"abc"',
        "x-amz-checksum-crc32": base64.b64encode(struct.pack(">I", zlib.crc32(BODY))).decode(),
        "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(BODY).digest()).decode(),
        "X-Amz-Crc32": str(zlib.crc32(BODY)),
        "Content-MD5": base64.b64encode(hashlib.md5(BODY).digest()).decode(),
    }


def test_checksums_that_cannot_be_computed_are_left_out() -> None:
    headers = (("x-amz-checksum-crc64nvme", "x"), ("x-amz-checksum-sha256", "abc=-3"), ("Date", "now"))
    assert content.mended(headers, BODY) == (("Date", "now"),)


def test_a_body_that_a_client_has_decoded_already_carries_no_coding() -> None:
    headers = (("Content-Encoding", "gzip"),)
    assert content.applied_codings(headers, b'{"answer": 42}') == ()
    assert content.applied_codings(headers, gzip.compress(b"text", mtime=0)) == ("gzip",)
    assert content.applied_codings(headers, gzip.compress(b"text", mtime=0)[:-4]) == ("gzip",)
