"""
The measurements as a table and as JSON, with the machine that they are from.
"""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "numpy",
    "presidio-analyzer",
    "qdrant-edge-py",
    "readership",
    "sentence-transformers",
    "spacy",
    "sqlalchemy",
    "torch",
)

console = Console(width=100)


def environment() -> dict[str, object]:
    """
    Return what a number depends on, beside the code.
    """
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg()[0],
        "packages": {name: version(name) for name in PACKAGES},
    }


def write(result: Mapping[str, object], directory: Path) -> Path:
    """
    Write one run's JSON; return its file.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return path


def show_injection(found: Mapping[str, Any]) -> None:
    """
    Print the scanner: recall on attacks, false positives on everything else.
    """
    table = _table("Injected instructions", "texts", "of which", "number", "rules", "trained")
    for name, one in found.items():
        trained = "-" if one["trained"] is None else f"{one['trained']:.1%}"
        kind = "attacks" if one["attack"] else "ordinary"
        table.add_row(name, kind, f"{one['texts']:,}", f"{one['rules']:.2%}", trained)
    console.print(table)


def show_ingest(found: Mapping[str, Any]) -> None:
    """
    Print the way in.
    """
    title = (
        f"Ingestion: {found['documents']} documents, {found['characters']:,} characters, "
        f"{found['chunks']:,} chunks"
    )
    table = _table(title, "stage", "seconds", "characters/s", "chunks/s", "of whole")
    for name, stage in found["stages"].items():
        table.add_row(
            name,
            f"{stage['seconds']:.2f}",
            f"{stage['characters_per_second']:,.0f}",
            f"{stage['chunks_per_second']:,.1f}",
            f"{stage['share_of_whole']:.1%}",
        )
    console.print(table)
    for name, ratio in found["ratios"].items():
        spread = f"{ratio['least']:.2f} to {ratio['most']:.2f}"
        console.print(f"  {name}: {ratio['median']:.2f} (rounds from {spread})")
    for name, sync in found["later_syncs"].items():
        seconds, ratio = sync["seconds"], sync["ratio_to_first"]
        console.print(f"  sync when {name}: {seconds:.2f} s, {ratio:.4f} of the first")


def show_questions(found: Mapping[str, Any]) -> None:
    """
    Print the way out.
    """
    title = f"Questions: {found['questions']}, {found['passages']:,} passages released"
    table = _table(title, "stage", "p50 ms", "p95 ms", "mean ms")
    for name, stage in found["stages_ms"].items():
        table.add_row(name, *(f"{stage[one]:.2f}" for one in ("p50", "p95", "mean")))
    console.print(table)
    for name, ratio in found["ratios"].items():
        console.print(f"  {name}: {ratio:.2f}")


def show_permissions(found: Mapping[str, Any]) -> None:
    """
    Print the permission core.
    """
    scopes = found["scopes"]
    title = (
        f"Scopes: {scopes['users']:,} users, {scopes['groups']:,} groups, "
        f"{scopes['readerships']:,} readerships; {scopes['resident_mib']:.0f} MiB, "
        f"built in {scopes['build_seconds']:.1f} s"
    )
    columns = ("visible", "cold p50 ms", "cold p95 ms", "warm p95 ms", "cold to rule")
    table = _table(title, "groups held", *columns)
    for one in scopes["readers"].values():
        table.add_row(
            f"{one['groups_held']:,}",
            f"{one['visible']:,}",
            f"{one['cold_ms']['p50']:.2f}",
            f"{one['cold_ms']['p95']:.2f}",
            f"{one['warm_ms']['p95']:.3f}",
            f"{one['ratio_cold_to_rule']:.3f}",
        )
    console.print(table)
    _show_filters(found["filters"])
    _show_revoking(found["revoking"])


def show_tokens(found: Mapping[str, Any]) -> None:
    """
    Print the verification of tokens.
    """
    columns = ("verify p50 ms", "verify p99 ms", "library p50 ms", "ratio")
    table = _table("Tokens, with keys that are known", "algorithm", *columns)
    for name, one in found["algorithms"].items():
        table.add_row(
            name,
            f"{one['verify_ms']['p50']:.3f}",
            f"{one['verify_ms']['p99']:.3f}",
            f"{one['library_ms']['p50']:.3f}",
            f"{one['ratio_p50']:.2f}",
        )
    console.print(table)
    console.print(f"  spoiled tokens, processor p99: {found['spoiled_cpu_ms']['p99']:.3f} ms")
    for name, one in found["flood"]["good_ms"].items():
        told = f"p50 {one['p50']:.3f} ms, p99 {one['p99']:.3f} ms"
        console.print(f"  good tokens beside unknown keys, {name}: {told}")


def _show_filters(found: Mapping[str, Any]) -> None:
    title = f"Search in scope and by an array of groups: {found['chunks']:,} chunks, both exact"
    asked = ("scope p50 ms", "engine alone p50 ms", "array p50 ms")
    columns = ("visible", *asked, "array to scope", "recall")
    table = _table(title, "readerships / groups held", *columns)
    for name, by_held in found.items():
        if not isinstance(by_held, dict):
            continue
        for held, one in by_held.items():
            table.add_row(
                f"{name} / {held}",
                f"{one['readerships_visible']:,}",
                f"{one['scope_ms']['p50']:.2f}",
                f"{one['engine_ms']['p50']:.2f}",
                f"{one['array_ms']['p50']:.2f}",
                f"{one['array_to_scope']:.2f}",
                f"{one['recall']:.3f}",
            )
    console.print(table)


def _show_revoking(found: Mapping[str, Any]) -> None:
    title = "From the committed revocation to the refused request, over HTTP"
    columns = ("refused p50 ms", "refused p99 ms", "unchanged p50 ms")
    table = _table(title, "documents of the group", *columns)
    for name, one in found["groups"].items():
        table.add_row(
            f"{found['documents'][name]:,}",
            f"{one['refused_ms']['p50']:.2f}",
            f"{one['refused_ms']['p99']:.2f}",
            f"{one['unchanged_ms']['p50']:.2f}",
        )
    console.print(table)
    console.print(f"  many documents to ten: {found['many_to_ten']:.2f}")


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _commit() -> str | None:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
