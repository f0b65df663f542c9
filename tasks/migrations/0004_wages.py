"""What the books promise about the work: a wage is what was promised, and unclaimed money stays with an open job."""

from django.db import migrations

from coop.database import guards

# The books know amounts, the work knows what was promised: every posting about an assignment is what its row says,
# at the moment its state allows; that it is once is the books' own `facts_are_posted_once`. As a statement, so that
# accepting thousands is one look.
PROMISED = f"""
CREATE OR REPLACE FUNCTION public.guard_wage_is_what_was_promised() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_assignment a ON a.id =
            CASE WHEN p.ref ~ '^assignment:[1-9][0-9]{{0,17}}$' THEN split_part(p.ref, ':', 2)::bigint END
        LEFT JOIN public.tasks_job j ON j.id = a.job_id
        LEFT JOIN public.payments_fee f ON f.id = a.fee_version_id
        LEFT JOIN public.payments_rate r ON r.id = a.rate_id
        WHERE p.kind IN (3, 4, 5, 6, 7, 10) AND (
            CASE p.kind
                WHEN 3 THEN p.amount = a.pay + a.fee AND a.state = 'claimed' AND d.code = CASE WHEN j.is_onboarding
                    THEN 'fund:training' ELSE 'job:' || a.job_id || ':escrow' END
                WHEN 4 THEN p.amount = a.pay + a.fee AND a.state IN ('left', 'skipped', 'expired')
                    AND c.code = CASE WHEN j.is_onboarding
                    THEN 'fund:training' ELSE 'job:' || a.job_id || ':escrow' END
                WHEN 5 THEN p.amount = a.pay AND a.state = 'accepted' AND NOT j.is_onboarding
                WHEN 10 THEN p.amount = a.pay AND a.state = 'accepted' AND j.is_onboarding
                WHEN 6 THEN a.state = 'accepted'
                    AND p.amount = a.fee - a.fee * f.training / 10000 - a.fee * f.care / 10000
                WHEN 7 THEN a.state = 'accepted'
                    AND p.amount = CASE c.code WHEN 'fund:training' THEN a.fee * f.training / 10000
                        WHEN 'fund:care' THEN a.fee * f.care / 10000 END
            END
            AND CASE WHEN p.kind = 3 THEN c.code ELSE d.code END = 'job:' || a.job_id || ':commit:' || a.person_id
            AND d.currency = r.currency
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("wage_is_what_was_promised", "An answer is paid once, what its card says, when it is accepted.")}
    END IF;
    IF EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account e ON e.id = CASE p.kind WHEN 2 THEN p.credit_id ELSE p.debit_id END
        JOIN public.payments_account c ON c.id = CASE p.kind WHEN 2 THEN p.debit_id ELSE p.credit_id END
        LEFT JOIN public.tasks_job j ON j.id = split_part(e.code, ':', 2)::bigint
        WHERE p.kind IN (2, 18) AND (c.code = 'client:' || j.client_id || ':available') IS NOT TRUE
    ) THEN
        {guards.refuse("jobs_are_one_clients", "A job's money comes from its client and goes back to nobody else.")}
    END IF;
    RETURN NULL;
END $guard$;
-- After transfers_move_balances: triggers run in the order of their names.
CREATE OR REPLACE TRIGGER wage_is_what_was_promised AFTER INSERT ON public.payments_transfer
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION public.guard_wage_is_what_was_promised();
ALTER TABLE public.payments_transfer ENABLE ALWAYS TRIGGER wage_is_what_was_promised;

CREATE OR REPLACE FUNCTION public.guard_unclaimed_money_stays_with_an_open_job() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF EXISTS (
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id AND d.kind = 'job:escrow'
        WHERE p.kind IN (18, 99)
    ) THEN
        {guards.in_the_present("unclaimed_money_stays_with_an_open_job")}
    END IF;
    IF EXISTS (
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id AND d.kind = 'job:escrow'
        JOIN public.tasks_job j ON j.id = split_part(d.code, ':', 2)::bigint
        WHERE p.kind IN (18, 99) AND j.opened_at IS NOT NULL AND j.closed_at IS NULL
        AND public.tasks_set_aside(j.id) < public.tasks_money_needed(j.id, j.pay)
    ) THEN
        {guards.refuse("unclaimed_money_stays_with_an_open_job", "While a job is open, its money stays behind it.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE OR REPLACE TRIGGER unclaimed_money_stays_with_an_open_job AFTER INSERT ON public.payments_transfer
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT
    EXECUTE FUNCTION public.guard_unclaimed_money_stays_with_an_open_job();
ALTER TABLE public.payments_transfer ENABLE ALWAYS TRIGGER unclaimed_money_stays_with_an_open_job;
"""

# The other way round: work never moves without its money. Asked at the end of the transaction, as the state comes
# before the posting; nobody can put it off longer than that.
FOLLOWED = f"""
CREATE FUNCTION public.guard_money_follows_the_work() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF NEW.pay + NEW.fee IS DISTINCT FROM (
        SELECT sum(t.amount) FROM public.payments_transfer t WHERE t.ref = 'assignment:' || NEW.id
        AND t.kind = ANY (CASE NEW.state WHEN 'claimed' THEN '{{3}}'::smallint[]
            WHEN 'accepted' THEN '{{5,6,7,10}}'::smallint[] ELSE '{{4}}'::smallint[] END)
        AND t.kind NOT IN (2, 18, 99)
    ) THEN
        {guards.refuse("money_follows_the_work", "No task is claimed, accepted or given back without its money.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER money_follows_the_work AFTER INSERT ON public.tasks_assignment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.guard_money_follows_the_work();
CREATE CONSTRAINT TRIGGER money_follows_the_work_to_its_end AFTER UPDATE OF state ON public.tasks_assignment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND NEW.state IN ('accepted', 'left', 'skipped', 'expired'))
    EXECUTE FUNCTION public.guard_money_follows_the_work();
ALTER TABLE public.tasks_assignment ENABLE ALWAYS TRIGGER money_follows_the_work;
ALTER TABLE public.tasks_assignment ENABLE ALWAYS TRIGGER money_follows_the_work_to_its_end;
"""


class Migration(migrations.Migration):
    """Install the guards on the books, and on the work that must not go without them."""

    dependencies = [("tasks", "0003_figures")]
    operations = [migrations.RunSQL(PROMISED), migrations.RunSQL(FOLLOWED)]
