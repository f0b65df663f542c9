"""The parts of pages that do a little arithmetic, and forms that say what is wrong."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import timezone, translation

from coop.templatetags import parts

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def drawn(source: str, **context: object) -> str:
    """Return the markup of a template."""
    return Template("{% load i18n %}" + source).render(Context({"coop_time": NOON, **context}))


class Offer(forms.Form):
    """A form with a hint and a choice."""

    pay = forms.DecimalField(label="Pay", help_text="In US$.", min_value=0)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    why = forms.CharField(label="Why", required=False)


@pytest.mark.parametrize(
    ("ahead", "far"),
    [
        (timedelta(days=8, hours=3), "in 8 days"),
        (timedelta(hours=30), "in 30 hours"),
        (timedelta(hours=1), "in 1 hour"),
        (timedelta(days=7, seconds=-5), "in 7 days"),
        (timedelta(minutes=29, seconds=55), "in 30 minutes"),
        (timedelta(seconds=-70), "1 minute ago"),
        (timedelta(seconds=-5), "now"),
    ],
)
def test_a_time_says_how_far_away_it_is(ahead: timedelta, far: str) -> None:
    assert f"({far})" in drawn("{% when moment %}", moment=NOON + ahead)


def test_a_time_is_written_in_the_readers_zone_with_its_city() -> None:
    with timezone.override("Africa/Nairobi"):
        assert "Sunday 29 November 18:00, Nairobi" in drawn(
            "{% when moment %}", moment=datetime(2026, 11, 29, 15, tzinfo=UTC)
        )


def test_a_time_of_another_year_names_the_year() -> None:
    with timezone.override("UTC"):
        assert "3 June 2027 00:00, UTC" in drawn("{% when moment %}", moment=datetime(2027, 6, 3, tzinfo=UTC))


@pytest.mark.parametrize(("seconds", "text"), [(250, "4 min 10 s"), (30, "30 s"), (240, "4 min"), (None, "")])
def test_a_length_of_work_is_written_in_minutes_and_seconds(seconds: int | None, text: str) -> None:
    assert parts.minutes(seconds) == text


def test_a_difference_marks_words_and_escapes_them() -> None:
    shown = parts.diff("pay is <b>0.90</b> a task", "pay is 0.95 a task")
    assert shown == '<p class="diff">pay is <del>&lt;b&gt;0.90&lt;/b&gt;</del><ins>0.95</ins> a task</p>'


def test_a_bar_of_nothing_draws_nothing() -> None:
    shown = drawn("{% bar slices 'Money' %}", slices=[("members", 0, "US$ 0.00", "money")])
    assert 'width="0.00%"' in shown


def test_a_meter_never_runs_over_its_end() -> None:
    shown = drawn("{% meter 80 60 'Support' need=30 %}")
    assert 'width="100.00%"' in shown
    assert 'x="50.00%"' in shown
    assert "80 of 60" in shown


def test_a_note_escapes_what_people_wrote() -> None:
    shown = drawn("{% note 'warn' title=title %}<p>{{ words }}</p>{% endnote %}", title="<i>", words="<script>")
    assert "<script>" not in shown
    assert "&lt;i&gt;" in shown
    assert '<div class="note warn">' in shown


def test_a_form_says_at_the_top_what_is_wrong_and_keeps_what_was_written() -> None:
    shown = drawn("{% include 'parts/fields.html' %}", form=Offer({"pay": "abc", "why": "as before"}))
    assert 'role="alert"' in shown
    assert '<a href="#id_pay">Pay · Enter a number.</a>' in shown
    assert '<a href="#id_kind_0">Kind · This field is required.</a>' in shown
    assert 'value="as before"' in shown
    assert 'value="abc"' in shown


def test_a_fields_hint_and_error_are_tied_to_its_control() -> None:
    shown = drawn("{% include 'parts/fields.html' %}", form=Offer({"pay": "abc"}))
    assert 'aria-describedby="id_pay_helptext id_pay_error"' in shown
    assert 'id="id_pay_helptext"' in shown
    assert 'id="id_pay_error"' in shown
    assert 'aria-invalid="true"' in shown


def test_a_form_without_mistakes_has_no_summary() -> None:
    assert "problems" not in drawn("{% include 'parts/fields.html' %}", form=Offer())


@pytest.mark.parametrize(("path", "marked"), [("/jobs/31/", True), ("/", False), ("/jobsearch/", False)])
def test_the_top_bar_marks_where_you_are(path: str, marked: bool) -> None:  # noqa: FBT001
    shown = drawn("<a{% here '/jobs/' %}>", request=RequestFactory().get(path))
    assert ("aria-current" in shown) is marked


def test_dates_write_the_month_as_a_word() -> None:
    assert drawn("{{ day|date:'SHORT_DATETIME_FORMAT' }}", day=datetime(2026, 4, 3, 18, 5)) == "3 Apr 2026, 18:05"  # noqa: DTZ001


def test_what_is_the_same_is_written_once_in_each_language_and_knows_nothing_of_its_page() -> None:
    page = Template('{% load i18n %}{% same %}{% translate "Jobs" %}{% endsame %} {{ name }}')
    assert [page.render(Context({"name": name})) for name in ("Amina", "Luis")] == ["Jobs Amina", "Jobs Luis"]
    with translation.override("es"):
        assert page.render(Context({"name": "Luis"})) == "Trabajos Luis"
    part = cast("parts.Same", page.nodelist.get_nodes_by_type(parts.Same)[0])
    assert part.written == {"en": "Jobs", "es": "Trabajos"}


@pytest.mark.parametrize(
    "part", ["{{ name }}", "{% block head %}{% endblock %}", "{% csrf_token %}", "{% if name %}{{ name }}{% endif %}"]
)
def test_what_is_the_same_names_nothing_of_its_page(part: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="same on each page"):
        Template("{% same %}" + part + "{% endsame %}")


@pytest.mark.parametrize(
    "part",
    [
        "{% if name %}!{% endif %}",
        "{% if not name %}!{% endif %}",
        "{% for one in names %}!{% endfor %}",
        "{% include 'parts/messages.html' %}",
        "{% load i18n %}{% blocktranslate %}{{ name }} is here{% endblocktranslate %}",
        "{% here '/jobs/' %}",
    ],
)
def test_what_is_the_same_asks_for_nothing_of_its_page(part: str) -> None:
    """It would be written as if there were nothing of the kind, for everybody."""
    with pytest.raises(TemplateSyntaxError, match="same on each page"):
        Template("{% same %}" + part + "{% endsame %}").render(Context({"name": "Amina", "names": ["Amina"]}))


def test_what_is_the_same_may_name_things_of_its_own() -> None:
    part = "{% with kind='warn' %}{% if kind == 'warn' %}!{% endif %}{% endwith %}"
    assert Template("{% same %}" + part + "{% endsame %}").render(Context()) == "!"
