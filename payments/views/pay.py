"""My pay: what is ready, what is being checked, each line, and payouts. Only the member themselves sees these pages."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coop import clock
from coop.people.views import me_of
from coop.refusals import Refused
from governance import pauses
from governance.models import Pause
from payments import capital, due, exchange, guarantee, owing, payouts, rails, repairs, runs, statements, unanswered
from payments.forms import AskPayout, PayIn
from payments.models import ExchangeQuote, Payout, PayoutState


@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Show a member's pay and every line of it."""
    person, at = me_of(request), clock.now()
    due.settle(person, at=at)
    summary = statements.summary(person, at)
    page = Paginator(statements.lines(person), 20).get_page(request.GET.get("page"))
    asked = Payout.objects.filter(person=person).select_related("sent_by").order_by("-id")[:5]
    latest = runs.dues(asked, at=at)
    shown = {
        "summary": summary,
        "page_obj": page,
        "entries": statements.entries(page.object_list, person),
        "payouts": latest,
        "holds": _holds(latest, at),
        "owed": owing.to(person),
        "refusal": payouts.refusal(person, summary.most),
        "shares": capital.shares_of(person)[:8],
        # Whoever holds no capital has none of these, or reads of them in the statements; most hold none.
        "interests": capital.interests_of(person)[:8] if summary.capital else [],
        "contributions": capital.contributions_of(person)[:8] if summary.capital else [],
    }
    return render(request, "payments/pay.html", shown)


def _holds(found: Iterable[tuple[Payout, datetime | None]], at: datetime) -> list[Pause]:
    """Return by which pauses officers hold some of these payouts; a query where one has not gone out."""
    waits = [payout.pk for payout, _due in found if payout.state == PayoutState.REQUESTED]
    held = pauses.holding(at) if waits else {}
    return [held[number] for number in waits if number in held]


@login_required
def pay_in(request: HttpRequest) -> HttpResponse:
    """Pay some of what one earned into one's own capital."""
    person, at = me_of(request), clock.now()
    form = PayIn(request.POST or None)
    if form.is_valid():
        try:
            capital.pay_in(person, form.cleaned_data["amount"], by=person, at=at)
        except Refused as refused:
            form.add_error("amount", str(refused.refusal))
        else:
            messages.success(request, _("Paid into your capital."))
            return redirect("payments:pay")
    ready = payouts.ready(person)
    refusal = capital.refusal(person, payouts.CENT)
    return render(request, "payments/pay_in.html", {"form": form, "ready": ready, "refusal": refusal})


@require_safe
@login_required
def weeks(request: HttpRequest) -> HttpResponse:
    """Show what one's weeks came to by the hour, and what each lacked to the floor."""
    return render(request, "payments/weeks.html", {"weeks": guarantee.weeks(me_of(request), most=52)})


@require_safe
@login_required
def back_pay(request: HttpRequest) -> HttpResponse:
    """Show each number of what one is paid as repair, so that one can do the sum again (7.10)."""
    person = me_of(request)
    shown = {"repairs": repairs.of(person), "returned": repairs.returned(person)}
    return render(request, "payments/repairs.html", shown)


@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a payout."""
    person, at = me_of(request), clock.now()
    due.settle(person, at=at)
    most, ways = payouts.most(person), payouts.ways(person, at=at)
    form = AskPayout(request.POST or None, most=most, ways=ways)
    if form.is_valid():
        try:
            return _asked(request, **form.cleaned_data)
        except Refused as refused:
            form.add_error("amount", str(refused.refusal))
    shown = {"form": form, "most": most, "ways": ways, "refusal": payouts.refusal(person, most)}
    return render(request, "payments/ask.html", shown)


def _asked(request: HttpRequest, *, amount: Decimal, rail: str, key: UUID) -> HttpResponse:
    """Ask for a payout; tell first what arrives where that is another currency."""
    person, at = me_of(request), clock.now()
    if rails.of(rail).currency != exchange.USD:
        return redirect("payments:told", payouts.told(person, amount=amount, rail=rail, by=person, at=at).pk)
    asked = payouts.request(person, amount=amount, rail=rail, key=key, by=person, at=at)
    messages.success(request, _("You asked for your money. It is not counted as ready any more."))
    return redirect("payments:payout", asked.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def told(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what one's US dollars become, and ask for it."""
    person, at = me_of(request), clock.now()
    quote = get_object_or_404(ExchangeQuote, pk=pk, person=person)
    if request.method == "POST":
        asked = payouts.request_told(quote, by=person, at=at)
        messages.success(request, _("You asked for your money. It is not counted as ready any more."))
        return redirect("payments:payout", asked.pk)
    way = next((one for one in payouts.ways(person, at=at) if one.rail.name == quote.rail), None)
    shown = {"quote": quote, "way": way, "refusal": payouts.refusal_of_told(quote, at=at)}
    return render(request, "payments/told.html", shown)


@require_safe
@login_required
def payout(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where a payout of one's own stands and who holds the money."""
    found = get_object_or_404(
        Payout.objects.select_related("sent_by", "settled_by", "quote", "run"), pk=pk, person=me_of(request)
    )
    at = clock.now()
    shown = {"payout": found, "due": runs.due_by(found, at=at), "hold": pauses.held(found.pk, at)}
    return render(request, "payments/payout.html", shown | unanswered.told(found))
