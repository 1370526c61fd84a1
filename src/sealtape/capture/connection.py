"""The seam of http.client, and so of urllib.request and of all that is built on them.

A request is written to a `_Post` in the place of a socket. Once it is whole the conversation is asked;
offline the answer is read from there too, and otherwise the request goes out over a real connection. The
parsing of responses is http.client's own either way. vcrpy exchanges the connection classes in their
module, which misses who has imported them from it, and gives responses that are not http.client's.

urllib3, whose connections inherit from these, has a seam of its own. httplib2's connect by themselves, before
there is a request: here they do it when one leaves.
"""

from __future__ import annotations

import builtins
import functools
import io
import re
import socket
import ssl
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse, parse_headers
from types import ModuleType
from typing import Any, NoReturn
from urllib.parse import urlsplit

import wrapt

from sealtape.capture.asking import Asked, ask
from sealtape.capture.current import current, passing
from sealtape.capture.exchange import Exchange
from sealtape.capture.wire import byte_items, header_items, in_chunks, is_chunked, is_timeout, version_text
from sealtape.interaction import UNREAD, Failure, HttpRequest, Response

_WITH_A_SEAM = frozenset({"urllib3", "urllib3_future", "botocore", "vcr"})
_CONNECT_TIMEOUT = "ConnectTimeoutError"
_WHILE_CONNECTING = frozenset(
    {_CONNECT_TIMEOUT, "ConnectTimeout", "ConnectionRefusedError", "gaierror", "OSError", "SSLError"}
    | {"SSLCertVerificationError", "NewConnectionError", "ConnectError", "ClientConnectorError"}
)
_ERRNO = re.compile(r"\[Errno (-?\d+)\] (.*)", re.DOTALL)
_EXCHANGE = "_sealtape_exchange"

_installed = threading.Lock()


def install() -> None:
    """Hook http.client's connections; doing it again changes nothing."""
    if _installed.acquire(blocking=False):
        wrapt.wrap_function_wrapper("http.client", "HTTPConnection.connect", _connect)
        wrapt.wrap_function_wrapper("http.client", "HTTPSConnection.connect", _connect)
        wrapt.wrap_function_wrapper("http.client", "HTTPConnection.endheaders", _endheaders)
        wrapt.wrap_function_wrapper("http.client", "HTTPConnection.getresponse", _getresponse)
        wrapt.register_post_import_hook(_hook_httplib2, "httplib2")


def _hook_httplib2(module: ModuleType) -> None:
    for kind in ("HTTPConnectionWithTimeout", "HTTPSConnectionWithTimeout"):
        wrapt.wrap_function_wrapper(module, f"{kind}.connect", _connect_later)


def _is_ours(connection: Any) -> bool:
    kind: Any = type(connection)
    return _has_no_seam(kind)


@functools.cache
def _has_no_seam(kind: Any) -> bool:
    return not any(base.__module__.partition(".")[0] in _WITH_A_SEAM for base in kind.__mro__)


def _connect(wrapped: Callable[..., Any], connection: Any, args: Any, kwargs: Any) -> Any:
    conversation = current()
    if conversation is not None and conversation.offline and _is_ours(connection):
        connection.sock = _Post(None)
        return None
    return wrapped(*args, **kwargs)


def _connect_later(wrapped: Callable[..., Any], connection: Any, args: Any, kwargs: Any) -> Any:
    if current() is None:
        return wrapped(*args, **kwargs)
    connection.sock = _Post(None)
    return None


def _endheaders(wrapped: Callable[..., Any], connection: Any, args: Any, kwargs: Any) -> Any:
    """Have a request written where it can be read before it leaves."""
    if current() is None or not _is_ours(connection):
        return wrapped(*args, **kwargs)
    held = connection.sock
    post = connection.sock = _Post(held.real if isinstance(held, _Post) else held)
    wrapped(*args, **kwargs)
    if post.is_whole():
        _deliver(connection, post)
    return None


def _getresponse(wrapped: Callable[..., Any], connection: Any, args: Any, kwargs: Any) -> Any:
    post = connection.sock
    if isinstance(post, _Post):
        if post.asked is None:
            _deliver(connection, post)
        post = connection.sock
    if isinstance(post, _Post):
        return _replayed(wrapped, post, args, kwargs)
    exchange: Exchange | None = vars(connection).pop(_EXCHANGE, None)
    if exchange is None:
        return wrapped(*args, **kwargs)
    try:
        response = wrapped(*args, **kwargs)
    except Exception as error:
        exchange.settle(Failure(type(error).__name__, str(error)))
        raise
    return _heard(response, exchange)


class _Post:
    """What a request is written to in the place of a socket; ``real`` is the one that was open already."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.sent = bytearray()
        self.asked: Asked | None = None

    def sendall(self, data: Any) -> None:
        self.sent += data

    def is_whole(self) -> bool:
        """Whether the request that was written so far has its whole body."""
        head, _, body = self.sent.partition(b"\r\n\r\n")
        fields = parse_headers(io.BytesIO(head.partition(b"\r\n")[2] + b"\r\n\r\n"))
        if "chunked" in fields.get("Transfer-Encoding", "").lower():
            return body.endswith(b"0\r\n\r\n")
        return len(body) >= int(fields.get("Content-Length", "0"))

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what the server says."""
        assert self.asked is not None
        assert isinstance(self.asked.outcome, Response)
        return io.BufferedReader(_Wire(self.asked.outcome, self.asked.unread))

    def close(self) -> None:
        if self.real is not None:
            self.real.close()

    def __getattr__(self, name: str) -> Any:
        # Where there is no connection, what is set on a socket is set on one that is never connected.
        if self.real is None:
            return lambda *_: None
        return getattr(self.real, name)


def _deliver(connection: Any, post: _Post) -> None:
    """Ask for the answer to the request in ``post``; send it if there is none."""
    conversation = current()
    request = _value(connection, bytes(post.sent))
    asked = ask(conversation, request) if conversation is not None else None
    if asked is not None and asked.outcome is not None:
        post.asked = asked
        if isinstance(asked.outcome, Failure) and asked.outcome.kind in _WHILE_CONNECTING:
            _fail(asked.outcome)
        return
    connection.sock = post.real
    try:
        if connection.sock is None:
            # Also offline: then it is to a host that the user's filters let pass.
            with passing():
                connection.connect()
    except Exception as error:
        if asked is not None:
            kind = _CONNECT_TIMEOUT if type(error) is TimeoutError else type(error).__name__
            asked.exchange.settle(Failure(kind, str(error)))
        raise
    if asked is not None:
        setattr(connection, _EXCHANGE, asked.exchange)
    connection.sock.sendall(post.sent)


def _value(connection: Any, sent: bytes) -> HttpRequest:
    head, _, body = sent.partition(b"\r\n\r\n")
    line, _, fields = head.partition(b"\r\n")
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = header_items(parse_headers(io.BytesIO(fields + b"\r\n\r\n")))
    if any(name.lower() == "transfer-encoding" and value.lower() == "chunked" for name, value in headers):
        body = _unchunked(body)
    return HttpRequest(method, _absolute(connection, target), headers, body)


def _absolute(connection: HTTPConnection, target: str) -> str:
    if urlsplit(target).scheme:
        return target  # a request through an HTTP proxy names the whole URL
    tunnel = getattr(connection, "_tunnel_host", None)
    host = tunnel or connection.host
    port = getattr(connection, "_tunnel_port", None) if tunnel else connection.port
    default = connection.default_port
    scheme = "https" if default == 443 else "http"
    # A URL's user and password stand there too, where urllib was given them.
    shown = f"[{host}]" if ":" in host and not host.startswith("[") and "@" not in host else host
    return f"{scheme}://{shown}{'' if port in (None, default) else f':{port}'}{target}"


def _unchunked(data: bytes) -> bytes:
    parts, stream = [], io.BytesIO(data)
    while size := int(stream.readline().partition(b";")[0] or b"0", 16):
        parts.append(stream.read(size))
        stream.readline()
    return b"".join(parts)


# Recording.


def _heard(response: Any, exchange: Exchange) -> Any:
    """Let ``exchange`` hear what is read of a live response."""
    exchange.begin(response.status, response.reason, header_items(response.headers), version=response.version)
    kind: Any = type(response)
    response.__class__ = _heard_class(kind)
    response._exchange = exchange
    response._depth = 0
    if response.isclosed():
        exchange.end()
    return response


@functools.cache
def _heard_class(kind: Any) -> Any:
    return _Heard if kind is HTTPResponse else type(kind.__name__, (_Heard, kind), {})


class _Heard(HTTPResponse):
    """A live response that tells what is read of it."""

    _exchange: Exchange
    _depth: int

    def _hear(self, reading: Callable[[], Any], data: Callable[[Any], Any]) -> Any:
        # One of these methods may be made of another.
        self._depth += 1
        try:
            got = reading()
        except Exception as error:
            self._exchange.hear(getattr(error, "partial", None))
            self._exchange.end(type(error).__name__)
            raise
        finally:
            self._depth -= 1
        if not self._depth:
            self._exchange.hear(data(got))
            if self.isclosed():
                self._exchange.end()
        return got

    def read(self, amt: int | None = None) -> bytes:
        data: bytes = self._hear(lambda: super(_Heard, self).read(amt), bytes)
        return data

    def read1(self, n: int = -1) -> bytes:
        data: bytes = self._hear(lambda: super(_Heard, self).read1(n), bytes)
        return data

    def readline(self, limit: int = -1) -> bytes:  # type: ignore[override]  # as HTTPResponse has it
        data: bytes = self._hear(lambda: super(_Heard, self).readline(limit), bytes)
        return data

    def readinto(self, b: Any) -> int:
        size: int = self._hear(lambda: super(_Heard, self).readinto(b), lambda n: bytes(memoryview(b)[:n]))
        return size


# Replay.


def _replayed(wrapped: Callable[..., Any], post: _Post, args: Any, kwargs: Any) -> Any:
    """Return the recorded response; raise the recorded failure."""
    assert post.asked is not None
    outcome = post.asked.outcome
    if isinstance(outcome, Failure):
        _fail(outcome)
    assert isinstance(outcome, Response)
    response = wrapped(*args, **kwargs)
    if response.length and not outcome.broken:
        # A filter may have changed the body and left the header.
        response.length = len(outcome.body)
    return response


def _fail(recorded: Failure) -> NoReturn:
    """Raise what was recorded."""
    raise rebuilt(recorded)


def rebuilt(recorded: Failure, *modules: ModuleType) -> Exception:
    """Return the exception that was recorded, by its name in ``modules`` or in the standard library."""
    import http.client

    kind: Any = None
    for module in (*modules, builtins, http.client, socket, ssl):
        kind = kind or getattr(module, recorded.kind, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        if is_timeout(recorded.kind):
            kind = TimeoutError
        else:
            refused = recorded.kind in _WHILE_CONNECTING
            kind = ConnectionRefusedError if refused else http.client.RemoteDisconnected
    found = _ERRNO.fullmatch(recorded.message)
    if found and issubclass(kind, OSError):
        numbered: Exception = kind(int(found[1]), found[2])
        return numbered
    error: Exception = kind(recorded.message)
    return error


def _version(recorded: Response) -> bytes:
    # Of what another client recorded by HTTP/2 it could say nothing.
    return version_text(min(recorded.version, 11))


class _Wire(io.RawIOBase):
    """A recorded response as a server sends it; it fails where and as the recorded one did."""

    def __init__(self, recorded: Response, unread: Callable[[], Exception]) -> None:
        self._recorded = recorded
        self._unread = unread
        fields = byte_items(recorded.headers)
        body = recorded.body
        if is_chunked(fields):
            body = in_chunks(body, is_cut=bool(recorded.broken))
        reason = recorded.reason.encode("latin-1", "replace")
        lines = [b"%s %d %s" % (_version(recorded), recorded.status, reason)]
        lines += [b"%s: %s" % field for field in fields]
        self._bytes = io.BytesIO(b"\r\n".join([*lines, b"", body]))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._bytes.readinto(buffer)
        broken = self._recorded.broken
        if size or not broken:
            return size
        if broken == UNREAD:
            raise self._unread()
        if is_timeout(broken):
            raise TimeoutError("timed out")
        if "Reset" in broken:
            raise ConnectionResetError(104, "Connection reset by peer")
        return 0
