"""
A read scope cannot be had except from `acl.decision.scoping`.
"""

import copy
import pickle  # noqa: TID251 - to show that it does not help
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from acl.decision.scoping import mint_scope, narrow_scope
from acl.model.identifiers import Epoch, ReadershipKey
from acl.model.labels import NO_CEILING
from acl.model.readerships import ReadershipSet
from acl.model.scope import MINTING_RIGHT, MintingRight, ReadScope
from tests.acl.people import (
    ACME,
    ALICE,
    GLOBEX,
    HANDBOOK,
    INTRANET,
    NOON,
    directory,
    ground_of,
    readable_by,
)

pytestmark = pytest.mark.promise("scope-unforgeable")

MINE = ReadershipKey(4_242_424_242)
THEIRS = ReadershipKey(7)


def scope() -> ReadScope:
    known = {MINE: readable_by(ALICE)}
    ground = ground_of(directory(), known, sources=[HANDBOOK, INTRANET], epoch=7)
    return mint_scope(
        frozenset({ALICE}),
        ground,
        now=NOON,
        token_expires_at=NOON + timedelta(hours=1),
        ceiling=NO_CEILING,
    )


@pytest.mark.parametrize("right", [MintingRight(), None, object(), "MINTING_RIGHT", True])
def test_a_scope_cannot_be_constructed(right: object) -> None:
    """
    Not even with a right of the right class: there is one object.
    """
    minted = scope()

    with pytest.raises(PermissionError):
        ReadScope(
            tenant=minted.tenant,
            readerships=ReadershipSet([THEIRS]),
            sources=minted.sources,
            withheld=minted.withheld,
            epoch=minted.epoch,
            expires_at=minted.expires_at,
            ceiling=minted.ceiling,
            right=right,  # type: ignore[arg-type]
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("readerships", ReadershipSet([THEIRS])),
        ("tenant", GLOBEX),
        ("sources", frozenset()),
        ("epoch", Epoch(8)),
        ("expires_at", NOON + timedelta(days=1)),
        ("ceiling", NO_CEILING),
    ],
)
def test_a_scope_cannot_be_changed(field: str, value: object) -> None:
    with pytest.raises(AttributeError):
        setattr(scope(), field, value)


def test_a_scope_cannot_be_copied_with_other_contents() -> None:
    """
    `replace` would need the right, which no scope carries.
    """
    with pytest.raises(ValueError, match="right"):
        replace(scope(), readerships=ReadershipSet([THEIRS]))  # type: ignore[call-arg]
    assert MINTING_RIGHT not in [getattr(scope(), name, None) for name in dir(scope())]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_scope_is_neither_copied_nor_pickled(duplicate: Callable[[ReadScope], object]) -> None:
    with pytest.raises(TypeError, match="neither copied nor written down"):
        duplicate(scope())


def test_a_scope_shows_how_much_it_covers_and_not_what() -> None:
    assert str(MINE) not in repr(scope())
    assert "readerships=1" in repr(scope())


def test_narrowing_takes_sources_away_and_never_adds_one() -> None:
    one = narrow_scope(scope(), sources={HANDBOOK})

    assert {HANDBOOK} == one.sources
    assert {HANDBOOK} == narrow_scope(one, sources={HANDBOOK, INTRANET}).sources
    assert narrow_scope(scope(), sources=()).covers_nothing()


def test_equal_scopes_are_equal_and_the_tenant_is_the_standings() -> None:
    assert scope() == scope()
    assert ACME == scope().tenant
