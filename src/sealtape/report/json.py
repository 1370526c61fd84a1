"""An opened cassette as JSON for programs, as the schema ``show.schema.json`` beside this file has it."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from sealtape.interaction import AwsRequest, Failure, Headers, Recording, Response, Scrubbed, Tree
from sealtape.report.content import decoded
from sealtape.report.printable import text_of

_TAG = re.compile(r"\$+(?:bytes|float)")


def show_schema() -> str:
    """Return the JSON Schema (2020-12) of what `cassette_document` returns, as text."""
    return files("sealtape.report").joinpath("show.schema.json").read_text(encoding="utf-8")


def cassette_document(
    recording: Recording, *, format: int, key_id: str, only: int | None = None
) -> dict[str, Any]:
    """Return ``recording`` as JSON values.

    ``format`` and ``key_id`` are what the file's header says; ``only`` leaves out all interactions
    but the one with that number, which counts from 1.
    """
    return {
        "format": format,
        "name": recording.name,
        "key_id": key_id,
        "inputs": {"start": recording.start, "draws": "seeded" if recording.seed else "real"},
        "interactions": [
            _interaction(scrubbed, number)
            for number, scrubbed in enumerate(recording.interactions, 1)
            if only in (None, number)
        ],
    }


def _interaction(scrubbed: Scrubbed, number: int) -> dict[str, Any]:
    interaction = scrubbed.interaction
    removals = [
        {"rule": r.rule, "place": r.place, "stand_in": r.stand_in, "count": r.count}
        for r in scrubbed.removals
    ]
    return {
        "number": number,
        "track": interaction.track,
        **_request(scrubbed),
        **_outcome(scrubbed),
        "scrubbed": removals,
    }


def _request(scrubbed: Scrubbed) -> dict[str, Any]:
    request = scrubbed.interaction.request
    if isinstance(request, AwsRequest):
        return {
            "service": request.service,
            "operation": request.label,
            "parameters": {name: plain(value) for name, value in request.parameters.items()},
            "region": request.region,
            "request": {
                "caller": request.caller,
                "protocol": request.protocol,
                "body": None if request.body is None else _body((), request.body),
            },
        }
    return {
        "method": request.method,
        "url": request.url,
        "request": {
            "headers": _pairs(request.headers),
            "body": _body(request.headers, request.body),
        },
    }


def _outcome(scrubbed: Scrubbed) -> dict[str, Any]:
    outcome = scrubbed.interaction.outcome
    if isinstance(outcome, Failure):
        failure = {"kind": outcome.kind, "message": outcome.message}
        return {"status": None, "reason": "", "broken": "", "headers": [], "body": None, "failure": failure}
    response: Response = outcome
    unusual: dict[str, Any] = {"version": response.version} if response.version != 11 else {}
    if response.url:
        unusual["final_url"] = response.url
    return {
        "status": response.status,
        "reason": response.reason,
        "broken": response.broken,
        "headers": _pairs(response.headers),
        "body": _body(response.headers, response.body),
        "failure": None,
        **unusual,
    }


def _pairs(headers: Headers) -> list[list[str]]:
    return [[name, value] for name, value in headers]


def _body(headers: Headers, body: bytes) -> dict[str, Any]:
    view = decoded(headers, body)
    if view is None:
        return _data(body)
    return {**_data(body), "decoded": {"codings": list(view.codings), **_data(view.data)}}


def _data(data: bytes) -> dict[str, str]:
    text = text_of(data)
    return {"base64": _base64(data)} if text is None else {"text": text}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def plain(tree: Tree) -> Any:
    """Return ``tree`` as JSON values: bytes become ``{"$bytes": base64}``, NaN and the infinities
    ``{"$float": "nan"}``, and an object that looks like one of these gets one more ``$``."""
    if isinstance(tree, bytes):
        return {"$bytes": _base64(tree)}
    if isinstance(tree, float) and not math.isfinite(tree):
        return {"$float": repr(tree)}
    if isinstance(tree, Mapping):
        alone = len(tree) == 1
        return {
            f"${name}" if alone and _TAG.fullmatch(name) else name: plain(value)
            for name, value in tree.items()
        }
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        return [plain(item) for item in tree]
    return tree
