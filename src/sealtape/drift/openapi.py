"""OpenAPI documents as models: what they say of a host's answers serves as botocore's models do for AWS.

Read of a document are paths, methods, statuses, and of the schemas of JSON answers types, enums, formats
and names. What it does not say, or says in a way that is not read here, is compared by looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from sealtape.errors import SettingsError
from sealtape.settings import Settings

_PARAMETER = re.compile(r"\{[^/{}]*\}")
_KINDS = {"array": "list", "string": "string", "integer": "integer", "number": "double", "boolean": "boolean"}
_DEEPEST = 32


class SchemaShape:
    """A schema with the face of one of botocore's shapes, read as far as it is looked into."""

    is_document_type = False
    is_tagged_union = False
    serialization: Mapping[str, Any] = {}

    def __init__(self, schema: Mapping[str, Any], document: Mapping[str, Any]) -> None:
        self._schema, self._document = _merged(schema, document), document

    @cached_property
    def type_name(self) -> str:
        """The kind of shape, as botocore calls it; ``""`` where the schema does not say."""
        kind = self._schema.get("type")
        if isinstance(kind, list):
            kinds = [one for one in kind if one != "null"]
            kind = kinds[0] if len(kinds) == 1 else None
        if self._schema.get("properties") and kind in (None, "object"):
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
        return {name: self._shape(schema) for name, schema in self._schema.get("properties", {}).items()}

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
        template = self._template(urlsplit(url).path)
        key = method.lower(), template, str(status)
        if key not in self._shapes:
            self._shapes[key] = self._found(*key)
        return self._shapes[key]

    def _template(self, path: str) -> str:
        """Return the path of the document that ``path`` is one of, the most literal one; else ``""``."""
        rests = [path.removeprefix(base) for base in self._bases() if path.startswith(base)]
        fitting = [
            template
            for template in self.document["paths"]
            for rest in rests
            if re.fullmatch(_PARAMETER.sub("\0", template).replace("\0", "[^/]+"), rest.rstrip("/") or "/")
        ]
        return min(fitting, key=lambda template: len(_PARAMETER.findall(template)), default="")

    def _bases(self) -> Iterator[str]:
        yield ""
        yield str(self.document.get("basePath", "")).rstrip("/")
        for server in self.document.get("servers") or ():
            if isinstance(server, Mapping):
                yield urlsplit(str(server.get("url", ""))).path.rstrip("/")

    def _found(self, method: str, template: str, status: str) -> SchemaShape | None:
        operation = self.document["paths"].get(template, {}).get(method) or {}
        answers = {str(code).upper(): answer for code, answer in (operation.get("responses") or {}).items()}
        named = (answers.get(code) for code in (status, f"{status[0]}XX", "DEFAULT"))
        answer = _resolved(next((one for one in named if one), {}), self.document)
        media = answer.get("content") or {}
        kinds = (kind for kind in media if "json" in kind)
        schema = (media.get(next(kinds, "")) or answer).get("schema")
        return SchemaShape(schema, self.document) if isinstance(schema, Mapping) else None


def apis(settings: Settings) -> dict[str, Api]:
    """Return the documents of ``[tool.sealtape.drift.openapi]`` by host; raise `SettingsError`."""
    return {
        host.lower(): read_api((settings.root or Path.cwd()) / path) for host, path in settings.drift.openapi
    }


def read_api(path: Path) -> Api:
    """Return the OpenAPI document at ``path``, JSON or YAML; raise `SettingsError`."""
    try:
        document = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise _unusable(path, (error.strerror or type(error).__name__).lower()) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise _unusable(path, "it is neither JSON nor YAML") from None
    if not isinstance(document, Mapping) or not isinstance(document.get("paths"), Mapping):
        raise _unusable(path, "it has no paths")
    return Api(document)


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


def _merged(schema: Any, document: Mapping[str, Any], depth: int = 0) -> Mapping[str, Any]:
    """Return a schema with what it is composed of; of alternatives, what they say together."""
    found = dict(_resolved(schema, document))
    parts = [part for name in ("allOf", "oneOf", "anyOf") for part in found.get(name) or ()]
    if not parts or depth >= _DEEPEST:
        return found
    merged = [_merged(part, document, depth + 1) for part in parts]
    said = [part for part in merged if part.get("type") != "null"]
    if len(said) == 1:
        return {**said[0], **found}
    properties = {name: one for part in said for name, one in part.get("properties", {}).items()}
    if properties:
        found["properties"] = {**properties, **found.get("properties", {})}
    return found
