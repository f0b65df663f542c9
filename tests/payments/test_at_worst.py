"""What a change takes at worst (P9): whoever votes on a time limit, floor, deposit or reopening reads a figure."""

import html
import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils import translation

from coop import clock
from coop.people.models import Client, Person
from payments.models import Kind, WorkType
from payments.policies import impacts
from tests.payments.conftest import in_full, owning
from tests.payments.test_for_you import stands
from tests.payments.test_versions import published, work

pytestmark = pytest.mark.django_db
# Twelve people, each with three units: one at once, one after 100 seconds, one after 300 and a half.
HELD = """CREATE OR REPLACE VIEW public.payments_units_held AS
    SELECT t.id AS work_type_id, p.id AS person_id, 90000::bigint AS pay, s.seconds
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM people_person) p, payments_worktype t,
        (VALUES (20::numeric), (100), (300.5)) s (seconds) WHERE p.place <= 12 AND t.slug = 'product-match'"""
SEAT = """INSERT INTO people_clientseat (client_id, person_id, offered_to, created_at, accepted_at)
    VALUES ({}, {}, '', coop_now(), coop_now())"""
GIVEN = """CREATE OR REPLACE VIEW public.payments_units_of_clients AS
    SELECT {}::bigint AS client_id, t.id AS work_type_id, p.id AS person_id, u.pay
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM people_person) p, payments_worktype t,
        (VALUES (95000::bigint), (120000)) u (pay) WHERE p.place <= 12 AND t.slug = 'product-match';
    CREATE OR REPLACE FUNCTION public.payments_mark_of_client(client bigint, work bigint) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$ SELECT 120000::bigint $$"""
OPENED = """CREATE OR REPLACE VIEW public.payments_jobs_opened AS
    SELECT t.id AS work_type_id, 200000000::numeric AS wages FROM payments_worktype t
    WHERE t.slug IN ('product-match', 'compare-answers')"""
WEEK = """INSERT INTO payments_topup (person_id, week, seconds, floor, earned, amount, at)
    VALUES (%s, (payments_last_week() - %s * interval '7 days')::date, %s, 3000000, %s, %s, coop_now()) RETURNING id"""
LACKED = "What the last four weeks lacked to the floor"
PART = "INSERT INTO payments_topuppart (topup_id, job, amount) VALUES (%s, %s, %s)"


def plant(sql: str) -> None:
    with owning(), connection.cursor() as cursor:
        cursor.execute(sql)


def another_client() -> int:
    """Return the number of a client at which nobody sits."""
    with owning(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO people_client (name, slug, is_cooperative, created_at)"
                       " VALUES ('Comet', 'comet', false, coop_now()) RETURNING id")  # fmt: skip
        (number,) = cursor.fetchone()
    return int(number)


def report(kind: str, value: dict[str, object], key: str = "") -> dict[str, Any]:
    """Return the report of a change, asked by the site's own role."""
    return impacts.replayed(kind, {"key": key, "value": value, "replaces": 1})


def worst(kind: str, value: dict[str, object], key: str = "") -> dict[str, Any]:
    found: dict[str, Any] = in_full(kind, {"key": key, "value": value, "replaces": 1})["worst"]
    assert found["of"] == kind
    return found


@pytest.mark.parametrize(
    ("now", "then", "units", "difference"),
    [
        (301, 300, 12, "-1.08"), (301, 301, 0, "0"), (400, 99, 24, "-2.16"), (400, 1, 24, "-2.16"),
        (100, 301, 12, "1.08"), (95, 400, 24, "2.16"), (1, 90, 0, "0"),
    ],
)  # fmt: skip
def test_a_shorter_time_loses_the_units_that_took_longer_and_a_longer_one_keeps_them(
    now: int, then: int, units: int, difference: str
) -> None:
    """Three times the estimate, 90 seconds, is given whatever is voted."""
    plant(HELD)
    stands(Kind.TIME_LIMIT, "", f'{{"least":{now}}}')
    found = worst(Kind.TIME_LIMIT, {"least": then})
    assert (found["units"], Decimal(found["difference"])) == (units, Decimal(difference))
    assert found["people"] == (12 if units else 0)
    assert found["losing"] == (12 if difference.startswith("-") else 0)
    each = Decimal(difference) / 12
    assert [Decimal(sum_) for sum_ in found["quarters"]] == ([each] if units else [])
    assert sum(people for _country, people, _sum in found["countries"]) in {0, 12}
    assert all(people >= 5 for _country, people, _sum in found["countries"])


def weeks(*rows: tuple[Person, int, int, int]) -> list[int]:
    """Let weeks have been counted under a floor of three dollars: whose, how long ago, seconds and what they earned."""
    with owning(), connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE payments_topup DISABLE TRIGGER USER; ALTER TABLE payments_topuppart DISABLE TRIGGER USER"
        )
        made = []
        for person, ago, seconds, earned in rows:
            lacks = max(0, -(-3_000_000 * seconds // 3600) - earned)
            cursor.execute(WEEK, [person.pk, ago, seconds, earned, lacks])
            made.append(cursor.fetchone()[0])
        return made


def parts(rows: Iterable[tuple[int, int | None, int]]) -> None:
    """Let weeks have been added to: which, by the deposit of which job if by one, how much."""
    with owning(), connection.cursor() as cursor:
        cursor.executemany(PART, list(rows))


def test_a_lower_floor_says_how_much_less_would_have_been_added(amina: Person, luis: Person, priya: Person) -> None:
    stands(Kind.FLOOR, "country:KE", '{"micro_an_hour":3000000}')
    two_hours = 7200
    weeks(
        (amina, 0, two_hours, 5_000_000), (amina, 3, two_hours, 1_000_000), (amina, 4, two_hours, 0),
        (luis, 0, two_hours, 0),
    )  # fmt: skip
    found = worst(Kind.FLOOR, {"micro_an_hour": 2_000_000}, "country:KE")
    # Six dollars lacked one and five; four dollars lack nothing and three. The fifth week is too long ago.
    assert (found["units"], found["people"], found["losing"], found["difference"]) == (2, 1, 1, "-3")
    assert found["quarters"] == found["countries"] == []
    assert worst(Kind.FLOOR, {"micro_an_hour": 4_000_000}, "country:KE")["difference"] == "4"
    assert worst(Kind.FLOOR, {"micro_an_hour": 2_000_000}, "country:VE")["difference"] == "4"
    # What holds for all stands beside it: of both the higher one.
    stands(Kind.FLOOR, "", '{"micro_an_hour":2500000}')
    assert worst(Kind.FLOOR, {"micro_an_hour": 2_000_000}, "country:KE")["difference"] == "-2"
    general = worst(Kind.FLOOR, {"micro_an_hour": 1_000_000})
    assert (general["people"], general["difference"]) == (2, "-3")


def test_a_smaller_deposit_says_what_it_was_and_what_the_weeks_lacked(db: None) -> None:
    plant(OPENED)
    stands(Kind.DEPOSIT, work(), '{"share":1000}')
    stands(Kind.DEPOSIT, "", '{"share":500}')
    five = weeks(*((who, 0, 7200, 1_000_000) for who in Person.objects.order_by("pk")[:5]))
    parts((made, 1, 3_000_000) for made in five[:4])
    parts((made, None, 2_000_000) for made in five[:4])
    # Two jobs of 200 dollars: matching has a share of its own, 10 %.
    said = {"of": "deposit", "deposits": ["30", "22"]}
    assert report(Kind.DEPOSIT, {"share": 100})["worst"] == said | {"lacked": None, "by_deposits": None}
    assert "fewer than five people" in dict(impacts.lines(report(Kind.DEPOSIT, {"share": 100})))[LACKED]
    parts([(five[4], 1, 3_000_000)])
    assert report(Kind.DEPOSIT, {"share": 100})["worst"] == said | {"lacked": "23", "by_deposits": None}
    assert "at once" not in dict(impacts.lines(report(Kind.DEPOSIT, {"share": 100})))[LACKED]
    parts([(five[4], None, 2_000_000)])
    assert report(Kind.DEPOSIT, {"share": 100})["worst"] == said | {"lacked": "25", "by_deposits": "15"}
    assert worst(Kind.DEPOSIT, {"share": 0}, work())["deposits"] == ["30", "10"]


def test_a_reopening_says_how_far_below_the_best_pay_and_who_had_more(orbit: Client, luis: Person) -> None:
    plant(GIVEN.format(orbit.pk))
    about = f"client:{orbit.pk}/{work()}"
    found = report(Kind.REOPENING, {"micro": 96_000}, about)
    assert found["kept"] == ["4", "5"]
    told = found["worst"]
    assert (told["pays"], told["mark"], told["units"], told["people"]) == ("0.096", "0.12", 12, 12)
    assert Decimal(told["difference"]) == Decimal("-0.024") * 12
    # Never below the rate, nine cents; nothing of another client's.
    low = report(Kind.REOPENING, {"micro": 1}, about)["worst"]
    assert (low["pays"], low["units"], Decimal(low["difference"])) == ("0.09", 24, Decimal("-0.035") * 12)
    comet = another_client()
    about = f"client:{comet}/{work()}"
    assert report(Kind.REOPENING, {"micro": 1}, about)["worst"]["units"] == 0
    # Until the same person orders in both names: then the best pay of one is the mark of the other (D5).
    for client in (orbit.pk, comet):
        plant(SEAT.format(client, luis.pk))
    assert report(Kind.REOPENING, {"micro": 1}, about)["worst"]["units"] == 24


def test_the_ballot_and_the_proposal_print_it_under_the_hash_of_the_report(
    luis: Person, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    plant(HELD)
    stands(Kind.TIME_LIMIT, "", '{"least":400}')
    vote = published(Kind.TIME_LIMIT, {"key": "", "value": {"least": 200}, "replaces": 2}, luis)
    assert json.loads(vote.impact)["worst"]["units"] == 12
    assert vote.opens_at
    clock.advance(vote.opens_at - clock.now() + timedelta(seconds=1))
    for address in (f"/votes/{vote.pk}/", f"/votes/{vote.pk}/ballot/"):
        page = " ".join(html.unescape(signed_in(amina).get(address).text).split()).replace("\u00a0", " ")
        for words in (
            "Units that took longer than a job would have to give, and not longer than it must give now",
            "-US$ 1.08", "half at most -US$ 0.09", impacts.digest(json.loads(vote.impact)),
        ):  # fmt: skip
            assert words in page.replace("\u2212", "-"), (address, words)


@pytest.mark.parametrize(("kind", "value", "words"), [
    (Kind.FLOOR, {"micro_an_hour": 1}, "Semanas de personas de allí"), (Kind.DEPOSIT, {"share": 1}, "Depósitos de los"),
    (Kind.TIME_LIMIT, {"least": 2}, "Unidades que tardaron más"),
])  # fmt: skip
def test_it_is_told_in_spanish(kind: str, value: dict[str, object], words: str) -> None:
    with translation.override("es"):
        assert any(words in name for name, _said in impacts.lines(report(kind, value)))


def test_what_changes_no_bound_has_no_worst() -> None:
    assert "worst" not in report(Kind.PAYOUT_MINIMUM, {"micro": 2_000_000})
    matching = WorkType.objects.get(slug="product-match")
    change = {"work_type": matching.pk, "amount": "0.08", "estimated_seconds": 30, "replaces": 1}
    assert "worst" not in impacts.replayed("rate_change", change)
