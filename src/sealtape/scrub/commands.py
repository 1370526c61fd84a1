"""Secrets on command lines and in scripts: what follows the option, the word or the clause that takes one."""

from __future__ import annotations

import re

from sealtape.scrub.detector import Detector

_VALUE = (
    r"(?:\"([^\"$`\n]{4,})\"|'([^'$\n]{4,})'"
    r"|(?![-$<\[{*]|[A-Z_]+(?![^\s\"',;])|\d{1,5}(?::\d{1,5})?(?![^\s\"',;/]))([^\s\"'$<>;|&(){}`\\,\]]{4,}))"
)
"""An argument: in quotation marks or not, but no variable, no other option, no word in capitals, no port."""

_TELLING = r"(?=[\"']?[^\s\"']*[0-9!@#%^*])" + _VALUE
"""One that has a digit or a sign, and so is not the next word of a sentence."""

_USER, _REST = r"[\"']?[^\s:\"'$]{0,64}:", r"([^\s\"'$]{4,})"
_LINE = r"[^\n|;]{0,300}?\s"


def _after(programs: str, options: str, *anchors: str, value: str = _VALUE) -> Detector:
    """Return the detector of what follows some options of some programs."""
    needs = ("blank",) if options.startswith("password") else ("option",)
    pattern = re.compile(rf"\b(?:{programs})\b{_LINE}(?:{options}){value}")
    return Detector("command-line", anchors, pattern, needs=needs)


def _text(pattern: str, *anchors: str, needs: tuple[str, ...] = ("blank",), sign: str = "") -> Detector:
    return Detector("command-line", anchors, re.compile(pattern), sign=sign, needs=needs)


COMMANDS: tuple[Detector, ...] = (
    _after("curl", rf"(?:-u|--user|-U|--proxy-user)[ =]?{_USER}", "curl ", value=_REST),
    _after("https?|xh", rf"(?:-a|--auth)[ =]{_USER}", "-a ", "--auth", value=_REST),
    _after("mysql\\w*|mariadb\\w*|mycli", r"-p", "mysql", "mariadb", "mycli"),
    _after("mysqladmin", r"password +", "mysqladmin"),
    _after("login", r"(?:-p|--password)[ =] ?", "login "),
    _after("mongo\\w*", r"(?:-p|--password)[ =]?", "mongo"),
    _after("redis-cli", r"(?:-a|--pass)[ =] ?", "redis-cli"),
    _after("sqlcmd|bcp|osql|isql|tsql", r"-P ?", "sqlcmd", "bcp", "osql", "isql", "tsql"),
    _after("ldap[a-z]+", r"-w ?", "ldap"),
    _after("twine", r"(?:-p|--password)[ =] ?", "twine"),
    _text(rf"\bnet\s+use\s[^\n]*?\s/user:\S+\s+{_VALUE}", "/user:"),
    _text(rf"\bsshpass\s+-p ?{_VALUE}", "sshpass"),
    _text(rf"-pass(?:in|out)?\s+pass:{_VALUE}", "pass:"),
    _text(r"[\w.-]+:([^\s\"':|]{4,})[\"']?\s*\|\s*(?:sudo +)?chpasswd", "chpasswd", needs=()),
    _text(
        rf"\b(?:echo|printf|printf '%s')\s+(?:-n\s+)?{_VALUE}[\"']?\s*\|[^\n|]*"
        r"(?:--password-stdin|--with-token|--stdin\b|sudo +-S|\bpasswd\b)",
        "-stdin", "--with-token", "sudo -S", "passwd",
    ),
    _text(rf"\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+{_VALUE}", "htpasswd"),
    _text(rf"\b(?:add_user|change_password|authenticate_user)\s+\S+\s+{_VALUE}", "_user", "_password"),
    _text(rf"\bconfigure +set +\S*(?:secret_access_key|session_token) +{_VALUE}", "configure set"),
    _text(
        r"(?:^|[\s\"'])--?[a-z-]*(?:password|passwd|passphrase|token|secret|(?:api|access|secret|private|auth)-?key)"
        rf" +{_TELLING}",
        "password ", "passwd ", "passphrase ", "token ", "secret ", "key ",
    ),
    _after("smbclient|rpcclient|smbget", r"-U ?[\"']?[^\s%\"']+%", "smb", "rpcclient", value=_REST),
    # SQL
    _text(r"(?ai:\bpassword|\bidentified(?: +with +\S+)? +by(?: +password)?)\s+(?:=\s*)?'([^'\n]{4,})'",
          "PASSWORD ", "password ", "IDENTIFIED", "identified", "Password "),
    _text(r"(?ai:\bidentified(?: +with +\S+)? +by)\s+\"?([^\s\"';]{4,})", "IDENTIFIED", "identified"),
    # Files of accounts: netrc, pgpass
    _text(rf"\blogin\s+\S+\s+password\s+{_VALUE}", "login"),
    _text(r"(?m:^)(?!(?:[0-9A-F]+:){4}[0-9A-F]+(?m:$))[A-Za-z0-9_.*-]+:(?:[0-9]{2,5}|\*):[^:\s]+:"
          r"[^:\s/]+:([^\s:]{4,})(?m:$)", ":",
          needs=("colons",), sign=r":(?:\d{2,5}|\*):[^:\s]"),
    _text(r"(?<![\w$])(\$(?:2[abxy]|argon2id?|[156y]|scrypt|pbkdf2-sha\d+)\$[A-Za-z0-9./=,$*+-]{20,200})",
          "$2", "$argon2", "$1$", "$5$", "$6$", "$y$", "$scrypt", "$pbkdf2", needs=()),
    _text(r"\bchpasswd:(?:\s[^\n]*)?\n(?:[ \t][^\n]*\n)*?[ \t]+list:[^\n]*\n"
          r"[ \t-]+[\w.-]+:([^\s:]{4,})(?:\n[ \t-]+[\w.-]+:([^\s:]{4,}))?(?:\n[ \t-]+[\w.-]+:([^\s:]{4,}))?",
          "chpasswd:"),
    # Words to people
    _text(
        r"(?ai:\b(?:password|passphrase|passcode|secret key|access token|api key)\b)[^\n:=.;,]{0,40}?"
        rf"\bis:?\s+{_TELLING}",
        "is: ", "is ", needs=("spoken",),
    ),
)  # fmt: skip
