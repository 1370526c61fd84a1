"""What names say, with the names and patterns of the settings among them."""

from __future__ import annotations

import re
from functools import lru_cache

from sealtape.errors import SettingsError
from sealtape.scrub.evidence import (
    ACCOUNT_ENDINGS,
    ACCOUNT_NAMES,
    BINARY_RULES,
    DESCRIBING_STARTS,
    DESCRIBING_WORDS,
    DETECTORS,
    ENVIRONMENT_NAME,
    HARMLESS_HEADER_NAME,
    HEADER_NAME,
    HEADER_RULES,
    NOT_ABOVE_SECRETS,
    PAGING_SEGMENTS,
    QUERY_RULES,
    QUEUE_NAMES,
    SECRET_ENDINGS,
    SECRET_NAMES,
    Detector,
    normalised,
)

_SEGMENT = re.compile(r"[^\[\].:/]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Lexicon:
    """What names say: the built-in names and those of the settings, each looked up once."""

    def __init__(self, names: tuple[str, ...] = (), patterns: tuple[str, ...] = ()) -> None:
        self._registered = frozenset(normalised(name) for name in names)
        registered = tuple(Detector("registered-pattern", ("",), _compiled(p)) for p in patterns)
        self.detectors = (*registered, *DETECTORS)
        self.binary_detectors = (*registered, *(d for d in DETECTORS if d.rule in BINARY_RULES))
        self.always_scan = bool(patterns)
        self.rule = lru_cache(maxsize=8192)(self._rule)
        self.query_rule = lru_cache(maxsize=1024)(self._query_rule)
        self.field_rule = lru_cache(maxsize=1024)(self._field_rule)
        self.group_rule = lru_cache(maxsize=8192)(self._group_rule)
        self.header_rule = lru_cache(maxsize=1024)(self._header_rule)

    def _rule(self, name: str) -> str:
        plain = normalised(name)
        if plain in self._registered:
            return "registered-name"
        if plain in SECRET_NAMES or plain.endswith(SECRET_ENDINGS):
            return "secret-name"
        if ENVIRONMENT_NAME.search(name):
            return "secret-name"
        # Dumped header fields go by the names of header fields.
        return "secret-name" if name[:2] in ("X-", "x-") and says_secret(name) else ""

    def _field_rule(self, name: str) -> str:
        """What the name of a form field says: of ``user[password]`` and ``db.password`` the last part."""
        rule = self.rule(name)
        if rule or name.isalnum():
            return rule
        segments = _SEGMENT.findall(name)
        if len(segments) < 2 or not PAGING_SEGMENTS.isdisjoint(map(normalised, segments[:-1])):
            return ""
        return self.rule(segments[-1])

    def _group_rule(self, name: str) -> str:
        """What the name of a list or a structure says about what is in it, plurals included."""
        if normalised(name) in NOT_ABOVE_SECRETS:
            return ""
        return self.rule(name) or (self.rule(name[:-1]) if name[-1:] in ("s", "S") else "")

    def _query_rule(self, name: str) -> str:
        plain = normalised(name)
        return QUERY_RULES[plain] if plain in QUERY_RULES else self.field_rule(name)

    def _header_rule(self, name: str) -> str:
        plain = normalised(name)
        if plain in HEADER_RULES:
            return HEADER_RULES[plain]
        return self.rule(name) or ("api-key" if says_secret(name) else "")


@lru_cache(maxsize=4096)
def says_secret(header: str) -> bool:
    """Whether the last words of a header field's name say that it carries a secret."""
    name = _CAMEL.sub("-", header).lower()
    return HEADER_NAME.search(name) is not None and HARMLESS_HEADER_NAME.search(name) is None


@lru_cache(maxsize=4096)
def describes(name: str) -> bool:
    """Whether the member of a secret that goes by this name describes it and is not the secret itself."""
    words = [word.lower() for word in _WORD.findall(name)]
    starts = len(words) > 1 and words[0] in DESCRIBING_STARTS
    return bool(words) and (starts or words[-1] in DESCRIBING_WORDS)


@lru_cache(maxsize=4096)
def names_account(name: str) -> bool:
    plain = normalised(name)
    return plain in ACCOUNT_NAMES or plain.endswith(ACCOUNT_ENDINGS)


@lru_cache(maxsize=4096)
def names_queue(name: str) -> bool:
    return normalised(name) in QUEUE_NAMES


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise SettingsError(
            f"{pattern!r} is no regular expression",
            where="[tool.sealtape.scrub] patterns",
            why=str(error),
            hint="write it as a TOML literal string: patterns = ['key-[0-9]+']",
        ) from None
