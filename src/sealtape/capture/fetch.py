"""The seam of tornado: ``fetch_impl`` of its HTTP clients, which vcrpy patches too.

It is asked once for each request of the code. Redirects are followed below it, so an answer is what came at
the end of them, decoded, with the URL that it came from; where a redirect leads is judged by the sandbox all
the same. What calls back while a body comes or goes is refused, in vcrpy's words.

This module is loaded when tornado's client is, and never imports it first.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import wrapt
from tornado import httpclient, httputil, iostream, simple_httpclient

from sealtape.capture.asking import Asked, ask
from sealtape.capture.connection import rebuilt
from sealtape.capture.current import current
from sealtape.capture.exchange import Exchange
from sealtape.interaction import UNREAD, Failure, HttpRequest, Response

_NO_RESPONSE = 599
_CALLING_BACK = ("body_producer", "header_callback", "streaming_callback")


def install() -> None:
    """Hook tornado's clients: the simple one now, that on top of libcurl as soon as it is imported."""
    wrapt.wrap_function_wrapper(simple_httpclient, "SimpleAsyncHTTPClient.fetch_impl", _fetch_impl)
    wrapt.register_post_import_hook(_hook_curl, "tornado.curl_httpclient")


def _hook_curl(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "CurlAsyncHTTPClient.fetch_impl", _fetch_impl)


def _fetch_impl(wrapped: Callable[..., None], client: Any, args: tuple[Any, ...], kwargs: Any) -> None:
    conversation = current()
    if conversation is None:
        wrapped(*args, **kwargs)
        return
    request, callback = args or (kwargs["request"], kwargs["callback"])
    try:
        value = _value(request)
        if getattr(request, "original_request", None) is not None:
            conversation.sandbox.permit_http(value)
            asked = None
        else:
            asked = ask(conversation, value)
            if asked is not None:
                _refuse_callbacks(request)
    except Exception as error:
        # Whoever awaits the answer gets it, as every other error of this client.
        callback(_failed(client, request, error))
        return
    if asked is None:
        wrapped(request, callback)
    elif asked.outcome is not None:
        callback(_replayed(client, request, asked))
    else:
        wrapped(request, _noting(asked.exchange, request, callback))


def _value(request: Any) -> HttpRequest:
    headers = tuple(request.headers.get_all())
    if request.user_agent and "User-Agent" not in request.headers:
        headers += (("User-Agent", request.user_agent),)
    return HttpRequest(request.method, request.url, headers, request.body or b"")


def _refuse_callbacks(request: Any) -> None:
    for name in _CALLING_BACK:
        if getattr(request, name, None) is not None:
            raise NotImplementedError(
                f"{name} of tornado's client is not yet supported by VCR, nor by sealtape"
            )


# Recording.


def _noting(exchange: Exchange, request: Any, callback: Callable[[Any], None]) -> Callable[[Any], None]:
    def answered(response: Any) -> None:
        error = response.error
        if error is not None and not response._error_is_response_code:
            exchange.settle(Failure(type(error).__name__, str(error)))
        else:
            url = response.effective_url if response.effective_url != request.url else ""
            exchange.begin(response.code, response.reason, tuple(response.headers.get_all()), url=url)
            exchange.hear(response.body)
            exchange.end()
        callback(response)

    return answered


# Replay.


def _replayed(client: Any, request: Any, asked: Asked) -> httpclient.HTTPResponse:
    """Return the recorded response, or one that says what failed."""
    outcome = asked.outcome
    if isinstance(outcome, Failure):
        return _failed(client, request, rebuilt(outcome, simple_httpclient, httputil, iostream))
    assert isinstance(outcome, Response)
    if outcome.broken:
        cut = simple_httpclient.HTTPStreamClosedError("Connection closed")
        return _failed(client, request, asked.unread() if outcome.broken == UNREAD else cut)
    headers, body = httputil.HTTPHeaders(), outcome.body
    for name, value in outcome.headers:
        headers.add(name, value)
    if request.decompress_response and headers.get("Content-Encoding", "").lower() == "gzip":
        # Another client has recorded it: this one would have shown it so.
        headers["X-Consumed-Content-Encoding"] = headers.pop("Content-Encoding")
        body = zlib.decompress(body, 31)
    return httpclient.HTTPResponse(
        request,
        outcome.status,
        headers,
        io.BytesIO(body),
        outcome.url or request.url,
        request_time=client.io_loop.time() - request.start_time,
        reason=outcome.reason,
    )


def _failed(client: Any, request: Any, error: Exception) -> httpclient.HTTPResponse:
    elapsed = client.io_loop.time() - request.start_time
    return httpclient.HTTPResponse(request, _NO_RESPONSE, error=error, request_time=elapsed)
