"""Rates, fee and other instruments are exactly what a mandate says; each task was taken at no less."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from coop.audit import kinds
from coop.audit.findings import Finding, Tick, faults
from governance import parameters, proposals
from governance.models import WHOLE, Mandate, Proposal
from payments import rates
from payments.models import Rate
from payments.money import plain

# The mildest first; a first rate is none of them, as nothing stands before it.
STRICTNESS = ("N14", "N10", "N1", "N2", "N3")
# The least that N1 lets stay of the best pay of the twelve months before (D7).
MOST = Fraction(95, 100)


def walk(tick: Tick) -> Iterator[Finding]:
    """Walk the history of each kind of work, then the fee, then what members were paid."""
    known = Rate.objects.select_related("mandate__proposal__rule", "mandate__enactment").order_by(
        "work_type", "version"
    )
    for _kind, versions in groupby(known, key=lambda rate: rate.work_type_id):
        past: list[Rate] = []
        for rate in versions:
            tick(1)
            yield from _in_order(rate, past[-1] if past else None)
            yield from _as_voted(rate, past)
            past.append(rate)
    yield from kinds.opened()
    yield from _fees()
    yield from _instruments()
    yield from _enacted()
    yield from _pay()


def _name(rate: Rate) -> str:
    return f"payments_rate {rate.pk}"


def _in_order(rate: Rate, before: Rate | None) -> Iterator[Finding]:
    expected = before.version + 1 if before else 1
    if rate.version != expected:
        yield Finding(_name(rate), f"is version {rate.version}", f"version {expected} of its kind of work comes here")
    if before and rate.since < before.since:
        yield Finding(_name(rate), "begins before the version it follows", f"that one began at {before.since}")


def _as_voted(rate: Rate, past: list[Rate]) -> Iterator[Finding]:
    """Compare a rate with the payload of its vote; the founding's are compared by their hash, in founding.py."""
    proposal = rate.mandate.proposal
    if proposal is None:
        if past:
            yield Finding(_name(rate), "stands on the founding meeting", "only the first version does")
        return
    if not rate.mandate.due_at <= rate.since < rate.mandate.expires_at:
        yield Finding(
            _name(rate), f"is in force since {rate.since}", f"mandate {rate.mandate_id} was due {rate.mandate.due_at}"
        )
    if past or proposal.policy != "new_kind":  # the first rate of a new kind of work is compared in kinds.py
        yield from _changed(rate, past, proposal)


def _changed(rate: Rate, past: list[Rate], proposal: Proposal) -> Iterator[Finding]:
    is_now = {
        "work_type": rate.work_type_id, "amount": plain(rate.amount), "currency": rate.currency,
        "estimated_seconds": rate.estimated_seconds, "replaces": rate.version - 1,
    }  # fmt: skip
    said = dict(proposals.payload_of(proposal))
    voted = said | {"amount": plain(Decimal(str(said.get("amount", "0"))))}
    if proposal.policy != "rate_change" or is_now != voted:
        yield Finding(_name(rate), f"says {_short(is_now)}", f"vote {proposal.pk} said {_short(voted)}")
    needed = _rule_needed(rate, past, published_at=proposal.published_at or rate.since) if past else "N14"
    if proposal.rule.key not in STRICTNESS[STRICTNESS.index(needed) :]:
        yield Finding(_name(rate), f"was decided by {proposal.rule.key}", f"a change of this size needs {needed}")


def _short(facts: dict[str, object]) -> str:
    seconds, version = facts.get("estimated_seconds"), facts.get("replaces")
    return f"{facts.get('amount')} {facts.get('currency')} for {seconds} s after v{version}"


def _rule_needed(rate: Rate, past: list[Rate], *, published_at: datetime) -> str:
    """Return the rule that a change needs (D4, D7), worked out here from the history, without the database's word.

    How deep N2 cuts is the number that applied when it was published (3.1, 3.3).
    """
    latest = past[-1]
    if _kept(rate, latest) >= 1:
        return "N10"
    kept = min(_kept(rate, one) for one in _of_a_year(past, rate.since))
    if kept < 1 - Fraction(parameters.value("cuts_in_a_year", published_at), WHOLE):
        return "N3"
    return "N1" if kept >= MOST else "N2"


def _kept(rate: Rate, past: Rate) -> Fraction:
    unit = Fraction(rate.amount) / Fraction(past.amount)
    return min(unit, unit * past.estimated_seconds / rate.estimated_seconds)


def _of_a_year(past: list[Rate], at: datetime) -> list[Rate]:
    """Return the rates in force at any moment of the year before."""
    ends = [*(rate.since for rate in past[1:]), at]
    return [rate for rate, end in zip(past, ends, strict=True) if end > at - rates.YEAR]


def _fees() -> Iterator[Finding]:
    yield from faults(
        """
        SELECT f.id, f.version, f.on_wage, f.training, f.care, f.floor, p.id AS vote, p.payload FROM payments_fee f
        JOIN governance_mandate m ON m.id = f.mandate_id LEFT JOIN governance_proposal p ON p.id = m.proposal_id
        WHERE CASE WHEN p.id IS NULL THEN f.version > 1
            ELSE (p.policy = 'fee_change' AND
                jsonb_build_object('floor', 0) || p.payload::jsonb = jsonb_build_object('on_wage', f.on_wage,
                'training', f.training, 'care', f.care, 'floor', f.floor, 'replaces', f.version - 1)
                AND f.since >= m.due_at AND f.since < m.expires_at) IS NOT TRUE END
            OR f.version <> (SELECT count(*) FROM payments_fee b WHERE b.version <= f.version)""",
        "payments_fee {id}",
        "version {version} says {on_wage}, {training}, {care}, {floor}",
        "vote {vote} said {payload}",
    )


def _instruments() -> Iterator[Finding]:
    """Compare every other instrument of the registry with its vote (D3); the founding's by their hash."""
    yield from faults(
        """
        SELECT i.id, i.kind, i.version, i.value, p.id AS vote, p.payload FROM payments_instrument i
        JOIN governance_mandate m ON m.id = i.mandate_id LEFT JOIN governance_proposal p ON p.id = m.proposal_id
        WHERE CASE WHEN p.id IS NULL THEN i.version > 1
            ELSE (p.policy = i.kind AND p.payload::jsonb = jsonb_build_object(
                    'key', i.key, 'value', i.value::jsonb, 'replaces', i.version - 1)
                AND i.since >= m.due_at AND i.since < m.expires_at) IS NOT TRUE END
            OR i.version <> (SELECT count(*) FROM payments_instrument b
                WHERE b.kind = i.kind AND b.key = i.key AND b.version <= i.version)""",
        "payments_instrument {id}",
        "version {version} of {kind} says {value}",
        "vote {vote} said {payload}",
    )


def _enacted() -> Iterator[Finding]:
    """Name votes on pay that count as carried out and left no rate."""
    on_pay = Mandate.objects.filter(proposal__policy__in=("rate_change", "new_kind"))
    done = on_pay.filter(enactment__failure="", enactment__isnull=False)
    for mandate in done.exclude(pk__in=Rate.objects.values("mandate")):
        should = f"vote {mandate.proposal_id} was carried out: {mandate.proposal and mandate.proposal.payload}"
        yield Finding(f"governance_mandate {mandate.pk}", "has no rate", should)


def _pay() -> Iterator[Finding]:
    """Compare each task taken with the rate it names, with the card that was shown, and with the record."""
    yield from _below_its_rate()
    yield from _otherwise_than_shown()


def _below_its_rate() -> Iterator[Finding]:
    yield from faults(
        """
        SELECT a.id, a.pay / 1e6 AS pay, r.amount / 1e6 AS rate, r.id AS named FROM tasks_assignment a
        JOIN payments_rate r ON r.id = a.rate_id WHERE a.pay < r.amount""",
        "tasks_assignment {id}",
        "pays {pay:f}",
        "rate {named}, which it names, says {rate:f} at least",
    )
    yield from faults(
        """
        SELECT a.id, a.rate_id, a.claimed_at FROM tasks_assignment a JOIN payments_rate r ON r.id = a.rate_id
        JOIN tasks_job j ON j.id = a.job_id
        WHERE r.work_type_id <> j.work_type_id OR r.since > a.claimed_at + interval '1 minute' OR EXISTS (
            SELECT FROM payments_rate n WHERE n.work_type_id = r.work_type_id AND n.version > r.version
                AND n.since < a.claimed_at - interval '1 minute')""",
        "tasks_assignment {id}",
        "names rate {rate_id}",
        "another was in force when it was taken, {claimed_at}",
    )


def _otherwise_than_shown() -> Iterator[Finding]:
    yield from faults(
        """
        SELECT a.id, a.pay / 1e6 AS pay, c.body::jsonb ->> 'pay' AS shown FROM tasks_assignment a
        JOIN tasks_ratecard c ON c.digest = a.card_id
        WHERE (c.body::jsonb ->> 'pay')::numeric * 1000000 > a.pay
            OR encode(sha256(convert_to(c.body, 'UTF8')), 'hex') <> c.digest""",
        "tasks_assignment {id}",
        "pays {pay:f}",
        "the card that was shown said {shown}",
    )
    yield from faults(
        """
        WITH said AS (
            SELECT DISTINCT ON (1) (e.data ->> 'assignment')::bigint AS assignment, e.id AS event,
                (e.data ->> 'pay')::numeric AS pay, (e.data ->> 'card') AS card
            FROM record_event e WHERE e.kind = 'claims.claimed' ORDER BY 1, e.id
        )
        SELECT coalesce(a.id, s.assignment) AS id, a.pay / 1e6 AS pay, s.pay AS said, s.event
        FROM tasks_assignment a FULL JOIN said s ON s.assignment = a.id
        WHERE (s.pay * 1000000 = a.pay AND s.card = a.card_id) IS NOT TRUE""",
        "tasks_assignment {id}",
        "pays {pay}",
        "the record says it was taken at {said}, event {event}",
    )
