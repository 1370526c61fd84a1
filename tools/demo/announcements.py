"""The announcement service of the demo: log in, announce, and be refused what was withdrawn."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFERRED_PORT = 8642


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    tokens: set[str]

    def log_message(self, *args: object) -> None:
        """Say nothing: the demo's screen is for the demo."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/login":
            token = secrets.token_urlsafe(32)
            self.tokens.add(token)
            self._answer(200, {"access_token": token, "token_type": "bearer", "user": body["username"]})
        elif self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            self._answer(401, {"error": "log in first"})
        elif "withdrawn" in body["version"]:
            self._answer(409, {"error": f"{body['version']} was withdrawn"})
        else:
            self._answer(201, {"announced": body["version"]})

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", f"session={secrets.token_hex(16)}; HttpOnly")
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def announcement_service(*ports: int) -> Iterator[int]:
    """Serve on loopback at the first of ``ports`` that is free (0 always is), and yield the port.

    Raises `OSError` if none is free.
    """
    handler = type("Handler", (_Handler,), {"tokens": set()})
    server = _listening(handler, ports)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _listening(handler: type[_Handler], ports: Sequence[int]) -> ThreadingHTTPServer:
    *first, last = ports
    for port in first:
        with suppress(OSError):
            return ThreadingHTTPServer(("127.0.0.1", port), handler)
    return ThreadingHTTPServer(("127.0.0.1", last), handler)
