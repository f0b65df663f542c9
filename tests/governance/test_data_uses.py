"""Uses of data (N8): all of them are on the page, a new one takes a vote, and what is in no use is not written."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import psycopg
import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import data_uses, founding_uses, mandates, policies, proposals, supporting, voting
from governance.models import DataUse, Enactment, Mandate, Proposal, RollEntry
from governance.voting import State
from tests.governance.conftest import cast_all, members, reach, support

pytestmark = pytest.mark.django_db
INSERT = """
INSERT INTO governance_datause (key, version, title, data, whose, purpose, seen_by, kept, decides, in_use, published_at,
    applies_from, mandate_id)
VALUES (%(key)s, %(version)s, %(title)s, %(data)s, %(whose)s, %(purpose)s, %(seen_by)s, %(kept)s, %(decides)s,
    %(in_use)s, now(), now(), %(mandate)s)
"""
EYES: dict[str, object] = {
    "key": "eye_contact", "title": "Watching eyes", "data": "Where a member looks.", "whose": "members",
    "purpose": "To know who is tired.", "seen_by": "self", "kept": "A day.", "decides": "nothing", "in_use": True,
    "replaces": 0,
}  # fmt: skip


def like(key: str) -> dict[str, object]:
    """Return the payload that would say a use of the founding again, as its second version."""
    use = data_uses.newest(key)
    assert use is not None
    return {name: getattr(use, name) for name in data_uses.SAID} | {"replaces": use.version}


def proposed(payload: dict[str, object]) -> Proposal:
    by = members()[0]
    draft = proposals.draft(policy="data_use_change", payload=payload, title="Eyes?", text="…", by=by, at=clock.now())
    return proposals.publish(support(draft), by=by, at=clock.now())


def counted(payload: dict[str, object], **votes: int) -> Proposal:
    proposal = proposed(payload)
    cast_all(proposal, **votes)
    voting.close(proposal, at=reach(proposal.closes_at))
    return proposal


def voted(payload: dict[str, object]) -> Mandate:
    """Return the mandate of a vote that passed, its lock over."""
    mandate = Mandate.objects.get(proposal=counted(payload, yes=30))
    reach(mandate.due_at)
    return mandate


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a proposal be made without asking the policy, as by a statement: what is left are the guards."""
    monkeypatch.setattr(data_uses.DataUseChange, "problems", lambda *_asked: [])


def test_the_registry_begins_with_what_is_done() -> None:
    assert set(DataUse.objects.values_list("key", "version")) == {(use.key, 1) for use in founding_uses.FIRST}


def test_a_vote_on_data_keeps_the_times_of_n8() -> None:
    proposal = proposed(EYES)
    assert proposal.rule.key == "N8"
    moments = [proposal.published_at, proposal.frozen_at, proposal.opens_at, proposal.closes_at, proposal.locked_until]
    gaps = [later - before for before, later in pairwise(moments) if later and before]
    assert [gap.days for gap in gaps] == [14, 7, 7, 14]


def test_everybody_on_the_roll_decides() -> None:
    roll = RollEntry.objects.filter(proposal=proposed(EYES))
    assert {entry.person_id for entry in roll} == {person.pk for person in members()}


@pytest.mark.parametrize(
    ("yes", "no", "passes"), [("floor", 0, True), ("below", 0, False), (7, 7, False), (8, 7, True)]
)
def test_it_takes_more_yes_than_no_and_yes_of_15_per_cent(yes: int | str, no: int, *, passes: bool) -> None:
    floor = -(-len(members()) * 15 // 100)
    said = {"floor": floor, "below": floor - 1}.get(str(yes), yes)
    proposal = counted(EYES, yes=int(said), no=no)
    assert Mandate.objects.filter(proposal=proposal).exists() is passes
    assert proposal.tally.passed is passes


def test_nothing_begins_before_the_lock_is_over() -> None:
    mandate = Mandate.objects.get(proposal=counted(EYES, yes=30))
    with pytest.raises(Refused, match="lock"):
        mandates.enact(mandate, at=clock.now())
    assert not DataUse.objects.filter(key="eye_contact").exists()


def test_a_new_use_begins_15_days_after_it_is_in_force() -> None:
    mandate = voted(EYES)
    assert not mandates.enact(mandate, at=clock.now()).failure
    use = DataUse.objects.get(key="eye_contact")
    assert use.applies_from - use.published_at == timedelta(days=15)
    assert [entry.current for entry in data_uses.known(clock.now()) if entry.key == "eye_contact"] == [None]
    assert [entry.current for entry in data_uses.known(use.applies_from) if entry.key == "eye_contact"] == [use]


@pytest.mark.parametrize("changed", [
    {"kept": "For ever."}, {"seen_by": "self,officers"}, {"decides": "open_case"}, {"data": "All keys pressed."},
    {"purpose": "To know who is slow."},
])  # fmt: skip
def test_longer_keeping_more_readers_and_another_decision_are_voted_alike(
    attack: Callable[..., None], changed: dict[str, object]
) -> None:
    wider = like("engaged_time") | changed
    (founding,) = Mandate.objects.filter(proposal=None).values_list("pk", flat=True)
    attack(INSERT, wider | {"version": 2, "mandate": founding}, guard="data_use_is_what_the_vote_said")
    assert not mandates.enact(voted(wider), at=clock.now()).failure
    assert DataUse.objects.get(key="engaged_time", version=2).mandate.proposal is not None


def test_a_use_that_changed_keeps_its_place_among_the_others() -> None:
    before = [entry.key for entry in data_uses.known(clock.now())]
    assert before[0] != before[-1]
    first = before[0]
    assert not mandates.enact(voted(like(first) | {"kept": "For a day."}), at=clock.now()).failure
    use = DataUse.objects.get(key=first, version=2)
    assert [entry.key for entry in data_uses.known(use.applies_from)] == before


def test_a_use_ends_by_a_vote_too() -> None:
    assert not mandates.enact(voted(like("watching") | {"in_use": False}), at=clock.now()).failure
    (coming,) = [entry for entry in data_uses.known(clock.now()) if entry.coming]
    assert (coming.key, coming.changes) == ("watching", [("In use", "no, it ends")])
    use = DataUse.objects.get(key="watching", version=2)
    last = data_uses.known(use.applies_from)[-1]
    assert (last.key, last.shown.in_use) == ("watching", False)


@pytest.mark.parametrize("changed", [
    {}, {"version": 2}, {"seen_by": "self,officers"}, {"decides": "write"}, {"data": "All that a camera sees."},
    {"kept": "For ever."}, {"purpose": "To know who is slow."}, {"title": "Nothing"}, {"whose": "everybody"},
    {"in_use": False}, {"key": "looks"},
])  # fmt: skip
def test_no_use_without_its_vote_and_none_otherwise_than_voted(
    attack: Callable[..., None], changed: dict[str, object]
) -> None:
    mandate = voted(EYES) if changed else Mandate.objects.get(proposal=None)
    attack(INSERT, EYES | {"version": 1, "mandate": mandate.pk} | changed, guard="data_use_is_what_the_vote_said")


def test_no_use_before_its_day_or_after_it(attack: Callable[..., None]) -> None:
    mandate = Mandate.objects.get(proposal=counted(EYES, yes=30))
    row = EYES | {"version": 1, "mandate": mandate.pk}
    attack(INSERT, row, guard="data_use_is_what_the_vote_said")
    reach(mandate.expires_at)
    attack(INSERT, row, guard="data_use_is_what_the_vote_said")


def test_no_use_by_the_vote_of_another_rule(
    attack: Callable[..., None], monkeypatch: pytest.MonkeyPatch, unasked: None
) -> None:
    monkeypatch.setattr(data_uses.DataUseChange, "rule_key", lambda *_asked: "N11")
    attack(INSERT, EYES | {"version": 1, "mandate": voted(EYES).pk}, guard="data_use_is_what_the_vote_said")


def test_the_owner_adds_no_use_to_those_of_the_founding(owner: psycopg.Connection) -> None:
    (founding,) = owner.execute("SELECT id FROM governance_mandate WHERE proposal_id IS NULL").fetchone() or (0,)
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        owner.execute(INSERT, {"version": 1, "mandate": founding} | EYES)
    assert caught.value.diag.constraint_name == "data_use_is_what_the_vote_said"


@pytest.mark.parametrize("statement", [
    "UPDATE governance_datause SET seen_by = 'public'", "DELETE FROM governance_datause",
    "TRUNCATE governance_datause",
])  # fmt: skip
def test_a_use_is_never_rewritten(attack: Callable[..., None], statement: str) -> None:
    attack(statement, guard="permission denied")


def test_not_even_by_the_owner(owner: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        owner.execute("UPDATE governance_datause SET seen_by = 'public'")
    assert caught.value.diag.constraint_name == "governance_datause_is_append_only"


@pytest.mark.parametrize(("changed", "guard"), [
    ({"seen_by": "client"}, "clients_see_nothing_about_members"),
    ({"seen_by": "self,client"}, "clients_see_nothing_about_members"),
    ({"seen_by": "self,public"}, "members_data_reach_no_client_by_another_name"),
    ({"decides": "bar"}, "no_machine_shuts_anybody_out"),
    ({"seen_by": "managers"}, "data_use_names_who_sees"),
    ({"whose": "robots"}, "data_use_says_whose"),
    ({"key": "Eyes!"}, "data_use_key_is_a_word"),
])  # fmt: skip
def test_what_no_vote_can_allow(
    attack: Callable[..., None], unasked: None, changed: dict[str, object], guard: str
) -> None:
    payload = EYES | changed
    assert policies.find("data_use_change").problems(payload) == []
    attack(INSERT, payload | {"version": 1, "mandate": voted(payload).pk}, guard=guard)


@pytest.mark.parametrize("changed", [
    {"seen_by": "client"}, {"seen_by": "self,public"}, {"decides": "bar"}, {"seen_by": "managers"},
    {"data": "x" * 601}, {"kept": " "}, {"in_use": "yes"}, {"replaces": 1}, {"more": "x"},
])  # fmt: skip
def test_what_is_not_even_drafted(changed: dict[str, object]) -> None:
    with pytest.raises(Refused):
        proposed(EYES | changed)


@pytest.mark.parametrize("changed", [{"seen_by": "self,public"}, {"whose": "clients", "seen_by": "self,client"}])
def test_data_about_members_reach_no_client_by_another_name(
    attack: Callable[..., None], monkeypatch: pytest.MonkeyPatch, changed: dict[str, object]
) -> None:
    payload = like("engaged_time") | changed
    with pytest.raises(Refused):
        proposed(payload)
    monkeypatch.setattr(data_uses.DataUseChange, "problems", lambda *_asked: [])
    row = payload | {"version": 2, "mandate": voted(payload).pk}
    attack(INSERT, row, guard="members_data_reach_no_client_by_another_name")


def test_a_vote_on_data_is_not_ticked_off_without_its_row(attack: Callable[..., None]) -> None:
    mandate = voted(EYES)
    for failure in ("", "somebody was faster"):
        attack(
            "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, now(), %s)", [mandate.pk, failure],
            guard="enactment_wrote_the_data_use_it_says",
        )  # fmt: skip


def test_a_use_that_changed_meanwhile_is_not_changed_again() -> None:
    both = [proposed(EYES | {"kept": kept}) for kept in ("A day.", "Two days.")]
    for proposal in both:
        cast_all(proposal, yes=30)
    at = reach(both[1].closes_at)
    for proposal in both:
        voting.close(proposal, at=at)
    at = reach(Mandate.objects.get(proposal=both[1]).due_at)
    outcomes = [mandates.enact(Mandate.objects.get(proposal=proposal), at=at) for proposal in both]
    assert [bool(outcome.failure) for outcome in outcomes] == [False, True]
    assert Enactment.objects.count() == 2


def test_from_the_form_to_the_page(signed_in: Callable[[Person], Browser]) -> None:
    """A member writes it, others back it, all vote, anybody carries it out, and everybody reads it."""
    author, browser = members()[0], signed_in(members()[0])
    answer = browser.post("/votes/new/data_use_change/", {
        "key": "eye_contact", "heading": "Watching eyes", "which": "Where a member looks.", "whose": "members",
        "purpose": "To know who is tired.", "seen_by": ["self"], "kept": "A day.", "decides": "nothing", "in_use": "on",
        "title": "Shall eyes be watched?", "text": "Because.",
    }, follow=True)  # fmt: skip
    assert "Watching eyes, from 15 days after it is in force." in answer.text
    draft = Proposal.objects.get(title="Shall eyes be watched?")
    assert "Watching eyes" not in Browser().get("/data-use/").text
    for person in members()[:5]:
        supporting.back(draft, by=person, at=clock.now())
    browser.post(f"/votes/{draft.pk}/publish/")
    proposal = voting.listed().get(pk=draft.pk)
    cast_all(proposal, yes=20, no=3)
    for moment in ("closes_at", "locked_until"):
        reach(getattr(proposal, moment))
        signed_in(members()[9]).post(f"/votes/{draft.pk}/carry-on/")
    assert voting.state(voting.listed().get(pk=draft.pk), clock.now()) == State.ENACTED
    assert "voted, begins later" in Browser().get("/data-use/").text
    reach(DataUse.objects.get(key="eye_contact").applies_from)
    page = Browser().get("/data-use/").text
    assert f'href="/votes/{draft.pk}/">Shall eyes be watched?</a>' in page
    assert "voted, begins later" not in page
    assert author.name not in page


def test_the_page_leads_to_a_form_that_says_the_use_as_it_stands(signed_in: Callable[[Person], Browser]) -> None:
    browser = signed_in(members()[0])
    link = re.search(r'href="(/votes/new/data_use_change/\?[^"]*key=pay[^"]*)"', browser.get("/data-use/").text)
    assert link
    form = browser.get(html.unescape(link[1])).context["change"]
    said = data_uses.NewUse(QueryDict(html.unescape(link[1]).partition("?")[2] + "&in_use=on"))
    assert said.is_valid()
    assert said.cleaned_payload() == like("pay")
    assert {str(box.data["value"]) for box in form["seen_by"] if box.data["selected"]} == {
        "self", "officers", "public", "nobody"
    }  # fmt: skip


def test_everybody_reads_what_is_done_with_data() -> None:
    page = Browser().get("/data-use/").text
    for use in founding_uses.FIRST:
        assert html.escape(use.title) in page
    assert "<code>tasks_answer</code>: seconds" in page


def test_the_page_asks_the_database_once(client: Browser) -> None:
    with CaptureQueriesContext(connection) as asked:
        client.get("/data-use/")
    assert sum("governance_datause" in one["sql"] for one in asked) == 1
