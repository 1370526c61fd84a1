"""``sealtape explain``: a rule in words."""

from __future__ import annotations

import difflib

import click

from sealtape.cli.terminal import say
from sealtape.drift import rules as drift
from sealtape.errors import UsageError
from sealtape.scrub.rules import RULES, Rule, explain

_EVIDENCE = {
    "name": "by the name beside the value",
    "value": "by the shape of the value",
    "model": "by the service model",
    "known": "because the value is known to be secret",
}


@click.command()
@click.argument("rule_id", metavar="ID", required=False)
def command(rule_id: str | None) -> None:
    """Tell in words what the scrub rule or the drift rule ID is about; without an ID, list them all.

    Ids of scrub rules stand in the clear words of a cassette, in `sealtape show`, and in the errors that
    refuse to write one; ids of drift rules in the findings of `sealtape diff` and `sealtape refresh`.

    \b
    Examples:
      sealtape explain
      sealtape explain account-id
      sealtape explain field-removed
    """
    texts = {rule.id: rule.text for rule in RULES} | {rule.id: rule.text for rule in drift.RULES}
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
