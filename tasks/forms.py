"""What a client fills in: a new job, a file of tasks, a higher pay; and what a task page says of time."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from coop import door
from governance import parameters
from payments.forms import cents
from payments.founding import FOR_THE_HOUSE
from payments.models import WorkType
from tasks import content, files, jobs, shapes
from tasks.models import ReviewRule, Share, Topic
from tasks.webhooks import addresses

GUIDE = _("""\
## What we need


## Good answers


## Answers that are wrong, and why


## When in doubt

""")
CHECKS = [(rule.value, rule.label) for rule in (ReviewRule.MAJORITY, ReviewRule.PEER)]


class PayField(forms.DecimalField):
    """An amount of US$ for each answer: above zero, at most six decimal places, no NaN."""

    def __init__(self, **options: Any) -> None:
        """Set the bounds of a pay."""
        widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
        least = Decimal("0.000001")
        super().__init__(
            max_digits=11, decimal_places=6, min_value=least, max_value=jobs.PAY_MAX, widget=widget, **options
        )


def _often(topic: Topic) -> forms.ChoiceField:
    hint = _("What may upset. Members choose what they take; with any topic the pay is a fifth higher, for paid rests.")
    return forms.ChoiceField(
        label=topic.label, choices=[("", _("does not come up")), *Share.choices], required=False,
        help_text=hint if topic == Topic.VIOLENCE else "",
    )  # fmt: skip


class Draft(forms.Form):
    """A new job of one kind of work; its shape adds the fields of its own form."""

    title = forms.CharField(label=_("Title"), max_length=120, help_text=_("What members see on the board."))
    question = forms.CharField(label=_("Question"), max_length=500, help_text=_("Asked with every task."))
    guide = forms.CharField(
        label=_("Guide"),
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 14}),
        initial=GUIDE,
        help_text=_("How to do it, in Markdown. Members read it before they accept; it stays as it is once open."),
    )
    markdown = forms.BooleanField(
        label=_("The texts of the tasks are Markdown"), required=False, help_text=_("Formulas stand in $…$ or $$…$$.")
    )
    sensitivity = forms.CharField(
        label=_("What may upset"),
        max_length=200,
        required=False,
        help_text=_("In your own words, beside the topics above. Leave it empty if nothing."),
    )
    overlap = forms.IntegerField(
        label=_("Answers to each task"), min_value=1, max_value=jobs.OVERLAP_MAX, initial=3,
        help_text=_("By different members."),
    )  # fmt: skip
    review_rule = forms.ChoiceField(
        label=_("How answers are checked"), choices=CHECKS, initial=ReviewRule.MAJORITY, widget=forms.RadioSelect
    )
    minutes = forms.IntegerField(
        label=_("Time limit in minutes"), min_value=5, max_value=24 * 60, initial=60,
        help_text=_("From accepting a task to handing it in. Be generous: leaving is free, hurry costs quality."),
    )  # fmt: skip
    pay = PayField(label=_("Pay for each answer, in US$"))

    def __init__(self, *args: Any, work_type: WorkType, **kwargs: Any) -> None:
        """Draft a job of this kind of work, starting at its voted rate."""
        super().__init__(*args, **kwargs)
        self.work_type, self.shape = work_type, shapes.find(work_type.shape)
        self.fields.update(self.shape.fields() | {f"content_{topic}": _often(topic) for topic in Topic})
        topics = [f"content_{topic}" for topic in Topic]
        self.order_fields(["title", "question", *self.shape.fields(), "markdown", "guide", *topics, "sensitivity"])
        if not self.shape.agrees({}):
            self.fields["review_rule"].initial = ReviewRule.PEER
        if rate := jobs.voted_rate(work_type):
            self.fields["pay"].initial = rate.amount.normalize()
            self.fields["pay"].help_text = gettext("The members voted at least this. More brings answers sooner.")

    def answer_form(self) -> dict[str, Any]:
        """Return the job's form as its shape keeps it."""
        said = self.cleaned_data
        drawn = {"markdown": True} if said["markdown"] else {}
        return {"question": said["question"].strip(), **self.shape.written(said), **drawn}

    def facts(self) -> dict[str, Any]:
        """Return what `jobs.draft` takes."""
        data = self.cleaned_data
        named = {name: data[name] for name in ("title", "guide", "overlap", "pay", "review_rule", "sensitivity")}
        limit = timedelta(minutes=data["minutes"])
        shape = {"form": self.answer_form(), "content": self.content(), "time_limit": limit}
        return {"work_type": self.work_type, **shape, **named}

    def content(self) -> dict[str, str]:
        """Return the topics that were named, with how often each comes up."""
        said = {str(topic): self.cleaned_data.get(f"content_{topic}", "") for topic in Topic}
        return {topic: share for topic, share in said.items() if share}

    def clean_pay(self) -> Decimal:
        """Refuse less than the voted rate beside the field."""
        pay: Decimal = self.cleaned_data["pay"]
        if refusal := jobs.pay_refusal(self.work_type, pay, self.content()):
            raise forms.ValidationError(str(refusal))
        return pay

    def clean(self) -> dict[str, Any]:
        """Ask what the act asks."""
        if not self.errors:
            facts = self.facts()
            named = ("work_type", "title", "guide", "form", "overlap", "pay", "review_rule", "content")
            if refusal := jobs.draft_refusal(**{name: facts[name] for name in named}):
                self.add_error(next(iter(self.shape.fields()), None), str(refusal))
            if refusal := content.refusal(facts["content"], facts["sensitivity"]):
                self.add_error("sensitivity", str(refusal))
        return self.cleaned_data


class Data(forms.Form):
    """A file of tasks."""

    file = forms.FileField(label=_("File"), max_length=500, allow_empty_file=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say what a file may be."""
        super().__init__(*args, **kwargs)
        most = settings.DATASET_UPLOAD_MAX_BYTES // 1_000_000
        self.fields["file"].help_text = gettext(
            "CSV with a first line that names the columns, or JSONL with one object on each line; in UTF-8,"
            " at most %(most)d MB and 250,000 rows. A column “id” is your own number for a task."
            " Label Studio's JSON and COCO's are read too, with their predictions."
        ) % {"most": most}

    def given(self) -> "UploadedFile[bytes]":
        """Return the file."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        return file


class ManyFiles(forms.ClearableFileInput):
    """A field of files of which several can be chosen."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:  # noqa: ANN401 - Django's own
        """Return the list of files, at least one and at most a hundred."""
        if refusal := files.count_refusal(data or []):
            raise forms.ValidationError(str(refusal))
        return [forms.FileField.clean(self, one, initial) for one in data]


class Files(forms.Form):
    """Images, recordings and point clouds, each by itself or packed in a zip."""

    file = FilesField(label=_("Files"), max_length=500, allow_empty_file=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say what files may be."""
        super().__init__(*args, **kwargs)
        most = settings.DATASET_UPLOAD_MAX_BYTES // 1_000_000
        self.fields["file"].help_text = gettext(
            "At most 100 files, or a zip of 2,000; together at most %(most)d MB. Images: PNG, JPEG, WebP, BMP."
            " Recordings: WAV, FLAC, Ogg, MP3. Point clouds: KITTI .bin, PCD."
        ) % {"most": most}


class Raise(forms.Form):
    """A higher pay for each answer."""

    pay = PayField(label=_("New pay for each answer, in US$"))


class EngagedTime(forms.Form):
    """For how many seconds a task was worked at, until how many seconds ago; a day at most."""

    seconds = forms.IntegerField(min_value=1, max_value=86_400)
    ago = forms.IntegerField(min_value=0, max_value=86_400)


class PayIn(forms.Form):
    """How much a client wants to pay in."""

    amount = cents(_("Amount in US$"))


class Machine(forms.Form):
    """What the built-in machine does in a job."""

    orders = forms.BooleanField(
        label=_("Tasks it doubts most come first"), required=False,
        help_text=_("With the same number of answers it then knows more of the rest."),
    )  # fmt: skip
    shows = forms.BooleanField(
        label=_("Members start from its guess"), required=False,
        help_text=_("Marked as a machine's. They are paid alike, whether they change it or not."),
    )  # fmt: skip


class NewRelease(forms.Form):
    """How a version of a data set is split; all of it is for training where nothing is said."""

    validation = forms.IntegerField(label=_("For validation, of a hundred"), min_value=0, max_value=50, initial=0)
    test = forms.IntegerField(label=_("For testing, of a hundred"), min_value=0, max_value=49, initial=0)

    def splits(self) -> dict[str, int]:
        """Return the splits with their hundredths, those of nothing left out."""
        shares = {name: self.cleaned_data[name] for name in ("validation", "test") if self.cleaned_data[name]}
        return {"train": 100 - sum(shares.values()), **shares}


class Withdrawing(forms.Form):
    """Which items later versions leave out, and why."""

    names = forms.CharField(
        label=_("Items, by your own ids, one on each line"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    reason = forms.CharField(label=_("Why"), max_length=500)

    def clean_names(self) -> list[str]:
        """Return the ids that say something, each once."""
        return list(dict.fromkeys(name.strip() for name in self.cleaned_data["names"].splitlines() if name.strip()))


class ChooseAlerts(forms.Form):
    """Of which new work somebody wants letters."""

    wanted = forms.BooleanField(label=_("Write to me about new work"), required=False)
    kinds = forms.MultipleChoiceField(
        label=_("Of these kinds of work"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: of any kind."),
    )  # fmt: skip
    least_hourly = forms.DecimalField(
        label=_("That makes at least so much an hour, in US$"), min_value=0, max_value=1000, decimal_places=2,
        required=False,
    )  # fmt: skip
    from_hour = forms.IntegerField(
        label=_("Not before"), min_value=0, max_value=23, help_text=_("Hour of the day where you live, 0 to 23.")
    )
    until_hour = forms.IntegerField(label=_("Not after"), min_value=1, max_value=24)
    most_a_day = forms.IntegerField(label=_("At most so many letters a day"), min_value=1, max_value=10)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the kinds of work."""
        super().__init__(*args, **kwargs)
        kinds = WorkType.objects.exclude(slug__in=FOR_THE_HOUSE).order_by("name")
        self.fields["kinds"].choices = [(kind.pk, str(kind)) for kind in kinds]  # type: ignore[attr-defined]

    def clean_kinds(self) -> list[int]:
        """Return the numbers of the kinds of work."""
        return [int(kind) for kind in self.cleaned_data["kinds"]]

    def clean(self) -> dict[str, Any]:
        """Refuse hours that end before they begin."""
        if not self.errors and self.cleaned_data["from_hour"] >= self.cleaned_data["until_hour"]:
            self.add_error("until_hour", _("Later than the hour before."))
        return self.cleaned_data


class ChooseContent(forms.Form):
    """With which topics somebody takes work, and for how long of a day."""

    topics = forms.MultipleChoiceField(
        label=_("I take work that may show"), choices=Topic.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    minutes = forms.IntegerField(
        label=_("For at most so many minutes of 24 hours"), min_value=1, required=False
    )  # fmt: skip

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        """Say what the most is."""
        super().__init__(*args, **kwargs)
        most = parameters.value("exposure_minutes", at)
        field = self.fields["minutes"]
        field.widget.attrs["max"], field.help_text = (
            most,
            gettext("Empty: %(most)s, the most that members voted.") % {"most": most},
        )
        field.validators.append(MaxValueValidator(most))


class NewWebhook(forms.Form):
    """Where a client's programs hear of what happened."""

    url = forms.CharField(
        label=_("Address"), max_length=door.LONGEST_ADDRESS, help_text=_("Of your server, as https://example.com/hook.")
    )
    kinds = forms.MultipleChoiceField(
        label=_("Of what it is told"),
        choices=tuple(addresses.KINDS.items()),
        widget=forms.CheckboxSelectMultiple,
        initial=["task.completed"],
    )
