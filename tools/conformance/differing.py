"""Where two requests differ, with the whole values: a miss shows people only their beginnings."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sealtape.interaction import AwsRequest, Request
from sealtape.matching.trees import canonical_json

_HEAD = 4096
"""So many bytes of a value are kept: enough to see what it is."""


@dataclass(frozen=True, slots=True)
class Differing:
    """One member of a request, its live and its recorded value: JSON values, or bytes.

    None stands for a member that one of the two does not have. ``fault`` says how the values themselves
    show that the test is not the cause, if they do.
    """

    place: str
    live: Any
    recorded: Any
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for `from_json`."""
        live, recorded = _encoded(self.live), _encoded(self.recorded)
        return {"place": self.place, "live": live, "recorded": recorded, "fault": self.fault}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Differing:
        """Return what `to_json` made plain."""
        return cls(plain["place"], _decoded(plain["live"]), _decoded(plain["recorded"]), plain["fault"])


def _encoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": b64encode(value[:_HEAD]).decode()}
    return json.loads(canonical_json(value))


def _decoded(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"$bytes"}:
        return b64decode(value["$bytes"])
    return value


def differing(live: Request, recorded: Request) -> list[Differing]:
    """Name every member in which ``live`` is not ``recorded``, innermost, lists of other order as one."""
    return [Differing(*found) for found in walk("", _tree(live), _tree(recorded))]


def _tree(request: Request) -> Any:
    if isinstance(request, AwsRequest):
        return {"operation": request.label, "parameters": request.parameters, "payload": request.body}
    url = urlsplit(request.url)
    return {
        "method": request.method,
        "scheme": url.scheme,
        "host": url.netloc,
        "path": url.path,
        "query": dict(parse_qsl(url.query, keep_blank_values=True)),
        "body": request.body,
    }


def walk(place: str, live: Any, recorded: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the place and both values of every leaf of ``live`` that is another in ``recorded``."""
    if isinstance(live, Mapping) and isinstance(recorded, Mapping):
        for name in sorted({*live, *recorded}):
            yield from walk(f"{place}.{name}".lstrip("."), live.get(name), recorded.get(name))
    elif isinstance(live, (list, tuple)) and isinstance(recorded, (list, tuple)):
        reordered = sorted(map(canonical_json, live)) == sorted(map(canonical_json, recorded))
        if canonical_json(live) == canonical_json(recorded):
            return
        if reordered or len(live) != len(recorded):
            yield place, live, recorded
        else:
            for index, (ours, theirs) in enumerate(zip(live, recorded, strict=True)):
                yield from walk(f"{place}[{index}]", ours, theirs)
    elif canonical_json(live) != canonical_json(recorded):
        yield place, live, recorded
