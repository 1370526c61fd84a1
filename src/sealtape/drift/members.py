"""Which member of an object is which one of another that has it under another name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sealtape.drift.noise import is_opaque_key, signature
from sealtape.renaming import Renaming


def opaque_names(
    gone: Mapping[str, Any], come: Mapping[str, Any], renaming: Renaming
) -> Iterator[tuple[str, str]]:
    """Pair keys that are opaque values: those of equal content first."""
    free = dict.fromkeys(name for name in come)
    waiting = [name for name in gone if is_opaque_key(name)]
    for strict in (True, False):
        for ours in list(waiting):
            for theirs in free:
                same = not strict or signature(gone[ours]) == signature(come[theirs])
                if same and renaming.admits(ours, theirs):
                    waiting.remove(ours)
                    del free[theirs]
                    yield ours, theirs
                    break


def renamed_names(
    gone: Mapping[str, Any], come: Mapping[str, Any], renaming: Renaming | None
) -> Iterator[tuple[str, str]]:
    """Pair names that are spelled differently, and names whose value moved unchanged, up to ``renaming``."""
    spelled = {_spelling(name): name for name in come}
    ours_left, theirs_left = dict(gone), dict(come)
    for name in gone:
        other = spelled.get(_spelling(name))
        if other in theirs_left:
            del ours_left[name], theirs_left[other]
            yield name, other
    if renaming is None:
        return
    lone = len(ours_left) == len(theirs_left) == 1
    for name, value in ours_left.items():
        for other, candidate in theirs_left.items():
            if _is_moved(value, candidate, renaming, lone):
                del theirs_left[other]
                yield name, other
                break


def _is_moved(old: Any, new: Any, renaming: Renaming, lone: bool) -> bool:
    """Whether a value is there under another name: the same one or, without a choice, one of its form."""
    if not lone:
        return _is_telling(old) and _kind_and_value(old) == _kind_and_value(new)
    if _text(old) == _text(new):
        return True
    if isinstance(old, str) and isinstance(new, str) and renaming.admits(old, new):
        return True
    return bool(signature(old, mask=renaming.old_masked) == signature(new, mask=renaming.new_masked))


def _text(value: Any) -> str:
    return value.lower() if isinstance(value, str) else _kind_and_value(value)


def _spelling(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def is_respelled(old: Any, new: Any) -> bool:
    """Whether two texts differ in case and punctuation only, as the names above them do."""
    return isinstance(old, str) and isinstance(new, str) and _spelling(old) == _spelling(new)


def _is_telling(value: Any) -> bool:
    """Whether a value is unlikely to be the same by chance."""
    if isinstance(value, str):
        return len(value) >= 6
    return isinstance(value, (Mapping, list)) and len(value) > 0


def _kind_and_value(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)
