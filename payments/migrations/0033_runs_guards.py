"""The promises of pay runs: two officers, never the payee; money ends as the rail said, once, and comes back whole."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

OFFICES = import_module("payments.migrations.0009_offices")
FUNDS = import_module("payments.migrations.0004_funds")
DETAILS = import_module("payments.migrations.0023_payout_details_guards")
BUDGETS = import_module("payments.migrations.0028_budget_guards")
CHECKING = import_module("payments.migrations.0024_checking")
SURPLUS = import_module("payments.migrations.0021_surplus_guards")
in_office = OFFICES.in_office

# 16 a payout that came back after it had arrived; what a rail took is a 17 that nobody put forward.
LATE = "(17, 'coop:expense', 'bank:main', NULL, NULL)"
POSTINGS = CHECKING.changed(
    BUDGETS.POSTINGS, (LATE, f"(16, 'bank:main', 'member:payable', NULL, NULL),\n        {LATE}")
)
BILLS = (
    SURPLUS.posted(
        "bills_are_paid_as_put_forward",
        CHECKING.changed(
            BUDGETS.EXPENSES_PAID, ("WHERE p.kind = 17 AND (", "WHERE p.kind = 17 AND p.ref !~ '^rail_event:' AND (")
        ),
        "The house pays bills as two officers say.",
    )
    .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER")
)
BOOKKEEPING = (
    FUNDS.BOOKKEEPING.replace("kinds && ARRAY[13, 14, 15]", "kinds && ARRAY[13, 14, 15, 16]")
    .replace("WHERE p.kind IN (13, 14, 15) AND (", "WHERE p.kind IN (13, 14, 15, 16) AND (")
    .replace(
        "                WHEN 14 THEN o.state = 'settled'\n",
        """                WHEN 14 THEN o.state = 'settled'
                WHEN 16 THEN o.state = 'failed' AND c.code = 'member:' || o.person_id || ':payable'
                    AND EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = p.ref AND t.kind = 14)
""",
    )
    .replace(
        "    PERFORM FROM public.payments_account a\n",
        f"""    IF 17 = ANY (kinds) AND EXISTS (
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        LEFT JOIN public.payments_railevent e ON p.ref = 'rail_event:' || e.id
        WHERE p.kind = 17 AND p.ref ~ '^rail_event:'
        AND (e.outcome = 'fee' AND p.amount = e.amount AND d.code = 'coop:expense:banks') IS NOT TRUE
    ) THEN
        {guards.refuse("rail_fees_are_what_was_taken", "What a rail took is what it said it took.")}
    END IF;
    PERFORM FROM public.payments_account a
""",
        1,
    )
)

# A run's steps, in order, each by the database's clock.
STEPS = f"""
    moment := public.coop_now();
    IF OLD.checked_at IS NULL AND NEW.checked_at IS NOT NULL THEN
        IF NEW.released_at IS NULL AND NEW.released_by_id IS NULL AND NEW.handed_over_at IS NULL
            AND {in_office("NEW.checked_by_id")}
        THEN
            NEW.checked_at := moment;
            RETURN NEW;
        END IF;
    ELSIF OLD.released_at IS NULL AND NEW.released_at IS NOT NULL AND OLD.checked_at IS NOT NULL THEN
        IF ROW(NEW.checked_by_id, NEW.checked_at) = ROW(OLD.checked_by_id, OLD.checked_at)
            AND NEW.handed_over_at IS NULL
            AND {
    in_office(
        "NEW.released_by_id",
        "o.person_id <> (SELECT person_id FROM public.governance_office WHERE id = NEW.checked_by_id)",
    )
}
        THEN
            NEW.released_at := moment;
            RETURN NEW;
        END IF;
    ELSIF OLD.handed_over_at IS NULL AND NEW.handed_over_at IS NOT NULL AND OLD.released_at IS NOT NULL THEN
        IF ROW(NEW.checked_by_id, NEW.checked_at, NEW.released_by_id, NEW.released_at)
            = ROW(OLD.checked_by_id, OLD.checked_at, OLD.released_by_id, OLD.released_at)
        THEN
            NEW.handed_over_at := moment;
            RETURN NEW;
        END IF;
    END IF;
    {guards.refuse("runs_go_by_two_officers", "A run is checked by one officer and released by another, in order.")}
"""

# As in 0009 by hand; in a run by both its officers, and to its end as the rail said.
BY_HAND = (
    OFFICES.PAYOUT_STEPS.split("    IF OLD.state = 'requested' AND NEW.state = 'sent' THEN")[1]
    .replace("NEW.reference <> '' AND", "NEW.run_id IS NULL AND NEW.reference <> '' AND", 1)
    .replace("IF isfinite(NEW.settled_at)\n", "IF NEW.settled_by_id IS NOT NULL AND isfinite(NEW.settled_at)\n", 1)
)
REFUSED = guards.refuse("payouts_go_by_two_officers", "A payout goes by two officers in order, never the payee.")
SAID = """EXISTS (SELECT FROM public.payments_railevent e WHERE e.payout_id = NEW.id AND e.outcome = {outcome})"""
PAYOUT_STEPS = f"""
    IF OLD.state = NEW.state THEN
        -- Into a run that nobody has checked, or out of it while the money is still here.
        IF NEW.state = 'requested'
            AND ROW(NEW.reference, NEW.sent_by_id, NEW.sent_at, NEW.settled_by_id, NEW.settled_at)
                IS NOT DISTINCT FROM ROW(OLD.reference, OLD.sent_by_id, OLD.sent_at, OLD.settled_by_id, OLD.settled_at)
            AND (NEW.run_id IS NULL OR OLD.run_id IS NULL AND EXISTS (
                SELECT FROM public.payments_payrun r WHERE r.id = NEW.run_id AND r.rail = NEW.rail
                AND r.checked_at IS NULL FOR SHARE
            ))
        THEN
            RETURN NEW;
        END IF;
        {REFUSED}
    ELSIF NEW.run_id IS DISTINCT FROM OLD.run_id THEN
        {REFUSED}
    ELSIF OLD.state = 'requested' AND NEW.state = 'sending' THEN
        IF NEW.reference = '' AND NEW.sent_at IS NULL AND NEW.settled_by_id IS NULL AND NEW.settled_at IS NULL
            AND EXISTS (
                SELECT FROM public.payments_payrun r
                JOIN public.governance_office one ON one.id = r.checked_by_id
                JOIN public.governance_office two ON two.id = r.released_by_id
                WHERE r.id = NEW.run_id AND r.released_at IS NOT NULL AND r.released_by_id = NEW.sent_by_id
                AND NEW.person_id NOT IN (one.person_id, two.person_id)
            )
            AND EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'payout:' || NEW.id AND t.kind = 13)
        THEN
            RETURN NEW;
        END IF;
        {REFUSED}
    ELSIF OLD.state = 'sending' AND NEW.state = 'sent' THEN
        IF NEW.reference <> '' AND isfinite(NEW.sent_at) AND NEW.sent_by_id = OLD.sent_by_id
            AND NEW.settled_by_id IS NULL AND NEW.settled_at IS NULL
        THEN
            RETURN NEW;
        END IF;
        {REFUSED}
    ELSIF NEW.run_id IS NOT NULL AND NEW.settled_by_id IS NULL AND (
        OLD.state IN ('sending', 'sent') AND NEW.state IN ('settled', 'failed') AND {SAID.format(outcome="NEW.state")}
        OR OLD.state = 'settled' AND NEW.state = 'failed' AND {SAID.format(outcome="'returned'")}
    ) THEN
        IF isfinite(NEW.settled_at) AND NEW.sent_by_id = OLD.sent_by_id AND NEW.reference = OLD.reference
            AND NEW.sent_at IS NOT DISTINCT FROM OLD.sent_at
        THEN
            RETURN NEW;
        END IF;
        {REFUSED}
    END IF;
    IF OLD.state = 'requested' AND NEW.state = 'sent' THEN{BY_HAND}"""

# Of a payout that is under way, its amount and by its rail; of the bank, from a statement that an officer read.
HEARD = f"""
    {guards.in_the_present("rails_say_what_became_of_payouts")}
    NEW.noted_at := public.coop_now();
    SELECT * INTO payout FROM public.payments_payout o WHERE o.id = NEW.payout_id FOR NO KEY UPDATE;
    IF (
        isfinite(NEW.occurred_at) AND NEW.event <> ''
        AND (NEW.rail <> 'bank' OR EXISTS (
            SELECT FROM public.payments_bankstatement s JOIN public.governance_office o ON o.id = s.read_by_id
            WHERE s.id = NEW.statement_id
            AND (NEW.payout_id IS NULL OR o.person_id <> payout.person_id
                OR NEW.outcome IN ('partial', 'repeated', 'fee'))
        ))
        AND CASE
            WHEN NEW.payout_id IS NULL THEN NEW.outcome IN ('deposit', 'unknown', 'repeated', 'fee')
            WHEN NEW.outcome IN ('partial', 'repeated', 'fee') THEN payout.rail = NEW.rail
            ELSE payout.rail = NEW.rail AND payout.run_id IS NOT NULL AND payout.amount = NEW.amount
                AND payout.currency = NEW.currency AND CASE NEW.outcome
                    WHEN 'settled' THEN payout.state IN ('sending', 'sent')
                    WHEN 'failed' THEN payout.state IN ('sending', 'sent')
                    WHEN 'returned' THEN payout.state = 'settled'
                    ELSE false
                END
        END
    ) IS NOT TRUE THEN
        {
    guards.refuse(
        "rails_say_what_became_of_payouts",
        "A rail says of a payout under way by it that the whole arrived or came back.",
    )
}
    END IF;
    RETURN NEW;
"""

# As in 0023, but asked once: a vote that came later keeps nobody's payout out of a run.
PAID_OUT = (
    DETAILS.REGISTRY.PAID_OUT.replace("'rail:by_hand'", "'rail:' || NEW.rail")
    .replace("CASE WHEN NEW.state = 'requested' THEN", "CASE WHEN TG_OP = 'INSERT' THEN")
    .replace("WHEN NEW.state = 'sent' AND", "WHEN NEW.state IN ('sending', 'sent') AND")
)

# Whose money it is reads who released the run it went by.
TELL = """
CREATE FUNCTION public.governance_tell_ran_payout() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $tell$
BEGIN
    PERFORM public.governance_note_act(office, NEW.person_id, 'sent_payout', 'payout:' || NEW.id)
    FROM public.payments_payrun r, unnest(ARRAY[r.checked_by_id, r.released_by_id]) AS office WHERE r.id = NEW.run_id;
    RETURN NULL;
END $tell$;
CREATE TRIGGER tell_ran_payout AFTER UPDATE ON public.payments_payout FOR EACH ROW
    WHEN (OLD.state = 'requested' AND NEW.state = 'sending')
    EXECUTE FUNCTION public.governance_tell_ran_payout();
ALTER TABLE public.payments_payout ENABLE ALWAYS TRIGGER tell_ran_payout;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("payments", "0032_runs"), ("governance", "0041_officeacts_guards")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (POSTINGS, BOOKKEEPING, BILLS, TELL)),
        guards.Guard(
            "runs_begin_unsigned",
            table="payments_payrun",
            holds="""num_nonnulls(NEW.checked_by_id, NEW.checked_at, NEW.released_by_id, NEW.released_at,
                NEW.handed_over_at) = 0 AND NEW.made_at <= public.coop_now() AND isfinite(NEW.made_at)""",
            otherwise="A run begins with nobody's word.",
            definer=True,
        ),
        guards.Frozen("payments_payrun", ["id", "rail", "made_at"], otherwise="A run keeps its rail."),
        guards.Procedure(
            "runs_go_by_two_officers",
            table="payments_payrun",
            on="UPDATE",
            body=STEPS,
            declare="moment timestamptz;",
            definer=True,
        ),
        guards.NeverDeleted("payments_payrun"),
        guards.Grant(
            "payments_payrun", "SELECT", "INSERT",
            "UPDATE (checked_by_id, checked_at, released_by_id, released_at, handed_over_at)",
        ),
        guards.Procedure(
            "payouts_go_by_two_officers", table="payments_payout", body=PAYOUT_STEPS, on="UPDATE", definer=True
        ),
        guards.Guard(
            "payouts_keep_to_the_instruments",
            table="payments_payout",
            on="INSERT OR UPDATE",
            holds=PAID_OUT,
            otherwise="The least payout, its steps, its way and its delay are what the members voted.",
            definer=True,
        ),
        guards.Grant("payments_payout", "INSERT (run_id)", "UPDATE (run_id)"),
        guards.AppendOnly("payments_bankstatement", otherwise="What the bank said stays as it was read."),
        guards.Guard(
            "statements_are_read_in_office",
            table="payments_bankstatement",
            holds=f"""isfinite(NEW.read_at) AND {in_office("NEW.read_by_id")}""",
            otherwise="Statements are read by officers who handle money.",
            definer=True,
        ),
        guards.Grant("payments_bankstatement", "SELECT", "INSERT"),
        guards.AppendOnly("payments_railevent", otherwise="What a rail said stays as it was said."),
        guards.Procedure(
            "rails_say_what_became_of_payouts",
            table="payments_railevent",
            body=HEARD,
            declare="payout record;",
            definer=True,
        ),
        guards.Grant("payments_railevent", "SELECT", "INSERT"),
    ]  # fmt: skip
