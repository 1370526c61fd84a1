"""Recorded responses as urllib3 would have read them off a socket."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from http.client import HTTPMessage
from io import BytesIO
from typing import Any

from urllib3 import HTTPHeaderDict, HTTPResponse

from sealtape.interaction import Headers, Response


def header_items(headers: Mapping[str, Any] | Any) -> Headers:
    """Return header fields in order, repeats included, as text."""
    return tuple((_text(name), _text(value)) for name, value in headers.items())


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class _Wire(BytesIO):
    """A recorded body in the place of the connection's own response object.

    urllib3 gives a connection back to its pool when that object says it is closed, and requests reads
    cookies from its message.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(response.body)
        self._length = len(response.body)
        self._headers = response.headers
        self._ended = False

    @property
    def msg(self) -> Message:
        message = HTTPMessage()
        for name, value in self._headers:
            message.add_header(name, value)
        return message

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        # Like http.client, not before something was read: an empty body is open until then too.
        self._ended = self.tell() >= self._length
        return data

    def isclosed(self) -> bool:
        return self.closed or self._ended


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
    return HTTPResponse(
        wire,
        headers=HTTPHeaderDict(response.headers),
        status=response.status,
        reason=response.reason,
        version=11,
        request_method=method,
        original_response=wire,  # type: ignore[arg-type]  # only msg, isclosed and close are used
        **(defaults | options),
    )
