"""A server that streams, and waits before each piece until the code has been given the one before."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zlib import crc32

_PATIENCE_SECONDS = 15.0


class Streamer(ThreadingHTTPServer):
    """Answers every request with ``pieces``: chunked, or as a body of ``length`` bytes if that is given.

    Before each piece but the first it waits until `given` was called once more: by the test, when the
    code has got a piece. ``held_back`` tells that it waited in vain, so that something between it and the
    code read ahead or held back. After the last piece the connection is closed in the middle of the body
    if ``cut``, and stays silent until `given` if ``stall``. With ``hang_up`` there is no answer at all.
    A client that expects to be told whether to send its body (``expected``) is told ``continues``: 100,
    or a status that is the answer.
    """

    daemon_threads = True

    def __init__(
        self,
        pieces: Sequence[bytes],
        *,
        length: int | None = None,
        cut: bool = False,
        stall: bool = False,
        headers: Sequence[tuple[str, str]] = (),
        status: int = 200,
        hang_up: bool = False,
        continues: int = 100,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pieces, self.length, self.cut, self.stall = pieces, length, cut, stall
        self.headers, self.status, self.hang_up = headers, status, hang_up
        self.continues = continues
        self.expected: list[bool] = []
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self.held_back = False
        self._turn = threading.Semaphore(0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def given(self) -> None:
        """Let the next piece go."""
        self._turn.release()

    def await_turn(self) -> None:
        """Wait until the code has been given what was sent."""
        self.held_back = not self._turn.acquire(timeout=_PATIENCE_SECONDS) or self.held_back

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that has gone is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Streamer

    def log_message(self, *args: object) -> None:
        pass

    def handle_expect_100(self) -> bool:
        self.server.expected.append(True)
        if self.server.continues == 100:
            return super().handle_expect_100()
        self.send_response(self.server.continues)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        return False

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.bodies.append(self._body())
        length = self.server.length
        if self.server.hang_up:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        for name, value in self.server.headers:
            self.send_header(name, value)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        for number, piece in enumerate(self.server.pieces):
            if number:
                self.server.await_turn()
            self.wfile.write(piece if length is not None else b"%x\r\n%s\r\n" % (len(piece), piece))
        if self.server.stall:
            self.server.await_turn()
        elif length is None and not self.server.cut:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = self.server.cut or self.server.stall

    do_GET = do_HEAD = do_PUT = do_POST


@contextmanager
def streamer(pieces: Sequence[bytes], **options: Any) -> Iterator[Streamer]:
    """Serve ``pieces`` on a free loopback port for as long as the block lasts; the rest as for `Streamer`."""
    service = Streamer(pieces, **options)
    thread = threading.Thread(target=service.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        service.server_close()
        thread.join()


def frame(event: str, payload: bytes, *, kind: str = "event") -> bytes:
    """Return one message of ``application/vnd.amazon.eventstream``; ``kind`` is event or exception.

    Source: the format in Amazon's *Event stream encoding*: a prelude (total length, length of the headers,
    CRC of both), headers, payload, CRC of everything before.
    """
    named = {":message-type": kind, f":{kind}-type": event, ":content-type": "application/json"}
    headers = b"".join(_header(name, value) for name, value in named.items())
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", crc32(prelude)) + headers + payload
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    """Return a header of type 7: text, with its length in two bytes."""
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
