"""A walk through the lives of many votes at once, in random order, with time that jumps, by everybody.

Each step is one act; the model says beforehand whether it is allowed, and after it every vote must stand where the
model has it. `dice` is where chance comes from: `dice(6)` is a number from 0 to 5.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import elections, mandates, offices, pauses, petitions, proposals, supporting, voting
from governance.models import Call, Enactment, Mandate, Office, PauseGround, Post, Proposal, Right, Tally
from governance.voting import State
from tests.governance.ground import FINAL, Dice, Ground
from tests.governance.model import (
    CUTS,
    DAY,
    HOUR,
    KINDS,
    LATE,
    LIFE,
    PROPOSED,
    STOPPABLE,
    Asked,
    Called,
    Held,
    Vote,
)

# So many votes are under way at once; the others are over.
MOST, LATELY, BACKERS, SIGNERS = 8, 4, 5, 10
POSTS = ("treasurer", "secretary", "auditor")
JUMPS = (1, 1, 24, 24, 47, 49, 5 * 24, 7 * 24, 7 * 24, 14 * 24, 21 * 24, 31 * 24, 100 * 24)
# What somebody with the site's password tries, each time on another row.
TAMPERING = (
    "UPDATE governance_proposal SET title = 'Red?' WHERE id = %s",
    "UPDATE governance_proposal SET published_at = NULL WHERE id = %s",
    "UPDATE governance_proposal SET rule_id = 1 WHERE id = %s",
    "UPDATE governance_proposal SET closes_at = now() WHERE id = %s",
    "DELETE FROM governance_rollentry WHERE proposal_id = %s",
    "DELETE FROM governance_ballot WHERE proposal_id = %s",
    "UPDATE governance_tally SET passed = NOT passed WHERE proposal_id = %s",
    "UPDATE governance_mandate SET due_at = now() WHERE proposal_id = %s",
)
TOO_EARLY = "INSERT INTO governance_tally (proposal_id, counted_at) VALUES (%s, now())"


class Walk(Ground):
    """One walk: the acts of everybody."""

    def draft(self) -> None:
        if len(self.of(lambda vote: vote.published and self.seen.get(vote.number) not in FINAL)) >= MOST:
            return
        # What was put to the vote least comes first, so that every kind has its turn.
        known = sorted(PROPOSED, key=lambda rule: self.done["published", rule])
        self.write(self.one(self.people), self.one(known[: 2 + self.dice(len(known) - 1)]))

    def write(self, author: Person, rule: str, beside: Vote | None = None, *, allowed: object = True) -> Vote | None:
        colour = f"colour {len(self.votes)}"
        replaces = (beside or self).replaces
        payload: dict[str, object] = {"rule": rule, "colour": colour, "key": "wall", "replaces": replaces}
        words: dict[str, Any] = {"title": "Paint?", "text": "Paint.", "by": author, "at": clock.now()}
        if beside:
            act = lambda: proposals.draft_rival(self.row(beside), payload=payload, **words)  # noqa: E731
        else:
            act = lambda: proposals.draft(policy="paint", payload=payload, **words)  # noqa: E731
        row = self.tries(allowed, act)
        if row is None:
            return None
        vote = Vote(row.pk, rule, author.pk, replaces, beside=beside)
        self.votes.append(vote)
        if self.dice(5):
            self.back(vote, [author, *self.some(self.people, BACKERS, BACKERS + 1)])
        if self.dice(2):
            self.put_to_all(vote)
        return vote

    @property
    def replaces(self) -> int:
        """The coat that a proposal of now would paint over."""
        return self.coats

    def draft_beside(self) -> None:
        firsts = self.of(lambda vote: vote.published and not vote.beside and not vote.counted)
        if firsts:
            early = [vote for vote in firsts if self.seen.get(vote.number) == State.PUBLISHED and vote.rule in PROPOSED]
            first, author, rule = self.one(early or firsts), self.one(self.people), self.one(PROPOSED)
            probe = Vote(0, rule, author.pk)
            self.write(author, rule, first, allowed=first.takes_rival(probe.kind, author.pk, clock.now()))

    def draft_again(self) -> None:
        """Draft the second reading of what passed its first."""
        if firsts := self.of(lambda vote: self.seen.get(vote.number) == State.FIRST_READING):
            first, author = self.one(firsts), self.one(self.people)
            row = proposals.draft_second_reading(self.row(first), by=author, at=clock.now())
            self.votes.append(Vote(row.pk, first.rule, author.pk, first.replaces, reads=first))

    def outsiders_draft_nothing(self) -> None:
        payload = {"rule": self.one(PROPOSED), "colour": "red", "key": "wall", "replaces": self.coats}
        words: dict[str, Any] = {"title": "Red?", "text": "Red.", "by": self.one(self.outsiders), "at": clock.now()}
        self.tries(False, lambda: proposals.draft(policy="paint", payload=payload, **words))

    def back_some(self) -> None:
        if drafts := self.of(lambda vote: vote.rule in PROPOSED and not vote.reads):
            vote = self.one(drafts)
            self.back(vote, [self.person(vote.author), *self.some(self.people, 1, 4)])

    def back(self, vote: Vote, people: Sequence[Person]) -> None:
        row, at = self.row(vote), clock.now()
        for person in people:
            act = lambda person=person: supporting.back(row, by=person, at=at)  # noqa: E731
            if self.tries(vote.published is None, act):
                vote.backers.add(person.pk)

    def publish(self) -> None:
        """Publish what was drafted, as its author or as somebody else."""
        if not (drafts := self.of(lambda vote: vote.rule in PROPOSED and (not vote.published or not self.dice(20)))):
            return
        self.put_to_all(self.one(drafts[-LATELY:]))

    def put_to_all(self, vote: Vote) -> None:
        before, whose, now = self.others(vote), self.dice(8), clock.now()
        by = self.person(vote.author) if whose else next(one for one in self.people if one.pk != vote.author)
        allowed = whose and vote.published is None and self.may_publish(vote, now)
        if row := self.tries(allowed, lambda: proposals.publish(self.row(vote), by=by, at=clock.now())):
            self.published(vote, row)
        assert self.others(vote) == before

    def may_publish(self, vote: Vote, now: datetime) -> bool:
        if vote.reads:
            first, again = vote.reads, self.of(lambda other: other.reads is vote.reads and other.published)
            assert first.counted is not None
            fits = not again and first.counted <= now - 30 * DAY
        else:
            # Whoever backed another that stands beside the first counts there.
            elsewhere = {one for other in vote.first.rivals if vote.beside for one in other.backers}
            fits = len(vote.backers - elsewhere) >= BACKERS
        if vote.beside:
            fits = fits and vote.beside.takes_rival(vote.kind, vote.author, now)
        return fits and not self.too_soon(vote, now)

    def too_soon(self, vote: Vote, now: datetime) -> bool:
        """Tell whether another cut stands in the way (3.3); what stands on one ballot is one question."""
        mine = {vote.beside, vote.reads.first if vote.reads else None}
        known = self.of(lambda other: other.rule in CUTS and other is not vote and other.first not in mine)
        return vote.rule in CUTS and any(
            (other.published and other.published > now - 90 * DAY)
            or (other.counted and other.counted > now - 180 * DAY and not other.passed)
            for other in known
        )

    def choice(self, vote: Vote) -> str:
        """Return what somebody says on its ballot."""
        if vote.candidates:
            order = self.some(range(1, vote.candidates + 2), 1, vote.candidates + 1)
            return ",".join(map(str, order)) if self.dice(12) else "abstain"
        if vote.alone:
            return self.one(["yes", "yes", "yes", "no", "abstain"])
        places = sorted({self.dice(len(vote.together) + 1) for _n in range(1 + self.dice(2))})
        return ",".join(map(str, places)) if self.dice(12) else "abstain"

    def cast(self) -> None:
        if known := self.of(lambda vote: vote.published):
            open_now = [vote for vote in known if self.seen.get(vote.number) == State.VOTING]
            self.cast_on(self.one(open_now if open_now and self.dice(6) else known), self.some(self.people, 2, 12))

    def cast_on(self, vote: Vote, people: Sequence[Person], choice: str = "") -> None:
        """Let people vote, all alike or each as chance has it; who is on no roll of the ballot, is refused."""
        before, said = self.others(vote.first), choice or (self.choice(vote) if self.dice(3) else "")
        opened = vote.state(clock.now()) == State.VOTING
        electors = frozenset[int]().union(*(one.roll.people for one in vote.together if one.roll))
        row, at = self.row(vote), clock.now()
        for person in people:
            says = said or self.choice(vote)
            act = lambda person=person, says=says: voting.cast(row, says, by=person, at=at)  # noqa: E731
            if self.tries(opened and person.pk in electors, act):
                vote.first.ballots.append((at, person.pk, says))
        self.tries(False, lambda: voting.cast(row, "abstain", by=self.outsiders[0], at=at))
        assert self.others(vote.first) == before

    def close(self) -> None:
        if known := self.of(lambda vote: vote.published):
            self.count(self.one(known))

    def count(self, vote: Vote) -> None:
        before = self.others(vote)
        ended = vote.counted is not None or clock.now() >= vote.closes
        if self.tries(ended, lambda: voting.close(self.row(vote), at=clock.now())):
            self.counted(vote, clock.now())
        assert self.others(vote) == before

    def counted(self, vote: Vote, now: datetime) -> None:
        if vote.counted is None:
            vote.count(now)
            self.done["late" if vote.closes > vote.first_end else "in time", len(vote.together)] += 1
        assert Tally.objects.get(proposal=vote.number).passed == vote.passed, vote
        assert Mandate.objects.filter(proposal=vote.number).count() == vote.is_decided

    def enact(self) -> None:
        if passed := self.of(lambda vote: vote.is_decided):
            vote, now = self.one(passed), clock.now()
            before, mandate = self.others(vote), Mandate.objects.get(proposal=vote.number)
            in_time = vote.due <= now < vote.due + LIFE
            allowed = in_time and (vote.carried_out or vote.state(now) == State.DUE)
            # Whoever comes second finds it done, and does nothing.
            for _turn in range(2):
                if self.tries(allowed, lambda: mandates.enact(mandate, at=clock.now())):
                    self.carried_out(vote, clock.now())
            assert self.others(vote) == before

    def carried_out(self, vote: Vote, now: datetime) -> None:
        """Let what a vote decides happen, unless what it would replace has moved on (P3)."""
        if vote.carried_out is None:
            vote.carried_out = State.ENACTED if self.changes(vote, now) else State.FAILED
        assert bool(Enactment.objects.get(mandate__proposal=vote.number).failure) == (vote.carried_out == State.FAILED)

    def changes(self, vote: Vote, now: datetime) -> bool:
        if vote.office:
            held = now in vote.office
            vote.office.ends = min(vote.office.ends, now) if held else vote.office.ends
            return held
        if vote.candidates:
            call = next(one for one in self.calls if one.vote is vote)
            given = Office.objects.filter(mandate__proposal=vote.number).values_list("pk", flat=True).get()
            self.offices.append(Held(given, call.post, call.candidates[vote.elected() - 1], call.starts, call.ends))
            return True
        if vote.stops:
            return True
        fits = vote.replaces == self.coats
        self.coats += fits
        return fits

    def sign_a_stop(self) -> None:
        passed = self.of(lambda vote: vote.is_decided and not vote.carried_out)
        if passed := (self.dice(8) and [one for one in passed if self.seen.get(one.number) == State.LOCKED]) or passed:
            vote = self.one([one for one in passed if one.rule in STOPPABLE and self.dice(9)] or passed)
            row, at = self.row(vote), clock.now()
            for person in self.some(self.people, 4, 14):
                waits = vote.rule in STOPPABLE and at < vote.due
                act = lambda person=person: petitions.ask_to_stop(row, by=person, at=at)  # noqa: E731
                if self.tries(waits, act):
                    vote.signed.add(person.pk)
            if len(vote.signed) >= SIGNERS and vote.stop is None:
                vote.stop = self.called_for(Proposal.objects.get(petition__stops=vote.number), "3.2")
                vote.stop.stops = vote

    def called_for(self, row: Proposal, rule: str) -> Vote:
        """Let a vote that published itself stand beside the others."""
        vote = Vote(row.pk, rule, row.proposed_by_id)
        self.votes.append(vote)
        self.published(vote, row)
        return vote

    def sign_a_recall(self) -> None:
        """Let members ask for the recall of an officer; of one who holds the post no more nobody can."""
        held = self.one([one for one in self.offices if clock.now() in one or not self.dice(9)] or self.offices)
        office, now = Office.objects.get(pk=held.number), clock.now()
        lately = [one for one in self.petitions if one.office is held and one.opened > now - 30 * DAY]
        asked = lately[-1] if lately else Asked(held, now)
        for person in self.some([one for one in self.people if one.pk != held.person], 1, 14):
            can = now in held and asked.vote is None
            act = lambda person=person: petitions.ask_to_recall(office, by=person, at=now)  # noqa: E731
            if self.tries(can, act):
                asked.signed.add(person.pk)
                self.petitions += [] if asked in self.petitions else [asked]
            if len(asked.signed) >= SIGNERS and asked.vote is None:
                rows = Proposal.objects.filter(petition__recalls=held.number, policy="recall").order_by("-pk")
                asked.vote = self.called_for(rows[0], "N13")
                asked.vote.office = held

    def call_for_candidates(self) -> None:
        """Call for candidates for a post, and mostly put those who stand to the vote when the call is over."""
        now = clock.now()
        free = {post: self.is_free(post, now) for post in POSTS}
        post = self.one([post for post in POSTS if free[post] and self.dice(6)] or POSTS)
        row = Post.objects.get(name=post)
        call = self.tries(free[post], lambda: elections.call(row, 1, by=self.one(self.people), at=clock.now()))
        if call:
            self.calls.append(Called(call.pk, post, call.closes_at, call.starts_at, call.ends_at))
            self.stand()
            if self.dice(4):
                self.reach(call.closes_at)
                self.put_to_vote()

    def is_free(self, post: str, now: datetime) -> bool:
        """Tell whether candidates can be called for a post: for a term that begins soon, and once at a time."""
        held = [one.ends for one in self.offices if one.post == post and one.ends > now]
        begins = max([now + elections.NEEDED, *held])
        return begins <= now + elections.AHEAD and not any(one.post == post and one.is_open(now) for one in self.calls)

    def stand(self) -> None:
        """Let members without any post in that time stand, each for one seat at a time."""
        if not self.calls:
            return
        now, call = clock.now(), self.calls[-1 - self.dice(min(2, len(self.calls)))]
        taken = {one.person for one in self.offices if one.ends > call.starts}
        taken |= {one for other in self.calls if other.is_open(now) for one in other.candidates}
        for person in self.some([one for one in self.people if one.pk not in taken], 1, 2):
            row, may = Call.objects.get(pk=call.number), now < call.closes
            words: dict[str, Any] = {"statement": "I can count.", "by": person, "at": clock.now()}
            act = lambda row=row, words=words: elections.stand(row, **words)  # noqa: E731
            if self.tries(may, act):
                call.candidates.append(person.pk)

    def put_to_vote(self) -> None:
        if self.calls:
            call = self.calls[-1 - self.dice(min(3, len(self.calls)))]
            row = Call.objects.get(pk=call.number)
            act = lambda: elections.put_to_vote(row, by=self.one(self.people), at=clock.now())  # noqa: E731
            if self.tries(call.waits(clock.now()), act):
                self.put(call)

    def put(self, call: Called) -> None:
        row = Proposal.objects.get(policy="election", subject=f"call:{call.number}", published_at__isnull=False)
        call.vote = self.called_for(row, "N12")
        call.vote.candidates = len(call.candidates)

    def officers_pause_a_member(self) -> None:
        """Let officers pause whom they can: the paused vote, sign and propose as before; the model knows no pause."""
        at, member = clock.now(), self.one(self.people)
        those = list(offices.with_right(Right.PAUSES, at))
        if len(those) < 2 or member.pk in {one.person_id for one in those}:
            return
        facts: dict[str, Any] = {"ground": PauseGround.DATA_LEAVING, "scope": "work", "reason": "Seen.", "hours": 72}
        asked = pauses.ask(
            member, evidence=pauses.evidence_of(f"{at} {member.pk}"), by=those[0].person, at=at, **facts
        )  # fmt: skip
        try:
            with transaction.atomic():
                pauses.confirm(asked, by=those[1].person, at=clock.now())
                self.done["paused", 0] += 1
        except (Refused, DatabaseError):
            pass

    def somebody_with_the_sites_password_changes_it(self) -> None:
        if not (known := self.of(lambda vote: vote.published)):
            return
        vote = self.one(known)
        early = vote.counted is None and clock.now() < vote.closes
        self.attacked(self.one([*TAMPERING, TOO_EARLY] if early else TAMPERING), [vote.number])

    def time_passes(self) -> None:
        self.let_pass(self.one(JUMPS) * HOUR)

    def let_pass(self, time: timedelta) -> None:
        """Let a time pass and some seconds more, so that no two ends ever meet within the same moment."""
        clock.advance(time + timedelta(seconds=1 + self.dice(999)))

    def time_passes_to_the_next_step_of_a_vote(self) -> None:
        if known := self.of(lambda vote: vote.published and self.seen.get(vote.number) not in FINAL):
            vote, now = self.one(known), clock.now()
            steps = (vote.opens, vote.first_end - LATE, vote.first_end, vote.closes, vote.due, vote.due + LIFE)
            if ahead := [when for when in steps if when > now]:
                self.let_pass(min(ahead) - now)

    def reach(self, moment: datetime) -> None:
        if (now := clock.now()) < moment:
            self.let_pass(moment - now)

    def a_vote_is_taken_to_its_count(self) -> None:
        """Let enough vote, some of them at the last moment, and count all that stands on the ballot."""
        if not (waiting := self.of(lambda vote: vote.published and vote.counted is None and not vote.beside)):
            return
        urgent = [vote for vote in waiting if vote.stops]
        vote = self.one(urgent if urgent and self.dice(3) else waiting)
        self.reach(vote.opens)
        choice = "1" if vote.candidates else "yes" if vote.alone else str(1 + self.dice(len(vote.together)))
        self.cast_on(vote, self.people[: 18 + self.dice(14)], choice)
        if not self.dice(3):
            self.reach(vote.first_end - LATE)
            self.cast_on(vote, self.some(self.people, 8, 24))
        for _end in range(2):
            self.reach(vote.closes)
        for one in vote.together:
            self.count(one)

    def the_machine_carries_on(self) -> None:
        """Let it do what is due, the newest first, each from where it stood when it looked."""
        now = clock.now()
        waiting = [one for one in self.calls if one.waits(now)]
        assert elections.put_all(now) == len(waiting)
        for call in waiting:
            self.put(call)
        for _round in range(2):
            now = clock.now()
            due = {vote: vote.state(now) for vote in self.of(lambda vote: vote.published)}
            voting.carry_on_all(now)
            for vote in sorted(due, key=lambda one: (one.published, one.number), reverse=True):
                if due[vote] == State.CLOSED:
                    self.counted(vote, now)
                if due[vote] in {State.CLOSED, State.DUE} and vote.state(now) == State.DUE:
                    self.carried_out(vote, now)
                    # Whoever comes after it finds it done, and does nothing.
                    mandates.enact(Mandate.objects.get(proposal=vote.number), at=now)


# The acts, each as often as it stands here.
ACTS: tuple[Callable[[Walk], None], ...] = (
    *[Walk.draft] * 3, *[Walk.publish] * 4, *[Walk.cast] * 4, *[Walk.a_vote_is_taken_to_its_count] * 4,
    *[Walk.draft_beside] * 2, *[Walk.draft_again] * 2, Walk.back_some, *[Walk.close] * 2, *[Walk.enact] * 2,
    *[Walk.sign_a_stop] * 2, *[Walk.sign_a_recall] * 2, *[Walk.call_for_candidates] * 2, Walk.stand,
    Walk.put_to_vote,
    Walk.officers_pause_a_member, Walk.outsiders_draft_nothing, Walk.somebody_with_the_sites_password_changes_it,
    *[Walk.time_passes] * 2, *[Walk.time_passes_to_the_next_step_of_a_vote] * 4, *[Walk.the_machine_carries_on] * 3,
)  # fmt: skip


# What a long history has in it, beside every state, and every kind of vote at its end.
SEEN = (("late", 1), ("second readings", 1), ("paused", 0))


def missing(it: Walk) -> set[object]:
    """Return what a walk has not seen yet of what can happen to votes."""
    ended = {about for what, about in it.done if what in FINAL}
    together = {about for what, about in it.done if what in {"late", "in time"}}
    return {
        *(set(State) - set(it.reached)), *(set(KINDS) - ended), *({1, 2} - together),
        *(one for one in SEEN if not it.done[one]),
    }  # fmt: skip


def walk(steps: int, dice: Dice, *, most: int = 0) -> Walk:
    """Walk so many steps, and on to `most` while something was not seen yet; leave the database as it was before."""
    with transaction.atomic():
        it = Walk(dice)
        for step in range(max(steps, most)):
            if step >= steps and not missing(it):
                break
            it.steps += 1
            it.one(ACTS)(it)
            it.check(all_of_them=step % 20 == 0)
        it.check(all_of_them=True)
        transaction.set_rollback(True)
    return it
