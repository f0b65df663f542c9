"""What a client fills in: a file of tasks, a higher pay, a version; and what a task page says of time."""

from datetime import datetime
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
from payments import founding
from payments.forms import cents
from tasks import files, jobs, questions
from tasks.models import Topic
from tasks.webhooks import addresses


class PayField(forms.DecimalField):
    """An amount of US$ for each answer: above zero, at most six decimal places, no NaN."""

    def __init__(self, **options: Any) -> None:
        """Set the bounds of a pay."""
        widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
        least = Decimal("0.000001")
        super().__init__(
            max_digits=11, decimal_places=6, min_value=least, max_value=jobs.PAY_MAX, widget=widget, **options
        )


class Data(forms.Form):
    """A file of tasks."""

    file = forms.FileField(label=_("File"), max_length=500, allow_empty_file=True)

    def __init__(self, *args: Any, most: int | None = None, **kwargs: Any) -> None:
        """Say what a file may be, and how large at `most`, in bytes."""
        super().__init__(*args, **kwargs)
        most = (most or settings.DATASET_UPLOAD_MAX_BYTES) // 1_000_000
        self.fields["file"].help_text = gettext(
            "CSV with a first line that names the columns, or JSONL with one object on each line; in UTF-8,"
            " at most %(most)d MB and a million rows. A column “id” is your own number for a task."
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
        """Return the list of files, at most a hundred; at least one where it is required."""
        if not data and not self.required:
            return []
        if refusal := files.count_refusal(data or []):
            raise forms.ValidationError(str(refusal))
        return [forms.FileField.clean(self, one, initial) for one in data]


class Files(forms.Form):
    """Images, recordings, videos and point clouds, each by itself or packed in a zip."""

    file = FilesField(label=_("Files"), max_length=500, allow_empty_file=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say what files may be."""
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = files_help()


def files_help() -> str:
    """Return what files may be."""
    most = settings.DATASET_UPLOAD_MAX_BYTES // 1_000_000
    return gettext(
        "At most 100 files, or a zip of 2,000; together at most %(most)d MB. Images: PNG, JPEG, WebP, BMP."
        " Recordings: WAV, FLAC, Ogg, MP3. Videos: MP4, WebM, MOV. Point clouds: KITTI .bin, PCD, Scale's JSON."
    ) % {"most": most}


class Addresses(forms.Form):
    """Where files lie, one address on each line."""

    addresses = forms.CharField(
        label=_("Or say where they lie"), max_length=200_000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One address on each line, at most 100. They are fetched from public servers, 64 MB each at most."),
    )  # fmt: skip

    def clean_addresses(self) -> list[str]:
        """Return the addresses."""
        return [line.strip() for line in self.cleaned_data["addresses"].splitlines() if line.strip()]


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


class Endpoint(forms.Form):
    """Where a job's own model answers."""

    url = forms.CharField(
        label=_("Address"), max_length=door.LONGEST_ADDRESS,
        help_text=_("Of your server, as https://example.com/ml; /health, /setup and /predict stand below it."),
    )  # fmt: skip
    user = forms.CharField(label=_("User name"), max_length=200, required=False)
    password = forms.CharField(
        label=_("Password"), max_length=200, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept sealed and never shown. Leave both empty where your server asks for none."),
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
        kinds = founding.for_clients().order_by("name")
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


class KnownQuestions(forms.Form):
    """Questions with known answers, and what people read before them; `refusal` says of how many they may be."""

    guide = forms.CharField(label=_("What people read first"), widget=forms.Textarea(attrs={"rows": 10}))
    asked = forms.CharField(
        label=_("Questions"),
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_(
            "Each in a block, with an empty line between: the question, its answers on lines that begin with -, the "
            "right one with *, and a line with = that says why."
        ),
    )

    def refusal(self, count: int) -> str:
        """Say why there cannot be so many."""
        raise NotImplementedError

    def clean_asked(self) -> list[questions.Asked]:
        """Return the questions."""
        try:
            found = questions.read(self.cleaned_data["asked"])
        except questions.Unclear as unclear:
            raise forms.ValidationError(str(unclear)) from unclear
        if words := self.refusal(len(found)):
            raise forms.ValidationError(words)
        return found
