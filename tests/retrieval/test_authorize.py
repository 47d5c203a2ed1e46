"""
The first door: who is refused, and what a scope may name.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from acl.identity.errors import TokenRejectedError
from acl.identity.reader import VerifiedClaims
from acl.model.documents import DocumentState
from acl.model.identifiers import Epoch
from acl.model.revocations import CutOff, TokensOf
from acl.model.switches import SwitchKind
from acl.registry.database import open_database
from acl.registry.revoking import RevocationBoard
from retrieval.errors import EpochNotReachedError, InsufficientScopeError, SwitchedOffError
from tests.acl.people import ALICE, HANDBOOK, INTRANET, NOON
from tests.acl.registry.registries import key_of
from tests.retrieval.scene import HOUR, ISSUER, PLAN, SEARCH, Scene, reader

MOMENT = timedelta(microseconds=1)


def test_a_reader_may_search_what_the_links_give(doors: Scene) -> None:
    may = doors.asks()

    assert {ALICE} == may.linked
    assert [doors.hit().readership] == list(may.scope.readerships)
    assert {HANDBOOK} == may.scope.sources
    assert () == may.blind
    assert doors.asks("bob").scope.covers_nothing()


def test_a_token_for_something_else_is_refused(doors: Scene) -> None:
    with pytest.raises(InsufficientScopeError):
        doors.authorizer.authorize(reader(scopes=frozenset({"rag.read"})), needs=SEARCH)


@pytest.mark.promise("switches")
@pytest.mark.parametrize(("kind", "name"), [("reader", "alice"), ("client", "chat")])
def test_whoever_is_switched_off_is_refused(doors: Scene, kind: str, name: str) -> None:
    doors.off(SwitchKind(kind), "https://elsewhere.example", name)
    doors.asks()

    doors.off(SwitchKind(kind), ISSUER, name)

    with pytest.raises(SwitchedOffError):
        doors.asks()


@pytest.mark.promise("token-revocation")
def test_a_revoked_token_proves_nothing(doors: Scene) -> None:
    """
    Before its scopes are looked at; and a later one of the same reader counts.
    """
    database = open_database(doors.registry.url, may_write=True)
    tokens = TokensOf(ISSUER, "sub", "alice")
    RevocationBoard(database).apply([CutOff(tokens, NOON)], reason="a test", now=NOON)
    database.close()
    issued = int(NOON.timestamp())

    for scopes in (frozenset({SEARCH}), frozenset({"rag.read"})):
        old = reader(scopes=scopes, claims=VerifiedClaims({"sub": "alice", "iat": issued}))
        with pytest.raises(TokenRejectedError):
            doors.authorizer.authorize(old, needs=SEARCH)
    new = reader(claims=VerifiedClaims({"sub": "alice", "iat": issued + 1}))
    assert {ALICE} == doors.authorizer.authorize(new, needs=SEARCH).linked


@pytest.mark.promise("one-epoch")
def test_an_epoch_that_is_not_reached_is_refused(doors: Scene) -> None:
    epoch = Epoch(doors.registry.epoch())

    assert epoch == doors.asks(at_least=epoch).scope.epoch
    with pytest.raises(EpochNotReachedError):
        doors.asks(at_least=Epoch(epoch + 1))


@pytest.mark.promise("revocation")
@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (HOUR, True),
        (HOUR + MOMENT, False),
        (-timedelta(minutes=5), True),
        (-timedelta(minutes=5) - MOMENT, False),
    ],
)
def test_a_source_is_searched_while_its_permissions_are_fresh(
    doors: Scene, age: timedelta, *, fresh: bool
) -> None:
    """
    Observations of the future are a clock that was put back, and no better than old ones.
    """
    may = doors.at(NOON + age).asks()

    assert ({HANDBOOK} if fresh else set()) == may.scope.sources
    assert ([] if fresh else [HANDBOOK]) == [spot.source for spot in may.blind]


def test_a_source_that_was_never_observed_or_configured_is_not_searched(doors: Scene) -> None:
    assert {HANDBOOK} == doors.budgeted(handbook=1, intranet=1).asks().scope.sources
    doors.registry.writer.observed(INTRANET, at=NOON)
    assert {HANDBOOK} == doors.asks().scope.sources


@pytest.mark.promise("switches")
def test_a_source_that_is_off_is_not_searched(doors: Scene) -> None:
    doors.off(SwitchKind.SOURCE, "", HANDBOOK)

    may = doors.asks()

    assert set() == may.scope.sources
    assert [HANDBOOK] == [spot.source for spot in may.blind]


def test_a_question_names_sources_to_stay_within(doors: Scene) -> None:
    assert {HANDBOOK} == doors.asks(sources=[HANDBOOK, INTRANET]).scope.sources
    assert set() == doors.asks(sources=[INTRANET]).scope.sources
    assert set() == doors.asks(sources=[]).scope.sources


WITHHOLD: dict[str, Callable[[Scene], object]] = {
    "switched off": lambda d: d.off(SwitchKind.DOCUMENT, HANDBOOK, "plan"),
    "unsettled": lambda d: d.registry.writer.mark_unsettled([key_of("plan")], now=NOON),
}


@pytest.mark.promise("filter-in-engine")
@pytest.mark.parametrize("why", sorted(WITHHOLD))
def test_what_is_withheld_is_left_out_of_the_scope(doors: Scene, why: str) -> None:
    WITHHOLD[why](doors)

    assert {key_of("plan")} == doors.asks().scope.withheld


@pytest.mark.promise("ceiling")
def test_a_scope_keeps_the_ceiling_of_its_request(doors: Scene) -> None:
    assert doors.labelled("internal", "secret").asks().scope.readerships
    for name in ("plan", "twin"):
        doors.registry.change(name, PLAN, state=DocumentState.LIVE, label="secret")

    may = doors.labelled("internal", "secret").asks()

    assert may.scope.covers_nothing()
    assert not may.scope.ceiling.covers("secret")
