"""Recording again: what says nothing new stays as it was, and the whole still replays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sealtape.capture.sandbox import Sandbox
from sealtape.cassette import Cassette
from sealtape.interaction import AwsRequest, Captured, HttpRequest, Interaction, Recording, Response, Scrubbed
from sealtape.modes import NONE
from sealtape.scrub.scrubber import Scrubber
from sealtape.settings import SandboxSettings, ScrubSettings
from sealtape.settling import settled

KEY = bytes(range(32))
OLD_ID, NEW_ID = "vol-0f3a9c27d1b84e655", "vol-0b81d4f6a29c7e013"
OLD_CALLER, NEW_CALLER = "AKIA" + "2F" * 8, "AKIA" + "7Q" * 8


def scrubber(*sides: tuple[Scrubbed, ...]) -> Scrubber:
    removals = [removal for side in sides for scrubbed in side for removal in scrubbed.removals]
    return Scrubber(ScrubSettings(), KEY, removals=removals, environ={})


def call(operation: str, answer: Any, caller: str = "", **parameters: Any) -> Captured:
    request = AwsRequest("backup", operation, parameters, region="eu-west-1", caller=caller)
    body = json.dumps(answer).encode()
    headers = (
        ("Content-Type", "application/json"),
        ("Date", "Mon, 05 Jan 2026 10:00:00 GMT"),
        ("Content-Length", str(len(body))),
    )
    return Captured(Interaction(request, Response(200, "OK", headers, body)))


def conversation(identity: str, state: str = "ok", caller: str = "", *more: Captured) -> tuple[Scrubbed, ...]:
    """A job is made, looked at by its id, looked at again, and ended."""
    return scrubber().scrub(
        (
            call("StartBackupJob", {"BackupJobId": identity}, caller, BackupVaultName="nightly"),
            call(
                "DescribeBackupJob", {"BackupJobId": identity, "State": state}, caller, BackupJobId=identity
            ),
            call("ListTags", {"Tags": {"of": f"job {identity}!"}}, caller, ResourceArn=f"job:{identity}"),
            *more,
            call("StopBackupJob", {}, caller, BackupJobId=identity),
        )
    )


def again(accepted: tuple[Scrubbed, ...], recorded: tuple[Scrubbed, ...]) -> tuple[Scrubbed, ...]:
    before, after = Recording("00" * 16, "name", accepted), Recording("00" * 16, "name", recorded)
    return settled(before, after, scrubber()).interactions


def changed(accepted: tuple[Scrubbed, ...], after: tuple[Scrubbed, ...]) -> list[str]:
    return [s.interaction.request.label for s in after if s not in accepted]


def test_other_ids_alone_change_nothing() -> None:
    accepted = conversation(OLD_ID)
    assert again(accepted, conversation(NEW_ID)) == accepted


def test_one_fact_changes_one_interaction_which_keeps_the_accepted_ids() -> None:
    accepted = conversation(OLD_ID)
    after = again(accepted, conversation(NEW_ID, "degraded"))
    assert changed(accepted, after) == ["backup.DescribeBackupJob"]
    outcome = after[1].interaction.outcome
    assert isinstance(outcome, Response)
    assert json.loads(outcome.body) == {"BackupJobId": OLD_ID, "State": "degraded"}


def test_the_length_of_a_body_follows_the_names_in_it() -> None:
    accepted = conversation("vol-0f3a9c27d1b84e65512a")
    after = again(accepted, conversation(NEW_ID, "degraded"))
    outcome = after[1].interaction.outcome
    assert isinstance(outcome, Response)
    assert ("Content-Length", str(len(outcome.body))) in outcome.headers


def test_an_interaction_that_came_is_told_in_the_accepted_names() -> None:
    accepted = conversation(OLD_ID)
    more = call("GetBackupPlan", {"Plan": NEW_ID}, BackupPlanId=NEW_ID)
    after = again(accepted, conversation(NEW_ID, "ok", "", more))
    assert changed(accepted, after) == ["backup.GetBackupPlan"]
    request = after[3].interaction.request
    assert isinstance(request, AwsRequest)
    assert request.parameters == {"BackupPlanId": OLD_ID}


def test_another_caller_is_told_as_the_accepted_one() -> None:
    accepted = conversation(OLD_ID, caller=OLD_CALLER)
    after = again(accepted, conversation(NEW_ID, "degraded", NEW_CALLER))
    assert changed(accepted, after) == ["backup.DescribeBackupJob"]
    (caller,) = {getattr(s.interaction.request, "caller", "") for s in after}
    origins = {(r.stand_in, r.digest) for s in after for r in s.removals if r.stand_in == caller}
    assert len(origins) == 1


def test_a_time_that_is_sent_back_keeps_what_it_came_from() -> None:
    def polled(state: str, moment: str) -> tuple[Scrubbed, ...]:
        return scrubber().scrub(
            (
                call("StartBackupJob", {"CreationDate": moment, "State": state}, BackupVaultName="nightly"),
                call("ListBackupJobs", {"BackupJobs": []}, ByCreatedAfter={"$time": moment}),
            )
        )

    accepted = polled("ok", "2026-01-05T10:00:00+00:00")
    recorded = polled("ok", "2026-02-06T11:11:11+00:00")
    assert again(accepted, recorded) == recorded


def test_an_id_that_no_renaming_covers_keeps_what_it_came_from() -> None:
    """Short and numeric ids are no names; a row that gave one may stay only if nothing sends it back."""

    def numbered(identity: int) -> tuple[Scrubbed, ...]:
        return scrubber().scrub(
            (
                call("CreateReportPlan", {"ReportPlanId": identity, "Version": "1"}, ReportPlanName="all"),
                call("DescribeReportJob", {"Status": "ok"}, ReportJobId=identity),
            )
        )

    accepted, recorded = numbered(734_811), numbered(911_402)
    after = again(accepted, recorded)
    assert after == recorded


def test_what_an_added_request_refers_to_is_taken_over() -> None:
    def made(identity: int, *more: Captured) -> tuple[Scrubbed, ...]:
        answer = {"ReportPlanId": identity, "Version": "1"}
        return scrubber().scrub((call("CreateReportPlan", answer, ReportPlanName="all"), *more))

    more = call("DescribeReportJob", {"Status": "ok"}, ReportJobId=911_402)
    recorded = made(911_402, more)
    assert again(made(734_811), recorded) == recorded
    assert again(made(734_811), made(911_402)) == made(734_811)


@pytest.mark.parametrize("state", ["ok", "degraded"])
def test_what_was_settled_replays(state: str) -> None:
    after = again(conversation(OLD_ID), conversation(NEW_ID, state))
    tape = Cassette(
        Recording("00" * 16, "name", after),
        where="a.tape",
        mode=NONE,
        scrubber=lambda: scrubber(after),
        sandbox=Sandbox(SandboxSettings()),
    )
    request = AwsRequest("backup", "StartBackupJob", {"BackupVaultName": "nightly"}, region="eu-west-1")
    outcome = tape.answer(request)
    assert isinstance(outcome, Response)
    given = json.loads(outcome.body)["BackupJobId"]
    for operation, parameters in (
        ("DescribeBackupJob", {"BackupJobId": given}),
        ("ListTags", {"ResourceArn": f"job:{given}"}),
        ("StopBackupJob", {"BackupJobId": given}),
    ):
        assert tape.answer(AwsRequest("backup", operation, parameters, region="eu-west-1"))


def test_http_ids_in_paths_and_forms_are_told_as_before() -> None:
    def order(identity: str, total: str) -> tuple[Scrubbed, ...]:
        kind = (("Content-Type", "application/json"),)
        made = Response(
            201, "Created", (*kind, ("Location", f"/orders/{identity}")), b'{"id":"%s"}' % identity.encode()
        )
        seen = Response(200, "OK", kind, b'{"id":"%s","total":"%s"}' % (identity.encode(), total.encode()))
        url = "https://shop.example.com/orders"
        return scrubber().scrub(
            (
                Captured(Interaction(HttpRequest("POST", url, kind, b"{}"), made)),
                Captured(Interaction(HttpRequest("GET", f"{url}/{identity}"), seen)),
            )
        )

    old, new = "7f3c9b1e-52d4-4a86-9e0b-6c1d2f3a4b5c", "1a2b3c4d-99ff-4e1e-8d7c-0f9e8d7c6b5a"
    accepted = order(old, "one hundred")
    after = again(accepted, order(new, "two hundred"))
    assert after[0] == accepted[0]
    request = after[1].interaction.request
    assert isinstance(request, HttpRequest)
    assert request.url.endswith(old)


# What the test itself draws.


def drawn(name: str, identity: str, *more: Captured, seed: str = "") -> Recording:
    """A bucket whose name the test draws, and a job whose id the provider does."""
    start = call("StartBackupJob", {"BackupJobId": identity}, BackupVaultName=name)
    look = call("DescribeBackupJob", {"BackupJobId": identity, "Vault": name}, BackupJobId=identity)
    return Recording("00" * 16, "name", scrubber().scrub((start, look, *more)), seed, seed and f"at {seed}")


OLD_NAME, NEW_NAME = "vault-7d793037a0760186574b0282f2f435e7", "vault-e4da3b7fbbce2345d7772b0674a318d5"


def test_names_that_were_drawn_stay_with_the_seed_they_follow_from() -> None:
    accepted = drawn(OLD_NAME, OLD_ID, seed="old")
    assert settled(accepted, drawn(NEW_NAME, NEW_ID, seed="new"), scrubber()) == accepted


def test_where_more_is_asked_than_before_what_is_drawn_follows_the_new_seed() -> None:
    more = call("ListTags", {}, ResourceArn=f"arn:{NEW_NAME}")
    recorded = drawn(NEW_NAME, NEW_ID, more, seed="new")
    assert settled(drawn(OLD_NAME, OLD_ID, seed="old"), recorded, scrubber()) == recorded


def test_names_that_nothing_draws_again_are_not_kept() -> None:
    recorded = drawn(NEW_NAME, NEW_ID, seed="new")
    assert settled(drawn(OLD_NAME, OLD_ID), recorded, scrubber()) == recorded


def test_ids_of_the_provider_stay_whatever_is_added() -> None:
    more = call("ListTags", {}, ResourceArn=f"arn:{NEW_ID}")
    accepted = drawn("nightly", OLD_ID, seed="old")
    after = settled(accepted, drawn("nightly", NEW_ID, more, seed="new"), scrubber())
    assert after.interactions[:2] == accepted.interactions
    assert (after.seed, after.start) == ("new", "at new")
