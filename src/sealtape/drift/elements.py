"""XML as trees: as the service model says (lists, maps, numbers), or, where it says nothing, by looks.

What the model does not expect stays: elements that it does not know, a text in the place of members, a
second element where it has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from sealtape.drift.models import Shape

_NUMBERS: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "float": lambda text: int(text) if text.isdigit() else float(text),
    "double": lambda text: int(text) if text.isdigit() else float(text),
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
}
_COMPOUND = frozenset(("structure", "list", "map"))


def read_xml(body: bytes) -> Element | None:
    """Return the root element of ``body``; None where that is no XML, or XML that is not to be trusted."""
    try:
        root: Element = defusedxml.ElementTree.fromstring(body)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    return root


def local(tag: str) -> str:
    """Return the name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def generic(element: Element) -> Any:
    """Return an element of which no model says anything."""
    content: dict[str, Any] = {f"@{local(n)}": v for n, v in element.attrib.items()}
    content.update(grouped((local(child.tag), generic(child)) for child in element))
    text = (element.text or "").strip()
    if not content:
        return text
    return {**content, "#text": text} if text else content


def grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return values by name, as a list where a name comes again."""
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def from_element(element: Element, shape: Shape) -> Any:
    """Return what an element says by its model, None if there is none."""
    kind = shape.type_name if shape is not None else ""
    if kind in _COMPOUND and not len(element) and (element.text or "").strip():
        return generic(element)
    if kind == "structure":
        return _structure(element, shape)
    if kind == "list":
        return [from_element(child, shape.member) for child in element]
    if kind == "map":
        return dict(_entry(child, shape) for child in element)
    if kind == "" or len(element):
        return generic(element)
    return scalar(element.text or "", shape)


def _structure(element: Element, shape: Shape) -> dict[str, Any]:
    wire = _members_by_tag(shape)
    tree: dict[str, Any] = {}
    unknown: list[tuple[str, Any]] = []
    once: list[tuple[str, Any]] = []
    for attribute, value in element.attrib.items():
        prefixed = next((w for w in wire if w.partition(":")[2] == local(attribute)), "")
        tree[wire.get(prefixed, f"@{local(attribute)}")] = value
    for child in element:
        tag = local(child.tag)
        if tag not in wire:
            unknown.append((tag, generic(child)))
            continue
        name = wire[tag]
        member = shape.members[name]
        if not member.serialization.get("flattened"):
            once.append((name, from_element(child, member)))
        elif member.type_name == "list":
            tree.setdefault(name, []).append(from_element(child, member.member))
        else:
            tree.setdefault(name, {}).update([_entry(child, member)])
    return {**tree, **grouped(once), **grouped(unknown)}


@lru_cache(maxsize=4096)
def _members_by_tag(shape: Shape) -> Mapping[str, str]:
    return {tag_of(name, member): name for name, member in shape.members.items()}


def tag_of(name: str, member: Shape) -> str:
    """Return the element of a structure's member ``name``, or of an item of it where it is flattened."""
    listed = ""
    if member.serialization.get("flattened") and member.type_name == "list":
        listed = member.member.serialization.get("name", "")
    return str(member.serialization.get("name", listed or name))


def _entry(element: Element, shape: Shape) -> tuple[str, Any]:
    key, value = (element.find(f"{{*}}{name}") for name in entry_tags(shape))
    shown = from_element(value, shape.value) if value is not None else None
    return (key.text or "" if key is not None else ""), shown


def entry_tags(shape: Shape) -> tuple[str, str]:
    """Return the elements of a map's entries that have the key and the value."""
    return shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")


def scalar(text: str, shape: Shape) -> Any:
    """Return the number or boolean that ``text`` is by its model, or the text."""
    try:
        return _NUMBERS[shape.type_name](text)
    except (KeyError, ValueError):
        return text
