"""Recorded requests and answers held against their model, without recording again.

AWS calls against that of the installed botocore, HTTP against the OpenAPI document of the host.

A model says what an operation takes and gives. What a recording has beyond it shows what another SDK knew
or the provider added; what the model demands and the recording lacks is what an SDK would refuse today. So
the same cassettes under another botocore say what an upgrade changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sealtape.drift.align import http_operation
from sealtape.drift.bodies import NO_MODELS, api_of, document, read_body
from sealtape.drift.engine import finding
from sealtape.drift.findings import Cause, Finding, group
from sealtape.drift.models import ENTRY, ITEM, UNKNOWN, Shape, operation_model, protocols
from sealtape.drift.openapi import Api, SchemaShape
from sealtape.drift.rules import RULE
from sealtape.interaction import ANYTHING, AwsRequest, HttpRequest, Interaction, Recording, Request, Response

_SPECIAL = frozenset(("$stream", "$decimal", "$set", "$type", "$blob", "$condition", "$attribute", "$any"))
_COMPOUND: Mapping[str, Any] = {"structure": Mapping, "map": Mapping, "list": (list, tuple)}
_TYPED_VALUE = "AttributeValue"
_NUMBERS = frozenset(("integer", "long", "float", "double", "bigdecimal"))


@dataclass(frozen=True, slots=True)
class _Breach:
    """What does not fit the model: the rule, where, what the model has and what the recording has."""

    rule: str
    path: tuple[str, ...]
    modelled: Any = None
    recorded: Any = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What was held against a model: how many requests of how many, and which findings came of it."""

    findings: tuple[Finding, ...]
    aws: int
    http: int
    requests: int


def contract(recording: Recording, *, test: str = "", models: Mapping[str, Api] = NO_MODELS) -> Checked:
    """Return what in ``recording`` does not fit its model, one finding a fact; ``models`` are by host.

    ``old`` is what the model has, ``new`` what was recorded; the cause is ``sdk`` for what an AWS request or
    its protocol says, else ``unknown``: the model may be behind the provider, or the provider beside its
    model. What has no model is only counted, and none is made up.
    """
    found: list[Finding] = []
    checked = {AwsRequest: 0, HttpRequest: 0}
    for scrubbed in recording.interactions:
        interaction, request = scrubbed.interaction, scrubbed.interaction.request
        if isinstance(request, AwsRequest):
            told = dict.fromkeys((*_asked(request), *_answered(interaction, request)))
            place = request.service, request.operation
        elif (api := api_of(request, models)) is not None:
            told = dict.fromkeys(_over_http(interaction, request, api))
            place = http_operation(request)
        else:
            continue
        checked[type(request)] += 1
        found += [_finding(breach, request, place, test or recording.name) for breach in told]
    return Checked(
        tuple(group(found)), checked[AwsRequest], checked[HttpRequest], len(recording.interactions)
    )


def _finding(breach: _Breach, request: Request, place: tuple[str, str], test: str) -> Finding:
    is_asked = breach.path[:1] in ((":request",), (":protocol",)) or not breach.path
    cause: Cause = "sdk" if is_asked and isinstance(request, AwsRequest) else "unknown"
    path = ".".join(breach.path)
    return finding(RULE[breach.rule], *place, path, breach.modelled, breach.recorded, cause, test)


# HTTP ---------------------------------------------------------------------------------------------------


def _over_http(interaction: Interaction, request: HttpRequest, api: Api) -> Iterator[_Breach]:
    if not api.knows(request.method, request.url):
        yield _Breach("unmodelled-operation", ())
        return
    form, sent = _sent(request)
    if form == "json":
        yield from _against(sent, api.asked(request.method, request.url), (":request",), is_request=True)
    outcome = interaction.outcome
    if not isinstance(outcome, Response):
        return
    if not api.knows(request.method, request.url, outcome.status):
        yield _Breach("unmodelled-status", (":status",), None, outcome.status)
        return
    answer = document(interaction)
    if answer.form == "json":
        shape = api.answer(request.method, request.url, outcome.status)
        yield from _against(answer.tree, shape, (), is_request=False)


def _sent(request: HttpRequest) -> tuple[str, Any]:
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    return read_body(request.body, kind)


# Requests -----------------------------------------------------------------------------------------------


def _asked(request: AwsRequest) -> Iterator[_Breach]:
    model = operation_model(request.service, request.operation)
    if model is UNKNOWN:
        yield _Breach("unmodelled-operation", ())
        return
    known = protocols(request.service)
    if request.protocol and known and request.protocol != known[0]:
        yield _Breach("protocol-changed", (":protocol",), known[0], request.protocol)
    if request.parameters != ANYTHING:
        yield from _against(request.parameters, model.input, (":request",), is_request=True)


# Answers ------------------------------------------------------------------------------------------------


def _answered(interaction: Interaction, request: AwsRequest) -> Iterator[_Breach]:
    answer = document(interaction)
    if answer.failure or answer.model is UNKNOWN:
        return
    if answer.is_error:
        error = answer.tree.get("Error") if isinstance(answer.tree, Mapping) else None
        code = error.get("Code") if isinstance(error, Mapping) else None
        # A model that lists errors lists those that callers catch by name; S3 and EC2 list next to none.
        if isinstance(code, str) and answer.model.errors and code not in answer.model.errors:
            yield _Breach("unmodelled-error", ("Error", "Code"), None, code)
        return
    if answer.shape is None:
        if isinstance(answer.tree, Mapping):
            yield from (
                _Breach("unmodelled-member", (name,), None, value) for name, value in answer.tree.items()
            )
        return
    if isinstance(answer.tree, Mapping):
        yield from _against(answer.tree, answer.shape, (), is_request=False)


# Shapes -------------------------------------------------------------------------------------------------


def _against(value: Any, shape: Shape, path: tuple[str, ...], *, is_request: bool) -> Iterator[_Breach]:
    """Yield where ``value`` does not fit ``shape``; a value that is null or tagged by capture fits any."""
    if value is None or shape is None or (isinstance(value, Mapping) and _SPECIAL & value.keys()):
        return
    kind = shape.type_name
    if not kind:
        return
    if kind not in _COMPOUND:
        yield from _scalar(value, shape, path, is_request=is_request)
    elif getattr(shape, "is_document_type", False) or (is_request and _is_boto3s_own(value, shape)):
        return
    elif not isinstance(value, _COMPOUND[kind]):
        yield _Breach("unmodelled-type", path, kind, _kind(value))
    elif kind == "structure":
        yield from _structure(value, shape, path, is_request=is_request)
    elif kind == "list":
        for item in value:
            yield from _against(item, shape.member, (*path, ITEM), is_request=is_request)
    else:
        for item in value.values():
            yield from _against(item, shape.value, (*path, ENTRY), is_request=is_request)


def _structure(
    value: Mapping[str, Any], shape: Shape, path: tuple[str, ...], *, is_request: bool
) -> Iterator[_Breach]:
    for name, inner in value.items():
        if name in shape.members:
            yield from _against(inner, shape.members[name], (*path, name), is_request=is_request)
        elif not shape.is_tagged_union and not (is_request and _takes_anything(shape)):
            rule = "unmodelled-parameter" if is_request else "unmodelled-member"
            yield _Breach(rule, (*path, name), None, _kind(inner))
    for name in shape.required_members:
        if name not in value:
            rule = "required-parameter-missing" if is_request else "required-member-missing"
            yield _Breach(rule, (*path, name), shape.members[name].type_name)


def _is_boto3s_own(value: Any, shape: Shape) -> bool:
    """Whether a value is a plain one, which boto3's resource of DynamoDB takes in the place of a typed one.

    It goes by the name of the shape (boto3.dynamodb.transform), after the parameters are recorded.
    """
    if getattr(shape, "name", "") != _TYPED_VALUE:
        return False
    return not (isinstance(value, Mapping) and len(value) == 1 and shape.members.keys() >= value.keys())


def _takes_anything(shape: Shape) -> bool:
    """Whether an object of that shape may have members that the model does not name: JSON Schema says so."""
    return isinstance(shape, SchemaShape) and not shape.is_closed


def _scalar(value: Any, shape: Shape, path: tuple[str, ...], *, is_request: bool) -> Iterator[_Breach]:
    if isinstance(value, Mapping) and value.keys() == {"$time"}:
        value = str(value["$time"])
    if not _fits(value, shape, is_request=is_request):
        yield _Breach("unmodelled-type", path, shape.type_name, _kind(value))
        return
    values = shape.metadata.get("enum")
    if values and isinstance(value, str) and value not in values:
        yield _Breach("enum-outside-model", path, None, value)


def _fits(value: Any, shape: Shape, *, is_request: bool) -> bool:
    kind = shape.type_name
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in _NUMBERS:
        # To botocore JSON has no NaN, and headers no numbers: both come as text.
        is_text = isinstance(value, str) and not is_request and not isinstance(shape, SchemaShape)
        return is_number or (is_text and _spells_number(value))
    if kind == "timestamp":
        return is_number or isinstance(value, str)
    if shape.serialization.get("jsonvalue"):
        return True
    # The content of a blob comes as what it says, which may be a document.
    return isinstance(value, (str, bytes)) or kind == "blob"


def _spells_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, (str, bytes)):
        return "string"
    return "structure" if isinstance(value, Mapping) else "list"
