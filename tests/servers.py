"""Real servers on loopback for tests: moto's as the AWS sandbox, and a plain HTTP service."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


class Service(ThreadingHTTPServer):
    """A small HTTP service that keeps what it was asked.

    ``GET /json`` answers JSON, ``/gzip`` the same gzipped, ``/binary`` bytes 0 to 255, ``/empty`` 204,
    ``/chunked`` in chunks, ``/cut`` 4 bytes of 100, ``/cookie`` with two cookies, ``/redirect`` to ``/json``,
    ``/status/N`` with status N (POST too), ``/count`` a number that grows, ``/slow`` after a second; ``POST
    /token`` answers a new token, any other POST echoes the body it got.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.counted = 0

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that gave up waiting is part of the tests."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service
    bodies: ClassVar[dict[str, bytes]] = {
        "/json": b'{"answer": 42, "name": "Grace"}',
        "/binary": bytes(range(256)),
        "/gzip": gzip.compress(b'{"answer": 42}' * 20, mtime=0),
    }

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path))
        path = self.path.partition("?")[0]
        if path == "/redirect":
            self._answer(302, b"", location="/json")
        elif path == "/empty":
            self._answer(204, b"")
        elif path == "/cut":
            self._cut()
        elif path == "/chunked":
            self._chunks([b"one ", b"two ", b"three"])
        elif path == "/cookie":
            self._answer(200, b"{}", cookies=("a=1; Path=/", "b=2; Path=/"))
        elif path == "/count":
            self.server.counted += 1
            self._answer(200, json.dumps({"count": self.server.counted}).encode())
        elif path == "/slow":
            time.sleep(1)
            self._answer(200, b"late")
        elif path.startswith("/status/"):
            self._answer(int(path.rpartition("/")[2]), b"as asked")
        else:
            self._answer(200, self.bodies.get(path, b"{}"), coding="gzip" if path == "/gzip" else "")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.server.asked.append((self.command, self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/status/"):
            self._answer(int(self.path.strip("/").rpartition("/")[2]), b"as asked")
            return
        if self.path == "/token":
            self.server.counted += 1
            token = f"tok-{self.server.counted}-5f0c9c1be7a84d25b3a1"
            body = json.dumps({"access_token": token, "expires_in": 3600}).encode()
        self._answer(200, body)

    do_PUT = do_POST

    def _answer(
        self, status: int, body: bytes, cookies: tuple[str, ...] = (), coding: str = "", location: str = ""
    ) -> None:
        self.send_response(status)
        for name, value in (("Content-Encoding", coding), ("Location", location)):
            if value:
                self.send_header(name, value)
        for cookie in cookies:
            self.send_header("Set-Cookie", cookie)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"four")
        self.close_connection = True

    def _chunks(self, chunks: list[bytes]) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in (*chunks, b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))


@contextmanager
def http_service(port: int = 0) -> Iterator[Service]:
    """Serve on loopback, on a free port unless one is given, for as long as the block lasts."""
    service = Service(port)
    thread = threading.Thread(target=service.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        service.server_close()
        thread.join()
