"""Markdown of clients and members comes out as HTML that can do nothing."""

import time

import pytest

from coop import markdown


def test_markdown_is_drawn_with_headings_below_the_pages_own() -> None:
    drawn = markdown.html("# Goal\n\n- **one**\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    assert "<h2>Goal</h2>" in drawn
    assert "<strong>one</strong>" in drawn
    assert "<td>1</td>" in drawn


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<iframe src='https://evil.example'></iframe>",
        "<a href='javascript:alert(1)'>x</a>",
        "<style>body{display:none}</style>",
        "<svg onload=alert(1)>",
    ],
)
def test_a_script_in_a_guide_is_text(attack: str) -> None:
    drawn = markdown.html(f"before {attack} after")
    assert "&lt;" in drawn
    for tag in ("<script", "<img", "<iframe", "<a ", "<style", "<svg"):
        assert tag not in drawn


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "vbscript:x", "/relative", "JaVaScRiPt:alert(1)"],
)
def test_a_link_that_does_not_say_where_it_goes_goes_nowhere(link: str) -> None:
    assert "href" not in markdown.html(f"[here]({link})")


def test_a_link_names_no_referrer_and_a_picture_is_not_loaded() -> None:
    drawn = markdown.html("[here](https://example.org/a) ![spy](https://evil.example/pixel.png)")
    assert 'href="https://example.org/a"' in drawn
    assert 'rel="nofollow noopener noreferrer"' in drawn
    assert "<img" not in drawn


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u2066", "\u200b", "\u2060", "\ufeff", "\u00ad", "\x00", "\x1b", "\u200f", "\x85"]
)
def test_what_nobody_sees_changes_nothing_that_is_read(hidden: str) -> None:
    assert hidden not in markdown.html(f"pay{hidden}roll [a{hidden}](https://example.org/{hidden}x)")
    assert "payroll" in markdown.html(f"pay{hidden}roll")
    assert hidden not in markdown.html(f"pay&#{ord(hidden)};roll")


def test_letters_that_need_joiners_keep_them() -> None:
    persian, hindi = "\u0645\u06cc\u200c\u062e\u0648", "\u0915\u094d\u200d\u0937"
    assert persian in markdown.html(persian)
    assert hindi in markdown.html(hindi)


@pytest.mark.parametrize(
    "nested",
    [">" * 5000, "[" * 5000, "*a " * 1600, "- " * 2500, "`" * 4999, "![" * 2500, "<" * 5000, "|a" * 2500,
     "[a](" * 1250, "**" * 2500, "\n".join("  " * n + "- x" for n in range(90)), "&" * 5000, "_a_" * 1600],
)  # fmt: skip
def test_boxes_in_boxes_are_drawn_in_no_time(nested: str) -> None:
    began = time.perf_counter()
    drawn = markdown.html(nested)
    assert time.perf_counter() - began < 1
    assert len(drawn) < 200_000
