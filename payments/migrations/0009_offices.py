"""Money is handled by whoever has that right by an office held now: not by a post's name, nor after a recall."""

from django.db import migrations

from coop.database import guards

IN_OFFICE = """EXISTS (
    SELECT FROM public.governance_office o WHERE o.id = {office}
    AND public.governance_may(o.id, 'handles_money', public.coop_now()){more})"""


def in_office(office: str, more: str = "") -> str:
    """Return the SQL condition that an office is one that handles money, held now."""
    return IN_OFFICE.format(office=office, more=f" AND {more}" if more else "")


PAYOUT_STEPS = f"""
    IF OLD.state = 'requested' AND NEW.state = 'sent' THEN
        IF NEW.reference <> '' AND isfinite(NEW.sent_at) AND NEW.settled_by_id IS NULL AND NEW.settled_at IS NULL
            AND {in_office("NEW.sent_by_id", "o.person_id <> NEW.person_id")}
            AND EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'payout:' || NEW.id AND t.kind = 13)
        THEN
            RETURN NEW;
        END IF;
    ELSIF OLD.state = 'sent' AND NEW.state IN ('settled', 'failed') THEN
        IF isfinite(NEW.settled_at)
            AND ROW(NEW.reference, NEW.sent_by_id, NEW.sent_at) = ROW(OLD.reference, OLD.sent_by_id, OLD.sent_at)
            AND {
    in_office(
        "NEW.settled_by_id",
        "o.person_id <> NEW.person_id AND"
        " o.person_id <> (SELECT person_id FROM public.governance_office WHERE id = NEW.sent_by_id)",
    )
}
        THEN
            RETURN NEW;
        END IF;
    END IF;
    {guards.refuse("payouts_go_by_two_officers", "A payout goes by two officers in order, never the payee.")}
"""


class Migration(migrations.Migration):
    """Let the guards of deposits and payouts ask for the right, as the pages do."""

    dependencies = [("governance", "0009_offices_guards"), ("payments", "0008_registry")]
    operations = [
        guards.Guard(
            "deposits_are_recorded_in_office",
            table="payments_deposit",
            holds=f"""isfinite(NEW.at) AND
                (pg_has_role(session_user, 'workhall_owner', 'USAGE') OR {in_office("NEW.recorded_by_id")})""",
            otherwise="Deposits are recorded by the treasurer or the secretary.",
            definer=True,
        ),
        guards.Procedure(
            "payouts_go_by_two_officers", table="payments_payout", body=PAYOUT_STEPS, on="UPDATE", definer=True
        ),
    ]
