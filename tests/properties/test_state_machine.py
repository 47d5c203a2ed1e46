"""
The whole stack equals the plain reference, whatever happens in whatever order; and it would be
noticed if it did not.
"""

# ruff: noqa: ANN401 - planted faults pass on what they are given

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from acl.directory.stored import load_directory
from acl.index.edge_writer import EdgeWriter
from acl.registry import views
from acl.registry.database import migrate
from acl.registry.permissions import PermissionRegistry
from acl.registry.views import ViewBuilder
from retrieval.authorize import SourceBudgets
from tests.acl.index.engines import Index, engine
from tests.properties.effort import DEEP
from tests.properties.machine import PermissionMachine
from tests.properties.stack import BUDGETS
from tests.properties.test_controls import FAULTS
from tests.scenarios.places import fast_place

STEPS_A_RUN = 50
RUNS = 5_600 if DEEP else 60
LEAST_STEPS = 200_000 if DEEP else 2_000
RUNS_TO_FIND_A_FAULT = 60


@pytest.fixture(scope="module")
def fast() -> Iterator[Path]:
    """
    Where no step waits for a disk.
    """
    with fast_place() as place:
        yield place


@pytest.fixture(scope="module")
def shard(fast: Path) -> Iterator[Index]:
    with engine(fast / "index") as one:
        yield one


@pytest.fixture(scope="module")
def template(fast: Path) -> Path:
    file = fast / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def machine(shard: Index, template: Path) -> type[PermissionMachine]:
    """
    The machine, with an engine and a place for its registries.
    """
    where = {
        "index": shard,
        "template": template,
        "directory": template.parent,
        "steps": 0,
        "seen": 0,
    }
    return type("Placed", (PermissionMachine,), where)


def effort(runs: int) -> settings:
    return settings(
        max_examples=runs,
        stateful_step_count=STEPS_A_RUN,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.promise("reference")
@pytest.mark.timeout(4 * 3_600)
def test_everybody_sees_what_the_reference_says(
    machine: type[PermissionMachine], record_testsuite_property: Callable[[str, object], None]
) -> None:
    """
    After each of thousands of steps, for every reader, on three ways.
    """
    started = time.perf_counter()
    run_state_machine_as_test(machine, settings=effort(RUNS))
    seconds = time.perf_counter() - started

    record_testsuite_property("permission-steps", machine.steps)
    record_testsuite_property("permission-steps-a-second", round(machine.steps / seconds))
    assert machine.steps >= LEAST_STEPS
    # Not of empty sets: on average somebody sees something at every step.
    assert machine.seen >= machine.steps


current_view = ViewBuilder.view
present = PermissionRegistry._present  # noqa: SLF001 - planted faults wrap it


def view_of_the_first_epoch(self: Any, *arguments: Any) -> Any:
    last = self._last
    return current_view(self, *arguments) if last is None else last.view


def nothing_unsettled(self: Any, connection: Any) -> Any:
    view, currency = present(self, connection)
    return view, replace(currency, unsettled=frozenset())


def all_fresh(self: Any, *_: Any) -> Any:
    return frozenset(self.staleness)


def believes_everybody(connection: Any, tenant: Any, *_: Any) -> Any:
    return load_directory(connection, tenant, frozenset(BUDGETS.staleness))


def believes_the_first(connection: Any, tenant: Any, believed: Any, *_: Any) -> Any:
    for source in sorted(believed):
        known = load_directory(connection, tenant, frozenset({source}))
        if known.definitions:
            return known
    return load_directory(connection, tenant, believed)


def nothing(self: Any, *_: Any) -> None:
    del self


STACK_FAULTS: dict[str, tuple[object, str, object]] = {
    "a view outlives its epoch": (ViewBuilder, "view", view_of_the_first_epoch),
    "what is unsettled is shown": (PermissionRegistry, "_present", nothing_unsettled),
    "stale sources are shown": (SourceBudgets, "fresh", all_fresh),
    "groups of stale sources count": (views, "load_directory", believes_everybody),
    "one source's groups win": (views, "load_directory", believes_the_first),
    "nothing is published": (EdgeWriter, "publish", nothing),
}


EVERYDAY_FAULTS = (
    *sorted(STACK_FAULTS.keys() - {"groups of stale sources count"}),
    "denials are ignored",
    "permissions are sorted first",
    "groups nest one level",
    "unknown groups may be denied in vain",
)
"""
What an everyday run plants; `test_controls` plants all faults of the decision, and the scenario
`dark-directory` keeps the one that takes long to find.
"""


@pytest.mark.promise("reference")
@pytest.mark.parametrize("fault", sorted({**FAULTS, **STACK_FAULTS}) if DEEP else EVERYDAY_FAULTS)
def test_a_planted_fault_is_found(
    machine: type[PermissionMachine], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """
    The control: with the fault, a run of the machine fails.
    """
    owner, name, replacement = {**FAULTS, **STACK_FAULTS}[fault]
    monkeypatch.setattr(owner, name, replacement)
    once = settings(
        effort(RUNS_TO_FIND_A_FAULT),
        derandomize=True,
        phases=(Phase.generate,),
        report_multiple_bugs=False,
    )

    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=once)
