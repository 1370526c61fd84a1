"""A response as a document: one tree that holds what the model knows and what only the bytes say.

botocore drops members that its model does not know. Here they stay, under the name they have on the
wire, beside the known ones, which go by the names that code under test uses. XML comes out as the model
says (lists, maps, numbers), or, without a model, with repeated elements as lists.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree.ElementTree import Element

from sealtape.drift.elements import from_element, generic, grouped, local, read_xml, scalar
from sealtape.drift.models import UNKNOWN, Operation, Shape, decode_cbor, decode_events, operation_model
from sealtape.drift.openapi import Api
from sealtape.interaction import AwsRequest, Headers, HttpRequest, Interaction, Response

NO_MODELS: Mapping[str, Api] = {}

_MAX_INFLATED = 64 << 20
_JSON = re.compile(r"\s*[\[{]")
# Elements with which the query protocols wrap a result; they belong to the protocol, not to the answer.
_PROTOCOL_ELEMENTS = frozenset(("ResponseMetadata", "requestId", "RequestId", "RequestID", "HostId"))


@dataclass(frozen=True, slots=True)
class Document:
    """What one response says.

    ``status`` is None where it is not known. ``form`` is how the body was read: ``json``, ``xml``,
    ``form``, ``text``, ``bytes``, ``cbor``, ``events`` or ``""`` for none. ``headers`` have lower-case
    names, without those that the model makes members of the tree; None where they were not recorded.
    ``shape`` is the model of ``tree``. ``failure`` is the kind of failure where no response came.
    ``is_aws`` says that a model decides how the body is read, whatever its content type.
    """

    tree: Any
    form: str = ""
    status: int | None = None
    headers: Mapping[str, str] | None = None
    shape: Shape = None
    model: Operation = UNKNOWN
    failure: str = ""
    is_error: bool = False
    is_aws: bool = False


def parsed_document(tree: Any, service: str = "", operation: str = "") -> Document:
    """Return the `Document` of parsed output, as botocore gives it to its caller, or of any JSON."""
    model = operation_model(service, operation) if service and operation else UNKNOWN
    status, headers = None, None
    if isinstance(tree, Mapping):
        meta = tree.get("ResponseMetadata")
        if isinstance(meta, Mapping) and "HTTPStatusCode" in meta:
            status = meta["HTTPStatusCode"]
            tree = {name: value for name, value in tree.items() if name != "ResponseMetadata"}
            recorded = meta.get("HTTPHeaders") or {}
            headers = {name.lower(): str(value) for name, value in recorded.items()} or None
    error = tree.get("Error") if isinstance(tree, Mapping) else None
    code = error.get("Code") if isinstance(error, Mapping) else None
    is_error = isinstance(code, str) or (isinstance(status, int) and status >= 400)
    shape = model.errors.get(str(code)) if is_error else model.output
    return Document(tree, "json", status, headers, shape, model, is_error=is_error)


def document(interaction: Interaction, models: Mapping[str, Api] = NO_MODELS) -> Document:
    """Return the `Document` of a recorded outcome; ``models`` are OpenAPI documents by host."""
    outcome = interaction.outcome
    if not isinstance(outcome, Response):
        return Document(None, failure=outcome.kind)
    headers = _headers(outcome.headers)
    body = _inflated(outcome.body, headers.get("content-encoding", ""))
    if isinstance(interaction.request, AwsRequest):
        return _aws_document(interaction.request, outcome.status, headers, body)
    form, tree = read_body(body, headers.get("content-type", ""))
    shape = _http_shape(interaction.request, outcome.status, models) if form == "json" and models else None
    return Document(tree, form, outcome.status, headers, shape, is_error=outcome.status >= 400)


def api_of(request: HttpRequest, models: Mapping[str, Api]) -> Api | None:
    """Return the OpenAPI document of the host that is asked, by its name with or without the port."""
    place = urlsplit(request.url)
    return models.get(place.netloc.lower()) or models.get(place.hostname or "")


def _http_shape(request: HttpRequest, status: int, models: Mapping[str, Api]) -> Shape:
    api = api_of(request, models)
    return api.answer(request.method, request.url, status) if api is not None else None


def _headers(fields: Headers) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in fields:
        lower = name.lower()
        joined[lower] = f"{joined[lower]}, {value}" if lower in joined else value
    return joined


def _inflated(body: bytes, coding: str) -> bytes:
    wbits = {"gzip": 31, "x-gzip": 31, "deflate": 15}.get(coding.strip().lower())
    if wbits is None or not body:
        return body
    try:
        return zlib.decompressobj(wbits).decompress(body, _MAX_INFLATED)
    except zlib.error:
        return body  # a body that does not hold what it says is compared as it is


def read_body(body: bytes, content_type: str) -> tuple[str, Any]:
    """Return how ``body`` was read, and what it says: a tree, text or bytes."""
    media = content_type.partition(";")[0].strip().lower()
    if not body:
        return "", None
    if media == "application/cbor":
        return _tried("cbor", body, decode_cbor)
    if media == "application/vnd.amazon.eventstream":
        return _tried("events", body, _events)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes", body
    if media == "application/x-www-form-urlencoded":
        return "form", grouped(parse_qsl(text, keep_blank_values=True))
    if _JSON.match(text):
        return _tried("json", text, json.loads)
    if media.endswith("xml") and media != "application/xhtml+xml":
        root = read_xml(body)
        if root is not None:
            return "xml", {local(root.tag): generic(root)}
    return "text", text


def _tried(form: str, body: Any, read: Callable[[Any], Any]) -> tuple[str, Any]:
    try:
        return form, read(body)
    except (ValueError, RecursionError):
        return ("text" if isinstance(body, str) else "bytes"), body


def _events(body: bytes) -> list[Any]:
    return [{name: read_body(payload, "")[1]} for name, payload in decode_events(body)]


# AWS ----------------------------------------------------------------------------------------------


def _aws_document(request: AwsRequest, status: int, headers: dict[str, str], body: bytes) -> Document:
    model = operation_model(request.service, request.operation)
    if status >= 400:
        return _aws_error(model, status, headers, body)
    shape = model.output
    form, tree = _aws_body(model, headers, body)
    members, rest = _header_members(shape, headers)
    if members:
        tree = {**members, **tree} if isinstance(tree, Mapping) else {**members, "Body": tree}
    return Document(tree, form, status, rest, shape, model, is_aws=True)


def _aws_body(model: Operation, headers: Mapping[str, str], body: bytes) -> tuple[str, Any]:
    shape = model.output
    kind = shape.members[model.payload].type_name if model.payload else ""
    if kind in ("blob", "string"):
        form, content = read_body(body, headers.get("content-type", ""))
        return form, {model.payload: content}
    root = read_xml(body) if body.lstrip()[:1] == b"<" else None
    if root is not None:
        return "xml", _xml_result(model, root)
    form, tree = read_body(body, headers.get("content-type", ""))
    if not body:
        return "", {}
    if kind:
        return form, {model.payload: _member_names(tree, shape.members[model.payload])}
    return form, _member_names(tree, shape)


def _xml_result(model: Operation, root: Element) -> Any:
    shape = model.output
    if model.payload:
        return {model.payload: from_element(root, shape.members[model.payload])}
    wrapped = root.find(f"{{*}}{model.wrapper}") if model.wrapper else None
    if wrapped is not None:
        beside = grouped((local(c.tag), generic(c)) for c in root if c is not wrapped)
        beside = {f"{local(root.tag)}.{n}": v for n, v in beside.items() if n not in _PROTOCOL_ELEMENTS}
        result = from_element(wrapped, shape)
        return {**result, **beside} if isinstance(result, dict) else result
    if not len(root) and (root.text or "").strip():
        return {local(root.tag): root.text}
    tree = from_element(root, shape)
    return {n: v for n, v in tree.items() if n not in _PROTOCOL_ELEMENTS} if isinstance(tree, dict) else tree


def _aws_error(model: Operation, status: int, headers: dict[str, str], body: bytes) -> Document:
    """Return an error as botocore has it, ``{"Error": {"Code", "Message", …}, …}``, and the rest."""
    root = read_xml(body) if body.lstrip()[:1] == b"<" else None
    if root is not None:
        found = root if local(root.tag) == "Error" else root.find(".//{*}Error")
        inner = generic(found) if found is not None else generic(root)
        error = (
            {n: v for n, v in inner.items() if n not in _PROTOCOL_ELEMENTS}
            if isinstance(inner, dict)
            else inner
        )
        tree: Any = {"Error": error}
        form = "xml"
    else:
        form, tree = read_body(body, headers.get("content-type", ""))
        tree = _json_error(tree, headers) if isinstance(tree, dict) or not body else tree
    code = (
        tree["Error"].get("Code", "")
        if isinstance(tree, dict) and isinstance(tree.get("Error"), dict)
        else ""
    )
    rest = {n: v for n, v in headers.items() if n != "x-amzn-errortype"}
    return Document(tree, form, status, rest, model.errors.get(str(code)), model, is_error=True, is_aws=True)


def _json_error(tree: Any, headers: Mapping[str, str]) -> dict[str, Any]:
    rest = dict(tree or {})
    codes = [rest.pop(name, None) for name in ("__type", "code", "Code")]
    code = headers.get("x-amzn-errortype") or next((c for c in codes if c), None)
    error: dict[str, Any] = {}
    if code is not None:
        error["Code"] = str(code).partition(":")[0].rpartition("#")[2]
    for name in ("message", "Message", "errorMessage"):
        if name in rest:
            error.setdefault("Message", rest.pop(name))
    return {"Error": error, **rest}


def _header_members(shape: Shape, headers: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    members: dict[str, Any] = {}
    rest = dict(headers)
    for name, member in shape.members.items() if shape is not None else ():
        place = member.serialization.get("location")
        wire = member.serialization.get("name", name).lower()
        if place == "header" and wire in rest:
            members[name] = scalar(rest.pop(wire), member)
        elif place == "headers":
            mapped = {n.removeprefix(wire): rest.pop(n) for n in list(rest) if n.startswith(wire)}
            if mapped:
                members[name] = mapped
    return members, rest


def _member_names(tree: Any, shape: Shape) -> Any:
    """Return ``tree``, as JSON has it, with the members that the model knows under their own names."""
    kind = shape.type_name if shape is not None else ""
    if kind == "structure" and isinstance(tree, Mapping):
        wire = {m.serialization.get("name", n): n for n, m in shape.members.items()}
        return {
            wire.get(n, n): _member_names(v, shape.members[wire[n]]) if n in wire else v
            for n, v in tree.items()
        }
    if kind == "list" and isinstance(tree, list):
        return [_member_names(item, shape.member) for item in tree]
    if kind == "map" and isinstance(tree, Mapping):
        return {name: _member_names(value, shape.value) for name, value in tree.items()}
    if kind == "blob" and isinstance(tree, str):
        return _text_of_blob(tree)
    return tree


def _text_of_blob(encoded: str) -> str:
    """Return what a blob holds where that is text, else the blob in base64 as it came."""
    try:
        return b64decode(encoded, validate=True).decode("utf-8")
    except (Base64Error, UnicodeDecodeError, ValueError):
        return encoded
