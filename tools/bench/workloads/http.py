"""GETs of one session, with requests, httpx and aiohttp.

A service on loopback answers them while they are recorded; nothing does while they are replayed.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

from bench.workloads.base import NAME_CHARS, Answer, Site, Workload, in_turn, name_of, text_of


def part_url(site: Site, index: int) -> str:
    """Return the URL of part number ``index``."""
    return f"{site.http_url}/parts/{index}"


def part_of(index: int) -> bytes:
    """Return what the service says about part number ``index``: JSON of some 200 bytes."""
    part = {
        "id": index,
        "name": name_of(index),
        "tags": ["spare", "example"],
        "sizes": {"width": 120, "height": 80},
        "note": "ships from the warehouse in Rotterdam within three working days",
        "active": True,
    }
    return json.dumps(part).encode()


class _Parts(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Two small writes on one connection would wait for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        _, kind, index = self.path.rsplit("/", 2)
        body = part_of(int(index)) if kind == "parts" else text_of(int(index), int(kind))
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if kind == "parts" else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: thousands of lines would be measured too."""


@contextlib.contextmanager
def http_service() -> Iterator[str]:
    """Serve ``/parts/INDEX`` and ``/texts/SIZE/INDEX`` on a free loopback port and yield its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Parts) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def _prepare(workload: str, path: str, site: Site, _: int) -> None:
    import requests

    live = requests.get(site.http_url + path, timeout=10)
    site.keep_answer(workload, Answer(live.status_code, list(live.headers.items()), live.content))


# requests.


def _session(_: Site) -> Any:
    import requests

    return requests.Session()


def _canned_session(workload: str, site: Site) -> Any:
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPResponse

    answer = site.answer(workload)
    headers = dict(answer.headers)

    class Canned(HTTPAdapter):
        def send(self, request: Any, *_: Any, **__: Any) -> Any:
            live = HTTPResponse(BytesIO(answer.body), headers, answer.status, preload_content=False)
            return self.build_response(request, live)

    session = _session(site)
    session.mount("http://", Canned())
    return session


def _get_part(session: Any, site: Site, index: int) -> str:
    return str(session.get(part_url(site, index)).json()["name"])


def _get_text(size: int) -> Callable[[Any, Site, int], str]:
    def call(session: Any, site: Site, index: int) -> str:
        return str(session.get(f"{site.http_url}/texts/{size}/{index}").content[:NAME_CHARS].decode())

    return call


def _close(client: Any) -> None:
    client.close()


# httpx.


def _httpx_client(_: Site, **options: Any) -> Any:
    import httpx

    return httpx.Client(verify=False, **options)  # nothing here speaks TLS


def _canned_httpx(workload: str, site: Site) -> Any:
    import httpx

    answer = site.answer(workload)
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]

    class Canned(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(answer.status, headers=headers, stream=httpx.ByteStream(answer.body))

    return _httpx_client(site, transport=Canned())


# aiohttp.


@dataclass(frozen=True, slots=True)
class _Async:
    """An aiohttp session and the loop that it lives in."""

    loop: asyncio.AbstractEventLoop
    session: Any

    def close(self) -> None:
        self.loop.run_until_complete(self.session.close())
        self.loop.close()


def _aiohttp_client(_: Site, connector: Callable[[], Any] = lambda: None) -> _Async:
    import aiohttp

    async def session() -> Any:
        return aiohttp.ClientSession(connector=connector())

    loop = asyncio.new_event_loop()
    return _Async(loop, loop.run_until_complete(session()))


def _canned_aiohttp(workload: str, site: Site) -> _Async:
    import aiohttp
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

    answer = site.answer(workload)
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    wire = f"HTTP/1.1 {answer.status} OK\r\n{head}\r\n".encode() + answer.body

    class Protocol(ResponseHandler):  # type: ignore[misc]  # aiohttp's types are not followed
        def set_response_params(self, **params: Any) -> None:
            super().set_response_params(**params)
            self.data_received(wire)

    class Nowhere(asyncio.Transport):
        def write(self, data: Any) -> None:
            """Take it."""

        def is_closing(self) -> bool:
            return False

        def close(self) -> None:
            """Have nothing to close."""

    class Canned(aiohttp.BaseConnector):  # type: ignore[misc]  # as above
        async def connect(self, req: Any, *_: Any, **__: Any) -> Any:
            protocol = Protocol(self._loop)
            protocol.connection_made(nowhere)
            return Answered(self, req.connection_key, protocol, self._loop)

    class Answered(Connection):  # type: ignore[misc]  # as above
        def __del__(self) -> None:
            """Belong to no pool."""

        def release(self) -> None:
            self._protocol = None

        close = release

    nowhere = Nowhere()
    return _aiohttp_client(site, Canned)


async def _get_async(client: _Async, site: Site, index: int) -> str:
    async with client.session.get(part_url(site, index)) as response:
        return str((await response.json())["name"])


def _play_async(client: _Async, site: Site, n: int) -> str:
    async def play() -> str:
        name = ""
        for index in range(n):
            name = await _get_async(client, site, index)
        return name

    return client.loop.run_until_complete(play())


def _requests(name: str, size: int, title: str, most: int) -> Workload:
    call = _get_text(size) if size else _get_part
    path = f"/texts/{size}/0" if size else "/parts/0"
    return Workload(
        name, f"HTTP: GET with requests, {title}", "http", _session,
        functools.partial(_canned_session, name), call, in_turn(call),
        functools.partial(_prepare, name, path), _close, body=size or 200, most=most,
    )  # fmt: skip


WORKLOADS = (
    _requests("requests", 0, "200 B", 10_000),
    _requests("requests-20KB", 20_000, "20 KB", 300),
    _requests("requests-2MB", 2_000_000, "2 MB", 24),
    Workload(
        "httpx", "HTTP: GET with httpx, 200 B", "http", _httpx_client,
        functools.partial(_canned_httpx, "httpx"), _get_part, in_turn(_get_part),
        functools.partial(_prepare, "httpx", "/parts/0"), _close, most=1500,
    ),
    Workload(
        "aiohttp", "HTTP: GET with aiohttp, 200 B", "http", _aiohttp_client,
        functools.partial(_canned_aiohttp, "aiohttp"), _get_async, _play_async,
        functools.partial(_prepare, "aiohttp", "/parts/0"), _close, most=1500,
    ),
)  # fmt: skip
