"""Recordings and values for the tests of drift, all invented."""

from __future__ import annotations

import json
import random
import string
import uuid
from typing import Any

from sealtape.interaction import (
    AwsRequest,
    Headers,
    HttpRequest,
    Interaction,
    Recording,
    Removal,
    Response,
    Scrubbed,
)


def aws(
    label: str,
    answer: Any = None,
    parameters: dict[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Headers = (),
    protocol: str = "json",
    region: str = "eu-west-1",
    removals: tuple[Removal, ...] = (),
) -> Scrubbed:
    """Return the call ``service.Operation`` with a JSON answer, or one of text or bytes as it is."""
    service, _, operation = label.partition(".")
    body = answer if isinstance(answer, bytes) else answer.encode() if isinstance(answer, str) else None
    if body is None:
        body = b"" if answer is None else json.dumps(answer).encode()
    request = AwsRequest(service, operation, parameters or {}, None, region, "", protocol)
    return Scrubbed(Interaction(request, Response(status, "", headers, body)), removals)


def http(
    path: str, answer: Any, *, method: str = "GET", status: int = 200, media: str = "application/json"
) -> Scrubbed:
    """Return an HTTP request to api.example.com with its answer."""
    body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
    headers = (("Content-Type", media),)
    request = HttpRequest(method, f"https://api.example.com{path}")
    return Scrubbed(Interaction(request, Response(status, "OK", headers, body)))


def recording(*interactions: Scrubbed, name: str = "tests/cassettes/test_one") -> Recording:
    return Recording("00" * 16, name, interactions)


class Provider:
    """One that answers as AWS does: the same shape every time, with ids and times of its own."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def hexadecimal(self, length: int) -> str:
        return "".join(self.random.choice("0123456789abcdef") for _ in range(length))

    def token(self, length: int) -> str:
        return "".join(self.random.choice(string.ascii_letters + string.digits + "+/") for _ in range(length))

    def time(self) -> str:
        return f"2026-{self.random.randrange(1, 13):02d}-{self.random.randrange(1, 28):02d}T10:00:00Z"

    def epoch(self) -> float:
        return 1_700_000_000 + self.random.randrange(10**7) + 0.25

    def order(self) -> dict[str, Any]:
        """Return an order with two lines, an owner, and what is told of both."""
        key, owner = self.uuid(), f"owner-{self.hexadecimal(17)}"
        lines = [
            {"Name": name, "LineId": self.uuid(), "Quantity": quantity, "State": "OPEN"}
            for name, quantity in (("apples", 3), ("pears", 5))
        ]
        return {
            "OrderId": key,
            "Arn": f"arn:aws:orders:eu-west-1:210987654321:order/{key}",
            "CreatedAt": self.time(),
            "UpdatedAt": self.epoch(),
            "Owner": {"Id": owner, "Name": "ada", "Verified": True, "Manager": None},
            "Lines": lines,
            "Audit": {key: ["created"]},
            "Tags": ["blue", "green"],
            "MaximumLines": 50,
            "NextToken": self.token(80),
            "Message": f"order {key} of {owner} was accepted in 0.{self.random.randrange(10, 99)} seconds",
            "Notice": "An order must be shorter than 50 lines and smaller than 4096 bytes",
        }
