"""Which format a recording of another tool is in, and what it holds."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sealtape import store
from sealtape.errors import CassetteConflicted, CassetteMalformed, CassetteTooNew, CassetteTruncated
from sealtape.importing import cassetter, documents, har, placebo, vcrpy
from sealtape.importing.wire import NotUnderstood, NotWhole, header_fields
from sealtape.interaction import HttpRequest, Interaction, Response

SUFFIXES = (".yaml", ".yml", ".json", ".toml", ".har")

_LOOKED_AT_BYTES = 4096
_LOOKS_LIKE_ONE = re.compile(
    rb'^"?(?:http_)?interactions"?\s*:|^- request:|^\[\[interactions\]\]|'
    rb'"(?:http_)?interactions"\s*:\s*\[|^\s*\{\s*"log"\s*:\s*\{|^\s*\[\s*\{\s*"request"\s*:',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Source:
    """What a recording of another tool holds.

    ``tool`` is who wrote it. ``notes`` say what a person should know of it, each in a sentence.
    ``files`` are where it was read from.
    """

    tool: str
    interactions: tuple[Interaction, ...]
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


def looks_like_one(path: Path) -> bool:
    """Whether a file that nobody named is worth reading: projects are full of YAML and JSON."""
    if path.suffix == ".har":
        return True
    try:
        with path.open("rb") as file:
            return _LOOKS_LIKE_ONE.search(file.read(_LOOKED_AT_BYTES)) is not None
    except OSError:
        return False


def tape_of(path: Path) -> Path:
    """Return the cassette that the plugin looks for where it has looked for ``path``, a file or folder."""
    if path.is_dir():
        return path.with_name(path.name + store.SUFFIX)
    return path.with_name(path.name.removesuffix(path.suffix) + store.SUFFIX)


def read(path: Path, where: str, *, trust_body: bool = False) -> Source:
    """Return what the file at ``path`` holds, or placebo's folder; raise `CassetteError` or `StoreError`.

    With ``trust_body`` a body shorter than its headers say is whole.
    """
    if path.is_dir():
        found, files = placebo.interactions(path, where)
        return Source("placebo", found, (_OF_PLACEBO,), files)
    return replace(_read_file(path, where, trust_body), files=(path,))


_OF_PLACEBO = (
    "placebo kept no parameters: every call of an operation is answered in turn, whatever it asks for "
    '(and from the first again, as by placebo, with repeats = "cycle")'
)


def _read_file(path: Path, where: str, trust_body: bool) -> Source:
    data = store.read(path)
    if not data.strip():
        raise CassetteTruncated("the file is empty", where=where)
    if re.search(rb"^<<<<<<< ", data, re.MULTILINE):
        raise CassetteConflicted("it holds merge-conflict markers", where=where, hint="git status")
    document = documents.load(data, path.suffix, where)
    if isinstance(document, Mapping) and "log" in document and "interactions" not in document:
        return _archive(document["log"], where, trust_body)
    return _cassette(document, where, trust_body)


def _archive(log: Any, where: str, trust_body: bool) -> Source:
    if not isinstance(log, Mapping) or not isinstance(log.get("entries"), list):
        raise CassetteMalformed("this is no HTTP archive", where=where, why="its log has no entries")
    version = str(log.get("version") or har.VERSIONS[0])
    if version not in har.VERSIONS:
        raise _other_version(f"HAR version {version[:20]!a}", " and ".join(har.VERSIONS), where)
    entries = log["entries"]
    found = tuple(_each(entries, functools.partial(har.interaction, trust_body=trust_body), where))
    left_out = len(entries) - len(found)
    notes = (f"{left_out} entries had no HTTP response and were left out",) if left_out else ()
    return Source("HAR", found, notes)


def _cassette(document: Any, where: str, trust_body: bool) -> Source:
    _refuse_other_formats(document, where)
    entries = document["interactions"]
    if entries and all(cassetter.is_one(entry) for entry in entries):
        found = tuple(_each(entries, cassetter.interaction, where))
        return Source("cassetter", found, tuple(_placeholders(found)))
    read_one = functools.partial(vcrpy.interaction, trust_body=trust_body)
    found = tuple(_each(entries, read_one, where))
    return Source("vcrpy", found, tuple(_decoded(entries, found)))


def _decoded(entries: Sequence[Any], interactions: Sequence[Interaction]) -> Iterator[str]:
    coded = [header_fields(entry["response"].get("headers")) for entry in entries]
    count = sum(
        isinstance(found.outcome, Response) and len(found.outcome.headers) < len(headers)
        for headers, found in zip(coded, interactions, strict=True)
    )
    if count:
        yield f"vcrpy had decoded {count} of its bodies: their Content-Encoding was left out"


def _refuse_other_formats(document: Any, where: str) -> None:
    if (
        isinstance(document, list)
        and document
        and isinstance(document[0], Mapping)
        and "request" in document[0]
    ):
        path = shlex.quote(where)
        raise CassetteMalformed(
            "this cassette is older than vcrpy 1.0, and has no version",
            where=where,
            hint=f"python -m vcr.migration {path}, then sealtape import {path}",
        )
    if isinstance(document, Mapping) and "http_interactions" in document:
        raise CassetteMalformed("this is a cassette of Ruby's VCR or of betamax", where=where)
    if not isinstance(document, Mapping) or not isinstance(document.get("interactions"), list):
        raise CassetteMalformed(
            "this is no recording that can be imported",
            where=where,
            why="it is not vcrpy's, cassetter's or placebo's, and no HTTP archive",
        )
    if document.get("version", 1) != 1:
        raise _other_version(f"version {str(document['version'])[:20]!a}", "1", where)
    for kind in ("grpc_interactions", "ws_interactions"):
        if document.get(kind):
            raise CassetteMalformed(
                f"it holds {kind.replace('_', ' ')}",
                where=where,
                why="sealtape replays AWS calls and HTTP only",
            )


def _other_version(what: str, known: str, where: str) -> CassetteTooNew:
    return CassetteTooNew(f"it is of {what}, which is not known here", where=where, why=f"known is {known}")


def _placeholders(interactions: Sequence[Interaction]) -> Iterator[str]:
    if any(
        isinstance(found.request, HttpRequest)
        and (
            cassetter.PLACEHOLDER in found.request.url or cassetter.PLACEHOLDER.encode() in found.request.body
        )
        for found in interactions
    ):
        yield (
            f"its requests hold {cassetter.PLACEHOLDER}, which the code under test does not send: filter "
            "live ones alike, by filter_query_parameters or filter_post_data_parameters of vcr_config"
        )


def _each(
    entries: Sequence[Any], read_one: Callable[[Any], Interaction | None], where: str
) -> Iterator[Interaction]:
    for number, entry in enumerate(entries, 1):
        try:
            found = read_one(entry)
        except NotWhole as error:
            raise CassetteTruncated(
                f"interaction {number} is not whole",
                where=where,
                why=str(error),
                hint="record it again; if its body was cut on purpose: sealtape import --short-bodies "
                + shlex.quote(where),
            ) from None
        except NotUnderstood as error:
            raise CassetteMalformed(
                f"interaction {number} cannot be understood", where=where, why=str(error)
            ) from None
        if found is not None:
            yield found
