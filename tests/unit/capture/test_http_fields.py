"""What every client shows of a response is the same live and replayed, field by field."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest

from sealtape.capture import pool
from sealtape.capture.current import entered
from sealtape.capture.http import patched
from tests.unit.capture.clients import CLIENTS, Ask, Failed
from tests.unit.capture.conversations import Memory
from tests.unit.capture.exactly import SAYS, Exactly, exactly


@pytest.fixture(scope="module")
def server() -> Iterator[Exactly]:
    with exactly() as service:
        yield service


@pytest.fixture(autouse=True)
def _hooked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # With the draws of a test seeded by its cassette, so are the boundaries of multipart bodies.
    monkeypatch.setattr("os.urandom", lambda size: b"\x2a" * size)
    pool.install()
    with patched():
        yield


def record_then_replay(server: Exactly, client: str, ask: Ask) -> tuple[Any, Any, Memory]:
    recorder = Memory()
    with entered(recorder):
        live = CLIENTS[client](urljoin(server.url, ask.path), ask)
    asked = len(server.asked)
    with entered(Memory(recorder.tape)):
        replayed = CLIENTS[client](urljoin(server.url, ask.path), ask)
    assert len(server.asked) == asked, "a replay reached the server"
    return live, replayed, recorder


@pytest.mark.parametrize("path", SAYS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_response_is_the_same_live_and_replayed(server: Exactly, client: str, path: str) -> None:
    live, replayed, recorder = record_then_replay(server, client, Ask(path))
    if path in ("/cut", "/cut-chunked", "/cut-gzip", "/stall", "/reset", "/garbage"):
        live, replayed = classes(live), classes(replayed)
    assert replayed == live
    assert recorder.tape


def classes(seen: Any) -> Any:
    """Return what a client has shown, of exceptions the classes: why a body broke is kept as a class only."""
    if isinstance(seen, Failed):
        return seen.kinds
    return [classes(part) for part in seen] if isinstance(seen, list) else seen


ASKS = {
    "head": Ask("/plain", "HEAD"),
    "head of gzip": Ask("/gzip", "HEAD"),
    "bytes": Ask("/echo", "POST", b"bytes \x00\xff"),
    "a file": Ask("/echo", "PUT", lambda: io.BytesIO(b"a file")),
    "parts": Ask("/echo", "POST", lambda: iter([b"part ", b"by part"])),
    "method kept over a redirect": Ask("/keeps-method", "POST", b"again"),
    "delete": Ask("/no-content", "DELETE"),
    "multipart": Ask("/echo", "POST", upload=True),
}


@pytest.mark.parametrize("name", ASKS)
@pytest.mark.parametrize("client", CLIENTS)
def test_requests_of_every_kind_are_answered_the_same(server: Exactly, client: str, name: str) -> None:
    live, replayed, recorder = record_then_replay(server, client, ASKS[name])
    assert replayed == live
    assert recorder.tape


@pytest.mark.parametrize("client", CLIENTS)
def test_a_refused_connection_is_the_same_failure(server: Exactly, client: str) -> None:
    recorder = Memory()
    with entered(recorder):
        live = CLIENTS[client]("http://127.0.0.1:9/", Ask("/"))
    with entered(Memory(recorder.tape)):
        replayed = CLIENTS[client]("http://127.0.0.1:9/", Ask("/"))
    assert replayed == live
    assert isinstance(live, Failed)


@pytest.mark.parametrize("client", ["urllib", "httplib2"])
def test_a_url_whose_user_is_taken_for_the_host_is_the_same_failure(server: Exactly, client: str) -> None:
    live, replayed, _ = record_then_replay(
        server, client, Ask(server.url.replace("//", "//someone:pw@") + "/plain")
    )
    assert isinstance(live, Failed)
    assert replayed == live
