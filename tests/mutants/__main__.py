"""
Puts every seeded fault into a copy of the code, and counts those that the tests notice.

    python -m tests.mutants [--list] [--only ID …] [--jobs N]
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

from tests.mutants.catalogue import AREAS, MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.running import Outcome, Verdict, Workplace


def main() -> int:
    """
    Run what is asked for; return 1 if a mutant survived or is none.
    """
    asked = _asked()
    chosen = [one for one in MUTANTS if not asked.only or one.id in asked.only]
    if unknown := set(asked.only) - {one.id for one in chosen}:
        _say(f"there is no mutant {', '.join(sorted(unknown))}")
        return 2
    if asked.list:
        for one in chosen:
            _say(f"{one.id}\n    {one.file}\n    {one.fault}")
        return 0
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        places = [Workplace(Path(directory) / str(n)) for n in range(asked.jobs)]
        killers = sorted({killer for one in chosen for killer in one.killers})
        _say(f"{len(chosen)} mutants; first {len(killers)} tests on the code as it is")
        if wrong := places[0].passes(killers):
            _say(f"{wrong}\nthe tests fail without any mutant")
            return 1
        outcomes = _judged(chosen, places)
    return _reported(outcomes, monotonic() - began)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--list", action="store_true", help="say what there is, and stop")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="run only these")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many at a time")
    return parser.parse_args()


def _judged(chosen: Sequence[Mutant], places: Sequence[Workplace]) -> list[Outcome]:
    free: SimpleQueue[Workplace] = SimpleQueue()
    for place in places:
        free.put(place)

    def judged(mutant: Mutant) -> Outcome:
        place = free.get()
        try:
            outcome = place.judge(mutant)
        finally:
            free.put(place)
        _say(f"{outcome.verdict:8} {outcome.seconds:5.1f} s  {mutant.id}  ({outcome.by:.110})")
        return outcome

    with ThreadPoolExecutor(len(places)) as workers:
        return list(workers.map(judged, chosen))


def _reported(outcomes: Sequence[Outcome], seconds: float) -> int:
    verdicts = {one.mutant.id: one.verdict for one in outcomes}
    _say(f"\n{'area':14} {'mutants':>7} {'killed':>7}")
    for area, mutants in AREAS.items():
        ran = [verdicts[one.id] for one in mutants if one.id in verdicts]
        _say(f"{area:14} {len(ran):7} {Counter(ran)[Verdict.KILLED]:7}")
    wrong = [one for one in outcomes if one.verdict is not Verdict.KILLED]
    _say(f"{'all':14} {len(outcomes):7} {len(outcomes) - len(wrong):7}  in {seconds:.0f} s")
    for one in wrong:
        _say(f"\n{one.verdict}: {one.mutant.id} in {one.mutant.file}: {one.mutant.fault}")
        _say(f"  {one.by}")
    return 1 if wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
