"""How clients get their credentials and their region: on this machine, and on one that has none of it."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.session import Session, get_session

from sealtape.cassette import Cassette

DEAD = "http://127.0.0.1:9"
ROLE = "arn:aws:iam::123456789012:role/example"
SECRET = "x" * 40


class Vault(ThreadingHTTPServer):
    """Gives credentials away as a container, instance metadata and the portal of single sign-on do.

    Each time they are others. ``asked`` counts how often.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Vault

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked += 1
        given = {"AccessKeyId": access_key(self.server.asked), "SecretAccessKey": SECRET}
        if self.path.startswith("/federation"):
            later = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
            portal = {"accessKeyId": given["AccessKeyId"], "secretAccessKey": SECRET}
            self._answer({"roleCredentials": portal | {"sessionToken": "t" * 80, "expiration": later}})
        elif self.path.endswith("/security-credentials/"):
            self._answer("a-role")
        elif self.path.endswith("/token"):
            self._answer("a-token")
        else:
            later_ = {"Token": "t" * 80, "Expiration": "2099-01-01T00:00:00Z", "Code": "Success"}
            self._answer(given | later_)

    do_PUT = do_GET

    def _answer(self, said: object) -> None:
        body = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def access_key(number: int) -> str:
    return "ASIA" + "EXAMPLEEXAMPLE" + f"{number:02}"


@pytest.fixture
def vault() -> Iterator[Vault]:
    with Vault() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away what the run of these tests has been given for its own replays."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    # botocore has looked up the home folder when it was imported.
    cache = "botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR"
    monkeypatch.setattr(cache, str(tmp_path / "sso"))


def labels(cassette: Cassette) -> list[str]:
    return [interaction.request.label for interaction in cassette.interactions]


# Every provider: what it writes into a home folder, and the environment that goes with it.


def static(home: Path, vault: Vault) -> dict[str, str]:
    return profile(home, f"aws_access_key_id = {access_key(0)}\naws_secret_access_key = {SECRET}\n")


def profile(home: Path, text: str) -> dict[str, str]:
    (home / "config").write_text(f"[profile here]\nregion = eu-west-1\n{text}")
    return {"AWS_CONFIG_FILE": str(home / "config"), "AWS_PROFILE": "here"}


def assume_role(home: Path, vault: Vault) -> dict[str, str]:
    base = f"[profile base]\naws_access_key_id = {access_key(0)}\naws_secret_access_key = {SECRET}\n"
    return profile(home, f"role_arn = {ROLE}\nsource_profile = base\n{base}")


def web_identity(home: Path, vault: Vault) -> dict[str, str]:
    (home / "token").write_text("a.web.token")
    return profile(home, f"role_arn = {ROLE}\nweb_identity_token_file = {home / 'token'}\n")


def sso(home: Path, vault: Vault) -> dict[str, str]:
    cache = home / "sso"
    cache.mkdir(exist_ok=True)
    start = "https://example.awsapps.com/start"
    token = {"accessToken": "a-token", "expiresAt": "2099-01-01T00:00:00Z"}
    (cache / f"{sha1(start.encode()).hexdigest()}.json").write_text(json.dumps(token))
    text = (
        f"sso_start_url = {start}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = r\n"
    )
    return profile(home, text) | {"AWS_ENDPOINT_URL_SSO": vault.url}


def process(home: Path, vault: Vault) -> dict[str, str]:
    ask = f"import urllib.request as u; print(u.urlopen('{vault.url}/process').read().decode())"
    (home / "ask.py").write_text(
        ask.replace("print(", "print('{\"Version\": 1, ' + ").replace(
            ".decode())", ".decode().replace('Token', 'SessionToken')[1:])"
        )
    )
    return profile(home, f"credential_process = {sys.executable} {home / 'ask.py'}\n")


def container(home: Path, vault: Vault) -> dict[str, str]:
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{vault.url}/c", "AWS_DEFAULT_REGION": "eu-west-1"}


def instance(home: Path, vault: Vault) -> dict[str, str]:
    return {
        "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": vault.url,
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


PROVIDERS = [static, assume_role, web_identity, sso, process, container, instance]
Provider = Callable[[Path, Vault], dict[str, str]]


def work() -> Any:
    """Make a queue and list it, as two sessions that are configured alike."""
    Session().create_client("sqs").create_queue(QueueName="by-provider")
    found = Session().create_client("sqs").list_queues(QueueNamePrefix="by-pro")
    return [url.rpartition("/")[2] for url in found["QueueUrls"]]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_provider_does_is_neither_recorded_nor_done_on_replay(
    tape: Callable[..., Any],
    tmp_path: Path,
    moto_url: str,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
    provider: Provider,
) -> None:
    with monkeypatch.context() as here:
        for name, value in provider(tmp_path, vault).items():
            here.setenv(name, value)
        here.setenv("AWS_ENDPOINT_URL", moto_url)
        with tape():
            live = work()
        asked = vault.asked
        assert asked > 0 or provider in (static, assume_role, web_identity)
        here.setenv("AWS_ENDPOINT_URL", DEAD)
        with tape("none") as cassette:
            assert work() == live == ["by-provider"]
        assert labels(cassette) == ["sqs.CreateQueue", "sqs.ListQueues"]
        assert cassette.all_played
        # Nor is a profile, or its file, needed there.
        here.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        with tape("none"):
            assert work() == live
    with tape("none"):
        assert work() == live
    assert vault.asked == asked


@pytest.mark.parametrize("provider", PROVIDERS)
def test_one_consistent_change_of_provider_still_matches(
    tape: Callable[..., Any],
    tmp_path: Path,
    moto_url: str,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
    provider: Provider,
) -> None:
    with monkeypatch.context() as here:
        here.setenv("AWS_ENDPOINT_URL", moto_url)
        for name, value in static(tmp_path, vault).items():
            here.setenv(name, value)
        with tape():
            live = work()
    for name, value in provider(tmp_path, vault).items():
        monkeypatch.setenv(name, value)
    with tape("none"):
        assert work() == live


def test_profiles_that_are_named_in_the_code_need_not_be_there_and_stay_who_and_where_they_are(
    tape: Callable[..., Any], tmp_path: Path, moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(name: str) -> tuple[str, str]:
        session = boto3.Session(profile_name=name)
        sts, sqs = session.client("sts"), session.client("sqs")
        return sts.get_caller_identity()["Arn"].rsplit("/")[1], sqs.create_queue(QueueName="q")["QueueUrl"]

    home = f"[profile base]\naws_access_key_id = {access_key(0)}\naws_secret_access_key = {SECRET}\n"
    for name, region in (("one", "eu-west-1"), ("two", "eu-central-1"), ("three", "eu-central-1")):
        home += f"[profile {name}]\nrole_arn = arn:aws:iam::123456789012:role/{name}\n"
        home += f"source_profile = base\nregion = {region}\n"
    (tmp_path / "config").write_text(home)
    names = ["one", "two", "three"]
    with monkeypatch.context() as here:
        here.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        here.setenv("AWS_ENDPOINT_URL", moto_url)
        with tape():
            live = {name: ask(name) for name in names}
    assert [who for who, _ in live.values()] == names
    for order in (names, names[::-1]):
        with tape("none"):
            assert {name: ask(name) for name in order} == live
            assert boto3.Session(profile_name="two").region_name == "eu-central-1"


def test_credentials_that_are_refreshed_stay_one_caller(
    tape: Callable[..., Any], moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetched() -> dict[str, str]:
        fetches.append(1)
        soon = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
        key = access_key(len(fetches))
        return {"access_key": key, "secret_key": SECRET, "token": "t" * 80, "expiry_time": soon}

    def ask() -> list[str]:
        session = get_session()
        session._credentials = RefreshableCredentials.create_from_metadata(fetched(), fetched, "custom")
        sts = session.create_client("sts", region_name="eu-west-1")
        return [sts.get_caller_identity()["Account"] for _ in range(3)]

    fetches: list[int] = []
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    with tape():
        live = ask()
    assert len(fetches) == 4
    fetches.clear()
    with tape("none"):
        assert ask() == live
    assert len(fetches) == 1, "the code's own"


def test_a_session_that_was_replayed_can_record(
    tape: Callable[..., Any], tmp_path: Path, moto_url: str, monkeypatch: pytest.MonkeyPatch, vault: Vault
) -> None:
    """One made in a replay holds nothing invented: its own credentials are fetched when they are needed."""
    for name, value in sso(tmp_path, vault).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    with tape():
        work()
    asked = vault.asked
    with tape("none"):
        session = Session()
        sqs = session.create_client("sqs")
        assert sqs.create_queue(QueueName="by-provider")
        assert session.get_credentials().access_key
    assert vault.asked == asked
    sqs.list_queues()
    assert session.get_credentials().access_key == access_key(vault.asked)
    assert vault.asked == asked + 1


def test_urls_are_presigned_on_replay_without_asking_anyone(
    tape: Callable[..., Any], tmp_path: Path, moto_url: str, monkeypatch: pytest.MonkeyPatch, vault: Vault
) -> None:
    for name, value in assume_role(tmp_path, vault).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    with tape():
        work()
    early = Session()
    early.get_credentials()
    monkeypatch.setenv("AWS_ENDPOINT_URL", DEAD)
    with tape("none"):
        for session in (early, Session()):
            s3 = session.create_client("s3")
            assert "Signature=" in s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})


# The default region.


def regions(tape: Any) -> Any:
    def create(region: str | None) -> Any:
        return boto3.client("sqs", region).create_queue(QueueName="one-of-two")["QueueUrl"]

    with tape:
        return create(None), create("us-east-1")


@pytest.mark.parametrize("recorded", ["eu-west-1", "us-west-2"])
def test_the_default_region_of_a_replay_is_the_one_in_which_the_project_records(
    tape: Callable[..., Any], tmp_path: Path, moto_url: str, monkeypatch: pytest.MonkeyPatch, recorded: str
) -> None:
    settings = f'[tool.sealtape.sandbox]\nregions = ["{recorded}", "us-east-1"]\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    with monkeypatch.context() as here:
        here.setenv("AWS_DEFAULT_REGION", recorded)
        here.setenv("AWS_ACCESS_KEY_ID", access_key(0))
        here.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        here.setenv("AWS_ENDPOINT_URL", moto_url)
        live = regions(tape())
    assert "AWS_DEFAULT_REGION" not in os.environ
    assert regions(tape("none")) == live
