"""The seam of aiohttp: its connectors, and the parser between a connection and a response.

A connector is asked for a connection once for each request that is about to leave: each hop of a redirect,
each retry. Offline it gives a connection on which the recorded answer has arrived; everything above it
(redirects, cookies, decoding, streams, time limits, tracing) is aiohttp's own. While recording, a second
parser takes the same bytes off the wire apart without decoding the body. vcrpy patches
``ClientSession._request``, above all that: it reads whole bodies, decoded, and learns of hops too late.

This module is loaded when aiohttp is, and never imports it first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import wrapt
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpResponseParser

from sealtape.capture.asking import Asked, ask
from sealtape.capture.current import current
from sealtape.capture.exchange import Exchange
from sealtape.capture.player import Player, failed_to_connect, failure
from sealtape.capture.waiting import cancellation
from sealtape.capture.wire import header_items
from sealtape.interaction import CANCELLED, Failure, HttpRequest

_EXCHANGE = "_sealtape_exchange"


def install() -> None:
    """Hook aiohttp, which is loaded by now."""
    wrapt.wrap_function_wrapper("aiohttp.connector", "BaseConnector.connect", _connect)
    wrapt.wrap_function_wrapper("aiohttp.client_reqrep", "ClientRequest.send", _until_answered)
    wrapt.wrap_function_wrapper("aiohttp.client_reqrep", "ClientResponse.start", _until_answered)
    protocol = "aiohttp.client_proto"
    wrapt.wrap_function_wrapper(protocol, "ResponseHandler.set_response_params", _set_response_params)
    wrapt.wrap_function_wrapper(protocol, "ResponseHandler.set_exception", _set_exception)


async def _connect(
    wrapped: Callable[..., Awaitable[Any]], connector: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    conversation = current()
    if conversation is None:
        return await wrapped(*args, **kwargs)
    request = args[0] if args else kwargs["req"]
    body = bytes(await request.body.as_bytes()) if request.body else b""
    value = HttpRequest(request.method, str(request.url), header_items(request.headers), body)
    asked = ask(conversation, value)
    if asked is None:
        return await wrapped(*args, **kwargs)
    if isinstance(asked.outcome, Failure) and asked.outcome.kind == CANCELLED:
        await cancellation(asked.unread)
    if asked.outcome is not None:
        return _answered(connector, request, asked)
    try:
        connection = await wrapped(*args, **kwargs)
    except Exception as error:
        asked.exchange.settle(_failure(error))
        raise
    except asyncio.CancelledError:
        # Of its own time limit for the whole request aiohttp makes another error further up.
        is_over_time = getattr(request._timer, "_cancelled", False)
        asked.exchange.settle(Failure("TimeoutError" if is_over_time else CANCELLED))
        raise
    setattr(connection.protocol, _EXCHANGE, asked.exchange)
    return connection


def _failure(error: Exception) -> Failure:
    """Return what failed; of a failure to connect what the operating system said."""
    if type(error) is TimeoutError:
        # So aiohttp calls it for those who called.
        return Failure("ConnectionTimeoutError", str(error))
    return failure(error)


# Recording.


def _until_answered(
    wrapped: Callable[..., Awaitable[Any]], _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Awaitable[Any]:
    """Send a request, or wait for the head of its response, and take note if that fails."""
    (connection,) = args or kwargs.values()
    parser = getattr(connection.protocol, "_parser", None)
    answered = wrapped(*args, **kwargs)
    # No coroutine more for a replay, of which there is nothing to be noted.
    return _noted(answered, parser.exchange) if type(parser) is _Heard else answered


async def _noted(answered: Awaitable[Any], exchange: Exchange) -> Any:
    try:
        return await answered
    except Exception as error:
        exchange.settle(failure(error))
        raise
    except asyncio.CancelledError:
        exchange.settle(Failure(CANCELLED))
        raise


def _set_response_params(
    wrapped: Callable[..., None], protocol: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Prepare a connection for the response to come, and put a listener beside its parser."""
    exchange = vars(protocol).pop(_EXCHANGE, None)
    if exchange is None:
        wrapped(*args, **kwargs)
        return
    if kwargs.get("timer") is not None:
        kwargs = kwargs | {"timer": _HeardTimer(kwargs["timer"], exchange)}
    wrapped(*args, **kwargs)
    protocol._parser = _Heard(protocol, exchange, kwargs)


def _set_exception(
    wrapped: Callable[..., None], protocol: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Take note of what fails on a connection: a server that stays silent, above all."""
    if type(protocol._parser) is _Heard:
        protocol._parser.broke(args[0] if args else kwargs["exc"])
    wrapped(*args, **kwargs)


class _HeardTimer:
    """aiohttp's timer for a whole request, who tells when it ends the reading of a body."""

    def __init__(self, timer: Any, exchange: Exchange) -> None:
        self._timer = timer
        self._exchange = exchange

    def __getattr__(self, name: str) -> Any:
        return getattr(self._timer, name)

    def __enter__(self) -> Any:
        return self._timer.__enter__()

    def __exit__(self, *raised: Any) -> Any:
        try:
            return self._timer.__exit__(*raised)
        except TimeoutError:
            self._exchange.end("TimeoutError")
            raise
        finally:
            if raised[0] is asyncio.CancelledError:
                self._exchange.end(CANCELLED)


class _Heard:
    """The parser of a live connection, and beside it one that leaves bodies as they are on the wire."""

    _SIZES = ("max_line_size", "max_field_size", "max_headers", "read_until_eof")

    def __init__(self, protocol: Any, exchange: Exchange, params: dict[str, Any]) -> None:
        self._protocol = protocol
        self._parser = protocol._parser
        self.exchange = exchange
        self._payload: Any = None
        self._beside: Any = HttpResponseParser(
            _Nowhere(),  # of a protocol it only stops and starts the reading
            protocol._loop,
            2**16,
            payload_exception=aiohttp.ClientPayloadError,
            response_with_body=not params.get("skip_payload", False),
            auto_decompress=False,
            **{name: params[name] for name in self._SIZES if name in params},
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def feed_data(self, data: bytes) -> Any:
        """Hear what came off the wire, and pass it on; no data means: go on with what is there."""
        if data:
            try:
                messages, _, _ = self._beside.feed_data(data)
            except Exception:
                # The parser that the client listens to fails of the same, and says so.
                self._ended("ClientPayloadError")
            else:
                self._hear(messages)
        return self._parser.feed_data(data)

    def feed_eof(self) -> Any:
        """Hear that the connection is closed, unless by the code."""
        if self._protocol.transport is not None:
            try:
                self._beside.feed_eof()
            except Exception:
                self._ended("ClientPayloadError")
            else:
                self._hear(())
        return self._parser.feed_eof()

    def broke(self, error: BaseException) -> None:
        """Hear that the connection failed; the code has closed one that has no transport."""
        if self._protocol.transport is not None:
            self._ended(type(error).__name__)

    def _hear(self, messages: Any) -> None:
        for message, payload in messages:
            if not 100 <= message.code < 200 or message.code == 101:
                fields = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in message.raw_headers)
                number = message.version.major * 10 + message.version.minor
                self.exchange.begin(message.code, message.reason, fields, version=number)
                self._payload = payload
        if self._payload is not None:
            self.exchange.hear(self._payload.read_nowait(-1))
            if self._payload.is_eof():
                self._ended()

    def _ended(self, broken: str = "") -> None:
        if self._payload is not None:
            self.exchange.end(broken)


class _Nowhere:
    """A connection of which nothing is held up."""

    _reading_paused = False
    _buffer_paused = False
    connected = True

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Do nothing."""


# Replay.


def _answered(connector: Any, request: Any, asked: Asked) -> Connection:
    """Return a connection on which the recorded answer has arrived; raise if there was none."""
    if isinstance(asked.outcome, Failure) and (error := failed_to_connect(asked.outcome, request)):
        raise error
    loop = asyncio.get_running_loop()
    protocol = Player(loop, request, asked)
    return _Answered(connector, request.connection_key, protocol, loop)


class _Answered(Connection):  # type: ignore[misc]  # aiohttp need not be installed
    """A connection that belongs to no pool."""

    def __del__(self, *_: Any) -> None:
        """Do nothing: there is nothing to close."""

    def release(self) -> None:
        self._notify_release()
        self._protocol: ResponseHandler | None = None

    close = release
