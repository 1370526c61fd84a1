"""The urllib3 seam: requests, urllib3, and whatever of botocore bypasses its own hook.

vcrpy exchanges urllib3's connection classes. That buffers bodies, decodes gzip, never shows a refused
connection, and leaves its connections in pools that outlive the cassette. One wrapper around
``HTTPConnectionPool._make_request`` sees the same requests, and leaves decoding, streaming, redirects,
retries and pooling to urllib3.
"""

from __future__ import annotations

import builtins
import functools
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import urllib3.exceptions
import wrapt
from urllib3.connectionpool import HTTPConnectionPool

from sealtape.capture.current import Conversation, current
from sealtape.capture.exchange import Exchange, listen
from sealtape.capture.parameters import peek
from sealtape.capture.wire import header_items, replayed_body
from sealtape.interaction import Failure, HttpRequest

_METADATA_HOSTS = frozenset(
    {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "[fd00:ec2::254]"}
)
_METADATA_VARIABLES = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI")

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
    if serves_credentials(pool.host):
        if conversation.offline:
            # botocore then goes on without, as on a machine that is none of the provider's.
            raise urllib3.exceptions.ConnectTimeoutError(f"no credentials from {pool.host} in a replay")
        return wrapped(*args, **kwargs)
    return _exchange(conversation, wrapped, pool, *args, **kwargs)


def serves_credentials(host: str) -> bool:
    """Whether a host hands out the credentials of the machine or the container.

    What it says is no part of a test's conversation: it differs from machine to machine, and is secret.
    """
    return host in _METADATA_HOSTS or any(
        host == urlsplit(os.environ.get(name, "")).hostname for name in _METADATA_VARIABLES
    )


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
    filtered = conversation.filter_request(request)
    if filtered is None:
        return send(conn, method, url, body=data, headers=headers, **options)
    outcome = conversation.answer(filtered)
    preload = options.get("preload_content", True)
    if outcome is None:
        conversation.sandbox.permit_http(request)
        exchange = Exchange(conversation.filter_response)
        conversation.record(filtered, exchange.outcome)
        try:
            live = options | {"preload_content": False}
            response = send(conn, method, url, body=data, headers=headers, **live)
        except Exception as error:
            exchange.settle(Failure(type(error).__name__, _message(error)))
            raise
        listen(response, exchange)
    elif isinstance(outcome, Failure):
        raise _exception(outcome, pool, conn, url)
    else:
        response = replayed_body(
            outcome,
            method,
            functools.partial(conversation.unread, filtered),
            decode_content=options.get("decode_content", True),
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
    return str(error)


def _exception(failure: Failure, pool: Any, conn: Any, url: str) -> Exception:
    """Rebuild the exception that a recorded failure was."""
    exceptions = urllib3.exceptions
    kind = getattr(exceptions, failure.kind, None) or getattr(builtins, failure.kind, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = exceptions.ProtocolError
    if issubclass(kind, exceptions.NameResolutionError):
        import socket

        return kind(pool.host, conn, socket.gaierror(failure.message))
    if issubclass(kind, exceptions.NewConnectionError):
        return kind(conn, failure.message)
    if issubclass(kind, exceptions.RequestError):
        return kind(pool, url, failure.message)
    if issubclass(kind, exceptions.PoolError):
        return kind(pool, failure.message)
    return kind(failure.message)
