"""What was read by a model is put back into what stands in the body: nothing is lost between the two."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealtape.drift.bodies import document
from sealtape.drift.elements import generic, read_xml
from sealtape.drift.models import operation_model
from sealtape.drift.unread import unread
from sealtape.interaction import Response
from tests.unit.drift.wire import OPERATIONS, Answer, drawn_answer_of


def written(answer: Answer, body: bytes, form: str) -> Any:
    """Return what stands in a body, read without a model."""
    if form == "json":
        return json.loads(body)
    root = read_xml(body)
    assert root is not None
    wrapped = root.find(f"{{*}}{answer.model.wrapper}") if answer.model.wrapper else None
    content = generic(root if wrapped is None else wrapped)
    return {name: value for name, value in content.items() if name != "requestId"}


@pytest.mark.parametrize("label", OPERATIONS)
@settings(max_examples=10, deadline=None)
@given(draw=st.randoms(use_true_random=False))
def test_what_a_model_read_is_put_back_into_the_form_of_the_body(label: str, draw: Any) -> None:
    answer, model = drawn_answer_of(label, draw), operation_model(*label.split("."))
    interaction = answer.recorded(0).interactions[0].interaction
    read, shape = document(interaction), model.output
    assert isinstance(interaction.outcome, Response)
    tree = read.tree
    if model.payload:
        tree, shape = tree[model.payload], shape.members[model.payload]
    assert unread(tree, shape, read.form) == written(answer, interaction.outcome.body, read.form)
