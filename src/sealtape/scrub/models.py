"""What botocore's service models say about secrets, and what they do not say.

The models mark shapes as ``sensitive``; `SUPPLEMENT` names credential members that they leave
unmarked, `PAYLOADS` unmarked members that often carry secrets among settings (environment variables,
user data, stack outputs), and `CONTENT` those that are marked although they carry the caller's own
documents, which programs branch on: these are looked into, not replaced. From all this a `Node` tree is
made for each operation, by parameter names for requests and by wire names for responses, pruned to
the places that hold something. Models are read when an operation is first met, and kept.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sealtape.scrub.evidence import normalised
from sealtape.scrub.supplement import CONTENT, PAYLOADS, SUPPLEMENT

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.model import OperationModel, ServiceModel, Shape

_PAGE_NAMES = frozenset({"nexttoken", "nextpagetoken", "paginationtoken", "continuationtoken", "marker"})


@dataclass(slots=True)
class Node:
    """A place in a tree of parameters or in a body: the rule that claims it, or what lies below it.

    ``"*"`` among the children stands for every name. A list has no node of its own in JSON and in
    parameters: its elements stand at the list's place.
    """

    rule: str = ""
    children: dict[str, Node] = field(default_factory=dict)

    def child(self, name: str) -> Node | None:
        """Return the node for the member of that name."""
        return self.children.get(name) or self.children.get("*")


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """What is claimed in a response: body members, header fields (lower case), the whole body, events."""

    body: Node | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    whole: str = ""
    events: Mapping[str, Node] = field(default_factory=dict)


NO_PLAN = ResponsePlan()


class Models:
    """The plans of every operation met so far. Safe to use from several threads."""

    def __init__(self, loader: Loader | None = None) -> None:
        self._loader = loader
        self._lock = threading.Lock()
        self._services: dict[str, ServiceModel | None] = {}
        self._requests: dict[tuple[str, str], Node | None] = {}
        self._responses: dict[tuple[str, str], ResponsePlan] = {}

    def request(self, service: str, operation: str) -> Node | None:
        """Return what is claimed in the parameters of an operation; None where nothing is."""
        key = (service, operation)
        if key not in self._requests:
            with self._lock:
                model = self._operation(service, operation)
                shape = model.input_shape if model is not None else None
                self._requests[key] = _pruned(_Builder(service, "").node(shape)) if shape else None
        return self._requests[key]

    def response(self, service: str, operation: str) -> ResponsePlan:
        """Return what is claimed in the responses of an operation."""
        key = (service, operation)
        if key not in self._responses:
            with self._lock:
                model = self._operation(service, operation)
                self._responses[key] = NO_PLAN if model is None else _response_plan(service, model)
        return self._responses[key]

    def _operation(self, service: str, operation: str) -> OperationModel | None:
        if service not in self._services:
            self._services[service] = self._load(service)
        model = self._services[service]
        if model is None or operation not in model.operation_names:
            return None
        return model.operation_model(operation)

    def _load(self, service: str) -> ServiceModel | None:
        from botocore.exceptions import DataNotFoundError, UnknownServiceError
        from botocore.loaders import Loader
        from botocore.model import ServiceModel

        self._loader = self._loader or Loader()
        try:
            return ServiceModel(self._loader.load_service_model(service, "service-2"), service)
        except (UnknownServiceError, DataNotFoundError):
            return None


@lru_cache(maxsize=1)
def shared_models() -> Models:
    """Return the models that every scrubber of this process shares: reading one can take 0.1 s."""
    return Models()


class _Builder:
    """Makes the nodes of one operation's shapes. Recursive shapes become cycles."""

    def __init__(self, service: str, wire: str) -> None:
        self._wire = wire
        self._supplement = SUPPLEMENT.get(service, frozenset())
        self._payloads = PAYLOADS.get(service, frozenset())
        self._content = CONTENT.get(service, frozenset())
        self._nodes: dict[tuple[str, str, bool], Node] = {}

    def node(self, shape: Shape, claim: str = "") -> Node:
        key = (shape.name, claim, bool(shape.serialization.get("flattened")))
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node()
            self._fill(node, shape, claim)
        return node

    def _fill(self, node: Node, shape: Any, claim: str) -> None:
        kind = shape.type_name
        if kind == "structure":
            if claim and (shape.metadata.get("document") or not shape.members):
                node.rule = claim
            for name, member in shape.members.items():
                child = self.node(member, self.claim(shape, name, member, claim))
                node.children[self._name(name, member)] = child
        elif kind == "list":
            self._fill_list(node, shape, claim)
        elif kind == "map":
            value = self.node(shape.value, claim or self._marked(shape.value))
            if self._wire == "xml":
                name = shape.value.serialization.get("name", "value")
                value = Node(children={name: value})
            node.children["*"] = value
            if self._wire == "xml" and shape.serialization.get("flattened"):
                node.children = value.children
        elif kind not in ("boolean", "timestamp") and not shape.metadata.get("enum"):
            # Enumerated values are public, and a client could not parse a stand-in of a date.
            node.rule = claim

    def _fill_list(self, node: Node, shape: Any, claim: str) -> None:
        element = self.node(shape.member, claim or self._marked(shape.member))
        if self._wire == "xml" and not shape.serialization.get("flattened"):
            node.children["*"] = element
        else:
            node.children, node.rule = element.children, element.rule

    def claim(self, shape: Shape, name: str, member: Shape, claim: str) -> str:
        """Return the rule that claims a member of a structure, or ``""``."""
        place = f"{shape.name}.{name}"
        if place in self._content or member.metadata.get("idempotencyToken"):
            return ""
        if normalised(name) in _PAGE_NAMES:
            return ""
        if place in self._supplement:
            return "model-supplement"
        if place in self._payloads:
            return "model-payload"
        return claim or self._marked(member)

    def _marked(self, shape: Shape) -> str:
        return "model-sensitive" if shape.metadata.get("sensitive") else ""

    def _name(self, name: str, member: Shape) -> str:
        if not self._wire:
            return name
        if self._wire == "xml" and member.type_name == "list" and member.serialization.get("flattened"):
            inner = getattr(member, "member", None)
            listed = inner.serialization.get("name") if inner is not None else None
            return str(member.serialization.get("name") or listed or name)
        return str(member.serialization.get("name", name))


def _response_plan(service: str, model: Any) -> ResponsePlan:
    shape = model.output_shape
    if shape is None:
        return NO_PLAN
    service_model = model.service_model
    # Before botocore 1.35.4 a service had one protocol only.
    protocol = getattr(service_model, "resolved_protocol", None) or service_model.protocol
    builder = _Builder(service, "xml" if protocol in ("query", "ec2", "rest-xml") else "json")
    root = builder.node(shape)
    payload = shape.serialization.get("payload")
    whole, events = "", {}
    body: Node | None = root
    if payload is not None:
        member = shape.members[payload]
        claim = builder.claim(shape, payload, member, "")
        if member.type_name == "structure":
            body = builder.node(member, claim)
        else:
            body, whole = None, claim
    event_member = model.get_event_stream_output()
    if event_member is not None:
        events = dict(_events(builder, event_member))
        body = None
    if shape.serialization.get("resultWrapper") and body is not None:
        body = Node(children={shape.serialization["resultWrapper"]: body})
    body = _pruned(body) if body is not None else None
    return ResponsePlan(body, _header_claims(builder, shape), whole, events)


def _header_claims(builder: _Builder, shape: Any) -> dict[str, str]:
    return {
        member.serialization.get("name", name).lower(): rule
        for name, member in shape.members.items()
        if member.serialization.get("location") == "header"
        and not member.metadata.get("enum")
        and (rule := builder.claim(shape, name, member, ""))
    }


def _events(builder: _Builder, shape: Any) -> Iterator[tuple[str, Node]]:
    for name, member in shape.members.items():
        node = _pruned(builder.node(member, builder.claim(shape, name, member, "")))
        if node is not None:
            yield name, node


def _pruned(root: Node) -> Node | None:
    """Return ``root`` without the branches that claim nothing; None where nothing is left."""
    nodes: dict[int, Node] = {}
    pending = [root]
    while pending:
        node = pending.pop()
        if id(node) not in nodes:
            nodes[id(node)] = node
            pending += node.children.values()
    alive = {key for key, node in nodes.items() if node.rule}
    grown = True
    while grown:
        more = {
            key
            for key, node in nodes.items()
            if key not in alive and any(id(child) in alive for child in node.children.values())
        }
        grown = bool(more)
        alive |= more
    for node in nodes.values():
        node.children = {name: child for name, child in node.children.items() if id(child) in alive}
    return root if id(root) in alive else None
