"""The two workloads: N ``dynamodb.get_item`` calls with different keys, and N GETs of one session.

Both are served over loopback while they are recorded and live, and by nothing while they are replayed.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

Track = Literal["aws", "http"]

TABLE = "example-inventory"
REGION = "us-east-1"
_BATCH = 25
"""How many items BatchWriteItem takes."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the providers are, or were, and where recordings lie."""

    folder: Path
    aws_url: str
    http_url: str

    def recording(self, contender: str, track: Track, n: int) -> Path:
        """Return where a contender keeps its recording of ``n`` calls, without a suffix."""
        folder = self.folder / contender.replace(" ", "-")
        folder.mkdir(exist_ok=True)
        return folder / f"{track}-{n}"


def name_of(index: int) -> str:
    """Return what answer number ``index`` says, by which a wrong answer is told from the right one."""
    return f"part number {index:05}"


# AWS


def aws_client(site: Site, session: Any = None, **options: Any) -> Any:
    """Return a DynamoDB client of ``session``, or of a new one."""
    import boto3

    session = session or boto3.Session()
    return session.client("dynamodb", region_name=REGION, endpoint_url=site.aws_url, **options)


def get_item(client: Any, index: int) -> str:
    """Make one call of the AWS workload and return the name that was answered."""
    answer = client.get_item(TableName=TABLE, Key=key_of(index), ConsistentRead=True)
    return str(answer["Item"]["name"]["S"])


def key_of(index: int) -> dict[str, Any]:
    """Return the key of item number ``index``."""
    return {"id": {"S": f"item-{index:05}"}}


def item_of(index: int) -> dict[str, Any]:
    """Return item number ``index``, of some 200 bytes."""
    return key_of(index) | {
        "name": {"S": name_of(index)},
        "count": {"N": str(index)},
        "tags": {"L": [{"S": "spare"}, {"S": "example"}]},
        "sizes": {"M": {"width": {"N": "120"}, "height": {"N": "80"}}},
        "active": {"BOOL": True},
    }


def fill_table(client: Any, n: int) -> None:
    """Make the table and put ``n`` items into it."""
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for start in range(0, n, _BATCH):
        puts = [{"PutRequest": {"Item": item_of(i)}} for i in range(start, min(start + _BATCH, n))]
        client.batch_write_item(RequestItems={TABLE: puts})


# HTTP


def http_session(_: Site) -> Any:
    """Return a session that keeps its connection."""
    import requests

    return requests.Session()


def get_part(session: Any, site: Site, index: int) -> str:
    """Make one call of the HTTP workload and return the name that was answered."""
    return str(session.get(part_url(site, index)).json()["name"])


def part_url(site: Site, index: int) -> str:
    """Return the URL of part number ``index``."""
    return f"{site.http_url}/parts/{index}"


def part_of(index: int) -> bytes:
    """Return what the service says about part number ``index``: JSON of some 200 bytes."""
    part = {
        "id": index,
        "name": name_of(index),
        "tags": ["spare", "example"],
        "sizes": {"width": 120, "height": 80},
        "note": "ships from the warehouse in Rotterdam within three working days",
        "active": True,
    }
    return json.dumps(part).encode()


class _Parts(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Two small writes on one connection would wait for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        body = part_of(int(self.path.rpartition("/")[2]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: thousands of lines would be measured too."""


@contextlib.contextmanager
def http_service() -> Iterator[str]:
    """Serve the HTTP workload on a free loopback port and yield its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Parts) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


# Both


def caller(track: Track, client: Any, site: Site) -> Callable[[int], str]:
    """Return what makes call number ``index`` with ``client`` and gives the name that was answered."""
    if track == "aws":
        return lambda index: get_item(client, index)
    return lambda index: get_part(client, site, index)
