"""
Nothing that an answer shows leads further than its follower may read.

From the answer to each of many questions every id, citation and address is followed, with
the folders and neighbours that it suggests, through every operation, as the reader who asked and
as all others, and so on from whatever that shows, until nothing new is shown. What is released on
the way is compared with the plain reference.

Retrieval pivot risk is the share of questions from which something was reached that its follower
may not read; it must be 0, and so must the number of such documents.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.properties.effort import DEEP
from tests.scenarios.installation import Installation, client
from tests.security.endpoints import operations
from tests.security.pivots import AIMS, READERS, WORDS, Company, Follower, Place, Seen
from tests.security.test_object_access import Undecided

COMPANIES = 10 if DEEP else 1
QUESTIONS_A_COMPANY = 1_000 if DEEP else 200

pytestmark = pytest.mark.promise("every-hop")


def walks(follower: Follower, seed: int, questions: int) -> list[Seen]:
    """
    Ask at random, sometimes for a document by its own word, and follow each answer to its end.
    """
    draw = np.random.default_rng(seed)
    words = (*WORDS, *follower.company.marks)
    return [
        follower.walk(
            READERS[draw.integers(len(READERS))], " ".join(draw.choice(words, draw.integers(1, 4)))
        )
        for _ in range(questions)
    ]


def forbidden_to_some(company: Company) -> set[Place]:
    return {
        place
        for place in company.marks.values()
        if any(place not in company.readable(one) for one in READERS)
    }


@pytest.mark.promise("every-endpoint")
def test_every_operation_is_followed_through(shared: Installation) -> None:
    """
    A new one must say how it is followed, or that it takes nothing.
    """
    assert AIMS.keys() == operations(shared.room([], [])).keys()


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(COMPANIES))
def test_no_hop_leads_to_what_its_follower_may_not_read(
    shared: Installation, seed: int, record_testsuite_property: Callable[[str, object], None]
) -> None:
    started = time.perf_counter()
    company = Company.founded(shared, seed)

    with client(company.room()) as http:
        follower = Follower(company, http)
        reached = walks(follower, seed, QUESTIONS_A_COMPANY)

    record_testsuite_property(f"hop-questions-of-{seed}", len(reached))
    record_testsuite_property(f"hop-requests-of-{seed}", follower.requests)
    record_testsuite_property(f"hop-seconds-of-{seed}", round(time.perf_counter() - started))
    assert 0 == sum(bool(one.leaked) for one in reached)
    assert frozenset() == frozenset().union(*(one.leaked for one in reached))
    # Not of nothing: whatever somebody may read was reached, and whatever not was tried.
    readable = set().union(*(company.readable(one) for one in READERS))
    forbidden = forbidden_to_some(company)
    assert readable == set().union(*(one.released for one in reached))
    assert forbidden
    assert {name for _, name in forbidden} <= follower.known.keys()


def test_without_the_decision_hops_lead_everywhere(shared: Installation) -> None:
    """
    The control: fetching by id decides nothing, and most questions lead to a leak.
    """
    company = Company.founded(shared, 0, sources_of_it=1)
    room = company.room()
    old = room.rechecker
    undecided = Undecided(old.permissions, old.budgets, old.namer, old.clock)

    with client(replace(room, rechecker=undecided)) as http:
        reached = walks(Follower(company, http), 0, 20)

    assert sum(bool(one.leaked) for one in reached) > len(reached) / 2
    assert forbidden_to_some(company) == set().union(*(one.leaked for one in reached))
