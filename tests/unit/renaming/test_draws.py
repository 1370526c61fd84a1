"""Which values nobody can have chosen."""

from __future__ import annotations

import random
import secrets
import string
import uuid
from collections.abc import Callable

import pytest

from sealtape.renaming.draws import drawn_apart, kind_of_draw, kind_of_run
from sealtape.renaming.requests import is_all_drawn
from sealtape.renaming.values import pieces

CHOSEN = (
    "alpha", "example-artifacts", "my-bucket-2026-11-20", "prod-eu-west-1-a", "users", "ada@example.com",
    "ami-12c6146b", "i-0123456789abcdef0", "ami-03c3da4cfa8e8943a", "vpc-0a1b2c3d4e5f67890", "t3.micro",
    "00000000-0000-0000-0000-000000000001", "12345678-1234-1234-1234-123456789012", "1.0.3",
    "deadbeef-dead-beef-dead-beefdeadbeef", "11111111-2222-3333-4444-555555555555", "python3.12",
    "deadbeef", "0123456789abcdef", "a1b2c3d4e5f6", "abc123def456", "fedcba9876543210", "cafebabe2026",
    "123456789012", "4242424242424242", "1234567890123456789", "00000000000000000042", "20261120093004",
    "CorrectHorseBatteryStaple", "ElasticLoadBalancingV2Listener3", "AWSServiceRoleForAutoScaling",
    "subnet-0bb1c79de3EXAMPLE", "ListObjectsV2", "AmazonSSMManagedInstanceCore", "user12test34prod56x78",
    "68656c6c6f20776f726c6421", "backups/2026-01-30.tar", "s3://example/a/b/c.parquet",
    "TestStackWithAVeryLongNameAndNumber42", "feature-123-add-the-thing-2", "v20261120rc1",
)  # fmt: skip


@pytest.mark.parametrize("text", CHOSEN)
def test_what_a_person_writes_was_not_drawn(text: str) -> None:
    assert [piece for piece in pieces(text) if kind_of_draw(piece)] == []
    assert not kind_of_run(text)
    assert not is_all_drawn(text)


def letters(alphabet: str, length: int) -> Callable[[], str]:
    return lambda: "".join(random.choices(alphabet, k=length))


HEX = string.hexdigits[:16]
BASE62 = string.ascii_letters + string.digits


@pytest.mark.parametrize(
    ("draw", "share"),
    [
        (lambda: str(uuid.uuid4()), 0.99),
        (lambda: str(uuid.uuid1(random.getrandbits(48), random.getrandbits(14))), 0.8),
        (lambda: f"T{uuid.uuid4()}", 0.99),
        (lambda: uuid.uuid4().hex, 0.99),
        (lambda: f"bucket{uuid.uuid4().hex}", 0.95),
        (letters(HEX, 12), 0.7),
        (letters(HEX, 16), 0.9),
        (letters(HEX, 40), 0.99),
        (letters(BASE62, 20), 0.7),
        (letters(BASE62, 32), 0.85),
        (lambda: str(random.getrandbits(63) | 1 << 62), 0.9),
        (lambda: str(-(random.getrandbits(63) | 1 << 62)), 0.9),
        (lambda: secrets.token_urlsafe(32), 0.85),
    ],
    ids=[
        "uuid4",
        "uuid1",
        "behind-a-letter",
        "hex",
        "behind-a-name",
        "12-hex",
        "16-hex",
        "40-hex",
        "base62-20",
        "base62-32",
        "number",
        "negative",
        "urlsafe",
    ],
)
def test_most_of_what_is_drawn_is_told_from_that(draw: Callable[[], str], share: float) -> None:
    random.seed(11)
    drawn = [(draw(), draw()) for _ in range(400)]
    assert sum(_alike(*pair) for pair in drawn) >= share * len(drawn)


def _alike(one: str, other: str) -> bool:
    if kind_of_run(one) and kind_of_run(one) == kind_of_run(other):
        return drawn_apart(one, other)
    pairs = list(zip(pieces(one), pieces(other), strict=False))
    return all(
        a == b or (kind_of_draw(a) == kind_of_draw(b) != "" and drawn_apart(a[1], b[1])) for a, b in pairs
    )


def test_a_value_with_a_few_other_characters_was_not_drawn_apart() -> None:
    value = "0f317f3d-954f-4dda-be63-81402a596ccf"
    assert not drawn_apart(value, value[:-4] + "0000")
    assert drawn_apart(value, "9c0e7a51-3b1f-4c55-8d0a-6f2b7e94d1c8")


def test_uuids_of_time_and_machine_share_most_and_were_drawn_apart() -> None:
    assert drawn_apart(str(uuid.uuid1()), str(uuid.uuid1()))


def test_kinds_are_told_apart_by_length_case_and_name() -> None:
    kinds = {
        kind_of_draw(("word", word))
        for word in ("9f86d081884c7d65", "9F86D081884C7D65", "9f86d081884c7d659a2f", "tx9f86d081884c7d65")
    }
    assert len(kinds) == 4
    assert "" not in kinds
