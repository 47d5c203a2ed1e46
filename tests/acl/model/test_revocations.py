"""
Revocations only ever take away, and say the same in whichever order they arrive.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.revocations import (
    AccountChange,
    AccountState,
    CutOff,
    Reinstatement,
    RevocationChange,
    TokensOf,
    TokenStanding,
    tokens_named_by,
)

ISSUER = "https://idp.acme.example"
ALICE = TokensOf(ISSUER, "sub", "alice")
NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)

moments = st.integers(0, 5).map(lambda n: NOON + timedelta(seconds=n))
cut_offs = st.builds(CutOff, st.just(ALICE), moments)
stated = st.sampled_from([AccountState.ENABLED, AccountState.DISABLED, AccountState.PURGED])
account_changes = st.builds(AccountChange, st.just(ALICE), stated, moments)
changes = st.lists(cut_offs | account_changes, max_size=5)


def standing(said: list[RevocationChange] | tuple[RevocationChange, ...]) -> TokenStanding:
    found = TokenStanding()
    for one in said:
        found = found.after(one)
    return found


@pytest.mark.promise("token-revocation")
@given(changes)
def test_not_before_only_moves_forward(said: list[RevocationChange]) -> None:
    """
    Whatever else is said in between.
    """
    seen = [standing(said[:n]).not_before for n in range(len(said) + 1)]

    floor = datetime.min.replace(tzinfo=UTC)
    assert all((a or floor) <= (b or floor) for a, b in pairwise(seen))
    moments_said = [one.moment for one in said if isinstance(one, CutOff)]
    assert max(moments_said, default=None) == seen[-1]


@pytest.mark.promise("token-revocation")
@given(changes)
def test_every_order_comes_to_the_same(said: list[RevocationChange]) -> None:
    assert 1 == len({standing(order) for order in permutations(said)})


@pytest.mark.promise("token-revocation")
@given(changes, moments)
def test_what_is_said_twice_is_said_once(said: list[RevocationChange], at: datetime) -> None:
    """
    Repeating anything changes nothing, and no repetition lets a token in.
    """
    once = standing(said)

    assert once == standing([*said, *said])
    assert once.refuses(at) == standing([*said, *said]).refuses(at)


@pytest.mark.parametrize(("issued", "refused"), [(-1, True), (0, True), (1, False), (None, True)])
def test_a_token_of_that_moment_or_earlier_is_refused(issued: int | None, *, refused: bool) -> None:
    """
    One that does not say when it was issued is old.
    """
    cut = standing([CutOff(ALICE, NOON)])

    at = None if issued is None else NOON + timedelta(seconds=issued)
    assert refused is cut.refuses(at)
    assert not TokenStanding().refuses(at)


LATER = NOON + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ([(AccountState.DISABLED, NOON)], True),
        ([(AccountState.DISABLED, NOON), (AccountState.ENABLED, LATER)], False),
        ([(AccountState.ENABLED, LATER), (AccountState.DISABLED, NOON)], False),
        ([(AccountState.ENABLED, NOON), (AccountState.DISABLED, NOON)], True),
        ([(AccountState.DISABLED, NOON), (AccountState.ENABLED, NOON)], True),
        ([(AccountState.PURGED, NOON), (AccountState.ENABLED, LATER)], True),
    ],
)
def test_what_happened_later_decides_of_an_account(
    said: list[tuple[AccountState, datetime]], *, refused: bool
) -> None:
    """
    Whenever a token was issued; and a purge is for good.
    """
    found = standing([AccountChange(ALICE, *one) for one in said])

    assert refused is found.refuses(LATER + timedelta(days=1))


def test_an_operator_may_let_an_account_count_again() -> None:
    """
    But not the tokens that were revoked.
    """
    purged: list[RevocationChange] = [
        CutOff(ALICE, NOON),
        AccountChange(ALICE, AccountState.PURGED, NOON),
    ]

    found = standing([*purged, Reinstatement(ALICE, LATER)])

    assert (True, False) == (found.refuses(NOON), found.refuses(LATER))
    assert TokenStanding() == TokenStanding().after(Reinstatement(ALICE, NOON))


@pytest.mark.promise("identity-exact")
def test_a_token_goes_by_all_that_it_says() -> None:
    """
    What it does not say well is what it does not say.
    """
    none = TokensOf(ISSUER, "sid")
    for sid in (None, "", 7, ["s1"], "s" * 256, "s\0", "\ud800"):
        assert {TokensOf(ISSUER), none} == tokens_named_by(ISSUER, [("sid", sid)])
    named = tokens_named_by(ISSUER, [("sub", "alice"), ("sid", "s1")])
    assert {TokensOf(ISSUER), ALICE, TokensOf(ISSUER, "sid", "s1")} == named
    assert ALICE not in tokens_named_by(ISSUER, [("sub", "Alice")])
