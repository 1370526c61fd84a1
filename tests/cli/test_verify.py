from __future__ import annotations

import base64

import pytest

from sealtape.interaction import AwsRequest, HttpRequest, Interaction, Response, Scrubbed
from sealtape.seal.keyring import new_key
from tests.cli.project import BINARY, ONE, POST, PUT, REFUSED, TWO, Project

ACCESS_KEY = "AKIA" + "QYLPMN5HHHFPZAM2"


def test_cassettes_that_open_and_hold_no_secret_pass(project: Project) -> None:
    project.seal(ONE, PUT, POST, BINARY, REFUSED)
    result = project.run("verify")
    assert (result.code, result.out, result.err) == (0, "1 cassette checked, no problems\n", "")


def test_a_row_from_another_version_is_found_with_the_key(project: Project) -> None:
    path = project.seal(ONE, PUT, POST)
    mine = path.read_bytes().replace(b'"status":201', b'"status":200')
    path.write_bytes(mine)
    assert project.run("lint").code == 0
    result = project.run("verify")
    assert result.code == 1
    assert f"{ONE} row 2 (POST api.example.com/users): problem: this row was edited" in result.out


@pytest.mark.parametrize(
    "body",
    [
        f'{{"id": "{ACCESS_KEY}"}}'.encode(),
        base64.b64encode(f"key = {ACCESS_KEY} and so on".encode()),
    ],
)
def test_a_secret_that_scrubbing_missed_is_found_and_never_printed(project: Project, body: bytes) -> None:
    leak = Scrubbed(Interaction(HttpRequest("GET", "https://example.com/"), Response(200, "OK", (), body)))
    project.seal(ONE, PUT, leak)
    result = project.run("verify")
    assert result.code == 1
    assert f"{ONE}: problem: access-key-id finds what looks like a secret at GET:" in result.out
    assert ACCESS_KEY not in result.out + result.err


def test_a_stand_in_is_no_residue_wherever_in_the_cassette_it_stands(project: Project) -> None:
    from sealtape.interaction import Removal

    made = Scrubbed(
        Interaction(
            AwsRequest("iam", "CreateAccessKey", {}),
            Response(200, "OK", (), f"<AccessKeyId>{ACCESS_KEY}</AccessKeyId>".encode()),
        ),
        (Removal("access-key-id", "response.body.AccessKeyId", ACCESS_KEY, "ab" * 16, 20),),
    )
    used = Scrubbed(
        Interaction(AwsRequest("iam", "DeleteAccessKey", {"AccessKeyId": ACCESS_KEY}), Response(200))
    )
    project.seal(ONE, made, used)
    assert project.run("verify").code == 0


def test_residue_that_the_settings_allow_passes(project: Project) -> None:
    leak = Scrubbed(Interaction(AwsRequest("iam", "X", {"Id": ACCESS_KEY}), Response(200)))
    project.seal(ONE, leak)
    assert project.run("verify").code == 1
    project.set_up('[tool.sealtape.scrub]\nallow = ["access-key-id@iam.X:*"]\n')
    assert project.run("verify").code == 0


def test_another_cassettes_key_is_a_problem_of_that_cassette(project: Project) -> None:
    project.seal(TWO)
    mine, project.key = project.key, new_key()
    project.seal(ONE)
    project.key = mine
    result = project.run("verify")
    assert result.code == 1
    assert f"{ONE}: problem: this cassette was sealed with another key" in result.out
    assert "2 cassettes checked, 1 problem\n" in result.out


def test_a_renamed_cassette_is_a_problem(project: Project) -> None:
    project.seal(ONE).rename(project.root / TWO)
    result = project.run("verify")
    assert result.code == 1
    assert "this cassette is bound to the name" in result.out


def test_without_the_key_it_exits_with_3(project: Project) -> None:
    project.seal(ONE)
    for key in ("", new_key().text, "sealtape1_short"):
        result = project.run("verify", SEALTAPE_KEY=key)
        assert (result.code, result.out) == (3, "")
        assert result.err.startswith("error: ")
