"""The one function of pytest-recording that sealtape replaces.

pytest-recording's ``vcr`` fixture imports ``pytest_recording._vcr.use_cassette`` when a marked test is
set up. Its ``pytest_recording_configure`` hook would come too late: by then the mode is resolved,
``rewrite`` has deleted the cassette, and the cassette class is fixed.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sealtape.errors import Unplayed
from sealtape.modes import ALL, NONE, REWRITE, Mode
from sealtape.plugin import blocking, expiry
from sealtape.plugin.collection import CLAIMS, Claims, bare
from sealtape.plugin.session import SESSION, SealtapeWarning, Session, known_of
from sealtape.settings import PER_CASSETTE

if TYPE_CHECKING:
    from sealtape.capture.options import VcrOptions
    from sealtape.cassette import Cassette

PLAIN_SUFFIXES = (".yaml", ".yml", ".json")


def install() -> None:
    """Put `use_cassette` in the place of pytest-recording's; doing it again changes nothing."""
    from pytest_recording import _vcr

    if not isinstance(_vcr.use_cassette, _Seam):
        _vcr.use_cassette = _Seam(_vcr.use_cassette)


class _Seam:
    """pytest-recording's ``use_cassette``: sealed cassettes here, YAML ones by the original."""

    def __init__(self, original: Callable[..., AbstractContextManager[Any]]) -> None:
        self._original = original

    def __call__(
        self,
        default_cassette: str,
        vcr_cassette_dir: str,
        record_mode: str,
        markers: list[pytest.Mark],
        config: dict[str, Any],
        pytestconfig: pytest.Config,
    ) -> AbstractContextManager[Any]:
        from pytest_recording.utils import merge_kwargs

        from sealtape import store

        session = pytestconfig.stash[SESSION]
        given = merge_kwargs(config, markers)
        mode = session.mode(given.pop("record_mode", None) or record_mode)
        marked = {name: given.pop(name) for name in PER_CASSETTE if name in given}
        folder = Path(given.get("cassette_library_dir") or vcr_cassette_dir)
        name = _transformed(default_cassette, folder, given.get("path_transformer"))
        path = store.cassette_path(folder, store.portable_name(bare(name)))
        others = [str(name) for marker in markers for name in marker.args]
        plain = folder / (
            name if name != default_cassette else f"{bare(name)}.{given.get('serializer', 'yaml')}"
        )
        # Not Path.exists, which raises where the name is too long to be one.
        has_plain = os.path.exists(plain)
        tapes = {name: tape_of(folder, name) for name in others}
        plain_ones = has_plain or any(
            _is_plain(name) and os.path.exists(folder / name) and not os.path.exists(tape)
            for name, tape in tapes.items()
        )
        if not path.exists() and plain_ones and mode not in (ALL, REWRITE):
            _require_harmless([plain, *(folder / name for name in others)])
            unset = [pytest.mark.vcr(*marker.args).mark for marker in markers]
            # Whatever the mode: anything recorded there would be written unsealed and unscrubbed.
            return self._original(default_cassette, vcr_cassette_dir, NONE.name, unset, given, pytestconfig)
        if has_plain:
            session.plain.append(str(plain))
        assert session.item is not None
        pytestconfig.stash.setdefault(CLAIMS, Claims()).of_test(session.item, path)
        # Like pytest-recording, pass over shared cassettes that are not there.
        shared = [tape for tape in tapes.values() if os.path.exists(tape)]
        allowed_hosts = given.get("allowed_hosts") or ()
        return _sealed(session, path, mode, marked, _options(given, pytestconfig), shared, allowed_hosts)


def _require_harmless(paths: list[Path]) -> None:
    """Raise if one of the plain cassettes among ``paths`` would make vcrpy do more than read it."""
    from sealtape.importing.documents import require_harmless

    for path in paths:
        if path.suffix in (".yaml", ".yml") and os.path.exists(path):
            require_harmless(path.read_bytes(), str(path))


def _is_plain(name: str) -> bool:
    return name.endswith(PLAIN_SUFFIXES)


def _transformed(name: str, folder: Path, transformer: Callable[[str], str] | None) -> str:
    """Return the name of a cassette in ``folder`` as the user's ``path_transformer`` has it."""
    if transformer is None:
        return name
    path = Path(transformer(name))
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def tape_of(folder: Path, name: str) -> Path:
    """Return the sealed cassette of a shared one: of a plain one that which ``sealtape import`` made."""
    from sealtape import store

    return (
        (folder / name).with_suffix(store.SUFFIX)
        if _is_plain(name)
        else store.cassette_path(folder, bare(name))
    )


def _options(given: dict[str, Any], config: pytest.Config) -> VcrOptions | None:
    """Let vcrpy resolve ``vcr_config``, the markers and the ``pytest_recording_configure`` hook."""
    hook = config.hook.pytest_recording_configure
    hooked = bool(hook.get_hookimpls())
    if not given and not hooked:
        return None
    from sealtape.capture.options import vcr_options

    configure = (lambda vcr: hook(config=config, vcr=vcr)) if hooked else None
    options = vcr_options(given, configure, frozenset(PER_CASSETTE))
    for text in options.unheeded:
        warnings.warn(SealtapeWarning(text), stacklevel=2)
    return options


@contextmanager
def _sealed(
    session: Session,
    path: Path,
    mode: Mode,
    marked: dict[str, Any],
    options: VcrOptions | None,
    shared: list[Path],
    allowed_hosts: str | Sequence[str],
) -> Iterator[Cassette]:
    """Open a test's sealed cassette for as long as the test and its function-scoped fixtures last."""
    assert session.item is not None
    test = known_of(session.item)
    session.skip_if_confirmed(path)
    library = session.library(path.parent)
    settings = session.settings(path.parent, marked) if marked else library.settings
    with ExitStack() as stack:
        if allowed_hosts:
            stack.enter_context(blocking.permitting(allowed_hosts))
        cassette = stack.enter_context(
            library.opened(
                path,
                mode,
                options=options,
                shared=shared,
                settings=settings,
                keep=lambda: test.passed,
                written=session.note_written,
                pending=bool(session.refreshes),
            )
        )
        test.cassettes.append(cassette)
        yield cassette
        test.raise_misses()
    if test.passed:
        expiry.judge(session, cassette, path, settings)
        _judge_unplayed(cassette, library.settings.unplayed)
        _judge_lost(cassette)
        if cassette.refusals:
            # The test swallowed it, and would be a miss from now on.
            raise cassette.refusals[0]


def _judge_lost(cassette: Cassette) -> None:
    if cassette.lost:
        were = "request was" if cassette.lost == 1 else "requests were"
        text = (
            f"{cassette.where}: {cassette.lost} {were} sent and not recorded: the client failed before there "
            "was a response, and a replay will miss that"
        )
        warnings.warn(SealtapeWarning(text), stacklevel=2)


def _judge_unplayed(cassette: Cassette, what: str) -> None:
    if what == "ignore":
        return
    try:
        cassette.check_unplayed()
    except Unplayed as error:
        if what == "fail":
            raise
        warnings.warn(SealtapeWarning(str(error)), stacklevel=2)
