from __future__ import annotations

import _socket
import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import sealtape
from sealtape.capture import network
from sealtape.errors import NetworkBlocked
from sealtape.seal.keyring import new_key
from tests.servers import Service

ELSEWHERE = "192.0.2.1"
"""An address of the net for documentation, where nobody is."""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)


@pytest.fixture
def cassette(tmp_path: Path) -> Iterator[sealtape.Cassette]:
    """A replay of nothing."""
    with sealtape.use_cassette(tmp_path / "a", record_mode="none") as opened:
        yield opened
        opened.take_misses()


def connect(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as sock:
        sock.settimeout(0.1)
        sock.connect((host, 9))


def send_to(host: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", (host, 9))


WAYS_OUT = {
    "a lookup": lambda: socket.getaddrinfo("db.example.com", 5432),
    "an older lookup": lambda: socket.gethostbyname("db.example.com"),
    "a reverse lookup": lambda: socket.gethostbyaddr(ELSEWHERE),
    "a lookup below socket": lambda: _socket.getaddrinfo("db.example.com", 5432),
    "a connection": lambda: connect(socket.AF_INET, ELSEWHERE),
    "a connection of v6": lambda: connect(socket.AF_INET6, "2001:db8::1"),
    "a datagram": lambda: send_to(ELSEWHERE),
    "a coroutine": lambda: asyncio.run(asyncio.open_connection("db.example.com", 5432)),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_replay_refuses_each_way_out_and_takes_note_of_it(way: str, cassette: sealtape.Cassette) -> None:
    with pytest.raises(
        NetworkBlocked, match=r"a\.tape: Network is disabled for host '(db\.|192\.|2001:)"
    ) as got:
        WAYS_OUT[way]()  # type: ignore[no-untyped-call]
    assert cassette.take_misses() == [got.value]


def test_the_hint_names_the_option_that_lets_the_host_pass(cassette: sealtape.Cassette) -> None:
    with pytest.raises(NetworkBlocked) as refused:
        socket.gethostbyname("db.example.com")
    assert refused.value.hint.endswith(r"pytest --allowed-hosts='db\.example\.com'")


def test_a_thread_of_the_replay_is_refused_too(cassette: sealtape.Cassette) -> None:
    def look_up() -> None:
        with pytest.raises(NetworkBlocked):
            socket.gethostbyname("db.example.com")

    thread = threading.Thread(target=look_up)
    thread.start()
    thread.join()
    assert len(cassette.take_misses()) == 1


def test_this_machine_is_let_pass_in_a_replay(http: Service, cassette: sealtape.Cassette) -> None:
    for name in ("127.0.0.1", "localhost"):
        socket.create_connection((name, http.server_address[1])).close()
    left, right = socket.socketpair()
    left.close()
    right.close()
    asyncio.run(asyncio.sleep(0))
    assert socket.getfqdn()
    assert socket.getaddrinfo(None, 80)
    assert socket.getaddrinfo(ELSEWHERE, 80)
    assert not cassette.take_misses()


def test_nothing_is_refused_while_nothing_is_replayed(tmp_path: Path) -> None:
    with sealtape.use_cassette(tmp_path / "a", record_mode="once"):
        network._hear("socket.gethostbyname", ("db.example.com",))
    network._hear("socket.gethostbyname", ("db.example.com",))


def reach(address: str) -> None:
    """Say that a socket is about to be connected, without doing it."""
    with socket.socket() as sock:
        network._hear("socket.connect", (sock, (address, 80)))


def test_a_host_that_is_let_pass_by_name_is_let_pass_under_its_address(cassette: sealtape.Cassette) -> None:
    with network.permitting([r".*\.example\.com"]):
        network._hear("socket.getaddrinfo", ("db.example.com", 80))
        network._wall.learn("db.example.com", ["192.0.2.7"])
        reach("192.0.2.7")
        with pytest.raises(NetworkBlocked):
            reach("192.0.2.8")
    with pytest.raises(NetworkBlocked):
        reach("192.0.2.7")


def test_a_host_that_the_users_filters_ignore_is_let_pass_in_a_replay(
    tmp_path: Path, http: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest: look_up("127.0.0.1", *rest))
    with sealtape.use_cassette(tmp_path / "a", record_mode="none", ignore_hosts=["api.example.com"]):
        requests.get(f"http://api.example.com:{http.server_address[1]}/json")
        network._hear("socket.getaddrinfo", ("api.example.com", 80))
        with sealtape.expect_miss():
            socket.gethostbyname("db.example.com")
    with sealtape.use_cassette(tmp_path / "b", record_mode="none"), sealtape.expect_miss():
        network._hear("socket.getaddrinfo", ("api.example.com", 80))


def test_a_block_lets_whom_it_names_pass_and_learns_the_address() -> None:
    patterns = [r"mail\.example\.com"]
    with network.blocking(patterns):
        network._hear("socket.getaddrinfo", ("mail.example.com", 80))
        network._wall.learn("mail.example.com", ["192.0.2.9"])
        reach("192.0.2.9")
        with pytest.raises(RuntimeError, match=r"^Network is disabled for host 'other\.example\.com'"):
            socket.gethostbyname("other.example.com")
    assert patterns == [r"mail\.example\.com", r"192\.0\.2\.9$"]


def test_a_child_of_a_replay_finds_no_proxy_and_no_metadata(
    cassette: sealtape.Cassette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:8080")
    program = "import os; print(*(os.environ[n] for n in ('HTTPS_PROXY', 'http_proxy', 'NO_PROXY', 'PATH')))"
    with network.permitting([r"db\.example\.com", r".*\.example\.net"]):
        said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    here = "localhost,127.0.0.1,::1,db.example.com"
    expected = f"http://127.0.0.1:9 http://127.0.0.1:8080 {here} {os.environ['PATH']}\n"
    assert said.stdout == expected
    assert os.environ["HTTPS_PROXY"] == "http://proxy.example.com:3128"


def test_an_environment_that_is_given_to_a_child_is_closed_too(cassette: sealtape.Cassette) -> None:
    program = (
        "import os; print(os.environ['AWS_EC2_METADATA_DISABLED'], os.environ['MINE'], 'HOME' in os.environ)"
    )
    said = subprocess.run([sys.executable, "-c", program], env={"MINE": "1"}, capture_output=True, text=True)
    assert said.stdout == "true 1 False\n"


def test_a_child_of_a_recording_is_given_what_it_would_be_given(tmp_path: Path) -> None:
    program = "import os; print('HTTPS_PROXY' in os.environ)"
    with sealtape.use_cassette(tmp_path / "a", record_mode="once"):
        said = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True)
    assert said.stdout == "False\n"


def test_use_cassette_lets_hosts_pass_by_name(tmp_path: Path) -> None:
    with sealtape.use_cassette(
        tmp_path / "a", record_mode="none", allowed_hosts=[r"db\.example\."]
    ) as opened:
        network._hear("socket.getaddrinfo", ("db.example.com", 80))
        with pytest.raises(NetworkBlocked):
            network._hear("socket.getaddrinfo", ("mail.example.com", 25))
        opened.take_misses()
