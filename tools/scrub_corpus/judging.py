"""Scrubs the cases as a cassette would, and says what survived and what was destroyed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scrub_corpus.cases import Case
from scrub_corpus.reading import texts_of
from sealtape.errors import ResidueFound
from sealtape.interaction import Captured
from sealtape.scrub import Scrubber
from sealtape.settings import ScrubSettings

_KEY = bytes(range(32))


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with one case: a secret ``survived``, a text was ``destroyed``, the write ``refused``."""

    kind: str
    case: Case
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind:9}  {self.case}  {self.detail}".rstrip()


def faults(cases: Iterable[Case]) -> list[Fault]:
    """Return every fault of scrubbing ``cases``, each as a cassette of its own."""
    return [fault for case in cases for fault in _faults_of(case)]


def _faults_of(case: Case) -> Iterable[Fault]:
    scrubber = Scrubber(ScrubSettings(), _KEY, environ={})
    try:
        scrubbed = [item.interaction for item in scrubber.scrub([Captured(it) for it in case.traffic])]
    except ResidueFound as error:
        yield Fault("refused", case, str(error).replace("\n", " ")[:200])
        return
    if not case.secrets and scrubbed != list(case.traffic):
        yield Fault("destroyed", case)
        return
    seen = set[str]().union(*map(texts_of, scrubbed))
    for secret in case.secrets:
        if any(secret in text for text in seen):
            yield Fault("survived", case, f"({len(secret)} characters)")
    for kept in case.kept:
        if not any(kept in text for text in seen):
            yield Fault("destroyed", case, kept)
