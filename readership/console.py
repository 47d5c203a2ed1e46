"""
What people see in the terminal: tables, progress, and JSON where programs read along.
"""

import json
import sys
from collections.abc import Sequence
from typing import Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from ingestion.pipeline import STEPS
from ingestion.reconcile import Progress as SyncProgress
from ingestion.reconcile import SyncReport

out: Final = Console(highlight=False, soft_wrap=True)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True)

SUMMARY: Final = (
    ("seen", "listed by the source"),
    ("new", "read for the first time"),
    ("changed", "content read anew"),
    ("re-permissioned", "permission or label changed, text untouched"),
    ("unchanged", "nothing to do"),
    ("hidden", "no usable ACL: readable by nobody"),
    ("quarantined", "content could not be read safely"),
    ("suspended", "missing from a damaged listing: withheld"),
    ("removed", "gone from the source: key destroyed"),
    ("pushed", "left alone: push clients have stated or deleted it"),
    ("unusable", "lines that name no document, and groups that are now unknown"),
)
MAX_PROBLEMS: Final = 50


def print_json(value: object) -> None:
    """
    Print one JSON value to standard output.
    """
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def print_error(text: str) -> None:
    """
    Print one error to standard error.
    """
    err.print("error:", style="bold red", end=" ")
    err.print(text, markup=False)


def print_report(report: SyncReport) -> None:
    """
    Print the summary of a sync, and what could not be used.
    """
    title = f"{report.source} (dry run: nothing was changed)" if report.dry_run else report.source
    table = Table(title=title, title_justify="left", show_header=False)
    for name, meaning in SUMMARY:
        table.add_row(name, str(report.counts.get(name, 0)), meaning)
    out.print(table)
    for problem in report.problems[:MAX_PROBLEMS]:
        err.print(f"  {problem}", markup=False, style="yellow")
    if len(report.problems) > MAX_PROBLEMS:
        left = len(report.problems) - MAX_PROBLEMS
        err.print(f"  … and {left} more; all of them with --json")


def print_rows(title: str, rows: Sequence[tuple[str, ...]]) -> None:
    """
    Print rows under a title.
    """
    table = Table(title=title, title_justify="left", show_header=False)
    for row in rows:
        table.add_row(*row)
    out.print(table)


class SyncBar(SyncProgress):
    """
    A progress bar with one line a step. A context manager; silent where nobody watches.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
            disable=quiet,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def start(self, source: str, documents: int) -> None:
        """
        Show the steps of one source.
        """
        for task in self._tasks.values():
            self._bar.remove_task(task)
        self._tasks = {}
        if documents:
            self._tasks = {
                step: self._bar.add_task(f"{source}: {step}", total=documents) for step in STEPS
            }

    def advance(self, step: str, documents: int) -> None:
        """
        Move one step on.
        """
        self._bar.advance(self._tasks[step], documents)
