"""Who first said a word of a conversation: the caller, or a provider that was asked."""

from __future__ import annotations

from collections.abc import Iterable


def first_said(turns: Iterable[tuple[Iterable[str], Iterable[str]]]) -> tuple[set[str], set[str]]:
    """Return the words that a request said before any response had, and those of which it is the other way.

    ``turns`` are the words of each request and of its response, in order.
    """
    asked: set[str] = set()
    given: set[str] = set()
    for request, response in turns:
        asked.update(word for word in request if word not in given)
        given.update(word for word in response if word not in asked)
    return asked, given
