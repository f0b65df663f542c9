"""The promise that money goes where its person said, 72 hours after they were told of it, and nowhere else."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

RHYTHM = import_module("payments.migrations.0018_rhythm_guards")
REGISTRY = import_module("payments.migrations.0008_registry")

# As in 0018, with the bank beside what always was. By hand is never closed: whoever has no account is paid so (E3).
HOLDS = RHYTHM.HOLDS.replace("about IN ('rail:by_hand')", "about IN ('rail:by_hand', 'rail:bank')").replace(
    "AND (value = '{\"open\": true}' OR EXISTS (",
    "AND (value = '{\"open\": true}' OR about <> 'rail:by_hand' AND EXISTS (",
)

# Which version counts now: the newest that took effect.
IN_FORCE = """
CREATE FUNCTION public.payments_details_in_force(person bigint, by_rail text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $force$
    SELECT d.id FROM public.payments_payoutdetails d
    WHERE d.person_id = person AND d.rail = by_rail AND d.effective_at <= public.coop_now()
        AND d.cancelled_at IS NULL AND d.erased_at IS NULL
    ORDER BY d.version DESC LIMIT 1
$force$;
"""

# What nothing needs: replaced or cancelled 90 days ago, or of whoever left with nothing left to be paid.
TO_ERASE = """
CREATE FUNCTION public.payments_details_to_erase() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $erase$
    SELECT d.id FROM public.payments_payoutdetails d
    WHERE d.erased_at IS NULL AND NOT EXISTS (
        SELECT FROM public.payments_payout o WHERE o.details_id = d.id AND o.state NOT IN ('settled', 'failed')
    ) AND (
        d.cancelled_at <= public.coop_now() - interval '2160 hours'
        OR EXISTS (
            SELECT FROM public.payments_payoutdetails later
            WHERE later.person_id = d.person_id AND later.rail = d.rail AND later.version > d.version
                AND later.cancelled_at IS NULL AND later.effective_at <= public.coop_now() - interval '2160 hours'
        )
        OR (
            (SELECT s.status FROM public.governance_standing s WHERE s.person_id = d.person_id
                ORDER BY s.id DESC LIMIT 1) IN ('left', 'expelled')
            AND NOT EXISTS (
                SELECT FROM public.payments_account a WHERE a.code = 'member:' || d.person_id || ':payable'
                AND a.balance >= (public.payments_in_force('rounding', '') ->> 'payout_step')::bigint
            )
        )
    )
$erase$;
"""

SEALED = "~ '^gAAAA[A-Za-z0-9_-]{80,}={0,2}$'"
BEGUN = guards.refuse(
    "details_take_72_hours",
    "Where money goes is sealed, is the next version, and takes effect 72 hours after a letter.",
)
# Before anything was earned there is nothing to be taken: who has just joined need not wait.
GIVING = f"""
    {guards.in_the_present("details_take_72_hours")}
    PERFORM FROM public.people_person p WHERE p.id = NEW.person_id FOR NO KEY UPDATE;
    IF (
        num_nonnulls(NEW.told_at, NEW.effective_at, NEW.cancelled_at, NEW.erased_at) = 0
        AND NEW.sealed {SEALED} AND NEW.fingerprint ~ '^[0-9a-f]{{64}}$'
        AND NEW.version = 1 + (SELECT coalesce(max(d.version), 0) FROM public.payments_payoutdetails d
            WHERE d.person_id = NEW.person_id AND d.rail = NEW.rail)
    ) IS NOT TRUE THEN
        {BEGUN}
    END IF;
    NEW.given_at := public.coop_now();
    IF NOT EXISTS (SELECT FROM public.payments_payoutdetails d WHERE d.person_id = NEW.person_id) AND NOT EXISTS (
        SELECT FROM public.payments_account a JOIN public.payments_transfer t ON t.credit_id = a.id
        WHERE a.code = 'member:' || NEW.person_id || ':payable'
    ) THEN
        NEW.effective_at := NEW.given_at;
    END IF;
    RETURN NEW;
"""

STEPPED = "details_are_told_stopped_or_erased"
ONCE = guards.refuse(STEPPED, "Details are told of once, and cancelled only before they take effect.")
STEPPING = f"""
    moment := public.coop_now();
    IF NEW.told_at IS DISTINCT FROM OLD.told_at THEN
        IF OLD.told_at IS NOT NULL OR NEW.told_at IS NULL OR OLD.cancelled_at IS NOT NULL THEN
            {ONCE}
        END IF;
        NEW.told_at := moment;
        NEW.effective_at := coalesce(OLD.effective_at, moment + interval '72 hours');
    ELSIF NEW.effective_at IS DISTINCT FROM OLD.effective_at THEN
        {guards.refuse(STEPPED, "When details take effect is the database's to say.")}
    END IF;
    IF NEW.cancelled_at IS DISTINCT FROM OLD.cancelled_at THEN
        IF OLD.cancelled_at IS NOT NULL OR NEW.cancelled_at IS NULL OR OLD.effective_at <= moment THEN
            {ONCE}
        END IF;
        NEW.cancelled_at := moment;
    END IF;
    IF NEW.erased_at IS DISTINCT FROM OLD.erased_at THEN
        IF OLD.erased_at IS NOT NULL OR OLD.id NOT IN (SELECT public.payments_details_to_erase()) THEN
            {guards.refuse(STEPPED, "Only details that nothing needs any more are erased.")}
        END IF;
        NEW.erased_at := moment;
        NEW.sealed := '';
        NEW.hint := '';
    ELSIF NEW.hint IS DISTINCT FROM OLD.hint OR (
        -- Sealed again by another key; other content would not have the fingerprint.
        NEW.sealed IS DISTINCT FROM OLD.sealed AND (OLD.erased_at IS NULL AND NEW.sealed {SEALED}) IS NOT TRUE
    ) THEN
        {guards.refuse(STEPPED, "Where money goes is never edited; give a new version.")}
    END IF;
    RETURN NEW;
"""

WHERE = f"""
    {guards.in_the_present("payouts_reach_their_persons_place")}
    IF NOT EXISTS (
        SELECT FROM public.payments_payoutdetails d
        WHERE d.id = NEW.details_id AND d.person_id = NEW.person_id AND d.rail = NEW.rail AND d.hint = NEW.method
            AND d.id = public.payments_details_in_force(NEW.person_id, NEW.rail)
    ) THEN
        {
    guards.refuse(
        "payouts_reach_their_persons_place",
        "A payout goes where its person said, 72 hours after they were told of it.",
    )
}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("payments", "0022_payout_details"), ("governance", "0046_working_days")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (HOLDS, IN_FORCE, TO_ERASE)),
        guards.Procedure("details_take_72_hours", table="payments_payoutdetails", body=GIVING, definer=True),
        guards.Frozen(
            "payments_payoutdetails",
            ["id", "person_id", "rail", "version", "fingerprint", "given_at"],
            otherwise="Where money goes is never edited; give a new version.",
        ),
        guards.Procedure(
            STEPPED,
            table="payments_payoutdetails",
            on="UPDATE",
            body=STEPPING,
            declare="moment timestamptz;",
            definer=True,
        ),
        guards.NeverDeleted("payments_payoutdetails"),
        guards.Grant(
            "payments_payoutdetails", "SELECT", "INSERT",
            "UPDATE (sealed, hint, told_at, cancelled_at, erased_at)",
        ),
        guards.Procedure("payouts_reach_their_persons_place", table="payments_payout", body=WHERE, definer=True),
        guards.Frozen(
            "payments_payout",
            ["person_id", "amount", "currency", "method", "rail", "details_id", "key", "requested_at"],
            otherwise="What was asked for does not change; ask again.",
        ),
        guards.Guard(
            "payouts_keep_to_the_instruments",
            table="payments_payout",
            on="INSERT OR UPDATE",
            holds=REGISTRY.PAID_OUT.replace("'rail:by_hand'", "'rail:' || NEW.rail"),
            otherwise="The least payout, its steps, its way and its delay are what the members voted.",
            definer=True,
        ),
        guards.Grant("payments_payout", "INSERT (rail, details_id)"),
        guards.Allow("payments_details_to_erase()"),
    ]  # fmt: skip
