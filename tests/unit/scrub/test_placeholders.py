from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.interaction import Captured, HttpRequest, Interaction, Response
from sealtape.scrub import Scrubber
from sealtape.scrub.placeholders import is_placeholder
from sealtape.scrub.pseudonyms import StandIns
from sealtape.settings import ScrubSettings

SECRETS = (
    "yours-truly-7",
    "Tiger99!",
    "changeling",
    "environment7x",
    "my-horse",
    "secretary",
    "AKstar*star9",
    "x1x2x3x4",
)


@pytest.mark.parametrize(
    "value",
    ["${TOKEN}", "$TOKEN", "%TOKEN%", "{token}", "{{ secrets.TOKEN }}", "<your token>", "process.env.TOKEN",
     "os.environ['TOKEN']", "secrets.TOKEN", "vault:secret/data/db#password", "ssm:/prod/db/password",
     "@Microsoft.KeyVault(SecretUri=https://x.example.com/secrets/a)", "!Ref Password",
     "arn:aws:secretsmanager:eu-west-1:000000000000:secret:db-AbCdEf"],
)  # fmt: skip
def test_what_names_the_place_of_a_secret_is_none(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize(
    "value", ["****", "xxxxxxxx", "…", "...", "sk_live_****", "****1234", "•••••", "ab…f9"]
)
def test_what_masks_a_secret_is_none_and_neither_are_its_ends(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize(
    "value",
    ["[FILTERED]", "***REMOVED***", "(hidden)", "--redacted--", "CHANGE_ME", "changeme", "YOUR_API_KEY",
     "your-password-here", "enter password", "HIDDEN_DUE_TO_SECURITY_REASONS", "(sensitive value)", "string",
     "None"],
)  # fmt: skip
def test_words_that_say_that_they_are_no_secret_are_believed(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", SECRETS)
def test_a_secret_that_begins_or_looks_like_one_is_still_a_secret(value: str) -> None:
    assert not is_placeholder(value)


@given(st.sampled_from(SECRETS), st.binary(min_size=32, max_size=32))
def test_no_stand_in_passes_for_a_placeholder(value: str, key: bytes) -> None:
    assert not is_placeholder(StandIns(key).of(value))


def test_an_account_in_a_reference_to_a_secret_is_removed_and_the_reference_stays() -> None:
    account = "210987654321"
    body = json.dumps({"password": f"arn:aws:secretsmanager:eu-west-1:{account}:secret:db-AbCdEf"}).encode()
    captured = Captured(
        Interaction(HttpRequest("GET", "https://h.example.com/"), Response(200, "OK", (), body))
    )
    [item] = Scrubber(ScrubSettings(), bytes(32), environ={}).scrub([captured])
    assert isinstance(item.interaction.outcome, Response)
    reference = json.loads(item.interaction.outcome.body)["password"].split(":")
    assert reference[:4] == ["arn", "aws", "secretsmanager", "eu-west-1"]
    assert reference[4] != account
    assert reference[5:] == ["secret", "db-AbCdEf"]
