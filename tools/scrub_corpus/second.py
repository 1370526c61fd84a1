"""What a second corpus found that was written from the issue's text alone, by somebody who had not seen the rules."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import string
import tarfile
import zipfile
from collections.abc import Callable, Iterator

from scrub_corpus.cases import JSON, Case, aws, http
from scrub_corpus.values import UPPER, Values, b64
from sealtape.interaction import Interaction


def second(draw: Values) -> Iterator[Case]:
    """Yield its secrets and its look-alikes, of those kinds of which one was once missed or destroyed."""
    yield from _accounts(draw)
    yield from _in_company(draw)
    yield from _headers_and_addresses(draw)
    yield from _settings(draw)
    yield from _tokens(draw)
    yield from _archives(draw)
    yield from _replaced_once(draw)
    yield from _look_alikes(draw)


def _planted(name: str, secret: str, *traffic: Interaction) -> Case:
    return Case(f"second {name}", traffic, (secret,))


def _js(node: object, url: str = "https://api.example.com/v1/things") -> Interaction:
    return http(url, answer=json.dumps(node).encode())


def _txt(text: str | bytes, kind: str = "text/plain") -> Interaction:
    data = text.encode() if isinstance(text, str) else text
    return http(answer=data, answer_headers=(("Content-Type", kind),))


def _accounts(draw: Values) -> Iterator[Case]:
    a = draw.account()
    yield _planted("account as a number", a, _js({"accountId": int(a), "size": 4}))
    for name in ("OwnerId", "owner", "acct_id", "accountNumber"):
        a = draw.account()
        yield _planted(f"account under {name}", a, _js({name: a, "state": "ok", "bucket": f"logs{a}prod"}))
    for name in ("accounts", "TargetAccounts"):
        a = draw.account()
        yield _planted(f"account in {name}", a, _js({name: [a], a: {"stage": "prod"}}))
    a = draw.account()
    yield _planted(
        "account in four blanks",
        f"{a[:4]} {a[4:8]} {a[8:]}",
        _txt(f"AWS account {a[:4]} {a[4:8]} {a[8:]} was suspended\n"),
    )
    a = draw.account()
    yield _planted(
        "account of delivered logs",
        a,
        _js({"Key": f"AWSLogs/{a}/elasticloadbalancing/eu-west-1/2026/01/31/{a}_x.log.gz"}),
    )
    a = draw.account()
    yield _planted(
        "account in an organization",
        a,
        _js({"Arn": f"arn:aws:organizations::{draw.account()}:account/o-{draw.hex(10)}/{a}"}),
    )
    a = draw.account()
    yield _planted(
        "account of a group, over http",
        a,
        http(
            "https://ec2.eu-west-1.amazonaws.com/",
            answer=f"<R><groups><item><userId>{a}</userId></item></groups></R>".encode(),
        ),
    )
    owner = draw.digest()
    yield _planted(
        "canonical owner in xml",
        owner,
        _txt(
            f"<ListAllMyBucketsResult><Owner><ID>{owner}</ID></Owner></ListAllMyBucketsResult>",
            "application/xml",
        ),
    )
    owner = draw.digest()
    yield _planted("canonical owner in json", owner, _js({"Owner": {"ID": owner, "DisplayName": "ada"}}))
    for prefix in ("APKA", "ASCA", "ABIA", "ACCA"):
        unique = prefix + draw.text(UPPER, 16)
        yield _planted(f"unique id {prefix}", unique, _js({"principal": f"{unique}:session"}))


def _in_company(draw: Values) -> Iterator[Case]:
    secret = draw.alnum(20)
    yield _planted(
        "data of a secret of Kubernetes",
        secret,
        _js({"kind": "Secret", "metadata": {"name": "x"}, "data": {"what": b64(secret)}, "type": "Opaque"}),
    )
    secret = draw.alnum(20)
    yield _planted(
        "written data of it",
        secret,
        http(
            body=json.dumps({"apiVersion": "v1", "kind": "Secret", "stringData": {"what": secret}}).encode(),
            headers=JSON,
        ),
    )
    key = draw.hex(32)
    yield _planted(
        "key of which the end is shown",
        key,
        _js({"attributes": {"key": key, "last4": key[-4:], "name": "ci"}}),
    )
    value = draw.password()
    yield _planted(
        "value that is flagged",
        value,
        _js({"outputs": {"result": {"value": value, "sensitive": True, "type": "string"}}}),
    )
    value = draw.password()
    yield _planted(
        "argument behind an option",
        value,
        aws(
            "batch.SubmitJob",
            {"jobName": "j", "containerOverrides": {"command": ["run", "--db-password", value, "--verbose"]}},
        ),
    )
    value = draw.alnum(24)
    yield _planted("name with a number", value, _js({"ses_smtp_password_v4": value, "id": 7}))
    value = draw.alnum(24)
    yield _planted("token under a name of its own", value, _js({"runners_token": value, "project": 3}))
    value = draw.alnum(40)
    yield _planted(
        "name of a token in a map", "sk_" + "test_" + value, _js({"m": {"sk_" + "test_" + value: 1}})
    )


def _headers_and_addresses(draw: Values) -> Iterator[Case]:
    key, signature = draw.key_id(), b64(draw.data(20))
    yield _planted("authorization of old", key, http(headers=(("Authorization", f"AWS {key}:{signature}"),)))
    yield _planted(
        "signature of old", signature, http(headers=(("Authorization", f"AWS {key}:{signature}"),))
    )
    for name in ("X-Own-Session", "X-Encryption-Key"):
        value = draw.alnum(32)
        yield _planted(f"header {name}", value, http(headers=((name, value),)))
    value = draw.alnum(24)
    yield _planted(
        "session in a path", value, http(f"https://shop.example.com/cart;jsessionid={value}?page=1")
    )
    value = draw.text("abcdef0123456789", 40)
    yield _planted(
        "application key in a query",
        value,
        http(f"https://api.example.com/v1/series?application_key={value}"),
    )
    value = b64(draw.data(42))
    yield _planted(
        "token as the whole answer",
        value,
        http(
            "http://169.254.169.254/latest/api/token",
            method="PUT",
            answer=value.encode(),
            answer_headers=(("Content-Type", "text/plain"),),
        ),
    )
    value = (
        draw.service_tokens()["github"]()
        if "github" in draw.service_tokens()
        else "gh" + "p_" + draw.alnum(36)
    )
    coded = b64(f"user:{value}").rstrip("=")
    yield _planted("base64 in a path", value, http(f"https://api.example.com/files/{coded}/raw"))
    yield _planted("base64 in a path in a text", value, _txt(f"GET /files/{coded}/raw 200\n"))
    yield _planted("utf-16 in base64", value, _js({"command": b64(f"run {value} now".encode("utf-16-le"))}))
    yield _planted(
        "attribute of a cookie",
        value,
        http(answer_headers=(*JSON, ("Set-Cookie", f"theme=dark; Path=/{value}; Secure"))),
    )
    address = draw.public_address()
    yield _planted(
        "address that is looked up", address, http(f"https://ipinfo.example.com/{address}/json", method="GET")
    )


def _settings(draw: Values) -> Iterator[Case]:
    # No digit and no sign tells these from words.
    shape = (string.ascii_uppercase if char.isupper() else string.ascii_lowercase for char in "AaaAAAaAAa")
    letters = "".join(draw.text(alphabet, 1) for alphabet in shape)
    for name, line in {
        "variable": f"SMTP_PASS={letters}\nPORT=25\n",
        "property": f"spring.datasource.password={letters}\nserver.port=80\n",
        "yaml": f"environment:\n  MYSQL_ROOT_PASSWORD: {letters}\n  X: y\n",
    }.items():
        yield _planted(f"letters in a {name}", letters, _txt(line))
    key = b64(draw.data(64)).replace("A", "/").replace("B", "+")
    yield _planted(
        "settings that are no form",
        key,
        _js({"items": [{"value": f"Protocol=https;AccountName=x;AccountKey=AB/{key};Suffix=example.net"}]}),
    )
    key = b64(draw.data(64))
    yield _planted(
        "settings behind an address",
        key,
        _js({"DATABASE_URL": f"Endpoint=sb://x.example.net/;SharedAccessKeyName=Root;SharedAccessKey={key}"}),
    )
    key = b64(draw.data(32))
    yield _planted("application key of a framework", key, _txt(f"APP_NAME=x\nAPP_KEY=base64:/{key}\n"))
    value = draw.plain_password()
    yield _planted(
        "list of chpasswd",
        value,
        _txt(
            f"#cloud-config\nchpasswd:\n  expire: false\n  list: |\n    root:{value}\n    app:{draw.plain_password()}\n"
        ),
    )
    value = "$2b$12$" + draw.alnum(53)
    yield _planted("hash of a password", value, _js({"users": [{"name": "a", "hash": value}]}))
    value = draw.secret_key()
    yield _planted(
        "secret key with words before it", value, _txt(f"DEBUG using secret key {value} from the profile\n")
    )
    value = draw.alnum(8) + "a7"
    for line in (
        f"+ deploy --token {value} --env prod",
        f"twine upload -u __token__ -p {value} dist/x",
        f"net use z: /user:adm {value}",
        f"the API key is {value} now",
    ):
        yield _planted(f"command line {line[:12]}", value, _txt(f"{line}\nok\n"))


def _tokens(draw: Values) -> Iterator[Case]:
    for token in (
        "sntrys_" + b64(draw.data(90)).rstrip("="),
        "fm2_" + b64(draw.data(60)),
        "HRKU-" + "AA" + draw.alnum(58),
        "ATBB" + draw.alnum(32),
        "CCIPAT_" + draw.alnum(22) + "_" + draw.hex(40),
        "tskey-" + "auth-" + draw.alnum(30),
        "nvapi-" + draw.alnum(60),
        "glpat-" + "a-b-c-d-e-f-g-h-i-j-" + draw.alnum(4),
    ):
        yield _planted(f"token {token[:5]}", token, _txt(f"note: {token} goes there\n"))


def _archives(draw: Values) -> Iterator[Case]:
    def tar(content: bytes, kind: int = tarfile.GNU_FORMAT) -> bytes:
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w", format=kind) as archive:
            entry = tarfile.TarInfo("a/b.env")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        return made.getvalue()

    def zipped(content: bytes, comment: bytes = b"") -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("b.env"), content)
            archive.comment = comment
        return made.getvalue()

    packed: dict[str, Callable[[bytes], bytes]] = {
        "tar": tar,
        "pax": lambda c: tar(c, tarfile.PAX_FORMAT),
        "tar.gz": lambda c: gzip.compress(tar(c), mtime=0),
        "tar.bz2": lambda c: bz2.compress(tar(c)),
        "tar.xz": lambda c: lzma.compress(tar(c)),
        "zip with a comment": lambda c: zipped(c, b"made today"),
        "comment of a zip": lambda c: zipped(b"x" * 40, c),
        "zip in tar": lambda c: tar(zipped(c)),
    }
    for name, pack in packed.items():
        value = draw.alnum(24)
        data = pack(f"DB_PASSWORD={value}\n".encode())
        yield _planted(f"{name}", value, _txt(data, "application/octet-stream"))
        yield _planted(f"{name} in base64", value, _js({"archive": b64(data)}))
        yield Case(f"keep {name}", (_txt(pack(b"PORT=8080\nDEBUG=true\n"), "application/octet-stream"),))


def _replaced_once(draw: Values) -> Iterator[Case]:
    """Yield what two rules find, or one in two views: the second must know the stand-in of the first."""
    token = "gh" + "p_" + draw.alnum(36)
    coded = b64(f"{'filler ' * 12}{token}{' filler' * 12}")
    wrapped = "\r\n".join(coded[at : at + 76] for at in range(0, len(coded), 76))
    yield _planted("token over a line of base64", token, _txt(f"data:\r\n{wrapped}\r\n"))
    key = draw.pem()
    line = key.splitlines()[3]
    yield _planted(
        "private key in a line", line, _txt('PRIVATE_KEY="' + key.replace("\n", "\\n") + '"\nPORT=8080\n')
    )
    key = draw.pem()
    yield _planted(
        "private key that ends with a line",
        key.splitlines()[3],
        _js({"private_key": key.rstrip("\n") + "\n"}),
    )
    hook = f"https://hooks.slack.com/services/T{draw.text(UPPER, 8)}/B{draw.text(UPPER, 10)}/{draw.alnum(24)}"
    yield _planted(
        "webhook in a variable",
        hook.rpartition("/")[2],
        aws(
            "lambda.UpdateFunctionConfiguration",
            {"FunctionName": "f", "Environment": {"Variables": {"HOOK": hook}}},
        ),
    )
    value = draw.alnum(12) + "a7"
    yield _planted("echo to chpasswd", value, _txt(f"+ echo 'root:{value}' | chpasswd\nok\n"))
    key = b64(draw.data(64))
    address = f"sb://x.example.net/;SharedAccessKeyName=Root;SharedAccessKey={key}"
    yield _planted(
        "settings behind an address in a log", key, _txt(f"connecting to Endpoint={address} now\n")
    )


_PLACEHOLDERS = (
    "YOUR_API_KEY",
    "your-password-here",
    "CHANGE_ME",
    "changeme",
    "REPLACE_ME",
    "[FILTERED]",
    "***REMOVED***",
    "(hidden)",
    "(sensitive value)",
    "--redacted--",
    "process.env.PASSWORD",
    "os.environ['PASSWORD']",
    "%PASSWORD%",
    "{password}",
    "@Microsoft.KeyVault(SecretUri=https://x.example.com/secrets/a)",
    "ssm:/prod/db/password",
    "vault:secret/data/db#password",
    "arn:aws:secretsmanager:eu-west-1:000000000000:secret:db-AbCdEf",
    "HIDDEN_DUE_TO_SECURITY_REASONS",
    "string",
    "sk_live_****",
    "****1234",
    "•••••",
    "{{resolve:secretsmanager:db:SecretString:password}}",
    "example",
    "placeholder",
)


def _look_alikes(draw: Values) -> Iterator[Case]:
    for value in _PLACEHOLDERS:
        yield Case(f"keep placeholder {value}", (_js({"password": value, "api_key": value}),))
        if " " not in value:
            yield Case(f"keep placeholder {value} in a text", (_txt(f"DB_PASSWORD={value}\nX=1\n"),))
    for name, node in {
        "labels": {"password": "Passwort"},
        "more labels": {
            "login": {
                "password": "Passwort",
                "forgot_password": "Passwort vergessen?",
                "token": "Zugangsschlüssel",
            }
        },
        "labels by parent": {"labels": {"password": "Mot de passe", "secret": "Secret"}},
        "labels by language": {
            "en": {"password": "Password"},
            "es": {"password": "Contraseña", "api_key": "Clave de API"},
        },
        "units": {
            "TokenValidityUnits": {"AccessToken": "hours", "RefreshToken": "days"},
            "AccessTokenValidity": 60,
        },
        "versions": {"engine": "8.0.35.1", "kernel": "6.1.0.17", "text": "see section 3.4.5.6 of it"},
        "places in lists": {
            "nextForwardToken": "f/" + draw.alnum(40),
            "resume_token": draw.alnum(30),
            "continuation_token": draw.alnum(30),
            "eos_token": "</s>",
        },
        "long numbers": {
            "order_number": draw.account(),
            "offset": int(draw.account()),
            "barcode": draw.account(),
            "userId": draw.account(),
        },
        "sealed data": {"kind": "ConfigMap", "data": {"mode": "fast", "blob": b64(draw.data(40))}},
        "card": {"brand": "visa", "last4": "4242", "fingerprint": draw.alnum(16)},
        "arguments": {
            "command": ["run", "--verbose", "fast", "--region", "eu-west-1", "--token-file", "/run/token"]
        },
        "pin codes": {"pin_code": "560001", "zip": "10115"},
    }.items():
        yield Case(f"keep {name}", (_js(node),))
    yield Case(
        "keep an address of a manual", (_txt("DATABASE_URL=postgres://user:password@localhost:5432/app\n"),)
    )
    yield Case("keep requirements", (_txt('requires = ["tokenizers==0.15.2", "keyring==24.3.0.1"]\n'),))
    yield Case(
        "keep words of a table", (_txt("token,count,share\nhello,12,0.5\nworld1234567,3,0.1\n", "text/csv"),)
    )
    yield Case(
        "keep a request id of groups",
        (http(answer_headers=(("X-GitHub-Request-Id", "C0DE:1234:ABCDEF0:1234567:65B8F0A1"),)),),
    )
    password, parameters = (
        draw.password(),
        [{"ParameterKey": "InstanceType", "ParameterValue": "db.t3.micro"}],
    )
    parameters.append({"ParameterKey": "Password", "ParameterValue": password})
    yield Case(
        "second name that a parameter has, in a text",
        (
            aws("cloudformation.CreateStack", {"StackName": "s", "Parameters": parameters}),
            _txt("Db:\n  Class: db.t3.micro\n"),
        ),
        (password,),
        ("Class: db.t3.micro",),
    )
