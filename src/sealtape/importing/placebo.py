"""Folders of placebo: one JSON file per response, ``service.Operation_N.json``, N from 1.

Each holds ``status_code`` and ``data``, the output that a client returned. placebo answers by operation
and order, and keeps neither parameters nor region: neither does what is made of it, in which `ANYTHING`
stands for the parameters. ``service`` is botocore's endpoint prefix, which services share. Times are
``{"__class__": "datetime", "year": …}``, streams ``{"__class__": "StreamingBody", "body": base64}``.
Source: placebo/pill.py, placebo/serializer.py.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sealtape import store
from sealtape.errors import CassetteMalformed, SealtapeError
from sealtape.importing import documents, responses
from sealtape.importing.wire import NotUnderstood
from sealtape.interaction import ANYTHING, AwsRequest, Interaction

_FILE = re.compile(r"(?P<service>.+)\.(?P<operation>[A-Za-z0-9]+)_(?P<number>\d+)\.json")
_LOOKED_AT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class _Answer:
    path: Path
    service: str
    operation: str
    number: int


def is_one(folder: Path) -> bool:
    """Whether a folder holds responses of placebo."""
    return next(_answers(folder), None) is not None


def _answers(folder: Path) -> Iterator[_Answer]:
    for path in sorted(folder.glob("*.json")):
        named = _FILE.fullmatch(path.name)
        if named is not None and _begins_like_one(path):
            yield _Answer(path, named["service"], named["operation"], int(named["number"]))


def _begins_like_one(path: Path) -> bool:
    with path.open("rb") as file:
        return re.search(rb'"(?:status_code|data)"\s*:', file.read(_LOOKED_AT_BYTES)) is not None


def interactions(folder: Path, where: str) -> tuple[tuple[Interaction, ...], tuple[Path, ...]]:
    """Return the responses in ``folder``, by operation and number, and the files that they stand in.

    Raise `CassetteError`.
    """
    answers = sorted(_answers(folder), key=lambda a: (a.service, a.operation, a.number))
    _refuse_prefixes(answers, where)
    found = tuple(_interaction(answer, f"{where}/{answer.path.name}") for answer in answers)
    return found, tuple(answer.path for answer in answers)


def _refuse_prefixes(answers: list[_Answer], where: str) -> None:
    """Refuse responses of several pills in one folder, which do not answer for each other."""
    seen: dict[tuple[tuple[str, ...], str, int], _Answer] = {}
    for answer in answers:
        other = seen.setdefault((_services(answer.service), answer.operation, answer.number), answer)
        if other is not answer:
            raise CassetteMalformed(
                f"{other.path.name} and {answer.path.name} are of two pills",
                where=where,
                hint="move the files of each prefix to a folder of their own",
            )


def _interaction(answer: _Answer, where: str) -> Interaction:
    document = documents.load(store.read(answer.path), ".json", where)
    status, data = (
        (document.get("status_code"), document.get("data")) if isinstance(document, Mapping) else (0, 0)
    )
    if not isinstance(status, int) or not isinstance(data, Mapping):
        raise CassetteMalformed("this is no response of placebo", where=where)
    try:
        data = _objects(data)
    except (NotUnderstood, ValueError, TypeError) as error:
        raise CassetteMalformed("this response cannot be understood", where=where, why=str(error)) from None
    found: list[Interaction] = []
    problems: list[str] = []
    for service in _services(answer.service):
        try:
            found.append(_of(service, answer.operation, status, data))
        except NotUnderstood as error:
            problems.append(str(error))
    if len(found) == 1:
        return found[0]
    raise _unclear(answer, found, problems, where)


def _unclear(answer: _Answer, found: list[Interaction], problems: list[str], where: str) -> SealtapeError:
    if found:
        services = " and ".join(i.request.service for i in found if isinstance(i.request, AwsRequest))
        why = f"{services} are both called {answer.service}, and both could have answered this"
    else:
        why = "; ".join(problems) or f"botocore knows no service {answer.service}"
    return CassetteMalformed(f"the response of {answer.operation} cannot be imported", where=where, why=why)


def _of(service: str, operation: str, status: int, data: Mapping[str, Any]) -> Interaction:
    service_model = _session().get_service_model(service)
    if operation not in service_model.operation_names:
        raise NotUnderstood(f"{service} has no operation {operation}")
    model = service_model.operation_model(operation)
    response = responses.response_of(model, status, data)
    request = AwsRequest(service, operation, ANYTHING, protocol=responses.protocol_of(model))
    return Interaction(request, response)


@functools.cache
def _session() -> Any:
    import botocore.session

    return botocore.session.Session()


@functools.cache
def _services(prefix: str) -> tuple[str, ...]:
    """Return the services whose endpoint prefix is ``prefix``, or what follows in it the prefix of a pill."""
    named = _by_prefix()
    while prefix:
        if prefix in named:
            return named[prefix]
        prefix = prefix.partition(".")[2]
    return ()


@functools.cache
def _by_prefix() -> dict[str, tuple[str, ...]]:
    session, found = _session(), dict[str, tuple[str, ...]]()
    for service in session.get_available_services():
        prefix = session.get_service_model(service).endpoint_prefix
        found[prefix] = (*found.get(prefix, ()), service)
    return found


def _objects(value: Any) -> Any:
    """Return ``value`` with placebo's tagged objects as what they stand for."""
    if isinstance(value, list):
        return [_objects(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get("__class__")
    if kind == "datetime":
        fields = {name: item for name, item in value.items() if not name.startswith("__")}
        return datetime(tzinfo=UTC, **fields)
    if kind in ("StreamingBody", "StreamingChecksumBody"):
        return base64.b64decode(value["body"], validate=True)
    return {name: _objects(item) for name, item in value.items()}
