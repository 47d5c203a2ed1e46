"""
What a token does not say about a sign-in was not done.
"""

from datetime import UTC, datetime, timedelta

import pytest

from acl.model.assurance import NO_DEMANDS, UNKNOWN_SIGN_IN, Demand, Demands, SignIn

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
STRONG = SignIn(frozenset({"phr", "x"}), frozenset({"pwd", "hwk"}), NOW - 10 * MINUTES)

pytestmark = pytest.mark.promise("step-up")


@pytest.mark.parametrize(
    ("demand", "met"),
    [
        (Demand(), True),
        (Demand(contexts=("phr",)), True),
        (Demand(contexts=("phrh", "phr")), True),
        (Demand(contexts=("PHR",)), False),
        (Demand(methods=frozenset({"hwk"})), True),
        (Demand(methods=frozenset({"hwk", "fpt"})), False),
        (Demand(max_age=10 * MINUTES), True),
        (Demand(max_age=10 * MINUTES - timedelta(seconds=1)), False),
        (Demand(("phr",), frozenset({"hwk"}), 15 * MINUTES), True),
        (Demand(("phr",), frozenset({"fpt"}), 15 * MINUTES), False),
        (Demand(("other",), frozenset({"hwk"}), 15 * MINUTES), False),
    ],
)
def test_a_demand_is_met_in_every_part_or_not_at_all(demand: Demand, *, met: bool) -> None:
    assert met is demand.met_by(STRONG, now=NOW)


@pytest.mark.parametrize(
    "demand",
    [
        Demand(contexts=("phr",)),
        Demand(methods=frozenset({"hwk"})),
        Demand(max_age=timedelta(days=10_000)),
    ],
)
def test_what_is_not_said_meets_no_demand(demand: Demand) -> None:
    assert not demand.met_by(UNKNOWN_SIGN_IN, now=NOW)


def test_demands_are_of_one_issuer_and_one_scope() -> None:
    demand = Demand(contexts=("phr",))
    demands = Demands({("https://idp.example", "rag.read"): demand})

    assert demand == demands.unmet("https://idp.example", "rag.read", UNKNOWN_SIGN_IN, now=NOW)
    assert demands.unmet("https://idp.example", "rag.read", STRONG, now=NOW) is None
    assert demands.unmet("https://idp.example", "rag.search", UNKNOWN_SIGN_IN, now=NOW) is None
    assert demands.unmet("https://other.example", "rag.read", UNKNOWN_SIGN_IN, now=NOW) is None
    assert NO_DEMANDS.unmet("https://idp.example", "rag.read", UNKNOWN_SIGN_IN, now=NOW) is None
