"""The same inputs give the same draws and the same time; outside of a cassette nothing is touched."""

from __future__ import annotations

import dataclasses
import os
import random
import secrets
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from sealtape.determinism import Inputs, determined, fresh_inputs, go_on, keep_place
from sealtape.determinism.clock import reach
from sealtape.seal.format import new_cassette_id
from sealtape.seal.keyring import new_key
from tests.unit.binding.cassettes import answered, asked, cassette

INPUTS = Inputs("5eed" * 8, "2026-01-31T12:00:00.250000+00:00")

DRAWS: dict[str, Callable[[], object]] = {
    "random": random.random,
    "choice": lambda: random.choices("abcdefgh", k=12),
    "uuid1": uuid.uuid1,
    "uuid4": uuid.uuid4,
    "token": lambda: secrets.token_hex(16),
    "system": lambda: random.SystemRandom().getrandbits(64),
    "urandom": lambda: os.urandom(16),
    "tempfile": tempfile.mktemp,
    "generator": lambda: random.Random().random(),
    "seeding": lambda: (random.seed(), random.random()),
}


def drawn(draw: Callable[[], object], inputs: Inputs = INPUTS) -> object:
    with determined(inputs, clock="stand", is_recording=False):
        return draw()


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_a_draw_comes_again(draw: Callable[[], object]) -> None:
    assert drawn(draw) == drawn(draw)


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_two_draws_and_two_seeds_differ(draw: Callable[[], object]) -> None:
    assert drawn(draw) != drawn(lambda: (draw(), draw())[1])
    assert drawn(draw) != drawn(draw, Inputs("0dd5" * 8, INPUTS.start))


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_nothing_is_seeded_outside(draw: Callable[[], object]) -> None:
    before = os.urandom, random.getstate(), tempfile.mktemp.__code__
    first = drawn(draw)
    assert (os.urandom, random.getstate(), tempfile.mktemp.__code__) == before
    assert draw() != draw() != first


def test_what_a_test_seeds_itself_counts() -> None:
    def draw() -> float:
        random.seed(42)
        return random.random()

    assert drawn(draw) == random.Random(42).random()


def test_a_library_that_draws_more_does_not_change_what_the_test_draws() -> None:
    def draw_beside(times: int) -> uuid.UUID:
        source = "import os\nfor _ in range(times): os.urandom(7)"
        exec(source, {"__name__": "library.signing", "times": times})
        return uuid.uuid4()

    assert drawn(lambda: draw_beside(1)) == drawn(lambda: draw_beside(5))


@pytest.mark.parametrize("module", ["cryptography.fernet", "ssl", "sealtape.seal.keyring"])
def test_what_protects_something_real_stays_random(module: str) -> None:
    def draw() -> object:
        names: dict[str, object] = {"__name__": module}
        exec("import os, secrets\ndrawn = os.urandom(16), secrets.token_bytes(16)", names)
        return names["drawn"]

    first, second = drawn(draw), drawn(draw)
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert not set(first) & set(second)


@pytest.mark.parametrize(
    "generated",
    [
        lambda: ed25519.Ed25519PrivateKey.generate().private_bytes_raw(),
        lambda: rsa.generate_private_key(65537, 1024).private_numbers().p,
        Fernet.generate_key,
        lambda: ssl.RAND_bytes(16),
        lambda: new_key().text,
        new_cassette_id,
    ],
    ids=["ed25519", "rsa", "fernet", "tls", "project key", "cassette id"],
)
def test_generated_keys_stay_random(generated: Callable[[], object]) -> None:
    assert drawn(generated) != drawn(generated)


def test_parts_of_a_test_draw_by_themselves() -> None:
    one, other = INPUTS.of("one"), INPUTS.of("other")
    assert len({drawn(uuid.uuid4, inputs) for inputs in (INPUTS, one, other)}) == 3
    assert drawn(uuid.uuid4, INPUTS.of("one")) == drawn(uuid.uuid4, one)
    assert Inputs(start=INPUTS.start).of("one").seed == ""


def test_draws_go_on_where_they_were_after_somebody_has_seeded() -> None:
    def draw(disturbance: int | None) -> object:
        first = random.random()
        keep_place()
        if disturbance is not None:
            random.seed(disturbance)
        go_on(0)
        return first, random.random(), uuid.uuid4()

    assert drawn(lambda: draw(1)) == drawn(lambda: draw(2)) == drawn(lambda: draw(None))


@pytest.mark.parametrize(
    ("draw", "was_used"),
    [(random.random, True), (uuid.uuid4, True), (tempfile.mktemp, False), (time.time, False)],
)
def test_it_is_known_whether_anything_was_drawn(draw: Callable[[], object], was_used: bool) -> None:
    with determined(INPUTS, clock="real", is_recording=True) as used:
        assert not used()
        draw()
        assert used() == was_used


def test_a_clock_inside_of_anothers_is_its_own() -> None:
    inner = dataclasses.replace(INPUTS, start="2001-02-03T04:05:06.000000+00:00")
    with determined(INPUTS, clock="stand", is_recording=False):
        with determined(inner, clock="tick", is_recording=False, elapsed=86_400):
            assert datetime.now(UTC).isoformat().startswith("2001-02-04T04:05:06")
        assert datetime.now(UTC).year == 2026


def test_what_is_added_later_is_recorded_by_the_real_clock() -> None:
    before = time.time()
    with determined(INPUTS, clock="stand", is_recording=True):
        assert before <= time.time() < before + 60


def test_cassettes_inside_of_one_another_draw_from_their_own_seeds() -> None:
    other = Inputs("0dd5" * 8, INPUTS.start)
    alone = drawn(lambda: (uuid.uuid4(), random.random(), uuid.uuid4(), random.random()))

    def nested() -> object:
        first = uuid.uuid4(), random.random()
        with determined(other, clock="stand", is_recording=False):
            inner = uuid.uuid4(), random.random()
        assert inner == drawn(lambda: (uuid.uuid4(), random.random()), other)
        return *first, uuid.uuid4(), random.random()

    assert drawn(nested) == alone


def test_threads_of_a_test_draw_under_its_seed() -> None:
    def draw() -> object:
        found: list[object] = []
        thread = threading.Thread(target=lambda: found.append(uuid.uuid4()))
        thread.start()
        thread.join()
        return found

    assert drawn(draw) == drawn(draw)


def test_a_replay_begins_at_the_recorded_time_and_goes_on() -> None:
    with determined(INPUTS, clock="tick", is_recording=False):
        first = time.time()
        assert 0 <= first - datetime.fromisoformat(INPUTS.start).timestamp() < 1
        time.sleep(0.01)
        assert time.time() > first
        assert datetime.now(UTC).date().isoformat() == "2026-01-31"
    assert abs(time.time() - time.time_ns() / 1e9) < 1
    assert datetime.now(UTC).year > 2025


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_replay_is_never_behind_what_it_has_answered_and_never_goes_back() -> None:
    with determined(INPUTS, clock="tick", is_recording=False):
        reach(at("2026-01-31T12:00:30+00:00"))
        assert 0 <= time.time() - at("2026-01-31T12:00:30+00:00") < 1
        reach(at("2026-01-31T12:00:10+00:00"))
        assert 0 <= time.time() - at("2026-01-31T12:00:30+00:00") < 1
        assert datetime.now(UTC).isoformat().startswith("2026-01-31T12:00:3")


def test_what_a_cassette_answers_takes_its_clock_along() -> None:
    made = b"<CreateDate>2026-01-31T12:00:40.430432Z</CreateDate>"
    tape = cassette(answered(asked(), made, ("Date", "Sat, 31 Jan 2026 12:00:40 GMT")))
    with determined(INPUTS, clock="tick", is_recording=False):
        tape.answer(asked())
        assert 0 <= time.time() - at("2026-01-31T12:00:40.430432+00:00") < 1


@pytest.mark.parametrize(
    ("clock", "is_recording"), [("stand", False), ("real", False), ("tick", True), ("stand", True)]
)
def test_only_a_clock_that_ticks_in_a_replay_is_taken_along(clock: str, is_recording: bool) -> None:
    with determined(dataclasses.replace(INPUTS, is_fresh=True), clock=clock, is_recording=is_recording):
        before = time.time()
        reach(before + 600)
        assert time.time() < before + 60


def test_a_date_that_is_still_to_come_is_not_reached() -> None:
    with determined(INPUTS, clock="tick", is_recording=False):
        reach(at("2999-01-01T00:00:00+00:00"))
        assert datetime.now(UTC).year == 2026


def test_a_standing_clock_stands_while_recording_too() -> None:
    for is_recording in (True, False):
        with determined(dataclasses.replace(INPUTS, is_fresh=True), clock="stand", is_recording=is_recording):
            moments = [time.time_ns(), time.time_ns()]
            shown = datetime.now(UTC)
        assert moments[0] == moments[1]
        # Older versions of time-machine count in floats.
        assert abs(moments[0] - 1_769_860_800_250_000_000) < 1_000
        assert abs(shown - datetime.fromisoformat(INPUTS.start)) < timedelta(microseconds=2)


@pytest.mark.parametrize(("clock", "is_recording"), [("tick", True), ("real", True), ("real", False)])
def test_the_clock_is_real_while_recording_and_by_setting(clock: str, is_recording: bool) -> None:
    before = time.time()
    with determined(INPUTS, clock=clock, is_recording=is_recording):
        assert before <= time.time() < before + 60


@pytest.mark.parametrize(
    "frozen",
    ["import freezegun; hold = freezegun.freeze_time", "import time_machine; hold = time_machine.travel"],
    ids=["freezegun", "time-machine"],
)
def test_a_test_that_sets_its_clock_itself_keeps_it(frozen: str, tmp_path: Path) -> None:
    """In a process of its own: freezegun searches every loaded module."""
    script = f"""
import datetime
from sealtape.determinism import determined, Inputs
from sealtape.determinism.clock import reach
{frozen}
inputs = Inputs({INPUTS.seed!r}, {INPUTS.start!r})
inputs_at = {at(INPUTS.start)!r}
with hold("2001-02-03"):
    with determined(inputs, clock="tick", is_recording=False):
        assert datetime.datetime.now().year == 2001
with determined(inputs, clock="tick", is_recording=False):
    assert datetime.datetime.now().year == 2026
    with hold("2001-02-03"):
        reach(inputs_at + 60)
        assert datetime.datetime.now().year == 2001
    assert datetime.datetime.now().year == 2026
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=60)


def test_numpy_and_faker_are_seeded_where_they_are_loaded(tmp_path: Path) -> None:
    script = f"""
from sealtape.determinism import determined, Inputs
import numpy, faker
inputs = Inputs({INPUTS.seed!r}, {INPUTS.start!r})
def draw():
    with determined(inputs, clock="real", is_recording=False):
        person = faker.Faker()
        return numpy.random.rand(), numpy.random.default_rng().random(), person.name(), person.uuid4()
assert draw() == draw()
assert numpy.random.rand() != numpy.random.rand() != draw()[0]
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=60)


def test_fresh_inputs_are_fresh() -> None:
    first, second = fresh_inputs(), fresh_inputs()
    assert first.seed != second.seed
    assert len(first.seed) == 32
    assert datetime.fromisoformat(first.start).utcoffset() is not None
