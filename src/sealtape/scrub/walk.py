"""Every part of an interaction, and what looks into it: parameters, URLs, header fields, bodies."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from dataclasses import replace

from sealtape import multipart
from sealtape.interaction import (
    AwsRequest,
    Failure,
    Headers,
    HttpRequest,
    Outcome,
    Request,
)
from sealtape.scrub import cbor, codecs, content
from sealtape.scrub.erase import Eraser
from sealtape.scrub.models import NO_PLAN, Models, Node, ResponsePlan
from sealtape.scrub.wording import is_mixed

_BARE_SECRET = ResponsePlan(whole="secret-name")
_LEAST_BARE, _MOST_BARE = 16, 4096
_BLANK = re.compile(r"\s")


class Walk:
    """Leads an eraser through requests and outcomes, by what the service models say. Keeps nothing."""

    __slots__ = ("_models",)

    def __init__(self, models: Models) -> None:
        self._models = models

    def request(self, request: Request, eraser: Eraser) -> Request:
        """Return a request without secrets; the same object where there are none."""
        if isinstance(request, AwsRequest):
            return self._aws_request(request, eraser)
        url = eraser.url(request.url, "request.url")
        body = _body(request.body, request.headers, eraser, "request.body", NO_PLAN)
        headers = _headers(request.headers, eraser, "request.headers", {})
        if body is not request.body:
            headers = content.mended(headers, body)
        if url == request.url and body is request.body and headers is request.headers:
            return request
        return HttpRequest(request.method, url, headers, body)

    def _aws_request(self, request: AwsRequest, eraser: Eraser) -> AwsRequest:
        plan = self._models.request(request.service, request.operation)
        parameters = eraser.tree(request.parameters, "request.parameters", plan)
        body = request.body
        if body:
            body = _body(body, (), eraser, "request.body", NO_PLAN)
        caller = request.caller
        if caller:
            caller = eraser.swap(caller, "access-key-id", "request.caller")
        if parameters is request.parameters and body is request.body and caller == request.caller:
            return request
        return AwsRequest(
            request.service, request.operation, parameters, body, request.region, caller, request.protocol
        )

    def outcome(self, outcome: Outcome, request: Request, eraser: Eraser) -> Outcome:
        """Return what came of ``request`` without secrets; the same object where there are none."""
        if isinstance(outcome, Failure):
            message = eraser.text(outcome.message, "failure.message")
            return outcome if message == outcome.message else Failure(outcome.kind, message)
        plan = NO_PLAN
        if isinstance(request, AwsRequest):
            plan = self._models.response(request.service, request.operation)
        elif _answers_with_secret(request.url, outcome.body, eraser):
            plan = _BARE_SECRET
        failed = outcome.status >= 300
        plan = NO_PLAN if failed else plan
        raw = outcome.body
        if outcome.broken and content.is_event_stream(outcome.headers):
            raw = content.whole_frames(raw)
        body = _body(raw, outcome.headers, eraser, "response.body", plan, broken=bool(outcome.broken))
        headers = _headers(outcome.headers, eraser, "response.headers", plan.headers)
        reason = eraser.text(outcome.reason, "response.reason")
        url = eraser.url(outcome.url, "response.url") if outcome.url else ""
        # What a broken response says of its length is about the body that did not come.
        if body is not outcome.body and not outcome.broken:
            headers = content.mended(headers, body)
        same = (reason, url) == (outcome.reason, outcome.url)
        if body is outcome.body and headers is outcome.headers and same:
            return outcome
        return replace(outcome, reason=reason, headers=headers, body=body, url=url)


def _answers_with_secret(url: str, body: bytes, eraser: Eraser) -> bool:
    """Whether the address says secret (``/latest/api/token``) and the answer is nothing but one."""
    name = url.partition("?")[0].rpartition("/")[2]
    if not name or len(body) > _MOST_BARE or not eraser.lexicon.rule(name):
        return False
    text = codecs.printable(body.rstrip(b"\r\n"))
    return text is not None and len(text) >= _LEAST_BARE and is_mixed(text) and not _BLANK.search(text)


def _headers(
    headers: Headers,
    eraser: Eraser,
    place: str,
    claims: Mapping[str, str],
) -> Headers:
    fields = [
        eraser.header_field(field, place, claims.get(field[0].lower(), "") if claims else "")
        for field in headers
    ]
    return headers if all(map(operator.is_, fields, headers)) else tuple(fields)


def _body(
    body: bytes,
    headers: Headers,
    eraser: Eraser,
    place: str,
    plan: ResponsePlan,
    *,
    broken: bool = False,
) -> bytes:
    """Return the body without secrets, in its content coding; the same object where there are none.

    A body that cannot be decoded, or not to its end though it is not ``broken``, is returned as it is:
    the residue gate then refuses it.
    """
    if not body:
        return body
    stages = [body]
    codings = content.applied_codings(headers, body)
    try:
        for coding in codings:
            stages.append(content.decode_content(stages[-1], coding, broken=broken))
        data = _decoded_body(stages[-1], headers, eraser, place, plan)
        if data is stages[-1]:
            return body
        for coding, like in zip(reversed(codings), reversed(stages[:-1]), strict=True):
            data = content.encode_content(data, coding, like)
    except content.Unreadable:
        return body
    return data


def _decoded_body(data: bytes, headers: Headers, eraser: Eraser, place: str, plan: ResponsePlan) -> bytes:
    kind = content.header(headers, "content-type")
    if plan.whole:
        bare = data.rstrip(b"\r\n")
        return eraser.secret_bytes(bare, plan.whole, place) + data[len(bare) :]
    if content.is_event_stream(headers):
        return _event_stream(data, eraser, place, plan)
    if kind.lower().startswith("multipart/"):
        return _multipart(data, kind, eraser, place)
    if plan.body is not None:
        return _planned(data, eraser, place, plan.body)
    return eraser.data(data, place)


def _event_stream(data: bytes, eraser: Eraser, place: str, plan: ResponsePlan) -> bytes:
    frames = content.parse_frames(data)
    if frames is None:
        return eraser.data(data, place)
    changed = []
    for frame in frames:
        below, node = f"{place}.{frame.event}", plan.events.get(frame.event)
        if node is not None and node.rule:
            payload = eraser.secret_bytes(frame.payload, node.rule, below)
        elif node is not None:
            payload = _planned(frame.payload, eraser, below, node)
        else:
            payload = eraser.data(frame.payload, below)
        changed.append(replace(frame, payload=payload))
    if tuple(changed) == frames:
        return data
    return b"".join(content.build_frame(frame) for frame in changed)


def _planned(data: bytes, eraser: Eraser, place: str, plan: Node) -> bytes:
    """Return a JSON or XML body without what the plan claims and without what content shows."""
    text, codec = codecs.decode_text(data)
    tree = codecs.parse_json(text)
    if tree is not None:
        new = eraser.tree(tree, place, plan)
        changed = text if new is tree else codecs.splice_json(text, tree, new)
    elif codecs.looks_like_markup(text):
        changed = eraser.markup(text, place, plan)
    elif document := cbor.parse(data):
        new = eraser.tree(document.tree, place, plan)
        return data if new is document.tree else cbor.rebuilt(data, document, new)
    else:
        return eraser.data(data, place)
    return data if changed == text else changed.encode(codec, "surrogatepass")


def _multipart(data: bytes, kind: str, eraser: Eraser, place: str) -> bytes:
    pieces, at = [], 0
    for part in multipart.parts(data, kind):
        part_bytes = data[part.start : part.end]
        text, codec = codecs.decode_text(part_bytes)
        new = part_bytes
        if codec == "utf-8" and part.name:
            new = eraser.field(text, part.name, f"{place}.*").encode("utf-8", "surrogatepass")
        elif part_bytes:
            new = eraser.data(part_bytes, place)
        if new != part_bytes:
            pieces += [data[at : part.start], new]
            at = part.end
    return b"".join([*pieces, data[at:]]) if pieces else data
