"""A walk through one case that may end in an expulsion, beside the model of it: every act of part 7 and then N7.

The charge, the lot in its parts, refusals, the answer, motions and votes of the panel, the appeal to nine others and
the general meeting, by whoever may and whoever may not, in random order with time that jumps. As in `walk.py`, `dice`
is where chance comes from.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from coop import clock
from coop.people.models import Person
from governance import appeals, assembly, cases, decisions, lots, panels, proposals, standing
from governance.models import (
    Case,
    CaseGround,
    Decision,
    Measure,
    Motion,
    Panel,
    Restriction,
    Role,
    Said,
    Side,
    Stage,
    Standing,
    Status,
)
from tests.governance import charging
from tests.governance.ground import Dice, reachable
from tests.governance.hearing import (
    APPEAL_FOR,
    FIVE,
    NEXT,
    NINE,
    OPEN_FOR,
    REFUSE_FOR,
    REPLY,
    STEPS,
    Bench,
    File,
    Moved,
    lot,
)
from tests.governance.model import DAY, Vote
from tests.governance.walk import BACKERS, Walk

# What somebody with the site's password tries against the member, or for them.
TAMPERING = (
    """INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id, mandate_id)
    SELECT %(member)s, 'expelled', now(), 'N7', %(member)s, min(id) FROM governance_mandate""",
    "INSERT INTO governance_panelseat (panel_id, person_id, rank, seated_at) VALUES (%(panel)s, %(charger)s, 1, now())",
    "INSERT INTO governance_draw (panel_id, drawn_at) VALUES (%(panel)s, now())",
    """INSERT INTO governance_decision (case_id, panel_id, motion_id, decided_at)
    SELECT %(case)s, %(panel)s, coalesce(max(id), 0), now() FROM governance_motion WHERE panel_id = %(panel)s""",
    """INSERT INTO governance_restriction (decision_id, person_id, scope, starts_at, ends_at)
    SELECT coalesce(max(id), 0), %(member)s, 'work', now(), now() + interval '60 days' FROM governance_decision""",
    """INSERT INTO governance_appeal (decision_id, by_id, reasons, appealed_at)
    SELECT coalesce(max(id), 0), %(charger)s, 'x', now() FROM governance_decision""",
    "UPDATE governance_case SET measure = 'nothing' WHERE id = %(case)s",
    "UPDATE governance_panel SET decide_by = now() WHERE id = %(panel)s",
    "UPDATE governance_motion SET measure = 'expulsion' WHERE panel_id = %(panel)s",
    "DELETE FROM governance_panelvote",
    "DELETE FROM governance_appeal",
)


class Expelling(Walk):
    """One walk: a member is charged with fraud, and whoever charged them asks for their expulsion."""

    def __init__(self, dice: Dice) -> None:
        super().__init__(dice)
        self.everybody = self.people
        self.member = self.one(self.people)
        others = [one for one in self.people if one != self.member]
        officers = [one for one in others if one.pk in {held.person for held in self.offices}]
        self.charger = self.one(officers if self.dice(2) else others)
        spoke = not self.dice(3)
        if spoke:
            assembly.open_thread(topic="other", title="Fees", text="Too high.", by=self.member, at=clock.now())
        facts: dict[str, Any] = {"ground": CaseGround.PAYMENT_FRAUD, "measure": Measure.EXPULSION}
        self.case = charging.charge(self.member, self.charger, **facts)
        panel, at = self.case.panels.get(), self.case.opened_at
        first = Bench(panel.pk, FIVE, at, REPLY, spoke, Measure.EXPULSION, sealed={Role.CHARGE: self.charger.pk})
        self.file, self.expelled, self.stood = File(at, first), False, cases.State.ANSWER
        self.about: dict[int, int] = {}
        self.done["presumed" if spoke else "not presumed", 0] += 1

    def person(self, number: int) -> Person:
        return next(one for one in self.everybody if one.pk == number)

    @property
    def bench(self) -> Bench:
        return self.file.bench

    @property
    def panel(self) -> Panel:
        return Panel.objects.select_related("case").get(pk=self.bench.number)

    def posts(self, person: Person, now: datetime) -> set[str]:
        return {held.post for held in self.offices if held.person == person.pk and now in held}

    def role_of(self, person: Person, now: datetime) -> Role | None:
        if person == self.member:
            return Role.MEMBER
        if person == self.charger:
            return Role.CHARGE
        return Role.WITNESS if self.posts(person, now) - self.posts(self.charger, now) else None

    def somebody(self) -> Person:
        """Return one of both sides, an officer or anybody."""
        officers = [self.person(held.person) for held in self.offices]
        return self.one([self.member, self.charger, self.one(officers), self.one(self.people)])

    # The lot.

    def seal(self) -> None:
        self.seal_as(self.somebody())

    def seal_as(self, by: Person) -> None:
        now, panel = clock.now(), self.panel
        role = self.role_of(by, now)
        seal = lots.seal(charging.WORDS[role or Role.WITNESS])
        if self.tries(self.bench.takes_seal(role, now), lambda: panels.commit(panel, seal, by=by, at=clock.now())):
            assert role is not None
            self.bench.sealed[role] = by.pk

    def open(self) -> None:
        self.open_part(self.one(list(Role)), "" if self.dice(6) else "other words")

    def open_part(self, role: Role, words: str = "") -> None:
        part = self.panel.parts.filter(role=role).select_related("panel").first()
        if part is None:
            return
        allowed = not words and self.bench.takes_opening(role, clock.now())
        was = self.bench.drawn
        act = lambda: panels.reveal(part, words or charging.WORDS[role], at=clock.now())  # noqa: E731
        if self.tries(allowed, act):
            self.bench.opened.add(role)
            if self.bench.drawn and not was:
                self.seats_are_drawn()

    def seats_are_drawn(self) -> None:
        """Compare who sits with the lot, and the list it was drawn from with who has no part in the case."""
        panel, bench = self.panel, self.bench
        words = {role: charging.WORDS[role] for role in bench.opened}
        drawn = lot(words, panel.candidates, without={bench.sealed[Role.WITNESS]})
        sat = set(self.file.first.seated) if self.file.again else set()
        assert not set(panel.candidates) & {self.member.pk, self.charger.pk, *sat}
        assert [seat.person_id for seat in panels.sitting_on(panel)] == drawn[: bench.size]
        bench.seated = dict.fromkeys(drawn[: bench.size], clock.now())

    def refuse(self) -> None:
        """Let somebody refuse a seat; the next of the lot takes it."""
        if not self.bench.seated:
            return
        panel, now = self.panel, clock.now()
        seat = self.one(list(panel.seats.select_related("person", "panel__case").order_by("rank")))
        by = self.one([self.member, self.charger, seat.person, self.one(self.people)])
        sides = {seat.person_id: Side.SELF, self.member.pk: Side.MEMBER, self.charger.pk: Side.CHARGE}
        side = sides.get(by.pk)
        allowed = self.bench.takes_refusal(side, seat.person_id, now)
        if self.tries(allowed, lambda: panels.refuse(seat, by=by, at=clock.now())):
            assert side is not None
            del self.bench.seated[seat.person_id]
            self.bench.refused[side] += 1
            [new] = {one.person_id for one in panels.sitting_on(panel)} - self.bench.seated.keys()
            self.bench.seated[new] = clock.now()
            self.done["refused", side] += 1

    # The answer and the panel.

    def answer(self) -> None:
        kind = self.one([Said.REPLY, Said.REPLY, Said.MORE_TIME])
        self.say(kind, self.member if self.dice(4) else self.somebody())

    def say(self, kind: Said, by: Person) -> None:
        now, it = clock.now(), self.file
        in_time = now <= it.reply_by if kind == Said.REPLY else now <= it.opened + REPLY and not it.asked_more
        act = lambda: cases.say(self.case, kind=kind, text="It was not me.", by=by, at=clock.now())  # noqa: E731
        if self.tries(in_time and by == self.member, act):
            it.answered |= kind == Said.REPLY
            it.asked_more |= kind == Said.MORE_TIME

    def one_who_sits(self) -> Person:
        """Return mostly somebody who sits on the panel."""
        sits = [person for person in self.people if person.pk in self.bench.seated]
        return self.one(sits if sits and self.dice(8) else self.people)

    def move(self) -> None:
        self.move_as(self.one_who_sits(), self.one([*STEPS, Measure.EXPULSION]))

    def move_as(self, by: Person, step: Measure) -> None:
        now, panel = clock.now(), self.panel
        allowed = self.file.is_heard(now) and self.bench.takes_motion(by.pk, step, now)
        found = charging.finding(self.case, measure=step, rebuttal=charging.REBUTTAL)
        if motion := self.tries(allowed, lambda: decisions.move(panel, found, by=by, at=clock.now())):
            self.bench.motions.append(Moved(motion.pk, step))
            self.bench.vote(self.bench.motions[-1], by.pk, clock.now(), agrees=True)

    def vote_on_a_motion(self) -> None:
        if self.bench.motions:
            self.vote_as(self.one_who_sits(), self.one(self.bench.motions), agrees=bool(self.dice(4)))

    def vote_as(self, by: Person, motion: Moved, *, agrees: bool) -> None:
        now = clock.now()
        row = Motion.objects.select_related("panel__case").get(pk=motion.number)
        allowed = self.bench.decides(by.pk, now) and by.pk not in motion.voted
        if self.tries(allowed, lambda: decisions.vote(row, agrees=agrees, by=by, at=clock.now())):
            self.bench.vote(motion, by.pk, clock.now(), agrees=agrees)

    # The appeal and the general meeting.

    def decision(self, bench: Bench) -> Decision | None:
        return Decision.objects.filter(panel=bench.number).select_related("case", "panel", "motion").first()

    def appeal(self) -> None:
        if (decision := self.decision(self.one([self.bench, self.file.first]))) is None:
            return
        by, now = self.member if self.dice(5) else self.somebody(), clock.now()
        first = decision.panel_id == self.file.first.number
        allowed = first and by == self.member and self.file.takes_appeal(now)
        act = lambda: appeals.appeal(decision, reasons="It was somebody else.", by=by, at=clock.now())  # noqa: E731
        if made := self.tries(allowed, act):
            panel, found = self.case.panels.get(stage=Stage.APPEAL), self.file.first.decided
            assert found is not None
            self.file.appealed = made.appealed_at
            self.file.again = Bench(panel.pk, NINE, panel.convened_at, 7 * DAY, self.file.first.presumed, found.step)

    def ask_the_meeting(self) -> None:
        """Draft the question, of a decision that stands or of another, and mostly put it to all."""
        decision = self.decision(self.one([self.bench, self.bench, self.file.first]))
        author = self.one([one for one in self.people if one != self.member])
        number = decision.pk if decision else 0
        expels = bool(decision and decision.motion.measure == Measure.EXPULSION)
        appealed = self.file.appealed and decision and decision.panel_id == self.file.first.number
        words: dict[str, Any] = {"title": "Shall it stand?", "text": "It was decided.", "by": author, "at": clock.now()}
        payload: dict[str, object] = {"decision": number, "person": self.member.pk}
        act = lambda: proposals.draft(policy="expulsion", payload=payload, **words)  # noqa: E731
        if (row := self.tries(expels and not appealed, act)) is not None:
            self.votes.append(vote := Vote(row.pk, "N7", author.pk))
            self.about[vote.number] = number
            self.back(vote, [author, *self.some(self.people, BACKERS, BACKERS + 1)])
            self.put_to_all(vote)

    def may_publish(self, vote: Vote, now: datetime) -> bool:
        stands = self.decision(self.bench)
        asked = self.of(lambda other: other.published and self.about[other.number] == self.about[vote.number])
        fits = stands is not None and stands.pk == self.about[vote.number] and self.file.takes_meeting(now)
        return fits and not asked and super().may_publish(vote, now)

    def changes(self, vote: Vote, now: datetime) -> bool:
        """Let the mandate end the membership."""
        self.expelled = True
        self.people = [one for one in self.people if one != self.member]
        return True

    # Time, attacks, and what comes next of itself.

    def time_passes_to_the_next_step_of_the_case(self) -> None:
        bench, now = self.bench, clock.now()
        steps = [bench.seal_by, bench.member_by, bench.seal_by + OPEN_FOR, self.file.reply_by, bench.decide_by]
        steps += [since + REFUSE_FOR for since in list(bench.seated.values())[-1:]]
        steps += [bench.decided_at + APPEAL_FOR] if bench.decided_at else []
        if ahead := [when for when in steps if when > now]:
            self.let_pass(min(ahead) - now)

    def somebody_with_the_sites_password_decides(self) -> None:
        facts = {"member": self.member.pk, "charger": self.charger.pk, "case": self.case.pk, "panel": self.bench.number}
        self.attacked(self.one(TAMPERING), facts)

    def the_case_goes_on(self) -> None:
        """Do what would come next if nobody delayed it; now and then everybody does."""
        bench = self.bench
        if bench.decided or clock.now() >= bench.decide_by:
            self.after_the_panel()
        elif not self.dice(16):
            self.reach(bench.decide_by)
        elif not bench.drawn:
            self.make_the_lot()
        elif not self.file.is_heard(clock.now()):
            self.say(Said.REPLY, self.member)
        else:
            self.the_panel_decides()

    def make_the_lot(self) -> None:
        now, bench = clock.now(), self.bench
        officers = [self.person(held.person) for held in self.offices]
        witnesses = [one for one in officers if self.role_of(one, now) == Role.WITNESS]
        for by in (self.charger, self.member, *witnesses[:1]):
            if bench.takes_seal(self.role_of(by, now), now):
                self.seal_as(by)
        for role in (Role.MEMBER, Role.WITNESS, Role.CHARGE):
            if bench.takes_opening(role, clock.now()):
                self.open_part(role)
        if not bench.drawn:
            self.time_passes_to_the_next_step_of_the_case()

    def the_panel_decides(self) -> None:
        sits = [person for person in self.people if person.pk in self.bench.seated]
        waiting = [(one, by) for one in self.bench.motions[-1:] for by in sits if by.pk not in one.voted]
        if not waiting:
            self.move_as(sits[0], self.bench.most if self.dice(6) else self.one(STEPS))
        for motion, person in waiting:
            if not self.bench.decided:
                self.vote_as(person, motion, agrees=bool(self.dice(12)))

    def after_the_panel(self) -> None:
        """Let the member appeal, or wait until they cannot, and ask the meeting; it decides, or too few come."""
        now, asked = clock.now(), self.of(lambda vote: vote.published)
        if self.file.takes_appeal(now) and not self.dice(2):
            self.appeal()
        elif not self.file.takes_meeting(now):
            decided = self.bench.decided_at
            self.reach(decided + APPEAL_FOR) if decided else self.time_passes_to_the_next_step_of_the_case()
        elif not asked:
            self.ask_the_meeting()
        elif asked[0].counted:
            self.the_machine_carries_on()
        else:
            self.a_vote_is_taken_to_its_count() if self.dice(2) else self.time_passes_to_the_next_step_of_a_vote()

    def check(self, *, all_of_them: bool) -> None:
        """Compare the case and the member's standing with the model, beside every vote."""
        super().check(all_of_them=all_of_them)
        now, was = clock.now(), self.stood
        case = Case.objects.get(pk=self.case.pk)
        self.stood = cases.state(case, now)
        assert self.stood == self.file.state(now)
        assert self.stood == was or self.stood in reachable(was, NEXT), (was, self.stood)
        assert case.presumed == self.file.first.presumed
        benches = [self.file.first, *([self.file.again] if self.file.again else [])]
        known = Decision.objects.order_by("pk").values_list("panel", "motion", "motion__measure")
        told = [(one.number, one.decided.number, one.decided.step) for one in benches if one.decided]
        assert list(known) == told
        assert standing.status(self.member) == (Status.EXPELLED if self.expelled else Status.MEMBER)
        assert Standing.objects.filter(status=Status.EXPELLED).count() == self.expelled
        assert not Restriction.objects.exists()
        self.done[self.stood, self.bench.size] += 1

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more can follow."""
        asked = self.of(lambda vote: vote.published)
        if asked:
            return bool(asked[0].carried_out or (asked[0].counted and not asked[0].passed))
        now, decided = clock.now(), self.bench.decided
        if decided is None:
            return now >= self.bench.decide_by
        return decided.step != Measure.EXPULSION and not self.file.takes_appeal(now)

    def ends(self) -> None:
        """Note how it ended."""
        way = "after appeal" if self.file.appealed else "without appeal"
        if self.of(lambda vote: vote.counted):
            self.done["expelled" if self.expelled else "stays", way] += 1


# The acts, each as often as it stands here.
ACTS: tuple[Callable[[Expelling], None], ...] = (
    *[Expelling.the_case_goes_on] * 24, *[Expelling.seal] * 2, *[Expelling.open] * 3, *[Expelling.refuse] * 2,
    *[Expelling.answer] * 2, *[Expelling.move] * 2, *[Expelling.vote_on_a_motion] * 2, *[Expelling.appeal] * 2,
    *[Expelling.ask_the_meeting] * 2, Expelling.cast, Expelling.close, *[Expelling.enact] * 2, Expelling.publish,
    Expelling.sign_a_stop, Expelling.the_machine_carries_on, *[Expelling.somebody_with_the_sites_password_decides] * 2,
    Expelling.somebody_with_the_sites_password_changes_it, Expelling.time_passes,
    *[Expelling.time_passes_to_the_next_step_of_the_case] * 2, Expelling.time_passes_to_the_next_step_of_a_vote,
)  # fmt: skip

# How cases end, each of them before five and before nine, and the presumption both ways.
WAYS = {
    *((state, FIVE) for state in (cases.State.ANSWER, cases.State.PANEL, cases.State.DECIDED, cases.State.VOID)),
    *((state, NINE) for state in (cases.State.APPEALED, cases.State.SETTLED, cases.State.VOID)),
    *((ending, way) for ending in ("expelled", "stays") for way in ("after appeal", "without appeal")),
    *(("refused", side) for side in (Side.SELF, Side.MEMBER, Side.CHARGE)),
    ("presumed", 0), ("not presumed", 0),
}  # fmt: skip


def walk(steps: int, dice: Dice) -> Expelling:
    """Walk so many steps through one case, fewer where it ends, and leave the database as it was before."""
    with transaction.atomic():
        it = Expelling(dice)
        for _step in range(steps):
            it.steps += 1
            it.one(ACTS)(it)
            it.check(all_of_them=False)
            if it.is_over and not it.dice(3):
                break
        it.check(all_of_them=True)
        it.ends()
        transaction.set_rollback(True)
    return it
