"""Cases: who charges whom with what, what stands in the file, and until when it is answered (part 7.1 to 7.3)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import assembly, casefile, cases, elections, offices, proposals, reporting, resigning, voting
from governance.models import (
    Bylaw,
    Case,
    CaseGround,
    Equivalent,
    NeverAGround,
    Pause,
    Proposal,
    ReportGround,
    Said,
    Statement,
)
from tests.governance import charging
from tests.governance.conftest import cast_all, members, reach, support

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
CASE = """
INSERT INTO governance_case (kind, person_id, charged_by_id, office_id, bylaw_id, ground, facts, happened_from,
    happened_until, measure, scope, days, remedy, opened_at)
SELECT %(kind)s, %(person)s, %(by)s, (SELECT id FROM governance_office WHERE person_id = %(office)s),
    (SELECT id FROM governance_bylaw WHERE key = 'C2' AND version = 1), %(ground)s, %(facts)s,
    coop_now() - %(since)s::interval, coop_now() - %(until)s::interval, %(measure)s, %(scope)s, %(days)s,
    'Say sorry.', now()
"""


def row(amina: Person, samuel: Person, **facts: object) -> dict[str, object]:
    given: dict[str, object] = {
        "kind": "charge", "person": amina.pk, "by": samuel.pk, "office": samuel.pk, "ground": "harassment",
        "facts": "Shouted.", "since": "9 days", "until": "8 days", "measure": "advice", "scope": "", "days": 0,
    }  # fmt: skip
    return {**given, **facts}


def test_a_charge_is_in_writing_by_a_named_officer(charged: Case, amina: Person, samuel: Person) -> None:
    assert (charged.person, charged.charged_by) == (amina, samuel)
    assert charged.office is not None
    assert charged.office.post == "safety officer"
    assert charged.bylaw is not None
    assert charged.bylaw.published_at < charged.happened_from
    assert cases.state(charged, clock.now()) == cases.State.ANSWER
    assert [piece.citable for piece in charged.evidence.all()] == [True]


def test_a_seat_holder_of_the_client_may_charge(amina: Person, olga: Person, orbit: Client) -> None:
    seat = orbit.seats.get(person=olga)
    case = charging.charge(amina, olga, capacity=seat, client=orbit)
    assert case.seat == seat


def test_somebody_without_post_seat_or_membership_charges_nobody(
    amina: Person, newcomer: Person, attack: Attack
) -> None:
    with pytest.raises(Refused, match="named person"):
        charging.charge(amina, newcomer)
    attack(CASE, row(amina, newcomer), guard="case_is_opened_by_a_named_person")


@pytest.mark.parametrize("ground", NeverAGround.values)
def test_what_is_never_a_ground_is_refused(amina: Person, samuel: Person, ground: str, attack: Attack) -> None:
    with pytest.raises(Refused, match=r"protected|never a ground"):
        charging.charge(amina, samuel, ground=ground)
    attack(CASE, row(amina, samuel, ground=ground), guard="case_ground_is_on_the_list")


def test_a_rule_reaches_only_what_happened_fifteen_days_after_it_was_public(amina: Person, samuel: Person) -> None:
    published = Bylaw.objects.get(key="C1").published_at
    early = {"happened_from": published + timedelta(days=14), "happened_until": published + timedelta(days=15)}
    assert cases.bylaw_in_force("C1", early["happened_from"]) is None
    with pytest.raises(Refused, match="public for 15 days"):
        charging.charge(amina, samuel, **early)


def voted_rule(by: Person, key: str, replaces: int) -> Bylaw:
    """Return the next version of a rule of conduct, as the members voted it."""
    payload = {"key": key, "title": "Silence", "text": "Nobody speaks to clients.", "replaces": replaces}
    draft = proposals.draft(
        policy="bylaw_change", payload=payload, title="Silence?", text="Why not.", by=by, at=clock.now()
    )
    proposal = proposals.publish(support(draft), by=by, at=clock.now())
    cast_all(proposal, yes=30)
    voting.carry_on(voting.listed().get(pk=proposal.pk), at=reach(proposal.closes_at))
    voting.carry_on(voting.listed().get(pk=proposal.pk), at=reach(proposal.locked_until))
    return Bylaw.objects.get(key=key, version=replaces + 1)


@pytest.fixture
def later_rule(amina: Person) -> Bylaw:
    """Return a second version of C2."""
    return voted_rule(amina, "C2", 1)


def test_a_rule_of_conduct_that_is_new_begins_with_its_first_version(amina: Person) -> None:
    assert [rule.version for rule in Bylaw.objects.filter(key=voted_rule(amina, "C9", 0).key)] == [1]


def test_a_rule_published_later_carries_no_charge(
    amina: Person, samuel: Person, attack: Attack, later_rule: Bylaw, later: Callable[..., datetime]
) -> None:
    """J13: the database compares the rule's date with the facts', whoever writes the row."""
    later(days=20)
    attack(CASE.replace("version = 1", "version = 2"), row(amina, samuel), guard="rule_was_public_before_the_facts")
    attack(CASE, row(amina, samuel, since="4 days", until="3 days"), guard="rule_was_public_before_the_facts")
    with pytest.raises(Refused, match="public for 15 days"):
        charging.charge(amina, samuel, bylaw=later_rule)
    # To the microsecond: what happened before by the rule that stood then, what happened from then on by this one.
    turn = later_rule.published_at + timedelta(days=15)
    for start, version, other in ((turn - timedelta(microseconds=1), 1, 2), (turn, 2, 1)):
        dated = CASE.replace("coop_now() - %(since)s::interval", "%(since)s")
        attack(
            dated.replace("version = 1", f"version = {other}"),
            row(amina, samuel, since=start),
            guard="rule_was_public_before_the_facts",
        )
        assert cases.bylaw_in_force("C2", start) == Bylaw.objects.get(key="C2", version=version)
    when = {"happened_from": turn, "happened_until": turn + timedelta(days=1)}
    assert charging.charge(amina, samuel, bylaw=later_rule, ground="harassment", **when).bylaw == later_rule


def test_a_rule_of_conduct_changes_only_as_it_was_voted(amina: Person, later_rule: Bylaw, attack: Attack) -> None:
    assert (later_rule.text, cases.bylaw_in_force("C2", clock.now())) == ("Nobody speaks to clients.", _first("C2"))
    insert = (
        "INSERT INTO governance_bylaw (key, version, title, text, published_at, mandate_id)"
        " VALUES (%s, %s, 'Silence', %s, now() - interval '1 year', %s)"
    )
    mandate, same = later_rule.mandate_id, later_rule.text
    founding = _first("C2").mandate_id
    for facts in (
        ("C2", 3, "x", mandate),
        ("C9", 1, same, mandate),
        ("C2", 3, same, mandate),
        ("C2", 3, "x", founding),
    ):
        attack(insert, facts, guard="bylaw_is_what_the_vote_said")


def _first(key: str) -> Bylaw:
    return Bylaw.objects.get(key=key, version=1)


@pytest.mark.parametrize("change", [
    {"replaces": 0}, {"key": "N1"}, {"title": ""}, {"pay": 1}, {"text": "x" * 3001}, {"key": 7}
])  # fmt: skip
def test_a_rule_of_conduct_is_words_and_nothing_else(amina: Person, change: dict[str, object]) -> None:
    payload: dict[str, object] = {"key": "C2", "title": "Calm", "text": "Nobody shouts.", "replaces": 1}
    with pytest.raises(Refused):
        proposals.draft(
            policy="bylaw_change", payload={**payload, **change}, title="x", text="x", by=amina, at=clock.now()
        )


def test_a_rule_of_conduct_has_a_title_of_120_letters_and_words_of_3000(amina: Person) -> None:
    payload = {"key": "C2", "title": "x" * 120, "text": "x" * 3000, "replaces": 1}
    assert proposals.draft(policy="bylaw_change", payload=payload, title="x", text="x", by=amina, at=clock.now())
    with pytest.raises(Refused):
        proposals.draft(
            policy="bylaw_change", payload={**payload, "title": "x" * 121}, title="x", text="x", by=amina,
            at=clock.now(),
        )  # fmt: skip


def test_one_officer_piles_up_no_charges(charged: Case, amina: Person, samuel: Person, attack: Attack) -> None:
    with pytest.raises(Refused, match="wait for its decision"):
        charging.charge(amina, samuel, **charging.other(40))
    attack(CASE, row(amina, samuel), guard="charges_are_not_piled_up")


def test_a_prolonged_pause_reaches_no_further(
    amina: Person, samuel: Person, paused: Callable[..., Pause], attack: Attack
) -> None:
    pause = paused(amina, scope="job:12")
    attack(
        "INSERT INTO governance_case (kind, person_id, charged_by_id, office_id, pause_id, ground, facts,"
        " happened_from, happened_until, measure, scope, days, remedy, opened_at)"
        " SELECT 'emergency', person_id, %s, first_officer_id,"
        " id, '', 'x', coop_now(), coop_now(), 'prolong', 'work', 9, '', now() FROM governance_pause WHERE id = %s",
        [samuel.pk, pause.pk],
        guard="prolonging_keeps_the_scope",
    )


def test_the_time_to_answer_is_the_number_that_applied_when_the_case_was_opened(charged: Case) -> None:
    until = charged.opened_at + timedelta(days=15)
    assert cases.reply_by(charged) == until
    assert cases.say_refusal(charged, Said.REPLY, by=charged.person, at=until) is None
    late = cases.say_refusal(charged, Said.REPLY, by=charged.person, at=until + timedelta(microseconds=1))
    assert late is not None
    assert "time to answer is over" in str(late.reason)
    panel = charged.panels.get()
    assert (panel.size, panel.decide_by) == (5, charged.opened_at + timedelta(days=45))


@pytest.mark.parametrize(("facts", "guard"), [
    ({"since": "400 days", "until": "399 days"}, "case_is_opened_by_a_named_person"),
    ({"since": "60 days", "until": "8 days"}, "case_is_opened_by_a_named_person"),
    ({"until": "-1 days"}, "case_is_opened_by_a_named_person"),
    ({"measure": "pause", "scope": "work", "days": 61}, "charge_keeps_to_the_ladder"),
    ({"measure": "limit", "scope": "job:1", "days": 31}, "charge_keeps_to_the_ladder"),
    ({"measure": "limit", "scope": "work", "days": 5}, "charge_keeps_to_the_ladder"),
    ({"measure": "pause", "scope": "payout", "days": 5}, "charge_keeps_to_the_ladder"),
    ({"measure": "pause", "scope": "vote", "days": 5}, "charge_keeps_to_the_ladder"),
    ({"measure": "limit", "scope": "client:3", "days": 5}, "case_is_opened_by_a_named_person"),
    ({"measure": "nothing"}, "charge_says_measure_and_remedy"),
    ({"measure": "unfounded"}, "charge_says_measure_and_remedy"),
    ({"facts": ""}, "case_says_the_facts"),
    ({"kind": "ban"}, "case_is_opened_by_a_named_person"),
    ({"ground": "too slow"}, "case_ground_is_on_the_list"),
])  # fmt: skip
def test_a_charge_keeps_to_part_seven(
    amina: Person, samuel: Person, attack: Attack, facts: dict[str, object], guard: str
) -> None:
    attack(CASE, row(amina, samuel, **facts), guard=guard)


def test_an_officer_charges_in_their_own_office_only(
    amina: Person, samuel: Person, teresa: Person, attack: Attack
) -> None:
    attack(CASE, row(amina, samuel, office=teresa.pk), guard="case_is_opened_by_a_named_person")
    attack(CASE, row(samuel, samuel), guard="nobody_charges_themselves")


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        (timedelta(days=5), timedelta(days=5), ""), (timedelta(days=40), timedelta(days=9), ""),
        (timedelta(days=40, microseconds=1), timedelta(days=9), "within one month"),
        (timedelta(0), timedelta(0), ""), (timedelta(days=5), timedelta(days=5, microseconds=1), "within one month"),
        (timedelta(days=5), timedelta(microseconds=-1), "within one month"),
        (timedelta(days=365), timedelta(days=364), "in the last year"),
    ],
)  # fmt: skip
def test_facts_are_of_one_month_of_the_last_year(
    now: datetime, amina: Person, samuel: Person, start: timedelta, end: timedelta, why: str
) -> None:
    asked = charging.ask(now, samuel, happened_from=now - start, happened_until=now - end)
    refusal = cases.charge_refusal(amina, asked, by=samuel, at=now)
    said = str(refusal.reason) if refusal else ""
    assert (bool(said), why in said) == (bool(why), True)


def test_facts_that_meet_in_one_moment_are_charged_before(
    charged: Case, amina: Person, teresa: Person, attack: Attack
) -> None:
    before = CASE.replace("coop_now() - %(since)s::interval", "%(since)s")
    before = before.replace("coop_now() - %(until)s::interval", "%(until)s")
    start, end, day = charged.happened_from, charged.happened_until, timedelta(days=1)
    for since, until in ((start - day, start), (end, end + day)):
        facts = row(amina, teresa, office=teresa.pk, ground=charged.ground, since=since, until=until)
        attack(before, facts, guard="same_facts_are_never_charged_twice")
        with pytest.raises(Refused, match="never carry a second case"):
            charging.charge(amina, teresa, happened_from=since, happened_until=until, facts="Put otherwise.")


def test_the_same_facts_are_never_charged_twice(
    charged: Case, amina: Person, samuel: Person, teresa: Person, attack: Attack
) -> None:
    """J9 and J17: neither other words for the same days nor the same words for other days carry a second case."""
    with pytest.raises(Refused, match="never carry a second case"):
        charging.charge(amina, teresa, facts="Put otherwise.")
    twice = "same_facts_are_never_charged_twice"
    attack(CASE, row(amina, teresa, office=teresa.pk, ground="fabricated", since="6 days", until="5 days"), guard=twice)
    attack(
        CASE,
        row(amina, teresa, office=teresa.pk, facts=f" {charging.FACTS.upper()} !", since="90 days", until="89 days"),
        guard=twice,
    )


def test_the_same_evidence_carries_no_second_case(charged: Case, amina: Person, teresa: Person) -> None:
    evidence = (("Other name", "Answers 11,12 and 13 equal answers 71 72 and 73."),)
    with pytest.raises(IntegrityError, match="same_evidence_never_twice"), transaction.atomic():
        charging.charge(amina, teresa, ground=CaseGround.DATA_TAKEN, facts="Something else.", evidence=evidence)


def test_a_charge_is_neither_rewritten_nor_backdated(charged: Case, attack: Attack) -> None:
    for statement in ("UPDATE governance_case SET facts = 'x'", "DELETE FROM governance_case",
                      "UPDATE governance_evidence SET citable = true", "DELETE FROM governance_statement"):  # fmt: skip
        attack(statement, guard="permission denied")
    assert abs(charged.opened_at - clock.now()) < timedelta(minutes=1)


def test_what_is_shown_after_48_hours_cannot_be_cited(
    charged: Case, amina: Person, samuel: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    at = later(hours=49)
    late = cases.show(charged, name="One more", text="Something found later.", by=samuel, at=at)
    own = cases.show(charged, name="My notes", text="How I made these answers.", by=amina, at=at)
    assert (late.citable, own.citable) == (False, True)
    attack(f"UPDATE governance_evidence SET citable = true WHERE id = {late.pk}", guard="permission denied")


def test_only_the_two_sides_put_evidence_into_the_file(charged: Case, luis: Person, attack: Attack) -> None:
    attack(
        "INSERT INTO governance_evidence (case_id, person_id, added_by_id, name, text, added_at)"
        " VALUES (%s, %s, %s, 'x', 'y', now())",
        [charged.pk, luis.pk, luis.pk],
        guard="evidence_is_the_parties_own",
    )


def test_the_member_answers_within_15_days_or_29(
    charged: Case, amina: Person, samuel: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    cases.say(charged, kind=Said.MORE_TIME, text="I am travelling.", by=amina, at=later(days=14))
    with pytest.raises(Refused, match="once"):
        cases.say(charged, kind=Said.MORE_TIME, text="Again.", by=amina, at=clock.now())
    at = later(days=14)
    with pytest.raises(Refused, match="Only the member"):
        cases.say(charged, kind=Said.REPLY, text="She admits it.", by=samuel, at=at)
    cases.say(charged, kind=Said.REPLY, text="I wrote them myself.", by=amina, at=at)
    assert cases.state(charged, at) == cases.State.PANEL
    with pytest.raises(Refused, match="Silence is no admission"):
        cases.say(charged, kind=Said.REPLY, text="And this.", by=amina, at=later(days=2))
    said = "INSERT INTO governance_statement (case_id, author_id, kind, text, said_at) VALUES (%s, %s, %s, 'x', now())"
    attack(said, [charged.pk, amina.pk, "reply"], guard="statement_is_a_partys_in_its_time")


@pytest.mark.parametrize("kind", ["reply", "more_time", "word", "explanation", "contested"])
def test_strangers_write_nothing_into_a_case(charged: Case, luis: Person, attack: Attack, kind: str) -> None:
    said = "INSERT INTO governance_statement (case_id, author_id, kind, text, said_at) VALUES (%s, %s, %s, 'x', now())"
    attack(said, [charged.pk, luis.pk, kind], guard="statement_is_a_partys_in_its_time")


def test_a_case_is_void_for_good_after_45_days_by_time_alone(charged: Case, later: Callable[..., datetime]) -> None:
    assert cases.state(charged, later(days=44)) == cases.State.PANEL
    assert cases.state(charged, later(days=1, hours=1)) == cases.State.VOID


def test_only_parties_and_panel_read_a_case(
    charged: Case, amina: Person, samuel: Person, teresa: Person, luis: Person, olga: Person
) -> None:
    assert [cases.may_read(charged, who) for who in (amina, samuel, teresa, luis, olga)] == [True, True, *[False] * 3]


def test_a_client_that_charges_learns_nobodys_name(amina: Person, olga: Person, samuel: Person, orbit: Client) -> None:
    case = charging.charge(amina, olga, capacity=orbit.seats.get(person=olga), client=orbit)
    told = [casefile.named(case, who, olga) for who in (olga, amina, samuel, None)]
    assert told == ["You", "The member", "Somebody of the cooperative", "The cooperative"]
    assert [casefile.named(case, who, amina) for who in (olga, amina, samuel)] == [str(olga), "You", str(samuel)]


def test_an_officer_who_charges_knows_whom(charged: Case, amina: Person, samuel: Person) -> None:
    assert casefile.named(charged, amina, samuel) == str(amina)


def test_the_public_record_does_not_say_whom_or_why(charged: Case) -> None:
    opened = Event.objects.get(kind="cases.opened")
    assert (opened.subject, opened.data) == (f"case:{charged.pk}", {"case_kind": "charge"})


def test_an_equivalent_opens_a_case_that_the_cooperative_explains(
    amina: Person, samuel: Person, later: Callable[..., datetime]
) -> None:
    case = charging.unexplained(amina)
    assert cases.state(case, clock.now()) == cases.State.EXPLAINING
    assert cases.open_equivalent(amina, kind=Equivalent.MUTED, at=later(days=12)) is None
    resigning.give_notice(amina, pressure="pressed", at=clock.now())
    other = Case.objects.latest("pk")
    assert other.ground == Equivalent.PRESSED_TO_LEAVE
    cases.say(other, kind=Said.EXPLANATION, text="The bank was closed.", by=samuel, at=clock.now())
    assert cases.state(other, clock.now()) == cases.State.EXPLAINED


def test_what_nobody_explains_is_closed_in_the_members_favour(
    amina: Person, samuel: Person, later: Callable[..., datetime], attack: Attack
) -> None:
    case = charging.unexplained(amina)
    assert cases.state(case, later(days=7, minutes=1)) == cases.State.IN_FAVOUR
    with pytest.raises(Refused, match="in the member's favour"):
        cases.say(case, kind=Said.EXPLANATION, text="Too late.", by=samuel, at=clock.now())
    said = "INSERT INTO governance_statement (case_id, author_id, kind, text, said_at) VALUES (%s, %s, %s, 'x', now())"
    attack(said, [case.pk, samuel.pk, "explanation"], guard="statement_is_a_partys_in_its_time")


def test_somebody_who_just_proposed_or_backed_it_is_presumed_to_be_retaliated_against(
    published: Callable[..., Proposal], amina: Person, samuel: Person
) -> None:
    draft = published()
    backers = [support.person for support in draft.supports.select_related("person") if support.person_id != samuel.pk]
    silent = Person.objects.filter(standings__status="member").exclude(pk__in=[amina.pk, samuel.pk])
    quiet = silent.exclude(pk__in=[one.pk for one in backers]).first()
    assert quiet is not None
    assert charging.charge(amina, samuel).presumed
    assert charging.charge(backers[-1], samuel, evidence=(("Backed", "Words on a backer."),)).presumed
    assert not charging.charge(quiet, samuel, evidence=(("Other", "Other words."),)).presumed


def voted(person: Person, published: Callable[..., Proposal]) -> None:
    vote = published()
    voting.cast(vote, "no", by=person, at=reach(vote.opens_at))


def stood(person: Person, published: Callable[..., Proposal]) -> None:
    opened = elections.call(offices.posts(clock.now())[0], 1, by=person, at=reach(clock.now() + timedelta(days=1000)))
    elections.stand(opened, statement="I count slowly, and twice.", by=person, at=clock.now())


def reported(person: Person, published: Callable[..., Proposal]) -> None:
    said = assembly.open_thread(
        topic="other", title="Links", text="Look: kittens.example", by=members()[-1], at=clock.now()
    )
    reporting.report(said, ground=ReportGround.UNLAWFUL, quote="kittens", words="It is.", by=person, at=clock.now())


def contested(person: Person, published: Callable[..., Proposal]) -> None:
    case = charging.unexplained(person)
    explaining = Person.objects.get(email__startswith="samuel")
    cases.say(case, kind=Said.EXPLANATION, text="There was less work.", by=explaining, at=clock.now())
    cases.say(case, kind=Said.CONTESTED, text="Others had some.", by=person, at=clock.now())


def gave_notice(person: Person, published: Callable[..., Proposal]) -> None:
    resigning.give_notice(person, pressure="none", at=clock.now())


@pytest.mark.parametrize("act", [voted, stood, reported, contested, gave_notice])
def test_a_measure_within_180_days_of_what_is_protected_is_presumed_retaliation(
    published: Callable[..., Proposal], samuel: Person, act: Callable[..., None]
) -> None:
    quiet = members()[-3]
    act(quiet, published)
    at = clock.now()
    assert charging.charge(quiet, samuel).presumed
    reach(at + timedelta(days=181))
    assert not charging.charge(quiet, samuel, **charging.other(3)).presumed


def test_the_time_of_charges_is_the_databases_own(charged: Case, amina: Person) -> None:
    statement = charged.statements.create(
        author=amina, kind=Said.WORD, text="x", said_at=clock.now() - timedelta(days=9)
    )
    assert Statement.objects.get(pk=statement.pk).said_at > charged.opened_at
