"""The tables of due process: rules of conduct, cases, panels by lot, decisions, resignations."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Create them."""

    dependencies = [
        ("governance", "0010_addresses_and_votes"),
        ("people", "0002_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Bylaw",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(help_text="C1, C2 …", max_length=4)),
                ("version", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=120)),
                ("text", models.TextField(max_length=3000)),
                ("published_at", models.DateTimeField()),
                (
                    "mandate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bylaws", to="governance.mandate"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("charge", "Charge"),
                            ("equivalent", "Something like a ban, without a decision"),
                            ("emergency", "Prolonging an emergency pause"),
                        ],
                        max_length=10,
                    ),
                ),
                ("ground", models.CharField(blank=True, max_length=20)),
                ("facts", models.TextField(max_length=5000)),
                ("facts_digest", models.CharField(db_default="", editable=False, max_length=64)),
                ("happened_from", models.DateTimeField()),
                ("happened_until", models.DateTimeField()),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("nothing", "Nothing follows"),
                            ("advice", "Advice"),
                            ("retraining", "Paid retraining"),
                            ("limit", "A limit, 30 days at most"),
                            ("pause", "A pause of new work, 60 days at most"),
                            ("expulsion", "Expulsion, if the general meeting agrees"),
                            ("repair", "The cooperative repairs what was done to the member"),
                            ("prolong", "The emergency pause goes on, 14 days in all at most"),
                            ("unfounded", "The emergency pause was unfounded: the time is paid double"),
                        ],
                        default="nothing",
                        max_length=10,
                    ),
                ),
                ("scope", models.CharField(blank=True, max_length=80)),
                ("days", models.PositiveSmallIntegerField(default=0)),
                ("remedy", models.TextField(blank=True, help_text="How the member can put it right.", max_length=2000)),
                ("presumed", models.BooleanField(db_default=False, editable=False)),
                ("opened_at", models.DateTimeField()),
                (
                    "bylaw",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="governance.bylaw",
                    ),
                ),
                (
                    "charged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.client"
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
                (
                    "pause",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prolonging",
                        to="governance.pause",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cases", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.clientseat"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agreed", models.PositiveSmallIntegerField(db_default=0, editable=False)),
                ("decided_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="governance.case"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Appeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reasons", models.TextField(max_length=10000)),
                ("appealed_at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="appeal", to="governance.decision"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DrawPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("charge", "The charging side"),
                            ("member", "The member"),
                            ("witness", "An officer of another post"),
                        ],
                        max_length=7,
                    ),
                ),
                ("commitment", models.CharField(max_length=64)),
                ("committed_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DrawReveal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("words", models.CharField(max_length=200)),
                ("revealed_at", models.DateTimeField()),
                (
                    "part",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reveal", to="governance.drawpart"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("text", models.TextField(max_length=20000)),
                ("digest", models.CharField(db_default="", editable=False, max_length=64)),
                ("charging", models.BooleanField(db_default=True, editable=False)),
                ("citable", models.BooleanField(db_default=False, editable=False)),
                ("added_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="governance.case"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        help_text="Whom the case is about.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Citation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "evidence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="citations", to="governance.evidence"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Motion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("nothing", "Nothing follows"),
                            ("advice", "Advice"),
                            ("retraining", "Paid retraining"),
                            ("limit", "A limit, 30 days at most"),
                            ("pause", "A pause of new work, 60 days at most"),
                            ("expulsion", "Expulsion, if the general meeting agrees"),
                            ("repair", "The cooperative repairs what was done to the member"),
                            ("prolong", "The emergency pause goes on, 14 days in all at most"),
                            ("unfounded", "The emergency pause was unfounded: the time is paid double"),
                        ],
                        max_length=10,
                    ),
                ),
                ("scope", models.CharField(blank=True, max_length=80)),
                ("days", models.PositiveSmallIntegerField(default=0)),
                ("reasons", models.TextField(max_length=10000)),
                (
                    "rebuttal",
                    models.TextField(
                        blank=True, help_text="Why it is no retaliation, where that is presumed (7.9).", max_length=5000
                    ),
                ),
                ("moved_at", models.DateTimeField()),
                (
                    "evidence",
                    models.ManyToManyField(
                        related_name="motions", through="governance.Citation", to="governance.evidence"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="decision",
            name="motion",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="decision", to="governance.motion"
            ),
        ),
        migrations.AddField(
            model_name="citation",
            name="motion",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="citations", to="governance.motion"
            ),
        ),
        migrations.CreateModel(
            name="Panel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("first", "The case"),
                            ("appeal", "The appeal"),
                            ("emergency", "Whether an emergency pause goes on"),
                        ],
                        max_length=9,
                    ),
                ),
                ("size", models.PositiveSmallIntegerField(db_default=5, editable=False)),
                (
                    "candidates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), db_default=models.Value("{}"), editable=False
                    ),
                ),
                ("roll_digest", models.CharField(db_default="", editable=False, max_length=64)),
                ("convened_at", models.DateTimeField()),
                ("commit_by", models.DateTimeField(editable=False, null=True)),
                ("reveal_by", models.DateTimeField(editable=False, null=True)),
                ("decide_by", models.DateTimeField(editable=False, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="panels", to="governance.case"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="motion",
            name="panel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="motions", to="governance.panel"
            ),
        ),
        migrations.AddField(
            model_name="drawpart",
            name="panel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="governance.panel"
            ),
        ),
        migrations.CreateModel(
            name="Draw",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seed", models.CharField(db_default="", editable=False, max_length=64)),
                ("drawn_at", models.DateTimeField()),
                (
                    "panel",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="draw", to="governance.panel"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="decision",
            name="panel",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="decision", to="governance.panel"
            ),
        ),
        migrations.CreateModel(
            name="PanelSeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rank", models.PositiveIntegerField()),
                ("seated_at", models.DateTimeField()),
                (
                    "panel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="seats", to="governance.panel"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="panel_seats",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="motion",
            name="seat",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.panelseat"
            ),
        ),
        migrations.CreateModel(
            name="Hearing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("text", models.TextField(max_length=10000)),
                ("written_at", models.DateTimeField()),
                (
                    "panel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="hearings", to="governance.panel"
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.panelseat"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PanelVote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agrees", models.BooleanField()),
                ("voted_at", models.DateTimeField()),
                (
                    "motion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="votes", to="governance.motion"
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="votes", to="governance.panelseat"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Resignation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "pressure",
                    models.CharField(
                        choices=[
                            ("none", "No, it is my own wish"),
                            ("pressed", "Yes, somebody told me to leave or threatened me"),
                            ("silent", "I would rather not say"),
                        ],
                        max_length=7,
                    ),
                ),
                ("given_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(editable=False, null=True)),
                ("taken_back_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="resignations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Restriction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", models.CharField(max_length=80)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="restriction",
                        to="governance.decision",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="restrictions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeatRefusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "side",
                    models.CharField(
                        choices=[
                            ("charge", "The charging side"),
                            ("member", "The member"),
                            ("self", "The drawn member, who cannot be fair or cannot come"),
                            ("gone", "Has left the cooperative"),
                        ],
                        max_length=6,
                    ),
                ),
                ("refused_at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "seat",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refused", to="governance.panelseat"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reply", "Reply"),
                            ("more_time", "More time asked for"),
                            ("word", "Word"),
                            ("explanation", "Explanation by the cooperative"),
                            ("contested", "The explanation is not accepted"),
                        ],
                        max_length=11,
                    ),
                ),
                ("text", models.TextField(max_length=10000)),
                ("said_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="governance.case"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="bylaw",
            constraint=models.UniqueConstraint(fields=("key", "version"), name="one_bylaw_per_version"),
        ),
        migrations.AddConstraint(
            model_name="bylaw",
            constraint=models.CheckConstraint(
                condition=models.Q(("key__regex", "^C[1-9][0-9]?$")), name="bylaw_key_is_a_c_number"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["person", "-opened_at"], name="cases_of_a_person"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("bylaw__isnull", False),
                        ("charged_by__isnull", False),
                        (
                            "ground__in",
                            [
                                "fabricated",
                                "account_shared",
                                "harassment",
                                "data_taken",
                                "payment_fraud",
                                "violence",
                                "legal_order",
                            ],
                        ),
                        ("kind", "charge"),
                    ),
                    models.Q(
                        ("bylaw", None),
                        ("charged_by", None),
                        (
                            "ground__in",
                            ["no_offers", "lost_tier", "held_payout", "muted", "mass_rejection", "pressed_to_leave"],
                        ),
                        ("kind", "equivalent"),
                        ("measure", "nothing"),
                    ),
                    models.Q(
                        ("charged_by__isnull", False),
                        ("ground", ""),
                        ("kind", "emergency"),
                        ("office__isnull", False),
                        ("pause__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="case_ground_is_on_the_list",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("days__range", (1, 30)),
                        ("measure", "limit"),
                        ("scope__regex", "^(work|job:[0-9]+|client:[0-9]+|mute|tier:[a-z0-9_:-]{1,60})$"),
                        models.Q(("scope", "work"), _negated=True),
                    ),
                    models.Q(("days__range", (1, 60)), ("measure", "pause"), ("scope", "work")),
                    models.Q(("days__range", (1, 14)), ("measure", "prolong"), ("scope__regex", "^(work|job:[0-9]+)$")),
                    models.Q(
                        ("days", 0),
                        ("measure__in", ["advice", "expulsion", "nothing", "repair", "retraining", "unfounded"]),
                        ("scope", ""),
                    ),
                    _connector="OR",
                ),
                name="charge_keeps_to_the_ladder",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "charge"), _negated=True),
                    models.Q(
                        ("measure__in", ("nothing", "advice", "retraining", "limit", "pause", "expulsion")),
                        models.Q(("remedy", ""), _negated=True),
                        models.Q(("measure", "nothing"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="charge_says_measure_and_remedy",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("facts", ""), _negated=True), name="case_says_the_facts"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("happened_until__gte", models.F("happened_from"))), name="facts_have_their_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("charged_by", models.F("person")), _negated=True), name="nobody_charges_themselves"
            ),
        ),
        migrations.AddConstraint(
            model_name="drawreveal",
            constraint=models.CheckConstraint(
                condition=models.Q(("words__contains", "\n"), _negated=True), name="words_are_one_line"
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.UniqueConstraint(
                condition=models.Q(("charging", True)), fields=("person", "digest"), name="same_evidence_never_twice"
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("text", ""), _negated=True), models.Q(("name", ""), _negated=True)),
                name="evidence_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="citation",
            constraint=models.UniqueConstraint(fields=("motion", "evidence"), name="cited_once"),
        ),
        migrations.AddConstraint(
            model_name="panel",
            constraint=models.UniqueConstraint(fields=("case", "stage"), name="one_panel_per_stage"),
        ),
        migrations.AddConstraint(
            model_name="panel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("size__range", (5, 11)), ("stage", "first")),
                    models.Q(("size", 9), ("stage", "appeal")),
                    models.Q(("size", 3), ("stage", "emergency")),
                    _connector="OR",
                ),
                name="panel_has_its_size",
            ),
        ),
        migrations.AddConstraint(
            model_name="drawpart",
            constraint=models.UniqueConstraint(fields=("panel", "role"), name="one_part_per_role"),
        ),
        migrations.AddConstraint(
            model_name="drawpart",
            constraint=models.CheckConstraint(
                condition=models.Q(("commitment__regex", "^[0-9a-f]{64}$")), name="commitment_is_a_digest"
            ),
        ),
        migrations.AddConstraint(
            model_name="panelseat",
            constraint=models.UniqueConstraint(fields=("panel", "rank"), name="one_seat_per_rank"),
        ),
        migrations.AddConstraint(
            model_name="panelseat",
            constraint=models.UniqueConstraint(fields=("panel", "person"), name="one_seat_per_member"),
        ),
        migrations.AddConstraint(
            model_name="panelseat",
            constraint=models.CheckConstraint(condition=models.Q(("rank__gte", 1)), name="ranks_begin_at_one"),
        ),
        migrations.AddConstraint(
            model_name="motion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("days__range", (1, 30)),
                        ("measure", "limit"),
                        ("scope__regex", "^(work|job:[0-9]+|client:[0-9]+|mute|tier:[a-z0-9_:-]{1,60})$"),
                        models.Q(("scope", "work"), _negated=True),
                    ),
                    models.Q(("days__range", (1, 60)), ("measure", "pause"), ("scope", "work")),
                    models.Q(("days__range", (1, 14)), ("measure", "prolong"), ("scope__regex", "^(work|job:[0-9]+)$")),
                    models.Q(
                        ("days", 0),
                        ("measure__in", ["advice", "expulsion", "nothing", "repair", "retraining", "unfounded"]),
                        ("scope", ""),
                    ),
                    _connector="OR",
                ),
                name="motion_keeps_to_the_ladder",
            ),
        ),
        migrations.AddConstraint(
            model_name="motion",
            constraint=models.CheckConstraint(
                condition=models.Q(("reasons__regex", "\\S.{18,}\\S")), name="motion_gives_reasons"
            ),
        ),
        migrations.AddConstraint(
            model_name="hearing",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_at__gt", models.F("began_at"))), name="hearings_end"
            ),
        ),
        migrations.AddConstraint(
            model_name="panelvote",
            constraint=models.UniqueConstraint(fields=("motion", "seat"), name="panel_member_votes_once"),
        ),
        migrations.AddConstraint(
            model_name="resignation",
            constraint=models.CheckConstraint(
                condition=models.Q(("pressure__in", ["none", "pressed", "silent"])), name="pressure_was_asked"
            ),
        ),
        migrations.AddConstraint(
            model_name="resignation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_back_at", None)), fields=("person",), name="one_notice_at_a_time"
            ),
        ),
        migrations.AddIndex(
            model_name="restriction",
            index=models.Index(fields=["person", "ends_at"], name="restrictions_of_a_person"),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="restrictions_end"
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ["more_time", "explanation", "contested"])),
                fields=("case", "kind"),
                name="said_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="statement_says_something"
            ),
        ),
    ]
