"""Secrets by kind and place: what shows by its own look, and what shows by the name it goes by."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from scrub_corpus.cases import TEXT, Case, http
from scrub_corpus.codings import PLACES, TEXTS, cbor, event, multipart
from scrub_corpus.values import Values, b64, b64url
from sealtape.interaction import Interaction

Made = tuple[str, str]
"""The secret, and the text that holds it."""


def visible(draw: Values) -> dict[str, Callable[[], Made]]:
    """Return the kinds whose text alone says that it holds a secret."""
    kinds: dict[str, Callable[[], Made]] = {
        "access key id": lambda: (v := draw.key_id(), v),
        "credentials file": lambda: (
            v := draw.secret_key(),
            f"[default]\naws_access_key_id = {draw.key_id()}\naws_secret_access_key = {v}\nregion = eu-west-1\n",
        ),
        "exported session token": lambda: (v := draw.session_token(), f"export AWS_SESSION_TOKEN={v}"),
        "secret key beside its id": lambda: (v := draw.secret_key(), f"{draw.key_id()}:{v}"),
        "session token": lambda: (v := draw.session_token(), v),
        "account in an arn": lambda: (v := draw.account(), f"arn:aws:iam::{v}:role/app"),
        "account in a china arn": lambda: (v := draw.account(), f"arn:aws-cn:sns:cn-north-1:{v}:alerts"),
        "account with dashes": lambda: (
            f"{(v := draw.account())[:4]}-{v[4:8]}-{v[8:]}",
            f"AWS account {v[:4]}-{v[4:8]}-{v[8:]} is suspended",
        ),
        "account in a registry": lambda: (
            v := draw.account(),
            f"{v}.dkr.ecr.eu-west-1.amazonaws.com/app:1.4",
        ),
        "account in a queue url": lambda: (
            v := draw.account(),
            f"https://sqs.eu-west-1.amazonaws.com/{v}/jobs",
        ),
        "account in words": lambda: (
            v := draw.account(),
            f"User is not authorized in account {v} to do this",
        ),
        "account in a bucket": lambda: (
            v := draw.account(),
            f"s3://cdk-hnb659fds-assets-{v}-eu-west-1/a.zip",
        ),
        "account in a console address": lambda: (
            v := draw.account(),
            f"https://{v}.signin.aws.amazon.com/console",
        ),
        "unique id": lambda: (v := draw.unique_id(), f"{v}:session-1"),
        "canonical user in a policy": lambda: (
            v := draw.digest(),
            json.dumps({"Principal": {"CanonicalUser": v}, "Action": "s3:GetObject"}),
        ),
        "eks token": lambda: (
            v := b64url(
                f"https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&X-Amz-Signature={draw.digest()}"
            ),
            f"k8s-aws-v1.{v}",
        ),
        "rds token": lambda: (
            v := draw.digest(),
            "db.example.eu-west-1.rds.amazonaws.com:5432/?Action=connect&DBUser=app"
            f"&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature={v}",
        ),
        "presigned s3": lambda: (
            v := draw.digest(),
            "https://b.s3.amazonaws.com/k.zip?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260131T000000Z"
            f"&X-Amz-SignedHeaders=host&X-Amz-Signature={v}",
        ),
        "presigned s3, version 2": lambda: (
            v := draw.alnum(26) + "=",
            f"https://b.s3.amazonaws.com/k.zip?AWSAccessKeyId={draw.key_id()}&Expires=1790000000&Signature={quote(v)}",
        ),
        "signed cloudfront": lambda: (
            v := draw.alnum(160) + "__",
            f"https://d111111abcdef8.cloudfront.net/a.mp4?Expires=1790000000&Signature={v}&Key-Pair-Id=K2JCJMDEHXQW5F",
        ),
        "signed google": lambda: (
            v := draw.hex(128),
            f"https://storage.googleapis.com/b/o?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Signature={v}",
        ),
        "azure sas": lambda: (
            v := b64(draw.data(32)),
            f"https://demo.blob.core.example.net/c/b?sv=2022-11-02&se=2026-01-31&sr=b&sp=r&sig={quote(v, safe='')}",
        ),
        "jwt": lambda: (v := draw.jwt(), v),
        "jwt in a cookie": lambda: (v := draw.jwt(), f"Cookie: theme=dark; auth={v}"),
        "pgp private key": lambda: (
            v := b64(draw.data(45)),
            f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{v}\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----",
        ),
        "authorization line": lambda: (v := draw.alnum(32), f"> Authorization: Bearer {v}"),
        "basic authorization line": lambda: (
            v := b64("deploy:" + draw.password()),
            f"Authorization: Basic {v}",
        ),
        "python dict": lambda: (v := draw.password(), f"{{'user': 'app', 'password': '{v}'}}"),
        "yaml": lambda: (v := draw.plain_password(), f"database:\n  user: app\n  password: {v}\n"),
        "yaml quoted": lambda: (v := draw.password(), f'auth:\n  client_secret: "{v}"\n'),
        "toml": lambda: (v := draw.plain_password(), f'[database]\nuser = "app"\npassword = "{v}"\n'),
        "ini": lambda: (v := draw.plain_password(), f"[client]\nuser=app\npassword={v}\n"),
        "dotenv": lambda: (v := draw.plain_password(), f"NODE_ENV=production\nDB_PASSWORD={v}\nPORT=8080\n"),
        "properties": lambda: (
            v := draw.plain_password(),
            f"spring.datasource.password={v}\nserver.port=8080\n",
        ),
        "pypirc": lambda: (v := draw.plain_password(), f"[pypi]\nusername = __token__\npassword = {v}\n"),
        "npmrc": lambda: (
            v := draw.plain_password(),
            f"//registry.example.com/:_authToken={v}\nalways-auth=true\n",
        ),
        "npmrc old": lambda: (v := b64("ci:" + draw.plain_password()), f"_auth={v}\nemail=ci@example.com\n"),
        "netrc": lambda: (
            v := draw.plain_password(),
            f"machine api.example.com\n  login deploy\n  password {v}\n",
        ),
        "netrc in a line": lambda: (
            v := draw.plain_password(),
            f"machine h.example.com login joe password {v}",
        ),
        "docker config": lambda: (
            v := b64("ci:" + draw.plain_password()),
            json.dumps({"auths": {"registry.example.com": {"auth": v}}}),
        ),
        "kubeconfig": lambda: (
            v := b64(draw.pem()),
            f"users:\n- name: admin\n  user:\n    client-key-data: {v}\n",
        ),
        "kubeconfig token": lambda: (v := draw.alnum(48), f"users:\n- name: ci\n  user:\n    token: {v}\n"),
        "kubernetes secret": lambda: (
            v := b64(draw.plain_password()),
            f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  password: {v}\n",
        ),
        "git credentials": lambda: (v := draw.alnum(30), f"https://joe:{v}@github.com\n"),
        "pgpass": lambda: (v := draw.plain_password(), f"PGPASSFILE:\ndb.example.com:5432:orders:app:{v}\n"),
        "log of an assignment": lambda: (
            v := draw.plain_password(),
            f"DEBUG connecting with password={v} to db",
        ),
        "log of words": lambda: (v := draw.plain_password(), f"New password for user app is: {v}"),
        "terraform state": lambda: (
            v := draw.password(),
            json.dumps({"resources": [{"instances": [{"attributes": {"username": "app", "password": v}}]}]}),
        ),
        "e-mail": lambda: (v := draw.person(), f"Please write to {v} for access."),
        "e-mail in a header": lambda: (v := draw.person(), f"From: Ada <{v}>"),
        "public address": lambda: (v := draw.public_address(), f"connection from {v}:51123 accepted"),
        "public address with mask": lambda: (v := draw.public_address(), json.dumps({"CidrIp": f"{v}/32"})),
        "public address 6": lambda: (v := draw.public_address_6(), f"connection from [{v}]:443 accepted"),
        "public host name": lambda: (
            v := draw.public_address().replace(".", "-"),
            f"ec2-{v}.eu-west-1.compute.amazonaws.com",
        ),
    }
    kinds["private key"] = lambda: _with_line(draw.pem())
    kinds["private key in one line"] = lambda: _with_line(draw.pem(), "\\n")
    kinds.update({f"{n} token": _alone(make) for n, make in draw.service_tokens().items()})
    kinds.update({f"{n} webhook": make for n, make in draw.webhooks().items()})
    kinds.update({f"{n} address": make for n, make in draw.addresses_with_password().items()})
    kinds.update({f"command {n}": make for n, make in draw.command_lines().items()})
    return kinds


def _alone(make: Callable[[], str]) -> Callable[[], Made]:
    return lambda: (value := make(), value)


def _with_line(pem: str, newline: str = "\n") -> Made:
    return pem.splitlines()[1], pem.replace("\n", newline)


NAMES = (
    "password", "Password", "passwd", "db_password", "dbPassword", "MasterUserPassword", "client_secret",
    "clientSecret", "ClientSecret", "access_token", "accessToken", "refresh_token", "id_token", "api_key",
    "apiKey", "api-key", "apikey", "secret_key", "SecretAccessKey", "aws_session_token", "SessionToken",
    "private_key", "secret", "secretString", "auth_token", "bearer_token", "DATABASE_PASSWORD", "JWT_SECRET",
    "SLACK_BOT_TOKEN", "encryption_key", "signing_key", "passphrase", "credentials", "webhook_secret",
    "connection_string", "session_id", "csrf_token", "otp", "pin_code", "recovery_code", "device_code",
    "code_verifier", "assertion", "storage_account_key", "dd_api_key", "routing_key", "integration_key",
    "temporaryPassword", "userPassword", "master_key", "x-api-key", "hmac_key", "license_key", "sas_token",
)  # fmt: skip


def _row(name: str, value: str) -> str:
    return json.dumps([{"Name": "LOG_LEVEL", "Value": "info"}, {"Name": name, "Value": value}])


NAMED: dict[str, Callable[[str, str], Interaction]] = {
    "json answer": lambda n, v: http(answer=json.dumps({"items": [{"id": 7, n: v}]}).encode()),
    "json request": lambda n, v: http(body=json.dumps({"user": "app", n: v}).encode()),
    "json in json": lambda n, v: http(
        answer=json.dumps({"Message": json.dumps({"user": "app", n: v})}).encode()
    ),
    "base64 of json": lambda n, v: http(
        answer=json.dumps({"d": b64(json.dumps({"user": "app", n: v}))}).encode()
    ),
    "form request": lambda n, v: http(
        body=f"user=app&{n}={quote(v, safe='')}&go=1".encode(),
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
    ),
    "query": lambda n, v: http(f"https://api.example.com/x?user=app&{n}={quote(v, safe='')}", method="GET"),
    "location fragment": lambda n, v: http(
        answer_headers=(("Location", f"https://app.example.com/cb#state=1&{n}={quote(v, safe='')}"),)
    ),
    "xml element": lambda n, v: http(answer=f"<r><user>app</user><{n}>{escape(v)}</{n}></r>".encode()),
    "xml attribute": lambda n, v: http(answer=f"<r><u name='app' {n}={quoteattr(v)}/></r>".encode()),
    "soap": lambda n, v: http(
        answer=f"<s:Envelope xmlns:s='urn:s' xmlns:a='urn:a'><s:Body><a:{n}>{escape(v)}</a:{n}></s:Body></s:Envelope>".encode()
    ),
    "multipart": lambda n, v: http(
        body=f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n--b--\r\n'.encode(),
        headers=(("Content-Type", "multipart/form-data; boundary=b"),),
    ),
    "pairs": lambda n, v: http(answer=_row(n, v).encode()),
    "dotenv": lambda n, v: http(
        answer=f"LOG_LEVEL=info\n{n.upper().replace('-', '_')}={v}\n".encode(), answer_headers=TEXT
    ),
    "cbor": lambda n, v: http(
        answer=cbor({"user": "app", n: v}), answer_headers=(("Content-Type", "application/cbor"),)
    ),
    "event": lambda n, v: http(
        answer=event(json.dumps({"user": "app", n: v}).encode()),
        answer_headers=(("Content-Type", "application/vnd.amazon.eventstream"),),
    ),
    "file in a form": lambda n, v: http(
        body=multipart(json.dumps({"user": "app", n: v})),
        headers=(("Content-Type", "multipart/form-data; boundary=frontier"),),
    ),
    "log line": lambda n, v: http(
        answer=f"DEBUG config: user='app', {n}='{v}', port=80".encode(), answer_headers=TEXT
    ),
}

HEADERS = (
    "Authorization", "Proxy-Authorization", "X-Amz-Security-Token", "X-Api-Key", "X-Auth-Token", "X-Vault-Token",
    "PRIVATE-TOKEN", "DD-API-KEY", "DD-APPLICATION-KEY", "X-Shopify-Access-Token", "X-Goog-Api-Key", "api-key",
    "Ocp-Apim-Subscription-Key", "X-Amz-Cognito-Access-Token", "X-CSRF-Token", "X-Hub-Signature-256",
    "Stripe-Signature", "X-Functions-Key", "X-Plex-Token", "X-Rundeck-Auth-Token", "X-ApiKey", "X-Session-Id",
    "X-Amz-Server-Side-Encryption-Customer-Key", "X-Ms-Authorization-Auxiliary", "Job-Token", "X-Client-Secret",
)  # fmt: skip


def in_headers(draw: Values) -> Iterator[Case]:
    """Yield a secret in every header that carries one."""
    for name in HEADERS:
        for side in ("headers", "answer_headers"):
            value = draw.alnum(32)
            traffic = (
                http(headers=((name, value),)) if side == "headers" else http(answer_headers=((name, value),))
            )
            yield Case(f"header {name} in {side}", (traffic,), (value,))
    for scheme in ("Bearer ", "Token ", "Token token=", "token ", "ApiKey ", "GenieKey ", "SSWS ", "Splunk "):
        value = draw.alnum(30)
        yield Case(f"scheme {scheme}", (http(headers=(("Authorization", scheme + value),)),), (value,))
    value, signature = draw.key_id(), draw.digest()
    signed = (
        f"AWS4-HMAC-SHA256 Credential={value}/20260131/eu-west-1/s3/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )
    yield Case("header sigv4", (http(headers=(("Authorization", signed),)),), (value, signature))
    value = draw.hex(32)
    digest = f'Digest username="joe", realm="r", nonce="abc", uri="/", response="{value}"'
    yield Case("header digest", (http(headers=(("Authorization", digest),)),), (value,))
    password = draw.password()
    basic = b64(f"joe:{password}")
    yield Case("header basic", (http(headers=(("Authorization", f"Basic {basic}"),)),), (password, basic))
    for cookie in ("JSESSIONID", "sid", "session", "_gitlab_session", "auth", "remember_token", "XSRF-TOKEN"):
        value = draw.alnum(32)
        traffic = http(answer_headers=(("Set-Cookie", f"{cookie}={value}; Path=/; HttpOnly; Secure"),))
        back = http(headers=(("Cookie", f"theme=dark; {cookie}={value}"),))
        yield Case(f"cookie {cookie}", (traffic, back), (value,))


def by_kind(draw: Values) -> Iterator[Case]:
    """Yield every visible kind in a place of its own turn, and every place with some kinds."""
    kinds = visible(draw)
    places = list(PLACES.items())
    for number, (kind, make) in enumerate(kinds.items()):
        for step in (0, 1, 2):
            place, wrap = (
                ("text answer", PLACES["text answer"])
                if not step
                else places[(number * 2 + step) % len(places)]
            )
            secret, text = make()
            if "\n" in text and "header" in place:
                place, wrap = "text answer", PLACES["text answer"]
            yield Case(f"{kind} | {place}", (wrap(text),), (secret,))


CARRIERS = (
    "access key id", "jwt", "private key", "github classic token", "slack webhook", "postgres address",
    "dotenv", "account in an arn", "e-mail", "command mysql --password", "docker config",
)  # fmt: skip


def by_coding(draw: Values) -> Iterator[Case]:
    """Yield some kinds in every encoding, alone and two and three deep, at places in turn."""
    kinds = visible(draw)
    names, places = list(TEXTS), list(PLACES.items())
    turn = 0
    for kind in CARRIERS:
        for coding in names:
            for deep in (1, 2, 3):
                chosen = [coding, *draw.random.choices(names, k=deep - 1)]
                if chosen.count("json in json") + chosen.count("unicode escapes") > 1:
                    continue
                secret, text = kinds[kind]()
                wrapped = text
                for name in chosen:
                    wrapped = TEXTS[name](wrapped)
                turn += 1
                place, wrap = places[turn % len(places)]
                if len(wrapped) > 6000 or ("\n" in wrapped and "header" in place):
                    continue
                yield Case(f"{kind} | {' in '.join(chosen)} | {place}", (wrap(wrapped),), (secret,))


def by_name(draw: Values) -> Iterator[Case]:
    """Yield a value under every secret name, at three places each."""
    places = list(NAMED.items())
    for number, name in enumerate(NAMES):
        for step in range(4):
            place, wrap = places[(number * 3 + step * 5) % len(places)]
            value = draw.plain_password() if place in ("multipart", "dotenv", "log line") else draw.password()
            if place == "query" and name == "otp":
                value = draw.text("0123456789", 6)
            yield Case(f"{name} | {place}", (wrap(name, value),), (value,))
