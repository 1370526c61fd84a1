"""HTTP archives (HAR 1.1 and 1.2), as Chrome and Firefox save them.

``log.entries``, each with a request (method, url, headers, postData) and a response (status, statusText,
headers, content). Content is decoded text, or base64, under the headers of the coded body. Source: the HAR
1.2 specification, and what the two browsers make of it: Chrome writes HTTP/2's pseudo headers and joins
repeated headers with line feeds; both list what never was a response with status 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sealtape.importing.wire import NotUnderstood, NotWhole, from_base64, request_of, response_of
from sealtape.interaction import Headers, Interaction, Response

VERSIONS = ("1.1", "1.2")


def interaction(entry: Any, *, trust_body: bool) -> Interaction | None:
    """Return one entry of ``log.entries``, None where no HTTP response came of it.

    Raise `NotUnderstood` or `NotWhole`.
    """
    if not isinstance(entry, Mapping) or not all(isinstance(entry.get(part), Mapping) for part in _PARTS):
        raise NotUnderstood("it is no pair of a request and a response")
    asked, answered = entry["request"], entry["response"]
    url = str(asked.get("url") or "").partition("#")[0]
    if answered.get("status") in (0, 101) or url.startswith(_NOT_HTTP):
        return None
    request = request_of(asked.get("method"), url, _fields(asked.get("headers")), _posted(asked))
    return Interaction(request, _response(answered, request.method, trust_body=trust_body))


_PARTS = ("request", "response")
_NOT_HTTP = ("data:", "blob:", "ws:", "wss:", "about:", "chrome", "moz-extension:", "file:")


def _fields(headers: Any) -> Headers:
    if not isinstance(headers, list):
        raise NotUnderstood("its headers are no list")
    return tuple(_each_field(headers))


def _each_field(headers: Sequence[Any]) -> Iterator[tuple[str, str]]:
    for field in headers:
        if not isinstance(field, Mapping) or not isinstance(field.get("name"), str):
            raise NotUnderstood("a header has no name")
        if not field["name"].startswith(":"):
            for value in str(field.get("value") or "").split("\n"):
                yield field["name"], value


def _posted(asked: Mapping[str, Any]) -> bytes:
    posted = asked.get("postData")
    if not isinstance(posted, Mapping):
        return b""
    text, params = posted.get("text"), posted.get("params")
    kind = str(posted.get("mimeType") or "")
    if text:
        return from_base64(text) if posted.get("encoding") == "base64" else _encoded(text, kind)
    if not params:
        return b""
    if not kind.startswith("application/x-www-form-urlencoded"):
        raise NotWhole("the fields of its form were saved, and not its body")
    return urlencode([(field.get("name", ""), field.get("value", "")) for field in params]).encode()


def _response(answered: Mapping[str, Any], method: str, *, trust_body: bool) -> Response:
    content = answered.get("content")
    if not isinstance(content, Mapping):
        raise NotUnderstood("its response has no content")
    text, size, status = content.get("text"), content.get("size"), answered.get("status")
    if text is None and isinstance(size, int) and size > 0 and status != 304 and not trust_body:
        raise NotWhole(f"the {size} bytes of its body were not saved with it")
    if content.get("encoding") == "base64":
        body = from_base64(text)
    else:
        body = _encoded(text or "", str(content.get("mimeType") or ""))
    return response_of(
        method, status, answered.get("statusText"), _fields(answered.get("headers")), body, is_rebuilt=True
    )


def _encoded(text: Any, kind: str) -> bytes:
    """Return ``text`` in the character set that its media type names."""
    if not isinstance(text, str):
        raise NotUnderstood("its body is no text")
    charset = kind.lower().partition("charset=")[2].partition(";")[0].strip(" \"'") or "utf-8"
    try:
        return text.encode(charset)
    except LookupError:
        raise NotUnderstood(f"its character set {charset[:40]!a} is unknown") from None
    except UnicodeEncodeError:
        raise NotWhole(f"its body holds characters that {charset} has not") from None
