"""What an auditor may read: everything the walks need, nothing that is secret, and no words about a person."""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models

from coop.database.roles import AUDITOR
from coop.people.privacy import Audience

APPS = ("coop", "record", "governance", "payments")
# Of the work only what pay follows from: neither tasks nor answers.
OF_THE_WORK = ("tasks.Assignment", "tasks.Check", "tasks.Job", "tasks.RateCard")
# A casting can be found by its receipt; who cast it and what it says stays closed, as it is to the site.
OF_THE_BOX = ("id", "proposal_id", "number", "receipt")
FUNCTIONS = (
    "coop_now()",
    "governance_bars(bigint, text[])",
    "governance_candidate_time(timestamptz, timestamptz)",
    "governance_count(bigint)",
    "governance_scopes_of(bigint)",
    "governance_status(bigint)",
    "governance_voters(bigint)",
    "governance_untold()",
    "payments_at_services(text[])",
    "payments_back_pay_parts(text)",
    "payments_deposit_owes(bigint)",
    "payments_earned(bigint, timestamptz, timestamptz, timestamptz, boolean)",
    "payments_fold(text)",
    "payments_opens_to(bigint, bigint)",
    "payments_pause_pay(text, timestamptz)",
    "payments_peers_earned(bigint, timestamptz, timestamptz)",
    "payments_post_pay(bigint, text)",
    "payments_weeks_again(date)",
    "payments_with_a_statement(text)",
    "tasks_may_work(bigint, bigint)",
    "tasks_seconds_paid(bigint, timestamptz)",
)
# What back pay is worked out from: times, and how many units of which kind somebody did. What works like a ban (7.11).
VIEWS = (
    "governance_sign",
    "payments_beside_lists",
    "payments_differences",
    "payments_done_at",
    "payments_lost_time",
    "payments_pause_spans",
    "payments_returned_unpaid",
    "payments_units_done",
)
# Columns of text that hold codes, as job:12, pause:5, no_offers, USD or a hash, and never anybody's words.
CODES = frozenset({
    "governance.Case.ground", "governance.Case.scope", "governance.Motion.scope", "governance.Pause.scope",
    "governance.PauseRequest.scope", "governance.Restriction.scope", "payments.Account.currency",
    "payments.BankStatement.currency", "payments.CardPayment.currency", "payments.Deposit.currency",
    "payments.Entitlement.source", "payments.ExchangeQuote.currency", "payments.Move.currency",
    "payments.Payout.currency", "payments.Purchase.currency", "payments.RailEvent.currency", "payments.Rate.currency",
    "payments.SealedStatement.digest", "payments.SealedStatement.month", "payments.SealedStatement.nonce",
})  # fmt: skip
# Of accounts nothing but when all sign-ins of one were ended.
OF_PEOPLE = ("id", "signed_out_at")
OPEN = (Audience.PUBLIC, Audience.MEMBERS, Audience.OFFICERS)

KNOWN = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)"


def let_read() -> bool:
    """Give the auditor's role, where there is one, its rights anew; the owner of the schema does this at migration."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [AUDITOR])
        (known,) = cursor.fetchone()
        if known:
            for statement in _statements():
                cursor.execute(statement)
    return bool(known)


def _statements() -> Iterator[str]:
    yield f"GRANT USAGE ON SCHEMA public TO {AUDITOR}"
    for function in FUNCTIONS:
        yield f"GRANT EXECUTE ON FUNCTION public.{function} TO {AUDITOR}"
    # Unicode's table of letters that look alike, by which kinds of work are compared (D5).
    yield f"GRANT SELECT ON public.payments_confusable TO {AUDITOR}"
    for view in VIEWS:
        yield f"GRANT SELECT ON public.{view} TO {AUDITOR}"
    yield f"GRANT SELECT ({', '.join(OF_PEOPLE)}) ON public.people_person TO {AUDITOR}"
    for model in _models():
        columns = ", ".join(f'"{name}"' for name in _columns(model))
        yield f"REVOKE ALL ON public.{model._meta.db_table} FROM {AUDITOR}"  # noqa: SLF001 - Django's own name
        if columns:
            yield f"GRANT SELECT ({columns}) ON public.{model._meta.db_table} TO {AUDITOR}"  # noqa: SLF001 - likewise


def _models() -> Iterator[type[models.Model]]:
    for app in APPS:
        yield from apps.get_app_config(app).get_models()
    yield from (apps.get_model(name) for name in OF_THE_WORK)


def _columns(model: type[models.Model]) -> list[str]:
    """Return the columns of a table that an auditor may read."""
    label, fields = model._meta.label, model._meta.concrete_fields  # noqa: SLF001 - Django's own names
    if label == "governance.Ballot":
        return list(OF_THE_BOX)
    audiences: dict[str, Audience] = getattr(model, "privacy_audiences", {})
    return [str(field.column) for field in fields if label in OF_THE_WORK or _may_see(field, audiences[field.name])]


def _may_see(field: "models.Field[object, object]", audience: Audience) -> bool:
    """Tell whether a column is no secret; what people wrote for a few readers is not the auditor's."""
    coded = bool(field.choices) or f"{field.model._meta.label}.{field.name}" in CODES  # noqa: SLF001 - Django's own
    words = isinstance(field, models.TextField | models.CharField | models.JSONField) and not coded
    return audience in OPEN if words else audience != Audience.NOBODY
