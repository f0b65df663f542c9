"""The care fund pays no more than it has: it keeps a running balance, and nothing takes it below zero.

It had neither while nothing took money out of it; since kind 41 members' support and paid skips do. Whoever asks it for
care holds it before they ask how much it has.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

LAZY = "('fund:care'::text,'^fund:care$'::text,NULL::bigint,NULL::bigint,false)"
BOUNDED = "('fund:care'::text,'^fund:care$'::text,(0)::bigint,NULL::bigint,true)"
# Nothing is posted meanwhile, so that what is summed up is what stands.
SUMMED = """
LOCK TABLE public.payments_transfer IN SHARE ROW EXCLUSIVE MODE;
ALTER TABLE public.payments_account DISABLE TRIGGER payments_account_is_frozen;
UPDATE public.payments_account a SET floor = NULL, tracked = true, balance = coalesce((
    SELECT sum(CASE t.credit_id WHEN a.id THEN t.amount ELSE -t.amount END)
    FROM public.payments_transfer t WHERE a.id IN (t.credit_id, t.debit_id)), 0) WHERE a.code = 'fund:care';
DO $whole$
DECLARE
    lacks text := (SELECT string_agg(trim_scale(-a.balance / 1e6) || ' ' || a.currency, ', ')
        FROM public.payments_account a WHERE a.code = 'fund:care' AND a.balance < 0);
BEGIN
    IF lacks IS NOT NULL THEN
        RAISE 'The care fund (fund:care) has paid % more than came in, and from here on no fund can be below zero. '
            'Nothing was changed. Go on with the release that stood until a voted budget has put as much into it from '
            'the reserve, or its share of the fees has; then migrate again.', lacks;
    END IF;
END $whole$;
UPDATE public.payments_account SET floor = 0 WHERE code = 'fund:care';
ALTER TABLE public.payments_account ENABLE ALWAYS TRIGGER payments_account_is_frozen;
"""
ONE_AT_A_TIME = """    -- One at a time for each person.
    PERFORM FROM public.payments_account a WHERE a.code = 'member:' || NEW.person_id || ':payable'
        AND a.currency = 'USD' FOR NO KEY UPDATE;
"""
# Both at once, in the order in which postings take them (decision 0204).
AND_OF_THE_FUND = """    -- One at a time for each person, and of what a fund pays at once, for each fund.
    PERFORM FROM public.payments_account a WHERE a.currency = 'USD' AND a.code IN (
        'member:' || NEW.person_id || ':payable', CASE NEW.fund WHEN 'care' THEN 'fund:care' END)
        ORDER BY a.id FOR NO KEY UPDATE;
"""


class Migration(migrations.Migration):
    """Give it its bound, in the chart and where it stands."""

    dependencies: ClassVar = [("payments", "0119_no_sums_that_cancel")]
    operations: ClassVar = [
        guards.Edited("payments_chart", (LAZY, BOUNDED)),
        migrations.RunSQL(SUMMED),
        guards.Edited("guard_support_keeps_to_its_bounds", (ONE_AT_A_TIME, AND_OF_THE_FUND)),
    ]
