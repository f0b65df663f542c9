"""Templates are sent without their indentation, and say the same."""

import pytest
from django.template import Context, Engine

from coop.unindented import unindented

CASES = {
    "<ul>\n    <li>one</li>\n</ul>\n": "<ul>\n<li>one</li>\n</ul>\n",
    "a\n  {% if x %}\n    <b>c</b>\n  {% endif %}\nd": "a\n{% if x %}<b>c</b>\n{% endif %}d",
    # What writes something keeps the end of its line: words stay apart.
    "{% if x %}a{% endif %}\nb": "{% if x %}a{% endif %}\nb",
    '{% include "a" %}\n{% translate "b" %}\n': '{% include "a" %}\n{% translate "b" %}\n',
    "a {{ b }}\n  c": "a {{ b }}\nc",
}


@pytest.mark.parametrize("written", CASES)
def test_indentation_and_lines_of_tags_alone_are_left_out(written: str) -> None:
    assert unindented(written) == CASES[written]


def test_ours_are_read_so_and_what_a_variable_says_stays_as_it_is() -> None:
    site = Engine.get_default()
    assert "\n  " not in site.get_template("parts/foot.html").source
    shown = site.from_string("<pre>{{ text }}</pre>").render(Context({"text": "a\n    b"}))
    assert shown == "<pre>a\n    b</pre>"


def test_others_templates_stay_as_they_are() -> None:
    assert "\n    " in Engine.get_default().get_template("admin/base.html").source
