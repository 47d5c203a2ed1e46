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
