"""A recorded request and a live one, compared by what nobody can have chosen: what a replay asks for.

Values may differ where both were drawn (`sealtape.renaming.draws`) or read from a clock
(`sealtape.renaming.moments`). A value that a response gave comes again in the replay, so another one in its
place is another thing; and a value that the recording says anywhere stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from sealtape.renaming.bijection import Bijection, Pair, paired
from sealtape.renaming.draws import MARK, drawn_apart, kind_of_draw, kind_of_run
from sealtape.renaming.moments import Clocks, Moment, moment_of
from sealtape.renaming.values import Piece, pieces

WORD = re.compile(r"[A-Za-z0-9]{8,}")
"""Words long enough to have been drawn."""


class Substitution(Bijection):
    """What the drawn values of a recording are called in its replay, as far as requests have shown it.

    ``asked`` and ``given`` are the words that requests and responses of the recording said first;
    ``repeated`` says of one whether a request that was answered has said it. ``clocks`` gives the times of
    both, None if the recording's is not known.
    """

    def __init__(
        self,
        asked: Collection[str],
        given: Collection[str],
        repeated: Callable[[str], bool],
        clocks: Callable[[], Clocks | None],
    ) -> None:
        super().__init__()
        self.asked, self.given = asked, given
        self.repeated, self.clocks = repeated, clocks

    def accept(self, trial: Trial) -> None:
        """Bind what a request has shown that was answered."""
        self.bind(trial.forward.items())


class Trial(Bijection):
    """What would be bound if one recorded request answered one live request.

    ``said`` are the words of the live request. ``moments`` are times, recorded and live, and ``written`` how
    they were written; ``texts`` are contents that stand for each other as a whole.
    """

    def __init__(self, so_far: Substitution, said: Iterable[str]) -> None:
        super().__init__()
        self._so_far = so_far
        self._said = frozenset(said)
        self._clocks = so_far.clocks()
        self.moments: list[tuple[Moment, Moment]] = []
        self.written: list[Pair] = []
        self.texts: list[Pair] = []

    def clashes(self, pair: Pair) -> bool:
        """Whether one of the two stands for something else already."""
        return super().clashes(pair) or self._so_far.clashes(pair)

    def compare(self, recorded: str, live: str) -> str:
        """Bind what two texts that differ show; say why they are no renaming of each other, else ``""``."""
        if kind_of_run(recorded) and kind_of_run(recorded) == kind_of_run(live):
            return self._draw(recorded, live)
        ours, theirs = pieces(recorded), pieces(live)
        why: list[str] = []

        def judge(index: int) -> Sequence[Pair] | None:
            why[:] = [self._judged(ours[index], theirs[index])]
            return None if why[0] else ()

        if paired(ours, theirs, judge) is None:
            return why[0] if why and why[0] else _kind_of_choice(recorded, live)
        return ""

    def read(self, recorded: Moment | None, live: Moment | None) -> bool:
        """Whether both are times that were read from the clocks; remember them then."""
        if recorded is None or live is None or self._clocks is None:
            return False
        if not self._clocks.read(recorded, live):
            return False
        self.moments.append((recorded, live))
        return True

    def identify(self, recorded: str, live: str) -> str:
        """Bind two values that stand for each other whatever they are; say why not, else ``""``."""
        if self.clashes((recorded, live)):
            return "one of the two stands for something else already"
        self.bind([(recorded, live)])
        return ""

    def _judged(self, ours: Piece, theirs: Piece) -> str:
        kind = kind_of_draw(ours)
        if kind and kind == kind_of_draw(theirs):
            return self._draw(ours[1], theirs[1])
        moments = moment_of(ours), moment_of(theirs)
        if self.read(*moments):
            self.written.append((ours[1], theirs[1]))
            return ""
        if None not in moments:
            return "a time that was not read from the clock"
        return _kind_of_choice(ours[1], theirs[1])

    def _draw(self, recorded: str, live: str) -> str:
        if not drawn_apart(recorded, live):
            return "too much of it is the same for two draws"
        before, here = longest_word(recorded), longest_word(live)
        if before in self._so_far.given:
            return "the recorded one came from a response, which gives it again"
        if here in self._so_far.asked or here in self._so_far.given:
            return "the recording has both"
        if before in self._said or (recorded not in self._so_far.forward and self._so_far.repeated(before)):
            return "the recorded one is said here too"
        return self.identify(recorded, live)


def masked_request_text(text: str) -> str:
    """Return ``text`` with a mark for all that may stand for another in a request: equal if it can match."""
    whole = kind_of_run(text)
    if whole:
        return whole
    return "".join(_masked(piece) for piece in pieces(text))


def _masked(piece: Piece) -> str:
    kind = kind_of_draw(piece)
    if kind:
        return kind
    return f"{MARK}time" if moment_of(piece) is not None else piece[1]


def is_all_drawn(text: str) -> bool:
    """Whether nothing in a text can have been chosen."""
    words = [piece for piece in pieces(text) if any(map(str.isalnum, piece[1]))]
    return bool(kind_of_run(text)) or all(map(kind_of_draw, words))


def drawn_values(text: str) -> list[str]:
    """Return the values in a text that nobody can have chosen."""
    if kind_of_run(text):
        return [text]
    return [piece[1] for piece in pieces(text) if kind_of_draw(piece)]


def longest_word(value: str) -> str:
    """Return the longest word in a value, by which it is known where it was said; itself if there is none."""
    return max(WORD.findall(value), key=len, default=value)


def _kind_of_choice(recorded: str, live: str) -> str:
    return "a chosen number" if (recorded + live).isdigit() else "a chosen name"
