"""An emergency by a published legal order says where and when the order was published (part 6)."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards


class Migration(migrations.Migration):
    """Add both, and ask for them."""

    dependencies: ClassVar = [("governance", "0068_coming_back")]
    operations: ClassVar = [
        migrations.AddField(
            "pauserequest",
            "published_in",
            models.CharField(
                blank=True,
                db_default="",
                help_text="Where everybody can read the legal order that it follows.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            "pauserequest",
            "published_on",
            models.DateField(help_text="When that order was published.", null=True),
        ),
        guards.Grant("governance_pauserequest", "INSERT (published_in, published_on)"),
        # On the day that it is somewhere on earth at the latest: what is not public yet is no ground.
        guards.Guard(
            "legal_order_was_published",
            table="governance_pauserequest",
            holds="""CASE NEW.ground WHEN 'legal_order' THEN btrim(NEW.published_in) <> ''
                AND NEW.published_on <= ((public.coop_now() + interval '14 hours') AT TIME ZONE 'UTC')::date
                ELSE NEW.published_in = '' AND NEW.published_on IS NULL END""",
            otherwise="An emergency by a legal order says where and when it was published; no other names one.",
        ),
    ]
