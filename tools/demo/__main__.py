"""Watch sealtape record, scrub, seal and replay real traffic, and find what a newer provider changed.

``python3 tools/dev.py demo`` prepares the environments and runs this. It needs no account: AWS is moto's
server on loopback, an older release first and a newer one for the refresh, and the announcement service
is a small HTTP server beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from demo import screen
from demo.announcements import PREFERRED_PORT, announcement_service
from demo.screen import say, step
from demo.shell import Failed, Ran, Shell
from sealtape.capture.embedded import embedded_sandbox
from sealtape.errors import SealtapeError

PROJECT = Path(__file__).parent / "project"


def main() -> int:
    """Run the demo in a folder given on the command line, and leave it there to be tried."""
    parser = argparse.ArgumentParser(prog="tools/dev.py demo", description=__doc__)
    parser.add_argument("folder", nargs="?", default="sealtape-demo", type=Path, help="made anew for it")
    parser.add_argument("--older-python", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.folder.resolve()
    if folder.exists() and not is_ours(folder):
        parser.error(f"{folder} is there, and no demo made it: name another folder, or remove it")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        walk_through(folder, options.older_python)
    except KeyboardInterrupt:
        return 130
    except (Failed, SealtapeError) as error:
        screen.console.print("[bold red]the demo failed:[/] ", end="")
        screen.console.print(str(error), markup=False)
        return 1
    return 0


def is_ours(folder: Path) -> bool:
    """Whether nothing is lost with ``folder``: it is empty, or an earlier demo made it."""
    return folder.is_dir() and ((folder / "project" / "releases.py").is_file() or not any(folder.iterdir()))


def walk_through(folder: Path, older_python: str) -> None:
    """Go through the steps, each in its own section."""
    project = folder / "project"
    shutil.copytree(PROJECT, project)
    shell = Shell(project, home=folder / "home")
    older, newer = moto_of(older_python), version("moto")
    if older == newer:
        raise Failed(f"both providers are moto {newer}: there would be nothing to see")

    set_up(shell)
    recorded, port = record(shell, older_python, older)
    cassettes = sorted(project.rglob("*.tape"))
    if len(cassettes) < 8:
        raise Failed(f"only {len(cassettes)} cassettes were recorded")
    calls = look_at(shell, cassettes)

    step("Replay: the servers are off, there are no credentials, and sockets are blocked")
    replayed = show(shell, "pytest", "--block-network", "-q")

    refreshed = refresh(shell, port, older, newer)
    review(shell)

    step("And?")
    files = sum(path.stat().st_size for path in cassettes)
    say(
        f"{calls} interactions in {len(cassettes)} cassettes, {files / 1024:.0f} KB. "
        f"Recording took {recorded.seconds:.1f} s, replay {replayed.seconds:.1f} s, "
        f"refresh {refreshed.seconds:.1f} s (start of pytest included each time)."
    )
    screen.next_commands(following(shell, port))


def set_up(shell: Shell) -> None:
    """Show the project, and make it ready for sealtape."""
    step("Two pieces of automation, eight tests, no mocks")
    say(
        "releases.py publishes a build artifact to S3 under a DynamoDB lock, tells SQS and an HTTP service.\n"
        "keys.py rotates a user's access key through IAM, Secrets Manager and STS."
    )
    shell.run("git", "init", "-q")
    # The folder is named because the demo may lie inside of a project that has settings of its own.
    show(shell, "sealtape", "init", ".")
    shell.run("git", "add", "-A")
    shell.run("git", "-c", "user.name=demo", "-c", "user.email=demo@example.com", "commit", "-qm", "tests")


def record(shell: Shell, older_python: str, older: str) -> tuple[Ran, int]:
    """Record against the older provider; return what was said, and the port of the announcement service."""
    step(f"Record: real requests over sockets, once. The provider is moto {older}")
    with embedded_sandbox(older_python) as sandbox, announcement_service(PREFERRED_PORT, 0) as port:
        shell.environment["ANNOUNCE_URL"] = announce_url(port)
        return show(shell, "pytest", "--record-mode=once", f"--sandbox={sandbox}", "-q"), port


def look_at(shell: Shell, cassettes: list[Path]) -> int:
    """Show cassettes opened and sealed; return how many interactions they hold."""
    step("Scrubbed: what the cassettes do not hold")
    shown = [json.loads(shell.run("sealtape", "show", "--json", str(path)).output) for path in cassettes]
    screen.scrubbed(shown)

    step("Sealed: what git and a reviewer see without the key")
    shell.run("git", "add", "-A")
    screen.sealed(shell.run("git", "diff", "--cached", "--", "*.tape").output)
    return sum(len(cassette["interactions"]) for cassette in shown)


def refresh(shell: Shell, port: int, older: str, newer: str) -> Ran:
    """Record again against the newer provider, beside what was accepted, and show what it changed."""
    step(f"Refresh: the provider is moto {newer} now")
    say(
        f"The same tests make the same requests. What differs is what moto's authors changed after {older}; "
        "exit code 1 says that something is gone from a response."
    )
    try:
        # On the port of the recording: another one would be a drift of our own making.
        with announcement_service(port):
            # The exit code 1 is drift; none at all would be a failure of the demo.
            ran = show(shell, "sealtape", "refresh", "--sandbox=embedded", exits=1)
    except OSError as error:
        raise Failed(f"port {port}, where announcements were recorded, is taken: {error}") from None
    return ran


def review(shell: Shell) -> None:
    """Show what waits to be accepted, as somebody without a terminal sees it."""
    step("Review: nothing is accepted yet, the first recordings still replay")
    command = ("sealtape", "review")
    screen.typed(command)
    # The exit code 1 says that something is pending.
    output = shell.run(*command, exits=1).output
    screen.excerpt(output, head=14, tail_from="to decide on them, type:")
    shell.run("pytest", "--block-network", "-q")


def show(shell: Shell, *command: str, exits: int = 0) -> Ran:
    """Run a command, print it and what it prints."""
    screen.typed(command)
    ran = shell.run(*command, exits=exits)
    (screen.report if exits else screen.printed)(ran.output)
    return ran


def following(shell: Shell, port: int) -> list[tuple[str, str]]:
    """Return what can be typed next, each with what it is for."""
    one = next(path for path in sorted(shell.folder.rglob("*.tape")) if "stored_key" in path.name)
    elsewhere = [("", f"export ANNOUNCE_URL={announce_url(port)}")] if port != PREFERRED_PORT else []
    return [
        ("the project is still there; use it with this environment and its key", f"cd {shell.folder}"),
        ("", f"export PATH={Path(sys.executable).parent}:$PATH"),
        ("", f"export SEALTAPE_KEY_FILE={shell.key_file}"),
        *elsewhere,
        ("decide on what is pending, one key for each", "sealtape review"),
        ("replay again", "pytest -q"),
        ("read a cassette", f"sealtape show {one.relative_to(shell.folder)}"),
        ("change a request and see a miss", "sed -i s/deployer/someone-else/ tests/conftest.py && pytest -q"),
        ("see what somebody without the key sees", "SEALTAPE_KEY_FILE=/nowhere pytest -q"),
        ("what CI asks; it names what is still pending", "sealtape verify && sealtape lint"),
    ]


def announce_url(port: int) -> str:
    """Return the URL at which the project looks for the announcement service."""
    return f"http://127.0.0.1:{port}"


def moto_of(python: str) -> str:
    """Return the version of moto that another environment has."""
    asked = "from importlib.metadata import version; print(version('moto'))"
    done = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{python} has no moto: it exited with {done.returncode}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
