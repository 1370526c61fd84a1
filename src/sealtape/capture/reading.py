"""Which members of an AWS answer the code under test reads: answers that notice it.

A watched answer is a dict of dicts and lists that behaves as the plain one. What is compared, copied or
iterated as a whole counts as read, since nobody can tell what becomes of it then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

ITEM = "[]"

Note = Callable[[tuple[str, ...]], None]
"""Takes the path of a member that was read: names, and `ITEM` for the items of a list."""


def watched(value: Any, note: Note, path: tuple[str, ...] = ()) -> Any:
    """Return ``value`` so that ``note`` is called with what is read of it; scalars and bodies as they are."""
    if type(value) is dict:
        return _Members(value, note, path)
    if type(value) is list:
        return _Items(value, note, path)
    return value


class _Members(dict[str, Any]):
    def __init__(self, value: dict[str, Any], note: Note, path: tuple[str, ...]) -> None:
        super().__init__(value)
        self._note, self._path = note, path

    def _read(self, name: str) -> Any:
        path = (*self._path, str(name))
        self._note(path)
        value = super().__getitem__(name)
        seen = watched(value, self._note, path)
        if seen is not value:
            super().__setitem__(name, seen)
        return seen

    def __getitem__(self, name: str) -> Any:
        return self._read(name)

    def __contains__(self, name: object) -> bool:
        self._note((*self._path, str(name)))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        # Not the inherited one: with that dict(answer) copies past every method here.
        return iter(super().keys())

    def get(self, name: str, default: Any = None) -> Any:
        return self._read(name) if name in self else default

    def setdefault(self, name: str, default: Any = None) -> Any:
        return self._read(name) if name in self else super().setdefault(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        if name in self:
            self._read(name)
        return super().pop(name, *default)

    def items(self) -> Any:
        return {name: self._read(name) for name in self}.items()

    def values(self) -> Any:
        return [self._read(name) for name in self]

    def copy(self) -> dict[str, Any]:
        return dict(self.items())

    def __eq__(self, other: object) -> bool:
        whole: dict[str, Any] = _whole(self)
        return whole == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # as of every dict

    def __reduce__(self) -> Any:
        return dict, (_whole(self),)

    def __deepcopy__(self, memo: Any) -> dict[str, Any]:
        whole: dict[str, Any] = _whole(self)
        return whole


class _Items(list[Any]):
    def __init__(self, value: list[Any], note: Note, path: tuple[str, ...]) -> None:
        path = (*path, ITEM)
        # Items have one path, and are seen through a loop: all of them notice from the beginning.
        super().__init__(watched(item, note, path) for item in value)

    def __reduce__(self) -> Any:
        return list, (_whole(self),)

    def __deepcopy__(self, memo: Any) -> list[Any]:
        whole: list[Any] = _whole(self)
        return whole


def _whole(value: Any) -> Any:
    """Return a plain copy of what is watched, all of it read."""
    if isinstance(value, _Members):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return value


# JMESPath, by which botocore's waiters and paginators look at answers, goes by the names of classes.
_Members.__name__ = "dict"
_Items.__name__ = "list"
