"""
Revocations at rest: on each database, by any process, each with its epoch.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import pytest

from acl.identity.errors import TokenRejectedError
from acl.identity.reader import VerifiedClaims, VerifiedReader
from acl.identity.revocation import RevocationRule
from acl.identity.subjects import SubjectRule
from acl.model.revocations import (
    AccountChange,
    AccountState,
    CutOff,
    RevocationChange,
    StatementId,
    TokensOf,
    TokenStanding,
)
from acl.registry.database import open_database
from acl.registry.errors import RegistryUnavailableError
from acl.registry.revocations import revoked, standings
from acl.registry.revoking import REMEMBERED, Applied, RevocationBoard
from tests.acl.identity.readers import proven
from tests.acl.people import NOON
from tests.acl.registry.processes import finished, start
from tests.acl.registry.registries import Registry

pytestmark = pytest.mark.promise("token-revocation")

ISSUER = "https://idp.acme.example"
ALICE = TokensOf(ISSUER, "sub", "alice")
SECOND = timedelta(seconds=1)


@pytest.fixture
def board(registry: Registry) -> Iterator[RevocationBoard]:
    database = open_database(registry.url, may_write=True)
    yield RevocationBoard(database)
    database.close()


def cut(board: RevocationBoard, tokens: TokensOf = ALICE, after: timedelta = 0 * SECOND) -> Applied:
    return board.apply([CutOff(tokens, NOON + after)], reason="a test", now=NOON)


def reader(subject: str = "alice", issuer: str = ISSUER, **claims: object) -> VerifiedReader:
    said = {"iat": int(NOON.timestamp()), **claims}
    return proven(subject, issuer=issuer, claims=VerifiedClaims(said))


def refused(registry: Registry, one: VerifiedReader, claims: frozenset[str] = frozenset()) -> bool:
    try:
        RevocationRule({ISSUER: claims}).check(one, registry.database)
    except TokenRejectedError:
        return True
    return False


def test_what_is_revoked_holds_at_once_and_for_nobody_else(
    registry: Registry, board: RevocationBoard
) -> None:
    assert not refused(registry, reader())

    cut(board)

    assert refused(registry, reader())
    later = int((NOON + SECOND).timestamp())
    others = [
        reader("bob"),
        reader("Alice"),
        reader(issuer="https://idp.globex.example"),
        reader(iat=later),
    ]
    assert [False] * 4 == [refused(registry, one) for one in others]
    assert [True] * 3 == [refused(registry, reader(iat=odd)) for odd in (None, "1", True)]


def test_a_session_and_an_issuer_end_too(registry: Registry, board: RevocationBoard) -> None:
    cut(board, TokensOf(ISSUER, "sid", "s1"))
    assert [True, False, False] == [
        refused(registry, one) for one in (reader(sid="s1"), reader(sid="s2"), reader())
    ]

    cut(board, TokensOf(ISSUER, "sid"))
    assert [False, True, True] == [
        refused(registry, one) for one in (reader(sid="s2"), reader(), reader(sid=["s2"]))
    ]

    cut(board, TokensOf(ISSUER))
    assert refused(registry, reader("bob", sid="s2"))
    assert not refused(registry, reader(issuer="https://idp.globex.example"))


def test_a_token_that_does_not_say_by_what_it_is_revoked_is_refused(registry: Registry) -> None:
    named = frozenset({"email"})

    assert not refused(registry, reader(email="alice@acme.example"), claims=named)
    assert refused(registry, reader(), claims=named)
    assert refused(registry, reader(email=""), claims=named)
    assert not refused(registry, reader(issuer="https://idp.globex.example"), claims=named)


SPELLED: Final = [
    ("Alice@Example.com", "alice@example.com"),
    ("alice@example.com", "ALICE@example.com"),
    ("\uff21lice@example.com", "alice@Example.com"),
    ("stra\u00dfe@example.com", "STRASSE@example.com"),
]


@pytest.mark.parametrize(("stated", "held"), SPELLED, ids=[ascii(one[0]) for one in SPELLED])
def test_an_address_ends_tokens_however_it_is_spelled(
    registry: Registry, board: RevocationBoard, stated: str, held: str
) -> None:
    """
    What a transmitter states in capitals ends the token that has none, and the other way round.
    """
    rule = SubjectRule(frozenset({ISSUER}), email_claim="email")
    named = frozenset({"email"})
    before = refused(registry, reader(email=held), claims=named)

    for one in rule.tokens_of({"format": "email", "email": stated}):
        cut(board, one)

    assert not before
    assert refused(registry, reader(email=held), claims=named)
    assert refused(registry, reader(email=stated), claims=named)
    assert not refused(registry, reader(email=f"x{held}"), claims=named)


def test_each_change_begins_an_epoch_and_nothing_else_does(
    registry: Registry, board: RevocationBoard
) -> None:
    before = registry.epoch()

    applied = [cut(board), cut(board), cut(board, after=-SECOND), cut(board, after=SECOND)]

    assert [before + 1, None, None, before + 2] == [one.epoch for one in applied]
    assert before + 2 == registry.epoch()
    (row,) = revoked(registry.database)
    assert (ALICE, NOON + SECOND, before + 2, "a test") == (
        row.tokens,
        row.standing.not_before,
        row.epoch,
        row.reason,
    )


def test_a_statement_counts_once_and_with_all_that_it_says(
    registry: Registry, board: RevocationBoard
) -> None:
    changes: list[RevocationChange] = [
        CutOff(ALICE, NOON),
        AccountChange(ALICE, AccountState.DISABLED, NOON),
    ]

    def said(jti: str, kind: str = "event", issuer: str = ISSUER) -> Applied:
        made = StatementId(kind, issuer, jti)
        return board.apply(changes, reason="a test", now=NOON, statement=made)

    first, again = said("1"), said("1")
    others = [said("2"), said("1", kind="logout"), said("1", issuer="https://ssf.example")]

    assert first.epoch is not None
    assert Applied(None, repeated=True) == again
    assert [Applied(None)] * 3 == others
    with registry.database.reading() as connection:
        assert {ALICE: TokenStanding(NOON, AccountState.DISABLED, NOON)} == standings(
            connection, [ALICE, TokensOf(ISSUER)]
        )
    assert [("event", ISSUER, 2), ("event", "https://ssf.example", 1), ("logout", ISSUER, 1)] == [
        (one.kind, one.issuer, one.count) for one in board.heard()
    ]


def test_old_statements_are_forgotten(board: RevocationBoard) -> None:
    """
    When they are too old to be accepted again.
    """
    old = StatementId("event", ISSUER, "old")
    board.apply([], reason="a test", now=NOON, statement=old)
    other = StatementId("event", ISSUER, "other")
    board.apply([], reason="a test", now=NOON + REMEMBERED, statement=other)
    assert board.apply([], reason="a test", now=NOON + REMEMBERED, statement=old).repeated

    new = StatementId("event", ISSUER, "new")
    board.apply([], reason="a test", now=NOON + REMEMBERED + SECOND, statement=new)

    assert [2] == [one.count for one in board.heard()]


def test_what_has_expired_is_forgotten_and_accounts_are_not(
    registry: Registry, board: RevocationBoard
) -> None:
    """
    A revocation is kept for as long as any token can live, and longer; a disabled account for good.
    """
    bob, carol = (TokensOf(ISSUER, "sub", name) for name in ("bob", "carol"))
    old: list[RevocationChange] = [
        CutOff(ALICE, NOON),
        CutOff(bob, NOON),
        AccountChange(bob, AccountState.DISABLED, NOON),
    ]
    board.apply(old, reason="a test", now=NOON)

    def known(at: timedelta) -> set[TokensOf]:
        board.apply([CutOff(carol, NOON + at)], reason="a test", now=NOON + at)
        return {one.tokens for one in revoked(registry.database)}

    assert {ALICE, bob, carol} == known(REMEMBERED)
    assert {bob, carol} == known(REMEMBERED + SECOND)
    assert refused(registry, reader("bob", iat=10**10))
    again = board.apply([CutOff(ALICE, NOON)], reason="a test", now=NOON + 2 * REMEMBERED)
    assert again.epoch is not None


def test_of_many_at_once_the_newest_moment_stays(
    registry: Registry, board: RevocationBoard
) -> None:
    """
    Writers take turns, and each joins what it finds; in no order does one undo another.
    """
    before = registry.epoch()
    moments = [n * SECOND for n in (3, 9, 1, 7, 5, 8, 2, 6)]

    with ThreadPoolExecutor(len(moments)) as threads:
        applied = list(threads.map(lambda after: cut(board, after=after), moments))

    (row,) = revoked(registry.database)
    assert NOON + 9 * SECOND == row.standing.not_before
    epochs = [one.epoch for one in applied if one.epoch is not None]
    assert len(set(epochs)) == len(epochs) == registry.epoch() - before
    assert max(epochs) >= row.epoch


def test_another_process_revokes(registry: Registry) -> None:
    """
    And this one, which has answered before, refuses at its next request.
    """
    rule = RevocationRule()
    registry.reader.current(lambda connection: rule.require_in_force(reader(), connection))

    assert "" == finished(start("revoke_tokens", registry.url))

    with pytest.raises(TokenRejectedError):
        registry.reader.current(lambda connection: rule.require_in_force(reader(), connection))


def test_whatever_fails_changes_nothing(registry: Registry, board: RevocationBoard) -> None:
    """
    Neither the revocation nor the memory of the statement: it can be made again.
    """
    made = StatementId("event", ISSUER, "1")
    ((value,),) = registry.sql("SELECT value FROM epoch")
    registry.sql("DELETE FROM epoch")
    with pytest.raises(RegistryUnavailableError):
        board.apply([CutOff(ALICE, NOON)], reason="a test", now=NOON, statement=made)
    restored = "INSERT INTO epoch (id, value, documents, directory) VALUES (1, ?, 0, 0)"
    registry.sql(restored, value)

    assert not refused(registry, reader())
    applied = board.apply([CutOff(ALICE, NOON)], reason="a test", now=NOON, statement=made)
    assert applied.epoch is not None
    assert refused(registry, reader())


def test_an_account_that_somebody_edited_is_refused(
    registry: Registry, board: RevocationBoard
) -> None:
    cut(board, after=-SECOND)
    assert not refused(registry, reader())

    registry.sql("UPDATE revocations SET account = 'fine'")

    assert refused(registry, reader())
