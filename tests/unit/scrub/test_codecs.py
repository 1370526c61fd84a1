from __future__ import annotations

import base64
import json
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.scrub import codecs

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
DOCUMENTS = st.recursive(
    st.lists(LEAVES, max_size=4) | st.dictionaries(TEXT, LEAVES, max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


@given(DOCUMENTS, st.sampled_from([None, 2]), st.booleans())
def test_splicing_an_unchanged_document_gives_the_same_text(
    document: object, indent: int | None, ascii: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii)
    tree = codecs.parse_json(text)
    assert codecs.splice_json(text, tree, tree) == text


@given(DOCUMENTS, st.booleans())
def test_a_splice_changes_the_strings_it_is_given_and_nothing_else(document: object, ascii: bool) -> None:
    text = json.dumps(document, ensure_ascii=ascii)

    def shout(node: object) -> object:
        if isinstance(node, dict):
            return {key: shout(value) for key, value in node.items()}
        if isinstance(node, list):
            return [shout(value) for value in node]
        return node + '"é!' if isinstance(node, str) else node

    tree = codecs.parse_json(text)
    assert json.loads(codecs.splice_json(text, tree, shout(tree))) == shout(json.loads(text))


def test_blanks_escapes_numbers_and_repeated_names_survive_a_splice() -> None:
    text = '{ "a" : "x" ,\t"a":"\\u0041\\/b", "n": 1.50e+01,"s":"secret" }\n'
    tree = codecs.parse_json(text)
    changed = {name: "gone" if value == "secret" else value for name, value in tree.items()}
    assert codecs.splice_json(text, tree, changed) == text.replace("secret", "gone")


def test_the_first_of_two_members_with_one_name_can_be_changed() -> None:
    text = '{"p": "one", "p": "two"}'
    tree = codecs.parse_json(text)
    assert (
        codecs.splice_json(text, tree, dict(zip(tree, ["x", "two"], strict=True))) == '{"p": "x", "p": "two"}'
    )


@pytest.mark.parametrize("text", ["", "null", "12", '"s"', "{", "{]", "[1,]", "[" * 100_000, "{'a': 1}"])
def test_what_is_no_document_has_no_tree(text: str) -> None:
    assert codecs.parse_json(text) is None


@given(st.binary(min_size=1, max_size=200), st.booleans(), st.booleans(), st.sampled_from([0, 64, 76]))
def test_base64_in_every_manner_is_written_back_in_that_manner(
    data: bytes, urlsafe: bool, padded: bool, width: int
) -> None:
    text = (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(data).decode()
    text = text if padded else text.rstrip("=")
    if width and len(text) > width:
        text = "\n".join(text[i : i + width] for i in range(0, len(text), width))
    view = codecs.decode_base64(text)
    assert view is not None
    assert view.data == data
    assert view.encoded(data) == text


@pytest.mark.parametrize("text", ["a", "abc de", "ab=c", "a-b+", "====", "", "äöü", "QUJD\nRA\nRUZH"])
def test_what_is_not_base64_has_no_view(text: str) -> None:
    assert codecs.decode_base64(text) is None


@given(st.binary(max_size=100))
def test_bytes_come_back_from_the_text_made_of_them(data: bytes) -> None:
    text, codec = codecs.decode_text(data)
    assert text.encode(codec, "surrogatepass") == data


@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=5), TEXT), max_size=4))
def test_the_values_of_a_form_are_found_where_they_stand(pairs: list[tuple[str, str]]) -> None:
    text = "&".join(f"{name}={quote_plus(value)}" for name, value in pairs)
    spans = list(codecs.query_spans(text))
    assert [(span.path[0], span.value) for span in spans] == pairs
    assert [unquote_plus(text[span.start : span.end]) for span in spans] == [value for _, value in pairs]


@given(TEXT, TEXT)
def test_a_value_quoted_like_another_decodes_to_itself(value: str, other: str) -> None:
    for sample in (quote(other, safe=""), quote_plus(other), quote(other).lower()):
        encoded = codecs.quoted_like(value, sample)
        assert (
            parse_qsl(f"a={encoded}", keep_blank_values=True)[0][1] == value or "&" in sample or ";" in value
        )


def test_text_attributes_cdata_and_comments_of_markup_are_found_under_their_names() -> None:
    text = '<a:r x="1&amp;2"><b>t &#65;</b><c/><d><![CDATA[raw <x>]]></d><!-- note --></a:r>'
    spans = [(span.path, span.value) for span in codecs.markup_spans(text)]
    assert spans == [
        (("r", "@x"), "1&2"),
        (("r", "b"), "t A"),
        (("r", "d"), "raw <x>"),
        (("r", "#"), " note "),
    ]


def test_entities_of_a_document_type_are_not_expanded() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">]><r>&a;&a;</r>'
    assert [span.value for span in codecs.markup_spans(bomb) if span.path == ("r",)] == ["&a;&a;"]


def test_entities_are_found_under_their_names_and_unquoted_attributes_to_their_ends() -> None:
    text = "<!DOCTYPE r [<!ENTITY pw 'a &lt; b'>]><r><img src=https://x/?a=1 alt=x/></r>"
    spans = [(span.path[-1], span.value) for span in codecs.markup_spans(text) if span.path]
    assert spans == [("#", "DOCTYPE r "), ("@pw", "a < b"), ("@src", "https://x/?a=1"), ("@alt", "x")]


@pytest.mark.parametrize(
    "text", ["<https://h/next>; rel=x", "<b x=1 never closed", "<joe@example.com> hi", "<3 > 2"]
)
def test_what_only_starts_like_a_tag_is_no_markup(text: str) -> None:
    assert not codecs.looks_like_markup(text)


def test_quotes_are_escaped_in_a_text_where_they_were() -> None:
    [span] = codecs.markup_spans("&quot;a&quot;")
    assert span.encoded('"b"') == "&quot;b&quot;"


@given(st.text("<>&;/!-[]abc=\"' ", max_size=60))
def test_broken_markup_is_read_to_its_end(text: str) -> None:
    for span in codecs.markup_spans("<r>" + text):
        assert 0 <= span.start <= span.end <= len(text) + 3


def test_a_changed_value_is_escaped_for_its_place_in_markup() -> None:
    text = "<r v='x'>y</r>"
    edits = [(s.start, s.end, s.encoded("<'&\">")) for s in codecs.markup_spans(text)]
    assert codecs.splice(text, edits) == "<r v='&lt;&#x27;&amp;&quot;&gt;'>&lt;'&amp;\"&gt;</r>"
