"""
The scenarios can fail: with a fault planted, at least one of them reports a leak.

Two of the faults are one door each, and are not enough: the filter in the index and the recheck
each keep every scenario by themselves. With both taken away there is a leak.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest

from acl.decision import compiled
from acl.model.grants import Effect, Entry
from retrieval.answer import ReadingRoom
from tests.end_to_end.sabotage import without_filter, without_recheck
from tests.properties.test_controls import FAULTS
from tests.scenarios import paper
from tests.scenarios.format import Scenario, load_scenarios
from tests.scenarios.installation import Installation
from tests.scenarios.running import Change, Stage, View

SCENARIOS = load_scenarios()
DOORS = (
    "nested-group-removal",
    "posix-empty-mask-skips-the-named-entries",
    "confluence-every-ancestor-restricts",
    "same-group-name-in-two-sites",
    "dark-source",
    "moved-document",
    "content-changed-alone",
    "undefined-group-in-a-denial-keeps-everybody-out",
)
"""
Scenarios of every kind, short enough to be asked again at each door.
"""


def leaks(
    shared: Installation, scenarios: Sequence[Scenario], change: Change, *views: View
) -> set[str]:
    """
    Return the cases in which somebody sees what they should not.
    """
    return {
        scenario.case
        for scenario in scenarios
        if any(one.leaked for one in Stage(shared, scenario, change).differences(*views))
    }


def unchanged(room: ReadingRoom) -> ReadingRoom:
    return room


def without_both(room: ReadingRoom) -> ReadingRoom:
    return without_recheck(without_filter(room))


@pytest.fixture
def unchecked_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Let the paper view believe the faulty decision alone, without asking the oracle.
    """
    monkeypatch.setattr(paper, "require_agreement", lambda *_: None)


@pytest.mark.promise("scenario")
@pytest.mark.usefixtures("unchecked_paper")
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_in_the_decision_is_found_on_paper(
    shared: Installation, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """
    Every fault that the property tests plant; none of them goes unnoticed by the scenarios.
    """
    monkeypatch.setattr(*FAULTS[fault])

    differing = {one.case for one in SCENARIOS if Stage(shared, one).differences(View.PAPER)}

    assert differing


@pytest.mark.promise("scenario")
def test_a_fault_in_the_decision_is_found_by_the_oracle(
    shared: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Without an expectation in the file, too: decision and oracle would differ.
    """
    monkeypatch.setattr(*FAULTS["denials are ignored"])

    with pytest.raises(AssertionError, match="decision and oracle differ"):
        leaks(shared, SCENARIOS, unchanged, View.PAPER)


@pytest.mark.promise("scenario")
@pytest.mark.parametrize("fault", ["denials are ignored", "groups nest one level"])
def test_a_fault_in_the_decision_is_found_through_index_and_http(
    shared: Installation, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """
    Ignored denials and a closure that stops leak what was to be kept from somebody.

    The fault is planted twice, because scopes are computed by other code than the recheck.
    """
    chosen = [one for one in SCENARIOS if one.case in FOUND_WITH[fault]]
    monkeypatch.setattr(*FAULTS[fault])
    monkeypatch.setattr(*IN_ARRAYS[fault])

    for view in (View.INDEX, View.SEARCH, View.FETCH):
        assert FOUND_WITH[fault] == leaks(shared, chosen, unchanged, view)


def without_denials(self: compiled._Rows, entries: Sequence[Entry], run: int) -> None:
    add(self, tuple(entry for entry in entries if entry.effect is Effect.PERMIT), run)


def one_level_up(self: compiled.Memberships, start: Iterable[int], count: int) -> compiled.Marks:
    held = np.zeros(count + 1, dtype=np.bool_)
    for number in start:
        held[number] = True
        held[list(self.above[number] if number < len(self.above) else ())] = True
    return held


add = compiled._Rows.add  # noqa: SLF001 - planted faults wrap it
IN_ARRAYS: dict[str, tuple[object, str, object]] = {
    "denials are ignored": (compiled._Rows, "add", without_denials),  # noqa: SLF001
    "groups nest one level": (compiled.Memberships, "closure", one_level_up),
}
FOUND_WITH = {
    "denials are ignored": {"short-form-denies-first"},
    "groups nest one level": {"groups-thirty-deep"},
}


@pytest.mark.promise("filter-in-engine")
@pytest.mark.promise("recheck")
@pytest.mark.parametrize("change", [without_filter, without_recheck])
def test_one_door_alone_leaks_nothing(
    shared: Installation, change: Callable[[ReadingRoom], ReadingRoom]
) -> None:
    chosen = [one for one in SCENARIOS if one.case in DOORS]
    assert len(DOORS) == len(chosen)

    assert set() == leaks(shared, chosen, change, View.SEARCH)


@pytest.mark.promise("recheck")
def test_without_both_doors_scenarios_leak(shared: Installation) -> None:
    """
    Everything that has a document to keep from somebody; a dark source is kept by the scope.
    """
    chosen = [one for one in SCENARIOS if one.case in DOORS]

    assert set(DOORS) - {"dark-source"} == leaks(shared, chosen, without_both, View.SEARCH)
