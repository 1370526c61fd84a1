"""One way to send a request with each client that has a seam of its own."""

from __future__ import annotations

import asyncio
import gzip
import http.client
from collections.abc import Callable, Mapping
from contextlib import closing
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import httplib2
import httpx
import requests
import urllib3
from tornado.httpclient import HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

NOTHING: Mapping[str, str] = MappingProxyType({})


class Got(NamedTuple):
    """What came back; ``body`` as the client shows it by default."""

    status: int
    body: bytes

    @property
    def decoded(self) -> bytes:
        """The body, for a client that leaves gzip to its caller."""
        return gzip.decompress(self.body) if self.body.startswith(b"\x1f\x8b") else self.body


def by_requests(method: str, url: str, headers: Mapping[str, str] = NOTHING, body: bytes = b"") -> Got:
    response = requests.request(method, url, headers=dict(headers), data=body or None, timeout=5)
    return Got(response.status_code, response.content)


def by_urllib3(method: str, url: str, headers: Mapping[str, str] = NOTHING, body: bytes = b"") -> Got:
    with urllib3.PoolManager(retries=False) as manager:
        response = manager.request(method, url, headers=dict(headers), body=body or None)
        return Got(response.status, response.data)


def by_httpx(method: str, url: str, headers: Mapping[str, str] = NOTHING, body: bytes = b"") -> Got:
    response = httpx.request(method, url, headers=dict(headers), content=body or None)
    return Got(response.status_code, response.content)


def by_httpx_async(method: str, url: str, headers: Mapping[str, str] = NOTHING, body: bytes = b"") -> Got:
    async def send() -> Got:
        async with httpx.AsyncClient() as client:
            response = await client.request(method, url, headers=dict(headers), content=body or None)
            return Got(response.status_code, response.content)

    return asyncio.run(send())


def by_aiohttp(method: str, url: str, headers: Mapping[str, str] = NOTHING, body: bytes = b"") -> Got:
    async def send() -> Got:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, headers=dict(headers), data=body or None) as response,
        ):
            return Got(response.status, await response.read())

    return asyncio.run(send())


def by_http_client(method: str, url: str, headers: Mapping[str, str] = NOTHING, body: bytes = b"") -> Got:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request(method, url[len(f"http://{parts.netloc}") :], body or None, dict(headers))
        response = connection.getresponse()
        return Got(response.status, response.read())
    finally:
        connection.close()


def by_httplib2(method: str, url: str, headers: Mapping[str, str] = NOTHING, body: bytes = b"") -> Got:
    with closing(httplib2.Http(timeout=5)) as client:
        response, content = client.request(url, method, body=body or None, headers=dict(headers))
        return Got(response.status, content)


def by_tornado(method: str, url: str, headers: Mapping[str, str] = NOTHING, body: bytes = b"") -> Got:
    async def send() -> Got:
        client = SimpleAsyncHTTPClient(force_instance=True)
        request = HTTPRequest(url, method, dict(headers), body or None, allow_nonstandard_methods=True)
        request.decompress_response = False
        response = await client.fetch(request, raise_error=False)
        return Got(response.code, response.body)

    return asyncio.run(send())


SENDERS: dict[str, Callable[..., Got]] = {
    "requests": by_requests,
    "urllib3": by_urllib3,
    "httpx": by_httpx,
    "httpx-async": by_httpx_async,
    "aiohttp": by_aiohttp,
    "http.client": by_http_client,
    "httplib2": by_httplib2,
    "tornado": by_tornado,
}
