"""AWS credentials and a region for replay on a machine that has none.

Making a botocore client looks up credentials (instance metadata included), the profile and the region
before any hook sees a request. A replay needs none of them, but it must not fail for their lack, and
must not ask the network for them.
"""

from __future__ import annotations

import configparser
import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sealtape.capture.current import current

INVENTED_KEY_ID = "AKIA" + "SEALTAPEREPLAY00"
INVENTED_SECRET = "sealtape/replay/invented/not/a/secret+00"
DEFAULT_REGION = "us-east-1"
"""The embedded sandbox's: what was recorded there without a region of its own replays in the same one."""

# What a profile says about credentials: keys, a role, single sign-on, a process, a token file.
_CREDENTIALS = ("aws_access_key_id", "role_arn", "sso_", "credential_", "web_identity_", "login_session")


_regions: list[tuple[str, bool]] = []
"""The default region of each replay that this process is in, and whether its environment had none."""


@contextmanager
def replaying(regions: Sequence[str] = ()) -> Iterator[None]:
    """Let clients be made in this block as on a machine that has what they ask for.

    Their default region, where the machine has none, is the first of ``regions``, in which one records.
    """
    region = next(iter(regions), DEFAULT_REGION)
    changes = replay_environment(os.environ, region)
    with changed_environment(changes):
        _regions.append(entry := (region, "AWS_DEFAULT_REGION" in changes))
        try:
            yield
        finally:
            _regions.remove(entry)


def is_replay() -> bool:
    """Whether what a client asks of its machine now is asked for a replay, as far as one can know by now."""
    conversation = current()
    return bool(_regions) if conversation is None else conversation.offline


def default_region() -> str:
    """Return the region of a replay that nothing else says."""
    return _regions[-1][0] if _regions else os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


def region_is_invented() -> bool:
    """Whether the default region in the environment is a replay's, and less than what a profile says."""
    return bool(_regions) and _regions[-1][1]


def replay_environment(environ: Mapping[str, str], region: str = DEFAULT_REGION) -> dict[str, str | None]:
    """Return the variables to set, or to remove (None), so that clients can be made offline.

    What the machine has is left alone: credentials and a default region in the environment, and what the
    active profile of the shared files says. A profile that does not exist is dropped.
    """
    changes: dict[str, str | None] = {}
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "/nonexistent")
    config = _sections(Path(environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config"))
    shared = _sections(Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials"))
    profile = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    if profile != "default" and profile not in shared and f"profile {profile}" not in config:
        changes |= {name: None for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if name in environ}
        profile = "default"
    active = config.get(f"profile {profile}", config.get(profile, {})) | shared.get(profile, {})
    if "AWS_ACCESS_KEY_ID" not in environ and not any(name.startswith(_CREDENTIALS) for name in active):
        changes |= {"AWS_ACCESS_KEY_ID": INVENTED_KEY_ID, "AWS_SECRET_ACCESS_KEY": INVENTED_SECRET}
    if not environ.get("AWS_DEFAULT_REGION") and "region" not in active:
        # botocore does not read AWS_REGION; other SDKs and many machines set only that.
        changes["AWS_DEFAULT_REGION"] = environ.get("AWS_REGION") or region
    return changes


def _sections(path: Path) -> dict[str, dict[str, str]]:
    try:
        status = path.stat()
    except OSError:
        return {}
    return _read_sections(path, (status.st_ino, status.st_mtime_ns, status.st_size))


@functools.lru_cache(maxsize=16)
def _read_sections(path: Path, _: tuple[int, ...]) -> dict[str, dict[str, str]]:
    """Return the sections of a file in a certain state: every cassette that is opened asks for them."""
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        # botocore will say what is wrong with the file, in its own words, when something needs it.
        return {}
    return {name: dict(parser.items(name)) for name in parser.sections()}


@contextmanager
def changed_environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Set variables of this process, or remove those that are None, and put everything back after."""
    before = {name: os.environ.get(name) for name in changes}
    _apply(changes)
    try:
        yield
    finally:
        _apply(before)


def _apply(changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
