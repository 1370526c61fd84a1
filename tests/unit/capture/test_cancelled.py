"""Code that gives up waiting does so on replay too: time limits of asyncio, tasks that are cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import aiohttp
import httpx
import pytest

from sealtape.capture import pool
from sealtape.capture.current import entered
from sealtape.capture.http import patched
from sealtape.errors import Miss
from sealtape.interaction import CANCELLED, Failure, HttpRequest, Interaction, Outcome, Response
from tests.unit.capture.conversations import Memory
from tests.unit.capture.exactly import TEXT, Exactly, exactly
from tests.unit.capture.senders import SENDERS

Read = Callable[[str, list[bytes]], Coroutine[Any, Any, None]]


@pytest.fixture(scope="module")
def server() -> Iterator[Exactly]:
    with exactly() as service:
        yield service


@pytest.fixture(autouse=True)
def _hooked() -> Iterator[None]:
    pool.install()
    with patched():
        yield


async def by_httpx(url: str, parts: list[bytes]) -> None:
    async with httpx.AsyncClient() as client, client.stream("GET", url) as response:
        async for part in response.aiter_raw():
            parts.append(part)


async def by_aiohttp(url: str, parts: list[bytes]) -> None:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        async for part in response.content.iter_any():
            parts.append(part)


READERS: dict[str, Read] = {"httpx": by_httpx, "aiohttp": by_aiohttp}


def given_up(url: str, read: Read) -> bytes:
    """Read until a time limit of the code's own; return what it was given by then."""
    parts: list[bytes] = []

    async def wait() -> None:
        async with asyncio.timeout(0.3):
            await read(url, parts)

    with pytest.raises(TimeoutError):
        asyncio.run(wait())
    return b"".join(parts)


def recorded(server: Exactly, path: str, client: str) -> list[Interaction]:
    recorder = Memory()
    with entered(recorder):
        given_up(server.url + path, READERS[client])
    return recorder.tape


@pytest.mark.parametrize("client", READERS)
def test_a_time_limit_for_the_whole_request_is_over_on_replay_too(server: Exactly, client: str) -> None:
    tape = recorded(server, "/silent", client)
    assert [one.outcome for one in tape] == [Failure(CANCELLED)]
    with entered(Memory(tape)):
        assert given_up(server.url + "/silent", READERS[client]) == b""


@pytest.mark.parametrize("client", READERS)
def test_a_time_limit_within_a_body_is_over_after_the_same_bytes(server: Exactly, client: str) -> None:
    tape = recorded(server, "/stall", client)
    (outcome,) = [one.outcome for one in tape]
    assert isinstance(outcome, Response)
    assert (outcome.body, outcome.broken) == (TEXT[:-100], CANCELLED)
    with entered(Memory(tape)):
        assert given_up(server.url + "/stall", READERS[client]) == TEXT[:-100]


URL = "http://127.0.0.1/late"
GIVEN_UP: dict[str, Outcome] = {
    "before a response": Failure(CANCELLED),
    "within a body": Response(200, "OK", (("Content-Length", "9"),), b"half", CANCELLED),
}


@pytest.mark.parametrize("when", GIVEN_UP)
@pytest.mark.parametrize("client", READERS)
def test_code_that_no_longer_gives_up_does_not_wait_forever(
    client: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealtape.capture.waiting._PATIENCE_SECONDS", 0.01)
    tape = [Interaction(HttpRequest("GET", URL), GIVEN_UP[when])]
    with entered(Memory(tape)), pytest.raises(Miss, match="recorded only in part"):
        asyncio.run(READERS[client](URL, []))


@pytest.mark.parametrize("when", GIVEN_UP)
@pytest.mark.parametrize("client", ["requests", "urllib3", "httpx", "http.client", "httplib2"])
def test_a_client_that_cannot_be_cancelled_sees_a_time_limit(client: str, when: str) -> None:
    tape = [Interaction(HttpRequest("GET", URL), GIVEN_UP[when])]
    with entered(Memory(tape)), pytest.raises(Exception) as caught:  # noqa: PT011  # each client's own
        SENDERS[client]("GET", URL)
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert any("timeout" in str(type(error)).lower() for error in chain)


def test_a_response_that_cannot_be_closed_is_a_failure_on_replay_too() -> None:
    class Sticky(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"complete"

        def close(self) -> None:
            raise httpx.CloseError("it does not close")

    def get() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Sticky()))
        with httpx.Client(transport=transport) as client:
            client.get("http://127.0.0.1/")

    recorder = Memory()
    with entered(recorder), pytest.raises(httpx.CloseError):
        get()
    (outcome,) = [one.outcome for one in recorder.tape]
    assert isinstance(outcome, Response)
    assert outcome.body == b"complete"
    with entered(Memory(recorder.tape)), pytest.raises(httpx.CloseError):
        get()
