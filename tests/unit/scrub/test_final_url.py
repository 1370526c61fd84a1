"""Where a client was led by redirects that nobody saw is scrubbed as what it asked for is."""

from __future__ import annotations

from sealtape.interaction import Captured, HttpRequest, Interaction, Response
from sealtape.scrub import Scrubber
from sealtape.settings import ScrubSettings

SECRET = "Kd93jfLq0Zx81" + "mWv27TgbPc"


def test_a_secret_in_the_final_url_is_replaced_and_comes_back_to_who_holds_it() -> None:
    url = f"https://api.example.com/back?access_token={SECRET}&page=2"
    request = HttpRequest("GET", f"https://api.example.com/login?access_token={SECRET}")
    scrubber = Scrubber(ScrubSettings(), bytes(32), environ={})
    (told,) = scrubber.scrub([Captured(Interaction(request, Response(200, "OK", url=url)))])
    outcome = told.interaction.outcome
    assert isinstance(outcome, Response)
    assert SECRET not in outcome.url
    assert outcome.url.startswith("https://api.example.com/back?access_token=")
    assert outcome.url.endswith("&page=2")
    replay = Scrubber(ScrubSettings(), bytes(32), environ={}, removals=told.removals)
    replay.scrub_request(request)
    restored = replay.restore(told)
    assert isinstance(restored, Response)
    assert restored.url == url
