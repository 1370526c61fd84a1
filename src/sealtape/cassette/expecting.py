"""Requests that a test means to go unanswered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sealtape.capture.current import current
from sealtape.cassette.conversation import Cassette
from sealtape.errors import Miss


@contextmanager
def expect_miss() -> Iterator[list[Miss]]:
    """Expect a request that the cassette does not answer.

    A `Miss` that ends the block is swallowed, as is the note of one that the code in it swallowed
    itself. The list holds them after the block. A block without a miss raises ``AssertionError``.
    """
    conversation: Any = current()
    if not isinstance(conversation, Cassette):
        raise AssertionError("expect_miss() needs an open cassette")
    before = len(conversation.misses)
    seen: list[Miss] = []
    try:
        yield seen
    except Miss as miss:
        if miss not in conversation.misses[before:]:
            raise
    seen.extend(conversation.misses[before:])
    del conversation.misses[before:]
    if not seen:
        raise AssertionError("expected a miss, but the cassette answered every request")
