"""The whole corpus of one seed."""

from __future__ import annotations

from scrub_corpus.amazon import in_aws
from scrub_corpus.attacks import attacks
from scrub_corpus.cases import Case
from scrub_corpus.documents import documents
from scrub_corpus.harmless import harmless
from scrub_corpus.planted import by_coding, by_kind, by_name, in_headers
from scrub_corpus.second import second
from scrub_corpus.values import Values


def corpus(seed: int) -> list[Case]:
    """Return the planted secrets and the look-alikes of ``seed``, the same at every call."""
    draw = Values(seed)
    planted = (by_kind, by_name, by_coding, in_headers, in_aws, documents)
    return [case for make in (*planted, harmless, attacks, second) for case in make(draw)]
