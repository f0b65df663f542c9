"""Mutants of an app's acts, policies and counting, as cosmic-ray makes them, put in place in this process."""

import ast
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutation.mutants import Incompetent, Mutant

# Comparisons moved by one step or turned round, conditions negated or joined otherwise, numbers one more or less.
OPERATORS = (
    "AddNot", "NumberReplacer", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue",
    "ReplaceUnaryOperator_Delete_Not", "ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Lt_LtE", "ReplaceComparisonOperator_LtE_Lt", "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq", "ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add",
)  # fmt: skip
# Pages, forms and words decide nothing; facts are constraints of the database, weakened there.
NO_ACTS = {
    "apps",
    "urls",
    "forms",
    "forms_cases",
    "explaining",
    "letters",
    "notices",
    "casefile",
    "rulebook",
    "background",
}


def mutants(app: str) -> list[Mutant]:
    """Return all mutants of an app's functions, in a fixed order."""
    files = sorted(
        path for path in Path(app).glob("*.py") if path.stem not in NO_ACTS and not path.stem.startswith("__")
    )
    return [mutant for path in files for mutant in of_module(path)]


def of_module(path: Path) -> Iterator[Mutant]:
    source, name = path.read_text(), ".".join(path.with_suffix("").parts)
    nodes = list(ast_nodes(get_ast(source)))
    for operator in OPERATORS:
        it = plugins.get_operator(f"core/{operator}")()
        places = [begin for node in nodes for begin, _end in it.mutation_positions(node)]
        for occurrence, (line, column) in enumerate(places):
            function = _function_at(source, line)
            if function:
                where = f"{path.stem}.{function}"
                text = source.splitlines()[line - 1].strip()
                yield Mutant(
                    f"{where}: {operator} at {column} of “{text}” ({occurrence})", where,
                    frozenset({f"{path.stem}.{function}("}), frozenset({f"{path.stem}."}),
                    partial(_at_work, name, source, operator, occurrence),
                )  # fmt: skip


def _function_at(source: str, line: int) -> str:
    """Return the name of the function around a line, as `Class.method`; nothing outside of functions."""
    found = ""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            found = node.name
    return found


@contextmanager
def _at_work(name: str, source: str, operator: str, occurrence: int) -> Iterator[None]:
    """Give the module's functions the mutant's code for the length of a block, wherever they were imported to."""
    module = import_module(name)
    mutated = mutate_code(source, plugins.get_operator(f"core/{operator}")(), occurrence)
    try:
        codes = dict(_codes(compile(mutated or "", str(module.__file__), "exec", dont_inherit=True)))
    except SyntaxError as error:
        raise Incompetent(str(error)) from error
    live = dict(_functions(module))
    before = dict(_codes(compile(source, str(module.__file__), "exec", dont_inherit=True)))
    changed = [key for key in live if key in codes and codes[key] != before.get(key)]
    if not changed:
        raise Incompetent(name)
    was = {key: live[key].__code__ for key in changed}
    try:
        for key in changed:
            live[key].__code__ = codes[key]
        yield
    finally:
        for key, code in was.items():
            live[key].__code__ = code


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const.co_qualname, const
            yield from _codes(const)


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """Yield the functions and methods that a module defines, by their qualified names."""
    owners = [
        module,
        *(kept for kept in vars(module).values() if inspect.isclass(kept) and kept.__module__ == module.__name__),
    ]
    for owner in owners:
        for kept in vars(owner).values():
            function = inspect.unwrap(getattr(kept, "fget", None) or getattr(kept, "__func__", kept))
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                yield function.__qualname__, function
