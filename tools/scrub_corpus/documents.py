"""Whole documents as they come, with secrets and look-alikes side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator

from scrub_corpus.cases import TEXT, Case, http
from scrub_corpus.values import Values, b64, b64url


def documents(draw: Values) -> Iterator[Case]:
    """Yield documents of many tools, each with what must go and what must stay."""
    yield from _of_oauth(draw)
    yield from _of_services(draw)
    yield from _of_machines(draw)


def _json(name: str, node: object, secrets: tuple[str, ...], kept: tuple[str, ...]) -> Case:
    return Case(f"document {name}", (http(answer=json.dumps(node, indent=2).encode()),), secrets, kept)


def _of_oauth(draw: Values) -> Iterator[Case]:
    access, refresh, identity = draw.jwt(), draw.alnum(60), draw.jwt()
    node: dict[str, object] = {
        "access_token": access, "refresh_token": refresh, "id_token": identity, "token_type": "Bearer",
        "expires_in": 3600, "scope": "openid profile offline_access", "not-before-policy": 0,
    }  # fmt: skip
    yield _json(
        "oidc", node, (access, refresh, identity), ("Bearer", "3600", "openid profile offline_access")
    )
    kid, modulus = draw.alnum(24), b64url(draw.data(256))
    key = {"keys": [{"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": modulus, "e": "AQAB"}]}
    yield Case("document public keys", (http(answer=json.dumps(key).encode()),))
    private = b64url(draw.data(256))
    key = {"keys": [{"kty": "RSA", "kid": kid, "n": modulus, "e": "AQAB", "d": private}]}
    yield _json("private jwk", key, (private,), (kid, modulus))
    discovery = {
        "issuer": "https://id.example.com", "token_endpoint": "https://id.example.com/oauth2/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "response_types_supported": ["code", "id_token", "token id_token"],
    }  # fmt: skip
    yield Case("document discovery", (http(answer=json.dumps(discovery).encode()),))
    secret, code = draw.alnum(40), draw.alnum(32)
    form = f"grant_type=authorization_code&client_id=web-app&client_secret={secret}&code={code}&code_verifier={secret}x"
    fields = (("Content-Type", "application/x-www-form-urlencoded"),)
    yield Case(
        "document code exchange", (http(body=form.encode(), headers=fields),), (secret, code), ("web-app",)
    )
    saml = b64(
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"><saml:Assertion xmlns:saml="urn:a">'
        f"<ds:SignatureValue>{draw.alnum(80)}</ds:SignatureValue><saml:NameID>{draw.person()}</saml:NameID>"
        "</saml:Assertion></samlp:Response>"
    )
    page = f"<html><form method='post'><input type='hidden' name='SAMLResponse' value='{saml}'></form></html>"
    yield Case(
        "document saml",
        (http(answer=page.encode(), answer_headers=(("Content-Type", "text/html"),)),),
        (saml,),
    )


def _of_services(draw: Values) -> Iterator[Case]:
    pem, key = draw.pem(""), draw.hex(40)
    account = {
        "type": "service_account", "project_id": "demo-1", "private_key_id": key, "private_key": pem + "\n",
        "client_email": "app@demo-1.iam.gserviceaccount.com", "client_id": draw.text("0123456789", 21),
        "token_uri": "https://oauth2.googleapis.com/token",
    }  # fmt: skip
    yield _json(
        "google service account",
        account,
        (pem.splitlines()[2],),
        ("demo-1", "https://oauth2.googleapis.com/token"),
    )
    secret = draw.alnum(24)
    intent = {
        "id": "pi_" + draw.alnum(24), "object": "payment_intent", "amount": 2000, "created": 1_690_000_000,
        "client_secret": f"pi_3Mtw_secret_{secret}", "currency": "eur", "livemode": False,
    }  # fmt: skip
    yield _json("payment", intent, (secret,), ("payment_intent", "1690000000"))
    token, sha, node_id = "gh" + "s_" + draw.alnum(36), draw.hex(40), "MDQ6VXNlcjU4MzIzMQ=="
    installation = {
        "token": token, "expires_at": "2026-01-31T00:00:00Z", "permissions": {"contents": "read"},
        "repositories": [{"node_id": node_id, "clone_url": "https://github.com/o/r.git", "ssh_url": "git@github.com:o/r.git"}],
        "head": {"sha": sha}, "token_type": "installation",
    }  # fmt: skip
    yield _json("installation token", installation, (token,), (sha, node_id, "git@github.com:o/r.git"))
    value, masked = draw.password(), "masked"
    variables = [{"variable_type": "env_var", "key": "DEPLOY_PASSWORD", "value": value, "hidden": False,
                  "protected": True, masked: True, "raw": False, "environment_scope": "*", "description": None}]  # fmt: skip
    yield _json("ci variables", variables, (value,), ("DEPLOY_PASSWORD", "environment_scope"))
    url, xox = draw.webhooks()["slack"](), draw.service_tokens()["slack bot"]()
    oauth = {
        "ok": True,
        "access_token": xox,
        "team": {"id": "T012AB3C4"},
        "incoming_webhook": {"url": url[1], "channel": "#ops"},
    }
    yield _json("slack installation", oauth, (xox, url[0]), ("T012AB3C4", "#ops"))
    pages = {
        "items": [{"id": draw.uuid()}],
        "nextPageToken": (t := b64(draw.data(48))),
        "nextToken": (u := b64(draw.data(90))),
    }
    yield _json("pages", pages, (), (t, u))
    key_a, key_b = b64(draw.data(64)), b64(draw.data(64))
    keys = {
        "keys": [
            {"keyName": "key1", "value": key_a, "permissions": "FULL"},
            {"keyName": "key2", "value": key_b},
        ]
    }
    yield _json("storage keys", keys, (key_a, key_b), ("key1", "FULL"))
    wrapped = {"request_id": draw.uuid(), "lease_id": "", "auth": {"client_token": (c := draw.alnum(26)), "accessor": (a := draw.alnum(24)),
               "policies": ["default"], "lease_duration": 3600}, "data": {"data": {"password": (p := draw.password())}}}  # fmt: skip
    yield _json("vault login", wrapped, (c, a, p), ("default", "3600"))
    build = {"actions": [{"parameters": [{"name": "DB_PASSWORD", "value": (p := draw.password())}, {"name": "BRANCH", "value": "main"}]}],
             "number": 17, "timestamp": 1_690_000_000_000}  # fmt: skip
    yield _json("build parameters", build, (p,), ("main", "1690000000000"))
    hook = {
        "hook": {
            "config": {
                "url": "https://ci.example.com/hook",
                "secret": (s := draw.alnum(30)),
                "content_type": "json",
            }
        }
    }
    yield _json("repository hook", hook, (s,), ("https://ci.example.com/hook",))
    graph = {
        "query": f'mutation {{ login(user: "app", password: "{(p := draw.plain_password())}") {{ token }} }}'
    }
    yield Case("document graphql", (http(body=json.dumps(graph).encode()),), (p,))
    rpc = f"<methodCall><params><param><struct><member><name>password</name><value><string>{(p := draw.plain_password())}</string></value></member></struct></param></params></methodCall>"
    yield Case("document xml-rpc", (http(body=rpc.encode()),), (p,))


def _of_machines(draw: Values) -> Iterator[Case]:
    password, key, secret = draw.plain_password(), draw.key_id(), draw.secret_key()
    script = (
        "#!/bin/bash\nset -euo pipefail\n# bootstrap of web-1\napt-get install -y nginx=1.18.0-6ubuntu14.4\n"
        f"export AWS_ACCESS_KEY_ID={key}\nexport AWS_SECRET_ACCESS_KEY={secret}\n"
        f"mysql -h 10.0.3.7 -u root -p{password} -e 'select 1'\n"
        f'echo \'{{"sha256": "{(d := draw.digest())}"}}\' > /etc/app.json\n'
    )
    yield Case(
        "document boot script",
        (http(answer=json.dumps({"UserData": b64(script)}).encode()),),
        (password, key, secret),
    )
    yield Case(
        "document boot script in the open",
        (http(answer=script.encode(), answer_headers=TEXT),),
        (password, key, secret),
        ("nginx=1.18.0-6ubuntu14.4", d, "10.0.3.7"),
    )
    compose = (
        "services:\n  db:\n    image: postgres:16.1\n    environment:\n      POSTGRES_USER: app\n"
        f"      POSTGRES_PASSWORD: {(p := draw.plain_password())}\n    ports: ['5432:5432']\n"
        f"  web:\n    environment:\n      - SECRET_KEY_BASE={(s := draw.hex(64))}\n      - RAILS_ENV=production\n"
    )
    yield Case(
        "document compose",
        (http(answer=compose.encode(), answer_headers=TEXT),),
        (p, s),
        ("postgres:16.1", "RAILS_ENV=production"),
    )
    config = {"auths": {"https://registry.example.com/v1/": {"auth": (a := b64("ci:" + draw.alnum(20)))}},
              "HttpHeaders": {"User-Agent": "Docker-Client/24.0.7 (linux)"}}  # fmt: skip
    yield _json("docker config", config, (a,), ("Docker-Client/24.0.7 (linux)",))
    values = f'ingress:\n  host: app.example.com\nredis:\n  auth:\n    password: "{(p := draw.password())}"\n  replicas: 3\n'
    yield Case(
        "document helm values",
        (http(answer=values.encode(), answer_headers=TEXT),),
        (p,),
        ("app.example.com",),
    )
    ssh = f"Host bastion\n  HostName {(ip := draw.public_address())}\n  User deploy\n"
    yield Case("document ssh config", (http(answer=ssh.encode(), answer_headers=TEXT),), (ip,), ("bastion",))
    log = (
        f"2026-01-31T10:20:30.123Z {(ip := draw.public_address())} - joe [31/Jan/2026:10:20:30 +0000] "
        f'"GET /cb?code={(c := draw.alnum(30))}&state=xyz HTTP/1.1" 200 123456789012 "-" "Mozilla/5.0 Chrome/120.0.6099.109"\n'
    )
    yield Case(
        "document access log",
        (http(answer=log.encode(), answer_headers=TEXT),),
        (ip, c),
        ("123456789012", "Chrome/120.0.6099.109"),
    )
    mail = f"Return-Path: <{(m := draw.person())}>\nReceived: from mx ({(ip := draw.public_address())})\nSubject: hello\n\nhello\n"
    yield Case(
        "document mail", (http(answer=mail.encode(), answer_headers=TEXT),), (m, ip), ("Subject: hello",)
    )
    plist = f"<plist><dict><key>UserName</key><string>app</string><key>Password</key><string>{(p := draw.plain_password())}</string></dict></plist>"
    yield Case("document property list", (http(answer=plist.encode()),), (p,), ("UserName",))
    maven = f"<settings><servers><server><id>nexus</id><username>ci</username><password>{(p := draw.plain_password())}</password></server></servers></settings>"
    yield Case("document maven settings", (http(answer=maven.encode()),), (p,), ("nexus",))
    table = f"user,password,created\nada,{(p := draw.plain_password())},2026-01-31\n"
    yield Case(
        "document table of users",
        (http(answer=table.encode(), answer_headers=(("Content-Type", "text/csv"),)),),
        (p,),
        ("2026-01-31",),
    )
    trace = f"  File \"/app/db.py\", line 12, in connect\n    connect(host='db', password='{(p := draw.plain_password())}')\nOperationalError\n"
    yield Case(
        "document traceback", (http(answer=trace.encode(), answer_headers=TEXT),), (p,), ("OperationalError",)
    )
