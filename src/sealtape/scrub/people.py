"""What leads to people and machines: e-mail addresses and public IP addresses.

Both have many look-alikes: versions of packages, remotes of repositories, names of images, object
identifiers. What is reserved for documentation or for private use is nobody's and stays.
"""

from __future__ import annotations

import ipaddress
import re

from sealtape.scrub.detector import Detector

_NO_DOMAIN = frozenset(
    re.findall(
        r"\S+",
        "png jpg jpeg gif svg webp ico css js mjs ts tsx jsx json xml html htm md txt zip gz tgz tar whl "
        "py rb go rs service socket timer mount target slice scope path device "
        "test example invalid localhost local internal lan localdomain home corp",
    )
)
"""Last parts of what looks like a domain and is a file, a unit of systemd, or reserved (RFC 2606, 6762)."""

_RESERVED = re.compile(r"(?:.+\.)?example\.(?:com|org|net|edu)", re.I)
_NOBODY = frozenset(
    {"git", "hg", "noreply", "no-reply", "donotreply", "do-not-reply", "user", "username", "you", "name"}
)
_IN_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]*\Z")
_VERSION = re.compile(
    r"(?:(?i:version|(?<![a-z])(?:release|build|ver|oid|v|rev|engine|kernel|firmware|driver|section|chapter|"
    r"clause|§))[\"'\s:=_]{0,4}|[=<>~!]=\s?|[/_@~^A-Za-z-])\Z"
)
_PLACEHOLDERS = frozenset({"1.2.3.4", "1.1.1.0", "4.3.2.1"})
_OBJECT_IDENTIFIER = re.compile(r"2\.5\.(?:4|29)\.|1\.[23]\.")
_BEFORE = 64
_OF_ADDRESSES = re.compile(
    r"/(?:ips?|addr(?:ess)?(?:es)?|hosts?|servers?|nodes?|whois|lookup)/\Z"
    r"|//[^/\s]*(?:\b|[a-z])(?:ip|whois|geo|shodan|abuse)[^/\s]*/(?:[a-z0-9]{1,12}/){0,3}\Z"
)


def _is_person(match: re.Match[str]) -> bool:
    local, _, domain = match[1].partition("@")
    if (
        local.lower() in _NOBODY
        or domain.rpartition(".")[2].lower() in _NO_DOMAIN
        or _RESERVED.fullmatch(domain)
    ):
        return False
    return _IN_ADDRESS.search(match.string, max(0, match.start() - 64), match.start()) is None


def _is_public(match: re.Match[str]) -> bool:
    text = match[1].replace("-", ".") if ":" not in match[1] else match[1]
    if text in _PLACEHOLDERS or _OBJECT_IDENTIFIER.match(text):
        return False
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    if "-" not in match[1] and _VERSION.search(before) and not before.endswith("://"):
        return before.endswith("//") or _OF_ADDRESSES.search(before) is not None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"

PEOPLE: tuple[Detector, ...] = (
    Detector(
        "email-address",
        ("@",),
        re.compile(
            r"(?<![A-Za-z0-9._%+@-])([A-Za-z0-9][A-Za-z0-9._%+-]{0,63}"
            r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24})(?![A-Za-z0-9@-]|[.:][A-Za-z0-9])"
        ),
        _is_person,
        spot="@",
    ),
    Detector(
        "public-address",
        (".",),
        re.compile(rf"(?<![\d.])({_BYTE}(?:\.{_BYTE}){{3}})(?!\d|\.\d|-[a-z0-9])"),
        _is_public,
        needs=("dotted",),
        # Not of this machine's own address, which is in the URLs of every sandbox.
        sign=r"\d(?<![\d.].)(?!(?<=1)27\.0\.0\.1(?![\d.]))\d{0,2}\.\d{1,3}\.\d",
    ),
    Detector(
        "public-address",
        ("ec2-",),
        re.compile(rf"(?<![a-z0-9])ec2-({_BYTE}(?:-{_BYTE}){{3}})(?=\.)"),
        _is_public,
    ),
    Detector(
        "public-address",
        (":",),
        re.compile(r"(?<![\w:.])([23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{1,33}(?:[0-9A-Fa-f]|::))(?![\w:])"),
        _is_public,
        needs=("hextet",),
        sign="[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]",
        spot="[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]",
    ),
)
