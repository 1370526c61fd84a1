"""What a sealed cassette is, opened and damaged in every way."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import json
import tracemalloc
from collections.abc import Callable, Sequence
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealtape.errors import (
    CassetteConflicted,
    CassetteError,
    CassetteMalformed,
    CassetteMisnamed,
    CassetteTampered,
    CassetteTooNew,
    CassetteTruncated,
    KeyWrong,
    SealtapeError,
    UsageError,
)
from sealtape.interaction import (
    AwsRequest,
    HttpRequest,
    Interaction,
    Recording,
    Removal,
    Response,
    Scrubbed,
    Tree,
)
from sealtape.seal import Key, content, format, new_cassette_id, read_clear, seal, unseal
from sealtape.seal.structure import SEALED
from tests.unit.seal.fuzzing import traced_peak

WHERE = "tests/cassettes/test_users/test_create.tape"
NAME = "tests/cassettes/test_users/test_create"
Relaid = Callable[[Sequence[int]], bytes]

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.binary(max_size=8)
)
NAMES = st.text(max_size=4) | st.sampled_from(["$bytes", "$$bytes", "$float", "$$$float", "bytes", "$"])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def refused(data: bytes, key: Key, kind: type[SealtapeError], *, name: str | None = None) -> SealtapeError:
    """Return the error that opening ``data`` raises, which is a ``kind`` with a place and a remedy."""
    with pytest.raises(kind) as caught:
        unseal(data, key, where=WHERE, name=name)
    assert type(caught.value) is kind
    assert caught.value.where.startswith(WHERE)
    assert caught.value.hint
    return caught.value


def changed(recording: Recording, at: int, body: bytes) -> Recording:
    """Return ``recording`` with another response body in row ``at`` (from 0)."""
    row = recording.interactions[at]
    interaction = dataclasses.replace(row.interaction, outcome=Response(200, body=body))
    rows = list(recording.interactions)
    rows[at] = dataclasses.replace(row, interaction=interaction)
    return dataclasses.replace(recording, interactions=tuple(rows))


class TestContent:
    def test_opening_gives_back_what_was_sealed(self, recording: Recording, data: bytes, key: Key) -> None:
        assert unseal(data, key, where=WHERE, name=NAME) == recording

    def test_hidden_clear_words_open_to_the_same_recording(self, recording: Recording, key: Key) -> None:
        hidden = seal(recording, key, clear=False).data
        assert unseal(hidden, key, where=WHERE) == recording
        assert b"AssumeRole" not in hidden
        assert all(line.startswith(b'{"sealed":"') for line in hidden.splitlines()[1:-1])

    def test_a_cassette_without_interactions_opens(self, key: Key) -> None:
        empty = Recording(new_cassette_id(), NAME)
        assert unseal(seal(empty, key).data, key, where=WHERE) == empty

    def test_no_body_and_an_empty_body_stay_apart(self, key: Key) -> None:
        for body in (None, b"", b"\x00"):
            request = AwsRequest("s3", "PutObject", {"Body": {"$stream": True}}, body)
            row = Scrubbed(Interaction(request, Response(200)))
            recording = Recording(new_cassette_id(), NAME, (row,))
            assert unseal(seal(recording, key).data, key, where=WHERE) == recording

    def test_a_large_binary_body_comes_back_exactly(self, key: Key) -> None:
        body = bytes(range(256)) * 8192
        row = Scrubbed(Interaction(HttpRequest("PUT", "https://example.com/b", body=body), Response(200)))
        recording = Recording(new_cassette_id(), NAME, (row,))
        assert unseal(seal(recording, key).data, key, where=WHERE) == recording

    def test_a_body_that_was_asked_for_is_held_once(self, key: Key) -> None:
        size, count = 20_000, 100
        rows = [
            Scrubbed(
                Interaction(HttpRequest("GET", f"https://example.com/{n}"), Response(200, body=bytes(size)))
            )
            for n in range(count)
        ]
        data = seal(Recording(new_cassette_id(), NAME, tuple(rows)), key).data
        tracemalloc.start()
        try:
            opened = unseal(data, key, where=WHERE)
            outcomes = [row.interaction.outcome for row in opened.interactions]
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert len(outcomes) == count
        assert held < 1.1 * size * count

    def test_a_large_body_is_sealed_and_opened_in_the_few_times_its_size_that_the_format_states(
        self, key: Key
    ) -> None:
        body = bytes(range(256)) * 8192
        row = Scrubbed(Interaction(HttpRequest("GET", "https://example.com/"), Response(200, body=body)))
        recording = Recording(new_cassette_id(), NAME, (row,))
        data = seal(recording, key).data
        assert traced_peak(lambda: seal(recording, key)) < 3.2 * len(body)
        assert traced_peak(lambda: unseal(data, key, where=WHERE)) < 2.2 * len(body)
        assert traced_peak(lambda: read_clear(data, where=WHERE)) < 2.8 * len(body)

    def test_little_is_held_both_sealed_and_open(self, key: Key) -> None:
        bodies = [bytes([number]) * 200_000 for number in range(20)]
        rows = tuple(
            Scrubbed(Interaction(HttpRequest("GET", "https://example.com/"), Response(200, body=body)))
            for body in bodies
        )
        data = seal(Recording(new_cassette_id(), NAME, rows), key).data
        tracemalloc.start()
        try:
            blocks = BytesIO(data).readlines()
            opened = unseal(blocks, key, where=WHERE)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert opened.interactions == rows
        assert peak < 1.2 * len(data)

    @given(parameters=st.dictionaries(NAMES, TREES, max_size=3))
    @settings(max_examples=200, deadline=None)
    def test_every_tree_of_parameters_comes_back(self, parameters: dict[str, Tree]) -> None:
        row = Scrubbed(Interaction(AwsRequest("s3", "PutObject", parameters), Response(200)))
        assert content.unpack(content.pack(row)) == row

    @pytest.mark.parametrize("value", ["half \ud83d a pair", 2**64, -(2**80), 5e-324, "\x7f\u2028"])
    def test_what_other_parsers_of_json_stumble_over_comes_back(self, value: Tree) -> None:
        row = Scrubbed(Interaction(AwsRequest("s3", "PutObject", {"Key": value}), Response(200)))
        assert content.unpack(content.pack(row)) == row

    def test_not_a_number_is_written_as_json_and_comes_back(self) -> None:
        row = Scrubbed(Interaction(AwsRequest("a", "B", {"x": [float("nan")]}), Response(200)))
        frame = content.pack(row)
        assert b"NaN" not in frame
        opened = content.unpack(frame).interaction.request
        assert isinstance(opened, AwsRequest)
        assert repr(opened.parameters) == "{'x': [nan]}"

    @pytest.mark.parametrize("enabled", [True, False])
    def test_opening_leaves_the_garbage_collector_as_it_was(
        self, data: bytes, key: Key, enabled: bool
    ) -> None:
        before = gc.isenabled()
        try:
            (gc.enable if enabled else gc.disable)()
            unseal(data, key, where=WHERE)
            assert gc.isenabled() is enabled
        finally:
            (gc.enable if before else gc.disable)()

    def test_what_is_opened_is_old_at_once_for_the_garbage_collector(self, data: bytes, key: Key) -> None:
        gc.collect()
        opened = unseal(data, key, where=WHERE)
        is_old = any(known is opened.interactions for known in gc.get_objects(generation=2))
        # Python 3.12 has frozen objects of its own.
        assert is_old is (gc.get_freeze_count() == 0)

    def test_opening_thaws_nothing_that_the_project_has_frozen(self, data: bytes, key: Key) -> None:
        gc.freeze()
        try:
            frozen = gc.get_freeze_count()
            unseal(data, key, where=WHERE)
            assert gc.get_freeze_count() == frozen
        finally:
            gc.unfreeze()

    def test_a_cassette_id_of_another_shape_is_refused(self, key: Key) -> None:
        with pytest.raises(UsageError):
            seal(Recording("../../etc", NAME), key)

    def test_fresh_cassette_ids_differ(self) -> None:
        assert new_cassette_id() != new_cassette_id()


class TestStability:
    def test_sealing_twice_gives_the_same_bytes(self, recording: Recording, data: bytes, key: Key) -> None:
        again = unseal(data, key, where=WHERE)
        assert seal(again, key).data == seal(recording, key).data == data

    def test_the_order_of_parameters_does_not_show(self, key: Key) -> None:
        one = AwsRequest("s3", "GetObject", {"Bucket": "b", "Key": "k"})
        two = AwsRequest("s3", "GetObject", {"Key": "k", "Bucket": "b"})
        files = {
            seal(Recording("ab" * 16, NAME, (Scrubbed(Interaction(request, Response(200))),)), key).data
            for request in (one, two)
        }
        assert len(files) == 1

    def test_one_changed_interaction_changes_one_row_and_the_end_row(
        self, recording: Recording, data: bytes, key: Key
    ) -> None:
        after = seal(changed(recording, 1, b"DONE"), key).data.splitlines()
        before = data.splitlines()
        assert [at for at, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]] == [2, 5]

    @pytest.mark.parametrize("at", range(5))
    @pytest.mark.parametrize("added", range(4))
    def test_one_interaction_added_anywhere_adds_one_row_even_an_equal_one(
        self, recording: Recording, data: bytes, key: Key, at: int, added: int
    ) -> None:
        rows = list(recording.interactions)
        rows.insert(at, rows[added])
        after = seal(dataclasses.replace(recording, interactions=tuple(rows)), key).data.splitlines()
        before = data.splitlines()
        assert after[: at + 1] == before[: at + 1]
        assert after[at + 2 : -1] == before[at + 1 : -1]

    def test_another_name_changes_the_header_and_the_end_row_only(
        self, recording: Recording, data: bytes, key: Key
    ) -> None:
        moved = seal(dataclasses.replace(recording, name="elsewhere"), key).data
        assert moved.splitlines()[1:-1] == data.splitlines()[1:-1]

    def test_equal_interactions_look_different_in_two_cassettes(
        self, recording: Recording, data: bytes, key: Key
    ) -> None:
        other = seal(dataclasses.replace(recording, cassette_id=new_cassette_id()), key).data
        sealed = [json.loads(line)["sealed"] for line in (data + other).splitlines() if b'"sealed"' in line]
        assert len(set(sealed)) == len(sealed)


class TestClearWords:
    def test_a_reviewer_reads_what_was_called_and_what_was_scrubbed(self, data: bytes) -> None:
        lines = data.splitlines()
        assert lines[1].startswith(
            b'{"id":"sts.AssumeRole","status":200,"scrubbed":{"aws-account":1},"sealed":"'
        )
        assert lines[3].startswith(
            b'{"id":"POST api.example.com/builds","status":201,"scrubbed":{},"sealed":"'
        )
        assert lines[4].startswith(b'{"id":"GET example.com/","status":"ReadTimeout",')

    def test_a_file_is_plain_ascii_whatever_the_names_are(self, key: Key) -> None:
        row = Scrubbed(Interaction(HttpRequest("GET", "https://example.com/\u202etxt"), Response(200)))
        data = seal(Recording(new_cassette_id(), "tests/prüfung", (row,)), key).data
        assert data.isascii()
        assert read_clear(data, where=WHERE).name == "tests/prüfung"

    def test_clear_words_are_read_without_the_key(self, recording: Recording, key: Key) -> None:
        rows = recording.interactions
        twice = dataclasses.replace(recording, interactions=(*rows, rows[1]))
        clear = read_clear(seal(twice, key).data, where=WHERE)
        assert (clear.format, clear.key_id, clear.cassette_id, clear.name) == (
            1,
            key.id,
            recording.cassette_id,
            NAME,
        )
        assert [(row.id, row.position, row.status) for row in clear.rows] == [
            ("sts.AssumeRole", 1, 200),
            ("ecs.DescribeTasks", 1, 200),
            ("POST api.example.com/builds", 1, 201),
            ("GET example.com/", 1, "ReadTimeout"),
            ("ecs.DescribeTasks", 2, 200),
        ]
        assert clear.rows[0].scrubbed == {"aws-account": 1}
        assert clear.rows[1].tag == clear.rows[4].tag != clear.rows[0].tag

    def test_hidden_clear_words_are_empty(self, recording: Recording, key: Key) -> None:
        clear = read_clear(seal(recording, key, clear=False).data, where=WHERE)
        assert {(row.id, row.status, len(row.scrubbed)) for row in clear.rows} == {("", None, 0)}

    def test_the_size_of_a_sealed_part_is_told(self, data: bytes, recording: Recording) -> None:
        for row, scrubbed in zip(read_clear(data, where=WHERE).rows, recording.interactions, strict=True):
            assert row.sealed_bytes == len(content.pack(scrubbed)) + 16


class TestDamage:
    @pytest.mark.parametrize("clear", [True, False])
    def test_every_changed_bit_is_refused_by_sealtapes_own_errors(
        self, recording: Recording, key: Key, clear: bool
    ) -> None:
        small = dataclasses.replace(recording, name="a", interactions=recording.interactions[3:])
        data = seal(small, key, clear=clear).data
        for at in range(len(data)):
            for bit in range(8):
                damaged = bytearray(data)
                damaged[at] ^= 1 << bit
                with pytest.raises((CassetteError, KeyWrong)) as caught:
                    unseal(bytes(damaged), key, where=WHERE)
                assert caught.value.where.startswith(WHERE)
                assert caught.value.hint

    def test_every_cut_is_truncated(self, data: bytes, key: Key) -> None:
        for length in range(len(data)):
            refused(data[:length], key, CassetteTruncated)
            with pytest.raises(CassetteTruncated):
                read_clear(data[:length], where=WHERE)

    def test_a_cut_says_whether_it_went_through_a_row(self, data: bytes, key: Key) -> None:
        whole_rows = data.rindex(b"\n", 0, -1) + 1
        assert refused(data[:whole_rows], key, CassetteTruncated).why == "its end row is missing"
        for length in (whole_rows - 1, whole_rows + 1, len(data) - 1):
            assert refused(data[:length], key, CassetteTruncated).why == "its last row is cut"

    @pytest.mark.parametrize("at", [1, 2, 3, 4])
    def test_a_removed_row_is_named(self, data: bytes, key: Key, relaid: Relaid, at: int) -> None:
        order = [line for line in range(6) if line != at]
        error = refused(relaid(order), key, CassetteTampered)
        assert error.where == f"{WHERE} row {at}"
        assert error.what == "this row is missing"

    @pytest.mark.parametrize("at", [1, 2, 3, 4])
    def test_a_repeated_row_is_named(self, data: bytes, key: Key, relaid: Relaid, at: int) -> None:
        order = [*range(at + 1), *range(at, 6)]
        error = refused(relaid(order), key, CassetteTampered)
        assert error.where.startswith(f"{WHERE} row {at + 1} (")
        assert error.what == "this row is repeated"
        assert error.why == f"row {at} is the same"

    def test_a_repeated_poll_is_refused_although_polls_may_repeat(
        self, recording: Recording, key: Key
    ) -> None:
        rows = recording.interactions
        polled = dataclasses.replace(recording, interactions=(rows[1], rows[1]))
        lines = seal(polled, key).data.splitlines(keepends=True)
        assert lines[1] == lines[2]
        error = refused(b"".join([lines[0], lines[1], *lines[1:]]), key, CassetteTampered)
        assert error.where == f"{WHERE} row 3 (ecs.DescribeTasks)"

    def test_swapped_rows_are_named(self, key: Key, relaid: Relaid) -> None:
        error = refused(relaid([0, 1, 3, 2, 4, 5]), key, CassetteTampered)
        assert error.where == f"{WHERE} row 2 (POST api.example.com/builds)"
        assert error.what == "this row is out of its order"

    def test_a_row_of_another_cassette_is_named(self, recording: Recording, data: bytes, key: Key) -> None:
        other = seal(dataclasses.replace(recording, cassette_id=new_cassette_id()), key).data
        lines, others = (text.splitlines(keepends=True) for text in (data, other))
        error = refused(b"".join([*lines[:2], others[2], *lines[3:]]), key, CassetteTampered)
        assert error.where == f"{WHERE} row 2 (ecs.DescribeTasks)"
        assert error.why == "it was edited, or comes from another cassette"

    def test_a_row_of_an_older_version_is_named(self, recording: Recording, data: bytes, key: Key) -> None:
        older = seal(changed(recording, 1, b"OLD"), key).data
        lines, olders = (text.splitlines(keepends=True) for text in (data, older))
        error = refused(b"".join([*lines[:2], olders[2], *lines[3:]]), key, CassetteTampered)
        assert error.where == f"{WHERE} row 2 (ecs.DescribeTasks)"
        assert error.why == "it comes from another version of this cassette"

    def test_an_end_row_of_an_older_version_is_refused(
        self, recording: Recording, data: bytes, key: Key
    ) -> None:
        older = seal(changed(recording, 1, b"OLD"), key).data
        mixed = data.splitlines(keepends=True)[:-1] + older.splitlines(keepends=True)[-1:]
        refused(b"".join(mixed), key, CassetteTampered)

    def test_an_edited_clear_word_names_its_row(self, data: bytes, key: Key) -> None:
        error = refused(data.replace(b'"status":201', b'"status":200'), key, CassetteTampered)
        assert error.where == f"{WHERE} row 3 (POST api.example.com/builds)"
        assert error.what == "this row was edited"

    def test_clear_words_cannot_be_removed(self, data: bytes, key: Key) -> None:
        lines = data.splitlines(keepends=True)
        lines[1] = b"{" + lines[1][lines[1].index(b'"sealed"') :]
        error = refused(b"".join(lines), key, CassetteTampered)
        assert error.where == f"{WHERE} row 1"

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"test_create", b"test_delete"),
            (b"0123456789abcdef", b"1123456789abcdef"),
            (b"aes-siv", b"aes-gcm"),
        ],
    )
    def test_an_edited_header_is_named(self, data: bytes, key: Key, old: bytes, new: bytes) -> None:
        error = refused(data.replace(old, new, 1), key, CassetteTampered)
        assert error.where == f"{WHERE} header row"

    def test_an_edited_key_id_is_told_from_another_key(self, data: bytes, key: Key) -> None:
        edited = data.replace(key.id.encode(), b"0" * 16, 1)
        assert refused(edited, key, CassetteTampered).where == f"{WHERE} header row"

    def test_an_edited_sealed_part_of_the_header_is_named(self, data: bytes, key: Key) -> None:
        at = data.index(SEALED) + len(SEALED) + 12  # beyond the tag that the end row lists
        edited = data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
        assert refused(edited, key, CassetteTampered).where == f"{WHERE} header row"

    def test_an_edited_end_row_is_named(self, data: bytes, key: Key) -> None:
        at = data.index(b'"tags":"') + 20
        edited = data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
        assert refused(edited, key, CassetteTampered).where == f"{WHERE} end row"

    def test_spare_bits_of_base64_are_no_second_spelling(self, data: bytes, key: Key) -> None:
        # 32 bytes leave two spare bits in the last character before the padding.
        alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        last = alphabet.index(data[-5:-4])
        spare = data[:-5] + alphabet[last ^ 1 : (last ^ 1) + 1] + data[-4:]
        assert refused(spare, key, CassetteTampered).where == f"{WHERE} end row"

    @pytest.mark.parametrize("tail", [b"\n", b"{}\n", b"x", b"\x00" * 10])
    def test_what_follows_the_end_row_is_refused(self, data: bytes, key: Key, tail: bytes) -> None:
        refused(data + tail, key, CassetteTampered)

    def test_two_joined_cassettes_are_refused(self, data: bytes, key: Key) -> None:
        assert refused(data + data, key, CassetteTampered).where == f"{WHERE} line 7"

    @pytest.mark.parametrize(
        "row",
        [
            b"[" * 100_000,
            b"{" + b'"a":{' * 100_000,
            b"[]",
            b"null",
            b"1" * 100_000,
            b'{"id":' + b"1" * 10_000 + b',"status":200,"scrubbed":{},"sealed":"QUFBQUFBQUFBQUFBQUFBQUFB"}',
            b'{"id":' + b"[" * 10_000 + b',"sealed":"QUFBQUFBQUFBQUFBQUFBQUFB"}',
            b'{"id":"a","id":"b","status":200,"scrubbed":{},"sealed":"QUFBQUFBQUFBQUFBQUFBQUFB"}',
            b'{"id":"a","status":true,"scrubbed":{},"sealed":"QUFBQUFBQUFBQUFBQUFBQUFB"}',
            b'{"id":"a","status":200,"scrubbed":{"b":0},"sealed":"QUFBQUFBQUFBQUFBQUFBQUFB"}',
            b'{"id":"a","status":200,"scrubbed":{},"body":"x","sealed":"QUFBQUFBQUFBQUFBQUFBQUFB"}',
            b'{ "sealed":"QUFBQUFBQUFBQUFBQUFBQUFB"}',
            b'{"sealed":"plain text, not base64"}',
            b'{"sealed":"QUFB"}',
            b'{"sealed":"QUFBQUFBQUFBQUFBQUFBQUFBQUE="}'.replace(b"QUE=", b"QUF="),
            b'{"sealed":"\xff"}',
            b'{"id":"\xff","status":200,"scrubbed":{},"sealed":"QUFBQUFBQUFBQUFBQUFBQUFB"}',
            b"",
        ],
        ids=range(18),
    )
    def test_a_row_of_another_shape_is_named_with_and_without_the_key(
        self, data: bytes, key: Key, row: bytes
    ) -> None:
        lines = data.splitlines(keepends=True)
        damaged = b"".join([*lines[:2], row + b"\n", *lines[3:]])
        error = refused(damaged, key, CassetteTampered)
        with pytest.raises(CassetteTampered) as caught:
            read_clear(damaged, where=WHERE)
        for told in (error, caught.value):
            assert told.where == f"{WHERE} row 2"
            assert told.why == "it is not laid out as a sealed row is"

    @pytest.mark.parametrize(
        "order", [[0, 1, 3, 4, 5], [0, 1, 1, 2, 3, 4, 5], [0, 2, 1, 3, 4, 5], [0, 1, 1, 3, 4, 5]]
    )
    def test_rows_that_moved_are_seen_without_the_key(self, relaid: Relaid, order: list[int]) -> None:
        with pytest.raises(CassetteTampered):
            read_clear(relaid(order), where=WHERE)

    def test_a_terminal_sequence_in_an_edited_row_is_not_printed(self, data: bytes, key: Key) -> None:
        edited = data.replace(b"ecs.DescribeTasks", b"\\u001b[2J ecs.Tasks")
        assert "\x1b" not in str(refused(edited, key, CassetteTampered))


class TestOtherFiles:
    def test_an_empty_file_is_truncated(self, key: Key) -> None:
        assert refused(b"", key, CassetteTruncated).why == "the file is empty"

    @pytest.mark.parametrize(
        "content", [b"- request:\n    uri: x\n", b"\x00" * 99, b"[" * 99_999, b"{}\n", b"\n"]
    )
    def test_another_file_is_no_cassette(self, key: Key, content: bytes) -> None:
        refused(content, key, CassetteMalformed)

    def test_converted_line_ends_say_how_to_stop_the_conversion(self, data: bytes, key: Key) -> None:
        error = refused(data.replace(b"\n", b"\r\n"), key, CassetteTampered)
        assert "CRLF" in error.what
        assert ".gitattributes" in error.hint

    def test_a_merge_conflict_is_told_before_anything_else(self, data: bytes, other_key: Key) -> None:
        lines = data.splitlines(keepends=True)
        merged = [
            *lines[:2],
            b"<<<<<<< HEAD\n",
            lines[2],
            b"=======\n",
            lines[3],
            b">>>>>>> topic\n",
            *lines[4:],
        ]
        for text in (b"".join(merged), b"".join(merged).replace(b"\n", b"\r\n")):
            assert "git checkout" in refused(text, other_key, CassetteConflicted).hint

    def test_a_conflict_in_the_first_row_is_one_too(self, data: bytes, key: Key) -> None:
        refused(b"<<<<<<< HEAD\n" + data, key, CassetteConflicted)

    def test_a_later_format_says_which_version_reads_it_before_the_key_matters(self, other_key: Key) -> None:
        error = refused(b'{"sealtape":2,"needs":"0.9"}\nwhatever\n', other_key, CassetteTooNew)
        assert "sealtape 0.9 or later" in error.why
        assert error.hint == "pip install -U sealtape"

    def test_a_later_format_without_a_version_is_still_too_new(self, data: bytes, key: Key) -> None:
        refused(data.replace(b'"sealtape":1', b'"sealtape":17'), key, CassetteTooNew)

    def test_another_key_is_told_by_its_id(self, data: bytes, key: Key, other_key: Key) -> None:
        error = refused(data, other_key, KeyWrong)
        assert key.id in error.why
        assert other_key.id in error.why

    def test_another_key_does_not_hide_that_the_file_is_cut(self, data: bytes, other_key: Key) -> None:
        refused(data[:-1], other_key, CassetteTruncated)

    def test_a_renamed_cassette_says_how_to_rename_it(self, data: bytes, key: Key) -> None:
        error = refused(data, key, CassetteMisnamed, name="tests/cassettes/test_users/copy")
        assert error.hint == f"sealtape mv {NAME}.tape {WHERE}"

    def test_a_misnamed_cassette_that_is_damaged_is_tampered(self, key: Key, relaid: Relaid) -> None:
        refused(relaid([0, 2, 1, 3, 4, 5]), key, CassetteTampered, name="copy")

    def test_a_name_that_the_file_system_decomposed_is_the_same_name(self, key: Key) -> None:
        data = seal(Recording(new_cassette_id(), "tests/pr\u00fcfung"), key).data
        assert unseal(data, key, where=WHERE, name="tests/pru\u0308fung").name == "tests/pr\u00fcfung"


class TestLaterVersions:
    """Files that a later version could seal within format 1, with this project's own key."""

    def sealed_by_a_later_version(self, key: Key, facts: dict[str, Tree], frame: bytes | None) -> bytes:
        keys = format._cassette_keys(key, "ab" * 16)
        header = {
            "sealtape": 1,
            "cipher": "aes-siv-cmac-512",
            "key": key.id,
            "cassette": "ab" * 16,
            "name": NAME,
        }
        lines = [format._line(keys, header, content.pack_facts(facts))]
        if frame is not None:
            lines.append(format._line(keys, {}, frame))
        lines.append(format._end(len(lines) - 1, b"".join(map(format._tag, lines))))
        return b"".join([*lines, format._mac_tail(keys, lines)])

    def test_an_unknown_fact_is_too_new_and_named(self, key: Key) -> None:
        data = self.sealed_by_a_later_version(key, {"tide": "low"}, None)
        assert "tide" in refused(data, key, CassetteTooNew).why

    def test_a_known_fact_of_another_kind_is_too_new(self, key: Key) -> None:
        data = self.sealed_by_a_later_version(key, {"seed": 7}, None)
        assert "what the header holds" in refused(data, key, CassetteTooNew).why

    @pytest.mark.parametrize(
        "edit",
        [
            "encoding", "member", "request", "outcome", "shape", "kind", "half a header", "cut",
            "two requests", "two outcomes", "no outcome", "failure with a body",
        ],
    )  # fmt: skip
    def test_an_authentic_frame_that_is_not_understood_is_too_new(
        self, recording: Recording, key: Key, edit: str
    ) -> None:
        frame = content.pack(recording.interactions[0])
        start = content._FIXED.size
        head = json.loads(frame[start : frame.index(b"<Role/>")])
        if edit == "member":
            head["trailers"] = []
        if edit == "request":
            head["aws"]["endpoint"] = "x"
        if edit == "outcome":
            head["response"]["trailers"] = []
        if edit == "shape":
            head["removals"] = [[1, 2]]
        if edit == "kind":
            head["response"]["status"] = "200"
        if edit == "half a header":
            head["response"]["headers"].append("Age")
        if edit == "two requests":
            head["http"] = {"headers": [], "method": "GET", "url": "https://example.com/"}
        if edit == "two outcomes":
            head["failure"] = {"kind": "ConnectTimeout", "message": ""}
        if edit == "no outcome":
            del head["response"]
        if edit == "failure with a body":
            head["failure"] = {"kind": "ConnectTimeout", "message": ""}
            del head["response"]
        frame = content._frame(head, b"", b"<Role/>")
        if edit == "encoding":
            frame = b"\x01" + frame[1:]
        if edit == "cut":
            frame = frame[:20]
        data = self.sealed_by_a_later_version(key, {}, frame)
        assert refused(data, key, CassetteTooNew).where == f"{WHERE} row 1"

    def test_an_authentic_frame_that_is_shorter_than_it_says_is_too_new(
        self, recording: Recording, key: Key
    ) -> None:
        frame = content.pack(recording.interactions[2])
        encoding, head, sent = content._FIXED.unpack_from(frame)
        longer = content._FIXED.pack(encoding, head, sent + 10_000) + frame[content._FIXED.size :]
        data = self.sealed_by_a_later_version(key, {}, longer)
        assert refused(data, key, CassetteTooNew).where == f"{WHERE} row 1"


class TestFuzz:
    @given(
        edits=st.lists(
            st.tuples(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 40)), max_size=4
        )
    )
    @settings(max_examples=400, deadline=None)
    def test_a_mutated_file_raises_only_sealtapes_own_errors(
        self, edits: list[tuple[int, bytes, int]]
    ) -> None:
        key = Key(bytes(range(32)))
        row = Scrubbed(
            Interaction(AwsRequest("sts", "AssumeRole", {"x": b"1"}), Response(200, body=b"a")),
            (Removal("r", "p", "s", "d", 1),),
        )
        recording = Recording("ab" * 16, NAME, (row, row))
        original = seal(recording, key).data
        data = original
        for at, put, gone in edits:
            at %= len(data) + 1
            data = data[:at] + put + data[at + gone :]
        if data == original:
            assert unseal(data, key, where=WHERE) == recording
            return
        with pytest.raises((CassetteError, KeyWrong)):
            unseal(data, key, where=WHERE)
        with contextlib.suppress(CassetteError):  # without the key some changes cannot be seen
            read_clear(data, where=WHERE)

    @given(data=st.binary(max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_any_bytes_raise_only_sealtapes_own_errors(self, data: bytes) -> None:
        for text in (data, b'{"sealtape":1,"cipher":' + data):
            with pytest.raises(CassetteError):
                unseal(text, Key(bytes(32)), where=WHERE)
            with pytest.raises(CassetteError):
                read_clear(text, where=WHERE)
