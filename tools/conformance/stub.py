"""What stands where the provider stood: it answers moto's reset call, and refuses and counts the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

_RESET = ("POST", "/moto-api/reset")


class Stub(ThreadingHTTPServer):
    """A server on a loopback port. ``refused`` holds what it was asked for, resets apart."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.refused: list[str] = []
        self._lock = Lock()

    def refuse(self, request: str) -> None:
        """Count a request that should not have been made."""
        with self._lock:
            self.refused.append(request)


class _Handler(BaseHTTPRequestHandler):
    server: Stub

    def handle_one_request(self) -> None:
        """Answer one request whatever its method is."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request():
            self._answer()

    def _answer(self) -> None:
        is_reset = (self.command, self.path) == _RESET
        if not is_reset:
            self.server.refuse(f"{self.command} {self.path}")
        self.close_connection = True
        self.send_response(200 if is_reset else 501)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the requests are counted."""


@contextmanager
def stubbed(port: int) -> Iterator[Stub]:
    """Answer on ``port`` until the block ends."""
    with Stub(port) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
