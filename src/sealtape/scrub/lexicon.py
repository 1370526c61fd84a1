"""What names say, with the names and patterns of the settings among them."""

from __future__ import annotations

import re
from functools import lru_cache

from sealtape.errors import SettingsError
from sealtape.scrub.evidence import (
    ACCOUNT_ENDINGS,
    ACCOUNT_NAMES,
    BINARY_RULES,
    DETECTORS,
    ENVIRONMENT_NAME,
    HEADER_RULES,
    QUERY_RULES,
    QUEUE_NAMES,
    SECRET_ENDINGS,
    SECRET_NAMES,
    Detector,
    normalised,
)


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
        self.header_rule = lru_cache(maxsize=1024)(self._header_rule)

    def _rule(self, name: str) -> str:
        plain = normalised(name)
        if plain in self._registered:
            return "registered-name"
        if plain in SECRET_NAMES or plain.endswith(SECRET_ENDINGS):
            return "secret-name"
        return "secret-name" if ENVIRONMENT_NAME.search(name) else ""

    def _query_rule(self, name: str) -> str:
        plain = normalised(name)
        return QUERY_RULES[plain] if plain in QUERY_RULES else self.rule(name)

    def _header_rule(self, name: str) -> str:
        return HEADER_RULES.get(normalised(name)) or self.rule(name)


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
