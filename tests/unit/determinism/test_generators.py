"""Generators without a seed of their own draw the same in every replay, wherever they were made."""

from __future__ import annotations

import copy
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sealtape.determinism import Inputs, determined, generators, go_on, keep_place

INPUTS = Inputs("5eed" * 8, "")


@pytest.fixture(autouse=True)
def watched() -> Iterator[None]:
    generators.watch()
    yield
    generators.unwatch()


class Library:
    """A module that makes a generator when it is imported."""

    def __init__(self, name: str, source: str = "drawn = random.Random()") -> None:
        self.names: dict[str, Any] = {"__name__": name, "random": random}
        exec(source, self.names)

    @property
    def generator(self) -> random.Random:
        made: random.Random = self.names["drawn"]
        return made


def drawn(draw: Callable[[], object], inputs: Inputs = INPUTS) -> object:
    with determined(inputs, clock="real", is_recording=False):
        return draw()


def test_a_generator_that_was_there_before_draws_again_what_it_drew() -> None:
    one, other = Library("example.names").generator, Library("example.others").generator
    first = drawn(one.random)
    assert drawn(one.random) == first
    assert drawn(lambda: (other.random(), one.random())[1]) == first
    assert drawn(other.random) != first
    assert drawn(one.random, Inputs("0dd5" * 8, "")) != first


def test_another_process_that_has_other_generators_besides_draws_the_same() -> None:
    first = drawn(Library("example.names").generator.random)
    kept = [Library("example.elsewhere").generator, Library("example.names").generator]
    assert drawn(kept[1].random) == first


def test_whether_a_module_is_imported_before_or_inside_makes_no_difference() -> None:
    before = drawn(Library("example.names").generator.random)
    assert drawn(lambda: Library("example.names").generator.random()) == before


def test_generators_of_one_place_draw_differently() -> None:
    made = [random.Random() for _ in range(3)]
    inside = drawn(
        lambda: [*(one.random() for one in made), random.Random().random(), random.Random().random()]
    )
    assert isinstance(inside, list)
    assert len(set(inside)) == 5


def test_afterwards_it_goes_on_as_if_nothing_had_been() -> None:
    generator = Library("example.names").generator
    state = generator.getstate()
    drawn(lambda: (generator.random(), generator.gauss(0, 1)))
    assert generator.getstate() == state


@pytest.mark.parametrize(
    "source",
    [
        "drawn = random.Random(42)",
        "drawn = random.Random(); drawn.seed('example')",
        "drawn = random.Random(); drawn.setstate(random.Random(1).getstate())",
        "class Numbered(random.Random):\n    pass\ndrawn = Numbered(7)",
    ],
)
def test_what_somebody_has_seeded_is_left_alone(source: str) -> None:
    generator = Library("example.names", source).generator
    chosen = copy.deepcopy(generator)
    assert drawn(lambda: [generator.random() for _ in range(3)]) == [chosen.random() for _ in range(3)]
    assert generator.random() == chosen.random()


def test_what_the_test_seeds_inside_is_what_it_seeds_and_stays_so() -> None:
    generator = Library("example.names").generator

    def draw() -> object:
        generator.seed(42)
        return generator.random()

    assert drawn(draw) == random.Random(42).random()
    assert drawn(generator.random) != drawn(generator.random)


def test_a_class_that_names_its_own_draws_again_too() -> None:
    source = "class Ids(random.Random):\n    def __init__(self): super().__init__()\ndrawn = Ids()"
    generator = Library("example.ids", source).generator
    assert drawn(generator.random) == drawn(generator.random)


@pytest.mark.parametrize("name", ["hypothesis.core", "ssl", "cryptography.fernet"])
def test_what_protects_something_or_chooses_examples_draws_anew(name: str) -> None:
    generator = Library(name).generator
    assert drawn(generator.random) != drawn(generator.random)
    assert drawn(lambda: Library(name).generator.random()) != drawn(lambda: Library(name).generator.random())


def test_the_generator_of_the_system_is_never_seeded() -> None:
    generator = Library("example.names", "drawn = random.SystemRandom()").generator
    assert generator not in [found for found, *_ in generators.unseeded()]


def test_pytest_randomly_does_not_change_what_it_draws() -> None:
    generator = Library("example.names").generator

    def draw(seed: int | None) -> object:
        first = generator.random()
        keep_place()
        if seed is not None:
            exec(
                "generator.seed(seed)", {"__name__": "pytest_randomly", "generator": generator, "seed": seed}
            )
        go_on(0)
        return first, generator.random()

    assert drawn(lambda: draw(1)) == drawn(lambda: draw(2)) == drawn(lambda: draw(None))


def test_a_generator_that_is_gone_is_forgotten() -> None:
    def of_the_library() -> int:
        return sum(place.startswith("example.gone:") for _, place, _ in generators.unseeded())

    kept = Library("example.gone")
    assert of_the_library() == 1
    del kept
    assert of_the_library() == 0


def test_it_is_known_whether_one_drew() -> None:
    generator = Library("example.names").generator
    with determined(INPUTS, clock="real", is_recording=True) as was_used:
        assert not was_used()
        generator.random()
        assert was_used()


def test_cassettes_inside_of_one_another_have_their_own_draws() -> None:
    generator = Library("example.names").generator
    other = Inputs("0dd5" * 8, "")
    alone = drawn(lambda: (generator.random(), generator.random()))

    def nested() -> object:
        first = generator.random()
        assert drawn(generator.random, other) == drawn(generator.random, other)
        return first, generator.random()

    assert drawn(nested) == alone


def test_outside_of_cassettes_pythons_class_is_as_it_was_and_forked_processes_draw_for_themselves() -> None:
    """In a process of its own: the plugin watches in this one."""
    script = f"""
import os, random
from sealtape.determinism import Inputs, determined
seed = random.Random.seed
def draw():
    receive, send = os.pipe()
    if not os.fork():
        os.write(send, repr(random.Random().random()).encode())
        os._exit(0)
    os.wait()
    return os.read(receive, 100)
def drawn():
    with determined(Inputs({INPUTS.seed!r}), clock="real", is_recording=False):
        assert random.Random.seed is not seed
        return draw(), random.Random().random()
(one, ours), (other, again) = drawn(), drawn()
assert one != other and ours == again
assert random.Random.seed is seed
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
