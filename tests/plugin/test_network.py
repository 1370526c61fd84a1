"""What goes out below every client: names, sockets and children of tests."""

from __future__ import annotations

from tests.plugin.projects import Project
from tests.servers import Service

TESTS = """
    import socket, subprocess, sys
    import pytest, requests

    def connects(host, port=9):
        with socket.socket() as sock:
            sock.settimeout(0.1)
            sock.connect((host, port))

    @pytest.mark.vcr
    def test_swallowed():
        try:
            socket.getaddrinfo("db.example.com", 5432)
        except Exception:
            pass

    @pytest.mark.vcr
    def test_connects():
        connects("192.0.2.1")

    @pytest.fixture(scope="module")
    def database():
        connects("192.0.2.2")

    @pytest.mark.vcr
    def test_fixture(database):
        pass

    @pytest.mark.vcr
    def test_child():
        program = "import urllib.request as u; u.urlopen('http://db.example.com/')"
        child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert "refused" in child.stderr

    @pytest.mark.vcr
    def test_own_server():
        with socket.create_server(("127.0.0.1", 0)) as server:
            connects("127.0.0.1", server.getsockname()[1])

    @pytest.mark.vcr
    @pytest.mark.block_network(allowed_hosts=[r"db\\.example\\.com"])
    def test_named():
        import sealtape.capture.network as network
        network._hear("socket.getaddrinfo", ("db.example.com", 80))
"""
BLOCKED = """
    import socket, subprocess, sys
    import pytest

    def test_connects():
        with socket.socket() as sock, pytest.raises(RuntimeError, match="^Network is disabled for host '127"):
            sock.connect(("127.0.0.1", 9))

    def test_looks_up():
        with pytest.raises(RuntimeError, match="^Network is disabled for host 'db"):
            socket.getaddrinfo("db.example.com", 80)

    def test_is_told():
        socket.getaddrinfo("db.example.com", 80)

    @pytest.mark.block_network(allowed_hosts=["localhost"])
    def test_named():
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(("localhost", server.getsockname()[1])).close()

    def test_child():
        program = "import urllib.request as u; u.urlopen('http://db.example.com/')"
        child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert "refused" in child.stderr

    @pytest.mark.vcr
    def test_plain():
        import requests
        assert requests.get("http://db.example.com/").text == "plain"
        with pytest.raises(RuntimeError, match="^Network is disabled for host 'db"):
            socket.getaddrinfo("db.example.com", 80)
"""
PLAIN = """\
    interactions:
    - request: {body: null, headers: {}, method: GET, uri: http://db.example.com/}
      response: {body: {string: plain}, headers: {}, status: {code: 200, message: OK}}
    version: 1
"""
UNBLOCKED = """
    import subprocess, sys

    def test_child():
        said = subprocess.run([sys.executable, "-c", "import os; print(os.environ.get('HTTPS_PROXY'))"],
                              capture_output=True, text=True)
        assert said.stdout == "None\\n"
"""


def test_a_replay_lets_nothing_out_that_no_seam_sees(project: Project) -> None:
    project.write({"test_a.py": TESTS})
    run = project.replay()
    assert run.outcomes == {"failed": 2, "passed": 3, "error": 1}
    assert "test_swallowed.tape: Network is disabled for host 'db.example.com'" in run.output
    assert "test_connects.tape: Network is disabled for host '192.0.2.1'" in run.output
    assert "_module.tape: Network is disabled for host '192.0.2.2'" in run.output
    assert r"pytest --allowed-hosts='192\.0\.2\.2'" in run.output
    named = project.replay(r"--allowed-hosts=db\.example\.com,192\.0\.2\..*", "-k", "test_connects")
    assert "Network is disabled" not in named.output


def test_blocking_reaches_lookups_and_children_and_means_what_it_meant(project: Project) -> None:
    project.write({"test_a.py": BLOCKED, "cassettes/test_a/test_plain.yaml": PLAIN})
    run = project.replay("--block-network")
    assert run.outcomes == {"failed": 1, "passed": 5}, run.output
    assert "FAILED test_a.py::test_is_told" in run.output
    assert r"hint: let it pass: pytest --allowed-hosts='db\.example\.com'" in run.output


def test_what_is_neither_replayed_nor_blocked_is_left_alone(project: Project, http: Service) -> None:
    recorded = "import pytest, requests\n\n@pytest.mark.vcr\ndef test_a():\n    requests.get({!r})\n"
    project.write({"test_a.py": recorded.format(f"{http.url}/json"), "test_b.py": UNBLOCKED})
    assert project.pytest("--record-mode=once").outcomes == {"passed": 2}
