"""A pytest plugin under which vcrpy's ``use_cassette`` opens sealed cassettes.

vcrpy resolves its options, and decides when a cassette is opened and closed; what is opened is a sealed one.
A plain cassette that is there stays vcrpy's, as it does with sealtape installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import vcr
from vcr.cassette import Cassette, CassetteContextDecorator

from sealtape.capture.options import VcrOptions
from sealtape.library import Library
from sealtape.modes import mode_named
from sealtape.settings import load_settings

_HEADER = b'{"sealtape"'


class Sealed:
    """A sealed cassette as vcrpy's context holds one: loaded, not opened yet."""

    def __init__(self, given: Mapping[str, Any], options: VcrOptions) -> None:
        self.given = given
        self.options = options

    @classmethod
    def load(cls, **given: Any) -> Any:
        path = Path(given["path"])
        if path.exists() and not path.read_bytes().startswith(_HEADER):
            return Cassette.load(**given)
        return cls(given, _options(given))

    def _save(self) -> None:
        """Do nothing: it is written when the block ends."""


def _options(given: Mapping[str, Any]) -> VcrOptions:
    functions = tuple(given["match_on"])
    is_default = functions == tuple(vcr.VCR().get_merged_config()["match_on"])
    return VcrOptions(
        given.get("before_record_request"),
        given.get("before_record_response"),
        None if is_default else tuple((function.__name__, function) for function in functions),
        tuple(given.get("custom_patches", ())),
        bool(given.get("allow_playback_repeats")),
    )


class _Context(CassetteContextDecorator):  # type: ignore[misc]  # vcrpy is not typed
    """vcrpy's context manager and decorator, over sealed cassettes."""

    def _patch_generator(self, cassette: Any) -> Iterator[Any]:
        if not isinstance(cassette, Sealed):
            yield from super()._patch_generator(cassette)
            return
        path = Path(cassette.given["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        settings = load_settings(path.parent)
        # The suite sends to it too, by a name of its own for this machine.
        sandbox = replace(settings.sandbox, hosts=("httpbin.org",))
        # httpbin's first page shows one, and the suite compares what was live with what is replayed.
        scrub = replace(settings.scrub, off=("public-address",))
        library = Library(replace(settings, sandbox=sandbox, scrub=scrub))
        mode = mode_named(cassette.given["record_mode"].value)
        with library.opened(path, mode, options=cassette.options) as opened:
            opened.inject = cassette.given.get("inject", False)  # type: ignore[attr-defined]
            yield opened


def pytest_configure() -> None:
    """Exchange what `vcr.VCR.use_cassette` makes."""
    Cassette.use_arg_getter = classmethod(lambda _, getter: _Context(Sealed, getter))
    Cassette.use = classmethod(lambda _, **given: _Context.from_args(Sealed, **given))
    assert vcr.VCR().use_cassette
