"""What the propose page asks for, kind by kind: literal values, and the version that they replace."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop import clock
from coop.people.models import Client
from governance import offices
from governance.models import Post
from payments import budgets, instruments, rails, rates, surplus
from payments.models import FILLED, Kind, Purpose, Supporting, WorkType
from payments.money import to_micro
from payments.surplus import Quarter
from payments.templatetags.money import money

PER_CENT: dict[str, Any] = {"max_value": 100, "decimal_places": 2}


class NewFee(forms.Form):
    """A fee to propose, in per cent."""

    on_wage = forms.DecimalField(
        label=gettext_lazy("Fee on top of wages, in per cent"), min_value=0, max_value=15, decimal_places=2
    )
    training = forms.DecimalField(
        label=gettext_lazy("Of it to the training fund, in per cent"), min_value=0, **PER_CENT
    )
    care = forms.DecimalField(label=gettext_lazy("Of it to the care fund, in per cent"), min_value=0, **PER_CENT)
    floor = forms.DecimalField(
        label=gettext_lazy("Of it to the fund for the hourly floor, in per cent"), min_value=0, **PER_CENT,
        help_text=gettext_lazy("It pays whose week paid less for an hour than the floor."),
    )  # fmt: skip

    def cleaned_payload(self) -> dict[str, object]:
        """Return the payload of a valid form, in basis points."""
        parts = {part: int(self.cleaned_data[part] * 100) for part in ("on_wage", *rates.SHARES)}
        return {**parts, "replaces": rates.fee_now().version}

    def title(self) -> str:
        """Return a title for the proposal of a valid form."""
        return str(_("A new fee on top of wages"))


class SurplusShares(forms.Form):
    """A division of a closed quarter's surplus to propose, in per cent."""

    quarter = forms.ChoiceField(
        label=gettext_lazy("Quarter"), help_text=gettext_lazy("Closed quarters whose surplus nobody has divided yet.")
    )
    interest = forms.DecimalField(
        label=gettext_lazy("First, interest on members' capital, in per cent a year"), min_value=0, max_value=8,
        decimal_places=2, initial=0, required=False,
        help_text=gettext_lazy("For the quarter, on what each one's capital was when it began. 8 at most."),
    )  # fmt: skip
    reserve = forms.DecimalField(label=gettext_lazy("To the reserve, in per cent"), min_value=0, **PER_CENT)
    education = forms.DecimalField(label=gettext_lazy("For education, in per cent"), min_value=0, **PER_CENT)
    members = forms.DecimalField(
        label=gettext_lazy("To members by their paid work, in per cent"), min_value=0, **PER_CENT
    )
    cash = forms.DecimalField(
        label=gettext_lazy("Of the members' part paid at once, in per cent"),
        min_value=20,
        **PER_CENT,
        help_text=gettext_lazy(
            "A fifth at least; the rest is kept as each one's capital and paid out when they leave."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the quarters that can be divided now."""
        super().__init__(*args, **kwargs)
        self.fields["quarter"].choices = [  # type: ignore[attr-defined]
            (one.period, f"{Quarter.named(one.period).words}, {money(one.surplus, 'USD')}")
            for one in surplus.to_divide()
        ]

    def clean(self) -> dict[str, Any] | None:
        """Refuse what is not all of it."""
        said = super().clean()
        parts = [self.cleaned_data.get(part) for part in ("reserve", "education", "members")]
        if None not in parts and sum(part for part in parts if part is not None) != 100:  # noqa: PLR2004 - all of it
            self.add_error("members", _("Reserve, education and members are 100 % together."))
        return said

    def cleaned_payload(self) -> dict[str, object]:
        """Return the payload of a valid form, in basis points."""
        names = ("interest", "reserve", "education", "members", "cash")
        parts = {part: int((self.cleaned_data[part] or 0) * 100) for part in names}
        return {"key": f"quarter:{self.cleaned_data['quarter']}", **parts, "replaces": 0}

    def title(self) -> str:
        """Return a title for the proposal of a valid form."""
        words = _("The surplus of %(quarter)s")
        return words % {"quarter": Quarter.named(self.cleaned_data["quarter"]).words}


class QuartersBudget(forms.Form):
    """A quarter's budget to propose, in US dollars."""

    quarter = forms.ChoiceField(label=gettext_lazy("Quarter"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the running quarter and the next two, and ask for every purpose."""
        super().__init__(*args, **kwargs)
        running = Quarter.of(clock.now())
        coming = [running, Quarter.of(running.after), Quarter.of(Quarter.of(running.after).after)]
        self.fields["quarter"].choices = [(str(one), one.words) for one in coming]  # type: ignore[attr-defined]
        for name, label in Purpose.choices:
            self.fields[name] = _dollars(str(label), _("The most that may be spent, out of the quarter's fees."))
        for name, label in FILLED.items():
            self.fields[name] = _dollars(str(label), _("From the reserve into this fund, when the vote takes effect."))
        for post in offices.posts(clock.now()):
            words = _("Pay for the post: %(post)s") % {"post": post.name}
            self.fields[_field_of(post)] = _dollars(words, _("A month, for each seat, out of the quarter's fees."))
            self.fields[_field_of(post)].required = False

    def cleaned_payload(self) -> dict[str, object]:
        """Return the payload of a valid form, in micro-units, and the version that it replaces."""
        quarter = Quarter.named(self.cleaned_data["quarter"])
        latest = budgets.in_force(quarter)
        sums = {name: to_micro(self.cleaned_data[name]) for name in (*Purpose.values, *FILLED)}
        paid = {
            post.name: to_micro(self.cleaned_data[_field_of(post)] or Decimal(0)) for post in offices.posts(clock.now())
        }
        posts = {name: micro for name, micro in paid.items() if micro}
        return {"key": f"quarter:{quarter}", "replaces": latest.version if latest else 0, "posts": posts, **sums}

    def title(self) -> str:
        """Return a title for the proposal of a valid form."""
        return str(_("The budget of %(quarter)s") % {"quarter": Quarter.named(self.cleaned_data["quarter"]).words})


def _field_of(post: Post) -> str:
    return f"post_{post.name.replace(' ', '_')}"


def _dollars(label: str, hint: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, help_text=hint, min_value=0, max_value=1_000_000, max_digits=9, decimal_places=2, initial=0
    )


class NewVersion(forms.Form):
    """A new version of one instrument: its key and its value come from the fields of a form of its kind."""

    kind: Kind
    # Fields that say what a version is about; all others are its value, unless `value` says otherwise.
    about: frozenset[str] = frozenset({"country", "work_type", "client", "rail"})

    def key(self) -> str:
        """Return what it is about; nothing when it holds for all."""
        return ""

    def value(self) -> Mapping[str, object]:
        """Return what it would say."""
        return {name: said for name, said in self.cleaned_data.items() if name not in self.about}

    def cleaned_payload(self) -> dict[str, object]:
        """Return the payload of a valid form."""
        latest = instruments.latest(self.kind, self.key())
        return {"key": self.key(), "value": dict(self.value()), "replaces": latest.version if latest else 0}

    def title(self) -> str:
        """Return a title for the proposal of a valid form."""
        return str(_("A change of the %(kind)s")) % {"kind": Kind(self.kind).label}


class PayoutMinimum(NewVersion):
    """The least amount that is paid out."""

    kind = Kind.PAYOUT_MINIMUM
    amount = forms.DecimalField(
        label=gettext_lazy("Least payout, in US$"), min_value=0, max_value=5, max_digits=8, decimal_places=2
    )

    def value(self) -> Mapping[str, object]:
        """Return it in micro-units."""
        return {"micro": to_micro(self.cleaned_data["amount"])}


class PayoutDelay(NewVersion):
    """How long a payout rests."""

    kind = Kind.PAYOUT_DELAY
    hours = forms.IntegerField(label=gettext_lazy("Hours a payout rests before it is sent"), min_value=0, max_value=72)


class Rounding(NewVersion):
    """The steps in which money is paid out."""

    kind = Kind.ROUNDING
    cents = forms.IntegerField(label=gettext_lazy("Payouts go in steps of so many cents"), min_value=1, max_value=100)

    def value(self) -> Mapping[str, object]:
        """Return it in micro-units; wages stay exact."""
        return {"wage_step": 1, "payout_step": self.cleaned_data["cents"] * 10_000}


class Silence(NewVersion):
    """When silence accepts an answer."""

    kind = Kind.ACCEPTANCE
    silence_days = forms.IntegerField(label=gettext_lazy("Days after which silence accepts"), min_value=1, max_value=7)


class TimeLimit(NewVersion):
    """The least time a job gives for a task."""

    kind = Kind.TIME_LIMIT
    least = forms.IntegerField(label=gettext_lazy("Least seconds for a task"), min_value=1, max_value=3600)


class AboutCountry(NewVersion):
    """A version about one country."""

    country = forms.RegexField(
        label=gettext_lazy("Country"), regex="^[A-Z]{2}$", help_text=gettext_lazy("Two letters, as KE or VE.")
    )

    def key(self) -> str:
        """Return the country."""
        return f"country:{self.cleaned_data['country']}"


class Region(AboutCountry):
    """Whether a region takes part."""

    kind = Kind.REGION
    open = forms.BooleanField(label=gettext_lazy("Open"), required=False)


class WayToBePaid(NewVersion):
    """Whether a way to be paid is open."""

    kind = Kind.RAIL
    rail = forms.ChoiceField(
        label=gettext_lazy("Way to be paid"), choices=lambda: [(name, rail.label) for name, rail in rails.ALL.items()]
    )
    open = forms.BooleanField(label=gettext_lazy("Open"), required=False)

    def key(self) -> str:
        """Return the rail."""
        return f"rail:{self.cleaned_data['rail']}"


class Floor(AboutCountry):
    """The least pay of an hour in a region."""

    kind = Kind.FLOOR
    amount = forms.DecimalField(
        label=gettext_lazy("Least pay of an hour, in US$"), min_value=0, max_value=1000, max_digits=8, decimal_places=2
    )

    def value(self) -> Mapping[str, object]:
        """Return it in micro-units an hour."""
        return {"micro_an_hour": to_micro(self.cleaned_data["amount"])}


class AboutWork(NewVersion):
    """A version about one kind of work."""

    work_type = forms.ModelChoiceField(
        WorkType.objects.order_by("name"), label=gettext_lazy("Kind of work"), empty_label=None
    )

    def key(self) -> str:
        """Return the kind of work."""
        return f"work_type:{self.cleaned_data['work_type'].pk}"


class Opening(AboutWork):
    """Whether a kind of work takes new jobs."""

    kind = Kind.OPENING
    open = forms.BooleanField(label=gettext_lazy("Takes new jobs"), required=False)
    notice_days = forms.IntegerField(
        label=gettext_lazy("Days of notice"), min_value=0, max_value=365, initial=30,
        help_text=gettext_lazy("Fewer than 30 are a cut of all its pay."),
    )  # fmt: skip


class Allocation(AboutWork):
    """How a kind of work is shared out."""

    kind = Kind.ALLOCATION
    most_a_day = forms.IntegerField(
        label=gettext_lazy("Most tasks a day for each"), min_value=0, max_value=100_000,
        help_text=gettext_lazy("0 is no limit."),
    )  # fmt: skip
    hours = forms.IntegerField(
        label=gettext_lazy("Hours for which each one's share of a job is kept"), min_value=0, max_value=72, initial=0,
        required=False, help_text=gettext_lazy("Its answers are divided when it opens. 0: whoever comes first."),
    )  # fmt: skip

    def value(self) -> Mapping[str, object]:
        """Return the order, with the hours where work is shared out, and the most of a day."""
        most, hours = self.cleaned_data["most_a_day"], self.cleaned_data["hours"]
        order = {"order": "shared", "hours": hours} if hours else {"order": "first_come"}
        return {**order, "most_a_day": most}


class AboutAnyWork(NewVersion):
    """A version about all work or one kind: a share, which `per_cent` asks for."""

    work_type = forms.ModelChoiceField(
        WorkType.objects.order_by("name"), label=gettext_lazy("Kind of work"), required=False,
        empty_label=gettext_lazy("All for which nothing else was voted"),
    )  # fmt: skip

    def key(self) -> str:
        """Return the kind of work, or nothing."""
        work_type = self.cleaned_data["work_type"]
        return f"work_type:{work_type.pk}" if work_type else ""

    def value(self) -> Mapping[str, object]:
        """Return it in basis points."""
        return {"share": int(self.cleaned_data["per_cent"] * 100)}


class Checking(AboutAnyWork):
    """What a check of an answer pays, of all work or of one kind."""

    kind = Kind.CHECKING
    per_cent = forms.DecimalField(
        label=gettext_lazy("Pay of a check, in per cent of the answer's"), min_value=10, max_value=100, decimal_places=2
    )


class Deposit(AboutAnyWork):
    """What a client deposits for the hourly floor."""

    kind = Kind.DEPOSIT
    per_cent = forms.DecimalField(
        label=gettext_lazy("Deposit for the hourly floor, in per cent of a job's wages"), min_value=0, max_value=50,
        decimal_places=2,
        help_text=gettext_lazy("It pays members whose hour at the job made less than the floor; the rest comes back."),
    )  # fmt: skip


class SupportOfFund(NewVersion):
    """What a fund gives each member at most."""

    kind = Kind.SUPPORT
    fund = forms.ChoiceField(label=gettext_lazy("Fund"), choices=Supporting.choices)
    most = forms.DecimalField(
        label=gettext_lazy("At most for each, in US$"), min_value=0, max_value=10_000, decimal_places=2
    )
    days = forms.IntegerField(label=gettext_lazy("In so many days"), min_value=1, max_value=1096)

    def key(self) -> str:
        """Return the fund."""
        return f"fund:{self.cleaned_data['fund']}"

    def value(self) -> Mapping[str, object]:
        """Return the sum in micro-units, and the days."""
        return {"micro": to_micro(self.cleaned_data["most"]), "days": self.cleaned_data["days"]}


class Reopening(AboutWork):
    """For how much a client may open comparable work again."""

    kind = Kind.REOPENING
    client = forms.ModelChoiceField(Client.objects.order_by("name"), label=gettext_lazy("Client"), empty_label=None)
    amount = forms.DecimalField(
        label=gettext_lazy("Least pay for each answer, in US$"), min_value=Decimal("0.000001"), max_value=10_000,
        decimal_places=6,
    )  # fmt: skip

    def key(self) -> str:
        """Return the client and the kind of work."""
        return f"client:{self.cleaned_data['client'].pk}/{super().key()}"

    def value(self) -> Mapping[str, object]:
        """Return it in micro-units."""
        return {"micro": to_micro(self.cleaned_data["amount"])}
