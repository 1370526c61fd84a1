"""Which tests use a cassette, and which file each of them maps to."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

import pytest

from sealtape.errors import NameCollision

_MAX_BYTES = 255 - len(".tape.new")
"""What ext4, APFS and NTFS allow in a file name, less the longest suffix of ours."""


def is_marked(item: pytest.Item) -> bool:
    """Whether a test is marked with ``@pytest.mark.vcr``."""
    return item.get_closest_marker("vcr") is not None


def file_name(name: str) -> str:
    """Return ``name``, cut and told apart by a digest where it is too long for a file."""
    data = name.encode()
    if len(data) <= _MAX_BYTES:
        return name
    digest = hashlib.sha256(data).hexdigest()[:16]
    return data[: _MAX_BYTES - len(digest) - 1].decode(errors="ignore") + "-" + digest


def refuse_shared_names(items: list[pytest.Item]) -> None:
    """Raise if two marked tests map to one cassette file without having said so.

    Case and Unicode form are folded: not every file system tells them apart.
    """
    from pytest_recording.plugin import get_default_cassette_name

    seen: dict[tuple[Path, str], pytest.Item] = {}
    for item in items:
        if not is_marked(item) or item.get_closest_marker("default_cassette"):
            continue
        name = file_name(get_default_cassette_name(getattr(item, "cls", None), item.name))
        folded = unicodedata.normalize("NFC", name).casefold()
        other = seen.setdefault((item.path, folded), item)
        if other is not item:
            error = NameCollision(
                "two tests share one cassette",
                where=item.nodeid,
                why=f"its name and that of {other.nodeid} both map to {name}.tape",
                hint='rename one, or share it on purpose: @pytest.mark.default_cassette("a-name")',
            )
            raise pytest.UsageError(str(error))
