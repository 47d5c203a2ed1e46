"""
What people see in the terminal is what is there: nothing in it is markup, and nothing is cut.
"""

import io
import subprocess
import sys

import pytest
from rich.console import Console

from readership import console
from readership.findings import wrong

HOSTILE = "ticket [/ops/4711], see [[sources]] and \x1b[31m[bold]red[/bold]"
SHOWN = "ticket [/ops/4711], see [[sources]] and "
LONG = "https://idp.example/" + "0123456789" * 20


def terminal(monkeypatch: pytest.MonkeyPatch, *, watched: bool) -> io.StringIO:
    """
    Let what is printed go to a narrow terminal, or to a program.
    """
    file = io.StringIO()
    out = Console(file=file, force_terminal=watched, width=60, soft_wrap=True)
    monkeypatch.setattr(console, "out", out)
    return file


@pytest.mark.parametrize("watched", [True, False])
def test_rows_are_text_and_whole(monkeypatch: pytest.MonkeyPatch, *, watched: bool) -> None:
    file = terminal(monkeypatch, watched=watched)

    console.print_rows("switched off", [("document bids", HOSTILE), ("other", LONG)])

    said = "".join(one for one in file.getvalue() if one not in "│┌┐└┘─ \n")
    assert SHOWN.replace(" ", "") in said
    assert "[bold]red[/bold]" in said
    assert "\x1b[31m" not in file.getvalue()
    assert LONG in said


def test_programs_get_a_line_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    file = terminal(monkeypatch, watched=False)

    console.print_rows("rows", [("one", LONG), ("two", "b")])

    assert [f"one  {LONG}", "two  b"] == file.getvalue().splitlines()


def test_no_rows_are_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    file = terminal(monkeypatch, watched=True)

    console.print_rows("held for review", [])

    assert "held for review: nothing" == file.getvalue().strip()


def test_a_finding_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    file = terminal(monkeypatch, watched=False)

    console.print_finding(wrong("issuer", "has no [[issuers.links]]: its readers would be nobody"))

    line = "FAIL issuer: has no [[issuers.links]]: its readers would be nobody"
    assert line.split() == file.getvalue().split()


GIVEN_UP = """
import os, signal, sys, time
from readership.cli import insist_on_interrupts
INSIST
class Something:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000): pass
try:
    Something()
    time.sleep(1)
    print("went on")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    ("insisting", "said"),
    [("sys.unraisablehook = insist_on_interrupts", "interrupted"), ("", "went on")],
)
def test_an_interrupt_is_not_lost_where_python_drops_it(insisting: str, said: str) -> None:
    """
    The control is what happens without.
    """
    done = subprocess.run(
        [sys.executable, "-c", GIVEN_UP.replace("INSIST", insisting)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert said == done.stdout.strip()
