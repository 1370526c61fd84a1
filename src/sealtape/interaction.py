"""The frozen values that flow through sealtape, and the types that keep secrets in.

``Captured -> Scrubbed -> Sealed``: capture makes the first, only the scrubber (and the reader of a
sealed cassette, which reads what the scrubber once made) the second, only the seal the third.
Storage takes nothing but `Sealed`; errors, logs and reports take nothing but `Scrubbed`. A type
checker therefore refuses a write that has not been scrubbed.

Everything here is a value: nothing is mutated after it was made, trees included. No ``repr`` shows
what may be secret: a traceback prints arguments, and these travel through many frames.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

Tree: TypeAlias = "bool | int | float | str | bytes | Sequence[Tree] | Mapping[str, Tree] | None"
"""JSON plus ``bytes``. Python values without a JSON form are tagged by capture, as
``{"$decimal": "1.5"}``, ``{"$time": "2026-01-31T00:00:00+00:00"}`` or ``{"$set": [...]}``."""

ANYTHING: Mapping[str, Tree] = {"$any": True}
"""Stands for the parameters of a call of which only the operation was recorded (by placebo)."""

Headers: TypeAlias = "tuple[tuple[str, str], ...]"
"""Header fields in the order, the case and the repetition of the wire; values are latin-1 text."""

Track = Literal["aws", "http"]

UNREAD = "unread"
"""Stands in `Response.broken` where nothing failed: the code that was recorded read no further."""

CANCELLED = "CancelledError"
"""The kind of failure where the code that was recorded gave up waiting: a time limit of asyncio's, mostly."""

HIDDEN_SEGMENT = "…"
"""Stands in `HttpRequest.label` for a part of the path that could be a token."""

# Letters and digits mixed over some length, or anything long: an id, a token, no word.
_OPAQUE_SEGMENT = re.compile(r"(?<=/)(?:(?=[^/]*\d)(?=[^/]*[A-Za-z])[^/]{12,}|[^/]{40,})")


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """One attempt of one AWS operation, identified by what the caller asked for.

    ``service`` is botocore's service name (``"s3"``), ``operation`` the model's operation name
    (``"PutObject"``). ``parameters`` are the caller's, before botocore's own handlers add to them; a
    streaming member is ``{"$stream": true}`` there and its bytes are ``body``. ``body`` is None where
    the operation has no streaming member. ``caller`` is the access key id in use, or what stands for it,
    ``""`` for an unsigned call. ``protocol`` is the wire protocol that was spoken (``"query"``).
    """

    service: str
    operation: str
    parameters: Mapping[str, Tree] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    region: str = ""
    caller: str = field(default="", repr=False)
    protocol: str = ""

    @property
    def label(self) -> str:
        """The name a reviewer knows it by: ``s3.PutObject``."""
        return f"{self.service}.{self.operation}"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request as the client handed it to its connection."""

    method: str
    url: str = field(repr=False)
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def label(self) -> str:
        """Method, host and path: ``GET api.example.com/users``, without query, port or user info.

        A part of the path that could be a token is shown as ``…``: labels stand in clear text.
        """
        parts = urlsplit(self.url)
        path = _OPAQUE_SEGMENT.sub(HIDDEN_SEGMENT, parts.path) or "/"
        return f"{self.method} {parts.hostname or ''}{path}"


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: the status line, the header fields and the body bytes as on the wire.

    Transfer coding (chunking) is undone, content coding (gzip) is not. ``broken`` says, where the
    connection failed before the body had ended, what kind of failure followed its last byte; it is
    `UNREAD` where the code did not read on, `CANCELLED` where it was cancelled while it waited. ``stays``
    says that it is the last of a wait: asked again, it answers again (`sealtape.polls`). ``version`` is that
    of HTTP in the response, ten times over (10, 11, 20). ``url`` is where it came from, if a client followed
    redirects where nobody sees it; else it is empty.
    """

    status: int
    reason: str = ""
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    broken: str = ""
    stays: bool = False
    version: int = 11
    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """No response came: the exception's class name, as the client library names it, and its text."""

    kind: str
    message: str = ""


UNSENDABLE = "UnsendableRequest"
"""The kind of failure where a recording does not hold what a request would take to be sent."""

Request: TypeAlias = "AwsRequest | HttpRequest"
Outcome: TypeAlias = "Response | Failure"


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request and what came of it."""

    request: Request
    outcome: Outcome

    @property
    def track(self) -> Track:
        """Which of the two capture paths it belongs to."""
        return "aws" if isinstance(self.request, AwsRequest) else "http"


@dataclass(frozen=True, slots=True)
class Captured:
    """An interaction as it happened. It may hold secrets: never print, log or store one."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class Removal:
    """One value that scrubbing replaced: by which rule, where, and by what.

    ``place`` is a path such as ``response.body.Credentials.SecretAccessKey``. ``digest`` is a keyed
    digest of the removed value (hex) and ``length`` its length in characters, so that a replay which
    still holds the value can be recognised without the cassette holding it. ``count`` says how often.
    """

    rule: str
    place: str
    stand_in: str
    digest: str
    length: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """An interaction without secrets, and what was removed from it."""

    interaction: Interaction
    removals: tuple[Removal, ...] = ()

    @property
    def scrubbed_counts(self) -> dict[str, int]:
        """How many values each rule removed, by rule id, in rule order."""
        counts: dict[str, int] = {}
        for removal in self.removals:
            counts[removal.rule] = counts.get(removal.rule, 0) + removal.count
        return dict(sorted(counts.items()))


@dataclass(frozen=True, slots=True)
class Recording:
    """The content of one cassette, opened.

    ``cassette_id`` is 16 random bytes in hex, made when the file first comes into being and kept when
    it is recorded again, so that unchanged interactions seal to unchanged bytes. ``name`` is the path
    that the file is bound to, relative to the project, with ``/`` and without the suffix. ``seed`` and
    ``start`` are what the test's draws and its clock began with (`sealtape.determinism.Inputs`), ``""``
    where that was not recorded. ``regions`` are those of the profiles that sessions were made with, by a
    keyed digest of the profile's name. ``additions`` are the names of the headers and, behind ``?``, of the
    query that the SDK added of its own accord, by operation (``s3.PutObject``), those that only some of its
    calls had with ``?`` at the end.
    """

    cassette_id: str
    name: str
    interactions: tuple[Scrubbed, ...] = ()
    seed: str = ""
    start: str = ""
    regions: Mapping[str, str] = field(default_factory=dict)
    additions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sealed:
    """The bytes of a sealed cassette: the only thing that is ever written."""

    data: bytes
