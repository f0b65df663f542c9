"""What anybody needs to count a closed vote again: the rule, the roll, the ballots, the receipts, and a script.

Nothing in it leads to a person. The roll is told without names and places, ballots without receipts and times, and the
parts of a roll only where its rule asks for them and none has one to nine ballots (3.4). The database makes the lines
and seals them with the tally; `recount.py` needs neither of us.
"""

from collections.abc import Iterator
from datetime import UTC
from itertools import batched
from pathlib import Path

from django.db import connection

from governance import counting, options, proposals, standstills
from governance.models import Mandate, Proposal

SCRIPT = Path(__file__).with_name("recount.py")
TABLES = ("roll.csv", "ballots.csv", "receipts.csv")
# Fewer ballots are not told one by one.
FEW = 10
_AT_ONCE = 2_000
_OF_A_RULE = (
    "affected_yes", "affected_floor", "whole_yes", "whole_floor", "turnout_floor", "readings", "seniors_too",
)  # fmt: skip


def rule(vote: Proposal) -> dict[str, object]:
    """Return what the script compares: the text, the thresholds it was voted under, and what came out.

    Shares are in parts of 30,000; times are ISO 8601 in UTC; `files` are SHA-256 in hexadecimal. `place` and `places`
    are those of rivals on one ballot; `went_on` is whether P7 added 72 hours, `stood_still` when the record did (P11).
    """
    mandate: Mandate | None = getattr(vote, "mandate", None)
    main = counting.main(vote.tally.counts)
    own = main.get("option")
    return {
        "vote": vote.pk,
        "digest": vote.digest,
        "canonical": proposals.canonical_text(vote),
        "rule": {"name": f"{vote.rule.key}/{vote.rule.version}"}
        | {name: getattr(vote.rule, name) for name in _OF_A_RULE},
        "ballots": cast(vote),
        "counts": vote.tally.counts,
        "passed": vote.tally.passed,
        "winner": vote.tally.winner,
        "place": own and str(own),
        "places": [name for name in main.get("approvals", {}) if own and name != str(options.LEAVE_IT)],
        "went_on": vote.tally.extended,
        "stood_still": [
            [moment.astimezone(UTC).isoformat() for moment in span]
            for span in standstills.of(vote, vote.tally.counted_at)
        ],
        "due_at": mandate and mandate.due_at.astimezone(UTC).isoformat(),
        "files": vote.tally.files,
    }


def cast(vote: Proposal) -> int:
    """Return how many ballots were counted in a vote; of rivals on one ballot, those of its own roll if it is told."""
    count = counting.main(vote.tally.counts)
    return counting.ballots(count) if counting.is_shown(count) else proposals.turnout(vote)


def is_told(vote: Proposal) -> bool:
    """Tell whether the ballots are told one by one (3.4)."""
    return counting.is_shown(counting.main(vote.tally.counts)) and proposals.turnout(vote) >= FEW


def table(vote: Proposal, name: str) -> Iterator[str]:
    """Return a file of a counted vote piece by piece; its SHA-256 stands in the tally and in the record."""
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT line, times FROM public.governance_recount(%s, %s)", [vote.pk, name])
        for rows in batched(cursor, _AT_ONCE, strict=False):
            yield "".join(f"{line}\n" * times for line, times in rows)
