"""The founding meeting, written down once by the owner of the database: first rules, first members, first officers."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.utils.translation import gettext_noop

from coop.people.models import Person
from coop.record import events
from governance import founding_uses
from governance.models import WHOLE, Bylaw, Mandate, Office, Parameter, Post, Right, Rule, Standing, Status

HALF, TWO_THIRDS, THREE_QUARTERS = WHOLE // 2, WHOLE * 2 // 3, WHOLE * 3 // 4
CUT = {"frozen_days": 7, "seniors_too": True}

# Where a row still says these words, pages show them in the reader's language (the filter `translated`).
# The rows of the constitution's part 3 that this site can carry out, with their default numbers.
RULES: dict[str, dict[str, object]] = {
    "N1": {
        "decision": gettext_noop("A cut of up to 5 % below the best pay of the last twelve months."),
        "deliberation_days": 21,
        "voting_days": 7,
        "lock_days": 14,
        "affected_yes": TWO_THIRDS,
        "affected_floor": WHOLE * 40 // 100,
        **CUT,
    },
    "N2": {
        "decision": gettext_noop("A cut of more than 5 % and up to 15 % below the best pay of the last twelve months."),
        "deliberation_days": 21,
        "voting_days": 10,
        "lock_days": 21,
        "affected_yes": THREE_QUARTERS,
        "affected_floor": WHOLE // 2,
        "whole_yes": HALF,
        "whole_floor": WHOLE * 15 // 100,
        **CUT,
    },
    "N3": {
        "decision": gettext_noop(
            "A cut of more than 15 %, or of pay for all by fee, rounding, currency or payout terms."
        ),
        "deliberation_days": 30,
        "voting_days": 10,
        "lock_days": 30,
        "readings": 2,
        "affected_yes": THREE_QUARTERS,
        "affected_floor": WHOLE // 3,
        "whole_yes": THREE_QUARTERS,
        "whole_floor": WHOLE // 3,
        **CUT,
    },
    "N6": {
        "decision": gettext_noop("Closing a region or a way to be paid."),
        "deliberation_days": 30,
        "frozen_days": 7,
        "voting_days": 10,
        "lock_days": 60,
        "affected_yes": TWO_THIRDS,
        "whole_yes": HALF,
        "whole_floor": WHOLE * 15 // 100,
        "seniors_too": True,
    },
    "N7": {
        "decision": gettext_noop(
            "Expulsion, after a panel decided so and the appeal is over. Without a quorum the member stays."
        ),
        "deliberation_days": 7,
        "frozen_days": 0,
        "voting_days": 7,
        "lock_days": 0,
        "whole_yes": TWO_THIRDS,
        "whole_floor": WHOLE * 20 // 100,
    },
    "N8": {
        "decision": gettext_noop("A new use of data, of watching, or of decisions by machine."),
        "deliberation_days": 21,
        "frozen_days": 7,
        "voting_days": 7,
        "lock_days": 14,
        "whole_yes": HALF,
        "whole_floor": WHOLE * 15 // 100,
    },
    "N9": {
        "decision": gettext_noop("How work is shared out, and what opens a kind of work."),
        "deliberation_days": 14,
        "frozen_days": 0,
        "voting_days": 7,
        "lock_days": 7,
        "affected_yes": HALF,
        "turnout_floor": WHOLE * 20 // 100,
    },
    "N10": {
        "decision": gettext_noop("A raise."),
        "deliberation_days": 7,
        "frozen_days": 0,
        "voting_days": 5,
        "lock_days": 0,
        "whole_yes": HALF,
    },
    "N11": {
        "decision": gettext_noop("The budget, and what becomes of a surplus."),
        "deliberation_days": 15,
        "frozen_days": 0,
        "voting_days": 7,
        "lock_days": 7,
        "whole_yes": HALF,
        "whole_floor": WHOLE * 10 // 100,
    },
    "N12": {
        "decision": gettext_noop("The election of an officer or a trustee."),
        "deliberation_days": 15,
        "frozen_days": 15,
        "voting_days": 7,
        "lock_days": 7,
        "whole_yes": HALF,
    },
    "N13": {
        "decision": gettext_noop("The recall of an officer."),
        "deliberation_days": 7,
        "frozen_days": 7,
        "voting_days": 7,
        "lock_days": 0,
        "whole_yes": HALF,
        "turnout_floor": WHOLE * 15 // 100,
    },
    "N14": {
        "decision": gettext_noop("A bylaw or the text of a policy."),
        "deliberation_days": 21,
        "frozen_days": 7,
        "voting_days": 7,
        "lock_days": 14,
        "whole_yes": TWO_THIRDS,
        "whole_floor": WHOLE * 20 // 100,
    },
    "N15": {
        "decision": gettext_noop("The rows of this constitution: who decides, how long, by how much."),
        "deliberation_days": 30,
        "frozen_days": 7,
        "voting_days": 10,
        "lock_days": 30,
        "readings": 2,
        "seniors_too": True,
        "whole_yes": THREE_QUARTERS,
        "whole_floor": WHOLE // 3,
    },
    "3.2": {
        "decision": gettext_noop("Stopping a decision that waits for its day."),
        "deliberation_days": 0,
        "frozen_days": 0,
        "voting_days": 7,
        "lock_days": 0,
        "whole_yes": HALF,
    },
}
# Numbers of part 8 that are no rule's own; shares are of WHOLE.
PARAMETERS = {
    "petition_share": WHOLE * 5 // 100,
    "petition_most": 500,
    "support_share": WHOLE // 100,
    "support_most": 200,
    "panel_size": 5,
    "reply_days": 15,
    "candidate_days": 90,
    "emergency_hours": 72,
    "cuts_in_a_year": WHOLE * 15 // 100,
    "exposure_minutes": 120,
    "hidden_dollars": 5,
}

# A column that came later, and what it says of a row from before: what was founded then is still what was written.
LATER = {("payments_fee", "floor"): 0}

# The posts with which a cooperative begins, and what goes with them. Nobody checks or confirms their own doing: whoever
# handles money audits nothing, and two posts that both ask for pauses are never one person's (see CONFIRMED).
POSTS: dict[str, dict[str, object]] = {
    gettext_noop("treasurer"): {
        "term_days": 1095,
        "rights": [Right.MONEY, Right.PAUSES],
        "excludes": ["auditor", "panel trustee"],
    },
    gettext_noop("secretary"): {
        "term_days": 1095,
        "rights": [Right.MONEY, Right.PAUSES],
        "excludes": ["auditor", "panel trustee"],
    },
    gettext_noop("safety officer"): {
        "term_days": 1095,
        "rights": [Right.PAUSES, Right.REPORTS],
        "excludes": ["auditor", "panel trustee", "treasurer"],
    },
    gettext_noop("auditor"): {
        "term_days": 1095,
        "rights": [Right.BOOKS],
        "excludes": ["treasurer", "secretary", "safety officer"],
    },
    gettext_noop("panel trustee"): {"term_days": 730, "seats": 3, "rights": [Right.PANELS]},
}

# The rules of conduct with which a cooperative begins: key, title and text. Later ones are decided by vote (N14).
BYLAWS = (
    (
        "C1",
        gettext_noop("Work is one's own"),
        gettext_noop(
            "Nobody hands in work that they knowingly made up or copied, or lets others work under their name."
        ),
    ),
    (
        "C2",
        gettext_noop("People are safe here"),
        gettext_noop("Nobody harasses or threatens others here, in words or deeds."),
    ),
    (
        "C3",
        gettext_noop("Data stay here"),
        gettext_noop("Nobody takes data of clients or members out of the place where they work with them."),
    ),
    ("C4", gettext_noop("Money is straight"), gettext_noop("Nobody takes pay by fraud, or helps others to.")),
    (
        "C5",
        gettext_noop("The law"),
        gettext_noop("Nobody brings child-abuse material here; published legal orders are followed."),
    ),
)


def found(*, members: Iterable[Person], offices: Mapping[str, Person], at: datetime) -> Mandate:
    """Hold the founding meeting: rules, posts, members and officers (`{post: person}`), all by one founding mandate.

    Works once, and only for the owner of the schema; raises IntegrityError by `mandate_needs_a_passed_vote` else, and
    by `office_keeps_to_its_post` for a post that is not one of POSTS.
    """
    with transaction.atomic():
        mandate = Mandate.objects.create(given_at=at, due_at=at, expires_at=at + timedelta(days=30))
        Rule.objects.bulk_create(
            Rule(key=key, version=1, published_at=at, applies_from=at, mandate=mandate, **numbers)
            for key, numbers in RULES.items()
        )
        Parameter.objects.bulk_create(
            Parameter(name=name, version=1, value=value, published_at=at, applies_from=at, mandate=mandate)
            for name, value in PARAMETERS.items()
        )
        Post.objects.bulk_create(
            Post(name=name, version=1, since=at, mandate=mandate, **facts) for name, facts in POSTS.items()
        )
        Bylaw.objects.bulk_create(
            Bylaw(key=key, version=1, title=title, text=text, published_at=at, mandate=mandate)
            for key, title, text in BYLAWS
        )
        founding_uses.begin(mandate, at)
        founders = [
            Standing(person=person, status=Status.MEMBER, since=at, rule=gettext_noop("founding"), mandate=mandate)
            for person in members
        ]
        Standing.objects.bulk_create(founders)
        Office.objects.bulk_create(
            Office(person=person, post=post, mandate=mandate, starts_at=at, ends_at=at + _term(post))
            for post, person in offices.items()
        )
        events.write(
            "governance.founded", by=None, subject=f"mandate:{mandate.pk}", at=at, members=len(founders),
            **said(mandate, "governance"),
        )  # fmt: skip
    return mandate


def _term(post: str) -> timedelta:
    """Return the longest term of a post; the shortest there is for one that the database will refuse."""
    days = POSTS.get(post, {}).get("term_days")
    return timedelta(days=days if isinstance(days, int) else 1)


def said(mandate: Mandate, app: str) -> dict[str, object]:
    """Return what the record says of every row of an app that stands on a mandate: the hash of all, and each one's own.

    It goes into the record when the founding is written, as no vote stands behind those rows: without it nobody could
    tell later what the founding meeting had decided, and which row says something else.
    """
    return {"digest": digest(mandate, app), "rows": hashes(mandate, app)}


def digest(mandate: Mandate, app: str) -> str:
    """Return the SHA-256 over every row of an app that stands on a mandate, column by column."""
    return hashlib.sha256("\n".join(line for _name, line in _lines(mandate, app)).encode()).hexdigest()


def hashes(mandate: Mandate, app: str) -> dict[str, str]:
    """Return the beginning of each row's own SHA-256, by table and number, as "payments_rate 2"."""
    return {name: hashlib.sha256(line.encode()).hexdigest()[:16] for name, line in _lines(mandate, app)}


def _lines(mandate: Mandate, app: str) -> Iterator[tuple[str, str]]:
    standing_on_it = [
        relation
        for relation in Mandate._meta.get_fields(include_hidden=True)  # noqa: SLF001 - Django's own name
        if isinstance(relation, ForeignObjectRel) and relation.related_model._meta.app_label == app  # noqa: SLF001 - likewise
    ]
    for relation in sorted(standing_on_it, key=lambda one: (one.related_model._meta.db_table, one.field.name)):  # noqa: SLF001 - likewise
        table = relation.related_model._meta.db_table  # noqa: SLF001 - likewise
        for number, row in _rows(relation, mandate):
            yield f"{table} {number}", json.dumps([table, *row], cls=DjangoJSONEncoder)


def _rows(relation: ForeignObjectRel, mandate: Mandate) -> Iterator[tuple[object, list[object]]]:
    model = relation.related_model
    rows = model._default_manager.filter(**{relation.field.name: mandate}).order_by("pk")  # noqa: SLF001 - Django's own name
    names = [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001 - likewise
    for number, *row in rows.values_list("pk", *names):
        yield number, _as_founded(model._meta.db_table, names, row)  # noqa: SLF001 - likewise


def _as_founded(table: str, names: list[str], row: Sequence[object]) -> list[object]:
    said = zip(names, row, strict=True)
    return [value for name, value in said if (table, name) not in LATER or value != LATER[table, name]]
