"""A quarter that spent more than its fees is closed as well: what they do not cover is carried over.

A close was refused for a loss, and quarters close in turn: a cent that a bank took of a quarter without fees kept all
later surpluses from the members. What is carried over stays among expenses; the next fees bear it first.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import F, Q

import payments.money
from coop.database import guards

CLOSED = "FROM public.payments_to_close(NEW.ends_at) t;\n"
CARRIED = f"""{CLOSED}    NEW.carried := greatest(NEW.expenses - NEW.income, 0);
    NEW.expenses := NEW.expenses - NEW.carried;
"""
NOTHING = "NOT EXISTS (SELECT FROM public.payments_to_close(NEW.ends_at))"
LEFT = """SELECT count(*) FILTER (WHERE t.code = 'coop:fee') = 0 AND coalesce(-sum(t.amount), 0) = NEW.carried
        FROM public.payments_to_close(NEW.ends_at) t"""
SAID = "A quarter that is closed leaves nothing in fees and expenses."
SAYS = "A quarter that is closed leaves nothing in fees, and of expenses what they do not cover."
# What was spent before a quarter beyond the fees of that time: as its close says, or until then as the books do.
BEFORE = """
CREATE FUNCTION public.payments_carried(begins timestamptz) RETURNS bigint LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $carried$
    SELECT coalesce((SELECT c.carried FROM public.payments_close c WHERE c.ends_at = begins),
        (SELECT greatest(-sum(t.amount), 0) FROM public.payments_to_close(begins) t), 0)::bigint
$carried$;
"""
SPENT = "SELECT coalesce(sum(CASE t.kind WHEN 6 THEN t.amount ELSE -t.amount END), 0)::bigint"
WITH_BEFORE = """SELECT (coalesce(sum(CASE t.kind WHEN 6 THEN t.amount ELSE -t.amount END), 0)
        - public.payments_carried(lower(quarter)))::bigint"""


class Migration(migrations.Migration):
    """Keep what is carried over with the close, and let nothing be spent before it is borne."""

    dependencies: ClassVar = [("payments", "0123_what_is_owed")]
    operations: ClassVar = [
        migrations.AddField(
            "close",
            "carried",
            payments.money.MoneyField(
                db_default=0, default=0, help_text="Spent beyond the fees: the next quarters' bear it first."
            ),
        ),
        migrations.AddConstraint(
            "close",
            models.CheckConstraint(
                condition=Q(carried=0) | Q(carried__gt=0, income=F("expenses")), name="only_a_loss_is_carried"
            ),
        ),
        guards.Grant("payments_close", "INSERT (carried)"),
        guards.Edited("guard_close_is_of_a_quarter_that_is_over", (CLOSED, CARRIED)),
        guards.Edited("guard_close_leaves_nothing", (NOTHING, LEFT), (SAID, SAYS)),
        migrations.RunSQL(BEFORE),
        guards.Edited("payments_unspent", (SPENT, WITH_BEFORE)),
    ]
