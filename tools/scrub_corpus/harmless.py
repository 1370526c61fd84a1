"""Look-alikes: what a careless rule would take for a secret, and a user would miss."""

from __future__ import annotations

import gzip
import io
import json
import string
import zipfile
import zlib
from collections.abc import Callable, Iterator

from scrub_corpus.cases import TEXT, Case, aws, http
from scrub_corpus.codings import PLACES
from scrub_corpus.planted import NAMED
from scrub_corpus.values import UPPER, Values, b64, b64url


def harmless(draw: Values) -> Iterator[Case]:
    """Yield every look-alike at its places."""
    yield from _texts(draw)
    yield from _named(draw)
    yield from _bodies(draw)
    yield from _headers(draw)
    yield from _answers_of_aws(draw)


def _kinds(draw: Values) -> dict[str, Callable[[], str]]:
    r, t, h = draw.random, draw.text, draw.hex
    return {
        "uuid": draw.uuid,
        "uuid in capitals": lambda: draw.uuid().upper(),
        "request id": lambda: t(UPPER, 16),
        "long request id": lambda: b64(draw.data(57)),
        "trace header": lambda: f"Root=1-{h(8)}-{h(24)};Parent={h(16)};Sampled=1",
        "instance id": lambda: "i-0" + h(16),
        "volume ids": lambda: f"vol-0{h(16)} snap-0{h(16)} subnet-0{h(16)} sg-0{h(16)}",
        "sha256": draw.digest,
        "sha256 named": lambda: f"sha256:{draw.digest()}",
        "image by digest": lambda: f"registry.example.com/app@sha256:{draw.digest()}",
        "md5": lambda: h(32),
        "sha1": lambda: h(40),
        "base64 digest": lambda: b64(draw.data(32)),
        "base64 md5": lambda: b64(draw.data(16)),
        "etag": lambda: f'"{h(32)}-17"',
        "commit": lambda: f"commit {h(40)} (HEAD -> main)",
        "integrity": lambda: f"sha512-{b64(draw.data(64))}",
        "twelve-digit size": lambda: f"{r.randint(10**11, 10**12 - 1)} bytes",
        "bare twelve digits": lambda: str(r.randint(10**11, 10**12 - 1)),
        "milliseconds": lambda: str(r.randint(1_600_000_000_000, 1_800_000_000_000)),
        "compact time": lambda: "202601311020",
        "iso date": lambda: "2026-01-31T10:20:30.123456+02:00",
        "public key": draw.public_pem,
        "ssh public key": lambda: f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b64(draw.data(32)).rstrip('=')} ci@example.com",
        "fingerprint": lambda: ":".join(h(2) for _ in range(16)),
        "ssh fingerprint": lambda: f"SHA256:{b64(draw.data(32)).rstrip('=')}",
        "mac address": lambda: ":".join(h(2) for _ in range(6)),
        "private address": lambda: f"10.0.{r.randint(0, 255)}.7/24 172.16.0.9 192.168.1.20 169.254.169.254",
        "documentation address": lambda: "192.0.2.17 198.51.100.4 203.0.113.9 127.0.0.1 0.0.0.0/0",
        "documentation address 6": lambda: "2001:db8::17 ::1 fe80::1ff:fe23:4567:890a fd12:3456:789a::1 ::/0",
        "version": lambda: "nginx/1.25.3 OpenSSL/3.0.2 Chrome/120.0.6099.109 v5.15.0.1019",
        "four-part version": lambda: f"Version: 4.{r.randint(1, 9)}.{r.randint(10, 99)}.{r.randint(100, 250)}",
        "object identifier": lambda: "1.3.6.1.4.1.311.21.8 2.5.29.17",
        "example e-mail": lambda: "ada@example.com, ops@example.org, root@localhost, x@sub.example.net, a@b.test",
        "ssh remote": lambda: "git@github.com:team/repo.git",
        "package at version": lambda: "left-pad@1.3.0 @types/node@20.11.5 logo@2x.png foo@bar.service",
        "decorator": lambda: "@pytest.fixture and user@host",
        "documented key": lambda: "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "documented secret": lambda: "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
        "documented account arn": lambda: "arn:aws:iam::" + "123456789012" + ":user/Bob",
        "managed policy": lambda: "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn without account": lambda: f"arn:aws:s3:::my-bucket-{h(8)}/path/*",
        "environment reference": lambda: "DB_PASSWORD=${DB_PASSWORD} TOKEN=$TOKEN key=$(cat key) password={{ pw }}",
        "template": lambda: "postgres://app:${DB_PASSWORD}@db.example.com/app",
        "address without password": lambda: "postgres://app@db.example.com:5432/app?sslmode=require",
        "masked": lambda: "password=**** token=<redacted> secret=[MASKED] api_key=xxxxxxxxxxxxxxxx",
        "your key here": lambda: "api_key=YOUR_API_KEY password=changeme-placeholder token=<your-token>",
        "prose": lambda: "The password must be at least 12 characters. Reset the token: see secret-management.md",
        "prose of a key": lambda: "Invalid API key provided. Token expired; password incorrect; secret not found",
        "usage": lambda: "usage: app [--password PASSWORD] [--token TOKEN] [-u USER] [-p PORT]",
        "command without secret": lambda: "docker run -p 8080:80 -u 1000:1000 nginx; mkdir -p /a; ssh -p 2222 h",
        "more commands": lambda: "curl -u $USER:$PASS https://h; mysql -p; mysql -u root -p orders; psql -W; grep -a x",
        "code": lambda: "const token = getToken(); password = os.environ['DB_PASSWORD']; key: String = secret.value",
        "keyboard name": lambda: "task-sk-processing-items-in-order key-value-pairs-of-everything",
        "lambda name": lambda: "my-function-ApiHandlerServiceRole" + t(UPPER, 12),
        "bucket name": lambda: f"my-app-artifacts-{t(string.ascii_lowercase, 10)}",
        "stack resource": lambda: f"MyStack-Queue4A7E3555-{draw.alnum(12)}",
        "slack ids": lambda: f"C0{t(UPPER, 9)} U0{t(UPPER, 9)} T0{t(UPPER, 9)}",
        "payment ids": lambda: f"pi_{draw.alnum(24)} cus_{draw.alnum(14)} price_{draw.alnum(24)} pk_live_{draw.alnum(24)}",
        "ulid": lambda: "01" + t("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24),
        "object id": lambda: h(24),
        "tracking number": lambda: f"1Z{t(UPPER, 16)}",
        "phone-like": lambda: "order 4812-3321-0098 of 2026",
        "isbn": lambda: "978-3-16-148410-0",
        "blob address": lambda: f"data:image/png;base64,{b64(bytes([137]) + b'PNG' + draw.data(80))}",
        "webhook documentation": lambda: "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "address of a page": lambda: "https://api.example.com/v1/tokens/passwords?page=2&sort=name&limit=100",
        "url with commit": lambda: f"https://github.com/o/r/blob/{h(40)}/src/secret.py#L10-L20",
        "url with uuid": lambda: f"https://api.example.com/v1/jobs/{draw.uuid()}/keys/{draw.uuid()}",
        "cookie note": lambda: "Set-Cookie: theme=dark; lang=en; consent=true",
        "gravatar": lambda: f"https://www.gravatar.com/avatar/{h(32)}?d=404",
    }  # fmt: skip


def _texts(draw: Values) -> Iterator[Case]:
    places = [p for p in PLACES if p not in ("utf-16 without mark",)]
    for number, (kind, make) in enumerate(_kinds(draw).items()):
        for step in range(4):
            text, place = make(), places[(number * 3 + step * 7) % len(places)]
            if ("\n" in text and "header" in place) or (kind == "cookie note" and "header" in place):
                place = "text answer"
            if "example e-mail" in kind and place == "query":
                place = "json answer"
            yield Case(f"keep {kind} | {place}", (PLACES[place](text),))


NAMES: tuple[tuple[str, str], ...] = (
    ("next_token", "AAAAb2Zmc2V0OjEwMDAwMDAwMDAwMDAwMDA="), ("NextToken", "eyJvZmZzZXQiOiAxMDB9"),
    ("nextPageToken", "CAUQAA7kQ1x9Zp2"), ("ContinuationToken", "1ueGcxLPRx1TrXYExHnhbYLgveDs2J/wm36Hy4vbOwM="),
    ("page_token", "b3Blbi1zZXNhbWUtMTIz"), ("sync_token", "CPDAlvWDx70CEPDAlvWDx70CGAU="),
    ("cursor", "bmV4dF90czoxNTEyMDg1ODYxMDAwNTQz"), ("pagination_key", "a7Qk29Zp1mNb8Xc6"),
    ("ClientRequestToken", "0b7d6c2e-8e0b-4b0e-9c59-5f0b9c2d7a11"), ("idempotency_key", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
    ("token_type", "bearer"), ("tokenCount", "8192"), ("max_tokens", "4096"), ("total_tokens", "778899"),
    ("password_policy", "strict"), ("passwordLastUsed", "2026-01-31T10:20:30Z"), ("password_enabled", "true"),
    ("secret_name", "prod/db"), ("SecretId", "prod/db/main"), ("secretArn", "arn:aws:s3:::x"), ("key", "path/to/object.txt"),
    ("KeyId", "alias/app"), ("kms_key_id", "0b7d6c2e-8e0b-4b0e-9c59-5f0b9c2d7a11"), ("key_name", "deploy-2026"),
    ("public_key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ"), ("keyspace", "orders"), ("sort_key", "order#2026"),
    ("partition_key", "customer-77128812"), ("cache_key", "v1-items-page-2"), ("primary_key", "id"),
    ("foreign_key", "order_id"), ("Key", "reports/2026/01/a7Q9.csv"), ("keyword", "password"), ("author", "ada"),
    ("authority", "login.example.com"), ("authentication_type", "basic"), ("auth_method", "password"),
    ("session_duration", "3600"), ("credential_type", "iam"), ("secret_version", "AWSCURRENT"), ("version_id", "a7Qk29Zp1mNb8Xc6Yw3Lr5Tv"),
    ("etag", "33a64df551425fcc55e4d42a148795d9f25f89d4"), ("checksum", "9a0364b9e99bb480dd25e1f0284c8555"),
    ("signature_algorithm", "SHA256withRSA"), ("tokenizer", "cl100k_base"), ("passport_required", "no"),
    ("bypass", "false"), ("compass", "north"), ("monkey", "banana"), ("turkey", "roast"), ("pinned", "true"),
    ("pin", "false"), ("code", "ThrottlingException"), ("code", "404"), ("state", "running"), ("status_code", "200"),
    ("zip_code", "10115"), ("country_code", "DE"), ("session_name", "deploy"), ("credentials_path", "/etc/app/creds.json"),
    ("password_file", "/run/secrets/db"), ("TokenValidityUnits", "hours"), ("signed", "yes"), ("secret_count", "12"),
    ("password", "${DB_PASSWORD}"), ("token", "********"), ("password", ""), ("secret", "null"), ("api_key", "<your key>"),
    ("email_verified", "true"), ("ip_version", "4"), ("host_id", "i-0a1b2c3d4e5f60718"), ("serial", "4f:2b:1c:9d:7e"),
)  # fmt: skip


def _named(draw: Values) -> Iterator[Case]:
    places = ("json answer", "form request", "query", "xml element", "pairs", "json in json", "cbor")
    for number, (name, value) in enumerate(NAMES):
        for step in (0, 3):
            place = places[(number + step) % len(places)]
            yield Case(f"keep {name}={value[:20]} | {place}", (NAMED[place](name, value),))


def _bodies(draw: Values) -> Iterator[Case]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(
            zipfile.ZipInfo("handler.py"), "def handler(event, context):\n    return event['password']\n"
        )
    bodies = {
        "png": b"\x89PNG\r\n\x1a\n" + draw.data(3000),
        "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + draw.data(3000),
        "zip": archive.getvalue(),
        "gzip of random bytes": gzip.compress(draw.data(2000), mtime=0),
        "gzip of a log": gzip.compress(b"2026-01-31 INFO started\n" * 50, 9, mtime=1),
        "zlib": zlib.compress(b"ordinary text " * 20, 1),
        "parquet": b"PAR1" + draw.data(2000) + b"PAR1",
        "protobuf": draw.data(400),
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + draw.data(900) + b"\n%%EOF",
        "text not in utf-8": "r\xe9sum\xe9 of the caf\xe9: naive \xa9 2026\n".encode("latin-1") * 3,
        "zeros": bytes(4096),
        "json with odd spaces": b'{ "a" : 1.0 ,\t"b":[ ] , "c":"\\u00e9\\/" }\r\n',
        "xml with odd spaces": b"<?xml version='1.0'?>\n<r  a = 'x' ><!-- note --><b/></r >\n",
        "empty": b"",
    }
    for name, body in bodies.items():
        for kind in ("application/octet-stream", "text/plain", "application/json"):
            yield Case(
                f"keep body {name} as {kind}", (http(answer=body, answer_headers=(("Content-Type", kind),)),)
            )
        yield Case(
            f"keep body {name} in json",
            (http(answer=json.dumps({"content": b64(body), "size": len(body)}).encode()),),
        )
        yield Case(
            f"keep body {name} to s3",
            (aws("s3.PutObject", {"Bucket": "b", "Key": "k", "Body": {"$stream": True}}, b"", body=body),),
        )


def _headers(draw: Values) -> Iterator[Case]:
    rows = (
        ("ETag", f'"{draw.hex(32)}"'), ("x-amz-request-id", draw.text(UPPER, 16)), ("x-amz-id-2", b64(draw.data(57))),
        ("x-amzn-RequestId", draw.uuid()), ("x-amz-version-id", draw.alnum(32)), ("X-Amzn-Trace-Id", f"Root=1-{draw.hex(8)}-{draw.hex(24)}"),
        ("Content-MD5", b64(draw.data(16))), ("x-amz-checksum-sha256", b64(draw.data(32))), ("Digest", f"sha-256={b64(draw.data(32))}"),
        ("Idempotency-Key", draw.uuid()), ("X-Request-Id", draw.hex(32)), ("traceparent", f"00-{draw.hex(32)}-{draw.hex(16)}-01"),
        ("X-Next-Page-Token", draw.alnum(32)), ("Via", "1.1 abc.cloudfront.net (CloudFront)"), ("X-Amz-Cf-Id", b64(draw.data(42))),
        ("WWW-Authenticate", 'Bearer realm="https://auth.example.com/token",scope="pull"'), ("Server", "nginx/1.25.3"),
        ("Access-Control-Allow-Headers", "Authorization, X-Api-Key, X-Amz-Security-Token"), ("Vary", "Authorization, Cookie"),
        ("User-Agent", "Mozilla/5.0 (X11) Chrome/120.0.6099.109 Safari/537.36"), ("Retry-After", "120"),
        ("x-amz-server-side-encryption-aws-kms-key-id", draw.uuid()), ("X-Ratelimit-Remaining-Tokens", "149984"),
        ("Sec-WebSocket-Accept", b64(draw.data(20))), ("Link", '<https://api.example.com/x?page=2&per_page=100>; rel="next"'),
        ("Strict-Transport-Security", "max-age=31536000"), ("Content-Security-Policy", f"script-src 'nonce-{draw.alnum(16)}'"),
        ("Date", "Sat, 31 Jan 2026 10:20:30 GMT"), ("X-Forwarded-For", "10.0.0.7, 192.0.2.1"), ("CF-Ray", f"{draw.hex(16)}-FRA"),
    )  # fmt: skip
    for name, value in rows:
        yield Case(f"keep header {name}", (http(answer_headers=((name, value),), headers=((name, value),)),))


def _answers_of_aws(draw: Values) -> Iterator[Case]:
    def doc(operation: str, parameters: dict[str, object], answer: object) -> Case:
        return Case(f"keep aws {operation}", (aws(operation, parameters, json.dumps(answer).encode()),))  # type: ignore[arg-type]

    yield doc("dynamodb.GetItem", {"TableName": "t", "Key": {"id": {"S": draw.uuid()}}},
              {"Item": {"id": {"S": draw.uuid()}, "n": {"N": "481233210098"}, "b": {"B": b64(draw.data(40))}}})  # fmt: skip
    yield doc("logs.DescribeLogStreams", {"logGroupName": "/aws/lambda/f"},
              {"logStreams": [{"uploadSequenceToken": draw.text(string.digits, 56), "firstEventTimestamp": 1_690_000_000_000}],
               "nextToken": b64(draw.data(60))})  # fmt: skip
    yield doc("sqs.ReceiveMessage", {"QueueUrl": "https://queue.example.com/q"},
              {"Messages": [{"MessageId": draw.uuid(), "ReceiptHandle": b64(draw.data(180)), "MD5OfBody": draw.hex(32), "Body": "hi"}]})  # fmt: skip
    yield doc("kinesis.GetShardIterator", {"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"},
              {"ShardIterator": b64(draw.data(120))})  # fmt: skip
    yield doc("ec2.DescribeImages", {"Owners": ["amazon"]}, {})
    yield doc(
        "kms.DescribeKey",
        {"KeyId": draw.uuid()},
        {"KeyMetadata": {"KeyId": draw.uuid(), "KeyState": "Enabled", "Description": "for the app"}},
    )
    yield doc("lambda.ListFunctions", {}, {"Functions": [{"FunctionName": "f", "CodeSha256": b64(draw.data(32)), "RevisionId": draw.uuid(),
              "CodeSize": 481233210098, "Description": "Sends the weekly report", "LastModified": "2026-01-31T10:20:30.000+0000"}],
              "NextMarker": b64(draw.data(50))})  # fmt: skip
    yield doc("ecr.DescribeImages", {"repositoryName": "app"}, {"imageDetails": [{"imageDigest": f"sha256:{draw.digest()}",
              "imageSizeInBytes": 481233210098, "imageTags": ["1.4"]}], "nextToken": b64url(draw.data(70))})  # fmt: skip
    yield doc("states.DescribeExecution", {"executionArn": "arn:aws:states:eu-west-1::execution:m:1"},
              {"status": "SUCCEEDED", "startDate": 1_690_000_000.123, "input": json.dumps({"orderId": 481233210098})})  # fmt: skip
    xml = (("Content-Type", "application/xml"),)
    listing = (
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>reports</Name><Contents><Key>a/b.csv</Key>'
        f"<ETag>&quot;{draw.hex(32)}&quot;</ETag><Size>481233210098</Size><LastModified>2026-01-31T00:00:00.000Z</LastModified>"
        f"</Contents><NextContinuationToken>1{b64(draw.data(50))}</NextContinuationToken></ListBucketResult>"
    )
    yield Case(
        "keep aws s3.ListObjectsV2",
        (aws("s3.ListObjectsV2", {"Bucket": "reports"}, listing.encode(), headers=xml, protocol="rest-xml"),),
    )
    body = {
        "text": "a day",
        "usage": {"input_tokens": 12, "output_tokens": 345_678},
        "stop_reason": "max_tokens",
        "model": "m-20260131",
    }
    yield Case("keep a model's answer", (http(answer=json.dumps(body).encode()),))
    schema = {
        "properties": {
            "password": {"type": "string", "minLength": 8},
            "token": {"type": "string", "format": "uuid"},
        },
        "required": ["password"],
    }
    yield Case("keep a schema", (http(answer=json.dumps(schema).encode()),))
    yield Case(
        "keep an error",
        (
            http(
                answer=json.dumps(
                    {"errors": {"password": ["is too short"], "token": "can't be blank"}}
                ).encode()
            ),
        ),
    )
    yield Case(
        "keep a text of licence",
        (http(answer=b"Copyright (c) 2026 Example Authors. Permission is granted.\n", answer_headers=TEXT),),
    )
