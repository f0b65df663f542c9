"""Promises about time: a vote is open on five working days (P12), and an election whose vote went on fills its seat."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

RIVALS = import_module("governance.migrations.0037_rivals_guards")
ELECTIONS = import_module("governance.migrations.0026_elections_guards")

# Days are counted from the opening on, each as the day of the week in UTC on which it begins: seven of them always
# have five working days, and fewer are made more until they have.
WORKING = """
CREATE FUNCTION public.governance_voting_days(opens timestamptz, least_days integer) RETURNS integer LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT min(n.days) FROM generate_series(least_days, greatest(least_days, 7)) AS n(days)
    WHERE n.days >= 7 OR 5 <= (
        SELECT count(*) FROM generate_series(0, n.days - 1) AS d(nth)
        WHERE extract(isodow FROM (opens + make_interval(hours => 24 * d.nth)) AT TIME ZONE 'UTC') <= 5
    );
END;
"""
_VOTING = "make_interval(hours => 24 * rule.voting_days)"
PUBLISHING = RIVALS.PUBLISHING.replace(
    f"NEW.opens_at + {_VOTING}",
    "NEW.opens_at + make_interval(hours => 24 * public.governance_voting_days(NEW.opens_at, rule.voting_days))",
)

# The lock of a vote that went on ends later than its call could know; the term stays as the call wrote it.
GIVING = ELECTIONS.GIVING.replace(
    "NEW.starts_at >= m.due_at", "NEW.starts_at >= m.due_at - (public.governance_close_of(p.id) - p.closes_at)"
)


class Migration(migrations.Migration):
    """Install the guards anew."""

    dependencies: ClassVar = [("governance", "0045_last_day")]
    operations: ClassVar = [
        migrations.RunSQL(WORKING, migrations.RunSQL.noop),
        guards.Procedure(
            "proposal_stands_once_published",
            table="governance_proposal",
            on="UPDATE",
            definer=True,
            body=PUBLISHING,
            declare="moment timestamptz; rule public.governance_rule; first public.governance_proposal;"
            " first_rule public.governance_rule;",
        ),
        guards.Procedure("office_is_given_by_an_election", table="governance_office", definer=True, body=GIVING),
    ]
