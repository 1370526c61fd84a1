"""What another scanner says of opened cassettes: it finds stand-ins, and nothing that was there before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from detect_secrets.core.scan import scan_line
from detect_secrets.settings import transient_settings

from scrub_corpus.corpus import corpus
from sealtape.interaction import AwsRequest, Captured, Interaction, Response
from sealtape.scrub import Scrubber
from sealtape.settings import ScrubSettings

# Those that know a secret by its look or its name; the ones that go by entropy call every digest one.
PLUGINS = (
    "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector", "GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector",
    "KeywordDetector",
    "MailchimpDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector",
    "SendGridDetector", "SlackDetector", "SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)  # fmt: skip
HARMLESS = {"db", "PuTTY-User-Key-File-2"}
"""The name of a secret, and the first word of a file of keys."""


def lines(interaction: Interaction) -> Iterator[str]:
    request, outcome = interaction.request, interaction.outcome
    assert isinstance(outcome, Response)
    if isinstance(request, AwsRequest):
        yield json.dumps(request.parameters, default=str)
        headers = outcome.headers
    else:
        yield request.url
        headers = (*request.headers, *outcome.headers)
    yield from (f"{name}: {value}" for name, value in headers)
    for body in (request.body or b"", outcome.body):
        yield from body.decode("utf-8", "replace").splitlines()


def findings(interactions: Iterable[Interaction]) -> set[str]:
    """Return every value that the scanner takes for a secret."""
    return {
        str(found.secret_value)
        for interaction in interactions
        for line in lines(interaction)
        for found in scan_line(line)
    }


def test_another_scanner_finds_nothing_but_stand_ins_in_an_opened_cassette() -> None:
    before, left = 0, []
    with transient_settings({"plugins_used": [{"name": name} for name in PLUGINS]}):
        for case in [case for case in corpus(1) if case.secrets][::2]:
            scrubbed = Scrubber(ScrubSettings(), bytes(32), environ={}).scrub(
                list(map(Captured, case.traffic))
            )
            made = {removal.stand_in for item in scrubbed for removal in item.removals}
            before += len(findings(case.traffic))
            for value in findings(item.interaction for item in scrubbed) - HARMLESS:
                bare = value.rpartition("AccountKey=")[2]
                if not any(bare in stand_in or stand_in in bare for stand_in in made):
                    left.append(f"{case}: {len(value)} characters")
    assert before >= 50
    assert left == []
