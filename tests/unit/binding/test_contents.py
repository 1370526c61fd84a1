"""What values hold, and what of it somebody decided on."""

from __future__ import annotations

import base64
import io
import tarfile
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from sealtape.binding.contents import opened
from sealtape.errors import Miss
from tests.unit.binding.cassettes import answered, asked, cassette, text


def certificate(name: str = "app.example.com", *, serial: int = 0, made: datetime | None = None) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = made or datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(made)
        .not_valid_after(made + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


def public_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_a_certificate_that_was_made_anew_matches_and_comes_back() -> None:
    then, here = certificate(), certificate()
    tape = cassette(answered(asked("acm.ImportCertificate", Certificate=then.encode()), then), start=now())
    assert text(tape, asked("acm.ImportCertificate", Certificate=here.encode())) == here


def now() -> str:
    return datetime.now(UTC).isoformat()


@pytest.mark.parametrize(
    "other",
    [
        lambda: certificate("other.example.com"),
        lambda: certificate(made=datetime(2024, 1, 1, tzinfo=UTC)),
        lambda: certificate() + certificate(),
    ],
)
def test_a_certificate_of_something_else_does_not(other: object) -> None:
    assert callable(other)
    tape = cassette(answered(asked("acm.ImportCertificate", Certificate=certificate().encode())), start=now())
    with pytest.raises(Miss):
        tape.answer(asked("acm.ImportCertificate", Certificate=other().encode()))


def test_a_public_key_that_was_made_anew_matches_and_that_of_somebody_else_does_not() -> None:
    def put(key: str, user: str) -> object:
        return asked("ec2.ImportKeyPair", KeyName="k", PublicKeyMaterial=f"{key} {user}".encode())

    tape = cassette(answered(put(public_key(), "ada@example.com"), "1"))  # type: ignore[arg-type]
    with pytest.raises(Miss):
        tape.answer(put(public_key(), "eve@example.com"))  # type: ignore[arg-type]
    assert text(tape, put(public_key(), "ada@example.com")) == "1"  # type: ignore[arg-type]


def tarred(when: int, content: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        entry = tarfile.TarInfo("main.py")
        entry.size, entry.mtime = len(content), when
        archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def test_a_packed_tar_is_known_by_its_files() -> None:
    tape = cassette(answered(asked("s3.PutObject", Key="k", body=tarred(1, b"pass")), "1"))
    with pytest.raises(Miss):
        tape.answer(asked("s3.PutObject", Key="k", body=tarred(2, b"stop")))
    assert text(tape, asked("s3.PutObject", Key="k", body=tarred(2, b"pass"))) == "1"


def test_text_in_base64_is_compared_as_text() -> None:
    def put(content: str) -> object:
        return asked("kinesis.PutRecord", Data=base64.b64encode(content.encode()).decode())

    tape = cassette(answered(put("a message about ada, of some length"), "1"))  # type: ignore[arg-type]
    with pytest.raises(Miss):
        tape.answer(put("a message about eve, of some length"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "broken",
    [
        b"PK\x03\x04 this is no archive",
        b"\x1f\x8b\x08 this is no gzip",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        b"{" * 3000,
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_what_does_not_open_is_no_more_than_it_says(broken: bytes) -> None:
    inner = opened(broken)
    assert inner is None or (inner.kind == "text" and opened(inner.tree) is None)
