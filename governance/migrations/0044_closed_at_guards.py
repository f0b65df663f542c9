"""Promises about time: what a vote lost while the record stood still is given back at its end (P11)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

BEFORE = import_module("governance.migrations.0018_petition_guards")
RIVALS = import_module("governance.migrations.0037_rivals_guards")
MANY = import_module("governance.migrations.0021_votes_of_many")
ADDRESSES = import_module("governance.migrations.0010_addresses_and_votes")

# A standstill that reaches beyond the planned end counts whole, so that what was lost is given back once it is over; a
# week at most. What begins later is not given back again, so that nobody puts an end off for ever (E8).
ENDS = """
CREATE FUNCTION public.governance_ends(begins timestamptz, planned timestamptz)
RETURNS timestamptz LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT CASE WHEN public.coop_now() < planned THEN planned ELSE planned + least(
        coalesce(sum(away.until - greatest(away.since, begins)), interval '0'), interval '168 hours'
    ) END
    FROM public.record_standstills() away WHERE away.since < planned AND away.until > begins;
END;
CREATE FUNCTION public.governance_first_end(vote bigint) RETURNS timestamptz LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT public.governance_ends(p.opens_at, p.closes_at) FROM public.governance_proposal p WHERE p.id = vote;
END;
"""

# P7 looks back from the first end that a vote really has.
_SINCE = "p.closes_at, p.closes_at - interval '48 hours' AS since, r.*\n        FROM public.governance_proposal p"
SWINGS = MANY.SWINGS.replace(
    _SINCE,
    """e.first AS closes_at, e.first - interval '48 hours' AS since, r.*
        FROM (SELECT public.governance_first_end(vote) AS first) e CROSS JOIN public.governance_proposal p""",
).replace("LANGUAGE sql STABLE", "LANGUAGE sql VOLATILE")
EXTENDED = """
CREATE OR REPLACE FUNCTION public.governance_extended(vote bigint) RETURNS boolean LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT public.coop_now() >= e.first AND CASE
            WHEN public.governance_has_rivals(vote) THEN
                public.governance_set_winner(vote, e.first)
                    IS DISTINCT FROM public.governance_set_winner(vote, e.first - interval '48 hours')
                OR public.governance_set_leader(vote, e.first)
                    IS DISTINCT FROM public.governance_set_leader(vote, e.first - interval '48 hours')
            WHEN public.governance_method(vote) = 'yes_no' THEN public.governance_swings(vote)
            ELSE public.governance_leader(vote, e.first)
                IS DISTINCT FROM public.governance_leader(vote, e.first - interval '48 hours')
        END FROM (SELECT public.governance_first_end(vote) AS first) e
    ), false);
END;
CREATE FUNCTION public.governance_end_of(vote bigint, goes_on boolean) RETURNS timestamptz LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT CASE WHEN goes_on THEN public.governance_ends(e.first, e.first + interval '72 hours') ELSE e.first END
    FROM (SELECT public.governance_first_end(vote) AS first) e;
END;
-- When a vote really closes, known only once its first end is reached.
CREATE OR REPLACE FUNCTION public.governance_close_of(vote bigint) RETURNS timestamptz LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $close$
DECLARE
    p public.governance_proposal;
    t public.governance_tally;
BEGIN
    SELECT * INTO p FROM public.governance_proposal WHERE id = vote;
    SELECT * INTO t FROM public.governance_tally WHERE proposal_id = vote;
    IF t.id IS NOT NULL THEN
        RETURN coalesce(
            t.closed_at, p.closes_at + CASE WHEN t.extended THEN interval '72 hours' ELSE interval '0' END
        );
    END IF;
    RETURN public.governance_end_of(vote, public.governance_extended(vote));
END $close$;
"""

# A week twice, with the 72 hours between them.
STANDING = ADDRESSES.STANDING.replace(
    "p.closes_at > public.coop_now()",
    """p.closes_at > public.coop_now() - interval '408 hours'
            AND public.governance_close_of(p.id) > public.coop_now()""",
)
_EXTENDED = "NEW.extended := public.governance_extended(NEW.proposal_id);"
TALLYING = RIVALS.TALLYING.replace(
    _EXTENDED, _EXTENDED + "\n    NEW.closed_at := public.governance_end_of(NEW.proposal_id, NEW.extended);"
)
MANDATING = BEFORE.MANDATING.replace(
    "p.locked_until + CASE WHEN t.extended THEN interval '72 hours' ELSE interval '0' END INTO",
    "p.locked_until + (public.governance_close_of(p.id) - p.closes_at) INTO",
)

# A checkpoint is written only while ballots are: a vote that somebody holds stands still, too.
VOTABLE = f"""
    BEGIN
        PERFORM FROM public.governance_proposal p
        WHERE p.opens_at <= public.coop_now() AND NOT EXISTS (
            SELECT FROM public.governance_tally t WHERE t.proposal_id = p.id
        ) FOR SHARE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
        {guards.refuse("checkpoint_finds_votes_free", "The record stands still: somebody holds a vote that is open.")}
    END;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards anew."""

    dependencies: ClassVar = [("governance", "0043_closed_at")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (ENDS, SWINGS, EXTENDED)),
        guards.Procedure("checkpoint_finds_votes_free", table="record_checkpoint", definer=True, body=VOTABLE),
        guards.Procedure(
            "address_stands_during_a_vote", table="people_person", on="UPDATE", body=STANDING, definer=True
        ),
        guards.Procedure(
            "tally_is_what_the_ballots_say",
            table="governance_tally",
            definer=True,
            body=TALLYING,
            declare="counted jsonb;",
        ),
        guards.Procedure(
            "mandate_needs_a_passed_vote",
            table="governance_mandate",
            definer=True,
            body=MANDATING,
            declare="lock_ends timestamptz;",
        ),
    ]
