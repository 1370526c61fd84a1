"""Rotate a user's access key: create, store, prove, retire."""

from __future__ import annotations

import json

import boto3


class TooManyKeys(Exception):
    """IAM allows two keys per user, and both are in use."""


def rotate(user: str, secret_id: str) -> str:
    """Give ``user`` a new access key, keep it in the secret ``secret_id``, and return its id.

    The old key is retired only after the new one has proved that it works.
    """
    iam = boto3.client("iam")
    old = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    if len(old) > 1:
        raise TooManyKeys(f"{user} has {len(old)} access keys; retire one first")
    new = iam.create_access_key(UserName=user)["AccessKey"]
    boto3.client("secretsmanager").put_secret_value(
        SecretId=secret_id,
        SecretString=json.dumps({"id": new["AccessKeyId"], "secret": new["SecretAccessKey"]}),
    )
    prove(secret_id)
    for key in old:
        iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Inactive")
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    return str(new["AccessKeyId"])


def prove(secret_id: str) -> str:
    """Call AWS with the key that the secret holds; return the ARN that it speaks for."""
    stored = boto3.client("secretsmanager").get_secret_value(SecretId=secret_id)
    key = json.loads(stored["SecretString"])
    sts = boto3.client("sts", aws_access_key_id=key["id"], aws_secret_access_key=key["secret"])
    return str(sts.get_caller_identity()["Arn"])
