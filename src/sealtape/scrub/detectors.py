"""The patterns that tell a secret by its own look, wherever it stands, as data.

`sealtape.scrub.tokens` has those of well-known services and `sealtape.scrub.commands` those of command
lines; both are part of `DETECTORS`.
"""

from __future__ import annotations

import re

from sealtape.scrub.commands import COMMANDS
from sealtape.scrub.detector import SHORT, Detector, any_sign
from sealtape.scrub.features import Features
from sealtape.scrub.people import PEOPLE
from sealtape.scrub.spotting import flattened, has_marks, spotter_of
from sealtape.scrub.tokens import SERVICE_TOKENS

ACCESS_KEY_ID = re.compile(r"(A(?<![A-Z0-9]A)(?:KIA|SIA)(?!IOSFODNN7EXAMPLE)[A-Z0-9]{16})(?![A-Z0-9])")
JWT = re.compile(
    r"(?<![A-Za-z0-9])(eyJ[A-Za-z0-9_-]{8,}={0,2}\.[A-Za-z0-9_-]{8,}={0,2}\.[A-Za-z0-9_-]{8,}={0,2})"
)
PRIVATE_KEY = re.compile(
    r"(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:(?!-----BEGIN )[\s\S]){16,16384}?"
    r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|(?=-----BEGIN )|\Z))"
)
# Nobody's: the examples of AWS's documentation, and what moto and LocalStack call their own account.
_NO_ACCOUNT = "(?!0{12}|123456789012|111122223333|444455556666|777788889999)"
ACCOUNT = rf"{_NO_ACCOUNT}(\d{{12}})"
"""What an account id looks like where one is expected, as the source of a pattern."""
ARN_ACCOUNT = re.compile(
    rf"arn(?::|%3[Aa])aws[a-z-]*(?::|%3[Aa])[a-z0-9-]*(?::|%3[Aa])[a-z0-9-]*(?::|%3[Aa]){ACCOUNT}(?!\d)"
)
UNIQUE_ID_PREFIXES = ("ABIA", "ACCA", "AGPA", "AIDA", "AIPA", "ANPA", "ANVA", "APKA", "AROA", "ASCA")
SIGNED = re.compile(r"(?i:\bSignature=)([0-9a-f]{64,144})(?![0-9a-f])")
_PROSE = 128
_REGION = r"(?:us|eu|ap|ca|sa|me|af|il|cn|mx)(?:-[a-z]{3,4})?-(?:north|south|east|west|central)[a-z]{0,5}-\d"

NEAR_ACCESS_KEY = re.compile(
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[0-9])"
    r"(?![A-Za-z0-9/+]{30}EXAMPLEKEY)([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
"""What a secret access key looks like; taken for one only beside an access key id, or words that say so."""

DETECTORS: tuple[Detector, ...] = (
    Detector("private-key", ("PRIVATE KEY",), PRIVATE_KEY),
    Detector(
        "private-key",
        ("Private-Lines:",),
        re.compile(r"Private-Lines: \d{1,4}\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)"),
    ),
    Detector("jwt", ("eyJ",), JWT, needs=("word",)),
    Detector("sigv4-signature", ("ignature=", "IGNATURE="), SIGNED, needs=("word",)),
    Detector("access-key-id", ("redential=",), re.compile(r"Credential=([^/\s,&\"]{4,128})/\d{8}/")),
    Detector("access-key-id", ("AKIA", "ASIA"), ACCESS_KEY_ID, reach=64, needs=("word",)),
    Detector(
        "secret-access-key",
        ("ecret", "ECRET"),
        re.compile(
            r"(?i:\bsecret[ _-]?(?:access[ _-]?)?key)\b[^\n]{0,24}?(?<![A-Za-z0-9/+=])"
            r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
        ),
        lambda match: NEAR_ACCESS_KEY.fullmatch(match[1]) is not None,
        reach=128,
        needs=("word",),
    ),
    Detector(
        "iam-unique-id",
        UNIQUE_ID_PREFIXES,
        re.compile(rf"(?<![A-Za-z0-9])((?:{'|'.join(UNIQUE_ID_PREFIXES)})[A-Z0-9]{{16,17}})(?![A-Za-z0-9])"),
        reach=64,
        needs=("word",),
    ),
    Detector("account-id", ("arn",), ARN_ACCOUNT, needs=("account",)),
    Detector(
        "account-id",
        (".amazonaws.com", ".on.aws", ".api.aws"),
        re.compile(rf"(?<!\d){ACCOUNT}(?=[.-][a-z0-9.-]{{1,80}}(?:\.amazonaws\.com|\.on\.aws|\.api\.aws))"),
        needs=("account",),
    ),
    Detector(
        "account-id",
        (".amazonaws.com",),
        re.compile(rf"\.amazonaws\.com(?:\.cn)?(?::\d+)?/(?:snapshots/)?{ACCOUNT}/"),
        needs=("account",),
    ),
    Detector("account-id", (".aws.amazon.com",), re.compile(rf"//{ACCOUNT}\.[a-z0-9.-]*aws\.amazon\.com"),
             needs=("account",)),
    Detector(
        "account-id",
        ("ccount",),
        re.compile(
            rf"(?i:\baccounts?\b)(?:[ _-]?(?i:id|ids|number|no))?\b[^\w\n]{{0,4}}(?:is |id |= ?)?[\"'(]?"
            rf"(?:{ACCOUNT}"
            rf"|(\d{{4}}-\d{{4}}-\d{{4}}|\d{{4}} \d{{4}} \d{{4}}))(?![\d-])"
        ),
        needs=("account",),
    ),
    Detector(
        "account-id",
        ("ccount", "CCOUNT"),
        re.compile(rf"(?i:account_?id)[\"']?\s{{0,2}}[=:]\s{{0,2}}[\"']?{ACCOUNT}(?!\d)"),
        needs=("account",),
    ),
    # Where logs are delivered, and the ARN of an account in its organization.
    Detector("account-id", ("AWSLogs/", ":account/o-"),
             re.compile(rf"(?:AWSLogs/(?:o-[a-z0-9]{{1,32}}/)?|:account/o-[a-z0-9]{{1,32}}/){ACCOUNT}(?!\d)"),
             needs=("account",)),
    # A name of a bucket or a role is made the only one of its kind by account and region.
    Detector("account-id", ("-north", "-south", "-east", "-west", "-central"),
             re.compile(rf"(?<!\d){ACCOUNT}-{_REGION}(?![a-z0-9])"), needs=("account",)),
    Detector(
        "canonical-user-id",
        ("anonicalUser", "anonical_user", "id=\""),
        re.compile(
            r"(?i:canonical_?user(?:id)?)\W{1,12}([0-9a-f]{64})(?![0-9a-f])|\bid=\"([0-9a-f]{64})\""
        ),
        needs=("word",),
    ),
    Detector(
        "session-token",
        ("IQoJb3JpZ2lu", "FwoGZXIvYXdz", "FQoGZXIvYXdz"),
        re.compile(r"((?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/_%-]{100,}={0,2})"),
    ),
    *SERVICE_TOKENS,
    Detector(
        "url-password",
        ("jdbc:oracle:",),
        re.compile(r"jdbc:oracle:[a-z]+:[^/@\s:\"]{1,64}/([^@\s\"]{3,64})@"),
    ),
    Detector(
        "authorization",
        ("earer ", "EARER ", "asic ", "ASIC "),
        re.compile(
            r"(?:\b[Bb]earer|\bBEARER)[ ]+([A-Za-z0-9._~+/-]{16,}=*)"
            r"|(?i:authorization[\"']?\s*[:=]\s*[\"']?basic)[ ]+([A-Za-z0-9+/]{8,}={0,2})"
            r"|(?i:authorization[\"']?\s*[:=]\s*[\"']?bearer)[ ]+(?![$<{*])([^\s\"',]{6,})"
        ),
    ),
    *COMMANDS,
    *PEOPLE,
)  # fmt: skip

SCHEME = re.compile(
    r"(?i)^(bearer|basic|token|negotiate|apikey|api-key|digest|hawk|aws|jwt|ssws|key|oauth|geniekey|splunk)"
    r"[ ]+(?=\S)"
)

LOOSE_RULES = frozenset({"email-address", "public-address"})
"""Rules whose patterns may also match a part of a stand-in that was made for something else."""

_KEY_IDS = "A(?:KIA|[A-Z]{2}A)"
_SIGN = re.compile(r"[={}<>\[\]%\"@&:\\($0-9_-]")
_WORDS = "|".join(
    "".join(f"[{c.upper()}{c}]" for c in word)
    for word in ("pass", "secret", "token", "identif", "earer", "api", "uthoriz")
)
"""Sources that try no letter in two cases are tried faster than those that take no notice of case."""

_LEAST_TOKEN = 15
_TOKENS = rf"[A-Za-z0-9+/_]{{16}}|{_KEY_IDS}|{any_sign(SERVICE_TOKENS[:1])}|eyJ"
"""What a text of fewer characters than `_LEAST_TOKEN` cannot hold."""

_TELLING = re.compile(rf"{_WORDS}|{_TOKENS}|\.[A-Za-z0-9_-]{{6}}\.|(?:ENV|ARG|setx|setenv|export|BY) ")


def triggers(text: str) -> bool:
    """Whether any rule but the known values can match a text: what `TRIGGER` says, and sooner of prose."""
    if len(text) > SHORT and not has_marks(text) and (spotter := spotter_of(TRIGGER)).tells:
        return spotter.finds(flattened(text))
    if len(text) > _PROSE and text.isascii() and _SIGN.search(text) is None:
        return Features(text).has("base64") or _TELLING.search(text) is not None
    return (TRIGGER if len(text) >= _LEAST_TOKEN else _BRIEF).search(text) is not None


_BRIEF = re.compile(
    rf"{_WORDS}|[={{}}<>\[\]%\"@&]|\d(?:\d{{11}}|\d{{3}}[ -]\d{{4}}|\.\d+\.\d)|:[0-9A-Fa-f*]"
    r"|[A-Za-z'] {0,2}:|\\[ux]|ec2-\d|\$[0-9a-z]|\(['\"]|----"
    r"|\s--?[A-Za-z]|--[a-z]|-[a-z-]{0,64}key\s|_user\s|\.[A-Za-z0-9_-]{6}\."
    r"|(?:ENV|ARG|setx|setenv|export|set -\w+) |BY ['\"]"
)
TRIGGER = re.compile(f"{_BRIEF.pattern}|{_TOKENS}")
"""No rule but the known values can match a text in which this finds nothing."""
