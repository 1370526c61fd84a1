"""What every workload is, where its provider is, and what that answered."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Track = Literal["aws", "http"]

NAME_CHARS = 17
"""How long `name_of` makes a name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said to call number 0, for the floors to say it again."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Site:
    """Where the providers are, or were, and where recordings lie."""

    folder: Path
    aws_url: str
    http_url: str

    @classmethod
    def from_json(cls, text: str) -> Site:
        """Return the site that `as_json` was asked of."""
        folder, aws_url, http_url = json.loads(text)
        return cls(Path(folder), aws_url, http_url)

    def as_json(self) -> str:
        """Return it as one line for another process."""
        return json.dumps([str(self.folder), self.aws_url, self.http_url])

    def recording(self, contender: str, workload: str, n: int) -> Path:
        """Return where a contender keeps its recording of ``n`` calls, without a suffix."""
        folder = self.folder / contender.replace(" ", "-")
        folder.mkdir(exist_ok=True)
        return folder / f"{workload}-{n}"

    def keep_answer(self, workload: str, answer: Answer) -> None:
        """Keep what the provider said."""
        body = base64.b64encode(answer.body).decode()
        self._answer_path(workload).write_text(json.dumps([answer.status, answer.headers, body]))

    def answer(self, workload: str) -> Answer:
        """Return what the provider said."""
        status, headers, body = json.loads(self._answer_path(workload).read_text())
        return Answer(status, [(name, value) for name, value in headers], base64.b64decode(body))

    def _answer_path(self, workload: str) -> Path:
        return self.folder / f"answer-{workload}.json"


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of call, made N times with one client.

    ``client`` makes a client for a site, ``canned`` one whose calls are all answered with `Site.answer`, by
    the least code in the place where sealtape answers: its floor. ``call`` makes call number ``index``
    and returns the name that was answered; ``play`` makes the first N and returns the last name.
    ``prepare`` fills the provider for N calls and keeps its answer. ``body`` is the size of an answer's
    body in bytes, about; ``most`` is the largest N there is time and room for.
    """

    name: str
    title: str
    track: Track
    client: Callable[..., Any]
    canned: Callable[..., Any]
    call: Callable[[Any, Site, int], Any]
    play: Callable[[Any, Site, int], str]
    prepare: Callable[[Site, int], None]
    close: Callable[[Any], None] = lambda client: None
    body: int = 200
    most: int = 10_000

    def sizes(self, wanted: Sequence[int]) -> list[int]:
        """Return the N to measure, of those that are wanted."""
        return sorted({min(n, self.most) for n in wanted})


def name_of(index: int) -> str:
    """Return what answer number ``index`` says, by which a wrong answer is told from the right one."""
    return f"part number {index:05}"


def text_of(index: int, size: int) -> bytes:
    """Return a text of ``size`` bytes that begins with the name of part number ``index``."""
    lines = [f"{name_of(index)}: what follows is its list of measures\n"]
    lines += [f"{number:06} width {120 + number % 7} height 80 spare\n" for number in range(size // 30 + 1)]
    return "".join(lines).encode()[:size]


def in_turn(call: Callable[[Any, Site, int], str]) -> Callable[[Any, Site, int], str]:
    """Return what makes calls one after the other."""

    def play(client: Any, site: Site, n: int) -> str:
        name = ""
        for index in range(n):
            name = call(client, site, index)
        return name

    return play
