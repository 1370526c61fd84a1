"""A cassette as vcrpy and pytest-recording keep theirs: YAML, format 1, in plain text.

``version: 1`` and ``interactions``, each a ``request`` (method, uri, body, headers) and a ``response``
(status with code and message, headers, body with string). It holds what the sealed one shows when it is
opened: what is scrubbed, with stand-ins for secrets. Source: vcr/serialize.py, vcr/request.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import yaml

from sealtape.errors import UsageError
from sealtape.interaction import Headers, HttpRequest, Recording, Response, Scrubbed
from sealtape.report.content import decoded
from sealtape.scrub.content import header, mended


def as_kept(method: str, response: Response) -> Response:
    """Return ``response``, to a ``method`` request, with its body decoded under headers that are true for it.

    vcrpy hands a body to urllib3 and aiohttp as it stands, whatever coding its headers name. A length that a
    filter of the user's made untrue is made true.
    """
    plain = decoded(response.headers, response.body)
    if plain is not None:
        headers = tuple(field for field in response.headers if field[0].lower() != "content-encoding")
        return replace(response, headers=mended(headers, plain.data), body=plain.data)
    said = header(response.headers, "content-length")
    if method.upper() == "HEAD" or response.status in (204, 304) or said in ("", str(len(response.body))):
        return response
    return replace(response, headers=mended(response.headers, response.body))


_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def vcrpy_yaml(recording: Recording, where: str) -> str:
    """Return ``recording`` as YAML; raise `UsageError` for what vcrpy has no words for, naming it."""
    entries = [_entry(number, one, where) for number, one in enumerate(recording.interactions, 1)]
    document = {"interactions": entries, "version": 1}
    text: str = yaml.dump(document, Dumper=_Dumper, allow_unicode=True, width=110)
    return text


def _entry(number: int, scrubbed: Scrubbed, where: str) -> dict[str, Any]:
    request, outcome = scrubbed.interaction.request, scrubbed.interaction.outcome
    if not isinstance(request, HttpRequest):
        raise _refused(number, request.label, "an AWS call is kept as an operation, vcrpy keeps HTTP", where)
    if not isinstance(outcome, Response):
        raise _refused(
            number, request.label, "it failed without a response, and vcrpy keeps responses", where
        )
    if outcome.broken:
        raise _refused(
            number, request.label, "its body was not read to the end, vcrpy keeps whole ones", where
        )
    outcome = as_kept(request.method, outcome)
    texts = (request.url, outcome.reason, *(text for field in outcome.headers for text in field))
    if any("\ud800" <= char <= "\udfff" for text in texts for char in text):
        raise _refused(number, request.label, "it holds bytes in its head that are no text", where)
    return {
        "request": {
            "body": _text(request.body) if request.body else None,
            "headers": _fields(request.headers),
            "method": request.method,
            "uri": request.url,
        },
        "response": {
            "body": {"string": _text(outcome.body)},
            "headers": _fields(outcome.headers),
            "status": {"code": outcome.status, "message": outcome.reason},
        },
    }


def _refused(number: int, label: str, why: str, where: str) -> UsageError:
    return UsageError(
        f"interaction {number}, {label}, cannot be exported",
        where=where,
        why=why,
        hint="keep it sealed; or record its test by vcrpy, which sends to anybody and scrubs nothing: "
        "pytest -p no:sealtape --record-mode=once",
    )


def _fields(headers: Headers) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name, []).append(value)
    return fields


def _text(body: bytes) -> str | bytes:
    """Return a body as text where it is text to YAML too, which knows fewer characters than UTF-8."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    return text if all(char.isprintable() or char in "\t\n\r" for char in text) else body
