from __future__ import annotations

import json
from typing import Any

import pytest

from sealtape.interaction import AwsRequest, Captured, Headers, HttpRequest, Interaction, Request, Response
from sealtape.scrub import Scrubber, company
from sealtape.scrub.lexicon import Lexicon
from sealtape.settings import ScrubSettings

OPAQUE = "a7Qk2Lm9Xx4Pp0Zz8Ty1"


def changed(document: Any) -> set[str]:
    """Return the members of a document that are not what they were, at whatever depth."""
    body = json.dumps(document).encode()
    request = HttpRequest("GET", "https://api.example.com/")
    [item] = Scrubber(ScrubSettings(), bytes(32), environ={}).scrub(
        [Captured(Interaction(request, Response(200, "OK", (), body)))]
    )
    assert isinstance(item.interaction.outcome, Response)
    return set(_differing(document, json.loads(item.interaction.outcome.body), ""))


def _differing(old: Any, new: Any, name: str) -> list[str]:
    if isinstance(old, dict):
        return [found for key in old for found in _differing(old[key], new[key], key)]
    if isinstance(old, list):
        return [found for a, b in zip(old, new, strict=True) for found in _differing(a, b, name)]
    return [name] if old != new else []


@pytest.mark.parametrize(
    ("node", "secret"),
    [
        ({"kind": "Secret", "data": {"a": "x"}, "stringData": {"b": "y"}}, {"data", "stringData"}),
        ({"type": "Opaque", "metadata": {}, "data": {"a": "x"}}, {"data", "stringData"}),
        ({"type": "kubernetes.io/tls", "metadata": {}, "data": {"a": "x"}}, {"data", "stringData"}),
        ({"kind": "ConfigMap", "data": {"a": "x"}}, set()),
        ({"type": "Opaque", "data": {"a": "x"}}, set()),
        ({"value": OPAQUE, "sensitive": True}, {"value"}),
        ({"value": OPAQUE, "sensitive": False}, set()),
        ({"value": "high", "sensitive": True}, set()),
        ({"key": OPAQUE, "last4": OPAQUE[-4:], "name": "ci"}, {"key"}),
        ({"number": "visa", "last4": "4242"}, set()),
        ({"ID": "0123456789abcdef" * 4, "DisplayName": "ada"}, {"ID"}),
        ({"ID": "0123456789abcdef" * 4, "Name": "ada"}, set()),
        ({"kty": "EC", "x": "public", "d": "private"}, {"d"}),
    ],
)
def test_members_tell_of_one_another_which_are_secret(node: dict[str, Any], secret: set[str]) -> None:
    assert company.claims(node).keys() == secret


def test_what_stands_behind_the_option_of_a_secret_is_one_and_the_next_option_is_none() -> None:
    lexicon = Lexicon()
    command = [
        "run",
        "--db-password",
        "tiger",
        "--token",
        "--verbose",
        "on",
        "-p",
        "8080",
        "--token-file",
        "/run/t",
        7,
    ]
    assert company.arguments(command, lexicon) == {2: "secret-name"}


@pytest.mark.parametrize(
    "document",
    [
        {"password": "Passwort"},
        {
            "login": {
                "password": "Passwort",
                "token": "Zugangsschlüssel",
                "forgot_password": "Passwort vergessen?",
            }
        },
        {"labels": {"password": "Mot de passe", "secret": "Secret"}},
        {"en": {"password": "Password"}, "es": {"password": "Contraseña", "api_key": "Clave de API"}},
        {"TokenValidityUnits": {"AccessToken": "hours", "RefreshToken": "days"}},
        {"pin_code": "560001"},
    ],
)
def test_labels_units_and_codes_of_places_stay(document: Any) -> None:
    assert changed(document) == set()


@pytest.mark.parametrize(
    "document",
    [
        {"password": "tiger"},
        {"username": "Jane", "password": "Tiger"},
        {"labels": {"password": "tiger77"}},
        {"detail": {"password": "Tiger"}},
        {"en": {"password": OPAQUE}},
        {"password": "Passwort1"},
    ],
)
def test_a_password_that_is_a_word_goes_where_no_label_stands(document: Any) -> None:
    assert changed(document) == {"password"}


def scrubbed(request: Request, body: str = "{}", headers: Headers = ()) -> tuple[Request, str]:
    [item] = Scrubber(ScrubSettings(), bytes(32), environ={}).scrub(
        [Captured(Interaction(request, Response(200, "OK", headers, body.encode())))]
    )
    assert isinstance(item.interaction.outcome, Response)
    return item.interaction.request, item.interaction.outcome.body.decode()


def test_an_answer_that_is_nothing_but_a_secret_goes_where_its_address_says_so() -> None:
    token = HttpRequest("PUT", "http://169.254.169.254/latest/api/token")
    assert OPAQUE not in scrubbed(token, f"{OPAQUE}\n")[1]
    assert scrubbed(token, f"{OPAQUE}\n")[1].endswith("\n")
    assert scrubbed(token, "not found")[1] == "not found"
    assert scrubbed(HttpRequest("GET", "http://169.254.169.254/latest/meta-data/ami-id"), OPAQUE)[1] == OPAQUE


def test_an_account_goes_by_the_names_of_aws_where_it_speaks_also_over_plain_http() -> None:
    body = '{"UserId": "210987654321"}'
    assert scrubbed(HttpRequest("POST", "https://ec2.eu-west-1.amazonaws.com/"), body)[1] != body
    assert scrubbed(HttpRequest("GET", "https://abc.execute-api.eu-west-1.amazonaws.com/"), body)[1] == body
    assert scrubbed(HttpRequest("GET", "https://h.example.com/?u=https://x.amazonaws.com/"), body)[1] == body


def test_an_option_in_the_parameters_of_an_operation_claims_what_follows_it() -> None:
    parameters = {"containerOverrides": {"command": ["run", "--db-password", OPAQUE, "fast"]}}
    request, _ = scrubbed(AwsRequest("batch", "SubmitJob", parameters))
    assert isinstance(request, AwsRequest)
    overrides: Any = request.parameters["containerOverrides"]
    command = overrides["command"]
    assert command[:2] + command[3:] == ["run", "--db-password", "fast"]
    assert command[2] != OPAQUE
