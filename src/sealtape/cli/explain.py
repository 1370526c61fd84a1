"""``sealtape explain``: a rule in words."""

from __future__ import annotations

import difflib
import inspect

import click

from sealtape.cli.terminal import say
from sealtape.drift import rules as drift
from sealtape.errors import UsageError
from sealtape.scrub.rules import RULES, Rule, explain

_SETTINGS = {
    "draws": (
        "what a test draws by chance is drawn again on replay",
        """
        values   seeded (the default), real
        what     random, random.Random() without a seed, uuid, secrets, os.urandom, names of temporary files;
                 numpy and Faker where loaded
        why      a test that names a bucket after uuid4() asks for another one in each run, and an answer for
                 another bucket is a wrong answer. A recording draws a fresh seed, so that no two of them
                 meet in the sandbox, and keeps it in the cassette.
        not      keys that C libraries generate (OpenSSL), TLS, other processes, tests without a cassette
        set      @pytest.mark.vcr(draws="real"), vcr_config, --sealtape-draws, SEALTAPE_DRAWS, pyproject.toml
        """,
    ),
    "clock": (
        "a replay begins at the time at which it was recorded",
        """
        values   tick (the default), stand, real
        what     time.time() and datetime.now() and all that follows from them, but not time.monotonic()
        why      tokens, presigned URLs and certificates in a recording are not expired then, and dates that a
                 test sends are those that it sent. With tick time passes as ever, so loops that wait for it
                 end, and what a replay answers takes its clock along; with stand it does not pass, in the
                 recording either, and every reading is the same.
        not      times of files, other processes, and tests that set their clock themselves
        set      @pytest.mark.vcr(clock="real"), vcr_config, --sealtape-clock, SEALTAPE_CLOCK, pyproject.toml
        """,
    ),
}

_EVIDENCE = {
    "name": "by the name beside the value",
    "value": "by the shape of the value",
    "model": "by the service model",
    "known": "because the value is known to be secret",
}


@click.command()
@click.argument("rule_id", metavar="ID", required=False)
def command(rule_id: str | None) -> None:
    """Tell in words what the scrub rule, drift rule or setting ID is about; without an ID, list them all.

    Ids of scrub rules stand in the clear words of a cassette, in `sealtape show`, and in the errors that
    refuse to write one; ids of drift rules in the findings of `sealtape diff` and `sealtape refresh`.

    \b
    Examples:
      sealtape explain
      sealtape explain account-id
      sealtape explain field-removed
      sealtape explain clock
    """
    texts = {rule.id: rule.text for rule in RULES} | {rule.id: rule.text for rule in drift.RULES}
    texts |= {name: text for name, (text, _) in _SETTINGS.items()}
    if rule_id is None:
        wide = max(map(len, texts))
        for name, text in texts.items():
            say(f"{name:<{wide}}  {text}")
        return
    found = explain(rule_id)
    if found is not None:
        lines = _lines(found)
    elif rule_id in drift.RULE:
        lines = _drift_lines(drift.RULE[rule_id])
    elif rule_id in _SETTINGS:
        text, more = _SETTINGS[rule_id]
        lines = [f"{rule_id}: {text}", *inspect.cleandoc(f"\n{more}").splitlines()]
    else:
        near = difflib.get_close_matches(rule_id, texts, n=1)
        raise UsageError(
            f"there is no rule {rule_id!r}",
            hint=f"sealtape explain {near[0]}" if near else "sealtape explain",
        )
    for line in lines:
        say(line)


def _drift_lines(rule: drift.Rule) -> list[str]:
    return [
        f"{rule.id}: {rule.text}",
        "",
        f"severity  {rule.severity}",
        f"kind      {rule.kind}",
        f"advice    {rule.advice}",
    ]


def _lines(rule: Rule) -> list[str]:
    return [
        f"{rule.id}: {rule.text}",
        "",
        f"found in       {rule.where}, {_EVIDENCE.get(rule.kind, rule.kind)}",
        f"stand-in keeps {rule.stand_in}",
        f"source         {rule.source}",
    ]
