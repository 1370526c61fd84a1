"""OpenAPI documents as models: what they say of a host's answers serves as botocore's models do for AWS.

Read of a document are paths, methods, statuses, and of the schemas of JSON bodies types, enums, formats
and names. What it does not say, or says in a way that is not read here, is compared by looks. Somebody else
wrote it: schemas are read as far as they are looked into, each once, so none is too large for being read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from sealtape.errors import SettingsError
from sealtape.settings import Settings

_PARAMETER = re.compile(r"\{[^/{}]*\}")
_KINDS = {"array": "list", "string": "string", "integer": "integer", "number": "double", "boolean": "boolean"}
_DEEPEST = 32
_DEEPEST_YAML = 100
_NONE: Mapping[str, Any] = {}


class SchemaShape:
    """A schema with the face of one of botocore's shapes, read as far as it is looked into."""

    is_document_type = False
    is_tagged_union = False
    serialization: Mapping[str, Any] = {}

    def __init__(self, schema: Mapping[str, Any], document: Mapping[str, Any]) -> None:
        self._schema, self._document = _merged(schema, document), document

    @cached_property
    def required_members(self) -> list[str]:
        """The names of the members that must be there, of those that are in answers."""
        required = self._schema.get("required")
        named = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        hidden = {name for name, one in self._properties.items() if _mapping(one).get("writeOnly")}
        return [name for name in named if name in self._properties and name not in hidden]

    @property
    def is_closed(self) -> bool:
        """Whether the schema forbids members that it does not name."""
        return self._schema.get("additionalProperties") is False

    @property
    def _properties(self) -> Mapping[str, Any]:
        return _mapping(self._schema.get("properties"))

    @cached_property
    def type_name(self) -> str:
        """The kind of shape, as botocore calls it; ``""`` where the schema does not say."""
        kind = self._schema.get("type")
        if isinstance(kind, list):
            kinds = [one for one in kind if one != "null"]
            kind = kinds[0] if len(kinds) == 1 else None
        if self._properties and kind in (None, "object"):
            return "structure"
        if kind == "object":
            return "map"
        if kind == "string" and self._schema.get("format") == "date-time":
            return "timestamp"
        return _KINDS.get(str(kind), "")

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """The values of an enumeration, under ``enum``."""
        values = self._schema.get("enum")
        return {"enum": values} if isinstance(values, list) else {}

    @cached_property
    def members(self) -> Mapping[str, SchemaShape]:
        """The shapes of an object's members."""
        return {name: self._shape(schema) for name, schema in self._properties.items()}

    @cached_property
    def member(self) -> SchemaShape:
        """The shape of a list's items."""
        return self._shape(self._schema.get("items"))

    @cached_property
    def value(self) -> SchemaShape:
        """The shape of a map's values."""
        return self._shape(self._schema.get("additionalProperties"))

    def _shape(self, schema: Any) -> SchemaShape:
        return SchemaShape(schema if isinstance(schema, Mapping) else {}, self._document)


@dataclass(slots=True)
class Api:
    """One OpenAPI document (3.x, or Swagger 2)."""

    document: Mapping[str, Any]
    _shapes: dict[tuple[str, str, str], SchemaShape | None] = field(default_factory=dict)

    def answer(self, method: str, url: str, status: int) -> SchemaShape | None:
        """Return the shape of the JSON answer with ``status`` to a request; None where none is told."""
        return self._shape(method, url, str(status))

    def asked(self, method: str, url: str) -> SchemaShape | None:
        """Return the shape of the JSON that a request sends; None where none is told."""
        return self._shape(method, url, "")

    def knows(self, method: str, url: str, status: int | None = None) -> bool:
        """Whether the document has the operation, and an answer with ``status`` where one is given."""
        operation = self._operation(method.lower(), self._template(urlsplit(url).path))
        return bool(operation) and (status is None or self._told(operation, str(status)) is not None)

    def _shape(self, method: str, url: str, status: str) -> SchemaShape | None:
        key = method.lower(), self._template(urlsplit(url).path), status
        if key not in self._shapes:
            operation = self._operation(*key[:2])
            told = self._told(operation, status) if status else self._body(operation)
            schema = _json_schema(_resolved(told, self.document))
            self._shapes[key] = SchemaShape(schema, self.document) if schema is not None else None
        return self._shapes[key]

    def _template(self, path: str) -> str:
        """Return the path of the document that ``path`` is one of, the most literal one; else ``""``."""
        rests = [path.removeprefix(base) for base in self._bases() if path.startswith(base)]
        fitting = [
            template
            for template in map(str, _mapping(self.document.get("paths")))
            for rest in rests
            if _pattern(template).fullmatch(rest.rstrip("/") or "/")
        ]
        return min(fitting, key=lambda template: len(_PARAMETER.findall(template)), default="")

    def _bases(self) -> Iterator[str]:
        yield ""
        yield str(self.document.get("basePath", "")).rstrip("/")
        servers = self.document.get("servers")
        for server in servers if isinstance(servers, list) else ():
            yield urlsplit(str(_mapping(server).get("url", ""))).path.rstrip("/")

    def _operation(self, method: str, template: str) -> Mapping[str, Any]:
        found = _resolved(_mapping(self.document.get("paths")).get(template), self.document)
        return _mapping(found.get(method))

    def _told(self, operation: Mapping[str, Any], status: str) -> Any:
        answers = {str(code).upper(): one for code, one in _mapping(operation.get("responses")).items()}
        return next(
            (answers[code] for code in (status, f"{status[0]}XX", "DEFAULT") if code in answers), None
        )

    def _body(self, operation: Mapping[str, Any]) -> Any:
        listed = operation.get("parameters")
        parameters = (_resolved(one, self.document) for one in (listed if isinstance(listed, list) else ()))
        in_swagger = (one for one in parameters if one.get("in") == "body")
        return operation.get("requestBody") or next(in_swagger, None)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Return what paths of ``template`` look like: ``{name}`` is a part of one, and all else is literal."""
    return re.compile("[^/]+".join(map(re.escape, _PARAMETER.split(template))))


def _json_schema(told: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of the JSON body in a request or answer, as either version writes it."""
    media = _mapping(told.get("content"))
    kind = next((kind for kind in media if "json" in str(kind)), None)
    schema = _mapping(media[kind] if kind is not None else told).get("schema")
    return schema if isinstance(schema, Mapping) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else _NONE


def apis(settings: Settings) -> dict[str, Api]:
    """Return the documents of ``[tool.sealtape.drift.openapi]`` by host; raise `SettingsError`."""
    return {
        host.lower(): read_api((settings.root or Path.cwd()) / path) for host, path in settings.drift.openapi
    }


def read_api(path: Path) -> Api:
    """Return the OpenAPI document at ``path``, JSON or YAML; raise `SettingsError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unusable(path, (error.strerror or type(error).__name__).lower()) from None
    try:
        document = _parsed(data.decode("utf-8-sig"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise _unusable(path, f"it is neither JSON nor YAML{line}") from None
    if not isinstance(document, Mapping) or not isinstance(document.get("paths"), Mapping):
        raise _unusable(path, "it has no paths")
    return Api(document)


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # which of the two loaders it is, is known at run time
    """Plain values; what aliases name is shared and never copied, so they cannot multiply."""

    def flatten_mapping(self, node: Any) -> None:
        """Leave ``<<`` a name like any other: merging copies, and copies of copies have no end."""


_Loader.add_constructor("tag:yaml.org,2002:merge", lambda loader, node: loader.construct_scalar(node))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST_YAML:
            # The composer recurses on the C stack.
            raise RecursionError
    return yaml.load(text, Loader=_Loader)


def _unusable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        "the OpenAPI document cannot be used",
        where=str(path),
        why=why,
        hint="correct the path under [tool.sealtape.drift.openapi]: it is relative to pyproject.toml",
    )


def _resolved(schema: Any, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``schema``, or what it refers to in its document; nothing where that leads nowhere."""
    for _ in range(_DEEPEST):
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        schema = document
        for step in reference.removeprefix("#/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            schema = schema.get(name) if isinstance(schema, Mapping) else None
    return {}


def _merged(
    schema: Any, document: Mapping[str, Any], seen: dict[int, Mapping[str, Any]] | None = None
) -> Mapping[str, Any]:
    """Return a schema with what it is composed of; of alternatives, what they say together."""
    found = dict(resolved := _resolved(schema, document))
    if not found.keys() & {"allOf", "oneOf", "anyOf"}:
        return found
    seen = {} if seen is None else seen
    if id(resolved) in seen:
        return seen[id(resolved)]
    seen[id(resolved)] = _NONE  # what is composed of itself says nothing more
    parts = {
        name: [_merged(part, document, seen) for part in found.get(name) or () if isinstance(part, Mapping)]
        for name in ("allOf", "oneOf", "anyOf")
        if isinstance(found.get(name), list)
    }
    seen[id(resolved)] = merged = _together(found, parts)
    return merged


def _together(found: Mapping[str, Any], parts: Mapping[str, list[Mapping[str, Any]]]) -> Mapping[str, Any]:
    said = [part for listed in parts.values() for part in listed if part and part.get("type") != "null"]
    if len(said) == 1:
        return {**said[0], **found}
    if len({bool(_mapping(part.get("properties"))) for part in said}) > 1 and "allOf" not in parts:
        # An object or something else: no kind can be told.
        return {}
    properties = {n: one for part in said for n, one in _mapping(part.get("properties")).items()}
    required = [n for part in (found, *parts.get("allOf", ())) for n in _listed(part.get("required"))]
    own = _mapping(found.get("properties"))
    return {**found, "properties": {**properties, **own}, "required": required} if properties else found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
