"""When a count passes: the rule's shares of whole ballots, in whole numbers; worked out again beside the database."""

from collections.abc import Mapping

from governance.models import WHOLE, Rule

type Count = Mapping[str, int | bool]


def meets(*, yes: int, no: int, roll: int, share: int, floor: int) -> bool:
    """Tell whether a group decides yes: more yes than no, at least `share` of yes and no, `floor` of the roll.

    Shares are in parts of WHOLE, so that nothing is rounded.
    """
    return yes > no and yes * WHOLE >= share * (yes + no) and yes * WHOLE >= floor * roll


def met(group: str, count: Count, rule: Rule) -> bool:
    """Tell whether one group of a tally decides yes. Of a group too small to be shown only the database knows it."""
    if "yes" not in count:
        return bool(count["met"])
    if group.endswith("_senior") and count["roll"] == 0:
        return True
    whole = group.startswith("whole")
    share = rule.whole_yes if whole else rule.affected_yes
    floor = rule.whole_floor if whole else rule.affected_floor
    return meets(yes=int(count["yes"]), no=int(count["no"]), roll=int(count["roll"]), share=share or WHOLE, floor=floor)


def passes(counts: Mapping[str, Count], rule: Rule) -> bool:
    """Tell whether every group that decides says yes."""
    return bool(counts) and all(met(group, count, rule) for group, count in counts.items())


def main(counts: Mapping[str, Count]) -> Count:
    """Return the count that a result is told by: the whole roll's, or that of those affected who alone decided."""
    return counts.get("whole") or counts["affected"]
