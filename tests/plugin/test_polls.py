"""Waits that are recorded as the states that they passed through."""

from __future__ import annotations

import pytest

from tests.plugin.projects import Project

WAITING = """
    import os
    import boto3, pytest

    @pytest.mark.vcr
    def test_a():
        s3 = boto3.client("s3")
        for _ in range(int(os.environ["TIMES"])):
            assert "Buckets" in s3.list_buckets()
"""


@pytest.mark.parametrize("how", ["marker", "option"])
def test_a_wait_is_recorded_as_its_states_and_replays_with_any_number_of_calls(
    project: Project, moto_url: str, how: str
) -> None:
    marked = WAITING.replace("mark.vcr", "mark.vcr(collapse_polls=True)") if how == "marker" else WAITING
    project.write({"test_a.py": marked})
    options = ["--sealtape-collapse-polls"] if how == "option" else []
    run = project.record(moto_url, *options, TIMES="3")
    assert "recorded 1 cassette with 1 interaction\n" in run.output
    assert project.replay(TIMES="5").outcomes == {"passed": 1}


def test_a_wait_is_recorded_call_by_call_unless_asked(project: Project, moto_url: str) -> None:
    run = project.write({"test_a.py": WAITING}).record(moto_url, TIMES="3")
    assert "recorded 1 cassette with 3 interactions" in run.output


def test_a_wrong_switch_is_named_with_its_place(project: Project) -> None:
    run = project.write({"test_a.py": WAITING}).pytest(SEALTAPE_COLLAPSE_POLLS="perhaps", TIMES="1")
    assert (
        "SEALTAPE_COLLAPSE_POLLS: 'collapse_polls' cannot be 'perhaps': it is one of true, false"
        in run.output
    )
