"""Set up this checkout and run its commands: ``python3 tools/dev.py demo|test|bench|conformance|…``.

It needs Python 3.11 or later, pip's usual way to a package index, and nothing else: an environment
is made under ``.dev/`` on first use, from the versions pinned in ``tools/constraints.txt``, and made
anew when those pins, what pyproject.toml requires, or the Python change. pip's own configuration
(``PIP_*``, ``pip.conf``, ``SSL_CERT_FILE``, proxies) holds here too. The exit code is the command's.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".dev"
CONSTRAINTS = ROOT / "tools" / "constraints.txt"
OLDEST = ROOT / "tools" / "constraints-oldest.txt"
RESULTS = STATE / "tox" / "results"

OLDEST_PYTHON = (3, 11)
UNUSED_SECONDS = 14 * 24 * 3600
"""How long an environment that nothing used is kept, so that changing branches costs nothing."""


class SetUpError(Exception):
    """Something about this machine that stops the set-up; the text says what to do about it."""


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; 2 when the set-up is impossible here."""
    parser = argparse.ArgumentParser(
        prog="tools/dev.py",
        usage="python3 tools/dev.py COMMAND [ARGUMENT…]",
        description="Set up this checkout on first use, and run one of its commands.",
        epilog="\n".join(f"  {name:11} {run.__doc__}" for name, run in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    # What follows the command belongs to what it calls: pytest, the demo.
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT…", help="passed on")
    options = parser.parse_args(argv or ["--help"])
    try:
        _check_python()
        return COMMANDS[options.command](options.arguments)
    except SetUpError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


# The commands


def demo(arguments: Sequence[str]) -> int:
    """Record two pieces of automation, replay them, and see what a newer provider changed."""
    older = _program(older_moto(), "python")
    command = ["python", "-m", "demo", "--older-python", str(older), *arguments]
    return _run(command, PYTHONPATH=str(ROOT / "tools"))


def bench(arguments: Sequence[str]) -> int:
    """Measure replay against its floors and the alternatives."""
    return _run(["python", "-m", "bench", *arguments], PYTHONPATH=str(ROOT / "tools"))


def conformance(arguments: Sequence[str]) -> int:
    """Record and replay moto's own test suite."""
    return _run(["python", "-m", "conformance", *arguments], PYTHONPATH=str(ROOT / "tools"))


def suites(arguments: Sequence[str]) -> int:
    """Run pytest-recording's and vcrpy's own suites with sealtape."""
    return _run(["python", "-m", "suites", *arguments], PYTHONPATH=str(ROOT / "tools"))


def test(arguments: Sequence[str]) -> int:
    """Run every check through tox; with arguments, pytest alone with those."""
    if arguments:
        return _run(["pytest", *arguments])
    environment()
    with _locked(STATE / "test.lock", "waiting for another test run in this checkout"):
        shutil.rmtree(RESULTS, ignore_errors=True)
        RESULTS.mkdir(parents=True)
        # The environment `tests` runs this Python already, and more of the tests.
        own = f"py{sys.version_info[0]}{sys.version_info[1]}"
        # Two at once: what one installs takes a processor, what another tests takes the other one.
        print("dev: the checks run two at a time; what one has said is shown when it has failed", flush=True)
        together = ["run-parallel", "--parallel", "2", "--parallel-no-spinner"]
        code = _run(["tox", *together], TOX_SKIP_ENV=own)
        print(_summary(code), flush=True)
        return code


def lint(arguments: Sequence[str]) -> int:
    """Check style, format and types, all three even if the first fails."""
    paths = list(arguments) or ["."]
    codes = [
        _run(["ruff", "check", *paths]),
        _run(["ruff", "format", "--check", *paths]),
        _run(["mypy", *arguments]),
    ]
    return max(codes)


def fmt(arguments: Sequence[str]) -> int:
    """Put the sources into the house format, and mend what ruff can mend."""
    paths = list(arguments) or ["."]
    return max(_run(["ruff", "check", "--fix", *paths]), _run(["ruff", "format", *paths]))


def run(arguments: Sequence[str]) -> int:
    """Run any command inside the development environment."""
    if not arguments:
        raise SetUpError("run needs a command\nhint: python3 tools/dev.py run pytest -k seal")
    return _run(arguments)


def lock(arguments: Sequence[str]) -> int:
    """Write the files of pins anew: the newest releases, the oldest supported, and what pins others."""
    if arguments:
        raise SetUpError("lock takes no arguments")
    if sys.version_info[:2] != OLDEST_PYTHON:
        raise SetUpError(
            "the pins must hold for every supported Python, so they are made with the oldest"
            f"\nhint: python{_dotted(OLDEST_PYTHON)} tools/dev.py lock"
        )
    declared = _declared()
    bounds = [requirement.replace(">=", "==") for requirement in declared.run_time]
    _freeze([*declared.run_time, *declared.develop, *declared.build], CONSTRAINTS, "newest released")
    _freeze([*bounds, *declared.test], OLDEST, "oldest supported")
    groups = _document()["dependency-groups"]
    for library in ("aiobotocore", "aioboto3"):
        pins = ROOT / "tools" / f"constraints-{library}.txt"
        _freeze(
            [*declared.run_time, *_group(groups, library)], pins, f"newest {library}'s and its botocore's"
        )
    return 0


def record(arguments: Sequence[str]) -> int:
    """Record this project's own cassettes again, against the embedded sandbox."""
    return _run(["pytest", "tests/own", "--record-mode=rewrite", "--sandbox=embedded", *arguments])


COMMANDS = {
    command.__name__: command
    for command in (demo, test, bench, conformance, suites, lint, fmt, record, run, lock)
}


# The environment


def environment() -> Path:
    """Return the folder of the development environment, made first where there is none."""
    declared = _declared()
    name = f"py{_dotted(sys.version_info[:2])}-{_digest(declared, CONSTRAINTS)}"
    said = "once; about half a minute, it downloads some 60 MB"
    requirements = [*declared.run_time, *declared.develop, *declared.build]
    return _made(STATE / name, said, CONSTRAINTS, requirements, editable=True)


def older_moto() -> Path:
    """Return the folder of an environment with the oldest supported moto, and only it."""
    pinned = re.search(r"(?m)^moto==(\S+)$", OLDEST.read_text(encoding="utf-8"))
    if pinned is None:
        raise SetUpError(f"{OLDEST.relative_to(ROOT)} pins no moto\nhint: python3 tools/dev.py lock")
    # moto's extra "server" brings every service's dependencies, and takes nearly three times as long.
    requirements = ["moto[s3,dynamodb]", "flask", "flask-cors"]
    said = f"once; some 15 s: moto {pinned[1]}, against which the demo records"
    return _made(STATE / f"moto-{pinned[1]}-{_digest(requirements, OLDEST)}", said, OLDEST, requirements)


def _digest(required: Sequence[object], pins: Path) -> str:
    """Stand for all that decides an environment's content, the checkout's place too: venvs do not move."""
    content = [required, pins.read_text(encoding="utf-8"), sys.version, sys.base_prefix, str(ROOT)]
    return hashlib.sha256(repr(content).encode()).hexdigest()[:12]


def _made(
    folder: Path, said: str, pins: Path, requirements: Sequence[str], *, editable: bool = False
) -> Path:
    """Return ``folder`` with an environment in it, made first (and ``said``) where there is none."""
    stamp = folder / "complete"
    if not stamp.exists():
        STATE.mkdir(exist_ok=True)
        with _locked(STATE / "environment.lock", "waiting for another set-up of this checkout"):
            if not stamp.exists():
                started = time.monotonic()
                _remove_unused()
                _say(f"making {folder.relative_to(ROOT)} ({said})")
                _create_venv(folder)
                _pip(folder, ["install", "-c", str(pins), *requirements])
                if editable:
                    _pip(folder, ["install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
                # Before the lock goes: who waited for it would take this for an interrupted set-up.
                stamp.touch()
                _say(f"ready after {time.monotonic() - started:.0f} s")
    stamp.touch()
    return folder


def _remove_unused() -> None:
    """Remove what was not used for long, and what has no stamp: an interrupted set-up left it."""
    for other in [*STATE.glob("py*-*"), *STATE.glob("moto-*-*")]:
        stamp = other / "complete"
        if not stamp.exists() or time.time() - stamp.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(other, ignore_errors=True)


def _check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        newer = [f"python3.{minor}" for minor in range(30, 10, -1) if shutil.which(f"python3.{minor}")]
        hint = f"{newer[0]} tools/dev.py …" if newer else "install Python 3.11 or later"
        raise SetUpError(
            f"this is Python {_dotted(sys.version_info[:2])}, and sealtape needs"
            f" {_dotted(OLDEST_PYTHON)} or later\nhint: {hint}"
        )


def _create_venv(folder: Path) -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetUpError(
            f"{sys.executable} has no venv module or no pip to put into one"
            f"\nhint: apt install python{_dotted(sys.version_info[:2])}-venv, or use another Python"
        )
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(folder)],
        env=_clean_environ(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        raise SetUpError(f"no environment could be made in {folder}\n{_tail(made.stdout + made.stderr)}")


def _pip(folder: Path, arguments: Sequence[str]) -> None:
    """Run the environment's pip; raise `SetUpError` with the end of its output when it fails."""
    # Byte code is written on first import: of most of what is installed nothing is ever imported.
    quiet = ["--quiet", "--no-input", "--no-compile", "--disable-pip-version-check"]
    command = [str(_program(folder, "python")), "-m", "pip", arguments[0], *quiet, *arguments[1:]]
    done = subprocess.run(
        command,
        env={**_clean_environ(), "PIP_USER": "0"}, cwd=ROOT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode:
        raise SetUpError(f"pip could not install\n{_tail(done.stdout)}\nhint: {_pip_hint(done.stdout)}")


def _pip_hint(output: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in output or "SSLError" in output:
        return "the index's certificate is not trusted here: set PIP_CERT to your CA bundle"
    unreachable = (
        "NewConnectionError",
        "name resolution",
        "ConnectTimeout",
        "ProxyError",
        "refused",
    )
    if any(word in output for word in unreachable):
        return (
            "no package index can be reached; check the network, or give pip the way to yours"
            " (PIP_INDEX_URL, HTTPS_PROXY, pip.conf), then run this again"
        )
    return "mend what pip names above, then run this again"


def _freeze(requirements: Sequence[str], target: Path, which: str) -> None:
    _say(f"resolving the {which} versions")
    with tempfile.TemporaryDirectory() as folder:
        _create_venv(Path(folder))
        _pip(Path(folder), ["install", *requirements])
        frozen = subprocess.run(
            [str(_program(Path(folder), "python")), "-m", "pip", "freeze"],
            env=_clean_environ(), capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    head = f"# The {which} versions to test with, as `python3 tools/dev.py lock` found them.\n"
    target.write_text(head + frozen, encoding="utf-8", newline="\n")
    _say(f"wrote {target.relative_to(ROOT)}")


def _clean_environ() -> dict[str, str]:
    """Return the environment without what would let another Python's packages in."""
    strangers = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    environ = {name: value for name, value in os.environ.items() if name not in strangers}
    # The pip that comes with older Pythons reads the second of these and not the first.
    if "SSL_CERT_FILE" in environ:
        environ.setdefault("REQUESTS_CA_BUNDLE", environ["SSL_CERT_FILE"])
    return environ


def _program(folder: Path, name: str) -> Path:
    return folder / ("Scripts" if sys.platform == "win32" else "bin") / name


# What pyproject.toml declares


class _Declared(NamedTuple):
    """What pyproject.toml requires: to run (extras included), to test, to develop, to build."""

    run_time: list[str]
    test: list[str]
    develop: list[str]
    build: list[str]


def _declared() -> _Declared:
    document = _document()
    project, groups = document["project"], document["dependency-groups"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    return _Declared(
        [*project["dependencies"], *extras],
        _group(groups, "test"),
        _group(groups, "dev"),
        document["build-system"]["requires"],
    )


def _document() -> dict[str, Any]:
    # Not at the top of the file: an old Python has no tomllib, and must be told so in words.
    import tomllib

    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _group(groups: Mapping[str, Sequence[str | Mapping[str, str]]], name: str) -> list[str]:
    """Return the requirements of a dependency group, with the groups that it includes."""
    lines: list[str] = []
    for entry in groups[name]:
        lines += [entry] if isinstance(entry, str) else _group(groups, entry["include-group"])
    return lines


# Running


def _run(command: Sequence[str], **variables: str) -> int:
    """Run a command inside the environment, in the checkout, and return its exit code."""
    folder = environment()
    programs = str(_program(folder, ""))
    path = [programs, os.environ.get("PATH", os.defpath), *_further_pythons()]
    environ = {
        **_clean_environ(),
        "VIRTUAL_ENV": str(folder),
        "PATH": os.pathsep.join(path),
        **variables,
    }
    program = shutil.which(command[0], path=environ["PATH"])
    if program is None:
        raise SetUpError(f"there is no program called {command[0]} in {folder.relative_to(ROOT)}")
    with subprocess.Popen([program, *command[1:]], cwd=ROOT, env=environ) as child:
        # A terminal sends Ctrl-C to both; the child tidies up and decides what its exit code is.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        code = child.wait()
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


def _further_pythons() -> list[str]:
    """Return the folders of Pythons that a version manager keeps beside this one."""
    stores = {Path(sys.base_prefix).parent, Path(os.path.expanduser("~/.pyenv/versions"))}
    return sorted(str(found) for store in stores for found in store.glob("*3.1[1-9]*/bin"))


def _summary(code: int) -> str:
    """Return ``N passed, N failed`` over all of tox's environments that ran tests."""
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for report in RESULTS.glob("*.xml"):
        for suite in ElementTree.parse(report).iter("testsuite"):
            for name in totals:
                totals[name] += int(suite.get(name, "0"))
    failed = totals["failures"] + totals["errors"]
    passed = totals["tests"] - failed - totals["skipped"]
    # Style, types and an environment that could not be made leave no report; tox has named them.
    failed = max(failed, int(code != 0))
    skipped = f", {totals['skipped']} skipped" if totals["skipped"] else ""
    return f"{passed} passed, {failed} failed{skipped}"


@contextmanager
def _locked(path: Path, waiting: str) -> Iterator[None]:
    """Hold an advisory lock on ``path``; say ``waiting`` when another process has it."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(waiting)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _tail(output: str, lines: int = 12) -> str:
    return "\n".join(f"  {line}" for line in output.strip().splitlines()[-lines:])


def _dotted(version: Sequence[int]) -> str:
    return ".".join(str(number) for number in version)


def _say(text: str) -> None:
    print(f"dev: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
