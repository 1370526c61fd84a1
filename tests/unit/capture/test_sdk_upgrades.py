"""What one botocore recorded answers another; this runs with the oldest and the newest supported ones."""

from __future__ import annotations

import json

import pytest
from botocore.session import Session

from sealtape.errors import Miss
from tests.unit.capture.sdk.conversation import FOLDER, KEY, converse, frozen, watch

DEAD = "http://127.0.0.1:9"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.fixture(autouse=True)
def _sample_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALTAPE_KEY", KEY)


def test_there_are_recordings_of_the_oldest_and_of_the_newest_botocore() -> None:
    assert {"botocore-1.36.0", "botocore-1.44.5"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_another_botocore_recorded_comes_out_the_same(name: str) -> None:
    with frozen(name) as cassette:
        said = converse(DEAD)
    assert json.loads(json.dumps(said)) == json.loads((FOLDER / f"{name}.json").read_text(encoding="ascii"))
    assert cassette.all_played


@pytest.mark.parametrize("name", NAMES)
def test_a_service_that_changed_its_protocol_is_answered_right_or_not_at_all(name: str) -> None:
    recorded = {"botocore-1.36.0": "query"}.get(name, "json")
    model = Session().get_service_model("cloudwatch")
    spoken = getattr(model, "resolved_protocol", model.protocol)
    if spoken == recorded:
        with frozen(f"{name}-cloudwatch"):
            assert watch(DEAD) == ["m"]
        return
    with (
        pytest.raises(Miss, match=rf"cloudwatch\.PutMetricData was recorded with protocol {recorded}"),
        frozen(f"{name}-cloudwatch"),
    ):
        watch(DEAD)
