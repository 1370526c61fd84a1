"""What replays read of AWS answers, kept beside the settings."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

import sealtape
from sealtape import settings
from sealtape.drift.reads import READS, add_reads, path_of, read_reads
from sealtape.errors import StoreError
from sealtape.seal.keyring import new_key


def test_the_file_grows_and_is_sorted_and_not_written_for_nothing(tmp_path: Path) -> None:
    assert read_reads(tmp_path) == {}
    assert add_reads(tmp_path, {"iam.ListUsers": frozenset(("Users[].Name", "Users"))})
    assert add_reads(tmp_path, {"iam.ListUsers": frozenset(("IsTruncated",)), "a.B": frozenset(("C",))})
    assert not add_reads(tmp_path, {"iam.ListUsers": frozenset(("Users",))})
    assert (tmp_path / READS).read_text().splitlines()[3:5] == [
        '"a.B": ["C"],',
        '"iam.ListUsers": ["IsTruncated", "Users", "Users[].Name"]',
    ]


def test_a_path_is_written_as_findings_have_it() -> None:
    assert path_of(("Users", "[]", "Name")) == "Users[].Name"
    assert path_of(("Audit", "7f3c9b1e-52d4-4a86-9e0b-6c1d2f3a4b5c")) == "Audit.{}"


@pytest.mark.parametrize("content", ["{", '{"reads": 2}', '{"reads": 1}', "[]"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / READS).write_text(content)
    with pytest.raises(StoreError, match="what the tests read is not known"):
        read_reads(tmp_path)


@pytest.mark.parametrize("tracked", [True, False])
def test_a_replay_notes_what_the_code_reads_if_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moto_url: str, tracked: bool
) -> None:
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)
    table = f"[tool.sealtape.drift]\ntrack_reads = {str(tracked).lower()}\n"
    (tmp_path / "pyproject.toml").write_text(table)
    settings._load.cache_clear()

    def run(mode: str) -> None:
        with sealtape.use_cassette(tmp_path / "a.tape", record_mode=mode):
            keys = {
                "aws_access_key_id": "AKIA" + "EXAMPLE" * 2 + "00",
                "aws_secret_access_key": "example" * 6,
            }
            client = boto3.client("dynamodb", "eu-west-1", endpoint_url=moto_url, **keys)
            assert client.list_tables()["TableNames"] is not None
            with pytest.raises(ClientError) as refused:
                client.describe_table(TableName="absent")
            assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"

    run("once")
    assert not (tmp_path / READS).exists()
    run("none")
    found = read_reads(tmp_path)
    assert found.get("dynamodb.ListTables") == (frozenset(("TableNames",)) if tracked else None)
    assert ("Error.Code" in found.get("dynamodb.DescribeTable", ())) is tracked
