"""Nobody handles money and checks the books, whatever their posts are called; no post gives both (D8)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

EXCLUDE = """
CREATE OR REPLACE FUNCTION public.governance_posts_exclude(one text, other text) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH latest AS (
        SELECT DISTINCT ON (p.name) p.name, p.rights, p.excludes FROM public.governance_post p
        WHERE p.name IN (one, other) ORDER BY p.name, p.version DESC
    )
    SELECT one = other
        OR coalesce(bool_or(l.excludes @> to_jsonb(one) OR l.excludes @> to_jsonb(other)), false)
        OR count(*) FILTER (WHERE l.rights @> '"handles_money"') = 2
        OR count(*) FILTER (WHERE l.rights @> '"asks_for_pauses"') = 2
        OR coalesce(bool_or(l.rights @> '"handles_money"') AND bool_or(l.rights @> '"checks_the_books"'), false)
    FROM latest l;
END;
"""


class Migration(migrations.Migration):
    """Compare rights beside names, and refuse a post of both; one from before can still be abolished."""

    dependencies: ClassVar = [("governance", "0082_auditors_confirm")]
    operations: ClassVar = [
        migrations.RunSQL(EXCLUDE),
        guards.Guard(
            "post_gives_known_rights",
            table="governance_post",
            holds="""jsonb_typeof(NEW.rights) = 'array' AND jsonb_array_length(NEW.rights) > 0
                AND NEW.rights <@
                    '["handles_money", "asks_for_pauses", "reads_reports", "checks_the_books", "keeps_panels"]'
                AND (NEW.abolished OR NOT NEW.rights @> '["handles_money", "checks_the_books"]')
                AND jsonb_typeof(NEW.excludes) = 'array'""",
            otherwise="A post gives rights of the list, never money and the books together, and names the posts that "
            "its holder may not hold.",
        ),
    ]
