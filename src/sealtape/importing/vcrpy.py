"""Cassettes of vcrpy and pytest-recording, format 1, as YAML or JSON.

``version: 1`` and ``interactions``, each a ``request`` (method, uri, body, headers) and a ``response``
(status with code and message, headers, body with string). httpx's stub wrote another response before
vcrpy 6: status_code, http_version, headers, content. Source: vcr/serialize.py, vcr/stubs/httpx_stubs.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealtape.importing.wire import NotUnderstood, body_bytes, header_fields, request_of, response_of
from sealtape.interaction import Interaction, Response


def interaction(item: Any, *, trust_body: bool) -> Interaction:
    """Return one entry of ``interactions``; raise `NotUnderstood` or `NotWhole`."""
    if not isinstance(item, Mapping) or not all(isinstance(item.get(part), Mapping) for part in _PARTS):
        raise NotUnderstood("it is no pair of a request and a response")
    asked = item["request"]
    headers, body = header_fields(asked.get("headers")), body_bytes(asked.get("body"))
    request = request_of(asked.get("method"), asked.get("uri"), headers, body)
    return Interaction(request, _response(item["response"], request.method, trust_body=trust_body))


_PARTS = ("request", "response")


def _response(given: Mapping[str, Any], method: str, *, trust_body: bool) -> Response:
    headers = header_fields(given.get("headers"))
    if "status_code" in given:
        body = body_bytes(given.get("content"))
        return response_of(method, given["status_code"], "", headers, body, trust_body=trust_body)
    line, body = given.get("status"), body_bytes(given.get("body"))
    if not isinstance(line, Mapping):
        raise NotUnderstood("its response has no status")
    return response_of(method, line.get("code"), line.get("message"), headers, body, trust_body=trust_body)
