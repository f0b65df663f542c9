"""What the web role needs of tables that are not ours: sign-in, cache and background jobs. Nothing else is opened."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

CACHE = """
CREATE TABLE public.coop_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX coop_cache_expires ON public.coop_cache (expires);
"""

# By their prefix, as their argument types differ from one release to the next; all are procrastinate's own.
JOB_FUNCTIONS = f"""
DO $allow$
DECLARE function regprocedure;
BEGIN
    FOR function IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
        AND starts_with(p.proname, 'procrastinate_') LOOP
        EXECUTE 'GRANT EXECUTE ON FUNCTION ' || function || ' TO {guards.WEB}';
    END LOOP;
END $allow$;
"""

READ = "SELECT"
WRITE = "SELECT, INSERT, UPDATE, DELETE"


class Migration(migrations.Migration):
    """Create the shared cache's table and grant the rights."""

    dependencies: ClassVar = [
        ("coop", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("procrastinate", "0041_post_retry_failed_job"),
        ("sessions", "0001_initial"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(CACHE, "DROP TABLE public.coop_cache"),
        guards.Grant("coop_cache", WRITE),
        guards.Grant("django_session", WRITE),
        guards.Grant("account_emailaddress", WRITE),
        guards.Grant("account_emailconfirmation", WRITE),
        guards.Grant("procrastinate_jobs", WRITE),
        guards.Grant("procrastinate_events", WRITE),
        guards.Grant("procrastinate_periodic_defers", WRITE),
        guards.Grant("procrastinate_workers", WRITE),
        migrations.RunSQL(JOB_FUNCTIONS, migrations.RunSQL.noop),
        guards.Grant("django_content_type", READ),
        guards.Grant("auth_permission", READ),
        guards.Grant("django_migrations", READ),
        guards.Grant("django_admin_log", READ),
    ]
