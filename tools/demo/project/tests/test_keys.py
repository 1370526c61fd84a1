from __future__ import annotations

import boto3
import pytest
from keys import TooManyKeys, prove, rotate

pytestmark = pytest.mark.vcr


def active_keys(user: str) -> list[str]:
    keys = boto3.client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"]
    return [key["AccessKeyId"] for key in keys if key["Status"] == "Active"]


def test_the_old_key_is_retired(user: str, secret_id: str) -> None:
    old = boto3.client("iam").create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    new = rotate(user, secret_id)
    assert active_keys(user) == [new]
    assert new != old


def test_the_stored_key_works(user: str, secret_id: str) -> None:
    rotate(user, secret_id)
    assert prove(secret_id).endswith(f":user/{user}")


def test_a_user_with_two_keys_is_left_alone(user: str, secret_id: str) -> None:
    iam = boto3.client("iam")
    before = [iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"] for _ in range(2)]
    with pytest.raises(TooManyKeys, match="has 2 access keys"):
        rotate(user, secret_id)
    assert sorted(active_keys(user)) == sorted(before)
