"""The ways out of the care fund and the education fund, into what a member has earned (kind 41).

Care is paid by rule, at once: whoever worked in the last 91 days takes so much in so many days for help of their own
choice. Nobody is asked why and no officer looks at it. Education is asked for with what is to be learnt, and paid when
two officers agree. How much each fund gives, and in how many days, is voted (kind `support` of the registry): until a
vote says otherwise 100 US dollars in 91 days for care, 500 in 365 for education. The database keeps to the same
(`support_keeps_to_its_bounds`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from governance import offices
from governance.models import Office
from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.models import Support, SupportAnswer, Supporting
from payments.money import from_micro, to_micro
from payments.templatetags.money import money

AGREE = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """What a fund gives each: `most` US dollars `within` a time."""

    most: Decimal
    within: timedelta


def terms(fund: Supporting) -> Terms:
    """Return what a fund gives each by the latest vote."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT micro, days FROM payments_support_terms(%s)", [fund.value])
        micro, days = cursor.fetchone()
    return Terms(from_micro(micro), timedelta(days=days))


def left(person: Person, fund: Supporting, *, terms: Terms | None = None) -> Decimal:
    """Return how much a person can ask of a fund now, in US dollars: nothing without paid work in the last 91 days.

    By the terms in force, or by others that a vote could bring.
    """
    micro, days = (to_micro(terms.most), terms.within.days) if terms else (None, None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_support_left(%s, %s, %s, %s)", [person.pk, fund.value, micro, days])
        return from_micro(int(cursor.fetchone()[0]))


def refusal(person: Person, fund: Supporting, amount: Decimal) -> Refusal | None:
    """Say why a person cannot ask so much of a fund now; None if they can."""
    room = left(person, fund)
    if not 0 < amount <= room:
        words = _("You can ask for %(most)s now: up to %(all)s in %(days)s days, after paid work in the last 91.")
        given = terms(fund)
        facts = {"most": money(room, "USD"), "all": money(given.most, "USD"), "days": given.within.days}
        return Refusal(words % facts, "N11", status=409)
    return _short(fund, amount, _("A budget can fill it.")) if fund == Supporting.CARE else None


def _short(fund: Supporting, amount: Decimal, way: str = "") -> Refusal | None:
    """Say that a fund has less than this, and what can be done; None if it has enough."""
    if amount > (has := ledger.balance(accounts.fund(fund))):
        care = fund == Supporting.CARE
        words = _("The care fund has %(sum)s now.") if care else _("The education fund has %(sum)s now.")
        return Refusal(words % {"sum": money(has, "USD")}, "N11", way, status=409)
    return None


@transaction.atomic
def ask_care(amount: Decimal, *, by: Person, at: datetime) -> Support:
    """Pay a member for help of their own choice, at once (kind 41, fund:care to member:payable). Key `support:<id>`.

    Raises Refused beyond what is left for them, and beyond what the fund has.
    """
    refuse_if(refusal(by, Supporting.CARE, amount))
    asked = _ask(Supporting.CARE, amount, "", by, at)
    _pay(asked, at, _("A budget can fill it."))
    return asked


@transaction.atomic
def ask_education(amount: Decimal, words: str, *, by: Person, at: datetime) -> Support:
    """Ask the education fund for a member; two officers answer. Raises Refused beyond what is left for them."""
    refuse_if(refusal(by, Supporting.EDUCATION, amount))
    asked = _ask(Supporting.EDUCATION, amount, words, by, at)
    events.write("support.asked", by=None, subject=f"support:{asked.pk}", at=at)
    return asked


def _ask(fund: Supporting, amount: Decimal, words: str, by: Person, at: datetime) -> Support:
    try:
        return Support.objects.create(person=by, fund=fund, amount=amount, words=words, at=at)
    except IntegrityError as error:
        if guard_of(error) != "support_keeps_to_its_bounds":
            raise
        raise Refused(Refusal(_("Somebody asked for this in your name this moment."), "N11", status=409)) from error


def _pay(asked: Support, at: datetime, way: str = "") -> None:
    ref = f"support:{asked.pk}"
    source, target = accounts.fund(asked.fund), accounts.payable(asked.person_id)
    # Somebody may have been faster; from here on nobody else takes from the fund.
    ledger.hold(("USD", code) for code in (source, target))
    refuse_if(_short(Supporting(asked.fund), asked.amount, way))
    ledger.post(Line(Kind.SUPPORT, source, target, asked.amount, ref, ref), journal=ref, at=at)
    # The record is public: that a fund paid, not whom.
    events.write("support.paid", by=None, subject=ref, at=at)


def refusal_to_pay_skip(amount: Decimal) -> Refusal | None:
    """Say that the care fund has too little for a skip of so much; None if it has enough."""
    return _short(Supporting.CARE, amount, _("You can skip it without pay at any time."))


def pay_skip(assignment: int, person: Person, amount: Decimal, *, at: datetime) -> None:
    """Pay a skip of what may upset (kind 41, fund:care to member:payable). Key `skip:<assignment>`."""
    ref = f"skip:{assignment}"
    ledger.post(Line(Kind.SUPPORT, accounts.CARE, accounts.payable(person.pk), amount, ref, ref), journal=ref, at=at)


def waiting() -> QuerySet[Support]:
    """Return what members asked of the education fund and is not decided, the oldest first."""
    agreed = Count("answers", filter=Q(answers__agrees=True))
    asked = Support.objects.filter(fund=Supporting.EDUCATION).exclude(answers__agrees=False)
    return asked.annotate(agreed=agreed).filter(agreed__lt=AGREE).select_related("person").order_by("pk")


def of(person: Person) -> QuerySet[Support]:
    """Return what a person asked of funds, newest first, with what officers answered."""
    return Support.objects.filter(person=person).prefetch_related("answers__office__person").order_by("-pk")


def refusal_to_answer(asked: Support, *, agrees: bool, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot answer now; None if they can. The database asks the same."""
    if not offices.handles_money(by, at) or by.person_id == asked.person_id:
        return Refusal(_("The treasurer and the secretary answer, and nobody for themselves."), "D8")
    if asked.answers.filter(office__person_id=by.person_id).exists() or asked.answers.filter(agrees=False).exists():
        return Refusal(_("You have answered, or it is decided."), status=409)
    last = asked.answers.count() + 1 == AGREE
    return _short(Supporting.EDUCATION, asked.amount) if agrees and last else None


@transaction.atomic
def answer(asked: Support, *, agrees: bool, words: str = "", by: Office, at: datetime) -> SupportAnswer:
    """Answer a member who asked the education fund; the second officer who agrees pays it. A no has its reason."""
    refuse_if(refusal_to_answer(asked, agrees=agrees, by=by, at=at))
    said = SupportAnswer.objects.create(support=asked, office=by, agrees=agrees, words=words, at=at)
    events.write("support.answered", by=by.person, subject=f"support:{asked.pk}", at=at)
    if asked.answers.filter(agrees=True).count() == AGREE:
        _pay(asked, at)
    return said
