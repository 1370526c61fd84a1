"""The wall: while a conversation is replayed, or the user blocks the network, no socket goes out.

Seams answer the clients that they know before there is a socket. What they do not know (a database
driver, a mail client, a lookup of a name) meets the wall. It hears Python's audit events, which the socket
module raises whoever uses it, from wherever; what libraries in C do with sockets of their own raises none.
Whoever is let pass by name is let pass under the addresses that the name was resolved to. This machine
itself is never outside: servers of a test live there.

Another process hears nothing of this. One that is started by ``subprocess`` is given an environment in
which a client that heeds the usual variables refuses at once, or fails to connect.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import wrapt

from sealtape.capture.current import Conversation, current
from sealtape.errors import NetworkBlocked

_NOWHERE = "http://127.0.0.1:9"
"""The discard port of this machine: what is sent to a proxy there is refused at once."""

_LOCAL_NAMES = ("", "localhost", "<broadcast>")


class _Wall:
    """Who is let pass, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.permitted: tuple[Sequence[str], ...] = ()
        self.blocks: tuple[list[str], ...] = ()
        self._names: dict[str, set[str]] = {}
        self._ignored: weakref.WeakKeyDictionary[Conversation, set[str]] = weakref.WeakKeyDictionary()

    @contextmanager
    def permitting(self, patterns: Sequence[str]) -> Iterator[None]:
        with self._lock:
            self.permitted = (*self.permitted, patterns)
        try:
            yield
        finally:
            with self._lock:
                self.permitted = _without(self.permitted, patterns)

    @contextmanager
    def blocking(self, patterns: list[str]) -> Iterator[None]:
        with self._lock:
            self.blocks = (*self.blocks, patterns)
            for address, names in self._names.items():
                _admit(address, names, patterns)
        try:
            yield
        finally:
            with self._lock:
                self.blocks = _without(self.blocks, patterns)

    def ignore(self, conversation: Conversation, host: str) -> None:
        with self._lock:
            self._ignored.setdefault(conversation, set()).add(_plain(host))

    def learn(self, name: str, addresses: Iterable[str]) -> None:
        """Take note of what a name was resolved to."""
        with self._lock:
            for address in addresses:
                self._names.setdefault(address, set()).add(_plain(name))
                for patterns in self.blocks:
                    _admit(address, (_plain(name),), patterns)

    def admits(self, host: str, conversation: Conversation) -> bool:
        """Whether a replayed conversation lets ``host``, a name or an address, pass."""
        names = {_plain(host), *self._names.get(host, ())}
        return not names.isdisjoint(self._ignored.get(conversation, ())) or any(
            _matches(name, patterns) for patterns in (*self.permitted, *self.blocks[-1:]) for name in names
        )


def _without(stack: tuple[Any, ...], item: object) -> tuple[Any, ...]:
    at = max(index for index, other in enumerate(stack) if other is item)
    return stack[:at] + stack[at + 1 :]


def _admit(address: str, names: Iterable[str], patterns: list[str]) -> None:
    """Let the address pass of a name that ``patterns`` let pass."""
    pattern = re.escape(address) + "$"
    if pattern not in patterns and any(_matches(name, patterns) for name in names):
        patterns.append(pattern)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    # As pytest-recording reads --allowed-hosts: regular expressions, from the beginning of the host.
    return any(re.match(pattern, name) for pattern in patterns)


def _plain(host: str) -> str:
    return host.rstrip(".").lower()


_wall = _Wall()
_installed = threading.Lock()


def install() -> None:
    """Put the wall up, for good; it stops nobody while nothing is replayed or blocked."""
    if not _installed.acquire(blocking=False):
        return
    for name, addresses in (
        ("getaddrinfo", lambda found: [entry[4][0] for entry in found]),
        ("gethostbyname", lambda found: [found]),
        ("gethostbyname_ex", lambda found: found[2]),
    ):
        wrapt.wrap_function_wrapper(socket, name, _listening(addresses))
    wrapt.wrap_function_wrapper(subprocess, "Popen.__init__", _start)
    sys.addaudithook(_hear)


def permitting(hosts: str | Sequence[str]) -> AbstractContextManager[None]:
    """Return a context in which replays let ``hosts`` pass, given as ``--allowed-hosts`` has them."""
    return _wall.permitting(hosts.split(",") if isinstance(hosts, str) else hosts)


def blocking(patterns: list[str]) -> AbstractContextManager[None]:
    """Return a context in which only hosts pass that one of ``patterns`` matches, or this machine.

    ``patterns`` grows by the addresses to which such a host is resolved.
    """
    install()
    return _wall.blocking(patterns)


def let_pass(conversation: Conversation, host: str) -> None:
    """Let a host pass for the rest of a replay, because the user's filters ignore it."""
    if conversation.known_offline:
        _wall.ignore(conversation, host)


# What is heard.


def _hear(event: str, args: tuple[Any, ...]) -> None:
    """Refuse what would leave this machine; every audit event of the process comes by here."""
    target = _TARGETS.get(event)
    if target is None:
        return
    host = target(*args)
    if host is None or _is_local(host):
        return
    conversation = current()
    if conversation is not None and conversation.known_offline and not _wall.admits(host, conversation):
        raise conversation.refuse(host, shlex.quote(re.escape(host)))
    if _wall.blocks and not _matches(host, _wall.blocks[-1]):
        raise NetworkBlocked(
            f"Network is disabled for host {host!r}",
            why="by --block-network or @pytest.mark.block_network",
            hint=f"let it pass: pytest --allowed-hosts={shlex.quote(re.escape(host))}",
        )


def _looked_up(host: Any, *_: Any) -> str | None:
    """Return the name that would be looked up; an address is only read."""
    name = _text(host)
    return None if name is None or _address(name) else name


def _reached(sock: socket.socket, address: Any, *_: Any) -> str | None:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return None
    return _text(address[0])


_TARGETS: dict[str, Callable[..., str | None]] = {
    "socket.getaddrinfo": _looked_up,
    "socket.gethostbyname": _looked_up,
    "socket.gethostbyaddr": lambda host: _text(host),
    "socket.getnameinfo": lambda address: _text(address[0]),
    "socket.connect": _reached,
    "socket.sendto": _reached,
    "socket.sendmsg": _reached,
}


def _text(host: Any) -> str | None:
    return host.decode("utf-8", "replace") if isinstance(host, (bytes, bytearray)) else host


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_local(host: str) -> bool:
    name = _plain(host)
    if name in _LOCAL_NAMES or name.endswith(".localhost") or name == _plain(socket.gethostname()):
        return True
    address = _address(name)
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _listening(addresses: Callable[[Any], Iterable[str]]) -> Callable[..., Any]:
    """Return a wrapper of a resolving function that takes note of what comes of a name."""

    def look_up(wrapped: Callable[..., Any], _: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
        found = wrapped(*args, **kwargs)
        name = _text(args[0] if args else kwargs.get("host"))
        if name:
            _wall.learn(name, addresses(found))
        return found

    return look_up


# Other processes.


def _start(wrapped: Callable[..., Any], process: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
    conversation = current()
    if _wall.blocks or (conversation is not None and conversation.known_offline):
        given = args[_ENV] if len(args) > _ENV else kwargs.get("env")
        env = closed_environment(os.environ if given is None else given)
        if len(args) > _ENV:
            args = (*args[:_ENV], env, *args[_ENV + 1 :])
        else:
            kwargs = kwargs | {"env": env}
    return wrapped(*args, **kwargs)


_ENV = 10
"""Where ``env`` stands among the parameters of ``subprocess.Popen``."""


def closed_environment(environ: Any) -> dict[Any, Any]:
    """Return ``environ`` with what keeps well-behaved clients from leaving this machine.

    A proxy that is not there, for all but this machine and the hosts that are let pass by plain names, and
    no instance metadata. A proxy that ``environ`` names on this machine stays: it is the test's own.
    """
    # On POSIX the names may be bytes.
    closed = {name: value for name, value in environ.items() if _os_text(name).lower() not in _PROXIES}
    own = {n: v for n, v in environ.items() if _os_text(n).lower() in _PROXIES and _leads_here(_os_text(v))}
    named = [plain for patterns in (*_wall.permitted, *_wall.blocks) for plain in map(_unescaped, patterns)]
    except_for = ",".join(["localhost", "127.0.0.1", "::1", *dict.fromkeys(filter(None, named))])
    for name in _PROXIES:
        proxies = {name: _NOWHERE, name.upper(): _NOWHERE}
        closed |= proxies if name != "no_proxy" else dict.fromkeys(("no_proxy", "NO_PROXY"), except_for)
    return closed | own | {"AWS_EC2_METADATA_DISABLED": "true"}


_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def _os_text(text: Any) -> str:
    return os.fsdecode(text)


def _leads_here(proxy: str) -> bool:
    host = re.sub(r"^\w+://", "", proxy).rpartition("@")[2].partition("/")[0].rpartition(":")[0]
    return bool(host) and _is_local(host.strip("[]"))


def _unescaped(pattern: str) -> str:
    """Return the host that a pattern means if it means one, else an empty string."""
    plain = pattern.replace("\\.", ".").replace("\\-", "-").rstrip("$").lstrip("^")
    return plain if re.fullmatch(r"[\w.:-]+", plain) else ""
