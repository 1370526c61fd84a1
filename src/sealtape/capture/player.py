"""aiohttp's end of a connection, over which a recorded answer comes instead of bytes from a socket."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
from aiohttp import client_exceptions
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError, RawResponseMessage
from aiohttp.streams import StreamReader
from multidict import CIMultiDict, CIMultiDictProxy

from sealtape.capture.asking import Asked
from sealtape.capture.waiting import cancellation
from sealtape.capture.wire import byte_items, in_chunks, is_chunked, is_timeout, version_text
from sealtape.interaction import CANCELLED, UNREAD, Failure, Response

_ERRNO = re.compile(r"\[Errno (-?\d+)\] (.*)", re.DOTALL)
_STATUS = re.compile(r"(\d+) (.*)", re.DOTALL)
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
# Since aiohttp 3.10 it has a name of its own.
_SocketTimeout = getattr(aiohttp, "SocketTimeoutError", aiohttp.ServerTimeoutError)


def failure(error: Exception) -> Failure:
    """Return what failed, so that `failed_to_connect` or a `Player` can make the same of it."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return Failure(type(error).__name__, str(error.os_error))
    if isinstance(error, aiohttp.ClientResponseError):
        return Failure(type(error).__name__, f"{error.status} {error.message}")
    return Failure(type(error).__name__, str(error))


def failed_to_connect(recorded: Failure, request: Any) -> Exception | None:
    """Return what a connector raised, None if the recorded failure came later."""
    kind = getattr(client_exceptions, recorded.kind, None)
    if not (isinstance(kind, type) and issubclass(kind, aiohttp.ClientError)):
        if "Connect" not in recorded.kind and recorded.kind != "NameResolutionError":
            return None
        kind = aiohttp.ConnectionTimeoutError if "Timeout" in recorded.kind else aiohttp.ClientConnectorError
    if issubclass(kind, aiohttp.ServerTimeoutError):
        # aiohttp calls it so for whom it called; what takes long later on is not raised by a connector.
        return TimeoutError(recorded.message) if "Connect" in recorded.kind else None
    key = request.connection_key
    if issubclass(kind, aiohttp.ClientHttpProxyError):
        status, message = _numbered(_STATUS, recorded.message)
        error: Exception = kind(request.request_info, (), status=status, message=message)
    elif issubclass(kind, aiohttp.ClientConnectorCertificateError):
        error = kind(key, OSError(recorded.message))
    elif issubclass(kind, client_exceptions.UnixClientConnectorError):
        error = kind("", key, OSError(*_numbered(_ERRNO, recorded.message)))
    elif issubclass(kind, aiohttp.ClientConnectorError):
        error = kind(key, OSError(*_numbered(_ERRNO, recorded.message)))
    else:
        return None
    return error


def _numbered(pattern: re.Pattern[str], text: str) -> tuple[int, str]:
    found = pattern.fullmatch(text)
    return (int(found[1]), found[2]) if found else (0, text)


class Player(ResponseHandler):  # type: ignore[misc]  # aiohttp need not be installed
    """The protocol of a connection on which the recorded answer has arrived."""

    def __init__(self, loop: asyncio.AbstractEventLoop, request: Any, asked: Asked) -> None:
        super().__init__(loop)
        self.transport = _TRANSPORT
        self._request = request
        self._outcome = asked.outcome
        self.unread = asked.unread
        self._instead: list[tuple[bytes, bytes]] | None = None

    def set_response_params(self, **params: Any) -> None:
        """Let the answer arrive."""
        super().set_response_params(**params)
        if isinstance(self._outcome, Failure):
            self.set_exception(_exception(self._outcome))
        elif isinstance(self._outcome, Response):
            has_body = not params.get("skip_payload") and self._outcome.status not in (204, 304)
            self.data_received(self._wire(self._outcome, has_body))

    def start_timeout(self) -> None:
        """Do nothing: nobody is waited for."""

    def _wire(self, recorded: Response, has_body: bool) -> bytes:
        """Return the answer as a server would send it, with framing that fits its body."""
        fields = byte_items(recorded.headers)
        body = recorded.body if has_body else b""
        framing = [(lower, value) for name, value in fields if (lower := name.lower()) in _FRAMING]
        length = b"%d" % (len(body) + bool(recorded.broken))
        sent = fields
        fits = not has_body or framing == [(b"content-length", length)]
        if not fits and len(framing) == 1 and is_chunked(framing):
            body = in_chunks(body, is_cut=bool(recorded.broken))
        elif not fits:
            # To the end of the connection, cut short, or a filter changed the body: only this says how long.
            sent = [field for field in fields if field[0].lower() not in _FRAMING]
            sent.append((b"Content-Length", length))
            self._instead = fields
        reason = recorded.reason.encode("utf-8", "surrogateescape")
        # Of HTTP/2, which another client may have recorded, aiohttp knows nothing.
        lines = [b"%s %d %s" % (version_text(min(recorded.version, 11)), recorded.status, reason)]
        lines += [b"%s: %s" % field for field in sent]
        return b"\r\n".join([*lines, b"", body])

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Take the parsed head and body, with the recorded headers and what ended the body."""
        message, payload = data
        if self._instead is not None:
            headers = _headers(self._instead, message.headers)
            message = RawResponseMessage(
                message.version,
                message.code,
                message.reason,
                headers,
                tuple(self._instead),
                message.should_close,
                message.compression,
                message.upgrade,
                message.chunked,
            )
        if isinstance(self._outcome, Response) and self._outcome.broken and type(payload) is StreamReader:
            payload.__class__ = _Broken
        super().feed_data((message, payload), size)

    @property
    def is_cancelled(self) -> bool:
        """Whether the code gave up waiting for the rest of the body."""
        return isinstance(self._outcome, Response) and self._outcome.broken == CANCELLED

    def broken(self) -> Exception:
        """Return what ended the body before its end."""
        assert isinstance(self._outcome, Response)
        kind = self._outcome.broken
        if kind == UNREAD:
            return self.unread()
        if kind == "TimeoutError":
            return TimeoutError()
        if is_timeout(kind):
            error: Exception = _SocketTimeout("Timeout on reading data from socket")
            return error
        cut: Exception = aiohttp.ClientPayloadError("Response payload is not completed")
        return cut


def _headers(fields: list[tuple[bytes, bytes]], parsed: Any) -> Any:
    """Return header fields as text, with those names that aiohttp's parser spells its own way."""
    spelled = {name.lower(): name for name in parsed}
    text = [(n.decode("utf-8", "surrogateescape"), v.decode("utf-8", "surrogateescape")) for n, v in fields]
    return CIMultiDictProxy(CIMultiDict([(spelled.get(name.lower(), name), value) for name, value in text]))


def _exception(recorded: Failure) -> Exception:
    """Return what a connection failed with before there was an answer."""
    if recorded.kind == "TimeoutError":
        return TimeoutError(*([recorded.message] if recorded.message else []))
    if recorded.kind == "ClientResponseError":
        status, message = _numbered(_STATUS, recorded.message)
        malformed: Exception = HttpProcessingError(code=status, message=message)
        return malformed
    kind = getattr(client_exceptions, recorded.kind, None)
    if not (isinstance(kind, type) and issubclass(kind, aiohttp.ClientError)):
        kind = _SocketTimeout if is_timeout(recorded.kind) else aiohttp.ServerDisconnectedError
    found = _ERRNO.fullmatch(recorded.message) if issubclass(kind, OSError) else None
    error: Exception = kind(int(found[1]), found[2]) if found else kind(recorded.message)
    return error


class _Broken(StreamReader):  # type: ignore[misc]  # as above
    """A body that fails where nothing is left of it."""

    __slots__ = ()

    async def _wait(self, func_name: str) -> None:
        protocol: Any = self._protocol
        if protocol.is_cancelled:
            await cancellation(protocol.unread)
        raise protocol.broken()


class _Transport(asyncio.Transport):
    """A socket that takes everything and says nothing."""

    def is_closing(self) -> bool:
        return False

    def write(self, data: Any) -> None:
        """Do nothing, like all of it."""

    def close(self) -> None: ...
    def abort(self) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


_TRANSPORT = _Transport()
