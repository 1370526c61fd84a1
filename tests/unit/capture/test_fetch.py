"""What is tornado's own: redirects below the seam, errors in what is awaited, callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from sealtape.capture.current import entered
from sealtape.capture.http import patched
from sealtape.errors import Miss, SandboxRefused
from sealtape.interaction import Response
from tests.unit.capture.conversations import Memory
from tests.unit.capture.exactly import TEXT, Exactly, exactly
from tests.unit.capture.streams import streamer


@pytest.fixture(scope="module")
def server() -> Iterator[Exactly]:
    with exactly() as service:
        yield service


@pytest.fixture(autouse=True)
def _hooked() -> Iterator[None]:
    with patched():
        yield


def fetch(url: str, **options: Any) -> HTTPResponse:
    async def work() -> HTTPResponse:
        # What the call itself raised would never be awaited.
        fetching = SimpleAsyncHTTPClient(force_instance=True).fetch(HTTPRequest(url, **options))
        return await fetching

    return asyncio.run(work())


def test_redirects_are_followed_to_one_answer_that_says_where_it_came_from(server: Exactly) -> None:
    recorder = Memory()
    with entered(recorder):
        fetch(server.url + "/moved")
    (outcome,) = [interaction.outcome for interaction in recorder.tape]
    assert isinstance(outcome, Response)
    assert (outcome.body, outcome.url) == (TEXT, f"{server.url}/plain?x=1")
    with entered(Memory(recorder.tape)):
        assert fetch(server.url + "/moved").effective_url == f"{server.url}/plain?x=1"


def test_a_redirect_out_of_the_sandbox_is_not_followed() -> None:
    location = [("Location", "http://api.example.com/")]
    with (
        streamer([b""], length=0, status=302, headers=location) as service,
        entered(Memory()),
        pytest.raises(SandboxRefused, match=r"api\.example\.com may not be recorded"),
    ):
        fetch(service.url)


def test_a_miss_is_raised_where_the_answer_is_awaited() -> None:
    async def work() -> None:
        fetching = SimpleAsyncHTTPClient(force_instance=True).fetch("http://api.example.com/")
        with pytest.raises(Miss):
            await fetching

    with entered(Memory([])):
        asyncio.run(work())


@pytest.mark.parametrize("option", ["streaming_callback", "header_callback"])
def test_what_calls_back_is_refused_before_anything_is_sent(server: Exactly, option: str) -> None:
    asked = len(server.asked)
    recorder = Memory()
    with entered(recorder), pytest.raises(NotImplementedError, match=f"^{option} of tornado's client"):
        fetch(server.url + "/plain", **{option: lambda _: None})
    assert len(server.asked) == asked
    assert recorder.tape == []
