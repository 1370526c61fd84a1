"""One call of an AWS operation in flight: what the caller asked for, where, and as whom.

Shared by the hooks of botocore (`sealtape.capture.aws`) and aiobotocore (`sealtape.capture.aio`).
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from sealtape.capture.additions import additions
from sealtape.capture.credentials import caller
from sealtape.capture.current import Conversation
from sealtape.capture.exchange import Exchange
from sealtape.capture.parameters import parameter_tree
from sealtape.capture.sandbox import held_credentials
from sealtape.capture.wire import header_items
from sealtape.interaction import AwsRequest, Failure, HttpRequest, Outcome

# Presigned URLs and RDS tokens are products of signing, and S3 Express cannot go unsigned.
_SIGNED_ON_REPLAY = ("-query", "-presign-post", "s3express")

_CREDENTIAL_RULES = ("access-key-id", "secret-access-key", "session-token")


@dataclass(slots=True)
class Call:
    """One operation call in flight."""

    conversation: Conversation
    client: Any
    request: AwsRequest
    streaming_member: str | None
    attempt_is_live: bool = False
    attempt_is_recorded: bool = False

    def attempt(self, body: bytes | None, sent: Callable[[], HttpRequest] | None = None) -> Outcome | None:
        """Ask the cassette about the attempt that is about to be sent with the payload ``body``.

        ``sent`` tells how it looks on the wire. None means that it leaves: `request` is then complete.
        """
        live = replace(self.request, body=body, caller=self._caller())
        self.attempt_is_live = self.attempt_is_recorded = False
        outcome = self.conversation.answer(live, sent)
        self.request = live
        self.attempt_is_live = outcome is None
        return outcome

    def watched(self, answer: Any) -> Any:
        """Return a parsed answer, so that it is noted what is read of it, if that is wanted."""
        return self.conversation.watched(self.request.label, answer)

    def watch(self, error: Exception) -> None:
        """Do the same to the answer that an error of botocore's carries."""
        if type(error).__name__ == "NoCredentialsError" and not self.conversation.offline:
            # Or the next to be tried would be those of an account that matters.
            error.add_note(
                "sealtape: to record there have to be credentials of a sandbox account; "
                "without an account: pytest --record-mode=once --sandbox=embedded"
            )
        answer = getattr(error, "response", None)
        if isinstance(answer, dict):
            error.response = self.watched(answer)  # type: ignore[attr-defined]  # ClientError has one

    def note_additions(self, request: Any) -> None:
        """Take note of what botocore adds to a request that leaves."""
        model = self.client.meta.service_model.operation_model(self.request.operation)
        self.conversation.note_additions(
            self.request.label, additions(request, model, self.request.parameters)
        )

    def depart(self, url: str) -> Exchange:
        """Let the attempt leave for ``url`` if the sandbox permits it; return what is to be told of it."""
        self.conversation.sandbox.permit_aws(self.client, self.request, url)
        self.attempt_is_recorded = True
        exchange = Exchange()
        self.conversation.record(self.request, exchange.outcome)
        return exchange

    def _caller(self) -> str:
        """Return the access key id that stands for who asks; learn the credentials in use."""
        held = held_credentials(self.client)
        if not self.conversation.offline:
            for value, rule in zip(held, _CREDENTIAL_RULES, strict=True):
                if value:
                    self.conversation.learn(value, rule)
        credentials = getattr(self.client._request_signer, "_credentials", None)
        return caller(self.conversation, credentials, held.access_key)

    def unread(self) -> Exception:
        """Return the miss of code that reads on where the recorded one did not."""
        return self.conversation.unread(self.request)


in_flight: ContextVar[Call | None] = ContextVar("sealtape_aws_call", default=None)
"""The call that this context is about to make."""


def open_call(
    conversation: Conversation, client: Any, operation_name: str, api_params: Mapping[str, Any]
) -> Call:
    """Return the call of an operation, its parameters copied before botocore's handlers change them."""
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
    return Call(conversation, client, request, streaming_member)


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


_hooked: weakref.WeakSet[Any] = weakref.WeakSet()
_hooking = threading.Lock()


def hook(client: Any, before_send: Callable[..., Any], before_parse: Callable[..., Any]) -> None:
    """Register handlers with a client, once, in front of all others.

    ``event.*.*`` registered first runs before everything; plain ``event`` does not.
    """
    if client in _hooked:
        return
    with _hooking:
        events = client.meta.events
        events.register_first("choose-signer.*.*", _choose_signer, unique_id="sealtape-signer")
        events.register_first("before-send.*.*", before_send, unique_id="sealtape-send")
        events.register_first("before-parse.*.*", before_parse, unique_id="sealtape-parse")
        _hooked.add(client)


def _choose_signer(signature_version: Any, **_: Any) -> Any:
    call = in_flight.get()
    if call is None or not call.conversation.offline or not isinstance(signature_version, str):
        return None
    if signature_version.endswith(_SIGNED_ON_REPLAY):
        return None
    from botocore import UNSIGNED

    return UNSIGNED


def payload(call: Call, request: Any) -> tuple[bytes | None, Callable[[], object]]:
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
    stream = below_chunks(body)
    if _rewindable(stream):
        position = stream.tell()
        return bytes(stream.read()), lambda: stream.seek(position)
    data = bytes(stream.read())
    put_back(request, data)
    return data, _nothing


def as_sent(request: Any, rewind: Callable[[], object]) -> HttpRequest:
    """Return a prepared request as other recorders see it; its body can be read again."""
    rewind()
    body = request.body
    if hasattr(body, "read"):
        data = bytes(body.read())
        if _is_chunked(body):
            body.seek(0)
    else:
        data = body.encode() if isinstance(body, str) else bytes(body or b"")
    return HttpRequest(request.method, request.url, header_items(request.headers), data)


def below_chunks(body: Any) -> Any:
    """Return the caller's stream, which aws-chunked wraps over https and not over http."""
    return body._raw if _is_chunked(body) else body


def put_back(request: Any, data: bytes) -> None:
    """Put ``data`` in the place of a stream that could be read only once."""
    if _is_chunked(request.body):
        request.body._raw = BytesIO(data)
    else:
        request.body = data


def _is_chunked(body: Any) -> bool:
    return type(body).__name__ in ("AwsChunkedWrapper", "AioAwsChunkedWrapper")


def _nothing() -> None:
    """Stand for a rewind where nothing was moved."""


def _rewindable(stream: Any) -> bool:
    seekable = getattr(stream, "seekable", None)
    return bool(seekable()) if callable(seekable) else hasattr(stream, "seek")


def failure(error: Exception) -> Failure:
    """Return one of botocore's errors of connecting as a value."""
    details = getattr(error, "kwargs", {})
    return Failure(type(error).__name__, str(details.get("error", error)))


def exception(recorded: Failure, url: str) -> Exception:
    """Return a recorded failure as botocore's exception."""
    import botocore.exceptions

    kind = getattr(botocore.exceptions, recorded.kind, botocore.exceptions.HTTPClientError)
    error: Exception = kind(endpoint_url=url, proxy_url=url, error=recorded.message)
    return error
