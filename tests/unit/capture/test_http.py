"""Recording and replaying through the bridge to vcrpy, and what is built on it."""

from __future__ import annotations

import asyncio
import http.client
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import vcr.errors
from vcr.request import Request as VcrRequest

from sealtape.capture.current import entered
from sealtape.capture.http import RecordedMiss, _Bridge, patched
from sealtape.errors import Miss
from tests.servers import Service
from tests.unit.capture.conversations import Memory


def record_then_replay(http: Service, work: Callable[[], Any]) -> tuple[Any, Any]:
    recorder = Memory()
    with patched(), entered(recorder):
        live = work()
    assert recorder.tape
    asked = len(http.asked)
    with patched(), entered(Memory(recorder.tape)):
        replayed = work()
    assert len(http.asked) == asked, "a replay reached the server"
    return live, replayed


def seen(response: httpx.Response) -> tuple[Any, ...]:
    return response.status_code, response.reason_phrase, response.headers.multi_items(), response.content


@pytest.mark.parametrize("path", ["/json", "/gzip", "/binary", "/empty", "/cookie", "/status/404"])
def test_httpx_sees_the_same_response_live_and_replayed(http: Service, path: str) -> None:
    live, replayed = record_then_replay(http, lambda: seen(httpx.get(http.url + path)))
    assert replayed == live


def test_httpx_async_sees_the_same_response(http: Service) -> None:
    async def get() -> tuple[Any, ...]:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            return seen(await client.get(http.url + "/redirect"))

    live, replayed = record_then_replay(http, lambda: asyncio.run(get()))
    assert replayed == live


def test_http_client_and_urllib_are_recorded(http: Service) -> None:
    def work() -> tuple[bytes, bytes]:
        connection = http_client(http.url)
        connection.request("GET", "/json")
        body = connection.getresponse().read()
        connection.close()
        with urllib.request.urlopen(http.url + "/binary") as response:
            return body, response.read()

    live, replayed = record_then_replay(http, work)
    assert replayed == live
    assert live[1] == bytes(range(256))


def http_client(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port)


def test_a_miss_is_raised_by_httpx_as_it_is(http: Service) -> None:
    with patched(), entered(Memory([])), pytest.raises(Miss):
        httpx.get(http.url + "/json")
    assert http.asked == []


def test_a_miss_is_vcrpys_exception_too() -> None:
    miss = RecordedMiss("s3.GetObject was never recorded", hint="pytest --record-mode=once")
    assert isinstance(miss, vcr.errors.CannotOverwriteExistingCassetteException)
    assert not isinstance(miss, OSError)
    assert str(miss) == "s3.GetObject was never recorded\nhint: pytest --record-mode=once"


def test_patches_are_gone_after_the_last_cassette() -> None:
    class Sent:
        word = "live"

    with patched(((Sent, "word", "patched"),)):
        with patched():
            pass
        assert Sent.word == "patched"
    assert Sent.word == "live"


def test_a_hop_that_a_client_followed_by_itself_is_recorded_too() -> None:
    """aiohttp's stub tells of the requests of a redirect only after they were made."""
    response = {"status": {"code": 302, "message": "Found"}, "headers": {}, "body": {"string": b""}}
    recorder = Memory()
    with entered(recorder):
        _Bridge().append(VcrRequest("GET", "http://127.0.0.1/hop", None, {}), response)
    assert [interaction.request.label for interaction in recorder.tape] == ["GET 127.0.0.1/hop"]
