"""Folding: a panel folds what its charge rests on and its author wrote; it lapses with the decision; nobody deletes."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import appeals, assembly, cases, folding, panels, reading, searching
from governance.models import CaseGround, Decision, Fold, Measure, Message, Motion, Panel, Said, Stage
from tests.governance import charging
from tests.governance.conftest import reach

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

FOLD = "INSERT INTO governance_fold (motion_id, message_id) VALUES (%s, %s)"
NOT_RETALIATION = "It is about the words of one message, and about nothing she said on pay."


@pytest.fixture
def said(amina: Person, now: datetime) -> Message:
    """Return a message of Amina's that somebody charges her with."""
    return assembly.open_thread(
        topic="other", title="The new guide", text="Whoever wrote this guide is a walrus.", by=amina, at=now
    )


def charged(said: Message, by: Person, **facts: object) -> Panel:
    """Charge the author of a message with it, take the panel through its lot and let the author answer."""
    evidence = (("What she wrote", f"In message:{said.pk} she calls a colleague a walrus."),)
    given = {"ground": CaseGround.HARASSMENT, "evidence": evidence, "measure": Measure.ADVICE, **facts}
    case = charging.charge(said.author, by, **given)
    panel = case.panels.get()
    charging.seat(panel, said.author, Person.objects.get(email__startswith="teresa"))
    cases.say(case, kind=Said.REPLY, text="It was a joke.", by=said.author, at=clock.now())
    return panel


@pytest.fixture
def panel(said: Message, samuel: Person) -> Panel:
    """Return the panel of a case about that message, ready to decide."""
    return charged(said, samuel)


def moved(panel: Panel, *messages: Message, yes: int | None = None, **facts: object) -> Motion:
    """Let a panel decide what was charged, folding these messages."""
    finding = charging.finding(panel.case, folds=messages, rebuttal=NOT_RETALIATION, **facts)
    return charging.agree(panel, finding, yes=yes)


def on_appeal(decision: Decision, *messages: Message) -> Motion:
    """Appeal, let nine others be drawn, and let them decide the same, folding these messages."""
    author = decision.case.person
    appeals.appeal(decision, reasons="Walruses are calm animals.", by=author, at=clock.now())
    nine = decision.case.panels.get(stage=Stage.APPEAL)
    charging.seat(nine, author, Person.objects.get(email__startswith="teresa"))
    return moved(nine, *messages)


def shown(message: Message) -> reading.Said:
    """Return a message as its thread shows it now."""
    return next(it for it in reading.said(list(reading.messages(message.thread))) if it.message == message)


@pytest.fixture
def folded(panel: Panel, said: Message) -> Decision:
    """Return the decision that folds the message, a week later."""
    decision = moved(panel, said).decision
    reach(decision.decided_at + timedelta(hours=168))
    return decision


def test_a_panel_folds_a_week_after_its_decision(panel: Panel, said: Message, later: Callable[..., datetime]) -> None:
    motion = moved(panel, said)
    assert shown(said).folded is None
    later(hours=167)
    assert shown(said).folded is None
    later(hours=1, seconds=1)
    why = shown(said).folded
    assert why is not None
    assert why.decided_at == motion.decision.decided_at
    assert why.ground == str(CaseGround.HARASSMENT.label)
    assert Event.objects.get(kind="assembly.folded").subject == f"message:{said.pk}"
    assert Event.objects.get(kind="assembly.folded").data == {}


def test_an_appeal_opens_it_and_nine_others_may_fold_it_again(folded: Decision, said: Message) -> None:
    motion = on_appeal(folded, said)
    why = shown(said).folded
    assert why is not None
    assert (why.decided_at, why.appeal_until) == (motion.decision.decided_at, None)


def test_it_is_open_from_the_moment_of_the_appeal(folded: Decision, said: Message, amina: Person) -> None:
    assert shown(said).folded
    appeals.appeal(folded, reasons="Walruses are calm animals.", by=amina, at=clock.now())
    assert shown(said).folded is None


def test_nine_others_who_do_not_fold_leave_it_open(folded: Decision, said: Message) -> None:
    on_appeal(folded)
    assert shown(said).folded is None


def test_a_motion_that_too_few_agree_to_folds_nothing(
    panel: Panel, said: Message, later: Callable[..., datetime]
) -> None:
    moved(panel, said, yes=3)
    later(days=30)
    assert shown(said).folded is None


def test_a_panel_that_folds_nothing_leaves_it_open(panel: Panel, said: Message, later: Callable[..., datetime]) -> None:
    assert moved(panel).decision.pk
    later(days=30)
    assert shown(said).folded is None


def test_its_author_corrects_it_and_it_stays_folded(folded: Decision, said: Message, amina: Person) -> None:
    assembly.correct(said, "Whoever wrote this walrus is a guide.", by=amina, at=clock.now())
    assert shown(said).folded
    [hit] = searching.search("walrus").hits
    assert hit.folded


def test_without_a_decision_nothing_is_folded(attack: Attack, said: Message, amina: Person, folded: Decision) -> None:
    another = assembly.write(said.thread, "Another.", by=amina, at=clock.now())
    attack(FOLD, [10**9, another.pk], guard="fold_is_the_panels_on_the_file")
    attack(FOLD, [folded.motion_id, another.pk], guard="fold_is_the_panels_on_the_file")


def test_the_decision_of_another_case_folds_nothing(
    attack: Attack, said: Message, luis: Person, samuel: Person, teresa: Person
) -> None:
    other = charging.decide(luis, samuel, teresa)
    attack(FOLD, [other.motion_id, said.pk], guard="fold_is_the_panels_on_the_file")


def test_what_others_wrote_is_not_folded_with_it(
    attack: Attack, said: Message, luis: Person, samuel: Person, now: datetime
) -> None:
    his = assembly.write(said.thread, "I like walruses.", by=luis, at=now)
    words = f"In message:{said.pk} she says so, and he agrees in message:{his.pk}."
    panel = charged(said, samuel, evidence=(("What they wrote", words),))
    assert folding.foldable(panel) == [said]
    with pytest.raises(Refused, match="own messages"):
        moved(panel, his)
    attack(FOLD, [moved(panel, yes=1).pk, his.pk], guard="fold_is_the_panels_on_the_file")


@pytest.mark.parametrize("words", ["message:{}1", "xmessage:{}", "message:1{}", "her message {}", "message: {}"])
def test_evidence_that_does_not_name_it_folds_nothing(
    attack: Attack, said: Message, samuel: Person, words: str
) -> None:
    panel = charged(said, samuel, evidence=(("What she wrote", words.format(said.pk)),))
    assert folding.foldable(panel) == []
    with pytest.raises(Refused, match="message:12"):
        moved(panel, said)
    attack(FOLD, [_silent(panel).pk, said.pk], guard="fold_is_the_panels_on_the_file")


def _silent(panel: Panel) -> Motion:
    """Return a motion of a panel on which nobody has voted, past the act."""
    seat = panels.sitting_on(panel)[0]
    motion = Motion.objects.create(
        panel=panel, seat=seat, measure="advice", reasons="Because it is so, and not otherwise.", moved_at=clock.now()
    )
    for piece in panel.case.evidence.all():
        motion.citations.create(evidence=piece)
    return motion


def test_what_the_member_shows_in_defence_is_not_turned_against_them(
    attack: Attack, said: Message, amina: Person, panel: Panel
) -> None:
    calm = assembly.write(said.thread, "Let us stay calm.", by=amina, at=clock.now())
    cases.show(panel.case, name="Mine", text=f"I meant it well, see message:{calm.pk}.", by=amina, at=clock.now())
    attack(FOLD, [_silent(panel).pk, calm.pk], guard="fold_is_the_panels_on_the_file")


def test_a_measure_that_is_nothing_folds_nothing(panel: Panel, said: Message) -> None:
    with pytest.raises(Refused, match="A measure folds"):
        moved(panel, said, measure=Measure.NOTHING)


def test_what_a_motion_folds_is_not_added_once_the_panel_votes(attack: Attack, panel: Panel, said: Message) -> None:
    attack(FOLD, [moved(panel, yes=2).pk, said.pk], guard="fold_is_voted_with_its_motion")
    attack(FOLD, [moved(panel).pk, said.pk], guard="fold_is_voted_with_its_motion")


def test_an_appeal_folds_no_more_than_the_first_decision(
    attack: Attack, said: Message, panel: Panel, amina: Person
) -> None:
    decision = moved(panel).decision
    appeals.appeal(decision, reasons="Walruses are calm animals.", by=amina, at=clock.now())
    nine = decision.case.panels.get(stage=Stage.APPEAL)
    charging.seat(nine, amina, Person.objects.get(email__startswith="teresa"))
    assert folding.foldable(nine) == []
    attack(FOLD, [_silent(nine).pk, said.pk], guard="appeal_folds_no_more")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE governance_fold SET message_id = message_id + 1", "DELETE FROM governance_fold",
     "TRUNCATE governance_fold", "DELETE FROM governance_decision", "DELETE FROM governance_message",
     "UPDATE governance_message SET text = ''", "UPDATE governance_decision SET decided_at = '-infinity'"],
)  # fmt: skip
def test_nobody_unfolds_swaps_or_deletes(attack: Attack, folded: Decision, said: Message, statement: str) -> None:
    table = next(word for word in statement.split() if word.startswith("governance_"))
    attack(statement, guard=f"permission denied for table {table}")
    assert shown(said).folded


def test_a_fold_is_written_on_what_stands_now(
    attack_from_the_past: Callable[..., None], amina: Person, samuel: Person
) -> None:
    said = assembly.open_thread(topic="other", title="Guide", text="A walrus.", by=amina, at=clock.now())
    motion = _silent(charged(said, samuel))
    attack_from_the_past(FOLD, [motion.pk, said.pk], guard="fold_is_the_panels_on_the_file")


def test_not_even_the_owner_unfolds(owner: psycopg.Connection, committed: None, amina: Person, samuel: Person) -> None:
    said = assembly.open_thread(topic="other", title="Guide", text="A walrus.", by=amina, at=clock.now())
    moved(charged(said, samuel), said)
    for statement in ("DELETE FROM governance_fold", "UPDATE governance_fold SET id = id"):
        with pytest.raises(psycopg.errors.CheckViolation) as refused, owner.transaction(force_rollback=True):
            owner.execute(statement)
        assert refused.value.diag.constraint_name == "governance_fold_is_append_only"


def test_the_page_says_why_and_still_lets_it_be_read(
    folded: Decision, said: Message, amina: Person, luis: Person, signed_in: SignedIn
) -> None:
    address = f"/assembly/{said.thread_id}/"
    his, hers = signed_in(luis).get(address).text, signed_in(amina).get(address).text
    for page in (his, hers):
        assert "Folded by decision of a panel" in page
        assert "Harassment or threats towards people here" in page
        assert "is a walrus" in page
        assert page.index("Read it all the same") < page.index("is a walrus")
    assert f"/cases/{folded.case_id}/" in hers
    assert f"/cases/{folded.case_id}/" not in his
    assert "folded by decision of a panel" in signed_in(luis).get("/assembly/?q=walrus").text
    assert f"message:{said.pk}" in signed_in(amina).get(f"/cases/{folded.case_id}/").text


def test_the_panel_folds_at_its_desk(panel: Panel, said: Message, signed_in: SignedIn) -> None:
    first, second = (seat.person for seat in list(panels.sitting_on(panel))[:2])
    desk, browser = f"/panels/{panel.pk}/desk/", signed_in(first)
    assert f"message:{said.pk}: Whoever wrote this guide" in browser.get(desk).text
    browser.post(desk, {
        "measure": "advice", "reasons": "It hurts a colleague, and it helps nobody.", "rebuttal": NOT_RETALIATION,
        "evidence": [piece.pk for piece in panel.case.evidence.all()], "folds": [said.pk], "days": "0",
    })  # fmt: skip
    assert Fold.objects.get().message == said
    assert f"message:{said.pk}" in signed_in(second).get(desk).text


def test_folded_messages_cost_one_question_however_many(
    folded: Decision, said: Message, luis: Person, samuel: Person, amina: Person, signed_in: SignedIn
) -> None:
    browser, where = signed_in(luis), f"/assembly/{said.thread_id}/"
    with CaptureQueriesContext(connection) as one:
        browser.get(where)
    more = [assembly.write(said.thread, f"Walrus {n}.", by=amina, at=clock.now()) for n in range(3)]
    words = " ".join(f"message:{message.pk}" for message in more)
    panel = charged(more[0], samuel, facts="She goes on about walruses.", evidence=(("More", words),),
                    ground=CaseGround.VIOLENCE)  # fmt: skip
    reach(moved(panel, *more).decision.decided_at + timedelta(hours=168))
    assert len([it for it in reading.said(list(reading.messages(said.thread))) if it.folded]) == 4
    with CaptureQueriesContext(connection) as many:
        browser.get(where)
    assert len(many) == len(one)
