"""AWS code against real cassettes: who calls, from which thread, and with which credentials."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import botocore
import pytest
import requests
import urllib3
from botocore.config import Config
from botocore.exceptions import UnknownServiceError

from sealtape.cassette import Cassette
from sealtape.errors import Miss
from tests.servers import Service

DEAD = "http://127.0.0.1:9"


def client(service: str, url: str, key: str = "EXAMPLEEXAMPLE00", region: str = "eu-west-1") -> Any:
    return boto3.client(
        service,
        region,
        endpoint_url=url,
        aws_access_key_id="AKIA" + key,
        aws_secret_access_key="x" * 40,
        config=Config(max_pool_connections=8, s3={"addressing_style": "path"}),
    )


def labels(cassette: Cassette) -> list[str]:
    return [interaction.request.label for interaction in cassette.interactions]


# Threads.


def delete_keys(kms: Any) -> list[str]:
    """Make 40 calls on 8 threads; the server echoes each request."""
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda n: kms.schedule_key_deletion(KeyId=f"key-{n}")["KeyId"], range(40)))


def test_forty_calls_on_eight_threads_record_forty_and_replay_forty_a_hundred_times(
    tape: Callable[..., Any], http: Service
) -> None:
    wanted = [f"key-{n}" for n in range(40)]
    kms = client("kms", http.url)
    for _ in range(20):
        with tape() as cassette:
            assert delete_keys(kms) == wanted
        assert len(cassette) == 40
        for _ in range(5):
            with tape("none") as cassette:
                assert delete_keys(kms) == wanted
            assert (cassette.play_count, len(cassette)) == (40, 40)


def test_two_regions_on_two_threads_do_not_answer_for_each_other(
    tape: Callable[..., Any], moto_url: str
) -> None:
    def work(url: str) -> list[Any]:
        regions = ["eu-west-1", "us-east-1"] * 4
        made = {region: client("sqs", url, region=region) for region in regions[:2]}
        with ThreadPoolExecutor(8) as threads:
            urls = threads.map(lambda r: made[r].create_queue(QueueName="same")["QueueUrl"], regions)
            return sorted({*zip(regions, urls, strict=True)})

    with tape():
        live = work(moto_url)
    assert len(live) == 2
    with tape("none"):
        assert [region for region, _ in work(DEAD)] == [region for region, _ in live]


# Presigned.


def download_with_requests(url: str) -> bytes:
    return requests.get(url, timeout=5).content


def download_with_urllib3(url: str) -> bytes:
    return urllib3.PoolManager().request("GET", url, retries=False).data


@pytest.mark.parametrize("download", [download_with_requests, download_with_urllib3])
def test_a_presigned_url_matches_whenever_and_with_whatever_keys_it_was_signed(
    tape: Callable[..., Any], moto_url: str, download: Callable[[str], bytes]
) -> None:
    def work(key: str) -> bytes:
        s3 = client("s3", moto_url, key, "us-east-1")
        s3.create_bucket(Bucket="presigned")
        s3.put_object(Bucket="presigned", Key="k", Body=b"signed for")
        place = {"Bucket": "presigned", "Key": "k"}
        return download(s3.generate_presigned_url("get_object", Params=place))

    with tape():
        live = work("EXAMPLEEXAMPLE00")
    time.sleep(1.1)  # so that another second is signed
    with tape("none") as cassette:
        assert work("ANOTHEREXAMPLE00") == live == b"signed for"
    assert cassette.all_played


def test_a_presigned_post_matches_whenever_and_with_whatever_keys_it_was_signed(
    tape: Callable[..., Any], moto_url: str
) -> None:
    def work(key: str) -> tuple[int, bytes]:
        s3 = client("s3", moto_url, key, "us-east-1")
        s3.create_bucket(Bucket="posted")
        form = s3.generate_presigned_post("posted", "k")
        answer = requests.post(form["url"], data=form["fields"], files={"file": ("k", b"posted")}, timeout=5)
        return answer.status_code, s3.get_object(Bucket="posted", Key="k")["Body"].read()

    with tape():
        live = work("EXAMPLEEXAMPLE00")
    time.sleep(1.1)
    with tape("none") as cassette:
        assert work("ANOTHEREXAMPLE00") == live
    assert live[1] == b"posted"
    assert cassette.all_played


# Several cassettes.


def test_the_innermost_of_nested_cassettes_takes_the_traffic(tape: Callable[..., Any], http: Service) -> None:
    kms = client("kms", http.url)

    def delete(*keys: str) -> list[str]:
        return [kms.schedule_key_deletion(KeyId=key)["KeyId"] for key in keys]

    def work(mode: str) -> tuple[int, int]:
        with tape(mode, "outer") as outer:
            delete("before")
            with tape(mode, "inner") as inner:
                assert delete_keys(kms)[:2] == ["key-0", "key-1"]
                delete("inside")
            delete("after")
        return len(outer), len(inner)

    assert work("rewrite") == work("none") == (2, 41)


def test_concurrent_cassettes_keep_their_traffic_apart_down_to_the_threads_of_their_pools(
    tape: Callable[..., Any], http: Service
) -> None:
    """Two threads, each with a cassette and a pool of its own, and one pool that both use."""
    kms = client("kms", http.url)
    both_are_open = threading.Barrier(2)

    def work(name: str, mode: str) -> tuple[list[str], int]:
        def delete(number: int) -> str:
            return str(kms.schedule_key_deletion(KeyId=f"{name}-{number}")["KeyId"])

        with tape(mode, name) as cassette, ThreadPoolExecutor(3) as own:
            both_are_open.wait(10)
            said = [*own.map(delete, range(20)), *shared.map(delete, range(20, 30))]
            plain = threading.Thread(target=delete, args=(30,))
            plain.start()
            plain.join()
            both_are_open.wait(10)
        return said, len(cassette)

    for mode in ("rewrite", "none"):
        with ThreadPoolExecutor(2) as shared, ThreadPoolExecutor(2) as users:
            results = list(users.map(work, ("a", "b"), (mode, mode)))
        assert results == [([f"{name}-{n}" for n in range(30)], 31) for name in "ab"]


def test_a_thread_that_outlives_its_replay_does_not_go_live(tape: Callable[..., Any], http: Service) -> None:
    kms = client("kms", http.url)
    ended = threading.Event()
    said: list[Any] = []

    def ask() -> None:
        ended.wait(10)
        for key in ("late", "never"):
            try:
                said.append(kms.schedule_key_deletion(KeyId=key)["KeyId"])
            except Miss as miss:
                said.append(type(miss).__mro__)

    with tape():
        kms.schedule_key_deletion(KeyId="late")
    asked = len(http.asked)
    with tape("none"):
        late = threading.Thread(target=ask)
        late.start()
    ended.set()
    late.join()
    assert said[0] == "late"
    assert Miss in said[1]
    assert len(http.asked) == asked


# SDKs.


def test_a_service_that_the_sdk_at_hand_does_not_know_opens_and_answers_where_it_is_known(
    tape: Callable[..., Any], moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = max((Path(botocore.__file__).parent / "data" / "sqs").iterdir())
    later = tmp_path / "models" / "latersvc" / models.name
    later.mkdir(parents=True)
    for model in models.glob("*.json.gz"):
        (later / model.stem).write_bytes(gzip.decompress(model.read_bytes()))

    def ask() -> str:
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it has looked for models once for all
        return str(client("latersvc", moto_url).create_queue(QueueName="q")["QueueUrl"])

    with monkeypatch.context() as newer:
        newer.setenv("AWS_DATA_PATH", str(tmp_path / "models"))
        with tape():
            url = ask()
        with tape("none"):
            assert ask() == url
    with tape("none") as cassette:
        assert labels(cassette) == ["latersvc.CreateQueue"]
        with pytest.raises(UnknownServiceError, match="latersvc"):
            ask()
