"""Large bodies: what is calm is left out, and nothing else."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import zipfile
from collections.abc import Callable, Iterator

import pytest

from sealtape.interaction import Captured, HttpRequest, Interaction, Response
from sealtape.scrub import Scrubber, codecs, find_residue, spotting, survey
from sealtape.scrub.prose import Prose
from sealtape.scrub.survey import LARGE, leaves_in
from sealtape.settings import ScrubSettings

SECRET = "hunter2-" + "Lo9ngEnough"
ROWS = [{"id": n, "name": f"part {n}", "tags": ["spare", "example"], "note": None} for n in range(400)]
LINES = "".join(f"line {n} says that all is well\n" for n in range(600))
ITEMS = "".join(f"<Item><Part>part {n}</Part><Size>{n}</Size></Item>" for n in range(400))
PEM = "-----BEGIN RSA PRIVATE" + " KEY-----\n" + "Qm9ndXM5" * 8 + "\n-----END RSA PRIVATE" + " KEY-----"
KEY_ID = "AKIA" + "J7QW4XNDT5PLRV2M"
SECRET_KEY = "Zx9Kd92hfLs03mZQ8vB1" + "nM4cX6Zx9Kd92hfLs03m"


def exchange(body: bytes) -> Interaction:
    return Interaction(HttpRequest("GET", "https://api.example.com/v1"), Response(200, "OK", (), body))


def scrubbed(body: bytes, settings: ScrubSettings | None = None) -> bytes:
    settings = settings or ScrubSettings(allow=("*",))
    (item,) = Scrubber(settings, bytes(range(32)), environ={}).scrub([Captured(exchange(body))])
    assert isinstance(item.interaction.outcome, Response)
    return item.interaction.outcome.body


def as_json(node: object) -> bytes:
    return json.dumps([*ROWS, node]).encode()


def as_text(text: str) -> bytes:
    return f"{LINES}{text}\n{LINES}".encode()


def as_markup(text: str) -> bytes:
    return f"<List>{ITEMS}{text}{ITEMS}</List>".encode()


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def packed(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("notes.txt"), text)
    return made.getvalue()


HOLDING = {
    "name": as_json({"deep": [{"password": SECRET}]}),
    "pair": as_json({"name": "DB_PASSWORD", "value": SECRET}),
    "header": as_json(["X-Api-Key", SECRET]),
    "option": as_json(["run", "--password", SECRET]),
    "hidden by a name that comes twice": b'{"a":{"password":"%s"},"a":%s}' % (SECRET.encode(), as_json(1)),
    "hidden, with a blank before the colon": b'{"a" :{"password" :"%s"},"a":%s}'
    % (SECRET.encode(), as_json(1)),
    "hidden, where a text begins with a colon": b'{"a":{"password":"%s"},"a":":","b":":","c":%s}'
    % (SECRET.encode(), as_json(1)),
    "escaped name": as_json({"x": 0}).replace(b'"x": 0', b'"pass\\u0077ord":"%s"' % SECRET.encode()),
    "assignment": as_json({"note": f"we set password={SECRET} there"}),
    "escaped": as_json({"note": f'he said "password={SECRET}"\u20ac'}),
    "document in a text": as_json({"note": json.dumps({"token": SECRET})}),
    "base64": as_json({"note": b64(f"password={SECRET}")}),
    "base64 of a gzip": as_json(
        {"note": base64.b64encode(gzip.compress(f"password={SECRET}".encode(), mtime=0)).decode()}
    ),
    "base64 of an archive": as_json({"note": base64.b64encode(packed(f"password={SECRET}")).decode()}),
    "percent": as_json({"note": f"https://example.com/?password={SECRET}".replace("=", "%3D")}),
    "hex": as_json({"note": f"was {f'password={SECRET}'.encode().hex()} then"}),
    "in a text": as_text(f"export DB_PASSWORD={SECRET}"),
    "table": f"id,password\n1,{SECRET}\n{LINES}".encode(),
    "document in lines": as_text(f'got {{"password": "{SECRET}"}}'),
    "base64 over lines": as_text(
        "\n".join(b64(f"password={SECRET} " * 4)[n : n + 21] for n in range(0, 156, 21))
    ),
    "element": as_markup(f"<Password>{SECRET}</Password>"),
    "attribute": as_markup(f'<Item password="{SECRET}"/>'),
    "pair of elements": as_markup(f"<Key>DB_PASSWORD</Key><Value>{SECRET}</Value>"),
    "in quotation marks": as_markup(f"<Part>&quot;password={SECRET}&quot;</Part>"),
    "named entity": as_markup(f"<Part>password&equals;{SECRET}</Part>"),
    "comment": as_markup(f"<!-- password={SECRET} -->"),
    "section": as_markup(f"<Part><![CDATA[password={SECRET}]]></Part>"),
    "base64 in an element": as_markup(f"<Part>{b64(f'password={SECRET}')}</Part>"),
    "document in an element": as_markup(f"<Part>{html.escape(json.dumps({'token': SECRET}))}</Part>"),
}


@pytest.mark.parametrize("body", HOLDING.values(), ids=HOLDING)
def test_a_secret_in_a_large_body_is_replaced(body: bytes) -> None:
    assert len(body) > LARGE
    shown = scrubbed(body)
    assert shown != body
    assert SECRET.encode() not in shown
    for hidden in (b64(f"password={SECRET}"), f"password={SECRET}".encode().hex()):
        assert hidden.encode() not in shown


def test_a_secret_key_beside_its_id_is_replaced_wherever_in_a_large_document() -> None:
    body = as_json({"first": f"{KEY_ID}", "last": f"{SECRET_KEY}"})
    assert SECRET_KEY.encode() not in scrubbed(body)
    assert SECRET_KEY.encode() not in scrubbed(as_text(f"the AKIA one: {SECRET_KEY} there"))


def test_what_is_known_is_replaced_in_a_large_body_in_every_form() -> None:
    settings = ScrubSettings(values=(SECRET, "kq7x"), allow=("*",))
    body = as_json({"a": f"x {SECRET} y", "b": b64(SECRET), "c": "kq7x"})
    shown = json.loads(scrubbed(body, settings))[-1]
    assert SECRET not in shown["a"]
    assert b64(SECRET) != shown["b"]
    assert shown["c"] != "kq7x"


def test_a_known_number_is_replaced_in_a_large_document() -> None:
    settings = ScrubSettings(values=("98765432",), allow=("*",))
    assert b"98765432" not in scrubbed(as_json({"serial": 98765432}), settings)


def test_a_registered_pattern_is_looked_for_in_large_bodies() -> None:
    settings = ScrubSettings(patterns=("ward-([a-z]+)",), allow=("*",))
    assert b"ward-robe" not in scrubbed(as_json({"note": "a ward-robe"}), settings)


@pytest.fixture
def without_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Do as if RE2 were not installed."""
    caches: list[Callable[[], None]] = [
        survey.survey_for.cache_clear,
        survey.gate_survey.cache_clear,
        spotting.spotter_of.cache_clear,
    ]
    monkeypatch.setattr(spotting, "_engine", lambda: None)
    for clear in caches:
        clear()
    yield
    for clear in caches:
        clear()


@pytest.mark.usefixtures("without_engine")
@pytest.mark.parametrize("body", [*HOLDING.values(), as_json({}), as_text(""), as_markup("")])
def test_without_the_engine_large_bodies_are_looked_into_all_the_same(body: bytes) -> None:
    shown = scrubbed(body)
    assert SECRET.encode() not in shown
    assert (shown == body) is (body not in HOLDING.values())


@pytest.mark.parametrize(
    "body",
    [
        as_json(
            {"id": "i-0123456789abcdef0", "at": "2026-01-31T10:00:00Z", "url": "https://example.com/a/b"}
        ),
        as_json({"image": base64.b64encode(bytes(range(256)) * 20).decode()}),
        as_json({"digest": "d41d8cd98f00b204e9800998ecf8427e", "said": 'to "all"\n\u20ac'}),
        as_text("2026-01-31T10:00:00Z INFO app: status=200 took=12ms id=5c285d6d47473c11"),
        as_markup("<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag>"),
    ],
)
def test_a_large_body_that_holds_nothing_is_not_walked_nor_read_part_by_part(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walked(*_: object) -> None:
        raise AssertionError("it was looked into")

    for owner, name in ((codecs, "parse_json"), (codecs, "markup_spans"), (Prose, "flat")):
        monkeypatch.setattr(owner, name, walked)
    assert scrubbed(body) == body


def test_the_gate_reads_large_bodies() -> None:
    holding = [as_json({"note": PEM}), as_text(PEM), as_markup(f"<Part>{PEM}</Part>"), as_json({KEY_ID: 1})]
    for body in holding:
        item = Captured(exchange(body))
        (kept,) = Scrubber(ScrubSettings(off=("private-key", "access-key-id")), bytes(32), environ={}).scrub(
            [item]
        )
        assert find_residue([kept], ScrubSettings())


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a" :{"b" :1},"a":2}',
        '{"a":":"}',
        '["\\u0000"]',
        '{"a":',
        "[1] [2]",
        '"text"',
        "[" * 5000,
    ],
)
def test_a_document_that_could_hide_something_has_no_leaves(text: str) -> None:
    assert leaves_in(text) is None


def test_leaves_are_the_texts_large_numbers_and_names_of_a_document() -> None:
    leaves = leaves_in('{"a":["b",{"c":"d"},250000,7],"e":["f","g"]}')
    assert leaves is not None
    assert sorted(leaves.texts) == ["b", "d", "f", "g"]
    assert leaves.numbers == [250000]
    assert leaves.shapes == {("a", "e"), ("c",)}
    assert leaves.heads == {"f"}
