"""What the bytes of a body are before they are coded for the wire."""

from __future__ import annotations

from dataclasses import dataclass

from sealtape.interaction import Headers
from sealtape.scrub.content import Unreadable, codings, decode_content


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body without its content codings, and which they were, the one applied last first."""

    data: bytes
    codings: tuple[str, ...]


def decoded(headers: Headers, body: bytes) -> Decoded | None:
    """Return ``body`` without its content codings; None where it has none or they cannot be undone."""
    named = codings(headers, body)
    if not named or not body:
        return None
    data = body
    try:
        for coding in named:
            data = decode_content(data, coding)
    except Unreadable:
        return None
    return Decoded(data, named)
