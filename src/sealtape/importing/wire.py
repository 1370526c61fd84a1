"""What other tools keep of a request or response, as it was on the wire.

Most keep less: a body that was decoded under the headers of the coded one, JSON that was parsed. What
is said here about the body is then made true, so that a client can read it; nothing is invented.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from sealtape.interaction import Headers, HttpRequest, Response
from sealtape.scrub import codecs, content


class NotUnderstood(ValueError):
    """A part of a recording that is not as its format has it; the text says which and how."""


class NotWhole(ValueError):
    """A body of which a part is missing."""


def header_fields(headers: Any) -> Headers:
    """Return header fields given as a mapping to values or lists of values; bytes are latin-1."""
    if not headers:
        return ()
    if not isinstance(headers, Mapping):
        raise NotUnderstood("its headers are no mapping")
    return tuple(
        (_header_text(name), _header_text(value))
        for name, values in headers.items()
        for value in _each(values)
    )


def _each(values: Any) -> Iterable[Any]:
    return values if isinstance(values, (list, tuple)) else (values,)


def _header_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if value is None or isinstance(value, (Mapping, list, tuple)):
        raise NotUnderstood("a header has a value that is no text")
    return str(value)


def body_bytes(body: Any) -> bytes:
    """Return a body as vcrpy keeps them: text, bytes, parts, a mapping around one of them, or JSON."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        try:
            return body.encode()
        except UnicodeEncodeError:
            raise NotUnderstood("its body holds characters that no text has") from None
    if isinstance(body, (list, tuple)):
        return b"".join(body_bytes(part) for part in body)
    if isinstance(body, Mapping):
        if "base64_string" in body:
            return from_base64(body["base64_string"])
        if not body or "string" in body:
            return body_bytes(body.get("string"))
        # aiohttp's stub passes json= and data= on as they were given, and the live one is told like this.
        return json.dumps(body, sort_keys=True, default=str).encode()
    raise NotUnderstood("its body is neither text nor bytes")


def from_base64(text: Any) -> bytes:
    """Return what base64 ``text`` stands for; raise `NotWhole`."""
    try:
        return base64.b64decode("".join(str(text).split()), validate=True)
    except (binascii.Error, ValueError):
        raise NotWhole("the base64 of its body is cut off or broken") from None


def response_of(
    method: str,
    status: Any,
    reason: Any,
    headers: Headers,
    body: bytes,
    *,
    is_rebuilt: bool = False,
    trust_body: bool = False,
) -> Response:
    """Return a response whose headers are true of its body; raise `NotWhole`, `NotUnderstood`.

    With ``is_rebuilt`` the tool kept the meaning of the body and not its bytes, so that neither coding
    nor length of old apply. With ``trust_body`` a body shorter than its ``Content-Length`` is whole.
    """
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 999:
        raise NotUnderstood("its response has no status code")
    if method.upper() == "HEAD" or status < 200 or status in (204, 304):
        return Response(status, str(reason or ""), headers, b"")
    if is_rebuilt or not _is_coded(headers, body):
        stripped = tuple(field for field in headers if field[0].lower() != "content-encoding")
        is_rebuilt = is_rebuilt or stripped != headers
        headers = stripped
    return Response(status, str(reason or ""), _measured(headers, body, is_rebuilt or trust_body), body)


def _is_coded(headers: Headers, body: bytes) -> bool:
    """Whether the codings that the headers name are on the body; true where nobody can tell."""
    data = body
    for coding in content.codings(headers):
        try:
            data = content.decode_content(data, coding)
        except content.Unreadable as error:
            # Coded data is not text by chance: this was decoded, and kept its header.
            if codecs.printable(body) is not None:
                return False
            if error.partial is None:
                return True
            if str(error) == "truncated" or body.startswith(b"\x1f\x8b"):
                raise NotWhole(f"its body is {coding}, and cut off or broken") from None
            return False
    return True


def _measured(headers: Headers, body: bytes, is_whole: bool) -> Headers:
    """Return the headers with the length that the body has."""
    said = content.header(headers, "content-length").strip()
    if not said.isdecimal() or int(said) == len(body):
        return headers
    if len(body) < int(said) and not is_whole:
        raise NotWhole(f"its body has {len(body)} bytes, and its Content-Length says {said}")
    return tuple(
        (name, str(len(body)) if name.lower() == "content-length" else value) for name, value in headers
    )


def request_of(method: Any, url: Any, headers: Headers, body: bytes) -> HttpRequest:
    """Return a request; raise `NotUnderstood` where method or URL are none."""
    if not isinstance(method, str) or not method:
        raise NotUnderstood("its request has no method")
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise NotUnderstood("its request has no http or https URL")
    return HttpRequest(method, url, headers, body)
