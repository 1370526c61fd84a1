"""AWS KMS: the private half of a recipient, encrypted and decrypted by a key that never leaves KMS.

It is asked twice in the life of a recipient: when it is added, and when a machine unlocks the project
(``sealtape keys unlock --kms``). Never in a replay, which opens no socket and has invented credentials,
and never for a rotation. The encryption context names the project's part of it, so that the ciphertext
serves nothing else that the same KMS key protects.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sealtape.errors import KeyMalformed, KeyringError
from sealtape.seal import primitives
from sealtape.seal.recipients import Recipient

_ARN = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:(?:key|alias)/[A-Za-z0-9/_-]+")


def aws_kms(name: str, arn: str) -> Recipient:
    """Return the recipient that everybody is who may use the KMS key ``arn``; it asks KMS to encrypt.

    Raise `KeyMalformed` for what is no ARN of a key, and `KeyringError` where KMS does not answer.
    """
    __tracebackhide__ = True
    if not _ARN.fullmatch(arn):
        raise KeyMalformed(
            f"{arn[:200]!a} is not the ARN of a KMS key",
            hint="aws kms describe-key --key-id alias/NAME --query KeyMetadata.Arn --output text",
        )
    private = primitives.new_private_key()
    public = base64.b64encode(primitives.public_key(private)).decode("ascii")
    answer = _ask(arn, "encrypt", public, Plaintext=private)
    sealed = base64.b64encode(answer["CiphertextBlob"]).decode("ascii")
    return Recipient(name, "aws-kms", public, arn=arn, private=sealed)


def private_of_kms(recipient: Recipient) -> bytes:
    """Return the private half of ``recipient``, as KMS decrypts it; raise `KeyringError`."""
    __tracebackhide__ = True
    sealed = base64.b64decode(recipient.private)
    plain: bytes = _ask(recipient.arn, "decrypt", recipient.public, CiphertextBlob=sealed)["Plaintext"]
    return plain


def _ask(arn: str, operation: str, public: str, **parameters: bytes) -> dict[str, Any]:
    __tracebackhide__ = True
    # Half a second to load, and only who unlocks by KMS has to wait for it.
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError

    matched = _ARN.fullmatch(arn)
    region = matched[1] if matched else ""
    try:
        with _nothing_logged():
            client = botocore.session.get_session().create_client("kms", region_name=region)
            context = {"sealtape": public}
            answer: dict[str, Any] = getattr(client, operation)(
                KeyId=arn, EncryptionContext=context, **parameters
            )
            return answer
    except ClientError as error:
        why = f"it answers {error.response.get('Error', {}).get('Code', 'with an error')}"
    except BotoCoreError as error:
        why = type(error).__name__
    raise KeyringError(
        f"AWS KMS does not {operation} here",
        where=arn,
        why=why,
        hint="aws sts get-caller-identity, and ask for kms:Encrypt (add) or kms:Decrypt (unlock) on this key",
    )


@contextmanager
def _nothing_logged() -> Iterator[None]:
    # botocore's debug log holds the bodies, and one of them is the private half.
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
