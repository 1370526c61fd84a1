"""What the demo prints: sections, commands with their output, and excerpts cut to the screen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

WIDTH = min(Console().width, 110)
console = Console(width=WIDTH, highlight=False)

_SEVERITIES = {"breaking": "red", "risky": "yellow", "info": "cyan"}
_HANGING = 10


def step(title: str) -> None:
    """Begin a section."""
    console.print()
    console.print(Rule(Text(title, style="bold"), align="left", style="dim"))


def say(text: str) -> None:
    """Print a paragraph."""
    console.print(Padding(text, (0, 2)))


def typed(command: Sequence[str]) -> None:
    """Print a command as it is typed."""
    console.print(Padding(Text("$ " + " ".join(command), style="bold cyan"), (0, 2)))


def printed(output: str) -> None:
    """Print all of what a command printed, blank lines apart."""
    lines = [line for line in output.splitlines() if line.strip()]
    console.print(Padding(Text("\n".join(lines), style="dim"), (0, 4)))


def report(output: str) -> None:
    """Print a drift report: lines that are too long go on below, indented as the report itself does."""
    for line in output.splitlines():
        first = (_coloured(line).wrap(console, console.width - 8) or [Text()])[0]
        console.print(Padding(first, (0, 4)))
        if rest := line[len(first) :].strip():
            console.print(Padding(Text(rest, style="dim"), (0, 4, 0, 4 + _HANGING)))


def excerpt(output: str, head: int, tail_from: str) -> None:
    """Print the first ``head`` lines of an output, and those from the line ``tail_from`` on."""
    lines = output.splitlines()
    end = lines.index(tail_from)
    left_out = Text(f"… {end - head} lines more …", style="italic")
    for line in [*map(_coloured, lines[:head]), left_out, Text(), *map(_coloured, lines[end:])]:
        line.no_wrap, line.overflow = True, "ellipsis"
        console.print(Padding(line, (0, 4)))


def next_commands(commands: Iterable[tuple[str, str]]) -> None:
    """Print commands to try, each below what it is for."""
    console.print()
    for why, command in commands:
        if why:
            console.print(Padding(Text(f"# {why}", style="dim"), (0, 2)))
        # Not wrapped by rich: a command must survive being copied.
        console.print(Text(f"  {command}", style="bold cyan"), soft_wrap=True)


def scrubbed(shown: Iterable[dict[str, object]]) -> None:
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
    console.print(Padding(table, (0, 2)))


def sealed(diff: str, most: int = 12) -> None:
    """Print the added lines of one cassette in ``diff``, cut to the screen."""
    files = re.split(r"(?m)^diff --git ", diff)
    chosen = next((part for part in files if "stored_key" in part.partition("\n")[0]), files[-1])
    text = Text(no_wrap=True, overflow="ellipsis")
    for line in [line for line in chosen.splitlines() if line.startswith("+")][:most]:
        text.append(line + "\n", style="green")
    console.print(Padding(text, (0, 2)))


def _coloured(line: str) -> Text:
    """Return a line of a drift report, its severity in the colour that a terminal gives it."""
    text = Text(line, style="dim")
    for severity, style in _SEVERITIES.items():
        text.highlight_regex(rf"^ *{severity}\b", f"not dim {style}")
    return text
