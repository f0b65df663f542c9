"""What the pages of cases and panels ask for."""

from datetime import UTC, date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from coop.people.models import Person
from governance import cases, decisions, folding, receipts, standing
from governance.models import CHARGED, Bylaw, Case, CaseGround, Evidence, Measure, Message, NeverAGround, Panel

LONG = forms.Textarea(attrs={"rows": 5})
GROUNDS = [(_("Grounds"), CaseGround.choices), (_("Never a ground: the form refuses these"), NeverAGround.choices)]
FIRST_WORDS = 80
LONGEST = {Measure.LIMIT: 30, Measure.PAUSE: 60, Measure.PROLONG: 14, Measure.OBJECTION: 90}
STEPS = [(measure.value, measure.label) for measure in CHARGED]


def _day(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=UTC)


class Reach(forms.Form):
    """How far a measure reaches: which job or tier, or speech, and how long."""

    job = forms.IntegerField(
        label=_("Only this job (its number)"), min_value=1, required=False, help_text=_("For a limit of one job.")
    )
    tier = forms.RegexField(
        label=_("Or only this tier of work"), regex=r"^[a-z0-9_-]{1,30}$", required=False,
        help_text=_("As the rate card names it: general, writing."),
    )  # fmt: skip
    mute = forms.BooleanField(label=_("Writing in the assembly, instead of a job"), required=False)
    days = forms.IntegerField(
        label=_("Days"), min_value=0, max_value=90, initial=0, required=False,
        help_text=_("A limit lasts 30 days at most, a pause 60, an objection to membership 90. Nothing else has days."),
    )  # fmt: skip

    def reach(self, measure: str) -> dict[str, Any]:
        """Return scope and days of a measure as it was filled in."""
        said = self.cleaned_data
        if measure == Measure.LIMIT:
            return {"scope": self._limited(), "days": said["days"] or 0}
        if measure in {Measure.PAUSE, Measure.PROLONG}:
            return {"scope": "work", "days": said["days"] or 0}
        if measure == Measure.OBJECTION:
            return {"scope": standing.MEMBERSHIP, "days": said["days"] or 0}
        return {"scope": "", "days": 0}

    def _limited(self) -> str:
        """Return what a limit closes: the smallest that was named, nothing when none was."""
        said = self.cleaned_data
        tier = f"tier:{said['tier']}" if said.get("tier") else ""
        return "mute" if said["mute"] else f"job:{said['job']}" if said["job"] else tier

    def check_reach(self, measure: str) -> None:
        """Add the error of a limit or a pause that does not say how far it reaches."""
        reach = self.reach(measure)
        most = LONGEST.get(Measure(measure), 0)
        if most and not 1 <= reach["days"] <= most:
            self.add_error("days", _("Say for how many days: at most %(most)d.") % {"most": most})
        if measure == Measure.LIMIT and not reach["scope"]:
            self.add_error("job", _("Say which job or tier, or choose the assembly."))


class Lot(forms.Form):
    """Words for a part of the lot; they are kept by their owner until they are opened."""

    words = forms.CharField(
        label=_("Your words for the lot"), max_length=200, initial=receipts.new,
        help_text=_("Write them down now: you open your part of the lot with them. We keep only their seal."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip


class OpenLot(forms.Form):
    """The words that were sealed."""

    words = forms.CharField(label=_("Your words for the lot"), max_length=200)


class OpenCase(Lot, Reach):
    """A charge in writing."""

    member = forms.EmailField(label=_("The member's e-mail"))
    ground = forms.ChoiceField(label=_("What it is about"), choices=GROUNDS)
    bylaw = forms.ModelChoiceField(label=_("Which rule"), queryset=Bylaw.objects.none())
    facts = forms.CharField(
        label=_("What happened"), max_length=5000, widget=LONG, help_text=_("The member reads exactly this.")
    )
    first = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    evidence_name = forms.CharField(label=_("Evidence: what it is"), max_length=120)
    evidence = forms.CharField(
        label=_("Evidence: its words"), max_length=20_000, widget=LONG,
        help_text=_(
            "More can follow for 48 hours. What is not in the file then cannot be used. Name a message of the assembly"
            " by the number in its address, as message:12: only then may the panel fold it."
        ),
    )  # fmt: skip
    measure = forms.ChoiceField(label=_("What should follow"), choices=STEPS)
    remedy = forms.CharField(label=_("How the member can put it right"), max_length=2000, widget=LONG)
    field_order = ("member", "ground", "bylaw", "facts", "first", "last", "evidence_name", "evidence", "measure", "job",
                   "tier", "mute", "days", "remedy", "words")  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the rules of conduct in force."""
        super().__init__(*args, **kwargs)
        field = self.fields["bylaw"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - it is declared above
        field.queryset = Bylaw.objects.filter(pk__in=[bylaw.pk for bylaw in cases.bylaws()])
        field.label_from_instance = lambda obj: f"{obj.key}: {_(obj.title)}"  # type: ignore[method-assign]

    def clean_member(self) -> Person:
        """Return the person of this e-mail."""
        person = Person.objects.filter(email__iexact=self.cleaned_data["member"]).first()
        if person is None:
            raise forms.ValidationError(_("Nobody here has this e-mail."))
        return person

    def clean(self) -> dict[str, Any]:
        """Look at scope and days beside the measure."""
        said = super().clean() or self.cleaned_data
        if "measure" in said and "job" in said and "days" in said:
            self.check_reach(said["measure"])
        return said

    def charge(self, at: datetime, **capacity: Any) -> cases.Charge:
        """Return the charge as it was filled in."""
        said = self.cleaned_data
        return cases.Charge(
            ground=said["ground"], bylaw=said["bylaw"], facts=said["facts"],
            happened_from=_day(said["first"], time.min), happened_until=min(_day(said["last"], time.max), at),
            measure=Measure(said["measure"]), remedy=said["remedy"],
            evidence=((said["evidence_name"], said["evidence"]),), **self.reach(said["measure"]), **capacity,
        )  # fmt: skip


class Words(forms.Form):
    """Something to be written into a case."""

    text = forms.CharField(label=_("Your words"), max_length=10_000, widget=LONG)


class Piece(forms.Form):
    """A piece of evidence."""

    name = forms.CharField(label=_("What it is"), max_length=120)
    text = forms.CharField(label=_("Its words"), max_length=20_000, widget=LONG)


class Messages(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # takes no parameter at run time
    """Messages of the assembly, each by its number and first words."""

    def label_from_instance(self, obj: Message) -> str:
        """Return how a message is known."""
        return f"message:{obj.pk}: {obj.text[:FIRST_WORDS]}"


class Move(Reach):
    """A decision as a member of a panel would have it."""

    measure = forms.ChoiceField(label=_("What follows"), widget=forms.RadioSelect)
    reasons = forms.CharField(label=_("Reasons"), max_length=10_000, min_length=20, widget=LONG)
    evidence = forms.ModelMultipleChoiceField(
        label=_("Evidence it rests on"), queryset=Evidence.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("Only what was shown in time stands here."),
    )  # fmt: skip
    folds = Messages(
        label=_("Messages to fold"), queryset=Message.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Named by evidence you tick above. Folded, a message is still read with one press."),
    )  # fmt: skip
    rebuttal = forms.CharField(
        label=_("Why this is no retaliation"), max_length=5000, required=False, widget=LONG,
        help_text=_("Needed where the member did something protected in the 180 days before."),
    )  # fmt: skip
    field_order = ("measure", "job", "tier", "mute", "days", "reasons", "evidence", "folds", "rebuttal")

    def __init__(self, *args: Any, panel: Panel, **kwargs: Any) -> None:
        """Offer what this panel may decide and cite."""
        super().__init__(*args, **kwargs)
        measure, evidence = self.fields["measure"], self.fields["evidence"]
        assert isinstance(measure, forms.ChoiceField)  # noqa: S101 - they are declared above
        assert isinstance(evidence, forms.ModelMultipleChoiceField)  # noqa: S101 - likewise
        measure.choices = [(choice.value, choice.label) for choice in decisions.choices(panel)]
        evidence.queryset = panel.case.evidence.filter(citable=True).order_by("pk")
        self._offer_folds([message.pk for message in folding.foldable(panel)])

    def _offer_folds(self, numbers: list[int]) -> None:
        """Offer what may be folded; where there is nothing, the question is not asked."""
        if not numbers:
            del self.fields["folds"]
            return
        folds = self.fields["folds"]
        assert isinstance(folds, Messages)  # noqa: S101 - it is declared above
        folds.queryset = Message.objects.filter(pk__in=numbers).order_by("pk")

    def clean(self) -> dict[str, Any]:
        """Look at scope and days beside the measure."""
        said = super().clean() or self.cleaned_data
        if "measure" in said and "job" in said and "days" in said:
            self.check_reach(said["measure"])
        return said

    def finding(self, case: Case) -> decisions.Finding:
        """Return the finding as it was filled in; a prolonged pause keeps the scope it has."""
        said = self.cleaned_data
        reach = self.reach(said["measure"])
        if said["measure"] == Measure.PROLONG:
            reach["scope"] = case.scope
        return decisions.Finding(
            measure=Measure(said["measure"]), reasons=said["reasons"], evidence=tuple(said["evidence"]),
            rebuttal=said["rebuttal"], folds=tuple(said.get("folds", ())), **reach,
        )  # fmt: skip


class Hear(forms.Form):
    """A hearing that was held."""

    minutes = forms.IntegerField(label=_("How many minutes it took, until now"), min_value=1, max_value=480)
    text = forms.CharField(label=_("What was said"), max_length=10_000, widget=LONG)


class Prolong(Lot):
    """Why an emergency pause should go on."""

    facts = forms.CharField(label=_("Why it must go on"), max_length=5000, widget=LONG)
    field_order = ("facts", "words")
