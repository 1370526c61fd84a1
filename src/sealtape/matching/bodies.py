"""The bodies of HTTP requests as what they are: JSON as JSON, forms as fields, multipart as parts.

The boundary of a multipart body is drawn by the client, and takes no part in what is compared.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Hashable, Iterable
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl

from sealtape import multipart
from sealtape.interaction import HttpRequest, Tree
from sealtape.matching.trees import canonical_json

_UNSAID = frozenset({"content-disposition", "content-length"})
_FILENAME = re.compile(r'filename\*?="?([^";]*)', re.IGNORECASE)

# Which of the two kinds of signature a client makes depends on its region and configuration.
SIGNATURE = frozenset(
    f"x-amz-{name}"
    for name in ("algorithm", "content-sha256", "credential", "date", "expires", "security-token")
) | {"x-amz-signature", "x-amz-signedheaders", "signature", "awsaccesskeyid", "expires"}
"""The parameters of a presigned request that only say who signed it, when and until when."""


def digest(data: bytes) -> bytes:
    """Return what stands for bytes that are compared as they are."""
    return blake2b(data, digest_size=16).digest()


def canonical_body(request: HttpRequest) -> Hashable:
    """Return what two bodies must have in common to be the same."""
    body = request.body
    if not body:
        return b""
    kind = multipart.content_type(request).lower()
    parsed = _json(request)
    if parsed is not None:
        return canonical_json(parsed)
    if _is_form(kind):
        return tuple(sorted(_form(body)))
    inner = _parts(request)
    if inner:
        # Stable: the order of parts of one name, or of no name, is somebody's choice.
        named = [(name, headers, canonical_body(part)) for name, headers, part in inner]
        return kind.partition(";")[0], tuple(sorted(named, key=lambda part: part[0]))
    return digest(body)


def body_tree(request: HttpRequest) -> Tree:
    """Return the body as a plain value, in which places have names; bytes where it is nothing else."""
    parsed: Tree = _json(request)
    if parsed is not None:
        return parsed
    if _is_form(multipart.content_type(request).lower()):
        return grouped(_form(request.body))
    inner = _parts(request)
    if inner:
        return grouped((name or "part", _part_tree(headers, part)) for name, headers, part in inner)
    return request.body


def grouped(pairs: Iterable[tuple[str, Tree]]) -> dict[str, Tree]:
    """Return fields by name: the value of one, the values of several."""
    found: dict[str, list[Tree]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def presigned_form(request: HttpRequest) -> tuple[tuple[str, Any], ...] | None:
    """Return what counts of an upload by a presigned POST, None where ``request`` is none.

    Its fields, and the conditions of its policy, apart from who signed it when and until when.
    """
    if b'name="policy"' not in request.body:
        return None
    inner = _parts(request)
    return (
        tuple(
            (name.lower(), _conditions(part.body) if name == "policy" else (headers, digest(part.body)))
            for name, headers, part in inner
            if name and name.lower() not in SIGNATURE
        )
        or None
    )


def _conditions(policy: bytes) -> Hashable:
    """Return the conditions of a policy that was not made by signing; unreadable, the policy itself."""
    try:
        conditions = json.loads(b64decode(policy))["conditions"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return digest(policy)
    return canonical_json([one for one in conditions if not _is_of_signing(one)])


def _is_of_signing(condition: Any) -> bool:
    """Whether a condition, ``{name: value}`` or ``[operator, $name, value]``, is about the signature."""
    names = condition[1:2] if isinstance(condition, list) else condition
    if not isinstance(names, (dict, list)):
        return False
    return any(str(name).lstrip("$").lower() in SIGNATURE for name in names)


# Multipart.

_Part = tuple[str, tuple[tuple[str, str], ...], HttpRequest]


def _parts(request: HttpRequest) -> list[_Part]:
    """Return the parts of a multipart body: name, header fields that count, and the content as a request."""
    kind = multipart.content_type(request)
    found = []
    for part in multipart.parts(request.body, kind):
        headers = tuple(sorted((name.lower(), value) for name, value in part.headers))
        content = HttpRequest("", "", headers, request.body[part.start : part.end])
        found.append((part.name, headers, content))
    return found


def _part_tree(headers: tuple[tuple[str, str], ...], part: HttpRequest) -> Tree:
    """Return a part: the content alone where it is all that the part says."""
    content: Tree = body_tree(part)
    if isinstance(content, bytes):
        content = _text(content)
    said: dict[str, Tree] = {name: value for name, value in headers if name not in _UNSAID}
    filename = _FILENAME.search(dict(headers).get("content-disposition", ""))
    if filename:
        said["filename"] = filename[1]
    return {**said, "content": content} if said else content


def _text(data: bytes) -> Tree:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


# Forms and JSON.


def _is_form(content_type: str) -> bool:
    return content_type.startswith("application/x-www-form-urlencoded")


def _form(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True)


def _json(request: HttpRequest) -> Any:
    """Return what a body says that is JSON, or looks like it where nothing says what it is; else None."""
    kind = multipart.content_type(request).lower()
    named = kind.partition(";")[0].strip()
    looks_so = not kind and request.body[:1] in (b"{", b"[")
    if not (looks_so or named == "application/json" or named.endswith("+json")):
        return None
    try:
        return json.loads(request.body, parse_float=_number)
    except (ValueError, RecursionError):
        return None


def _number(text: str) -> int | float:
    """Read 1.0 as 1: to JSON they are one number."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
