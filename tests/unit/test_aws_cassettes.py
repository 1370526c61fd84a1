"""AWS code against real cassettes: who calls, from which thread, and with which credentials."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
import urllib3
from botocore.config import Config
from botocore.session import Session

import sealtape
from sealtape.cassette import Cassette
from sealtape.seal.keyring import new_key
from tests.servers import Service
from tests.unit.capture.streams import streamer

DEAD = "http://127.0.0.1:9"


@pytest.fixture
def tape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Open the cassette of a project of the test's own: to record, or, with ``"none"``, to replay."""
    (tmp_path / "pyproject.toml").write_text("[tool.sealtape]\n")
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)

    def opened(mode: str = "rewrite") -> Any:
        return sealtape.use_cassette(tmp_path / "tape", record_mode=mode)

    return opened


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
    return [request.label for request in cassette.requests]


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
    for _ in range(100):
        with tape() as cassette:
            assert delete_keys(kms) == wanted
        assert len(cassette) - len(cassette.requests) == 40
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


# Credential providers.


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the keys that the run of these tests has been given for its own replays."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


ROLE = "arn:aws:iam::123456789012:role/example"


def assume_role(folder: Path, url: str) -> dict[str, str]:
    (folder / "config").write_text(
        f"[profile role]\nrole_arn = {ROLE}\nsource_profile = base\nregion = eu-west-1\n"
        f"[profile base]\naws_access_key_id = {'AKIA' + 'EXAMPLEEXAMPLE00'}\n"
        f"aws_secret_access_key = {'x' * 40}\n"
    )
    return {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_PROFILE": "role"}


def web_identity(folder: Path, url: str) -> dict[str, str]:
    (folder / "token").write_text("a.web.token")
    (folder / "config").write_text(
        f"[profile web]\nrole_arn = {ROLE}\nregion = eu-west-1\n"
        f"web_identity_token_file = {folder / 'token'}\n"
    )
    return {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_PROFILE": "web"}


def temporary() -> dict[str, str]:
    return {
        "AccessKeyId": "ASIA" + "EXAMPLEEXAMPLE00",
        "SecretAccessKey": "s" * 40,
        "SessionToken": "t" * 80,
        "Token": "t" * 80,
        "Expiration": "2099-01-01T00:00:00Z",
        "Code": "Success",
    }


def process(folder: Path, url: str) -> dict[str, str]:
    said = {"Version": 1, **temporary()}
    (folder / "said.json").write_text(json.dumps(said))
    program = f"{sys.executable} -c \"print(open('{folder / 'said.json'}').read())\""
    (folder / "config").write_text(f"[profile p]\ncredential_process = {program}\nregion = eu-west-1\n")
    return {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_PROFILE": "p"}


def container(folder: Path, url: str) -> dict[str, str]:
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/credentials", "AWS_DEFAULT_REGION": "eu-west-1"}


@pytest.mark.usefixtures("no_keys")
@pytest.mark.parametrize("provider", [assume_role, web_identity, process])
def test_what_profiles_do_for_credentials_is_on_the_cassette_or_not_done_on_replay(
    tape: Callable[..., Any],
    tmp_path: Path,
    moto_url: str,
    monkeypatch: pytest.MonkeyPatch,
    provider: Callable[[Path, str], dict[str, str]],
) -> None:
    for name, value in provider(tmp_path, moto_url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)

    def work() -> Any:
        sqs = Session().create_client("sqs")
        sqs.create_queue(QueueName="by-provider")
        return [url.rpartition("/")[2] for url in sqs.list_queues(QueueNamePrefix="by-pro")["QueueUrls"]]

    with tape():
        live = work()
    monkeypatch.setenv("AWS_ENDPOINT_URL", DEAD)
    with tape("none"):
        assert work() == live == ["by-provider"]
    # Nor is the profile, or its file, needed there.
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with tape("none"):
        assert work() == live


@pytest.mark.usefixtures("no_keys")
def test_a_container_is_not_asked_for_credentials_on_replay(
    tape: Callable[..., Any], tmp_path: Path, moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> Any:
        return Session().create_client("sts").get_caller_identity()["Account"]

    said = json.dumps(temporary()).encode()
    with streamer([said], length=len(said)) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
        for name, value in container(tmp_path, service.url).items():
            monkeypatch.setenv(name, value)
        with tape() as cassette:
            live = work()
        asked = len(service.paths)
        assert asked > 0
        with tape("none") as cassette:
            assert work() == live
        assert len(service.paths) == asked
    assert labels(cassette) == ["sts.GetCallerIdentity"]
