"""The conversation of a recording, held again with somebody else who is to answer in the same way.

What the other one calls otherwise, an id that it drew, is sent back to it under its own name: else every
request after the first creation would ask for what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sealtape.drift.bodies import document
from sealtape.drift.compare import document_facts
from sealtape.interaction import AwsRequest, HttpRequest, Interaction, Recording, Request
from sealtape.renaming import Renaming


def simulated(recording: Recording, answer: Callable[[Request], Interaction]) -> Iterator[Interaction]:
    """Yield what became of each recorded request, asked in order of whoever gives ``answer``."""
    stand_ins = [removal.stand_in for row in recording.interactions for removal in row.removals]
    renaming = Renaming(known_old=stand_ins)
    for scrubbed in recording.interactions:
        recorded = scrubbed.interaction
        request = _told(recorded.request, renaming)
        made = answer(request)
        # The facts are for the comparison of the whole; here they are sought for the names alone.
        document_facts(document(recorded), document(made), renaming)
        yield made


def _told(request: Request, renaming: Renaming) -> Request:
    """Return ``request`` in the names of the other one, as far as they are known."""
    if isinstance(request, AwsRequest):
        parameters = {name: _renamed(value, renaming) for name, value in request.parameters.items()}
        return replace(request, parameters=parameters)
    assert isinstance(request, HttpRequest)
    return replace(request, url=renaming.renamed(request.url), body=_renamed(request.body, renaming))


def _renamed(value: Any, renaming: Renaming) -> Any:
    if isinstance(value, str):
        return renaming.renamed(value)
    if isinstance(value, Mapping):
        return {name: _renamed(inner, renaming) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_renamed(inner, renaming) for inner in value]
    if isinstance(value, bytes):
        try:
            return renaming.renamed(value.decode("utf-8")).encode()
        except UnicodeDecodeError:
            return value
    return value
