"""Parsed AWS output as the response that botocore parses to it.

botocore serialises requests and parses responses; this is the other direction, for the protocols json,
rest-json, query, ec2 and rest-xml. What it writes is parsed again by botocore itself, and refused
unless that gives the same. Source: the protocol chapters of the Smithy specification,
and botocore/parsers.py, which decides.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from sealtape.importing.wire import NotUnderstood
from sealtape.interaction import Headers, Response

_ABOUT_THE_BODY = ("content-length", "content-encoding", "transfer-encoding", "content-type", "content-md5")
_XML = ("query", "ec2", "rest-xml")
_READ_BY_HANDLERS = ("GetBucketLocation",)
"""Operations whose response one of botocore's handlers reads, for want of a model."""

_PROTOCOLS = ("json", "rest-json", *_XML)


def protocol_of(model: Any) -> str:
    """Return the protocol that botocore speaks with the service of an operation's model."""
    service = model.service_model
    return str(getattr(service, "resolved_protocol", service.protocol))


def response_of(model: Any, status: int, data: Mapping[str, Any]) -> Response:
    """Return a response that botocore parses to ``data``; raise `NotUnderstood` where none is found.

    ``model`` is the operation's. ``data`` is output as botocore parses it, before its own handlers, times as
    datetimes, blobs and streams as bytes or their base64.
    """
    protocol = protocol_of(model)
    if model.name in _READ_BY_HANDLERS:
        raise NotUnderstood(f"placebo does not keep what {model.name} answers")
    if protocol not in _PROTOCOLS or model.has_event_stream_output:
        raise NotUnderstood(f"{model.name} answers in the form {protocol}, or as a stream of events")
    said = {name: value for name, value in data.items() if name != "ResponseMetadata"}
    about = data.get("ResponseMetadata") or {}
    if status >= 300:
        headers: Headers = ()
        body = _error(protocol, said)
        expected: Any = said
    else:
        expected = _typed(model.output_shape, said) if model.output_shape else said
        try:
            headers, body = _output(protocol, model, expected)
        except (TypeError, ValueError, LookupError, AttributeError):
            raise NotUnderstood(f"its data does not fit botocore's model of {model.name}") from None
    response = Response(status, "", (*_kept(about, headers), *headers), body)
    parsed = _parsed(model, protocol, response)
    place = _difference(expected, parsed, "")
    if place is not None:
        raise NotUnderstood(
            f"no response that botocore {_version()} parses to its {place or 'data'} was found"
        )
    return response


def _version() -> str:
    import botocore

    return str(botocore.__version__)


def _kept(about: Mapping[str, Any], made: Headers) -> Headers:
    """Return the header fields that were recorded, without those that the body and the data decide."""
    given = about.get("HTTPHeaders")
    fields = given if isinstance(given, Mapping) else {}
    ours = {name.lower() for name, _ in made}
    kept = tuple(
        (str(name), str(value))
        for name, value in fields.items()
        if name.lower() not in (*ours, *_ABOUT_THE_BODY, "__class__", "__module__")
        and not name.lower().startswith(("x-amz-checksum-", "x-amz-crc32"))
    )
    request_id = about.get("RequestId")
    if request_id and not kept:
        kept = (("x-amzn-RequestId", str(request_id)),)
    return kept


def _typed(shape: Any, value: Any) -> Any:
    """Return ``value`` with bytes where the model has a blob: placebo keeps those as base64."""
    if value is None or shape is None:
        return value
    if (
        shape.type_name == "structure"
        and isinstance(value, Mapping)
        and not shape.serialization.get("document")
    ):
        return {name: _typed(shape.members.get(name), item) for name, item in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_typed(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {name: _typed(shape.value, item) for name, item in value.items()}
    if shape.type_name == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return value.encode()
    return value


# Output -------------------------------------------------------------------------------------------


def _output(protocol: str, model: Any, data: Mapping[str, Any]) -> tuple[Headers, bytes]:
    """Return the header fields and the body that say ``data``."""
    shape = model.output_shape
    kind = "text/xml" if protocol in _XML else "application/json"
    if protocol == "json":
        kind = f"application/x-amz-json-{model.service_model.metadata.get('jsonVersion', '1.1')}"
    if shape is None:
        return (("Content-Type", kind),), b"" if protocol.startswith("rest") else _wrapped(
            protocol, model, ""
        )
    headers = tuple(_header_fields(shape, data)) if protocol.startswith("rest") else ()
    payload = shape.serialization.get("payload") if protocol.startswith("rest") else None
    if payload is not None:
        member, value = shape.members[payload], data.get(payload)
        if member.type_name in ("blob", "string"):
            raw = value.encode() if isinstance(value, str) else value or b""
            return headers, raw
        named = member.serialization.get("name", member.name)
        body = _xml(member, value or {}, named) if protocol in _XML else _dumped(member, value or {})
        return (*headers, ("Content-Type", kind)), body.encode()
    if protocol in _XML:
        inner = "".join(_xml_members(shape, data))
        return (*headers, ("Content-Type", kind)), _wrapped(protocol, model, inner)
    return (*headers, ("Content-Type", kind)), _dumped(shape, data).encode()


def _wrapped(protocol: str, model: Any, inner: str) -> bytes:
    if protocol == "json":
        return b"{}"
    wrapper = model.output_shape.serialization.get("resultWrapper") if model.output_shape else None
    if protocol == "query" and wrapper:
        inner = f"<{wrapper}>{inner}</{wrapper}>"
    return f"<{model.name}Response>{inner}</{model.name}Response>".encode()


def _header_fields(shape: Any, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, member in shape.members.items():
        location, value = member.serialization.get("location"), data.get(name)
        if value is None:
            continue
        if location == "header":
            yield member.serialization.get("name", name), _word(member, value, "rfc822")
        elif location == "headers":
            prefix = member.serialization.get("name", "")
            yield from ((prefix + key, str(item)) for key, item in value.items())


def _word(shape: Any, value: Any, times: str) -> str:
    """Return a scalar as text; times are in the format of the model, or ``times``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        form = shape.serialization.get("timestampFormat", times)
        if form == "rfc822" and not value.microsecond:
            return format_datetime(value.astimezone(UTC), usegmt=True)
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


def _xml_members(shape: Any, data: Mapping[str, Any]) -> Iterator[str]:
    for name, value in data.items():
        member = shape.members.get(name)
        if member is None or value is None:
            continue
        traits = member.serialization
        if traits.get("location") or traits.get("xmlAttribute"):
            continue
        yield _xml(member, value, traits.get("name", name))


def _xml(shape: Any, value: Any, name: str) -> str:
    """Return ``value`` as the element ``name``, or as several where the model flattens it."""
    flat = shape.serialization.get("flattened")
    if shape.type_name == "structure" and isinstance(value, Mapping):
        inner = "".join(_xml_members(shape, value))
        return f"<{name}{_attributes(shape, value)}>{inner}</{name}>"
    if shape.type_name == "list" and isinstance(value, list):
        each = shape.member.serialization.get("name") or (name if flat else "member")
        inner = "".join(_xml(shape.member, item, each) for item in value)
        return inner if flat else f"<{name}>{inner}</{name}>"
    if shape.type_name == "map" and isinstance(value, Mapping):
        key = shape.key.serialization.get("name") or "key"
        entry = name if flat else "entry"
        item = shape.value.serialization.get("name") or "value"
        inner = "".join(
            f"<{entry}><{key}>{escape(str(word))}</{key}>{_xml(shape.value, held, item)}</{entry}>"
            for word, held in value.items()
        )
        return inner if flat else f"<{name}>{inner}</{name}>"
    return f"<{name}>{escape(_word(shape, value, 'iso8601'))}</{name}>"


def _attributes(shape: Any, value: Mapping[str, Any]) -> str:
    text = ""
    for name, member in shape.members.items():
        if member.serialization.get("xmlAttribute") and name in value:
            attribute = member.serialization["name"]
            prefix = attribute.partition(":")[0] if ":" in attribute else ""
            text += f' xmlns:{prefix}="http://www.w3.org/2001/XMLSchema-instance"' if prefix else ""
            text += f" {attribute}={quoteattr(str(value[name]))}"
    return text


def _dumped(shape: Any, value: Any) -> str:
    return json.dumps(_json(shape, value), ensure_ascii=False)


def _json(shape: Any, value: Any) -> Any:
    if shape is None or value is None:
        return value
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {
            _json_name(shape.members.get(name), name): _json(shape.members.get(name), item)
            for name, item in value.items()
            if not _is_header(shape.members.get(name))
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_json(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {name: _json(shape.value, item) for name, item in value.items()}
    if isinstance(value, datetime):
        if (
            "timestampFormat" in shape.serialization
            and shape.serialization["timestampFormat"] != "unixTimestamp"
        ):
            return _word(shape, value, "iso8601")
        return value.timestamp() if value.microsecond else int(value.timestamp())
    return _word(shape, value, "iso8601") if isinstance(value, bytes) else value


def _json_name(member: Any, name: str) -> str:
    return name if member is None else str(member.serialization.get("name", name))


def _is_header(member: Any) -> bool:
    return member is not None and bool(member.serialization.get("location"))


# Errors -------------------------------------------------------------------------------------------


def _error(protocol: str, said: Mapping[str, Any]) -> bytes:
    """Return the body of an error response."""
    error = said.get("Error")
    if not isinstance(error, Mapping):
        raise NotUnderstood("it has the status of an error, and no error")
    if protocol not in _XML:
        more = {name: value for name, value in said.items() if name != "Error"}
        words = {"__type": error.get("Code"), "message": error.get("Message")}
        return json.dumps({**words, **more}, default=str).encode()
    inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in error.items())
    if protocol == "rest-xml":
        return f"<Error>{inner}</Error>".encode()
    if protocol == "ec2":
        return f"<Response><Errors><Error>{inner}</Error></Errors></Response>".encode()
    return f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>".encode()


# The check ----------------------------------------------------------------------------------------


def _parsed(model: Any, protocol: str, response: Response) -> dict[str, Any]:
    """Return what botocore parses ``response`` to, streams read, without its metadata."""
    from botocore.awsrequest import HeadersDict
    from botocore.parsers import ResponseParserError, create_parser

    told: dict[str, Any] = {
        "status_code": response.status,
        "headers": HeadersDict(dict(response.headers)),
        "body": BytesIO(response.body)
        if model.has_streaming_output and response.status < 300
        else response.body,
        "context": {"operation_name": model.name},
    }
    shape = model.output_shape
    try:
        parsed: dict[str, Any] = create_parser(protocol).parse(told, shape)
        if response.status >= 300:
            return {"Error": parsed.get("Error"), **_modelled(protocol, model, told, parsed)}
    except (ResponseParserError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise NotUnderstood(f"botocore cannot parse what was made of it ({type(error).__name__})") from None
    parsed.pop("ResponseMetadata", None)
    return {name: item.read() if isinstance(item, BytesIO) else item for name, item in parsed.items()}


def _modelled(protocol: str, model: Any, told: dict[str, Any], parsed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a modelled error, as the client adds them to the parsed one."""
    from botocore.parsers import create_parser

    shape = model.service_model.shape_for_error_code((parsed.get("Error") or {}).get("Code", ""))
    if shape is None:
        return {}
    more: dict[str, Any] = create_parser(protocol).parse(told, shape)
    return {name: value for name, value in more.items() if name in shape.members}


def _difference(expected: Any, found: Any, place: str) -> str | None:
    """Return the first place in which two trees differ, None if they do not."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name in (*expected, *(name for name in found if name not in expected)):
            below = f"{place}.{name}" if place else str(name)
            if (name in expected) != (name in found):
                return below
            differing = _difference(expected[name], found[name], below)
            if differing is not None:
                return differing
        return None
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return next((p for i, (a, b) in pairs if (p := _difference(a, b, f"{place}[{i}]")) is not None), None)
    return None if expected == found else place
