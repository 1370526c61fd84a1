"""``sealtape explain``: a rule in words."""

from __future__ import annotations

import difflib

import click

from sealtape.cli.terminal import say
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
    """Tell in words what the rule ID removes; without an ID, list the rules.

    Rule ids stand in the clear words of a cassette, in `sealtape show`, and in the errors that refuse
    to write one.

    \b
    Examples:
      sealtape explain
      sealtape explain account-id
    """
    if rule_id is None:
        wide = max(len(rule.id) for rule in RULES)
        for rule in RULES:
            say(f"{rule.id:<{wide}}  {rule.text}")
        return
    found = explain(rule_id)
    if found is None:
        near = difflib.get_close_matches(rule_id, [rule.id for rule in RULES], n=1)
        raise UsageError(
            f"there is no rule {rule_id!r}",
            hint=f"sealtape explain {near[0]}" if near else "sealtape explain",
        )
    for line in _lines(found):
        say(line)


def _lines(rule: Rule) -> list[str]:
    return [
        f"{rule.id}: {rule.text}",
        "",
        f"found in       {rule.where}, {_EVIDENCE.get(rule.kind, rule.kind)}",
        f"stand-in keeps {rule.stand_in}",
        f"source         {rule.source}",
    ]
