"""Recorded responses as urllib3 would have read them off a socket."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable, Mapping
from email.message import Message
from http.client import HTTPMessage, IncompleteRead
from io import BytesIO
from typing import Any

from urllib3 import HTTPHeaderDict, HTTPResponse

from sealtape.interaction import CANCELLED, UNREAD, Headers, Response


def header_items(headers: Mapping[str, Any] | Any) -> Headers:
    """Return header fields in order, repeats included, as text."""
    return tuple(
        [
            (name if type(name) is str else header_text(name), v if type(v) is str else header_text(v))
            for name, v in headers.items()
        ]
    )


def byte_items(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return header fields as the bytes that they were on the wire."""
    try:
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    except UnicodeEncodeError:
        # A filter or a stand-in may have put there what latin-1 has no byte for.
        return [(_byte_text(name), _byte_text(value)) for name, value in headers]


def _byte_text(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def version_text(version: int) -> bytes:
    """Return the version of HTTP in a response as its first line has it."""
    return b"HTTP/2" if version == 20 else b"HTTP/%d.%d" % divmod(version, 10)


def is_timeout(kind: str) -> bool:
    """Whether a failure that some client calls ``kind`` means that it waited for too long."""
    return "Timeout" in kind or kind == CANCELLED


def is_chunked(fields: list[tuple[bytes, bytes]]) -> bool:
    """Whether header fields say that the body comes in chunks."""
    return any(name.lower() == b"transfer-encoding" and v.lower() == b"chunked" for name, v in fields)


def in_chunks(body: bytes, *, is_cut: bool) -> bytes:
    """Return ``body`` as one chunk and the end, or, cut off, as a chunk of which the last byte never came."""
    if is_cut:
        return b"%x\r\n%s" % (len(body) + 1, body)
    return (b"%x\r\n%s\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"


def merged(headers: Headers) -> dict[str, str]:
    """Return header fields as a dictionary, repeats joined as urllib3 joins them."""
    joined: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for name, value in headers:
        first = spelled.setdefault(name.lower(), name)
        joined[first] = f"{joined[first]}, {value}" if first in joined else value
    return joined


def header_text(value: Any) -> str:
    """Return a header's name or value as text; bytes are latin-1, as HTTP has them."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class _Wire(BytesIO):
    """A recorded body in the place of the connection's own response object.

    urllib3 gives a connection back to its pool when that object says it is closed, requests reads cookies
    from its message, and chunks are taken from below it.
    """

    def __init__(self, response: Response, method: str, unread: Callable[[], Exception]) -> None:
        super().__init__(response.body)
        self._broken = response.broken
        self._length = len(response.body)
        self._headers = response.headers
        self._method = method
        self._unread = unread
        self._ended = False

    @functools.cached_property
    def msg(self) -> Message:
        message = HTTPMessage()
        for name, value in self._headers:
            message.add_header(name, value)
        return message

    @property
    def fp(self) -> BytesIO | None:
        """What follows the last chunk: nothing; None once the response is closed."""
        return None if self.closed else BytesIO()

    @property
    def left(self) -> int:
        """How many bytes are left to read; raises what ended the body, once none is."""
        left = self._length - self.tell()
        if not left and self._broken:
            raise self._failure(b"")
        return left

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if self._broken and size != 0 and (size is None or size < 0 or not data):
            raise self._failure(data)
        # Like http.client, not before something was read: an empty body is open until then too.
        self._ended = self.tell() >= self._length and not self._broken
        return data

    def _failure(self, partial: bytes) -> Exception:
        """Return what urllib3 takes from a socket for the kind of failure that was recorded."""
        if self._broken == UNREAD:
            return self._unread()
        if is_timeout(self._broken):
            return TimeoutError("timed out")
        if self._broken == "SSLError":
            return ssl.SSLError("the connection broke")
        return IncompleteRead(partial)

    def isclosed(self) -> bool:
        return self.closed or self._ended


class _Replayed(HTTPResponse):
    """urllib3's response, over a body from which the chunking is already undone."""

    def _update_chunk_length(self) -> None:
        if self.chunk_left is None:
            self.chunk_left = self._fp.left  # type: ignore[union-attr]  # a _Wire

    def _handle_chunk(self, amt: int | None) -> bytes:
        assert self.chunk_left is not None
        size, self.chunk_left = self.chunk_left, None
        return self._fp.read(size if amt is None else min(amt, size))  # type: ignore[union-attr]


def replayed_body(
    response: Response, method: str, unread: Callable[[], Exception], **options: Any
) -> HTTPResponse:
    """Return ``response`` as an unread urllib3 response; ``options`` go to its constructor.

    ``unread`` makes the exception for code that reads on where the recorded one did not. Nothing is
    decoded and no length enforced unless asked for: a HEAD has a length and no body, and gzip must stay as
    it came.
    """
    wire = _Wire(response, method, unread)
    defaults: dict[str, Any] = {
        "preload_content": False,
        "decode_content": False,
        "enforce_content_length": False,
    }
    return _Replayed(
        wire,
        headers=HTTPHeaderDict(response.headers),
        status=response.status,
        reason=response.reason,
        version=response.version,
        request_method=method,
        original_response=wire,  # type: ignore[arg-type]  # only msg, isclosed and close are used
        **(defaults | options),
    )
