"""New kinds of work: by which rule they open, among whom, with which rate; and nothing opens without its vote."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import mandates, proposals, voting
from governance.models import Mandate, Proposal
from payments import rates
from payments.models import WorkType
from payments.policies import NewKind
from tests.governance.conftest import cast_all, reach, support

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
POLICY = NewKind()
KIND = """INSERT INTO payments_worktype (slug, name, unit, shape, tier, language, created_at)
VALUES (%(slug)s, %(name)s, %(unit)s, %(shape)s, %(tier)s, %(language)s, coop_now())"""
RATE = """INSERT INTO payments_rate (work_type_id, version, amount, currency, estimated_seconds, mandate_id, since)
VALUES (%s, 1, %s, 'USD', %s, %s, coop_now())"""


def kind(**changes: object) -> dict[str, Any]:
    """Return a new kind of work that is comparable to none, but for the changes."""
    return {
        "slug": "transcribe-audio", "name": "Write down what is said", "unit": "minute", "shape": "choice",
        "tier": "hearing", "language": "sw", "amount": "0.5", "currency": "USD", "estimated_seconds": 120,
    } | changes  # fmt: skip


def alike(amount: str, seconds: int = 30) -> dict[str, Any]:
    """Return one that shares shape, tier and language with comparing products, which pays 0.09 for 30 seconds."""
    return kind(slug="match-goods", name="Match goods", tier="general", language="en", amount=amount,
                estimated_seconds=seconds)  # fmt: skip


def published(payload: dict[str, Any], by: Person) -> Proposal:
    draft = proposals.draft(policy="new_kind", payload=payload, title="New work", text="…", by=by, at=clock.now())
    return proposals.publish(support(draft), by=by, at=clock.now())


def voted(payload: dict[str, Any], by: Person) -> Mandate:
    """Take a new kind of work through its vote, to the moment its mandate is due."""
    vote = published(payload, by)
    cast_all(vote, yes=30)
    voting.close(vote, at=reach(vote.closes_at))
    mandate = Mandate.objects.get(proposal=vote)
    reach(mandate.due_at)
    return mandate


def test_a_kind_of_work_opens_with_its_rate(amina: Person) -> None:
    mandate = voted(kind(), amina)
    assert not mandates.enact(mandate, at=clock.now()).failure
    made = WorkType.objects.get(slug="transcribe-audio")
    rate = rates.current(made)
    assert (rate.amount, rate.version, rate.mandate) == (Decimal("0.5"), 1, mandate)
    assert made in [row.rate.work_type for row in rates.card()]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(("payload", "rule", "subject"), [
    (kind(), "N14", None), (kind(amount="0.000001"), "N14", None), (alike("0.09"), "N14", None),
    (alike("0.12", 40), "N14", None), (alike("0.086"), "N1", "product-match"), (alike("0.08"), "N2", "product-match"),
    (alike("0.05"), "N3", "product-match"), (alike("0.09", 60), "N3", "product-match"),
    (alike("0.05") | {"name": "C0mpare pr\u043educts", "language": "es"}, "N3", "product-match"),
    (alike("0.05") | {"name": "Match goods", "language": "es"}, "N14", None),
], ids=str)  # fmt: skip
def test_what_it_is_compared_with_decides_the_rule_and_the_electorate(
    payload: dict[str, Any], rule: str, subject: str | None
) -> None:
    about = f"work_type:{WorkType.objects.get(slug=subject).pk}" if subject else "everybody"
    assert (POLICY.rule_key(payload), POLICY.subject(payload)) == (rule, about)
    assert POLICY.impact(payload, clock.now())["cut"] is (rule != "N14")


@pytest.mark.parametrize("changes", [
    {"slug": "product-match"}, {"slug": "Transcribe"}, {"shape": "telepathy"}, {"currency": "EUR"}, {"amount": "0"},
    {"amount": 0.5}, {"amount": "0.0000001"}, {"estimated_seconds": 0}, {"estimated_seconds": True}, {"tier": "a b"},
    {"language": "english"}, {"name": "  "}, {"bonus": 1},
])  # fmt: skip
def test_what_is_no_kind_of_work_is_not_even_asked(amina: Person, changes: dict[str, object]) -> None:
    with pytest.raises(Refused):
        published(kind(**changes), amina)


def test_a_lower_rate_for_comparable_work_is_voted_as_that_cut(amina: Person) -> None:
    vote = published(alike("0.086"), amina)
    assert (vote.rule.key, vote.subject) == ("N1", f"work_type:{WorkType.objects.get(slug='product-match').pk}")


def test_a_second_vote_on_the_same_name_fails(amina: Person) -> None:
    first, second = published(kind(), amina), published(kind(amount="0.6"), amina)
    for vote in (first, second):
        cast_all(vote, yes=30)
    for vote in (first, second):
        voting.close(vote, at=reach(vote.closes_at))
    ends = [Mandate.objects.get(proposal=vote) for vote in (first, second)]
    reach(max(one.due_at for one in ends))
    assert not mandates.enact(ends[0], at=clock.now()).failure
    assert mandates.enact(ends[1], at=clock.now()).failure
    assert rates.current(WorkType.objects.get(slug="transcribe-audio")).amount == Decimal("0.5")


def test_the_site_opens_nothing_without_a_vote(amina: Person, attack: Attack) -> None:
    attack(KIND, kind(), guard="kind_of_work_is_what_the_vote_said")
    vote = published(kind(), amina)
    attack(KIND, kind(), guard="kind_of_work_is_what_the_vote_said")
    assert vote.pk
    attack("UPDATE payments_worktype SET tier = 'x'", guard="permission denied")


@pytest.mark.parametrize(
    "change", [{"slug": "other"}, {"name": "Another"}, {"unit": "hour"}, {"shape": "comparison"}, {"tier": "general"},
               {"language": "en"}], ids=str,
)  # fmt: skip
def test_a_kind_of_work_is_what_was_voted(amina: Person, attack: Attack, change: dict[str, str]) -> None:
    voted(kind(), amina)
    attack(KIND, kind() | change, guard="kind_of_work_is_what_the_vote_said")


def test_a_kind_of_work_stands_with_its_voted_rate_or_not_at_all(amina: Person, attack: Attack) -> None:
    mandate = voted(kind(), amina)
    with connection.cursor() as cursor:
        cursor.execute(f"{KIND} RETURNING id", kind())
        (number,) = cursor.fetchone()
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="kinds_open_with_their_rate")
    for amount, seconds in ((499_999, 120), (500_000, 121)):
        attack(RATE, [number, amount, seconds, mandate.pk], guard="rate_is_what_the_vote_said")
    other = WorkType.objects.get(slug="compare-answers").pk
    attack(RATE.replace("1,", "2,", 1), [other, 500_000, 120, mandate.pk], guard="rate_is_what_the_vote_said")
    with connection.cursor() as cursor:
        cursor.execute(RATE, [number, 500_000, 120, mandate.pk])


def test_a_vote_is_not_ticked_off_without_its_kind_of_work(amina: Person, attack: Attack) -> None:
    mandate = voted(kind(), amina)
    for failure in ("", "it was overtaken"):
        attack(
            "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, coop_now(), %s)",
            [mandate.pk, failure], guard="enactment_wrote_the_version_it_says",
        )  # fmt: skip


def test_a_page_asks_for_it(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    page = signed_in(amina).get("/votes/new/new_kind/").text
    assert "First pay for a unit" in page
    assert "finding" not in page
