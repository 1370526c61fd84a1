"""What members say of one another: a value is secret because of what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sealtape.scrub.evidence import VALUE_KEYS, normalised
from sealtape.scrub.lexicon import Lexicon
from sealtape.scrub.wording import is_label, is_plain

_PRIVATE_PARTS = frozenset({"d", "k", "p", "q", "dp", "dq", "qi"})
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_FLAGS = frozenset({"sensitive", "secure", "secured", "masked", "issecret", "secret"})
_SECRET_DATA = frozenset({"data", "stringData"})
_OPENING = 12
_OPTION = re.compile(r"--?([A-Za-z][A-Za-z_-]*)")


def claims(node: Mapping[str, Any]) -> dict[str, str]:
    """Return the members of a mapping that are secret because of others, each with its rule.

    Those are the private parts of a JSON web key, the data of a Secret of Kubernetes, a value that is
    flagged as sensitive, a key of which another member shows the end (``last4``), and the id of an
    owner in Amazon S3.
    """
    found: dict[str, str] = {}
    if "kty" in node:
        found.update(dict.fromkeys(_PRIVATE_PARTS & node.keys(), "private-key"))
    if not _SECRET_DATA.isdisjoint(node) and _is_secret_resource(node):
        found.update(dict.fromkeys(_SECRET_DATA, "secret-name"))
    if "DisplayName" in node and _CANONICAL.fullmatch(str(node.get("ID", ""))):
        found["ID"] = "canonical-user-id"
    for name, value in node.items():
        if value is True and normalised(name) in _FLAGS:
            values = {key: each for key, each in node.items() if normalised(key) in VALUE_KEYS}
            found.update({k: "name-value-pair" for k, v in values.items() if not _is_word(v)})
        elif normalised(name) in ("last4", "lastfour") and type(value) is str and value:
            found.update({k: "secret-name" for k, v in node.items() if k != name and _goes_on_to(v, value)})
    return found


def _is_secret_resource(node: Mapping[str, Any]) -> bool:
    kind = node.get("type")
    return node.get("kind") == "Secret" or (
        type(kind) is str and "metadata" in node and (kind == "Opaque" or kind.startswith("kubernetes.io/"))
    )


def _is_word(value: Any) -> bool:
    return type(value) is str and is_plain(value)


def _goes_on_to(value: Any, end: str) -> bool:
    return type(value) is str and len(value) >= _OPENING and value.endswith(end)


def holds_labels(node: Mapping[str, Any], lexicon: Lexicon) -> bool:
    """Whether the members of a mapping are what pages say at fields, as one of them surely is."""
    return any(
        type(value) is str and lexicon.rule(key) and is_label(value, key) for key, value in node.items()
    )


def arguments(items: Iterable[Any], lexicon: Lexicon) -> dict[int, str]:
    """Return the places in a command line, given as a list, that follow the option of a secret."""
    found: dict[int, str] = {}
    rule = ""
    for place, item in enumerate(items):
        if rule and type(item) is str and item[:1] != "-":
            found[place] = rule
        option = _OPTION.fullmatch(item) if type(item) is str else None
        rule = lexicon.rule(option[1]) if option is not None else ""
    return found
