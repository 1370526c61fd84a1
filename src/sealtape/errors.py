"""Every error that a user of sealtape can meet.

::

    SealtapeError                     exit code
    ├── UsageError                    2   an option, a name or a call that makes no sense
    │   ├── SettingsError             2   [tool.sealtape] in pyproject.toml
    │   ├── NameEscapes               2   a cassette name that leaves its folder
    │   └── NameCollision             2   two tests whose names map to one file
    ├── KeyringError                  3
    │   ├── KeyMissing                3   no key here: the cassette is locked
    │   ├── KeyMalformed              3   a key that is not one
    │   ├── KeyWrong                  3   a key, but not the one this cassette was sealed with
    │   ├── KeyringTampered           3   the keyring is not as `sealtape keys` wrote it
    │   └── KeyringTooNew             3   a later keyring than this version reads
    ├── CassetteError                 3
    │   ├── CassetteMissing           3   no such file; the only one that may lead to recording
    │   ├── CassetteTruncated         3   the end is missing
    │   ├── CassetteTampered          3   bytes, rows or their order are not as they were sealed
    │   ├── CassetteConflicted        3   merge-conflict markers
    │   ├── CassetteTooNew            3   a later format than this version reads
    │   ├── CassetteMalformed         3   not a cassette at all
    │   └── CassetteMisnamed          3   a whole cassette under another's name
    ├── StoreError                    3
    │   ├── CassetteBusy              3   another process is writing it
    │   └── StoreUnwritable           3   the folder or the disk refuses
    ├── ResidueFound                  3   scrubbing left a secret; nothing was written
    ├── SandboxError                  3
    │   ├── SandboxRefused            3   an account, region, host or operation that may not be recorded
    │   ├── SandboxExhausted          3   the budget of calls is used up
    │   └── SandboxUnreachable        3   the sandbox does not answer
    ├── Miss                          1   a request that the cassette does not answer
    │   └── NetworkBlocked            1   a connection or lookup where the network is closed
    ├── Unplayed                      1   recorded interactions that the test no longer makes
    └── Expired                       1   a cassette that nobody has confirmed for too long

Every one says what happened, where, why, and a command or a line that mends it. The message never
holds a recorded or live value that has not been scrubbed. All of them are ordinary exceptions outside
botocore's, requests' and OSError's trees, because client libraries swallow or retry those.
"""

from __future__ import annotations


class SealtapeError(Exception):
    """What happened, where, why, and what to do about it.

    ``what`` and ``why`` are lower-case sentences without a final period; ``where`` names a file, row,
    test or setting; ``hint`` is something that can be typed. ``str()`` gives all of it, over up to two
    lines. ``exit_code`` is what the command line exits with.
    """

    exit_code = 3

    def __init__(self, what: str, *, where: str = "", why: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.why = why
        self.hint = hint
        # Not super(): a miss also descends from vcrpy's exception, whose initialiser wants other things.
        Exception.__init__(self, self._text())

    def _text(self) -> str:
        first = ": ".join(part for part in (self.where, self.what, self.why) if part)
        return f"{first}\nhint: {self.hint}" if self.hint else first

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders under pytest-xdist; keyword arguments do not survive by default.
        return (_rebuild, (type(self), self.what, self.where, self.why, self.hint))


def _rebuild(kind: type[SealtapeError], what: str, where: str, why: str, hint: str) -> SealtapeError:
    error = SealtapeError.__new__(kind)
    SealtapeError.__init__(error, what, where=where, why=why, hint=hint)
    return error


class UsageError(SealtapeError):
    """An option, a name or a call that makes no sense."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting in ``[tool.sealtape]`` that is unknown or has the wrong kind of value."""


class NameEscapes(UsageError):
    """A cassette name that would leave the cassette folder."""


class NameCollision(UsageError):
    """Two tests whose names map to one cassette file."""


class KeyringError(SealtapeError):
    """Something is wrong with the key, not with the cassette."""


class KeyMissing(KeyringError):
    """No key is at hand; the cassette is locked."""


class KeyMalformed(KeyringError):
    """What was given as a key is not one."""


class KeyWrong(KeyringError):
    """The key at hand is not the one that the cassette was sealed with."""


class KeyringTampered(KeyringError):
    """The keyring, or an entry in it, is not as it was written."""


class KeyringTooNew(KeyringError):
    """The keyring was written in a later format than this version reads."""


class CassetteError(SealtapeError):
    """A cassette that cannot be used as it is."""


class CassetteMissing(CassetteError):
    """There is no such cassette. The only failure that may lead to a recording."""


class CassetteTruncated(CassetteError):
    """The cassette ends before its end row."""


class CassetteTampered(CassetteError):
    """Rows were edited, dropped, repeated, reordered or taken from elsewhere."""


class CassetteConflicted(CassetteError):
    """The cassette holds merge-conflict markers."""


class CassetteTooNew(CassetteError):
    """The cassette was written in a later format than this version reads."""


class CassetteMalformed(CassetteError):
    """The file is not a cassette."""


class CassetteMisnamed(CassetteError):
    """The cassette is whole, but bound to another name."""


class StoreError(SealtapeError):
    """A cassette could not be written."""


class CassetteBusy(StoreError):
    """Another process or thread is writing the same cassette."""


class StoreUnwritable(StoreError):
    """The folder or the disk refuses the write; the accepted cassette is as it was."""


class ResidueFound(SealtapeError):
    """Scrubbing left something that looks like a secret; nothing was written."""


class SandboxError(SealtapeError):
    """A call that was not sent because the sandbox rules do not permit it."""


class SandboxRefused(SandboxError):
    """An account, region, host or operation that may not be recorded."""


class SandboxExhausted(SandboxError):
    """The budget of recorded calls is used up."""


class SandboxUnreachable(SandboxError):
    """The sandbox to record against does not answer."""


class Miss(SealtapeError):
    """A request that the cassette does not answer and that may not be sent.

    ``is_expected`` is set on one that a test awaited by name: it does not fail the test at its end.
    """

    exit_code = 1
    is_expected = False


class NetworkBlocked(Miss, RuntimeError):
    """A connection, or the lookup of a name, where nothing may leave this machine.

    Also a ``RuntimeError``, which pytest-recording raises for the connections that it blocks.
    """


class Unplayed(SealtapeError):
    """A passing test no longer makes requests that its cassette holds."""

    exit_code = 1


class Expired(SealtapeError):
    """A cassette that nobody has confirmed for longer than ``max_age``."""

    exit_code = 1
