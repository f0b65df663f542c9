"""The life of votes against a small model of it, in random order, with time that jumps, by everybody.

The model is what the constitution's part 4 says, in a page of Python without a database. After each step every vote
must stand where the model has it; states follow each other only as drawn below; what is final stays; a step on one vote
touches no other. `MODEL_STEPS=1000` walks longer than the forty steps of each walk in CI.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import mandates, petitions, proposals, supporting, voting
from governance.models import Enactment, Mandate, Proposal, Tally
from governance.voting import State
from tests.governance.conftest import members

pytestmark = pytest.mark.django_db
STEPS = int(os.environ.get("MODEL_STEPS", "40"))
WALKS = settings(
    max_examples=5 if STEPS <= 40 else 3, stateful_step_count=STEPS, deadline=None, derandomize=STEPS <= 40,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Seven days always have five working days; a shorter vote is made longer until it has them (P12).
WEEK = 7
ROLL, MOST = 36, 5
# deliberation, frozen, voting, lock in days; share and floor in parts of 30,000.
RULES = {"N10": (7, 0, 5, 0, 15_000, 0), "N1": (21, 7, 7, 14, 20_000, 12_000), "N14": (21, 7, 7, 14, 20_000, 6_000),
         "3.2": (0, 0, 7, 0, 15_000, 0)}  # fmt: skip
REACHED: Counter[State] = Counter()
NEXT = {
    State.DRAFT: {State.PUBLISHED},
    State.PUBLISHED: {State.FROZEN, State.VOTING},
    State.FROZEN: {State.VOTING},
    State.VOTING: {State.CLOSED},
    State.CLOSED: {State.VOTING, State.LOST, State.LOCKED, State.DUE, State.EXPIRED},
    State.LOCKED: {State.DUE, State.STOPPED, State.EXPIRED},
    State.DUE: {State.ENACTED, State.EXPIRED},
}
FINAL = {State.LOST, State.ENACTED, State.STOPPED, State.EXPIRED, State.FAILED}


@dataclass
class Vote:
    """A vote as the model knows it."""

    number: int
    rule: str
    author: int
    backers: set[int] = field(default_factory=set)
    published: datetime | None = None
    ballots: list[tuple[datetime, int, str]] = field(default_factory=list)
    counted: datetime | None = None
    enacted: bool = False
    signed: set[int] = field(default_factory=set)
    stop: "Vote | None" = None
    stops: "Vote | None" = None

    def moment(self, days: int) -> datetime:
        """Return a moment so many days after publication."""
        assert self.published is not None
        return self.published + days * DAY

    @property
    def opens(self) -> datetime:
        return self.moment(RULES[self.rule][0])

    @property
    def first_end(self) -> datetime:
        days = RULES[self.rule][2]
        while days < WEEK and sum((self.opens + n * DAY).astimezone(UTC).isoweekday() <= 5 for n in range(days)) < 5:
            days += 1
        return self.opens + days * DAY

    @property
    def closes(self) -> datetime:
        return self.first_end + (72 * HOUR if self.swings() else timedelta())

    @property
    def due(self) -> datetime:
        return self.closes + RULES[self.rule][3] * DAY

    def tally(self, until: datetime) -> tuple[int, int]:
        last = {who: said for when, who, said in self.ballots if when < until}
        return sum(said == "yes" for said in last.values()), sum(said == "no" for said in last.values())

    def swings(self) -> bool:
        """Tell whether the lead or the floor turned in the last 48 hours before the first end (P7)."""
        last: dict[int, str] = {}
        outcome = (False, RULES[self.rule][5] == 0)
        for when, who, said in self.ballots:
            if when >= self.first_end:
                break
            last[who] = said
            yes, no = list(last.values()).count("yes"), list(last.values()).count("no")
            now = (yes > no, yes * 30_000 >= RULES[self.rule][5] * ROLL)
            if when >= self.first_end - 48 * HOUR and now != outcome:
                return True
            outcome = now
        return False

    @property
    def passed(self) -> bool:
        yes, no = self.tally(self.closes)
        share, floor = RULES[self.rule][4:]
        return yes > no and yes * 30_000 >= share * (yes + no) and yes * 30_000 >= floor * ROLL

    def state(self, now: datetime) -> State:
        if self.published is None:
            return State.DRAFT
        if now < self.opens:
            return State.PUBLISHED if now < self.opens - RULES[self.rule][1] * DAY else State.FROZEN
        if now < self.first_end or (self.counted is None and now < self.closes):
            return State.VOTING
        return self.after(now) if self.counted else State.CLOSED

    def after(self, now: datetime) -> State:
        if not self.passed:
            return State.LOST
        if self.enacted:
            return State.ENACTED
        if self.stop and self.stop.counted and self.stop.passed:
            return State.STOPPED
        waits = self.stop is not None and self.stop.counted is None
        if now < self.due or (waits and now < self.due + 30 * DAY):
            return State.LOCKED
        return State.DUE if now < self.due + 30 * DAY else State.EXPIRED


class Walk(RuleBasedStateMachine):
    """One walk through the lives of a few votes."""

    def __init__(self) -> None:
        super().__init__()
        self.walked = transaction.atomic()
        self.walked.__enter__()
        self.people = members()
        self.outsiders = [Person.objects.get(name=name) for name in ("Nia", "Olga")]
        self.votes: list[Vote] = []
        self.seen: dict[int, State] = {}

    @initialize(who=st.integers(0, 30))
    def three_votes_are_under_way(self, who: int) -> None:
        for number, which in enumerate(("N10", "N1", "N14")):
            self.draft(which, who + number)
            self.back(number, who, 5)
            self.publish(number, True)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.walked.__exit__(None, None, None)

    def pick(self, which: int) -> Vote:
        return self.votes[which % len(self.votes)]

    def row(self, vote: Vote) -> Proposal:
        return Proposal.objects.select_related("rule", "tally", "mandate__enactment").get(pk=vote.number)

    def tries(self, allowed: object, act: Callable[[], Any]) -> bool:
        """Do an act that the model allows or does not; it must be refused in just those cases where it does not."""
        try:
            with transaction.atomic():
                act()
        except (Refused, DatabaseError):
            assert not allowed, "refused what the model allows"
            return False
        assert allowed, "done what the model does not allow"
        return True

    def others(self, but: Vote) -> list[object]:
        """Return what stands in the database of all votes but one (and what hangs together with it)."""
        kin = {but.number} | {other.number for other in (but.stop, but.stops) if other}
        rows = Proposal.objects.exclude(pk__in=kin).order_by("pk").values_list("pk", "digest", "tally", "mandate")
        return [*rows, *Enactment.objects.exclude(mandate__proposal__in=kin).order_by("pk").values_list("pk", "at")]

    @precondition(lambda self: len(self.votes) < MOST)
    @rule(which=st.sampled_from(["N10", "N1", "N14"]), who=st.integers(0, 35))
    def draft(self, which: str, who: int) -> None:
        author = self.people[who]
        row = proposals.draft(
            policy="paint", payload={"rule": which, "colour": "green"}, title="Green?", text="Green.", by=author,
            at=clock.now(),
        )  # fmt: skip
        self.votes.append(Vote(row.pk, which, author.pk))

    @precondition(lambda self: len(self.votes) < MOST)
    @rule(who=st.integers(0, 1))
    def outsiders_draft_nothing(self, who: int) -> None:
        self.tries(False, lambda: proposals.draft(
            policy="paint", payload={"rule": "N10", "colour": "red"}, title="Red?", text="Red.",
            by=self.outsiders[who], at=clock.now(),
        ))  # fmt: skip

    @precondition(lambda self: self.votes)
    @rule(which=st.integers(0, 9), first=st.integers(0, 30), people=st.integers(3, 6))
    def back(self, which: int, first: int, people: int) -> None:
        vote = self.pick(which)
        for person in [Person.objects.get(pk=vote.author), *self.people[first : first + people]]:
            act = lambda person=person: supporting.back(self.row(vote), by=person, at=clock.now())  # noqa: E731
            if self.tries(vote.published is None, act):
                vote.backers.add(person.pk)

    @precondition(lambda self: self.votes)
    @rule(which=st.integers(0, 9), whose=st.booleans())
    def publish(self, which: int, whose: object) -> None:
        vote, before = self.pick(which), self.others(self.pick(which))
        by = Person.objects.get(pk=vote.author) if whose else next(p for p in self.people if p.pk != vote.author)
        allowed = vote.published is None and len(vote.backers) >= 5 and whose and not self.too_soon(vote)
        row = self.row(vote)
        if self.tries(allowed, lambda: proposals.publish(row, by=by, at=clock.now())):
            vote.published = self.row(vote).published_at
        assert self.others(vote) == before

    def too_soon(self, vote: Vote) -> bool:
        """Tell whether another cut stands in the way (3.3)."""
        now = clock.now()
        return vote.rule == "N1" and any(
            (other.published and other.published > now - 90 * DAY)
            or (other.counted and other.counted > now - 180 * DAY and not other.passed)
            for other in self.votes
            if other.rule == "N1" and other is not vote
        )

    @precondition(lambda self: any(vote.published for vote in self.votes))
    @rule(
        which=st.integers(0, 9),
        first=st.integers(0, 20),
        many=st.integers(4, 16),
        yes=st.sampled_from([True, True, False]),
    )
    def cast(self, which: int, first: int, many: int, yes: object) -> None:
        vote, choice = self.pick(which), "yes" if yes else "no"
        row, before = self.row(vote), self.others(self.pick(which))
        opened = vote.state(clock.now()) == State.VOTING
        REACHED[State.VOTING] += opened
        for person in self.people[first : first + many]:
            act = lambda person=person: voting.cast(row, choice, by=person, at=clock.now())  # noqa: E731
            if self.tries(opened, act):
                vote.ballots.append((clock.now(), person.pk, choice))
        self.tries(False, lambda: voting.cast(row, choice, by=self.outsiders[0], at=clock.now()))
        assert self.others(vote) == before

    @precondition(lambda self: self.votes)
    @rule(which=st.integers(0, 9))
    def close(self, which: int) -> None:
        vote, before = self.pick(which), self.others(self.pick(which))
        ended = vote.published is not None and clock.now() >= vote.closes
        if self.tries(ended, lambda: voting.close(self.row(vote), at=clock.now())):
            vote.counted = vote.counted or clock.now()
            assert Tally.objects.get(proposal=vote.number).passed == vote.passed
            assert Mandate.objects.filter(proposal=vote.number).count() == vote.passed
        assert self.others(vote) == before

    @precondition(lambda self: any(vote.counted and vote.passed for vote in self.votes))
    @rule(which=st.integers(0, 9))
    def enact(self, which: int) -> None:
        passed = [vote for vote in self.votes if vote.counted and vote.passed]
        vote = passed[which % len(passed)]
        before, mandate = self.others(vote), Mandate.objects.get(proposal=vote.number)
        due = vote.due <= clock.now() < vote.due + 30 * DAY
        allowed = due and (vote.enacted or vote.state(clock.now()) == State.DUE)
        if self.tries(allowed, lambda: mandates.enact(mandate, at=clock.now())):
            vote.enacted = True
        assert self.others(vote) == before

    @precondition(lambda self: any(vote.rule == "N1" and vote.counted and vote.passed for vote in self.votes))
    @rule(first=st.integers(0, 20), people=st.integers(1, 10))
    def sign(self, first: int, people: int) -> None:
        vote = next(vote for vote in self.votes if vote.rule == "N1" and vote.counted and vote.passed)
        for person in self.people[first : first + people]:
            waits = clock.now() < vote.due
            act = lambda person=person: petitions.ask_to_stop(self.row(vote), by=person, at=clock.now())  # noqa: E731
            if self.tries(waits, act):
                vote.signed.add(person.pk)
        if len(vote.signed) >= 10 and vote.stop is None:
            row = Proposal.objects.get(petition__stops=vote.number)
            vote.stop = Vote(row.pk, "3.2", row.proposed_by_id, published=row.published_at, stops=vote)
            self.votes.append(vote.stop)

    @rule(hours=st.sampled_from([1, 24, 47, 49, 5 * 24, 7 * 24, 14 * 24, 21 * 24, 31 * 24, 100 * 24]))
    def time_passes(self, hours: int) -> None:
        clock.advance(hours * HOUR)

    @precondition(lambda self: any(vote.published for vote in self.votes))
    @rule(which=st.integers(0, 9))
    def time_passes_to_the_next_step_of_a_vote(self, which: int) -> None:
        published = [vote for vote in self.votes if vote.published]
        vote, now = published[which % len(published)], clock.now()
        steps = [when for when in (vote.opens, vote.first_end, vote.closes, vote.due) if when > now]
        if steps:
            clock.advance(min(steps) - now + timedelta(seconds=1))

    @precondition(lambda self: any(vote.published and vote.counted is None for vote in self.votes))
    @rule(which=st.integers(0, 9), many=st.integers(10, 16))
    def a_vote_is_taken_to_its_count(self, which: int, many: int) -> None:
        waiting = [vote for vote in self.votes if vote.published and vote.counted is None]
        vote, number = waiting[which % len(waiting)], self.votes.index(waiting[which % len(waiting)])
        if vote.opens > clock.now():
            clock.advance(vote.opens - clock.now() + timedelta(seconds=1))
        self.cast(number, 0, many, True)
        self.cast(number, 16, many, True)
        for _end in range(2):
            if vote.closes > clock.now():
                clock.advance(vote.closes - clock.now() + timedelta(seconds=1))
        self.close(number)

    @precondition(lambda self: self.votes)
    @rule()
    def the_machine_carries_on(self) -> None:
        for _step in range(3):
            now = clock.now()
            voting.carry_on_all(now)
            for vote in self.votes:
                if vote.published and vote.counted is None and now >= vote.closes:
                    vote.counted = now
                if vote.counted and vote.state(now) == State.DUE:
                    vote.enacted = True

    @precondition(lambda self: any(vote.published for vote in self.votes))
    @rule(
        which=st.integers(0, 9),
        change=st.sampled_from(["title = 'Red?'", "published_at = NULL", "rule_id = 1", "closes_at = now()"]),
    )
    def somebody_with_the_sites_password_changes_it(self, which: int, change: str) -> None:
        vote = next(vote for vote in self.votes if vote.published)

        def attack() -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE governance_proposal SET {change} WHERE id = %s", [vote.number])

        self.tries(False, attack)

    @invariant()
    def every_vote_stands_where_the_model_has_it(self) -> None:
        now, rows = clock.now(), {row.pk: row for row in voting.listed()}
        for vote in self.votes:
            state = voting.state(rows[vote.number], now) if vote.published else State.DRAFT
            assert state == vote.state(now)
            was = self.seen.get(vote.number, state)
            assert state == was or (was not in FINAL and state in self.reachable(was)), (was, state)
            self.seen[vote.number] = state
            REACHED[state] += 1

    def reachable(self, state: State) -> set[State]:
        """Return the states after this one that a jump of time and an act can lead to, each by its own steps."""
        found: set[State] = set()
        edge = {state}
        while edge:
            edge = {after for before in edge for after in NEXT.get(before, set())} - found
            found |= edge
        return found

    @invariant()
    def nothing_happens_twice(self) -> None:
        stops = {vote.number for vote in self.votes if vote.rule == "3.2"}
        done = [vote for vote in self.votes if vote.enacted and vote.number not in stops]
        assert Event.objects.filter(kind="hall.painted").count() == len(done)
        assert Enactment.objects.count() == sum(vote.enacted for vote in self.votes)


def test_votes_live_as_the_model_says() -> None:
    run_state_machine_as_test(Walk, settings=WALKS)
    # A walk that never leaves the first states shows nothing.
    assert {State.PUBLISHED, State.VOTING, State.CLOSED, State.LOST, State.ENACTED} <= set(REACHED), REACHED
