"""What botocore's service models say about responses, loaded when an operation is first met.

A model is optional everywhere: an operation that the installed botocore does not know is compared by
its bytes alone.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

Shape: TypeAlias = Any
"""A shape of botocore's model, or None; botocore publishes no types."""


ITEM = "[]"
ENTRY = "{}"
"""Steps of a path that are no names: an item of a list, an entry under an opaque key."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What the model says about one operation.

    ``input`` and ``output`` are shapes, ``errors`` maps error codes to shapes; ``tokens`` names the output
    members that hold pagination tokens; ``wrapper`` is the XML element around the result, ``payload`` the
    member that is the body.
    """

    output: Shape = None
    input: Shape = None
    errors: Mapping[str, Shape] = field(default_factory=dict)
    tokens: frozenset[str] = frozenset()
    wrapper: str = ""
    payload: str = ""


UNKNOWN = Operation()


def botocore_version() -> str:
    """Return the version of the installed botocore, whose models these are."""
    from botocore import __version__

    return str(__version__)


def operation_model(service: str, operation: str) -> Operation:
    """Return the model of an operation; `UNKNOWN` where botocore has none."""
    return _operation(service, operation) or UNKNOWN


def services() -> list[str]:
    """Return the names of all services that botocore knows."""
    return list(_loader().list_available_services("service-2"))


def operations(service: str) -> list[str]:
    """Return the names of the operations of a service; nothing for an unknown one."""
    model = _service(service)
    return [] if model is None else list(model.operation_names)


@cache
def _loader() -> Any:
    from botocore.loaders import Loader

    return Loader()


@cache
def _service(service: str) -> ServiceModel | None:
    from botocore.exceptions import DataNotFoundError, UnknownServiceError, ValidationError
    from botocore.model import ServiceModel

    try:
        return ServiceModel(_loader().load_service_model(service, "service-2"), service)
    except (UnknownServiceError, DataNotFoundError, ValidationError):
        return None


def protocols(service: str) -> list[str]:
    """Return the wire protocols in which the installed botocore speaks to a service, the preferred first."""
    model = _service(service)
    if model is None:
        return []
    # Older than 1.39, botocore has only the one protocol that the model names first.
    return [getattr(model, "resolved_protocol", model.protocol)]


@cache
def _paginators(service: str) -> Mapping[str, Any]:
    from botocore.exceptions import DataNotFoundError, UnknownServiceError

    try:
        found: Mapping[str, Any] = _loader().load_service_model(service, "paginators-1")["pagination"]
    except (UnknownServiceError, DataNotFoundError):
        return {}
    return found


@cache
def _operation(service: str, operation: str) -> Operation | None:
    model = _service(service)
    if model is None or operation not in model.operation_names:
        return None
    found: OperationModel = model.operation_model(operation)
    output = found.output_shape
    serialization = output.serialization if output is not None else {}
    tokens = _paginators(service).get(operation, {}).get("output_token", ())
    named = [tokens] if isinstance(tokens, str) else tokens
    errors = {s.metadata.get("error", {}).get("code", s.name): s for s in found.error_shapes}
    return Operation(
        output=output,
        input=found.input_shape,
        errors={**{s.name: s for s in found.error_shapes}, **errors},
        tokens=frozenset(token.split(" ")[0].split("[")[0].split(".")[-1] for token in named),
        wrapper=serialization.get("resultWrapper", ""),
        payload=serialization.get("payload", ""),
    )


def is_modelled(model: Operation, path: Sequence[str]) -> bool:
    """Whether a caller of the SDK sees what stands at ``path`` of the output; also where that is not known.

    botocore drops the members that its model does not have, and whole bodies where it expects none.
    """
    if model is UNKNOWN:
        return True
    shape = model.output
    if shape is None:
        return False
    for step in path:
        kind = shape.type_name
        if kind == "structure" and step != ITEM:
            # Documents have any members; of a union's unknown ones the caller gets the name.
            if shape.is_document_type or shape.is_tagged_union:
                return True
            if step not in shape.members:
                return False
            shape = shape.members[step]
        elif kind == "list" and step == ITEM:
            shape = shape.member
        elif kind == "map":
            shape = shape.value
        else:
            return True
    return True


def decode_cbor(body: bytes) -> Any:
    """Return what a CBOR body says; raise ValueError where it is none or botocore is too old for it."""
    try:
        from botocore.parsers import ResponseParserError, RpcV2CBORParser
    except ImportError:
        raise ValueError("this botocore does not read CBOR") from None
    try:
        return RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(body)))
    except (ResponseParserError, IndexError, KeyError, TypeError) as error:
        raise ValueError(type(error).__name__) from None


def decode_events(body: bytes) -> list[tuple[str, bytes]]:
    """Return the messages of an event stream: type and payload; raise ValueError where it is none."""
    from botocore.eventstream import EventStreamBuffer, ParserError

    buffer = EventStreamBuffer()
    buffer.add_data(body)
    try:
        return [
            (str(event.headers.get(":event-type", event.headers.get(":exception-type", ""))), event.payload)
            for event in buffer
        ]
    except ParserError as error:
        raise ValueError(type(error).__name__) from None
