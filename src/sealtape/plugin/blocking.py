"""``--block-network``, its marker and ``--allowed-hosts``, for what pytest-recording does not see.

pytest-recording's guard stays where it is and means what it meant: it refuses connections, also to this
machine, unless their address is let pass. Beneath it the wall refuses the lookup of names, datagrams, and
what gets around the guard; and whoever is let pass by name is let pass by the guard under its addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def is_wanted(item: pytest.Item) -> bool:
    """Whether the network is to be blocked for a test."""
    return bool(item.get_closest_marker("block_network") or item.config.getoption("--block-network"))


def install() -> None:
    """Put `_Blocking` in the place of pytest-recording's context; doing it again changes nothing."""
    from pytest_recording import network

    if not isinstance(network.blocking_context, _Blocking):
        network.blocking_context = _Blocking(network.blocking_context)


class _Blocking:
    """pytest-recording's ``blocking_context``, with the wall beneath."""

    def __init__(self, original: Callable[..., AbstractContextManager[None]]) -> None:
        self._original = original

    @contextmanager
    def __call__(self, allowed_hosts: Sequence[str] | None = None) -> Iterator[None]:
        from sealtape.capture.network import blocking

        patterns = list(allowed_hosts or ())
        # Of no pattern at all pytest-recording makes one that lets everybody pass.
        patterns = patterns or ["(?!)"]
        with blocking(patterns), self._original(allowed_hosts=patterns):
            yield


def permitting(allowed_hosts: str | Sequence[str]) -> AbstractContextManager[None]:
    """Return a context in which replays let these hosts pass, as ``--allowed-hosts`` names them."""
    from sealtape.capture.network import permitting

    return permitting(allowed_hosts)
