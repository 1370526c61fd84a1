"""What one recording of this process has shown to be secret, for the others.

A fixture asks a provider for a password, and a test sends it: its cassette is another one, in which
nothing says what that word is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache

from sealtape.scrub.known import Reach, reach_of
from sealtape.scrub.wording import is_mixed

_ACCOUNT_DIGITS = 12


class CommonSecrets:
    """Secrets, each with the rule that found it first. Safe to use from several threads."""

    def __init__(self) -> None:
        self._rules: dict[str, str] = {}
        self._lock = threading.Lock()

    def add(self, found: Iterable[tuple[str, str]]) -> None:
        """Take in values with their rules; those that could be an ordinary word elsewhere are left out."""
        with self._lock:
            for value, rule in found:
                if _is_telling(value, reach_of(value, rule)):
                    self._rules.setdefault(value, rule)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        with self._lock:
            return iter(list(self._rules.items()))


def _is_telling(value: str, reach: Reach) -> bool:
    if reach is Reach.ANYWHERE or (value.isdecimal() and len(value) >= _ACCOUNT_DIGITS):
        return True
    return reach is Reach.WORD and is_mixed(value)


@lru_cache(maxsize=1)
def shared_secrets() -> CommonSecrets:
    """Return the secrets that all recordings of this process share: a secret keeps to no library."""
    return CommonSecrets()
