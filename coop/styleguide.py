"""The styleguide: every part of the pages in every state, on one page that people and checks look at."""

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from coop import clock
from coop.refusals import Refusal


class Sample(forms.Form):
    """One field of each kind, with and without errors."""

    name = forms.CharField(label=_("Name you want shown"), help_text=_("Other members see it."), max_length=60)
    zone = forms.ChoiceField(
        label=_("Time zone"), choices=[("Africa/Nairobi", "Nairobi"), ("America/Caracas", "Caracas")]
    )
    pay = forms.DecimalField(label=_("Pay per task, in US$"), max_digits=12, decimal_places=6, min_value=0)
    same = forms.ChoiceField(
        label=_("Is it the same product?"),
        choices=[("same", _("Same product")), ("other", _("Another product")), ("unsure", _("I cannot tell"))],
        widget=forms.RadioSelect,
    )
    topics = forms.MultipleChoiceField(
        label=_("Topics you do not want"),
        choices=[("health", _("Illness")), ("violence", _("Violence"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    why = forms.CharField(label=_("Why?"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    file = forms.FileField(label=_("Data as CSV or JSONL"), required=False)
    agree = forms.BooleanField(label=_("I have read my rights and duties"))


WRONG = {"name": "", "pay": "NaN", "why": "It has the same number, so it looks the same to me.", "topics": ["health"]}


def show(request: HttpRequest) -> HttpResponse:
    """Show every part in every state."""
    at = clock.now()
    shown = {
        "kinds": ["info", "money", "vote", "warn", "stop"],
        "form": Sample(auto_id="id_clean_%s"),
        "wrong": Sample(WRONG),
        "refusal": Refusal(
            _("You have asked for two payouts already today."), "E6", _("Ask again tomorrow, or write to an officer.")
        ),
        "slices": [
            (_("to members"), 84, "US$ 34,608.00", "money"),
            (_("costs of the cooperative"), 11, "US$ 4,532.00", "soft"),
            (_("reserve"), 5, "US$ 2,060.00", "vote"),
        ],
        "closes_at": at + timedelta(days=8, hours=2),
        "until": at + timedelta(minutes=57),
        "before": "Pay for comparing two answers is US$ 0.90 a task.",
        "after": "Pay for comparing two answers is US$ 0.95 a task, from 1 March.",
    }
    return render(request, "styleguide.html", shown)


urlpatterns = [path("styleguide/", show, name="styleguide")]
