"""What a walk stands on: chance, the people, what the database and the model have, and how both are compared."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from django.db import DatabaseError, connection, transaction

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import voting
from governance.models import Office, Proposal, Standing
from governance.voting import State
from tests.governance.conftest import members
from tests.governance.model import DAY, Asked, Called, Held, Roll, Vote

type Dice = Callable[[int], int]
NEXT = {
    State.DRAFT: {State.PUBLISHED, State.FROZEN, State.VOTING},
    State.PUBLISHED: {State.FROZEN, State.VOTING},
    State.FROZEN: {State.VOTING},
    State.VOTING: {State.CLOSED},
    State.CLOSED: {State.VOTING, State.LOST, State.FIRST_READING, State.LOCKED, State.DUE, State.EXPIRED},
    State.LOCKED: {State.DUE, State.STOPPED, State.EXPIRED},
    State.DUE: {State.ENACTED, State.FAILED, State.EXPIRED},
}
FINAL = {State.LOST, State.FIRST_READING, State.ENACTED, State.STOPPED, State.EXPIRED, State.FAILED}
AFFECTED, JUNIORS = slice(14), slice(10, 18)
# Fourteen are affected by what becomes of the wall, and eight have been members for a hundred days.
ENGAGED = """CREATE OR REPLACE VIEW governance_engagement AS
SELECT 'hall:1'::text AS subject, id AS person_id, coop_now() AS last_at FROM people_person WHERE id = ANY(ARRAY{})"""
JUNIOR = """INSERT INTO governance_standing (person_id, status, since, rule, mandate_id)
SELECT %s, 'member', coop_now() - interval '100 days', 'joined', id FROM governance_mandate WHERE proposal_id IS NULL"""


# Every column of every row of a vote's own, in a digest each.
OTHERS = """SELECT p.id, md5(concat(p, t, m, e)) FROM governance_proposal p
LEFT JOIN governance_tally t ON t.proposal_id = p.id LEFT JOIN governance_mandate m ON m.proposal_id = p.id
LEFT JOIN governance_enactment e ON e.mandate_id = m.id WHERE p.id <> ALL (%s) ORDER BY p.id"""
DONE = """SELECT (SELECT count(*) FROM governance_proposal WHERE published_at IS NULL),
    (SELECT count(*) FROM record_event WHERE kind = 'hall.painted'), (SELECT count(*) FROM governance_enactment)"""


def settle(owner: psycopg.Connection) -> None:
    """Let the cooperative be one in which the electorates differ; for a test that really commits."""
    people = [one.pk for one in members()]
    owner.execute(ENGAGED.format(people[AFFECTED]))
    owner.cursor().executemany(JUNIOR, [(one,) for one in people[JUNIORS]])
    owner.commit()


class Ground:
    """Where a walk is. `reached` counts the states in which votes were seen, `done` what became of which kind."""

    def __init__(self, dice: Dice) -> None:
        self.dice, self.people = dice, members()
        self.outsiders = [Person.objects.get(name=name) for name in ("Nia", "Olga")]
        self.votes: list[Vote] = []
        self.petitions: list[Asked] = []
        self.calls: list[Called] = []
        self.coats = self.steps = 0
        self.seen: dict[int, State] = {}
        self.reached: Counter[State] = Counter()
        self.done: Counter[tuple[object, object]] = Counter()
        self.affected = frozenset(one.pk for one in self.people[AFFECTED])
        joined = Standing.objects.filter(person__in=self.people[JUNIORS]).order_by("pk")
        self.juniors = dict(joined.values_list("person", "since"))
        known = Office.objects.all().values_list("pk", "post", "person_id", "starts_at", "ends_at")
        self.offices = [Held(*row) for row in known]

    # What chance picks.

    def one[T](self, among: Sequence[T]) -> T:
        return among[self.dice(len(among))]

    def some[T](self, among: Sequence[T], least: int, most: int) -> list[T]:
        first, many = self.dice(len(among)), least + self.dice(most - least + 1)
        return [among[(first + n) % len(among)] for n in range(min(many, len(among)))]

    def of(self, holds: Callable[[Vote], object]) -> list[Vote]:
        return [vote for vote in self.votes if holds(vote)]

    def person(self, number: int) -> Person:
        return next(one for one in self.people if one.pk == number)

    # What stands in the database.

    def row(self, vote: Vote) -> Proposal:
        return Proposal.objects.select_related("rule", "tally", "mandate__enactment").get(pk=vote.number)

    def tries(self, allowed: object, act: Callable[[], Any]) -> Any:
        """Do an act that the model allows or does not: it is refused in just those cases. Return what it returns."""
        found, no = None, ""
        try:
            with transaction.atomic():
                found = act() or True
        except (Refused, DatabaseError) as refused:
            no = str(refused)
        assert bool(allowed) == (found is not None), f"refused what the model allows: {no}" if no else "not refused"
        return found

    def attacked(self, statement: str, facts: Sequence[Any] | Mapping[str, Any]) -> None:
        """Let somebody with the site's password write by hand: it is refused, or finds nothing to change."""

        def attack() -> None:
            with connection.cursor() as cursor:
                cursor.execute(statement, facts)
                assert cursor.rowcount == 0, statement
                message = "there is nothing to change"
                raise DatabaseError(message)

        self.tries(False, attack)

    def others(self, but: Vote) -> list[tuple[Any, ...]]:
        """Return a mark of all that stands in the database of every vote but one, and what hangs together with it."""
        return told(OTHERS, [[but.number, *(one.number for one in (*but.together, but.stop, but.stops) if one)]])

    def roll(self, vote: Vote, when: datetime) -> Roll:
        """Return who votes on it: whoever is affected alone, where no other electorate decides."""
        everybody = frozenset(one.pk for one in self.people)
        senior = {one for one in everybody if self.juniors.get(one, when - 999 * DAY) <= when - 180 * DAY}
        affected = self.affected if vote.kind.affected else frozenset()
        return Roll(everybody if vote.kind.whole else affected, affected, frozenset(senior))

    def published(self, vote: Vote, row: Proposal) -> None:
        """Let a vote stand as published, with the roll of the day of the first on its ballot."""
        vote.published, vote.digest = row.published_at, row.digest
        if vote.beside:
            vote.beside.rivals.append(vote)
        began = vote.first.published
        assert began is not None
        vote.roll = self.roll(vote, began)
        self.done["published", vote.rule] += 1
        self.done["second readings", 1] += vote.reads is not None

    # What holds after each of them.

    def check(self, *, all_of_them: bool) -> None:
        """Compare every vote with the model, those that are over now and then."""
        now = clock.now()
        asked = self.of(lambda vote: vote.published and (all_of_them or self.seen.get(vote.number) not in FINAL))
        # Those only that a state is worked out of: asked after every step, the other companions cost as much again.
        known = voting.listed().select_related(None).select_related("tally", "mandate__enactment")
        rows = {row.pk: row for row in known.filter(pk__in=[vote.number for vote in asked])}
        for vote in asked:
            state, was = voting.state(rows[vote.number], now), self.seen.get(vote.number, State.DRAFT)
            assert state == (was if was in FINAL else vote.state(now)), (vote, was)
            assert state == was or state in reachable(was, NEXT), (was, state)
            if state != was and state in FINAL:
                self.done[state, vote.rule] += 1
            self.seen[vote.number] = state
            self.reached[state] += 1
        [(drafts, painted, enacted)] = told(DONE)
        self.reached[State.DRAFT] += drafts
        assert painted == self.coats
        assert enacted == len(self.of(lambda vote: vote.carried_out))


def told(statement: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return what the database says to a question."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())


def reachable[S](state: S, steps: Mapping[S, set[S]]) -> set[S]:
    """Return the states after this one that a jump of time and an act can lead to, each by its own steps."""
    found: set[S] = set()
    edge = {state}
    while edge:
        edge = {after for before in edge for after in steps.get(before, set())} - found
        found |= edge
    return found
