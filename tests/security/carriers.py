"""
Which test carries which promise, read from the source of the tests.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]


@dataclass(frozen=True)
class Carrier:
    """
    One test, and the promises that it carries itself or through its module or class.
    """

    file: str
    name: str
    promises: frozenset[str]


@lru_cache
def carriers(root: Path = TESTS) -> tuple[Carrier, ...]:
    """
    Return every test below a directory.
    """
    return tuple(
        one
        for path in sorted(root.rglob("test_*.py"))
        for one in _tests(
            ast.parse(path.read_text(encoding="utf-8")), str(path.relative_to(root)), frozenset()
        )
    )


def carried(found: Iterable[Carrier]) -> dict[str, list[str]]:
    """
    Return the tests of every promise that any carries.
    """
    by_promise: defaultdict[str, list[str]] = defaultdict(list)
    for one in found:
        for promise in one.promises:
            by_promise[promise].append(f"{one.file}::{one.name}")
    return dict(by_promise)


def _tests(
    body: ast.Module | ast.ClassDef, file: str, inherited: frozenset[str]
) -> Iterator[Carrier]:
    for node in body.body:
        if isinstance(node, ast.Assign) and any(_is_pytestmark(one) for one in node.targets):
            inherited |= _promises(node.value)
    for node in body.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _tests(node, file, inherited | _of_decorators(node))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
            "test_"
        ):
            yield Carrier(file, node.name, inherited | _of_decorators(node))


def _of_decorators(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    return frozenset(name for one in node.decorator_list for name in _promises(one))


def _promises(expression: ast.expr) -> frozenset[str]:
    return frozenset(
        str(argument.value)
        for call in ast.walk(expression)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "promise"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    )


def _is_pytestmark(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "pytestmark"
