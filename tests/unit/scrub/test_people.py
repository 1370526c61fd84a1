"""E-mail addresses and public addresses go, and their look-alikes stay."""

from __future__ import annotations

import pytest

from sealtape.interaction import Captured, HttpRequest, Interaction, Response
from sealtape.scrub import Scrubber
from sealtape.scrub.lexicon import Lexicon
from sealtape.settings import ScrubSettings


def scrubbed(text: str, **settings: tuple[str, ...]) -> str:
    answer = Response(200, "OK", (("Content-Type", "text/plain"),), text.encode())
    interaction = Interaction(HttpRequest("GET", "https://api.example.com/"), answer)
    scrubber = Scrubber(ScrubSettings(**settings), bytes(32), environ={})
    outcome = scrubber.scrub([Captured(interaction)])[0].interaction.outcome
    assert isinstance(outcome, Response)
    return outcome.body.decode()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("write to ada.lovelace@acme-tools.io, please", "ada.lovelace@acme-tools.io"),
        ("<mailto:joe+x@corp.co.uk>", "joe+x@corp.co.uk"),
        ('{"email":"joe@corp.io"}', "joe@corp.io"),
        ("user=joe@corp.io&a=1", "joe@corp.io"),
        ("GET /users/joe@corp.io/keys", "joe@corp.io"),
        ("from 54.93.12.200:443", "54.93.12.200"),
        ('{"cidr": "18.203.4.5/32"}', "18.203.4.5"),
        ("upstream server 52.95.110.1:8080 failed", "52.95.110.1"),
        ('log {"nameserver": "52.95.110.1"} end', "52.95.110.1"),
        ("dev 52.95.110.1", "52.95.110.1"),
        ("server=52.95.110.1", "52.95.110.1"),
        ("server 2600:1f18:24e6:b900::5", "2600:1f18:24e6:b900::5"),
        ("http://34.240.17.9/x", "34.240.17.9"),
        ("ec2-34-240-17-9.eu-west-1.compute.amazonaws.com", "34-240-17-9"),
        ("[2a05:d018:1:2:3:4:5:6]:443", "2a05:d018:1:2:3:4:5:6"),
        ("2600:1f18::1/128", "2600:1f18::1"),
    ],
)
def test_what_leads_to_somebody_goes(text: str, secret: str) -> None:
    assert secret not in scrubbed(text)


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com b@sub.example.org root@localhost x@host.internal noreply@acme.io",
        "git@github.com:o/r.git react@18.2.0 logo@2x.png getty@tty1.service app@sha256:0a1b2c",
        "postgres://app@db.acme.io:5432/x",
        "10.1.2.3 172.16.0.1 192.168.1.1 127.0.0.1 169.254.169.254 192.0.2.9 198.51.100.7 203.0.113.4",
        "0.0.0.0/0 255.255.255.0 224.0.0.251 100.64.0.1 ::1 fe80::1 fd00::1 2001:db8::17",
        "Chrome/120.0.0.0 v4.3.55.120 version 4.3.55.120 pkg==4.3.55.120 app-4.3.55.120",
        "1.3.6.1.4.1 2.5.29.17",
        "12:34:56 0a:1b:2c:3d:4e:5f 2026:01:31 1.2.3.4.5",
    ],
)
def test_what_is_nobodys_or_only_looks_like_it_stays(text: str) -> None:
    assert scrubbed(text) == text


@pytest.mark.parametrize(
    ("text", "is_sign"),
    [
        ("http://127.0.0.1:5000/things/1", False),
        ("http://127.0.0.1", False),
        ("http://127.0.0.1:5000/from/34.240.17.9", True),
        ("34.240.17.9 127.0.0.1", True),
        ("127.0.0.1.34.240.17.9", True),
        ("http://27.0.0.1/", True),
    ],
)
def test_the_address_of_this_machine_is_no_sign_of_anybody_and_hides_none(text: str, is_sign: bool) -> None:
    assert (Lexicon(ScrubSettings()).detectable(text) is not None) is is_sign


def test_a_version_that_looks_like_an_address_stays_under_its_name() -> None:
    text = '{"engine_version": "4.3.55.120", "address": "54.93.12.200"}'
    assert '"4.3.55.120"' in scrubbed(text)
    assert "54.93.12.200" not in scrubbed(text)


def test_a_rule_that_is_turned_off_does_not_hold_and_the_others_do() -> None:
    text = "joe@corp.io at 54.93.12.200"
    assert scrubbed(text, off=("email-address",)).startswith("joe@corp.io at ")
    assert "54.93" not in scrubbed(text, off=("email-address",))
    assert scrubbed(text, off=("email-address", "public-address")) == text
