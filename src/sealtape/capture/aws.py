"""The botocore hook: one operation attempt in, one out, for recording and for replay.

Four places of botocore are used, each the highest that shows what is needed:

* ``BaseClient._make_api_call``, wrapped on the class and so in effect for every client of every age:
  the only place that knows the client, and the caller's parameters before handlers change them.
* ``before-send`` answers on replay, so that botocore's own parsers, error mapping, retries,
  paginators and waiters run on the recorded bytes.
* ``choose-signer`` leaves replayed requests unsigned: no credentials are looked up or refreshed.
* ``Endpoint._send``, wrapped: the only place that sees every byte and every connection error.

``time.sleep`` as botocore's endpoint and waiters see it returns at once while nothing is being waited
for. Everything here passes calls through untouched while no conversation is open.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from io import BytesIO
from types import ModuleType
from typing import Any

import wrapt

from sealtape.capture import credentials, threads, waiting
from sealtape.capture.calls import as_sent, exception, failure, hook, in_flight, open_call, payload
from sealtape.capture.current import current, passing
from sealtape.capture.exchange import listen
from sealtape.capture.wire import header_items, merged, replayed_body
from sealtape.interaction import Failure, Outcome, Response

_installed = threading.Lock()


def install() -> None:
    """Hook botocore and aiobotocore, now or as soon as they are imported; again, it changes nothing."""
    if _installed.acquire(blocking=False):
        wrapt.register_post_import_hook(_wrap_client, "botocore.client")
        wrapt.register_post_import_hook(_wrap_endpoint, "botocore.endpoint")
        wrapt.register_post_import_hook(_wrap_aiobotocore, "aiobotocore.client")
        credentials.install()
        threads.install()
        waiting.install()


def _wrap_client(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "BaseClient._make_api_call", _make_api_call)


def _wrap_endpoint(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "Endpoint._send", _send)


def _wrap_aiobotocore(_: ModuleType) -> None:
    from sealtape.capture import aio

    aio.install()


def _make_api_call(
    wrapped: Callable[..., Any], client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    conversation = current()
    if conversation is None and in_flight.get() is None:
        return wrapped(*args, **kwargs)
    # A call may belong to nobody even inside of one that does: the guard's question to STS.
    call = None
    if conversation is not None:
        hook(client, _before_send, _before_parse)
        call = open_call(conversation, client, *args, **kwargs)
    token = in_flight.set(call)
    try:
        answer = wrapped(*args, **kwargs)
    except Exception as error:
        if call is not None:
            call.watch(error)
        raise
    finally:
        in_flight.reset(token)
    return answer if call is None else call.watched(answer)


def _before_send(request: Any, **_: Any) -> Any:
    """Answer an attempt from the cassette, or note that it leaves for the provider."""
    call = in_flight.get()
    if call is None:
        return None
    body, rewind = payload(call, request)
    outcome = call.attempt(body, functools.partial(as_sent, request, rewind))
    if outcome is not None:
        return _replayed(outcome, request, call.unread)
    call.note_additions(request)
    # Not after a replay: its upload has then been read once, as progress callbacks expect.
    rewind()
    return None


def _replayed(outcome: Outcome, request: Any, unread: Callable[[], Exception]) -> Any:
    """Build what botocore would have got from the wire; raise what it would have raised."""
    if isinstance(outcome, Failure):
        raise exception(outcome, request.url)
    if request.stream_output:
        from botocore.awsrequest import AWSResponse

        raw = replayed_body(outcome, request.method, unread)
        return AWSResponse(request.url, outcome.status, raw.headers, raw)
    return _whole_response()(outcome, request, unread)


@functools.cache
def _whole_response() -> type:
    """Return the class of replayed responses whose body the caller does not stream."""
    from botocore.awsrequest import AWSResponse

    class WholeResponse(AWSResponse):  # type: ignore[misc]  # botocore is not typed
        """A response that was read whole, as URLLib3Session does with all but streams.

        The stream below it is made only if a handler asks for it: nearly none does.
        """

        def __init__(self, outcome: Response, request: Any, unread: Callable[[], Exception]) -> None:
            self._raw: Any = None
            super().__init__(request.url, outcome.status, merged(outcome.headers), None)
            self._content = outcome.body
            self._outcome = outcome
            self._method = request.method
            self._unread = unread

        @property
        def raw(self) -> Any:
            if self._raw is None:
                self._raw = replayed_body(self._outcome, self._method, self._unread)
            return self._raw

        @raw.setter
        def raw(self, raw: Any) -> None:
            self._raw = raw

    return WholeResponse


def _send(wrapped: Callable[..., Any], endpoint: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Send a live attempt, and record the bytes or the failure that came of it."""
    call = in_flight.get()
    if call is None or not call.attempt_is_live:
        return wrapped(*args, **kwargs)
    (request,) = args or (kwargs["request"],)
    # Here and not before: another handler, such as moto's in process, may have answered instead.
    exchange = call.depart(request.url)
    try:
        # The pool below must not take the same exchange for one of the HTTP track.
        with passing():
            response = wrapped(*args, **kwargs)
    except Exception as error:
        exchange.settle(failure(error))
        raise
    if not (request.stream_output and listen(response.raw, exchange)):
        exchange.settle(_whole(response))
    return response


def _whole(response: Any) -> Response:
    """Return a response that botocore has read, or that is read here because it is no urllib3 response."""
    raw = response.raw
    headers = header_items(getattr(raw, "headers", None) or response.headers)
    return Response(response.status_code, getattr(raw, "reason", None) or "", headers, response.content)


def _before_parse(response_dict: dict[str, Any], **_: Any) -> None:
    """Record an answer that no socket gave: another handler's, such as moto's in process."""
    call = in_flight.get()
    if call is None or not call.attempt_is_live or call.attempt_is_recorded:
        return
    call.attempt_is_recorded = True
    body = response_dict["body"]
    if not isinstance(body, bytes):
        stream = getattr(body, "_raw_stream", None)
        data = (stream or body).read()
        if stream is not None:
            body._raw_stream = BytesIO(data)
        else:
            response_dict["body"] = BytesIO(data)
        body = data
    headers = header_items(response_dict["headers"])
    outcome = Response(response_dict["status_code"], "", headers, body)
    call.conversation.record(call.request, lambda: outcome)
