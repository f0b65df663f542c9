"""What the pages of the ground ask for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from coop.people.models import Person
from governance import options, pauses, reporting
from governance.models import (
    LONGEST_MESSAGE,
    LONGEST_STATEMENT,
    Choice,
    Message,
    MessageReport,
    Method,
    Outcome,
    PauseGround,
    Pressure,
    Proposal,
    Reach,
    ReportGround,
    Topic,
)
from governance.models.reports import LONGEST_QUOTE, LONGEST_WORDS
from governance.options import ABSTAIN, Offered

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
    """A choice on a ballot by yes or no; none is made beforehand."""

    choice = forms.ChoiceField(label=_("Your vote"), choices=Choice, widget=forms.RadioSelect)

    def said(self) -> str:
        """Return what the ballot says."""
        return str(self.cleaned_data["choice"])


class ApproveOptions(forms.Form):
    """A ballot by approval: any number of options, or none of them by abstaining."""

    approved = forms.MultipleChoiceField(
        label=_("Your vote"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick everything you can live with. What most can live with is decided on."),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None, *, lines: Sequence[Offered]) -> None:
        """Offer the lines of the ballot."""
        super().__init__(data)
        self.fields["approved"].choices = [  # type: ignore[attr-defined]
            *((str(line.position), line.title) for line in lines), (ABSTAIN, Choice.ABSTAIN.label),
        ]  # fmt: skip

    def clean_approved(self) -> list[str]:
        """Return what was ticked; abstaining goes with nothing else."""
        ticked: list[str] = self.cleaned_data["approved"]
        if ABSTAIN in ticked and len(ticked) > 1:
            raise forms.ValidationError(_("Whoever abstains ticks nothing else."))
        return ticked

    def said(self) -> str:
        """Return what the ballot says."""
        ticked = self.cleaned_data["approved"]
        return ABSTAIN if ticked == [ABSTAIN] else ",".join(sorted(ticked, key=int))


class RankOptions(forms.Form):
    """A ballot in order of preference: a place for each option that the voter wants to place, or abstaining."""

    abstain = forms.BooleanField(label=_("I abstain"), required=False)

    def __init__(self, data: QueryDict | None, *, lines: Sequence[Offered]) -> None:
        """Offer a place for each option; as many places as options."""
        super().__init__(data)
        places = [("", _("no place")), *((str(place), str(place)) for place in range(1, len(lines) + 1))]
        asked = {
            f"place_{line.position}": forms.ChoiceField(label=line.title, choices=places, required=False)
            for line in lines
        }
        self.fields = asked | self.fields

    def _placed(self) -> list[tuple[int, str]]:
        """Return (place, position) of what was placed, best first."""
        return sorted(
            (int(place), name.removeprefix("place_"))
            for name, place in self.cleaned_data.items()
            if name.startswith("place_") and place
        )

    def clean(self) -> dict[str, Any]:
        """Return what was chosen: places that nobody shares, or abstaining."""
        placed = self._placed()
        if bool(placed) == bool(self.cleaned_data.get("abstain")):
            raise forms.ValidationError(_("Give at least one of them a place, or abstain."))
        if len({place for place, _position in placed}) < len(placed):
            raise forms.ValidationError(_("Give each place once: 1 to the one you want most, then 2."))
        return self.cleaned_data

    def said(self) -> str:
        """Return what the ballot says."""
        return ",".join(position for _place, position in self._placed()) or ABSTAIN


def ballot_form(
    proposal: Proposal, data: QueryDict | None, *, voter: Person
) -> ChooseVote | ApproveOptions | RankOptions:
    """Return the form of a vote's ballot, its lines in the voter's own order."""
    how = options.method(proposal)
    if how == Method.YES_NO:
        return ChooseVote(data)
    form = ApproveOptions if how == Method.APPROVAL else RankOptions
    return form(data, lines=options.in_order_for(proposal, voter))


class CheckReceipt(forms.Form):
    """The words of a receipt."""

    words = forms.CharField(
        label=_("Receipt"), max_length=120, help_text=_("Six words, as acorn-river-mango-lamp-olive-drum."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip


class Leave(forms.Form):
    """The word by which a member leaves."""

    pressure = forms.ChoiceField(
        label=_("Did anybody tell you to leave, or threaten you?"), choices=Pressure, widget=forms.RadioSelect,
        help_text=_("If so, a case opens and the cooperative has to explain it: its officers read it until one has."),
    )  # fmt: skip
    sure = forms.BooleanField(label=_("I want to leave the cooperative. What I earned stays mine."))


class AskPause(forms.Form):
    """What an officer must say to ask for a pause; the evidence stays with the officer, its hash is kept."""

    member = forms.EmailField(label=_("The member's e-mail"))
    ground = forms.ChoiceField(label=_("Ground"), choices=PauseGround, widget=forms.RadioSelect)
    published_in = forms.CharField(
        label=_("Where the order was published"), max_length=200, required=False,
        help_text=_("Only for a legal order: where everybody can read it, as an address, or a gazette and its number."),
    )  # fmt: skip
    published_on = forms.DateField(
        label=_("When it was published"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    reach = forms.ChoiceField(
        label=_("What stops"), choices=Reach, widget=forms.RadioSelect,
        help_text=_("The first that is enough: the smallest stands first."),
    )  # fmt: skip
    number = forms.IntegerField(
        label=_("Its number"), min_value=1, max_value=10**18 - 1, required=False,
        help_text=_("Of the payout, or of the job; for a project or a kind of work, of one of its jobs."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The member reads exactly this."),
    )  # fmt: skip
    evidence = forms.CharField(
        label=_("Evidence"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Keep it. Only its hash is stored: the same facts never carry a second pause."),
    )  # fmt: skip

    def __init__(self, *args: Any, longest: int, **kwargs: Any) -> None:
        """Ask for as many hours as an emergency lasts now, or fewer."""
        super().__init__(*args, **kwargs)
        self.fields["hours"] = forms.IntegerField(
            label=_("Hours"), min_value=1, max_value=longest, initial=min(24, longest),
            help_text=_("%(hours)s at most.") % {"hours": longest},
        )  # fmt: skip

    def clean_member(self) -> Person:
        """Return the person of this e-mail."""
        person = Person.objects.filter(email__iexact=self.cleaned_data["member"]).first()
        if person is None:
            raise forms.ValidationError(_("Nobody here has this e-mail."))
        return person

    def clean(self) -> dict[str, Any]:
        """Add the scope that was chosen, or the error that there is no such thing, and the order where one is named."""
        said = super().clean() or self.cleaned_data
        said["scope"] = pauses.scope_of(said.get("reach", ""), said.get("number"))
        if said["scope"] is None and "reach" in said:
            self.add_error("number", _("There is no such payout or job, or the job is of no project."))
        where, when = said.get("published_in", ""), said.get("published_on")
        said["order"] = pauses.Order(where, when) if where and when else None
        return said


class Write(forms.Form):
    """A message."""

    text = forms.CharField(
        label=_("Your words"), max_length=LONGEST_MESSAGE, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Markdown: *leaning*, **strong**, lists, links. What you send stays; you can add a correction."),
    )  # fmt: skip


class ReportMessage(forms.Form):
    """A report of a message to the officers."""

    ground = forms.ChoiceField(label=_("What the law forbids here"), choices=ReportGround, widget=forms.RadioSelect)
    quote = forms.CharField(
        label=_("The words it is about"), max_length=LONGEST_QUOTE,
        help_text=_("A few of them, copied exactly as they stand in the message."),
    )  # fmt: skip
    words = forms.CharField(
        label=_("Why"), max_length=LONGEST_WORDS, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Officers read this. The author reads the ground and the quote, and not who you are."),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None, *, message: Message) -> None:
        """Ask about one message."""
        super().__init__(data)
        self.message = message

    def clean_quote(self) -> str:
        """Return the quote when it stands in the message."""
        quote: str = self.cleaned_data["quote"]
        if not reporting.quotes(self.message, quote):
            raise forms.ValidationError(_("These words do not stand in the message. Copy them exactly."))
        return quote


class AnswerReport(forms.Form):
    """What an officer answers to a report."""

    outcome = forms.ChoiceField(label=_("What follows"), widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("Reasons"), max_length=LONGEST_WORDS, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The author and the reporter read exactly this."),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None, *, report: MessageReport) -> None:
        """Offer what can follow; to withhold only where part 6 knows the ground."""
        super().__init__(data)
        allowed = [it for it in Outcome if it != Outcome.WITHHOLD or report.ground == ReportGround.CHILD_ABUSE]
        self.fields["outcome"].choices = [(it.value, it.label) for it in allowed]  # type: ignore[attr-defined]


class OpenThread(Write):
    """A thread of its own, with its first message."""

    topic = forms.ChoiceField(label=_("About"), choices=Topic, widget=forms.RadioSelect)
    title = forms.CharField(label=_("Title"), max_length=140)
    field_order = ["topic", "title", "text"]


class Search(forms.Form):
    """Words to find in the assembly."""

    q = forms.CharField(label=_("Find"), max_length=200, widget=forms.TextInput(attrs={"type": "search"}))
    page = forms.IntegerField(min_value=1, max_value=1000, required=False, widget=forms.HiddenInput)


class ChooseLetters(forms.Form):
    """Which letters a person wants, and when not."""

    proposals = forms.BooleanField(label=_("In the morning: new proposals"), required=False)
    replies = forms.BooleanField(label=_("In the morning: what others wrote after me in a thread"), required=False)
    reminders = forms.BooleanField(
        label=_("Once, three days before a vote closes, if I have not voted yet"), required=False
    )
    quiet_from = forms.IntegerField(
        label=_("Quiet from"), min_value=0, max_value=23, help_text=_("Hour of the day where you live, 0 to 23.")
    )
    quiet_until = forms.IntegerField(
        label=_("Quiet until"), min_value=0, max_value=23, help_text=_("The morning letter comes after this hour.")
    )


class AnswerRecall(forms.Form):
    """What an officer says to those who would recall them."""

    text = forms.CharField(
        label=_("Your answer"), max_length=LONGEST_STATEMENT, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Up to 1,200 characters, shown beside the question. You can add another until the vote opens."),
    )  # fmt: skip


class Stand(forms.Form):
    """What a candidate says; the same room for everybody."""

    statement = forms.CharField(
        label=_("Why you"), max_length=LONGEST_STATEMENT, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("1,200 characters for everybody, shown side by side."),
    )  # fmt: skip
