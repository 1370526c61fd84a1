from __future__ import annotations

from pathlib import Path

import pytest

from sealtape.errors import CassetteMalformed, CassetteTruncated, SealtapeError
from sealtape.importing.documents import load


def load_yaml(text: str) -> object:
    return load(text.encode(), ".yaml", "a.yaml")


def refusal(text: str, suffix: str = ".yaml") -> SealtapeError:
    with pytest.raises(SealtapeError) as caught:
        load(text.encode(), suffix, "a")
    return caught.value


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system",
        "!!python/object/new:os.system",
        "!!python/object:os.stat_result",
        "!!python/name:os.system",
        "!!python/module:antigravity",
        "!<tag:yaml.org,2002:python/object/apply:subprocess.check_output>",
        "!local",
        "!!timestamp",
    ],
)
def test_a_tag_that_no_cassette_has_is_refused_by_name_and_line_and_nothing_is_executed(
    tag: str, tmp_path: Path
) -> None:
    mark = tmp_path / "executed"
    error = refusal(f"version: 1\ninteractions:\n- {tag} ['touch {mark}']\n")
    assert isinstance(error, CassetteMalformed)
    assert error.where == "a: line 3"
    assert tag.strip("!<>").removeprefix("tag:yaml.org,2002:")[:20] in error.what
    assert not mark.exists()


def test_the_tags_that_vcrpy_writes_are_read_by_their_content() -> None:
    assert load_yaml(
        """
        text: !!python/str abc
        pair: !!python/tuple [1, 2]
        bytes: !!binary AP8=
        file: !!python/object/new:_io.BytesIO
          state: !!python/tuple [!!binary AP8=, 0, null]
        parts: !!python/object/apply:builtins.iter
          args: [[a, b]]
        """
    ) == {"text": "abc", "pair": [1, 2], "bytes": b"\0\xff", "file": b"\0\xff", "parts": ["a", "b"]}


def test_a_bomb_of_aliases_is_refused_before_anything_is_built() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    error = refusal("\n".join([*lines, "interactions: *a11"]))
    assert isinstance(error, CassetteMalformed)
    assert "aliases" in error.what


def test_a_bomb_of_merge_keys_is_refused() -> None:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    assert "aliases" in refusal("\n".join(lines)).what


def test_a_node_that_holds_itself_is_refused() -> None:
    assert "aliases" in refusal("interactions: &a [*a]").what


def test_an_alias_of_nothing_is_told_as_what_it_is() -> None:
    assert refusal("interactions: *nowhere\n\n").why == "found undefined alias"


def test_a_list_of_headers_that_several_responses_share_is_read() -> None:
    text = "".join(f"- &h{n} [a, b]\n" for n in range(50)) + "".join(f"- *h{n}\n" for n in range(50)) * 5
    assert load_yaml(text) == [["a", "b"]] * 300


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_nesting_that_would_exhaust_the_stack_is_refused(suffix: str) -> None:
    assert isinstance(refusal("[" * 200_000, suffix), CassetteMalformed)


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".yaml", 'interactions:\n- request:\n    body: "abc'),
        (".json", '{"interactions": [{"request": {"body": "ab'),
        (".json", '{"interactions": ['),
    ],
)
def test_a_file_that_ends_too_early_is_told_from_one_that_is_broken(suffix: str, text: str) -> None:
    assert isinstance(refusal(text, suffix), CassetteTruncated)


@pytest.mark.parametrize(
    ("suffix", "text"),
    [(".yaml", "a: [}\nb: 1\nc: 2\n"), (".json", "{'a': 1}\n"), (".toml", "a = \nb = 2\n")],
)
def test_what_cannot_be_read_is_refused_with_its_line(suffix: str, text: str) -> None:
    error = refusal(text, suffix)
    assert type(error) is CassetteMalformed
    assert "line 1" in str(error)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(CassetteMalformed, match="not UTF-8"):
        load(b"interactions: \xff", ".yaml", "a")


def test_plain_words_that_yaml_1_1_takes_for_something_else_stay_words() -> None:
    text = "[2026-01-31, yes, on, 12:30:00, 1_000, 0o7, 010, 1.0e+3, -5, null, true, ~]"
    assert load_yaml(text) == [
        *("2026-01-31", "yes", "on", "12:30:00", "1_000", "0o7", "010"),
        *(1000.0, -5, None, True, None),
    ]
