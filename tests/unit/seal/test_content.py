"""What a frame holds of a response besides the usual."""

from __future__ import annotations

import pytest

from sealtape.interaction import HttpRequest, Interaction, Response, Scrubbed
from sealtape.seal import content

REQUEST = HttpRequest("GET", "https://api.example.com/moved")


@pytest.mark.parametrize(
    "response",
    [
        Response(200, version=10),
        Response(200, version=20),
        Response(200, url="https://api.example.com/there"),
    ],
)
def test_version_and_final_url_of_a_response_come_back(response: Response) -> None:
    told = content.unpack(content.pack(Scrubbed(Interaction(REQUEST, response))))
    assert told.interaction.outcome == response


def test_what_is_as_usual_is_not_written() -> None:
    frame = content.pack(Scrubbed(Interaction(REQUEST, Response(200, "OK"))))
    assert b'"response":{"headers":[],"reason":"OK","status":200}' in frame
