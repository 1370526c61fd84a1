"""A key, a small recording with one of everything, and ways to damage its file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from sealtape.interaction import (
    AwsRequest,
    Failure,
    HttpRequest,
    Interaction,
    Recording,
    Removal,
    Response,
    Scrubbed,
)
from sealtape.seal import Key, seal

WHERE = "tests/cassettes/test_users/test_create.tape"
NAME = "tests/cassettes/test_users/test_create"


@pytest.fixture(scope="session")
def key() -> Key:
    return Key(bytes(range(32)))


@pytest.fixture(scope="session")
def other_key() -> Key:
    return Key(bytes(range(1, 33)))


@pytest.fixture(scope="session")
def rows() -> tuple[Scrubbed, ...]:
    assume = AwsRequest("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::000000000001:role/deploy"})
    poll = AwsRequest("ecs", "DescribeTasks", {"tasks": ["a"]}, region="eu-central-1", protocol="json")
    return (
        Scrubbed(
            Interaction(assume, Response(200, "OK", (("Content-Type", "text/xml"),), b"<Role/>")),
            (Removal("aws-account", "request.parameters.RoleArn", "000000000001", "ab" * 16, 12),),
        ),
        Scrubbed(Interaction(poll, Response(200, body=b'{"status":"PENDING"}'))),
        Scrubbed(
            Interaction(
                HttpRequest("POST", "https://api.example.com/builds?x=1", (("A", "1"), ("A", "2")), b"in"),
                Response(201, "Created", (), b"\x1f\x8b\x00"),
            )
        ),
        Scrubbed(Interaction(HttpRequest("GET", "https://example.com/"), Failure("ReadTimeout", "slow"))),
    )


@pytest.fixture(scope="session")
def recording(rows: tuple[Scrubbed, ...]) -> Recording:
    return Recording("0123456789abcdef" * 2, NAME, rows)


@pytest.fixture(scope="session")
def data(recording: Recording, key: Key) -> bytes:
    return seal(recording, key).data


@pytest.fixture(scope="session")
def relaid(data: bytes) -> Callable[[Sequence[int]], bytes]:
    """The sealed file with its lines in the given order: 0 is the header, -1 the end row."""
    lines = data.splitlines(keepends=True)
    return lambda order: b"".join([lines[at] for at in order])
