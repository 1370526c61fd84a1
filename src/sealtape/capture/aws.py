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
import time
import weakref
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from io import BytesIO
from types import ModuleType
from typing import Any

import wrapt

from sealtape.capture.current import Conversation, current, passing
from sealtape.capture.parameters import parameter_tree
from sealtape.capture.wire import header_items, merged, received, replayed_body
from sealtape.interaction import AwsRequest, Failure, Outcome, Response

# Presigned URLs and RDS tokens are products of signing, and S3 Express cannot go unsigned.
_SIGNED_ON_REPLAY = ("-query", "-presign-post", "s3express")

_CREDENTIALS = (
    ("access_key", "access-key-id"),
    ("secret_key", "secret-access-key"),
    ("token", "session-token"),
)


@dataclass(slots=True)
class _Call:
    """One operation call in flight."""

    conversation: Conversation
    client: Any
    request: AwsRequest
    streaming_member: str | None
    attempt_is_live: bool = False
    attempt_is_recorded: bool = False


_call: ContextVar[_Call | None] = ContextVar("sealtape_aws_call", default=None)
_installed = threading.Lock()
_hooked: weakref.WeakSet[Any] = weakref.WeakSet()


def install() -> None:
    """Hook botocore, now or as soon as it is imported; doing it again changes nothing."""
    if _installed.acquire(blocking=False):
        wrapt.register_post_import_hook(_wrap_client, "botocore.client")
        wrapt.register_post_import_hook(_wrap_endpoint, "botocore.endpoint")
        wrapt.register_post_import_hook(_shim_time, "botocore.waiter")


def _wrap_client(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "BaseClient._make_api_call", _make_api_call)


def _wrap_endpoint(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "Endpoint._send", _send)
    _shim_time(module)


def _shim_time(module: ModuleType) -> None:
    # The module attribute *is* the time module: replacing its sleep would stop everyone's clock.
    module.time = _Time()  # type: ignore[attr-defined]


class _Time:
    """The time module, except that it does not sleep while a replay has nothing to wait for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def sleep(seconds: float) -> None:
        conversation = current()
        if conversation is None or not conversation.skips_waiting():
            time.sleep(seconds)


def _make_api_call(
    wrapped: Callable[..., Any], client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    conversation = current()
    if conversation is None:
        return _call_unheard(wrapped, args, kwargs)
    if client not in _hooked:
        _hook(client)
    call = _open_call(conversation, client, *args, **kwargs)
    token = _call.set(call)
    try:
        return wrapped(*args, **kwargs)
    finally:
        _call.reset(token)


def _call_unheard(wrapped: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Make a call that belongs to nobody, even inside of one that does: the guard's question to STS."""
    if _call.get() is None:
        return wrapped(*args, **kwargs)
    token = _call.set(None)
    try:
        return wrapped(*args, **kwargs)
    finally:
        _call.reset(token)


def _open_call(
    conversation: Conversation, client: Any, operation_name: str, api_params: Mapping[str, Any]
) -> _Call:
    model = client.meta.service_model.operation_model(operation_name)
    streaming_member = None
    if model.has_streaming_input:
        streaming_member = model.input_shape.serialization.get("payload")
    request = AwsRequest(
        service=model.service_model.service_name,
        operation=operation_name,
        parameters=parameter_tree(api_params or {}, streaming_member),
        region=_region(client),
        # Older than 1.39, botocore has only the one protocol that the model names first.
        protocol=getattr(model.service_model, "resolved_protocol", model.service_model.protocol),
    )
    return _Call(conversation, client, request, streaming_member)


def _region(client: Any) -> str:
    """Return the region that the client was asked for; none for a service that has none.

    ``meta.region_name`` is ``aws-global`` for global services, but only where no endpoint is overridden:
    it would differ between a recording in a local sandbox and its replay.
    """
    if client.meta.service_model.endpoint_prefix in _global_services():
        return ""
    builtins = getattr(client._ruleset_resolver, "_builtins", {})
    return str(builtins.get("AWS::Region") or client.meta.region_name or "")


@functools.cache
def _global_services() -> frozenset[str]:
    """Return the endpoint prefixes of services that botocore's data call not regional."""
    from botocore.loaders import Loader

    partitions = Loader().load_data("endpoints")["partitions"]
    services = (item for partition in partitions for item in partition["services"].items())
    return frozenset(name for name, service in services if service.get("isRegionalized") is False)


_hooking = threading.Lock()


def _hook(client: Any) -> None:
    """Register this module's handlers with a client, in front of all others.

    ``event.*.*`` registered first runs before everything; plain ``event`` does not.
    """
    with _hooking:
        events = client.meta.events
        events.register_first("choose-signer.*.*", _choose_signer, unique_id="sealtape-signer")
        events.register_first("before-send.*.*", _before_send, unique_id="sealtape-send")
        events.register_first("before-parse.*.*", _before_parse, unique_id="sealtape-parse")
        _hooked.add(client)


def _choose_signer(signature_version: Any, **_: Any) -> Any:
    call = _call.get()
    if call is None or not call.conversation.offline or not isinstance(signature_version, str):
        return None
    if signature_version.endswith(_SIGNED_ON_REPLAY):
        return None
    from botocore import UNSIGNED

    return UNSIGNED


def _before_send(request: Any, **_: Any) -> Any:
    """Answer an attempt from the cassette, or note that it leaves for the provider."""
    call = _call.get()
    if call is None:
        return None
    body, rewind = _payload(call, request)
    live = _complete(call, body)
    call.attempt_is_live = call.attempt_is_recorded = False
    outcome = call.conversation.answer(live)
    if outcome is not None:
        return _replayed(outcome, request)
    # Not after a replay: its upload has then been read once, as progress callbacks expect.
    rewind()
    call.request = live
    call.attempt_is_live = True
    return None


def _complete(call: _Call, body: bytes | None) -> AwsRequest:
    """Add what is known only now: the bytes of a streamed body, and who signs."""
    known = call.request
    return AwsRequest(
        known.service,
        known.operation,
        known.parameters,
        body,
        known.region,
        _caller(call),
        known.protocol,
    )


def _payload(call: _Call, request: Any) -> tuple[bytes | None, Callable[[], object]]:
    """Read the payload of a prepared request; return it, and what makes it readable again."""
    body = request.body
    if call.streaming_member is None:
        return None, _nothing
    if body is None or call.streaming_member not in call.request.parameters:
        return b"", _nothing
    if isinstance(body, (bytes, bytearray)):
        return bytes(body), _nothing
    if isinstance(body, str):
        return body.encode(), _nothing
    # aws-chunked wraps the caller's stream over https and not over http: the payload is the stream.
    wrapper = body if type(body).__name__ == "AwsChunkedWrapper" else None
    stream = body if wrapper is None else wrapper._raw
    if _rewindable(stream):
        position = stream.tell()
        return bytes(stream.read()), lambda: stream.seek(position)
    data = bytes(stream.read())
    if wrapper is None:
        request.body = data
    else:
        wrapper._raw = BytesIO(data)
    return data, _nothing


def _nothing() -> None:
    """Stand for a rewind where nothing was moved."""


def _rewindable(stream: Any) -> bool:
    seekable = getattr(stream, "seekable", None)
    return bool(seekable()) if callable(seekable) else hasattr(stream, "seek")


def _caller(call: _Call) -> str:
    """Return the access key id in use, without refreshing anything; learn what goes with it.

    Refreshable credentials would call their provider on attribute access, so the private fields are
    read. In recording, the request has been signed by now and they are filled.
    """
    credentials = getattr(call.client._request_signer, "_credentials", None)
    if credentials is None:
        return ""
    fields = vars(credentials)
    access_key = fields.get("_access_key") or fields.get("access_key") or ""
    if not call.conversation.offline:
        secret = fields.get("_secret_key") or fields.get("secret_key")
        token = fields.get("_token") or fields.get("token")
        for value, rule in (
            (access_key, "access-key-id"),
            (secret, "secret-access-key"),
            (token, "session-token"),
        ):
            if value:
                call.conversation.learn(value, rule)
    return str(access_key)


def _replayed(outcome: Outcome, request: Any) -> Any:
    """Build what botocore would have got from the wire; raise what it would have raised."""
    if isinstance(outcome, Failure):
        raise _exception(outcome, request.url)
    if request.stream_output:
        from botocore.awsrequest import AWSResponse

        raw = replayed_body(outcome, request.method)
        return AWSResponse(request.url, outcome.status, raw.headers, raw)
    return _whole_response()(outcome, request)


@functools.cache
def _whole_response() -> type:
    """Return the class of replayed responses whose body the caller does not stream."""
    from botocore.awsrequest import AWSResponse

    class WholeResponse(AWSResponse):  # type: ignore[misc]  # botocore is not typed
        """A response that was read whole, as URLLib3Session does with all but streams.

        The stream below it is made only if a handler asks for it: nearly none does.
        """

        def __init__(self, outcome: Response, request: Any) -> None:
            self._raw: Any = None
            super().__init__(request.url, outcome.status, merged(outcome.headers), None)
            self._content = outcome.body
            self._outcome = outcome
            self._method = request.method

        @property
        def raw(self) -> Any:
            if self._raw is None:
                self._raw = replayed_body(self._outcome, self._method)
            return self._raw

        @raw.setter
        def raw(self, raw: Any) -> None:
            self._raw = raw

    return WholeResponse


def _exception(failure: Failure, url: str) -> Exception:
    import botocore.exceptions

    kind = getattr(botocore.exceptions, failure.kind, botocore.exceptions.HTTPClientError)
    error: Exception = kind(endpoint_url=url, proxy_url=url, error=failure.message)
    return error


def _send(wrapped: Callable[..., Any], endpoint: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Send a live attempt, and record the bytes or the failure that came of it."""
    call = _call.get()
    if call is None or not call.attempt_is_live:
        return wrapped(*args, **kwargs)
    (request,) = args or (kwargs["request"],)
    # Here and not before: another handler, such as moto's in process, may have answered instead.
    call.conversation.sandbox.permit_aws(call.client, call.request, request.url)
    call.attempt_is_recorded = True
    try:
        # The pool below must not take the same exchange for one of the HTTP track.
        with passing():
            response = wrapped(*args, **kwargs)
    except Exception as error:
        call.conversation.record(call.request, _failure(error))
        raise
    outcome = _captured(response, request)
    call.conversation.record(call.request, outcome)
    return response


def _failure(error: Exception) -> Failure:
    details = getattr(error, "kwargs", {})
    return Failure(type(error).__name__, str(details.get("error", error)))


def _captured(response: Any, request: Any) -> Response:
    """Read a response whole and leave the caller one that is as unread as before."""
    raw = response.raw
    headers = header_items(getattr(raw, "headers", None) or response.headers)
    reason = getattr(raw, "reason", None) or ""
    if not request.stream_output:
        return Response(response.status_code, reason, headers, response.content)
    captured = received(raw)
    response.raw = replayed_body(captured, request.method)
    return captured


def _before_parse(response_dict: dict[str, Any], **_: Any) -> None:
    """Record an answer that no socket gave: another handler's, such as moto's in process."""
    call = _call.get()
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
    call.conversation.record(call.request, Response(response_dict["status_code"], "", headers, body))
