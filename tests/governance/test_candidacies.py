"""A site that withdraws a candidate in their name: they have a day to see it and come back, and after it nobody is."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from coop.people.models import Person
from coop.refusals import Refused
from governance import elections
from governance.models import Call
from tests.governance.conftest import reach
from tests.governance.test_elections import call

__all__ = ["call"]
pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]


def test_nobody_is_withdrawn_in_their_name_without_a_day_to_come_back(
    call: Call, luis: Person, priya: Person, at: datetime, attack: Attack
) -> None:
    for person in (luis, priya):
        elections.stand(call, statement="I can count.", by=person, at=at)
    withdraw = "UPDATE governance_candidacy SET withdrawn_at = now() WHERE person_id = %s"
    with connection.cursor() as cursor:
        cursor.execute(withdraw, [luis.pk])
    at = reach(call.closes_at - timedelta(hours=23))
    assert elections.stand(call, statement="I never said so.", by=luis, at=at).withdrawn_at is None
    attack(withdraw, [luis.pk], guard="candidacy_is_a_members_own")
    attack(withdraw, [priya.pk], guard="candidacy_is_a_members_own")
    attack("UPDATE governance_candidacy SET statement = 'I cannot count.'", guard="candidacy_is_a_members_own")
    for act in (elections.withdraw, lambda *a, **k: elections.stand(*a, statement="Else.", **k)):
        with pytest.raises(Refused, match="last day"):
            act(call, by=priya, at=at)
    at = reach(call.closes_at)
    attack(withdraw, [priya.pk], guard="candidacy_is_a_members_own")
    assert [one.person for one in elections.standing_in(call)] == [luis, priya]


def test_who_came_forward_in_the_last_day_withdraws_in_it(call: Call, luis: Person) -> None:
    at = reach(call.closes_at - timedelta(hours=2))
    elections.stand(call, statement="Late.", by=luis, at=at)
    elections.withdraw(call, by=luis, at=at)
    assert elections.standing_in(call) == []
