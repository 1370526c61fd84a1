"""Recording and replaying requests and urllib3 at the connection pool, against a real server."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import requests
import urllib3

from sealtape.capture import pool
from sealtape.capture.current import entered
from sealtape.capture.wire import merged
from sealtape.errors import Miss, SandboxRefused
from sealtape.interaction import Interaction, Response
from tests.servers import Service
from tests.unit.capture.conversations import Memory


@pytest.fixture(autouse=True)
def _hooked() -> None:
    pool.install()


def record_then_replay(http: Service, work: Callable[[], Any]) -> tuple[Any, Any, list[Interaction]]:
    """Run ``work`` against the server, then again while nothing more reaches it."""
    recorder = Memory()
    with entered(recorder):
        live = work()
    tape, asked = list(recorder.tape), len(http.asked)
    with entered(Memory(tape)):
        replayed = work()
    assert len(http.asked) == asked, "a replay reached the server"
    return live, replayed, tape


def seen(response: requests.Response) -> tuple[Any, ...]:
    """Everything of a response that code can look at."""
    return (
        response.status_code,
        response.reason,
        list(response.headers.items()),
        response.content,
        response.cookies.get_dict(),
        [r.status_code for r in response.history],
        response.url,
        response.encoding,
    )


@pytest.mark.parametrize(
    "path", ["/json", "/gzip", "/binary", "/empty", "/chunked", "/cookie", "/redirect", "/status/404"]
)
def test_requests_sees_the_same_response_live_and_replayed(http: Service, path: str) -> None:
    live, replayed, _ = record_then_replay(http, lambda: seen(requests.get(http.url + path, timeout=5)))
    assert replayed == live


def test_gzip_stays_gzip_on_the_cassette(http: Service) -> None:
    _, _, tape = record_then_replay(http, lambda: requests.get(http.url + "/gzip", timeout=5).json)
    outcome = tape[0].outcome
    assert isinstance(outcome, Response)
    assert outcome.body.startswith(b"\x1f\x8b")


def test_a_head_has_a_length_and_no_body(http: Service) -> None:
    live, replayed, _ = record_then_replay(http, lambda: seen(requests.head(http.url + "/json", timeout=5)))
    assert replayed == live
    assert live[3] == b""


def test_streamed_bodies_come_in_lines_and_chunks(http: Service) -> None:
    def work() -> tuple[list[bytes], list[bytes], bytes]:
        with requests.get(http.url + "/json", stream=True, timeout=5) as response:
            chunks = list(response.iter_content(7))
        with requests.get(http.url + "/gzip", stream=True, timeout=5) as response:
            raw = response.raw.read(decode_content=False)
        lines = list(requests.get(http.url + "/chunked", stream=True, timeout=5).iter_lines())
        return chunks, lines, raw

    live, replayed, _ = record_then_replay(http, work)
    assert replayed == live
    assert live[2].startswith(b"\x1f\x8b")


def test_cookies_are_kept_for_the_next_request_of_a_session(http: Service) -> None:
    def work() -> Any:
        with requests.Session() as session:
            session.get(http.url + "/cookie", timeout=5)
            return session.get(http.url + "/json", timeout=5).request.headers["Cookie"]

    live, replayed, _ = record_then_replay(http, work)
    assert live == replayed == "a=1; b=2"


@pytest.mark.parametrize(
    "body",
    [b"bytes", "text \u2713", io.BytesIO(b"a file"), [b"chunk ", b"by chunk"]],
    ids=["bytes", "text", "file", "iterable"],
)
def test_request_bodies_of_every_kind_are_sent_and_recorded(http: Service, body: Any) -> None:
    def work() -> bytes:
        if isinstance(body, io.BytesIO):
            body.seek(0)
        data = iter(body) if isinstance(body, list) else body
        return urllib3.PoolManager().request("POST", http.url + "/echo", body=data, chunked=False).data

    live, replayed, tape = record_then_replay(http, work)
    assert live == replayed
    request = tape[0].request
    assert request.body == live


def test_multipart_uploads_are_recorded(http: Service) -> None:
    recorder = Memory()
    with entered(recorder):
        requests.post(http.url + "/echo", files={"f": ("name.txt", b"content")}, timeout=5)
    body = recorder.tape[0].request.body
    assert body is not None
    assert b'filename="name.txt"' in body


def test_connections_go_back_to_a_pool_that_blocks(http: Service) -> None:
    def work() -> list[int]:
        with urllib3.PoolManager(maxsize=1, block=True, timeout=2) as manager:
            return [manager.request("GET", http.url + "/json").status for _ in range(3)]

    live, replayed, _ = record_then_replay(http, work)
    assert live == replayed == [200, 200, 200]


def test_a_refused_connection_is_recorded_and_raised_again() -> None:
    def work() -> str:
        with pytest.raises(requests.ConnectionError) as caught:
            requests.get("http://127.0.0.1:9/", timeout=5)
        return type(caught.value).__name__

    recorder = Memory()
    with entered(recorder):
        live = work()
    with entered(Memory(recorder.tape)):
        assert work() == live


def test_a_read_timeout_is_recorded_and_raised_again(http: Service) -> None:
    def work() -> None:
        with pytest.raises(requests.ReadTimeout):
            requests.get(http.url + "/slow", timeout=0.2)

    record_then_replay(http, work)


def test_a_connection_cut_in_the_middle_of_a_body_is_cut_there_again(http: Service) -> None:
    def work() -> tuple[int, bytes, str]:
        response = requests.get(http.url + "/cut", stream=True, timeout=5)
        parts: list[bytes] = []
        with pytest.raises(requests.exceptions.ChunkedEncodingError) as caught:
            parts.extend(response.iter_content(2))
        return response.status_code, b"".join(parts), type(caught.value).__name__

    live, replayed, tape = record_then_replay(http, work)
    assert replayed == live == (200, b"four", "ChunkedEncodingError")
    assert len(tape) == 1


def test_read_chunked_works_on_what_is_no_longer_chunked(http: Service) -> None:
    def work() -> bytes:
        response = urllib3.PoolManager().request("GET", http.url + "/chunked", preload_content=False)
        return b"".join(response.read_chunked())

    live, replayed, _ = record_then_replay(http, work)
    assert live == replayed == b"one two three"


def test_a_miss_reaches_the_caller_unwrapped(http: Service) -> None:
    with entered(Memory([])), pytest.raises(Miss):
        requests.get(http.url + "/json", timeout=5)
    assert http.asked == []


def test_a_host_that_is_not_named_is_refused_before_anything_is_sent() -> None:
    recorder = Memory()
    with entered(recorder), pytest.raises(SandboxRefused, match=r"api\.example\.com may not be recorded"):
        requests.get("http://api.example.com/", timeout=5)
    assert recorder.tape == []


def test_without_a_conversation_nothing_changes(http: Service) -> None:
    with requests.get(http.url + "/json", stream=True, timeout=5) as response:
        assert response.raw._original_response is not None
        assert response.json()["answer"] == 42


def test_a_proxy_is_not_asked_for_a_tunnel_on_replay() -> None:
    tape_of_nothing = Memory([])
    with entered(tape_of_nothing), pytest.raises(Miss):
        requests.get("https://api.example.com/", proxies={"https": "http://127.0.0.1:9"}, timeout=2)


def test_repeated_fields_are_joined_whatever_their_case() -> None:
    fields = (("Server", "a"), ("X-Tag", "1"), ("server", "b"), ("x-tag", "2"), ("Date", "today"))
    assert merged(fields) == dict(urllib3.HTTPHeaderDict(fields))
    assert merged(fields) == {"Server": "a, b", "X-Tag": "1, 2", "Date": "today"}
