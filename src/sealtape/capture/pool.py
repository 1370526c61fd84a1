"""The urllib3 seam: requests, urllib3, and whatever of botocore bypasses its own hook.

vcrpy exchanges urllib3's connection classes. That buffers bodies, decodes gzip, never shows a refused
connection, and leaves its connections in pools that outlive the cassette. One wrapper around
``HTTPConnectionPool._make_request`` sees the same requests, and leaves decoding, streaming, redirects,
retries and pooling to urllib3.
"""

from __future__ import annotations

import builtins
import http.client
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import urllib3.exceptions
import wrapt
from urllib3.connectionpool import HTTPConnectionPool

from sealtape.capture.asking import ask
from sealtape.capture.current import Conversation, current
from sealtape.capture.exchange import listen
from sealtape.capture.parameters import peek
from sealtape.capture.wire import header_items, is_timeout, replayed_body
from sealtape.interaction import UNREAD, Failure, HttpRequest

_installed = threading.Lock()


def install() -> None:
    """Hook urllib3's connection pools; doing it again changes nothing."""
    if _installed.acquire(blocking=False):
        wrapt.wrap_function_wrapper(
            "urllib3.connectionpool", "HTTPConnectionPool._make_request", _make_request
        )
        wrapt.wrap_function_wrapper(
            "urllib3.connectionpool", "HTTPSConnectionPool._prepare_proxy", _prepare_proxy
        )


def _prepare_proxy(
    wrapped: Callable[..., Any], pool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    conversation = current()
    # The tunnel is opened before the request is known; offline there is nothing to open it for.
    if conversation is not None and conversation.offline:
        return None
    return wrapped(*args, **kwargs)


def _make_request(
    wrapped: Callable[..., Any], pool: HTTPConnectionPool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    conversation = current()
    if conversation is None:
        return wrapped(*args, **kwargs)
    return _exchange(conversation, wrapped, pool, *args, **kwargs)


def _exchange(
    conversation: Conversation,
    send: Callable[..., Any],
    pool: HTTPConnectionPool,
    conn: Any,
    method: str,
    url: str,
    body: Any = None,
    headers: Any = None,
    **options: Any,
) -> Any:
    data = _body_bytes(body)
    request = HttpRequest(method, _absolute(pool, url), header_items(headers or {}), data or b"")
    asked = ask(conversation, request)
    if asked is None:
        return send(conn, method, url, body=data, headers=headers, **options)
    outcome = asked.outcome
    preload = options.get("preload_content", True)
    if outcome is None:
        try:
            live = options | {"preload_content": False}
            response = send(conn, method, url, body=data, headers=headers, **live)
        except Exception as error:
            asked.exchange.settle(Failure(type(error).__name__, _message(error)))
            raise
        listen(response, asked.exchange)
    elif isinstance(outcome, Failure):
        raise _exception(outcome, pool, conn, url)
    else:
        response = replayed_body(
            outcome,
            method,
            asked.unread,
            decode_content=options.get("decode_content", True),
            enforce_content_length=outcome.broken not in ("", UNREAD),
            retries=options.get("retries"),
            request_url=url,
        )
        response._pool = pool
        response._connection = options.get("response_conn")
    if preload:
        response.read(cache_content=True)
    return response


def _absolute(pool: HTTPConnectionPool, url: str) -> str:
    if not url.startswith("/"):
        return url  # a request through an HTTP proxy names the whole URL
    host = f"[{pool.host}]" if ":" in pool.host and not pool.host.startswith("[") else pool.host
    default = {"http": 80, "https": 443}.get(pool.scheme or "http")
    port = "" if pool.port in (None, default) else f":{pool.port}"
    return f"{pool.scheme}://{host}{port}{url}"


def _body_bytes(body: Any) -> bytes | None:
    """Return a request body as bytes; whatever can be read only once is sent from these."""
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return peek(body)
    if isinstance(body, (bytearray, memoryview)):
        return bytes(body)
    if isinstance(body, Iterable):
        return b"".join(part.encode() if isinstance(part, str) else part for part in body)
    return bytes(body)


def _message(error: Exception) -> str:
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        # Its text begins with the repr of the connection, and so with an address in memory.
        return str(error).partition(": ")[2]
    if isinstance(error, urllib3.exceptions.PoolError):
        return str(error).removeprefix(f"{error.pool}: ")
    return str(error)


def _like(kind: str) -> type[Exception]:
    """Return what comes next to the exception that another client calls ``kind``."""
    exceptions = urllib3.exceptions
    if is_timeout(kind):
        return exceptions.ConnectTimeoutError if "Connect" in kind else exceptions.ReadTimeoutError
    return exceptions.NewConnectionError if "Connect" in kind else exceptions.ProtocolError


def _exception(failure: Failure, pool: Any, conn: Any, url: str) -> Exception:
    """Rebuild the exception that a recorded failure was."""
    exceptions = urllib3.exceptions
    found = (getattr(module, failure.kind, None) for module in (exceptions, builtins, http.client))
    kind: Any = next(filter(None, found), None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = _like(failure.kind)
    arguments: tuple[Any, ...] = (failure.message,)
    if issubclass(kind, exceptions.NameResolutionError):
        arguments = (pool.host, conn, socket.gaierror(failure.message))
    elif issubclass(kind, exceptions.NewConnectionError):
        arguments = (conn, failure.message)
    elif issubclass(kind, exceptions.RequestError):
        arguments = (pool, url, failure.message)
    elif issubclass(kind, exceptions.PoolError):
        arguments = (pool, failure.message)
    error: Exception = kind(*arguments)
    return error
