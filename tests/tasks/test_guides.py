"""A client's Markdown comes out as HTML that can do nothing."""

import pytest

from tasks import guides


def test_markdown_is_drawn_with_headings_below_the_pages_own() -> None:
    drawn = guides.html("# Goal\n\n- **one**\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |")
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
    drawn = guides.html(f"before {attack} after")
    assert "&lt;" in drawn
    for tag in ("<script", "<img", "<iframe", "<a ", "<style", "<svg"):
        assert tag not in drawn


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "vbscript:x", "/relative", "JaVaScRiPt:alert(1)"],
)
def test_a_link_that_does_not_say_where_it_goes_goes_nowhere(link: str) -> None:
    assert "href" not in guides.html(f"[here]({link})")


def test_a_link_names_no_referrer_and_a_picture_is_not_loaded() -> None:
    drawn = guides.html("[here](https://example.org/a) ![spy](https://evil.example/pixel.png)")
    assert 'href="https://example.org/a"' in drawn
    assert 'rel="nofollow noopener noreferrer"' in drawn
    assert "<img" not in drawn
