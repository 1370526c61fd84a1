"""Answers of AWS as its services write them, drawn from the installed models: XML in three ways, and JSON."""

from __future__ import annotations

import json
import random
import uuid
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from sealtape.drift.models import Operation, Shape, operation_model, protocols
from sealtape.interaction import Recording
from tests.unit.drift.recordings import aws, recording

LIMITED = "a name must have at most 64 letters"
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
OPERATIONS = (
    *("iam.GetAccountAuthorizationDetails", "sns.GetTopicAttributes", "cloudformation.DescribeStacks"),
    *("elbv2.DescribeRules", "ec2.DescribeInstances", "ec2.DescribeVpcEndpoints", "s3.ListObjectVersions"),
    *("s3.GetBucketLifecycleConfiguration", "cloudfront.GetDistribution", "route53.ListHostedZones"),
    *("apigatewayv2.GetRoutes", "iot.DescribeThing", "backup.GetBackupPlan", "dynamodb.DescribeTable"),
    *("dynamodb.Query", "kms.DescribeKey", "ecs.DescribeServices"),
)


class Drawn:
    """A place for what is another value in each recording, the same one in all places with its number."""

    def __init__(self, form: str, number: int) -> None:
        self.form, self.number = form, number

    def __repr__(self) -> str:
        return f"<{self.form} {self.number}>"

    def of(self, recording: int) -> Any:
        drawn = str(uuid.UUID(int=(recording << 64) + (self.number + 1) * 0x9E3779B97F4A7C15, version=4))
        match self.form:
            case "arn":
                return f"arn:aws:orders:eu-west-1:210987654321:order/{drawn}"
            case "time":
                return f"2026-{recording + 1:02d}-{self.number % 27 + 1:02d}T10:00:00Z"
            case "epoch":
                return 1_700_000_000 + recording * 9_973 + self.number + 0.25
            case "text":
                return f"the order {drawn} was taken and must hold at most 20 lines"
        return drawn


@dataclass(frozen=True, slots=True)
class Moved:
    """A value under a name that the model does not have, written as ``shape`` says all the same."""

    value: Any
    shape: Shape


def said(answer: Any, recording: int) -> Any:
    """Return ``answer`` as one recording has it."""
    if isinstance(answer, dict):
        return {name: said(value, recording) for name, value in answer.items()}
    if isinstance(answer, list):
        return [said(value, recording) for value in answer]
    if isinstance(answer, Moved):
        return Moved(said(answer.value, recording), answer.shape)
    return answer.of(recording) if isinstance(answer, Drawn) else answer


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of one operation, as a tree of the names that botocore gives to its members."""

    label: str
    tree: dict[str, Any]

    @property
    def model(self) -> Operation:
        service, _, operation = self.label.partition(".")
        return operation_model(service, operation)

    def recorded(self, number: int) -> Recording:
        """Return the recording with that number, with ids and times of its own."""
        (protocol,) = protocols(self.label.partition(".")[0])
        tree = said(self.tree, number)
        return recording(aws(self.label, _body(self.label, protocol, tree, self.model), protocol=protocol))

    def members(self) -> Iterator[tuple[dict[str, Any], str, str, Shape]]:
        """Yield each member of a structure or map: what holds it, its name, the holder's path, its shape.

        Without page tokens, which are none of the answer's content, and what is the whole body.
        """
        for holder, name, path, shape in _members(self.tree, self.model.output):
            if name not in self.model.tokens and (path or not self.model.payload):
                yield holder, name, path, shape


def drawn_answer(draw: random.Random) -> Answer:
    """Return an answer of one of the operations."""
    return drawn_answer_of(draw.choice(OPERATIONS), draw)


def drawn_answer_of(label: str, draw: random.Random) -> Answer:
    """Return an answer of the operation ``label``, with a few of its members, some levels deep."""
    while not (tree := _value(operation_model(*label.split(".")).output, draw)):
        pass
    return Answer(label, tree)


def _value(shape: Shape, draw: random.Random, around: tuple[str, ...] = ()) -> Any:
    match shape.type_name:
        case "structure":
            names = [n for n, m in shape.members.items() if not _is_apart(m) and shape.name not in around]
            few = 1 if shape.is_tagged_union else draw.randint(1, 4)
            inner = (*around, shape.name)
            chosen = draw.sample(names, min(few, len(names)))
            made = {name: _value(shape.members[name], draw, inner) for name in chosen}
            return {name: value for name, value in made.items() if value not in ({}, [])}
        case "list" if shape.member.type_name == "string":
            return draw.sample(shape.member.enum or WORDS, 1 if shape.member.enum else draw.randint(1, 3))
        case "list":
            items = [_value(shape.member, draw, around) for _ in range(draw.randint(1, 3))]
            return [item for item in items if item not in ({}, [])]
        case "map":
            made = {
                name: _value(shape.value, draw, around) for name in draw.sample(WORDS, draw.randint(1, 2))
            }
            return {name: value for name, value in made.items() if value not in ({}, [])}
    return _scalar(shape, draw)


def _scalar(shape: Shape, draw: random.Random) -> Any:
    number = draw.randint(0, 999)
    match shape.type_name:
        case "string":
            values = (*(Drawn(form, number) for form in ("id", "arn", "text")), *WORDS, LIMITED)
            return draw.choice(shape.enum or values)
        case "timestamp":
            return Drawn("time", number)
        case "boolean":
            return draw.choice((True, False))
        case "blob":
            return b64encode(b"the theta").decode()
    return number


def _is_apart(member: Shape) -> bool:
    """Whether a member stands somewhere else than in an element or in a JSON member."""
    return bool(member.serialization.keys() & {"location", "xmlAttribute"})


def _members(tree: Any, shape: Shape, path: str = "") -> Iterator[tuple[dict[str, Any], str, str, Shape]]:
    kind = shape.type_name
    if kind == "structure":
        for name, value in tree.items():
            yield tree, name, path, shape.members[name]
            yield from _members(value, shape.members[name], f"{path}{name}.")
    elif kind == "list":
        for item in tree:
            yield from _members(item, shape.member, f"{path.removesuffix('.')}[].")
    elif kind == "map":
        for name, value in tree.items():
            yield tree, name, path, shape.value
            yield from _members(value, shape.value, f"{path}{name}.")


def _body(label: str, protocol: str, tree: dict[str, Any], model: Operation) -> str:
    shape, payload = model.output, model.payload
    if "json" in protocol:
        return json.dumps(_plain(*((tree[payload], shape.members[payload]) if payload else (tree, shape))))
    if payload:
        return _element(payload, tree[payload], shape.members[payload])
    root, inner = f"{label.partition('.')[2]}Response", _content(tree, shape)
    wrapped = f"<{model.wrapper}>{inner}</{model.wrapper}>" if model.wrapper else inner
    return f'<{root} xmlns="urn:example">{wrapped}<requestId>{uuid.uuid4()}</requestId></{root}>'


# JSON -------------------------------------------------------------------------------------------------


def _plain(value: Any, shape: Shape) -> Any:
    if isinstance(value, Moved):
        return _plain(value.value, value.shape)
    kind = shape.type_name if shape is not None else ""
    if isinstance(value, dict) and kind == "structure":
        members = {name: shape.members.get(name) for name in value}
        wire = {name: m.serialization.get("name", name) if m else name for name, m in members.items()}
        return {wire[name]: _plain(inner, members[name]) for name, inner in value.items()}
    if isinstance(value, dict):
        return {name: _plain(inner, shape.value if kind == "map" else None) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(item, shape.member if kind == "list" else None) for item in value]
    return value


# XML --------------------------------------------------------------------------------------------------


def repeated(tag: str, value: Any) -> str:
    """Return ``value`` as XML without a model: an item of a list is an element that comes again."""
    if isinstance(value, list):
        return "".join(repeated(tag, item) for item in value)
    if isinstance(value, dict):
        return f"<{tag}>{''.join(repeated(name, inner) for name, inner in value.items())}</{tag}>"
    return _element(tag, "" if value is None else value, None)


def _element(tag: str, value: Any, shape: Shape) -> str:
    if isinstance(value, Moved):
        return _element(tag, value.value, value.shape)
    return f"<{tag}>{_content(value, shape)}</{tag}>"


def _content(value: Any, shape: Shape) -> str:
    kind = shape.type_name if shape is not None else ""
    if isinstance(value, dict) and kind == "map":
        return _entries("entry", value, shape)
    if isinstance(value, dict):
        known: Mapping[str, Shape] = shape.members if kind == "structure" else {}
        return "".join(_member(name, inner, known.get(name)) for name, inner in value.items())
    if isinstance(value, list):
        member = shape.member if kind == "list" else None
        tag = member.serialization.get("name", "member") if member is not None else "member"
        return "".join(_element(tag, item, member) for item in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


def _member(name: str, value: Any, shape: Shape) -> str:
    if shape is None:
        return _element(name, value, None)
    tag = shape.serialization.get("name", name)
    if shape.serialization.get("flattened") and isinstance(value, list):
        return "".join(
            _element(shape.member.serialization.get("name") or tag, i, shape.member) for i in value
        )
    if shape.serialization.get("flattened") and isinstance(value, dict):
        return _entries(tag, value, shape)
    return _element(tag, value, shape)


def _entries(tag: str, value: dict[str, Any], shape: Shape) -> str:
    key, held = (
        side.serialization.get("name", n) for side, n in ((shape.key, "key"), (shape.value, "value"))
    )
    return "".join(
        f"<{tag}><{key}>{name}</{key}>{_element(held, inner, shape.value)}</{tag}>"
        for name, inner in value.items()
    )
