"""How a text travels: the encodings and the places that may lie around it, as many deep as one likes."""

from __future__ import annotations

import binascii
import gzip
import json
import struct
import textwrap
import zlib
from collections.abc import Callable
from urllib.parse import quote
from xml.sax.saxutils import escape

from scrub_corpus.cases import TEXT, aws, http
from scrub_corpus.values import b64, b64url
from sealtape.interaction import Interaction

FILLING = "2026-01-31T10:20:30Z INFO worker started, 3 items to do\n"
"""Ordinary text that goes beside a value, so that what is packed is a document and not the value alone."""

TEXTS: dict[str, Callable[[str], str]] = {
    "base64": lambda t: b64(FILLING + t),
    "bare base64": b64,
    "base64url": lambda t: b64url(FILLING + t),
    "wrapped base64": lambda t: "\n".join(textwrap.wrap(b64(FILLING + t), 60)),
    "twice base64": lambda t: b64(b64(FILLING + t)),
    "json string": json.dumps,
    "json in json": lambda t: json.dumps({"Message": json.dumps({"detail": t})}),
    "unicode escapes": lambda t: '{"note": "' + "".join(f"\\u{ord(c):04x}" for c in t) + '"}',
    "percent": lambda t: quote(t, safe=""),
    "twice percent": lambda t: quote(quote(t, safe=""), safe=""),
    "entities": lambda t: (
        "<note>" + "".join(f"&#x{ord(c):x};" if not c.isalnum() else c for c in t) + "</note>"
    ),
    "all entities": lambda t: "<note>" + "".join(f"&#{ord(c)};" for c in t) + "</note>",
    "xml": lambda t: f"<doc><item>{escape(t)}</item></doc>",
    "cdata": lambda t: f"<doc><item><![CDATA[{t}]]></item></doc>",
    "gzip in base64": lambda t: b64(gzip.compress((FILLING + t).encode(), mtime=0)),
    "zlib in base64": lambda t: b64(zlib.compress((FILLING + t).encode())),
    "log line": lambda t: f"2026-01-31 10:20:30,123 DEBUG [main] app: received {t} from upstream",
    "form": lambda t: "a=1&note=" + quote(t, safe="") + "&b=2",
}


def cbor(node: object) -> bytes:
    """Return ``node`` (maps, lists, texts, bytes, whole numbers) as CBOR."""
    match node:
        case dict():
            return _head(5, len(node)) + b"".join(cbor(k) + cbor(v) for k, v in node.items())
        case list():
            return _head(4, len(node)) + b"".join(map(cbor, node))
        case str():
            return _head(3, len(node.encode())) + node.encode()
        case bytes():
            return _head(2, len(node)) + node
        case int():
            return _head(0, node)
    raise TypeError(type(node))


def _head(major: int, count: int) -> bytes:
    for code, form, bound in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32)):
        if count < 24:
            return bytes([major << 5 | count])
        if count < bound:
            return bytes([major << 5 | code]) + struct.pack(form, count)
    return bytes([major << 5 | 27]) + struct.pack(">Q", count)


def event(payload: bytes, kind: str = "chunk") -> bytes:
    """Return one frame of an event stream."""
    headers = b"".join(
        bytes([len(n)]) + n.encode() + b"\x07" + struct.pack(">H", len(v)) + v.encode()
        for n, v in ((":event-type", kind), (":message-type", "event"), (":content-type", "application/json"))
    )
    start = struct.pack(">II", len(payload) + len(headers) + 16, len(headers))
    start += struct.pack(">I", binascii.crc32(start))
    message = start + headers + payload
    return message + struct.pack(">I", binascii.crc32(message))


def chunked(data: bytes) -> bytes:
    """Return ``data`` as an aws-chunked body of two chunks and a trailer."""
    half = len(data) // 2
    out = b""
    for piece in (data[:half], data[half:], b""):
        out += f"{len(piece):x}\r\n".encode() + piece + (b"\r\n" if piece else b"")
    return out + b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n"


def multipart(text: str) -> bytes:
    """Return a form of two parts, the second a file that is ``text``."""
    return (
        b'--frontier\r\nContent-Disposition: form-data; name="title"\r\n\r\nreport\r\n'
        b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.log"\r\n'
        b"Content-Type: text/plain\r\n\r\n" + text.encode() + b"\r\n--frontier--\r\n"
    )


def _coded(name: str, data: bytes) -> Interaction:
    return http(answer=data, answer_headers=(*TEXT, ("Content-Encoding", name)))


_S3 = {"Bucket": "reports", "Key": "a.log"}

PLACES: dict[str, Callable[[str], Interaction]] = {
    "text answer": lambda t: http(answer=(FILLING + t).encode(), answer_headers=TEXT),
    "json answer": lambda t: http(answer=json.dumps({"items": [{"id": 7, "note": t}]}).encode()),
    "json request": lambda t: http(
        body=json.dumps({"note": t}).encode(), headers=(("Content-Type", "application/json"),)
    ),
    "xml answer": lambda t: http(
        answer=f"<?xml version='1.0'?><r><note>{escape(t)}</note></r>".encode(),
        answer_headers=(("Content-Type", "application/xml"),),
    ),
    "form request": lambda t: http(
        body=f"a=1&note={quote(t, safe='')}".encode(),
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
    ),
    "query": lambda t: http(f"https://api.example.com/find?page=2&q={quote(t, safe='')}", method="GET"),
    "path": lambda t: http(f"https://api.example.com/find/{quote(t, safe='')}/part", method="GET"),
    "request header": lambda t: http(headers=(("X-Note", _one_line(t)),)),
    "location header": lambda t: http(
        answer_headers=(("Location", f"https://api.example.com/next?state={quote(t, safe='')}"),)
    ),
    "multipart request": lambda t: http(
        body=multipart(t), headers=(("Content-Type", "multipart/form-data; boundary=frontier"),)
    ),
    "gzip answer": lambda t: _coded("gzip", gzip.compress((FILLING + t).encode(), mtime=0)),
    "deflate answer": lambda t: _coded("deflate", zlib.compress((FILLING + t).encode())),
    "gzip object": lambda t: aws(
        "s3.GetObject",
        dict(_S3),
        gzip.compress((FILLING + t).encode(), mtime=0),
        headers=(("Content-Type", "binary/octet-stream"),),
        protocol="rest-xml",
    ),
    "utf-16 answer": lambda t: http(
        answer=(FILLING + t).encode("utf-16"),
        answer_headers=(("Content-Type", "text/plain; charset=utf-16"),),
    ),
    "utf-16 without mark": lambda t: http(
        answer=(FILLING + t).encode("utf-16-le"),
        answer_headers=(("Content-Type", "application/octet-stream"),),
    ),
    "cbor answer": lambda t: http(
        answer=cbor({"items": [{"note": t, "size": 7}]}),
        answer_headers=(("Content-Type", "application/cbor"),),
    ),
    "event stream": lambda t: http(
        answer=event(json.dumps({"delta": "Hello"}).encode()) + event(json.dumps({"delta": t}).encode()),
        answer_headers=(("Content-Type", "application/vnd.amazon.eventstream"),),
    ),
    "aws-chunked request": lambda t: http(
        "https://reports.s3.eu-west-1.amazonaws.com/a.log",
        method="PUT",
        body=chunked((FILLING + t).encode()),
        headers=(
            ("Content-Encoding", "aws-chunked"),
            ("X-Amz-Decoded-Content-Length", str(len(FILLING + t))),
        ),
    ),
    "aws parameter": lambda t: aws(
        "sqs.SendMessage", {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/q", "MessageBody": t}
    ),
    "aws blob parameter": lambda t: aws(
        "kinesis.PutRecord", {"StreamName": "s", "Data": t.encode(), "PartitionKey": "1"}
    ),
    "aws object": lambda t: aws(
        "s3.PutObject", {**_S3, "Body": {"$stream": True}}, b"", body=(FILLING + t).encode()
    ),
    "server-sent events": lambda t: http(
        answer=f"event: delta\ndata: {json.dumps({'text': 'Hi'})}\n\nevent: delta\ndata: {json.dumps({'text': t})}\n\n".encode(),
        answer_headers=(("Content-Type", "text/event-stream"),),
    ),
    "json lines": lambda t: http(
        answer=b'{"n": 1}\n' + json.dumps({"n": 2, "note": t}).encode() + b"\n",
        answer_headers=(("Content-Type", "application/x-ndjson"),),
    ),
    "javascript callback": lambda t: http(
        answer=f"callback({json.dumps({'note': t})});".encode(),
        answer_headers=(("Content-Type", "application/javascript"),),
    ),
    "html": lambda t: http(
        answer=f"<!doctype html><html><body><p class=x>Hello <b>{escape(t)}</b></p><br></body></html>".encode(),
        answer_headers=(("Content-Type", "text/html"),),
    ),
}


def _one_line(text: str) -> str:
    """A header holds no line breaks and no byte beyond latin-1."""
    return " ".join(text.split())
