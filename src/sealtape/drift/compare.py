"""What differs between two documents, as facts: no fact is judged here, and none is left out.

Equal means equal up to a consistent renaming of opaque values (`sealtape.renaming`); items of lists are
paired before they are compared, so order is one fact of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import unquote

from sealtape.drift.align import align_items, is_history
from sealtape.drift.bodies import Document
from sealtape.drift.members import is_respelled, opaque_names, renamed_names
from sealtape.drift.models import ENTRY, ITEM, Operation, Shape, is_modelled
from sealtape.drift.noise import (
    VOLATILE_HEADERS,
    is_identifier,
    is_opaque_key,
    is_opaque_name,
    number_of,
)
from sealtape.drift.texts import TextChange, changes, is_prose, markup_parts
from sealtape.drift.unread import unread
from sealtape.renaming import Likeness, Renaming, masked

What = (
    Literal[
        "added", "removed", "renamed", "type", "null", "value", "number", "reference",
        "item-added", "item-removed", "order",
        "status", "code", "form", "form-read", "failure", "bytes",
        "header-added", "header-removed", "header", "media",
    ]
    | TextChange
)  # fmt: skip
Path = tuple[str, ...]

_LONG_TEXT = 20_000
_QUERY = re.compile(r"[\w.~%-]+=[^\s&]*(?:&[\w.~%-]+=[^\s&]*)*")
# RFC 7468: keys and certificates in base64, of which the kind is told.
_ARMORED = re.compile(r"(-----BEGIN [A-Z0-9 ]+-----)[^-]+(?=-----END )")
_REPEATING = frozenset(("xml", "form"))
"""Forms in which a list is a name that comes again, and what is empty has no kind."""
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that differs: what, where, and what stood there before and stands there now.

    ``path`` has a member name a step, ``[]`` for an item and ``{}`` for an entry under an opaque key;
    where it is not about the content of the body it begins with ``:status``, ``:headers`` or ``:body``.
    ``beside`` are the members of the two objects around it, ``shape`` is the model of what stands at
    the path, ``in_error`` says whether the response is an error. ``is_unmodelled`` says that the model
    has no such member: who calls through the SDK never saw it.
    """

    what: What
    path: Path
    old: Any = None
    new: Any = None
    shape: Shape = None
    beside: tuple[Mapping[str, Any], Mapping[str, Any]] = (_NOTHING, _NOTHING)
    in_error: bool = False
    is_unmodelled: bool = False

    @property
    def name(self) -> str:
        """The name of the innermost member on the path, ``""`` where there is none."""
        return next((step for step in reversed(self.path) if step not in (ITEM, ENTRY)), "")


@dataclass(slots=True)
class _Comparison:
    renaming: Renaming
    form: str = ""
    in_error: bool = False
    other_error: bool = False
    facts: list[Fact] = field(default_factory=list)
    beside: tuple[Mapping[str, Any], Mapping[str, Any]] = (_NOTHING, _NOTHING)

    def state(self, what: What, path: Path, old: Any, new: Any, shape: Shape = None) -> None:
        self.facts.append(Fact(what, path, old, new, shape, self.beside, self.in_error))

    def values(self, path: Path, old: Any, new: Any, shape: Shape = None) -> None:
        """Compare two values of any kind."""
        if self.form in _REPEATING and shape is None:
            old, new = _of_one_form(old, new), _of_one_form(new, old)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            self.objects(path, old, new, shape)
        elif isinstance(old, list) and isinstance(new, list):
            self.lists(path, old, new, shape)
        elif old is None or new is None:
            if old is not new:
                self.state("null", path, old, new, shape)
        elif _kind(old) != _kind(new):
            self.state("type", path, old, new, shape)
        elif isinstance(old, str):
            self.texts(path, old, new, shape)
        elif isinstance(old, bytes):
            if old != new:
                self.state("bytes", path, old, new, shape)
        elif old != new:
            if _kind(old) == "number" and path and is_identifier(path[-1]):
                self.renaming.number(old, new)
            self.state("number" if _kind(old) == "number" else "value", path, old, new, shape)

    # Objects ------------------------------------------------------------------------------------

    def objects(self, path: Path, old: Mapping[str, Any], new: Mapping[str, Any], shape: Shape) -> None:
        gone = {name: value for name, value in old.items() if name not in new}
        come = {name: value for name, value in new.items() if name not in old}
        opaque = list(opaque_names(gone, come, self.renaming)) if gone and come else []
        for ours, theirs in opaque:
            self.renaming.compare(ours, theirs)
        around, self.beside = self.beside, (old, new)
        # Identifiers first: the URLs and texts beside them follow what they are called now.
        for name, value in sorted(old.items(), key=_is_reference):
            if name in new:
                self.values((*path, name), value, new[name], _member(shape, name))
        for ours, theirs in opaque:
            self.values((*path, ENTRY), gone.pop(ours), come.pop(theirs), _member(shape, ours))
        bare = self._by_one_model(gone, come, shape)
        # Two errors seldom say the same under other names; what one says, the other merely does not.
        for ours, theirs in list(renamed_names(*bare, None if self.other_error else self.renaming)):
            self.state("renamed", (*path, ours), ours, theirs, _member(shape, ours))
            before, after = bare[0][ours], bare[1][theirs]
            if not is_respelled(before, after):
                self.values((*path, theirs), before, after, _member(shape, theirs))
            del gone[ours], come[theirs]
        for name, value in gone.items():
            self.state("removed", (*path, _step(name)), value, None, _member(shape, name))
        for name, value in come.items():
            self.state("added", (*path, _step(name)), None, value, _member(shape, name))
        self.beside = around

    def _by_one_model(
        self, gone: Mapping[str, Any], come: Mapping[str, Any], shape: Shape
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return both sides as they stand in the body, if the model knows the names of one of them only."""
        if not gone or not come or shape is None:
            return gone, come
        known = [any(_member(shape, name) is not None for name in side) for side in (gone, come)]
        if known[0] == known[1]:
            return gone, come
        sides = (
            {n: unread(v, _member(shape, n), self.form) for n, v in side.items()} for side in (gone, come)
        )
        return next(sides), next(sides)

    # Lists --------------------------------------------------------------------------------------

    def lists(self, path: Path, old: Sequence[Any], new: Sequence[Any], shape: Shape) -> None:
        inner = shape.member if shape is not None and shape.type_name == "list" else None
        place = (*path, ITEM)
        alignment = align_items(old, new, inner, self.renaming)
        removed, added = list(alignment.removed), list(alignment.added)
        start = len(self.facts)
        for i, j in alignment.pairs:
            self.values(place, old[i], new[j], inner)
        interleaved = self._interleaved(start) if is_history(old) and is_history(new) else False
        for i in alignment.removed:
            other = next((j for j in added if _one_for_another(old[i], new[j], self.renaming)), None)
            if other is not None:
                self.values(place, old[i], new[other], inner)
                removed.remove(i)
                added.remove(other)
        for i in removed:
            self.state("listed-removed" if _is_word(old[i]) else "item-removed", place, old[i], None, inner)
        for j in added:
            self.state("listed-added" if _is_word(new[j]) else "item-added", place, None, new[j], inner)
        if alignment.is_reordered or interleaved:
            self.state("order", path, None, None, shape)

    def _interleaved(self, start: int) -> bool:
        """Drop the values that only changed places since ``start``; say whether there were any.

        In a history of things that ran side by side, which of them is met where is chance.
        """
        moved = [fact for fact in self.facts[start:] if fact.what in ("number", "value")]
        if not moved or sorted(repr(f.old) for f in moved) != sorted(repr(f.new) for f in moved):
            return False
        self.facts[start:] = [fact for fact in self.facts[start:] if fact not in moved]
        return True

    # Texts --------------------------------------------------------------------------------------

    def texts(self, path: Path, old: str, new: str, shape: Shape) -> None:
        name = next((step for step in reversed(path) if step not in (ITEM, ENTRY)), "")
        likeness = self.renaming.compare(old, new, identifying=is_opaque_name(name))
        if likeness is Likeness.DIFFERENT and "-----BEGIN " in old:
            likeness = self.renaming.compare(_ARMORED.sub(r"\1", old), _ARMORED.sub(r"\1", new))
        if likeness is Likeness.CONFLICT:
            self.state("reference", path, old, new, shape)
        if likeness is not Likeness.DIFFERENT:
            return
        inner, queries = _documents_in(old, new), (_query(old), _query(new))
        if inner is not None:
            self.values(path, *inner)
        elif queries[0] is not None and queries[1] is not None:
            self.texts(path, queries[0][0], queries[1][0], None)
            self.values(path, queries[0][1], queries[1][1])
        elif (parts := markup_parts(old, new)) is not None:
            self.markup(path, parts)
        elif number_of(old) is not None and number_of(new) is not None:
            self.state("number", path, old, new, shape)
        elif not (is_prose(old) and is_prose(new)):
            self.state("value", path, old, new, shape)
        elif len(old) > _LONG_TEXT or len(new) > _LONG_TEXT:
            if masked(old) != masked(new):
                self.state("text", path, old, new, shape)
        else:
            for change in changes(old, new, self.renaming):
                self.state(change.what, path, change.old, change.new, shape)

    def markup(self, path: Path, parts: Sequence[tuple[str, str]]) -> None:
        """Compare the parts of two pages; what stands in one is read by people, whatever it is."""
        start = len(self.facts)
        for old, new in parts:
            self.texts(path, old, new, None)
        self.facts[start:] = [
            replace(fact, what="text") if fact.what in ("value", "number", "reference") else fact
            for fact in self.facts[start:]
        ]


def _is_reference(member: tuple[str, Any]) -> bool:
    return not is_identifier(member[0])


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array" if isinstance(value, list) else "bytes"


def _of_one_form(value: Any, other: Any) -> Any:
    """Return a lone value as a list beside a list, and nothing as an object beside one."""
    if isinstance(other, list) and not isinstance(value, list):
        return [value]
    return {} if value == "" and isinstance(other, Mapping) else value


def _member(shape: Shape, name: str) -> Shape:
    if shape is None:
        return None
    if shape.type_name == "structure":
        return shape.members.get(name)
    return shape.value if shape.type_name == "map" else None


def _step(name: str) -> str:
    return ENTRY if is_opaque_key(name) else name


def _is_word(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _one_for_another(old: Any, new: Any, renaming: Renaming) -> bool:
    """Whether a list item was retyped or renamed, rather than one dropped and another one added."""
    if isinstance(old, str) and isinstance(new, str):
        return renaming.admits(old, new) or (is_prose(old) and is_prose(new))
    return _kind(old) != _kind(new)


def _documents_in(old: str, new: str) -> tuple[Any, Any] | None:
    """Return the JSON documents that two texts are, None where one of them is none."""
    if not (old[:1] in ("{", "[") and new[:1] in ("{", "[")):
        return None
    try:
        return json.loads(old), json.loads(new)
    except (ValueError, RecursionError):
        return None


def _query(text: str) -> tuple[str, dict[str, str]] | None:
    """Return what stands before the query of a URL, and the parameters in it; None for another text."""
    before, mark, query = text.rpartition("?")
    if not (mark or "&" in query) or _QUERY.fullmatch(query) is None or " " in before:
        return None
    parameters = (part.partition("=") for part in query.split("&"))
    return before, {unquote(name): unquote(value) for name, _, value in parameters}


# Documents ---------------------------------------------------------------------------------------------


def document_facts(old: Document, new: Document, renaming: Renaming) -> list[Fact]:
    """Return all that differs between two responses."""
    in_error = old.is_error or new.is_error
    found = _Comparison(renaming, old.form, in_error, in_error and _code(old) != _code(new))
    if old.failure or new.failure:
        if old.failure != new.failure:
            found.state("failure", (), old.failure or old.status, new.failure or new.status)
        return found.facts
    if old.status is not None and new.status is not None and old.status != new.status:
        found.state("status", (":status",), old.status, new.status)
    if old.is_error != new.is_error:
        # An error and an answer have nothing in common: their members are not compared.
        if _code(old) != _code(new):
            found.state("code", ("Error", "Code"), _code(old), _code(new))
        return found.facts
    if old.headers is not None and new.headers is not None:
        _header_facts(found, old.headers, new.headers, "media" if old.is_aws else "header")
    # To a model an empty body is one without members; to other readers it is another thing than JSON.
    is_other = old.form != new.form and not (old.is_aws and "" in (old.form, new.form))
    is_read = is_other and _is_read_by_model(old) and _is_read_by_model(new)
    if is_other:
        what: What = "form-read" if is_read else "form"
        found.state(what, (":body",), old.form or "empty", new.form or "empty")
    if is_read or not is_other:
        start = len(found.facts)
        found.values((), old.tree, new.tree, old.shape if old.shape is new.shape else None)
        if old.is_aws and new.is_aws and not in_error:
            found.facts[start:] = [_unmodelled(fact, old.model) for fact in found.facts[start:]]
    return found.facts


def _is_read_by_model(document: Document) -> bool:
    """Whether the installed model reads the body, whatever its format: not so that of a dropped protocol."""
    if not document.is_aws or document.form not in ("json", "xml", "cbor"):
        return False
    names = document.tree if isinstance(document.tree, Mapping) else {}
    return document.is_error or all(is_modelled(document.model, (name,)) for name in names)


def _unmodelled(fact: Fact, model: Operation) -> Fact:
    return fact if is_modelled(model, fact.path) else replace(fact, is_unmodelled=True)


def _code(document: Document) -> str | None:
    error = document.tree.get("Error") if isinstance(document.tree, Mapping) else None
    code = error.get("Code") if isinstance(error, Mapping) and document.is_error else None
    return code if isinstance(code, str) else None


def _header_facts(
    found: _Comparison, old: Mapping[str, str], new: Mapping[str, str], media: Literal["media", "header"]
) -> None:
    for name in sorted({*old, *new} - VOLATILE_HEADERS):
        path = (":headers", name)
        if name not in new:
            found.state("header-removed", path, old[name], None)
        elif name not in old:
            found.state("header-added", path, None, new[name])
        elif renaming_differs(found.renaming, old[name], new[name]) and not is_identifier(name):
            found.state(media if name == "content-type" else "header", path, old[name], new[name])


def renaming_differs(renaming: Renaming, old: str, new: str) -> bool:
    """Whether two texts differ by more than a renaming."""
    return renaming.compare(old, new) is Likeness.DIFFERENT
