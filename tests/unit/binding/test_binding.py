"""Requests that are equal to recorded ones but for what a test made up anew."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import time
import uuid
import zipfile
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sealtape.errors import Miss
from sealtape.interaction import AwsRequest, Captured, Request
from sealtape.modes import NEW_EPISODES
from tests.unit.binding.cassettes import answered, asked, cassette, fetched, opened, response, scrubber, text

THEN, HERE = "0f317f3d-954f-4dda-be63-81402a596ccf", "9c0e7a51-3b1f-4c55-8d0a-6f2b7e94d1c8"
OTHER, MORE = "5aed7dbf-0ef7-4bc9-983d-d2d4c27a35c4", "17aeb7f8-6d82-46db-80a6-3e4194140092"


def test_a_name_that_was_drawn_anew_matches_and_comes_back() -> None:
    tape = cassette(answered(asked(Bucket=THEN), f"<Location>/{THEN}</Location>"))
    answer = response(tape, asked(Bucket=HERE))
    assert answer.body.decode() == f"<Location>/{HERE}</Location>"
    assert tape.renamed == {THEN: HERE}


def test_with_exact_matching_it_is_a_miss() -> None:
    tape = cassette(answered(asked(Bucket=THEN)), match="exact")
    with pytest.raises(Miss, match="never recorded like this"):
        tape.answer(asked(Bucket=HERE))


def test_what_was_bound_is_translated_in_every_later_request() -> None:
    document = json.dumps({"Resource": f"arn:aws:s3:::{THEN}/*"})
    tape = cassette(
        answered(asked(Bucket=THEN)),
        answered(asked("s3.PutBucketPolicy", Bucket=THEN, Policy=document), "1"),
        answered(asked("s3.CopyObject", CopySource=f"/{THEN}/key", Key="copy"), "2"),
        answered(asked("lambda.Invoke", body=base64.b64encode(f"bucket={THEN}".encode())), "3"),
        answered(fetched("GET", f"https://api.example.com/buckets/{THEN}?name={THEN}"), "4"),
    )
    tape.answer(asked(Bucket=HERE))
    assert text(tape, asked("s3.PutBucketPolicy", Bucket=HERE, Policy=document.replace(THEN, HERE))) == "1"
    assert text(tape, asked("s3.CopyObject", CopySource=f"/{HERE}/key", Key="copy")) == "2"
    assert text(tape, asked("lambda.Invoke", body=base64.b64encode(f"bucket={HERE}".encode()))) == "3"
    assert text(tape, fetched("GET", f"https://api.example.com/buckets/{HERE}?name={HERE}")) == "4"


def test_a_later_request_for_another_made_up_name_is_a_miss() -> None:
    tape = cassette(answered(asked(Bucket=THEN)), answered(asked("s3.DeleteBucket", Bucket=THEN)))
    tape.answer(asked(Bucket=HERE))
    with pytest.raises(Miss, match="stands for something else already"):
        tape.answer(asked("s3.DeleteBucket", Bucket=OTHER))


def test_two_recorded_requests_that_could_be_it_are_a_miss_that_says_so() -> None:
    tape = cassette(answered(asked(Bucket=THEN)), answered(asked(Bucket=OTHER)))
    with pytest.raises(
        Miss, match=r"two recorded requests could be this s3\.CreateBucket.*parameters\.Bucket"
    ):
        tape.answer(asked(Bucket=HERE))


def test_repeats_of_one_request_are_one_candidate_and_are_answered_in_order() -> None:
    state = asked("dynamodb.DescribeTable", TableName=THEN)
    tape = cassette(*(answered(state, str(n)) for n in range(3)))
    here = asked("dynamodb.DescribeTable", TableName=HERE)
    assert [text(tape, here) for _ in range(3)] == ["0", "1", "2"]


def test_what_else_is_said_tells_two_candidates_apart() -> None:
    tape = cassette(
        answered(asked(Bucket=THEN, ACL="private"), "1"), answered(asked(Bucket=OTHER, ACL="log"), "2")
    )
    assert text(tape, asked(Bucket=HERE, ACL="log")) == "2"


def test_a_value_of_the_recording_stands_for_itself() -> None:
    tape = cassette(
        answered(asked("ec2.CreateVpc"), json.dumps({"VpcId": THEN})),
        answered(asked("ec2.CreateVpc"), json.dumps({"VpcId": OTHER})),
        answered(asked("ec2.DeleteVpc", VpcId=THEN)),
    )
    tape.answer(asked("ec2.CreateVpc"))
    tape.answer(asked("ec2.CreateVpc"))
    with pytest.raises(Miss, match=r"parameters\.VpcId.*came from a response"):
        tape.answer(asked("ec2.DeleteVpc", VpcId=OTHER))


def test_another_id_than_the_one_that_a_response_gave_is_a_miss() -> None:
    tape = cassette(
        answered(asked("ec2.CreateVpc"), json.dumps({"VpcId": THEN})),
        answered(asked("ec2.DeleteVpc", VpcId=THEN)),
    )
    tape.answer(asked("ec2.CreateVpc"))
    with pytest.raises(Miss, match="came from a response, which gives it again"):
        tape.answer(asked("ec2.DeleteVpc", VpcId=HERE))


def test_a_name_that_came_again_is_not_another_one_later() -> None:
    """Both were drawn under the seed, so they are equal, and whoever then asks for a third means another."""
    tape = cassette(answered(asked(Bucket=THEN)), answered(asked("s3.DeleteBucket", Bucket=THEN)))
    tape.answer(asked(Bucket=THEN))
    with pytest.raises(Miss, match="said here too"):
        tape.answer(asked("s3.DeleteBucket", Bucket=HERE))


def test_one_name_may_not_stand_for_two() -> None:
    tape = cassette(answered(asked("x.Link", From=THEN, To=OTHER)))
    with pytest.raises(Miss):
        tape.answer(asked("x.Link", From=HERE, To=HERE))


def test_two_names_may_not_stand_for_one() -> None:
    tape = cassette(answered(asked("x.Link", From=THEN, To=THEN)))
    with pytest.raises(Miss):
        tape.answer(asked("x.Link", From=HERE, To=OTHER))


def test_a_name_that_stays_has_not_become_another() -> None:
    tape = cassette(answered(asked("x.Link", From=THEN, To=THEN)))
    with pytest.raises(Miss, match="said here too"):
        tape.answer(asked("x.Link", From=HERE, To=THEN))


@pytest.mark.parametrize(
    ("recorded", "live", "why"),
    [
        ("alpha", "beta", "a chosen name"),
        ("backups/2026-01-30", "backups/2026-01-31", "a time that was not read"),
        ("123456", "123457", "a chosen number"),
        (7, 8, "a chosen number"),
        (True, False, "another value"),
        (THEN, THEN[:-1] + "0", "too much of it is the same"),
        ("i-0123456789abcdef0", "i-0fedcba9876543210", "a chosen name"),
    ],
)
def test_a_miss_says_why_a_value_may_not_be_another(recorded: object, live: object, why: str) -> None:
    tape = cassette(answered(asked("x.Make", Name=recorded)))
    with pytest.raises(Miss, match=rf"parameters\.Name: .* recorded \({why}"):
        tape.answer(asked("x.Make", Name=live))


def test_two_regions_never_answer_for_each_other() -> None:
    tape = cassette(
        answered(asked(Bucket=THEN, region="eu-west-1"), "eu"),
        answered(asked(Bucket=THEN, region="us-east-1"), "us"),
    )
    assert text(tape, asked(Bucket=HERE, region="us-east-1")) == "us"
    with pytest.raises(Miss):
        tape.answer(asked(Bucket=HERE, region="us-east-1"))
    assert text(tape, asked(Bucket=HERE, region="eu-west-1")) == "eu"


def test_one_consistent_change_of_region_matches_with_new_names() -> None:
    tape = cassette(answered(asked(Bucket=THEN, Arn=f"arn:aws:x:eu-west-1:210987654321:{THEN}"), "1"))
    arn = f"arn:aws:x:ap-south-1:876543210987:{HERE}"
    assert text(tape, asked(Bucket=HERE, Arn=arn, region="ap-south-1")) == "1"


def test_members_named_by_made_up_names_match() -> None:
    tape = cassette(
        answered(asked("dynamodb.BatchGetItem", RequestItems={THEN: {"Keys": [{"id": {"S": "a"}}]}}), "1")
    )
    here = asked("dynamodb.BatchGetItem", RequestItems={HERE: {"Keys": [{"id": {"S": "a"}}]}})
    assert text(tape, here) == "1"
    with pytest.raises(Miss):
        tape.answer(here)


def test_lengths_and_checksums_of_an_answer_are_those_of_what_the_caller_gets() -> None:
    here, then = f"T{uuid.UUID(HERE).hex}x", THEN
    body = json.dumps({"Name": then}).encode()
    crc = ("x-amz-crc32", str(zlib.crc32(body)))
    tape = cassette(answered(asked("dynamodb.CreateTable", TableName=then), body, crc))
    with pytest.raises(Miss):
        tape.answer(asked("dynamodb.CreateTable", TableName=here))
    answer = response(tape, asked("dynamodb.CreateTable", TableName=HERE))
    assert dict(answer.headers) == {
        "x-amz-crc32": str(zlib.crc32(answer.body)),
        "Content-Length": str(len(answer.body)),
    }


def test_the_checksum_of_a_message_is_that_of_the_callers_message() -> None:
    then, here = json.dumps({"id": THEN}), json.dumps({"id": HERE})
    md5 = hashlib.md5(then.encode(), usedforsecurity=False).hexdigest()
    tape = cassette(
        answered(asked("sqs.SendMessage", MessageBody=then), json.dumps({"MD5OfMessageBody": md5}))
    )
    answer = json.loads(text(tape, asked("sqs.SendMessage", MessageBody=here)))
    assert answer["MD5OfMessageBody"] == hashlib.md5(here.encode(), usedforsecurity=False).hexdigest()


def sent(name: str, data: bytes) -> AwsRequest:
    md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
    return asked("s3.PutObject", Bucket="example", Key=name, ContentMD5=md5, body=data)


def test_a_checksum_that_is_sent_follows_its_content() -> None:
    tape = cassette(answered(sent("k", f"id={THEN}".encode()), "1"))
    assert text(tape, sent("k", f"id={HERE}".encode())) == "1"


def test_a_checksum_that_is_not_that_of_its_content_does_not_match() -> None:
    right = sent("k", f"id={THEN}".encode())
    wrong = sent("k", b"something else")
    tape = cassette(answered(right))
    with pytest.raises(Miss, match="not the checksum of what is sent with it"):
        tape.answer(replace(wrong, body=f"id={HERE}".encode()))


def packed(when: int, files: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, when, 0, 0, 0)), content)
    return target.getvalue()


def test_an_archive_that_was_packed_at_another_time_matches_and_comes_back() -> None:
    then, here = packed(1, {"main.py": "pass"}), packed(2, {"main.py": "pass"})
    put, get = asked("s3.PutObject", Key="k", body=then), asked("s3.GetObject", Key="k")
    etag = ("ETag", f'"{hashlib.md5(then, usedforsecurity=False).hexdigest()}"')
    tape = cassette(answered(put, b"", etag), answered(get, then, etag))
    answer = response(tape, asked("s3.PutObject", Key="k", body=here))
    assert dict(answer.headers)["ETag"] == f'"{hashlib.md5(here, usedforsecurity=False).hexdigest()}"'
    assert response(tape, get).body == here


def test_an_archive_of_other_files_does_not_match() -> None:
    tape = cassette(answered(asked("s3.PutObject", Key="k", body=packed(1, {"main.py": "pass"}))))
    for files in ({"main.py": "stop"}, {"other.py": "pass"}, {"main.py": "pass", "b.py": ""}):
        with pytest.raises(Miss):
            tape.answer(asked("s3.PutObject", Key="k", body=packed(2, files)))


def test_code_that_is_scrubbed_is_known_by_its_files() -> None:
    def function(data: bytes) -> Request:
        return asked("lambda.CreateFunction", FunctionName="f", Code={"ZipFile": data})

    tape = cassette(answered(function(packed(1, {"main.py": "pass"})), "1"))
    with pytest.raises(Miss):
        tape.answer(function(packed(1, {"main.py": "stop"})))
    assert text(tape, function(packed(2, {"main.py": "pass"}))) == "1"


def test_a_secret_matches_any_secret_in_its_place_and_comes_back() -> None:
    def put(password: str) -> Request:
        return asked("rds.CreateDBInstance", DBInstanceIdentifier="db", MasterUserPassword=password)

    def check(password: str) -> Request:
        return asked("rds.ModifyDBInstance", DBInstanceIdentifier="db", MasterUserPassword=password)

    then, here = "recorded-" + "pass-1", "another-" + "word-2"
    tape = cassette(answered(put(then), json.dumps({"MasterUserPassword": then})), answered(check(then), "2"))
    assert json.loads(text(tape, put(here)))["MasterUserPassword"] == here
    with pytest.raises(Miss):
        tape.answer(check("a-third-" + "word"))
    assert text(tape, check(here)) == "2"


def encrypted(data: bytes) -> Request:
    return asked("kms.Encrypt", KeyId="alias/example", Plaintext=data)


def stored(value: str, kind: str = "SecureString") -> Request:
    return asked("ssm.PutParameter", Name="/example/key", Value=value, Type=kind)


def test_a_key_that_is_sensitive_matches_another_key_in_its_place() -> None:
    then, here, more = (bytes(range(start, start + 32)) for start in (128, 160, 192))
    tape = cassette(answered(encrypted(then), "1"), answered(encrypted(then), "2"))
    assert text(tape, encrypted(here)) == "1"
    with pytest.raises(Miss):
        tape.answer(encrypted(more))
    assert text(tape, encrypted(here)) == "2"


@pytest.mark.parametrize(
    ("then", "here"),
    [
        (b"an order of ada", b"an order of eve"),
        (bytes(range(128, 160)), b"a text of thirty-two characters!"),
        (bytes(range(128, 138)), bytes(range(148, 158))),
        (bytes(range(128, 144)), bytes(range(148, 180))),
    ],
    ids=["texts", "a text for a key", "shorter than keys", "a longer key"],
)
def test_sensitive_data_that_somebody_may_have_typed_stands_for_itself(then: bytes, here: bytes) -> None:
    tape = cassette(answered(encrypted(then), "1"))
    with pytest.raises(Miss):
        tape.answer(encrypted(here))
    assert text(tape, encrypted(then)) == "1"


def test_what_the_caller_calls_a_secret_matches_any_other_and_what_it_does_not_stands_for_itself() -> None:
    then, here = "recorded-" + "pass-1", "another-" + "word-2"
    tape = cassette(answered(stored(then), "1"), answered(stored(then, "String"), "2"))
    with pytest.raises(Miss):
        tape.answer(stored(here, "String"))
    assert text(tape, stored(here)) == "1"
    assert text(tape, stored(here, "String")) == "2"


def login(password: str) -> Request:
    return asked("rds.CreateDBInstance", DBInstanceIdentifier="db", MasterUserPassword=password)


def test_a_secret_that_the_caller_has_sent_is_not_another_one_later() -> None:
    right, wrong = "recorded-" + "pass-1", "mistaken-" + "pass-2"
    tape = cassette(answered(login(right), "1"), answered(login(right), "2"))
    assert text(tape, login(right)) == "1"
    with pytest.raises(Miss):
        tape.answer(login(wrong))


def test_two_secrets_of_one_test_do_not_change_places() -> None:
    def change(old: str, new: str) -> Request:
        return asked("x.ChangePassword", PreviousPassword=old, ProposedPassword=new)

    first, second = "recorded-" + "pass-1", "another-" + "pass-22"
    tape = cassette(answered(change(first, second)))
    with pytest.raises(Miss):
        tape.answer(change(second, first))


def test_who_is_meant_is_no_secret_that_another_may_stand_for() -> None:
    tape = cassette(
        answered(asked("cognito-idp.AdminGetUser", UserPoolId="eu-west-1_example", Username="alice"))
    )
    with pytest.raises(Miss):
        tape.answer(asked("cognito-idp.AdminGetUser", UserPoolId="eu-west-1_example", Username="robin"))


def test_another_account_is_no_secret_that_any_may_stand_for() -> None:
    def share(account: str) -> Request:
        return asked("ec2.ModifyImageAttribute", ImageId="ami-1", UserIds=[account])

    tape = cassette(answered(share("210987654321")))
    with pytest.raises(Miss):
        tape.answer(share("876543210987"))


RECORDED, ELSEWHERE = "210987654321", "876543210987"


def shared(account: str) -> Request:
    return asked("ecr.DescribeRepositories", registryId=account)


def assumed(account: str) -> Request:
    return asked("sts.AssumeRole", RoleArn=f"arn:aws:iam::{account}:role/deploy", RoleSessionName="ci")


def test_an_account_that_is_another_one_here_is_so_wherever_it_is_said() -> None:
    document = json.dumps({"Principal": {"AWS": RECORDED}})
    tape = cassette(
        answered(assumed(RECORDED)),
        answered(shared(RECORDED), "1"),
        answered(asked("ecr.SetRepositoryPolicy", repositoryName="a", policyText=document), "2"),
    )
    tape.answer(assumed(ELSEWHERE))
    with pytest.raises(Miss):
        tape.answer(shared("543210987654"))
    assert text(tape, shared(ELSEWHERE)) == "1"
    policy = document.replace(RECORDED, ELSEWHERE)
    assert text(tape, asked("ecr.SetRepositoryPolicy", repositoryName="a", policyText=policy)) == "2"


def test_an_account_of_which_nothing_says_that_it_is_another_one_here_stands_for_itself() -> None:
    tape = cassette(answered(assumed(RECORDED)), answered(shared(RECORDED)))
    with pytest.raises(Miss):
        tape.answer(shared(ELSEWHERE))
    tape.answer(assumed(RECORDED))
    with pytest.raises(Miss):
        tape.answer(shared(ELSEWHERE))


def test_the_access_key_id_of_the_caller_is_its_own_wherever_it_is_said() -> None:
    then, here, third = ("AKIA" + letters * 4 for letters in ("WXYZ", "QRST", "GHJK"))

    def renewed(caller: str, said: str) -> Request:
        call = asked("iam.UpdateAccessKey", AccessKeyId=said, Status="Inactive")
        return replace(call, caller=caller)

    tape = cassette(answered(replace(asked("iam.GetUser"), caller=then)), answered(renewed(then, then), "1"))
    tape.answer(replace(asked("iam.GetUser"), caller=here))
    with pytest.raises(Miss):
        tape.answer(renewed(here, third))
    assert text(tape, renewed(here, here)) == "1"


START = datetime(2025, 6, 17, 9, 30, 4, 599479, tzinfo=UTC)


def at(moment: datetime) -> dict[str, str]:
    return {"$time": moment.isoformat()}


def dated(request: Request, moment: datetime, body: str = "") -> Captured:
    return answered(request, body, ("Date", f"{moment:%a, %d %b %Y %H:%M:%S GMT}"))


def test_a_time_that_was_read_from_the_clock_matches_and_comes_back() -> None:
    request = asked("logs.Put", At=round(START.timestamp() * 1000), Since=at(START - timedelta(days=2)))
    body = json.dumps({"At": round(START.timestamp() * 1000), "Day": START.strftime("%Y-%m-%dT%H:%M:%SZ")})
    tape = cassette(answered(request, body), start=START.isoformat())
    now = datetime.now(UTC)
    here = asked("logs.Put", At=round(now.timestamp() * 1000), Since=at(now - timedelta(days=2)))
    answer = json.loads(text(tape, here))
    assert answer == {"At": round(now.timestamp() * 1000), "Day": now.strftime("%Y-%m-%dT%H:%M:%SZ")}


def test_two_times_of_one_second_are_told_apart() -> None:
    then = [START, START + timedelta(milliseconds=300)]
    tape = cassette(
        *(answered(asked(f"x.Put{i}", At=at(one)), one.isoformat()) for i, one in enumerate(then)),
        start=START.isoformat(),
    )
    now = datetime.now(UTC).replace(microsecond=100)
    for index, here in enumerate((now, now + timedelta(microseconds=700))):
        assert text(tape, asked(f"x.Put{index}", At=at(here))) == here.isoformat()


def test_a_time_in_a_name_matches() -> None:
    tape = cassette(answered(asked(Bucket=f"example-{int(START.timestamp())}"), "1"), start=START.isoformat())
    assert text(tape, asked(Bucket=f"example-{int(time.time())}")) == "1"


def test_without_a_start_the_dates_of_responses_say_when_it_was() -> None:
    tape = cassette(dated(asked("x.Put", At=at(START)), START, "1"))
    assert text(tape, asked("x.Put", At=at(datetime.now(UTC)))) == "1"


@pytest.mark.parametrize(
    ("recorded", "live"),
    [
        (START, START + timedelta(hours=1)),
        (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC)),
        (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 1, 31, 0, 0, 1, tzinfo=UTC)),
        (START + timedelta(days=1), START + timedelta(days=2)),
        (datetime(2026, 1, 31, 12, 34, 56, tzinfo=UTC), datetime(2026, 1, 31, 12, 34, 57, tzinfo=UTC)),
    ],
)
def test_a_time_that_was_chosen_does_not_match(
    recorded: datetime, live: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = cassette(dated(asked("x.Put", At=at(recorded)), START), start=START.isoformat())
    monkeypatch.setattr(time, "time", lambda: START.timestamp() + 0.2)
    with pytest.raises(Miss, match=r"parameters\.At.*not read from the clock"):
        tape.answer(asked("x.Put", At=at(live)))


def test_an_hour_that_is_as_far_off_as_the_replay_is_still_counts_as_chosen() -> None:
    """Noon of a day is nobody's clock, even if noon of the day of the replay stands in its place."""
    then = datetime(2026, 3, 1, 12, tzinfo=UTC)
    tape = cassette(answered(asked("x.Put", At=at(then))), start=START.isoformat())
    with pytest.raises(Miss):
        tape.answer(asked("x.Put", At=at(then + (datetime.now(UTC) - START))))


def test_a_time_that_a_module_read_when_it_was_imported_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was read by the real clock, and the cassette's comes again."""
    tape = cassette(
        answered(asked("x.Put", At=at(START - timedelta(seconds=20))), "1"), start=START.isoformat()
    )
    imported = datetime.now(UTC) - timedelta(seconds=40)
    monkeypatch.setattr(time, "time", lambda: START.timestamp())
    assert text(tape, asked("x.Put", At=at(imported))) == "1"


def test_new_episodes_are_told_in_the_names_of_the_recording() -> None:
    create, new = asked(Bucket=HERE), asked("s3.PutObject", Bucket=HERE, Key="k")
    tape = cassette(answered(asked(Bucket=THEN)), mode=NEW_EPISODES)
    tape.answer(create)
    assert tape.answer(new) is None
    outcome = answered(new, f"<Bucket>{HERE}</Bucket>").interaction.outcome
    tape.record(new, lambda: outcome)
    again = opened(tape.finished())
    again.answer(asked(Bucket=MORE))
    assert text(again, asked("s3.PutObject", Bucket=MORE, Key="k")) == f"<Bucket>{MORE}</Bucket>"


def test_what_is_equal_is_answered_before_what_could_be() -> None:
    tape = cassette(answered(asked(Bucket=THEN), "then"), answered(asked(Bucket=OTHER), "other"))
    assert text(tape, asked(Bucket=OTHER)) == "other"
    assert text(tape, asked(Bucket=HERE)) == "then"


def test_threads_that_ask_at_once_get_what_is_theirs() -> None:
    count = 16
    names = [
        (str(uuid.UUID(int=hash_of(i), version=4)), str(uuid.UUID(int=hash_of(-i - 1), version=4)))
        for i in range(count)
    ]
    tape = cassette(
        *(
            answered(asked("s3.CreateBucket", Bucket=then, ACL=f"acl{i:02}x"), then)
            for i, (then, _) in enumerate(names)
        ),
        *(answered(asked("s3.HeadBucket", Bucket=then), then) for then, _ in names),
    )
    got: dict[int, list[str]] = {}
    start = threading.Barrier(count)

    def ask(index: int) -> None:
        start.wait()
        here = names[index][1]
        got[index] = [
            text(tape, asked("s3.CreateBucket", Bucket=here, ACL=f"acl{index:02}x")),
            text(tape, asked("s3.HeadBucket", Bucket=here)),
        ]

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {index: [names[index][1]] * 2 for index in range(count)}


def hash_of(number: int) -> int:
    return int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:16], "big")


def test_hundreds_of_made_up_names_are_told_apart() -> None:
    count = 500
    names = [
        (str(uuid.UUID(int=hash_of(i), version=4)), str(uuid.UUID(int=hash_of(-i - 1), version=4)))
        for i in range(count)
    ]
    recorded = scrubber().scrub(
        [
            answered(asked("s3.PutObject", Bucket="example", Key=f"{i:05}/{then}"), then)
            for i, (then, _) in enumerate(names)
        ]
        + [
            answered(asked("s3.GetObject", Bucket="example", Key=f"{i:05}/{then}"), then)
            for i, (then, _) in enumerate(names)
        ]
    )
    tape = opened(recorded)
    for operation in ("s3.PutObject", "s3.GetObject"):
        for i, (_, here) in enumerate(names):
            assert text(tape, asked(operation, Bucket="example", Key=f"{i:05}/{here}")) == here
