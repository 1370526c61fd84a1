"""One frozen `Settings`, resolved once: command line > environment > marker > pyproject.toml.

The table ``[tool.sealtape]`` is read from the nearest ``pyproject.toml`` that has one, upwards from
where the tests live, but not beyond their repository. An unknown name is an error with the nearest known
one, because a misspelt sandbox rule that is silently ignored would let a recording reach the wrong account.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sealtape.errors import SettingsError

_CHOICES = {
    "cassette_clear": ("full", "none"),
    "locked": ("fail", "skip"),
    "unplayed": ("ignore", "warn", "fail"),
    "repeats": ("miss", "last", "cycle"),
    "draws": ("seeded", "real"),
    "clock": ("tick", "stand", "real"),
    "match": ("renaming", "exact"),
    "max_age_action": ("warn", "fail"),
}

_LEVELS = ("breaking", "risky", "info", "quiet")
_TABLES = ("scrub", "sandbox", "drift")

PER_CASSETTE = ("repeats", "draws", "clock", "match", "max_age", "collapse_polls")
"""What a marker, ``vcr_config`` or `sealtape.use_cassette` may say for one cassette."""

_FROM_ENVIRONMENT = ("locked", "unplayed", "max_age_action", *PER_CASSETTE)

_SWITCHED = ("collapse_polls",)
_SWITCHES = {"1": True, "true": True, "0": False, "false": False}
_UNITS = {"d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class ScrubSettings:
    """``[tool.sealtape.scrub]``: what to remove beyond the built-in rules.

    ``names`` are member, header, form or query names whose values are secrets; ``patterns`` are
    regular expressions, of which group 1 (or the whole match) is a secret; ``environment`` names
    variables whose values are secrets; ``values`` are themselves to be removed, wherever they stand (names
    of hosts and people: this file is committed). ``allow`` accepts residue findings, each as
    ``rule@place``; ``keep`` are names whose values are no secrets, whatever they sound like; ``off`` are
    ids of rules that do not hold here. `sealtape lint` and `sealtape review` say what these two leave out.
    """

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    off: tuple[str, ...] = ()

    @property
    def left_out(self) -> str:
        """What of the built-in rules does not hold, in words; empty if all of them do."""
        parts = [
            f"{kind}: {', '.join(names)}" for kind, names in (("off", self.off), ("keep", self.keep)) if names
        ]
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """``[tool.sealtape.sandbox]``: what may be recorded. Loopback is always allowed.

    ``accounts`` and ``regions`` bound AWS calls; ``hosts`` are shell-style patterns for HTTP hosts;
    ``max_calls`` is how many calls one session may record (0: no bound); ``read_only`` refuses
    operations and methods that are not reads.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    max_calls: int = 0
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """``[tool.sealtape.drift]``: how drift is judged.

    ``levels`` are severities by the id of a rule (``field-added = "risky"``). ``openapi`` are OpenAPI
    documents by host (``[tool.sealtape.drift.openapi]``), as paths relative to the project.
    ``track_reads`` notes which members of AWS answers the code under test reads.
    """

    levels: tuple[tuple[str, str], ...] = ()
    openapi: tuple[tuple[str, str], ...] = ()
    track_reads: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured.

    ``root`` is the folder that cassette names are relative to: where the pyproject.toml with
    ``[tool.sealtape]`` lies, else the nearest folder with a ``pyproject.toml`` or ``.git``, else None.
    ``key_id`` pins the key; ``cassette_clear`` says whether rows carry clear words (``"full"``) or
    not (``"none"``); ``locked``, ``unplayed`` and ``repeats`` are what their options say;
    ``replay_environment`` lets replay invent AWS credentials and a region where there are none, and
    ``share_models`` lets the sessions of replays share botocore's models. ``draws``
    and ``clock`` say what of a test's inputs comes again on replay (`sealtape.determinism`), and ``match``
    whether a request may equal a recorded one up to values that were made up anew (`sealtape.binding`).
    ``collapse_polls`` keeps of a wait the distinct states only (`sealtape.polls`).
    ``max_age`` (`age`) is how long ago a cassette may have been confirmed, any time if it is empty, and
    ``max_age_action`` what is done about an older one.
    """

    root: Path | None = None
    key_id: str = ""
    cassette_clear: str = "full"
    locked: str = "fail"
    unplayed: str = "ignore"
    repeats: str = "miss"
    replay_environment: bool = True
    share_models: bool = True
    draws: str = "seeded"
    clock: str = "tick"
    match: str = "renaming"
    collapse_polls: bool = False
    max_age: str = ""
    max_age_action: str = "warn"
    scrub: ScrubSettings = field(default_factory=ScrubSettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    drift: DriftSettings = field(default_factory=DriftSettings)

    def with_options(self, **options: str | bool | None) -> Settings:
        """Return these settings with the options that are not None put over them."""
        return self._with(options, lambda name: f"--sealtape-{name.replace('_', '-')}")

    def with_arguments(self, call: str, **arguments: str | bool | None) -> Settings:
        """Return these settings with the arguments of ``call``, a marker for instance, put over the file's.

        The environment's, which hold for a whole run, stay.
        """
        given = {name: value for name, value in arguments.items() if not os.environ.get(_variable(name))}
        return self._with(given, lambda name: f"{call}({name}=…)")

    def _with(self, options: Mapping[str, str | bool | None], where: Callable[[str], str]) -> Settings:
        given: dict[str, Any] = {
            name: _chosen(name, value, where(name)) for name, value in options.items() if value is not None
        }
        return replace(self, **given)

    def with_secrets(self, given: Mapping[str, Iterable[str]], where: str) -> Settings:
        """Return these settings with more to scrub; raise `SettingsError` for what is not among `ADDING`."""
        unknown = [name for name in given if name not in ADDING]
        if unknown:
            raise SettingsError(
                f"{unknown[0]!r} cannot be given here",
                where=where,
                why=f"what can be added is {', '.join(ADDING)}",
                hint=f"put {unknown[0]!r} into [tool.sealtape.scrub], if it is a setting",
            )
        added = _checked({name: list(texts) for name, texts in given.items()}, ScrubSettings, where)
        more = {name: (*getattr(self.scrub, name), *texts) for name, texts in added.items()}
        return replace(self, scrub=replace(self.scrub, **more))

    def name_of(self, path: Path) -> str:
        """Return the name that a cassette at ``path`` is bound to: its place in the project.

        Outside the project, and where there is none, the file name alone: such a file may be moved.
        """
        bare = path.with_suffix("") if path.suffix == ".tape" else path
        if self.root is not None:
            resolved = bare.resolve()
            if resolved.is_relative_to(self.root):
                return resolved.relative_to(self.root).as_posix()
        return bare.name


ADDING = ("names", "patterns", "environment", "values", "allow")
"""The settings of ``[tool.sealtape.scrub]`` that add something, and leave every rule in force."""


def load_settings(start: Path) -> Settings:
    """Return the settings that hold for ``start`` (a file or folder); raise `SettingsError`."""
    return _load(start.resolve())


@lru_cache(maxsize=256)
def _load(start: Path) -> Settings:
    fallback: Path | None = None
    for folder in (start, *start.parents):
        pyproject = folder / "pyproject.toml"
        if pyproject.is_file():
            table = _read_table(pyproject)
            if table is not None:
                return _from_environment(_parse(table, pyproject, folder))
            fallback = fallback or folder
        if (folder / ".git").exists():
            # A repository inside of another is a project of its own.
            fallback = fallback or folder
            break
    return _from_environment(Settings(root=fallback))


def _read_table(pyproject: Path) -> Mapping[str, Any] | None:
    try:
        document = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(
            "pyproject.toml cannot be read",
            where=str(pyproject),
            why=str(error).lower(),
            hint=f"git diff -- {shlex.quote(str(pyproject))}",
        ) from None
    tool = document.get("tool", {})
    table = tool.get("sealtape") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingsError("[tool.sealtape] is not a table", where=str(pyproject))
    return table


def _parse(table: Mapping[str, Any], pyproject: Path, root: Path) -> Settings:
    where = f"{pyproject} [tool.sealtape]"
    plain = {key: value for key, value in table.items() if key not in _TABLES}
    values = _checked(plain, Settings, where, leave_out=("root", *_TABLES))
    scrub = _checked(table.get("scrub", {}), ScrubSettings, f"{pyproject} [tool.sealtape.scrub]")
    sandbox = _checked(table.get("sandbox", {}), SandboxSettings, f"{pyproject} [tool.sealtape.sandbox]")
    drift = _drift(table.get("drift", {}), f"{pyproject} [tool.sealtape.drift]")
    return Settings(
        root=root, scrub=ScrubSettings(**scrub), sandbox=SandboxSettings(**sandbox), drift=drift, **values
    )


def _drift(table: object, where: str) -> DriftSettings:
    """Return the settings of drift; whether the ids in it are those of rules is for the rules to say."""
    if not isinstance(table, dict):
        raise SettingsError("this must be a table", where=where)
    levels: list[tuple[str, str]] = []
    rest = dict(table)
    documents = rest.pop("openapi", {})
    if not isinstance(documents, dict) or not all(isinstance(path, str) for path in documents.values()):
        raise SettingsError(
            "'openapi' must give a document's path for each host",
            where=where,
            hint='[tool.sealtape.drift.openapi] "api.example.com" = "openapi.json"',
        )
    tracked = _coerce("track_reads", rest.pop("track_reads", False), False, where)
    for name, value in rest.items():
        if value not in _LEVELS:
            raise SettingsError(
                f"{name!r} cannot be {value!r}", where=where, why=f"it is one of {', '.join(_LEVELS)}"
            )
        levels.append((name, str(value)))
    return DriftSettings(tuple(levels), tuple(documents.items()), bool(tracked))


def _checked(table: object, kind: type, where: str, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the keyword arguments for ``kind`` that ``table`` gives, each of the right kind."""
    if not isinstance(table, dict):
        raise SettingsError("this must be a table", where=where)
    defaults = kind()
    known = {f.name: getattr(defaults, f.name) for f in fields(kind) if f.name not in leave_out}
    tables = [name for name in leave_out if name != "root"]
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            near = difflib.get_close_matches(name, [*known, *tables], n=1)
            names = ", ".join(sorted([*known, *tables]))
            raise SettingsError(
                f"unknown setting {name!r}",
                where=where,
                why=f"the settings here are {names}",
                hint=f"rename it to {near[0]!r}" if near else f"remove {name!r}",
            )
        values[name] = _coerce(name, value, known[name], where)
    return values


def _coerce(name: str, value: object, default: object, where: str) -> object:
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SettingsError(f"{name!r} must be a list of strings", where=where, hint=f'{name} = ["…"]')
        return tuple(value)
    if type(value) is not type(default):
        kinds = {str: "a string", int: "a whole number", bool: "true or false"}
        raise SettingsError(f"{name!r} must be {kinds[type(default)]}", where=where)
    if isinstance(value, int) and value < 0:
        raise SettingsError(f"{name!r} must not be negative", where=where)
    if isinstance(value, str):
        _check_choice(name, value, where)
    return value


def _chosen(name: str, value: str | bool, where: str) -> str | bool:
    """Return what an option, an argument or a variable says, as the setting has it."""
    if name in _SWITCHED:
        switched = value if isinstance(value, bool) else _SWITCHES.get(value.lower())
        if switched is None:
            raise SettingsError(f"{name!r} cannot be {value!r}", where=where, why="it is one of true, false")
        return switched
    _check_choice(name, str(value), where)
    return value


def _check_choice(name: str, value: str, where: str) -> None:
    if name == "max_age" and value:
        try:
            age(value)
        except ValueError as error:
            raise SettingsError(str(error), where=where, hint='max_age = "90d"') from None
    choices = _CHOICES.get(name)
    if choices is not None and value not in choices:
        raise SettingsError(
            f"{name!r} cannot be {value!r}", where=where, why=f"it is one of {', '.join(choices)}"
        )


def age(text: str) -> timedelta:
    """Return the time that ``text`` means: ``7d`` days or ``2w`` weeks; raise ``ValueError``."""
    found = re.fullmatch(r"(\d{1,5})([dw])", text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no age: the ledger counts in days, so it is 7d or 2w")
    return int(found[1]) * _UNITS[found[2]]


def _from_environment(settings: Settings) -> Settings:
    given = {name: os.environ.get(_variable(name)) or None for name in _FROM_ENVIRONMENT}
    return settings._with(given, _variable)


def _variable(name: str) -> str:
    return f"SEALTAPE_{name.upper()}"
