"""Parsing of what somebody else wrote: YAML, JSON and TOML as plain values, with nothing executed.

YAML is read by the core schema of YAML 1.2: ``2026-01-31``, ``yes`` and ``12:30`` are strings, as the
writers of cassettes that leave them unquoted mean them. libyaml's composer recurses on the C stack and
shares what aliases name, so depth, tags and the size after all aliases are checked on the stream of
events, before anything is built.
"""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from typing import Any

import yaml

from sealtape.errors import CassetteMalformed, CassetteTruncated, SealtapeError

_DEEPEST = 100
_MOST_ALIASED_NODES = 100_000
"""How many nodes aliases may stand for in all: cassettes share a list of headers, bombs multiply."""

_YAML = "tag:yaml.org,2002:"
_BYTES_IO = f"{_YAML}python/object/new:_io.BytesIO"
_ITERATOR = f"{_YAML}python/object/apply:builtins.iter"
_PLAIN_TAGS = ("str", "int", "float", "bool", "null", "map", "seq", "binary", "python/str", "python/unicode")
_TAGS = frozenset((*(_YAML + tag for tag in _PLAIN_TAGS), f"{_YAML}python/tuple", _BYTES_IO, _ITERATOR, "!"))

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # which of the two loaders it is, is known at run time
    """Plain values, and the few tagged ones that vcrpy writes, by their content alone."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012  # PyYAML's own name, filled below by its own method


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", list("-+0123456789")),
    (
        "float",
        r"^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(_YAML + _tag, re.compile(_pattern), _first)


def _text(loader: Any, node: Any) -> Any:
    return loader.construct_scalar(node)


def _sequence(loader: Any, node: Any) -> Any:
    return loader.construct_sequence(node, deep=True)


def _file_content(loader: Any, node: Any) -> Any:
    """Return what was in a file that vcrpy stored with its Python state."""
    state = loader.construct_mapping(node, deep=True).get("state")
    return state[0] if isinstance(state, (list, tuple)) and state else b""


def _iterated(loader: Any, node: Any) -> Any:
    """Return the items of an iterator that vcrpy stored with what it iterates over."""
    args = loader.construct_mapping(node, deep=True).get("args")
    return args[0] if isinstance(args, (list, tuple)) and args else []


_Loader.add_constructor(f"{_YAML}python/str", _text)
_Loader.add_constructor(f"{_YAML}python/unicode", _text)
_Loader.add_constructor(f"{_YAML}python/tuple", _sequence)
_Loader.add_constructor(_BYTES_IO, _file_content)
_Loader.add_constructor(_ITERATOR, _iterated)


def load(data: bytes, suffix: str, where: str) -> Any:
    """Return the document in ``data``, which is what the ``suffix`` of its file says.

    Raise `CassetteMalformed` for what cannot or must not be read, `CassetteTruncated` where it ends
    before its end.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CassetteMalformed("this is not UTF-8 text", where=where) from None
    try:
        if suffix in (".yaml", ".yml"):
            return _load_yaml(text, where)
        return tomllib.loads(text) if suffix == ".toml" else json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        raise _unreadable(error.msg, f"line {error.lineno}", where, cut=cut) from None
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(str(error), "", where, cut="end of document" in str(error)) from None
    except RecursionError:
        raise _too_deep(where) from None


def require_harmless(data: bytes, where: str) -> None:
    """Raise `CassetteMalformed` for YAML that another reader must not be given.

    Some versions of vcrpy build whatever a tag names. What is no YAML at all is left to them.
    """
    with contextlib.suppress(yaml.YAMLError):
        _examine(data.decode("utf-8-sig", "replace"), where)


def _load_yaml(text: str, where: str) -> Any:
    try:
        _examine(text, where)
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}" if mark else ""
        cut = mark is not None and mark.line >= text.rstrip().count("\n")
        raise _unreadable(error.problem or "it is no YAML", line, where, cut=cut) from None
    except (yaml.YAMLError, ValueError):
        # ValueError: a number of more digits than Python converts, for instance.
        raise CassetteMalformed("this YAML cannot be read", where=where) from None


def _examine(text: str, where: str) -> None:
    """Refuse tags that build objects, nesting that exhausts the stack, and aliases that multiply."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    count = aliased = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.NodeEvent):
            count += 1
        if isinstance(event, yaml.AliasEvent):
            size = sizes.get(str(event.anchor), 0)
            aliased += size
            count += size
            holds_itself = any(anchor == event.anchor for anchor, _ in open_nodes)
            if holds_itself or aliased > _MOST_ALIASED_NODES:
                raise _refused("its aliases repeat themselves or each other without end", event, where)
            continue
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in _TAGS:
            shown = f"!!{tag.removeprefix(_YAML)}" if tag.startswith(_YAML) else tag
            raise _refused(f"the tag {shown[:80]} is not one of a cassette", event, where)
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, count))
            if len(open_nodes) > _DEEPEST:
                raise _too_deep(where)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor:
                sizes[anchor] = count - before + 1
        elif isinstance(event, yaml.ScalarEvent) and event.anchor:
            sizes[event.anchor] = 1


def _refused(what: str, event: yaml.Event, where: str) -> CassetteMalformed:
    return CassetteMalformed(
        what,
        where=f"{where}: line {event.start_mark.line + 1}" if event.start_mark else where,
        why="nothing in it was executed or built",
        hint="record it again: pytest --record-mode=rewrite",
    )


def _too_deep(where: str) -> CassetteMalformed:
    return CassetteMalformed(f"it is nested more than {_DEEPEST} levels deep", where=where)


def _unreadable(why: str, line: str, where: str, *, cut: bool) -> SealtapeError:
    kind = CassetteTruncated if cut else CassetteMalformed
    spot = f"{where}: {line}" if line else where
    hint = "git restore --source=HEAD -- the file, or record it again: pytest --record-mode=rewrite"
    return kind(
        "the file ends too early" if cut else "the file cannot be read",
        where=spot,
        why=why[:1].lower() + why[1:],
        hint=hint,
    )
