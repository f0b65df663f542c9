"""A file of Python as mutants see it: what stands at a place, and whether it decides anything."""

import ast
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

# How a page numbers its answer, what Python itself is asked to make sure of, and that a new row is a new row.
NO_DECISION = {"status", "strict", "force_insert"}
type Place = tuple[int, int]


class Source:
    """The text of a file and its tree."""

    def __init__(self, path: Path) -> None:
        """Read it."""
        self.path, self.text = path, path.read_text()
        self.module = ".".join(path.with_suffix("").parts)
        self.tree = ast.parse(self.text)
        self.nodes = list(ast.walk(self.tree))
        self.statements = [node for node in self.nodes if isinstance(node, ast.stmt)]
        self.is_page = path.parent.name == "views"
        self.name = f"views.{path.stem}" if self.is_page else path.stem

    def function_at(self, place: Place) -> str:
        """Return the name of the innermost function around a place, or nothing."""
        around = [node for node in self.nodes if isinstance(node, ast.FunctionDef) and is_in(place, node)]
        return max(around, key=lambda node: node.lineno).name if around else ""

    def statement_at(self, place: Place) -> frozenset[str]:
        """Return the lines of the innermost statement around a place, as a trace names them; of a block, its head."""
        inner = max((one for one in self.statements if is_in(place, one)), key=lambda one: one.lineno)
        body = getattr(inner, "body", None)
        last = body[0].lineno if body else inner.end_lineno or inner.lineno
        return frozenset(f"py:{self.path}:{line}" for line in range(inner.lineno, last + 1))

    def is_negated(self, place: Place) -> bool:
        """Tell whether a place is a negation, which is turned round by being left out."""
        nots = [node for node in self.nodes if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)]
        return place in {(node.lineno, node.col_offset) for node in nots}

    def decides(self, place: Place) -> bool:
        """Tell whether what stands at a place decides; on a page, only whether it is shown at all."""
        if any(isinstance(node, ast.keyword) and node.arg in NO_DECISION and is_in(place, node) for node in self.nodes):
            return False
        return not self.is_page or any(is_in(place, gate.test) for gate in self._gates())

    def _gates(self) -> list[ast.If]:
        return [node for node in self.nodes if isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise)]

    def refusals(self) -> Iterator[tuple[Place, Callable[[], str]]]:
        """Yield where something is refused if need be, each with the text that does not."""
        for node in self.statements:
            call = node.value if isinstance(node, ast.Expr) else None
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "refuse_if":
                yield (node.lineno, node.col_offset), partial(self._without, node)

    def _without(self, node: ast.stmt) -> str:
        """Return the text with `pass` in the place of a statement."""
        lines = self.text.splitlines()
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        return "\n".join([*lines[:first], " " * node.col_offset + "pass", *[""] * (last - first - 1), *lines[last:]])


def assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a module gives, each with what it stands for; of several given at once, each by itself."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.value:
            yield ast.unparse(node.target), node.value
        if isinstance(node, ast.Assign):
            names, values = [getattr(one, "elts", [one]) for one in (node.targets[0], node.value)]
            yield from ((ast.unparse(name), value) for name, value in zip(names, values, strict=False))


def is_in(place: Place, node: ast.stmt | ast.expr | ast.keyword) -> bool:
    """Tell whether a place is within what a node says."""
    return (node.lineno, node.col_offset) <= place < (node.end_lineno or 0, node.end_col_offset or 0)
