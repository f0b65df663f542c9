"""Formulas become MathML on our side, whatever a client wrote in them."""

import re
import time

import pytest

from coop import markdown, maths


def drawn(text: str) -> str:
    return markdown.html(text, formulas=True)


def test_a_formula_is_drawn_as_mathml_in_a_line_and_by_itself() -> None:
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in drawn("so $x^2$ is")
    assert '<math display="inline">' in drawn("so $x^2$ is")
    assert '<math display="block">' in drawn("$$\n\\frac{1}{2}\n$$")
    assert "<mfrac>" in drawn("$$\n\\frac{1}{2}\n$$")
    assert "<mtable" in drawn("$\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}$")


@pytest.mark.parametrize(
    "text", ["It costs $5 and $6.", "$2 per egg and $18 a day", "a $ b $ c", "`$x$`", "\\$x\\$", "16 - 3 = 13 $"]
)
def test_sums_in_dollars_stay_what_they_are(text: str) -> None:
    assert "<math" not in drawn(text)
    assert text.strip("`").replace("\\", "") in drawn(text)


def test_without_being_asked_nothing_is_a_formula() -> None:
    assert "<math" not in markdown.html("so $x^2$ is")


ATTACKS = [
    r"\href{javascript:alert(1)}{x}", r"\style{background:url(//evil.example)}{x}", r"\class{top}{x}",
    r"\text{<img src=x onerror=alert(1)>}", r"\text{</math><script>alert(1)</script>}", r"<script>alert(1)</script>",
    r"\text{<style>*{display:none}</style>}", r"\color{red}x", r"\unknown{<b>}", r"\text{&lt;script&gt;}",
    r"\text{<annotation-xml encoding='text/html'><svg onload=alert(1)>}", r"\mathchoice{a}{b}{c}{d}",
]  # fmt: skip


@pytest.mark.parametrize("latex", ATTACKS)
@pytest.mark.parametrize("shape", ["${}$", "$$\n{}\n$$", "x ${}$ y"])
def test_a_formula_can_do_nothing(latex: str, shape: str) -> None:
    page = drawn(shape.format(latex))
    allowed = markdown.TAGS | maths.TAGS
    assert set(re.findall(r"</?([a-zA-Z0-9-]+)", page)) <= allowed
    assert not re.search(r"<[^>]*(?:href|style|class|on\w+|src)=", page)


@pytest.mark.parametrize("latex", ["\\frac{1", "_" * 900, "\\sqrt" * 150, "{" * 31 + "}" * 31, "x" * 1001, "\\left("])
def test_a_formula_that_cannot_be_drawn_stands_as_it_was_written(latex: str) -> None:
    page = maths.formula(latex)
    assert page.startswith(("<code>", "<math"))
    assert latex in page or "<math" in page


def test_too_long_or_too_deep_is_shown_as_its_source() -> None:
    for latex in ("x" * 1001, "{" * 31 + "}" * 31, "_" * 900):
        assert maths.formula(latex) == f"<code>{latex}</code>"


@pytest.mark.parametrize(
    "text",
    ["$" * 50_000, "$x$" * 16_000, "$$" * 25_000, "$x+" * 16_000, "".join(f"$x_{{{n}}}^{{{n}}}$ " for n in range(3000)),
     ("$" + "x+" * 490 + "y$ ") * 40, "$\\left(" * 8000, "$a$\n\n$$\n" * 4000],
)  # fmt: skip
def test_many_formulas_are_drawn_in_little_time(text: str) -> None:
    began = time.perf_counter()
    drawn(text)
    assert time.perf_counter() - began < 4
