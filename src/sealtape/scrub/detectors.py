"""The patterns that tell a secret by its own look, wherever it stands, as data.

`sealtape.scrub.tokens` has those of well-known services and `sealtape.scrub.commands` those of command
lines; both are part of `DETECTORS`.
"""

from __future__ import annotations

import re

from sealtape.scrub.commands import COMMANDS
from sealtape.scrub.detector import Detector
from sealtape.scrub.features import Features
from sealtape.scrub.people import PEOPLE
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
SIGNED = re.compile(r"(?i:\bSignature=)([0-9a-f]{64,144})(?![0-9a-f])")
_PROSE = 128
_REGION = r"(?:us|eu|ap|ca|sa|me|af|il|cn|mx)(?:-[a-z]{3,4})?-(?:north|south|east|west|central)[a-z]{0,5}-\d"

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
        "iam-unique-id",
        ("AROA", "AIDA", "AGPA", "ANPA", "AIPA", "ANVA"),
        re.compile(r"(?<![A-Za-z0-9])((?:AROA|AIDA|AGPA|ANPA|AIPA|ANVA)[A-Z0-9]{16,17})(?![A-Za-z0-9])"),
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
            rf"|(\d{{4}}-\d{{4}}-\d{{4}}))(?![\d-])"
        ),
        needs=("account",),
    ),
    Detector(
        "account-id",
        ("ccount", "CCOUNT"),
        re.compile(rf"(?i:account_?id)[\"']?\s{{0,2}}[=:]\s{{0,2}}[\"']?{ACCOUNT}(?!\d)"),
        needs=("account",),
    ),
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

NEAR_ACCESS_KEY = re.compile(
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[0-9])"
    r"(?![A-Za-z0-9/+]{30}EXAMPLEKEY)([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
"""What a secret access key looks like; taken for one only where an access key id stands beside it."""

_SIGN = re.compile(r"[={}<>\[\]%\"@&:\\(0-9_-]")
_TELLING = (
    "AKIA", "ASIA", "AROA", "AIDA", "AGPA", "ANPA", "AIPA", "ANVA", "xox", "earer ", "EARER ", "pass", "Pass",
    "PASS", "ENV ", "ARG ", "setx ", "setenv ", "export ", "BY ",
)  # fmt: skip


def triggers(text: str) -> bool:
    """Whether any rule but the known values can match a text: what `TRIGGER` says, and sooner of prose."""
    if len(text) > _PROSE and text.isascii() and _SIGN.search(text) is None:
        return Features(text).has("base64") or any(word in text for word in _TELLING)
    return TRIGGER.search(text) is not None


TRIGGER = re.compile(
    r"\d{12}|\d{4}-\d{4}|\d\.\d+\.\d|:[0-9a-f]|A(?:KIA|SIA|ROA|IDA|GPA|NPA|IPA|NVA)|[={}<>\[\]%\"@&]"
    r"|[A-Za-z'] {0,2}:"
    r"|\\[ux]|[A-Za-z0-9+/_]{16}|xox|sk-|earer |EARER |-[apPuwU] ?[\"'A-Za-z0-9]|[Pp]ass|PASS|ec2-\d"
    r"|_(?:user|password) |(?:ENV|ARG|setx|setenv|export|set -\w+) |\(['\"]|BY ['\"]"
)
"""No rule but the known values can match a text in which this finds nothing."""
