"""Texts are looked into through every encoding, and put together again as they were."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import struct
import textwrap
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sealtape.interaction import Captured, HttpRequest, Interaction, Response, Scrubbed
from sealtape.scrub import Scrubber, cbor, content, escapes, find_residue
from sealtape.settings import ScrubSettings

SECRET = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
PLAIN = "2026-01-31 10:20:30 worker started, three items to do "


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CODINGS: dict[str, Callable[[str], str]] = {
    "base64": b64,
    "wrapped base64": lambda t: "\n".join(textwrap.wrap(b64(t), 60)),
    "gzip": lambda t: base64.b64encode(gzip.compress(t.encode(), mtime=0)).decode(),
    "zlib": lambda t: base64.b64encode(zlib.compress(t.encode())).decode(),
    "bare deflate": lambda t: base64.b64encode(zlib.compress(t.encode())[2:-4]).decode(),
    "hex": lambda t: t.encode().hex(),
    "json": lambda t: json.dumps({"note": t}),
    "percent": lambda t: quote(t, safe=""),
    "entities": lambda t: "".join(f"&#{ord(c)};" for c in t),
    "unicode": lambda t: "".join(f"\\u{ord(c):04x}" for c in t),
}


def scrubbed(answer: bytes, *fields: tuple[str, str]) -> bytes:
    interaction = Interaction(
        HttpRequest("GET", "https://api.example.com/"), Response(200, "OK", fields, answer)
    )
    [item] = Scrubber(ScrubSettings(), bytes(32), environ={}).scrub([Captured(interaction)])
    outcome = item.interaction.outcome
    assert isinstance(outcome, Response)
    return outcome.body


@given(st.lists(st.sampled_from(sorted(CODINGS)), min_size=1, max_size=4))
@example(["gzip", "zlib", "gzip", "base64"])
@example(["wrapped base64", "json", "wrapped base64", "unicode"])
def test_no_secret_survives_any_nesting_of_encodings(names: list[str]) -> None:
    whole = text = f"{PLAIN}\ntoken {SECRET} end"
    for name in names:
        whole = CODINGS[name](whole)
        if len(whole) > 60_000:
            return
    clean = scrubbed(whole.encode()).decode()
    assert clean != whole
    for name in reversed(names):
        clean = UNDONE[name](clean)
    assert SECRET not in clean
    assert clean.startswith(PLAIN)
    assert len(clean) == len(text)


UNDONE: dict[str, Callable[[str], str]] = {
    "base64": lambda t: base64.b64decode(t).decode(),
    "wrapped base64": lambda t: base64.b64decode(t).decode(),
    "gzip": lambda t: gzip.decompress(base64.b64decode(t)).decode(),
    "zlib": lambda t: zlib.decompress(base64.b64decode(t)).decode(),
    "bare deflate": lambda t: zlib.decompress(base64.b64decode(t), -15).decode(),
    "hex": lambda t: bytes.fromhex(t).decode(),
    "json": lambda t: json.loads(t)["note"],
    "percent": lambda t: unquote(t),
    "entities": html.unescape,
    "unicode": lambda t: json.loads(f'"{t}"'),
}

scalars = st.one_of(
    st.text(max_size=40), st.integers(-(2**63), 2**63), st.booleans(), st.none(), st.binary(max_size=30)
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def packed(node: object) -> bytes:
    """Return CBOR in the shortest forms, written for this test alone."""
    match node:
        case bool() | None:
            return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[node]
        case int():
            return head(0, node) if node >= 0 else head(1, -1 - node)
        case bytes():
            return head(2, len(node)) + node
        case str():
            return head(3, len(node.encode("utf-8", "surrogatepass"))) + node.encode("utf-8", "surrogatepass")
        case list():
            return head(4, len(node)) + b"".join(map(packed, node))
        case dict():
            return head(5, len(node)) + b"".join(packed(k) + packed(v) for k, v in node.items())
    raise TypeError(type(node))


def head(major: int, count: int) -> bytes:
    if count < 24:
        return bytes([major << 5 | count])
    for info, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if count < 1 << 8 * struct.calcsize(form):
            return bytes([major << 5 | info]) + struct.pack(form, count)
    raise OverflowError


@given(st.dictionaries(st.text(max_size=12), documents, min_size=1, max_size=4))
def test_cbor_that_nothing_was_changed_in_is_rebuilt_byte_for_byte(node: dict[str, object]) -> None:
    try:
        data = packed(node)
        "".join(map(str, node)).encode()
    except (UnicodeEncodeError, OverflowError):
        return
    document = cbor.parse(data)
    if document is not None:
        assert document.tree == node
        assert cbor.rebuilt(data, document, document.tree) == data


@given(st.binary(max_size=200))
def test_bytes_that_are_no_cbor_are_no_error(data: bytes) -> None:
    for start in (b"", b"\xa1", b"\xbf", b"\x9f", b"\xd9\xd9\xf7\xa2", b"\x81" * 100):
        cbor.parse(start + data)


def test_a_secret_in_cbor_is_replaced_under_its_name_and_the_rest_stays() -> None:
    data = packed(
        {"user": "app", "password": "hunter2-Long3", "sizes": [1, 481233210098], "raw": b"\x00\x01"}
    )
    clean = scrubbed(data, ("Content-Type", "application/cbor"))
    document = cbor.parse(clean)
    assert document is not None
    assert b"hunter2" not in clean
    assert document.tree | {"password": ""} == {
        "user": "app", "password": "", "sizes": [1, 481233210098], "raw": b"\x00\x01",
    }  # fmt: skip


def test_chunked_strings_of_cbor_are_read_as_one() -> None:
    data = b"\xbf\x68password\x7f\x67hunter2\x65-Lon3\xff\xff"
    document = cbor.parse(data)
    assert document is not None
    assert document.tree == {"password": "hunter2-Lon3"}
    assert b"hunter2" not in scrubbed(data)


@given(st.binary(min_size=1, max_size=3000), st.integers(1, 900))
def test_a_chunked_body_is_put_together_from_what_it_was_taken_apart_into(data: bytes, size: int) -> None:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    body = b"".join(f"{len(p):x};chunk-signature=0a\r\n".encode() + p + b"\r\n" for p in pieces)
    body += b"0;chunk-signature=0b\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    assert content.decode_content(body, "aws-chunked") == data
    again = content.encode_content(data, "aws-chunked", body)
    assert content.decode_content(again, "aws-chunked") == data
    assert again.endswith(b"0;chunk-signature=0b\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n")


def archive(**files: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in files.items():
            zipped.writestr(zipfile.ZipInfo(name, (2026, 1, 31, 10, 20, 30)), text)
    return made.getvalue()


def test_a_secret_in_an_archive_is_replaced_and_names_and_times_stay() -> None:
    clean = scrubbed(archive(env="DB_PASSWORD=hunter2-Long3\n", code="print(1)\n"))
    with zipfile.ZipFile(io.BytesIO(clean)) as opened:
        assert b"hunter2" not in opened.read("env")
        assert opened.read("code") == b"print(1)\n"
        assert [entry.date_time[0] for entry in opened.infolist()] == [2026, 2026]


def test_an_archive_without_secrets_stays_byte_for_byte() -> None:
    data = archive(code="print('hello')\n")
    assert scrubbed(data) is data


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read(codec: str) -> None:
    clean = scrubbed(f"{PLAIN}password={'hunter2-Long3'}".encode(codec)).decode(codec)
    assert clean.startswith(PLAIN)
    assert "hunter2" not in clean


@pytest.mark.parametrize(
    "text",
    [
        'data: {"delta": "x"}\n\ndata: {"token": "hunter2-Long3"}\n\n',
        'callback({"password": "hunter2-Long3"});',
        'INFO [main] got {"a": [1], "password": "hunter2-Long3"} from host',
        ")]}',\n" + '{"password": "hunter2-Long3"}',
    ],
)
def test_documents_that_are_part_of_a_text_are_looked_into_by_name(text: str) -> None:
    clean = scrubbed(text.encode()).decode()
    assert "hunter2" not in clean
    assert len(clean) == len(text)


def test_documents_in_a_text_that_only_look_like_some_are_left_after_a_few() -> None:
    assert list(escapes.documents_in('{"a": ' * 5000)) == []


def test_the_gate_reads_what_the_walk_reads() -> None:
    for name, encode in CODINGS.items():
        body = encode(f"{PLAIN}\ntoken {SECRET} end").encode()
        left = Scrubbed(
            Interaction(HttpRequest("GET", "https://x.example.com/"), Response(200, "OK", (), body))
        )
        assert [found.rule for found in find_residue([left], ScrubSettings())] == ["service-token"], name


@given(st.text(max_size=200))
@example('{"a": "\\u0041\\ud800"} &#65;&#x110000; \\x41 %41%zz')
@example("&#99999999; \\ud83d\\ude00 \\ud83d")
def test_any_text_is_scrubbed_without_an_error_and_twice_is_once(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    interaction = Interaction(HttpRequest("GET", "https://x.example.com/"), Response(200, "OK", (), data))
    first = Scrubber(ScrubSettings(), bytes(32), environ={}).scrub([Captured(interaction)])
    again = Scrubber(ScrubSettings(), bytes(32), removals=first[0].removals, environ={})
    assert again.scrub([Captured(first[0].interaction)])[0].interaction == first[0].interaction
