"""
Client and agent only take away, and whoever is not listed may do nothing.
"""

from itertools import product

import pytest

from acl.model.delegation import Allowance, Delegation

SCOPES = frozenset({"rag.search", "rag.read"})
SEARCH = frozenset({"rag.search"})
OPEN = Delegation()
POLICY = Delegation(
    clients={
        "chat": Allowance("ChatGPT"),
        "search-only": Allowance(scopes=SEARCH),
        "hr-only": Allowance(sources=frozenset({"hr", "wiki"})),
    },
    actors={
        "planner": Allowance("planner", scopes=SEARCH, sources=frozenset({"wiki", "crm"})),
        "anything": Allowance(),
        "nothing": Allowance(scopes=frozenset(), sources=frozenset()),
    },
)

pytestmark = pytest.mark.promise("delegation")


def test_without_a_list_of_clients_the_token_decides() -> None:
    rights = OPEN.rights(SCOPES, "whoever", ())

    assert (SCOPES, None, ("whoever",)) == (rights.scopes, rights.sources, rights.via)


def test_with_a_list_no_other_client_may_act() -> None:
    assert SCOPES == POLICY.rights(SCOPES, "chat", ()).scopes
    for stranger in ("Chat", "chat ", "", "planner"):
        with pytest.raises(LookupError):
            POLICY.rights(SCOPES, stranger, ())


@pytest.mark.parametrize("policy", [OPEN, POLICY])
def test_an_agent_that_is_not_listed_may_do_nothing(policy: Delegation) -> None:
    """
    Nor is a client one, nor an agent further in the chain.
    """
    for actors in (("stranger",), ("chat",), ("stranger", "planner"), ("Planner",)):
        with pytest.raises(LookupError):
            policy.rights(SCOPES, "chat", actors)


def test_what_is_left_is_what_all_may_do() -> None:
    """
    Every client with every agent: the intersection, and no more.
    """
    for client, actor in product(POLICY.clients, POLICY.actors):
        one, other = POLICY.clients[client], POLICY.actors[actor]
        rights = POLICY.rights(SCOPES, client, (actor,))

        assert rights.scopes == SCOPES & (one.scopes or SCOPES) & _or_all(other.scopes, SCOPES)
        limits = [limit for limit in (one.sources, other.sources) if limit is not None]
        assert rights.sources == (frozenset.intersection(*limits) if limits else None)


def _or_all(limit: frozenset[str] | None, everything: frozenset[str]) -> frozenset[str]:
    return everything if limit is None else limit


def test_nothing_is_added_to_what_the_token_says() -> None:
    assert frozenset() == POLICY.rights(frozenset(), "search-only", ()).scopes
    assert frozenset({"rag.read"}) == POLICY.rights(frozenset({"rag.read"}), "chat", ()).scopes


def test_actors_further_in_are_history() -> None:
    """
    RFC 8693, section 4.1: they are not considered.
    """
    alone = POLICY.rights(SCOPES, "chat", ("anything",))

    assert alone == POLICY.rights(SCOPES, "chat", ("anything", "nothing", "stranger"))
    assert ("ChatGPT", "anything") == alone.via
