"""Votes: what was published, who could vote, what was cast, how it was counted, and what may be carried out."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from django.db import connection

from coop.audit.findings import Finding, Tick, faults
from coop.record import tree
from coop.record.models import Event
from governance import counting, mandates, proposals, standstills, voting
from governance.models import Proposal, RollEntry, Rule, Tally


def walk(tick: Tick) -> Iterator[Finding]:
    """Walk every published proposal from its text to what became of it."""
    said = _said()
    roots = _roll_roots()
    known = Proposal.objects.exclude(published_at=None).select_related("rule", "tally", "mandate__enactment")
    for proposal in known.order_by("pk"):
        tick(1)
        on_record = said.get(f"proposal:{proposal.pk}", {})
        yield from _published(proposal, on_record.get("proposals.published"), roots.get(proposal.pk, ""))
        yield from _counted(proposal, on_record.get("voting.closed"))
        yield from _mandated(proposal)
    yield from _box()
    yield from _untold()
    yield from faults(
        """
        SELECT e.id, e.mandate_id FROM governance_enactment e JOIN governance_mandate m ON m.id = e.mandate_id
        WHERE e.at < m.due_at OR e.at >= m.expires_at OR m.proposal_id IS NULL""",
        "governance_enactment {id}",
        "was not carried out between the end of the lock and the expiry",
        "mandate {mandate_id} says when",
    )


def _said() -> dict[str, dict[str, Event]]:
    """Return what the record says of each vote, by subject and kind; the first word counts."""
    found: dict[str, dict[str, Event]] = {}
    for event in Event.objects.filter(kind__in=["proposals.published", "voting.closed"]).order_by("id"):
        found.setdefault(event.subject, {}).setdefault(event.kind, event)
    return found


def _roll_roots() -> dict[int, str]:
    """Return the Merkle root of each roll, made here from its lines."""
    rows = RollEntry.objects.order_by("proposal_id", "position")
    lines = rows.values_list("proposal_id", "position", "person_id", "affected", "senior")
    return {
        proposal: tree.merkle_root(
            f"{position}:{person}:{int(affected)}:{int(senior)}".encode()
            for _proposal, position, person, affected, senior in roll
        ).hex()
        for proposal, roll in groupby(lines.iterator(), key=lambda line: line[0])
    }


def _published(proposal: Proposal, event: Event | None, root: str) -> Iterator[Finding]:
    row = f"governance_proposal {proposal.pk}"
    made = hashlib.sha256(proposals.canonical_text(proposal).encode()).hexdigest()
    if made != proposal.digest:
        yield Finding(
            row, "its text, change or times are not those it was published with", f"its digest is {proposal.digest}"
        )
    if root != proposal.roll_root:
        yield Finding(row, "the roll is not the one that was frozen", f"its root was {proposal.roll_root}")
    if event is None:
        yield Finding(row, "no event says that it was published", "publishing is on record")
    elif (event.data["digest"], event.data["roll_root"]) != (proposal.digest, proposal.roll_root):
        yield Finding(row, "digest or roll differ from the record", f"event {event.pk} has {event.data['digest']}")
    if proposal.rule != _in_force(proposal):
        yield Finding(
            row, f"was decided by {proposal.rule}", "another version of the rule applied when it was published"
        )


def _in_force(proposal: Proposal) -> Rule | None:
    """Return the version of its rule that applied when a proposal was published, not one that was public only (E9)."""
    known = Rule.objects.filter(key=proposal.rule.key, applies_from__lte=proposal.published_at)
    return known.order_by("-version").first()


def _counted(proposal: Proposal, event: Event | None) -> Iterator[Finding]:
    tally = getattr(proposal, "tally", None)
    if tally is None:
        if event is not None:
            yield Finding(
                f"governance_proposal {proposal.pk}", "its tally is gone", f"event {event.pk} says it was counted"
            )
        return
    row, again = f"governance_tally {tally.pk}", _count_again(proposal)
    if tally.counts != again:
        yield Finding(row, f"says {tally.counts}", f"the ballots say {again}")
    if tally.passed != counting.passes(tally.counts, proposal):
        yield Finding(row, f"says passed: {tally.passed}", f"its counts under {proposal.rule} say otherwise")
    yield from _closed(proposal, tally)
    if event is None:
        yield Finding(row, "no event says that it was counted", "counting is on record")
    elif event.data["counts"] != tally.counts or event.data["passed"] != tally.passed:
        yield Finding(row, f"says {tally.counts}", f"event {event.pk} says {event.data['counts']}")
    elif event.data.get("files") != tally.files:
        yield Finding(row, "names other files to count it again", f"event {event.pk} says {event.data.get('files')}")


def _closed(proposal: Proposal, tally: Tally) -> Iterator[Finding]:
    """Work out again when a vote closed, from its times and from where the record stood still."""
    row, closed = f"governance_tally {tally.pk}", voting.closed_at(proposal, tally)
    if tally.counted_at < closed:
        yield Finding(row, "was counted before the close", f"the vote closed at {_written(closed)}")
    again = standstills.end_of(proposal, tally)
    if tally.closed_at and tally.closed_at != again:
        yield Finding(row, f"says that the vote closed at {_written(closed)}", f"it closed at {_written(again)}")


def _count_again(proposal: Proposal) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_count(%s)", [proposal.pk])
        return json.loads(cursor.fetchone()[0])


def _mandated(proposal: Proposal) -> Iterator[Finding]:
    mandate, tally = getattr(proposal, "mandate", None), getattr(proposal, "tally", None)
    if mandate is None:
        return
    row = f"governance_mandate {mandate.pk}"
    if tally is None or not tally.passed:
        yield Finding(row, f"stands on vote {proposal.pk}, which did not pass", "a mandate needs a passed vote")
    if proposal.rule.readings > 1 and proposal.first_reading_id is None:
        yield Finding(row, "was given after one reading", f"{proposal.rule} asks for two")
    planned = proposal.closes_at or mandate.due_at
    late = voting.closed_at(proposal, tally) - planned if tally else timedelta()
    if proposal.locked_until and mandate.due_at != proposal.locked_until + late:
        should = f"the lock of vote {proposal.pk} ends at {_written(proposal.locked_until + late)}"
        yield Finding(row, f"is due at {_written(mandate.due_at)}", should)
    if mandate.expires_at != mandate.due_at + mandates.LIFE:
        yield Finding(row, f"expires at {_written(mandate.expires_at)}", "a mandate expires 30 days after it is due")


def voters(vote: int) -> list[int]:
    """Return the persons in whose names ballots lie in the box of a counted vote: whether they voted, never how."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_voters(%s) ORDER BY 1", [vote])
        return [person for (person,) in cursor.fetchall()]


def _untold() -> Iterator[Finding]:
    """Find votes whose voters were not all told. A mail server that was away is an innocent cause."""
    told = faults(
        "SELECT vote, people FROM public.governance_untold() ORDER BY vote",
        "governance_proposal {vote}",
        "{people} members were not told that a ballot of theirs was counted",
        "a letter says so within two days; ask them whether they voted (`audit --voters {vote}`)",
    )
    yield from (replace(one, certain=False) for one in told)


def _box() -> Iterator[Finding]:
    """Compare the ballots with the record, which has the receipt of each casting and nothing of what it said."""
    yield from faults(
        """
        SELECT b.id, b.proposal_id FROM governance_ballot b
        WHERE NOT EXISTS (SELECT FROM record_event e WHERE e.kind = 'voting.cast'
            AND e.subject = 'proposal:' || b.proposal_id AND e.data ->> 'receipt' = b.receipt)""",
        "governance_ballot {id}",
        "lies in the box of vote {proposal_id} and was never cast on record",
        "each casting has its event",
    )
    yield from faults(
        """
        SELECT e.id, e.subject FROM record_event e WHERE e.kind = 'voting.cast'
        AND NOT EXISTS (SELECT FROM governance_ballot b WHERE b.receipt = e.data ->> 'receipt'
            AND e.subject = 'proposal:' || b.proposal_id)""",
        "record_event {id}",
        "speaks of a ballot in {subject} that is gone",
        "a ballot is never taken out of the box",
    )


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
