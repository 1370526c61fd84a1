"""vcrpy's options, as a user gives them in ``vcr_config``, by markers or to ``use_cassette``.

vcrpy itself resolves them. `PARAMETERS` says of each what becomes of it; none is ignored without a word.
"""

from __future__ import annotations

import copy
import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

from vcr import VCR

from sealtape.capture.http import http_request, http_response, vcr_request, vcr_response
from sealtape.interaction import HttpRequest, Interaction, Response
from sealtape.multipart import with_boundary_of

Hook = Callable[[Any], Any]
Hooks = tuple[Callable[..., Any], ...]
Matcher = Callable[[Any, Any], Any]

_RERECORD = "cassettes lose what is no longer asked for by pytest --record-mode=rewrite"
_DECORATOR = "only a decorator of vcrpy's own names cassettes after functions"

PARAMETERS: Mapping[str, str] = {
    "additional_matchers": "",
    "after_load_interaction": "before_record_response sees what is replayed, too",
    "allow_playback_repeats": "",
    "before_record": "",
    "before_record_request": "",
    "before_record_response": "",
    "before_save_interaction": "",
    "cassette_library_dir": "",
    "custom_patches": "",
    "decode_compressed_response": "",
    "drop_unused_requests": _RERECORD,
    "filter_headers": "",
    "filter_nested_post_data_parameters": "",
    "filter_post_data_parameters": "",
    "filter_query_parameters": "",
    "filter_sensitive_data": "",
    "func_path_generator": _DECORATOR,
    "ignore_hosts": "",
    "ignore_localhost": "",
    "inject_cassette": "",
    "match_on": "",
    "path": "a cassette is named by its test, or by the marker default_cassette",
    "path_transformer": "",
    "persister": "sealed cassettes are kept in files of their own kind",
    "record_mode": "",
    "record_on_exception": "what a failed test recorded is not kept",
    # It tells where a plain cassette is; what is recorded has one form.
    "serializer": "",
    "skip_patchers": "every client is recorded; ignore_hosts lets requests pass",
    "with_current_defaults": "the options are those of each test",
}
"""Every option of the supported versions of vcrpy: empty if it does what vcrpy documents, else why not."""

_OF_USE_CASSETTE = frozenset(
    {"additional_matchers", "allow_playback_repeats", "path", "persister", "with_current_defaults"}
)
_PYTEST_RECORDING = frozenset({"allowed_hosts", "block_network"})


@dataclass(frozen=True)
class VcrOptions:
    """What a user's ``vcr_config`` and markers ask of vcrpy, resolved by vcrpy itself.

    ``matchers`` is None unless ``match_on`` was given: sealtape's own matching then applies. ``sensitive``
    are the values of ``filter_sensitive_data``, or functions of a request and a response that return one.
    ``unheeded`` says of each option that has no effect why it has none.
    """

    before_record_request: Hook | None = None
    before_record_response: Hook | None = None
    matchers: tuple[tuple[str, Matcher], ...] | None = None
    custom_patches: tuple[Any, ...] = ()
    allow_playback_repeats: bool = False
    before_save: Hooks = ()
    sensitive: tuple[Any, ...] = ()
    unheeded: tuple[str, ...] = ()

    def filter_request(self, request: HttpRequest) -> HttpRequest | None:
        """Apply vcrpy's request filters; None means: neither play nor record this one."""
        if self.before_record_request is None:
            return request
        filtered = self.before_record_request(vcr_request(request))
        return None if filtered is None else http_request(filtered)

    def filter_response(self, response: Response) -> Response | None:
        """Apply vcrpy's response filters; None means: do not record this one."""
        if self.before_record_response is None:
            return response
        filtered = self.before_record_response(vcr_response(response))
        return None if filtered is None else _hooked(response, filtered)

    def saved(self, interaction: Interaction, cassette: Any) -> Interaction | None:
        """Apply ``before_save_interaction``; None leaves the interaction out of the file."""
        pair = _pair(interaction) if self.before_save else None
        if pair is None:
            return interaction
        hooked = _run(self.before_save, pair, cassette)
        if hooked is None:
            return None
        assert isinstance(interaction.outcome, Response)
        return Interaction(http_request(hooked[0]), _hooked(interaction.outcome, hooked[1]))

    def secrets_in(self, interaction: Interaction) -> list[str]:
        """Return the values of ``filter_sensitive_data``, for this interaction."""
        pair: tuple[Any, ...] | None = None
        secrets = []
        for value in self.sensitive:
            if callable(value):
                pair = pair or _pair(interaction)
                value = value(*pair) if pair else None
            if value is not None:
                secrets.append(str(value))
        return secrets

    def differences(self, live: HttpRequest, recorded: HttpRequest) -> list[tuple[str, str]]:
        """Name the matchers that tell two requests apart, each with what it says about it.

        A multipart body is compared under the live boundary, which the client draws anew each time.
        """
        from vcr.matchers import get_matchers_results

        functions = [function for _, function in self.matchers or ()]
        # vcrpy has each matcher say its function's name; users know it by the name they gave it.
        names = {function.__name__: name for name, function in self.matchers or ()}
        recorded = with_boundary_of(live, recorded)
        _, failed = get_matchers_results(vcr_request(live), vcr_request(recorded), functions)
        return [(names.get(name, name), text or "") for name, text in failed]


def vcr_options(
    given: Mapping[str, Any],
    configure: Callable[[VCR], object] | None = None,
    known: Set[str] = frozenset(),
) -> VcrOptions:
    """Resolve ``given`` (``vcr_config`` with the markers over it) as vcrpy would.

    ``configure`` is handed the ``VCR`` first: what it changes there counts as given too. ``known`` are the
    options that the caller takes besides, for whoever misspells one.
    """
    vcr = VCR()
    if configure is not None:
        configure(vcr)
    theirs = {name: value for name, value in given.items() if name not in _PYTEST_RECORDING | {"record_mode"}}
    merged = vcr.get_merged_config(**theirs)
    matched = "match_on" in given or "additional_matchers" in given
    names = tuple(given.get("match_on", vcr.match_on)) + tuple(given.get("additional_matchers", ()))
    if not matched and tuple(vcr.match_on) == tuple(VCR().match_on):
        matchers = None
    else:
        matchers = tuple(zip(names, merged["match_on"], strict=True))
    sensitive = merged.get("filter_sensitive_data") or ()
    pairs = sensitive.items() if isinstance(sensitive, Mapping) else sensitive
    return VcrOptions(
        merged["before_record_request"],
        merged["before_record_response"],
        matchers,
        tuple(merged["custom_patches"]),
        bool(merged["allow_playback_repeats"]),
        _each(merged.get("before_save_interaction")),
        tuple(value for _, value in pairs),
        tuple(_unheeded(given, vcr, known)),
    )


def _hooked(response: Response, filtered: Mapping[str, Any]) -> Response:
    """Return what a hook made of a response, with what vcrpy's dictionaries have no words for."""
    return replace(http_response(filtered), broken=response.broken, version=response.version)


def _each(hooks: Any) -> Hooks:
    """Return hooks as vcrpy takes them: one, several, or none."""
    if hooks is None:
        return ()
    return tuple(hooks) if isinstance(hooks, Iterable) else (hooks,)


def _unheeded(given: Mapping[str, Any], vcr: VCR, known: Set[str]) -> Iterable[str]:
    """Say of each option in ``given``, and of what was changed on ``vcr``, why it has no effect.

    ``known`` are options that are not vcrpy's, of which one may have been meant.
    """
    usual = vars(VCR())
    changed = {
        name: value for name in PARAMETERS if (value := vars(vcr).get(name)) and value != usual.get(name)
    }
    installed = _OF_USE_CASSETTE | set(inspect.signature(VCR.__init__).parameters)
    for name, value in (changed | dict(given)).items():
        if name in PARAMETERS and name in installed:
            if PARAMETERS[name] and value:
                yield f"vcrpy's option {name} has no effect on a sealed cassette: {PARAMETERS[name]}"
        elif name not in _PYTEST_RECORDING:
            close = difflib.get_close_matches(name, sorted((installed | known) - {name}), n=1)
            meant = f": did you mean {close[0]}?" if close else ""
            missing = (
                f"the installed vcrpy has no option {name}"
                if name in PARAMETERS
                else f"there is no option {name}, of vcrpy's or of sealtape's"
            )
            yield f"{missing}, so it has no effect{meant}"


def _pair(interaction: Interaction) -> tuple[Any, Any] | None:
    """Return an interaction as vcrpy's request and response, None where it has no such."""
    request, outcome = interaction.request, interaction.outcome
    if isinstance(request, HttpRequest) and isinstance(outcome, Response):
        return vcr_request(request), vcr_response(outcome)
    return None


def _run(hooks: Hooks, pair: tuple[Any, Any], cassette: Any) -> Any:
    # In vcrpy since it knows these hooks; it finds out whether one wants the cassette too.
    from vcr.cassette import _run_hooks

    return _run_hooks(hooks, *copy.deepcopy(pair), cassette)
