"""Cassettes that are held in memory, for tests of which request is which."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sealtape.capture.options import VcrOptions
from sealtape.capture.sandbox import Sandbox
from sealtape.cassette import Cassette
from sealtape.interaction import (
    AwsRequest,
    Captured,
    HttpRequest,
    Interaction,
    Recording,
    Request,
    Response,
    Scrubbed,
)
from sealtape.modes import NONE, Mode
from sealtape.scrub.scrubber import Scrubber
from sealtape.settings import SandboxSettings, ScrubSettings

KEY = bytes(range(32))


def asked(operation: str = "s3.CreateBucket", /, region: str = "eu-west-1", **parameters: Any) -> AwsRequest:
    """Return an AWS call; ``body`` is its payload."""
    service, _, name = operation.partition(".")
    body = parameters.pop("body", None)
    return AwsRequest(service, name, parameters, body, region=region)


def fetched(method: str, url: str, body: Any = b"") -> HttpRequest:
    """Return an HTTP request, with JSON as its body unless that is bytes."""
    headers = (("Content-Type", "application/json"),)
    return HttpRequest(method, url, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def answered(request: Request, body: str | bytes = b"", *headers: tuple[str, str]) -> Captured:
    """Return a request with its answer."""
    data = body.encode() if isinstance(body, str) else body
    fields = (*headers, ("Content-Length", str(len(data))))
    return Captured(Interaction(request, Response(200, "OK", fields, data)))


def scrubber(recorded: Sequence[Scrubbed] = ()) -> Scrubber:
    """Return the scrubber of a recording."""
    removals = [removal for scrubbed in recorded for removal in scrubbed.removals]
    return Scrubber(ScrubSettings(), KEY, removals=removals, environ={})


def cassette(*captured: Captured, mode: Mode = NONE, match: str = "renaming", start: str = "") -> Cassette:
    """Open a cassette that holds ``captured``, scrubbed, and was begun at ``start``."""
    return opened(scrubber().scrub(captured), mode=mode, match=match, start=start)


def opened(
    recorded: tuple[Scrubbed, ...],
    *,
    mode: Mode = NONE,
    match: str = "renaming",
    start: str = "",
    options: VcrOptions | None = None,
) -> Cassette:
    """Open a cassette that holds what was ``recorded``."""
    return Cassette(
        Recording("00" * 16, "name", recorded, start=start),
        where="a.tape",
        mode=mode,
        scrubber=lambda: scrubber(recorded),
        sandbox=Sandbox(SandboxSettings()),
        match=match,
        options=options,
    )


def response(tape: Cassette, request: Request) -> Response:
    """Return what the cassette answers."""
    outcome = tape.answer(request)
    assert isinstance(outcome, Response)
    return outcome


def text(tape: Cassette, request: Request) -> str:
    """Return the body that the cassette answers with."""
    return response(tape, request).body.decode()
