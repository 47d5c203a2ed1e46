"""
What the layout promises and no type checker sees.
"""

import ast
import re
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import acl
import ingestion
import readership
import retrieval
from acl.errors import ConfigurationError
from readership.one_place import require_one_place

ROOT = Path(__file__).parents[2]
PACKAGES = (acl, ingestion, retrieval, readership)


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted(Path(package.__file__ or "").parent.rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def importers(name: str) -> set[str]:
    found = set()
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and any(a.name == name for a in node.names):
                found.add(str(path.relative_to(ROOT)))
    return found


def calls(attribute: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == attribute
    }


def test_the_tests_test_this_checkout() -> None:
    """
    A `tests/acl` without `tests/__init__.py` would shadow `acl`, and the suite test itself.
    """
    assert ROOT == require_one_place()


def test_parts_from_different_places_are_refused() -> None:
    """
    Somebody else's package of the same name must not decide who may read what.
    """
    stranger = types.ModuleType("acl")
    stranger.__file__ = "/somewhere/else/acl/__init__.py"

    with pytest.raises(ConfigurationError) as refused:
        require_one_place((stranger, ingestion))

    assert "different places" in refused.value.diagnostics()


@pytest.mark.promise("scope-unforgeable")
def test_only_scoping_holds_the_minting_right() -> None:
    assert {"acl/decision/scoping.py"} == importers("MINTING_RIGHT")


@pytest.mark.promise("scope-unforgeable")
def test_only_tokens_makes_verified_claims() -> None:
    """
    Others may name the type; one module calls it.
    """
    makers = {
        str(path.relative_to(ROOT))
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "VerifiedClaims"
    }

    assert {"acl/identity/tokens.py"} == makers


@pytest.mark.promise("reader-unforgeable")
def test_only_tokens_holds_the_verifying_right() -> None:
    assert {"acl/identity/tokens.py"} == importers("VERIFYING_RIGHT")


@pytest.mark.promise("filter-in-engine")
def test_the_engine_is_never_read_without_a_filter() -> None:
    """
    Edge's `retrieve` is called nowhere, `query` in one place. `facet` lists the numbers of
    readerships and the names of documents when the engine starts, and `scroll` reads vectors
    into memory; no reader is told.
    """
    assert set() == calls("retrieve") | calls("query_batch")
    assert {"acl/index/dense_copy.py"} == calls("scroll")
    assert {"acl/index/dense_copy.py", "acl/index/engine_shard.py"} == calls("facet")
    engine = {path for path in calls("query") if path.startswith("acl/index")}
    assert {"acl/index/engine_shard.py"} == engine


@pytest.mark.promise("late-unseal")
def test_the_way_out_opens_text_in_one_file() -> None:
    opened = {path for path in calls("unseal") if path.startswith("retrieval")}

    assert {"retrieval/unseal.py"} == opened


def test_settings_are_read_in_wiring_and_at_the_front_desk_only() -> None:
    readers = {
        path
        for name in ("Configuration", "Settings", "load_configuration")
        for path in importers(name)
    }

    assert all(path.endswith("wiring.py") or path.startswith("readership/") for path in readers)


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path) for path, tree in modules() if not ast.get_docstring(tree)]

    assert [] == silent


def test_modules_and_functions_stay_readable() -> None:
    """
    No module over 400 lines, no function over 60 (house style).
    """
    long = []
    for path, tree in modules():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > 400 and "migrations" not in path.parts:
            long.append(f"{path.name}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
                "migrations" not in path.parts
            ):
                length = (node.end_lineno or 0) - node.lineno
                if length >= 60:
                    long.append(f"{path.name}:{node.lineno} {node.name}: {length} lines")

    assert [] == long


def test_no_file_names_the_machine_that_it_was_written_on() -> None:
    """
    No absolute paths of somebody's home or checkout in what people install or read.
    """
    pattern = re.compile(r"(?<![\w.])/(?:work|root|home|farm)/")
    files = [path for path, _ in modules()] + [ROOT / "README.md", ROOT / "Makefile"]

    assert [] == [str(path) for path in files if pattern.search(path.read_text(encoding="utf-8"))]
