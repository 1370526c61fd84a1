"""aiobotocore in real pytest runs, where every warning is an error."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.plugin.projects import Project

PYPROJECT = """
    [tool.sealtape]

    [tool.pytest.ini_options]
    asyncio_mode = "auto"
    asyncio_default_fixture_loop_scope = "function"
    filterwarnings = ["error"]
"""

TESTS = """
    import asyncio, gc, pytest
    from aiobotocore.session import get_session

    @pytest.fixture
    async def ssm():
        async with get_session().create_client("ssm") as client:
            await client.put_parameter(Name="/a", Value="1", Type="String", Overwrite=True)
            yield client
            await client.delete_parameter(Name="/a")

    @pytest.mark.vcr
    async def test_a_fixture_and_its_teardown(ssm):
        assert (await ssm.get_parameter(Name="/a"))["Parameter"]["Value"] == "1"

    @pytest.mark.vcr
    async def test_many_at_once():
        async with get_session().create_client("s3", region_name="us-east-1") as s3:
            await s3.create_bucket(Bucket="many")
            await asyncio.gather(*(s3.put_object(Bucket="many", Key=str(n), Body=b"x" * n) for n in range(9)))
            got = await asyncio.gather(*(s3.get_object(Bucket="many", Key=str(n)) for n in range(9)))
            assert [len(await one["Body"].read()) for one in got] == list(range(9))
        gc.collect()

    @pytest.mark.vcr
    def test_one_loop_after_another():
        async def ask():
            async with get_session().create_client("sts") as sts:
                return (await sts.get_caller_identity())["Account"]
        assert asyncio.run(ask()) == asyncio.run(ask())
"""

SWALLOWED = """
    import asyncio, pytest
    from aiobotocore.session import get_session

    @pytest.mark.vcr
    async def test_swallowed():
        async with get_session().create_client("sqs") as sqs:
            await asyncio.gather(sqs.list_queues(), return_exceptions=True)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder).write({"pyproject.toml": PYPROJECT})


def test_async_tests_are_recorded_once_and_replayed_offline(project: Project, moto_url: str) -> None:
    project.write({"test_a.py": TESTS})
    recorded = project.record(moto_url)
    assert recorded.outcomes == {"passed": 3}, recorded.output
    tapes = project.tapes()
    assert len(tapes) == 3
    replayed = project.replay("--sealtape-unplayed=fail")
    assert replayed.outcomes == {"passed": 3}, replayed.output
    assert project.tapes() == tapes


def test_a_miss_that_gather_swallowed_fails_the_test(project: Project) -> None:
    run = project.write({"test_a.py": SWALLOWED}).replay()
    assert run.code == 1
    assert "sqs.ListQueues was never recorded" in run.output


INVENTING = """
    import asyncio, random, uuid, pytest, pytest_asyncio
    from pathlib import Path
    from aiobotocore.session import get_session

    async def put(name):
        with Path("said").open("a") as file:
            file.write(name + "\\n")
        async with get_session().create_client("ssm") as client:
            await client.put_parameter(Name=name, Value="1", Type="String")

    @pytest_asyncio.fixture(scope="module", loop_scope="module")
    async def shared():
        return f"/shared-{random.randrange(9999)}"

    @pytest.fixture
    async def own():
        yield await put(f"/own-{random.randrange(9999)}")
        await put(f"/gone-{random.randrange(9999)}")

    @pytest.mark.vcr
    async def test_names(shared, own):
        await put(shared)
        await asyncio.gather(*(put(f"/{n}-{uuid.uuid4()}") for n in range(3)))
"""


def test_coroutines_and_async_fixtures_invent_the_same_names(project: Project, moto_url: str) -> None:
    project.write({"test_a.py": INVENTING})
    said = project.folder / "said"
    for run in (project.record, lambda url: project.replay()):
        passed = run(moto_url)
        assert passed.outcomes == {"passed": 1}, passed.output
    lines = said.read_text().splitlines()
    assert len(lines) == 12
    assert lines[:6] == lines[6:]


RESOURCE = """
    import io, aioboto3, pytest

    @pytest.mark.vcr
    async def test_transfers():
        session = aioboto3.Session()
        async with session.client("s3", region_name="us-east-1") as s3:
            await s3.create_bucket(Bucket="with-aioboto3")
            await s3.upload_fileobj(io.BytesIO(b"bytes"), "with-aioboto3", "k")
            target = io.BytesIO()
            await s3.download_fileobj("with-aioboto3", "k", target)
            assert target.getvalue() == b"bytes"
        async with session.resource("dynamodb", region_name="us-east-1") as dynamodb:
            table = await dynamodb.create_table(
                TableName="with-aioboto3",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
            await table.put_item(Item={"id": "a"})
            assert (await table.get_item(Key={"id": "a"}))["Item"] == {"id": "a"}
"""

if importlib.util.find_spec("aioboto3"):  # it pins an older aiobotocore than the newest

    def test_aioboto3_is_recorded_and_replayed(project: Project, moto_url: str) -> None:
        project.write({"test_a.py": RESOURCE})
        recorded = project.record(moto_url)
        assert recorded.outcomes == {"passed": 1}, recorded.output
        replayed = project.replay("--sealtape-unplayed=fail")
        assert replayed.outcomes == {"passed": 1}, replayed.output
