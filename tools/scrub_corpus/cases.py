"""One case of the corpus: traffic, what must be gone from it and what must still stand in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sealtape.interaction import AwsRequest, Headers, HttpRequest, Interaction, Response, Tree

JSON = (("Content-Type", "application/json"),)
TEXT = (("Content-Type", "text/plain"),)


@dataclass(frozen=True, slots=True)
class Case:
    """Traffic with ``secrets`` that must be gone afterwards and ``kept`` texts that must stay.

    Without secrets the whole is a look-alike: every byte of it must come out as it went in.
    """

    name: str
    traffic: tuple[Interaction, ...] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    kept: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return self.name


def http(
    url: str = "https://api.example.com/v1/things",
    *,
    method: str = "POST",
    headers: Headers = (),
    body: bytes = b"",
    answer: bytes = b"{}",
    answer_headers: Headers = JSON,
) -> Interaction:
    """Return one exchange over HTTP."""
    return Interaction(HttpRequest(method, url, headers, body), Response(200, "OK", answer_headers, answer))


def aws(
    operation: str,
    parameters: dict[str, Tree],
    answer: bytes = b"{}",
    *,
    headers: Headers = (("Content-Type", "application/x-amz-json-1.1"),),
    protocol: str = "json",
    body: bytes | None = None,
) -> Interaction:
    """Return one exchange with AWS; ``operation`` is ``service.Operation``."""
    service, _, name = operation.partition(".")
    request = AwsRequest(service, name, parameters, body, "eu-west-1", "", protocol)
    return Interaction(request, Response(200, "OK", headers, answer))
