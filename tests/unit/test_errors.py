from __future__ import annotations

import pickle

import pytest

from sealtape import errors


def kinds() -> list[type[errors.SealtapeError]]:
    def below(kind: type[errors.SealtapeError]) -> list[type[errors.SealtapeError]]:
        return [kind, *(k for child in kind.__subclasses__() for k in below(child))]

    return [kind for kind in below(errors.SealtapeError) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", kinds())
def test_the_tree_in_the_docstring_names_every_error_with_its_exit_code(kind: type) -> None:
    assert errors.__doc__ is not None
    if kind is not errors.SealtapeError:
        line = next(line for line in errors.__doc__.splitlines() if f" {kind.__name__} " in line)
        assert int(line.split(kind.__name__)[1].split()[0]) == kind.exit_code  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", kinds())
def test_every_error_survives_the_way_to_another_process(kind: type[errors.SealtapeError]) -> None:
    error = kind("it broke", where="a.tape", why="because", hint="mend it")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.hint) == (kind, str(error), "mend it")


def test_the_text_says_where_what_why_and_then_the_hint() -> None:
    error = errors.CassetteTruncated(
        "the end is missing", where="a.tape", why="cut", hint="git checkout a.tape"
    )
    assert str(error) == "a.tape: the end is missing: cut\nhint: git checkout a.tape"


def test_no_error_is_in_a_tree_that_client_libraries_swallow() -> None:
    assert not any(issubclass(kind, (OSError, KeyError)) for kind in kinds())
