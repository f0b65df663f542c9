"""Putting a question to the members: drafted by one of them, then published and never changed again."""

import json
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from governance import options, policies, rivals, standing, supporting
from governance.models import CUTS, Proposal, Rule
from governance.options import Asked, canonical
from governance.policy import Payload

# 3.3: one proposal to cut in 90 days, and after one that failed only after 180.
RHYTHM, AFTER_FAILURE = timedelta(days=90), timedelta(days=180)
BETWEEN_READINGS = timedelta(days=30)


def payload_of(proposal: Proposal) -> Payload:
    """Return the payload of a proposal, read from the text that was hashed."""
    payload: Payload = json.loads(proposal.payload)
    return payload


def draft_refusal(policy: str, payload: Payload, *, by: Person, at: datetime) -> Refusal | None:
    """Return why this person cannot put this question, or None."""
    refusal = standing.refusal(by, doing="propose", at=at)
    return refusal or next(iter(policies.find(policy).problems(payload)), None)


def draft(
    *, policy: str, payload: Payload, title: str, text: str, by: Person, at: datetime, reads: Proposal | None = None,
    asks: Asked | None = None,
) -> Proposal:  # fmt: skip
    """Write down a proposal that only its author sees yet. `reads` is the first reading of which it is the second.

    `asks` is how the question is put where yes and no do not answer it, or where it stands beside another.

    Raises Refused when the author may not propose, or when the policy finds a problem with the payload.
    """
    asks = asks or Asked()
    with transaction.atomic():
        proposal = worked_out(policy=policy, payload=payload, title=title, text=text, by=by, at=at)
        proposal.first_reading, proposal.rival_of = reads, asks.beside
        proposal.method, proposal.petition = asks.method, asks.petition
        proposal.save()
        options.write(proposal, asks.options)
        events.write("proposals.drafted", by=by, subject=f"proposal:{proposal.pk}", at=at, policy=policy)
    return proposal


def worked_out(*, policy: str, payload: Payload, title: str, text: str, by: Person, at: datetime) -> Proposal:
    """Return a proposal with its rule and its impact worked out, and saved nowhere. Raises Refused as `draft` does."""
    refuse_if(draft_refusal(policy, payload, by=by, at=at))
    kind = policies.find(policy)
    return Proposal(
        policy=policy, rule=rule_for(policy, payload, at), title=title, text=text, payload=canonical(payload),
        impact=canonical(kind.impact(payload, at)), subject=kind.subject(payload), proposed_by=by, drafted_at=at,
    )  # fmt: skip


def draft_second_reading(first: Proposal, *, by: Person, at: datetime) -> Proposal:
    """Draft the second reading of a proposal that passed its first: the same words, the same change."""
    return draft(
        policy=first.policy, payload=payload_of(first), title=first.title, text=first.text, by=by, at=at, reads=first
    )


def draft_rival(first: Proposal, *, payload: Payload, title: str, text: str, by: Person, at: datetime) -> Proposal:
    """Draft another way to what a published proposal would change, for the same ballot (P10).

    It looks for support as any draft does. Raises Refused too late, for another thing, or for what needs more time.
    """
    refuse_if(
        rivals.window_refusal(first, at=at)
        or draft_refusal(first.policy, payload, by=by, at=at)
        or rivals.fit_refusal(first, first.policy, payload, rule_for(first.policy, payload, at), by=by)
    )
    asks = Asked(beside=first)
    return draft(policy=first.policy, payload=payload, title=title, text=text, by=by, at=at, asks=asks)


def rule_for(policy: str, payload: Payload, at: datetime) -> Rule:
    """Return the latest version that applies of the rule that decides this change."""
    key = policies.find(policy).rule_key(payload)
    return Rule.objects.filter(key=key, applies_from__lte=at).order_by("-version")[:1].get()


def publish_refusal(proposal: Proposal, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a draft cannot be published now, or None. The database asks the same again."""
    payload = payload_of(proposal)
    if proposal.published_at is not None:
        return Refusal(_("This proposal is published already."), rule="P6", status=409)
    if proposal.proposed_by_id != by.pk:
        return Refusal(_("A draft is published by the member who wrote it."), rule="P8")
    if refusal := draft_refusal(proposal.policy, payload, by=by, at=at) or _wordless(proposal):
        return refusal
    rule = rule_for(proposal.policy, payload, at)
    return (
        rivals.publish_refusal(proposal, payload, rule, at=at)
        or rhythm(proposal, rule, at)
        or _second_reading(proposal, at)
        or supporting.publish_refusal(proposal)
    )


def _wordless(proposal: Proposal) -> Refusal | None:
    if proposal.title.strip() and proposal.text.strip():
        return None
    return Refusal(
        _("It has no question, or no reason."), rule="3.5", status=409,
        appeal=_("Write the question that members answer, and why: what is missing changes nothing."),
    )  # fmt: skip


def rhythm(proposal: Proposal, rule: Rule, at: datetime) -> Refusal | None:
    """Return why a cut of the same pay comes too soon after another (3.3), or None; one query, or up to three."""
    if rule.key not in CUTS:
        return None
    others = Proposal.objects.filter(subject=proposal.subject, rule__key__in=CUTS, published_at__isnull=False)
    read = proposal.first_reading
    # What stands on the same ballot is one question, and so is what stood beside its first reading.
    for one in filter(None, (proposal.rival_of, rivals.first_of(read) if read else None)):
        others = others.exclude(pk=one.pk).exclude(rival_of=one)
    own = [number for number in (proposal.pk, proposal.first_reading_id) if number]
    known = others.exclude(pk__in=own).values_list("published_at", "tally__passed", "tally__counted_at")
    ends = [begun + RHYTHM for begun, _passed, _counted in known if begun]
    ends += [counted + AFTER_FAILURE for _begun, passed, counted in known if counted and not passed]
    free = max(ends, default=at)
    if free <= at:
        return None
    return Refusal(
        _("There was a proposal to cut the same pay not long ago."), rule="3.3", status=409,
        appeal=_(
            "One such proposal is allowed in 90 days, and after one that failed, 180 days must pass: from %(day)s on."
        ) % {"day": date_format(free, "DATE_FORMAT")},
    )  # fmt: skip


def _second_reading(proposal: Proposal, at: datetime) -> Refusal | None:
    first = proposal.first_reading
    # Drafts do not count, or anybody could keep the real one back by writing another.
    if first and first.second_readings.exclude(published_at=None).exists():
        return Refusal(
            _("The second reading of this proposal is published already."), rule=proposal.rule.key, status=409
        )
    if first is None or first.tally.counted_at <= at - BETWEEN_READINGS:
        return None
    return Refusal(
        _("Two readings are at least 30 days apart."), rule=proposal.rule.key, status=409,
        appeal=_("You can publish the second reading 30 days after the first was counted."),
    )  # fmt: skip


def publish(proposal: Proposal, *, by: Person, at: datetime) -> Proposal:
    """Publish a draft and return it with its times, roll and digest, all of them written by the database.

    From here on nothing of it changes. Raises Refused when it cannot be published.
    """
    refuse_if(publish_refusal(proposal, by=by, at=at))
    payload = payload_of(proposal)
    rule, impact = rule_for(proposal.policy, payload, at), policies.find(proposal.policy).impact(payload, at)
    with transaction.atomic():
        drafts = Proposal.objects.filter(pk=proposal.pk, published_at=None)
        if not drafts.update(published_at=at, rule=rule, impact=canonical(impact)):
            raise Refused(Refusal(_("This proposal is published already."), rule="P6", status=409))
        proposal = Proposal.objects.select_related("rule").get(pk=proposal.pk)
        events.write(
            "proposals.published", by=by, subject=f"proposal:{proposal.pk}", at=at, digest=proposal.digest,
            roll_root=proposal.roll_root,
        )  # fmt: skip
        if first := proposal.rival_of:
            together = rivals.set_id(rivals.on_the_ballot(proposal))
            events.write(
                "proposals.rival_filed", by=by, subject=f"proposal:{first.pk}", at=at, rival=proposal.pk, set=together
            )
    return proposal


def canonical_text(proposal: Proposal) -> str:
    """Return the canonical JSON whose SHA-256 is the proposal's digest, made here without the database's help (P1)."""
    p = proposal
    plain = {
        "first_reading": p.first_reading_id, "policy": p.policy, "proposed_by": p.proposed_by_id,
        "roll_root": p.roll_root, "rule": f"{p.rule.key}/{p.rule.version}", "subject": p.subject, "text": p.text,
        "title": p.title, "impact": json.loads(p.impact), "payload": json.loads(p.payload), "method": p.method,
        "options": [
            {
                "position": o.position, "title": o.title, "text": o.text, "person": o.person_id,
                "payload": json.loads(o.payload or "null"),
            }
            for o in p.options.all()
        ],
    }  # fmt: skip
    if p.rival_of:
        plain["rival_of"] = p.rival_of.digest
    for phase in ("published_at", "frozen_at", "opens_at", "closes_at", "locked_until"):
        plain[phase] = f"{getattr(p, phase):%Y-%m-%dT%H:%M:%S.%fZ}"
    return canonical(plain)


def turnout(proposal: Proposal) -> int:
    """Return how many electors have voted; a number only, during the vote too (B1)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_turnout(%s)", [proposal.pk])
        (number,) = cursor.fetchone()
    return int(number)
