"""What names say, with the names and patterns of the settings among them."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from sealtape.errors import SettingsError
from sealtape.scrub.detector import Detector, any_sign
from sealtape.scrub.detectors import DETECTORS
from sealtape.scrub.evidence import (
    ACCOUNT_ENDINGS,
    ACCOUNT_NAMES,
    CANONICAL_USER_NAMES,
    CERTAIN_ACCOUNT_ENDINGS,
    CERTAIN_ACCOUNT_NAMES,
    DESCRIBING_STARTS,
    DESCRIBING_WORDS,
    ENVIRONMENT_NAME,
    HARMLESS_HEADER_NAME,
    HEADER_NAME,
    HEADER_RULES,
    LABEL_PARENTS,
    NAME_KEYS,
    NOT_ABOVE_SECRETS,
    ONE_TIME_NAMES,
    PAGING_SEGMENTS,
    PLACE_WORDS,
    PROSE_PARENTS,
    QUERY_RULES,
    QUEUE_NAMES,
    SECRET_ENDINGS,
    SECRET_NAMES,
    VALUE_KEYS,
    VERSION_ENDINGS,
    WEAK_ENDINGS,
    WEAK_ENDINGS_OUTSIDE_AWS,
    WEAK_IN_QUERIES,
    WEAK_NAMES,
    WEAK_OUTSIDE_AWS,
    WEAK_VARIABLE,
    normalised,
)
from sealtape.scrub.rules import checked_rules
from sealtape.scrub.survey import Survey, survey_for
from sealtape.scrub.wording import is_opaque
from sealtape.settings import ScrubSettings

_SEGMENT = re.compile(r"[^\[\].:/]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LANGUAGE = re.compile(
    r"(?:en|de|es|fr|pt|nl|pl|sv|da|nb|fi|cs|hu|ro|tr|ru|uk|ja|ko|zh|ar|he|el|bg|hr|sk|et|lv|lt|vi|th)"
    r"(?:[-_](?:[A-Z]{2}|[A-Z][a-z]{3}))?"
)
_NUMBERED = re.compile(r"v?\d{1,3}$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


CLAIMS, NAMES, VALUES, SPEAKS = 1, 2, 4, 8
"""What a name can say: of its own value, that it stands beside a name or a value, or above sentences."""

_SPEAKING = {
    *("kty", "data", "stringdata", "last4", "lastfour", "displayname"),
    *("sensitive", "secure", "secured", "masked", "issecret"),
}
"""Names that claim no value and say how those are to be read that stand below or beside them."""


class Lexicon:
    """What names say: the built-in names and those of the settings, each looked up once."""

    def __init__(self, settings: ScrubSettings | None = None) -> None:
        settings = settings if settings is not None else ScrubSettings()
        self.off = checked_rules(settings.off)
        self._registered = frozenset(map(normalised, settings.names))
        self._kept = frozenset(map(normalised, settings.keep)) - self._registered
        registered = tuple(Detector("registered-pattern", ("",), _compiled(p)) for p in settings.patterns)
        built_in = tuple(d for d in DETECTORS if d.rule not in self.off)
        self.detectors = (*registered, *built_in)
        self.binary_detectors = (*registered, *(d for d in built_in if d.reads_binary))
        self.always_scan = bool(settings.patterns)
        self.detectable = re.compile("" if registered else any_sign(built_in)).search
        self.rule = lru_cache(maxsize=8192)(self._rule)
        self.may_claim = lru_cache(maxsize=8192)(self._may_claim)
        self.says = lru_cache(maxsize=8192)(self._says)
        self.query_rule = lru_cache(maxsize=1024)(self._query_rule)
        self.field_rule = lru_cache(maxsize=1024)(self._field_rule)
        self.group_rule = lru_cache(maxsize=8192)(self._group_rule)
        self.header_rule = lru_cache(maxsize=1024)(self._header_rule)

    def _rule(self, name: str) -> str:
        plain = normalised(name)
        if plain in self._registered:
            return "registered-name"
        if plain in self._kept:
            return ""
        if plain in SECRET_NAMES or _NUMBERED.sub("", plain).endswith(SECRET_ENDINGS):
            return "secret-name"
        if ENVIRONMENT_NAME.search(name):
            return "secret-name"
        # Dumped header fields go by the names of header fields.
        return "secret-name" if name[:2] in ("X-", "x-") and says_secret(name) else ""

    def _says(self, name: str, *, aws: bool) -> int:
        """Return all that a name says (`CLAIMS`, `NAMES`, `VALUES`, `SPEAKS`); 0 where it says nothing."""
        plain = normalised(name)
        claims = (
            self.rule(name)
            or self.group_rule(name)
            or is_weak(name, aws=aws, query=False)
            or names_account(name)
            or surely_names_account(name)
            or names_canonical_user(name)
            or names_queue(name)
            or names_version(name)
            or plain in _SPEAKING
        )
        pairs = NAMES * (plain in NAME_KEYS) | VALUES * (plain in VALUE_KEYS)
        return CLAIMS * bool(claims) | pairs | SPEAKS * (plain in PROSE_PARENTS or names_labels(name))

    def claim(self, name: str, value: str, *, aws: bool = False, query: bool = False) -> str:
        """Return the rule for the value that goes by a name, also by one that says little by itself."""
        rule = self.query_rule(name) if query else self.rule(name)
        if (
            rule
            or len(value) < 4
            or normalised(name) in self._kept
            or not is_weak(name, aws=aws, query=query)
        ):
            return rule
        one_time = normalised(name) in ONE_TIME_NAMES and value.isdecimal() and len(value) <= 8
        return "secret-name" if one_time or is_opaque(value) else ""

    def _may_claim(self, name: str) -> bool:
        """Whether `claim` claims some value that goes by a name, wherever it stands."""
        return bool(
            self.rule(name) or self.query_rule(name) or is_weak(name, aws=False, query=True)
        ) or is_weak(name, aws=True, query=True)

    @cached_property
    def survey(self) -> Survey:
        """What is asked of large texts, before they are looked into."""
        return survey_for(self.detectors)

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
        if plain in self._kept:
            return ""
        return QUERY_RULES[plain] if plain in QUERY_RULES else self.field_rule(name)

    def _header_rule(self, name: str) -> str:
        plain = normalised(name)
        if plain in self._kept:
            return ""
        if plain in HEADER_RULES:
            return HEADER_RULES[plain]
        return self.rule(name) or ("api-key" if says_secret(name) else "")


@lru_cache(maxsize=4096)
def says_secret(header: str) -> bool:
    """Whether the last words of a header field's name say that it carries a secret."""
    name = _CAMEL.sub("-", header).lower()
    return HEADER_NAME.search(name) is not None and HARMLESS_HEADER_NAME.search(name) is None


@lru_cache(maxsize=4096)
def is_weak(name: str, *, aws: bool, query: bool) -> bool:
    """Whether a name says secret of a value that is opaque, and of no other."""
    plain = normalised(name)
    if plain in WEAK_NAMES or plain.endswith(WEAK_ENDINGS) or WEAK_VARIABLE.fullmatch(name):
        return True
    if query and plain in WEAK_IN_QUERIES:
        return True
    if aws or (plain not in WEAK_OUTSIDE_AWS and not plain.endswith(WEAK_ENDINGS_OUTSIDE_AWS)):
        return False
    return plain in WEAK_OUTSIDE_AWS or PLACE_WORDS.isdisjoint(map(str.lower, _WORD.findall(name)))


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
def surely_names_account(name: str) -> bool:
    plain = normalised(name).replace(":", "")
    return plain in CERTAIN_ACCOUNT_NAMES or plain.endswith(CERTAIN_ACCOUNT_ENDINGS)


@lru_cache(maxsize=4096)
def names_version(name: str) -> bool:
    """Whether a name's last word is one for a version: not that of ``server``."""
    if not normalised(name).endswith(VERSION_ENDINGS):
        return False
    words = _WORD.findall(name)
    return name.lower().endswith("version") or (bool(words) and words[-1].lower() in VERSION_ENDINGS)


@lru_cache(maxsize=4096)
def names_labels(name: str) -> bool:
    """Whether below a name stand the labels of fields: it says so, or is the code of a language."""
    return normalised(name) in LABEL_PARENTS or _LANGUAGE.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def names_canonical_user(name: str) -> bool:
    return normalised(name) in CANONICAL_USER_NAMES


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
