"""Streams, redirects and proxies of httpx, aiohttp and http.client while they are recorded and replayed."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Callable, Iterator
from contextlib import closing

import aiohttp
import httpx
import pytest

from sealtape.capture import pool
from sealtape.capture.current import entered
from sealtape.capture.http import patched
from sealtape.errors import Miss, SandboxRefused
from sealtape.interaction import UNREAD, Response
from tests.servers import Service
from tests.unit.capture.conversations import Memory
from tests.unit.capture.exactly import exactly
from tests.unit.capture.senders import SENDERS, Got
from tests.unit.capture.streams import Streamer, streamer

EVENTS = [b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n"]
Reader = Callable[[str, Callable[[], None]], list[bytes]]


@pytest.fixture(autouse=True)
def _hooked() -> Iterator[None]:
    pool.install()
    with patched():
        yield


def by_httpx(url: str, given: Callable[[], None]) -> list[bytes]:
    parts = []
    with httpx.stream("GET", url) as response:
        for part in response.iter_bytes():
            parts.append(part)
            given()
    return parts


def by_httpx_async(url: str, given: Callable[[], None]) -> list[bytes]:
    async def read() -> list[bytes]:
        parts = []
        async with httpx.AsyncClient() as client, client.stream("GET", url) as response:
            async for part in response.aiter_bytes():
                parts.append(part)
                given()
        return parts

    return asyncio.run(read())


def by_aiohttp(url: str, given: Callable[[], None]) -> list[bytes]:
    async def read() -> list[bytes]:
        parts = []
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            async for part in response.content.iter_any():
                parts.append(part)
                given()
        return parts

    return asyncio.run(read())


def by_http_client(url: str, given: Callable[[], None]) -> list[bytes]:
    parts = []
    with closing(http.client.HTTPConnection(url.removeprefix("http://"))) as connection:
        connection.request("GET", "/")
        with connection.getresponse() as response:
            while part := response.read1(100):
                parts.append(part)
                given()
    return parts


READERS: dict[str, Reader] = {
    "httpx": by_httpx,
    "httpx-async": by_httpx_async,
    "aiohttp": by_aiohttp,
    "http.client": by_http_client,
}


def record(server: Streamer, read: Reader) -> tuple[list[bytes], Memory]:
    recorder = Memory()
    with entered(recorder):
        return read(server.url, server.given), recorder


@pytest.mark.parametrize("client", READERS)
def test_events_reach_the_code_while_they_are_recorded(client: str) -> None:
    with streamer(EVENTS, headers=[("Content-Type", "text/event-stream")]) as server:
        live, recorder = record(server, READERS[client])
        assert not server.held_back, "something waited for more than one event"
    assert live == EVENTS
    with entered(Memory(recorder.tape)):
        assert b"".join(READERS[client](server.url, lambda: None)) == b"".join(EVENTS)


class _Enough(Exception):
    """The code has read what it wanted."""


@pytest.mark.parametrize("client", READERS)
def test_what_the_code_left_unread_is_a_miss_for_code_that_reads_on(client: str) -> None:
    def enough() -> None:
        raise _Enough

    recorder = Memory()
    with streamer(EVENTS) as server:
        with entered(recorder), pytest.raises(_Enough):
            READERS[client](server.url, enough)
        server.given()
        server.given()
    (interaction,) = recorder.tape
    assert isinstance(interaction.outcome, Response)
    assert (interaction.outcome.body, interaction.outcome.broken) == (EVENTS[0], UNREAD)
    with entered(Memory(recorder.tape)), pytest.raises(Miss, match="recorded only in part"):
        READERS[client](server.url, lambda: None)


@pytest.mark.parametrize("client", SENDERS)
def test_a_host_that_is_not_named_is_refused_before_anything_is_sent(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*_: object) -> None:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    with entered(Memory()), pytest.raises(SandboxRefused, match=r"api\.example\.com may not be recorded"):
        SENDERS[client]("GET", "http://api.example.com/")


@pytest.mark.parametrize("client", ["requests", "httpx", "httpx-async", "aiohttp"])
def test_a_redirect_out_of_the_sandbox_is_refused_before_it_is_followed(client: str) -> None:
    def follow(url: str) -> None:
        if client == "requests":
            SENDERS[client]("GET", url)
        elif client == "httpx":
            httpx.get(url, follow_redirects=True)
        elif client == "httpx-async":
            asyncio.run(follow_async(url))
        else:
            SENDERS[client]("GET", url)

    async def follow_async(url: str) -> None:
        async with httpx.AsyncClient(follow_redirects=True) as session:
            await session.get(url)

    with streamer([b""], length=0, status=302, headers=[("Location", "http://api.example.com/")]) as server:
        recorder = Memory()
        with entered(recorder), pytest.raises(SandboxRefused):
            follow(server.url)
    assert [interaction.request.label for interaction in recorder.tape] == ["GET 127.0.0.1/"]


@pytest.mark.parametrize("client", ["requests", "httpx", "httpx-async"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_replay_asks_no_proxy_of_the_environment(
    client: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")
    with entered(Memory([])), pytest.raises(Miss, match=r"api\.example\.com"):
        SENDERS[client]("GET", f"{scheme}://api.example.com/")


@pytest.mark.parametrize("client", SENDERS)
def test_a_replay_gets_no_credentials_from_the_machine(client: str) -> None:
    with entered(Memory([])), pytest.raises(Exception) as caught:  # noqa: PT011  # each client's own
        SENDERS[client]("GET", "http://169.254.169.254/latest/meta-data/")
    assert "timeout" in f"{type(caught.value).__mro__}".lower()


@pytest.mark.parametrize("player", SENDERS)
@pytest.mark.parametrize("recorder", SENDERS)
def test_what_one_client_recorded_answers_another(http: Service, recorder: str, player: str) -> None:
    memory = Memory()
    with entered(memory):
        live = SENDERS[recorder]("GET", http.url + "/json")
    with entered(Memory(memory.tape)):
        assert SENDERS[player]("GET", http.url + "/json") == live


@pytest.mark.parametrize("path", ["/hang-up", "/cut"])
@pytest.mark.parametrize("player", SENDERS)
@pytest.mark.parametrize("recorder", SENDERS)
def test_what_failed_for_one_client_fails_for_another(recorder: str, player: str, path: str) -> None:
    def send(client: str, url: str) -> Got | type[Exception]:
        try:
            # Not GET: some clients try that again by themselves.
            return SENDERS[client]("POST", url)
        except Exception as error:
            return type(error)

    memory = Memory()
    with exactly() as server, entered(memory):
        live = send(recorder, server.url + path)
    assert isinstance(live, type)
    # httplib2 tries once more even so, where there was no response at all.
    with entered(Memory(memory.tape * 2)):
        replayed = send(player, server.url + path)
    assert isinstance(replayed, type)
    assert not issubclass(replayed, Miss)
    assert recorder != player or replayed is live
