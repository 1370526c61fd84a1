"""Secrets planted in traffic, and look-alikes beside them: generated from a seed, never literal.

A `Planted` is a conversation with one value in it that must be gone afterwards; a `LookAlike` is one
whose every byte must be as it was. Both are kind x place: a kind makes a value, a place wraps it.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import escape

from sealtape.interaction import AwsRequest, HttpRequest, Interaction, Response

ALNUM = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Planted:
    """A value, where it was put, and the traffic that holds it."""

    kind: str
    place: str
    value: str
    interactions: tuple[Interaction, ...]

    def __str__(self) -> str:
        return f"{self.kind} in {self.place}"


@dataclass(frozen=True)
class LookAlike:
    """Traffic that looks as if it held a secret and does not."""

    kind: str
    place: str
    interactions: tuple[Interaction, ...]

    def __str__(self) -> str:
        return f"{self.kind} in {self.place}"


class Values:
    """Draws values of each kind."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self, alphabet: str, count: int) -> str:
        return "".join(self.random.choices(alphabet, k=count))

    def mixed(self, count: int, extra: str = "") -> str:
        return "a7Q" + self.text(ALNUM + extra, count - 3)

    def account(self) -> str:
        return self.random.choice("123456789") + self.text(string.digits, 11)

    def key_id(self) -> str:
        return self.random.choice(("AK", "AS")) + "IA" + self.text(string.ascii_uppercase + "234567", 16)

    def jwt(self) -> str:
        parts = ({"alg": "RS256", "kid": self.text(ALNUM, 8)}, {"sub": self.mixed(12), "exp": 1_700_000_000})
        encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
        return ".".join([*encoded, self.mixed(43, "-_")])

    def pem(self) -> str:
        lines = "\n".join(self.text(ALNUM + "+/", 64) for _ in range(4))
        name = self.random.choice(("", "RSA ", "EC ", "OPENSSH ")) + "PRIVATE KEY"
        return f"-----BEGIN {name}-----\n{lines}\n-----END {name}-----"

    def vendor(self) -> str:
        r = self.random
        return r.choice(
            (
                "gh" + r.choice("pousr") + "_" + self.text(ALNUM, 36),
                "gl" + "pat-" + self.mixed(20),
                "xox" + "b-" + self.text(string.digits, 12) + "-" + self.mixed(24),
                "sk" + "_live_" + self.mixed(24),
                "np" + "m_" + self.text(ALNUM, 36),
                "AI" + "za" + self.mixed(35),
            )
        )

    def password(self) -> str:
        return self.mixed(self.random.randint(8, 20), "!#$*-_.@")


def http(
    url: str = "https://api.example.com/v1/things",
    *,
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    answer: bytes = b"{}",
    answer_headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),),
) -> Interaction:
    """Return one HTTP interaction."""
    return Interaction(HttpRequest("POST", url, headers, body), Response(200, "OK", answer_headers, answer))


def aws(
    parameters: dict[str, object], answer: bytes = b"{}", *, label: str = "sqs.SendMessage"
) -> Interaction:
    """Return one AWS interaction."""
    service, operation = label.split(".")
    request = AwsRequest(service, operation, parameters, region="eu-west-1", protocol="json")  # type: ignore[arg-type]
    return Interaction(request, Response(200, "OK", (("Content-Length", str(len(answer))),), answer))


# Places: each takes a text that shows by itself what it is, or a name and a value.

Wrap = Callable[[str], Interaction]


def _document(text: str) -> str:
    return json.dumps({"id": 7, "note": f"it says {text} there", "tags": ["a", "b"]})


ANYWHERE: dict[str, Wrap] = {
    "response json": lambda t: http(answer=_document(t).encode()),
    "response json as the whole of a member": lambda t: http(answer=json.dumps({"v": t}).encode()),
    "request json": lambda t: http(body=_document(t).encode()),
    "json in json": lambda t: http(answer=json.dumps({"body": _document(t)}).encode()),
    "json in json in json": lambda t: http(
        answer=json.dumps({"body": json.dumps({"inner": _document(t)})}).encode()
    ),
    "base64 of json": lambda t: http(
        answer=json.dumps({"data": base64.b64encode(_document(t).encode()).decode()}).encode()
    ),
    "base64url of json": lambda t: http(
        answer=json.dumps(
            {"data": base64.urlsafe_b64encode(_document(t).encode()).decode().rstrip("=")}
        ).encode()
    ),
    "base64 of base64": lambda t: http(
        answer=json.dumps(
            {"data": base64.b64encode(base64.b64encode(_document(t).encode())).decode()}
        ).encode()
    ),
    "base64 beside words": lambda t: http(
        answer=("payload: " + base64.b64encode(_document(t).encode()).decode() + " end").encode()
    ),
    "gzip body": lambda t: http(
        answer=gzip.compress(_document(t).encode()),
        answer_headers=(("Content-Encoding", "gzip"), ("Content-Length", "1")),
    ),
    "gzip body without a header": lambda t: http(
        answer=gzip.compress(_document(t).encode()), answer_headers=()
    ),
    "base64 of gzip": lambda t: http(
        answer=json.dumps({"z": base64.b64encode(gzip.compress(_document(t).encode())).decode()}).encode()
    ),
    "gzip in a parameter": lambda t: aws(
        {"Data": gzip.compress(_document(t).encode())}, label="kinesis.PutRecord"
    ),
    "xml element": lambda t: http(answer=f"<r><a>x</a><v>{escape(t)}</v></r>".encode()),
    "xml attribute": lambda t: http(answer=f'<r><v of="{escape(t)}">1</v></r>'.encode()),
    "xml cdata": lambda t: http(answer=f"<r><v><![CDATA[ {t} ]]></v></r>".encode()),
    "json in xml": lambda t: http(answer=f"<r><v>{escape(_document(t))}</v></r>".encode()),
    "form value": lambda t: http(body=f"a=1&note={quote(t, safe='')}&b=2".encode()),
    "query value": lambda t: http(f"https://api.example.com/v1?a=1&note={quote(t, safe='')}"),
    "log line": lambda t: http(answer=f"2026-01-01 INFO got {t}\n2026-01-01 INFO done\n".encode()),
    "latin-1 text": lambda t: http(answer="caf\u00e9 ".encode("latin-1") + f"{t} ".encode()),
    "utf-16 text": lambda t: http(answer=f"\ufeffsome {t} text".encode("utf-16-le")),
    "header": lambda t: http(answer_headers=(("X-Note", f"see {t}".replace("\n", " ")),)),
    "aws parameter": lambda t: aws({"QueueUrl": "q", "MessageBody": f"it is {t} now"}),
    "aws parameter, nested": lambda t: aws({"Entries": [{"Id": "1", "MessageBody": _document(t)}]}),
    "aws parameter, bytes": lambda t: aws({"Data": _document(t).encode()}, label="kinesis.PutRecord"),
    "aws response": lambda t: aws({}, _document(t).encode(), label="sqs.ReceiveMessage"),
    "multipart part": lambda t: http(
        headers=(("Content-Type", "multipart/form-data; boundary=cut"),),
        body=(
            '--cut\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n'
            f"{_document(t)}\r\n--cut--\r\n"
        ).encode(),
    ),
}

NAMED: dict[str, Callable[[str, str], Interaction]] = {
    "json member": lambda n, v: http(answer=json.dumps({"a": 1, n: v, "b": [2]}).encode()),
    "json member, deep": lambda n, v: http(body=json.dumps({"a": [{"b": {n: v}}]}).encode()),
    "json member in a string": lambda n, v: http(answer=json.dumps({"s": json.dumps({n: v})}).encode()),
    "json list": lambda n, v: http(answer=json.dumps({n: [v, v + "2"]}).encode()),
    "repeated json member": lambda n, v: http(
        answer=f'{{{json.dumps(n)}: {json.dumps(v)}, {json.dumps(n)}: "x"}}'.encode()
    ),
    "form field": lambda n, v: http(body=f"user=joe&{n}={quote(v, safe='')}".encode()),
    "query field": lambda n, v: http(f"https://api.example.com/?{n}={quote(v, safe='')}&x=1"),
    "redirect": lambda n, v: http(
        answer_headers=(("Location", f"https://app.example.com/cb?{n}={quote(v, safe='')}"),)
    ),
    "xml element": lambda n, v: http(answer=f"<r><{n}>{escape(v)}</{n}></r>".encode()),
    "xml attribute": lambda n, v: http(answer=f"<r><c {n}='{escape(v)}'/></r>".encode()),
    "name and value": lambda n, v: http(answer=json.dumps([{"name": n, "value": v}]).encode()),
    "aws parameter": lambda n, v: aws({"MessageBody": json.dumps({n: v})}),
    "dynamodb item": lambda n, v: aws(
        {"TableName": "t", "Item": {"id": {"S": "1"}, n: {"S": v}}}, label="dynamodb.PutItem"
    ),
    "message attribute": lambda n, v: aws(
        {"MessageBody": "x", "MessageAttributes": {n: {"DataType": "String", "StringValue": v}}}
    ),
    "multipart field": lambda n, v: http(
        headers=(("Content-Type", "multipart/form-data; boundary=cut"),),
        body=f'--cut\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n--cut--\r\n'.encode(),
    ),
    "assignment in a script": lambda n, v: http(answer=f"set -e\nexport {n}='{v}'\nrun\n".encode()),
    "assignment without quotes": lambda n, v: http(answer=f"# settings\n{n}={v}\nmode=fast\n".encode()),
    "json in a log line": lambda n, v: http(answer=f"INFO got {json.dumps({n: v})} ok\n".encode()),
    "escaped json in a log line": lambda n, v: http(
        answer=f"INFO got {json.dumps(json.dumps({n: v}))} ok\n".encode()
    ),
    "form field in brackets": lambda n, v: http(body=f"id=1&user%5B{n}%5D={quote(v, safe='')}".encode()),
    "query field in brackets": lambda n, v: http(f"https://api.example.com/?auth[{n}]={quote(v, safe='')}"),
    "dotted form field": lambda n, v: http(body=f"a=1&login.{n}={quote(v, safe='')}".encode()),
    "multipart field in brackets": lambda n, v: http(
        headers=(("Content-Type", "multipart/form-data; boundary=cut"),),
        body=f'--cut\r\nContent-Disposition: form-data; name="a[{n}]"\r\n\r\n{v}\r\n--cut--\r\n'.encode(),
    ),
    "list under a plural": lambda n, v: http(answer=json.dumps({n + "s": [v]}).encode()),
    "structure under a plural": lambda n, v: http(answer=json.dumps({n + "s": {"main": v}}).encode()),
    "structure": lambda n, v: http(answer=json.dumps({n: {"type": "bearer", "current": v}}).encode()),
    "structure with an id": lambda n, v: http(answer=json.dumps({n: {"id": "1", "key": v}}).encode()),
    "list of lists": lambda n, v: http(answer=json.dumps({n: [[v]]}).encode()),
    "name and value of many": lambda n, v: http(
        answer=json.dumps(
            [
                {
                    "variable_type": "env_var",
                    "key": n,
                    "value": v,
                    "protected": False,
                    "masked": True,
                    "hidden": False,
                    "raw": True,
                    "environment_scope": "*",
                    "description": None,
                }
            ]
        ).encode()
    ),
    "xml-rpc member": lambda n, v: http(
        body=(
            f"<r><struct><member><name>{n}</name>\n<value><string>{escape(v)}</string></value></member>"
            "<member><name>id</name><value><int>7</int></value></member></struct></r>"
        ).encode()
    ),
    "html input": lambda n, v: http(
        answer=f'<form><input value="{escape(v)}" name="{n}"><input name="b" value="2"></form>'.encode()
    ),
    "html meta": lambda n, v: http(answer=f'<html><meta name="{n}" content="{escape(v)}"></html>'.encode()),
    "unquoted attribute": lambda n, v: http(
        answer=f"<p><img src=https://x.example.com/?{n}={quote(v, safe='')}><b>1</b></p>".encode()
    ),
    "comment in markup": lambda n, v: http(answer=f'<r><!-- {n}="{v}" --><a/></r>'.encode()),
    "entity of a document type": lambda n, v: http(
        answer=f'<!DOCTYPE a [<!ENTITY {n} "{escape(v)}">]><a>1</a>'.encode()
    ),
    "text that starts like a tag": lambda n, v: http(answer=f"<https://x.example.com> {n}='{v}'".encode()),
    "link header": lambda n, v: http(
        answer_headers=(("Link", f'<https://api.example.com/2?{n}={quote(v, safe="")}>; rel="next"'),)
    ),
    "parameters of a database url": lambda n, v: http(
        answer=json.dumps({"cs": f"jdbc:sqlserver://db.example.com:1433;user=sa;{n}={quote(v)};x=1"}).encode()
    ),
    "base64 of json": lambda n, v: http(
        answer=json.dumps({"d": base64.b64encode(json.dumps({n: v}).encode()).decode()}).encode()
    ),
}

NAMES = (
    "password", "Password", "db_password", "MasterUserPassword", "client_secret", "clientSecret",
    "access_token", "refreshToken", "id_token", "api_key", "X-Api-Key", "SecretAccessKey",
    "aws_session_token", "private_key", "secret", "DB_PASSWORD", "SLACK_TOKEN",
)  # fmt: skip


def planted(seed: int = 20260101) -> Iterator[Planted]:
    """Yield the planted secrets: every kind in every place that it can have."""
    draw = Values(seed)
    visible: dict[str, Callable[[], tuple[str, str]]] = {
        "access key id": lambda: (v := draw.key_id(), v),
        "account in an arn": lambda: (v := draw.account(), f"arn:aws:iam::{v}:role/demo"),
        "account in a host": lambda: (v := draw.account(), f"{v}.dkr.ecr.eu-west-1.amazonaws.com/app"),
        "jwt": lambda: (v := draw.jwt(), v),
        "private key": lambda: ((v := draw.pem()).splitlines()[1], v),
        "vendor token": lambda: (v := draw.vendor(), v),
        "url password": lambda: (v := draw.mixed(14), f"postgres://app:{v}@db.example.com/app"),
        "bearer token": lambda: (v := draw.mixed(30), f"Authorization: Bearer {v}"),
        "secret key beside its id": lambda: (v := draw.mixed(40, "+/"), f"{draw.key_id()} {v}"),
        "signature": lambda: (
            v := draw.text("0123456789abcdef", 64),
            f"https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature={v}",
        ),
    }
    for kind, make in visible.items():
        for place, wrap in ANYWHERE.items():
            value, text = make()
            yield Planted(kind, place, value, (wrap(text),))
    for place, plant in NAMED.items():
        for name in NAMES:
            value = draw.password() if "multipart" not in place else draw.mixed(12)
            yield Planted(f"value named {name}", place, value, (plant(name, value),))
    yield from _in_headers(draw)


def _in_headers(draw: Values) -> Iterator[Planted]:
    names = (
        "Authorization", "Proxy-Authorization", "X-Amz-Security-Token", "X-Api-Key", "Api-Key",
        "X-Auth-Token", "X-Vault-Token", "PRIVATE-TOKEN", "X-GitHub-Token", "authorization",
        "X-Api-Token", "X-User-Token", "X-Figma-Token", "Metadata-Token", "X-Aws-Ec2-Metadata-Token",
        "X-Amz-Cognito-Id-Token", "X-Goog-IAM-Authorization-Token", "X-Auth", "X-Secret", "X-Token-Secret",
        "X-Access-Key", "X-Consumer-Key", "X-Deploy-Key", "Fastly-Key", "X-Registry-Auth", "X-JWT-Assertion",
        "Authentication", "X-Hub-Signature", "X-Hub-Signature-256", "X-Slack-Signature", "CB-ACCESS-SIGN",
        "X-ClientSecret", "X-MBX-APIKEY", "X-XSRFToken",
    )  # fmt: skip
    for name in names:
        for scheme in ("", "Bearer ", "token "):
            value = draw.mixed(24)
            yield Planted("token", f"{name}: {scheme}", value, (http(headers=((name, scheme + value),)),))
    value = draw.mixed(24)
    field = (("Authorization", f"MAC Credential={value}, Signature={value}"),)
    yield Planted("credential", "Authorization: MAC", value, (http(headers=field),))
    value = draw.password()
    basic = base64.b64encode(f"joe:{value}".encode()).decode()
    yield Planted("basic", "Authorization", value, (http(headers=(("Authorization", f"Basic {basic}"),)),))
    for header in ("Cookie", "Set-Cookie"):
        value = draw.mixed(20)
        cookie = f"sid={value}; Path=/" if header == "Set-Cookie" else f"theme=dark; sid={value}"
        fields = ((header, cookie),)
        yield Planted("cookie", header, value, (http(headers=fields, answer_headers=fields),))


def look_alikes(seed: int = 20260102) -> Iterator[LookAlike]:
    """Yield what must come out byte for byte as it went in."""
    draw = Values(seed)
    r = draw.random
    texts: dict[str, Callable[[], str]] = {
        "uuid": lambda: str(uuid.UUID(int=r.getrandbits(128), version=4)),
        "request id": lambda: draw.text(string.ascii_uppercase + string.digits, 13),
        "host id": lambda: base64.b64encode(r.randbytes(56)).decode(),
        "sha256": lambda: draw.text("0123456789abcdef", 64),
        "commit": lambda: draw.text("0123456789abcdef", 40),
        "etag": lambda: '"' + draw.text("0123456789abcdef", 32) + '-3"',
        "twelve-digit size": lambda: str(r.randint(10**11, 10**12 - 1)),
        "timestamp in ms": lambda: str(r.randint(1_600_000_000_000, 1_800_000_000_000)),
        "iso date": lambda: "2026-01-31T10:20:30.123Z",
        "instance id": lambda: "i-0" + draw.text("0123456789abcdef", 16),
        "bucket": lambda: "my-app-artifacts-" + draw.text(string.ascii_lowercase, 8),
        "public key": lambda: f"-----BEGIN PUBLIC KEY-----\n{draw.text(ALNUM, 64)}\n-----END PUBLIC KEY-----",
        "fingerprint": lambda: ":".join(draw.text("0123456789abcdef", 2) for _ in range(16)),
        "ssh public key": lambda: "ssh-ed25519 AAAA" + draw.text(ALNUM, 60) + " joe@example.com",
        "managed policy": lambda: "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "documented key": lambda: "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "url": lambda: "https://api.example.com/v1/tokens/passwords?page=2&sort=name",
        "private address": lambda: "10.0.3.7",
        "sentence": lambda: "the password must have a token: see the secret manual",
        "kebab name": lambda: "task-sk-processing-items-in-order",
        "image bytes as base64": lambda: base64.b64encode(r.randbytes(90)).decode(),
    }
    for kind, make in texts.items():
        for place, wrap in ANYWHERE.items():
            text = make()
            if kind == "etag" and place == "xml attribute":
                continue
            yield LookAlike(kind, place, (wrap(text),))
    for name, value in HARMLESS_NAMES:
        for place in ("json member", "form field", "query field", "xml element", "name and value"):
            yield LookAlike(f"{name}={value}", place, (NAMED[place](name, value),))
    for name, value in HARMLESS_HEADERS:
        yield LookAlike(f"{name}: {value}", "header", (http(answer_headers=((name, value),)),))
    for document in HARMLESS_DOCUMENTS:
        text = json.dumps(document)
        yield LookAlike(text[:60], "response json", (http(answer=text.encode()),))
        yield LookAlike(text[:60], "json in json", (http(answer=json.dumps({"s": text}).encode()),))
    for size in (10, 5000):
        body = b"\x89PNG\r\n\x1a\n" + r.randbytes(size)
        yield LookAlike("image", "body", (http(answer=body),))


HARMLESS_NAMES = (
    ("next_token", "AAAAb2Zmc2V0OjEwMA0K"), ("NextToken", "eyJvZmZzZXQiOiAxMDB9"),
    ("continuation_token", "1ueGcxLPRx1Tr"), ("token_type", "bearer"), ("expires_in", "3600"),
    ("SecretId", "prod/db"), ("SecretName", "prod/db"), ("password_policy", "strict"),
    ("passwordLastChanged", "2026-01-01"), ("key", "path/to/object.txt"), ("KeyId", "alias/app"),
    ("has_password", "true"), ("password", "${DB_PASSWORD}"), ("token", "********"),
    ("ClientRequestToken", "0b7d6c2e-8e0b-4b0e-9c59-5f0b9c2d7a11"), ("public_key", "ssh-rsa AAAA"),
)  # fmt: skip

HARMLESS_HEADERS = (
    ("X-Next-Page-Token", "abcDEF123456abcDEF"), ("Continuation-Token", "1ueGcxLPRx1TrXYExHnhbYLgveDs2J"),
    ("X-Amz-Client-Token", "0b7d6c2e-8e0b-4b0e-9c59-5f0b9c2d7a11"), ("Idempotency-Key", "8e03978e-40d5-43dd"),
    ("Surrogate-Key", "post-1234 author-77"), ("X-Cache-Key", "/v1/items?page=2"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("X-Ratelimit-Remaining-Tokens", "149984"),
    ("X-Request-Id", "f7a2b8c1d3e4f5a6b7c8d9e0"), ("Link", '<https://h.example.com/2?page=2>; rel="next"'),
    ("WWW-Authenticate", 'Bearer realm="https://auth.example.com/token"'), ("Vary", "X-Auth-Token, Cookie"),
    ("Set-Cookie", "theme=dark; Path=/"), ("Set-Cookie", "lang=en-US"), ("Set-Cookie", "consent=true"),
    ("Access-Control-Allow-Headers", "Authorization, X-Api-Key"), ("X-Signature-Input", "(date host)"),
)  # fmt: skip

HARMLESS_DOCUMENTS = (
    {"properties": {"password": {"type": "string", "minLength": 8, "description": "The pass word"}}},
    {
        "properties": {"token": {"type": "string", "format": "uuid", "example": "abc"}},
        "required": ["password"],
    },
    {"securitySchemes": {"apiKey": {"type": "apiKey", "name": "X-API-Key", "in": "header"}}},
    {"errors": {"password": ["is too short", "has no digit 1"], "token": "can't be blank"}},
    {"errors": {"password": "minimum length"}, "message": "the password is invalid"},
    {"password": ["must have a digit", "is too short (minimum is 8 characters)"]},
    {"usage": {"tokens": {"input": 123456, "output": 654321}, "total_tokens": 778899}},
    {"tokens": [15339, 191700, 4], "words": ["a"]},
    {"tokens": ["Hello", "world", "again"]},
    {
        "secrets": [
            {"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:::parameter/x", "created_at": "2026-01-31"}
        ]
    },
    {"token": {"name": "build", "id": 1, "expires_at": "2026-01-31T00:00:00Z", "scopes": ["repo"]}},
    {"authorization": {"action": "Example.Compute/read", "scope": "/subscriptions/a1b2c3d4"}},
    {"page": {"next": {"token_type": "opaque"}}, "key": "value"},
    {"arn": "arn:aws:iam::000000000000:root", "secret": 3.14},
)
