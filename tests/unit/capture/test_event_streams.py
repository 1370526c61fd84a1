"""Every operation whose answer botocore's models call a stream of events, recorded and replayed."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.session import Session

from sealtape.capture import aws, pool
from sealtape.capture.current import entered
from sealtape.interaction import Response
from tests.unit.capture.conversations import Memory
from tests.unit.capture.streams import frame, streamer

DEAD = "http://127.0.0.1:9"


def streaming_operations() -> list[tuple[str, str]]:
    """Return service and operation of those that answer in events and do not take any (boto3 cannot)."""
    session, found = Session(), []
    for service in session.get_available_services():
        model = session.get_service_model(service)
        for name in model.operation_names:
            operation = model.operation_model(name)
            if operation.has_event_stream_output and not operation.has_event_stream_input:
                found.append((service, name))
    return found


def least(shape: Any) -> Any:
    """Return the least that ``shape`` takes."""
    if shape.type_name == "structure":
        is_union = getattr(shape, "is_tagged_union", False)
        needed = list(shape.members)[:1] if is_union else shape.required_members
        return {name: least(shape.members[name]) for name in needed}
    if shape.type_name == "string":
        return next(iter(shape.enum), "x" * max(12, shape.metadata.get("min", 0)))
    if shape.type_name == "list":
        return [least(shape.member)] * shape.metadata.get("min", 1)
    plain = {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True, "blob": b"x"}
    return plain.get(shape.type_name, {} if shape.type_name == "map" else "2026-01-31T00:00:00Z")


def frames(operation: Any) -> bytes:
    """Return one event of each kind that is no error."""
    events = operation.get_event_stream_output()
    told = b"".join(
        frame(name, b"" if operation.service_model.protocol == "rest-xml" else b"{}")
        for name, shape in events.members.items()
        if not shape.metadata.get("exception")
    )
    # Only a protocol that has nowhere else for it says the rest of its answer in a first event.
    named = operation.service_model.protocol == "json"
    return (frame("initial-response", b"{}") if named else b"") + told


@pytest.fixture(autouse=True)
def _hooked() -> None:
    aws.install()
    pool.install()


@pytest.mark.parametrize(("service", "name"), streaming_operations())
def test_events_come_back_as_they_were(service: str, name: str) -> None:
    operation = Session().get_service_model(service).operation_model(name)

    def work(url: str) -> list[Any]:
        config = Config(inject_host_prefix=False, retries={"total_max_attempts": 1})
        keys = {"aws_access_key_id": "a" * 16, "aws_secret_access_key": "b" * 40}
        made = boto3.client(service, "eu-west-1", endpoint_url=url, config=config, **keys)
        answer = made._make_api_call(name, least(operation.input_shape))
        member = next(key for key, shape in operation.output_shape.members.items() if _is_stream(shape))
        return list(answer[member])

    recorder = Memory()
    with streamer([frames(operation)]) as server, entered(recorder):
        live = work(server.url)
    assert live
    with entered(Memory(recorder.tape)):
        assert work(DEAD) == live
    (recorded,) = recorder.tape
    assert isinstance(recorded.outcome, Response)
    assert recorded.outcome.broken == ""


def _is_stream(shape: Any) -> bool:
    return bool(getattr(shape, "is_eventstream", False) or shape.serialization.get("eventstream"))
