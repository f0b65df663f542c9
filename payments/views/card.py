"""The rate card, open to everybody: what each kind of work pays, since when, by which vote."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from coop import clock
from payments import raises, rates, registry
from payments.models import WorkType


@require_safe
def rates_in_force(request: HttpRequest) -> HttpResponse:
    """Show every kind of work with its rate in force and the fee on top."""
    return render(request, "payments/rates.html", {"rows": rates.card(), "fee": rates.fee_now()})


@require_safe
def rate(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every rate a kind of work ever had, and the mandate behind each."""
    work_type = get_object_or_404(WorkType, slug=slug)
    past = rates.history(work_type)
    time = rates.measured_time(work_type, past[0])
    shown = {"work_type": work_type, "row": rates.Row(past[0], time), "steps": rates.steps(past)}
    shown["raises"] = raises.of(work_type, clock.now())
    return render(request, "payments/rate.html", shown)


@require_safe
def instruments(request: HttpRequest) -> HttpResponse:
    """Show everything else that pay and access go by: version, day, vote, and what it changed."""
    return render(request, "payments/instruments.html", {"entries": registry.entries()})
