"""Values that stand where a secret would and are none: masks, references, and words that say so."""

from __future__ import annotations

import re
from functools import lru_cache

from sealtape.scrub.evidence import TRIVIAL, words_of

_PATH = r"[A-Za-z_][\w .-]*"
_MASK = re.compile(r"[A-Za-z0-9_-]{0,12}(?:\*{3,}|x{4,}|X{4,}|\.{3}|…|[•●]{3,})[A-Za-z0-9]{0,4}")
"""Also of what is shown in part: its beginning, its last four characters."""

_EXAMPLE = re.compile(r"[A-Za-z0-9/+]{30,31}EXAMPLEKEY|[A-Za-z0-9/+]{3,64}EXAMPLE[A-Za-z0-9/+]{64,}={0,2}")
"""What documentation shows: the ends of AWS's own examples say so."""

_REFERENCE = re.compile(
    r"\$\{[^}]*\}|\$\([^)]*\)|\{\{.*\}\}|<[A-Za-z_ -]+>|%\([a-z_]+\)s|\$[A-Z_]+|%[A-Z_]+%|\{[A-Za-z_.]+\}"
    r"|arn:aws[a-z-]*:(?:secretsmanager|ssm):.*"
    r"|(?:process\.env|os\.environ|ENV|env|secrets|vars?|locals?|data|module|config|settings)"
    r"(?:\.[A-Za-z_]\w*|\[[\"']?[A-Za-z_]+[\"']?\])+(?:\(\))?"
    r"|(?:os\.)?getenv\([^)]*\)|@Microsoft\.KeyVault\(.*\)|!(?:Ref|GetAtt|Sub|ImportValue) .*"
    rf"|(?:ssm|vault|secretsmanager|awssm|gcpsm|keyvault|op|doppler|ref\+[a-z]+):/{{0,2}}{_PATH}(?:[/#:]{_PATH})+"
    rf"|(?:ssm|file|env|vault):/(?:/?{_PATH})+"
)
"""What names the place where the secret is to be found, in the ways of shells, templates and vaults."""

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_SPOKEN = re.compile(r"[\[(<{*_#\-\s]*[A-Za-z][A-Za-z_ '-]*[\])>}*_#\-\s.!]*")
_SAYING = words_of("""
    redacted removed filtered hidden masked placeholder changeme changeit replaceme omitted sanitized scrubbed
    obfuscated
""") | {"sensitive value"}
_OF_THE_READER = words_of("your my insert enter replace change put")
_OF_A_SECRET = words_of("""
    password passwd pass secret token key api apikey value here me it this with access client id name
""")


def is_placeholder(value: str) -> bool:
    """Whether a whole value stands where a secret would: ``${TOKEN}``, ``****``, ``YOUR_API_KEY``, ``null``.

    Words count where one of them says so (``[FILTERED]``), or where they speak to the reader about a secret
    (``enter-token-here``).
    """
    return value.lower() in TRIVIAL or (len(value) <= 512 and _stands_for_another(value))


@lru_cache(maxsize=4096)
def _stands_for_another(value: str) -> bool:
    for pattern in (_MASK, _EXAMPLE, _REFERENCE):
        if pattern.fullmatch(value):
            return True
    if len(value) > 64 or _SPOKEN.fullmatch(value) is None:
        return False
    words = {word.lower() for word in _WORDS.findall(value)} | {value.strip("[](){}<>*_#- ").lower()}
    if words & _SAYING:
        return True
    return bool(words & _OF_THE_READER) and bool(words & _OF_A_SECRET)
