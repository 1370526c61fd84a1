"""Opening and closing cassettes outside pytest."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

import sealtape
from sealtape.errors import CassetteTampered, KeyMissing, Miss, SettingsError, UsageError
from sealtape.interaction import HttpRequest, Response
from sealtape.library import Library
from sealtape.seal.keyring import new_key
from sealtape.settings import load_settings
from tests.servers import Service


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)
    monkeypatch.chdir(tmp_path)


def aws(service: str, url: str) -> Any:
    """Return a client with invented credentials of its own."""
    keys = {"aws_access_key_id": "a" * 16, "aws_secret_access_key": "b" * 40}
    return boto3.client(service, "us-east-1", endpoint_url=url, **keys)


def test_a_block_is_recorded_and_replayed(http: Service) -> None:
    for _ in range(2):
        with sealtape.use_cassette("tapes/count"):
            assert requests.get(http.url + "/count", timeout=5).json() == {"count": 1}
    assert len(http.asked) == 1
    assert Path("tapes/count.tape").is_file()


def test_of_several_cassettes_the_innermost_has_the_traffic(http: Service) -> None:
    def count() -> int:
        return int(requests.get(http.url + "/count", timeout=5).json()["count"])

    def code() -> list[int]:
        with sealtape.use_cassette("outer") as outer:
            counts = [count()]
            with sealtape.use_cassette("inner"):
                counts.append(count())
            counts.append(count())
        with sealtape.use_cassette("after"):
            counts.append(count())
        assert len(outer) == 2
        return counts

    assert code() == [1, 2, 3, 4]
    assert code() == [1, 2, 3, 4]
    assert len(http.asked) == 4
    with sealtape.use_cassette("inner"), sealtape.use_cassette("after"):
        assert count() == 4
        with sealtape.expect_miss(), pytest.raises(Miss, match=r"after\.tape"):
            count()


def test_functions_and_coroutines_are_decorated(http: Service) -> None:
    @sealtape.use_cassette("plain")
    def plain() -> int:
        return int(requests.get(http.url + "/count", timeout=5).json()["count"])

    @sealtape.use_cassette("coroutine")
    async def coroutine() -> int:
        return plain()

    assert [plain(), plain()] == [1, 1]
    assert [asyncio.run(coroutine()), asyncio.run(coroutine())] == [1, 1]


def test_a_block_that_raises_records_nothing(http: Service) -> None:
    @sealtape.use_cassette("a")
    def fail_after_a_request() -> None:
        requests.get(http.url + "/count", timeout=5)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_a_request()
    assert not Path("a.tape").exists()


def test_a_swallowed_miss_is_raised_at_the_end() -> None:
    with pytest.raises(Miss), sealtape.use_cassette("a", record_mode="none"), contextlib.suppress(Miss):
        requests.get("http://api.example.com/", timeout=5)


def test_vcrpys_options_are_taken(http: Service) -> None:
    for query in ("a", "b"):
        with sealtape.use_cassette("a", match_on=["method", "path"]):
            requests.get(f"{http.url}/json?q={query}", timeout=5)
    assert len(http.asked) == 1


def test_draws_and_clock_are_options_too(http: Service) -> None:
    def told(**options: str) -> tuple[object, ...]:
        with sealtape.use_cassette("a", **options):
            requests.get(http.url + "/json", timeout=5)
            return uuid.uuid4(), random.random(), datetime.now(UTC)

    first = told(clock="stand")
    assert told(clock="stand") == first
    assert told(clock="stand", draws="real")[2] == first[2]
    assert not set(told(clock="real", draws="real")) & set(first)
    with pytest.raises(SettingsError, match=r"use_cassette\(clock=…\): 'clock' cannot be 'fast'"):
        told(clock="fast")


def test_coroutines_that_overlap_leave_nothing_seeded(http: Service) -> None:
    with sealtape.use_cassette("first"):
        """Import what the first cassette of a process imports: some of it draws."""
    before = random.getstate(), os.urandom, tempfile._name_sequence  # type: ignore[attr-defined]

    async def draw(path: str, until: float) -> list[object]:
        with sealtape.use_cassette(path):
            requests.get(http.url + "/json", timeout=5)
            await asyncio.sleep(until)
            return [random.random(), uuid.uuid4()]

    async def both() -> None:
        await asyncio.gather(draw("a", 0.02), draw("b", 0.04))

    asyncio.run(both())
    assert (random.getstate(), os.urandom, tempfile._name_sequence) == before  # type: ignore[attr-defined]


def test_what_is_recorded_inside_of_a_replay_is_signed_at_the_time_that_it_is(http: Service) -> None:
    def outer(record_inner: bool) -> datetime:
        with sealtape.use_cassette("outer", clock="stand"):
            requests.get(http.url + "/json", timeout=5)
            if not record_inner:
                return datetime.now(UTC)
            with sealtape.use_cassette("inner"):
                requests.get(http.url + "/json", timeout=5)
                return datetime.now(UTC)

    recorded = outer(record_inner=False)
    time.sleep(0.01)
    before = datetime.now(UTC)
    assert recorded < before < outer(record_inner=True)


def test_yaml_is_refused_with_the_name_that_works() -> None:
    with pytest.raises(UsageError, match=r'use_cassette\("old\.tape"\)'):
        sealtape.use_cassette("old.yaml")


def test_without_a_key_nothing_is_sent(
    http: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SEALTAPE_KEY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(KeyMissing), sealtape.use_cassette("a"):
        requests.get(http.url + "/count", timeout=5)
    assert http.asked == []


def test_a_damaged_cassette_is_left_as_it_is(http: Service) -> None:
    with sealtape.use_cassette("a"):
        requests.get(http.url + "/count", timeout=5)
    damaged = Path("a.tape").read_bytes().replace(b'"status":200', b'"status":404')
    Path("a.tape").write_bytes(damaged)
    for mode in ("once", "none", "new_episodes", "all", "rewrite"):
        with pytest.raises(CassetteTampered), sealtape.use_cassette("a", record_mode=mode):
            pass
    assert Path("a.tape").read_bytes() == damaged


def test_nested_cassettes_answer_innermost_first(http: Service) -> None:
    for _ in range(2):
        with sealtape.use_cassette("outer"):
            requests.get(http.url + "/json?outer", timeout=5)
            with sealtape.use_cassette("inner"):
                requests.get(http.url + "/json?inner", timeout=5)
            requests.get(http.url + "/json?outer-again", timeout=5)
    assert [path for _, path in http.asked] == ["/json?outer", "/json?inner", "/json?outer-again"]


def test_plain_threads_belong_to_the_open_cassette(http: Service) -> None:
    def get(number: int) -> int:
        return int(requests.get(f"{http.url}/count?{number}", timeout=5).json()["count"])

    results = []
    for _ in range(2):
        with sealtape.use_cassette("threads"), ThreadPoolExecutor(8) as threads:
            results.append(list(threads.map(get, range(40))))
    assert len(http.asked) == 40
    assert results[0] == results[1]


def test_concurrent_tasks_have_cassettes_of_their_own(http: Service) -> None:
    async def task(name: str) -> str:
        with sealtape.use_cassette(name):
            await asyncio.sleep(0.01)
            answer = requests.get(f"{http.url}/count?{name}", timeout=5).text
            await asyncio.sleep(0.01)
            return answer

    async def both() -> list[str]:
        return list(await asyncio.gather(*(task(f"task-{n}") for n in range(4))))

    assert asyncio.run(both()) == asyncio.run(both())
    assert len(http.asked) == 4
    assert len(list(Path().glob("task-*.tape"))) == 4


def test_a_large_binary_body_comes_back(moto_url: str) -> None:
    blob = os.urandom(20_000_000)
    for url in (moto_url, "http://127.0.0.1:9"):
        with sealtape.use_cassette("large"):
            s3 = aws("s3", url)
            s3.create_bucket(Bucket="large")
            s3.put_object(Bucket="large", Key="k", Body=blob)
            assert s3.get_object(Bucket="large", Key="k")["Body"].read() == blob
            s3.delete_object(Bucket="large", Key="k")
            s3.delete_bucket(Bucket="large")


def test_clients_can_be_made_on_a_machine_without_anything(
    moto_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with sealtape.use_cassette("bare"):
        aws("dynamodb", moto_url).list_tables()
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with sealtape.use_cassette("bare"):
        boto3.client("dynamodb").list_tables()
    assert "AWS_ACCESS_KEY_ID" not in os.environ


def test_what_was_put_is_what_comes_back_secrets_included(moto_url: str) -> None:
    """A caller that holds a secret gets it back on replay, though the cassette does not hold it."""
    value = "correct-horse-" + "battery-staple"
    for url in (moto_url, "http://127.0.0.1:9"):
        with sealtape.use_cassette("secret"):
            ssm = aws("ssm", url)
            for name, secret in (("/long", value), ("/short", "1"), ("/json", '{"user": "me", "n": 12345}')):
                ssm.put_parameter(Name=name, Value=secret, Type="SecureString", Overwrite=True)
                got = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
                assert got["Value"] == secret
    assert value.encode() not in Path("secret.tape").read_bytes()
    shown = Library(load_settings(Path())).read(Path("secret.tape"))
    assert value not in repr([asdict(scrubbed) for scrubbed in shown.interactions])


def test_a_secret_variable_set_while_recording_is_scrubbed(
    http: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "q7Zv2blQ" + "BfOxKzGJyhl3"
    with sealtape.use_cassette("a"):
        with monkeypatch.context() as within:
            within.setenv("MYAPP_API_TOKEN", secret)
            requests.post(http.url + "/echo", data=f"hello {secret}", timeout=5)
        requests.get(f"{http.url}/json?x={secret}", timeout=5)
    shown = Library(load_settings(Path())).read(Path("a.tape"))
    assert secret not in repr([asdict(scrubbed) for scrubbed in shown.interactions])


def test_a_thread_that_outlives_its_cassette_is_not_recorded(http: Service) -> None:
    go = threading.Event()

    def later() -> None:
        go.wait(5)
        requests.get(http.url + "/json", timeout=5)

    thread = threading.Thread(target=later)
    with sealtape.use_cassette("a"):
        thread.start()
        requests.get(http.url + "/count", timeout=5)
    before = Path("a.tape").read_bytes()
    go.set()
    thread.join()
    assert Path("a.tape").read_bytes() == before


def test_a_secret_of_one_cassette_is_none_the_less_one_in_another(http: Service) -> None:
    """A fixture asks for a token, and a test sends it: be the first cassette still open or closed by now."""
    for name, nested in (("nested", True), ("closed", False)):
        with contextlib.ExitStack() as outer:
            outer.enter_context(sealtape.use_cassette(f"{name}-fixture"))
            token = requests.post(http.url + "/token", timeout=5).json()["access_token"]
            if not nested:
                outer.close()
            with sealtape.use_cassette(f"{name}-test"):
                requests.post(http.url + "/echo", data=f"it is {token}, they say", timeout=5)
        library = Library(load_settings(Path.cwd()))
        (sent,) = library.read(Path(f"{name}-test.tape").absolute()).interactions
        assert isinstance(sent.interaction.request, HttpRequest)
        assert sent.interaction.request.body.startswith(b"it is ")
        assert token.encode() not in sent.interaction.request.body
        assert isinstance(sent.interaction.outcome, Response)
        assert token.encode() not in sent.interaction.outcome.body


def test_a_request_that_holds_a_secret_of_another_cassette_replays(http: Service) -> None:
    for _ in range(2):
        with sealtape.use_cassette("fixture"):
            token = requests.post(http.url + "/token", timeout=5).json()["access_token"]
            with sealtape.use_cassette("test"):
                answer = requests.post(http.url + "/echo", data=f"it is {token}, they say", timeout=5)
            assert answer.text == f"it is {token}, they say"
    assert len(http.asked) == 2
