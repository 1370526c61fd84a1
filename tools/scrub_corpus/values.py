"""Draws invented values: secrets of every kind, and harmless ones of the same looks."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import textwrap
import uuid
from collections.abc import Callable

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits


def b64(data: bytes | str) -> str:
    """Return the base64 text of ``data``."""
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def b64url(data: bytes | str) -> str:
    """Return the URL-safe base64 text of ``data``, without padding."""
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Values:
    """Draws values under a seed. Each method is one kind."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self, alphabet: str, count: int) -> str:
        return "".join(self.random.choices(alphabet, k=count))

    def alnum(self, count: int) -> str:
        """Letters of both cases and digits, each at least once."""
        drawn = [*self.text(ALNUM, count - 3), *"k7Q"]
        self.random.shuffle(drawn)
        return "".join(drawn)

    def hex(self, count: int) -> str:
        return self.text(HEX, count)

    def data(self, count: int) -> bytes:
        return self.random.randbytes(count)

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def password(self) -> str:
        return self.alnum(self.random.randint(9, 18)) + self.random.choice(("!", "#x", "$2", "_9", "*", "-z"))

    def plain_password(self) -> str:
        """One that needs no quotes in a shell, an URL or a configuration file."""
        return self.alnum(self.random.randint(10, 20))

    def account(self) -> str:
        return self.random.choice("23456789") + self.text(string.digits, 11)

    def key_id(self) -> str:
        return self.random.choice(("AK", "AS")) + "IA" + self.text(string.ascii_uppercase + "234567", 16)

    def secret_key(self) -> str:
        return self.alnum(20) + "/" + self.alnum(12) + "+" + self.alnum(6)

    def session_token(self) -> str:
        return self.random.choice(("IQoJb3JpZ2lu", "FwoGZXIvYXdz")) + b64(self.data(210))

    def unique_id(self) -> str:
        return self.random.choice(("AIDA", "AROA", "AGPA", "ANPA")) + self.text(
            string.ascii_uppercase + "234567", 17
        )

    def jwt(self) -> str:
        head = {"alg": "RS256", "kid": self.alnum(12), "typ": "JWT"}
        claims = {"sub": self.alnum(14), "iss": "https://id.example.com", "exp": 1_790_000_000}
        return ".".join([b64url(json.dumps(head)), b64url(json.dumps(claims)), b64url(self.data(64))])

    def pem(self, kind: str = "") -> str:
        kind = kind or self.random.choice(("RSA ", "EC ", "OPENSSH ", "", "ENCRYPTED ", "DSA "))
        body = "\n".join(textwrap.wrap(b64(self.data(190)), 64))
        return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"

    def public_pem(self) -> str:
        name = self.random.choice(("PUBLIC KEY", "CERTIFICATE"))
        body = "\n".join(textwrap.wrap(b64(self.data(190)), 64))
        return f"-----BEGIN {name}-----\n{body}\n-----END {name}-----"

    def person(self) -> str:
        first = self.random.choice(("ada", "grace", "linus", "barbara"))
        return f"{first}.{self.text(string.ascii_lowercase, 7)}@{self.text(string.ascii_lowercase, 8)}.io"

    def public_address(self) -> str:
        r = self.random
        return f"{r.choice((3, 18, 34, 52, 54, 99))}.{r.randint(64, 250)}.{r.randint(10, 250)}.{r.randint(10, 250)}"

    def public_address_6(self) -> str:
        groups = (f"{self.random.randint(4096, 65535):x}" for _ in range(6))
        return "2a05:d018:" + ":".join(groups)

    def digest(self) -> str:
        return hashlib.sha256(self.data(8)).hexdigest()

    def service_tokens(self) -> dict[str, Callable[[], str]]:
        """Return the tokens that well-known services hand out, by service."""
        t, a, h, d = self.text, self.alnum, self.hex, string.digits
        return {
            "github classic": lambda: "gh" + self.random.choice("pousr") + "_" + t(ALNUM, 36),
            "github fine-grained": lambda: "github" + "_pat_" + t(ALNUM, 22) + "_" + t(ALNUM, 59),
            "gitlab": lambda: "gl" + self.random.choice(("pat", "dt", "rt", "ptt", "cbt")) + "-" + a(20),
            "slack bot": lambda: f"xox{self.random.choice('bpas')}-{t(d, 12)}-{t(d, 12)}-{a(24)}",
            "slack app": lambda: f"xapp-1-A{t(UPPER, 10)}-{t(d, 13)}-{h(64)}",
            "stripe": lambda: (
                self.random.choice(("sk", "rk")) + self.random.choice(("_live_", "_test_")) + a(24)
            ),
            "stripe webhook": lambda: "whsec" + "_" + a(32),
            "pypi": lambda: "pypi" + "-AgEIcHlwaS5vcmc" + a(70),
            "npm": lambda: "np" + "m_" + t(ALNUM, 36),
            "openai": lambda: "sk" + "-proj-" + a(48),
            "openai classic": lambda: "sk" + "-" + a(20) + "T3Blbk" + "FJ" + a(20),
            "anthropic": lambda: "sk" + "-ant-api03-" + a(86) + "-" + t(ALNUM, 6) + "AA",
            "google api": lambda: "AI" + "za" + a(35),
            "google oauth": lambda: "ya" + "29." + a(80),
            "google client secret": lambda: "GOC" + "SPX-" + a(28),
            "sendgrid": lambda: "S" + "G." + a(22) + "." + a(43),
            "hugging face": lambda: "h" + "f_" + t(string.ascii_letters, 34),
            "shopify": lambda: "shp" + "at_" + h(32),
            "digitalocean": lambda: "dop" + "_v1_" + h(64),
            "vault": lambda: "hv" + "s." + a(90),
            "databricks": lambda: "dap" + "i" + h(32),
            "linear": lambda: "lin" + "_api_" + a(40),
            "docker": lambda: "dckr" + "_pat_" + a(27),
            "grafana": lambda: "gl" + "sa_" + a(32) + "_" + h(8),
            "terraform cloud": lambda: a(14) + ".atlas" + "v1." + a(64),
            "atlassian": lambda: "ATATT3" + "xFfGF0" + a(170),
            "new relic": lambda: "NRAK" + "-" + t(UPPER, 27),
            "postman": lambda: "PM" + "AK-" + h(24) + "-" + h(34),
            "age": lambda: "AGE-SECRET" + "-KEY-1" + t("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
            "telegram": lambda: f"{t('123456789', 9)}:AA" + a(33),
            "twilio": lambda: "S" + "K" + h(32),
            "mailgun": lambda: "ke" + "y-" + h(32),
        }

    def webhooks(self) -> dict[str, Callable[[], tuple[str, str]]]:
        """Return webhook addresses, each with the part of it that is the secret, by service."""
        a, h, t, d = self.alnum, self.hex, self.text, string.digits
        return {
            "slack": lambda: (
                v := a(24),
                f"https://hooks.slack.com/services/T{t(UPPER, 8)}/B{t(UPPER, 10)}/{v}",
            ),
            "discord": lambda: (v := a(68), f"https://discord.com/api/webhooks/{t('123456789', 18)}/{v}"),
            "teams": lambda: (
                v := h(32),
                f"https://contoso.webhook.office.com/webhookb2/{self.uuid()}@{self.uuid()}"
                f"/IncomingWebhook/{v}/{self.uuid()}",
            ),
            "telegram": lambda: (
                v := "AA" + a(33),
                f"https://api.telegram.org/bot{t('123456789', 9)}:{v}/sendMessage",
            ),
            "pagerduty": lambda: (v := h(32), f"https://events.pagerduty.com/integration/{v}/enqueue"),
            "zapier": lambda: (
                v := a(8).lower() + "q7",
                f"https://hooks.zapier.com/hooks/catch/{t(d, 7)}/{v}/",
            ),
            "ifttt": lambda: (v := a(22), f"https://maker.ifttt.com/trigger/deployed/with/key/{v}"),
            "google chat": lambda: (
                v := a(43),
                f"https://chat.googleapis.com/v1/spaces/AAAA{a(7)}/messages?key=x&token={v}%3D",
            ),
            "sentry": lambda: (v := h(32), f"https://{v}@o4501.ingest.sentry.io/4502"),
            "logic app": lambda: (
                v := a(43),
                f"https://prod-01.westeurope.logic.azure.com/workflows/{h(32)}/triggers/manual/paths/invoke"
                f"?api-version=2016-10-01&sv=1.0&sig={v}",
            ),
            "mattermost": lambda: (
                v := t(string.ascii_lowercase + d, 24) + "q7",
                f"https://chat.corp-apps.io/hooks/{v}",
            ),
            "datadog": lambda: (
                v := h(32),
                f"https://app.datadoghq.com/intake/webhook/sns?api_key={v}",
            ),
        }

    def addresses_with_password(self) -> dict[str, Callable[[], tuple[str, str]]]:
        """Return connection strings, each with the password in it, by kind."""
        p = self.plain_password
        host = "db-1.internal.example.com"
        return {
            "postgres": lambda: (v := p(), f"postgresql://app:{v}@{host}:5432/orders?sslmode=require"),
            "mysql": lambda: (v := p(), f"mysql+pymysql://root:{v}@{host}/orders"),
            "mongodb": lambda: (
                v := p(),
                f"mongodb+srv://svc-app:{v}@cluster0.example.net/?retryWrites=true",
            ),
            "redis": lambda: (v := p(), f"rediss://:{v}@cache.example.com:6380/0"),
            "redis default user": lambda: (v := p(), f"redis://default:{v}@cache.example.com:6379"),
            "amqp": lambda: (v := p(), f"amqps://worker:{v}@mq.example.com:5671/%2Fprod"),
            "jdbc parameter": lambda: (
                v := p(),
                f"jdbc:mysql://{host}:3306/app?user=app&password={v}&useSSL=true",
            ),
            "jdbc oracle": lambda: (v := p(), f"jdbc:oracle:thin:scott/{v}@//{host}:1521/ORCL"),
            "jdbc sql server": lambda: (
                v := p(),
                f"jdbc:sqlserver://{host}:1433;databaseName=a;user=sa;password={v}",
            ),
            "odbc": lambda: (
                v := p(),
                f"Driver={{ODBC Driver 18}};Server={host};Uid=app;Pwd={v};Encrypt=yes;",
            ),
            "ado": lambda: (v := p(), f"Server=tcp:{host},1433;User ID=app;Password={v};Encrypt=True;"),
            "libpq": lambda: (
                v := p(),
                f"host={host} port=5432 dbname=app user=app password={v} sslmode=require",
            ),
            "ftp": lambda: (v := p(), f"ftp://deploy:{v}@files.example.com/in"),
            "smtp": lambda: (v := p(), f"smtps://mailer:{v}@smtp.example.com:465"),
            "git remote": lambda: (v := p(), f"https://oauth2:{v}@git.example.com/team/repo.git"),
            "git token only": lambda: (v := self.alnum(30), f"https://{v}@git.example.com/team/repo.git"),
            "proxy": lambda: (v := p(), f"http://proxyuser:{v}@proxy.corp.example.com:3128"),
            "azure storage": lambda: (
                v := b64(self.data(64)),
                f"DefaultEndpointsProtocol=https;AccountName=demo;AccountKey={v};EndpointSuffix=core.example.net",
            ),
            "service bus": lambda: (
                v := b64(self.data(32)),
                f"Endpoint=sb://demo.servicebus.example.net/;SharedAccessKeyName=Root;SharedAccessKey={v}",
            ),
        }

    def command_lines(self) -> dict[str, Callable[[], tuple[str, str]]]:
        """Return shell and SQL commands, each with the secret in it."""
        p = self.plain_password
        return {
            "curl -u": lambda: (v := p(), f"curl -sS -u deploy:{v} https://repo.example.com/artifacts"),
            "curl --user": lambda: (v := p(), f'curl --user "deploy:{v}" https://repo.example.com/artifacts'),
            "curl bearer": lambda: (v := p(), f"curl -H 'Authorization: Bearer {v}' https://api.example.com"),
            "curl key header": lambda: (v := p(), f'curl -H "X-Api-Key: {v}" https://api.example.com/v1'),
            "mysql -p": lambda: (v := p(), f"mysql -h db.example.com -u root -p{v} orders < dump.sql"),
            "mysql --password": lambda: (v := p(), f"mysqldump --user=root --password={v} orders"),
            "psql variable": lambda: (v := p(), f"PGPASSWORD={v} psql -h db.example.com -U app"),
            "docker login": lambda: (v := p(), f"docker login -u ci -p {v} registry.example.com"),
            "docker stdin": lambda: (v := p(), f"echo {v} | docker login --username ci --password-stdin"),
            "sshpass": lambda: (v := p(), f"sshpass -p '{v}' ssh deploy@bastion.example.com"),
            "redis-cli": lambda: (v := p(), f"redis-cli -h cache.example.com -a {v} ping"),
            "aws configure": lambda: (v := self.secret_key(), f"aws configure set aws_secret_access_key {v}"),
            "helm --set": lambda: (v := p(), f"helm upgrade app ./chart --set db.password={v} --wait"),
            "kubectl literal": lambda: (
                v := p(),
                f"kubectl create secret generic db --from-literal=password={v}",
            ),
            "openssl pass": lambda: (v := p(), f"openssl rsa -in key.pem -passin pass:{v} -out plain.pem"),
            "chpasswd": lambda: (v := p(), f"echo 'ubuntu:{v}' | chpasswd"),
            "wget": lambda: (v := p(), f"wget --user=ci --password={v} https://files.example.com/a.tgz"),
            "export": lambda: (v := p(), f"export DB_PASSWORD={v}"),
            "export quoted": lambda: (v := self.password(), f'export API_TOKEN="{v}"'),
            "powershell": lambda: (v := p(), f"$env:DB_PASSWORD = '{v}'"),
            "sql create user": lambda: (v := p(), f"CREATE USER app WITH PASSWORD '{v}';"),
            "sql identified by": lambda: (v := p(), f"CREATE USER 'app'@'%' IDENTIFIED BY '{v}';"),
            "ldapsearch": lambda: (
                v := p(),
                f"ldapsearch -x -D cn=admin,dc=example,dc=com -w {v} -b dc=example",
            ),
            "httpie": lambda: (v := p(), f"http --auth deploy:{v} GET https://api.example.com/builds"),
            "sqlcmd": lambda: (v := p(), f"sqlcmd -S db.example.com -U sa -P {v} -Q 'select 1'"),
            "gpg": lambda: (v := p(), f"gpg --batch --passphrase {v} --decrypt backup.gpg"),
            "mongo": lambda: (v := p(), f"mongosh --host db.example.com -u admin -p {v} --eval 'db.stats()'"),
            "terraform variable": lambda: (v := p(), f"terraform apply -var db_password={v} -auto-approve"),
            "docker run": lambda: (v := p(), f"docker run -e POSTGRES_PASSWORD={v} -d postgres:16"),
            "java property": lambda: (v := p(), f"java -Dspring.datasource.password={v} -jar app.jar"),
            "rabbitmqctl": lambda: (v := p(), f"rabbitmqctl add_user worker {v}"),
            "az login": lambda: (v := p(), f"az login --service-principal -u app -p {v} --tenant t"),
        }
