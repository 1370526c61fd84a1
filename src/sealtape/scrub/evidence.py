"""The names and patterns that tell a secret, as data.

Names are compared after `normalised`: case, ``_``, ``-``, ``.`` and spaces do not count, and a name matches
as a whole (``token`` is one, ``next_token`` is not).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

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
    connectionstring xapikey xauthtoken activationcode csrftoken xsrftoken csrfmiddlewaretoken
    authenticitytoken requestverificationtoken
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

PROCESS_VARIABLE = re.compile(r"(?:_|^)(?:TOKEN|SECRET|PASSWORD|PASSWD|KEY|ACCESS_KEY_ID|CREDENTIALS)$", re.I)
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

HEADER_NAME = re.compile(
    r"(?:token|secret|password|api-?key|access-?key|jwt|assertion|signature|"
    r"(?:^|[-_.])(?:passwd|credentials?|auth|authentication|authorization|sign|[a-z]+[-_]key))(?:[-_]\d+)?$"
)
"""Names of header fields (lower case) whose last words say secret: ``X-User-Token``, ``Fastly-Key``."""

HARMLESS_HEADER_NAME = re.compile(
    r"(?:^|[-_])(?:(?:next|page|pagination|continuation|cursor|sync|skip|client|idempotency|change)[-_]?token"
    r"|next[-_].*"
    r"|(?:idempotency|surrogate|cache|(?:web-?)?socket|partition|routing|sort|primary|foreign|public|object|meta|"
    r"dedup|deduplication|correlation|transaction|message|event|ordering|shard|encryption|kms|host)[-_]key)$"
)
"""Those among them that page, name or group things."""

PAGING_SEGMENTS = _words("page pagination paging next cursor")
"""``page[token]`` and ``next.token`` name places in a list."""

PROSE_PARENTS = _words("""
    error errors message messages detail details violation violations validation validationerrors fielderrors
    errormessages problems warnings hints
""")
"""Below these names stand sentences about the members that they name, not their values."""

NOT_ABOVE_SECRETS = _words("authorization proxyauthorization credential credentials")
"""Secret names under which structures describe themselves: what is secret in them has a name of its own."""

DESCRIBING_WORDS = _words("""
    type id ids name names arn arns url uri urls href link links path ref from policy kind format version
    status state mode scope scopes length count description title label placeholder hint help error errors
    message messages visibility algorithm required pattern example examples schema owner user username email
    host region group groups role roles note comment at in on by expires expiry expiration
""")
"""Last words of names whose members describe a secret: ``type``, ``created_at``, ``ValueFrom``."""

DESCRIBING_STARTS = _words("""
    expires expire expiration expiry created create updated update modified rotated rotation min max last
""")
"""First words of such names: ``expires_in``, ``minLength``."""

NAME_KEYS = _words("name key parameterkey settingname variablename outputkey optionname")
VALUE_KEYS = _words("value parametervalue settingvalue plaintextvalue outputvalue")

SIGV4_HEADER = re.compile(
    r"AWS4-[A-Z0-9-]+ +(?:(?:Credential|SignedHeaders|Signature)=[^,\s]*(?:,\s*|$)){1,3}"
)
"""An Authorization field whose secrets are its key id and signature, which have patterns of their own."""

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
ACCOUNT_ENDINGS = (
    "accountid",
    "accountids",
    "ownerid",
    "owner",
    "ownerids",
    "account",
    "registryids",
)
QUEUE_NAMES = _words("queueurl queueurls endpoint")


@dataclass(frozen=True, slots=True)
class Detector:
    """A pattern whose groups are secrets wherever they stand.

    One of ``anchors`` occurs in every text that can match, so that most texts cost one search for a
    literal each. Every group of ``pattern`` that took part is replaced on its own; of a registered one
    the first group, or the whole match.
    """

    rule: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]

    @property
    def groups(self) -> range:
        """The groups that hold the secret."""
        if self.rule == "registered-pattern":
            return range(1, 2) if self.pattern.groups else range(1)
        return range(1, self.pattern.groups + 1)


ACCESS_KEY_ID = re.compile(r"(A(?<![A-Z0-9]A)(?:KIA|SIA)(?!IOSFODNN7EXAMPLE)[A-Z0-9]{16})(?![A-Z0-9])")
JWT = re.compile(r"(eyJ[A-Za-z0-9_-]{8,}={0,2}\.[A-Za-z0-9_-]{8,}={0,2}\.[A-Za-z0-9_-]{8,}={0,2})")
PRIVATE_KEY = re.compile(
    r"(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]{16,16384}?"
    r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z))"
)
# Nobody's: the examples of AWS's documentation, and what moto and LocalStack call their own account.
_NO_ACCOUNT = "(?!0{12}|123456789012|111122223333|444455556666|777788889999)"
ACCOUNT = rf"{_NO_ACCOUNT}(\d{{12}})"
"""What an account id looks like where one is expected, as the source of a pattern."""
ARN_ACCOUNT = re.compile(
    rf"arn(?::|%3[Aa])aws[a-z-]*(?::|%3[Aa])[a-z0-9-]*(?::|%3[Aa])[a-z0-9-]*(?::|%3[Aa]){ACCOUNT}(?!\d)"
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
        re.compile(rf"(?<!\d){ACCOUNT}(?=[.-][a-z0-9.-]{{1,80}}(?:\.amazonaws\.com|\.on\.aws|\.api\.aws))"),
    ),
    Detector(
        "account-id",
        (".amazonaws.com",),
        re.compile(rf"\.amazonaws\.com(?:\.cn)?(?::\d+)?/(?:snapshots/)?{ACCOUNT}/"),
    ),
    Detector(
        "service-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "_live_", "_test_",
         "pypi-", "npm_", "sk-", "AIza", "ya29.", "SG.", "hvs.", "hvb.", "dop_v1_", "shpat_", "whsec_",
         "PMAK-", "lin_api_", "figd_", "dckr_pat_"),
        re.compile(
            r"(?<![A-Za-z0-9])(gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255}"
            r"|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"
            r"|pypi-[A-Za-z0-9_-]{50,}|npm_[A-Za-z0-9]{36}|sk-(?=[A-Za-z0-9_-]*[0-9])(?=[A-Za-z0-9_-]*[A-Z])[A-Za-z0-9_-]{20,}"
            r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
            r"|hv[bs]\.[A-Za-z0-9_-]{20,}|dop_v1_[a-f0-9]{64}|shpat_[a-f0-9]{32}|whsec_[A-Za-z0-9+/=]{20,}"
            r"|PMAK-[a-f0-9-]{40,}|lin_api_[A-Za-z0-9]{32,}|figd_[A-Za-z0-9_-]{20,}|dckr_pat_[A-Za-z0-9_-]{20,})"
            r"(?![A-Za-z0-9])"
        ),
    ),
    Detector(
        "url-password",
        ("jdbc:oracle:",),
        re.compile(r"jdbc:oracle:[a-z]+:[^/@\s:\"]{1,64}/([^@\s\"]{3,64})@"),
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
)  # fmt: skip

ASSIGNMENT = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9_.-]{1,60})(?:\\{0,4}[\"'])?\s{0,2}(?:=|:(?!//))\s{0,2}"
    r"(?:\\{0,4}\"([^\"\s\\]{4,})\\{0,4}\"|'([^'\s]{4,})'"
    r"|(?=[^\s\"']*[0-9!@#$%^*])([^\s\"'&;,<>(){}\[\]\\]{6,}))"
)
"""A name and what it is set to, in prose, logs and scripts: group 1, and one of the others.

Without quotation marks the value needs a digit or a sign, or it would be the next word of a sentence.
"""

BINARY_RULES = frozenset(
    {"private-key", "jwt", "access-key-id", "sigv4-signature", "account-id", "authorization"}
)
"""Rules that also look into data that is no text; the others need words around what they find."""

NEAR_ACCESS_KEY = re.compile(
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[0-9])"
    r"(?![A-Za-z0-9/+]{30}EXAMPLEKEY)([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
"""What a secret access key looks like; taken for one only where an access key id stands beside it."""

TOKEN_PREFIX = re.compile(
    r"(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|[sr]k_(?:live|test)_|pypi-|npm_|sk-ant-|sk-proj-|sk-"
    r"|AIza|ya29\.|SG\.|hv[bs]\.|dop_v1_|shpat_|whsec_|PMAK-|lin_api_|figd_|dckr_pat_"
    r"|FQoGZXIvYXdzE|FwoGZXIvYXdzE|IQoJb3JpZ2luX2VjE)"
)
"""Prefixes that a stand-in keeps, because clients check them; those of AWS session tokens say only that."""

TRIVIAL = _words("true false null none undefined nil yes no on off n/a redacted [redacted] masked hidden")
"""Values that are no secret whatever their name says (compared in lower case)."""

PLACEHOLDER = re.compile(
    r"\*{3,}|\$\{[^}]*\}|\{\{.*\}\}|<[A-Za-z_ -]+>|%\([a-z_]+\)s|\$[A-Z_]+|x{4,}|\.{3}|…"
    r"|[A-Za-z0-9/+]{30,31}EXAMPLEKEY|[A-Za-z0-9/+]{3,64}EXAMPLE[A-Za-z0-9/+]{64,}={0,2}"
)
"""Whole values that stand where a secret would: ``${TOKEN}``, ``****``, what AWS's documentation shows."""

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
    r"\d{12}|A(?:KIA|SIA|ROA|IDA|GPA|NPA|IPA|NVA)|[={}<>\[\]%\"]|[A-Za-z'] {0,2}:"
    r"|[A-Za-z0-9+/_]{16}|xox|sk-|earer |EARER "
)
"""No rule but the known values can match a text in which this finds nothing."""
