"""
Whoever edits the registry's file hides documents; they do not open them.
"""

import json

import psycopg
import pytest

from acl.decision.read import Permit, decide_read
from acl.keys.errors import SealBrokenError
from acl.model.documents import DocumentState
from tests.acl.people import ALICE, BOB, EVERYONE, HANDBOOK, NOON, readable_by
from tests.acl.registry.registries import NAMER, Registry, key_of

PRIVATE = readable_by(ALICE)
OPEN = readable_by(EVERYONE)


@pytest.fixture(autouse=True)
def documents(registry: Registry) -> None:
    registry.commit("payroll", PRIVATE)
    registry.commit("menu", OPEN)


def bob_may_read(registry: Registry, document: str) -> bool:
    view, _, found = registry.reader.permissions([key_of(document)])
    statement = found.get(key_of(document))
    if statement is None or statement.readership is None:
        return False
    standing = view.directory.standing_of({BOB})
    snapshot = view.by_digest.get(statement.readership)
    return isinstance(decide_read(standing, snapshot, now=NOON), Permit)


def test_before_any_edit_permissions_are_as_written(registry: Registry) -> None:
    assert bob_may_read(registry, "menu")
    assert not bob_may_read(registry, "payroll")


@pytest.mark.promise("acl-seal")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("readership", OPEN.digest()),
        ("readership", None),
        ("state", "hidden"),
        ("state", "open"),
        ("state", ""),
        ("label", "public"),
        ("revision", 2),
        ("acl_revision", 0),
        ("acl_revision", 99),
        ("document", "menu2"),
        ("seal", b""),
        ("seal", b"\0" * 32),
    ],
)
def test_an_edited_row_is_absent(registry: Registry, column: str, value: object) -> None:
    """
    The document is withheld, and no other document with it; also if its seal held before.
    """
    both = [key_of("payroll"), key_of("menu")]
    assert set(both) == set(registry.reader.permissions(both)[2])
    update = f"UPDATE documents SET {column} = ? WHERE key = ?"  # noqa: S608
    registry.sql(update, value, key_of("payroll"))

    _, _, found = registry.reader.permissions([key_of("payroll"), key_of("menu")])

    assert {key_of("menu")} == set(found)


@pytest.mark.promise("acl-seal")
def test_a_number_that_was_made_a_word_is_absent(registry: Registry) -> None:
    """
    SQLite lets somebody write it; PostgreSQL refuses by itself.
    """
    statement = "UPDATE documents SET revision = 'one' WHERE key = ?"
    if registry.url.startswith("postgresql:"):
        with pytest.raises(psycopg.DataError):
            registry.sql(statement, key_of("payroll"))
        return
    registry.sql(statement, key_of("payroll"))

    _, _, found = registry.reader.permissions([key_of("payroll"), key_of("menu")])

    assert {key_of("menu")} == set(found)


@pytest.mark.promise("acl-seal")
def test_a_seal_copied_from_another_row_does_not_hold(registry: Registry) -> None:
    registry.sql(
        "UPDATE documents SET readership = ?, seal = (SELECT seal FROM documents WHERE key = ?) "
        "WHERE key = ?",
        OPEN.digest(),
        key_of("menu"),
        key_of("payroll"),
    )

    assert registry.statement("payroll") is None


@pytest.mark.promise("acl-seal")
def test_a_statement_put_under_another_documents_key_does_not_hold(registry: Registry) -> None:
    """
    Bob may read the menu; its whole row, seal included, does not speak for the payroll.
    """
    for old, new in (("payroll", "spare"), ("menu", "payroll")):
        registry.sql("UPDATE documents SET key = ? WHERE key = ?", key_of(new), key_of(old))

    assert registry.statement("payroll") is None
    assert not bob_may_read(registry, "payroll")


@pytest.mark.promise("acl-seal")
@pytest.mark.parametrize(
    "gates",
    [
        json.dumps(OPEN.to_json()),
        "[]",
        "",
        "null",
        "not JSON",
        '[[{"effect": "permit", "principals": [["", "everyone", ""]], "note": 1}]]',
        "[" * 100_000,
    ],
)
def test_an_edited_readership_grants_nobody(registry: Registry, gates: str) -> None:
    """
    Its content no longer has the digest that it is filed under.
    """
    registry.sql("UPDATE readerships SET gates = ? WHERE digest = ?", gates, PRIVATE.digest())
    registry = registry.reopened()

    view, _ = registry.reader.current()

    assert PRIVATE.digest() not in view.by_digest
    assert NAMER.readership(PRIVATE.digest(), "internal") not in view.readerships
    assert not bob_may_read(registry, "payroll")
    assert bob_may_read(registry, "menu")


@pytest.mark.promise("acl-seal")
def test_a_readership_refiled_under_another_digest_grants_nobody(registry: Registry) -> None:
    registry.sql("DELETE FROM readerships WHERE digest = ?", PRIVATE.digest())
    registry.sql(
        "UPDATE readerships SET digest = ? WHERE digest = ?", PRIVATE.digest(), OPEN.digest()
    )
    registry = registry.reopened()

    assert {} == registry.reader.current()[0].by_digest
    assert not bob_may_read(registry, "payroll")


@pytest.mark.promise("no-snapshot")
def test_a_document_whose_readership_is_gone_is_nobodys(registry: Registry) -> None:
    registry.sql("DELETE FROM readerships WHERE digest = ?", PRIVATE.digest())
    registry = registry.reopened()

    statement = registry.statement("payroll")

    assert statement is not None
    assert statement.state is DocumentState.LIVE
    assert not bob_may_read(registry, "payroll")


@pytest.mark.promise("acl-seal")
def test_an_edited_readership_is_mended_when_a_source_states_it_again(registry: Registry) -> None:
    """
    Withheld until then; not for ever.
    """
    registry.sql("UPDATE readerships SET gates = '[]' WHERE digest = ?", PRIVATE.digest())
    assert PRIVATE.digest() not in registry.reopened().reader.current()[0].by_digest

    registry.change("payroll", PRIVATE)

    assert PRIVATE == registry.reopened().reader.current()[0].by_digest[PRIVATE.digest()]


@pytest.mark.promise("acl-seal")
def test_an_unknown_state_is_an_error_that_says_what_to_do(registry: Registry) -> None:
    registry.sql("UPDATE documents SET state = 'open' WHERE key = ?", key_of("payroll"))

    with pytest.raises(SealBrokenError) as found:
        registry.writer.known(HANDBOOK)

    assert "handbook/payroll was edited" in found.value.diagnostics()
