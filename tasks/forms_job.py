"""What a client fills in for a new job, all at once or in seven steps; each step is some of the same fields."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from coop import clock
from payments.models import WorkType
from tasks import check_shares, content, deletions, guides, jobs, lint, shapes, skills
from tasks.forms import PayField
from tasks.models import Job, ReviewRule, Share, Skill, Topic

CHECKS = [(rule.value, rule.label) for rule in (ReviewRule.MAJORITY, ReviewRule.PEER)]
TOPICS = [f"content_{topic}" for topic in Topic]
# The parts of a guide, in their order, each with its heading; the first has none of its own.
PARTS = {
    "good": _("Good answers"),
    "bad": _("Answers that are wrong, and why"),
    "edges": _("Edge cases"),
    "doubt": _("When in doubt"),
    "use": _("What the answers are for"),
    "seen_by": _("Who sees the tasks and the answers"),
    "secret": _("What stays among us"),
}
# The steps after the first, which is the kind of work itself.
STEPS: dict[str, tuple[str, ...]] = {
    "data": (*TOPICS, "sensitivity"),
    "questions": (),  # with the fields of the kind of work
    "guide": ("guide", "good", "bad", "edges", "doubt"),
    "quality": ("overlap", "review_rule", "check_share", "asks", "minutes"),
    "price": ("pay",),
    "rules": ("use", "seen_by", "secret", "delete_on"),
}


def _often(topic: Topic) -> forms.ChoiceField:
    hint = _("What may upset. Members choose what they take; with any topic the pay is a fifth higher, for paid rests.")
    return forms.ChoiceField(
        label=topic.label, choices=[("", _("does not come up")), *Share.choices], required=False,
        help_text=hint if topic == Topic.VIOLENCE else "",
    )  # fmt: skip


def _text(label: Any, hint: Any, rows: int = 4, *, required: bool = False) -> forms.CharField:  # noqa: ANN401 - lazy
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, help_text=hint, max_length=20_000, required=required, widget=area)


class Asked(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django has none when it runs
    """A skill, with how many have shown it: of few a job waits long, and is read by few."""

    def label_from_instance(self, skill: Skill) -> str:
        """Return its name and how many have it."""
        holders: int = skill.holders  # type: ignore[attr-defined]  # of `skills.to_ask`
        words = ngettext("%(skill)s: %(holders)d has shown it", "%(skill)s: %(holders)d have shown it", holders)
        return words % {"skill": skill, "holders": holders}


class NewJob(forms.Form):
    """A new job of one kind of work, or one step of it; its shape adds the fields of its own form."""

    title = forms.CharField(
        label=_("Title"), max_length=120, help_text=_("It stands on the board, for everybody to read.")
    )
    question = forms.CharField(label=_("Question"), max_length=500, help_text=_("Asked with every task."))
    markdown = forms.BooleanField(
        label=_("The texts of the tasks are Markdown"), required=False, help_text=_("Formulas stand in $…$ or $$…$$.")
    )
    guide = _text(
        _("What you need, and how to do it"), _("In Markdown. Members read the guide before they accept."), 8,
        required=True,
    )  # fmt: skip
    good = _text(PARTS["good"], _("Five examples, one on each line."), 6)
    bad = _text(PARTS["bad"], _("Five examples, one on each line, each with what is wrong about it."), 6)
    edges = _text(PARTS["edges"], _("What is close to the line, and on which side of it."))
    doubt = _text(PARTS["doubt"], _("What to answer when both could be right. Members can ask you from inside a task."))
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
    check_share = forms.IntegerField(
        label=_("Of 100 answers, how many a member checks"), min_value=check_shares.LEAST, max_value=Job.EACH,
        initial=Job.EACH, required=False,
        help_text=_(
            "Where a member checks each, fewer can be checked. The lot draws which, once they are handed in; the others"
            " are accepted where you do not object."
        ),
    )  # fmt: skip
    asks = Asked(
        label=_("Who may do it"), queryset=Skill.objects.none(), required=False,
        empty_label=_("Everybody who may work here"),
        help_text=_(
            "Or who has shown a skill in its paid test, as was voted for this kind of work: they check the "
            "answers, too, and it takes longer the fewer they are."
        ),
    )  # fmt: skip
    minutes = forms.IntegerField(
        label=_("Time limit in minutes"), min_value=5, max_value=24 * 60, initial=60,
        help_text=_("From accepting a task to handing it in. Be generous: leaving is free, hurry costs quality."),
    )  # fmt: skip
    pay = PayField(label=_("Pay for each answer, in US$"))
    use = _text(PARTS["use"], _("Whether they train a system, and of what kind. Members may decline work."), 3)
    seen_by = _text(PARTS["seen_by"], _("You, and who else."), 2)
    secret = _text(
        PARTS["secret"],
        _("What members may not pass on of the tasks. On pay and conditions everybody may always speak."), 2,
    )  # fmt: skip
    delete_on = forms.DateField(
        label=_("When the tasks are deleted"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_(
            "On this day the tasks, their files and the answers are deleted here, in versions too; two weeks before it"
            " the job closes. Members see the day before they accept: once the job is open it stays."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, work_type: WorkType, step: str = "", **kwargs: Any) -> None:
        """Ask for a job of this kind of work, starting at its voted rate; with a step, for its fields alone."""
        super().__init__(*args, **kwargs)
        self.work_type, self.shape, self.step = work_type, shapes.find(work_type.shape), step
        own = self.shape.fields()
        self.fields["asks"].queryset = skills.to_ask(work_type)  # type: ignore[attr-defined]
        self.fields.update(own | {f"content_{topic}": _often(topic) for topic in Topic})
        self.order_fields(["title", "question", *own, "markdown", *STEPS["guide"], *STEPS["data"]])
        self._start_at_the_rate()
        if step:
            named = STEPS[step] or ("title", "question", *own, "markdown")
            self.fields = {name: field for name, field in self.fields.items() if name in named}

    def _start_at_the_rate(self) -> None:
        if not self.shape.agrees({}):
            self.fields["review_rule"].initial = ReviewRule.PEER
        if rate := jobs.voted_rate(self.work_type):
            self.fields["pay"].initial = rate.amount.normalize()
            self.fields["pay"].help_text = gettext("The members voted at least this. More brings answers sooner.")

    def said(self) -> dict[str, Any]:
        """Return what was filled in, right or not, by field, to be filled in again later."""
        return {
            name: field.widget.value_from_datadict(self.data, self.files, name) or ""
            for name, field in self.fields.items()
        }

    def answer_form(self) -> dict[str, Any]:
        """Return the job's form as its shape keeps it."""
        said = self.cleaned_data
        drawn = {"markdown": True} if said["markdown"] else {}
        return {"question": said["question"].strip(), **self.shape.written(said), **drawn}

    def facts(self) -> dict[str, Any]:
        """Return what `jobs.draft` takes."""
        data = self.cleaned_data
        names = ("title", "overlap", "pay", "review_rule", "check_share", "asks", "sensitivity", "delete_on")
        named = {name: data[name] for name in names}
        limit = timedelta(minutes=data["minutes"])
        shape = {"form": self.answer_form(), "content": self.content(), "time_limit": limit}
        return {"work_type": self.work_type, "guide": self.whole_guide(), **shape, **named}

    def whole_guide(self) -> str:
        """Return the guide with those of its parts that were filled in, in Markdown."""
        said = {name: self.cleaned_data.get(name, "").strip() for name in PARTS}
        parts = [f"## {PARTS[name]}\n\n{lint.listed(name, words)}" for name, words in said.items() if words]
        return "\n\n".join([self.cleaned_data["guide"], *parts])

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

    def clean_check_share(self) -> int:
        """Return the share; where nothing was said, all."""
        return self.cleaned_data["check_share"] or Job.EACH

    def clean_delete_on(self) -> date | None:
        """Refuse beside the field a day on which nothing can be deleted."""
        on: date | None = self.cleaned_data["delete_on"]
        if on and (refusal := deletions.day_refusal(on, at=clock.now())):
            raise forms.ValidationError(str(refusal))
        return on

    def clean(self) -> dict[str, Any]:
        """Ask what the act asks, of a whole job; of its questions alone, what their kind of work asks."""
        if self.errors:
            return self.cleaned_data
        if self.step == "questions":
            problems = shapes.form_problems(self.work_type.shape, self.answer_form())
            self._add("", problems[0] if problems else None)
        if self.step == "quality":
            said = self.cleaned_data
            self._add("check_share", check_shares.refusal(said["review_rule"], said["check_share"]))
        if self.step == "data":
            self._add("sensitivity", content.refusal(self.content(), self.cleaned_data["sensitivity"]))
        if not self.step:
            self._ask_the_acts()
        return self.cleaned_data

    def _ask_the_acts(self) -> None:
        facts = self.facts()
        named = ("work_type", "title", "guide", "form", "overlap", "pay", "review_rule", "content")
        self._add("check_share", check_shares.refusal(facts["review_rule"], facts["check_share"]))
        self._add("", jobs.draft_refusal(**{name: facts[name] for name in named}))
        self._add("sensitivity", content.refusal(facts["content"], facts["sensitivity"]))
        if len(facts["guide"]) > guides.LONGEST:
            self._add("guide", gettext("The whole guide has at most 40,000 characters."))

    def _add(self, field: str, words: object) -> None:
        """Show a problem beside a field; without one, beside the first of the kind's own."""
        if words:
            self.add_error(field or next(iter(self.shape.fields()), None), str(words))


def step_of(field: str) -> str:
    """Return in which step a field is asked for."""
    return next((step for step, names in STEPS.items() if field in names), "questions")


def whole(work_type: WorkType, said: Mapping[str, Any]) -> NewJob:
    """Return all that was filled in so far as one form; what no step has saved yet is as it starts."""
    empty = NewJob(work_type=work_type)
    started = {name: empty.get_initial_for_field(field, name) for name, field in empty.fields.items()}
    return NewJob({**{name: "" if value is None else value for name, value in started.items()}, **said},
                  work_type=work_type)  # fmt: skip
