"""Names by where they stand: the regions, accounts and callers of a cassette.

A text is cut into a *skeleton*, in which each name is replaced by a mark, and the *names* in order.
Two texts are equal up to renaming if their skeletons are equal and one bijection, the same for a whole
cassette, turns the names of the one into those of the other. A name is one by where it stands (the
account of an ARN, the client's own region), never because it differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Name: TypeAlias = "tuple[str, str]"
"""A kind (``"account"``, ``"region"``, ``"caller"``) and a value."""

# The account of an ARN, and of a queue URL, which carries it as the first part of its path.
_ACCOUNT = re.compile(r'(arn:[a-z0-9-]+:[a-z0-9-]*:[^:"/]*:|"QueueUrl":"https?://[^/"]+/)([0-9]{12})(?=[:/])')
_REGION_MARK = "\x00region"
_ACCOUNT_MARK = "\x00account"


def skeleton(text: str, region: str) -> tuple[str, tuple[Name, ...]]:
    """Cut ``text`` (canonical JSON) into its skeleton and the account names in it, in order.

    Occurrences of ``region``, the region of the client that speaks, become a mark without a name of
    their own: they follow the client. Other regions stay, being the caller's choice. JSON escapes
    control characters, so the marks cannot occur in the text itself.
    """
    if region and region in text:
        text = text.replace(region, _REGION_MARK)
    # Most calls name no account, and to look for two words costs a tenth of looking for the pattern.
    if "arn:" not in text and '"QueueUrl"' not in text:
        return text, ()
    names: list[Name] = []

    def mark(match: re.Match[str]) -> str:
        names.append(("account", match.group(2)))
        return match.group(1) + _ACCOUNT_MARK

    return _ACCOUNT.sub(mark, text), tuple(names)


class Bindings:
    """The bijection between live and recorded names of one cassette, as far as it is known.

    A live name that also occurs in the recording stands for itself, so two regions or two callers of
    one test can never answer for each other. Only a name the recording does not know may be bound to
    another, and only to one that nothing else is bound to.
    """

    def __init__(self, recorded: Iterable[Name]) -> None:
        self._known = frozenset(recorded)
        self._forward: dict[Name, Name] = {}
        self._backward: dict[Name, Name] = {}

    def admits(self, live: Sequence[Name], recorded: Sequence[Name]) -> bool:
        """Whether ``live`` may stand for ``recorded`` without contradicting what is bound."""
        if live == recorded:
            return all(self._backward.get(name, name) == name for name in recorded)
        if len(live) != len(recorded):
            return False
        new: dict[Name, Name] = {}
        for ours, theirs in zip(live, recorded, strict=True):
            bound = self._forward.get(ours) or new.get(ours)
            if bound is not None:
                if bound != theirs:
                    return False
            elif ours == theirs:
                if self._backward.get(theirs, ours) != ours:
                    return False
            elif not self._free(ours, theirs) or theirs in new.values():
                return False
            else:
                new[ours] = theirs
        return True

    def _free(self, ours: Name, theirs: Name) -> bool:
        """Whether nothing speaks against binding these two."""
        return ours[0] == theirs[0] and ours not in self._known and theirs not in self._backward

    def bind(self, live: Sequence[Name], recorded: Sequence[Name]) -> None:
        """Remember that ``live`` stands for ``recorded``; call only what `admits` admits."""
        for ours, theirs in zip(live, recorded, strict=True):
            self._forward[ours] = theirs
            self._backward[theirs] = ours

    @property
    def renamed(self) -> dict[Name, Name]:
        """The names that stand for others, live to recorded."""
        return {ours: theirs for ours, theirs in self._forward.items() if ours != theirs}
