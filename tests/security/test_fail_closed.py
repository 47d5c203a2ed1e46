"""
Whatever goes wrong, nothing comes out: every fault against every operation of the API.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.scenarios.installation import Installation
from tests.security.endpoints import (
    CALLS,
    OPERATORS,
    PROVING,
    RELEASING,
    found_nothing,
    not_there,
    refused,
)
from tests.security.faults import FAULTS, SERVED_ALL_THE_SAME
from tests.security.ward import CANARY, Ward

NOTHING_LEFT = {401, 403, 404, 503}
UNDISTURBED = {200, 503}
REFUSED = {401, 403, 503}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """
    What is withheld is logged loudly, and here on purpose.
    """
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


@pytest.fixture
def ward(shared: Installation) -> Ward:
    return Ward.ingested(shared)


@pytest.mark.promise("every-endpoint")
def test_every_operation_takes_part() -> None:
    """
    Its calls are those that `test_object_access` holds against the API's description.
    """
    assert set(RELEASING) <= CALLS.keys()
    assert len(FAULTS) >= 20
    assert SERVED_ALL_THE_SAME.keys() <= FAULTS.keys()


@pytest.mark.promise("fail-closed")
def test_without_a_fault_each_releasing_operation_releases(ward: Ward) -> None:
    """
    The control: the canary is there to be lost.
    """
    answers = {name: call(ward.http(), ward.headers(), ward.target) for name, call in CALLS.items()}

    expected = {name: 403 if name in OPERATORS else 200 for name in CALLS}
    assert expected == {name: one.status_code for name, one in answers.items()}
    assert set(RELEASING) == {name for name, one in answers.items() if CANARY in one.text}


@pytest.mark.promise("fail-closed")
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_releases_nothing(ward: Ward, fault: str) -> None:
    """
    An empty answer, "not found", "sign in" or "unavailable", from every operation and tool.
    """
    served = SERVED_ALL_THE_SAME.get(fault, frozenset())
    with FAULTS[fault](ward):
        http = ward.http()
        for name, call in CALLS.items():
            answer = call(http, ward.headers(), ward.target)
            if name in served:
                continue
            assert CANARY not in answer.text, name
            if name in OPERATORS:
                assert answer.status_code in REFUSED, name
            elif name in PROVING:
                assert answer.status_code in NOTHING_LEFT | {200}, name
            elif name not in RELEASING:
                assert answer.status_code in UNDISTURBED, name
            elif answer.status_code == 200:
                assert refused(answer) or found_nothing(answer), (name, answer.text)
            else:
                assert answer.status_code in NOTHING_LEFT, (name, answer.text)


@pytest.mark.promise("fail-closed")
@pytest.mark.parametrize("fault", sorted(SERVED_ALL_THE_SAME))
def test_a_fault_of_the_index_does_not_decide_who_reads(ward: Ward, fault: str) -> None:
    """
    What can be served all the same is still decided: bob gets nothing.
    """
    with FAULTS[fault](ward):
        bob = ward.installation.bearer("bob", {"corp": "bob"})
        for name in SERVED_ALL_THE_SAME[fault]:
            assert CANARY in CALLS[name](ward.http(), ward.headers(), ward.target).text
            assert not_there(CALLS[name](ward.http(), bob, ward.target))
