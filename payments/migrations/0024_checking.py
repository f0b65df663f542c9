"""Checking an answer is paid (E6): what it pays is voted, and may move from the job to who checked (kind 9)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

DETAILS = import_module("payments.migrations.0023_payout_details_guards")
FLOORS = import_module("payments.migrations.0017_floor_guards")
REPLAY = import_module("payments.migrations.0012_replay")
HEARINGS = import_module("payments.migrations.0014_hearings_paid")
PAUSES = import_module("payments.migrations.0006_entitlement_guards")
SURPLUS = import_module("payments.migrations.0021_surplus_guards")

KINDS = [
    ("rounding", "rounding"),
    ("currency", "currency"),
    ("bonus", "bonus"),
    ("time_limit", "time limit"),
    ("acceptance", "acceptance"),
    ("allocation", "allocation"),
    ("qualification", "qualification"),
    ("region", "region"),
    ("client_block", "client block"),
    ("payout_minimum", "payout minimum"),
    ("payout_delay", "payout delay"),
    ("floor", "floor by region"),
    ("rail", "way to be paid"),
    ("opening", "kind of work open"),
    ("reopening", "reopening for less"),
    ("checking", "pay of a check"),
]


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Return what an earlier migration wrote with each first text replaced by the second; it must be there."""
    for old, new in changes:
        if old not in text:
            raise ValueError(old)
        text = text.replace(old, new)
    return text


def part(text: str, name: str) -> str:
    """Return the one function of this name out of an earlier migration's text, to be put in its place."""
    return (
        f"CREATE OR REPLACE FUNCTION public.{name}"
        + text.partition(f"CREATE FUNCTION public.{name}")[2].partition("\n\nCREATE ")[0].partition("\n\n--")[0]
    )


ALLOWED = changed(
    SURPLUS.POSTINGS,
    ("(10, 'job:commit', 'member:payable', 4, 2)",
     "(9, 'job:commit', 'member:payable', 4, 2),\n        (10, 'job:commit', 'member:payable', 4, 2)"),
)  # fmt: skip
# A tenth of the answer's pay at least, and never more than all of it.
SAYS = changed(
    DETAILS.HOLDS,
    (
        "        ELSE false\n    END IS TRUE",
        """        WHEN 'checking' THEN about ~ '^(work_type:[1-9][0-9]{0,17})?$'
            AND public.payments_named(value, 'share') AND public.payments_whole(value, 'share', 1000, 10000)
        ELSE false
    END IS TRUE""",
    ),
)
NEEDED = changed(
    FLOORS.NEEDED,
    (
        "        WHEN 'allocation' THEN 'N9'",
        """        WHEN 'checking' THEN CASE
            WHEN (becomes ->> 'share')::bigint >= coalesce((was ->> 'share')::bigint, 0) THEN 'N10' ELSE 'N3' END
        WHEN 'allocation' THEN 'N9'""",
    ),
)
OURS = changed(
    part(REPLAY.IMPACT, "payments_is_ours"), ("'opening', 'reopening')", "'opening', 'reopening', 'checking')")
)
# What a check pays, in micro-units and rounded up for the member; null where nothing was ever voted.
PAYS = """
CREATE FUNCTION public.payments_check_pay(work bigint, pay bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $pays$
    SELECT (pay * (public.payments_in_force('checking', 'work_type:' || work) ->> 'share')::bigint + 9999) / 10000
$pays$;

-- What the work tells: each check that was paid.
CREATE VIEW public.payments_checks_paid AS
SELECT NULL::bigint AS work_type_id, NULL::bigint AS person_id, NULL::bigint AS pay, NULL::timestamptz AS at
    WHERE false;
"""
# The checks of 28 days, had they been paid by the new share.
IMPACT = changed(
    part(REPLAY.IMPACT, "payments_impact"),
    (
        "        ELSE public.payments_replay(CASE",
        """        WHEN 'checking' THEN (
            SELECT public.payments_replay(ARRAY[]::bigint[], NULL, '{}', '{}') || jsonb_build_object(
                'people', count(DISTINCT person_id), 'units', count(*),
                'difference', public.payments_plain(coalesce(sum(div(pay * becomes, was) - pay), 0)),
                'losing', count(DISTINCT person_id) FILTER (WHERE becomes < was), 'cut', becomes < was)
            FROM (SELECT (payload -> 'value' ->> 'share')::numeric AS becomes, coalesce(
                (public.payments_in_force('checking', payload ->> 'key') ->> 'share')::numeric, 1) AS was) voted
            LEFT JOIN public.payments_checks_paid c ON c.at > public.coop_now() - interval '28 days'
                AND payload ->> 'key' IN ('', 'work_type:' || c.work_type_id)
            GROUP BY becomes, was
        )
        ELSE public.payments_replay(CASE""",
    ),
)
EARNED = ("t.kind IN (5, 10,", "t.kind IN (5, 9, 10,")


class Migration(migrations.Migration):
    """Open the instrument and the movement, and count what was earned by checking wherever earnings count."""

    dependencies: ClassVar = [("payments", "0023_payout_details_guards")]
    operations: ClassVar = [
        migrations.AlterField("instrument", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.RemoveConstraint("instrument", "instrument_kind_is_known"),
        migrations.AddConstraint(
            "instrument",
            models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _label in KINDS])), name="instrument_kind_is_known"
            ),
        ),
        *(
            migrations.RunSQL(sql)
            for sql in (
                ALLOWED, SAYS, NEEDED, OURS, PAYS, IMPACT,
                changed(part(PAUSES.PAUSE_PAY, "payments_pause_pay"), EARNED),
                changed(part(HEARINGS.BACK_PAY, "payments_back_pay"), EARNED),
                changed(part(SURPLUS.DIVISION, "payments_worked"), EARNED),
            )
        ),
        guards.Allow("payments_check_pay(bigint, bigint)"),
        guards.Grant("payments_checks_paid", "SELECT"),
    ]  # fmt: skip
