"""Which room of ``src/sealtape`` may know what.

The tables are the rules. A module imports from the rooms below it and from its own, and the same
holds under ``TYPE_CHECKING``: a name that only a type needs ties two rooms together all the same.
"""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "sealtape"

# Each row stands on the rows above it and does not know its neighbours.
FLOORS = (
    ("errors", "interaction"),  # level 0
    ("modes", "multipart", "textfile"),
    ("settings", "renaming"),  # level 1
    ("determinism", "capture", "scrub", "seal", "store", "matching", "drift"),
    ("settling", "ledger", "changes", "revisions", "binding", "polls"),  # level 2
    ("cassette",),
    ("library",),
    ("refresh", "review", "report", "importing"),
    ("plugin", "cli"),  # level 3
    ("__init__", "__main__"),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Rooms of which those on the floor just above may know no more than this: the values, not the loading.
VALUES_ONLY = {"settings": "Settings"}

# Libraries and the rooms or modules that may import them; what is not listed, anybody may.
OWNERS = {
    "cryptography": ("seal",),
    "pyrage": ("seal.recipients",),
    "pytest": ("plugin",),
    "_pytest": ("plugin",),
    "pytest_recording": ("plugin", "capture"),
    "botocore": ("capture", "scrub.models", "drift.models", "importing", "seal.kms"),
    "boto3": ("capture",),
    "aiobotocore": ("capture",),
    "s3transfer": ("capture",),
    "vcr": ("capture",),
    "urllib3": ("capture",),
    "requests": ("capture",),
    "httpx": ("capture",),
    "aiohttp": ("capture",),
    "tornado": ("capture",),
    "httplib2": ("capture",),
    "http.client": ("capture",),
    "urllib.request": ("capture",),
    "click": ("cli",),
}

# Who may call the constructors of the types that keep secrets in.
MAKERS = {"Scrubbed": ("scrub", "seal"), "Sealed": ("seal", "store")}

# Libraries that are used only where somebody else has imported them, or asked for an extra.
OPTIONAL = {
    *("aiobotocore", "aiohttp", "boto3", "httpx", "moto", "multidict", "numpy", "pyrage", "re2", "requests"),
    "tornado",
}

# What loading the plugin must leave alone: every pytest run of every project pays for it.
HEAVY = (
    *("botocore", "boto3", "vcr", "cryptography", "msgspec", "rich", "requests", "httpx", "moto"),
    *("re2", "time_machine"),
)


class Import(NamedTuple):
    """One imported name: ``from a.b import c`` is module ``a.b``, name ``c``; ``import a.b`` has none."""

    module: str
    name: str
    line: int


def violations(module: str, source: str, where: str) -> list[str]:
    """Return what ``source``, the text of ``sealtape.<module>``, does against the rules.

    ``module`` is dotted and without ``sealtape.`` (``"seal.format"``, ``"__init__"``). Each text
    starts with ``where`` and the line.
    """
    room = module.split(".")[0]
    if room not in FLOOR_OF:
        return [f"{where}:1: room {room!r} has no floor: give it one in tests/test_architecture.py"]
    tree = ast.parse(source)
    found = [
        f"{where}:{imported.line}: {complaint}"
        for imported in imports(tree, module)
        if (complaint := complaint_about(imported, module))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            made = ast.unparse(node.func).split(".")[-1]
            if not is_one_of(module, MAKERS.get(made, (room,))):
                found.append(f"{where}:{node.lineno}: {room} makes a {made}")
    return list(dict.fromkeys(found))


def imports(tree: ast.Module, module: str) -> Iterator[Import]:
    """Yield every import in ``tree``, at whatever depth, by its absolute name."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield Import(alias.name, "", node.lineno)
            case ast.ImportFrom(module=base, names=names, level=level):
                origin = absolute(base or "", level, module)
                for alias in names:
                    yield Import(origin, alias.name, node.lineno)
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
                if ast.unparse(func).split(".")[-1] in ("import_module", "__import__"):
                    yield Import(name, "", node.lineno)


def absolute(base: str, level: int, module: str) -> str:
    """Return the absolute name of what ``module`` imports from with ``level`` leading dots."""
    if level == 0:
        return base
    is_package = (PACKAGE / module.replace(".", "/") / "__init__.py").is_file()
    parts = ["sealtape", *module.split(".")]
    folder = parts[: len(parts) - level + is_package]
    return ".".join([*folder, base] if base else folder)


def complaint_about(imported: Import, module: str) -> str | None:
    """Return what is wrong with ``module`` importing this, or None."""
    full = f"{imported.module}.{imported.name}" if imported.name else imported.module
    if full.split(".")[0] != "sealtape":
        for library, owners in OWNERS.items():
            if f"{full}.".startswith(f"{library}.") and not is_one_of(module, owners):
                return f"{library} is for {' and '.join(owners)} only"
        return None
    room = module.split(".")[0]
    target = full.split(".")[1] if "." in full else "__init__"
    # `from sealtape import use_cassette` is a public name, not a room: the front door.
    target = target if target in FLOOR_OF else "__init__"
    if target == room:
        return None
    climb = FLOOR_OF[room] - FLOOR_OF[target]
    if climb <= 0:
        return f"{room} imports {full}, which is not below it"
    if climb == 1 and not imported.name.endswith(VALUES_ONLY.get(target, "")):
        return f"{room} imports {full}, of which it may know the values only"
    return None


def is_one_of(module: str, owners: tuple[str, ...]) -> bool:
    """Whether ``module`` is one of the rooms or modules in ``owners``, or inside one."""
    return any(f"{module}.".startswith(f"{owner}.") for owner in owners)


def sources() -> Iterator[tuple[Path, str]]:
    """Yield every file of the package with its module's name, as `violations` wants it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield path, ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def declared(*, extras: bool) -> dict[str, str]:
    """Return what pyproject.toml requires at run time, each as distribution and lower bound."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    if extras:
        lines += [line for extra in project["optional-dependencies"].values() for line in extra]
    return dict(re.sub(r"\[.*\]", "", line).split(">=") for line in lines)


def test_every_room_keeps_to_the_map() -> None:
    found: list[str] = []
    for path, module in sources():
        where = path.relative_to(ROOT).as_posix()
        found += violations(module, path.read_text(encoding="utf-8"), where)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        (
            "store",
            "from sealtape.seal import format",
            "store imports sealtape.seal.format, which is not below it",
        ),
        ("store", "from sealtape import cassette", "store imports sealtape.cassette, which is not below it"),
        ("scrub.rules", "from ..plugin import hook", "scrub imports sealtape.plugin.hook, which is"),
        ("errors", "from sealtape.modes import Mode", "errors imports sealtape.modes.Mode, which is"),
        ("plugin", "import sealtape", "plugin imports sealtape, which is not"),
        ("seal.format", "from sealtape.settings import load_settings", "may know the values only"),
        (
            "cassette",
            "def f():\n    import botocore.loaders",
            "botocore is for capture and scrub.models and drift.models and importing and seal.kms only",
        ),
        (
            "scrub.rules",
            "from botocore import loaders",
            "botocore is for capture and scrub.models and drift.models and importing and seal.kms only",
        ),
        ("cli.keys", "from cryptography.hazmat import primitives", "cryptography is for seal only"),
        ("cassette", "from http import client", "http.client is for capture only"),
        ("cassette", "importlib.import_module('vcr')", "vcr is for capture only"),
        ("cassette", "interaction.Scrubbed(x)", "cassette makes a Scrubbed"),
        ("attic", "", "room 'attic' has no floor"),
    ],
)
def test_a_breach_of_the_map_is_named_with_its_place(module: str, source: str, complaint: str) -> None:
    found = violations(module, source, "src/sealtape/x.py")
    assert len(found) == 1
    assert complaint in found[0]
    assert re.match(r"src/sealtape/x\.py:\d+: ", found[0])


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("cassette", "from sealtape.seal import format\nfrom sealtape import store"),
        ("seal.format", "from sealtape.seal.primitives import seal\nfrom .keyring import Key"),
        ("capture.sandbox", "from sealtape.settings import SandboxSettings, Settings"),
        ("drift.compare", "from sealtape.renaming import Renaming"),
        ("scrub.models", "from botocore.loaders import Loader"),
        ("report.text", "from http import HTTPStatus\nimport urllib.parse\nimport vcrlike"),
    ],
)
def test_what_the_map_permits_is_not_complained_about(module: str, source: str) -> None:
    assert violations(module, source, "src/sealtape/x.py") == []


def test_loading_the_plugin_loads_no_client_library_no_cryptography_and_no_terminal_library() -> None:
    program = "import sys, sealtape.plugin; print(*sorted({n.split('.')[0] for n in sys.modules}))"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(shown.stdout.split())


def test_every_library_that_is_imported_is_declared_and_none_besides() -> None:
    imported = {
        found.module.split(".")[0]
        for path, module in sources()
        for found in imports(ast.parse(path.read_text(encoding="utf-8")), module)
    }
    libraries = imported - sys.stdlib_module_names - {"sealtape", "_pytest"} - OPTIONAL
    names = importlib.metadata.packages_distributions()
    assert {names[library][0].lower() for library in libraries} == set(declared(extras=False))


def test_the_oldest_supported_versions_are_the_declared_lower_bounds() -> None:
    pins = (ROOT / "tools" / "constraints-oldest.txt").read_text(encoding="utf-8").lower().splitlines()
    assert {f"{name}=={bound}" for name, bound in declared(extras=True).items()} <= set(pins)
