"""A server that says exactly the bytes it is told to, and breaks off as it is told to."""

from __future__ import annotations

import gzip
import socket
import socketserver
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import brotli
import zstandard

TEXT = b'{"answer": 42, "words": "' + b"all of them, again and again; " * 40 + b'"}'
BIG = bytes(range(256)) * (50 * 1024 * 4)
"""50 MiB."""


def said(status: str, body: bytes = b"", *fields: str) -> bytes:
    """Return a response with a Content-Length that is last of its fields."""
    length = f"Content-Length: {len(body)}"
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, length, "\r\n"]).encode("latin-1") + body


def coded(coding: str, body: bytes) -> bytes:
    return said("200 OK", body, f"Content-Encoding: {coding}", "Content-Type: application/json")


def chunked(*parts: bytes, fields: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n".encode()
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


_DEFLATED = zlib.compressobj(wbits=-15)
_GZIPPED = gzip.compress(TEXT, mtime=0)

SAYS = {
    "/plain": said("200 OK", TEXT, "Content-Type: application/json", "Server: exactly"),
    "/fields": said(
        "200 Fine by me",
        b"grau\xdf",
        "x-LOWER-Upper: b",
        "Via: 1.0 one",
        "X-Empty:",
        "Content-Type: text/plain; charset=latin-1",
        "via: 1.1 two",
        "A-Last: caf\xe9",
        "Link: <a>; rel=next",
        "Link: <b>; rel=prev",
    ),
    "/no-reason": b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
    "/unknown-status": said("299 Miscellaneous", b"odd"),
    "/gzip": coded("gzip", _GZIPPED),
    "/deflate": coded("deflate", zlib.compress(TEXT)),
    "/raw-deflate": coded("deflate", _DEFLATED.compress(TEXT) + _DEFLATED.flush()),
    "/br": coded("br", brotli.compress(TEXT)),
    "/zstd": coded("zstd", zstandard.compress(TEXT)),
    "/not-gzip": coded("gzip", b"this was never compressed"),
    "/binary": said("200 OK", bytes(range(256)), "Content-Type: application/octet-stream"),
    "/text": said("200 OK", "Grüße, 世界".encode(), "Content-Type: text/plain; charset=utf-8"),
    "/empty": said("200 OK"),
    "/no-content": b"HTTP/1.1 204 No Content\r\nX-Why: nothing\r\n\r\n",
    "/big": said("200 OK", BIG, "Content-Type: text/plain; charset=latin-1"),
    "/chunked": chunked(b"one ", b"two ", b"three"),
    "/chunked-gzip": chunked(_GZIPPED[:20], _GZIPPED[20:], fields="Content-Encoding: gzip\r\n"),
    "/chunked-empty": chunked(),
    "/to-its-end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + TEXT,
    "/lines": chunked(b"data: 1\n\nda", b"ta: 2\n\n", fields="Content-Type: text/event-stream\r\n"),
    "/old": b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\n" + TEXT,
    "/old-with-length": said("200 OK", TEXT).replace(b"1.1", b"1.0", 1),
    "/old-and-kept-open": said("200 OK", TEXT, "Connection: keep-alive").replace(b"1.1", b"1.0", 1),
    "/closes": said("200 OK", TEXT, "Connection: close"),
    "/early": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + said("200 OK", TEXT),
    "/continues": b"HTTP/1.1 100 Continue\r\n\r\n" + said("200 OK", TEXT),
    "/trailers": chunked(b"one ", b"two")[:-2] + b"X-Checksum: 1234\r\n\r\n",
    "/chunk-extensions": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\none\r\n0\r\n\r\n",
    "/upper-chunked": chunked(b"one").replace(b"chunked", b"Chunked"),
    "/not-modified": b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 99\r\n\r\n',
    "/reset-content": said("205 Reset Content"),
    "/utf-8-field": said("200 OK", b"ok").replace(b"Content", "X-Name: Grüße 世界\r\nContent".encode(), 1),
    "/folded-field": said("200 OK", b"ok", "X-Long: one\r\n  two"),
    "/spaces-in-field": said("200 OK", b"ok", "X-Spaces:   wide   "),
    "/many-fields": said("200 OK", b"ok", *(f"X-{n}: {n}" for n in range(60))),
    "/lengths": said("200 OK", b"ok", "Content-Length: 2"),
    "/sees-other": said("303 See Other", b"", "Location: plain?from=post"),
    "/to-a-fragment": said("302 Found", b"", "Location: /plain#part"),
    "/gzip-twice": coded("gzip, gzip", gzip.compress(_GZIPPED, mtime=0)),
    "/gzip-parts": coded("gzip", _GZIPPED + _GZIPPED),
    "/identity": coded("identity", TEXT),
    "/x-gzip": coded("x-gzip", _GZIPPED),
    "/chunked-br": chunked(brotli.compress(TEXT), fields="Content-Encoding: br\r\n"),
    "/teapot": said("418 I'm a teapot", b"short and stout"),
    "/cookies": said("200 OK", b"{}", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/; HttpOnly"),
    "/moved": said("301 Moved Permanently", b"over there", "Location: /sets-and-moves"),
    "/sets-and-moves": said("302 Found", b"", "Set-Cookie: hop=1; Path=/", "Location: /plain?x=1"),
    "/keeps-method": said("307 Temporary Redirect", b"", "Location: /echo"),
    "/loop": said("302 Found", b"", "Location: /loop"),
    "/missing": said("404 Not Found", b'{"error": "missing"}', "Content-Type: application/json"),
    "/broken": said("500 Internal Server Error", b"no"),
    "/cut": said("200 OK", TEXT)[:-100],
    "/cut-chunked": chunked(b"one ", b"two ")[:-9],
    "/cut-gzip": coded("gzip", _GZIPPED)[:-10],
    "/hang-up": b"",
    "/garbage": b"this is not HTTP\r\n\r\n",
    "/silent": b"",
    "/stall": said("200 OK", TEXT)[:-100],
    "/reset": said("200 OK", TEXT)[:-100],
}


class Exactly(socketserver.ThreadingTCPServer):
    """Answers each request with the bytes in `SAYS` for its path; ``/echo`` with the request's body."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.asked: list[str] = []
        self.closing = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that go away are part of the tests."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Talk(socketserver.StreamRequestHandler):
    server: Exactly
    _CLOSES: ClassVar[set[str]] = {
        "/to-its-end", "/cut", "/cut-chunked", "/cut-gzip", "/hang-up", "/garbage",
        "/old", "/old-with-length", "/closes",
    }  # fmt: skip

    def handle(self) -> None:
        while line := self.rfile.readline():
            path = line.split(b" ")[1].decode()
            fields: dict[str, str] = {}
            while (field := self.rfile.readline().decode("latin-1").strip()) != "":
                name, _, value = field.partition(":")
                fields[name.lower()] = value.strip()
            body = self._body(fields)
            self.server.asked.append(path)
            path = path.partition("?")[0]
            answer = said("200 OK", body) if path == "/echo" else SAYS[path]
            if line.startswith(b"HEAD"):
                answer = answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            self.wfile.write(answer)
            if path in ("/silent", "/stall"):
                self.server.closing.wait(5)
            if path == "/reset":
                time.sleep(0.1)  # a reset overtakes what was sent
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                return
            if path in self._CLOSES:
                return

    def _body(self, fields: dict[str, str]) -> bytes:
        if fields.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(fields.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


@contextmanager
def exactly() -> Iterator[Exactly]:
    """Serve on a free loopback port for as long as the block lasts."""
    service = Exactly()
    thread = threading.Thread(target=service.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.closing.set()
        service.shutdown()
        service.server_close()
        thread.join()
