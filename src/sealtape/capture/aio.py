"""The aiobotocore hook: the same places as botocore's (`sealtape.capture.aws`), awaited.

It is loaded when aiobotocore is, and never imports it first. Nothing here belongs to an event loop:
clients of several, at once or one after another, share what there is.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, TypeVar

import aiohttp
import wrapt
from aiobotocore.awsrequest import AioAWSResponse
from aiohttp import StreamReader
from multidict import CIMultiDict, CIMultiDictProxy

from sealtape.capture.calls import (
    below_chunks,
    exception,
    failure,
    hook,
    in_flight,
    open_call,
    payload,
    put_back,
)
from sealtape.capture.current import current, passing
from sealtape.capture.exchange import Exchange
from sealtape.capture.transport import heard
from sealtape.capture.waiting import cancellation
from sealtape.capture.wire import header_items
from sealtape.interaction import CANCELLED, UNREAD, Failure, Outcome, Response

T = TypeVar("T")

_CANCELLED = Failure(CANCELLED, "the task that waited for it was cancelled")


def install() -> None:
    """Hook aiobotocore, which is loaded by now."""
    wrapt.wrap_function_wrapper("aiobotocore.client", "AioBaseClient._make_api_call", _make_api_call)
    wrapt.wrap_function_wrapper("aiobotocore.endpoint", "AioEndpoint._send", _send)


async def _make_api_call(
    wrapped: Callable[..., Awaitable[Any]], client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    conversation = current()
    if conversation is None and in_flight.get() is None:
        return await wrapped(*args, **kwargs)
    call = None
    if conversation is not None:
        hook(client, _before_send, _before_parse)
        call = open_call(conversation, client, *args, **kwargs)
    token = in_flight.set(call)
    try:
        answer = await wrapped(*args, **kwargs)
    except Exception as error:
        if call is not None:
            call.watch(error)
        raise
    finally:
        in_flight.reset(token)
    return answer if call is None else call.watched(answer)


async def _before_send(request: Any, **_: Any) -> Any:
    """Answer an attempt from the cassette, or note that it leaves for the provider."""
    call = in_flight.get()
    if call is None:
        return None
    if call.streaming_member is not None:
        await _read_async_body(request)
    body, rewind = payload(call, request)
    outcome = call.attempt(body)
    if outcome == _CANCELLED:
        await cancellation(call.unread)
    if outcome is not None:
        return _replayed(outcome, request, call.unread)
    call.note_additions(request)
    rewind()
    return None


async def _read_async_body(request: Any) -> None:
    """Put bytes in the place of a body that can be read only by awaiting it."""
    stream = below_chunks(request.body)
    if inspect.iscoroutinefunction(getattr(stream, "read", None)):
        put_back(request, await stream.read())


async def _send(
    wrapped: Callable[..., Awaitable[Any]], endpoint: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Send a live attempt, and record the bytes or the failure that came of it."""
    call = in_flight.get()
    if call is None or not call.attempt_is_live:
        return await wrapped(*args, **kwargs)
    (request,) = args or (kwargs["request"],)
    exchange = call.depart(request.url)
    try:
        # aiohttp's own hook must not take the same exchange for one of the HTTP track.
        with passing():
            response = await wrapped(*args, **kwargs)
    except asyncio.CancelledError:
        exchange.settle(_CANCELLED)
        raise
    except Exception as error:
        exchange.settle(failure(error))
        raise
    raw = response.raw
    head = response.status_code, _reason(raw), header_items(raw.headers)
    if request.stream_output and isinstance(raw, aiohttp.ClientResponse):
        exchange.begin(*head)
        raw.content = _Heard(raw.content, exchange)
    elif request.stream_output:
        heard(raw.request, raw, exchange)  # aiobotocore can use httpx too
    else:
        exchange.settle(Response(*head, await response.content))
    return response


def _reason(raw: Any) -> str:
    return str(getattr(raw, "reason", None) or getattr(raw, "reason_phrase", ""))


def _before_parse(response_dict: dict[str, Any], **_: Any) -> None:
    """Record an answer that no socket gave: another handler's."""
    call = in_flight.get()
    if call is None or not call.attempt_is_live or call.attempt_is_recorded:
        return
    body = response_dict["body"]
    if isinstance(body, bytes):
        call.attempt_is_recorded = True
        outcome = Response(response_dict["status_code"], "", header_items(response_dict["headers"]), body)
        call.conversation.record(call.request, lambda: outcome)


# Recording.


class _Heard:
    """aiohttp's stream of a live body, whose bytes are noted as they are read."""

    # They are made of the methods below.
    __aiter__ = StreamReader.__aiter__
    iter_any = StreamReader.iter_any
    iter_chunked = StreamReader.iter_chunked
    iter_chunks = StreamReader.iter_chunks

    def __init__(self, stream: StreamReader, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def read(self, n: int = -1) -> bytes:
        return self._hear(await self._got(self._stream.read(n)))

    async def readany(self) -> bytes:
        return self._hear(await self._got(self._stream.readany()))

    async def readexactly(self, n: int) -> bytes:
        return self._hear(await self._got(self._stream.readexactly(n)))

    async def readline(self, **options: Any) -> bytes:
        return self._hear(await self._got(self._stream.readline(**options)))

    async def readuntil(self, separator: bytes = b"\n", **options: Any) -> bytes:
        return self._hear(await self._got(self._stream.readuntil(separator, **options)))

    async def readchunk(self) -> tuple[bytes, bool]:
        data, ends_chunk = await self._got(self._stream.readchunk())
        return self._hear(data), ends_chunk

    def read_nowait(self, n: int = -1) -> bytes:
        return self._hear(self._stream.read_nowait(n))

    async def _got(self, reading: Awaitable[T]) -> T:
        try:
            return await reading
        except asyncio.CancelledError:
            self._exchange.end(CANCELLED)
            raise
        except TimeoutError:
            self._exchange.end("ReadTimeoutError")
            raise
        except aiohttp.ClientError as error:
            self._exchange.end(type(error).__name__)
            raise

    def _hear(self, data: bytes) -> bytes:
        self._exchange.hear(data)
        if self._stream.at_eof():
            self._exchange.end()
        return data


# Replay.


def _replayed(outcome: Outcome, request: Any, unread: Callable[[], Exception]) -> Any:
    """Build what aiobotocore would have got from the wire; raise what it would have raised."""
    if isinstance(outcome, Failure):
        raise exception(outcome, request.url)
    # aiobotocore keeps the last of repeated fields, in lower case.
    headers = {name.lower(): value for name, value in outcome.headers}
    response = AioAWSResponse(request.url, outcome.status, headers, _Raw(request.url, outcome, unread))
    if not request.stream_output:
        response._content = outcome.body
    return response


class _Raw:
    """A recorded response in the place of aiohttp's."""

    def __init__(self, url: str, recorded: Response, unread: Callable[[], Exception]) -> None:
        self.url = url
        self.status = recorded.status
        self.reason = recorded.reason
        self.headers = CIMultiDictProxy(CIMultiDict(recorded.headers))
        self.content = _Recorded(recorded, unread)
        self.closed = False
        self._body: bytes | None = None

    async def read(self) -> bytes:
        if self._body is None:
            self._body = await self.content.read()
        return self._body

    def close(self) -> None:
        self.closed = True

    release = close

    async def __aenter__(self) -> _Raw:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Recorded(StreamReader):  # type: ignore[misc]  # aiohttp need not be installed
    """aiohttp's stream over a recorded body; it fails where and as the recorded one did."""

    def __init__(self, recorded: Response, unread: Callable[[], Exception]) -> None:
        connection: Any = _Connection()
        # A limit as large as the body: it is all here, and no line in it is too long.
        super().__init__(connection, max(len(recorded.body), 2**16), loop=asyncio.get_running_loop())
        self.feed_data(recorded.body)
        if not recorded.broken:
            self.feed_eof()
        self._broken = recorded.broken
        self._unread = unread

    async def _wait(self, func_name: str) -> None:
        # Called where nothing is left and the body has not ended.
        if self._broken == UNREAD:
            raise self._unread()
        if self._broken == CANCELLED:
            await cancellation(self._unread)
        if self._broken == "ReadTimeoutError":
            # It has a name of its own since aiohttp 3.10.
            kind = getattr(aiohttp, "SocketTimeoutError", aiohttp.ServerTimeoutError)
            raise kind("timeout on reading data from socket")
        kind = getattr(aiohttp, self._broken, aiohttp.ClientPayloadError)
        raise kind("the response ended before its body did")


class _Connection:
    """The connection of a body that is all there: nothing to pause, nothing to resume."""

    _reading_paused = False
    connected = False

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Do nothing."""
