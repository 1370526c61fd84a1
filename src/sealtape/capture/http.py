"""The bridge to vcrpy: its patch points, its request model and its filters.

urllib3 (and so requests and botocore), http.client (urllib, httplib2), httpx, aiohttp and tornado have seams
of their own: see `sealtape.capture.pool`, `connection`, `transport`, `connector` and `fetch`. An aiohttp
before 3.12 is patched by vcrpy's stub, which believes that it talks to one of vcrpy's cassettes. The patches
are worked out once; opening a cassette only puts them in place.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import wrapt
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.patch import CassettePatcherBuilder
from vcr.request import Request as VcrRequest

from sealtape.capture import connection, transport
from sealtape.capture.asking import ask
from sealtape.capture.current import current
from sealtape.capture.wire import header_text, is_timeout
from sealtape.errors import Miss
from sealtape.interaction import Failure, Headers, HttpRequest, Response

_ASKED = "_sealtape_asked"


class RecordedMiss(Miss, CannotOverwriteExistingCassetteException):  # type: ignore[misc]
    """A miss that ``pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException)`` also catches.

    vcrpy is not typed; its exception is an ordinary ``Exception`` whose initialiser wants a cassette.
    """


# What is read in tracebacks and summaries is the name that the documentation has.
RecordedMiss.__module__, RecordedMiss.__qualname__, RecordedMiss.__name__ = "sealtape", "Miss", "Miss"


def vcr_request(request: HttpRequest) -> VcrRequest:
    """Return ``request`` in vcrpy's model."""
    headers = dict(request.headers)
    # Whoever says of what type a body is has one, if only an empty one.
    has_body = request.body or any(name.lower() == "content-type" for name in headers)
    return VcrRequest(request.method, request.url, request.body if has_body else None, headers)


def http_request(request: Any) -> HttpRequest:
    """Return a request of vcrpy's model as a value."""
    return HttpRequest(request.method, request.uri, _flat(request.headers), _body_bytes(request.body))


def vcr_response(response: Response) -> dict[str, Any]:
    """Return ``response`` as the dictionary that vcrpy's hooks and stubs know."""
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name, []).append(value)
    shown: dict[str, Any] = {
        "status": {"code": response.status, "message": response.reason},
        "headers": headers,
        "body": {"string": response.body},
    }
    return {**shown, "url": response.url} if response.url else shown


def http_response(response: Mapping[str, Any]) -> Response:
    """Return vcrpy's dictionary as a value."""
    status, body = response["status"], response.get("body") or {}
    data = body.get("string") or b""
    return Response(
        status["code"],
        status.get("message") or "",
        _flat(response.get("headers") or {}),
        data.encode() if isinstance(data, str) else bytes(data),
        url=response.get("url") or "",
    )


def _flat(headers: Any) -> Headers:
    return tuple(
        (header_text(name), header_text(value)) for name, values in headers.items() for value in _each(values)
    )


def _each(values: Any) -> Iterable[Any]:
    return values if isinstance(values, (list, tuple)) else (values,)


def _body_bytes(body: Any) -> bytes:
    """Return the body of one of vcrpy's requests: bytes, a file, an iterator, or aiohttp's data."""
    if body is None:
        return b""
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return _body_bytes(body.read())
    if isinstance(body, (dict, list)):
        import json

        # aiohttp's stub passes json= and data= on as they were given.
        return json.dumps(body, sort_keys=True, default=str).encode()
    if isinstance(body, Iterable):
        return b"".join(_body_bytes(part) for part in body)
    return str(body).encode()


class _Bridge:
    """What vcrpy's stubs take for a cassette: the conversation of the moment."""

    _path = "sealtape"
    record_mode = "once"
    custom_patches: tuple[Any, ...] = ()
    skip_patchers: tuple[str, ...] = ()
    write_protected = False

    def can_play_response_for(self, request: VcrRequest) -> bool:
        """Ask the conversation, once per request: the stubs ask more than once."""
        known = vars(request)
        if _ASKED not in known:
            conversation = current()
            known[_ASKED] = None if conversation is None else ask(conversation, http_request(request))
        return known[_ASKED] is not None and known[_ASKED].outcome is not None

    def play_response(self, request: VcrRequest) -> dict[str, Any]:
        """Return what was recorded; raise if that was a failure to connect."""
        if not self.can_play_response_for(request):
            raise KeyError(request)
        outcome = vars(request).pop(_ASKED).outcome
        if isinstance(outcome, Failure):
            raise (TimeoutError if is_timeout(outcome.kind) else ConnectionError)(outcome.message)
        return vcr_response(outcome)

    def append(self, request: VcrRequest, response: dict[str, Any]) -> None:
        """Record what a stub got from the real server."""
        conversation = current()
        if conversation is None:
            return
        got = http_response(response)
        if _ASKED in vars(request):
            asked = vars(request).pop(_ASKED)
            if asked is not None:
                asked.exchange.begin(got.status, got.reason, got.headers)
                asked.exchange.hear(got.body)
                asked.exchange.end()
            return
        # A hop of a redirect, which an older aiohttp followed by itself: its stub tells of it only now.
        filtered = conversation.filter_request(http_request(request))
        kept = None if filtered is None else conversation.filter_response(got)
        if filtered is not None and kept is not None:
            conversation.record(filtered, lambda: kept)

    def filter_request(self, request: VcrRequest) -> VcrRequest | None:
        """Return the request as the user's filters leave it, None if it is not recorded."""
        conversation = current()
        if conversation is None:
            # aiohttp's stub reads the whole body of every response for whose request this is not None.
            return None
        filtered = conversation.filter_request(http_request(request))
        return None if filtered is None else vcr_request(filtered)

    def find_requests_with_most_matches(self, request: VcrRequest) -> list[Any]:
        """Return the request itself: aiohttp's stub asks for the next hop of a redirect."""
        return [(request, [], [])]


class _Patches:
    """vcrpy's patches for this process, worked out once it is known that a client needs them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bridge = _Bridge()
        self._triples: list[tuple[Any, str, Any]] = []
        self._depth = 0
        self._originals: list[tuple[Any, str, Any]] = []

    def _build(self) -> list[tuple[Any, str, Any]]:
        aiohttp = sys.modules.get("aiohttp")
        if not self._triples and aiohttp is not None and not _can_hook(aiohttp):
            patchers = CassettePatcherBuilder(self._bridge)._aiohttp()
            self._triples = [(patcher.getter(), patcher.attribute, patcher.new) for patcher in patchers]
        return self._triples

    def enter(self) -> None:
        """Put the patches in place; nested calls only count."""
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                self._originals = [(target, name, vars(target)[name]) for target, name, _ in self._build()]
                for target, name, new in self._triples:
                    setattr(target, name, new)

    def leave(self) -> None:
        """Take the patches away with the last call."""
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                for target, name, original in self._originals:
                    setattr(target, name, original)


_patches = _Patches()


@functools.cache
def _hook_clients() -> None:
    """Hook the clients that have a seam of their own, now or as soon as they are imported, for good."""
    connection.install()
    transport.install()
    wrapt.register_post_import_hook(_hook_aiohttp, "aiohttp")
    wrapt.register_post_import_hook(_hook_tornado, "tornado.simple_httpclient")


def _hook_aiohttp(aiohttp: ModuleType) -> None:
    if _can_hook(aiohttp):
        from sealtape.capture import connector

        connector.install()


def _hook_tornado(_: ModuleType) -> None:
    from sealtape.capture import fetch

    fetch.install()


def _can_hook(aiohttp: ModuleType) -> bool:
    """Whether this aiohttp shows a request's body without using it up; for older ones vcrpy's stub stays."""
    return hasattr(aiohttp.payload.Payload, "as_bytes")


@contextmanager
def patched(custom_patches: tuple[Any, ...] = ()) -> Iterator[None]:
    """Route the traffic of vcrpy's clients to the conversation of the moment."""
    from unittest import mock

    _hook_clients()
    _patches.enter()
    extra = [mock.patch.object(target, name, new) for target, name, new in custom_patches]
    for patch in extra:
        patch.start()
    try:
        yield
    finally:
        for patch in reversed(extra):
            patch.stop()
        _patches.leave()
