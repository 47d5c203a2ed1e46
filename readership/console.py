"""
What people see in the terminal: tables, progress, and JSON where programs read along.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
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
from rich.text import Text

from acl.audit.chain import Verification
from acl.model.characters import visible
from ingestion.pipeline import STEPS
from ingestion.reconcile import Progress as SyncProgress
from ingestion.reconcile import SyncReport
from readership.findings import Finding
from retrieval.explain import Difference, Explanation

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
    ("instruction-like", "read like an instruction to a language model; labelled"),
    ("hidden-text", "held text that nobody sees: left out"),
    ("hidden-instructions", "of these: what was left out reads like an instruction"),
    ("hidden-characters", "held characters that nobody sees: left out"),
    ("suspended", "missing from a damaged listing: withheld"),
    ("removed", "gone from the source: key destroyed"),
    ("held", "wider permission held for review: see 'readership held list'"),
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


def print_note(text: str) -> None:
    """
    Print one line to standard error.
    """
    err.print(text, markup=False)


def print_created(data_dir: Path) -> None:
    """
    Say that a data directory is new, and what must be kept apart from it.
    """
    print_note(f"created {data_dir}")
    warning = (
        f"keep a copy of {data_dir / 'keys'} somewhere else: without it nothing can be read, and "
        "whoever has it can read everything"
    )
    err.print(warning, style="yellow", markup=False)


def print_verification(found: Verification, *, as_json: bool) -> None:
    """
    Print whether the audit trail is whole.
    """
    if as_json:
        print_json({"head": str(found.head), "problems": list(found.problems)})
        return
    whole = "whole" if not found.problems else "NOT whole"
    out.print(f"the audit trail is {whole}; head {found.head}", markup=False)
    for problem in found.problems:
        print_error(problem)


def print_reports(reports: Sequence[SyncReport], *, as_json: bool) -> None:
    """
    Print what syncs did.
    """
    if as_json:
        print_json([report.to_json() for report in reports])
        return
    for report in reports:
        print_report(report)


def print_report(report: SyncReport) -> None:
    """
    Print the summary of a sync, and what could not be used.
    """
    title = f"{report.source} (dry run: nothing was changed)" if report.dry_run else report.source
    table = Table(title=title, title_justify="left", show_header=False)
    for name, meaning in SUMMARY:
        table.add_row(name, str(report.counts.get(name, 0)), meaning)
    out.print(table)
    if held := report.counts.get("held", 0):
        what = f"{held} documents are held for review; look at them with 'readership held list'"
        err.print(what, markup=False, style="yellow")
    for problem in report.problems[:MAX_PROBLEMS]:
        err.print(f"  {problem}", markup=False, style="yellow")
    if len(report.problems) > MAX_PROBLEMS:
        left = len(report.problems) - MAX_PROBLEMS
        err.print(f"  … and {left} more; all of them with --json")


def print_rows(title: str, rows: Sequence[tuple[str, ...]], *, nothing: str = "nothing") -> None:
    """
    Print rows under a title: a table for people, a line a row for programs, nothing cut.

    What stands in a cell may come from anybody, so it is text and not markup.
    """
    if not rows:
        out.print(f"{title}: {nothing}", markup=False)
    elif not out.is_terminal:
        for row in rows:
            out.print("  ".join(map(visible, row)), markup=False)
    else:
        table = Table(title=title, title_justify="left", show_header=False)
        for _ in rows[0]:
            table.add_column(overflow="fold")
        for row in rows:
            table.add_row(*(Text(visible(cell)) for cell in row))
        out.print(table)


def print_finding(found: Finding) -> None:
    """
    Print one thing that was looked at.
    """
    state, style = ("ok  ", "green") if found.healthy else ("FAIL", "bold red")
    out.print(Text.assemble((state, style), f" {found.name}: {visible(found.detail)}"))


def print_explanation(one: Explanation, indent: str = "") -> None:
    """
    Print a verdict and the chain that leads to it.
    """
    verdict = "may read" if one.permitted else "may not read"
    where = f" in {one.source}" if one.source else ""
    head = f"{indent}{one.person.subject} {verdict} {one.document}{where} (epoch {one.epoch})"
    out.print(head, markup=False, soft_wrap=True)
    for line in one.chain:
        out.print(f"{indent}  - {line}", markup=False, soft_wrap=True)
    if one.missing:
        out.print(f"{indent}  first missing link: {one.missing}", markup=False)


def print_difference(found: Difference) -> None:
    """
    Print what a reader gained and lost.
    """
    span = f"from epoch {found.earlier} to epoch {found.later}"
    if not found.gained and not found.lost:
        out.print(f"{found.person.subject} gained and lost nothing {span}", markup=False)
    for what, some in (("gained", found.gained), ("lost", found.lost)):
        if some:
            out.print(f"{found.person.subject} {what} {len(some)} {span}:", markup=False)
        for one in some:
            print_explanation(one, indent="  ")


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
