"""Models and words that the sessions of replays share, and those that they must not."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import botocore
import botocore.loaders
import botocore.useragent
import pytest
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session

from sealtape.capture import environment, reuse
from sealtape.capture.environment import replaying

BUILTIN = Path(botocore.__file__).parent / "data"


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    reuse.install()
    monkeypatch.setattr(reuse, "_found", {})
    # This run, sealtape's plugin in it, may be a replay itself.
    monkeypatch.setattr(environment, "_regions", [])


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The model files that are parsed in the test."""
    files: list[str] = []
    load_file = JSONFileLoader.load_file

    def noted(loader: Any, file_path: str) -> Any:
        found = load_file(loader, file_path)
        if found is not None:
            files.append(Path(file_path).name)
        return found

    monkeypatch.setattr(JSONFileLoader, "load_file", noted)
    return files


def client(session: Session | None = None) -> Any:
    return (session or Session()).create_client(
        "sqs", "eu-west-1", aws_access_key_id="a" * 16, aws_secret_access_key="b" * 40
    )


def model(session: Session) -> Any:
    return session.get_component("data_loader").load_service_model("sqs", "service-2")


def test_the_sessions_of_a_replay_parse_a_model_once(parsed: list[str]) -> None:
    with replaying():
        made = [client() for _ in range(3)]
    assert parsed.count("service-2") == 1
    assert len({id(one.meta.service_model._service_description) for one in made}) == 1


def test_outside_of_a_replay_each_session_parses_its_own(parsed: list[str]) -> None:
    with replaying():
        client()
    for _ in range(2):
        client()
    assert parsed.count("service-2") == 3


def test_models_of_the_projects_own_are_never_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = max((BUILTIN / "sqs").iterdir())
    service = json.loads(gzip.decompress((version / "service-2.json.gz").read_bytes()))
    own = tmp_path / "sqs" / "2099-01-01" / "service-2.json"
    own.parent.mkdir(parents=True)
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    with replaying():
        for title in ("one", "two"):
            own.write_text(json.dumps(service | {"documentation": title}))
            assert model(Session())["documentation"] == title
        monkeypatch.delenv("AWS_DATA_PATH")
        assert model(Session())["documentation"] == service["documentation"]


def test_a_folder_that_one_session_adds_is_not_looked_into_by_another(tmp_path: Path) -> None:
    (tmp_path / "later" / "2099-01-01").mkdir(parents=True)
    (tmp_path / "later" / "2099-01-01" / "service-2.json").write_text("{}")
    with replaying():
        one, other = Session(), Session()
        before = other.get_available_services()
        one.get_component("data_loader").search_paths.append(str(tmp_path))
        assert set(one.get_available_services()) == {*before, "later"}
        assert Session().get_available_services() == before


def test_a_list_that_one_session_changes_stays_whole_for_another() -> None:
    with replaying():
        Session().get_available_services().clear()
        assert "sqs" in Session().get_available_services()


def test_loaders_of_somebodys_own_are_asked_each_time() -> None:
    class Files(JSONFileLoader):  # type: ignore[misc]  # botocore is not typed
        def load_file(self, file_path: str) -> Any:
            found = super().load_file(file_path)
            return found and found | {"documentation": "another"}

    with replaying():
        plain = Session()
        documented = model(plain)["documentation"]
        changed = Session()
        changed.register_component("data_loader", Loader(file_loader=Files()))
        assert model(changed)["documentation"] == "another" != documented
        assert model(Session())["documentation"] == documented


def test_resources_and_clients_of_boto3_share_them_too(parsed: list[str]) -> None:
    with replaying():
        for _ in range(2):
            boto3.Session(region_name="eu-west-1").resource("sqs")
    assert (parsed.count("service-2"), parsed.count("resources-1")) == (1, 1)


def test_threads_that_make_sessions_at_once_get_the_same_model() -> None:
    with replaying(), ThreadPoolExecutor(8) as threads:
        assert len({id(found) for found in threads.map(lambda _: model(Session()), range(16))}) == 1


def test_words_of_the_user_agent_are_cleaned_as_botocore_cleans_them() -> None:
    cached = botocore.useragent.sanitize_user_agent_string_component
    for word in ("Botocore/1", "a b(c)", "x#y", "ü"):
        for allow_hash in (True, False):
            expected = cached.__wrapped__(word, allow_hash)
            assert [cached(word, allow_hash), cached(word, allow_hash)] == [expected, expected]


def test_components_of_the_user_agent_are_put_together_as_botocore_does() -> None:
    component = botocore.useragent.UserAgentComponent
    cached = component.to_string
    made = [component("md", "a b", "c#d"), component("md", "a b", "c#e")]
    if "size_config" in component._fields:  # since 1.37
        size = botocore.useragent.UserAgentComponentSizeConfig
        made += [component("m", "A,B,C", size_config=size(length, ",")) for length in (5, 3)]
    expected = [cached.__wrapped__(one) for one in made]
    assert len(set(expected)) == len(made)
    assert [one.to_string() for one in made + made] == expected + expected
