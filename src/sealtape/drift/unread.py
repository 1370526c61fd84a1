"""What was read by a model, as it would have been read without one.

Under a name that the model does not know, everything has the names and the types of the wire: to see that
it is what stood under another name before, that one is put back into the same form.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from sealtape.drift.elements import entry_tags, grouped, tag_of
from sealtape.drift.models import Shape


def unread(value: Any, shape: Shape, form: str) -> Any:
    """Return ``value`` as it would have been read from a body in ``form`` if no model had said what it is."""
    kind = shape.type_name if shape is not None else ""
    if kind == "structure" and isinstance(value, Mapping):
        return _unread_members(value, shape, form)
    if kind == "list" and isinstance(value, list):
        items = [unread(item, shape.member, form) for item in value]
        return items if form != "xml" else _wrapped(shape.member.serialization.get("name", "member"), items)
    if kind == "map" and isinstance(value, Mapping):
        if form != "xml":
            return {name: unread(inner, shape.value, form) for name, inner in value.items()}
        named, held = entry_tags(shape)
        entries = [{named: name, held: unread(inner, shape.value, form)} for name, inner in value.items()]
        return _wrapped("entry", entries)
    if form == "xml":
        return str(value).lower() if isinstance(value, (bool, int, float)) else value
    return _encoded(value) if kind == "blob" and isinstance(value, str) else value


def _unread_members(value: Mapping[str, Any], shape: Shape, form: str) -> Any:
    tree: dict[str, Any] = {}
    for name, inner in value.items():
        member = shape.members.get(name)
        if member is None:
            tree[name] = inner
        elif form == "xml" and member.serialization.get("flattened"):
            bare = unread(inner, member, form)
            listed = next(iter(bare.values()), []) if isinstance(bare, Mapping) else bare
            tree[tag_of(name, member)] = listed
        else:
            tree[member.serialization.get("name", name)] = unread(inner, member, form)
    return tree or ("" if form == "xml" else {})


def _wrapped(tag: str, items: list[Any]) -> Any:
    return grouped((tag, item) for item in items) or ""


def _encoded(text: str) -> str:
    """Return what a blob holds as it was sent: it came so if it is base64 of what is no text."""
    try:
        b64decode(text, validate=True).decode("utf-8")
    except UnicodeDecodeError:
        return text
    except ValueError:
        pass
    return b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")
