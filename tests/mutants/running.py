"""
Runs mutants in a copy of the code. The working tree is only ever read.

A copy is made once for each worker. A fault is written into it, its tests are run there, and
the file is put back. Nothing is left to chance: the order of tests and the examples of property
tests are the same every time, so a mutant that is killed once stays killed.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Final

from tests.mutants.mutant import ROOT, Mutant

COPIED: Final = (
    "acl",
    "ingestion",
    "retrieval",
    "readership",
    "readership_client",
    "tests",
    "fixtures",
)
LEFT_OUT: Final = shutil.ignore_patterns("__pycache__", "*.sock")
SECONDS_A_TEST: Final = 30
SECONDS_A_MUTANT: Final = 300
PYTEST: Final = (
    "-q -x --tb=line -p no:cacheprovider -p no:randomly --hypothesis-seed=0"
    f" --timeout={SECONDS_A_TEST} -k"
).split()
FASTEST: Final = "not postgres"
"""
What holds on SQLite holds on PostgreSQL: the suite runs both, a mutant needs one.
"""
TESTS_FAILED: Final = 1
UNFIT: Final = re.compile(r"\b(NameError|UnboundLocalError|ImportError|SyntaxError|ModuleNotFound)")
"""
Failures that say that the mutant is no program, and nothing of what the tests notice.
"""


class Verdict(StrEnum):
    """
    What became of a mutant.
    """

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    A verdict, and the line of pytest that it rests on.
    """

    mutant: Mutant
    verdict: Verdict
    seconds: float
    by: str


class Workplace:
    """
    A copy of the code.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        for name in COPIED:
            shutil.copytree(ROOT / name, directory / name, ignore=LEFT_OUT)
        shutil.copy(ROOT / "pyproject.toml", directory)
        self._run("-m", "compileall", "-q", *COPIED[:5])
        found = self._run("-c", "import acl, retrieval; print(acl.__file__, retrieval.__file__)")
        if not all(one.startswith(f"{directory}/") for one in found.stdout.split()):
            msg = f"the copy in {directory} is not what Python imports there: {found.stdout}"
            raise RuntimeError(msg)

    def passes(self, killers: Sequence[str]) -> str:
        """
        Run tests on the code as it is; return what went wrong, or nothing.
        """
        ended = self._test(killers, "--maxfail=20")
        return "" if ended.returncode == 0 else ended.stdout[-4_000:]

    def judge(self, mutant: Mutant) -> Outcome:
        """
        Apply a mutant, run its tests, and take it out again.
        """
        began = monotonic()
        file = self._directory / mutant.file
        good = file.read_text(encoding="utf-8")
        _write(file, mutant.applied(good))
        try:
            verdict, by = _verdict(self._test(mutant.killers))
        except subprocess.TimeoutExpired:
            verdict, by = Verdict.BROKEN, f"no end after {SECONDS_A_MUTANT} seconds"
        finally:
            _write(file, good)
        return Outcome(mutant, verdict, monotonic() - began, by)

    def _test(self, killers: Sequence[str], *more: str) -> subprocess.CompletedProcess[str]:
        return self._run("-m", "pytest", *PYTEST, FASTEST, *more, *killers)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": str(self._directory)}
        environment.pop("READERSHIP_DEEP", None)
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self._directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=None if "--maxfail=20" in arguments else SECONDS_A_MUTANT,
        )


def _write(file: Path, text: str) -> None:
    """
    Replace a module. What is compiled of it goes by the second, and could hide the fault.
    """
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()
    file.write_text(text, encoding="utf-8")


def _verdict(ended: subprocess.CompletedProcess[str]) -> tuple[Verdict, str]:
    """
    Tell a test that failed from a test that could not be run.
    """
    lines = ended.stdout.splitlines()
    failed = [line for line in lines if line.startswith("FAILED ")]
    if ended.returncode == 0:
        return Verdict.SURVIVED, lines[-1] if lines else ""
    if ended.returncode != TESTS_FAILED or not failed or UNFIT.search(failed[0]):
        return Verdict.BROKEN, f"exit {ended.returncode}: {' | '.join(lines[-4:])}"
    return Verdict.KILLED, failed[0].removeprefix("FAILED ")
