"""The seam of httpx: its transports, and those of other libraries that take and give httpx's messages.

A transport is handed one request and returns one response whose body is still to be read. Redirects,
cookies, authentication, retries, decoding and decoded streams are the client's, above it; the pool, the
proxies and TLS are below it. vcrpy patches the same methods, but reads the whole body before the client
gets the response, and never tells of a request that failed.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import ModuleType
from typing import Any

import wrapt

from sealtape.capture.asking import Asked, ask
from sealtape.capture.current import current
from sealtape.capture.exchange import Exchange
from sealtape.capture.waiting import cancellation
from sealtape.capture.wire import byte_items, is_timeout, version_text
from sealtape.interaction import CANCELLED, UNREAD, Failure, Headers, HttpRequest, Response

_IN_PROCESS = {"WSGITransport", "ASGITransport", "MockTransport"}
_SYNC = {
    "httpx": ("HTTPTransport", "WSGITransport", "MockTransport"),
    "httpx2": ("HTTPTransport", "WSGITransport", "MockTransport"),
    "httpx_curl_cffi": ("CurlTransport",),
    "pyreqwest.compatibility.httpx": ("SyncHttpxTransport",),
}
_ASYNC = {
    "httpx": ("AsyncHTTPTransport", "ASGITransport", "MockTransport"),
    "httpx2": ("AsyncHTTPTransport", "ASGITransport", "MockTransport"),
    "httpx_curl_cffi": ("AsyncCurlTransport",),
    "pyreqwest.compatibility.httpx": ("HttpxTransport",),
}

_VERSIONS = {"HTTP/1.0": 10, "HTTP/1.1": 11, "HTTP/2": 20}

_installed = threading.Lock()


def install() -> None:
    """Hook the transports, now or as soon as they are imported; doing it again changes nothing."""
    if _installed.acquire(blocking=False):
        for library in _SYNC:
            wrapt.register_post_import_hook(_hook, library)


def _hook(module: ModuleType) -> None:
    for methods, method, hooked in (
        (_SYNC, "handle_request", _request),
        (_ASYNC, "handle_async_request", _async_request),
    ):
        for name in methods[module.__name__]:
            if hasattr(module, name):
                leaves = name not in _IN_PROCESS
                wrapt.wrap_function_wrapper(
                    module, f"{name}.{method}", functools.partial(hooked, leaves=leaves)
                )


def _request(
    wrapped: Callable[..., Any], _: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, leaves: bool
) -> Any:
    conversation = current()
    if conversation is None:
        return wrapped(*args, **kwargs)
    (request,) = args or (kwargs["request"],)
    request.read()
    asked = ask(conversation, _value(request), leaves=leaves)
    if asked is None:
        return wrapped(request)
    if asked.outcome is not None:
        return _replayed(request, asked)
    try:
        response = wrapped(request)
    except Exception as error:
        asked.exchange.settle(Failure(type(error).__name__, str(error)))
        raise
    return heard(request, response, asked.exchange)


async def _async_request(
    wrapped: Callable[..., Awaitable[Any]],
    _: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    leaves: bool,
) -> Any:
    conversation = current()
    if conversation is None:
        return await wrapped(*args, **kwargs)
    (request,) = args or (kwargs["request"],)
    await request.aread()
    asked = ask(conversation, _value(request), leaves=leaves)
    if asked is None:
        return await wrapped(request)
    if asked.outcome is not None:
        if isinstance(asked.outcome, Failure) and asked.outcome.kind == CANCELLED:
            await cancellation(asked.unread)
        return _replayed(request, asked)
    try:
        response = await wrapped(request)
    except (Exception, asyncio.CancelledError) as error:
        asked.exchange.settle(Failure(type(error).__name__, str(error)))
        raise
    return heard(request, response, asked.exchange)


def _value(request: Any) -> HttpRequest:
    return HttpRequest(request.method, str(request.url), _fields(request.headers), request.content)


def _fields(headers: Any) -> Headers:
    # Not items(): it joins repeats, and knows no case.
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw])


def _library(request: Any) -> ModuleType:
    """Return httpx, or the fork of it that made ``request``."""
    return sys.modules[type(request).__module__.partition(".")[0]]


# Recording.


def heard(request: Any, response: Any, exchange: Exchange) -> Any:
    """Let ``exchange`` hear what is read of a live response."""
    number = _VERSIONS.get(response.http_version, 11)
    exchange.begin(response.status_code, response.reason_phrase, _fields(response.headers), version=number)
    if hasattr(response, "_content"):
        # A response that was made here comes with its body; nobody will read the stream.
        exchange.hear(b"".join(response.stream))
        exchange.end()
        return response
    if _has_no_body(request, response):
        exchange.end()
    response.stream = _stream(_library(request), _Heard)(response.stream, exchange)
    return response


def _has_no_body(request: Any, response: Any) -> bool:
    return (
        request.method == "HEAD"
        or response.status_code in (204, 304)
        or response.headers.get("Content-Length") == "0"
    )


@functools.cache
def _stream(library: ModuleType, kind: type) -> Any:
    """Return ``kind`` as a stream that ``library`` takes for one of its own, sync and async."""
    return type(kind.__name__, (kind, library.SyncByteStream, library.AsyncByteStream), {})


class _Heard:
    """A live body whose bytes are noted as the code is given them, before they are decoded."""

    def __init__(self, stream: Any, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._stream:
                self._exchange.hear(part)
                yield part
        except Exception as error:
            self._exchange.end(type(error).__name__)
            raise
        self._exchange.end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                self._exchange.hear(part)
                yield part
        except (Exception, asyncio.CancelledError) as error:
            self._exchange.end(type(error).__name__)
            raise
        self._exchange.end()

    def close(self) -> None:
        try:
            self._stream.close()
        except Exception as error:
            self._exchange.fail_to_close(type(error).__name__)
            raise

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        except Exception as error:
            self._exchange.fail_to_close(type(error).__name__)
            raise


# Replay.


def _replayed(request: Any, asked: Asked) -> Any:
    """Return the recorded response as a transport would; raise the recorded failure."""
    outcome, library = asked.outcome, _library(request)
    if isinstance(outcome, Failure):
        raise _exception(library, outcome.kind, library.ConnectError)(outcome.message, request=request)
    assert isinstance(outcome, Response)
    reason = outcome.reason.encode("latin-1", "replace")
    return library.Response(
        outcome.status,
        headers=byte_items(outcome.headers),
        stream=_stream(library, _Recorded)(library, outcome, asked.unread),
        extensions={"http_version": version_text(outcome.version), "reason_phrase": reason},
    )


def _exception(library: ModuleType, kind: str, otherwise: Any) -> Any:
    """Return the exception called ``kind``, or what comes next to what another client calls so."""
    found = getattr(library, kind, None)
    if isinstance(found, type) and issubclass(found, library.RequestError):
        return found
    if is_timeout(kind):
        return library.ConnectTimeout if "Connect" in kind else library.ReadTimeout
    return otherwise


class _Recorded:
    """A recorded body; it fails where and as the recorded one did."""

    def __init__(self, library: ModuleType, recorded: Response, unread: Callable[[], Exception]) -> None:
        self._library = library
        self._recorded = recorded
        self._unread = unread

    def __iter__(self) -> Iterator[bytes]:
        if self._recorded.body:
            yield self._recorded.body
        if self._recorded.broken:
            raise self._failure()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._recorded.broken == CANCELLED:
            yield self._recorded.body
            await cancellation(self._unread)
        for part in self:
            yield part

    def _failure(self) -> Exception:
        broken = self._recorded.broken
        if broken == UNREAD:
            return self._unread()
        kind = _exception(self._library, broken, self._library.RemoteProtocolError)
        failure: Exception = kind("the response ended before its body did")
        return failure

    def close(self) -> None:
        """Do nothing: there is no connection to give back."""

    async def aclose(self) -> None:
        """Do nothing, likewise."""
