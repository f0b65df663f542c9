"""The open ledger's hours and late payments, counted by hand: whom it tells of, what it merges, where quarters end."""

import csv
import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from governance.models import Office
from payments import open_ledger, payouts, published
from payments.models import WorkType
from payments.open_ledger import Hours, Month
from tests.governance.conftest import reach
from tests.payments.conftest import owning

pytestmark = pytest.mark.django_db

type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
HOUR = 3600
# Person n of a kind made n US dollars an hour: 10 people and 12 are told.
TWELVE, TEN, NINE, FOUR, THREE = "compare-answers", "product-match", "rate-texts", "rank-answers", "talk-on"
PEOPLE = {TWELVE: 12, TEN: 10, NINE: 9, FOUR: 4, THREE: 3}
# The quarter ends with the third of twelve and the third of ten, the middle with the sixth and the fifth, and three
# quarters with the ninth and the eighth.
QUARTERS = {TWELVE: (3, 6, 9), TEN: (3, 5, 8)}


@pytest.fixture
def month(now: datetime) -> Month:
    return Month.of(now)


@pytest.fixture
def worked(now: datetime) -> None:
    """Have the work above the books tell what people did; the books are tested alone."""
    told = ",".join(row for slug, people in PEOPLE.items() for row in rows_of(slug, people))
    with owning(), connection.cursor() as cursor:
        cursor.execute(f"""CREATE OR REPLACE FUNCTION payments_hours_paid(first timestamptz, after timestamptz)
            RETURNS TABLE (work_type_id bigint, person_id bigint, amount numeric, seconds numeric)
            LANGUAGE sql STABLE AS $told$ VALUES {told} $told$""")


def rows_of(slug: str, people: int) -> Iterable[str]:
    """Yield what each person made of a kind and in which time, as SQL: the one after the other longer, all in hours."""
    kind = WorkType.objects.get(slug=slug).pk
    for number in range(1, people + 1):
        hours = 1 + number % 3
        amount = number * hours * 1_000_000
        yield f"({kind}::bigint, {number}::bigint, {amount}::numeric, {hours * HOUR}::numeric)"


def hours_of(month: Month) -> dict[str, Hours]:
    return {one.slug: one for one in open_ledger.figures(month).hours}


def test_an_hour_is_told_from_ten_people_on_with_its_quarters(worked: None, month: Month) -> None:
    found = hours_of(month)
    for slug, quarters in QUARTERS.items():
        one = found[slug]
        assert (one.people, one.slower, one.middle, one.faster) == (PEOPLE[slug], *map(Decimal, quarters))
    nine = found[NINE]
    assert (nine.people, nine.slower, nine.middle, nine.faster) == (9, None, None, None)


def test_kinds_that_fewer_than_five_did_are_merged_and_nobody_counts_them(worked: None, month: Month) -> None:
    found = open_ledger.figures(month).hours
    assert {one.slug for one in found} == {TWELVE, TEN, NINE, ""}
    (merged,) = (one for one in found if not one.slug)
    assert (merged.people, merged.slower, merged.middle, merged.faster) == (None, None, None, None)


def test_the_page_and_its_files_tell_no_more(worked: None, month: Month, client: Browser) -> None:
    reach(month.after + timedelta(hours=2))
    page = " ".join(client.get(f"/ledger/?month={month}").text.split())
    assert "slower quarter US$ 3.00 · faster quarter US$ 9.00 · 12 people" in page
    assert "9 people; an hour's pay is told from ten on" in page.replace("&#x27;", "'")
    names = {slug: str(WorkType.objects.get(slug=slug).name) for slug in PEOPLE}
    assert [slug for slug in PEOPLE if names[slug] not in page] == [FOUR, THREE]
    rows = json.loads(client.get(f"/ledger/{month}.json").content)["rows"]
    told = {row["item"]: (row["people"], row["amount"]) for row in rows if row["part"] == "hour"}
    assert told[f"{TWELVE}: middle"] == (12, "6")
    assert told[f"{TEN}: faster"] == (10, "8")
    assert {told[f"{NINE}: {part}"] for part in ("slower", "middle", "faster")} == {(9, None)}
    assert {told[f"other: {part}"] for part in ("slower", "middle", "faster")} == {(None, None)}
    assert len(told) == 12
    assert of_csv(client, month, "hour") == {
        item: ("" if people is None else str(people), amount or "") for item, (people, amount) in told.items()
    }


def of_csv(client: Browser, month: Month, part: str) -> dict[str, tuple[str, str]]:
    """Return people and amount, or the value, of each row of a part of the CSV file."""
    rows = csv.DictReader(StringIO(client.get(f"/ledger/{month}.csv").content.decode()))
    return {row["item"]: (row["people"], row["amount"] or row["value"]) for row in rows if row["part"] == part}


def test_a_payout_of_73_hours_is_late_wherever_it_is_told(
    earn: Earn, amina: Person, luis: Person, treasurer: Office, secretary: Office, month: Month, later: Later,
    client: Browser,
) -> None:  # fmt: skip
    earn(amina, "5")
    earn(luis, "5")
    late = payouts.request(amina, amount=Decimal(5), by=amina, at=clock.now())
    later(hours=2)
    soon = payouts.request(luis, amount=Decimal(5), by=luis, at=clock.now())
    at = later(hours=71)
    for payout in (late, soon):
        payouts.send(payout, reference=f"R-{payout.pk}", by=treasurer, at=at)
        payouts.settle(payout, by=secretary, at=at)
    told = Month.of(late.requested_at)
    page = " ".join(client.get(f"/ledger/?month={told}").text.split())
    assert "1 payout took more than 72 hours; the longest wait was 73 hours." in page
    said = json.loads(client.get(f"/ledger/{told}.json").content)
    assert (said["late_payouts"], said["longest_wait_hours"]) == (1, 73)
    rows = {row["item"]: row["value"] for row in said["rows"] if row["part"] == "late"}
    assert rows == {"payouts": "1", "longest wait in hours": "73"}
    assert {item: value for item, (_people, value) in of_csv(client, told, "late").items()} == rows


def test_a_payout_that_waits_for_73_hours_is_late_before_it_ends(
    earn: Earn, amina: Person, month: Month, later: Later
) -> None:
    earn(amina, "5")
    asked = payouts.request(amina, amount=Decimal(5), by=amina, at=clock.now())
    later(hours=71)
    told = Month.of(asked.requested_at)
    assert open_ledger.told(told, at=clock.now()).late == 0
    later(hours=2)
    assert open_ledger.told(told, at=clock.now()).late == 1
    assert published.rows(open_ledger.told(told, at=clock.now()))
