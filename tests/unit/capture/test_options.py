"""Every option of vcrpy does what vcrpy documents, or says that it does not."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import requests
from vcr import VCR

import sealtape
from sealtape.capture.options import PARAMETERS, vcr_options
from sealtape.errors import Miss, UsageError
from sealtape.seal.keyring import new_key
from tests.servers import Service

INSTALLED = inspect.signature(VCR.__init__).parameters


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.sealtape]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)


def test_every_option_of_the_installed_vcrpy_is_accounted_for() -> None:
    given = set(inspect.signature(VCR.__init__).parameters) - {"self"}
    # Those of use_cassette are read one by one.
    for method in (
        VCR.get_merged_config,
        VCR._build_before_record_request,
        VCR._build_before_record_response,
    ):
        given |= set(re.findall(r'\.get\(\s*"(\w+)"', inspect.getsource(method)))
    assert given <= set(PARAMETERS)


def test_an_option_that_has_no_effect_is_named_with_the_reason() -> None:
    (told,) = vcr_options({"func_path_generator": str}).unheeded
    assert re.match(r"vcrpy's option \w+ has no effect on a sealed cassette: \w+", told)
    (told,) = vcr_options({}, lambda vcr: vcr.register_persister(object)).unheeded
    assert "persister" in told


def test_a_misspelt_option_is_named_with_the_nearest() -> None:
    assert vcr_options({"filter_header": ["x"]}).unheeded == (
        "there is no option filter_header, of vcrpy's or of sealtape's, so it has no effect: "
        "did you mean filter_headers?",
    )
    with pytest.raises(UsageError, match=r"no option recordmode, of .*did you mean record_mode\?"):
        sealtape.use_cassette("a", recordmode="once").__enter__()
    with pytest.raises(UsageError, match=r"no option draw, of .*did you mean draws\?"):
        sealtape.use_cassette("a", draw="real").__enter__()
    with (
        pytest.raises(UsageError, match="did you mean filter_headers"),
        sealtape.use_cassette("a", filter_header=[]),
    ):
        pass


def test_options_that_ask_for_nothing_are_not_complained_about() -> None:
    given = {"persister": None, "path_transformer": None, "serializer": "json", "allowed_hosts": ["x"]}
    assert vcr_options({"record_mode": "once", "record_on_exception": False, **given}).unheeded == ()
    (told,) = vcr_options({"record_on_exception": True}).unheeded
    assert "what a failed test recorded is not kept" in told


@pytest.mark.parametrize(
    ("match_on", "matches"),
    [(["method", "uri"], True), (["body"], False), (["raw_body"], False), (["host", "path", "query"], True)],
)
def test_match_on_says_whether_the_body_counts(http: Service, match_on: list[str], matches: bool) -> None:
    with sealtape.use_cassette("a", match_on=match_on):
        requests.post(http.url + "/echo", data=b"one")
    with sealtape.use_cassette("a", record_mode="none", match_on=match_on) as cassette:
        if matches:
            assert requests.post(http.url + "/echo", data=b"two").content == b"one"
        else:
            with sealtape.expect_miss():
                requests.post(http.url + "/echo", data=b"two")
        assert cassette.play_count == int(matches)


def test_by_default_another_body_is_another_request(http: Service) -> None:
    with sealtape.use_cassette("a"):
        requests.post(http.url + "/echo", json={"name": "one"})
    with sealtape.use_cassette("a", record_mode="none"), sealtape.expect_miss() as misses:
        requests.post(http.url + "/echo", json={"name": "two"})
    assert 'body.name: "two" here, "one" recorded' in str(misses[0])


def test_a_miss_names_the_matchers_that_refuse(http: Service) -> None:
    options: dict[str, Any] = {"match_on": ["method", "path", "query"]}
    with sealtape.use_cassette("a", **options):
        requests.get(http.url + "/json?page=1")
    with sealtape.use_cassette("a", record_mode="none", **options), sealtape.expect_miss() as misses:
        requests.get(http.url + "/json?page=2")
    assert "which match_on refuses: query" in str(misses[0])
    assert "method" not in str(misses[0]).partition("hint:")[0]


def test_a_registered_matcher_decides(http: Service) -> None:
    def same_page(one: Any, other: Any) -> None:
        assert one.uri.partition("&")[0] == other.uri.partition("&")[0]

    def configure(vcr: VCR) -> None:
        vcr.register_matcher("page", same_page)
        vcr.match_on = ["page"]

    options = vcr_options({}, configure)
    from sealtape.interaction import HttpRequest

    recorded = HttpRequest("GET", "http://x/?page=1&token=1")
    assert options.differences(HttpRequest("GET", "http://x/?page=1&token=2"), recorded) == []
    [(name, _)] = options.differences(HttpRequest("GET", "http://x/?page=2"), recorded)
    assert name == "page"


def test_vcrpys_body_matcher_takes_two_uploads_for_one_whatever_their_boundary(http: Service) -> None:
    def upload(boundary: str, content: bytes = b"content") -> bytes:
        body = b"--%b\r\n\r\n%b\r\n--%b--\r\n" % (boundary.encode(), content, boundary.encode())
        headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
        return requests.post(http.url + "/echo", data=body, headers=headers).content

    options: dict[str, Any] = {"match_on": ["method", "uri", "body", "headers"]}
    with sealtape.use_cassette("a", **options):
        upload("0123456789abcdef01234567")
    with sealtape.use_cassette("a", record_mode="none", **options):
        answer = upload("76543210fedcba9876543210")
        assert b"--76543210fedcba9876543210--" in answer, "what echoes the boundary echoes the live one"
    with pytest.raises(Miss), sealtape.use_cassette("a", record_mode="none", **options):
        upload("76543210fedcba9876543210", b"another")


def test_what_is_called_sensitive_is_not_in_the_file(http: Service) -> None:
    options: dict[str, Any] = {
        "filter_sensitive_data": {
            "<CITY>": "Wolkenkuckucksheim",
            "<PATH>": lambda request, _: request.path[1:],
        }
    }
    if "filter_sensitive_data" not in INSTALLED:
        assert "filter_sensitive_data" in vcr_options(options).unheeded[0]
        return
    with sealtape.use_cassette("a", **options):
        requests.post(http.url + "/echo", json={"city": "Wolkenkuckucksheim"})
    with sealtape.use_cassette("a", record_mode="none", **options) as cassette:
        assert "Wolkenkuckucksheim" not in str(cassette.interactions[0].request.body)
        answer = requests.post(http.url + "/echo", json={"city": "Wolkenkuckucksheim"}).json()
        assert answer == {"city": "Wolkenkuckucksheim"}, "whoever knows it gets it back"


def test_before_save_interaction_changes_or_drops_what_is_written(http: Service) -> None:
    def hook(request: Any, response: Any) -> Any:
        if request.path == "/binary":
            return None
        response["body"]["string"] = b"{}"
        return request, response

    if "before_save_interaction" not in INSTALLED:
        assert "before_save_interaction" in vcr_options({"before_save_interaction": hook}).unheeded[0]
        return
    with sealtape.use_cassette("a", before_save_interaction=hook):
        requests.get(http.url + "/binary")
        assert requests.get(http.url + "/json").json() != {}
    with sealtape.use_cassette("a", record_mode="none") as cassette:
        assert requests.get(http.url + "/json").json() == {}
        assert len(cassette) == 1
