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


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, which blanks and line ends are between."""
    return frozenset(text.split())


SECRET_NAMES = words_of("""
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
    authenticitytoken requestverificationtoken runnerstoken registrationtoken signintoken bottoken
""")

SECRET_ENDINGS = (
    "password", "passwd", "passphrase", "clientsecret", "apikey", "privatekey", "accesstoken",
    "refreshtoken", "authtoken", "secretkey", "secretaccesskey", "sessiontoken", "webhooksecret",
    "signingsecret", "secretkeybase",
)  # fmt: skip
"""A name that ends so says secret with any prefix (``spring.datasource.password``)."""

PASSWORDS = re.compile(r"pass(?:w|phrase)|pwd", re.I)
"""What names of passwords hold: people choose those, and may choose a plain word."""

WEAK_NAMES = words_of("""
    auth credentials credential authentication clientassertion assertion hmackey licensekey routingkey
    integrationkey accesscode recoverycode recoverycodes backupcode devicecode usercode codeverifier
    authorizationcode authcode accountkey storageaccountkey primarykey secondarykey accessor saspolicykey
    webhookkey hmac ticket pin pincode otp totp onetimepassword onetimecode mfacode verificationcode
    smscode passcode pass plaintext appkey applicationkey
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

WEAK_OUTSIDE_AWS = words_of("session sessionid sid xsessionid clienttoken sessionkey sessiontoken signature")
WEAK_ENDINGS_OUTSIDE_AWS = ("sessionid", "sessid", "session", "token")
"""Likewise, but in traffic of AWS these name resources, make requests idempotent, and sign what is asked."""

PLACE_WORDS = words_of("""
    next prev previous page paging pagination continuation continue cursor sync skip client idempotency change
    request sequence resume start starting end last first list scroll delta offset marker result results query
    position poll watch history upload special pad eos bos stop lock public
""")
"""A ``…token`` with one of these words before it names a place in a list, a request or a symbol."""

WEAK_IN_QUERIES = words_of("code ticket t st")
"""Likewise, in queries and forms only: elsewhere a ``code`` names an error or a country."""

ONE_TIME_NAMES = words_of("otp totp onetimepassword onetimecode mfacode verificationcode smscode passcode")
"""Names whose values may also be four to eight digits."""

ENVIRONMENT_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PWD|PASS|PASSPHRASE|SECRET|TOKEN|(?:API|ACCESS|SECRET|PRIVATE|SIGNING|"
    r"ENCRYPTION|MASTER|AUTH)_?KEY|CREDENTIALS?)$"
)
"""Upper-case names of variables that say secret, as they stand in name/value pairs and maps."""

WEAK_VARIABLE = re.compile(
    r"[A-Z][A-Z0-9_]*_(?<!PUBLIC_)(?<!CACHE_)(?<!SORT_)(?<!PARTITION_)(?<!PRIMARY_)(?<!FOREIGN_)(?<!OBJECT_)"
    r"(?<!BUCKET_)(?<!S3_)(?<!KMS_)(?<!ROUTING_)(?<!DEDUP_)(?<!SSH_)(?<!HOST_)KEY"
)
"""Those that say so of an opaque value."""

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
        words_of("""
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
    r"dedup|deduplication|correlation|transaction|message|event|ordering|shard|kms|host)[-_]key)$"
    r"|^crypto-key$"
)
"""Those among them that page, name or group things."""

PAGING_SEGMENTS = words_of("page pagination paging next cursor")
"""``page[token]`` and ``next.token`` name places in a list."""

PROSE_PARENTS = words_of("""
    error errors message messages detail details violation violations validation validationerrors fielderrors
    errormessages problems warnings hints
""")
"""Below these names stand sentences about the members that they name, not their values."""

LABEL_PARENTS = words_of("""
    labels i18n l10n translation translations strings locale locales captions placeholders tooltips texts
""")
"""Below these names stand what pages call the members that they name: sentences, and words alone."""

NOT_ABOVE_SECRETS = words_of("authorization proxyauthorization credential credentials")
"""Secret names under which structures describe themselves: what is secret in them has a name of its own."""

DESCRIBING_WORDS = words_of("""
    type id ids name names arn arns url uri urls href link links path ref from policy kind format version
    status state mode scope scopes length count description title label placeholder hint help error errors
    message messages visibility algorithm required pattern example examples schema owner user username email
    host region group groups role roles note comment at in on by expires expiry expiration
""")
"""Last words of names whose members describe a secret: ``type``, ``created_at``, ``ValueFrom``."""

DESCRIBING_STARTS = words_of("""
    expires expire expiration expiry created create updated update modified rotated rotation min max last
""")
"""First words of such names: ``expires_in``, ``minLength``."""

NAME_KEYS = words_of("name key keyname parameterkey settingname variablename outputkey optionname")
VALUE_KEYS = words_of("value parametervalue settingvalue plaintextvalue outputvalue")

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

ACCOUNT_NAMES = words_of("""
    account accounts owner ownerid registryid awsaccount awsaccounts payer payerid requesterid
    destinationaccount sourceaccount recipientaccount accountnumber userid userids sourceowner
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
    "accounts",
)
CANONICAL_USER_NAMES = words_of("canonicaluser canonicaluserid canonicalid ownercanonicalid")
CERTAIN_ACCOUNT_NAMES = words_of("""
    account accounts aws awsaccount awsaccounts sourceaccount awssourceaccount sourceowner registryid
    xamzaccountid owner acctid awsacctid accountnumber targetaccounts recipientaccount
""")
CERTAIN_ACCOUNT_ENDINGS = ("accountid", "accountids", "ownerid", "ownerids")
"""Names under which twelve digits are an account of AWS in traffic that is not of AWS, too."""

VERSION_ENDINGS = (
    *(
        "version",
        "ver",
        "build",
        "release",
        "oid",
        "engine",
        "kernel",
        "firmware",
        "driver",
        "section",
        "chapter",
    ),
)
"""Names that end so may hold four numbers between dots that are no address."""

QUEUE_NAMES = words_of("queueurl queueurls endpoint")


ASSIGNMENT = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9_.-]{1,60})(?:\\{0,4}[\"'])?\s{0,2}(?:=>?|:(?!//))\s{0,2}"
    r"(?:(?:Secret\w*|String|str|bytes)\()?(?:\\{0,4}\"([^\"\s\\]{4,})\\{0,4}\"|'([^'\s]{4,})'"
    r"|(?=[^\s\"']{0,512}[0-9!@#$%^*]|(?<=[A-Z]=)"
    r"|(?=[A-Za-z]{8})[A-Za-z]{0,24}[A-Z]{2}[a-z]{1,12}[A-Za-z]{0,24}[A-Z]{2}"
    r"|(?=[A-Za-z]{16})[A-Za-z]*[a-z][A-Z][A-Za-z]*[a-z][A-Z][A-Za-z]*(?![\w.(]))"
    r"([^\s\"'&;,<>(){}\[\]\\]{6,}+)(?![(\[]))"
)
"""A name and what it is set to, in prose, logs and scripts: group 1, and one of the others.

Without quotation marks the value needs a digit, a sign or letters that change case as no word does, or it
would be the next word of a sentence; not behind a variable in capitals, where no sentence stands.
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


TRIVIAL = words_of("""
    true false null none undefined nil yes no on off n/a redacted [redacted] masked hidden
    string text number integer boolean object array example
    milliseconds seconds minutes hours days weeks months years
""")
"""Values that are no secret whatever their name says (compared in lower case): types and units among them."""

ORDINARY_WORDS = TRIVIAL | words_of("""
    admin administrator user username root guest test tests testing tester demo sample example default
    password passwd secret secrets token tokens key value string number object array name active
    inactive enabled disabled available pending running stopped success succeeded failed failure error
    production staging development develop main master public private internal external unknown
    localhost basic bearer aws amazon local remote standard custom system service account region
    us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-central-1 changeme foobar hello world
    postgres postgresql mysql redis mongodb
""")
"""Words that are never removed from elsewhere because one secret happened to equal them."""
