"""Names that a test makes up where no seed reaches: they match, and -v says what stands for what."""

from __future__ import annotations

import pytest

from tests.plugin.projects import Project

IMPORTED = """
    import uuid
    import boto3, pytest

    TABLE = f"example-{uuid.uuid4()}"

    @pytest.mark.vcr
    def test_a():
        ddb = boto3.client("dynamodb")
        key = {"AttributeName": "k", "KeyType": "HASH"}
        kind = {"AttributeName": "k", "AttributeType": "S"}
        ddb.create_table(
            TableName=TABLE, KeySchema=[key], AttributeDefinitions=[kind], BillingMode="PAY_PER_REQUEST"
        )
        ddb.put_item(TableName=TABLE, Item={"k": {"S": f"of {TABLE}"}})
        assert TABLE in ddb.list_tables()["TableNames"]
        item = ddb.get_item(TableName=TABLE, Key={"k": {"S": f"of {TABLE}"}})["Item"]
        assert item["k"]["S"] == f"of {TABLE}"
"""


def test_a_name_that_a_module_draws_when_it_is_imported_replays(project: Project, moto_url: str) -> None:
    project.write({"test_a.py": IMPORTED}).record(moto_url)
    run = project.replay("-v")
    assert run.outcomes == {"passed": 1}
    assert "test_a.py::test_a made up 1 value anew:" in run.output
    assert " here, " in run.output.partition("made up 1 value anew:")[2]
    assert "made up" not in project.replay().output


def test_under_xdist_too(project: Project, moto_url: str) -> None:
    project.write({"test_a.py": IMPORTED}).record(moto_url)
    run = project.replay("-v", "-n2")
    assert run.outcomes == {"passed": 1}
    assert "test_a.py::test_a made up 1 value anew:" in run.output


@pytest.mark.parametrize("how", ["marker", "option", "environment", "file"])
def test_it_can_be_turned_off(project: Project, moto_url: str, how: str) -> None:
    marked = IMPORTED.replace("mark.vcr", 'mark.vcr(match="exact")') if how == "marker" else IMPORTED
    project.write({"test_a.py": marked}).record(moto_url)
    if how == "file":
        project.write({"pyproject.toml": '[tool.sealtape]\nmatch = "exact"\n'})
    options = ["--sealtape-match=exact"] if how == "option" else []
    run = project.replay(*options, **({"SEALTAPE_MATCH": "exact"} if how == "environment" else {}))
    assert run.outcomes == {"failed": 1}
    assert "dynamodb.CreateTable was never recorded like this" in run.output
