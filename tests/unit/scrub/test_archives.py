from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable

import pytest

from sealtape.errors import ResidueFound
from sealtape.interaction import Captured, HttpRequest, Interaction, Response, Scrubbed
from sealtape.scrub import Scrubber, archives
from sealtape.settings import ScrubSettings

SECRET = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
HOLDING = f"token {SECRET}\n".encode()
PLACE = "unreadable@GET:response.body"


def zipped(
    content: bytes = HOLDING, names: tuple[str, ...] = ("a.txt",), comment: bytes = b"", method: int = 8
) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.NameToInfo.clear()
            archive.writestr(zipfile.ZipInfo(name), content, method)
        archive.comment = comment
    return made.getvalue()


def tarred(content: bytes = HOLDING, kind: int = tarfile.GNU_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=kind) as archive:
        folder, link = tarfile.TarInfo("a"), tarfile.TarInfo("a/link")
        folder.type, link.type, link.linkname = tarfile.DIRTYPE, tarfile.SYMTYPE, "b.txt"
        file = tarfile.TarInfo("a/b.txt")
        file.size, file.mtime, file.mode = len(content), 1_700_000_000, 0o640
        archive.addfile(folder)
        archive.addfile(file, io.BytesIO(content))
        archive.addfile(link)
    return made.getvalue()


def encrypted() -> bytes:
    data = bytearray(zipped())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def scrub(body: bytes, *, allow: tuple[str, ...] = ()) -> bytes:
    request = HttpRequest("GET", "https://api.example.com/")
    captured = Captured(Interaction(request, Response(200, "OK", (), body)))
    [item] = Scrubber(ScrubSettings(allow=allow), bytes(32), environ={}).scrub([captured])
    assert isinstance(item, Scrubbed)
    outcome = item.interaction.outcome
    assert isinstance(outcome, Response)
    return outcome.body


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_a_file_in_a_tar_is_looked_into_and_everything_else_about_it_stays(kind: int) -> None:
    body = scrub(tarred(kind=kind))
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        members = archive.getmembers()
        file = archive.extractfile("a/b.txt")
        assert file is not None
        assert SECRET.encode() not in file.read()
    assert [(m.name, m.type, m.linkname) for m in members] == [
        ("a", tarfile.DIRTYPE, ""),
        ("a/b.txt", tarfile.REGTYPE, ""),
        ("a/link", tarfile.SYMTYPE, "b.txt"),
    ]
    assert (members[1].mtime, members[1].mode) == (1_700_000_000, 0o640)
    assert scrub(tarred(b"nothing", kind)) == tarred(b"nothing", kind)


@pytest.mark.parametrize(
    ("pack", "unpack"),
    [(gzip.compress, gzip.decompress), (bz2.compress, bz2.decompress), (lzma.compress, lzma.decompress)],
)
def test_a_packed_archive_is_looked_into_and_packed_again(
    pack: Callable[[bytes], bytes], unpack: Callable[[bytes], bytes]
) -> None:
    files = archives.unpacked(unpack(scrub(pack(tarred()))))
    assert files is not None
    assert files.keys() == {"a/b.txt"}
    assert SECRET.encode() not in files["a/b.txt"]
    body = pack(tarred(b"nothing"))
    assert scrub(body) == body


@pytest.mark.filterwarnings("error")
def test_every_file_of_a_name_and_the_comment_of_a_zip_are_looked_into() -> None:
    files = archives.unpacked(scrub(zipped(names=("a", "a"), comment=HOLDING)))
    assert files is not None
    assert list(files) == ["a", "a\0", "\0"]
    assert not any(SECRET.encode() in content for content in files.values())


@pytest.mark.parametrize(
    "body",
    [
        zipped()[:-30],
        zipped() + b"more",
        b"#!/bin/sh\n" + zipped(),
        zipped(b"", names=(SECRET,)),
        zipped(tarred()[:1100])[:-30],
    ],
    ids=["without its end", "with more behind it", "with more before it", "name", "piece in a piece"],
)
def test_a_secret_in_an_archive_that_cannot_be_built_again_is_refused(body: bytes) -> None:
    with pytest.raises(ResidueFound, match="service-token") as caught:
        scrub(body)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        encrypted(),
        b"7z\xbc\xaf\x27\x1c" + bytes(60),
        b"Rar!\x1a\x07\x00" + bytes(60),
        bz2.compress(bytes(1 << 26)),
    ],
    ids=["encrypted", "7z", "rar", "bomb"],
)
def test_an_archive_that_cannot_be_read_is_refused_by_name_and_can_be_accepted(body: bytes) -> None:
    with pytest.raises(ResidueFound, match=r"unreadable at GET:response\.body"):
        scrub(body)
    assert scrub(body, allow=(PLACE,)) == body


def test_archives_in_archives_are_looked_into_and_told_of_where_there_are_too_many() -> None:
    def nested(depth: int) -> bytes:
        data = HOLDING
        for level in range(depth):
            data = zipped(data) if level % 2 else gzip.compress(data)
        return data

    assert scrub(nested(8)) != nested(8)
    with pytest.raises(ResidueFound, match="unreadable"):
        scrub(nested(30))


def test_a_sparse_file_larger_than_memory_is_not_unpacked() -> None:
    made = io.BytesIO()
    file = tarfile.TarInfo("a")
    file.size, file.type = 1 << 50, tarfile.GNUTYPE_SPARSE
    made.write(file.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    data = made.getvalue()
    assert archives.is_archive(data)
    assert archives.unpacked(data) is None
    assert archives.read(data) == ({"": bytes(1024)}, False)


def test_a_broken_archive_without_a_secret_stays_as_it_is() -> None:
    body = zipped(b"nothing to see here " * 9)[:-30]
    assert scrub(body) == body


@pytest.mark.parametrize(
    "body",
    [
        b"PK\x03\x04 a build artifact " * 100,
        b"PK\x03\x04",
        b"PK\x03\x04" + bytes(range(255, 0, -1)),
        b"PK\x03\x04" + bytes(100),
        b"\x1f\x8b" + b"not really " * 20,
        b"BZh9" + bytes(range(100)),
        b"\xfd7zXZ\0" + bytes(range(100)),
        b"Rar! is a name",
    ],
    ids=range(8),
)
def test_what_only_begins_like_an_archive_stays_as_it_is(body: bytes) -> None:
    assert scrub(body) == body
