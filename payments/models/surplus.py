"""What a quarter left over, and how the members divided it."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models import Mandate
from payments.money import MoneyField


class Close(models.Model):
    """A calendar quarter (UTC) whose fee income and expenses were closed into `surplus:<period>`.

    Expenses beyond the income are `carried` over: they stay where they are, and the next quarters' fees bear them.
    Whoever writes it says only which quarter, "2026-Q4"; the sums and the times are the database's own.
    """

    period = models.CharField(max_length=7, unique=True)
    ends_at = models.DateTimeField()
    income = MoneyField(default=0)
    expenses = MoneyField(default=0)
    carried = MoneyField(default=0, db_default=0, help_text="Spent beyond the fees: the next quarters' bear it first.")
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "period", "ends_at", "income", "expenses", "carried", "at"), Audience.PUBLIC),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(income__gte=F("expenses"), expenses__gte=0), name="closes_leave_no_debt"
            ),
            models.CheckConstraint(
                condition=Q(carried=0) | Q(carried__gt=0, income=F("expenses")), name="only_a_loss_is_carried"
            ),
        ]

    def __str__(self) -> str:
        return self.period

    @property
    def surplus(self) -> Decimal:
        """What it left over, in US dollars."""
        left: Decimal = self.income - self.expenses
        return left


class Allocation(models.Model):
    """How a quarter's surplus was divided by the mandate of a vote (N11); all sums are the database's own.

    `interest` on members' capital comes first, the other three divide what it leaves. `members` is divided by paid work
    into `Share` rows; where nobody worked it is part of `reserve`.
    """

    close = models.OneToOneField(Close, models.PROTECT, related_name="allocation")
    mandate = models.OneToOneField(Mandate, models.PROTECT, related_name="+")
    reserve = MoneyField(default=0)
    education = MoneyField(default=0)
    members = MoneyField(default=0)
    interest = MoneyField(default=0, db_default=0)
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(
            ("id", "close", "mandate", "reserve", "education", "members", "interest", "at"), Audience.PUBLIC
        ),
    )

    def __str__(self) -> str:
        return f"surplus of {self.close}"


class Share(models.Model):
    """A person's part of a surplus, by what their work of the quarter was paid: `cash` at once, the rest as capital.

    Written by the database itself when the surplus is divided, never after.
    """

    allocation = models.ForeignKey(Allocation, models.PROTECT, related_name="shares", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="surplus_shares")
    worked = MoneyField(help_text="What the person's work of the quarter was paid.")
    cash = MoneyField()
    capital = MoneyField()

    privacy.declare(
        allocation=Audience.SELF,
        id=Audience.SELF,
        person=Audience.SELF,
        worked=Audience.SELF,
        cash=Audience.SELF,
        capital=Audience.SELF,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["allocation", "person"], name="one_share_each"),
            # A fifth at least is paid out at once.
            models.CheckConstraint(
                condition=Q(cash__gt=0, capital__gte=0, worked__gt=0) & Q(capital__lte=F("cash") * 4),
                name="shares_are_paid_in_part",
            ),
        ]

    def __str__(self) -> str:
        return f"share of {self.person} in {self.allocation}"


class Interest(models.Model):
    """A person's interest on what their capital was when a quarter began, out of its surplus, as the vote said.

    Written by the database itself when the surplus is divided, never after; it becomes capital too.
    """

    allocation = models.ForeignKey(Allocation, models.PROTECT, related_name="interests", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="interests")
    held = MoneyField(help_text="The person's capital when the quarter began.")
    amount = MoneyField()

    privacy.declare(
        id=Audience.SELF, allocation=Audience.SELF, person=Audience.SELF, held=Audience.SELF, amount=Audience.SELF
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["allocation", "person"], name="one_interest_each")]

    def __str__(self) -> str:
        return f"interest of {self.person} in {self.allocation}"


class Contribution(models.Model):
    """What a member paid into their own capital, out of what they had earned."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="contributions")
    amount = MoneyField()
    at = models.DateTimeField()

    privacy.declare(id=Audience.SELF, person=Audience.SELF, amount=Audience.SELF, at=Audience.SELF)

    def __str__(self) -> str:
        return f"contribution of {self.person}"


class Redemption(models.Model):
    """All the capital of somebody who has left, paid out. Whoever writes it says only whose; the sum is found."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="redemptions")
    amount = MoneyField(default=0)
    at = models.DateTimeField()

    privacy.declare(id=Audience.SELF, person=Audience.SELF, amount=Audience.SELF, at=Audience.SELF)

    def __str__(self) -> str:
        return f"capital of {self.person}"
