"""Ids that their form does not give away, lists without an order: the same calls are found all the same."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from sealtape.drift import Finding, compare
from sealtape.interaction import Recording, Removal, Scrubbed
from tests.unit.drift.recordings import aws, http, recording

# Some of these read like words, some like numbers, some break into several pieces.
FORMS = {
    "letters": ("abcdefghijklmnopqrstuvwxyz", 8),
    "capitals": ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 20),
    "digits": ("0123456789", 6),
    "hexadecimal": ("0123456789abcdef", 9),
}
SECRET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def rotated(seed: int, form: str, *, scrubbed: bool = False) -> Recording:
    """Record a program that makes three keys, retires one and deletes all, as the service lists them."""
    drawn = random.Random(seed)
    alphabet, length = FORMS[form]
    keys: dict[str, str] = {}
    made: list[Scrubbed] = []

    def call(operation: str, answer: Any, *secrets: str, **parameters: Any) -> None:
        removals = tuple(Removal("example", "response.body", s, "00", len(s)) for s in secrets if scrubbed)
        made.append(aws(f"iam.{operation}", answer, {"UserName": "ada", **parameters}, removals=removals))

    def drawn_from(letters: str, count: int) -> str:
        return "".join(drawn.choice(letters) for _ in range(count))

    def listed() -> list[str]:
        """The service keeps no order."""
        found = drawn.sample(sorted(keys), len(keys))
        call("ListAccessKeys", {"AccessKeyMetadata": [{"AccessKeyId": k, "Status": keys[k]} for k in found]})
        return found

    listed()
    for _ in range(3):
        key, secret = drawn_from(alphabet, length), drawn_from(SECRET + "+/" * scrubbed, 40)
        keys[key] = "Active"
        answer = {"AccessKey": {"AccessKeyId": key, "Status": "Active", "SecretAccessKey": secret}}
        call("CreateAccessKey", answer, key, secret)
        call("TagUser", None, Tags=[{"Key": "key", "Value": f"{key}:{secret}"}])
    first = next(iter(keys))
    keys[first] = "Inactive"
    call("UpdateAccessKey", None, AccessKeyId=first, Status="Inactive")
    for key in listed():
        used = {"UserName": "ada", "AccessKeyLastUsed": {"ServiceName": "sts", "Region": keys[key]}}
        call("GetAccessKeyLastUsed", used, AccessKeyId=key)
    for key in listed():
        call("DeleteAccessKey", None, AccessKeyId=key)
    keys.clear()
    listed()
    return recording(*made)


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(f.id, f.where) for f in findings if f.severity != "quiet"]


@pytest.mark.parametrize("scrubbed", [False, True], ids=["unscrubbed", "scrubbed"])
@pytest.mark.parametrize("form", FORMS)
def test_the_same_program_against_the_same_service_is_not_drift(form: str, scrubbed: bool) -> None:
    recordings = [rotated(seed, form, scrubbed=scrubbed) for seed in range(12)]
    for old, new in itertools.permutations(recordings, 2):
        assert told(compare(old, new)) == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("index", [2, 7, 9, 14])
def test_a_call_less_among_them_is_that_call_and_no_other(form: str, index: int) -> None:
    for seed in range(4):
        old, new = rotated(seed, form), rotated(seed + 100, form)
        gone = new.interactions[index].interaction.request.label
        less = recording(*new.interactions[:index], *new.interactions[index + 1 :])
        assert [i for i, _ in told(compare(old, less))] == ["interaction-missing"], gone


def test_one_id_in_place_of_another_is_still_a_fact() -> None:
    def owned(one: str, other: str, owner: str) -> Recording:
        answers = [{"KeyMetadata": {"KeyId": key}} for key in (one, other)]
        return recording(
            *(aws("kms.CreateKey", answer, {}) for answer in answers),
            aws("kms.DescribeKey", {"KeyMetadata": {"KeyId": owner}}, {"KeyId": owner}),
        )

    found = compare(owned("kqdvz", "aboun", "kqdvz"), owned("wrmtx", "ellor", "ellor"))
    assert [f.severity for f in found if f.severity != "quiet"] != []


def test_a_write_made_again_is_no_poll() -> None:
    twice = [aws("iam.CreateAccessKey", {"AccessKey": {"Status": "Active"}}, {"UserName": "a"})] * 2
    assert told(compare(recording(*twice), recording(*twice, twice[0]))) == [
        ("interaction-added", "iam.CreateAccessKey")
    ]


def test_what_a_caller_asks_by_on_both_sides_stands_for_itself() -> None:
    def asked(*hosts: str) -> Recording:
        return recording(*(aws("kms.DescribeKey", {"KeyMetadata": {"Arn": h}}, {"KeyId": h}) for h in hosts))

    one, two, three = "0abc1234def567890", "0fed9876cba543210", "01234567890abcdef"
    assert told(compare(asked(one, two, three), asked(one, three))) == [
        ("interaction-missing", "kms.DescribeKey")
    ]


def test_numbers_that_an_answer_gave_and_a_path_repeats_are_told_by_their_origin() -> None:
    def made(*numbers: int) -> Recording:
        users = (http("/users", {"id": number}, method="POST", status=201) for number in numbers)
        gone = (http(f"/users/{number}", {}, method="DELETE") for number in reversed(numbers))
        return recording(*users, *gone)

    old, new = made(17, 18, 19), made(104, 105, 106)
    assert compare(old, new) == []
    less = recording(*new.interactions[:3], *new.interactions[4:])
    (missing,) = compare(old, less)
    assert missing.id == "interaction-missing"
