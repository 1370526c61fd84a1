"""Why a cassette does not answer a request: what it holds instead, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sealtape.cassette.index import Index
from sealtape.interaction import AwsRequest, HttpRequest, Request
from sealtape.matching import Canonical, Difference, by_operation, canonical, differences, nearest

if TYPE_CHECKING:
    from sealtape.capture.options import VcrOptions


def explain(index: Index, live: Request, request: Request) -> tuple[str, str]:
    """Return what is missing, and why: the nearest recorded interaction and what differs.

    ``live`` is ``request`` when scrubbed: no value that is not is in either text.
    """
    if isinstance(live, HttpRequest) and index.matching is not None:
        return _explain_as_vcrpy(index, live, index.matching)
    asked = canonical(live)
    keys = [asked.key, by_operation(live).key] if isinstance(live, AwsRequest) else [asked.key]
    same = [entry for entry in index.entries if entry.canonical.key in keys]
    if same and all(entry.plays for entry in same):
        times = "once" if len(same) == 1 else f"{len(same)} times"
        return f"{live.label} is played out", f"it was recorded {times}, and has been answered that often"
    if same:
        return f"{live.label} was recorded for another {_others(asked, same[0].canonical)}", (
            "equal requests of two do not answer for each other"
        )
    likely = [index.entries[one.index] for one in index.candidates(live, request)]
    if len(likely) > 1:
        one, other = (entry.scrubbed.interaction.request for entry in likely)
        return f"two recorded requests could be this {live.label}", (
            "it is equal to both but for values that were made up anew: "
            + "; ".join(f"{d.place}, {d.recorded} or {d.live}" for d in differences(other, one))
        )
    left = [entry for entry in index.entries if not entry.plays]
    found = nearest(live, (entry.scrubbed.interaction.request for entry in left or index.entries))
    if found is None:
        kind = "AWS service" if isinstance(live, AwsRequest) else "host"
        return (
            f"{live.label} was never recorded",
            f"this may be the wrong cassette: none of its {len(index.entries)} interactions "
            f"is with that {kind}",
        )
    recorded, differing = found
    if [difference.place for difference in differing] == ["protocol"]:
        return (
            f"{live.label} was recorded with protocol {differing[0].recorded}",
            f"this botocore speaks {differing[0].live}, and cannot read what was answered",
        )
    refusals = index.refusals(live, request, recorded)
    told = [_told(index, difference, refusals.get(difference.place, "")) for difference in differing]
    if not refusals and asked.names[:2] != canonical(recorded).names[:2]:
        told.append(_others(asked, canonical(recorded)))
    return (
        f"{live.label} was never recorded like this",
        f"nearest is {recorded.label}, which differs in " + "; ".join(told),
    )


def _explain_as_vcrpy(index: Index, live: HttpRequest, options: VcrOptions) -> tuple[str, str]:
    """Say what the matchers that the user gave have against the requests that are left."""
    requests = [entry.scrubbed.interaction.request for entry in index.entries if not entry.plays]
    left = [request for request in requests if isinstance(request, HttpRequest)]
    told = [(options.differences(live, recorded), recorded.label) for recorded in left]
    if not told:
        return f"{live.label} is played out", "each of its interactions has been played"
    differing, label = min(told, key=lambda pair: len(pair[0]))
    says = "; ".join(f"{name}: {text}" if text else name for name, text in differing)
    return (
        f"{live.label} was never recorded like this",
        f"nearest is {label}, which match_on refuses: {says}",
    )


def _told(index: Index, difference: Difference, why: str) -> str:
    """Say what differs; of two secrets only that they do, for the stand-ins mean nothing to anyone."""
    if index.scrubber.is_stand_in(difference.recorded.strip('"')):
        return f"{difference.place}: another secret than the one that was recorded (scrubbed)"
    return f"{difference} ({why})" if why else str(difference)


def _others(live: Canonical, recorded: Canonical) -> str:
    """Name what tells two equal requests apart."""
    pairs = zip(live.names, recorded.names, strict=False)
    differing = dict.fromkeys(
        f"{kind} ({ours or 'none'} here, {theirs or 'none'} recorded)"
        for (kind, ours), (_, theirs) in pairs
        if ours != theirs
    )
    return " and ".join(differing) or "caller, region or account"
