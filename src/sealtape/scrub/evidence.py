"""The names and patterns that tell a secret, as data.

Names are compared after `normalised`: case, ``_``, ``-``, ``.`` and spaces do not count, and a name matches
as a whole (``token`` is one, ``next_token`` is not).
"""

from __future__ import annotations

import re
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
    accountkey sharedaccesskey presharedkey authorization proxyauthorization jwt
    connectionstring xapikey xauthtoken activationcode csrftoken xsrftoken csrfmiddlewaretoken
    authenticitytoken requestverificationtoken
""")

SECRET_ENDINGS = (
    "password", "passwd", "passphrase", "clientsecret", "apikey", "privatekey", "accesstoken",
    "refreshtoken", "authtoken", "secretkey", "secretaccesskey", "sessiontoken", "webhooksecret",
    "signingsecret", "secretkeybase",
)  # fmt: skip
"""A name that ends so says secret with any prefix (``spring.datasource.password``)."""

WEAK_NAMES = _words("""
    auth credentials credential authentication clientassertion assertion hmackey licensekey routingkey
    integrationkey accesscode recoverycode recoverycodes backupcode devicecode usercode codeverifier
    authorizationcode authcode accountkey storageaccountkey primarykey secondarykey accessor saspolicykey
    webhookkey hmac ticket pin pincode otp totp onetimepassword onetimecode mfacode verificationcode
    smscode passcode pass plaintext
""")
WEAK_ENDINGS = (
    "accountkey",
    "dbpass",
    "userpass",
    "sshpass",
    "becomepass",
    "sudopass",
    "rootpass",
    "adminpass",
    "hmackey",
    "licensekey",
    "integrationkey",
    "recoverycode",
    "devicecode",
)
"""Names that say secret only where the value is opaque: ``auth`` may also be the word ``basic``."""

WEAK_OUTSIDE_AWS = _words("session sessionid sid xsessionid clienttoken sessionkey sessiontoken signature")
"""Likewise, but in traffic of AWS these name resources, make requests idempotent, and sign what is asked."""

WEAK_IN_QUERIES = _words("code ticket t st")
"""Likewise, in queries and forms only: elsewhere a ``code`` names an error or a country."""

ONE_TIME_NAMES = _words("otp totp onetimepassword onetimecode mfacode verificationcode smscode passcode")
"""Names whose values may also be four to eight digits."""

ENVIRONMENT_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PWD|PASS|PASSPHRASE|SECRET|TOKEN|(?:API|ACCESS|SECRET|PRIVATE|SIGNING|"
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
    xsubjecttoken xgitlabfeedtoken xmsauthorizationauxiliary"""),
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

NAME_KEYS = _words("name key keyname parameterkey settingname variablename outputkey optionname")
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
CANONICAL_USER_NAMES = _words("canonicaluser canonicaluserid canonicalid ownercanonicalid")
CERTAIN_ACCOUNT_NAMES = _words(
    "account aws awsaccount sourceaccount awssourceaccount sourceowner registryid xamzaccountid"
)
"""Names under which twelve digits are an account of AWS in traffic that is not of AWS, too."""

QUEUE_NAMES = _words("queueurl queueurls endpoint")


ASSIGNMENT = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9_.-]{1,60})(?:\\{0,4}[\"'])?\s{0,2}(?:=>?|:(?!//))\s{0,2}"
    r"(?:(?:Secret\w*|String|str|bytes)\()?(?:\\{0,4}\"([^\"\s\\]{4,})\\{0,4}\"|'([^'\s]{4,})'"
    r"|(?=[^\s\"']{0,512}[0-9!@#$%^*]|(?=[A-Za-z]{16})[A-Za-z]*[a-z][A-Z][A-Za-z]*[a-z][A-Z][A-Za-z]*(?![\w.(]))"
    r"([^\s\"'&;,<>(){}\[\]\\]{6,}+)(?![(\[]))"
)
"""A name and what it is set to, in prose, logs and scripts: group 1, and one of the others.

Without quotation marks the value needs a digit, a sign or letters that change case as no word does, or it
would be the next word of a sentence.
"""

_QUOTED_OR_BARE = (
    r"(?:\"([^\"\s]{4,})\"|'([^'\s]{4,})'|(?=[^\s\"']*[0-9!@#%^*])([^\s\"'&;,<>(){}\[\]\\$]{6,}))"
)
PAIR = re.compile(
    r"\bname[\"']?\s*[:=]\s*[\"']?([\w.-]+)[\"']?,?\s+[\"']?value[\"']?\s*[:=]\s*"
    + _QUOTED_OR_BARE
    + r"|\bvariable\s+\"(\w+)\"\s*\{[^{}]{0,400}?\bdefault\s*=\s*"
    + _QUOTED_OR_BARE
    + r"|\b(?:ENV|ARG|setx|setenv|export|set(?:\s+-[A-Za-z]+)+)\s+(\w+)\s+"
    + _QUOTED_OR_BARE
    + r"|\(\s*[\"']([\w.-]+)[\"']\s*,\s*[\"'](?=[^\s\"']*[0-9!@#%^*])([^\s\"']{6,})[\"']\s*\)"
)
"""A name and its value in other ways than an assignment: the first group that took part, and the last.

Entries of YAML, variables of Terraform, commands of shells and Dockerfiles, ``define('NAME', 'value')``.
"""

PAIR_ANCHORS = ("name", "variable", "ENV ", "ARG ", "setx ", "setenv ", "export ", "set -", "('", '("')


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
