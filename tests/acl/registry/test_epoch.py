"""
The epoch grows with every write that can change who may read what, and with no other.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from acl.model.documents import DocumentState
from acl.registry import tables
from acl.registry.errors import RegistryUnavailableError
from tests.acl.people import (
    ALICE,
    BOB,
    CORP,
    ENG,
    HANDBOOK,
    INTRANET,
    NOON,
    STAFF,
    acl,
    deny,
    permit,
    readable_by,
)
from tests.acl.registry.registries import NAMER, Registry, key_of, new_revision

pytestmark = pytest.mark.promise("revocation")

RELEVANT: dict[str, Callable[[Registry], object]] = {
    "a new document": lambda r: r.commit("menu", readable_by(ALICE)),
    "a new revision": lambda r: r.commit("payroll", readable_by(ALICE), revision=2),
    "a grant": lambda r: r.change("payroll", readable_by(ALICE, BOB)),
    "a denial": lambda r: r.change("payroll", acl((deny(BOB), permit(ALICE)))),
    "an ACL that is gone": lambda r: r.change("payroll", None, state=DocumentState.HIDDEN),
    "a label": lambda r: r.change("payroll", readable_by(ALICE), label="secret"),
    "a quarantine": lambda r: r.change("payroll", None, state=DocumentState.QUARANTINED),
    "a removal": lambda r: r.change("payroll", None, state=DocumentState.REMOVED),
    "a group": lambda r: r.define({ENG: {ALICE}}),
    "a group without members": lambda r: r.define({ENG: set()}),
    "a group that is gone": lambda r: r.define({}),
}

IRRELEVANT: dict[str, Callable[[Registry], object]] = {
    "no change": lambda r: r.writer.apply_permissions(HANDBOOK, [], None, now=NOON),
    "an observation": lambda r: r.writer.observed(HANDBOOK, at=NOON),
    "a known source": lambda r: r.writer.register_source(HANDBOOK, CORP),
    "an index to follow": lambda r: r.writer.mark_unsettled([key_of("payroll")], now=NOON),
    "an index that followed": lambda r: r.settle(key_of("payroll")),
    "a card": lambda r: r.writer.replace_card(key_of("payroll"), 1, b"card", "c"),
    "a fingerprint": lambda r: r.writer.forget_fingerprints([key_of("payroll")]),
    "a look": lambda r: (r.writer.known(HANDBOOK), r.writer.groups_of(HANDBOOK)),
}


@pytest.fixture(autouse=True)
def payroll(registry: Registry) -> None:
    registry.commit("payroll", readable_by(ALICE))


@pytest.mark.parametrize("what", sorted(RELEVANT))
def test_a_permission_relevant_write_is_a_new_epoch(registry: Registry, what: str) -> None:
    before = registry.epoch()

    RELEVANT[what](registry)

    assert before + 1 == registry.epoch()


@pytest.mark.parametrize("what", sorted(IRRELEVANT))
def test_any_other_write_is_not(registry: Registry, what: str) -> None:
    before = registry.epoch()

    IRRELEVANT[what](registry)

    assert before == registry.epoch()


def test_a_write_that_fails_changes_neither_epoch_nor_permission(registry: Registry) -> None:
    """
    One transaction: the second document breaks it, and the first has not happened.
    """
    before = registry.epoch(), registry.statement("payroll")
    good = new_revision("payroll", readable_by(BOB), 2, 1)
    other = new_revision("menu", readable_by(BOB), 1, 1)
    broken = replace(new_revision("news", readable_by(BOB), 1, 1), chunks=other.chunks)

    with pytest.raises(RegistryUnavailableError):
        registry.writer.commit_revisions(HANDBOOK, [good, other, broken], now=NOON)

    assert before == (registry.epoch(), registry.statement("payroll"))


def test_a_view_is_built_once_an_epoch(registry: Registry) -> None:
    first, _ = registry.reader.current()
    registry.writer.observed(HANDBOOK, at=NOON)
    again, currency = registry.reader.current()

    assert first is again
    assert NOON == currency.acl_observed_at[HANDBOOK]

    registry.define({STAFF: {ALICE}})
    later, _ = registry.reader.current()

    assert later is not first
    assert STAFF in later.directory.definitions


def test_view_currency_and_statements_are_of_one_moment(registry: Registry) -> None:
    registry.writer.observed(INTRANET, at=NOON - timedelta(hours=2))

    view, currency, found = registry.reader.permissions([key_of("payroll"), key_of("menu")])

    assert registry.epoch() == view.epoch
    assert {key_of("payroll")} == set(found) == currency.unsettled
    assert {INTRANET: NOON - timedelta(hours=2)} == currency.acl_observed_at


def test_the_readers_connection_cannot_write(registry: Registry) -> None:
    """
    The database itself refuses, whatever the code above it tries.
    """
    statements = [
        update(tables.epoch).values(value=99),
        insert(tables.readerships).values(digest="0" * 64, gates="[]"),
        tables.documents.delete(),
    ]
    for statement in statements:
        with pytest.raises(RegistryUnavailableError), registry.database.writing() as connection:
            connection.execute(statement)
        with pytest.raises(RegistryUnavailableError), registry.database.reading() as connection:
            connection.execute(statement)

    assert registry.statement("payroll") is not None
    assert (
        NAMER.readership(readable_by(ALICE).digest(), "internal")
        in registry.reader.current()[0].readerships
    )


def test_a_registry_that_is_gone_is_unavailable(registry: Registry) -> None:
    registry.sql("DROP TABLE epoch")

    with pytest.raises(RegistryUnavailableError):
        registry.reader.current()
    with pytest.raises(RegistryUnavailableError):
        registry.reader.permissions([key_of("payroll")])
