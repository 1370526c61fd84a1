"""Record and replay for the edges of Python automation code, sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sealtape.cassette import Cassette, expect_miss
    from sealtape.errors import Miss, SealtapeError
    from sealtape.library import use_cassette

__all__ = ["Cassette", "Miss", "SealtapeError", "expect_miss", "use_cassette"]

_HOMES = {
    "Cassette": "sealtape.cassette",
    "Miss": "sealtape.errors",
    "SealtapeError": "sealtape.errors",
    "expect_miss": "sealtape.cassette",
    "use_cassette": "sealtape.library",
}


def __getattr__(name: str) -> Any:
    # pytest loads the plugin, and so this package, in every run: clients are imported when asked for.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
