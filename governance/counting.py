"""When a count passes: the rule's shares of whole ballots, in whole numbers; worked out again beside the database."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection

from governance import rivals, runoff
from governance.models import WHOLE, Method, Proposal, Rule

type Count = Mapping[str, Any]


def meets(*, yes: int, no: int, roll: int, share: int, floor: int) -> bool:
    """Tell whether a group decides yes: more yes than no, at least `share` of yes and no, `floor` of the roll.

    Shares are in parts of WHOLE, so that nothing is rounded.
    """
    return yes > no and yes * WHOLE >= share * (yes + no) and yes * WHOLE >= floor * roll


def met(group: str, count: Count, rule: Rule) -> bool:
    """Tell whether one group of a tally decides yes. Of a group too small to be shown only the database knows it."""
    if not is_shown(count):
        return bool(count["met"])
    if group.endswith("_senior") and count["roll"] == 0:
        return True
    yes, no, ballots = _for_and_against(count)
    enough = group.endswith("_senior") or ballots * WHOLE >= rule.turnout_floor * int(count["roll"])
    whole = group.startswith("whole")
    share = rule.whole_yes if whole else rule.affected_yes
    floor = rule.whole_floor if whole else rule.affected_floor
    return enough and meets(yes=yes, no=no, roll=int(count["roll"]), share=share or WHOLE, floor=floor)


def is_shown(count: Count) -> bool:
    """Tell whether a group is large enough for its numbers to be shown (3.4)."""
    return "abstain" in count


def ballots(count: Count) -> int:
    """Return how many ballots a count has, abstentions among them; the count must be shown."""
    return int(count["ballots"]) if "ballots" in count else sum(int(count[say]) for say in ("yes", "no", "abstain"))


def _for_and_against(count: Count) -> tuple[int, int, int]:
    """Return the ballots for what is decided, those against it, and all, abstentions among them.

    In a vote by approval the winner is decided on; against it is each ballot that leaves it out or approves of leaving
    things as they are, so that one rival more never lowers the bar. Among rival proposals each is decided on by itself.
    """
    if "approvals" in count:
        return (
            int(count["approvals"][str(count.get("option", count.get("winner")))]),
            int(count["against"]),
            int(count["ballots"]),
        )
    yes, no = int(count["yes"]), int(count["no"])
    return yes, no, yes + no + int(count["abstain"])


def _every_group(counts: Mapping[str, Count], proposal: Proposal) -> bool:
    return bool(counts) and all(met(group, count, proposal.rule) for group, count in counts.items())


def _by_two_counts(counts: Mapping[str, Count], proposal: Proposal) -> bool:
    """Tell whether a count in order of preference passes: the database's, on which the library must agree."""
    count = main(counts) if counts else {"met": False}
    return bool(count["met"]) and runoff.agrees(count, runoff.orders(proposal))


def _among_rivals(counts: Mapping[str, Count], proposal: Proposal) -> bool:
    """Tell whether a rival proposal wins: it meets its own rule, and no other that does is approved by more.

    The database names the winner; where all numbers are shown, the same must come out of them here.
    """
    if not _every_group(counts, proposal):
        return False
    told = {n: of(one) for n, one in enumerate(rivals.on_the_ballot(proposal), 1)}
    won = main(counts)["winner"]
    shown = all(is_shown(main(groups)) for groups in told.values())
    return bool(won == main(counts)["option"] and (not shown or _most_approved(told) == won))


def _most_approved(counts: Mapping[int, Mapping[str, Count]]) -> int | None:
    """Return which position wins by the counts of all: the most approved of those that meet their own rule.

    Of two that are level, the earlier. Worked out beside the database, of numbers that are shown.
    """
    met = {place: groups for place, groups in counts.items() if all(group["met"] for group in groups.values())}
    approved = {place: main(groups)["approvals"][str(place)] for place, groups in met.items()}
    return max(sorted(approved), key=lambda place: int(approved[place]), default=None)


def of(proposal: Proposal) -> Mapping[str, Count]:
    """Return the count of a closed vote as the database makes it; nothing before the close."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_count(%s)", [proposal.pk])
        counts: Mapping[str, Count] = json.loads(cursor.fetchone()[0] or "{}")
    return counts


BY_METHOD: Mapping[str, Callable[[Mapping[str, Count], Proposal], bool]] = {
    Method.YES_NO: _every_group, Method.APPROVAL: _every_group, Method.RANKED: _by_two_counts,
}  # fmt: skip


def passes(counts: Mapping[str, Count], proposal: Proposal) -> bool:
    """Tell whether every group that decides says yes, or what most approve of meets the rule in each of them."""
    passed = BY_METHOD[proposal.method] if rivals.stands_alone(proposal) else _among_rivals
    return passed(counts, proposal)


def main(counts: Mapping[str, Count]) -> Count:
    """Return the count that a result is told by: the whole roll's, or that of those affected who alone decided."""
    return counts.get("whole") or counts["affected"]
