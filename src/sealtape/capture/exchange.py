"""What comes of a request that left, noted while the code under test reads it.

The code gets every byte when it would have got it without sealtape: nothing here reads ahead, and
nothing is read that the code did not ask for. A body that the code does not read to its end is recorded
as far as it was read; the replay of code that reads on is a miss, for nobody knows what would have come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError
from urllib3.util.response import is_fp_closed

from sealtape.capture.wire import header_items
from sealtape.interaction import UNREAD, Headers, Outcome, Response

Keep = Callable[[Response], Response | None]


class Exchange:
    """One request that left, and what is known by now of what came of it.

    ``keep`` sees the response when it is over, or as far as it was read; None keeps it off the cassette.
    """

    def __init__(self, keep: Keep | None = None) -> None:
        self._keep = keep
        self._head: Response | None = None
        self._parts: list[bytes] = []
        self._settled: Outcome | None = None
        self._is_over = False

    def outcome(self) -> Outcome | None:
        """Return what has come of it by now, None if nothing has."""
        return self._settled if self._is_over or self._head is None else self._kept(UNREAD)

    def settle(self, outcome: Outcome) -> None:
        """Take what came of it as a whole: a failure, or a response without a stream."""
        self._settled, self._is_over = outcome, True

    def begin(self, status: int, reason: str, headers: Headers, *, version: int = 11, url: str = "") -> None:
        """Take the head of a response whose body is still to come; all as in `Response`."""
        self._head = Response(status, reason, headers, version=version, url=url)

    def hear(self, data: bytes | None) -> None:
        """Take what the code has just been given of the body, as it came off the wire."""
        if data and not self._is_over:
            self._parts.append(bytes(data))

    def end(self, broken: str = "") -> None:
        """Take note that the body has ended, or of the kind of failure that ended it."""
        if not self._is_over:
            self._settled, self._is_over = self._kept(broken), True
            self._parts.clear()

    def fail_to_close(self, broken: str) -> None:
        """Take note of the kind of failure that met the code when it closed a response."""
        if isinstance(self._settled, Response) and not self._settled.broken:
            self._settled = replace(self._settled, broken=broken)
        self.end(broken)

    def _kept(self, broken: str) -> Response | None:
        assert self._head is not None
        response = replace(self._head, body=b"".join(self._parts), broken=broken)
        return response if self._keep is None else self._keep(response)


def listen(real: object, exchange: Exchange) -> bool:
    """Let ``exchange`` hear what is read of a live urllib3 response; False if it is something else."""
    if type(real) is not HTTPResponse:
        return False
    exchange.begin(real.status, real.reason or "", header_items(real.headers), version=real.version)
    # urllib3 has no seam between its socket and its decoders. An object in between would miss what the
    # response calls on itself, and would keep a dropped one, and its connection, from being closed.
    heard: Any = real
    heard.__class__ = _Heard
    heard._exchange = exchange
    if real.length_remaining == 0:
        exchange.end()
    return True


class _Heard(HTTPResponse):
    """A live response whose bytes are noted as they are read, before they are decoded."""

    _exchange: Exchange

    def _raw_read(self, *args: Any, **options: Any) -> bytes:
        was_open = not is_fp_closed(self._fp)
        try:
            data: bytes = super()._raw_read(*args, **options)
        except HTTPError as error:
            self._exchange.end(type(error).__name__)
            raise
        self._exchange.hear(data)
        # Closed by this read and not by the code: that was the end.
        if was_open and is_fp_closed(self._fp):
            self._exchange.end()
        return data

    def _handle_chunk(self, amt: int | None) -> bytes:
        data = super()._handle_chunk(amt)
        self._exchange.hear(data)
        return data

    def read_chunked(self, *args: Any, **options: Any) -> Any:
        was_open = not is_fp_closed(self._fp)
        try:
            yield from super().read_chunked(*args, **options)
        except HTTPError as error:
            self._exchange.end(type(error).__name__)
            raise
        if was_open:
            self._exchange.end()
