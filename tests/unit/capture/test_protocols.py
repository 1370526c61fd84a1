"""What S3 and the protocols do apart from plain answers, recorded over a socket and replayed."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Callable, Iterator
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ChecksumError, ClientError, FlexibleChecksumError
from botocore.session import Session

from sealtape.capture import aws, pool
from sealtape.capture.current import entered
from sealtape.interaction import AwsRequest, Interaction
from tests.unit.capture.conversations import Memory
from tests.unit.capture.streams import Streamer, streamer

DEAD = "://127.0.0.1:9"
ETAG = f'"{md5(b"0123456789").hexdigest()}"'


@pytest.fixture(autouse=True)
def _hooked() -> None:
    aws.install()
    pool.install()


def client(service: str, url: str, mode: str = "standard") -> Any:
    made = Config(retries={"mode": mode, "total_max_attempts": 2}, s3={"addressing_style": "path"})
    keys = {"aws_access_key_id": "a" * 16, "aws_secret_access_key": "b" * 40}
    return boto3.client(service, "us-east-1", endpoint_url=url, config=made, **keys)


def record_then_replay(url: str, work: Callable[[str], Any]) -> tuple[Any, Any, list[Interaction]]:
    recorder = Memory()
    with entered(recorder):
        live = work(url)
    with entered(Memory(recorder.tape)):
        return live, work(url.partition(":")[0] + DEAD), recorder.tape


def labels(tape: list[Interaction]) -> list[str]:
    return [interaction.request.label.partition(".")[2] for interaction in tape]


@pytest.fixture
def bucket(moto_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A bucket of the test's own, with one object, ``k``."""
    name = f"protocols-{abs(hash(request.node.name)) % 10**9}"
    s3 = client("s3", moto_url)
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"0123456789")
    yield name
    for item in s3.list_objects_v2(Bucket=name).get("Contents", ()):
        s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


def error(call: Callable[[], Any]) -> Any:
    with pytest.raises(ClientError) as caught:
        call()
    return type(caught.value).__name__, caught.value.response


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (
            lambda s3, b: s3.get_object(Bucket=b, Key="k", IfNoneMatch='"781e5e245d69b566979b86e28d23f2c7"'),
            304,
        ),
        (lambda s3, b: s3.get_object(Bucket=b, Key="k", IfMatch='"00000000000000000000000000000000"'), 412),
        (lambda s3, b: s3.head_object(Bucket=b, Key="none"), 404),
        (lambda s3, b: s3.get_object(Bucket=b, Key="none"), 404),
    ],
    ids=["304", "412", "head-404", "modelled-404"],
)
def test_errors_with_and_without_bodies_come_back(
    moto_url: str, bucket: str, call: Callable[[Any, str], Any], status: int
) -> None:
    live, replayed, _ = record_then_replay(
        moto_url, lambda url: error(lambda: call(client("s3", url), bucket))
    )
    assert replayed == live
    assert live[1]["ResponseMetadata"]["HTTPStatusCode"] == status


def test_empty_bodies_and_heads_come_back(moto_url: str, bucket: str) -> None:
    def work(url: str) -> Any:
        s3 = client("s3", url)
        s3.put_object(Bucket=bucket, Key="empty", Body=b"")
        head = s3.head_object(Bucket=bucket, Key="k")
        body = s3.get_object(Bucket=bucket, Key="empty")["Body"].read()
        return head, body, s3.delete_object(Bucket=bucket, Key="empty")

    live, replayed, _ = record_then_replay(moto_url, work)
    assert replayed == live
    assert (live[0]["ContentLength"], live[1]) == (10, b"")


def test_ranges_come_back(moto_url: str, bucket: str) -> None:
    def work(url: str) -> Any:
        got = client("s3", url).get_object(Bucket=bucket, Key="k", Range="bytes=2-5")
        return got["ContentRange"], got["Body"].read()

    live, replayed, _ = record_then_replay(moto_url, work)
    assert live == replayed == ("bytes 2-5/10", b"2345")


@pytest.mark.parametrize("is_right", [True, False])
def test_a_response_checksum_is_validated_on_replay_too(is_right: bool) -> None:
    def work(url: str) -> bytes:
        got = client("s3", url).get_object(Bucket="b", Key="k", ChecksumMode="ENABLED")
        try:
            return bytes(got["Body"].read())
        except FlexibleChecksumError:
            return b"damaged"

    digest = base64.b64encode(sha256(b"summed" if is_right else b"another").digest()).decode()
    headers = [("x-amz-checksum-sha256", digest)]
    with streamer([b"summed"], length=6, headers=headers) as service:
        live, replayed, _ = record_then_replay(service.url, work)
    assert live == replayed == (b"summed" if is_right else b"damaged")


@pytest.mark.parametrize("is_right", [True, False])
def test_the_crc32_of_dynamodb_is_validated_on_replay_too(is_right: bool) -> None:
    def work(url: str) -> Any:
        try:
            # The only mode in which botocore looks at it.
            return client("dynamodb", url, mode="legacy").list_tables()["TableNames"]
        except ChecksumError:
            return "damaged"

    body = b'{"TableNames": ["t"]}'
    crc = zlib.crc32(body) if is_right else 1
    with streamer([body], length=len(body), headers=[("x-amz-crc32", str(crc))]) as service:
        live, replayed, tape = record_then_replay(service.url, work)
    assert live == replayed == (["t"] if is_right else "damaged")
    assert len(tape) == (1 if is_right else 2)


def test_smithy_rpc_v2_cbor_comes_back() -> None:
    session = Session()
    service = next(
        (
            name
            for name in session.get_available_services()
            if getattr(session.get_service_model(name), "resolved_protocol", "") == "smithy-rpc-v2-cbor"
        ),
        None,
    )
    if service is None:
        return  # the oldest supported botocore has none
    model = session.get_service_model(service)
    operation = next(
        name for name in model.operation_names if name.startswith("List") and not _required(model, name)
    )

    def work(url: str) -> Any:
        return client(service, url)._make_api_call(operation, {})

    # An empty CBOR map.
    headers = [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor")]
    with streamer([b"\xa0"], length=1, headers=headers) as server:
        live, replayed, tape = record_then_replay(server.url, work)
    assert replayed == live
    request = tape[0].request
    assert isinstance(request, AwsRequest)
    assert request.protocol == "smithy-rpc-v2-cbor"


def _required(model: Any, operation: str) -> Any:
    shape = model.operation_model(operation).input_shape
    return shape is not None and shape.required_members


def test_a_redirect_to_another_region_is_followed_again() -> None:
    """S3 answers 301 with the bucket's region, and botocore asks there."""

    def work(url: str) -> Any:
        return error(lambda: client("s3", url).head_bucket(Bucket="elsewhere"))

    headers = [("x-amz-bucket-region", "eu-central-1")]
    with streamer([], length=0, status=301, headers=headers) as service:
        live, replayed, tape = record_then_replay(service.url, work)
    assert replayed == live
    assert set(labels(tape)) == {"HeadBucket"}


def test_a_body_that_cannot_be_parsed_raises_what_it_raised() -> None:
    def work(url: str) -> str:
        try:
            client("sts", url).get_caller_identity()
        except Exception as raised:
            return type(raised).__name__
        return ""

    with streamer([b"<not xml"], length=8) as service:
        live, replayed, tape = record_then_replay(service.url, work)
    assert live == replayed == "ResponseParserError"
    assert len(tape) >= 1


# Uploads and transfers.


class Pipe:
    """Something that can be read once and not rewound."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)


def test_streams_that_cannot_be_rewound_are_uploaded_and_matched(moto_url: str, bucket: str) -> None:
    def work(url: str) -> bytes:
        s3 = client("s3", url)
        s3.upload_fileobj(Pipe(b"piped" * 100), bucket, "pipe")
        target = io.BytesIO()
        s3.download_fileobj(bucket, "pipe", target)
        return target.getvalue()

    live, replayed, _ = record_then_replay(moto_url, work)
    assert live == replayed == b"piped" * 100


def test_transfers_below_and_above_the_threshold_come_back(
    moto_url: str, bucket: str, tmp_path: Path
) -> None:
    whole = bytes(range(256)) * (12 * 4096)  # 12 MiB, in two parts of at most 8
    source = tmp_path / "large.bin"
    source.write_bytes(whole)

    def work(url: str) -> tuple[bool, bool, bytes]:
        s3 = client("s3", url)
        s3.upload_file(str(source), bucket, "large")
        s3.copy({"Bucket": bucket, "Key": "large"}, bucket, "copy")
        target = tmp_path / "back.bin"
        s3.download_file(bucket, "copy", str(target))
        small = io.BytesIO()
        s3.upload_fileobj(io.BytesIO(b"small"), bucket, "small")
        s3.download_fileobj(bucket, "small", small, Config=TransferConfig(use_threads=False))
        return target.read_bytes() == whole, target.stat().st_size == len(whole), small.getvalue()

    live, replayed, tape = record_then_replay(moto_url, work)
    assert live == replayed == (True, True, b"small")
    for name in ("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "UploadPartCopy"):
        assert name in labels(tape)


class Generated(io.RawIOBase):
    """A raw stream over a generator, as a body that is made while it is sent."""

    def __init__(self, data: bytes) -> None:
        self._parts = (data[start : start + 1000] for start in range(0, len(data), 1000))
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._left = self._left or next(self._parts, b"")
        given, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


def test_what_a_generator_makes_is_uploaded_in_parts_and_matched(moto_url: str, bucket: str) -> None:
    whole = bytes(range(256)) * (9 * 4096)  # 9 MiB, in two parts of at most 8

    def work(url: str) -> bool:
        s3 = client("s3", url)
        s3.upload_fileobj(io.BufferedReader(Generated(whole)), bucket, "generated")
        return bool(s3.get_object(Bucket=bucket, Key="generated")["Body"].read() == whole)

    live, replayed, tape = record_then_replay(moto_url, work)
    assert live is replayed is True
    assert labels(tape).count("UploadPart") == 2


@pytest.mark.parametrize("refuses", [False, True], ids=["goes-on", "is-refused"])
def test_a_body_that_waits_for_100_continue_is_matched_whether_it_was_sent_or_not(refuses: bool) -> None:
    def work(url: str) -> Any:
        file = io.BytesIO(b"artifact" * 9)
        try:
            answer = client("s3", url).put_object(Bucket="b", Key="k", Body=file)
        except ClientError as raised:
            answer = raised.response
        return answer["ResponseMetadata"]["HTTPStatusCode"], file.tell()

    with streamer([], length=0, continues=403 if refuses else 100) as service:
        live, replayed, tape = record_then_replay(service.url, work)
    assert service.expected == [True] * len(tape)
    assert service.bodies == ([] if refuses else [b"artifact" * 9])
    assert live[0] == replayed[0] == (403 if refuses else 200)
    assert tape[0].request.body == b"artifact" * 9


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Streamer, str]]:
    """A server that speaks TLS, and the file with its certificate."""
    import ssl

    folder = tmp_path_factory.mktemp("tls")
    certificate = self_signed(folder)
    with streamer([], length=0) as service:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        service.socket = context.wrap_socket(service.socket, server_side=True)
        yield service, str(certificate)


def self_signed(folder: Path) -> Path:
    """Write a key and a certificate for 127.0.0.1, valid for a day."""
    import ipaddress
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now, here = datetime.now(UTC), ipaddress.ip_address("127.0.0.1")
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(here)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("make", [io.BytesIO, Pipe], ids=["seekable", "piped"])
def test_uploads_in_chunks_with_trailing_checksums_match_by_what_the_caller_sent(
    tls: tuple[Streamer, str], make: Callable[[bytes], Any]
) -> None:
    """Over TLS, and only there, botocore wraps a stream into aws-chunked."""
    service, certificate = tls

    def work(url: str) -> int:
        made = boto3.client(
            "s3", "us-east-1", endpoint_url=url, verify=certificate, aws_access_key_id="a" * 16,
            aws_secret_access_key="b" * 40, config=Config(s3={"addressing_style": "path"}),
        )  # fmt: skip
        answer = made.put_object(Bucket="b", Key="k", Body=make(b"artifact" * 9), ChecksumAlgorithm="CRC32")
        return int(answer["ResponseMetadata"]["HTTPStatusCode"])

    live, replayed, tape = record_then_replay(service.url.replace("http:", "https:"), work)
    assert live == replayed == 200
    assert tape[0].request.body == b"artifact" * 9
    sent = service.bodies[-1]
    assert base64.b64encode(zlib.crc32(b"artifact" * 9).to_bytes(4, "big")) in sent, "the trailer went out"
