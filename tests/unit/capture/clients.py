"""Every client, asked for one URL, and all that code can look at in what it gets."""

from __future__ import annotations

import asyncio
import http.client
import http.cookiejar
import io
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import httplib2
import httpx
import requests
import urllib3
from tornado.httpclient import HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

_SECONDS = 0.3
"""How long clients wait for a silent server; loopback answers within a fraction of it."""
_ADDRESS = re.compile(r"0x[0-9a-f]+")
MULTIPART: Any = {"f": ("name.txt", b"content", "text/plain"), "note": (None, b"a field")}


@dataclass(frozen=True)
class Ask:
    """A request: its path, and what goes with it."""

    path: str
    method: str = "GET"
    body: Any = None
    upload: bool = False

    def fresh_body(self) -> Any:
        """Return the body anew, where it can be read only once."""
        return self.body() if callable(self.body) else self.body


class Failed(NamedTuple):
    """What code can tell of an exception: its classes, its text, its number."""

    kinds: list[str]
    text: str
    number: int | None


def failed(error: BaseException) -> Failed:
    kinds = [kind.__name__ for kind in type(error).__mro__]
    return Failed(kinds, _ADDRESS.sub("", str(error)), getattr(error, "errno", None))


def tried(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception as error:
        return failed(error)


def with_requests(url: str, ask: Ask) -> Any:
    with requests.Session() as session:
        files = MULTIPART if ask.upload else None
        try:
            r = session.request(
                ask.method, url, data=ask.fresh_body(), files=files, timeout=_SECONDS, stream=True
            )
        except requests.RequestException as error:
            return failed(error)
        return [
            [r.status_code, r.reason, r.url, r.encoding, r.is_redirect, r.raw.version],
            list(r.headers.items()),
            list(r.raw.headers.iteritems()),
            tried(lambda: r.content),
            tried(lambda: r.text),
            r.cookies.get_dict(),
            [(h.status_code, h.url, h.content, list(h.headers.items())) for h in r.history],
            session.cookies.get_dict(),
            r.ok,
        ]


def with_urllib3(url: str, ask: Ask) -> Any:
    with urllib3.PoolManager(timeout=_SECONDS, retries=urllib3.Retry(3, connect=0, read=0)) as manager:
        sent: dict[str, Any] = {"fields": MULTIPART} if ask.upload else {"body": ask.fresh_body()}
        try:
            r = manager.request(ask.method, url, preload_content=False, **sent)
        except urllib3.exceptions.HTTPError as error:
            return failed(error)
        assert isinstance(r, urllib3.HTTPResponse)
        return [
            [r.status, r.reason, r.version, r.geturl()],
            list(r.headers.iteritems()),
            tried(lambda: b"".join(r.stream(1000))),
            r.retries.history if r.retries else None,
            r.closed,
        ]


def _httpx(r: httpx.Response, raw: bytes, content: Any) -> Any:
    return [
        [r.status_code, r.reason_phrase, str(r.url), r.http_version, r.encoding, r.is_error],
        r.headers.raw,
        raw,
        content,
        tried(lambda: r.text),
        dict(r.cookies),
        [(h.status_code, str(h.url), h.content, h.headers.raw) for h in r.history],
        r.num_bytes_downloaded,
        r.is_stream_consumed,
        r.is_closed,
    ]


def with_httpx(url: str, ask: Ask) -> Any:
    with httpx.Client(timeout=_SECONDS, follow_redirects=True) as client:
        files = MULTIPART if ask.upload else None
        try:
            r = client.request(ask.method, url, content=ask.fresh_body(), files=files)
            with client.stream(ask.method, url, content=ask.fresh_body(), files=files) as streamed:
                raw = b"".join(streamed.iter_raw())
        except httpx.HTTPError as error:
            return failed(error)
        return [*_httpx(r, raw, r.content), dict(client.cookies)]


def with_httpx_async(url: str, ask: Ask) -> Any:
    async def work() -> Any:
        async with httpx.AsyncClient(timeout=_SECONDS, follow_redirects=True) as client:
            files = MULTIPART if ask.upload else None
            content = await async_body(ask)
            try:
                r = await client.request(ask.method, url, content=content, files=files)
                content = await async_body(ask)
                async with client.stream(ask.method, url, content=content, files=files) as streamed:
                    raw = b"".join([part async for part in streamed.aiter_raw()])
            except httpx.HTTPError as error:
                return failed(error)
            return [*_httpx(r, raw, r.content), dict(client.cookies)]

    return asyncio.run(work())


async def async_body(ask: Ask) -> Any:
    body = ask.fresh_body()
    if not hasattr(body, "__next__"):
        return body

    async def parts() -> Any:
        for part in body:
            yield part

    return parts()


def with_aiohttp(url: str, ask: Ask) -> Any:
    async def work() -> Any:
        timeout = aiohttp.ClientTimeout(sock_read=_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            data = await async_body(ask)
            if ask.upload:
                data = aiohttp.FormData()
                data.add_field("f", io.BytesIO(b"content"), filename="name.txt")
                data.add_field("note", "a field")
            try:
                async with session.request(ask.method, url, data=data) as r:
                    content = b""
                    rest: Any = []
                    try:
                        content = await r.content.read(7)
                        rest = [part async for part in r.content.iter_chunked(500)]
                    except (aiohttp.ClientError, TimeoutError) as error:
                        rest = failed(error)
                    async with session.request(ask.method, url, data=await async_body(ask)) as again:
                        try:
                            text: Any = await again.text()
                        except Exception as error:
                            text = failed(error)
            except aiohttp.ClientError as error:
                return failed(error)
            return [
                [r.status, r.reason, r.version, str(r.url), str(r.real_url), r.charset, r.content_type],
                r.raw_headers,
                list(r.headers.items()),
                content,
                rest if isinstance(rest, Failed) else b"".join(rest),
                text,
                {name: morsel.OutputString() for name, morsel in r.cookies.items()},
                [(h.status, str(h.url), h.raw_headers) for h in r.history],
                sorted((c.key, c.value) for c in session.cookie_jar),
                r.ok,
                r.closed,
            ]

    return asyncio.run(work())


def with_http_client(url: str, ask: Ask) -> Any:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        connection.request(ask.method, parts.path, body=ask.fresh_body(), headers={"X-Asked": "yes"})
        r = connection.getresponse()
        return [
            [r.status, r.reason, r.version, r.will_close, r.chunked, r.length],
            r.getheaders(),
            tried(lambda: r.read(7)),
            tried(r.read),
            r.isclosed(),
        ]
    except (OSError, http.client.HTTPException) as error:
        return failed(error)
    finally:
        connection.close()


def with_urllib(url: str, ask: Ask) -> Any:
    cookies = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    body = ask.fresh_body()
    try:
        with opener.open(urllib.request.Request(url, data=body, method=ask.method), timeout=_SECONDS) as r:
            read = tried(r.read)
            return [r.status, r.reason, r.version, r.url, r.getheaders(), read, [c.value for c in cookies]]
    except urllib.error.HTTPError as error:
        with error:
            return [error.code, error.reason, error.headers.items(), tried(error.read)]
    except (OSError, http.client.HTTPException) as error:
        return failed(error)


def with_httplib2(url: str, ask: Ask) -> Any:
    with closing(httplib2.Http(timeout=_SECONDS)) as client:
        try:
            r, content = client.request(url, ask.method, body=ask.fresh_body())
        except (OSError, http.client.HTTPException, httplib2.HttpLib2Error) as error:
            return failed(error)
    previous = r.previous
    return [r.status, r.reason, r.version, list(r.items()), content, previous and list(previous.items())]


def with_tornado(url: str, ask: Ask) -> Any:
    async def work() -> Any:
        client = SimpleAsyncHTTPClient(force_instance=True)
        limits: Any = {"connect_timeout": _SECONDS, "request_timeout": _SECONDS}
        body = ask.fresh_body()
        if not isinstance(body, bytes | None):
            body = b"".join(body)
        request = HTTPRequest(url, ask.method, body=body, allow_nonstandard_methods=True, **limits)
        try:
            r = await client.fetch(request, raise_error=False)
        except Exception as error:
            return failed(error)
        fields = [r.code, r.reason, r.effective_url, list(r.headers.get_all()), r.body]
        return [*fields, r.error and failed(r.error)]

    return asyncio.run(work())


CLIENTS: dict[str, Callable[[str, Ask], Any]] = {
    "requests": with_requests,
    "urllib3": with_urllib3,
    "httpx": with_httpx,
    "httpx-async": with_httpx_async,
    "aiohttp": with_aiohttp,
    "http.client": with_http_client,
    "urllib": with_urllib,
    "httplib2": with_httplib2,
    "tornado": with_tornado,
}
