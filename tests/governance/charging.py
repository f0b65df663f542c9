"""A case to try things on: Samuel, the safety officer, charges Amina; the lot is made by him, her and Teresa."""

from datetime import datetime, timedelta
from typing import Any

from coop import clock
from coop.people.models import Person
from governance import cases, decisions, lots, offices, panels, turned_away
from governance.models import (
    LADDER,
    Bylaw,
    Case,
    CaseGround,
    Decision,
    Equivalent,
    Measure,
    Motion,
    Panel,
    PanelSeat,
    Role,
    Said,
    TurnedFrom,
)

FACTS = "Three answers of 2 November were word for word those of another account."
REBUTTAL = "The copies are older than anything that the member said or did, and a machine found them."
WORDS = {Role.CHARGE: "hazel-heron-hill", Role.MEMBER: "maple-market-moon", Role.WITNESS: "olive-onion-owl"}


def ask(at: datetime, by: Person, **facts: Any) -> cases.Charge:
    """Return a charge of copied work, five days ago, that asks for advice."""
    given: dict[str, Any] = {
        "ground": CaseGround.FABRICATED, "bylaw": Bylaw.objects.get(key="C1", version=1), "facts": FACTS,
        "happened_from": at - timedelta(days=6), "happened_until": at - timedelta(days=5), "measure": Measure.ADVICE,
        "remedy": "Talk to the reviewers about how answers are made.",
        "evidence": (("Comparison of answers", "answers 11, 12 and 13 equal answers 71, 72 and 73"),),
        "capacity": next(iter(offices.held_by(by, at)), None),
    }  # fmt: skip
    return cases.Charge(**{**given, **facts})


def kept_quiet(member: Person) -> None:
    """Let the site refuse to let a member speak, without a ground, and a day go by: a sign of a mute (7.11)."""
    turned_away.note(member, TurnedFrom.SPEAK, at=clock.now())
    clock.advance(timedelta(hours=24, minutes=1))


def unexplained(member: Person) -> Case:
    """Return a case that opened by itself and that the cooperative has to explain."""
    kept_quiet(member)
    case = cases.open_equivalent(member, kind=Equivalent.MUTED, at=clock.now())
    assert case is not None
    return case


def charge(person: Person, by: Person, **facts: Any) -> Case:
    """Charge a person and return the case."""
    at = clock.now()
    return cases.charge(person, ask(at, by, **facts), seal=lots.seal(WORDS[Role.CHARGE]), by=by, at=at)


def seal_all(panel: Panel, member: Person, witness: Person) -> None:
    """Let the member and the witness seal their parts; the charging side has, or does now."""
    if not panel.parts.filter(role=Role.CHARGE).exists():
        charger = Person.objects.get(pk=panels.charging(panel.case) or 0)
        panels.commit(panel, lots.seal(WORDS[Role.CHARGE]), by=charger, at=clock.now())
    panels.commit(panel, lots.seal(WORDS[Role.MEMBER]), by=member, at=clock.now())
    panels.commit(panel, lots.seal(WORDS[Role.WITNESS]), by=witness, at=clock.now())


def open_all(panel: Panel) -> None:
    """Open the parts in their turn: the member's first."""
    for role in (Role.MEMBER, Role.WITNESS, Role.CHARGE):
        part = panel.parts.filter(role=role).first()
        if part is not None:
            panels.reveal(part, WORDS[role], at=clock.now())


def seat(panel: Panel, member: Person, witness: Person) -> list[PanelSeat]:
    """Take a panel through its lot and return who sits."""
    seal_all(panel, member, witness)
    open_all(panel)
    return list(panels.sitting_on(panel))


def finding(case: Case, **facts: Any) -> decisions.Finding:
    """Return what the charge asked for, with reasons and the evidence of the charging side."""
    given: dict[str, Any] = {
        "measure": Measure(case.measure), "scope": case.scope, "days": case.days,
        "reasons": "The answers are the same letter for letter, and the member could not say why.",
        "evidence": tuple(case.evidence.filter(citable=True)),
    }  # fmt: skip
    return decisions.Finding(**{**given, **facts})


def agree(panel: Panel, found: decisions.Finding, *, yes: int | None = None) -> Motion:
    """Let the first on a panel move something and so many in all agree; without a number, as many as it needs."""
    sitting = list(panels.sitting_on(panel))
    motion = decisions.move(panel, found, by=sitting[0].person, at=clock.now())
    enough = decisions.needed(panel, found.measure)
    for seat in sitting[1 : enough if yes is None else yes]:
        decisions.vote(motion, agrees=True, by=seat.person, at=clock.now())
    return motion


def decide(person: Person, by: Person, witness: Person, **facts: Any) -> Decision:
    """Take a charge through lot, answer and panel, and return what was decided: what the charge asked for."""
    case = charge(person, by, **facts)
    panel = case.panels.get()
    seat(panel, person, witness)
    cases.say(case, kind=Said.REPLY, text="I did it alone.", by=person, at=clock.now())
    agree(panel, finding(case, rebuttal=REBUTTAL if case.presumed else ""))
    return Decision.objects.get(panel=panel)


def other(ago: int, **facts: Any) -> dict[str, Any]:
    """Return the facts of another charge, of so many days ago."""
    at = clock.now()
    return {
        "facts": f"It happened {ago} days ago.", "evidence": ((f"Day {ago}", f"What was seen on day {ago}."),),
        "happened_from": at - timedelta(days=ago), "happened_until": at - timedelta(days=ago, hours=-1), **facts,
    }  # fmt: skip


def climb(person: Person, by: Person, witness: Person, *, to: Measure) -> Decision:
    """Take a person up the ladder to a measure, a case a step, and return the last decision."""
    decision = None
    for number, measure in enumerate(LADDER[1 : LADDER.index(to) + 1]):
        reach = {Measure.LIMIT: ("job:12", 30), Measure.PAUSE: ("work", 60)}.get(measure, ("", 0))
        told = other(20 + 2 * number, measure=measure, scope=reach[0], days=reach[1])
        decision = decide(person, by, witness, **told)
    assert decision is not None
    return decision
