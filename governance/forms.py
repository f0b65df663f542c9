"""What the pages of the ground ask for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from coop.people.models import Person
from governance.models import Choice, PauseGround

LONGEST_TEXT = 3000


class Words(forms.Form):
    """A proposal in its author's words."""

    title = forms.CharField(
        label=_("The question"), max_length=140, help_text=_("One question that yes or no answers.")
    )
    text = forms.CharField(
        label=_("Why"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Say what is wrong now and what would be better. Nobody can change it after publishing."),
    )  # fmt: skip


class ChooseVote(forms.Form):
    """A choice on a ballot; none is made beforehand."""

    choice = forms.ChoiceField(label=_("Your vote"), choices=Choice, widget=forms.RadioSelect)


class CheckReceipt(forms.Form):
    """The words of a receipt."""

    words = forms.CharField(
        label=_("Receipt"), max_length=120, help_text=_("Six words, as acorn-river-mango-lamp-olive-drum."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip


class Leave(forms.Form):
    """The word by which a member leaves."""

    sure = forms.BooleanField(label=_("I want to leave the cooperative. What I earned stays mine."))


class AskPause(forms.Form):
    """What an officer must say to ask for a pause; the evidence stays with the officer, its hash is kept."""

    member = forms.EmailField(label=_("The member's e-mail"))
    ground = forms.ChoiceField(label=_("Ground"), choices=PauseGround, widget=forms.RadioSelect)
    job = forms.IntegerField(
        label=_("Only this job"), min_value=1, required=False,
        help_text=_("Its number. Leave empty only if nothing smaller works: then all new work is paused."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The member reads exactly this."),
    )  # fmt: skip
    evidence = forms.CharField(
        label=_("Evidence"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Keep it. Only its hash is stored: the same facts never carry a second pause."),
    )  # fmt: skip
    hours = forms.IntegerField(label=_("Hours"), min_value=1, max_value=72, initial=24, help_text=_("72 at most."))

    def clean_member(self) -> Person:
        """Return the person of this e-mail."""
        person = Person.objects.filter(email__iexact=self.cleaned_data["member"]).first()
        if person is None:
            raise forms.ValidationError(_("Nobody here has this e-mail."))
        return person

    def scope(self) -> str:
        """Return the scope: one job, or all new work."""
        job: Any = self.cleaned_data["job"]
        return f"job:{job}" if job else "work"
