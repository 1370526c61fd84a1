"""An opened cassette for people: what was asked, what came back, and what was scrubbed from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from xml.parsers.expat import ExpatError

import defusedxml.minidom
from defusedxml.common import DefusedXmlException
from rich.text import Text

from sealtape.binding import made_up
from sealtape.interaction import (
    CANCELLED,
    UNREAD,
    AwsRequest,
    Failure,
    Headers,
    HttpRequest,
    Outcome,
    Recording,
    Removal,
    Response,
    Scrubbed,
)
from sealtape.report.content import decoded
from sealtape.report.json import plain
from sealtape.report.printable import printable, printable_line, text_of

_LAYOUT_BYTES = 1 << 20
"""Longer bodies are shown as they are: laying them out would take longer than reading them."""

_MOST_NAMES = 8
_STAND_IN = "magenta"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of one body or of one set of parameters is shown; None is all of it."""

    lines: int | None = None
    columns: int | None = None


BRIEF = Extent(lines=40, columns=200)
WHOLE = Extent()


def cassette_text(
    recording: Recording, *, where: str, key_id: str, only: int | None = None
) -> Iterator[Text]:
    """Yield ``recording`` as lines, in parts that belong together.

    ``where`` is the file as a person would type it. ``only`` is the number of the one interaction to
    show, which is then shown whole; otherwise long bodies are cut, and say so.
    """
    count = len(recording.interactions)
    removed = sum(removal.count for s in recording.interactions for removal in s.removals)
    yield Text.assemble(
        (printable_line(where), "bold"),
        f"  key {key_id} · {counted(count, 'interaction')} · {counted(removed, 'value')} scrubbed",
    )
    if recording.seed or recording.start:
        # Not the seed itself: it would tell every value that was drawn, and tells a reader nothing.
        start = printable_line(recording.start[:19].replace("T", " ")) or "an unknown time"
        draws = "draws are seeded" if recording.seed else "draws are real"
        yield Text(f"    recorded at {start} UTC; {draws}", style="dim")
    names = made_up(recording.interactions) if only is None else []
    if names:
        told = ", ".join(map(printable_line, names[:_MOST_NAMES]))
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        yield Text(
            f"    made up, and bound to others where a replay makes up others: {told}{more}", style="dim"
        )
    for number, scrubbed in enumerate(recording.interactions, 1):
        if only in (None, number):
            whole = f"sealtape show --interaction {number} {printable_line(where)}"
            yield Text("")
            yield from _interaction(scrubbed, number, WHOLE if only else BRIEF, whole)


def counted(count: int, noun: str) -> str:
    """Return ``1 row`` or ``2 rows``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _interaction(scrubbed: Scrubbed, number: int, extent: Extent, whole: str) -> Iterator[Text]:
    interaction = scrubbed.interaction
    yield _title(scrubbed, number)
    stand_ins = [r.stand_in for r in scrubbed.removals if len(r.stand_in) > 3]
    parts = _sent(interaction.request), _received(interaction.outcome)
    for name, lines in (part for half in parts for part in half):
        yield Text(f"    {name}", style="dim")
        yield from _block(lines, extent, whole, stand_ins)
    if scrubbed.removals:
        yield Text("    scrubbed", style="dim")
        yield from _removals(scrubbed.removals)


def _title(scrubbed: Scrubbed, number: int) -> Text:
    request, outcome = scrubbed.interaction.request, scrubbed.interaction.outcome
    title = Text.assemble((f"{number:>3} ", "dim"), (printable_line(request.label), "bold"))
    if isinstance(request, AwsRequest) and request.region:
        title.append(f"  {printable_line(request.region)}", style="dim")
    title.append("  → ", style="dim")
    if isinstance(outcome, Failure):
        return title.append(f"no response: {printable_line(outcome.kind)}", style="red")
    style = "green" if outcome.status < 400 else "yellow" if outcome.status < 500 else "red"
    title.append(printable_line(f"{outcome.status} {outcome.reason}".rstrip()), style=style)
    for remark in _remarks(outcome):
        title.append(f"  {remark}", style="dim")
    return title


def _remarks(response: Response) -> Iterator[str]:
    if response.version != 11:
        yield f"by HTTP {response.version / 10}"
    if response.broken:
        yield _ENDINGS.get(response.broken, f"then {printable_line(response.broken)}")
    if response.stays:
        yield "and again for as long as the wait goes on"


_ENDINGS = {UNREAD: "of which the code read no more", CANCELLED: "then the code gave up waiting"}


def _sent(request: AwsRequest | HttpRequest) -> Iterator[tuple[str, list[str]]]:
    if isinstance(request, AwsRequest):
        if request.parameters:
            yield "parameters", _json_lines(plain(request.parameters))
        if request.body:
            yield from _body("body sent", (), request.body)
        return
    yield "url", [printable_line(request.url)]
    if request.headers:
        yield "headers sent", _header_lines(request.headers)
    yield from _body("body sent", request.headers, request.body)


def _received(outcome: Outcome) -> Iterator[tuple[str, list[str]]]:
    if isinstance(outcome, Failure):
        if outcome.message:
            yield "message", printable(outcome.message).splitlines()
        return
    if outcome.url:
        yield "came from", [printable_line(outcome.url)]
    if outcome.headers:
        yield "headers", _header_lines(outcome.headers)
    yield from _body("body", outcome.headers, outcome.body)


def _header_lines(headers: Headers) -> list[str]:
    return [printable_line(f"{name}: {value}") for name, value in headers]


def _body(name: str, headers: Headers, body: bytes) -> Iterator[tuple[str, list[str]]]:
    if not body:
        return
    view = decoded(headers, body)
    data = body if view is None else view.data
    said = [counted(len(body), "byte")]
    if view is not None:
        said.append(f"{', '.join(view.codings)} of {counted(len(data), 'byte')}")
    text = text_of(data)
    if text is None:
        said.append("not text; --json has it in base64")
        lines = [data[:32].hex(" ") + (" …" if len(data) > 32 else "")]
    else:
        lines = _laid_out(text)
    yield f"{name} · {' · '.join(said)}", lines


def _laid_out(text: str) -> list[str]:
    """Return the lines of a body: JSON and XML indented, anything else as it is."""
    start = text.lstrip()[:1]
    if len(text) <= _LAYOUT_BYTES and start and start in "{[<":
        try:
            return _xml_lines(text) if start == "<" else _json_lines(json.loads(text))
        except (ValueError, RecursionError, ExpatError, DefusedXmlException):
            pass  # it only looked like it: HTML, or JSON lines
    return printable(text).splitlines()


def _json_lines(value: object) -> list[str]:
    return printable(json.dumps(value, indent=2, ensure_ascii=False)).splitlines()


def _xml_lines(text: str) -> list[str]:
    laid_out = defusedxml.minidom.parseString(text).toprettyxml(indent="  ")
    return [line for line in printable(laid_out).splitlines() if line.strip()]


def _block(lines: list[str], extent: Extent, whole: str, stand_ins: list[str]) -> Iterator[Text]:
    cut = len(lines) if extent.lines is None else extent.lines
    for line in lines[:cut]:
        shown = line
        if extent.columns is not None and len(line) > extent.columns:
            shown = f"{line[: extent.columns]}… ({len(line) - extent.columns:,} more characters)"
        text = Text(f"      {shown}")
        text.highlight_words(stand_ins, _STAND_IN)
        yield text
    if len(lines) > cut:
        yield Text(f"      … {counted(len(lines) - cut, 'more line')}: {whole}", style="dim")


def _removals(removals: tuple[Removal, ...]) -> Iterator[Text]:
    wide = max(len(removal.rule) for removal in removals)
    for removal in removals:
        line = Text(f"      {removal.rule:<{wide}}  {printable_line(removal.place)}  → ")
        line.append(_shortened(printable_line(removal.stand_in)), style=_STAND_IN)
        if removal.count > 1:
            line.append(f"  ×{removal.count}", style="dim")
        yield line


def _shortened(stand_in: str) -> str:
    return stand_in if len(stand_in) <= 48 else f"{stand_in[:32]}…{stand_in[-8:]}"
