"""Mutants of an app's thresholds: the numbers that its modules name, wherever these names were imported to."""

import ast
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutation.mutants import Incompetent, Mutant
from tests.mutation.source import Source, assigned, is_in

# A test that reads a threshold where the app does sees it weakened, as it would if the file said so.
PROJECT = ("coop.", "governance.", "payments.", "tasks.", "tests.")
PLAIN = (int, float, timedelta, Decimal, tuple, frozenset, set, dict, list, range)


def mutants(paths: Sequence[Path], app: str) -> Iterator[Mutant]:
    """Yield all mutants of the thresholds of some files of an app."""
    sources = [Source(path) for path in sorted(Path(app).rglob("*.py")) if "migrations" not in path.parts]
    it = plugins.get_operator("core/NumberReplacer")()
    for path in paths:
        source = Source(path)
        places = [begin for node in ast_nodes(get_ast(source.text)) for begin, _end in it.mutation_positions(node)]
        for number, place in enumerate(places):
            name = _named_at(source, place)
            read_by = frozenset(_lines_that_say(name, sources)) if name else frozenset()
            if read_by:
                line = source.text.splitlines()[place[0] - 1].strip()
                where = f"{path.stem}.{name}"
                yield Mutant(
                    f"{where}: NumberReplacer at {place[1]} of “{line}” ({number})", where, frozenset({where, name}),
                    frozenset({f"{path.stem}."}), read_by,
                    partial(_at_work, source, number),
                )  # fmt: skip


def _named_at(source: Source, place: tuple[int, int]) -> str:
    """Return the name that a module gives to what stands at a place, or nothing."""
    return next((name for name, value in assigned(source.tree) if is_in(place, value)), "")


def _lines_that_say(name: str, sources: Sequence[Source]) -> Iterator[str]:
    """Yield where a threshold is read. What a constraint says is read once, in a migration, and weakened there."""
    for source in sources:
        declared = {node for meta in source.nodes if getattr(meta, "name", "") == "Meta" for node in ast.walk(meta)}
        for node in source.nodes:
            said = name in (getattr(node, "id", ""), getattr(node, "attr", "")) and node not in declared
            if said and not isinstance(getattr(node, "ctx", None), ast.Store):
                yield f"py:{source.path}:{node.lineno}"  # type: ignore[attr-defined]


@contextmanager
def _at_work(source: Source, number: int) -> Iterator[None]:
    """Give every module that has them, a test's too, the mutant's values for the length of a block."""
    module = import_module(source.module)
    text = mutate_code(source.text, plugins.get_operator("core/NumberReplacer")(), number) or ""
    new, old = _values(text, vars(module)), _values(source.text, vars(module))
    changed = {name: value for name, value in new.items() if value != old[name]}
    if not changed:
        raise Incompetent(source.module)
    places = list(_places(changed, vars(module)))
    try:
        for names, name, _was in places:
            names[name] = changed[name]
        yield
    finally:
        for names, name, was in places:
            names[name] = was


def _values(text: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what a module's own assignments come to; plain values only."""
    names = dict(given)
    tree = ast.parse(text)
    tree.body = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    exec(compile(tree, "mutant", "exec", dont_inherit=True), names)  # noqa: S102 - the app's own text
    told = [name for name, _value in assigned(tree)]
    return {name: names[name] for name in told if isinstance(names[name], PLAIN)}


def _places(changed: dict[str, Any], own: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, Any]]:
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith(PROJECT):
            names = vars(module)
            yield from ((names, name, names[name]) for name in changed if names.get(name) is own[name])
