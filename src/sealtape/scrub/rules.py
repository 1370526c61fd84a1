"""The rules: what is a secret, where it is looked for, and what takes its place.

``RULES`` is the table that ``sealtape explain`` prints and that counts, residue findings and reports
refer to by id. Below it stand the names and patterns that the rules look for, as data. Names are
compared after `normalised`: case, ``_``, ``-``, ``.`` and spaces do not count, and a name matches as a
whole (``token`` is one, ``next_token`` is not).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


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
    _rule("authorization", "headers, text", "name", "scheme and length", "RFC 9110, 11",
          "credentials in Authorization-like headers; the scheme is kept"),
    _rule("api-key", "headers, query", "name", "length and character classes", "providers' manuals",
          "the value of a header that carries an API key or an access token"),
    _rule("cookie", "headers", "name", "length and character classes", "RFC 6265",
          "cookie values; names and attributes are kept"),
    _rule("sigv4-signature", _ALL, "name", "length; always the same one", "AWS SigV4",
          "signatures of signed requests and presigned URLs"),
    _rule("security-token", "headers, query", "name", "length and base64", "AWS SigV4",
          "session tokens that travel with a signature"),
    _rule("access-key-id", _ALL, "value", "prefix and length", "AWS IAM, unique identifiers",
          "access key ids; they encode the account"),
    _rule("iam-unique-id", _ALL, "value", "prefix and length", "AWS IAM, unique identifiers",
          "unique ids of users, roles, groups and policies"),
    _rule("secret-access-key", _ALL, "value", "length and alphabet", "AWS IAM",
          "secret access keys beside an access key id"),
    _rule("session-token", _ALL, "known", "length and base64", "AWS STS",
          "session tokens of the credentials in use"),
    _rule("account-id", _ALL, "value", "twelve digits, not starting with 0", "AWS",
          "account ids: in ARNs, queue URLs, hosts, owner fields, and then wherever they appear"),
    _rule("model-sensitive", _AWS, "model", "shape of the value", "botocore service models",
          "members that the service model marks as sensitive"),
    _rule("model-supplement", _AWS, "model", "shape of the value", "sealtape.scrub.models",
          "credential members that the service model does not mark"),
    _rule("model-payload", _AWS, "model", "shape of the value", "sealtape.scrub.models",
          "environment variables, user data, stack parameters and outputs"),
    _rule("secret-name", "JSON, XML, form, query, text", "name", "shape of the value", "common usage",
          "the value of a member whose name says that it is a secret"),
    _rule("name-value-pair", "JSON, XML, parameters", "name", "shape of the value", "common usage",
          "the value beside a name that says secret: {Name: DB_PASSWORD, Value: …}"),
    _rule("jwt", _ALL, "value", "three parts that decode; expiry in the future", "RFC 7519",
          "JSON web tokens"),
    _rule("private-key", _ALL, "value", "armour and line lengths", "RFC 7468",
          "PEM private keys"),
    _rule("url-password", _ALL, "value", "shape of the value", "RFC 3986, 3.2.1",
          "the password before the @ of a URL"),
    _rule("service-token", _ALL, "value", "prefix and length", "providers' manuals",
          "tokens with a provider's own prefix: GitHub, GitLab, Slack, Stripe, PyPI, npm, …"),
    _rule("webhook-url", _ALL, "value", "host and length", "providers' manuals",
          "webhook URLs whose path is the credential"),
    _rule("environment-value", _ALL, "known", "shape of the value", "this process",
          "values of environment variables whose names say secret, or that are registered"),
    _rule("registered-name", _ALL, "name", "shape of the value", "[tool.sealtape.scrub] names",
          "the value of a member whose name was registered"),
    _rule("registered-pattern", _ALL, "value", "shape of the value", "[tool.sealtape.scrub] patterns",
          "what a registered pattern matches"),
    _rule("registered-value", _ALL, "known", "shape of the value", "registered by the test suite",
          "a value that was registered as secret"),
    _rule("known-value", _ALL, "known", "shape of the value", "this cassette",
          "a value that another rule removed elsewhere in the cassette"),
    _rule("unreadable", "bodies", "value", "none; the write is refused", "sealtape.scrub.content",
          "a body that cannot be decoded here, or is too large to, and so was not looked into"),
)

_BY_ID = {rule.id: rule for rule in RULES}


def explain(rule_id: str) -> Rule | None:
    """Return the rule with that id, or None."""
    return _BY_ID.get(rule_id)


_DROPPED = str.maketrans("", "", "_-. \0")


@lru_cache(maxsize=8192)
def normalised(name: str) -> str:
    """Return ``name`` without case, ``_``, ``-``, ``.`` and spaces."""
    return name.translate(_DROPPED).lower()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SECRET_NAMES = _words("""
    password passwd pwd passphrase userpassword newpassword oldpassword currentpassword
    previouspassword confirmpassword temporarypassword initialpassword adminpassword rootpassword
    masterpassword masteruserpassword dbpassword databasepassword loginpassword bindpassword
    secret secrets clientsecret appsecret apisecret consumersecret sharedsecret webhooksecret
    signingsecret mfasecret totpsecret secretvalue secretstring secretbinary secretkey
    secretaccesskey awssecretaccesskey awssecretkey sessiontoken awssessiontoken securitytoken
    xamzsecuritytoken token accesstoken refreshtoken idtoken authtoken authorizationtoken
    bearertoken oauthtoken oauthtokensecret apitoken usertoken personalaccesstoken privatetoken
    deploytoken registrytoken webidentitytoken samlassertion samlresponse clientassertion sastoken
    apikey apikeyvalue privatekey privatekeypem secretapikey encryptionkey signingkey masterkey
    accountkey sharedaccesskey presharedkey authorization proxyauthorization jwt credential
    connectionstring xapikey xauthtoken activationcode
""")

SECRET_ENDINGS = (
    "password", "passwd", "passphrase", "clientsecret", "apikey", "privatekey", "accesstoken",
    "refreshtoken", "authtoken", "secretkey", "secretaccesskey", "sessiontoken", "webhooksecret",
    "signingsecret",
)  # fmt: skip
"""A name that ends so says secret with any prefix (``spring.datasource.password``)."""

ENVIRONMENT_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PWD|PASSPHRASE|SECRET|TOKEN|(?:API|ACCESS|SECRET|PRIVATE|SIGNING|"
    r"ENCRYPTION|MASTER|AUTH)_?KEY|CREDENTIALS?)$"
)
"""Upper-case names of variables that say secret, as they stand in name/value pairs and maps."""

PROCESS_VARIABLE = re.compile(
    r"(?:_|^)(?:TOKEN|SECRET|PASSWORD|PASSWD|KEY|ACCESS_KEY_ID|CREDENTIALS)$", re.I
)
"""Names of this process's own variables whose values are taken as secrets, where they are long."""

HEADER_RULES: dict[str, str] = {
    **dict.fromkeys(
        ("authorization", "proxyauthorization", "xauthorization", "xforwardedauthorization"),
        "authorization",
    ),
    **dict.fromkeys(("xamzsecuritytoken", "xamzs3sessiontoken"), "security-token"),
    **dict.fromkeys(("cookie", "setcookie", "setcookie2"), "cookie"),
    **dict.fromkeys(
        _words("""
    xapikey apikey xauthtoken xauthkey xvaulttoken privatetoken jobtoken deploytoken xgithubtoken
    xgitlabtoken xaccesstoken xsessiontoken xcsrftoken xxsrftoken xgoogapikey ddapikey
    ddapplicationkey xhoneycombteam xshopifyaccesstoken xfunctionskey ocpapimsubscriptionkey
    xrapidapikey xconsultoken xnomadtoken circletoken xjfrogartapi cfaccessclientsecret
    xamzserversideencryptioncustomerkey xamzcopysourceserversideencryptioncustomerkey
    xamzcognitoaccesstoken xamznoidcdata xamznoidcaccesstoken xidtoken xtoken xclientsecret
    xsubjecttoken xgitlabfeedtoken"""),
        "api-key",
    ),
}

QUERY_RULES: dict[str, str] = {
    **dict.fromkeys(("xamzsignature", "signature", "xgoogsignature", "sig"), "sigv4-signature"),
    **dict.fromkeys(("xamzcredential", "awsaccesskeyid", "xgoogcredential"), "access-key-id"),
    "xamzsecuritytoken": "security-token",
    "key": "",
}
"""Names that say secret in a query or a form only. ``""`` takes a name out of the general ones."""

ACCOUNT_NAMES = _words("""
    account accounts owner ownerid registryid awsaccount awsaccounts payer payerid requesterid
    destinationaccount sourceaccount recipientaccount accountnumber userids sourceowner
    trustedaccount organizationowner
""")
ACCOUNT_ENDINGS = ("accountid", "accountids", "ownerid", "owner", "ownerids", "account", "registryids")
QUEUE_NAMES = _words("queueurl queueurls endpoint")


@dataclass(frozen=True, slots=True)
class Detector:
    """A pattern whose groups are secrets wherever they stand.

    One of ``anchors`` occurs in every text that can match, so that most texts cost one search for a
    literal each. Every group of ``pattern`` that took part is replaced on its own.
    """

    rule: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]


ACCESS_KEY_ID = re.compile(r"(?<![A-Za-z0-9])((?:AKIA|ASIA)(?!IOSFODNN7EXAMPLE)[A-Z0-9]{16})(?![A-Z0-9a-z])")
JWT = re.compile(r"(?<![A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{8,}={0,2}\.[A-Za-z0-9_-]{8,}={0,2}\.[A-Za-z0-9_-]{8,}={0,2})")
PRIVATE_KEY = re.compile(
    r"(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]{16,16384}?"
    r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z))"
)
ARN_ACCOUNT = re.compile(
    r"arn(?::|%3[Aa])aws[a-z-]*(?::|%3[Aa])[a-z0-9-]*(?::|%3[Aa])[a-z0-9-]*(?::|%3[Aa])(\d{12})(?!\d)"
)
SIGNED = re.compile(r"(?i:\bSignature=)([0-9a-f]{64,144})(?![0-9a-f])")
SCHEME = re.compile(
    r"(?i)^(bearer|basic|token|negotiate|apikey|api-key|digest|hawk|aws|jwt|ssws|key|oauth)[ ]+(?=\S)"
)

DETECTORS: tuple[Detector, ...] = (
    Detector("private-key", ("PRIVATE KEY",), PRIVATE_KEY),
    Detector("jwt", ("eyJ",), JWT),
    Detector("sigv4-signature", ("ignature=", "IGNATURE="), SIGNED),
    Detector("access-key-id", ("redential=",), re.compile(r"Credential=([^/\s,&\"]{4,128})/\d{8}/")),
    Detector("access-key-id", ("AKIA", "ASIA"), ACCESS_KEY_ID),
    Detector(
        "iam-unique-id",
        ("AROA", "AIDA", "AGPA", "ANPA", "AIPA", "ANVA"),
        re.compile(r"(?<![A-Za-z0-9])((?:AROA|AIDA|AGPA|ANPA|AIPA|ANVA)[A-Z0-9]{16,17})(?![A-Za-z0-9])"),
    ),
    Detector("account-id", ("arn",), ARN_ACCOUNT),
    Detector(
        "account-id",
        (".amazonaws.com", ".on.aws", ".api.aws"),
        re.compile(r"(?<!\d)(\d{12})(?=[.-][a-z0-9.-]{1,80}(?:\.amazonaws\.com|\.on\.aws|\.api\.aws))"),
    ),
    Detector("account-id", (".amazonaws.com",), re.compile(r"\.amazonaws\.com(?:\.cn)?(?::\d+)?/(\d{12})/")),
    Detector(
        "service-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "_live_", "_test_",
         "pypi-", "npm_", "sk-", "AIza", "ya29.", "SG.", "hvs.", "hvb.", "dop_v1_", "shpat_", "whsec_",
         "PMAK-", "lin_api_", "figd_", "dckr_pat_"),
        re.compile(
            r"(?<![A-Za-z0-9])(gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255}"
            r"|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"
            r"|pypi-[A-Za-z0-9_-]{50,}|npm_[A-Za-z0-9]{36}|sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,}"
            r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
            r"|hv[bs]\.[A-Za-z0-9_-]{20,}|dop_v1_[a-f0-9]{64}|shpat_[a-f0-9]{32}|whsec_[A-Za-z0-9+/=]{20,}"
            r"|PMAK-[a-f0-9-]{40,}|lin_api_[A-Za-z0-9]{32,}|figd_[A-Za-z0-9_-]{20,}|dckr_pat_[A-Za-z0-9_-]{20,})"
            r"(?![A-Za-z0-9])"
        ),
    ),
    Detector(
        "webhook-url",
        ("hooks.slack.com", "/webhooks/", ".webhook.office.com"),
        re.compile(
            r"https://(?:hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{10,})"
            r"|(?:discord|discordapp)\.com/api/(?:v\d+/)?webhooks/([0-9]{5,}/[A-Za-z0-9_-]{20,})"
            r"|[a-z0-9-]+\.webhook\.office\.com/([A-Za-z0-9/@_-]{20,}))"
        ),
    ),
    Detector(
        "authorization",
        ("earer ", "EARER ", "asic ", "ASIC "),
        re.compile(
            r"(?:\b[Bb]earer|\bBEARER)[ ]+([A-Za-z0-9._~+/-]{16,}=*)"
            r"|(?i:authorization[\"']?\s*[:=]\s*[\"']?basic)[ ]+([A-Za-z0-9+/]{8,}={0,2})"
        ),
    ),
    Detector(
        "secret-name",
        ("=", ":"),
        re.compile(
            r"(?i)(?<![A-Za-z0-9])(?:[A-Za-z0-9]{1,24}[_.-]){0,3}(?:password|passwd|passphrase|client[_-]?secret"
            r"|api[_-]?key|secret[_-]?(?:access[_-]?)?key|(?:access|refresh|session|auth|security)[_-]?token"
            r"|private[_-]?key)\s{0,2}(?:=|:(?!//))\s{0,2}"
            r"(?:\"([^\"\s]{4,})\"|'([^'\s]{4,})'|(?=[^\s\"']*[0-9!@#$%^*])([^\s\"'&;,<>(){}\[\]\\$]{6,}))"
        ),
    ),
)  # fmt: skip

NEAR_ACCESS_KEY = re.compile(
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[0-9])"
    r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
"""What a secret access key looks like; taken for one only where an access key id stands beside it."""

TOKEN_PREFIX = re.compile(
    r"(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|[sr]k_(?:live|test)_|pypi-|npm_|sk-ant-|sk-proj-|sk-"
    r"|AIza|ya29\.|SG\.|hv[bs]\.|dop_v1_|shpat_|whsec_|PMAK-|lin_api_|figd_|dckr_pat_)"
)
"""Prefixes that a stand-in keeps, because clients check them."""

TRIVIAL = _words("true false null none undefined nil yes no on off n/a redacted [redacted] masked hidden")
"""Values that are no secret whatever their name says (compared in lower case)."""

PLACEHOLDER = re.compile(r"\*{3,}|\$\{[^}]*\}|\{\{.*\}\}|<[A-Za-z_ -]+>|%\([a-z_]+\)s|\$[A-Z_]+|x{4,}|\.{3}|…")
"""Whole values that stand where a secret would: ``${TOKEN}``, ``<password>``, ``****``."""

ORDINARY_WORDS = TRIVIAL | _words("""
    admin administrator user username root guest test tests testing tester demo sample example default
    password passwd secret secrets token tokens key value string number object array name active
    inactive enabled disabled available pending running stopped success succeeded failed failure error
    production staging development develop main master public private internal external unknown
    localhost basic bearer aws amazon local remote standard custom system service account region
    us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-central-1 changeme foobar hello world
    postgres postgresql mysql redis mongodb
""")
"""Words that are never removed from elsewhere because one secret happened to equal them."""

TRIGGER = re.compile(
    r"\d{12}|A(?:KIA|SIA|ROA|IDA|GPA|NPA|IPA|NVA)|[=:{}<>\[\]%\"]|[A-Za-z0-9+/_]{16}|[a-z]{3}[-_]|[Ee]arer |AIza|SG\.|\n"
)
"""No rule but the known values can match a text in which this finds nothing."""
