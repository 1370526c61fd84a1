"""Watch sealtape do its main job: record real traffic, scrub it, seal it, replay it with the servers off.

``python3 tools/dev.py demo`` prepares an environment and runs this. It needs no account: AWS is moto's
server on loopback, and the announcement service is a small HTTP server beside it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from demo.announcements import announcement_service

PROJECT = Path(__file__).parent / "project"
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "TERM", "COVERAGE_PROCESS_START")

console = Console(width=min(Console().width, 110), highlight=False)


class Failed(Exception):
    """A step of the demo did not do what it shows."""


def main() -> int:
    """Run the demo in a folder given on the command line, and leave it there to be tried."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "sealtape-demo").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    try:
        walk_through(folder)
    except Failed as error:
        console.print(f"[bold red]the demo failed:[/] {error}")
        return 1
    return 0


def walk_through(folder: Path) -> None:
    """Go through the steps, each in its own section."""
    project = folder / "project"
    shutil.copytree(PROJECT, project)
    shell = Shell(project, home=folder / "home")

    step("Two pieces of automation, eight tests, no mocks")
    say(
        "releases.py publishes a build artifact to S3 under a DynamoDB lock, tells SQS and an HTTP service.\n"
        "keys.py rotates a user's access key through IAM, Secrets Manager and STS."
    )
    shell.run("git", "init", "-q")
    shell.show("sealtape", "init")
    shell.run("git", "add", "-A")
    shell.run("git", "-c", "user.name=demo", "-c", "user.email=demo@example.com", "commit", "-qm", "tests")

    step("Record: real requests over sockets, once")
    with announcement_service() as url:
        shell.environment["ANNOUNCE_URL"] = url
        recording = shell.show("pytest", "--record-mode=once", "--sandbox=embedded", "-q")
    cassettes = sorted(project.rglob("*.tape"))
    if len(cassettes) < 8:
        raise Failed(f"only {len(cassettes)} cassettes were recorded")

    step("Scrubbed: what the cassettes do not hold")
    shown = [json.loads(shell.output("sealtape", "show", "--json", str(path))) for path in cassettes]
    console.print(Padding(scrubbed_table(shown), (0, 2)))

    step("Sealed: what git and a reviewer see without the key")
    shell.run("git", "add", "-A")
    console.print(Padding(sealed_diff(shell.output("git", "diff", "--cached", "--", "*.tape")), (0, 2)))

    step("Replay: the servers are off, there are no credentials, and sockets are blocked")
    replay = shell.show("pytest", "--block-network", "-q")

    step("And?")
    files = sum(path.stat().st_size for path in cassettes)
    calls = sum(len(cassette["interactions"]) for cassette in shown)
    say(
        f"{calls} interactions in {len(cassettes)} cassettes, {files / 1024:.0f} KB. "
        f"Recording took {recording:.1f} s, replay {replay:.1f} s (start of pytest included both times)."
    )
    following(project, shell)


def following(project: Path, shell: Shell) -> None:
    """Say what can be typed next."""
    bin_folder = Path(sys.executable).parent
    one = next(path for path in sorted(project.rglob("*.tape")) if "stored_key" in path.name)
    commands = [
        ("the project is still there; use it with this environment and its key", f"cd {project}"),
        ("", f"export PATH={bin_folder}:$PATH"),
        ("", f"export SEALTAPE_KEY_FILE={key_file(shell)}"),
        ("replay again", "pytest -q"),
        ("read a cassette", f"sealtape show {one.relative_to(project)}"),
        ("change a request and see a miss", "sed -i s/deployer/someone-else/ tests/conftest.py && pytest -q"),
        ("see what somebody without the key sees", "SEALTAPE_KEY_FILE=/nowhere pytest -q"),
        ("what CI asks", "sealtape verify && sealtape lint"),
    ]
    console.print()
    for why, command in commands:
        if why:
            console.print(Padding(Text(f"# {why}", style="dim"), (0, 2)))
        # Not wrapped by rich: a command must survive being copied.
        console.print(Text(f"  {command}", style="bold cyan"), soft_wrap=True)


def key_file(shell: Shell) -> Path:
    """Return the key file that ``sealtape init`` made in the demo's own home folder."""
    found = sorted(shell.home.rglob("*.key"))
    if not found:
        raise Failed("sealtape init left no key")
    return found[0]


def step(title: str) -> None:
    """Begin a section."""
    console.print()
    console.print(Rule(Text(title, style="bold"), align="left", style="dim"))


def say(text: str) -> None:
    """Print a paragraph."""
    console.print(Padding(text, (0, 2)))


class Shell:
    """Commands in the project, as a person would type them, with nothing of this machine around them."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        bin_folder = str(Path(sys.executable).parent)
        self.environment["PATH"] = bin_folder + os.pathsep + self.environment.get("PATH", os.defpath)
        self.environment |= {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "COLUMNS": str(console.width - 8),
        }

    def run(self, *command: str) -> None:
        """Run a command that has nothing to show."""
        self.output(*command)

    def output(self, *command: str) -> str:
        """Run a command and return what it prints; a failure ends the demo."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"{' '.join(command)} said\n{done.stdout}{done.stderr}")
        return done.stdout

    def show(self, *command: str) -> float:
        """Run a command, print it and what it prints, and return the seconds it took."""
        console.print(Padding(Text("$ " + " ".join(command), style="bold cyan"), (0, 2)))
        started = time.monotonic()
        output = self.output(*command)
        seconds = time.monotonic() - started
        lines = [line for line in output.splitlines() if line.strip()]
        console.print(Padding(Text("\n".join(lines), style="dim"), (0, 4)))
        return seconds


def scrubbed_table(shown: Iterable[dict[str, object]]) -> Table:
    """Count removals by rule, each with a place and the stand-in that stands there now."""
    counts: Counter[str] = Counter()
    examples: dict[str, tuple[str, str]] = {}
    for cassette in shown:
        interactions = cassette["interactions"]
        assert isinstance(interactions, list)
        for interaction in interactions:
            label = interaction.get("operation") or f"{interaction.get('method')} {interaction.get('url')}"
            for removal in interaction["scrubbed"]:
                counts[removal["rule"]] += removal["count"]
                examples.setdefault(
                    removal["rule"], (f"{label} {removal['place']}", str(removal["stand_in"]))
                )
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column("rule", no_wrap=True, min_width=max(map(len, counts), default=0))
    table.add_column("values", justify="right", min_width=6)
    table.add_column("for instance at", overflow="ellipsis", no_wrap=True, max_width=console.width - 62)
    table.add_column("where now stands", overflow="ellipsis", no_wrap=True, max_width=24)
    for rule, count in counts.most_common():
        place, stand_in = examples[rule]
        table.add_row(rule, str(count), place, stand_in)
    return table


def sealed_diff(diff: str, most: int = 12) -> Text:
    """Return the added lines of one cassette in ``diff``, cut to the screen."""
    files = re.split(r"(?m)^diff --git ", diff)
    chosen = next((part for part in files if "stored_key" in part.partition("\n")[0]), files[-1])
    text = Text(no_wrap=True, overflow="ellipsis")
    for line in [line for line in chosen.splitlines() if line.startswith("+")][:most]:
        text.append(line + "\n", style="green")
    return text


if __name__ == "__main__":
    sys.exit(main())
