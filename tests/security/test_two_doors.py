"""
The search and the recheck are two doors: with either one taken away the other still lets nothing
through that it should not, over a hundred thousand questions each in the deep effort.

0 leaks in N queries bounds the rate of leaks at 3/N (with 95% confidence).
"""

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.effort import DEEP
from tests.security.two_doors import Door, without

STEPS_A_RUN = 50 if DEEP else 25
RUNS = 330 if DEEP else 7
LEAST_QUERIES = 100_000 if DEEP else 1_000
RUNS_TO_FIND_A_LEAK = 20

pytestmark = [pytest.mark.promise("filter-in-engine"), pytest.mark.promise("recheck")]


def effort(runs: int) -> settings:
    return settings(
        max_examples=runs,
        stateful_step_count=STEPS_A_RUN,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.promise("doors-agree")
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("removed", Door)
def test_either_door_alone_shows_nobody_more(
    removed: Door, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """
    And whatever the search lets through to the recheck and should not is told of, and no more.
    """
    started = time.perf_counter()
    with without(removed) as machine:
        run_state_machine_as_test(machine, settings=effort(RUNS))
    seconds = time.perf_counter() - started

    named = f"queries-without-{removed.name.lower()}"
    record_testsuite_property(named, machine.queries)
    record_testsuite_property(f"{named}-a-second", round(machine.queries / seconds))
    record_testsuite_property(f"{named}-that-raised-an-alarm", machine.alarms)
    assert machine.queries >= LEAST_QUERIES
    assert machine.answered >= machine.queries / 20
    # Without the search most questions meet what is hidden; with it none does.
    assert bool(machine.alarms) is (removed is Door.SEARCH)


@pytest.mark.promise("doors-agree")
def test_without_both_doors_somebody_is_shown_more() -> None:
    """
    The control: the comparison with the reference can fail.
    """
    once = settings(
        effort(RUNS_TO_FIND_A_LEAK),
        derandomize=True,
        phases=(Phase.generate,),
        report_multiple_bugs=False,
    )

    with without(*Door) as machine, pytest.raises(AssertionError, match="is shown"):
        run_state_machine_as_test(machine, settings=once)
