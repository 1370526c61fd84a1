"""Where a client sends its requests: style, region, proxy and override change nothing about what matches.

The real names are asked of a real proxy, which has moto's server answer for all of them.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.config import Config

DEAD = "http://127.0.0.1:9"


class Proxy(ThreadingHTTPServer):
    """An HTTP proxy whose world is moto: it keeps the Host of each request, and notes it in ``hosts``."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        place = urlsplit(behind)
        self.behind = (place.hostname, place.port)
        self.hosts: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


_ITS_OWN = ("host", "connection", "proxy-connection", "expect")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        self.server.hosts.append(asked.netloc)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # moto knows S3 by the host names of one style.
        host = asked.netloc.replace("-accelerate", "").replace("-fips", "").replace(".dualstack", "")
        lines = [f"{self.command} {asked._replace(scheme='', netloc='').geturl()} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items() if name.lower() not in _ITS_OWN]
        # A socket and no client, whose traffic would be the test's.
        with socket.create_connection(self.server.behind) as behind:
            behind.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
            while said := behind.recv(65536):
                self.wfile.write(said)
        self.close_connection = True

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET


@pytest.fixture
def proxy(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto_url)  # for the guard's question
    with Proxy(moto_url) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def allowed(tape: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Open cassettes of a project that may record there: these names are no loopback."""
    regions = ["eu-west-1", "us-east-1"]
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.sealtape.sandbox]\naccounts = ["123456789012"]\nregions = {regions}\n'
        'hosts = ["*.amazonaws.com"]\n'
    )
    return tape


def client(service: str, proxy: str, region: str = "eu-west-1", **config: Any) -> Any:
    return boto3.client(
        service,
        region,
        use_ssl=False,
        aws_access_key_id="AKIA" + "EXAMPLEEXAMPLE00",
        aws_secret_access_key="x" * 40,
        config=Config(proxies={"http": proxy}, retries={"total_max_attempts": 1}, **config),
    )


STYLES: dict[str, tuple[dict[str, Any], str]] = {
    "virtual": ({"s3": {"addressing_style": "virtual"}}, "styled.s3.eu-west-1.amazonaws.com"),
    "path": ({"s3": {"addressing_style": "path"}}, "s3.eu-west-1.amazonaws.com"),
    "dual-stack": ({"use_dualstack_endpoint": True}, "styled.s3.dualstack.eu-west-1.amazonaws.com"),
    "accelerate": ({"s3": {"use_accelerate_endpoint": True}}, "styled.s3-accelerate.amazonaws.com"),
}


def store(proxy: str, **config: Any) -> Any:
    s3 = client("s3", proxy, **config)
    s3.put_object(Bucket="styled", Key="a/b", Body=b"bytes")
    listed = s3.list_objects_v2(Bucket="styled")["Contents"]
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "styled", "Key": "a/b"})
    again = requests.get(url, proxies={"http": proxy}, timeout=5).content
    return s3.get_object(Bucket="styled", Key="a/b")["Body"].read(), [item["Key"] for item in listed], again


@pytest.fixture
def bucket(moto_url: str) -> Iterator[None]:
    keys = {"aws_access_key_id": "a" * 16, "aws_secret_access_key": "b" * 40}
    s3 = boto3.client("s3", "eu-west-1", endpoint_url=moto_url, **keys)
    s3.create_bucket(Bucket="styled", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield
    s3.delete_object(Bucket="styled", Key="a/b")
    s3.delete_bucket(Bucket="styled")


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("recorded", STYLES)
def test_the_style_of_an_s3_endpoint_takes_no_part(
    allowed: Callable[..., Any], proxy: Proxy, recorded: str
) -> None:
    config, host = STYLES[recorded]
    with allowed():
        live = store(proxy.url, **config)
    assert live == (b"bytes", ["a/b"], b"bytes")
    assert host in proxy.hosts
    asked = len(proxy.hosts)
    for other, _ in STYLES.values():
        with allowed("none") as cassette:
            assert store(DEAD, **other) == live
        assert cassette.all_played
    assert len(proxy.hosts) == asked


VARIANTS: dict[str, tuple[dict[str, Any], str]] = {
    "plain": ({}, "sqs.us-east-1.amazonaws.com"),
    "fips": ({"use_fips_endpoint": True}, "sqs-fips.us-east-1.amazonaws.com"),
    "dual-stack": ({"use_dualstack_endpoint": True}, "sqs.us-east-1.api.aws"),
    "both": (
        {"use_fips_endpoint": True, "use_dualstack_endpoint": True},
        "sqs-fips.us-east-1.api.aws",
    ),
}


def queue(proxy: str, **config: Any) -> str:
    sqs = client("sqs", proxy, "us-east-1", **config)
    url = sqs.create_queue(QueueName="styled")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m")
    return str(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])


@pytest.mark.parametrize("recorded", VARIANTS)
def test_fips_and_dual_stack_take_no_part(allowed: Callable[..., Any], proxy: Proxy, recorded: str) -> None:
    config, host = VARIANTS[recorded]
    with allowed():
        assert queue(proxy.url, **config) == "m"
    assert set(proxy.hosts) == {host}
    for other, _ in VARIANTS.values():
        with allowed("none") as cassette:
            assert queue(DEAD, **other) == "m"
        assert cassette.all_played


def test_a_pseudo_region_is_the_region_that_it_means(allowed: Callable[..., Any], proxy: Proxy) -> None:
    with allowed():
        client("sqs", proxy.url, "fips-us-east-1").create_queue(QueueName="styled")
        client("sqs", proxy.url, "eu-west-1").create_queue(QueueName="styled")
    assert proxy.hosts == ["sqs-fips.us-east-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"]
    with allowed("none"):
        client("sqs", DEAD, "us-east-1").create_queue(QueueName="styled")
        client("sqs", DEAD, "eu-west-1").create_queue(QueueName="styled")


def test_an_endpoint_that_is_overridden_in_any_way_takes_no_part(
    allowed: Callable[..., Any], proxy: Proxy, moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the environment, in general or for one service, by a profile, and not at all."""
    (tmp_path / "config").write_text(
        f"[default]\nservices = here\n[services here]\nsqs =\n  endpoint_url = {moto_url}\n"
    )
    overrides = [
        {"AWS_ENDPOINT_URL": moto_url},
        {"AWS_ENDPOINT_URL_SQS": moto_url},
        {"AWS_CONFIG_FILE": str(tmp_path / "config")},
        {},
    ]
    for recorded in overrides:
        with monkeypatch.context() as here:
            for name, value in recorded.items():
                here.setenv(name, value)
            with allowed():
                assert queue(proxy.url) == "m"
        for other in overrides:
            with monkeypatch.context() as here:
                for name, value in other.items():
                    here.setenv(name, value.replace(moto_url, DEAD))
                with allowed("none"):
                    assert queue(DEAD) == "m"
    assert "sqs.us-east-1.amazonaws.com" in proxy.hosts
    assert "AWS_ENDPOINT_URL" not in os.environ
