"""The rules: what is a secret, where it is looked for, and what takes its place.

`RULES` is the table that ``sealtape explain`` prints, and that counts, residue findings and reports refer
to by id. The names that the rules go by stand in `sealtape.scrub.evidence` and, for AWS, in
`sealtape.scrub.models` and `sealtape.scrub.supplement`; patterns in `sealtape.scrub.detectors`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from sealtape.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret.

    ``where`` it is looked for, the ``kind`` of evidence (``name``, ``value``, ``model`` or ``known``),
    what its ``stand_in`` keeps, the ``source`` of the rule, and a sentence for people.
    """

    id: str
    where: str
    kind: str
    stand_in: str
    source: str
    text: str


def _rule(id: str, where: str, kind: str, stand_in: str, source: str, text: str) -> Rule:
    return Rule(id, where, kind, stand_in, source, text)


_ALL = "everywhere"
_AWS = "AWS parameters, bodies and headers"
RULES: tuple[Rule, ...] = (
    _rule(
        "authorization",
        "headers, text",
        "name",
        "scheme and length",
        "RFC 9110, 11",
        "credentials in Authorization-like headers; the scheme is kept",
    ),
    _rule(
        "api-key",
        "headers, query",
        "name",
        "length and character classes",
        "providers' manuals",
        "the value of a header that carries an API key or an access token",
    ),
    _rule(
        "cookie",
        "headers",
        "name",
        "length and character classes",
        "RFC 6265",
        "cookie values; names and attributes are kept",
    ),
    _rule(
        "sigv4-signature",
        _ALL,
        "name",
        "length; always the same one",
        "AWS SigV4",
        "signatures of signed requests and presigned URLs",
    ),
    _rule(
        "security-token",
        "headers, query",
        "name",
        "length and base64",
        "AWS SigV4",
        "session tokens that travel with a signature",
    ),
    _rule(
        "access-key-id",
        _ALL,
        "value",
        "prefix and length",
        "AWS IAM, unique identifiers",
        "access key ids; they encode the account",
    ),
    _rule(
        "iam-unique-id",
        _ALL,
        "value",
        "prefix and length",
        "AWS IAM, unique identifiers",
        "unique ids of users, roles, groups and policies",
    ),
    _rule(
        "secret-access-key",
        _ALL,
        "value",
        "length and alphabet",
        "AWS IAM",
        "secret access keys beside an access key id",
    ),
    _rule(
        "session-token",
        _ALL,
        "known",
        "length and base64",
        "AWS STS",
        "session tokens of the credentials in use",
    ),
    _rule(
        "account-id",
        _ALL,
        "value",
        "twelve digits, not starting with 0",
        "AWS",
        "account ids: in ARNs, queue URLs, hosts, owner fields, and then wherever they appear",
    ),
    _rule(
        "canonical-user-id",
        _ALL,
        "value",
        "64 hex digits",
        "Amazon S3",
        "canonical user ids, in policies, grants and owners; they lead to the account",
    ),
    _rule(
        "model-sensitive",
        _AWS,
        "model",
        "shape of the value",
        "botocore service models",
        "members that the service model marks as sensitive",
    ),
    _rule(
        "model-supplement",
        _AWS,
        "model",
        "shape of the value",
        "sealtape.scrub.supplement",
        "credential members that the service model does not mark",
    ),
    _rule(
        "model-payload",
        _AWS,
        "model",
        "shape of the value",
        "sealtape.scrub.supplement",
        "environment variables, user data, stack parameters and outputs",
    ),
    _rule(
        "secret-name",
        "JSON, XML, form, query, text",
        "name",
        "shape of the value",
        "common usage",
        "the value of a member whose name says that it is a secret",
    ),
    _rule(
        "name-value-pair",
        "JSON, XML, parameters",
        "name",
        "shape of the value",
        "common usage",
        "the value beside a name that says secret: {Name: DB_PASSWORD, Value: …}",
    ),
    _rule(
        "jwt",
        _ALL,
        "value",
        "three parts that decode; expiry in the future",
        "RFC 7519",
        "JSON web tokens",
    ),
    _rule("private-key", _ALL, "value", "armour and line lengths", "RFC 7468", "PEM private keys"),
    _rule(
        "url-password",
        _ALL,
        "value",
        "shape of the value",
        "RFC 3986, 3.2.1",
        "the password before the @ of a URL",
    ),
    _rule(
        "service-token",
        _ALL,
        "value",
        "prefix and length",
        "providers' manuals",
        "tokens with a provider's own prefix: GitHub, GitLab, Slack, Stripe, PyPI, npm, …",
    ),
    _rule(
        "webhook-url",
        _ALL,
        "value",
        "host and length",
        "providers' manuals",
        "webhook URLs whose path is the credential",
    ),
    _rule(
        "command-line",
        "text",
        "value",
        "shape of the value",
        "manuals of the programs",
        "secrets in scripts: after an option (mysql -p), in a clause (IDENTIFIED BY), in files of accounts",
    ),
    _rule(
        "email-address",
        _ALL,
        "value",
        "length; the domain is example.com where there is room",
        "RFC 5321, RFC 2606",
        "e-mail addresses, unless their domain is reserved or they name nobody (git@, noreply@)",
    ),
    _rule(
        "public-address",
        _ALL,
        "value",
        "an address that is private",
        "RFC 6890",
        "public IP addresses; private and documentation ones stay",
    ),
    _rule(
        "environment-value",
        _ALL,
        "known",
        "shape of the value",
        "this process",
        "values of environment variables whose names say secret, or that are registered",
    ),
    _rule(
        "registered-name",
        _ALL,
        "name",
        "shape of the value",
        "[tool.sealtape.scrub] names",
        "the value of a member whose name was registered",
    ),
    _rule(
        "registered-pattern",
        _ALL,
        "value",
        "shape of the value",
        "[tool.sealtape.scrub] patterns",
        "what a registered pattern matches",
    ),
    _rule(
        "registered-value",
        _ALL,
        "known",
        "shape of the value",
        "registered by the test suite",
        "a value that was registered as secret",
    ),
    _rule(
        "known-value",
        _ALL,
        "known",
        "shape of the value",
        "this cassette",
        "a value that another rule removed elsewhere in the cassette",
    ),
    _rule(
        "unreadable",
        "bodies",
        "value",
        "none; the write is refused",
        "sealtape.scrub.content",
        "a body or an archive that cannot be decoded here, or is too large to, and so was not looked into",
    ),
)

_BY_ID = {rule.id: rule for rule in RULES}


def checked_rules(ids: Iterable[str]) -> frozenset[str]:
    """Return the ids of rules that are turned off; raise `SettingsError` for one that there is not."""
    for rule_id in ids:
        if rule_id not in _BY_ID:
            near = difflib.get_close_matches(rule_id, _BY_ID, n=1)
            raise SettingsError(
                f"there is no rule {rule_id!r}",
                where="[tool.sealtape.scrub] off",
                hint=f"sealtape explain {near[0]}" if near else "sealtape explain",
            )
    return frozenset(ids)


def explain(rule_id: str) -> Rule | None:
    """Return the rule with that id, or None."""
    return _BY_ID.get(rule_id)
