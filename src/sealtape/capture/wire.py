"""Recorded responses as urllib3 would have read them off a socket."""

from __future__ import annotations

import functools
from collections.abc import Generator, Mapping
from email.message import Message
from http.client import HTTPMessage, IncompleteRead
from io import BytesIO
from typing import Any

from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import HTTPError

from sealtape.interaction import Headers, Response


def header_items(headers: Mapping[str, Any] | Any) -> Headers:
    """Return header fields in order, repeats included, as text."""
    return tuple((header_text(name), header_text(value)) for name, value in headers.items())


def merged(headers: Headers) -> dict[str, str]:
    """Return header fields as a dictionary, repeats joined as urllib3 joins them."""
    fields = dict(headers)
    if len(fields) == len(headers):
        return fields
    return dict(HTTPHeaderDict(headers))


def header_text(value: Any) -> str:
    """Return a header's name or value as text; bytes are latin-1, as HTTP has them."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class _Wire(BytesIO):
    """A recorded body in the place of the connection's own response object.

    urllib3 gives a connection back to its pool when that object says it is closed, and requests reads
    cookies from its message.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(response.body)
        self._broken = response.broken
        self._length = len(response.body)
        self._headers = response.headers
        self._ended = False

    @functools.cached_property
    def msg(self) -> Message:
        message = HTTPMessage()
        for name, value in self._headers:
            message.add_header(name, value)
        return message

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if self._broken and (size is None or size < 0 or not data):
            raise IncompleteRead(data)
        # Like http.client, not before something was read: an empty body is open until then too.
        self._ended = self.tell() >= self._length and not self._broken
        return data

    def isclosed(self) -> bool:
        return self.closed or self._ended


class _Replayed(HTTPResponse):
    """urllib3's response, over a body from which the chunking is already undone."""

    def read_chunked(
        self, amt: int | None = None, decode_content: bool | None = None
    ) -> Generator[bytes, None, None]:
        """Yield the body in pieces, as for a response that is still chunked."""
        yield from self.stream(amt or 2**16, decode_content)


def received(real: Any) -> Response:
    """Read a live urllib3 response to its end, or to where the connection failed."""
    parts: list[bytes] = []
    broken = ""
    try:
        parts.extend(real.stream(2**16, decode_content=False))
    except HTTPError as error:
        broken = type(error).__name__
    return Response(real.status, real.reason or "", header_items(real.headers), b"".join(parts), broken)


def replayed_body(response: Response, method: str, **options: Any) -> HTTPResponse:
    """Return ``response`` as an unread urllib3 response; ``options`` go to its constructor.

    Nothing is decoded and no length enforced unless asked for: a HEAD has a length and no body, and
    gzip must stay as it came.
    """
    wire = _Wire(response)
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
        version=11,
        request_method=method,
        original_response=wire,  # type: ignore[arg-type]  # only msg, isclosed and close are used
        **(defaults | options),
    )
